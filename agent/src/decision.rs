//! The commune's decision: in which order priority notices are shown when several would be
//! (Thông tư 39/2020/TT-BTTTT leaves that to the commune). It comes as a command, or lies in a
//! file beside the board's configuration, which goes before what was sent: whoever stands at the
//! board decides.

use bangtin_renderer::Problem;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::area::{Area, is_name};
use crate::command::DECIDED_MAX;
use crate::notice::Key;

/// A decision that came as a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    /// When it was sent; a later one stands in its place.
    pub at: Timestamp,
    /// Notices, first shown first; empty where the decision was taken back.
    pub order: Vec<Key>,
}

#[derive(Serialize, Deserialize)]
struct Document {
    at: Timestamp,
    order: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    order: Vec<String>,
}

impl Decided {
    /// Reads what [`document`](Self::document) wrote.
    ///
    /// # Errors
    /// With the first thing that is wrong.
    pub fn read(bytes: &[u8]) -> Result<Self, Problem> {
        let damaged = |message: String| Problem::new("damaged", "", message, "", "");
        let Document { at, order } =
            serde_json::from_slice(bytes).map_err(|error| damaged(error.to_string()))?;
        let order = keys(&order).map_err(|mut problems| problems.swap_remove(0))?;
        Ok(Self { at, order })
    }

    /// The decision as one compact JSON document.
    pub fn document(&self) -> Vec<u8> {
        let order = self.order.iter().map(|Key { sender, id }| format!("{sender},{id}")).collect();
        serde_json::to_vec(&Document { at: self.at, order }).expect("texts can be written")
    }
}

/// Reads the file beside the configuration: `order = ["vn/86,86-1", "vn/86/28789,phuong-2"]`.
///
/// # Errors
/// With every problem of the file.
pub fn parse(text: &str) -> Result<Vec<Key>, Vec<Problem>> {
    let file: File = toml::from_str(text)
        .map_err(|error| vec![Problem::of_toml("decision_syntax", text, &error)])?;
    keys(&file.order)
}

fn keys(order: &[String]) -> Result<Vec<Key>, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut keys: Vec<Key> = Vec::new();
    if order.len() > DECIDED_MAX {
        let message = format!("lists {} notices, at most {DECIDED_MAX} are taken", order.len());
        problems.push(Problem::new("decision", "order", message, order.len(), DECIDED_MAX));
    }
    for (index, text) in order.iter().take(DECIDED_MAX).enumerate() {
        let mut wrong = |what: &str| {
            let message = format!("`{text}` {what}; write `sender,id`, such as `vn/86,86-1`");
            problems.push(Problem::new("decision", format!("order[{index}]"), message, text, ""));
        };
        let key = text.split_once(',').and_then(|(sender, id)| {
            let sender = Area::parse(sender.trim()).ok()?;
            let id = id.trim();
            is_name(id).then(|| Key { sender, id: id.to_owned() })
        });
        match key {
            None => wrong("names no notice"),
            Some(key) if keys.contains(&key) => wrong("stands twice"),
            Some(key) => keys.push(key),
        }
    }
    if problems.is_empty() { Ok(keys) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_lists_notices_with_their_senders() {
        let keys = parse("order = [\"vn/86,86-1\", \"vn/86/28789, phuong-2\"]").expect("sound");
        assert_eq!(keys.len(), 2);
        assert_eq!((keys[1].sender.as_str(), keys[1].id.as_str()), ("vn/86/28789", "phuong-2"));
        assert_eq!(parse("order = []").expect("sound"), []);
    }

    #[test]
    fn every_fault_of_a_file_is_named() {
        let problems = parse("order = [\"86-1\", \"vn/8,x\", \"vn,x\", \"vn,x\", \"vn,.x\"]");
        let paths: Vec<_> = problems.expect_err("refused").into_iter().map(|p| p.path).collect();
        assert_eq!(paths, ["order[0]", "order[1]", "order[3]", "order[4]"]);
        assert!(parse("orders = []").is_err());
        let many: Vec<String> = (0..=DECIDED_MAX).map(|n| format!("\"vn,n{n}\"")).collect();
        assert!(parse(&format!("order = [{}]", many.join(","))).is_err());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let order = parse("order = [\"vn/86,86-1\"]").expect("sound");
        let decided = Decided { at: Timestamp::UNIX_EPOCH, order };
        assert_eq!(Decided::read(&decided.document()), Ok(decided));
        assert!(Decided::read(b"{").is_err());
    }
}
