//! Commands: carried out once, answered once, remembered over restarts.

use serde_json::{Map, Value, json};
use tracing::{info, warn};

use super::*;
use crate::brightness::Override;
use crate::command::{Answer, Brightness, Command, CommandDoor, Met, Order, admit};
use crate::decision::Decided;
use crate::report;
use crate::sign::Overlay;

use super::notices::name_of;
use crate::notice::Partial;

/// The file of the commands that were answered and, in its second line, of the commune's last
/// decision: a power cut must not keep the one without the other.
pub const ORDERS_FILE: &str = "orders.jsonl";

/// Reads that file. Of a damaged one as much is taken as can be read; the problems say what was
/// not.
pub fn recall(bytes: &[u8]) -> (Remembered, Option<Decided>, Vec<Problem>) {
    let mut lines = bytes.splitn(2, |byte| *byte == b'\n');
    let (remembered, mut problems) = Remembered::read(lines.next().unwrap_or_default());
    let decided = lines.next().filter(|line| !line.is_empty()).map(Decided::read).transpose();
    let decided = decided.unwrap_or_else(|problem| {
        problems.push(problem);
        None
    });
    (remembered, decided, problems)
}

/// Who asked, and how to answer.
pub(super) struct Question {
    command: Command,
    reply: Reply,
    /// The message, as often as it came.
    tokens: Vec<Token>,
}

/// Where an answer goes.
pub(super) struct Reply {
    topic: String,
    correlation: Option<Vec<u8>>,
}

impl Board {
    /// What the file beside the configuration says, which goes before what was sent.
    pub fn decided_on_site(&mut self, order: Option<Vec<Key>>) {
        if self.decision.on_site != order {
            info!(present = order.is_some(), "decision on site");
            self.decision.on_site = order;
            self.decide();
        }
    }

    pub(super) fn decide(&mut self) {
        let sent = self.decision.sent.as_ref().map(|decided| decided.order.clone());
        self.sign.decide(self.decision.on_site.clone().or(sent).unwrap_or_default());
    }

    /// Handles what came on a command's topic.
    pub(super) fn command(&mut self, message: &Message, topic_id: &str, now: Now) {
        let own = self.answers.topic("reply");
        let reply = Reply {
            topic: message.response_topic.clone().unwrap_or(own),
            correlation: message.correlation.clone(),
        };
        let told = crate::admit::digest(&message.payload);
        if self.answers.was_refused(&told) {
            return self.acknowledge(message.token);
        }
        // Before the door: what came in time may come again when its time is over.
        if self.remembered.holds(&told) {
            return self.came_again(&told, message.token);
        }
        let door = CommandDoor { trusted: &self.door.trusted, address: &self.door.board.address };
        let admitted = admit(&message.payload, &door, now, message.retained);
        let board = self.door.board.address.board.clone();
        match admitted {
            Err(refusal) => {
                warn!(topic_id, reasons = refusal.reasons(), "command refused");
                self.answers.remember(told);
                // Until it is believed, nobody says where this board sends something.
                let own = Reply { topic: self.answers.topic("reply"), correlation: None };
                let is_stranger = refusal.partial == Partial::default();
                let reply = if is_stranger { own } else { reply };
                if self.answers.may_answer(&refusal.partial, now) {
                    let answer = Answer::refused(*refusal, &name_of(topic_id), &board);
                    self.send(reply.publication(&answer));
                }
                self.acknowledge(message.token);
            }
            Ok(command) => match self.remembered.met(&command) {
                Met::Answered => self.came_again(&told, message.token),
                Met::Taken => {
                    let id = &command.key.id;
                    let text = "was the id of another command already; give each its own";
                    let problem = Problem::new("command_id", "id", text, id, "");
                    self.answers.remember(told);
                    self.send(reply.publication(&Answer::failed(&command, &board, vec![problem])));
                    self.acknowledge(message.token);
                }
                Met::New => {
                    info!(id = command.key.id, order = command.order.name(), "command");
                    self.remembered.remember(&command, now);
                    let tokens = vec![message.token];
                    self.carry_out(Question { command, reply, tokens }, now);
                }
            },
        }
    }

    /// A command that was met before: it is acknowledged when its answer is, as it was the first
    /// time.
    fn came_again(&mut self, digest: &[u8; 32], token: Token) {
        let mut open = self.captures.iter_mut().chain(&mut self.reloads);
        if let Some(question) = open.find(|question| question.command.digest == *digest) {
            return question.tokens.push(token);
        }
        let is_its = |waiting: &&mut Waiting| match &waiting.purpose {
            Purpose::Command { of, .. } => of == digest,
            _ => false,
        };
        match self.jobs.waiting.values_mut().find(is_its) {
            Some(waiting) => waiting.tokens.push(token),
            None => self.acknowledge(token),
        }
    }

    fn carry_out(&mut self, question: Question, now: Now) {
        let none = Map::new;
        let until = |seconds: u32| object(json!({ "seconds": seconds }));
        let result = match &question.command.order {
            Order::Screen => {
                self.effects.push(Effect::Capture);
                return self.captures.push(question);
            }
            Order::Brightness(brightness) => {
                self.dimmer.obey(match *brightness {
                    Brightness::Auto => None,
                    Brightness::Percent { percent, until } => Some(Override { percent, until }),
                });
                self.dim(now);
                object(json!({ "percent": self.brightness_percent }))
            }
            Order::Identify { seconds } => {
                match self.sign.overlay(Overlay::Identify, u64::from(*seconds) * 1000, now) {
                    true => until(*seconds),
                    false => return self.fail(question, vec![emergency()]),
                }
            }
            Order::TestPattern { seconds } => {
                match self.sign.overlay(Overlay::TestPattern, u64::from(*seconds) * 1000, now) {
                    true => until(*seconds),
                    false => return self.fail(question, vec![emergency()]),
                }
            }
            Order::Decide { order } => {
                // A clock that was ahead must not keep later decisions out.
                let at = question.command.sent.min(now.wall);
                let decided = Decided { at, order: order.clone() };
                let later = |before: &Decided| before.at > decided.at;
                if self.decision.sent.as_ref().is_some_and(later) {
                    let text = "a later decision was taken already";
                    let problem = Problem::new("outdated", "sent", text, decided.at, "");
                    return self.fail(question, vec![problem]);
                }
                self.decision.sent = Some(decided);
                self.decide();
                none()
            }
            Order::ReportSince { n } => object(json!({ "batches": self.ledger.since(*n) })),
            Order::Reload => {
                self.reloads.push(question);
                return self.effects.push(Effect::Reload);
            }
        };
        self.advance(now);
        self.succeed(question, result);
    }

    /// What [`Effect::Capture`] brought: `None` when the frame is too large a picture to send.
    pub fn captured(&mut self, captured: &Captured) {
        let too_large = captured.png.len() + 1024 > crate::message::PACKET_LIMIT;
        if !self.captures.is_empty() && !too_large {
            let topic = self.answers.topic("screen");
            self.send(Publication::new(topic, captured.png.clone(), crate::message::Retained::No));
        }
        // One by one: what is left is not answered yet.
        while !self.captures.is_empty() {
            let question = self.captures.remove(0);
            if too_large {
                let (size, most) = (captured.png.len(), crate::message::PACKET_LIMIT);
                let text = format!("the picture has {size} bytes, at most {most} can be sent");
                let problem = Problem::new("too_large", "", text, size, most);
                self.fail(question, vec![problem]);
                continue;
            }
            let (width, height) = captured.size;
            let crc32 = report::crc_text(captured.crc32);
            let result = json!({ "width": width, "height": height, "crc32": crc32 });
            self.succeed(question, object(result));
        }
    }

    /// What [`Effect::Reload`] brought: every problem of the files, none when they are sound. The
    /// board is then to be built anew; until it is, it goes on as it is.
    pub fn reloaded(&mut self, problems: &[Problem]) {
        while !self.reloads.is_empty() {
            let question = self.reloads.remove(0);
            match problems.is_empty() {
                true => self.succeed(question, Map::new()),
                false => self.fail(question, problems.to_vec()),
            }
        }
    }

    fn succeed(&mut self, question: Question, result: Map<String, Value>) {
        let board = &self.door.board.address.board;
        let answer = Answer::done(&question.command, board, result);
        self.answer(question, answer);
    }

    fn fail(&mut self, question: Question, problems: Vec<Problem>) {
        let board = &self.door.board.address.board;
        let answer = Answer::failed(&question.command, board, problems);
        self.answer(question, answer);
    }

    /// The answer goes out once the disk remembers that it was given, and what it decided.
    fn answer(&mut self, question: Question, answer: Answer) {
        let Question { command, reply, tokens } = question;
        let open = self.captures.iter().chain(&self.reloads).map(|open| &open.command.key);
        let open: Vec<&Key> = open.collect();
        let mut document = self.remembered.document(|key| !open.contains(&key));
        document.push(b'\n');
        document.extend(self.decision.sent.iter().flat_map(Decided::document));
        let save = Operation::Save { name: ORDERS_FILE.into(), bytes: document.into() };
        let purpose = Purpose::Command { of: command.digest, answer, reply };
        let ticket = self.submit(Folder::Orders, vec![save], purpose);
        if let Some(waiting) = self.jobs.waiting.get_mut(&ticket) {
            waiting.tokens = tokens;
        }
    }

    /// The disk remembers an answer, or failed to: then what was done may be undone by a power
    /// cut, and that is said.
    pub(super) fn answered(&mut self, mut answer: Answer, reply: &Reply, is_kept: bool) {
        if !is_kept {
            answer.result.insert("durable".to_owned(), false.into());
        }
        self.send(reply.publication(&answer));
    }
}

/// The commune's order of priority notices.
pub(super) struct Decision {
    /// By the file beside the configuration, while there is one.
    on_site: Option<Vec<Key>>,
    /// By the last command.
    pub(super) sent: Option<Decided>,
}

impl Decision {
    pub(super) fn sent(sent: Option<Decided>) -> Self {
        Self { on_site: None, sent }
    }
}

impl Reply {
    fn publication(&self, answer: &Answer) -> Publication {
        let line = report::line(answer);
        let publication = Publication::new(&self.topic, line, crate::message::Retained::No);
        Publication { correlation: self.correlation.clone(), ..publication }
    }
}

fn emergency() -> Problem {
    let text = "an emergency is in force, and nothing is shown over it";
    Problem::new("emergency", "command", text, "", "")
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
