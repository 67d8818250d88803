//! Reads a command's JSON and says everything that is wrong with it.

use bangtin_renderer::Problem;
use jiff::{Span, Timestamp};
use serde_json::{Map, Value};

use super::*;
use crate::area::is_name;
use crate::notice::fields::{Node, Reader, document};

/// The largest whole number that every reader of JSON keeps exactly (RFC 8259, section 6).
pub(super) const EXACT_MAX: u64 = (1 << 53) - 1;

/// Reads a command. Fields around the arguments that are not known are allowed.
pub(crate) fn read(bytes: &[u8], digest: [u8; 32]) -> Result<Command, (Partial, Vec<Problem>)> {
    document(bytes, |reader, node| reader.command(node, digest))
}

impl Reader {
    fn command(&mut self, node: &Node<'_>, digest: [u8; 32]) -> Option<Command> {
        let version = self.number(node, "version", 1, 1);
        let id = self.name(node, "id");
        self.partial.id.clone_from(&id);
        let sender = self.required_text(node, "sender").and_then(|t| self.area(node, "sender", t));
        self.partial.sender.clone_from(&sender);
        let to = self.areas(node, "to");
        let sent = self.time(node, "sent");
        let not_after = self.time(node, "not_after");
        let order = self.order_of(node, sender.as_ref(), sent);
        if let (Some(sent), Some(not_after)) = (sent, not_after) {
            self.life(sent, not_after);
        }
        version?;
        let key = Key { sender: sender?, id: id? };
        Some(Command { key, to: to?, order: order?, sent: sent?, not_after: not_after?, digest })
    }

    fn life(&mut self, sent: Timestamp, not_after: Timestamp) {
        if not_after <= sent {
            self.add("times", "not_after", "is not after `sent`", not_after, sent);
        }
        let limit = sent.checked_add(Span::new().hours(LIFE_MAX_HOURS));
        if limit.is_ok_and(|limit| not_after > limit) {
            let message = format!("is more than {LIFE_MAX_HOURS} hours after `sent`");
            self.add("times", "not_after", message, not_after, LIFE_MAX_HOURS);
        }
    }

    fn order_of(
        &mut self,
        node: &Node<'_>,
        sender: Option<&Area>,
        sent: Option<Timestamp>,
    ) -> Option<Order> {
        let words = NAMES.map(|name| (name, name));
        let name = self.word(node, "command", &words);
        let none = Map::new();
        let object = match node.get("arguments") {
            None => &none,
            Some(Value::Object(object)) => object,
            Some(value) => {
                self.add("wrong_type", "arguments", "is not an object", value, "{…}");
                return None;
            }
        };
        let arguments = &Node { object, path: "arguments".into() };
        match name? {
            "brightness" => {
                self.only(arguments, &["percent", "until"]);
                self.brightness(arguments, sent).map(Order::Brightness)
            }
            "identify" => self.seconds(arguments).map(|seconds| Order::Identify { seconds }),
            "test-pattern" => self.seconds(arguments).map(|seconds| Order::TestPattern { seconds }),
            "decide" => {
                self.only(arguments, &["order"]);
                self.decision(arguments, sender).map(|order| Order::Decide { order })
            }
            "report-since" => {
                self.only(arguments, &["n"]);
                self.showing(arguments).map(|n| Order::ReportSince { n })
            }
            "reload" => {
                self.only(arguments, &[]);
                Some(Order::Reload)
            }
            _ => {
                self.only(arguments, &[]);
                Some(Order::Screen)
            }
        }
    }

    fn only(&mut self, arguments: &Node<'_>, known: &[&str]) {
        for (name, value) in arguments.object.iter().filter(|(n, _)| !known.contains(&n.as_str())) {
            let limit = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            let what = "is no argument of this command";
            self.add("unknown_argument", arguments.path(name), what, value, limit);
        }
    }

    fn seconds(&mut self, arguments: &Node<'_>) -> Option<u32> {
        self.only(arguments, &["seconds"]);
        match arguments.get("seconds") {
            Some(_) => self.number(arguments, "seconds", 1, PAGE_MAX_S),
            None => Some(PAGE_S),
        }
    }

    fn brightness(&mut self, node: &Node<'_>, sent: Option<Timestamp>) -> Option<Brightness> {
        let until = match node.get("until") {
            Some(_) => Some(self.time(node, "until")?),
            None => None,
        };
        if let (Some(until), Some(sent)) = (until, sent)
            && until <= sent
        {
            self.add("times", node.path("until"), "is not after `sent`", until, sent);
        }
        let limit = "1 to 100, or \"auto\"";
        match node.get("percent") {
            Some(Value::String(text)) if text == "auto" => {
                if let Some(until) = until {
                    let message = "means nothing where `percent` is \"auto\"; leave it out";
                    self.add("times", node.path("until"), message, until, "");
                }
                Some(Brightness::Auto)
            }
            Some(value) => {
                let percent = value.as_u64().and_then(|percent| u8::try_from(percent).ok());
                let percent = percent.filter(|percent| (1..=100).contains(percent));
                if percent.is_none() {
                    self.add("number", node.path("percent"), "is out of range", value, limit);
                }
                percent.map(|percent| Brightness::Percent { percent, until })
            }
            None => {
                self.add("missing", node.path("percent"), "is missing", "", limit);
                None
            }
        }
    }

    fn decision(&mut self, node: &Node<'_>, sender: Option<&Area>) -> Option<Vec<Key>> {
        let limit = "an id, or `sender,id`";
        if node.get("order").is_none() {
            let message = "is missing; name notices, or none to take a decision back";
            self.add("missing", node.path("order"), message, "", "");
        }
        let mut keys: Vec<Key> = Vec::new();
        for (index, value) in self.list(node, "order", DECIDED_MAX).iter().enumerate() {
            let path = node.path(&format!("order[{index}]"));
            let Some(text) = value.as_str() else {
                self.add("wrong_type", path, "is not a text", value, limit);
                continue;
            };
            let (of, id) = match text.split_once(',') {
                Some((of, id)) => (Area::parse(of).ok(), id),
                None => (sender.cloned(), text),
            };
            match of {
                Some(sender) if is_name(id) => {
                    let key = Key { sender, id: id.to_owned() };
                    if keys.contains(&key) {
                        self.add("duplicate", path, "stands twice", text, "once");
                    } else {
                        keys.push(key);
                    }
                }
                // A sender that could not be read is a problem of its own already.
                None if sender.is_none() && is_name(id) && !text.contains(',') => {}
                _ => self.add("reference", path, "names no notice", text, limit),
            }
        }
        Some(keys)
    }

    fn showing(&mut self, node: &Node<'_>) -> Option<u64> {
        let limit = format!("0 to {EXACT_MAX}");
        let Some(value) = node.get("n") else {
            self.add("missing", node.path("n"), "is missing", "", limit);
            return None;
        };
        let n = value.as_u64().filter(|n| *n <= EXACT_MAX);
        if n.is_none() {
            self.add("number", node.path("n"), "is out of range", value, limit);
        }
        n
    }
}
