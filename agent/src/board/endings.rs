//! How notices end: what is said of it, and what becomes of their files.

use tracing::info;

use super::*;
use crate::files;
use crate::notice::{Kind, Notice};
use crate::report::State;
use crate::sign::Ended;

impl Board {
    /// Reports what ended; the receipt goes out once the disk knows it too.
    pub(super) fn end(&mut self, ended: Vec<Ended>, now: Now) {
        for Ended { key, revision, cause, forget, over } in ended {
            info!(id = key.id, revision, ?cause, "ended");
            let kept = self.kept.get(&key);
            self.has_ended = true;
            let is_durable = kept.is_none_or(|kept| kept.durable);
            let mut receipt = Receipt::new(&key, revision, State::Ended, is_durable, now.wall);
            receipt.cause = Some(cause);
            let operations = match (forget, over) {
                (true, _) => self.forgotten(&key),
                (false, true) => self.marked(&key),
                (false, false) => Vec::new(),
            };
            if forget {
                self.unwant_pictures(&key);
            }
            // Those that were said before come first.
            if operations.is_empty() {
                self.tell(receipt, &key);
                continue;
            }
            let ticket = self.submit(Folder::Notices, operations, Purpose::Housekeeping);
            if let Some(waiting) = self.jobs.waiting.get_mut(&ticket) {
                waiting.receipts.push(receipt);
            }
        }
    }

    /// Lets go of what was reported long ago.
    pub(super) fn bury(&mut self, buried: Vec<Key>) {
        let mut operations = Vec::new();
        for key in buried {
            operations.extend(self.forgotten(&key));
            self.unwant_pictures(&key);
        }
        if !operations.is_empty() {
            self.submit(Folder::Notices, operations, Purpose::Housekeeping);
        }
    }

    fn forgotten(&mut self, key: &Key) -> Vec<Operation> {
        let files = self.kept.remove(key).map(|kept| kept.files).unwrap_or_default();
        files.into_iter().map(|name| Operation::Forget { name }).collect()
    }

    /// Marks the files of an update that is over, so that its end is not reported again at the
    /// next start. They stay: what it ended stays ended.
    fn marked(&mut self, key: &Key) -> Vec<Operation> {
        let Some(kept) = self.kept.get_mut(key) else { return Vec::new() };
        let marked: Vec<(String, String)> = kept
            .files
            .iter()
            .filter(|name| !files::is_ended(name))
            .map(|name| (name.clone(), files::ended_name(name)))
            .collect();
        for (from, to) in &marked {
            kept.files.remove(from);
            kept.files.insert(to.clone());
        }
        marked.into_iter().map(|(from, to)| Operation::Rename { from, to }).collect()
    }

    /// Lets go of the file of an earlier revision whose class, and so whose name, was another: the
    /// next start would show it until it comes to the later one.
    pub(super) fn replaced(&self, notice: &Notice) -> Vec<Operation> {
        let name = files::file_name(notice);
        let alert = files::file_name(&Notice { kind: Kind::Alert, ..notice.clone() });
        let is_former = |file: &&String| **file != name && file.get(1..) == alert.get(1..);
        let files = self.kept.get(&notice.key).into_iter().flat_map(|kept| &kept.files);
        // They stay known: should the disk fail now, they go with the notice.
        files.filter(is_former).map(|name| Operation::Forget { name: name.clone() }).collect()
    }
}
