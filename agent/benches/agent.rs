//! What a board owes its square, in numbers: how soon an emergency is on the glass, what choosing
//! among thousands costs, how long a start takes, what the program holds.
//!
//! ```text
//! cargo bench -p bangtin-agent
//! cargo bench -p bangtin-agent -- --quick
//! ```
//!
//! `choosing`, `starts`, `emergencies` and `rest` as arguments measure these alone. The last two
//! need Mosquitto; where it is missing they are left out loudly, and the end is a failure unless
//! `--quick` was asked for. Missed goals are printed, and fail nothing: machines differ.
#![expect(clippy::disallowed_methods, reason = "a stopwatch reads clocks and starts programs")]

#[path = "agent/choosing.rs"]
mod choosing;
#[path = "agent/goals.rs"]
mod goals;
#[path = "agent/latency.rs"]
mod latency;
#[expect(clippy::unwrap_used, reason = "a stopwatch may stop anywhere")]
#[path = "../tests/peers/mod.rs"]
mod peers;
#[path = "agent/resting.rs"]
mod resting;
#[path = "agent/square.rs"]
mod square;
#[path = "agent/starting.rs"]
mod starting;
#[path = "agent/wire.rs"]
mod wire;

use std::path::Path;
use std::process::ExitCode;

use goals::Goals;

const PARTS: [&str; 4] = ["choosing", "starts", "emergencies", "rest"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let has = |word: &str| arguments.iter().any(|argument| argument == word);
    // Cargo says `--bench` where it measures and nothing where it only tests.
    let quick = has("--quick") || !has("--bench");
    let all = !PARTS.into_iter().any(has);
    let wants = |part: &str| all || has(part);
    let broker = Path::new("/usr/sbin/mosquitto").exists();
    let goals = Goals::default();
    starting::listen();
    if wants("choosing") {
        choosing::choose(&goals, if quick { 200 } else { 900 });
    }
    if wants("starts") {
        starting::starts(&goals);
    }
    if broker && wants("emergencies") {
        latency::emergencies(&goals, if quick { 100 } else { 1000 }, if quick { 60 } else { 300 });
    }
    if broker && wants("rest") {
        resting::rest(&goals, if quick { 10 } else { 60 });
    }
    goals.sum_up();
    if !broker && (wants("emergencies") || wants("rest")) {
        println!(
            "SKIPPED: emergencies and rest need /usr/sbin/mosquitto; install the package mosquitto"
        );
        return if quick { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    ExitCode::SUCCESS
}
