//! The proof of display: which notice was on the glass, for how long, and how much of it, in
//! numbered batches that nobody can change afterwards. It is told what comes on the glass and what
//! leaves it; it gives out files to keep and batches to send.
//!
//! A batch is on the disk before anybody hears of it. What a power cut takes was never told, and
//! its numbers are given again; what was told is told in the same words for ever. Only a board
//! whose disk takes nothing tells what it could not keep: after a restart it may give numbers
//! again, and the hash of the batch before then does not fit.

mod batch;
mod shelf;
mod turn;

use bangtin_renderer::Problem;
use jiff::Timestamp;

use crate::calendar::{self, Now};
use crate::notice::Key;

use shelf::Shelf;
use turn::{Amount, Portion, Turn};

pub use batch::{BATCH_MAX_BYTES, Batch, NO_HASH, SHOWINGS_MAX, Showing, verify};
pub use shelf::{SENT_MAX, SENT_MAX_BYTES, UNSENT_MAX, UNSENT_MAX_BYTES};

/// How often a batch is made, at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Every five minutes: somebody listens, or an emergency is in force. A batch and the time
    /// that is written along cost four syncs at most, so that there is less than one a minute.
    FiveMinutes,
    /// Every fifteen minutes, to spare the SD card.
    QuarterHour,
}

impl Pace {
    fn ms(self) -> u64 {
        match self {
            Self::FiveMinutes => 300_000,
            Self::QuarterHour => 900_000,
        }
    }
}

/// A notice whose first frame is on the glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Beginning<'a> {
    /// Which.
    pub key: Key,
    /// Its revision.
    pub revision: u32,
    /// When each page of its scene begins, in milliseconds, the first at 0.
    pub page_starts_ms: &'a [u64],
    /// How long its scene takes once, in milliseconds.
    pub duration_ms: u64,
    /// Where in its scene it begins, in milliseconds; 0 but for a turn that was interrupted.
    pub from_ms: u64,
    /// CRC-32 of that frame.
    pub crc32: u32,
}

/// What the disk is to do, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Job {
    /// Write a file so that it is whole under its name or not there, and wait for the medium; then
    /// say [`Ledger::kept`] or [`Ledger::not_kept`].
    Write {
        /// The batch.
        first: u64,
        /// The file.
        name: String,
        /// All of it.
        bytes: Vec<u8>,
    },
    /// Rename a file. Nobody waits for it: if a power cut undoes it, the batch is sent once more.
    Rename {
        /// The file.
        from: String,
        /// Its new name.
        to: String,
    },
    /// Remove a file. Nobody waits for it.
    Delete {
        /// The file.
        name: String,
    },
    /// Read a file, at most [`BATCH_MAX_BYTES`] and one byte, and give what was read to
    /// [`Ledger::read`].
    Read {
        /// The batch.
        first: u64,
        /// The file.
        name: String,
    },
}

/// A batch to publish. Then say [`Ledger::acknowledged`] or [`Ledger::dropped`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The batch.
    pub first: u64,
    /// The document.
    pub bytes: Vec<u8>,
}

/// The proof of display of one board.
#[derive(Debug)]
pub struct Ledger {
    shelf: Shelf,
    turn: Option<Turn>,
    /// What the next batch will hold.
    open: Vec<Entry>,
    /// Instant of the monotonic clock at which that began.
    open_since_ms: Option<u64>,
    next_n: u64,
    previous_hash: String,
}

/// A showing that has no number yet.
#[derive(Debug)]
struct Entry {
    key: Key,
    revision: u32,
    crc32: u32,
    from: Timestamp,
    to: Timestamp,
    amount: Amount,
}

impl Ledger {
    /// Goes on from what is on the disk: the names and sizes in bytes of the files in the ledger's
    /// folder, and how to read one. Only the newest that is sound is read. Whatever is missing,
    /// damaged or foreign is a problem, whose path is the file, and stops nothing.
    ///
    /// Names given before must be on the medium: sync the folder first.
    pub fn load(
        files: impl IntoIterator<Item = (String, u64)>,
        read: impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> (Self, Vec<Problem>) {
        let (shelf, newest, next_n, problems) = Shelf::load(files, read);
        let previous_hash = newest.map_or_else(|| NO_HASH.to_owned(), |batch| batch.hash);
        let (turn, open, open_since_ms) = (None, Vec::new(), None);
        (Self { shelf, turn, open, open_since_ms, next_n, previous_hash }, problems)
    }

    /// A notice came on the glass; what was there before left it. Say so once a turn, not when the
    /// picture of the same turn is improved.
    pub fn began(&mut self, beginning: Beginning<'_>, now: Now) {
        self.ended(now);
        self.turn = Some(Turn::new(beginning, now));
        self.open_since_ms.get_or_insert(now.monotonic_ms);
    }

    /// The notice left the glass: something else is on it, or it is dark. Nothing happens where
    /// none was.
    pub fn ended(&mut self, now: Now) {
        let portion = self.turn.take().and_then(|mut turn| turn.portion(now, true));
        match portion {
            Some(portion) => self.record(portion, now),
            None if self.open.is_empty() => self.open_since_ms = None,
            None => {}
        }
    }

    /// Makes a batch if it is time for one.
    pub fn due(&mut self, now: Now, pace: Pace) {
        if self.wake_in_ms(now, pace) == Some(0) {
            self.flush(now);
        }
    }

    /// Makes a batch of what there is: an emergency ended, or the program does. A showing that
    /// goes on is told up to now, and goes on as another one.
    pub fn flush(&mut self, now: Now) {
        let portion = self.turn.as_mut().and_then(|turn| turn.portion(now, false));
        if let Some(portion) = portion {
            self.record(portion, now);
        }
        self.close(now);
    }

    /// After how many milliseconds [`due`](Self::due) makes a batch; `None` while there is nothing
    /// to tell.
    pub fn wake_in_ms(&self, now: Now, pace: Pace) -> Option<u64> {
        let since = self.open_since_ms?;
        Some(pace.ms().saturating_sub(now.monotonic_ms.saturating_sub(since)))
    }

    /// What the disk is to do now. Each job is given out once.
    pub fn jobs(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.shelf.jobs)
    }

    /// The batch is on the medium.
    pub fn kept(&mut self, first: u64) {
        self.shelf.kept(first);
    }

    /// The disk did not take the batch. It is published all the same.
    pub fn not_kept(&mut self, first: u64) {
        self.shelf.not_kept(first);
    }

    /// The next batch to publish, the oldest first; ask while the link is up, until there is none.
    /// What lies on the disk becomes a [`Job::Read`] and comes out of [`read`](Self::read).
    pub fn next_to_send(&mut self) -> Option<Outgoing> {
        self.shelf.next_to_send()
    }

    /// What was read for a [`Job::Read`]: the batch to publish, the link up or not.
    ///
    /// # Errors
    /// With what is wrong with the file. Its batch is lost.
    pub fn read(
        &mut self,
        first: u64,
        bytes: Result<Vec<u8>, String>,
    ) -> Result<Outgoing, Vec<Problem>> {
        self.shelf.read(first, bytes)
    }

    /// The broker has the batch.
    pub fn acknowledged(&mut self, first: u64) {
        self.shelf.acknowledged(first);
    }

    /// The batch did not get to the broker; it is tried again when the next one is made.
    pub fn dropped(&mut self, first: u64) {
        self.shelf.dropped(first);
    }

    /// Has all batches sent again that are still here and hold the showing `n` or a later one.
    /// Says how many those are.
    pub fn since(&mut self, n: u64) -> usize {
        self.shelf.since(n)
    }

    /// Batches that the broker does not have yet.
    pub fn unsent(&self) -> usize {
        self.shelf.unsent()
    }

    /// Batches that were lost since the start, before the broker had them: there was no room for
    /// them, or their files were damaged.
    pub fn lost(&self) -> u64 {
        self.shelf.lost
    }

    /// Adds to the showing of the same notice, or begins one.
    fn record(&mut self, portion: Portion, now: Now) {
        let Portion { key, revision, crc32, from, to, amount } = portion;
        let same = |entry: &&mut Entry| entry.key == key && entry.revision == revision;
        if let Some(entry) = self.open.iter_mut().find(same) {
            entry.to = to;
            entry.amount.shown_ms += amount.shown_ms;
            entry.amount.asked_ms += amount.asked_ms;
            entry.amount.pages += amount.pages;
            return;
        }
        if self.open.len() >= SHOWINGS_MAX {
            self.close(now);
        }
        self.open.push(Entry { key, revision, crc32, from, to, amount });
        self.open_since_ms.get_or_insert(now.monotonic_ms);
    }

    fn close(&mut self, now: Now) {
        if self.open.is_empty() {
            return;
        }
        let first = self.next_n;
        let numbered = (first..).zip(self.open.drain(..));
        let showings: Vec<Showing> = numbered.map(|(n, entry)| entry.showing(n)).collect();
        self.next_n += showings.len() as u64;
        let (bytes, hash) = batch::write(first, &self.previous_hash, &showings);
        self.previous_hash = hash;
        self.open_since_ms = self.turn.as_ref().map(|_| now.monotonic_ms);
        self.shelf.add(first, self.next_n - 1, bytes);
    }
}

impl Entry {
    fn showing(self, n: u64) -> Showing {
        let seconds = |ms: u64| ms as f64 / 1000.0;
        Showing {
            n,
            notice: self.key.id,
            sender: self.key.sender.to_string(),
            revision: self.revision,
            from: calendar::rfc3339(self.from),
            to: calendar::rfc3339(self.to),
            seconds_shown: seconds(self.amount.shown_ms),
            seconds_asked: seconds(self.amount.asked_ms),
            pages: self.amount.pages,
            scene_crc32: format!("{:08x}", self.crc32),
        }
    }
}

#[cfg(test)]
mod tests;
