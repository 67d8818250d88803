//! What the program holds and how busy it is, as the kernel counts it.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::goals::{Goals, Unit};
use crate::peers::Broker;
use crate::square::{ABOVE, Program, Square, cancel, notice};
use crate::starting::fill;
use crate::wire::Wire;

const LAYOUTS: [(&str, f64); 2] = [("lcd-1080p", 48.0), ("led-192x64", 16.0)];
/// Share of a core that a still picture may take, in percent.
const STILL_PERCENT: f64 = 0.5;
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures memory and time of a core; `still_s` is how long still pictures are watched.
pub fn rest(goals: &Goals, still_s: u64) {
    memory(goals);
    busyness(goals, still_s);
}

fn memory(goals: &Goals) {
    goals.table("memory of the program");
    for (layout, goal_mib) in LAYOUTS {
        let broker = Broker::start_with("set_tcp_nodelay true");
        let square = Square::new(layout, broker.port);
        let mut desk = Desk::open(&broker, layout);
        let program = desk.start(&square);
        let row = |what: &str, program: &Program| {
            settle();
            let name = format!("{layout}, {what}");
            goals.at_most(&name, program.memory_mib(), goal_mib, Unit::Mib);
        };
        row("at rest", &program);
        // Each new emergency goes to the glass at once: so many pictures need no hour.
        for number in 0..100 {
            let id = format!("khan-{number}");
            desk.send(&square, &id, &notice(&id, 1, "emergency", number));
            desk.wait(&format!("/{id}"), "\"shown\"");
        }
        row("after 100 notices were shown", &program);
        for number in 0..100 {
            let id = format!("khan-{number}");
            desk.send(&square, &format!("{id}.huy"), &cancel(&id));
        }
        row("after they were called off", &program);
        drop(program);
        let square = Square::new(layout, broker.port);
        fill(&square, 10_000);
        row("holding 10,000 notices", &desk.start(&square));
    }
}

/// Gives the last picture time to be written.
fn settle() {
    thread::sleep(Duration::from_millis(1500));
}

fn busyness(goals: &Goals, still_s: u64) {
    goals.table(&format!("time of a core, {still_s} s"));
    let broker = Broker::start_with("set_tcp_nodelay true");
    let boards = LAYOUTS.map(|(layout, _)| {
        let square = Square::new(layout, broker.port);
        let mut desk = Desk::open(&broker, layout);
        let program = desk.start(&square);
        (square, desk, program)
    });
    let still = |what: &str| {
        settle();
        let before = boards.each_ref().map(|(.., program)| (program.busy_s(), Instant::now()));
        thread::sleep(Duration::from_secs(still_s));
        for ((square, _, program), (busy, began)) in boards.iter().zip(before) {
            let name = format!("{}, {what}", square.id);
            let share = (program.busy_s() - busy) / began.elapsed().as_secs_f64() * 100.0;
            goals.at_most(&name, share, STILL_PERCENT, Unit::Percent);
        }
    };
    still("the clock");
    let mut desk = Desk::open(&broker, "lcd-1080p");
    let mut short = notice("tin", 1, "routine", 1);
    short["content"][0]["text"] = "Họp lúc 19 giờ.".into();
    desk.send(&boards[0].0, "tin", &short);
    still("one notice");
    drop(boards);
    let square = Square::new("led-96x16", broker.port);
    let mut desk = Desk::open(&broker, &square.id);
    let program = desk.start(&square);
    desk.send(&square, "dai", &notice("dai", 1, "priority", 1));
    settle();
    let (busy, began) = (program.busy_s(), Instant::now());
    thread::sleep(Duration::from_secs(10));
    let share = (program.busy_s() - busy) / began.elapsed().as_secs_f64() * 100.0;
    goals.told("led-96x16, a running line, 10 s", share, Unit::Percent);
}

/// Whoever sends to a board and hears its answers.
struct Desk {
    wire: Wire,
    board: String,
}

impl Desk {
    fn open(broker: &Broker, board: &str) -> Self {
        let answers = format!("{ABOVE}/{board}/#");
        let wire = Wire::open(broker.port, &format!("desk-{board}"), &[&answers]);
        Self { wire: wire.expect("the broker takes us"), board: board.to_owned() }
    }

    /// Starts a board's program and waits until it has loaded its store and found its broker.
    fn start(&mut self, square: &Square) -> Program {
        while self.wire.hear(Duration::from_millis(50)).is_some() {}
        let program = square.start();
        self.wait(&format!("/{}/status", self.board), "\"online\":true");
        program
    }

    fn send(&mut self, square: &Square, id: &str, notice: &Value) {
        let topic = format!("{ABOVE}/notice/{id}");
        self.wire.publish(&topic, &square.sign(notice)).expect("the broker takes it");
    }

    /// Waits for a message on a topic that ends so, with these words in it.
    fn wait(&self, topic: &str, words: &str) {
        loop {
            let heard = self.wire.hear(PATIENCE);
            let heard = heard.unwrap_or_else(|| panic!("no {words} on {topic}"));
            if heard.topic.ends_with(topic)
                && String::from_utf8_lossy(&heard.payload).contains(words)
            {
                return;
            }
        }
    }
}
