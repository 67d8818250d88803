//! Reads single elements of a CAP message and notes what is wrong with each at its place.

use bangtin_renderer::Problem;
use jiff::Timestamp;

use super::xml::Element;
use crate::notice::fields::problem;

/// What was found so far.
#[derive(Default)]
pub(super) struct Reader {
    pub problems: Vec<Problem>,
}

/// An element of the message and the way to it.
pub(super) struct Node<'a> {
    pub element: &'a Element,
    pub path: String,
}

impl<'a> Node<'a> {
    pub fn path(&self, field: &str) -> String {
        match self.path.as_str() {
            "" => field.to_owned(),
            path => format!("{path}.{field}"),
        }
    }

    /// All elements of that name, each with its number among them.
    pub fn all(&self, field: &str) -> impl Iterator<Item = Node<'a>> {
        let children = self.element.children.iter().filter(move |child| child.name == field);
        let path = self.path(field);
        children
            .enumerate()
            .map(move |(index, element)| Node { element, path: format!("{path}[{index}]") })
    }

    /// The element's own text, without the white space around it.
    pub fn text(&self) -> &'a str {
        self.element.text.trim()
    }
}

impl Reader {
    /// The text of the one element of that name; `None` where it is absent or empty.
    pub fn optional<'a>(&mut self, node: &Node<'a>, field: &str) -> Option<&'a str> {
        let mut found = node.all(field);
        let first = found.next()?;
        // Readers disagree on which one counts, and what was approved must be what is shown.
        if let Some(second) = found.next() {
            self.add("twice", node.path(field), "stands twice", second.text(), "once");
        }
        Some(first.text()).filter(|text| !text.is_empty())
    }

    pub fn required<'a>(&mut self, node: &Node<'a>, field: &str) -> Option<&'a str> {
        let text = self.optional(node, field);
        if text.is_none() {
            self.add("missing", node.path(field), "is missing", "", "");
        }
        text
    }

    pub fn word<T: Copy>(
        &mut self,
        node: &Node<'_>,
        field: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.required(node, field)?;
        self.known(text, node.path(field), words)
    }

    /// What a word stands for. A word that is not known stands for nothing.
    pub fn known<T: Copy>(&mut self, text: &str, path: String, words: &[(&str, T)]) -> Option<T> {
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known = words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
            self.add("word", path, "is not a word of this element", text, known);
        }
        found
    }

    pub fn time(&mut self, node: &Node<'_>, field: &str) -> Option<Timestamp> {
        let text = self.optional(node, field)?;
        let time = text.parse().ok();
        if time.is_none() {
            let limit = "RFC 3339 with an offset, such as 2026-11-23T08:00:00+07:00";
            self.add("time", node.path(field), "is no time", text, limit);
        }
        time
    }

    pub fn length(&mut self, path: String, text: &str, most: usize) {
        let letters = text.chars().count();
        if letters > most {
            let message = format!("has {letters} letters, at most {most} are taken; shorten it");
            self.add("too_long", path, message, letters, most);
        }
    }

    pub fn add(
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
