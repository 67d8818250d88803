//! Choosing among thousands of notices: the state machine alone, in time of a core.

use bangtin_agent::calendar::{Now, Trust};
use bangtin_agent::notice::read;
use bangtin_agent::sign::{Arrival, Rules, Showing, Sign, Timing};
use cpu_time::ThreadTime;
use jiff::{Span, Timestamp};
use serde_json::Value;

use crate::goals::{Goals, Unit, ms, percentile};
use crate::square::{cancel, notice};

/// How long a page stands, in milliseconds.
const PAGE_MS: u64 = 8000;

/// Measures it, and what twice as many notices cost.
pub fn choose(goals: &Goals, rounds: usize) {
    let (few, many) = (Choosing::among(5_000, rounds), Choosing::among(10_000, rounds));
    goals.table("choosing among 10,000 notices, time of a core");
    for ((name, fewer), (_, more)) in few.cases().into_iter().zip(many.cases()) {
        goals.at_most(&format!("{name}, median"), percentile(more, 50), 0.1, Unit::Ms);
        let worst = format!("{name}, worst of {}", more.len());
        goals.at_most(&worst, percentile(more, 100), 0.1, Unit::Ms);
        let times = percentile(more, 50) / percentile(fewer, 50);
        goals.at_most(&format!("{name}, median of 5,000 doubled"), times, 2.0, Unit::Times);
    }
}

/// A board's state, and how long each kind of step took in it, in milliseconds.
struct Choosing {
    sign: Sign,
    clock: Now,
    routine: Vec<f64>,
    emergency: Vec<f64>,
    end: Vec<f64>,
    turn: Vec<f64>,
}

impl Choosing {
    fn cases(&self) -> [(&'static str, &[f64]); 4] {
        [
            ("a routine notice comes", &self.routine),
            ("an emergency comes", &self.emergency),
            ("it is called off", &self.end),
            ("a turn is over", &self.turn),
        ]
    }

    fn among(held: usize, rounds: usize) -> Self {
        let clock = Now { wall: Timestamp::now(), monotonic_ms: 1, trust: Trust::Trusted };
        let mut this = Self {
            sign: Sign::new(clock, Rules::default()),
            clock,
            routine: Vec::new(),
            emergency: Vec::new(),
            end: Vec::new(),
            turn: Vec::new(),
        };
        for number in 0..held {
            this.take(&notice(&format!("tin-{number}"), 1, "routine", number));
        }
        for round in 0..rounds {
            let (number, urgent) = (round * 37 % held, format!("khan-{round}"));
            this.pass(10);
            let newer = 2 + round as u32;
            let took = this.take(&notice(&format!("tin-{number}"), newer, "routine", number));
            this.routine.push(took);
            this.pass(10);
            let took = this.take(&notice(&urgent, 1, "emergency", round));
            this.emergency.push(took);
            this.pass(10);
            let took = this.take(&cancel(&urgent));
            this.end.push(took);
            for _ in 0..2 {
                this.pass(2 * PAGE_MS);
                let took = timed(|| drop(this.sign.step(this.clock)));
                this.compose();
                this.turn.push(took);
            }
        }
        this
    }

    fn pass(&mut self, ms: u64) {
        let wall = self.clock.wall.checked_add(Span::new().milliseconds(ms as i64));
        self.clock.wall = wall.expect("a time");
        self.clock.monotonic_ms += ms;
    }

    fn take(&mut self, notice: &Value) -> f64 {
        let json = notice.to_string();
        let notice = read(json.as_bytes()).expect("a notice");
        let mut digest = [0; 32];
        digest[..4].copy_from_slice(&crc32fast::hash(json.as_bytes()).to_be_bytes());
        let arrival = Arrival { timing: Some(timing()), digest, fresh: true, ..Arrival::default() };
        let took = timed(|| {
            self.sign.accept(notice, arrival, self.clock);
            self.sign.step(self.clock);
        });
        self.compose();
        took
    }

    /// What a board does once a step said what to show.
    fn compose(&mut self) {
        if let Showing::Notice { key, revision, .. } = self.sign.showing().0.clone() {
            self.sign.composed(&key, revision, timing(), self.clock);
        }
    }
}

fn timing() -> Timing {
    Timing { page_starts_ms: vec![0], duration_ms: PAGE_MS }
}

fn timed(run: impl FnOnce()) -> f64 {
    let began = ThreadTime::now();
    run();
    ms(began.elapsed())
}
