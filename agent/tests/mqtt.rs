//! The link to the broker, against a real Mosquitto on this machine.
//!
//! Needs the packages `mosquitto` and `openssl`; run with `--features real-peers`.
#![cfg(feature = "real-peers")]
#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

mod peers;

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use bangtin_agent::io::mqtt::{
    BrokerUrl, Event, Link, RetainedCopies, Session, Settings, Subscription, TlsFiles, Unusable,
    Will, open,
};
use bangtin_agent::message::{Message, PACKET_LIMIT, Publication, Retained};
use peers::{Broker, PATIENCE};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

impl Broker {
    /// Publishes with QoS 1 by hand in MQTT 3.1.1, so that a peer other than rumqttc is heard.
    fn publish(&self, topic: &str, payload: &[u8], retained: Retained) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"\x10\x0c\0\x04MQTT\x04\x02\0\x3c\0\0").unwrap();
        let mut connack = [0; 4];
        stream.read_exact(&mut connack).unwrap();
        assert_eq!(connack, [0x20, 2, 0, 0]);
        let kind = if retained == Retained::Yes { 0x33 } else { 0x32 };
        stream.write_all(&publish_packet(kind, topic, b"\0\x01", payload)).unwrap();
        let mut puback = [0; 4];
        stream.read_exact(&mut puback).unwrap();
        assert_eq!(puback, [0x40, 2, 0, 1]);
        stream.write_all(b"\xe0\0").unwrap();
    }
}

/// `after_topic` is the packet id, and in MQTT 5 the properties.
fn publish_packet(kind: u8, topic: &str, after_topic: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![kind];
    let mut length = 2 + topic.len() + after_topic.len() + payload.len();
    loop {
        let more = if length > 127 { 128 } else { 0 };
        packet.push((length % 128) as u8 | more);
        length /= 128;
        if length == 0 {
            break;
        }
    }
    packet.extend((topic.len() as u16).to_be_bytes());
    packet.extend([topic.as_bytes(), after_topic, payload].concat());
    packet
}

/// A program with a link; dropping it is a power cut.
struct Program {
    link: Link,
    events: mpsc::Receiver<Event>,
    task: JoinHandle<()>,
}

impl Program {
    fn open(settings: Settings) -> Self {
        let (sender, events) = mpsc::channel(8);
        let (link, connection) = open(settings, sender).unwrap();
        Self { link, events, task: tokio::spawn(connection.run()) }
    }

    async fn event(&mut self) -> Event {
        let event = timeout(PATIENCE, self.events.recv()).await.expect("an event in time");
        event.expect("a running connection")
    }

    /// Waits until it is subscribed and returns whether the broker had the session.
    async fn subscribed(&mut self) -> bool {
        let mut had_session = None;
        loop {
            match self.event().await {
                Event::Connected { session_present } => had_session = Some(session_present),
                Event::Subscribed { refused } => {
                    assert_eq!(refused, Vec::<String>::new());
                    return had_session.expect("connected before it is subscribed");
                }
                Event::Message(message) => panic!("{} came early", message.topic),
                _ => {}
            }
        }
    }

    async fn message(&mut self) -> Message {
        loop {
            match self.event().await {
                Event::Message(message) => return message,
                Event::Disconnected { reason } => panic!("disconnected: {reason}"),
                _ => {}
            }
        }
    }

    /// The tags of the next publications that the broker has or that were given up.
    async fn delivered(&mut self, count: usize) -> Vec<Result<u64, u64>> {
        let mut tags = Vec::new();
        while tags.len() < count {
            match self.event().await {
                Event::Delivered(tag) => tags.push(Ok(tag)),
                Event::Undelivered(tag) => tags.push(Err(tag)),
                _ => {}
            }
        }
        tags
    }

    async fn nothing_more(&mut self) {
        let event = timeout(Duration::from_millis(700), self.events.recv()).await;
        assert!(event.is_err(), "unexpected {event:?}");
    }

    async fn close(mut self) {
        self.link.close();
        timeout(PATIENCE, &mut self.task).await.expect("an end in time").unwrap();
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[track_caller]
fn text(message: &Message) -> &str {
    std::str::from_utf8(&message.payload).expect("a text")
}

fn board(url: &str) -> Settings {
    Settings {
        url: BrokerUrl::parse(url).unwrap(),
        client_id: "board".to_owned(),
        session: Session::Persistent,
        will: None,
        subscriptions: vec![on("ttcs/#", RetainedCopies::OnNewSession)],
        tls: None,
    }
}

fn watcher(url: &str, filter: &str) -> Settings {
    Settings {
        client_id: format!("watcher of {filter}"),
        session: Session::Clean,
        subscriptions: vec![on(filter, RetainedCopies::Always)],
        ..board(url)
    }
}

fn on(filter: &str, retained: RetainedCopies) -> Subscription {
    Subscription { filter: filter.to_owned(), retained }
}

#[tokio::test]
async fn a_retained_notice_comes_once_and_later_ones_live() {
    let broker = Broker::start();
    broker.publish("ttcs/notice/1", b"kept", Retained::Yes);

    let mut program = Program::open(board(&broker.url()));
    assert!(!program.subscribed().await);
    let message = program.message().await;
    assert_eq!((text(&message), message.retained), ("kept", true));
    program.link.acknowledge(message.token);
    program.link.acknowledge(message.token);
    program.close().await;

    let mut program = Program::open(board(&broker.url()));
    assert!(program.subscribed().await);
    program.nothing_more().await;
    broker.publish("ttcs/notice/2", b"live", Retained::Yes);
    let message = program.message().await;
    assert_eq!((text(&message), message.retained), ("live", false));
    assert!(message.arrived.elapsed() < Duration::from_secs(1));
}

#[tokio::test]
async fn what_was_not_acknowledged_comes_again() {
    let broker = Broker::start();
    let mut program = Program::open(board(&broker.url()));
    program.subscribed().await;
    for payload in ["1", "2"] {
        broker.publish("ttcs/notice/1", payload.as_bytes(), Retained::No);
    }
    let first = program.message().await;
    let second = program.message().await;
    program.link.acknowledge(second.token);
    program.link.publish("settled", Vec::new(), Retained::No);
    program.link.flush().await;
    drop(program);

    let mut program = Program::open(board(&broker.url()));
    assert_eq!(text(&program.message().await), "1");
    // It belongs to an earlier connection, and means nothing to this one.
    program.link.acknowledge(first.token);
    broker.publish("ttcs/notice/1", b"3", Retained::No);
    assert_eq!(text(&program.message().await), "3");
    program.nothing_more().await;
}

#[tokio::test]
async fn the_link_survives_restarts_of_the_broker() {
    let mut broker = Broker::start();
    let mut program = Program::open(board(&broker.url()));
    assert!(!program.subscribed().await);
    broker.publish("ttcs/notice/1", b"before", Retained::No);
    let stale = program.message().await;

    for session_is_lost in [true, false] {
        if session_is_lost {
            broker.kill();
        } else {
            broker.stop();
        }
        assert!(matches!(program.event().await, Event::Disconnected { .. }));
        broker.up();
        let start = Instant::now();
        assert_eq!(program.subscribed().await, !session_is_lost);
        let took = start.elapsed();
        println!("back after {took:?}, session lost: {session_is_lost}");
        assert!(took < Duration::from_secs(3), "{took:?}");
        program.link.acknowledge(stale.token);
        broker.publish("ttcs/notice/1", b"after", Retained::No);
        let message = program.message().await;
        assert_eq!(text(&message), "after");
        program.link.acknowledge(message.token);
        program.link.publish("settled", Vec::new(), Retained::No);
        program.link.flush().await;
    }
}

/// rumqttc's default of 10 KiB made boards deaf: the broker sent the same message again after
/// every reconnection, for ever.
#[tokio::test]
async fn a_message_that_is_too_large_does_not_make_the_board_deaf() {
    let broker = Broker::start();
    let mut program = Program::open(board(&broker.url()));
    program.subscribed().await;
    broker.publish("ttcs/notice/1", &vec![b'x'; PACKET_LIMIT], Retained::No);
    let largest = vec![b'y'; PACKET_LIMIT - 100];
    broker.publish("ttcs/notice/1", &largest, Retained::No);
    broker.publish("ttcs/notice/1", b"small", Retained::No);
    let message = program.message().await;
    assert!(message.payload == largest);
    program.link.acknowledge(message.token);
    assert_eq!(text(&program.message().await), "small");
}

/// Some brokers ignore the limit they were told. Only giving the session up helps then.
#[tokio::test]
async fn a_broker_that_sends_too_large_a_message_for_ever_is_met_without_the_session() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("mqtt://{}", listener.local_addr().unwrap());
    let broker = thread::spawn(move || {
        let mut clean_starts = Vec::new();
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut head = [0; 2];
            stream.read_exact(&mut head).unwrap();
            assert!(head[0] == 0x10 && head[1] < 128, "a short CONNECT");
            let mut connect = vec![0; usize::from(head[1])];
            stream.read_exact(&mut connect).unwrap();
            let clean_start = connect[7] & 2 != 0;
            clean_starts.push(clean_start);
            let mut bytes = vec![0x20, 3, u8::from(!clean_start), 0, 0];
            bytes.extend(publish_packet(0x32, "ttcs/1", b"\0\x01\0", b"good"));
            if !clean_start {
                let large = publish_packet(0x32, "ttcs/2", b"\0\x02\0", &vec![0; PACKET_LIMIT]);
                bytes.extend(&large[..100]);
            }
            stream.write_all(&bytes).unwrap();
            while matches!(stream.read(&mut [0; 256]), Ok(1..)) {}
            if clean_start {
                break;
            }
        }
        clean_starts
    });

    let mut program = Program::open(board(&url));
    let mut disconnections = 0;
    let mut good = 0;
    loop {
        match program.event().await {
            Event::Disconnected { reason } => {
                assert!(reason.contains("2097152"), "{reason}");
                disconnections += 1;
            }
            Event::Connected { session_present: false } => break,
            Event::Message(message) => {
                assert_eq!(text(&message), "good");
                good += 1;
            }
            _ => {}
        }
    }
    assert_eq!(text(&program.message().await), "good");
    program.nothing_more().await;
    assert_eq!((disconnections, good), (3, 3));
    drop(program);
    assert_eq!(broker.join().unwrap(), [false, false, false, true]);
}

/// Mosquitto hangs up on a message over its own limit, or answers with a reason that rumqttc does
/// not know, which comes to the same. The outbox must not send that message for ever.
#[tokio::test]
async fn a_message_of_ours_that_ends_every_connection_is_given_up() {
    let broker = Broker::start_with("message_size_limit 1000");
    let mut watcher = Program::open(watcher(&broker.url(), "status"));
    watcher.subscribed().await;
    let program = Program::open(board(&broker.url()));
    program.link.publish("screen", vec![0; 2_000], Retained::No);
    program.link.publish("status", b"on".to_vec(), Retained::Yes);
    let start = Instant::now();
    timeout(Duration::from_secs(60), program.link.flush()).await.expect("an empty outbox");
    println!("given up after {:?}", start.elapsed());
    assert_eq!(text(&watcher.message().await), "on");
    assert_eq!(program.link.dropped(), 1);
}

#[tokio::test]
async fn the_will_is_published_when_the_link_is_cut_and_not_when_it_is_closed() {
    let broker = Broker::start();
    let mut watcher = Program::open(watcher(&broker.url(), "status"));
    watcher.subscribed().await;
    let settings = || Settings {
        will: Some(Will { topic: "status".to_owned(), payload: b"offline".to_vec() }),
        ..board(&broker.url())
    };

    let mut program = Program::open(settings());
    program.subscribed().await;
    program.link.publish("status", b"closed".to_vec(), Retained::Yes);
    // Unread messages must not turn the goodbye into a reset connection.
    for _ in 0..40 {
        broker.publish("ttcs/notice/1", &[b'x'; 50_000], Retained::No);
    }
    let start = Instant::now();
    program.close().await;
    println!("closed in {:?}", start.elapsed());
    assert_eq!(text(&watcher.message().await), "closed");
    watcher.nothing_more().await;

    let program = Program::open(settings());
    program.link.publish("status", b"cut".to_vec(), Retained::Yes);
    assert_eq!(text(&watcher.message().await), "cut");
    drop(program);
    assert_eq!(text(&watcher.message().await), "offline");
}

#[tokio::test]
async fn what_is_published_while_the_broker_is_away_arrives() {
    let mut broker = Broker::prepare("");
    let mut program = Program::open(board(&broker.url()));
    let Event::Disconnected { reason } = program.event().await else { panic!("no broker") };
    assert!(reason.contains("refused"), "{reason}");
    for number in 0..300 {
        program.link.publish("receipt", number.to_string().into_bytes(), Retained::No);
        program.link.publish("status", number.to_string().into_bytes(), Retained::Yes);
    }
    // The same reason is told once, however often the attempt fails.
    sleep(Duration::from_secs(2)).await;
    assert!(program.events.try_recv().is_err());

    let mut settings = watcher(&broker.url(), "receipt");
    settings.subscriptions.push(on("status", RetainedCopies::Always));
    broker.up();
    let mut watcher = Program::open(settings);
    watcher.subscribed().await;
    let mut receipts = Vec::new();
    let mut statuses = Vec::new();
    while receipts.last().is_none_or(|last| last != "299") || statuses.is_empty() {
        let message = watcher.message().await;
        let text = text(&message).to_owned();
        if message.topic == "status" { statuses.push(text) } else { receipts.push(text) }
    }
    timeout(PATIENCE, program.link.flush()).await.expect("an empty outbox");
    assert_eq!(receipts, (0..300).map(|number| number.to_string()).collect::<Vec<_>>());
    assert_eq!((statuses, program.link.dropped()), (vec!["299".to_owned()], 0));
}

fn proof(tag: u64) -> Publication {
    let payload = format!("{tag:>1000}").into_bytes();
    Publication { tag: Some(tag), ..Publication::new("played", payload, Retained::No) }
}

/// The broker is killed while proofs are under way: each is told as delivered once, and only those
/// that the broker has.
#[tokio::test]
async fn a_delivery_is_told_once_after_the_broker_has_it() {
    let mut broker = Broker::prepare("");
    let mut program = Program::open(board(&broker.url()));
    assert!(matches!(program.event().await, Event::Disconnected { .. }));
    let quality = program.link.quality();
    assert_eq!((quality.connected, quality.connections, quality.waiting), (false, 0, 0));
    assert!(quality.last_loss.is_some_and(|reason| reason.contains("refused")));
    program.link.send(proof(0));
    program.link.send(Publication { topic: "played/#".to_owned(), ..proof(1) });
    assert_eq!(program.delivered(1).await, [Err(1)]);
    program.nothing_more().await;

    broker.up();
    assert_eq!(program.delivered(1).await, [Ok(0)]);
    (2..2_000).for_each(|tag| program.link.send(proof(tag)));
    let mut tags = program.delivered(300).await;
    broker.kill();
    broker.up();
    tags.extend(program.delivered(1_998 - 300).await);
    assert_eq!(tags, (2..2_000).map(Ok).collect::<Vec<_>>());
    while let Ok(event) = timeout(Duration::from_millis(700), program.events.recv()).await {
        let again = matches!(event, Some(Event::Delivered(_) | Event::Undelivered(_)));
        assert!(!again, "unexpected {event:?}");
    }
    let quality = program.link.quality();
    assert_eq!((quality.connected, quality.waiting, quality.dropped), (true, 0, 1));
    assert!(quality.connections == 2 && quality.answer_ms.is_some(), "{quality:?}");
}

#[tokio::test]
async fn a_flood_arrives_whole_and_in_order_although_the_board_is_cut_off_twice() {
    let broker = Broker::start();
    let mut program = Program::open(board(&broker.url()));
    program.subscribed().await;
    let publisher =
        Program::open(Settings { subscriptions: vec![], ..watcher(&broker.url(), "nothing") });
    let start = Instant::now();
    for number in 0..5_000 {
        publisher.link.publish("ttcs/notice/1", number.to_string().into_bytes(), Retained::No);
    }
    let flush = async {
        timeout(Duration::from_secs(60), publisher.link.flush()).await.expect("an empty outbox");
        println!("5,000 were published in {:?}", start.elapsed());
    };
    let receive = async {
        let mut cuts = vec![3_000, 1_000];
        let mut next = 0;
        let mut again = 0;
        while next < 5_000 {
            let Event::Message(message) = program.event().await else { continue };
            let number = text(&message).parse::<u32>().unwrap();
            assert!(number <= next, "{next} is missing before {number}");
            again += u32::from(number < next);
            next = next.max(number + 1);
            if cuts.pop_if(|cut| *cut == number).is_some() {
                program = Program::open(board(&broker.url()));
            } else {
                program.link.acknowledge(message.token);
            }
        }
        println!("5,000 arrived in {:?}, {again} more than once", start.elapsed());
        assert!(cuts.is_empty());
    };
    tokio::join!(flush, receive);
    assert_eq!(publisher.link.dropped(), 0);
}

/// The broker allows 15 s of silence here; the program takes nothing for 20 s.
#[tokio::test]
async fn a_program_that_is_slow_does_not_lose_the_connection() {
    let broker = Broker::start_with("max_keepalive 10");
    let mut program = Program::open(board(&broker.url()));
    program.subscribed().await;
    for number in 0..100 {
        broker.publish("ttcs/notice/1", number.to_string().as_bytes(), Retained::No);
    }
    sleep(Duration::from_secs(20)).await;
    for number in 0..100 {
        let message = program.message().await;
        assert_eq!(text(&message), number.to_string());
        program.link.acknowledge(message.token);
    }
    program.nothing_more().await;
}

#[tokio::test]
async fn questions_are_answered_and_subscriptions_change_on_the_way() {
    let broker = Broker::start();
    broker.publish("asset/1", b"picture", Retained::Yes);
    let mut program = Program::open(board(&broker.url()));
    program.subscribed().await;
    let mut asker = Program::open(watcher(&broker.url(), "reply/7"));
    asker.subscribed().await;
    asker.link.send(Publication {
        topic: "ttcs/command/1".to_owned(),
        payload: b"screen".to_vec(),
        retained: Retained::No,
        response_topic: Some("reply/7".to_owned()),
        correlation: Some(vec![1, 0, 255]),
        tag: None,
    });
    let question = program.message().await;
    program.link.acknowledge(question.token);
    let answer = Publication::new(question.response_topic.unwrap(), b"done".to_vec(), Retained::No);
    program.link.send(Publication { correlation: question.correlation, ..answer });
    let answer = asker.message().await;
    assert_eq!(text(&answer), "done");
    assert_eq!(answer.correlation, Some(vec![1, 0, 255]));

    program.link.subscribe(on("asset/1", RetainedCopies::OnNewSession)).unwrap();
    assert_eq!(text(&program.message().await), "picture");
    program.link.unsubscribe("asset/1");
    program.link.publish("settled", Vec::new(), Retained::No);
    program.link.flush().await;
    broker.publish("asset/1", b"other", Retained::No);
    let event = timeout(Duration::from_millis(700), program.message()).await;
    assert!(event.is_err(), "unexpected {event:?}");
    let refused = program.link.subscribe(on("a/#/b", RetainedCopies::Always));
    assert!(matches!(refused, Err(Unusable::Topic { .. })));
}

#[tokio::test]
async fn the_broker_is_trusted_by_its_certificate_and_asks_for_ours() {
    let pki = tempfile::tempdir().unwrap();
    let folder = pki.path();
    openssl(folder, "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -subj /CN=ca");
    let names = "subjectAltName=DNS:localhost,IP:127.0.0.1";
    for (subject, extension) in [("broker", names), ("board", "basicConstraints=CA:FALSE")] {
        fs::write(folder.join("extension"), extension).unwrap();
        let request = "req -newkey rsa:2048 -nodes -out request";
        openssl(folder, &format!("{request} -keyout {subject}.key -subj /CN={subject}"));
        let sign = "x509 -req -in request -CA ca.pem -CAkey ca.key -CAcreateserial";
        openssl(folder, &format!("{sign} -days 2 -extfile extension -out {subject}.pem"));
    }
    let broker = Broker::start_with(&format!(
        "cafile {0}/ca.pem\ncertfile {0}/broker.pem\nkeyfile {0}/broker.key\n\
         require_certificate true",
        folder.display()
    ));
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let client = Some((read("board.pem"), read("board.key")));
    let files = TlsFiles { ca: read("ca.pem"), client };
    let settings = |host: &str, tls: TlsFiles| Settings {
        tls: Some(tls),
        ..board(&format!("mqtts://{host}:{}", broker.port))
    };
    for host in ["localhost", "127.0.0.1"] {
        let mut program = Program::open(settings(host, files.clone()));
        program.subscribed().await;
        program.link.publish("ttcs/1", b"over TLS".to_vec(), Retained::No);
        let message = program.message().await;
        assert_eq!(text(&message), "over TLS");
        program.link.acknowledge(message.token);
        program.close().await;
    }
    let other_ca = TlsFiles { ca: read("board.pem"), ..files.clone() };
    for stranger in [other_ca, TlsFiles { client: None, ..files.clone() }] {
        let mut program = Program::open(settings("localhost", stranger));
        let Event::Disconnected { reason } = program.event().await else { panic!("trusted") };
        println!("{reason}");
    }
    let no_key = TlsFiles { client: Some((read("board.pem"), Vec::new())), ..files.clone() };
    for bad in [no_key, TlsFiles { ca: b"no PEM".to_vec(), client: None }] {
        let problem = open(settings("localhost", bad), mpsc::channel(1).0).err().unwrap();
        println!("{problem}");
        assert!(matches!(problem, Unusable::Tls(_)));
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let mut command = Command::new("openssl");
    command.args(arguments.split_whitespace()).current_dir(folder);
    match command.output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            panic!("openssl is not installed; install it or leave real-peers out")
        }
        Err(error) => panic!("openssl: {error}"),
    }
}
