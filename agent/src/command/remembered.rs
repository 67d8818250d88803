//! Which commands were answered, so that each is answered once: also when the broker delivers it
//! again, and after a restart.

use std::collections::VecDeque;

use bangtin_renderer::Problem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Command;
use crate::area::{Area, is_name};
use crate::calendar::{Now, Trust};
use crate::notice::Key;

/// Most commands that are remembered. Only a sender with a key can make a board forget one of the
/// last [`LIFE_MAX_HOURS`](super::LIFE_MAX_HOURS) hours, by sending this many others.
pub const REMEMBERED_MAX: usize = 2_000;

/// The commands that were answered, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    answered: VecDeque<Answered>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Answered {
    key: Key,
    digest: [u8; 32],
    not_after: Timestamp,
}

/// Whether a command was seen before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Met {
    /// It was not: carry it out and answer it.
    New,
    /// These very bytes were answered: there is nothing to do.
    Answered,
    /// Another command of this sender had this id: refuse it.
    Taken,
}

/// The document as it is stored. Words from a file are believed only as far as they are well
/// formed.
#[derive(Serialize, Deserialize)]
struct Document {
    answered: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    sender: String,
    id: String,
    digest: String,
    not_after: Timestamp,
}

impl Remembered {
    /// Reads the document that [`document`](Self::document) wrote. Of a damaged one as much is
    /// taken as can be read; the problems say what was not.
    pub fn read(bytes: &[u8]) -> (Self, Vec<Problem>) {
        let mut remembered = Self::default();
        let document: Document = match serde_json::from_slice(bytes) {
            Ok(document) => document,
            Err(error) => {
                let message = format!(
                    "cannot be read, commands of the last hours may be carried out again: {error}"
                );
                return (remembered, vec![Problem::new("damaged", "", message, "", "")]);
            }
        };
        let mut problems = Vec::new();
        for (index, entry) in document.answered.into_iter().enumerate() {
            match entry.read() {
                Some(answered) => remembered.push(answered),
                None => {
                    let path = format!("answered[{index}]");
                    let message = "is no command that was answered; it is left out";
                    problems.push(Problem::new("damaged", path, message, "", ""));
                }
            }
        }
        (remembered, problems)
    }

    /// Those that were answered as one compact JSON document. What is not answered yet must not
    /// be known after a power cut: nobody would answer it then.
    pub fn document(&self, is_answered: impl Fn(&Key) -> bool) -> Vec<u8> {
        let answered = self.answered.iter().filter(|answered| is_answered(&answered.key));
        let answered = answered.map(Answered::entry).collect();
        serde_json::to_vec(&Document { answered }).expect("texts and times can be written")
    }

    /// Whether a command was seen before.
    pub fn met(&self, command: &Command) -> Met {
        match self.answered.iter().find(|answered| answered.key == command.key) {
            None => Met::New,
            Some(answered) if answered.digest == command.digest => Met::Answered,
            Some(_) => Met::Taken,
        }
    }

    /// Whether these very bytes were a command that is remembered: it may come again when its time
    /// is over.
    pub fn holds(&self, digest: &[u8; 32]) -> bool {
        self.answered.iter().any(|answered| answered.digest == *digest)
    }

    /// Remembers a command from here on. What no board with a trusted clock would take any more is
    /// forgotten, and the oldest where there is no room.
    pub fn remember(&mut self, command: &Command, now: Now) {
        if now.trust != Trust::Unknown {
            self.answered.retain(|answered| answered.not_after >= now.wall);
        }
        let Command { key, digest, not_after, .. } = command;
        self.push(Answered { key: key.clone(), digest: *digest, not_after: *not_after });
    }

    /// How many are remembered.
    pub fn len(&self) -> usize {
        self.answered.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.answered.is_empty()
    }

    fn push(&mut self, answered: Answered) {
        self.answered.retain(|before| before.key != answered.key);
        while self.answered.len() >= REMEMBERED_MAX {
            self.answered.pop_front();
        }
        self.answered.push_back(answered);
    }
}

impl Answered {
    fn entry(&self) -> Entry {
        Entry {
            sender: self.key.sender.to_string(),
            id: self.key.id.clone(),
            digest: self.digest.iter().map(|byte| format!("{byte:02x}")).collect(),
            not_after: self.not_after,
        }
    }
}

impl Entry {
    fn read(self) -> Option<Answered> {
        let mut digest = [0; 32];
        if self.digest.len() != 64 || !self.digest.is_ascii() || !is_name(&self.id) {
            return None;
        }
        for (byte, at) in digest.iter_mut().zip((0..64).step_by(2)) {
            *byte = u8::from_str_radix(self.digest.get(at..at + 2)?, 16).ok()?;
        }
        let key = Key { sender: Area::parse(&self.sender).ok()?, id: self.id };
        Some(Answered { key, digest, not_after: self.not_after })
    }
}
