//! What boards answer to one command: who did it, who refused, and the pictures they send.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use bangtin_agent::area::Area;
use bangtin_agent::message::Message;
use bangtin_renderer::Picture;
use serde_json::{Value, json};

use crate::reports::{answer, is_board, parse, words};

/// Most boards whose answers are shown; there are no more in the nation.
const BOARDS_MAX: usize = 10_000;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What is to be done about an answer.
#[derive(Debug, PartialEq, Eq)]
pub enum Said {
    /// A line for standard output.
    Line(String),
    /// A line for standard error.
    Complaint(String),
    /// A file to write.
    Picture(PathBuf, Vec<u8>),
}

/// The answers to one command.
pub struct Answers {
    prefix: String,
    id: String,
    /// The boards that were named, where nothing but boards was.
    named: Option<BTreeSet<Area>>,
    /// The topic below a board on which it sends more than an answer.
    brings: Option<&'static str>,
    out: PathBuf,
    json: bool,
    /// Whether each board did it.
    done: BTreeMap<Area, bool>,
    pictures: BTreeSet<Area>,
    /// The first picture, until it is known whether others come.
    held: Option<(Area, Vec<u8>)>,
}

impl Answers {
    /// None yet.
    pub fn new(
        prefix: &str,
        id: &str,
        to: &[Area],
        brings: Option<&'static str>,
        out: Option<&Path>,
        json: bool,
    ) -> Self {
        let named = to.iter().all(is_board).then(|| to.iter().cloned().collect());
        let (prefix, id) = (prefix.to_owned(), id.to_owned());
        let out = out.map(Path::to_owned).unwrap_or_default();
        let (done, pictures, held) = (BTreeMap::new(), BTreeSet::new(), None);
        Self { prefix, id, named, brings, out, json, done, pictures, held }
    }

    /// Takes a message in. What the broker kept, and what answers others, is none of ours.
    pub fn take(&mut self, message: &Message) -> Vec<Said> {
        let foreign = |correlation: &Vec<u8>| correlation.as_slice() != self.id.as_bytes();
        if message.retained || message.correlation.as_ref().is_some_and(foreign) {
            return Vec::new();
        }
        let topic = message.topic.strip_prefix(&self.prefix).unwrap_or_default();
        let topic = topic.trim_start_matches('/').to_owned();
        let own = |word: &str| {
            let board = topic.strip_suffix(word)?.strip_suffix('/')?;
            Area::parse(board).ok().filter(is_board)
        };
        if let Some(board) = own("screen") {
            return self.picture(board, &message.payload);
        }
        if let Some(board) = own("played") {
            let line = match self.json {
                true => Some(json!({ "board": board, "played": parse(message) }).to_string()),
                false => words(message, &self.prefix),
            };
            return line.map(Said::Line).into_iter().collect();
        }
        self.answer(&parse(message), &topic)
    }

    fn answer(&mut self, report: &Value, topic: &str) -> Vec<Said> {
        let board = report["board"].as_str().and_then(|board| Area::parse(board).ok());
        let Some(board) = board.filter(is_board).filter(|_| report["ok"].is_boolean()) else {
            return vec![Said::Complaint(format!("{topic}: what came there is no answer"))];
        };
        if report["id"] != self.id.as_str() || self.done.contains_key(&board) {
            return Vec::new();
        }
        if self.done.len() >= BOARDS_MAX {
            let line = format!("{board} answered too; no more than {BOARDS_MAX} are shown");
            return vec![Said::Complaint(line)];
        }
        let line = match self.json {
            true => report.to_string(),
            false => format!("{board}  {}", answer(report)),
        };
        self.done.insert(board, report["ok"] == true);
        vec![Said::Line(line)]
    }

    fn picture(&mut self, board: Area, png: &[u8]) -> Vec<Said> {
        if self.pictures.contains(&board) || self.pictures.len() >= BOARDS_MAX {
            return Vec::new();
        }
        let decoded = Picture::decode(png).map_err(|problem| problem.message);
        let sound = decoded.and_then(|picture| match png.starts_with(PNG) {
            true => Ok(picture),
            false => Err("is no PNG".to_owned()),
        });
        if let Err(message) = sound {
            return vec![Said::Complaint(format!("{board}: the picture it sent {message}"))];
        }
        self.pictures.insert(board.clone());
        if self.named.as_ref().is_some_and(|named| named.len() == 1) {
            return self.written(&board, self.out.clone(), png.to_vec());
        }
        if self.pictures.len() == 1 {
            self.held = Some((board, png.to_vec()));
            return Vec::new();
        }
        let held = self.held.take().into_iter().chain([(board, png.to_vec())]);
        held.flat_map(|(board, png)| self.written(&board, self.file_of(&board), png)).collect()
    }

    /// `F-86-28789-cho.png` for `F.png`.
    fn file_of(&self, board: &Area) -> PathBuf {
        let stem = self.out.file_stem().unwrap_or_default().to_string_lossy();
        let name = board.as_str().split('/').skip(1).collect::<Vec<_>>().join("-");
        let ending = self.out.extension().map_or("png".into(), |ending| ending.to_string_lossy());
        self.out.with_file_name(format!("{stem}-{name}.{ending}"))
    }

    fn written(&self, board: &Area, path: PathBuf, png: Vec<u8>) -> Vec<Said> {
        let name = path.display().to_string();
        let line = match self.json {
            true => json!({ "id": self.id, "board": board, "picture": name }).to_string(),
            false => format!("{board}  picture in {name}"),
        };
        vec![Said::Picture(path, png), Said::Line(line)]
    }

    /// Whether nothing more can come: the boards were named, and all have answered and sent what
    /// they were asked for. How much proof of display comes is not known.
    pub fn is_complete(&self) -> bool {
        let is_through = |board: &Area| match self.done.get(board) {
            Some(true) if self.brings == Some("screen") => self.pictures.contains(board),
            answered => answered.is_some(),
        };
        let all = self.named.as_ref().is_some_and(|named| named.iter().all(is_through));
        let refused = self.done.values().all(|done| !done);
        all && (self.brings != Some("played") || refused)
    }

    /// What is left to be said when the time is over, or all is there.
    pub fn finish(&mut self, seconds: u64) -> Vec<Said> {
        let held = self.held.take();
        let mut said: Vec<_> = held
            .map(|(board, png)| self.written(&board, self.out.clone(), png))
            .into_iter()
            .flatten()
            .collect();
        let complaint = |line: String| Said::Complaint(line);
        if self.done.is_empty() {
            let line = format!("no board answered within {seconds} s; `watch` shows which are on");
            said.push(complaint(line));
        } else {
            let named = self.named.iter().flatten();
            let silent = named.filter(|board| !self.done.contains_key(*board));
            said.extend(
                silent.map(|board| complaint(format!("{board} did not answer within {seconds} s"))),
            );
        }
        said.extend(self.without_picture().map(|board| {
            complaint(format!("{board} did it, but its picture did not come within {seconds} s"))
        }));
        said
    }

    fn without_picture(&self) -> impl Iterator<Item = &Area> {
        let asked = self.brings == Some("screen");
        let did_it = self.done.iter().filter(move |(_, done)| asked && **done);
        did_it.map(|(board, _)| board).filter(|board| !self.pictures.contains(*board))
    }

    /// The exit code: 0 when all that answered did it, 1 when one did not, 2 when nobody answered.
    pub fn code(&self) -> u8 {
        match self.done.is_empty() {
            true => 2,
            false => {
                let whole = self.done.values().all(|done| *done);
                u8::from(!whole || self.without_picture().next().is_some())
            }
        }
    }
}
