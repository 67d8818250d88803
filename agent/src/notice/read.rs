//! Reads a notice's JSON and says everything that is wrong with it.

use bangtin_renderer::Problem;
use jiff::{Span, Timestamp};

use super::fields::{Node, Reader, document, problem};
use super::*;
use crate::area::{Area, is_name};

/// Longest texts, in letters: about what a reader in passing takes in on a large screen.
pub(crate) const HEADLINE_MAX: usize = 300;
pub(crate) const TEXT_MAX: usize = 5000;
pub(crate) const LINE_MAX: usize = 1000;
pub(crate) const DATA_MAX: usize = 1000;
/// Most items of a list.
pub(crate) const AREAS_MAX: usize = 64;
pub(crate) const LANGUAGES_MAX: usize = 8;
pub(crate) const CODES_MAX: usize = 4;
pub(crate) const WINDOWS_MAX: usize = 16;

/// Reads a notice. Fields that are not known are allowed, words that are not known are not.
///
/// # Errors
/// With all problems, and as much of the notice's identity as could be read.
pub fn read(json: &[u8]) -> Result<Notice, (Partial, Vec<Problem>)> {
    document(json, Reader::notice)
}

impl Reader {
    fn notice(&mut self, node: &Node<'_>) -> Option<Notice> {
        let version = self.number(node, "version", 1, 1);
        let id = self.name(node, "id");
        self.partial.id.clone_from(&id);
        let revision = self.number(node, "revision", 1, u32::MAX);
        self.partial.revision = revision;
        let sender = self.required_text(node, "sender").and_then(|t| self.area(node, "sender", t));
        self.partial.sender.clone_from(&sender);
        let to = self.areas(node, "to");
        let sent = self.time(node, "sent");
        let status = self.word(node, "status", &STATUS);
        let kind = self.word(node, "kind", &KIND);
        let class = self.word(node, "class", &CLASS);
        let severity = self.optional_word(node, "severity", &SEVERITY, Severity::Unknown);
        let urgency = self.optional_word(node, "urgency", &URGENCY, Urgency::Unknown);
        let effective = self.time(node, "effective");
        let expires = self.time(node, "expires");
        let event = self.text(node, "event", LINE_MAX);
        let risk_level = match node.get("risk_level") {
            Some(_) => self.number(node, "risk_level", 1, 5).map(|level| level as u8),
            None => None,
        };
        let references = self.references(node, sender.as_ref());
        let windows = self.windows(node);
        let content = self.contents(node, kind);
        if let (Some(sent), Some(effective), Some(expires)) = (sent, effective, expires) {
            self.problems.extend(order(sent, effective, expires));
        }
        version?;
        Some(Notice {
            key: Key { sender: sender?, id: id? },
            revision: revision?,
            to: to?,
            sent: sent?,
            status: status?,
            kind: kind?,
            references,
            class: class?,
            event: Some(event).filter(|event| !event.is_empty()),
            risk_level,
            severity: severity?,
            urgency: urgency?,
            effective: effective?,
            expires: expires?,
            windows,
            content,
        })
    }

    fn references(&mut self, node: &Node<'_>, sender: Option<&Area>) -> Vec<Key> {
        let mut keys = Vec::new();
        for (index, value) in self.list(node, "references", AREAS_MAX).iter().enumerate() {
            let path = format!("{}[{index}]", node.path("references"));
            let Some(text) = value.as_str() else {
                self.add("wrong_type", path, "is not a text", value, "an id, or `sender,id`");
                continue;
            };
            let (of, id) = match text.split_once(',') {
                Some((of, id)) => (Area::parse(of).ok(), id),
                None => (sender.cloned(), text),
            };
            match of {
                Some(of) if is_name(id) && sender.is_none_or(|sender| sender.holds(&of)) => {
                    keys.push(Key { sender: of, id: id.to_owned() });
                }
                // A sender that could not be read is a problem of its own already.
                None if sender.is_none() && is_name(id) => {}
                _ => {
                    let what = "names no notice of this sender or of one below it";
                    self.add("reference", path, what, text, "an id, or `sender,id`");
                }
            }
        }
        keys
    }

    fn windows(&mut self, node: &Node<'_>) -> Vec<Window> {
        const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let mut windows = Vec::new();
        for node in self.objects(node, "windows", WINDOWS_MAX) {
            let mut days = [node.get("days").is_none(); 7];
            for value in self.list(&node, "days", 7) {
                match value.as_str().and_then(|day| DAYS.iter().position(|known| *known == day)) {
                    Some(day) => days[day] = true,
                    None => {
                        self.add("word", node.path("days"), "is no day", value, DAYS.join(", "));
                    }
                }
            }
            let from = self.minute(&node, "from", 1439);
            let to = self.minute(&node, "to", 1440);
            if let (Some(from), Some(to)) = (from, to) {
                windows.push(Window { days, from, to });
            }
        }
        windows
    }

    fn contents(&mut self, node: &Node<'_>, kind: Option<Kind>) -> Vec<NoticeContent> {
        let nodes = self.objects(node, "content", LANGUAGES_MAX);
        if nodes.is_empty() && kind != Some(Kind::Cancel) {
            self.add("missing", "content", "is missing or empty; say what is to be shown", "", "");
        }
        let mut contents: Vec<NoticeContent> = Vec::new();
        for node in nodes {
            let language = self.required_text(&node, "language").unwrap_or_default();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            if !(2..=35).contains(&language.len()) || !language.bytes().all(plain) {
                self.add("language", node.path("language"), "is no language tag", language, "vi");
            }
            if contents.iter().any(|content| content.language == language) {
                self.add("language", node.path("language"), "stands twice", language, "once");
            }
            let content = NoticeContent {
                language: language.to_owned(),
                headline: self.text(&node, "headline", HEADLINE_MAX),
                text: self.text(&node, "text", TEXT_MAX),
                instruction: self.text(&node, "instruction", LINE_MAX),
                source: self.text(&node, "source", LINE_MAX),
                codes: self.codes(&node),
                pictures: self.pictures(&node),
            };
            if content.headline.trim().is_empty() && content.text.trim().is_empty() {
                self.add("missing", &node.path, "has neither a headline nor a text", "", "");
            }
            contents.push(content);
        }
        contents
    }

    fn codes(&mut self, node: &Node<'_>) -> Vec<NoticeCode> {
        const PURPOSE: [(&str, Purpose); 2] =
            [("service", Purpose::Service), ("feedback", Purpose::Feedback)];
        let mut codes = Vec::new();
        for node in self.objects(node, "codes", CODES_MAX) {
            let data = self.required_text(&node, "data").unwrap_or_default();
            self.length(&node, "data", data, DATA_MAX);
            let purpose = self.optional_word(&node, "purpose", &PURPOSE, Purpose::Service);
            codes.push(NoticeCode {
                data: data.to_owned(),
                caption: self.text(&node, "caption", HEADLINE_MAX),
                purpose: purpose.unwrap_or(Purpose::Service),
            });
        }
        codes
    }

    fn pictures(&mut self, node: &Node<'_>) -> Vec<Picture> {
        let mut pictures = Vec::new();
        for node in self.objects(node, "pictures", CODES_MAX) {
            let sha256 = self.required_text(&node, "sha256").unwrap_or_default();
            if sha256.len() != 64 || !sha256.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                let path = node.path("sha256");
                self.add("sha256", path, "is no SHA-256", sha256, "64 hexadecimal digits");
            }
            let alt = self.required_text(&node, "alt").unwrap_or_default();
            self.length(&node, "alt", alt, LINE_MAX);
            pictures.push(Picture { sha256: sha256.to_ascii_lowercase(), alt: alt.to_owned() });
        }
        pictures
    }

    pub(crate) fn areas(&mut self, node: &Node<'_>, field: &str) -> Option<Vec<Area>> {
        let found = self.problems.len();
        let values = self.list(node, field, AREAS_MAX);
        if values.is_empty() && self.problems.len() == found {
            self.add("missing", node.path(field), "is missing or empty; name an area", "", "");
        }
        let mut areas = Vec::new();
        for (index, value) in values.iter().enumerate() {
            match value.as_str() {
                Some(text) => areas.extend(self.area(node, &format!("{field}[{index}]"), text)),
                None => {
                    let path = node.path(&format!("{field}[{index}]"));
                    self.add("wrong_type", path, "is not a text", value, "an area");
                }
            }
        }
        (self.problems.len() == found).then_some(areas)
    }
}

/// What is wrong with the order of a notice's times and the length of its life.
pub(crate) fn order(sent: Timestamp, effective: Timestamp, expires: Timestamp) -> Vec<Problem> {
    let mut problems = Vec::new();
    if effective < sent {
        problems.push(problem("times", "effective", "is before `sent`", effective, sent));
    }
    if expires <= effective {
        problems.push(problem("times", "expires", "is not after `effective`", expires, effective));
    }
    let limit = sent.checked_add(Span::new().hours(LIFE_MAX_DAYS * 24));
    if limit.is_ok_and(|limit| expires > limit) {
        let message = format!("is more than {LIFE_MAX_DAYS} days after `sent`");
        problems.push(problem("times", "expires", message, expires, LIFE_MAX_DAYS));
    }
    problems
}

const STATUS: [(&str, Status); 3] =
    [("actual", Status::Actual), ("exercise", Status::Exercise), ("test", Status::Test)];
const KIND: [(&str, Kind); 3] =
    [("alert", Kind::Alert), ("update", Kind::Update), ("cancel", Kind::Cancel)];
const CLASS: [(&str, Class); 3] =
    [("routine", Class::Routine), ("priority", Class::Priority), ("emergency", Class::Emergency)];
const SEVERITY: [(&str, Severity); 5] = [
    ("unknown", Severity::Unknown),
    ("minor", Severity::Minor),
    ("moderate", Severity::Moderate),
    ("severe", Severity::Severe),
    ("extreme", Severity::Extreme),
];
const URGENCY: [(&str, Urgency); 5] = [
    ("unknown", Urgency::Unknown),
    ("past", Urgency::Past),
    ("future", Urgency::Future),
    ("expected", Urgency::Expected),
    ("immediate", Urgency::Immediate),
];

/// A notice that follows the format, with most of its fields.
#[cfg(test)]
pub(crate) const EXAMPLE: &str = r#"{ "version": 1, "id": "86-1", "revision": 2, "sender": "vn/86",
        "to": ["vn/86/28789", "vn/86/@ven-song"], "sent": "2026-11-23T08:00:00+07:00",
        "status": "actual", "kind": "alert", "references": [], "class": "emergency",
        "event": "Triều cường", "risk_level": 3, "severity": "severe", "urgency": "immediate",
        "effective": "2026-11-23T08:00:00+07:00", "expires": "2026-11-24T08:00:00+07:00",
        "windows": [{ "days": ["mon"], "from": "06:00", "to": "24:00" }],
        "content": [{ "language": "vi", "headline": "H", "text": "T",
            "codes": [{ "data": "HTTPS://DICHVUCONG.GOV.VN", "caption": "C" }],
            "pictures": [] }], "unknown": null }"#;

#[cfg(test)]
mod tests {
    use super::EXAMPLE as GOOD;
    use serde_json::Value;

    use super::*;

    fn paths(json: &str) -> Vec<String> {
        match read(json.as_bytes()) {
            Ok(notice) => panic!("taken: {notice:?}"),
            Err((_, problems)) => problems.into_iter().map(|problem| problem.path).collect(),
        }
    }

    #[track_caller]
    fn check(field: &str, value: &str, path: &str) {
        let mut json: Value = serde_json::from_str(GOOD).expect("the example is JSON");
        json[field] = serde_json::from_str(value).expect("the value is JSON");
        assert_eq!(paths(&json.to_string()), [path], "{field} = {value}");
    }

    #[test]
    fn the_example_is_read_whole() {
        let notice = read(GOOD.as_bytes()).expect("follows the format");
        assert_eq!(notice.key.id, "86-1");
        assert_eq!(notice.severity, Severity::Severe);
        assert_eq!(notice.windows[0].to, 1440);
        assert_eq!(notice.content[0].codes[0].purpose, Purpose::Service);
    }

    #[test]
    fn each_fault_is_found_at_its_place() {
        check("version", "2", "version");
        check("id", "\".hidden\"", "id");
        check("id", "7", "id");
        check("revision", "0", "revision");
        check("revision", "4294967296", "revision");
        check("sender", "\"vn/8\"", "sender");
        check("to", "[]", "to");
        check("to", "[\"vn/86\", 7]", "to[1]");
        check("sent", "\"yesterday\"", "sent");
        check("sent", "\"2026-11-23T08:00:00\"", "sent");
        check("sent", "\"2026-11-23T08:00:01+07:00\"", "effective");
        check("status", "\"system\"", "status");
        check("kind", "\"ack\"", "kind");
        check("class", "\"urgent\"", "class");
        check("severity", "\"bad\"", "severity");
        check("risk_level", "6", "risk_level");
        check("expires", "\"2026-11-23T08:00:00+07:00\"", "expires");
        check("expires", "\"2027-12-29T08:00:00+07:00\"", "expires");
        check("references", "[\"vn,x\"]", "references[0]");
        check("windows", r#"[{"from":"25:00","to":"06:00"}]"#, "windows[0].from");
        check("windows", r#"[{"from":"+5:00","to":"06:00"}]"#, "windows[0].from");
        check("windows", r#"[{"days":["t2"],"from":"05:00","to":"06:00"}]"#, "windows[0].days");
        check("content", "[]", "content");
        check("content", r#"[{"language":"vi"}]"#, "content[0]");
        check("content", r#"[{"language":"tiếng Việt","text":"T"}]"#, "content[0].language");
    }

    #[test]
    fn all_faults_are_listed_at_once() {
        let paths = paths("{}");
        for field in [
            "version",
            "id",
            "revision",
            "sender",
            "to",
            "sent",
            "status",
            "kind",
            "class",
            "effective",
            "expires",
            "content",
        ] {
            assert!(paths.iter().any(|path| path == field), "{field} is not among {paths:?}");
        }
    }

    #[test]
    fn what_is_no_object_is_refused() {
        for bytes in [&b""[..], b"{", b"[]", b"7", b"\xff\xfe", b"null"] {
            assert!(read(bytes).is_err());
        }
    }

    #[test]
    fn a_cancel_needs_no_content() {
        let mut json: Value = serde_json::from_str(GOOD).expect("the example is JSON");
        json["kind"] = "cancel".into();
        json["content"] = Value::Null;
        json["references"] = serde_json::json!(["86-0", "vn/86/28789,c-1"]);
        let notice = read(json.to_string().as_bytes()).expect("follows the format");
        assert_eq!(notice.references.len(), 2);
    }
}
