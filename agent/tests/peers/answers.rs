//! What the board answered, gathered and counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::PATIENCE;
use super::board::Square;

/// Receipts as they came: for each notice and state the distinct ones. The very same one may come
/// again after a link was cut, as MQTT's QoS 1 has it; another one may not.
#[derive(Default)]
pub struct Answers(pub BTreeMap<(String, String), BTreeSet<String>>);

impl Answers {
    /// Takes a receipt.
    pub fn add(&mut self, receipt: &Value) {
        let text = |field: &str| receipt[field].as_str().unwrap().to_owned();
        let of = self.0.entry((text("notice"), text("state"))).or_default();
        of.insert(receipt.to_string());
    }

    /// Takes what comes until it is enough, at most so long without anything new.
    #[track_caller]
    pub fn until(&mut self, square: &Square, what: &str, is_enough: impl Fn(&Self) -> bool) {
        while !is_enough(self) {
            match square.receipts.recv_timeout(PATIENCE) {
                Ok(receipt) => self.add(&receipt),
                Err(_) => {
                    let states = ["accepted", "shown", "refused", "ended"];
                    let counts = states.map(|state| (state, self.count(state)));
                    panic!("waited for {what}; {counts:?}; the board says:\n{}", tail(square));
                }
            }
        }
    }

    /// Takes what else comes within that time.
    pub fn listen(&mut self, square: &Square, time: Duration) {
        let start = Instant::now();
        while let Ok(receipt) = square.receipts.recv_timeout(time.saturating_sub(start.elapsed())) {
            self.add(&receipt);
        }
    }

    /// Notices with that answer.
    pub fn count(&self, state: &str) -> usize {
        self.0.keys().filter(|(_, of)| of == state).count()
    }

    /// Whether a notice had that answer.
    pub fn has(&self, id: &str, state: &str) -> bool {
        self.0.contains_key(&(id.to_owned(), state.to_owned()))
    }

    /// No notice was answered twice, on the wire or by the board's own log.
    #[track_caller]
    pub fn are_single(&self, square: &Square) {
        for (of, receipts) in &self.0 {
            assert_eq!(receipts.len(), 1, "{of:?}: {receipts:#?}");
        }
        let log = square.log();
        for word in ["accepted", "shown"] {
            let said = log.lines().filter(|line| line.contains(&format!(" {word} ")));
            let ids = said.filter_map(|line| line.split("id=").nth(1)?.split_whitespace().next());
            let mut seen = BTreeSet::new();
            for id in ids {
                assert!(seen.insert(id), "{id} was {word} twice:\n{log}");
            }
            assert!(seen.len() >= self.count(word), "the log does not say what was {word}");
        }
    }
}

/// The end of the log: a storm fills many pages.
pub fn tail(square: &Square) -> String {
    let log = square.log();
    let lines = log.lines().collect::<Vec<_>>();
    lines[lines.len().saturating_sub(60)..].join("\n")
}
