//! What happened on the link and waits for the loop, emergencies first.

use std::collections::VecDeque;

use tokio::sync::mpsc;

use crate::io::mqtt::Event;
use crate::signature;

/// Most messages that wait in the loop so that emergencies among them are found, and their bytes.
const MESSAGES_WAITING: usize = 1024;
const BYTES_WAITING: usize = 4 << 20;
/// The link reads on between two messages while fewer bytes wait: large ones are first done with,
/// for a broker may send more of them than it was told there is room for.
const BYTES_AHEAD: usize = 512 << 10;

/// What happened on the link and was not told yet. What may be an emergency is told first, other
/// notices last: to check one with a code takes as long as a frame, and hundreds may have come
/// before.
pub(super) struct Happened {
    events: mpsc::Receiver<Event>,
    waiting: VecDeque<(Event, Rank)>,
    /// Of the messages that wait.
    bytes: usize,
}

impl Happened {
    /// Waits for the events of a link.
    pub(super) fn new(events: mpsc::Receiver<Event>) -> Self {
        Self { events, waiting: VecDeque::new(), bytes: 0 }
    }

    /// The next event; `None` when the link has ended. Without `room` for more work only what may
    /// be an emergency comes. May be dropped and called again.
    pub(super) async fn next(&mut self, room: bool) -> Option<Event> {
        self.gather();
        if self.bytes < BYTES_AHEAD {
            // The link shares this thread: it reads what came while the last message was checked.
            tokio::task::yield_now().await;
        }
        loop {
            self.gather();
            let ranks = self.waiting.iter().map(|(_, rank)| *rank).enumerate();
            let next = ranks.min_by_key(|(_, rank)| *rank);
            let next = next.filter(|(_, rank)| room || *rank == Rank::Urgent);
            if let Some((event, _)) = next.and_then(|(at, _)| self.waiting.remove(at)) {
                self.bytes -= bytes_of(&event);
                return Some(event);
            }
            match self.has_space() {
                true => {
                    let event = self.events.recv().await?;
                    self.wait(event);
                }
                false => std::future::pending().await,
            }
        }
    }

    fn gather(&mut self) {
        while self.has_space()
            && let Ok(event) = self.events.try_recv()
        {
            self.wait(event);
        }
    }

    fn has_space(&self) -> bool {
        self.waiting.len() < MESSAGES_WAITING && self.bytes < BYTES_WAITING
    }

    fn wait(&mut self, event: Event) {
        self.bytes += bytes_of(&event);
        let rank = Rank::of(&event);
        self.waiting.push_back((event, rank));
    }
}

/// The order in which events are told; those of one rank keep theirs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Rank {
    /// A notice that may be an emergency.
    Urgent,
    /// What is soon done: pictures too, which are decoded elsewhere.
    Quick,
    /// A notice that is none.
    Notice,
}

impl Rank {
    fn of(event: &Event) -> Self {
        match event {
            Event::Message(message) if message.topic.contains("/notice/") => {
                let urgent = signature::mentions(&message.payload, b"emergency");
                if urgent { Self::Urgent } else { Self::Notice }
            }
            _ => Self::Quick,
        }
    }
}

fn bytes_of(event: &Event) -> usize {
    match event {
        Event::Message(message) => message.payload.len(),
        _ => 0,
    }
}
