//! What travels over the link: messages that came, and messages on their way out.

use std::time::Instant;

/// Largest MQTT packet in bytes, both ways; the broker is told and keeps back what is larger.
pub const PACKET_LIMIT: usize = 2 * 1024 * 1024;

/// A message as it came from the broker.
#[derive(Clone, Debug)]
pub struct Message {
    /// Where it was published.
    pub topic: String,
    /// Nothing here is checked; at most [`PACKET_LIMIT`] bytes.
    pub payload: Vec<u8>,
    /// Whether it is the broker's kept copy, sent because of our subscription. One that is
    /// published as retained while we are subscribed is not.
    pub retained: bool,
    /// Where an answer is wanted.
    pub response_topic: Option<String>,
    /// What the answer must carry.
    pub correlation: Option<Vec<u8>>,
    /// When it was read from the connection.
    pub arrived: Instant,
    /// What acknowledges it.
    pub token: Token,
}

/// Names a message towards the link. Never used again, unlike packet ids: what an earlier
/// connection brought, or what was acknowledged before, matches nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Token(pub u64);

/// Whether the broker keeps a message for later subscribers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retained {
    /// It replaces the copy kept for its topic; an empty payload only removes that.
    Yes,
    /// It goes to those who are subscribed now.
    No,
}

/// A message on its way out, at QoS 1.
#[derive(Clone, Debug)]
pub struct Publication {
    /// Where to, without wildcards.
    pub topic: String,
    /// At most [`PACKET_LIMIT`] bytes together with the rest.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it.
    pub retained: Retained,
    /// Where we want an answer.
    pub response_topic: Option<String>,
    /// What the answer must carry; in an answer, what the question carried.
    pub correlation: Option<Vec<u8>>,
    /// The sender's own name for it: the link says once what became of a message with a tag, in
    /// this run of the program.
    pub tag: Option<u64>,
}

impl Publication {
    /// A message that asks and answers nothing, and whose fate nobody follows.
    pub fn new(topic: impl Into<String>, payload: Vec<u8>, retained: Retained) -> Self {
        let topic = topic.into();
        Self { topic, payload, retained, response_topic: None, correlation: None, tag: None }
    }
}
