mod properties;
mod traces;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::*;
use crate::area::Area;
use crate::calendar::Trust;

/// A ledger, its folder, and what it published.
struct World {
    ledger: Ledger,
    now: Now,
    /// The folder as programs see it.
    files: BTreeMap<String, Vec<u8>>,
    /// The folder as it would be after a power cut.
    medium: BTreeMap<String, Vec<u8>>,
    /// Files that were renamed or removed since, and what is there now.
    unsynced: Vec<(String, Option<Vec<u8>>)>,
    waiting: Vec<Job>,
    unreported: Vec<u64>,
    under_way: Vec<u64>,
    /// Every batch that was handed out, in order.
    published: Vec<Vec<u8>>,
    problems: Vec<Problem>,
}

impl World {
    fn new() -> Self {
        let wall = "2026-11-23T08:00:00+07:00".parse().expect("a time");
        let now = Now { wall, monotonic_ms: 5_000, trust: Trust::Trusted };
        let none = BTreeMap::<String, Vec<u8>>::new;
        Self {
            ledger: Ledger::load([], |_| Err("no file".into())).0,
            now,
            files: none(),
            medium: none(),
            unsynced: Vec::new(),
            waiting: Vec::new(),
            unreported: Vec::new(),
            under_way: Vec::new(),
            published: Vec::new(),
            problems: Vec::new(),
        }
    }

    fn pass(&mut self, ms: u64) {
        self.now.monotonic_ms += ms;
        self.set(ms as i64);
    }

    /// Sets the wall clock, forwards or back.
    fn set(&mut self, ms: i64) {
        self.now.wall += jiff::SignedDuration::from_millis(ms);
    }

    /// Three pages of one, two and three seconds.
    fn began(&mut self, id: &str, from_ms: u64) {
        let beginning = Beginning {
            key: Key { sender: Area::parse("vn/86").expect("an area"), id: id.to_owned() },
            revision: 1,
            page_starts_ms: &[0, 1000, 3000],
            duration_ms: 6000,
            from_ms,
            crc32: 0xabc0_0000 + id.len() as u32,
        };
        self.ledger.began(beginning, self.now);
    }

    fn ended(&mut self) {
        self.ledger.ended(self.now);
    }

    fn flush(&mut self) {
        self.ledger.flush(self.now);
    }

    /// Has the disk do the next job. Nobody is told yet what was written.
    fn work(&mut self, can_write: bool) -> bool {
        self.waiting.extend(self.ledger.jobs());
        if self.waiting.is_empty() {
            return false;
        }
        match self.waiting.remove(0) {
            Job::Write { first, .. } if !can_write => self.ledger.not_kept(first),
            Job::Write { first, name, bytes } => {
                self.change(name, Some(bytes));
                self.sync();
                self.unreported.push(first);
            }
            Job::Rename { from, to } => {
                let bytes = self.files.get(&from).cloned().expect("a file that is there");
                self.change(from, None);
                self.change(to, Some(bytes));
            }
            Job::Delete { name } => self.change(name, None),
            Job::Read { first, name } => {
                let bytes = self.files.get(&name).cloned().ok_or("no such file".to_owned());
                match self.ledger.read(first, bytes) {
                    Ok(outgoing) => self.publish(outgoing),
                    Err(problems) => self.problems.extend(problems),
                }
            }
        }
        true
    }

    fn change(&mut self, name: String, bytes: Option<Vec<u8>>) {
        put(&mut self.files, &name, bytes.clone());
        self.unsynced.push((name, bytes));
    }

    fn sync(&mut self) {
        for (name, bytes) in self.unsynced.drain(..) {
            put(&mut self.medium, &name, bytes);
        }
    }

    fn report(&mut self) {
        for first in std::mem::take(&mut self.unreported) {
            self.ledger.kept(first);
        }
    }

    fn keep(&mut self) {
        while self.work(true) {}
        self.report();
    }

    /// Publishes one batch; says whether there was one.
    fn send(&mut self) -> bool {
        let outgoing = self.ledger.next_to_send();
        let is_some = outgoing.is_some();
        outgoing.into_iter().for_each(|outgoing| self.publish(outgoing));
        is_some
    }

    fn publish(&mut self, outgoing: Outgoing) {
        self.under_way.push(outgoing.first);
        self.published.push(outgoing.bytes);
    }

    fn acknowledge(&mut self) {
        if !self.under_way.is_empty() {
            let first = self.under_way.remove(0);
            self.ledger.acknowledged(first);
        }
    }

    /// Keeps, publishes and acknowledges all there is.
    fn settle(&mut self) {
        loop {
            self.report();
            let is_busy = self.send() | self.work(true);
            if !is_busy && self.under_way.is_empty() && self.unreported.is_empty() {
                break;
            }
            self.acknowledge();
        }
    }

    /// The power goes, and comes again. What was not synced may be there or not.
    fn power_cut(&mut self, keeps_unsynced: bool) {
        if keeps_unsynced {
            self.medium = self.files.clone();
        }
        self.unsynced.clear();
        self.files = self.medium.clone();
        self.waiting.clear();
        self.unreported.clear();
        self.under_way.clear();
        self.now.monotonic_ms = 0;
        self.load();
    }

    fn load(&mut self) {
        let sizes = self.files.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64));
        let read = |name: &str| self.files.get(name).cloned().ok_or("no such file".to_owned());
        let (ledger, problems) = Ledger::load(sizes, read);
        self.ledger = ledger;
        self.problems.extend(problems);
    }

    /// The published batches, each once, in order of their numbers.
    fn batches(&self) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        for bytes in &self.published {
            let batch = verify(bytes, None).expect("a sound batch");
            match batches.iter().find(|known| known.first == batch.first) {
                Some(known) => assert_eq!(*known, batch, "two batches with one number"),
                None => batches.push(batch),
            }
        }
        batches.sort_by_key(|batch| batch.first);
        batches
    }

    /// Checks that the published batches are one chain without a gap.
    fn check_chain(&self) {
        let mut previous = NO_HASH.to_owned();
        let mut next = 1;
        for batch in self.batches() {
            assert_eq!((batch.first, &batch.previous_hash), (next, &previous));
            (next, previous) = (batch.last + 1, batch.hash);
        }
    }

    /// One line a showing.
    fn trace(&self) -> String {
        let mut trace = String::new();
        for batch in self.batches() {
            for showing in batch.showings {
                let Showing { n, notice, from, to, pages, .. } = showing;
                let clock = |time: String| time[11..23].to_owned();
                let (shown, asked) = (showing.seconds_shown, showing.seconds_asked);
                let (from, to) = (clock(from), clock(to));
                writeln!(trace, "{n} {notice} {from} {to} {shown}/{asked} p{pages}").expect("text");
            }
            trace.push_str("--\n");
        }
        trace
    }
}

fn put(files: &mut BTreeMap<String, Vec<u8>>, name: &str, bytes: Option<Vec<u8>>) {
    match bytes {
        Some(bytes) => drop(files.insert(name.to_owned(), bytes)),
        None => drop(files.remove(name)),
    }
}

fn jobs(world: &mut World) -> Vec<String> {
    let name = |job| match job {
        Job::Write { name, .. } => format!("write {name}"),
        Job::Rename { from, to } => format!("rename {from} {to}"),
        Job::Delete { name } => format!("delete {name}"),
        Job::Read { name, .. } => format!("read {name}"),
    };
    world.ledger.jobs().into_iter().map(name).collect()
}

#[test]
fn a_batch_is_one_line_that_anybody_can_check() {
    let mut world = World::new();
    world.began("86-1", 0);
    world.pass(6123);
    world.ended();
    world.flush();
    world.settle();
    let text = String::from_utf8(world.published[0].clone()).expect("text");
    let showings = concat!(
        r#"[{"n":1,"notice":"86-1","sender":"vn/86","revision":1,"#,
        r#""from":"2026-11-23T08:00:00.000+07:00","to":"2026-11-23T08:00:06.123+07:00","#,
        r#""seconds_shown":6.123,"seconds_asked":6.123,"pages":3,"scene_crc32":"abc00004"}]"#
    );
    // The digest is that of `printf '%064d\n%s' 0 "$showings" | sha256sum`.
    let hash = "d3cb3ba90cfa5feb8ae5c2bd9057b96e42c7624e9f27a7ccc133e57ad14269c9";
    let expected = format!(
        r#"{{"first":1,"last":1,"previous_hash":"{NO_HASH}","hash":"{hash}","showings":{showings}}}"#
    );
    assert_eq!(text, expected);
    assert!(verify(text.as_bytes(), Some(NO_HASH)).is_ok());
}

#[test]
fn what_was_changed_does_not_verify() {
    let mut world = World::new();
    for id in ["a", "b"] {
        world.began(id, 0);
        world.pass(6000);
    }
    world.flush();
    world.settle();
    let text = String::from_utf8(world.published[0].clone()).expect("text");
    let codes = |text: &str, previous: Option<&str>| match verify(text.as_bytes(), previous) {
        Ok(batch) => panic!("sound: {batch:?}"),
        Err(problems) => problems.into_iter().map(|p| format!("{} {}", p.code, p.path)).collect(),
    };
    let check = |from: &str, to: &str, expected: &[&str]| {
        let found: Vec<String> = codes(&text.replacen(from, to, 1), None);
        assert_eq!(found, expected, "{from} -> {to}");
    };
    check("\"pages\":3", "\"pages\":4", &["chain hash"]);
    check("\"n\":2", "\"n\":3", &["chain hash", "chain showings[1].n"]);
    check("\"last\":2", "\"last\":3", &["chain last"]);
    check("\"previous_hash\":\"0", "\"previous_hash\":\"1", &["chain hash"]);
    check("\"last\"", "\"showings\":[],\"last\"", &["damaged "]);
    check(":[{", ": [{", &["damaged "]);
    check("}]}", "}]", &["damaged "]);
    let ones = "1".repeat(64);
    let found: Vec<String> = codes(&text, Some(&ones));
    assert_eq!(found, ["chain previous_hash"]);
    let found: Vec<String> = codes(&" ".repeat(BATCH_MAX_BYTES + 1), None);
    assert_eq!(found, ["too_large "]);
}

#[test]
fn a_batch_goes_to_the_disk_then_to_the_broker_then_gets_its_mark() {
    let mut world = World::new();
    world.began("a", 0);
    world.pass(300_000);
    assert_eq!(world.ledger.wake_in_ms(world.now, Pace::QuarterHour), Some(600_000));
    world.ledger.due(world.now, Pace::QuarterHour);
    assert_eq!(jobs(&mut world), Vec::<String>::new());
    world.ledger.due(world.now, Pace::FiveMinutes);
    assert_eq!(jobs(&mut world), ["write played-000000000001.json"]);
    assert_eq!(world.ledger.next_to_send(), None);
    world.ledger.kept(1);
    assert!(matches!(world.ledger.next_to_send(), Some(Outgoing { first: 1, .. })));
    assert_eq!((world.ledger.next_to_send(), world.ledger.unsent()), (None, 1));
    world.ledger.acknowledged(1);
    let (plain, sent) = ("played-000000000001.json", "played-000000000001-sent.json");
    assert_eq!(jobs(&mut world), [format!("rename {plain} {sent}")]);
    assert_eq!((world.ledger.next_to_send(), world.ledger.unsent()), (None, 0));
    assert_eq!(world.ledger.since(2), 0);
    assert_eq!(world.ledger.since(1), 1);
    assert_eq!(world.ledger.next_to_send(), None);
    assert_eq!(jobs(&mut world), [format!("read {sent}")]);
}

#[test]
fn a_disk_that_takes_nothing_does_not_keep_the_proof_from_being_told() {
    let mut world = World::new();
    world.began("a", 0);
    for _ in 0..100 {
        world.pass(60_000);
        world.flush();
        while world.work(false) {}
    }
    assert_eq!((world.ledger.unsent(), world.ledger.lost()), (64, 36));
    world.settle();
    let batches = world.batches();
    assert_eq!((batches.len(), batches[0].first), (64, 37));
    assert_eq!(world.ledger.unsent(), 0);
    assert!(world.files.is_empty());
}

#[test]
fn what_did_not_get_through_is_tried_again_with_the_next_batch() {
    let mut world = World::new();
    world.began("a", 0);
    world.pass(1000);
    world.flush();
    world.keep();
    assert!(world.send());
    world.ledger.dropped(1);
    world.under_way.clear();
    assert!(!world.send());
    world.pass(1000);
    world.flush();
    world.settle();
    let firsts: Vec<u64> = world.batches().iter().map(|batch| batch.first).collect();
    assert_eq!((firsts, world.published.len()), (vec![1, 2], 3));
}

#[test]
fn the_oldest_go_when_there_is_no_room_and_the_last_one_stays() {
    let mut world = World::new();
    world.began("a", 0);
    for _ in 0..UNSENT_MAX + 3 {
        world.pass(900_000);
        world.flush();
        world.keep();
    }
    assert_eq!((world.files.len(), world.ledger.lost()), (UNSENT_MAX, 3));
    let sent = |(name, bytes): (String, _)| (name.replace(".json", "-sent.json"), bytes);
    world.files = std::mem::take(&mut world.files).into_iter().map(sent).collect();
    world.power_cut(true);
    world.keep();
    assert_eq!(world.files.len(), SENT_MAX);
    assert!(world.files.contains_key(&format!("played-{:012}-sent.json", UNSENT_MAX + 3)));
    assert_eq!((world.ledger.unsent(), world.ledger.lost()), (0, 0));
    assert_eq!(world.ledger.since(0), SENT_MAX);
    assert_eq!(world.problems, []);
}

#[test]
fn damaged_missing_and_foreign_files_stop_nothing() {
    let mut world = World::new();
    world.began("a", 0);
    for _ in 0..6 {
        world.pass(1000);
        world.flush();
    }
    world.keep();
    let file = |n: u64| format!("played-{n:012}.json");
    world.files.remove(&file(2));
    world.files.insert(file(4), b"{}".to_vec());
    let fifth = world.files[&file(5)].clone();
    world.files.insert(file(6), fifth);
    world.files.insert("played-7.json".into(), Vec::new());
    world.files.insert("notes.txt".into(), Vec::new());
    world.files.insert("played-000000000003-sent.json".into(), Vec::new());
    world.power_cut(true);
    world.began("b", 0);
    world.pass(1000);
    world.flush();
    world.settle();
    let firsts: Vec<u64> = world.batches().iter().map(|batch| batch.first).collect();
    // The sixth cannot be read, so none of the numbers that it may have held is given again.
    assert_eq!(firsts, [1, 3, 5, 206]);
    let fifth = verify(&world.files["played-000000000005-sent.json"], None).expect("sound");
    assert_eq!(world.batches()[3].previous_hash, fifth.hash);
    let faults: Vec<_> = world.problems.iter().map(|p| (p.code.as_str(), p.path.clone())).collect();
    let expected = [
        ("foreign", "notes.txt".into()),
        ("foreign", "played-7.json".into()),
        ("damaged", file(6)),
        ("damaged", file(4)),
    ];
    assert_eq!(faults, expected);
    assert_eq!(world.ledger.lost(), 2);
    world.problems.clear();
    world.power_cut(true);
    assert_eq!((world.ledger.unsent(), world.ledger.lost()), (0, 0));
}

#[test]
fn more_notices_than_a_batch_holds_make_two() {
    let mut world = World::new();
    for n in 0..=SHOWINGS_MAX {
        world.began(&format!("86-{n}"), 0);
        world.pass(1);
    }
    world.flush();
    world.settle();
    let lengths: Vec<usize> = world.batches().iter().map(|batch| batch.showings.len()).collect();
    assert_eq!(lengths, [SHOWINGS_MAX, 1]);
    world.check_chain();
}

#[test]
fn the_longest_batch_can_be_verified() {
    let sender = Area::parse(&format!("vn/86/28789/{}", "s".repeat(64))).expect("an area");
    let mut world = World::new();
    for n in 0..SHOWINGS_MAX {
        let key = Key { sender: sender.clone(), id: format!("{n:064}") };
        let (page_starts_ms, duration_ms) = (&[0][..], 1);
        let revision = u32::MAX;
        let beginning =
            Beginning { key, revision, page_starts_ms, duration_ms, from_ms: 0, crc32: u32::MAX };
        world.ledger.began(beginning, world.now);
        world.pass(400 * 24 * 3_600_000 / SHOWINGS_MAX as u64 + 7);
    }
    world.flush();
    world.settle();
    assert_eq!(world.batches().len(), 1);
}
