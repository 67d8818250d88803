//! The disk on a thread of its own: to show a notice never waits for an SD card, to acknowledge
//! it does.

use std::io;
use std::sync::mpsc;
use std::thread::{Builder, JoinHandle};

use tokio::sync::mpsc::UnboundedSender;
use tracing::warn;

use super::disk::Disk;
use super::store::Store;
use crate::jobs::{Done, Job};

/// Most jobs that are synced as one: each file is still synced by itself, so that a larger group
/// would save little and keep the first of it waiting.
const GROUP_MAX: usize = 64;

/// A handle to the disk's thread. Dropped, it waits until all jobs are done.
pub struct Keeper {
    jobs: Option<mpsc::Sender<Job>>,
    done: UnboundedSender<Done>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread. Every job is answered once on `done`, which holds no more than the jobs
    /// under way.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start<D: Disk + 'static>(
        store: Store<D>,
        done: UnboundedSender<Done>,
    ) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let answers = done.clone();
        let thread =
            Builder::new().name("disk".into()).spawn(move || keep(store, &waiting, &answers))?;
        Ok(Self { jobs: Some(jobs), done, thread: Some(thread) })
    }

    /// Asks for a job. Jobs are done in the order asked for, those that wait together as a group.
    /// This never blocks and has no bound of its own: the caller bounds what it has under way.
    pub fn submit(&self, job: Job) {
        let ticket = job.ticket;
        let taken = self.jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok());
        if !taken {
            // Nobody may wait for an answer that never comes.
            let result = Err("the disk's thread has ended".to_owned());
            let _ = self.done.send(Done { ticket, result });
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn keep<D: Disk>(mut store: Store<D>, jobs: &mpsc::Receiver<Job>, done: &UnboundedSender<Done>) {
    while let Ok(first) = jobs.recv() {
        let waiting = jobs.try_iter().take(GROUP_MAX - 1);
        for answer in store.perform([first].into_iter().chain(waiting).collect()) {
            // The loop may have ended; what it asked for is done all the same.
            let _ = done.send(answer);
        }
    }
    if let Err(error) = store.finish() {
        warn!(%error, "the last names cannot be synced");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::disk::simulated::{SimulatedDisk, Survival};
    use crate::jobs::{Folder, Operation};
    use tokio::sync::mpsc::unbounded_channel;

    fn job(ticket: u64, folder: Folder) -> Job {
        let (name, bytes) = (format!("{ticket}.jws"), ticket.to_string().into_bytes().into());
        Job { ticket, folder, operations: vec![Operation::Save { name, bytes }] }
    }

    #[test]
    fn every_job_is_answered_once_and_in_order() {
        let disk = SimulatedDisk::default();
        let store = Store::open(disk.clone()).expect("opens");
        let (done, mut answers) = unbounded_channel();
        let keeper = Keeper::start(store, done).expect("starts");
        for ticket in 0..1000 {
            keeper.submit(job(ticket, Folder::Notices));
        }
        keeper.submit(job(1000, Folder::State));
        drop(keeper);
        for ticket in 0..=1000 {
            assert_eq!(answers.try_recv(), Ok(Done { ticket, result: Ok(Vec::new()) }));
        }
        assert!(answers.try_recv().is_err());
        // What need not last by itself does when the program ends.
        let found = disk.after_crash(1, Survival::Any);
        assert_eq!(found.names(Folder::Notices).len(), 1000);
        assert_eq!(found.file(Folder::State, "1000.jws").as_deref(), Some(&b"1000"[..]));
    }

    #[test]
    fn nobody_needs_to_listen() {
        let disk = SimulatedDisk::default();
        let (done, answers) = unbounded_channel();
        drop(answers);
        let store = Store::open(disk.clone()).expect("opens");
        let keeper = Keeper::start(store, done).expect("starts");
        keeper.submit(job(1, Folder::Notices));
        drop(keeper);
        assert_eq!(disk.names(Folder::Notices), ["1.jws"]);
    }
}
