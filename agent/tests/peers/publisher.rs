//! Sends by hand, in MQTT 3.1.1: thousands of messages over one connection, and a client that takes
//! another one's session away.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use super::PATIENCE;

/// A message to be published at QoS 1.
pub struct Outgoing {
    pub topic: String,
    pub payload: Vec<u8>,
    pub retained: bool,
}

impl Outgoing {
    /// One that the broker keeps.
    pub fn retained(topic: String, payload: impl Into<Vec<u8>>) -> Self {
        Self { topic, payload: payload.into(), retained: true }
    }

    /// One for those who are subscribed.
    pub fn passing(topic: String, payload: impl Into<Vec<u8>>) -> Self {
        Self { retained: false, ..Self::retained(topic, payload) }
    }

    fn packet(&self, id: u16) -> Vec<u8> {
        let Self { topic, payload, retained } = self;
        let mut packet = vec![0x32 | u8::from(*retained)];
        let mut length = 2 + topic.len() + 2 + payload.len();
        loop {
            packet.push((length % 128) as u8 | if length > 127 { 128 } else { 0 });
            length /= 128;
            if length == 0 {
                break;
            }
        }
        let topic_bytes = u16::try_from(topic.len()).expect("a topic under 64 KiB");
        packet.extend(topic_bytes.to_be_bytes());
        packet.extend([topic.as_bytes(), &id.to_be_bytes(), payload].concat());
        packet
    }
}

/// Publishes messages in this order, as fast as the broker takes them; returns how many it has:
/// all of them unless it went away meanwhile.
pub fn publish(port: u16, messages: &[Outgoing]) -> usize {
    let mut stream = connect(port, "");
    let mut answers = stream.try_clone().unwrap();
    let count = messages.len();
    let reader = thread::spawn(move || {
        let mut puback = [0; 4];
        (0..count).take_while(|_| answers.read_exact(&mut puback).is_ok()).count()
    });
    for (index, message) in messages.iter().enumerate() {
        let id = (index % 65_535) as u16 + 1;
        if stream.write_all(&message.packet(id)).is_err() {
            break;
        }
    }
    let taken = reader.join().unwrap();
    let _ = stream.write_all(b"\xe0\0");
    taken
}

/// Makes the broker forget a client's session, but none of the retained messages.
pub fn end_session(port: u16, client_id: &str) {
    connect(port, client_id).write_all(b"\xe0\0").unwrap();
}

/// Connects with a clean session.
fn connect(port: u16, client_id: &str) -> TcpStream {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let length = u8::try_from(client_id.len()).expect("a short client id");
    let mut packet = vec![0x10, 12 + length];
    packet.extend(b"\0\x04MQTT\x04\x02\0\x3c\0");
    packet.push(length);
    packet.extend(client_id.as_bytes());
    stream.write_all(&packet).unwrap();
    let mut connack = [0; 4];
    stream.read_exact(&mut connack).unwrap();
    assert_eq!(connack, [0x20, 2, 0, 0]);
    stream
}
