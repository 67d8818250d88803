//! The least of MQTT 3.1.1 that a stopwatch needs: written at once, read by a thread that notes
//! when. No library of its own costs time here.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

/// A connection to a broker.
pub struct Wire {
    stream: TcpStream,
    heard: Receiver<Heard>,
    packet_id: u16,
}

/// A message that came.
pub struct Heard {
    /// When it was read.
    pub at: Instant,
    pub topic: String,
    pub payload: Vec<u8>,
}

impl Wire {
    /// Connects, and subscribes to filters at QoS 0.
    pub fn open(port: u16, name: &str, filters: &[&str]) -> io::Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        let mut connect = vec![0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 0];
        connect.extend(text(name));
        stream.write_all(&packet(0x10, &connect))?;
        let (sender, heard) = channel();
        let reader = stream.try_clone()?;
        thread::spawn(move || read(reader, &sender));
        let mut wire = Self { stream, heard, packet_id: 0 };
        for filter in filters {
            let mut body = wire.next_packet_id().to_vec();
            body.extend(text(filter));
            body.push(0);
            wire.stream.write_all(&packet(0x82, &body))?;
        }
        Ok(wire)
    }

    /// Publishes at QoS 1; the acknowledgement is read and thrown away.
    pub fn publish(&mut self, topic: &str, payload: &[u8]) -> io::Result<()> {
        self.send(0x32, topic, payload)
    }

    /// The same for a message that the broker keeps.
    pub fn publish_kept(&mut self, topic: &str, payload: &[u8]) -> io::Result<()> {
        self.send(0x33, topic, payload)
    }

    /// The next message, if one comes in time.
    pub fn hear(&self, patience: Duration) -> Option<Heard> {
        match self.heard.recv_timeout(patience) {
            Ok(heard) => Some(heard),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => panic!("the broker hung up on the stopwatch"),
        }
    }

    fn send(&mut self, kind: u8, topic: &str, payload: &[u8]) -> io::Result<()> {
        let mut body = text(topic);
        body.extend(self.next_packet_id());
        body.extend(payload);
        self.stream.write_all(&packet(kind, &body))
    }

    fn next_packet_id(&mut self) -> [u8; 2] {
        self.packet_id = self.packet_id % u16::MAX + 1;
        self.packet_id.to_be_bytes()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        let _ = self.stream.shutdown(std::net::Shutdown::Both);
    }
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
    bytes.extend(text.as_bytes());
    bytes
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    let mut rest = body.len();
    loop {
        let (low, high) = ((rest % 128) as u8, rest / 128);
        bytes.push(if high > 0 { low | 0x80 } else { low });
        rest = high;
        if rest == 0 {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

/// Reads packets until the connection ends.
fn read(stream: TcpStream, heard: &Sender<Heard>) {
    let mut stream = io::BufReader::with_capacity(1 << 16, stream);
    while let Ok((kind, body)) = read_packet(&mut stream) {
        let at = Instant::now();
        if kind >> 4 != 3 {
            continue;
        }
        let Some((length, rest)) = body.split_first_chunk::<2>() else { return };
        let (topic, payload) = rest.split_at(usize::from(u16::from_be_bytes(*length)));
        let topic = String::from_utf8_lossy(topic).into_owned();
        if heard.send(Heard { at, topic, payload: payload.to_vec() }).is_err() {
            return;
        }
    }
}

fn read_packet(stream: &mut impl Read) -> io::Result<(u8, Vec<u8>)> {
    let mut byte = [0];
    stream.read_exact(&mut byte)?;
    let kind = byte[0];
    let (mut length, mut shift) = (0, 0);
    loop {
        stream.read_exact(&mut byte)?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    Ok((kind, body))
}
