//! What a board told and took up to some event, to be held against what it tells after a power cut.

use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::area::Area;

/// What can be seen of a notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    Refused,
    Accepted,
    Shown,
    Ended,
    /// A turn of it began.
    Began,
}

/// A notice as it was signed.
pub(super) struct Document {
    pub id: String,
    pub revision: u32,
    references: Vec<String>,
    expires: Timestamp,
}

impl Document {
    pub(super) fn key(&self) -> Key {
        Key { sender: Area::parse("vn/86").expect("an area"), id: self.id.clone() }
    }

    fn of(message: &Message) -> Option<Self> {
        use base64::Engine;
        let text = std::str::from_utf8(&message.payload).ok()?;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let value: Value =
            serde_json::from_slice(&engine.decode(text.split('.').nth(1)?).ok()?).ok()?;
        let references = value["references"].as_array().cloned().unwrap_or_default();
        Some(Self {
            id: value["id"].as_str()?.to_owned(),
            revision: value["revision"].as_u64()? as u32,
            references: references.iter().filter_map(|id| Some(id.as_str()?.to_owned())).collect(),
            expires: value["expires"].as_str()?.parse().ok()?,
        })
    }
}

#[derive(Default)]
pub(super) struct Past {
    seen: BTreeMap<(String, u32, Seen), usize>,
    pub documents: Vec<Document>,
    pub came: Vec<Message>,
    pub acknowledged: Vec<Token>,
    /// Batches by their first number.
    pub batches: BTreeMap<u64, Vec<u8>>,
    /// Ids of commands that were answered, and whether they were carried out.
    pub answers: BTreeMap<String, bool>,
}

impl Past {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Came(message) => {
                self.documents.extend(Document::of(message));
                self.came.push(message.clone());
            }
            Event::Acknowledged(token) => self.acknowledged.push(*token),
            Event::Began { id, revision } => self.saw(id, *revision, Seen::Began),
            Event::Sent(publication) => self.heard(publication),
        }
    }

    /// How often that was seen of a notice.
    pub(super) fn was(&self, seen: Seen, of: &Document) -> usize {
        self.seen.get(&(of.id.clone(), of.revision, seen)).copied().unwrap_or(0)
    }

    /// Whether a notice is over: it was told so, its time is over, or what came ended it.
    pub(super) fn is_over(&self, of: &Document, now: Timestamp) -> bool {
        let ends = |other: &Document| {
            (other.id == of.id && other.revision > of.revision) || other.references.contains(&of.id)
        };
        of.expires <= now || self.was(Seen::Ended, of) > 0 || self.documents.iter().any(ends)
    }

    fn saw(&mut self, id: &str, revision: u32, seen: Seen) {
        *self.seen.entry((id.to_owned(), revision, seen)).or_default() += 1;
    }

    fn heard(&mut self, Publication { topic, payload, .. }: &Publication) {
        let value = || -> Value { serde_json::from_slice(payload).expect("JSON") };
        if topic.contains("/receipt/") {
            let receipt = value();
            let seen = match receipt["state"].as_str() {
                Some("refused") => Seen::Refused,
                Some("accepted") => Seen::Accepted,
                Some("shown") => Seen::Shown,
                _ => Seen::Ended,
            };
            if let (Some(id), Some(revision)) =
                (receipt["notice"].as_str(), receipt["revision"].as_u64())
            {
                self.saw(id, revision as u32, seen);
            }
        } else if topic.ends_with("/reply") {
            let answer = value();
            let id = answer["id"].as_str().expect("an id").to_owned();
            let ok = answer["ok"].as_bool().expect("a word");
            assert_eq!(*self.answers.entry(id.clone()).or_insert(ok), ok, "{id}: another answer");
        } else if topic.ends_with("/played") {
            let first = value()["first"].as_u64().expect("a number");
            let told = self.batches.entry(first).or_insert_with(|| payload.clone());
            assert_eq!(told, payload, "batch {first} is told twice with other words");
        }
    }
}
