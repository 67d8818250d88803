//! Messages of the Common Alerting Protocol 1.2 (OASIS Standard CAP-v1.2-os, 1 July 2010; ITU-T
//! X.1303 bis), mapped onto notices: what weather and disaster services send elsewhere.

mod xml;
mod fields;
mod envelope;
mod info;
mod content;

use bangtin_renderer::{Finding, Problem};
use jiff::{SignedDuration, Timestamp};

use crate::area::{Address, Area};
use crate::notice::read::{AREAS_MAX, order};
use crate::notice::{Class, Kind, LIFE_MAX_DAYS, Notice, Partial};
use envelope::Envelope;
use fields::{Node, Reader};
use info::Info;

/// The namespace of CAP 1.2. Messages of other versions are refused.
pub const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// Most `<info>` elements of a message.
const INFOS_MAX: usize = 64;

/// What a message means depends on: the board, and the key that signed it.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Where the board stands.
    pub address: &'a Address,
    /// The area that the key speaks for: the sender of what names none by code.
    pub key_area: &'a Area,
    /// The classes that the key may send.
    pub classes: &'a [Class],
    /// How long a message without `expires` lives, in hours after `sent`.
    pub life_hours: u32,
}

impl Place<'_> {
    /// The board's own commune, if that is its code.
    fn commune(&self, code: &str) -> Option<Area> {
        let own = self.address.areas.iter().find(|area| {
            let mut levels = area.as_str().split('/').skip(2);
            levels.next() == Some(code) && levels.next().is_none()
        });
        own.cloned()
    }
}

/// A message as a notice.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The notice.
    pub notice: Notice,
    /// Where else it goes, in words, by codes that do not tell this board an area.
    pub elsewhere: Vec<String>,
    /// What the notice leaves out of the message.
    pub findings: Vec<Finding>,
}

/// Reads a message. Elements that are not known are allowed, words that are not known are not.
///
/// An acknowledgement, an error report, a draft, a system message, and what is not for the public
/// is ignored: refused with one problem, `cap_ignored`.
///
/// A **cancel** only removes. Nothing of its `<info>` is looked at, it goes to all that its key
/// speaks for, and it stays in force as long as what it ends can live: a fault in what is not shown
/// must not keep a warning on the glass.
///
/// **Several `<info>`** that go to this board make one notice. Each language has one content; what
/// stands in one language several times is joined, the worst first. The notice begins with the
/// first to begin and **ends with the first to end**: nothing that is over may hang on because it
/// came together with what lasts; what that cuts off is a finding. Its class, severity, urgency and
/// risk level are the highest. An `<info>` for other places counts for nothing here.
///
/// An `effective` before `sent` counts as `sent`: it was in force already.
///
/// # Errors
/// With all problems, and as much of the notice's identity as could be read.
pub fn read(bytes: &[u8], place: &Place<'_>) -> Result<Reading, (Partial, Vec<Problem>)> {
    let element =
        xml::read(bytes, NAMESPACE).map_err(|problem| (Partial::default(), vec![problem]))?;
    let mut reader = Reader::default();
    if element.name != "alert" {
        reader.add("not_an_alert", "", "is not a CAP message", &element.name, "alert");
        return Err((Partial::default(), reader.problems));
    }
    let alert = Node { element: &element, path: String::new() };
    let mut partial = Partial::default();
    let envelope = reader
        .envelope(&alert, place, &mut partial)
        .map_err(|ignored| (partial.clone(), vec![ignored]))?;
    let reading = envelope.and_then(|envelope| match envelope.kind {
        Kind::Cancel => Some(reader.cancel(envelope, place)),
        Kind::Alert | Kind::Update => reader.warning(&alert, envelope, place),
    });
    match reading.filter(|_| reader.problems.is_empty()) {
        Some(reading) => Ok(reading),
        None => Err((partial, reader.problems)),
    }
}

impl Reader {
    fn cancel(&mut self, envelope: Envelope, place: &Place<'_>) -> Reading {
        let sent = envelope.sent;
        let notice = Notice {
            // It draws nothing, so any class will do that its key may send.
            class: place.classes.iter().copied().max().unwrap_or(Class::Routine),
            to: vec![place.key_area.clone()],
            expires: later(sent, LIFE_MAX_DAYS * 24),
            ..envelope.bare()
        };
        Reading { notice, elsewhere: Vec::new(), findings: Vec::new() }
    }

    fn warning(
        &mut self,
        alert: &Node<'_>,
        envelope: Envelope,
        place: &Place<'_>,
    ) -> Option<Reading> {
        let count = alert.all("info").count();
        if count == 0 {
            self.add("missing", "info", "is missing; say what is to be shown", "", "");
        }
        if count > INFOS_MAX {
            let message = format!("has {count} items, at most {INFOS_MAX} are taken");
            self.add("too_many", "info", message, count, INFOS_MAX);
        }
        let nodes = alert.all("info").take(INFOS_MAX);
        let infos: Vec<Info> = nodes.map(|node| self.info(&node, place)).collect();
        let mut elsewhere: Vec<String> =
            infos.iter().flat_map(|info| info.elsewhere.iter().cloned()).collect();
        elsewhere.sort();
        elsewhere.dedup();
        let nowhere = elsewhere.is_empty() && infos.iter().all(|info| info.to.is_empty());
        // A code that could not be read is a problem of its own already.
        if !infos.is_empty() && nowhere && self.problems.iter().all(|p| p.code != "area") {
            let limit = "<geocode> with province, commune or area";
            let what = "names no place by code; names and polygons are not read";
            self.add("area", "info", what, "", limit);
        }
        let mut findings = Vec::new();
        let is_here = |info: &Info| info.to.iter().any(|area| place.address.is_in(area));
        let (mut here, others): (Vec<Info>, Vec<Info>) = infos.into_iter().partition(is_here);
        if here.is_empty() {
            // For other places: whoever reads the refusal is to see for which.
            here = others;
        } else {
            let lost = others.iter().filter(|o| o.to.is_empty() && o.elsewhere.is_empty());
            findings.extend(lost.map(|info| {
                let message = format!("{} names no place by code and is left out", info.path);
                Finding::new("cap_info_left_out", "", message, &info.path, "")
            }));
        }
        let (effective, expires) = self.times(&here, envelope.sent, place, &mut findings)?;
        let to = self.destinations(&here);
        // What is worst leads, in each language.
        here.sort_by_key(|info| std::cmp::Reverse((info.severity, info.urgency)));
        let worst = here.first()?;
        let notice = Notice {
            to,
            class: here.iter().map(|info| info.class).max()?,
            event: Some(worst.event.clone()).filter(|event| !event.is_empty()),
            risk_level: here.iter().filter_map(|info| info.risk_level).max(),
            severity: worst.severity,
            urgency: here.iter().map(|info| info.urgency).max()?,
            effective,
            expires,
            content: self.contents(&here, &envelope.sender_text, &mut findings),
            ..envelope.bare()
        };
        Some(Reading { notice, elsewhere, findings })
    }

    /// The first to begin, and the first to end.
    fn times(
        &mut self,
        infos: &[Info],
        sent: Timestamp,
        place: &Place<'_>,
        findings: &mut Vec<Finding>,
    ) -> Option<(Timestamp, Timestamp)> {
        let life = later(sent, i64::from(place.life_hours));
        let begins = |info: &Info| info.effective.unwrap_or(sent).max(sent);
        let ends = |info: &Info| info.expires.unwrap_or(life);
        let first = infos.iter().min_by_key(|info| begins(info))?;
        let last = infos.iter().min_by_key(|info| ends(info))?;
        let (effective, expires) = (begins(first), ends(last));
        for mut problem in order(sent, effective, expires) {
            problem.path = match problem.path.as_str() {
                "effective" => format!("{}.effective", first.path),
                _ => format!("{}.expires", last.path),
            };
            self.problems.push(problem);
        }
        for info in infos.iter().filter(|info| ends(info) > expires) {
            let (path, until) = (&info.path, ends(info));
            let message = format!(
                "{path} is to last until {until}, but ends at {expires} with the first of the \
                 message; send it apart"
            );
            findings.push(Finding::new("cap_cut_short", "", message, until, expires));
        }
        Some((effective, expires))
    }

    fn destinations(&mut self, infos: &[Info]) -> Vec<Area> {
        let mut to: Vec<Area> = infos.iter().flat_map(|info| info.to.iter().cloned()).collect();
        to.sort();
        to.dedup();
        if to.len() > AREAS_MAX {
            let message = format!("names {} areas, at most {AREAS_MAX} are taken", to.len());
            self.add("too_many", "info", message, to.len(), AREAS_MAX);
        }
        to
    }
}

fn later(sent: Timestamp, hours: i64) -> Timestamp {
    sent.checked_add(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests;
