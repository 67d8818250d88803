//! Who signed it, and whether this board believes them: JWS compact serialisation (RFC 7515) with
//! Ed25519 (RFC 8037), and the keys of `trusted.toml`.

use bangtin_renderer::Problem;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::area::Area;
use crate::notice::{Class, NOTICE_MAX_BYTES};

/// The `typ` of a signed notice.
pub const NOTICE_TYPE: &str = "ttcs-notice+jws";

/// The `cty` of a notice that is a CAP message.
pub const CAP_CONTENT: &str = "application/cap+xml";

/// Most keys of a board.
pub const KEYS_MAX: usize = 256;

/// A key that a board believes, and for what.
#[derive(Debug, Clone)]
pub struct Key {
    /// RFC 7638 thumbprint, the `kid` of what it signs.
    pub id: String,
    /// Speaks for this area and below.
    pub area: Area,
    /// May send these classes.
    pub classes: Vec<Class>,
    /// May send these commands.
    pub commands: Vec<String>,
    /// What it signed from here on is believed.
    pub valid_from: Timestamp,
    /// What it signed up to here is believed.
    pub valid_until: Timestamp,
    public: VerifyingKey,
}

/// The keys that a board believes.
#[derive(Debug, Clone, Default)]
pub struct Trusted {
    keys: Vec<Key>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrustedFile {
    #[serde(default)]
    key: Vec<KeyFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeyFile {
    id: String,
    public_key: String,
    area: String,
    classes: Vec<String>,
    #[serde(default)]
    commands: Vec<String>,
    valid_from: String,
    valid_until: String,
}

impl Trusted {
    /// Reads `trusted.toml`.
    ///
    /// # Errors
    /// With every problem of the file.
    pub fn parse(text: &str) -> Result<Self, Vec<Problem>> {
        let problem = |path: &str, message: String, value: &str| {
            Problem::new("trusted", path, message, value, "")
        };
        let file: TrustedFile = toml::from_str(text)
            .map_err(|error| vec![Problem::of_toml("trusted_syntax", text, &error)])?;
        let mut problems = Vec::new();
        let mut keys: Vec<Key> = Vec::new();
        if file.key.len() > KEYS_MAX {
            let count = file.key.len();
            let message = format!("lists {count} keys, at most {KEYS_MAX} are taken");
            problems.push(problem("key", message, &count.to_string()));
        }
        for (index, key) in file.key.into_iter().take(KEYS_MAX).enumerate() {
            match key.read() {
                Ok(key) if keys.iter().any(|known| known.id == key.id) => {
                    let path = format!("key[{index}].id");
                    problems.push(problem(&path, "stands twice".into(), &key.id));
                }
                Ok(key) => keys.push(key),
                Err(faults) => {
                    problems.extend(faults.into_iter().map(|(field, message, value)| {
                        problem(&format!("key[{index}].{field}"), message, &value)
                    }))
                }
            }
        }
        if problems.is_empty() { Ok(Self { keys }) } else { Err(problems) }
    }

    /// All keys.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }
}

impl KeyFile {
    fn read(self) -> Result<Key, Vec<(&'static str, String, String)>> {
        let mut faults = Vec::new();
        let public = BASE64URL
            .decode(&self.public_key)
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok())
            .filter(|key| !key.is_weak());
        match &public {
            None => {
                let message = "is no Ed25519 key; write 32 bytes as base64url without `=`";
                faults.push(("public_key", message.to_owned(), self.public_key.clone()));
            }
            Some(public) if thumbprint(public) != self.id => {
                let message = format!("is not the key's thumbprint, {}", thumbprint(public));
                faults.push(("id", message, self.id.clone()));
            }
            Some(_) => {}
        }
        let area = Area::parse(&self.area);
        if let Err(message) = &area {
            faults.push(("area", message.clone(), self.area.clone()));
        }
        let mut classes = Vec::new();
        for class in self.classes {
            match parse_class(&class) {
                Some(class) => classes.push(class),
                None => {
                    let message = format!("`{class}` is not routine, priority or emergency");
                    faults.push(("classes", message, class));
                }
            }
        }
        let mut time = |field, text: &str| match text.parse::<Timestamp>() {
            Ok(time) => Some(time),
            Err(_) => {
                faults.push((field, "is no RFC 3339 time".to_owned(), text.to_owned()));
                None
            }
        };
        let valid_from = time("valid_from", &self.valid_from);
        let valid_until = time("valid_until", &self.valid_until);
        match (public, area, valid_from, valid_until) {
            (Some(public), Ok(area), Some(valid_from), Some(valid_until)) if faults.is_empty() => {
                let Self { id, commands, .. } = self;
                Ok(Key { id, area, classes, commands, valid_from, valid_until, public })
            }
            _ => Err(faults),
        }
    }
}

/// Reads the name of a class.
pub fn parse_class(text: &str) -> Option<Class> {
    match text {
        "routine" => Some(Class::Routine),
        "priority" => Some(Class::Priority),
        "emergency" => Some(Class::Emergency),
        _ => None,
    }
}

/// The text of a `trusted.toml` that believes one key, with all commands.
pub fn trusted_toml(key: &VerifyingKey, area: &Area, classes: &[Class], from: Timestamp) -> String {
    let until = from.checked_add(jiff::Span::new().hours(24 * 730)).unwrap_or(Timestamp::MAX);
    let names = classes.iter().map(|class| match class {
        Class::Routine => "routine",
        Class::Priority => "priority",
        Class::Emergency => "emergency",
    });
    let commands =
        ["screen", "brightness", "identify", "test-pattern", "decide", "report-since", "reload"];
    let file = KeyFile {
        id: thumbprint(key),
        public_key: BASE64URL.encode(key.as_bytes()),
        area: area.to_string(),
        classes: names.map(str::to_owned).collect(),
        commands: commands.map(str::to_owned).to_vec(),
        valid_from: from.to_string(),
        valid_until: until.to_string(),
    };
    let table = toml::to_string(&file).expect("a key of plain texts can be written");
    format!("[[key]]\n{table}")
}

/// RFC 7638 thumbprint of an Ed25519 key: SHA-256 of its canonical JWK, base64url.
pub fn thumbprint(key: &VerifyingKey) -> String {
    let x = BASE64URL.encode(key.as_bytes());
    let jwk = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    BASE64URL.encode(Sha256::digest(jwk))
}

/// Signs a payload of the given `typ`.
pub fn sign(payload: &[u8], typ: &str, key: &SigningKey) -> String {
    let kid = thumbprint(&key.verifying_key());
    with_header(&format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{typ}"}}"#), payload, key)
}

/// Signs a CAP message as a notice.
pub fn sign_cap(xml: &[u8], key: &SigningKey) -> String {
    let kid = thumbprint(&key.verifying_key());
    let (typ, cty) = (NOTICE_TYPE, CAP_CONTENT);
    let header = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"{typ}","cty":"{cty}"}}"#);
    with_header(&header, xml, key)
}

fn with_header(header: &str, payload: &[u8], key: &SigningKey) -> String {
    let signed = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload));
    let signature = BASE64URL.encode(key.sign(signed.as_bytes()).to_bytes());
    format!("{signed}.{signature}")
}

/// Whether a JWS may say a word, its signature not looked at: good for the order in which messages
/// are checked and for nothing else. A CAP message may say anything.
pub fn mentions(jws: &[u8], word: &[u8]) -> bool {
    let mut parts = jws.trim_ascii().split(|byte| *byte == b'.');
    let (header, payload) = (parts.next(), parts.next());
    let read = |part: Option<&[u8]>| BASE64URL.decode(part?).ok();
    let holds = |bytes: &[u8], word: &[u8]| bytes.windows(word.len().max(1)).any(|at| at == word);
    if jws.len() > NOTICE_MAX_BYTES {
        return false;
    }
    let Some((header, payload)) = read(header).zip(read(payload)) else { return false };
    holds(&header, CAP_CONTENT.as_bytes()) || holds(&payload, word)
}

/// The JOSE header: these members and no other, `cty` for CAP alone.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: String,
    typ: String,
    cty: Option<String>,
}

/// What a payload is written in, as its header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// JSON of ours: no `cty`.
    Json,
    /// A CAP 1.2 message: `cty` is [`CAP_CONTENT`]; notices alone.
    Cap,
}

/// A payload whose signature fits.
#[derive(Debug)]
pub struct Verified<'t> {
    /// What was signed.
    pub payload: Vec<u8>,
    /// The key that signed it.
    pub key: &'t Key,
    /// What the payload is written in.
    pub format: Format,
}

/// Checks a JWS and gives its payload, what that is written in, and the key that signed it. White
/// space around it counts for nothing.
///
/// # Errors
/// With the first reason not to believe it: nothing behind that reason can be trusted to be true.
pub fn verify<'t>(jws: &[u8], typ: &str, trusted: &'t Trusted) -> Result<Verified<'t>, Problem> {
    let refuse = |code: &str, message: &str, value: &str| {
        Problem::new(code, "", message.to_owned(), value, "")
    };
    let unsigned = "is not signed: expected a JWS in compact serialisation; sign it first";
    let text = std::str::from_utf8(jws).map_err(|_| refuse("not_signed", unsigned, ""))?.trim();
    let parts: Vec<&str> = text.split('.').collect();
    let &[header, payload, signature] = parts.as_slice() else {
        return Err(refuse("not_signed", unsigned, ""));
    };
    let decode = |part: &str| BASE64URL.decode(part).ok();
    let (Some(header_json), Some(payload_bytes), Some(signature)) =
        (decode(header), decode(payload), decode(signature))
    else {
        return Err(refuse("not_signed", unsigned, ""));
    };
    let header: Header = serde_json::from_slice(&header_json).map_err(|error| {
        let message =
            format!("its JWS header is not exactly alg, kid, typ and for CAP cty: {error}");
        Problem::new("jws_header", "", message, "", "alg, kid, typ, cty")
    })?;
    if header.alg != "EdDSA" {
        return Err(refuse("jws_header", "its JWS algorithm is not EdDSA", &header.alg));
    }
    if header.typ != typ {
        let message = format!("its JWS type is `{}`, not `{typ}`", header.typ);
        return Err(refuse("jws_header", &message, &header.typ));
    }
    let format = match header.cty.as_deref() {
        None => Format::Json,
        Some(CAP_CONTENT) if typ == NOTICE_TYPE => Format::Cap,
        Some(other) => {
            let message =
                format!("its JWS content type is `{other}`; notices may be {CAP_CONTENT}");
            return Err(Problem::new("jws_header", "", message, other, CAP_CONTENT));
        }
    };
    let key = trusted.keys.iter().find(|key| key.id == header.kid).ok_or_else(|| {
        let message =
            format!("it is signed by a key that this board does not trust: {}", header.kid);
        refuse("unknown_key", &message, &header.kid)
    })?;
    let signed = text.rsplit_once('.').map_or("", |(signed, _)| signed);
    Signature::from_slice(&signature)
        .and_then(|signature| key.public.verify_strict(signed.as_bytes(), &signature))
        .map_err(|_| {
            refuse("bad_signature", "its signature does not fit its bytes: it was changed", "")
        })?;
    Ok(Verified { payload: payload_bytes, key, format })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8037, appendix A: key, thumbprint and signed example.
    const D: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const THUMBPRINT: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

    fn key() -> SigningKey {
        let bytes = BASE64URL.decode(D).expect("base64url");
        SigningKey::from_bytes(&bytes.try_into().expect("32 bytes"))
    }

    fn trusted() -> Trusted {
        let area = Area::parse("vn/86").expect("an area");
        let text =
            trusted_toml(&key().verifying_key(), &area, &[Class::Routine], Timestamp::UNIX_EPOCH);
        Trusted::parse(&text).expect("what we write we can read")
    }

    #[test]
    fn what_may_be_urgent_is_seen_before_it_is_checked() {
        let says = |payload: &[u8]| sign(payload, NOTICE_TYPE, &key()).into_bytes();
        let rows = [
            (says(br#"{"class": "emergency"}"#), true),
            (says(br#"{"class": "routine"}"#), false),
            (sign_cap(b"<alert/>", &key()).into_bytes(), true),
            (b"emergency".to_vec(), false),
            (b"emergency.emergency".to_vec(), false),
            (Vec::new(), false),
        ];
        for (jws, urgent) in rows {
            let shown = String::from_utf8_lossy(&jws).into_owned();
            assert_eq!(mentions(&jws, b"emergency"), urgent, "{shown}");
        }
    }

    #[test]
    fn the_thumbprint_is_that_of_rfc_8037() {
        assert_eq!(BASE64URL.encode(key().verifying_key().as_bytes()), X);
        assert_eq!(thumbprint(&key().verifying_key()), THUMBPRINT);
    }

    #[test]
    fn what_is_signed_verifies_and_white_space_counts_for_nothing() {
        let jws = format!(" \n{}\r\n", sign(b"payload", NOTICE_TYPE, &key()));
        let trusted = trusted();
        let Verified { payload, key: by, format } =
            verify(jws.as_bytes(), NOTICE_TYPE, &trusted).expect("believed");
        assert_eq!((payload.as_slice(), by.id.as_str()), (&b"payload"[..], THUMBPRINT));
        assert_eq!(format, Format::Json);
        let jws = sign_cap(b"<alert/>", &key());
        let verified = verify(jws.as_bytes(), NOTICE_TYPE, &trusted).expect("believed");
        assert_eq!((verified.payload.as_slice(), verified.format), (&b"<alert/>"[..], Format::Cap));
    }

    #[track_caller]
    fn refuses(jws: &str, code: &str) {
        let trusted = trusted();
        let problem = verify(jws.as_bytes(), NOTICE_TYPE, &trusted).expect_err("refused");
        assert_eq!(problem.code, code, "{problem:?}");
    }

    fn with_header(header: &str) -> String {
        super::with_header(header, b"payload", &key())
    }

    #[test]
    fn anything_else_is_refused() {
        let good = sign(b"payload", NOTICE_TYPE, &key());
        refuses("", "not_signed");
        refuses("{\"id\":1}", "not_signed");
        refuses(&good[..good.len() - 2], "bad_signature");
        refuses(&format!("{good}.x"), "not_signed");
        refuses(&sign(b"payload", "ttcs-command+jws", &key()), "jws_header");
        refuses(&sign(b"payload", NOTICE_TYPE, &SigningKey::from_bytes(&[7; 32])), "unknown_key");
        let head = |alg: &str, more: &str| {
            format!(r#"{{"alg":"{alg}","kid":"{THUMBPRINT}","typ":"{NOTICE_TYPE}"{more}}}"#)
        };
        refuses(&with_header(&head("none", "")), "jws_header");
        refuses(&with_header(&head("HS256", "")), "jws_header");
        refuses(&with_header(&head("EdDSA", r#","crit":["b64"],"b64":false"#)), "jws_header");
        refuses(&with_header(&head("EdDSA", r#","alg":"none""#)), "jws_header");
        refuses(&with_header(&head("EdDSA", r#","cty":"text/xml""#)), "jws_header");
        refuses(&with_header(&head("EdDSA", r#","cty":"cap+xml""#)), "jws_header");
        refuses(&with_header(&head("EdDSA", r#","cty":"JWT""#)), "jws_header");
        refuses(&with_header(&head("EdDSA", r#","cty":"""#)), "jws_header");
        refuses(&with_header(&head("EdDSA", r#","cty":null,"cty":null"#)), "jws_header");
    }

    #[test]
    fn a_command_is_no_cap_message() {
        let typ = "ttcs-command+jws";
        let header = format!(
            r#"{{"alg":"EdDSA","kid":"{THUMBPRINT}","typ":"{typ}","cty":"{CAP_CONTENT}"}}"#
        );
        let trusted = trusted();
        assert!(verify(with_header(&header).as_bytes(), typ, &trusted).is_err());
    }

    #[test]
    fn one_changed_byte_is_noticed_wherever_it_is() {
        let good = sign(b"payload", NOTICE_TYPE, &key());
        let trusted = trusted();
        for at in 0..good.len() {
            let mut bytes = good.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(verify(&bytes, NOTICE_TYPE, &trusted).is_err(), "byte {at}");
        }
    }

    #[test]
    fn every_fault_of_the_list_is_named() {
        let text = "[[key]]\nid=\"x\"\npublic_key=\"y\"\narea=\"86\"\nclasses=[\"big\"]\n\
                    valid_from=\"now\"\nvalid_until=\"2028-01-01T00:00:00Z\"\n";
        let problems = Trusted::parse(text).expect_err("refused");
        let paths: Vec<_> = problems.iter().map(|problem| problem.path.as_str()).collect();
        assert_eq!(
            paths,
            ["key[0].public_key", "key[0].area", "key[0].classes", "key[0].valid_from"]
        );
    }
}
