//! Whether what boards prove hangs together: every batch of their proof of display follows the one
//! before, and none is missing.

use std::collections::BTreeMap;

use bangtin_agent::ledger::{Batch, NO_HASH, verify};

/// Most batches of a board that are remembered: a day of quarter hours, and some more.
const BATCHES_MAX: usize = 100;
/// Most boards whose batches are checked: the nation's, twice.
const BOARDS_MAX: usize = 20_000;

/// What was heard of each board.
#[derive(Default)]
pub struct Proof {
    boards: BTreeMap<String, Chain>,
}

/// The batches of a board, by their first number.
#[derive(Default)]
struct Chain {
    batches: BTreeMap<u64, Link>,
}

struct Link {
    last: u64,
    previous_hash: String,
    hash: String,
}

impl Proof {
    /// Takes the next batch of a board and says, a line each, what is wrong with it or between it
    /// and the others that were heard. A batch that comes again is no fault. What came before the
    /// first one that was heard is not known to be missing.
    pub fn hear(&mut self, board: &str, batch_json: &[u8]) -> Vec<String> {
        let said: Vec<String> = match verify(batch_json, None) {
            Err(problems) => problems.iter().map(|p| format!("PROOF BROKEN  {p}")).collect(),
            Ok(_) if self.boards.len() >= BOARDS_MAX && !self.boards.contains_key(board) => {
                Vec::new()
            }
            Ok(batch) => self.boards.entry(board.to_owned()).or_default().add(batch),
        };
        said.into_iter().map(|line| format!("{board}  {line}")).collect()
    }
}

impl Chain {
    fn add(&mut self, batch: Batch) -> Vec<String> {
        let Batch { first, last, previous_hash, hash, .. } = batch;
        if self.batches.get(&first).is_some_and(|known| known.hash == hash) {
            return Vec::new();
        }
        let mut said = Vec::new();
        let again = self.batches.iter().any(|(of, known)| *of <= last && first <= known.last);
        if again {
            said.push(format!(
                "PROOF BROKEN  {} told before otherwise: it was changed, or the board lost what it \
                 kept",
                numbers(first, last)
            ));
            // What follows is held against what is told now.
            self.batches.retain(|_, known| known.last < first);
        }
        let broken = |at: u64| {
            format!(
                "PROOF BROKEN  number {at} does not follow number {}: one of them was changed, or \
                 others left out",
                at - 1
            )
        };
        let before = self.batches.range(..first).next_back();
        match before.map(|(_, known)| (known.last + 1, known.hash.as_str())) {
            Some((next, _)) if next < first => said.push(format!(
                "PROOF MISSING  {} not heard; `report-since {next}` has the board send them again",
                numbers(next, first - 1)
            )),
            Some((next, before)) if next == first && before != previous_hash && !again => {
                said.push(broken(first));
            }
            None if first == 1 && previous_hash != NO_HASH => {
                said.push("PROOF BROKEN  number 1 follows others".to_owned());
            }
            _ => {}
        }
        let after = self.batches.get(&(last + 1));
        if after.is_some_and(|after| after.previous_hash != hash) {
            said.push(broken(last + 1));
        }
        self.batches.insert(first, Link { last, previous_hash, hash });
        if self.batches.len() > BATCHES_MAX {
            self.batches.pop_first();
        }
        said
    }
}

fn numbers(first: u64, last: u64) -> String {
    match first == last {
        true => format!("number {first} was"),
        false => format!("numbers {first} to {last} were"),
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    /// A batch with a showing a number, and its hash.
    fn batch(first: u64, last: u64, previous: &str, notice: &str) -> (String, String) {
        let showing = |n: u64| {
            format!(
                r#"{{"n":{n},"notice":"{notice}","sender":"vn","revision":1,"from":"F","to":"T","seconds_shown":1.0,"seconds_asked":1.0,"pages":1,"scene_crc32":"0"}}"#
            )
        };
        let showings = format!("[{}]", (first..=last).map(showing).collect::<Vec<_>>().join(","));
        let digest = Sha256::digest(format!("{previous}\n{showings}"));
        let hash: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let document = format!(
            r#"{{"first":{first},"last":{last},"previous_hash":"{previous}","hash":"{hash}","showings":{showings}}}"#
        );
        (document, hash)
    }

    /// What is said of batches, each by its place in a chain of 1–2, 3, 4–6, 7 and others.
    #[track_caller]
    fn check(order: &[&str], expected: &[&str]) {
        let (a, hash_a) = batch(1, 2, NO_HASH, "a");
        let (b, hash_b) = batch(3, 3, &hash_a, "a");
        let (c, hash_c) = batch(4, 6, &hash_b, "a");
        let (d, _) = batch(7, 7, &hash_c, "a");
        let (forged_b, hash_forged_b) = batch(3, 3, &hash_a, "b");
        let named = BTreeMap::from([
            ("a", a.clone()),
            ("b", b),
            ("c", c),
            ("d", d),
            ("forged b", forged_b),
            ("c after forged b", batch(4, 6, &hash_forged_b, "a").0),
            ("a of a new card", batch(1, 2, NO_HASH, "b").0),
            ("a after others", batch(1, 2, &"1".repeat(64), "a").0),
            ("changed a", a.replace("\"notice\":\"a\"", "\"notice\":\"c\"")),
            ("nothing", "{}".to_owned()),
        ]);
        let mut proof = Proof::default();
        let said = order.iter().flat_map(|name| proof.hear("cho", named[name].as_bytes()));
        let said: Vec<String> = said.collect();
        assert_eq!(said.len(), expected.len(), "{order:?}: {said:?}");
        for (line, expected) in said.iter().zip(expected) {
            assert!(line.starts_with(&format!("cho  PROOF {expected}")), "{order:?}: {line}");
        }
    }

    #[test]
    fn a_chain_that_holds_is_not_talked_about() {
        check(&["a", "b", "c", "d"], &[]);
        check(&["a", "a", "b", "a", "b", "c"], &[]);
        check(&["c", "d"], &[]);
        check(&["c", "d", "a", "b"], &[]);
    }

    #[test]
    fn what_is_missing_is_named_and_may_come_late() {
        check(&["a", "c"], &["MISSING  number 3 was not heard; `report-since 3`"]);
        check(&["a", "d", "b", "c"], &["MISSING  numbers 3 to 6 were not heard"]);
        check(&["b", "d", "c", "a"], &["MISSING  numbers 4 to 6 were"]);
    }

    #[test]
    fn a_chain_that_breaks_is_said_once() {
        check(&["a", "forged b", "c", "d"], &["BROKEN  number 4 does not follow number 3"]);
        check(&["a", "c", "forged b"], &["MISSING  number 3", "BROKEN  number 4 does not"]);
        check(&["a", "b", "forged b"], &["BROKEN  number 3 was told before otherwise"]);
        check(&["a", "b", "c", "a of a new card"], &["BROKEN  numbers 1 to 2 were told before"]);
        check(&["a", "b", "c after forged b"], &["BROKEN  number 4 does not follow number 3"]);
        check(&["a after others"], &["BROKEN  number 1 follows others"]);
        check(&["changed a"], &["BROKEN  `hash`"]);
        check(&["nothing"], &["BROKEN  is no batch"]);
    }

    #[test]
    fn so_much_is_remembered_and_no_more() {
        let mut proof = Proof::default();
        let mut previous = NO_HASH.to_owned();
        for first in 1..=BATCHES_MAX as u64 + 50 {
            let (document, hash) = batch(first, first, &previous, "a");
            assert_eq!(proof.hear("cho", document.as_bytes()), [""; 0]);
            previous = hash;
        }
        assert_eq!(proof.boards["cho"].batches.len(), BATCHES_MAX);
        assert_eq!(proof.hear("cho", batch(1, 1, NO_HASH, "a").0.as_bytes()), [""; 0]);
    }
}
