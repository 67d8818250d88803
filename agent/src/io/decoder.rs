//! The thread that decodes pictures, apart from the disk's: a photograph of twelve million pixels
//! takes a small board seconds, in which notices are still to be kept and acknowledged.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};

use bangtin_renderer::Problem;
use tokio::sync::mpsc::UnboundedSender;

use crate::jobs::{Decode, Decoded};

/// A handle to the decoding thread. Dropped, it waits for the picture in hand and leaves the rest.
pub struct Decoder {
    jobs: Option<mpsc::Sender<Decode>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Decoder {
    /// Starts the thread. Pictures come out on `done`, which holds no more than those under way.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(done: UnboundedSender<Decoded>) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Decode>();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = Builder::new().name("decoder".into()).spawn(move || {
            for job in waiting {
                if stopped.load(Ordering::Relaxed) || done.send(decoded(job)).is_err() {
                    return;
                }
            }
        })?;
        Ok(Self { jobs: Some(jobs), stop, thread: Some(thread) })
    }

    /// Asks for a picture. Pictures are decoded one at a time, because each may take 144 MiB while
    /// it is. This never blocks; [`Assets`](crate::assets::Assets) bounds what is under way.
    pub fn submit(&self, job: Decode) {
        if let Some(jobs) = &self.jobs {
            // The thread ends before its handle only when nobody listens any more.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Decodes; a picture that brings its decoder to fall is a damaged one, and the thread goes on.
fn decoded(job: Decode) -> Decoded {
    let (sha256, bytes) = (job.sha256.clone(), Arc::clone(&job.bytes));
    catch_unwind(AssertUnwindSafe(|| job.perform())).unwrap_or_else(|_| {
        let message = "the picture is damaged; save it again as PNG";
        Decoded {
            sha256,
            bytes,
            picture: Err(Problem::new("picture_damaged", "", message, "", "")),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_picture_comes_out_in_order() {
        let (done, mut decoded) = tokio::sync::mpsc::unbounded_channel();
        let decoder = Decoder::start(done).expect("starts");
        for name in ["a", "b", "c"] {
            let bytes = name.as_bytes().into();
            decoder.submit(Decode { sha256: name.into(), bytes, most: (9, 9) });
        }
        for name in ["a", "b", "c"] {
            let Decoded { sha256, picture, .. } = decoded.blocking_recv().expect("an answer");
            assert_eq!((sha256.as_str(), picture.is_err()), (name, true));
        }
        drop(decoder);
        assert!(decoded.blocking_recv().is_none());
    }
}
