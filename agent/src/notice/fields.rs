//! Reads single fields of a JSON object and notes what is wrong with each at its place.

use bangtin_renderer::Problem;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::{Partial, json};
use crate::area::{Area, is_name};

/// What was found so far.
#[derive(Default)]
pub(crate) struct Reader {
    pub(crate) problems: Vec<Problem>,
    pub(crate) partial: Partial,
}

/// An object of the document and the way to it.
pub(crate) struct Node<'a> {
    pub(crate) object: &'a Map<String, Value>,
    pub(crate) path: String,
}

impl<'a> Node<'a> {
    pub(crate) fn path(&self, field: &str) -> String {
        match self.path.as_str() {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }

    /// The field's value; `null` counts as absent.
    pub(crate) fn get(&self, field: &str) -> Option<&'a Value> {
        self.object.get(field).filter(|value| !value.is_null())
    }
}

/// Reads a JSON object as `of` says.
///
/// # Errors
/// With all problems, and as much of the document's identity as could be read.
pub(crate) fn document<T>(
    bytes: &[u8],
    of: impl FnOnce(&mut Reader, &Node<'_>) -> Option<T>,
) -> Result<T, (Partial, Vec<Problem>)> {
    let value = json::read(bytes).map_err(|error| {
        let message = format!("is not JSON: {error}");
        (Partial::default(), vec![Problem::new("not_json", "", message, "", "")])
    })?;
    let mut reader = Reader::default();
    let Value::Object(object) = value else {
        reader.add("not_an_object", "", "is not a JSON object", value, "{…}");
        return Err((Partial::default(), reader.problems));
    };
    let found = of(&mut reader, &Node { object: &object, path: String::new() });
    match found.filter(|_| reader.problems.is_empty()) {
        Some(found) => Ok(found),
        None => Err((reader.partial, reader.problems)),
    }
}

impl Reader {
    pub(crate) fn minute(&mut self, node: &Node<'_>, field: &str, most: u16) -> Option<u16> {
        let text = self.required_text(node, field)?;
        let minute = text
            .split_once(':')
            .filter(|(hour, minute)| is_two_digits(hour) && is_two_digits(minute))
            .and_then(|(h, m)| Some((h.parse::<u16>().ok()?, m.parse::<u16>().ok()?)))
            .filter(|(_, minute)| *minute < 60)
            .map(|(hour, minute)| hour * 60 + minute)
            .filter(|minute| *minute <= most);
        if minute.is_none() {
            self.add("time_of_day", node.path(field), "is no time of day", text, "HH:MM");
        }
        minute
    }

    pub(crate) fn area(&mut self, node: &Node<'_>, field: &str, text: &str) -> Option<Area> {
        match Area::parse(text) {
            Ok(area) => Some(area),
            Err(message) => {
                self.add("area", node.path(field), message, text, "");
                None
            }
        }
    }

    pub(crate) fn name(&mut self, node: &Node<'_>, field: &str) -> Option<String> {
        let text = self.required_text(node, field)?;
        if is_name(text) {
            return Some(text.to_owned());
        }
        let limit = "1 to 64 of A-Z a-z 0-9 . _ -, not beginning with a dot";
        self.add("name", node.path(field), "is no id", text, limit);
        None
    }

    pub(crate) fn time(&mut self, node: &Node<'_>, field: &str) -> Option<Timestamp> {
        let text = self.required_text(node, field)?;
        let time = text.parse().ok();
        if time.is_none() {
            let limit = "RFC 3339 with an offset, such as 2026-11-23T08:00:00+07:00";
            self.add("time", node.path(field), "is no time", text, limit);
        }
        time
    }

    pub(crate) fn number(
        &mut self,
        node: &Node<'_>,
        field: &str,
        least: u32,
        most: u32,
    ) -> Option<u32> {
        let limit = if least == most { least.to_string() } else { format!("{least} to {most}") };
        let Some(value) = node.get(field) else {
            self.add("missing", node.path(field), "is missing", "", limit);
            return None;
        };
        let number = value.as_u64().and_then(|n| u32::try_from(n).ok());
        let number = number.filter(|number| (least..=most).contains(number));
        if number.is_none() {
            self.add("number", node.path(field), "is out of range", value, limit);
        }
        number
    }

    pub(crate) fn word<T: Copy>(
        &mut self,
        node: &Node<'_>,
        field: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.required_text(node, field)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            self.add("word", node.path(field), "is not a word of this field", text, known);
        }
        found
    }

    pub(crate) fn optional_word<T: Copy>(
        &mut self,
        node: &Node<'_>,
        field: &str,
        words: &[(&str, T)],
        absent: T,
    ) -> Option<T> {
        match node.get(field) {
            Some(_) => self.word(node, field, words),
            None => Some(absent),
        }
    }

    pub(crate) fn required_text<'a>(&mut self, node: &Node<'a>, field: &str) -> Option<&'a str> {
        match node.get(field) {
            Some(Value::String(text)) => return Some(text),
            Some(value) => {
                self.add("wrong_type", node.path(field), "is not a text", value, "\"…\"");
            }
            None => self.add("missing", node.path(field), "is missing", "", ""),
        }
        None
    }

    pub(crate) fn text(&mut self, node: &Node<'_>, field: &str, most: usize) -> String {
        if node.get(field).is_none() {
            return String::new();
        }
        let text = self.required_text(node, field).unwrap_or_default();
        self.length(node, field, text, most);
        text.to_owned()
    }

    pub(crate) fn length(&mut self, node: &Node<'_>, field: &str, text: &str, most: usize) {
        let letters = text.chars().count();
        if letters > most {
            let message = format!("has {letters} letters, at most {most} are taken; shorten it");
            self.add("too_long", node.path(field), message, letters, most);
        }
    }

    pub(crate) fn list<'a>(&mut self, node: &Node<'a>, field: &str, most: usize) -> &'a [Value] {
        match node.get(field) {
            None => &[],
            Some(Value::Array(values)) if values.len() <= most => values,
            Some(Value::Array(values)) => {
                let message = format!("has {} items, at most {most} are taken", values.len());
                self.add("too_many", node.path(field), message, values.len(), most);
                &[]
            }
            Some(value) => {
                self.add("wrong_type", node.path(field), "is not a list", value, "[…]");
                &[]
            }
        }
    }

    pub(crate) fn objects<'a>(
        &mut self,
        node: &Node<'a>,
        field: &str,
        most: usize,
    ) -> Vec<Node<'a>> {
        let mut nodes = Vec::new();
        for (index, value) in self.list(node, field, most).iter().enumerate() {
            let path = format!("{}[{index}]", node.path(field));
            match value {
                Value::Object(object) => nodes.push(Node { object, path }),
                _ => self.add("wrong_type", path, "is not an object", value, "{…}"),
            }
        }
        nodes
    }

    pub(crate) fn add(
        &mut self,
        code: &str,
        path: impl Into<String>,
        message: impl Into<String>,
        value: impl ToString,
        limit: impl ToString,
    ) {
        self.problems.push(problem(code, path, message, value, limit));
    }
}

/// A problem whose message says the value, cut where it is long, and what was expected.
pub(crate) fn problem(
    code: &str,
    path: impl Into<String>,
    message: impl Into<String>,
    value: impl ToString,
    limit: impl ToString,
) -> Problem {
    let mut value = value.to_string();
    if let Some((end, _)) = value.char_indices().nth(80) {
        value.truncate(end);
        value.push('…');
    }
    let limit = limit.to_string();
    let mut message = message.into();
    if !value.is_empty() && !message.contains(&value) {
        message = format!("{message}: {value}");
    }
    if !limit.is_empty() && !message.contains(&limit) {
        message = format!("{message} (expected {limit})");
    }
    Problem::new(code, path, message, value, limit)
}

fn is_two_digits(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())
}
