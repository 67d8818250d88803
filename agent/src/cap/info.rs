//! One `<info>` of a CAP message: what it says in one language about one event, and where.

use jiff::Timestamp;

use super::Place;
use super::fields::{Node, Reader};
use crate::area::Area;
use crate::notice::{Class, Severity, Urgency};

/// What one `<info>` says.
pub(super) struct Info {
    pub path: String,
    /// Language tag without the region: a board's languages have none.
    pub language: String,
    pub event: String,
    pub severity: Severity,
    pub urgency: Urgency,
    pub class: Class,
    pub risk_level: Option<u8>,
    pub effective: Option<Timestamp>,
    pub expires: Option<Timestamp>,
    pub headline: String,
    pub description: String,
    pub instruction: String,
    pub sender_name: String,
    pub web: Option<String>,
    /// Where it goes, as far as this board can tell.
    pub to: Vec<Area>,
    /// The codes of communes that are not this board's.
    pub elsewhere: Vec<String>,
}

impl Reader {
    /// Reads one; what is wrong with it is noted.
    pub(super) fn info(&mut self, node: &Node<'_>, place: &Place<'_>) -> Info {
        for category in node.all("category") {
            self.known(category.text(), category.path.clone(), &CATEGORY);
        }
        if node.all("category").next().is_none() {
            self.add("missing", node.path("category"), "is missing", "", "");
        }
        let is_all_clear = node.all("responseType").fold(false, |found, response| {
            let word = self.known(response.text(), response.path.clone(), &RESPONSE);
            found || word == Some(Response::AllClear)
        });
        let severity = self.word(node, "severity", &SEVERITY).unwrap_or(Severity::Unknown);
        let urgency = self.word(node, "urgency", &URGENCY).unwrap_or(Urgency::Unknown);
        let certainty = self.word(node, "certainty", &CERTAINTY).unwrap_or(Certainty::Doubtful);
        let (class, risk_level) = self.parameters(node);
        let class = class.unwrap_or_else(|| class_of(severity, urgency, certainty, is_all_clear));
        let (to, elsewhere) = self.areas(node, place);
        let mut text = |field| self.optional(node, field).map(tidy).unwrap_or_default();
        let (headline, description) = (one_line(&text("headline")), text("description"));
        let (instruction, sender_name) = (text("instruction"), one_line(&text("senderName")));
        Info {
            path: node.path.clone(),
            language: self.language(node),
            event: self.required(node, "event").map(one_line).unwrap_or_default(),
            severity,
            urgency,
            class,
            risk_level,
            effective: self.time(node, "effective"),
            expires: self.time(node, "expires"),
            headline,
            description,
            instruction,
            sender_name,
            web: self.optional(node, "web").map(str::to_owned),
            to,
            elsewhere,
        }
    }

    /// The tag without its region, so that `vi-VN` is the board's `vi`. CAP's default is `en-US`.
    fn language(&mut self, node: &Node<'_>) -> String {
        let tag = self.optional(node, "language").unwrap_or("en-US");
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(2..=35).contains(&tag.len()) || !tag.bytes().all(plain) {
            self.add("language", node.path("language"), "is no language tag", tag, "vi");
        }
        let is_region = |part: &str| match part.len() {
            2 => part.bytes().all(|byte| byte.is_ascii_alphabetic()),
            3 => part.bytes().all(|byte| byte.is_ascii_digit()),
            _ => false,
        };
        let mut parts = tag.split('-');
        let first = parts.next().unwrap_or_default().to_ascii_lowercase();
        let rest = parts.filter(|part| !is_region(part)).map(str::to_owned);
        [first].into_iter().chain(rest).collect::<Vec<_>>().join("-")
    }

    /// What CAP has no element for: the class and the risk level.
    fn parameters(&mut self, node: &Node<'_>) -> (Option<Class>, Option<u8>) {
        let (mut class, mut risk_level) = (None, None);
        for parameter in node.all("parameter") {
            let Some(name) = self.required(&parameter, "valueName") else { continue };
            let value = self.optional(&parameter, "value").unwrap_or_default();
            let path = parameter.path("value");
            match name {
                "class" => class = class.max(self.known(value, path, &CLASS)),
                "risk_level" => match value.parse() {
                    Ok(level @ 1..=5) => risk_level = risk_level.max(Some(level)),
                    _ => self.add("number", path, "is out of range", value, "1 to 5"),
                },
                // Parameters are free: others mean something to others.
                _ => {}
            }
        }
        (class, risk_level)
    }

    /// Where it goes by code: names and polygons are for people. Commune codes do not tell their
    /// province, so of those this board knows its own alone.
    fn areas(&mut self, node: &Node<'_>, place: &Place<'_>) -> (Vec<Area>, Vec<String>) {
        let (mut to, mut elsewhere) = (Vec::new(), Vec::new());
        let codes = node.all("area").flat_map(|area| area.all("geocode").collect::<Vec<_>>());
        for geocode in codes {
            let Some(name) = self.required(&geocode, "valueName") else { continue };
            let value = self.optional(&geocode, "value").unwrap_or_default();
            let area = match name {
                "province" => Area::parse(&format!("vn/{value}")).ok().filter(|_| value.len() == 2),
                "area" => Area::parse(value).ok(),
                "commune" if value.len() == 5 && value.bytes().all(|b| b.is_ascii_digit()) => {
                    let own = place.commune(value);
                    if own.is_none() {
                        elsewhere.push(format!("commune {value}"));
                        continue;
                    }
                    own
                }
                "commune" => None,
                // Codes of other countries and offices.
                _ => continue,
            };
            match area {
                Some(area) => to.push(area),
                None => {
                    let limit = "a province's 2 digits, a commune's 5, or an area: vn/86/28789";
                    let what = format!("is no code of a {name}");
                    self.add("area", geocode.path("value"), what, value, limit);
                }
            }
        }
        (to, elsewhere)
    }
}

/// The class of what says none: an emergency is bad, soon and not in doubt. That a danger is
/// over is none.
fn class_of(
    severity: Severity,
    urgency: Urgency,
    certainty: Certainty,
    is_all_clear: bool,
) -> Class {
    let bad = match severity {
        Severity::Extreme | Severity::Severe => true,
        Severity::Moderate | Severity::Minor | Severity::Unknown => false,
    };
    let soon = match urgency {
        Urgency::Immediate | Urgency::Expected => true,
        Urgency::Future | Urgency::Past | Urgency::Unknown => false,
    };
    let sure = match certainty {
        Certainty::Likely => true,
        Certainty::Doubtful => false,
    };
    if bad && soon && sure && !is_all_clear { Class::Emergency } else { Class::Priority }
}

/// Lines without the indentation of the XML, and none that is empty.
fn tidy(text: &str) -> String {
    let lines = text.lines().map(one_line).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Whether an event is to be counted on.
#[derive(Clone, Copy)]
enum Certainty {
    Likely,
    Doubtful,
}

/// What people are asked to do; one word of it says that the danger is over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Response {
    Act,
    AllClear,
}

const SEVERITY: [(&str, Severity); 5] = [
    ("Extreme", Severity::Extreme),
    ("Severe", Severity::Severe),
    ("Moderate", Severity::Moderate),
    ("Minor", Severity::Minor),
    ("Unknown", Severity::Unknown),
];
const URGENCY: [(&str, Urgency); 5] = [
    ("Immediate", Urgency::Immediate),
    ("Expected", Urgency::Expected),
    ("Future", Urgency::Future),
    ("Past", Urgency::Past),
    ("Unknown", Urgency::Unknown),
];
/// `Very Likely` is CAP 1.0's word; 1.2 says that it is to be taken as `Likely`.
const CERTAINTY: [(&str, Certainty); 6] = [
    ("Observed", Certainty::Likely),
    ("Likely", Certainty::Likely),
    ("Very Likely", Certainty::Likely),
    ("Possible", Certainty::Doubtful),
    ("Unlikely", Certainty::Doubtful),
    ("Unknown", Certainty::Doubtful),
];
const CLASS: [(&str, Class); 3] =
    [("routine", Class::Routine), ("priority", Class::Priority), ("emergency", Class::Emergency)];
const RESPONSE: [(&str, Response); 9] = [
    ("Shelter", Response::Act),
    ("Evacuate", Response::Act),
    ("Prepare", Response::Act),
    ("Execute", Response::Act),
    ("Avoid", Response::Act),
    ("Monitor", Response::Act),
    ("Assess", Response::Act),
    ("AllClear", Response::AllClear),
    ("None", Response::Act),
];
const CATEGORY: [(&str, ()); 12] = [
    ("Geo", ()),
    ("Met", ()),
    ("Safety", ()),
    ("Security", ()),
    ("Rescue", ()),
    ("Fire", ()),
    ("Health", ()),
    ("Env", ()),
    ("Transport", ()),
    ("Infra", ()),
    ("CBRNE", ()),
    ("Other", ()),
];
