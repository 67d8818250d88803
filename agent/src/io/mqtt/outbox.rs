//! What waits to go out, oldest first: it outlives connections, and a message leaves it only when
//! the broker has it, or counted as dropped.

use std::collections::VecDeque;
use std::time::Instant;

use tracing::warn;

use super::settings::topic_problem;
use crate::message::{PACKET_LIMIT, Publication, Retained};

/// Most messages that wait in the outbox, those under way included: two receipts for each notice
/// that a board can hold, and more. Mosquitto 2.0.11 acknowledges none of them before it has sent
/// all of a queue.
pub const OUTBOX_LIMIT: usize = 32_768;
/// Most bytes that wait in the outbox, as they would go over the network.
pub const OUTBOX_BYTES_LIMIT: usize = 16 * 1024 * 1024;
/// How many connections in a row one message may seem to end.
const SHORT_LIVES_LIMIT: u8 = 5;

/// The messages under way come first, in the order in which they were handed over.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: VecDeque<Waiting>,
    bytes: usize,
    next_number: u64,
    dropped: u64,
    outcomes: VecDeque<Outcome>,
    answer_ms: Option<u64>,
}

/// What became of a publication with this tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    Delivered(u64),
    Undelivered(u64),
}

struct Waiting {
    number: u64,
    publication: Publication,
    stage: Stage,
    short_lives: u8,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    InOutbox,
    /// rumqttc has it, and has not said yet under which packet id it went.
    HandedOver,
    Sent(u16, Instant),
}

impl Outbox {
    /// Appends a message, or puts it where the newest one for the same topic waits if both are
    /// retained; then drops the oldest until the limits hold.
    pub(super) fn push(&mut self, publication: Publication) {
        let problem = topic_problem(&publication.topic);
        let problem = problem.or((size(&publication) > PACKET_LIMIT).then_some("is over 2 MiB"));
        if let Some(problem) = problem {
            warn!("not published: `{}` {problem}", publication.topic);
            self.given_up(&publication);
            return;
        }
        self.bytes += size(&publication);
        // The newest: after a disconnection an older one for the topic may wait before it again.
        let same = self.waiting.iter_mut().rev().find(|held| {
            held.stage == Stage::InOutbox
                && publication.retained == Retained::Yes
                && held.publication.retained == Retained::Yes
                && held.publication.topic == publication.topic
        });
        if let Some(held) = same {
            self.bytes -= size(&held.publication);
            let former = std::mem::replace(&mut held.publication, publication);
            held.short_lives = 0;
            self.settle(former.tag.map(Outcome::Undelivered));
        } else {
            let number = self.next_number;
            self.next_number += 1;
            let stage = Stage::InOutbox;
            self.waiting.push_back(Waiting { number, publication, stage, short_lives: 0 });
        }
        while self.waiting.len() > OUTBOX_LIMIT || self.bytes > OUTBOX_BYTES_LIMIT {
            let in_outbox = |held: &Waiting| held.stage == Stage::InOutbox;
            let event = |held: &Waiting| held.publication.retained == Retained::No;
            let oldest = self.waiting.iter().position(|held| in_outbox(held) && event(held));
            let Some(at) = oldest.or_else(|| self.waiting.iter().position(in_outbox)) else {
                return;
            };
            self.give_up(at);
            // An outbox stays full for hours when the broker is away.
            if self.dropped.is_power_of_two() {
                warn!("the outbox is full, {} messages dropped so far", self.dropped);
            }
        }
    }

    /// Hands over what fits into `window` messages under way, oldest first, until `hand_over`
    /// says no. What the broker has announced not to take is dropped.
    pub(super) fn hand_over(
        &mut self,
        window: usize,
        packet_limit: usize,
        mut hand_over: impl FnMut(&Publication) -> bool,
    ) {
        let mut under_way = self.under_way();
        while under_way < window
            && let Some(held) = self.waiting.get_mut(under_way)
        {
            let size = size(&held.publication);
            if size > packet_limit {
                let topic = &held.publication.topic;
                warn!("not published: `{topic}` is {size} bytes, the broker takes {packet_limit}");
                self.give_up(under_way);
            } else if hand_over(&held.publication) {
                held.stage = Stage::HandedOver;
                under_way += 1;
            } else {
                return;
            }
        }
    }

    /// The oldest message handed over went out under this packet id.
    pub(super) fn sent(&mut self, packet_id: u16, at: Instant) {
        if let Some(held) = self.waiting.iter_mut().find(|held| held.stage == Stage::HandedOver) {
            held.stage = Stage::Sent(packet_id, at);
        }
    }

    /// The broker answered for this packet id, with a reason if it refused the message.
    pub(super) fn answered(&mut self, packet_id: u16, refusal: Option<&str>, now: Instant) {
        let found = self.waiting.iter().enumerate().find_map(|(at, held)| match held.stage {
            Stage::Sent(id, sent) if id == packet_id => Some((at, sent)),
            _ => None,
        });
        let Some((at, sent)) = found else { return };
        self.answer_ms = Some(now.saturating_duration_since(sent).as_millis() as u64);
        let Some(held) = self.remove(at) else { return };
        match refusal {
            None => self.settle(held.publication.tag.map(Outcome::Delivered)),
            Some(refusal) => {
                warn!("the broker refused a message on `{}`: {refusal}", held.publication.topic);
                self.given_up(&held.publication);
            }
        }
    }

    /// A connection ended at once. The broker answers in order, so the oldest message without an
    /// answer may be why; one that met this [`SHORT_LIVES_LIMIT`] times is given up, or nothing
    /// behind it would ever go out. (Mosquitto 2.0.11 hangs up, or answers with a reason that
    /// rumqttc cannot read, when a message is over its `message_size_limit`.)
    pub(super) fn ended_at_once(&mut self) {
        let Some(held) = self.waiting.front_mut().filter(|held| held.stage != Stage::InOutbox)
        else {
            return;
        };
        held.short_lives += 1;
        if held.short_lives == SHORT_LIVES_LIMIT {
            let topic = &held.publication.topic;
            warn!("not published: the connection ends whenever `{topic}` is sent");
            self.give_up(0);
        }
    }

    /// The connection is gone: what was under way goes out again.
    pub(super) fn disconnected(&mut self) {
        for held in &mut self.waiting {
            held.stage = Stage::InOutbox;
        }
    }

    /// The number that the next new message gets.
    pub(super) fn next_number(&self) -> u64 {
        self.next_number
    }

    /// Whether a message with a lower number still waits.
    pub(super) fn holds_before(&self, number: u64) -> bool {
        self.waiting.front().is_some_and(|held| held.number < number)
    }

    /// The oldest outcome that was not taken yet.
    pub(super) fn take_outcome(&mut self) -> Option<Outcome> {
        self.outcomes.pop_front()
    }

    /// How long the broker took for its latest answer, in milliseconds.
    pub(super) fn answer_ms(&self) -> Option<u64> {
        self.answer_ms
    }

    /// Messages that wait, those under way included.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// Messages lost so far.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    fn under_way(&self) -> usize {
        self.waiting.iter().take_while(|held| held.stage != Stage::InOutbox).count()
    }

    fn give_up(&mut self, at: usize) {
        if let Some(held) = self.remove(at) {
            self.given_up(&held.publication);
        }
    }

    fn given_up(&mut self, publication: &Publication) {
        self.dropped += 1;
        self.settle(publication.tag.map(Outcome::Undelivered));
    }

    fn settle(&mut self, outcome: Option<Outcome>) {
        self.outcomes.extend(outcome);
        if self.outcomes.len() > OUTBOX_LIMIT
            && let Some(lost) = self.outcomes.pop_front()
        {
            warn!("nobody asks what became of messages, {lost:?} is forgotten");
        }
    }

    fn remove(&mut self, at: usize) -> Option<Waiting> {
        let held = self.waiting.remove(at)?;
        self.bytes -= size(&held.publication);
        Some(held)
    }
}

/// Upper bound of the packet's size in bytes.
fn size(publication: &Publication) -> usize {
    let Publication { topic, payload, response_topic, correlation, .. } = publication;
    let answer = response_topic.as_ref().map_or(0, String::len);
    20 + topic.len() + payload.len() + answer + correlation.as_ref().map_or(0, Vec::len)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(topic: &str, payload: &str, retained: Retained) -> Publication {
        Publication::new(topic, payload.into(), retained)
    }

    fn tagged(tag: u64, topic: &str, payload: &str, retained: Retained) -> Publication {
        Publication { tag: Some(tag), ..publication(topic, payload, retained) }
    }

    fn outcomes(outbox: &mut Outbox) -> Vec<Outcome> {
        std::iter::from_fn(|| outbox.take_outcome()).collect()
    }

    /// A test needs an instant, not the time.
    fn at(ms: u64) -> Instant {
        static BEGAN: std::sync::LazyLock<Instant> = std::sync::LazyLock::new(Instant::now);
        *BEGAN + std::time::Duration::from_millis(ms)
    }

    /// Hands over at most `most` messages and returns their payloads.
    fn handed(outbox: &mut Outbox, most: usize) -> Vec<String> {
        let mut payloads = Vec::new();
        outbox.hand_over(100, PACKET_LIMIT, |publication| {
            if payloads.len() < most {
                payloads.push(String::from_utf8(publication.payload.clone()).unwrap());
                return true;
            }
            false
        });
        payloads
    }

    #[test]
    fn a_retained_message_replaces_the_newest_that_waits_for_its_topic() {
        let mut outbox = Outbox::default();
        outbox.push(publication("status", "1", Retained::Yes));
        assert_eq!(handed(&mut outbox, 9), ["1"]);
        outbox.sent(7, at(0));
        outbox.push(publication("status", "2", Retained::Yes));
        outbox.push(publication("receipt", "a", Retained::No));
        outbox.push(publication("receipt", "b", Retained::No));
        outbox.disconnected();
        outbox.push(publication("status", "3", Retained::Yes));
        assert_eq!(handed(&mut outbox, 9), ["1", "3", "a", "b"]);
        assert_eq!(outbox.dropped(), 0);
    }

    #[test]
    fn a_full_outbox_drops_the_oldest_that_is_neither_retained_nor_under_way() {
        let mut outbox = Outbox::default();
        outbox.push(publication("receipt", "under way", Retained::No));
        assert_eq!(handed(&mut outbox, 1), ["under way"]);
        outbox.push(publication("status", "status", Retained::Yes));
        for number in 0..OUTBOX_LIMIT {
            outbox.push(publication("receipt", &number.to_string(), Retained::No));
        }
        assert_eq!((outbox.dropped(), outbox.waiting.len()), (2, OUTBOX_LIMIT));
        assert_eq!(handed(&mut outbox, 3), ["status", "2", "3"]);
    }

    #[test]
    fn bytes_are_limited_too() {
        let mut outbox = Outbox::default();
        let megabyte = "x".repeat(1_000_000);
        for _ in 0..20 {
            outbox.push(publication("screen", &megabyte, Retained::No));
        }
        assert_eq!((outbox.dropped(), outbox.waiting.len()), (4, 16));
        outbox.push(publication("screen", &"x".repeat(PACKET_LIMIT), Retained::No));
        assert_eq!((outbox.dropped(), outbox.waiting.len()), (5, 16));
        while outbox.remove(0).is_some() {}
        assert_eq!(outbox.bytes, 0);
    }

    #[test]
    fn what_cannot_be_sent_is_counted() {
        let mut outbox = Outbox::default();
        for topic in ["", "a/#", "a/+/b", "a\0"] {
            outbox.push(publication(topic, "", Retained::No));
        }
        assert_eq!((outbox.dropped(), outbox.waiting.len()), (4, 0));
        outbox.push(publication("a", &"x".repeat(1_000), Retained::No));
        outbox.push(publication("b", "b", Retained::No));
        let mut topics = Vec::new();
        outbox.hand_over(100, 500, |publication| {
            topics.push(publication.topic.clone());
            true
        });
        assert_eq!((outbox.dropped(), topics), (5, vec!["b".to_owned()]));
    }

    #[test]
    fn answers_find_their_message() {
        let mut outbox = Outbox::default();
        for payload in ["a", "b", "c"] {
            outbox.push(publication("receipt", payload, Retained::No));
        }
        let end = outbox.next_number();
        assert_eq!(handed(&mut outbox, 2), ["a", "b"]);
        outbox.sent(1, at(0));
        outbox.sent(2, at(0));
        outbox.answered(1, None, at(40));
        outbox.answered(1, None, at(40));
        outbox.answered(2, Some("NotAuthorized"), at(40));
        assert_eq!((outbox.dropped(), outbox.holds_before(end)), (1, true));
        assert_eq!(handed(&mut outbox, 9), ["c"]);
        outbox.sent(3, at(0));
        outbox.answered(3, None, at(40));
        assert_eq!((outbox.dropped(), outbox.holds_before(end)), (1, false));
    }

    #[test]
    fn a_tag_is_answered_once() {
        use Outcome::{Delivered, Undelivered};
        let mut outbox = Outbox::default();
        let cases: [(u64, &str, Retained); 5] = [
            (1, "receipt", Retained::No),
            (2, "a/#", Retained::No),
            (3, "status", Retained::Yes),
            (4, "status", Retained::Yes),
            (5, "receipt", Retained::No),
        ];
        for (tag, topic, retained) in cases {
            outbox.push(tagged(tag, topic, "x", retained));
        }
        assert_eq!(outcomes(&mut outbox), [Undelivered(2), Undelivered(3)]);
        for _ in 0..2 {
            assert_eq!(handed(&mut outbox, 9).len(), 3);
            (1..=3).for_each(|packet_id| outbox.sent(packet_id, at(0)));
            outbox.disconnected();
            outbox.answered(1, None, at(40));
        }
        assert_eq!(outcomes(&mut outbox), Vec::new());
        assert_eq!(handed(&mut outbox, 9).len(), 3);
        (1..=3).for_each(|packet_id| outbox.sent(packet_id, at(0)));
        outbox.answered(1, None, at(40));
        outbox.answered(1, None, at(50));
        outbox.answered(3, Some("NotAuthorized"), at(60));
        assert_eq!(outcomes(&mut outbox), [Delivered(1), Undelivered(5)]);
        assert_eq!((outbox.answer_ms(), outbox.len(), outbox.dropped()), (Some(60), 1, 2));
    }

    #[test]
    fn a_message_that_ends_five_connections_makes_room_for_the_rest() {
        let mut outbox = Outbox::default();
        outbox.ended_at_once();
        outbox.push(publication("screen", "poison", Retained::No));
        outbox.push(publication("receipt", "a", Retained::No));
        for _ in 0..5 {
            outbox.ended_at_once();
            assert_eq!(handed(&mut outbox, 9), ["poison", "a"]);
            outbox.ended_at_once();
            outbox.disconnected();
        }
        assert_eq!((outbox.dropped(), handed(&mut outbox, 9)), (1, vec!["a".to_owned()]));
    }
}
