//! What stands around the `<info>` elements of a CAP message: who, when, and what it is for.

use bangtin_renderer::Problem;
use jiff::Timestamp;
use sha2::{Digest, Sha256};

use super::Place;
use super::fields::{Node, Reader};
use crate::area::{Area, is_name};
use crate::notice::read::AREAS_MAX;
use crate::notice::{Class, Key, Kind, Notice, Partial, Severity, Status, Urgency};

/// What it says.
pub(super) struct Envelope {
    pub key: Key,
    /// The sender in its own words, where it names no area.
    pub sender_text: String,
    pub sent: Timestamp,
    pub status: Status,
    pub kind: Kind,
    pub references: Vec<Key>,
}

impl Envelope {
    /// A notice that says nothing and goes nowhere.
    pub fn bare(self) -> Notice {
        Notice {
            key: self.key,
            revision: 1,
            to: Vec::new(),
            sent: self.sent,
            status: self.status,
            kind: self.kind,
            references: self.references,
            class: Class::Routine,
            event: None,
            risk_level: None,
            severity: Severity::Unknown,
            urgency: Urgency::Unknown,
            effective: self.sent,
            expires: self.sent,
            windows: Vec::new(),
            content: Vec::new(),
        }
    }
}

impl Reader {
    /// `Ok(None)` where something of it could not be read; as an error why it is ignored.
    pub(super) fn envelope(
        &mut self,
        alert: &Node<'_>,
        place: &Place<'_>,
        partial: &mut Partial,
    ) -> Result<Option<Envelope>, Problem> {
        let sender_text = self.required(alert, "sender");
        let sender = sender_text.map(|text| sender(text, place));
        let id = self.identifier(alert);
        let revision = Some(1).filter(|_| id.is_some());
        *partial = Partial { sender: sender.clone(), id: id.clone(), revision };
        let status = self.word(alert, "status", &STATUS);
        let kind = self.word(alert, "msgType", &KIND);
        let is_public = self.word(alert, "scope", &SCOPE);
        let ignored = [
            (status == Some(None), "status", "drafts and system messages are not for boards"),
            (kind == Some(None), "msgType", "acknowledgements and error reports draw nothing"),
            (is_public == Some(false), "scope", "boards show what is for the public alone"),
        ];
        if let Some((_, field, why)) = ignored.into_iter().find(|(is, ..)| *is) {
            let value = self.optional(alert, field).unwrap_or_default();
            let message = format!("is ignored, {value}: {why}");
            return Err(Problem::new("cap_ignored", field, message, value, ""));
        }
        let sent = self.time(alert, "sent");
        if sent.is_none() && alert.all("sent").next().is_none_or(|sent| sent.text().is_empty()) {
            self.add("missing", "sent", "is missing", "", "");
        }
        let (status, kind) = (status.flatten(), kind.flatten());
        let references = self.references(alert, sender.as_ref(), place);
        let names_none = alert.all("references").all(|list| list.text().is_empty());
        if names_none && matches!(kind, Some(Kind::Update | Kind::Cancel)) {
            let what = "is missing; name what it replaces or ends";
            self.add("missing", "references", what, "", "");
        }
        let (Some(sender), Some(id), Some(sent)) = (sender, id, sent) else { return Ok(None) };
        let (Some(status), Some(kind)) = (status, kind) else { return Ok(None) };
        let key = Key { sender, id };
        let own_words = sender_text.filter(|text| Area::parse(text).is_err()).unwrap_or_default();
        let sender_text = own_words.to_owned();
        Ok(Some(Envelope { key, sender_text, sent, status, kind, references }))
    }

    fn identifier(&mut self, alert: &Node<'_>) -> Option<String> {
        let text = self.required(alert, "identifier")?;
        let odd = |letter: char| letter.is_whitespace() || [',', '<', '&'].contains(&letter);
        if text.contains(odd) {
            let limit = "no space, comma, < or &";
            self.add("name", "identifier", "is no identifier", text, limit);
            return None;
        }
        Some(id(text))
    }

    /// `sender,identifier,sent` of each message that this one replaces or ends.
    fn references(&mut self, alert: &Node<'_>, own: Option<&Area>, place: &Place<'_>) -> Vec<Key> {
        let triples = self.optional(alert, "references").unwrap_or_default().split_whitespace();
        let mut keys = Vec::new();
        for (index, triple) in triples.enumerate() {
            let path = format!("references[{index}]");
            if index == AREAS_MAX {
                let message = format!("has more than {AREAS_MAX} items");
                self.add("too_many", "references", message, "", AREAS_MAX);
                break;
            }
            let parts: Vec<&str> = triple.split(',').collect();
            let &[of, identifier, sent] = parts.as_slice() else {
                self.add("reference", path, "is no reference", triple, "sender,identifier,sent");
                continue;
            };
            let of = sender(of, place);
            if identifier.is_empty() || sent.parse::<Timestamp>().is_err() {
                self.add("reference", path, "is no reference", triple, "sender,identifier,sent");
            } else if own.is_some_and(|own| !own.holds(&of)) {
                let what = "names no message of this sender or of one below it";
                self.add("reference", path, what, triple, "");
            } else {
                keys.push(Key { sender: of, id: id(identifier) });
            }
        }
        keys
    }
}

/// The sender as an area. CAP's senders are free words; those that name no area are the key's.
fn sender(text: &str, place: &Place<'_>) -> Area {
    Area::parse(text).unwrap_or_else(|_| place.key_area.clone())
}

/// The identifier as an id: as it is where it can be one, else the first 128 bits of its SHA-256.
fn id(identifier: &str) -> String {
    if is_name(identifier) {
        return identifier.to_owned();
    }
    let digest = Sha256::digest(identifier);
    let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("cap-{digits}")
}

/// `None` for what is ignored.
const STATUS: [(&str, Option<Status>); 5] = [
    ("Actual", Some(Status::Actual)),
    ("Exercise", Some(Status::Exercise)),
    ("Test", Some(Status::Test)),
    ("System", None),
    ("Draft", None),
];
/// `None` for what is ignored.
const KIND: [(&str, Option<Kind>); 5] = [
    ("Alert", Some(Kind::Alert)),
    ("Update", Some(Kind::Update)),
    ("Cancel", Some(Kind::Cancel)),
    ("Ack", None),
    ("Error", None),
];
/// Whether a message is for the public.
const SCOPE: [(&str, bool); 3] = [("Public", true), ("Restricted", false), ("Private", false)];
