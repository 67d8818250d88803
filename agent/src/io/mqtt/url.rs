//! The address of a broker as people write it: `mqtt://broker.example` or
//! `mqtts://board:secret@broker.example:8883`.

use std::fmt;
use std::net::Ipv6Addr;

/// Longest address that is looked at, in bytes; user name and password are part of it.
pub const URL_LIMIT: usize = 2_048;

/// Where the broker listens, whether the link is encrypted, and who signs in there.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerUrl {
    /// A name, an IPv4 address, or an IPv6 address without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encrypted: bool,
    /// User name and password, percent-decoded.
    pub(super) login: Option<(String, String)>,
}

impl BrokerUrl {
    /// Reads `mqtt://[user[:password]@]host[:port]` or `mqtts://…`; the ports are 1883 and 8883
    /// unless given, an IPv6 address stands in brackets, and `%40` writes an `@` in a password.
    ///
    /// # Errors
    /// One sentence that names the address (without its password), what is wrong, and what to
    /// write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > URL_LIMIT {
            return Err(format!(
                "broker address is {} bytes long, the limit is {URL_LIMIT}; shorten it",
                text.len()
            ));
        }
        let (encrypted, default_port, rest) = if let Some(rest) = text.strip_prefix("mqtt://") {
            (false, 1883, rest)
        } else if let Some(rest) = text.strip_prefix("mqtts://") {
            (true, 8883, rest)
        } else {
            let shown = text.rsplit('@').next().unwrap_or_default();
            return Err(format!(
                "broker address `{shown}` has no known scheme; write mqtt://host or mqtts://host"
            ));
        };
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let place = place.strip_suffix('/').unwrap_or(place);
        let refuse = |problem: String| Err(format!("broker address `{place}`: {problem}"));

        let (host, port) = if let Some(bracketed) = place.strip_prefix('[') {
            let Some((host, after)) = bracketed.split_once(']') else {
                return refuse("the bracket is not closed; write [::1] or [::1]:1883".into());
            };
            if host.parse::<Ipv6Addr>().is_err() {
                return refuse(format!("`{host}` is not an IPv6 address; write [::1]:1883"));
            }
            match after.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if after.is_empty() => (host, None),
                None => return refuse(format!("`{after}` follows the bracket; write :port there")),
            }
        } else {
            match place.split_once(':') {
                Some((_, port)) if port.contains(':') => {
                    return refuse("an IPv6 address stands in brackets; write [::1]:1883".into());
                }
                Some((host, port)) => (host, Some(port)),
                None => (place, None),
            }
        };
        let is_host = |c: char| c.is_ascii_alphanumeric() || ".-_:".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return refuse(format!("`{host}` is not a host; write a name or an IP address"));
        }
        let port = match port.map(str::parse) {
            None => default_port,
            Some(Ok(port)) if port != 0 => port,
            Some(_) => {
                return refuse(format!(
                    "the port is not a number from 1 to 65535; leave it out for {default_port}"
                ));
            }
        };
        let login = match login {
            None => None,
            Some(login) => {
                let (user, password) = login.split_once(':').unwrap_or((login, ""));
                match (percent_decoded(user), percent_decoded(password)) {
                    (Some(user), Some(password)) if !user.is_empty() => Some((user, password)),
                    (Some(_), Some(_)) => {
                        return refuse("there is no user name before the @; write user@".into());
                    }
                    _ => {
                        let way_out = "write % itself as %25, @ as %40, and UTF-8 only";
                        return refuse(format!("user or password is wrongly encoded; {way_out}"));
                    }
                }
            }
        };
        Ok(Self { host: host.to_owned(), port, encrypted, login })
    }
}

/// The address without user name and password, fit for logs.
impl fmt::Display for BrokerUrl {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let scheme = if self.encrypted { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            write!(out, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(out, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for BrokerUrl {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    // MQTT forbids U+0000 in every string.
    String::from_utf8(decoded).ok().filter(|text| !text.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, shown: &str, login: Option<(&str, &str)>) {
        let url = BrokerUrl::parse(text).unwrap();
        assert_eq!(url.to_string(), shown);
        assert_eq!(url.login, login.map(|(user, password)| (user.into(), password.into())));
    }

    #[track_caller]
    fn refuses(text: &str, part: &str) {
        let problem = BrokerUrl::parse(text).unwrap_err();
        assert!(problem.contains(part), "{problem}");
        assert!(!problem.contains("hush"), "the password shows: {problem}");
    }

    #[test]
    fn addresses_people_write() {
        reads("mqtt://broker", "mqtt://broker:1883", None);
        reads("mqtts://broker.example/", "mqtts://broker.example:8883", None);
        reads("mqtt://10.0.0.7:1900", "mqtt://10.0.0.7:1900", None);
        reads("mqtt://[::1]", "mqtt://[::1]:1883", None);
        reads("mqtts://[2001:db8::7]:9000", "mqtts://[2001:db8::7]:9000", None);
        reads("mqtt://bang-01@broker", "mqtt://broker:1883", Some(("bang-01", "")));
        reads("mqtts://b:a:b%40c@broker", "mqtts://broker:8883", Some(("b", "a:b@c")));
        reads("mqtts://b:m%E1%BA%ADt@h:1", "mqtts://h:1", Some(("b", "mật")));
    }

    #[test]
    fn addresses_that_cannot_be() {
        refuses("broker:1883", "write mqtt://host");
        refuses("tcp://b:hush@broker", "write mqtt://host");
        refuses("mqtt://", "`` is not a host");
        refuses("mqtt://bro ker", "`bro ker` is not a host");
        refuses("mqtt://broker/topic", "is not a host");
        refuses("mqtt://::1", "write [::1]:1883");
        refuses("mqtt://[::1", "not closed");
        refuses("mqtt://[::g]", "`::g` is not an IPv6 address");
        refuses("mqtt://[::1]1883", "write :port");
        refuses("mqtt://b:hush@broker:0", "from 1 to 65535");
        refuses("mqtts://broker:88888", "leave it out for 8883");
        refuses("mqtt://:hush@broker", "no user name");
        refuses("mqtt://b:hush%4@broker", "%25");
        refuses("mqtt://b:hush%00@broker", "wrongly encoded");
        refuses(&format!("mqtt://{}", "a".repeat(3_000)), "limit is 2048");
    }

    #[test]
    fn debug_hides_the_password() {
        let url = BrokerUrl::parse("mqtt://b:hush@broker").unwrap();
        assert_eq!(format!("{url:?}"), "mqtt://broker:1883");
    }
}
