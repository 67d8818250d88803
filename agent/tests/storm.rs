//! The board in bad weather: the real program against a real Mosquitto over a link that is cut,
//! slow or silent, a broker that is killed or forgets, and more messages than anybody means well.
//!
//! Needs the packages `mosquitto` and `mosquitto-clients`; run with `--features real-peers`.
#![cfg(feature = "real-peers")]
#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

mod peers;

use std::fs;
use std::sync::{PoisonError, RwLock, RwLockReadGuard};
use std::thread;
use std::time::{Duration, Instant};

use bangtin_agent::io::mqtt::{OUTBOX_BYTES_LIMIT, RECEIVE_MAXIMUM};
use bangtin_agent::message::PACKET_LIMIT;
use bangtin_agent::notice::NOTICE_MAX_BYTES;
use bangtin_agent::signature::{NOTICE_TYPE, sign};
use ed25519_dalek::SigningKey;
use peers::answers::{Answers, tail};
use peers::board::Square;
use peers::pacing::{Frames, Metronome, PERIOD};
use peers::proxy::{Fault, Proxy};
use peers::publisher::{Outgoing, end_session, publish};
use serde_json::{Value, json};

/// Where notices for the board's commune go.
const TOPIC: &str = "ttcs/v1/vn/86/28789/notice";
/// What the board calls itself at its broker.
const CLIENT: &str = "bangtin-vn-86-28789-quang-truong-1";
/// A long notice, as it travels.
const LONG: usize = 200 * 1024;
/// Messages of a flood.
const JUNK: usize = 5_000;
/// How long the board may take for 10,000 notices: each one is checked, composed and on the disk.
const QUEUE_PATIENCE: Duration = Duration::from_secs(120);

/// Whoever measures time in frames has the machine for himself; the others share it.
static MACHINE: RwLock<()> = RwLock::new(());

fn shared() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// A running board behind a link whose faults can be switched.
fn behind_a_proxy(broker_settings: &str) -> (Square, Proxy) {
    let mut square = Square::prepare(broker_settings);
    let proxy = Proxy::before(square.broker.port);
    square.configure(&square.broker.url(), &proxy.url());
    square.open_now();
    (square, proxy)
}

/// A notice that is exactly so long when it is signed: a field that nobody knows fills it up, and
/// white space makes good what base64 cannot hit.
fn of_size(square: &Square, mut notice: Value, size: usize) -> String {
    let bare = square.sign(&notice).len();
    notice["padding"] = json!("x".repeat((size - bare) / 4 * 3 - 30));
    let signed = square.sign(&notice);
    signed.clone() + &" ".repeat(size - signed.len())
}

fn passing(id: &str, message: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing::passing(format!("{TOPIC}/{id}"), message)
}

fn retained(id: &str, message: impl Into<Vec<u8>>) -> Outgoing {
    Outgoing::retained(format!("{TOPIC}/{id}"), message)
}

#[test]
fn a_link_cut_in_the_middle_of_a_long_notice_brings_it_whole_and_once() {
    let _machine = shared();
    let (square, proxy) = behind_a_proxy("");
    proxy.set(Fault::Slow { bytes_per_s: 200_000 });
    let notice = of_size(&square, square.notice("dai", "routine"), LONG);
    let before = proxy.carried();
    assert_eq!(publish(square.broker.port, &[passing("dai", notice)]), 1);
    for share in [1, 3] {
        let middle = (LONG / 4 * share) as u64;
        let carried = proxy.carried();
        let from = if share == 1 { before } else { carried };
        square.wait_until("the middle of the notice", |_| proxy.carried() - from > middle);
        proxy.cut();
    }
    assert!(!square.log().contains("accepted"), "{}", square.log());
    let mut answers = Answers::default();
    answers.until(&square, "the notice", |answers| answers.has("dai", "shown"));
    answers.listen(&square, Duration::from_millis(500));
    assert!(answers.has("dai", "accepted"));
    answers.are_single(&square);
}

/// Packets of one connection stand in line: what was queued first comes first, whatever its class.
/// So an emergency overtakes nothing that is on its way, and nothing that comes later delays it.
#[test]
fn over_a_slow_link_an_emergency_comes_before_a_long_notice_that_was_queued_behind_it() {
    let _machine = shared();
    let (square, proxy) = behind_a_proxy("");
    let sizes = [("bao", "emergency", 1_500), ("dai", "routine", LONG), ("lu", "emergency", 1_500)];
    let messages = sizes
        .map(|(id, class, size)| passing(id, of_size(&square, square.notice(id, class), size)));
    proxy.set(Fault::Slow { bytes_per_s: 2_000 });
    let start = Instant::now();
    assert_eq!(publish(square.broker.port, &messages), 3);
    let mut answers = Answers::default();
    answers.until(&square, "the emergency ahead", |answers| answers.has("bao", "shown"));
    let took = start.elapsed();
    println!("over 2 kB/s the emergency was shown and its receipt back after {took:?}");
    // 1.6 kB towards the board, its acknowledgement and two receipts of 0.3 kB back.
    assert!(took < Duration::from_secs(4), "{took:?}");
    assert!(!answers.has("dai", "accepted") && !answers.has("lu", "accepted"));
    // The rest would take 100 s; what matters is the order.
    proxy.set(Fault::Slow { bytes_per_s: 50_000 });
    answers.until(&square, "the emergency behind", |answers| answers.has("lu", "shown"));
    assert!(answers.has("dai", "accepted"));
    answers.are_single(&square);
}

/// A long notice takes longer over a slow link than the board waits for an answer to a ping, and
/// that answer stands in line behind the notice. A board that gives the link up then gets the same
/// notice from its beginning, for ever, and nothing behind it. (Keep-alive 10 s here, so that 20 s
/// of notice are as long as a minute is with the board's own 30 s.)
#[test]
fn over_a_slow_link_a_notice_that_takes_longer_than_two_pings_comes_all_the_same() {
    let _machine = shared();
    let (square, proxy) = behind_a_proxy("max_keepalive 10");
    proxy.set(Fault::Slow { bytes_per_s: 2_000 });
    let connections = proxy.connections();
    let notice = of_size(&square, square.notice("dai", "routine"), 52_000);
    let start = Instant::now();
    publish(square.broker.port, &[passing("dai", notice)]);
    while !square.log().contains("accepted") {
        let (took, more) = (start.elapsed(), proxy.connections() - connections);
        let what = "26 s of notice over a link that never stood still";
        assert!(
            took < Duration::from_secs(60) && more < 2,
            "{what}: not here after {took:?} and {more} more connections; the board says:\n{}",
            tail(&square)
        );
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn a_link_that_swallows_everything_is_given_up_in_time_and_nothing_is_lost_or_doubled() {
    let _machine = shared();
    // The board follows the keep-alive that its broker sets.
    let (square, proxy) = behind_a_proxy("max_keepalive 10");
    let send = |id: &str| {
        let notice = square.sign(&square.notice(id, "emergency"));
        assert_eq!(publish(square.broker.port, &[passing(id, notice)]), 1);
    };
    // The first one comes through; its acknowledgement and its receipts do not.
    proxy.set(Fault::Delayed(Duration::from_millis(400)));
    send("truoc");
    square.wait_until("the notice before", |square| square.log().contains("accepted"));
    let left = proxy.left();
    proxy.set(Fault::Blackhole);
    let start = Instant::now();
    send("trong-1");
    send("trong-2");
    let limit = Duration::from_secs(2 * 10 + 3);
    while proxy.left() == left {
        assert!(start.elapsed() < limit, "the board still believes in it:\n{}", square.log());
        thread::sleep(Duration::from_millis(10));
    }
    println!("a silent link was given up after {:?}", start.elapsed());
    proxy.set(Fault::None);
    let start = Instant::now();
    let mut answers = Answers::default();
    answers.until(&square, "all three", |answers| answers.count("shown") == 3);
    println!("all three were answered {:?} after the link was back", start.elapsed());
    answers.listen(&square, Duration::from_millis(500));
    assert_eq!(answers.count("accepted"), 3);
    answers.are_single(&square);
}

#[test]
fn a_broker_killed_and_restarted_in_a_stream_of_300_notices_loses_and_doubles_none() {
    let _machine = shared();
    let mut square = Square::prepare("autosave_interval 1\nautosave_on_changes true");
    square.open_now();
    let ids = (0..300).map(|n| format!("tin-{n:03}")).collect::<Vec<_>>();
    let messages = ids.iter().map(|id| retained(id, square.sign(&square.notice(id, "routine"))));
    let messages = messages.collect::<Vec<_>>();
    let accepted = |square: &Square| square.log().matches(" accepted ").count();
    let port = square.broker.port;
    let taken = thread::scope(|scope| {
        let stream = scope.spawn(|| publish(port, &messages));
        square.wait_until("the middle of the stream", |square| accepted(square) >= 100);
        square.broker.kill();
        stream.join().unwrap()
    });
    let before = accepted(&square);
    println!("killed when the broker had {taken} and the board {before}");
    assert!(before < 300, "the stream was over already");
    square.broker.up();
    // Its sender does not know what the broker still knows, and sends everything again.
    assert_eq!(publish(port, &messages), 300);
    let mut answers = Answers::default();
    square.wait_until("all of them", |square| accepted(square) == 300);
    answers.listen(&square, Duration::from_secs(3));
    answers.are_single(&square);
    // A killed broker loses answers that it took and had not passed on: a window of the link's.
    let heard = answers.count("accepted");
    println!("{heard} of 300 answers came through the killed broker");
    assert!(heard >= 200, "{heard} of 300 answers");
    assert_eq!(answers.count("refused"), 0);
}

#[test]
fn a_session_lost_is_subscribed_again_and_retained_copies_get_no_second_answer() {
    let _machine = shared();
    let (mut square, proxy) = behind_a_proxy("");
    let ids = ["mot", "hai", "ba"];
    let kept = ids.map(|id| retained(id, square.sign(&square.notice(id, "emergency"))));
    let mut answers = Answers::default();
    publish(square.broker.port, &kept);
    answers.until(&square, "the first answers", |answers| answers.count("shown") == 3);

    // The broker forgets the session and keeps the notices.
    proxy.set(Fault::Refused);
    proxy.cut();
    end_session(square.broker.port, CLIENT);
    proxy.set(Fault::None);
    let lost = |square: &Square, times| {
        let log = square.log();
        log.matches("connected session_present=false").count() == times
    };
    square.wait_until("a new session", |square| lost(square, 2));
    let sign = |square: &Square, id: &str| square.sign(&square.notice(id, "emergency"));
    publish(square.broker.port, &[passing("bon", sign(&square, "bon"))]);
    answers.until(&square, "news after that", |answers| answers.has("bon", "shown"));

    // The broker forgets everything, and its senders send again.
    square.broker.stop();
    fs::remove_file(square.path("mosquitto.db")).unwrap();
    square.broker.up();
    square.wait_until("another new session", |square| lost(square, 3));
    publish(square.broker.port, &kept);
    publish(square.broker.port, &[passing("nam", sign(&square, "nam"))]);
    square.wait_until("news after that too", |square| square.log().contains("id=\"nam\""));
    answers.listen(&square, Duration::from_secs(3));
    answers.are_single(&square);
    assert_eq!(answers.count("refused"), 0);
}

/// What waited at the broker while the board was off.
#[test]
fn of_10_000_notices_queued_all_are_answered_in_bounded_memory_and_the_late_emergency_shows() {
    let _machine = shared();
    let mut square = Square::prepare("");
    square.open_now();
    let idle_kib = square.memory_kib("VmHWM");
    square.cut_power();
    let notices = (0..10_000).map(|n| {
        let class = if n == 9_990 { "emergency" } else { "routine" };
        let id = format!("tin-{n:05}");
        passing(&id, square.sign(&square.notice(&id, class)))
    });
    let notices = notices.collect::<Vec<_>>();
    assert_eq!(publish(square.broker.port, &notices), 10_000);
    let start = Instant::now();
    square.switch_on();
    let accepted = || square.log().matches(" accepted ").count();
    while accepted() < 10_000 {
        assert!(start.elapsed() < QUEUE_PATIENCE, "{} in {:?}", accepted(), start.elapsed());
        thread::sleep(Duration::from_millis(200));
    }
    println!("10,000 queued notices were accepted in {:?}", start.elapsed());
    square.wait_until("the emergency", |square| square.log().contains("shown id=\"tin-09990\""));
    let mut answers = Answers::default();
    while answers.count("accepted") < 10_000 {
        let Ok(receipt) = square.receipts.recv_timeout(Duration::from_secs(5)) else { break };
        answers.add(&receipt);
    }
    answers.listen(&square, Duration::from_secs(1));
    println!("and answered in {:?}", start.elapsed());
    // A notice held takes about 2 KiB with all that is known of it, and its answer waits in the
    // outbox, which has a limit of its own.
    assert_bounded(&square, idle_kib, 10_000 * 3 + OUTBOX_BYTES_LIMIT as u64 / 1024);
    let log = square.log();
    let dropped = log.lines().filter(|line| line.contains("dropped")).collect::<Vec<_>>();
    let lost = 10_000 - answers.count("accepted");
    assert_eq!(lost, 0, "answers lost; {dropped:#?}");
    assert!(answers.has("tin-09990", "shown"));
    answers.are_single(&square);
}

/// A notice of 256 KiB is the largest; of a packet over 2 MiB the board never hears.
#[test]
fn oversize_messages_are_refused_or_kept_back_and_the_session_goes_on() {
    let _machine = shared();
    let (square, proxy) = behind_a_proxy("");
    let idle_kib = square.memory_kib("VmHWM");
    let connections = proxy.connections();
    let of_size = |id: &str, size| of_size(&square, square.notice(id, "priority"), size);
    let mut messages = vec![
        passing("vua", of_size("vua", NOTICE_MAX_BYTES)),
        passing("qua", of_size("qua", NOTICE_MAX_BYTES + 1)),
        passing("goi", of_size("goi", PACKET_LIMIT + 1)),
    ];
    // The largest packets that come through at all, more than there is room for at once.
    messages.extend((0..60).map(|n| passing(&format!("lon-{n}"), vec![n; PACKET_LIMIT - 100])));
    messages.push(passing("sau", square.sign(&square.notice("sau", "emergency"))));
    assert_eq!(publish(square.broker.port, &messages), messages.len());
    let mut answers = Answers::default();
    answers.until(&square, "the notice after", |answers| answers.has("sau", "shown"));
    answers.listen(&square, Duration::from_millis(500));
    assert!(answers.has("vua", "accepted") && answers.has("qua", "refused"));
    let (_, refused) = answers.0.iter().find(|((id, _), _)| id == "qua").unwrap();
    let refused = refused.first().unwrap();
    assert!(refused.contains("too_large") && refused.contains("262145"), "{refused}");
    assert!(!answers.has("goi", "refused") && !answers.has("goi", "accepted"));
    assert_eq!(proxy.connections(), connections, "{}", square.log());
    answers.are_single(&square);
    // As many as the broker may send ahead wait in the link, for a Mosquitto that sends more is not
    // read from then on; 12 events more, 4 on the way to the loop and 3 in it, and what is being
    // read, up to 10 at once. All of them together have 120 MiB.
    let packets = u64::from(RECEIVE_MAXIMUM) + 12 + 4 + 3 + 10;
    assert_bounded(&square, idle_kib, packets * PACKET_LIMIT as u64 / 1024);
}

/// Messages that nobody means well, each another one.
fn junk() -> Vec<Outgoing> {
    let mut state = 1_u64;
    let mut random = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    let stranger = SigningKey::from_bytes(&[8; 32]);
    let messages = (0..JUNK).map(|n| match n % 10 {
        0 => passing(&format!("{n}-{}", "x".repeat(60_000)), format!("rac {n}")),
        1..5 => {
            let notice = json!({ "version": 1, "id": format!("la-{n}"), "sender": "vn/86" });
            let message = sign(notice.to_string().as_bytes(), NOTICE_TYPE, &stranger);
            passing(&format!("la-{n}"), message)
        }
        _ => {
            let mut bytes = n.to_be_bytes().to_vec();
            bytes.extend((0..random() % 2_000).map(|_| random() as u8));
            passing(&format!("rac-{n}"), bytes)
        }
    });
    messages.collect()
}

/// A line runs over the panel at 60 pixels a second through everything that this file knows, and
/// the board's own count says that no frame came more than one period after its turn. Where the
/// machine kept a thread that does nothing from waking in time, it is measured again.
#[test]
fn a_running_marquee_misses_no_two_frames_in_junk_cuts_slowness_and_restarts() {
    let _machine = MACHINE.write().unwrap_or_else(PoisonError::into_inner);
    for round in 1.. {
        let metronome = Metronome::start();
        let frames = marquee_in_a_storm();
        let disturbed = metronome.worst_late();
        println!("{frames:?}; a thread that does nothing woke up to {disturbed:?} late");
        let late = Duration::from_secs_f64(frames.worst_late_ms / 1000.0);
        if late < 2 * PERIOD {
            return;
        }
        let guilty = disturbed < PERIOD || round == 3;
        assert!(!guilty, "{frames:?}; a thread that does nothing woke up to {disturbed:?} late");
    }
}

/// Runs a marquee through the storm and returns how its frames came.
fn marquee_in_a_storm() -> Frames {
    let mut square = Square::prepare("");
    let layout = bangtin_renderer::builtin::layout_text("led-192x64").unwrap();
    let text_zone = r#"name = "text", below = "headline","#;
    let running = layout.replacen(text_zone, &format!(r#"{text_zone} overflow = "marquee","#), 1);
    assert_ne!(layout, running);
    fs::write(square.path("running.toml"), running).unwrap();
    square.configure("led-192x64", "running.toml");
    square.configure("path = \"frame.png\"", "path = \"frame.png\"\nfps = 60");
    let proxy = Proxy::before(square.broker.port);
    square.configure(&square.broker.url(), &proxy.url());
    square.open_now();
    let idle_kib = square.memory_kib("VmHWM");
    let mut marquee = square.notice("chay", "priority");
    marquee["content"][0]["text"] = json!("Bà con ven sông trữ nước ngọt. ".repeat(30).trim());
    square.send(&marquee);
    let mut answers = Answers::default();
    answers.until(&square, "the marquee", |answers| answers.has("chay", "shown"));
    let start = Instant::now();
    // It stands for a second before it runs.
    thread::sleep(Duration::from_millis(1_100));

    let port = square.broker.port;
    assert_eq!(publish(port, &junk()), JUNK);
    let after_junk = square.sign(&square.notice("sau-rac", "routine"));
    publish(port, &[passing("sau-rac", after_junk)]);
    answers.until(&square, "the end of the junk", |answers| answers.has("sau-rac", "accepted"));
    println!("{JUNK} junk messages were through after {:?}", start.elapsed());
    let status = square.status_after(|| proxy.cut());
    let counted = status["unanswered"].as_u64().unwrap() as usize;
    answers.listen(&square, Duration::from_millis(300));
    assert_eq!(answers.count("refused") + counted, JUNK, "answered and counted; {status}");
    assert_bounded(&square, idle_kib, 32 * 1024);

    let sign = |id: &str| square.sign(&square.notice(id, "routine"));
    let good = (0..500).map(|n| format!("tin-{n}")).map(|id| retained(&id, sign(&id)));
    let good = good.collect::<Vec<_>>();
    // Not for long: each short life doubles the pause before the next attempt.
    proxy.set(Fault::Flapping(Duration::from_millis(300)));
    assert_eq!(publish(port, &good), good.len());
    thread::sleep(Duration::from_secs(1));
    proxy.set(Fault::Slow { bytes_per_s: 20_000 });
    thread::sleep(Duration::from_secs(1));
    square.broker.kill();
    square.broker.up();
    proxy.set(Fault::Delayed(Duration::from_millis(50)));
    publish(port, &good);
    let accepted = |square: &Square| square.log().matches(" accepted ").count();
    square.wait_until("all notices", |square| accepted(square) == good.len() + 2);
    proxy.set(Fault::None);
    let ran = start.elapsed();
    let status = square.status_after(|| proxy.cut());
    assert_eq!(status["showing"]["notice"], "chay", "{status}");
    let frames = Frames::of(&status);
    let due = (ran - Duration::from_secs(1)).as_secs_f64() * 60.0;
    assert!((frames.presented + frames.missed) as f64 > 0.95 * due, "{frames:?} in {ran:?}");
    frames
}

/// The most memory that the board ever had is at most so much more than when it was idle.
#[track_caller]
fn assert_bounded(square: &Square, idle_kib: u64, more_kib: u64) {
    let most_kib = square.memory_kib("VmHWM");
    println!("memory: {idle_kib} KiB idle, {most_kib} KiB at most");
    assert!(most_kib <= idle_kib + more_kib, "{most_kib} KiB; idle {idle_kib} and {more_kib} KiB");
}
