//! Measures many things in turn, so that a machine's noise hits all alike.

use std::time::Instant;

use cpu_time::ThreadTime;

/// Shortest time that is measured at once, in seconds; what is shorter is repeated.
const BATCH_S: f64 = 1e-3;
/// How often each thing is measured in a round, unless it takes long.
const BATCHES: usize = 5;

/// What is measured.
pub struct Stopwatch<'a> {
    cases: Vec<Case<'a>>,
}

/// A case, to be named as another one's floor.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CaseId(usize);

struct Case<'a> {
    name: String,
    beside: Beside,
    run: Box<dyn FnMut() + 'a>,
    /// Seconds, the median of each round.
    rounds: Vec<f64>,
}

/// What a case is compared with.
#[derive(PartialEq)]
enum Beside {
    Nothing,
    Floor(CaseId),
    /// The case before, if it is of the same family; so much there is of what grows.
    Family(&'static str, f64),
}

impl<'a> Stopwatch<'a> {
    pub fn new() -> Self {
        Self { cases: Vec::new() }
    }

    /// What others are compared with.
    pub fn floor(&mut self, name: &str, run: impl FnMut() + 'a) -> CaseId {
        self.push(name, Beside::Nothing, run)
    }

    pub fn add(&mut self, name: &str, floor: CaseId, run: impl FnMut() + 'a) {
        self.push(name, Beside::Floor(floor), run);
    }

    /// One of a family that differs in one amount.
    pub fn grow(&mut self, family: &'static str, name: &str, amount: f64, run: impl FnMut() + 'a) {
        self.push(name, Beside::Family(family, amount), run);
    }

    fn push(&mut self, name: &str, beside: Beside, run: impl FnMut() + 'a) -> CaseId {
        let (name, run) = (name.to_owned(), Box::new(run));
        self.cases.push(Case { name, beside, run, rounds: Vec::new() });
        CaseId(self.cases.len() - 1)
    }

    /// Measures everything, round after round; nothing of the first one counts.
    pub fn run(&mut self, rounds: usize) {
        for round in 0..=rounds {
            for case in &mut self.cases {
                let once = busy(&mut case.run);
                let repeats = (BATCH_S / once.max(1e-9)).ceil().clamp(1.0, 1e5) as usize;
                let batches = if once > 10.0 * BATCH_S { 1 } else { BATCHES };
                let batch = |_| busy(|| (0..repeats).for_each(|_| (case.run)())) / repeats as f64;
                let mut times: Vec<f64> = (0..batches).map(batch).collect();
                if round > 0 {
                    case.rounds.push(median(&mut times));
                }
            }
        }
    }

    pub fn print_beside_floors(&self) {
        println!("\n| | median | × its floor | floor |\n| --- | ---: | ---: | --- |");
        for case in &self.cases {
            let (ratio, floor) = match case.beside {
                Beside::Floor(CaseId(at)) => {
                    let floor = &self.cases[at];
                    (format!("{:.2}", ratio(case, floor)), floor.name.as_str())
                }
                _ => (String::new(), ""),
            };
            println!("| {} | {} | {ratio} | {floor} |", case.name, written(case.median()));
        }
    }

    /// How the time changes where there is twice as much of something.
    pub fn print_growth(&self) {
        println!("\n| | median | for each | × for twice as much |\n| --- | ---: | ---: | ---: |");
        let before = std::iter::once(None).chain(self.cases.iter().map(Some));
        for (case, before) in self.cases.iter().zip(before) {
            let Beside::Family(family, amount) = case.beside else { continue };
            let factor = before.and_then(|before| match before.beside {
                Beside::Family(same, less) if same == family => {
                    Some(ratio(case, before).powf(1.0 / (amount / less).log2()))
                }
                _ => None,
            });
            let factor = factor.map(|factor| format!("{factor:.2}")).unwrap_or_default();
            let median = case.median();
            let (whole, each) = (written(median), written(median / amount));
            println!("| {family}: {} | {whole} | {each} | {factor} |", case.name);
        }
    }
}

impl Case<'_> {
    fn median(&self) -> f64 {
        median(&mut self.rounds.clone())
    }
}

fn ratio(case: &Case<'_>, other: &Case<'_>) -> f64 {
    median(&mut case.rounds.iter().zip(&other.rounds).map(|(a, b)| a / b).collect::<Vec<_>>())
}

/// Seconds of a core that something takes: other programs' turns do not count.
fn busy(run: impl FnOnce()) -> f64 {
    let began = ThreadTime::now();
    run();
    began.elapsed().as_secs_f64()
}

/// Seconds that something takes.
pub fn time(run: impl FnOnce()) -> f64 {
    let began = Instant::now();
    run();
    began.elapsed().as_secs_f64()
}

pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

fn written(seconds: f64) -> String {
    match seconds * 1e6 {
        us if us < 1.0 => format!("{:.1} ns", us * 1e3),
        us if us < 1000.0 => format!("{us:.2} µs"),
        us => format!("{:.3} ms", us / 1e3),
    }
}
