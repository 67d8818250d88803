//! Inputs played against a jumping clock, and the trace of what the glass showed. Times in traces
//! are seconds of the monotonic clock.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::*;
use crate::notice::{Class, Kind, NoticeContent, Severity, Status, Urgency};

const SECOND: i64 = 1000;
const HOUR: i64 = 3600 * SECOND;
const DAY: i64 = 24 * HOUR;

/// Monday, 08:00 in Vietnam; the traces begin here.
fn at(ms: i64) -> Timestamp {
    let start: Timestamp = "2026-11-23T08:00:00+07:00".parse().expect("a time");
    start.checked_add(jiff::Span::new().milliseconds(ms)).expect("in range")
}

/// A notice, how long its pages take, and how long its pictures may keep it waiting.
#[derive(Debug, Clone)]
struct Draft {
    notice: Notice,
    pages: Vec<u64>,
    digest: Option<u8>,
    waits_ms: Option<u64>,
    over: bool,
}

fn draft(id: &str, class: Class) -> Draft {
    let content = NoticeContent {
        language: "vi".into(),
        headline: id.to_uppercase(),
        text: String::new(),
        instruction: String::new(),
        source: String::new(),
        codes: Vec::new(),
        pictures: Vec::new(),
    };
    let notice = Notice {
        key: key(id),
        revision: 1,
        to: Vec::new(),
        sent: at(0),
        status: Status::Actual,
        kind: Kind::Alert,
        references: Vec::new(),
        class,
        event: None,
        risk_level: None,
        severity: Severity::Unknown,
        urgency: Urgency::Unknown,
        effective: at(0),
        expires: at(30 * DAY),
        windows: Vec::new(),
        content: vec![content],
    };
    Draft { notice, pages: vec![10_000], digest: None, waits_ms: None, over: false }
}

fn key(id: &str) -> Key {
    Key { sender: Area::parse("vn/86").expect("an area"), id: id.into() }
}

fn routine(id: &str) -> Draft {
    draft(id, Class::Routine)
}

fn priority(id: &str) -> Draft {
    draft(id, Class::Priority)
}

fn emergency(id: &str) -> Draft {
    draft(id, Class::Emergency)
}

fn cancel(id: &str, of: &[&str]) -> Draft {
    routine(id).kind(Kind::Cancel, of)
}

/// Between two hours of every day.
fn hours(from: u16, to: u16) -> Window {
    Window { days: [true; 7], from: from * 60, to: to * 60 }
}

/// `None` where there are no pages.
fn timing(pages: &[u64]) -> Option<Timing> {
    let starts = pages.iter().scan(0, |end, page| Some(std::mem::replace(end, *end + page)));
    let page_starts_ms = starts.collect();
    (!pages.is_empty()).then(|| Timing { page_starts_ms, duration_ms: pages.iter().sum() })
}

impl Draft {
    fn with(mut self, change: impl FnOnce(&mut Notice)) -> Self {
        change(&mut self.notice);
        self
    }
    fn kind(self, kind: Kind, of: &[&str]) -> Self {
        self.with(|notice| {
            notice.kind = kind;
            notice.references = of.iter().map(|id| key(id)).collect();
        })
    }
    fn update(self, of: &[&str]) -> Self {
        self.kind(Kind::Update, of)
    }
    fn revision(self, revision: u32) -> Self {
        self.with(|notice| notice.revision = revision)
    }
    fn status(self, status: Status) -> Self {
        self.with(|notice| notice.status = status)
    }
    fn sent(self, ms: i64) -> Self {
        self.with(|notice| notice.sent = at(ms))
    }
    fn effective(self, ms: i64) -> Self {
        self.with(|notice| notice.effective = at(ms))
    }
    fn expires(self, ms: i64) -> Self {
        self.with(|notice| notice.expires = at(ms))
    }
    fn rank(self, severity: Severity, urgency: Urgency) -> Self {
        self.with(|notice| (notice.severity, notice.urgency) = (severity, urgency))
    }
    /// Shown every day between two hours.
    fn hours(self, from: u16, to: u16) -> Self {
        self.with(|notice| notice.windows.push(hours(from, to)))
    }
    /// Its scene is composed for its turn.
    fn uncomposed(self) -> Self {
        self.pages(&[])
    }
    fn waits(self, ms: u64) -> Self {
        Self { waits_ms: Some(ms), ..self }
    }
    fn over(self) -> Self {
        Self { over: true, ..self }
    }
    fn arrival(&self, fresh: bool) -> Arrival {
        let told: [u8; 32] = Sha256::digest(format!("{:?}", self.notice)).into();
        Arrival {
            timing: timing(&self.pages).filter(|_| self.notice.kind != Kind::Cancel),
            digest: self.digest.map_or(told, |byte| [byte; 32]),
            fresh,
            over: self.over,
            waits_ms: self.waits_ms,
        }
    }
    fn pages(self, pages: &[u64]) -> Self {
        Self { pages: pages.to_vec(), ..self }
    }
    fn digest(self, byte: u8) -> Self {
        Self { digest: Some(byte), ..self }
    }
}

/// A board under a clock that jumps from one moment of interest to the next.
struct World {
    sign: Sign,
    now: Now,
    trace: String,
    ends: Vec<Ended>,
    buried: Vec<Key>,
    /// Headlines of what was on the glass in the light.
    seen: BTreeSet<String>,
}

impl World {
    fn new() -> Self {
        Self::ruled(Rules::default())
    }

    fn ruled(rules: Rules) -> Self {
        let now = Now { wall: at(0), monotonic_ms: 0, trust: Trust::Trusted };
        Self {
            sign: Sign::new(now, rules),
            now,
            trace: String::new(),
            ends: Vec::new(),
            buried: Vec::new(),
            seen: BTreeSet::new(),
        }
    }

    /// Dark between two hours.
    fn saving(from: u16, to: u16) -> Self {
        Self::ruled(Rules { saving: vec![hours(from, to)], ..Rules::default() })
    }

    /// A notice comes over the network.
    fn take(mut self, draft: Draft) -> Self {
        self.accept(draft, true);
        self.step();
        self
    }

    /// Notices come from the store, as when the board starts.
    fn load(mut self, drafts: impl IntoIterator<Item = Draft>) -> Self {
        for draft in drafts {
            self.accept(draft, false);
        }
        self.step();
        self
    }

    /// Time passes; the sign is stepped when it asks for it, and has nothing to do just before.
    fn run(mut self, seconds: i64) -> Self {
        self.pass(seconds * SECOND);
        self
    }

    fn pass(&mut self, ms: i64) {
        let end = self.now.monotonic_ms + ms as u64;
        while self.now.monotonic_ms < end {
            let left = end - self.now.monotonic_ms;
            let wake = self.sign.wake_in_ms(self.now).expect("midnight comes").clamp(1, left);
            self.tick(wake - 1);
            let early = self.sign.step(self.now);
            assert_eq!(early, Step::default(), "before it asked to be woken at {:?}", self.now);
            self.tick(1);
            self.step();
        }
    }

    /// The clock on the wall is set forward, or back.
    fn set(mut self, ms: i64) -> Self {
        self.jump(ms);
        self.step();
        self
    }

    fn jump(&mut self, ms: i64) {
        self.now.wall = self.now.wall.checked_add(jiff::Span::new().milliseconds(ms)).expect("ok");
    }

    fn trust(mut self, trust: Trust) -> Self {
        self.now.trust = trust;
        self.step();
        self
    }

    fn tick(&mut self, ms: u64) {
        self.now.monotonic_ms += ms;
        self.now.wall =
            self.now.wall.checked_add(jiff::Span::new().milliseconds(ms as i64)).expect("in range");
    }

    /// Something else than a notice or time happens.
    fn act(mut self, act: impl FnOnce(&mut Sign, Now)) -> Self {
        act(&mut self.sign, self.now);
        self.step();
        self
    }

    fn cut_off(self, active: bool) -> Self {
        self.act(|sign, _| sign.cut_off(active))
    }

    fn overlay(self, overlay: Overlay, ms: u64) -> Self {
        self.act(|sign, now| _ = sign.overlay(overlay, ms, now))
    }

    fn decide(self, order: &[&str]) -> Self {
        self.act(|sign, _| sign.decide(order.iter().map(|id| key(id)).collect()))
    }

    fn ready(self, id: &str) -> Self {
        self.act(|sign, _| sign.ready(&key(id)))
    }

    fn composed(self, id: &str, pages: &[u64]) -> Self {
        let timing = timing(pages).expect("there are pages");
        self.act(|sign, now| sign.composed(&key(id), 1, timing, now))
    }

    fn undrawable(mut self, id: &str) -> Self {
        let ended = self.sign.undrawable(&key(id), 1);
        self.ended(&ended);
        self.act(|_, _| {})
    }

    fn accept(&mut self, draft: Draft, fresh: bool) -> Verdict {
        let key = draft.notice.key.clone();
        let arrival = draft.arrival(fresh);
        let (verdict, ended) = self.sign.accept(draft.notice, arrival, self.now);
        match &verdict {
            Verdict::Taken { conflict: false } => {}
            other => self.line(&format!("{} is {other:?}", key.id)),
        }
        self.ended(&ended);
        verdict
    }

    fn step(&mut self) -> Step {
        let step = self.sign.step(self.now);
        self.sign.check_index(self.now);
        self.ended(&step.ended);
        step.buried.iter().for_each(|key| self.line(&format!("{} buried", key.id)));
        self.buried.extend(step.buried.iter().cloned());
        if let Showing::Notice { key, .. } = self.sign.showing().0
            && self.sign.cut_off.is_none()
        {
            self.seen.insert(key.id.to_uppercase());
        }
        match &step.show {
            None => {}
            Some(Showing::Idle) => self.line("idle"),
            Some(Showing::Dark) => self.line("dark"),
            Some(Showing::Overlay(overlay)) => self.line(&format!("{overlay:?}")),
            Some(Showing::AllClear { headlines }) => {
                self.line(&format!("all-clear {}", headlines.join(" ")));
            }
            Some(Showing::Notice { key, from_ms: 0, .. }) => self.line(&key.id),
            Some(Showing::Notice { key, from_ms, .. }) => {
                self.line(&format!("{} from {from_ms} ms", key.id));
            }
        }
        step
    }

    fn ended(&mut self, ended: &[Ended]) {
        self.ends.extend_from_slice(ended);
        for Ended { key, revision, cause, forget, .. } in ended {
            let kept = if *forget { "" } else { ", file kept" };
            self.line(&format!("{} {revision} {cause:?}{kept}", key.id));
        }
    }

    fn line(&mut self, what: &str) {
        let seconds = self.now.monotonic_ms as f64 / 1000.0;
        writeln!(self.trace, "{seconds} {what}").expect("a String takes all");
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        let lines = |text: &str| {
            text.lines().map(str::trim).filter(|l| !l.is_empty()).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(lines(&self.trace), lines(expected), "\n{}", self.trace);
    }
}

impl Sign {
    /// Compares the index with one that is made from all notices that are held.
    #[track_caller]
    fn check_index(&self, now: Now) {
        let mut index = Index::default();
        for (key, held) in &self.held {
            index.set(key, self.entry(key, held, now));
        }
        assert_eq!(self.index, index, "at {now:?}");
        let queued: Vec<_> = self.held.values().filter_map(|held| held.queued).collect();
        assert_eq!(queued.len(), self.next_up.len(), "at {now:?}");
        for (key, held) in &self.held {
            let is_tombstone = held.ended || held.notice.kind == Kind::Cancel;
            assert_eq!(self.tombs.is_laid(key), is_tombstone, "{} at {now:?}", key.id);
        }
        assert_ne!(self.wake_in_ms(now), Some(0), "it has just been stepped at {now:?}");
    }
}

mod anything;
mod clock;
mod cover;
mod order;
mod properties;
mod records;
mod traces;
