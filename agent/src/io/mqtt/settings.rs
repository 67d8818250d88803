//! What a link is to be, and why it can never be so: everything here is checked before the first
//! packet.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};

use super::BrokerUrl;

/// Most topic filters of one link.
pub const SUBSCRIPTIONS_LIMIT: usize = 1_000;
/// Longest topic, filter, client id or payload of a will in bytes (MQTT 5, 1.5.4).
pub const STRING_LIMIT: usize = 65_535;

/// What a link is to be; fixed for its life, except for the subscriptions.
pub struct Settings {
    /// The broker.
    pub url: BrokerUrl,
    /// 1 to [`STRING_LIMIT`] bytes, unique at the broker: a second one takes the session over.
    pub client_id: String,
    /// What the broker keeps while the link is down.
    pub session: Session,
    /// What the broker publishes for us if the link ends without `Link::close`.
    pub will: Option<Will>,
    /// Subscribed to whenever a connection is made.
    pub subscriptions: Vec<Subscription>,
    /// Mandatory for `mqtts://`, absent for `mqtt://`. The system's certificates are not used.
    pub tls: Option<TlsFiles>,
}

/// What the broker keeps while the link is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Session {
    /// Subscriptions and unacknowledged messages, for 30 days. Each message comes again after
    /// a reconnection until it is given to `Link::acknowledge`. What an earlier run with the same
    /// client id subscribed to stays as well, until it is unsubscribed.
    Persistent,
    /// Nothing. A message is acknowledged as soon as the program has taken it.
    Clean,
}

/// A retained message of QoS 1 that says we are gone.
#[derive(Clone, Debug)]
pub struct Will {
    /// Its topic, without wildcards.
    pub topic: String,
    /// At most [`STRING_LIMIT`] bytes.
    pub payload: Vec<u8>,
}

/// One topic filter, at QoS 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Topic filter, with `+` and `#` as MQTT has them.
    pub filter: String,
    /// When the broker sends its retained copies.
    pub retained: RetainedCopies,
}

/// When the broker sends its retained copies (MQTT 5, 3.8.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetainedCopies {
    /// Where the session does not hold the subscription yet (retain handling 1).
    OnNewSession,
    /// After every reconnection (retain handling 0).
    Always,
    /// None (retain handling 2).
    Never,
}

/// PEM files for `mqtts://`, as bytes.
#[derive(Clone)]
pub struct TlsFiles {
    /// The certificates of the authorities that may have signed the broker's.
    pub ca: Vec<u8>,
    /// Our certificate chain and our private key, where the broker asks for them.
    pub client: Option<(Vec<u8>, Vec<u8>)>,
}

/// Why settings cannot make a link.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The client id is empty, too long or holds U+0000.
    #[error("client id `{0}` is not 1 to 65535 bytes of text; give the board's id")]
    ClientId(String),
    /// A topic or a filter that MQTT does not know.
    #[error("`{topic}` {problem}")]
    Topic {
        /// The topic or filter.
        topic: String,
        /// What is wrong with it, and what would be right.
        problem: &'static str,
    },
    /// The will's payload is longer than MQTT can say.
    #[error("the will is {0} bytes long, the limit is 65535; shorten it")]
    WillTooLong(usize),
    /// More subscriptions than [`SUBSCRIPTIONS_LIMIT`].
    #[error("{0} subscriptions, the limit is 1000; use a wildcard")]
    TooManySubscriptions(usize),
    /// The PEM files do not make a TLS configuration, or do not go with the URL.
    #[error("TLS: {0}")]
    Tls(String),
}

impl Settings {
    /// Says whether a link can be made of these settings.
    ///
    /// # Errors
    /// [`Unusable`] names the setting that can never work.
    pub fn verify(&self) -> Result<(), Unusable> {
        self.check().map(drop)
    }

    /// Checks everything and reads the PEM files; `None` if the link is not encrypted.
    pub(super) fn check(&self) -> Result<Option<ClientConfig>, Unusable> {
        let Self { url, client_id, session: _, will, subscriptions, tls } = self;
        if client_id.is_empty() || client_id.len() > STRING_LIMIT || client_id.contains('\0') {
            return Err(Unusable::ClientId(client_id.clone()));
        }
        if subscriptions.len() > SUBSCRIPTIONS_LIMIT {
            return Err(Unusable::TooManySubscriptions(subscriptions.len()));
        }
        for subscription in subscriptions {
            check_filter(&subscription.filter)?;
        }
        if let Some(Will { topic, payload }) = will {
            if let Some(problem) = topic_problem(topic) {
                return Err(Unusable::Topic { topic: topic.clone(), problem });
            }
            if payload.len() > STRING_LIMIT {
                return Err(Unusable::WillTooLong(payload.len()));
            }
        }
        match tls {
            Some(files) if url.encrypted => tls_configuration(files).map(Some),
            Some(_) => Err(Unusable::Tls(format!(
                "{url} is not encrypted, but certificates are given; write mqtts://"
            ))),
            None if url.encrypted => {
                Err(Unusable::Tls(format!("{url} needs the certificate file of its authority")))
            }
            None => Ok(None),
        }
    }
}

/// What forbids publishing there, if anything (MQTT 5, 4.7).
pub(super) fn topic_problem(topic: &str) -> Option<&'static str> {
    if topic.is_empty() {
        Some("is no topic; name one")
    } else if topic.len() > STRING_LIMIT {
        Some("is longer than 65535 bytes; shorten it")
    } else if topic.contains(['+', '#', '\0']) {
        Some("holds +, # or U+0000, which no topic may; leave them out")
    } else {
        None
    }
}

/// At least as strict as rumqttc, which would refuse the whole SUBSCRIBE again and again.
pub(super) fn check_filter(filter: &str) -> Result<(), Unusable> {
    let above = filter.rsplit_once('/').map_or("", |(above, _)| above);
    let is_level = |level: &str| level == "+" || level == "#" || !level.contains(['+', '#']);
    let is_filter = !filter.is_empty()
        && filter.len() <= STRING_LIMIT
        && !filter.contains('\0')
        && !above.contains('#')
        && filter.split('/').all(is_level);
    if is_filter {
        return Ok(());
    }
    let problem = "is no topic filter; + stands for one whole level, # for all that follow";
    Err(Unusable::Topic { topic: filter.to_owned(), problem })
}

fn tls_configuration(files: &TlsFiles) -> Result<ClientConfig, Unusable> {
    fn problem(what: &str, error: impl std::fmt::Display) -> Unusable {
        Unusable::Tls(format!("{what}: {error}; give a PEM file"))
    }
    let certificates = |what, pem| {
        let read = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
        let read = read.map_err(|error| problem(what, error))?;
        if read.is_empty() { Err(problem(what, "no certificate in it")) } else { Ok(read) }
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates("CA file", &files.ca)? {
        roots.add(certificate).map_err(|error| problem("CA file", error))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Unusable::Tls(error.to_string()))?
        .with_root_certificates(roots);
    let Some((chain, key)) = &files.client else {
        return Ok(builder.with_no_client_auth());
    };
    let chain = certificates("client certificate", chain)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| problem("client key", error))?;
    builder.with_client_auth_cert(chain, key).map_err(|error| problem("client certificate", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            url: BrokerUrl::parse("mqtt://broker").unwrap(),
            client_id: "board".into(),
            session: Session::Persistent,
            will: None,
            subscriptions: vec![],
            tls: None,
        }
    }

    #[track_caller]
    fn refuses(settings: &Settings, part: &str) {
        let problem = settings.check().unwrap_err().to_string();
        assert!(problem.contains(part), "{problem}");
    }

    #[test]
    fn what_can_never_work_is_refused_at_once() {
        assert!(settings().check().is_ok_and(|tls| tls.is_none()));
        refuses(&Settings { client_id: String::new(), ..settings() }, "client id ``");
        let url = BrokerUrl::parse("mqtts://broker").unwrap();
        refuses(&Settings { url, ..settings() }, "mqtts://broker:8883 needs the certificate");
        let tls = Some(TlsFiles { ca: vec![], client: None });
        refuses(&Settings { tls, ..settings() }, "write mqtts://");
        let will =
            |topic: &str, length| Some(Will { topic: topic.into(), payload: vec![0; length] });
        refuses(&Settings { will: will("a/#", 0), ..settings() }, "`a/#` holds +");
        refuses(&Settings { will: will("a", 65_536), ..settings() }, "65536 bytes");
        let one = Subscription { filter: "a".into(), retained: RetainedCopies::Always };
        refuses(&Settings { subscriptions: vec![one; 1_001], ..settings() }, "use a wildcard");
    }

    #[test]
    fn filters() {
        for filter in ["a", "#", "+", "/", "a/+/b/#", "+/+", "ttcs/v1/vn/86/@ven-song/notice/+"] {
            assert!(check_filter(filter).is_ok(), "{filter}");
        }
        for filter in ["", "a#", "a/#/b", "#/a", "a/b+", "+a/b", "a/++", "a\0"] {
            assert!(check_filter(filter).is_err(), "{filter}");
        }
    }
}
