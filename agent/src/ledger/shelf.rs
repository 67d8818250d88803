//! The batches that are kept: which are on the disk, which the broker has, and which must go to
//! make room. Their bytes stay on the disk; here are names, sizes and numbers.

use std::collections::BTreeMap;

use bangtin_renderer::Problem;

use super::batch::{self, Batch, SHOWINGS_MAX};
use super::{Job, Outgoing};

/// Most batches that the broker does not have yet, and their bytes: at one a minute nearly three
/// days, at one in fifteen minutes six weeks.
pub const UNSENT_MAX: usize = 4_096;
/// See [`UNSENT_MAX`].
pub const UNSENT_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Most batches that are kept after the broker has them, to be asked for again, and their bytes.
pub const SENT_MAX: usize = 1_024;
/// See [`SENT_MAX`].
pub const SENT_MAX_BYTES: u64 = 4 * 1024 * 1024;

/// Most batches whose bytes are held in memory because the disk did not take them.
const MEMORY_MAX: usize = 64;

/// Most batches that wait for the disk or for the broker's word at a time.
const WAITING_MAX: usize = 8;

#[derive(Debug, Default)]
pub(super) struct Shelf {
    batches: BTreeMap<u64, Kept>,
    /// The newest batch on the disk that is known to be sound: the chain hangs on it.
    anchor: u64,
    pub(super) jobs: Vec<Job>,
    pub(super) lost: u64,
}

#[derive(Debug)]
struct Kept {
    /// Number of its last showing; of one that was not read yet the greatest it can be.
    last: u64,
    size: u64,
    place: Place,
    way: Way,
    /// Whether the file's name says that the broker has it.
    is_marked: bool,
    /// Whether nothing is left to be done: the broker has it, or nobody can read it.
    is_done: bool,
    /// Whether it was asked for again.
    is_wanted: bool,
    bytes: Option<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Writing,
    Disk,
    /// The disk did not take it.
    Memory,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Here,
    /// The disk was asked for it.
    Reading,
    /// Handed out; the broker has not answered.
    Out,
    /// It did not get through; it is tried again with the next batch.
    Later,
}

impl Shelf {
    /// Finds out what is on the disk; reads as few files as it can. Gives the newest sound batch,
    /// the least number that no file can hold, and what is wrong.
    pub(super) fn load(
        files: impl IntoIterator<Item = (String, u64)>,
        mut read: impl FnMut(&str) -> Result<Vec<u8>, String>,
    ) -> (Self, Option<Batch>, u64, Vec<Problem>) {
        let mut shelf = Self::default();
        let mut problems = Vec::new();
        for (file, size) in files {
            let Some((first, is_marked)) = parse_name(&file) else {
                let message = "is no batch of showings; it is left alone";
                problems.push(Problem::new("foreign", &file, message, &file, name(1, false)));
                continue;
            };
            let before = shelf.batches.get(&first);
            // Of two files of one batch the one without the mark counts: it is sent once more.
            if before.is_none_or(|before| before.is_marked) {
                shelf.batches.insert(first, Kept::on_disk(first, size, is_marked));
            }
        }
        let firsts: Vec<u64> = shelf.batches.keys().copied().collect();
        for (first, next) in firsts.iter().zip(firsts.iter().skip(1)) {
            if let Some(kept) = shelf.batches.get_mut(first) {
                kept.last = next - 1;
            }
        }
        let mut free = 1;
        let mut newest = None;
        for first in firsts.into_iter().rev() {
            let Some(file) = shelf.batches.get(&first).map(|kept| name(first, kept.is_marked))
            else {
                continue;
            };
            match shelf.check(first, &file, read(&file)) {
                Ok((_, batch)) => {
                    shelf.anchor = first;
                    free = free.max(batch.last + 1);
                    newest = Some(batch);
                    break;
                }
                Err(faults) => problems.extend(faults),
            }
            // What it held was published, perhaps: none of its numbers is given again.
            free = free.max(first + SHOWINGS_MAX as u64);
        }
        shelf.trim();
        (shelf, newest, free, problems)
    }

    /// Takes a new batch and has it written.
    pub(super) fn add(&mut self, first: u64, last: u64, bytes: Vec<u8>) {
        for kept in self.batches.values_mut() {
            if kept.place == Place::Disk {
                kept.bytes = None;
            }
            if kept.way == Way::Later {
                kept.way = Way::Here;
            }
        }
        self.jobs.push(Job::Write { first, name: name(first, false), bytes: bytes.clone() });
        let on_disk = Kept::on_disk(first, bytes.len() as u64, false);
        let kept = Kept { last, place: Place::Writing, bytes: Some(bytes), ..on_disk };
        self.batches.insert(first, kept);
        self.trim();
    }

    pub(super) fn kept(&mut self, first: u64) {
        if let Some(kept) = self.batches.get_mut(&first) {
            kept.place = Place::Disk;
            self.anchor = self.anchor.max(first);
        }
    }

    pub(super) fn not_kept(&mut self, first: u64) {
        if let Some(kept) = self.batches.get_mut(&first) {
            kept.place = Place::Memory;
        }
        self.trim_memory();
    }

    pub(super) fn next_to_send(&mut self) -> Option<Outgoing> {
        loop {
            let count = |of| self.batches.values().filter(|kept| kept.way == of).count();
            let reading = count(Way::Reading);
            if reading + count(Way::Out) >= WAITING_MAX {
                return None;
            }
            let (&first, kept) = self.batches.iter_mut().find(|(_, kept)| kept.is_to_go())?;
            // The disk works in order, and so batches go out in order.
            if kept.place == Place::Disk && (reading > 0 || kept.bytes.is_none()) {
                kept.way = Way::Reading;
                self.jobs.push(Job::Read { first, name: name(first, kept.is_marked) });
                continue;
            }
            let bytes = kept.bytes.clone().filter(|_| reading == 0)?;
            kept.way = Way::Out;
            return Some(Outgoing { first, bytes });
        }
    }

    pub(super) fn read(
        &mut self,
        first: u64,
        bytes: Result<Vec<u8>, String>,
    ) -> Result<Outgoing, Vec<Problem>> {
        let file = self.batches.get(&first).map_or_else(String::new, |k| name(first, k.is_marked));
        let (bytes, _) = self.check(first, &file, bytes)?;
        if let Some(kept) = self.batches.get_mut(&first) {
            kept.way = Way::Out;
        }
        Ok(Outgoing { first, bytes })
    }

    pub(super) fn acknowledged(&mut self, first: u64) {
        let Some(kept) = self.batches.get_mut(&first) else { return };
        kept.way = Way::Here;
        kept.is_wanted = false;
        kept.bytes = None;
        if kept.place == Place::Disk {
            self.done(first);
        } else {
            self.batches.remove(&first);
        }
    }

    pub(super) fn dropped(&mut self, first: u64) {
        if let Some(kept) = self.batches.get_mut(&first) {
            kept.way = Way::Later;
        }
    }

    pub(super) fn since(&mut self, n: u64) -> usize {
        let mut count = 0;
        for kept in self.batches.values_mut().filter(|kept| kept.last >= n) {
            kept.is_wanted |= kept.is_done;
            count += 1;
        }
        count
    }

    pub(super) fn unsent(&self) -> usize {
        self.batches.values().filter(|kept| !kept.is_done).count()
    }

    /// Whether a file holds the batch that its name says. One that does not is done with: its
    /// loss is counted, and it goes when it is old.
    fn check(
        &mut self,
        first: u64,
        file: &str,
        bytes: Result<Vec<u8>, String>,
    ) -> Result<(Vec<u8>, Batch), Vec<Problem>> {
        let is_readable = bytes.is_ok();
        let checked = bytes
            .map_err(|error| {
                let message = format!("cannot be read: {error}");
                vec![Problem::new("unreadable", file, message, "", "")]
            })
            .and_then(|bytes| {
                let batch = batch::verify(&bytes, None)?;
                if batch.first == first {
                    return Ok((bytes, batch));
                }
                let message = format!("holds the batch {}, not {first}", batch.first);
                Err(vec![Problem::new("damaged", file, message, batch.first, first)])
            });
        match (&checked, self.batches.get_mut(&first)) {
            (Ok((_, batch)), Some(kept)) => kept.last = batch.last,
            (Err(_), Some(kept)) => {
                kept.way = Way::Here;
                kept.is_wanted = false;
                self.lost += u64::from(!kept.is_done);
                kept.is_done = true;
                // A disk that reads again at the next start gives it then.
                if is_readable {
                    self.done(first);
                }
            }
            (_, None) => {}
        }
        checked.map_err(|mut problems| {
            problems.iter_mut().for_each(|problem| file.clone_into(&mut problem.path));
            problems
        })
    }

    fn done(&mut self, first: u64) {
        let Some(kept) = self.batches.get_mut(&first) else { return };
        kept.is_done = true;
        if !kept.is_marked {
            kept.is_marked = true;
            self.jobs.push(Job::Rename { from: name(first, false), to: name(first, true) });
        }
    }

    /// Lets the oldest go until all limits hold, with each batch that comes.
    fn trim(&mut self) {
        self.trim_memory();
        let anchor = self.anchor;
        let done = self.over(SENT_MAX, SENT_MAX_BYTES, |_, kept| kept.is_done);
        for first in done.into_iter().filter(|first| *first < anchor) {
            self.remove(first);
        }
        let unsent = self.over(UNSENT_MAX, UNSENT_MAX_BYTES, |_, kept| !kept.is_done);
        for first in unsent.into_iter().filter(|first| *first < anchor) {
            self.lost += 1;
            self.remove(first);
        }
    }

    /// A disk that writes nothing, or never comes back from writing, must not fill the memory.
    fn trim_memory(&mut self) {
        for first in self.over(MEMORY_MAX, u64::MAX, |_, kept| kept.place == Place::Memory) {
            self.lost += 1;
            self.remove(first);
        }
        for first in self.over(MEMORY_MAX, u64::MAX, |_, kept| kept.place == Place::Writing) {
            if let Some(kept) = self.batches.get_mut(&first) {
                kept.bytes = None;
            }
        }
        let bare = |kept: &Kept| kept.place == Place::Memory && kept.bytes.is_none();
        let before = self.batches.len();
        self.batches.retain(|_, kept| !bare(kept));
        self.lost += (before - self.batches.len()) as u64;
    }

    /// The oldest of some batches that are more than a number, or than a number of bytes.
    fn over(&self, most: usize, bytes: u64, which: impl Fn(u64, &Kept) -> bool) -> Vec<u64> {
        let (mut count, mut size) = (0, 0);
        let mut over = Vec::new();
        for (first, kept) in self.batches.iter().rev().filter(|(first, kept)| which(**first, kept))
        {
            count += 1;
            size += kept.size;
            if count > most || size > bytes {
                over.push(*first);
            }
        }
        over.reverse();
        over
    }

    fn remove(&mut self, first: u64) {
        let Some(kept) = self.batches.remove(&first) else { return };
        if kept.place != Place::Memory {
            self.jobs.push(Job::Delete { name: name(first, kept.is_marked) });
        }
    }
}

impl Kept {
    fn on_disk(first: u64, size: u64, is_marked: bool) -> Self {
        let (place, way) = (Place::Disk, Way::Here);
        let is_done = is_marked;
        let last = first;
        Self { last, size, place, way, is_marked, is_done, is_wanted: false, bytes: None }
    }

    fn is_to_go(&self) -> bool {
        let is_open = !self.is_done || self.is_wanted;
        is_open && self.way == Way::Here && self.place != Place::Writing
    }
}

/// The name of a batch's file: sorts by number, and says whether the broker has it.
fn name(first: u64, is_sent: bool) -> String {
    let mark = if is_sent { "-sent" } else { "" };
    format!("played-{first:012}{mark}.json")
}

fn parse_name(file: &str) -> Option<(u64, bool)> {
    let digits: String = file.chars().filter(char::is_ascii_digit).collect();
    let first = digits.parse().ok().filter(|first| (1..1_000_000_000_000_000).contains(first))?;
    [false, true].into_iter().find(|mark| name(first, *mark) == file).map(|mark| (first, mark))
}
