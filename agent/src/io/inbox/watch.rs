//! The inbox on a thread of its own: a slow stick, or one that is pulled out, keeps nobody waiting.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use tokio::sync::mpsc::Sender;

use super::{Found, Inbox};

/// How often the folder is looked at.
const EVERY: Duration = Duration::from_secs(2);

/// A handle to the thread. Dropped, it lets the thread end without waiting for it: that may hang
/// for minutes in a stick that is gone.
pub struct Watch {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    slot: Mutex<Slot>,
    wake: Condvar,
}

#[derive(Default)]
struct Slot {
    wanted: BTreeSet<String>,
    stop: bool,
}

impl Watch {
    /// Starts to look at a folder every two seconds. While `found` is full, it waits.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(path: &Path, found: Sender<Found>) -> io::Result<Self> {
        Self::every(EVERY, path, found)
    }

    pub(super) fn every(pause: Duration, path: &Path, found: Sender<Found>) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let (watched, mut inbox) = (Arc::clone(&shared), Inbox::open(path));
        Builder::new().name("inbox".into()).spawn(move || {
            while let Some(wanted) = watched.next(pause) {
                for file in inbox.scan(&wanted) {
                    if found.blocking_send(file).is_err() {
                        return;
                    }
                }
            }
        })?;
        Ok(Self { shared })
    }

    /// The pictures, by their SHA-256, that are given from now on. One that is given is given
    /// again only after it was not wanted for a while.
    pub fn want(&self, pictures: BTreeSet<String>) {
        self.shared.lock().wanted = pictures;
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().stop = true;
        self.shared.wake.notify_one();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the next scan; `None` when there is to be none.
    fn next(&self, pause: Duration) -> Option<BTreeSet<String>> {
        let slot = self.wake.wait_timeout_while(self.lock(), pause, |slot| !slot.stop);
        let (slot, _) = slot.unwrap_or_else(PoisonError::into_inner);
        (!slot.stop).then(|| slot.wanted.clone())
    }
}
