//! The store over a disk that fails and loses power.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::io::disk::simulated::{Chance, Health, SimulatedDisk, Survival};

fn save(name: &str, bytes: &[u8]) -> Operation {
    Operation::Save { name: name.into(), bytes: bytes.into() }
}

fn forget(name: &str) -> Operation {
    Operation::Forget { name: name.into() }
}

fn rename(from: &str, to: &str) -> Operation {
    Operation::Rename { from: from.into(), to: to.into() }
}

fn read(name: &str) -> Operation {
    Operation::Read { name: name.into() }
}

fn job(folder: Folder, operations: &[Operation]) -> Job {
    Job { ticket: 7, folder, operations: operations.to_vec() }
}

fn notices(operations: &[Operation]) -> Job {
    job(Folder::Notices, operations)
}

/// Does one group and returns which of its jobs went well.
fn went(store: &mut Store<SimulatedDisk>, jobs: &[Job]) -> Vec<bool> {
    store.perform(jobs.to_vec()).into_iter().map(|done| done.result.is_ok()).collect()
}

fn opened(disk: &SimulatedDisk) -> Store<SimulatedDisk> {
    Store::open(disk.clone()).expect("a readable disk")
}

#[test]
fn later_bytes_take_the_place_of_the_former() {
    let disk = SimulatedDisk::default();
    let mut store = opened(&disk);
    let jobs = [
        notices(&[save("a.jws", b"one")]),
        notices(&[save("a.jws", b"two"), save("b.jws", b"other")]),
        notices(&[read("b.jws"), read("a.jws")]),
        notices(&[forget("a.jws"), forget("a.jws")]),
        notices(&[read("a.jws")]),
        job(Folder::Played, &[save("a.jws", b"another folder"), rename("a.jws", "c")]),
    ];
    let done = store.perform(jobs.to_vec());
    assert!(done.iter().all(|done| done.ticket == 7));
    let results: Vec<_> = done.into_iter().map(|done| done.result).collect();
    let both = vec![("b.jws".into(), b"other".to_vec()), ("a.jws".into(), b"two".to_vec())];
    assert_eq!(results[2], Ok(both));
    assert!(results[4].as_ref().is_err_and(|error| error.starts_with("a.jws: ")));
    assert_eq!(disk.names(Folder::Notices), ["b.jws"]);
    assert_eq!(disk.file(Folder::Played, "c").as_deref(), Some(&b"another folder"[..]));
}

#[test]
fn a_flood_costs_one_sync_of_names_and_quiet_jobs_none() {
    let disk = SimulatedDisk::default();
    let mut store = opened(&disk);
    let flood: Vec<Job> = (0..500).map(|n| notices(&[save(&format!("{n}.jws"), b"x")])).collect();
    assert!(went(&mut store, &flood).iter().all(|ok| *ok));
    assert_eq!(disk.syncs(), 1);
    // Revisions take two: the former leave when the later are safe.
    let flood: Vec<Job> = (0..100)
        .map(|n| notices(&[save(&format!("{n}-r2.jws"), b"y"), forget(&format!("{n}.jws"))]))
        .collect();
    assert!(went(&mut store, &flood).iter().all(|ok| *ok));
    assert_eq!(disk.syncs(), 3);
    let quiet = [
        job(Folder::State, &[save("time", b"12:00")]),
        notices(&[rename("200.jws", "200+ended.jws")]),
        notices(&[read("201.jws")]),
    ];
    assert_eq!(went(&mut store, &quiet), [true; 3]);
    assert_eq!(disk.syncs(), 3);
    // They last with the next job that does, wherever that is.
    assert_eq!(went(&mut store, &[job(Folder::Assets, &[save("p", b"x")])]), [true]);
    assert_eq!(disk.syncs(), 6);
    let found = disk.after_crash(1, Survival::Prefix);
    assert!(found.file(Folder::State, "time").is_some());
    assert!(found.file(Folder::Notices, "200+ended.jws").is_some());
}

#[test]
fn a_failure_is_that_of_its_job_alone() {
    let disk = SimulatedDisk::with(&[(Folder::Notices, "a.jws", b"one")]);
    let mut store = opened(&disk);
    let jobs = [
        notices(&[save("b.jws", b"two")]),
        notices(&[rename("none", "some"), save("c.jws", b"never"), forget("a.jws")]),
        notices(&[save("d.jws", b"four")]),
    ];
    assert_eq!(went(&mut store, &jobs), [true, false, true]);
    assert_eq!(disk.names(Folder::Notices), ["a.jws", "b.jws", "d.jws"]);
}

#[test]
fn a_disk_without_room_keeps_what_it_has_and_can_still_be_cleared() {
    let disk = SimulatedDisk::with(&[(Folder::Notices, "a.jws", b"one")]);
    let mut store = opened(&disk);
    disk.set_health(Health::Full);
    // What stands in its place is not safe, so the former one stays.
    let jobs = [notices(&[save("a-r2.jws", b"two"), forget("a.jws")]), notices(&[read("a.jws")])];
    assert_eq!(went(&mut store, &jobs), [false, true]);
    assert_eq!(disk.names(Folder::Notices), ["a.jws"], "nothing half written stays");
    assert_eq!(went(&mut store, &[notices(&[forget("a.jws")])]), [true]);
    disk.set_health(Health::ReadOnly);
    assert_eq!(went(&mut store, &[notices(&[save("b.jws", b"x")])]), [false]);
    assert_eq!(went(&mut store, &[notices(&[forget("none")])]), [false]);
    disk.set_health(Health::Good);
    assert_eq!(went(&mut store, &[notices(&[save("b.jws", b"x")])]), [true]);
}

#[test]
fn a_read_only_disk_opens_and_reads() {
    let half: &[u8] = b"hal";
    let disk = SimulatedDisk::with(&[
        (Folder::Notices, ".aside-x.jws", half),
        (Folder::Notices, "x.jws", b"whole"),
        (Folder::Assets, ".aside-y", half),
    ]);
    disk.set_health(Health::ReadOnly);
    let store = opened(&disk);
    assert_eq!(store.notices().expect("readable"), ["x.jws"]);
    assert_eq!(store.files(Folder::Assets).expect("readable"), []);
    disk.set_health(Health::Good);
    opened(&disk);
    assert_eq!(
        (disk.names(Folder::Notices), disk.names(Folder::Assets)),
        (vec!["x.jws".into()], vec![])
    );
}

#[test]
fn notices_are_read_in_the_order_that_matters() {
    let names = ["0f-old.jws", "c3-old.jws", "p-1.jws", "e-2.jws", "r-1.jws", "c-9.jws", "starts"];
    let files = names.map(|name| (Folder::Notices, name, &b""[..]));
    let sorted = ["c-9.jws", "e-2.jws", "p-1.jws", "r-1.jws", "0f-old.jws", "c3-old.jws"];
    assert_eq!(opened(&SimulatedDisk::with(&files)).notices().expect("readable"), sorted);
}

#[test]
fn a_file_that_is_too_long_is_no_answer() {
    let long = vec![b'x'; Folder::State.file_max_bytes() + 1];
    let disk = SimulatedDisk::with(&[(Folder::State, "a", &long)]);
    assert_eq!(went(&mut opened(&disk), &[job(Folder::State, &[read("a")])]), [false]);
}

/// What each file may hold after a power cut; `None` is no file.
#[derive(Clone, Default)]
struct Allowed(BTreeMap<(Folder, String), BTreeSet<Option<Vec<u8>>>>);

impl Allowed {
    fn of(&mut self, folder: Folder, name: &str) -> &mut BTreeSet<Option<Vec<u8>>> {
        let name = (folder, name.to_owned());
        self.0.entry(name).or_insert_with(|| BTreeSet::from([None]))
    }

    /// An operation that may have happened, or one that is known to last.
    fn apply(&mut self, folder: Folder, operation: &Operation, lasts: bool) {
        let changes = match operation {
            Operation::Save { name, bytes } => {
                vec![(name, BTreeSet::from([Some(bytes.to_vec())]))]
            }
            Operation::Forget { name } => vec![(name, BTreeSet::from([None]))],
            Operation::Rename { from, to } => {
                let moved = self.of(folder, from).iter().filter(|state| state.is_some());
                vec![(to, moved.cloned().collect()), (from, BTreeSet::from([None]))]
            }
            Operation::Read { .. } => Vec::new(),
        };
        for (name, states) in changes {
            let allowed = self.of(folder, name);
            if lasts {
                allowed.clear();
            }
            allowed.extend(states);
        }
    }
}

/// Groups of jobs as a board gives them: notices that come, get revisions, end, are marked as
/// ended, and what it writes of itself meanwhile.
fn course(seed: u64) -> Vec<Vec<Job>> {
    let mut chance = Chance(seed);
    let mut revisions = [0_u64; 40];
    let mut groups = Vec::new();
    for turn in 0..70_u64 {
        let mut group = Vec::new();
        for _ in 0..=chance.below(5) {
            let number = chance.below(40);
            let revision = &mut revisions[number as usize];
            let name = |revision: u64| format!("{number}-r{revision}.jws");
            let bytes = |text: &str| format!("{text} {number} {turn}").repeat(3).into_bytes();
            group.push(match chance.below(8) {
                0 if *revision > 0 => notices(&[forget(&name(*revision))]),
                1 if *revision > 0 => {
                    let ended = name(*revision).replace(".jws", "+ended.jws");
                    let saved = save(&name(*revision), &bytes("again"));
                    notices(&[saved, rename(&name(*revision), &ended)])
                }
                2 => job(Folder::State, &[save("time", &bytes("time"))]),
                3 => job(Folder::Played, &[save(&format!("{turn}"), &bytes("played"))]),
                _ => {
                    *revision += 1;
                    let saved = save(&name(*revision), &bytes("notice"));
                    notices(&[saved, forget(&name(*revision - 1))])
                }
            });
        }
        groups.push(group);
    }
    groups
}

/// Runs a course until the power is cut; returns what each file may hold then.
fn run(disk: &SimulatedDisk, groups: &[Vec<Job>]) -> Allowed {
    let mut store = opened(disk);
    let mut allowed = Allowed::default();
    // What went well since the names of its folder were last synced.
    let mut unsure: Vec<(Job, bool)> = Vec::new();
    for group in groups {
        let done = store.perform(group.clone());
        let well = done.iter().map(|done| done.result.is_ok());
        assert!(disk.is_down() || well.clone().all(|ok| ok), "{done:?}");
        unsure.extend(group.iter().cloned().zip(well));
        // A job that is reported and to last takes with it what its folder owed.
        let told = unsure.iter().filter(|(job, ok)| *ok && job.lasts());
        let mut synced: BTreeSet<Folder> = told.map(|(job, _)| job.folder).collect();
        if !synced.is_empty() && !disk.is_down() {
            synced.extend(Folder::ALL);
        }
        unsure.retain(|(job, ok)| {
            let lasts = *ok && synced.contains(&job.folder);
            if lasts {
                job.operations.iter().for_each(|done| allowed.apply(job.folder, done, true));
            }
            !lasts
        });
        if disk.is_down() {
            break;
        }
    }
    for (job, _) in &unsure {
        job.operations.iter().for_each(|cut| allowed.apply(job.folder, cut, false));
    }
    allowed
}

/// Power cuts in every operation, and what a board finds after each.
#[test]
fn a_power_cut_anywhere_loses_nothing_that_was_reported_and_leaves_nothing_half() {
    let groups = course(1);
    let whole = SimulatedDisk::default();
    run(&whole, &groups);
    let operations = whole.operations();
    assert!(operations > 600, "{operations}");
    for at in 0..=operations {
        let disk = SimulatedDisk::default();
        disk.crash_at(at);
        let allowed = run(&disk, &groups);
        for (seed, survival) in
            [(1, Survival::Prefix), (2, Survival::Prefix), (3, Survival::Any), (4, Survival::Any)]
        {
            check(&disk.after_crash(seed ^ at << 8, survival), &allowed, at, seed);
        }
    }
}

#[track_caller]
fn check(found: &SimulatedDisk, allowed: &Allowed, at: u64, seed: u64) {
    let mut store = opened(found);
    for folder in Folder::ALL {
        for name in found.names(folder) {
            assert!(allowed.0.contains_key(&(folder, name.clone())), "{name}, {at}, {seed}");
        }
    }
    for ((folder, name), states) in &allowed.0 {
        let met = found.file(*folder, name);
        assert!(states.contains(&met), "{name} is {met:?}, cut {at}, seed {seed}");
    }
    // The store works on, and clears what the cut left.
    assert_eq!(went(&mut store, &[notices(&[save("new.jws", b"new")])]), [true]);
    assert!(!found.names(Folder::Notices).iter().any(|name| name.starts_with(ASIDE)));
}

/// A revision's file leaves only when the later one's is safe.
#[test]
fn a_power_cut_never_takes_a_notice_between_its_revisions() {
    let before = SimulatedDisk::with(&[(Folder::Notices, "a-r1.jws", b"one")]);
    let later = [
        notices(&[save("a-r2.jws", b"two"), forget("a-r1.jws")]),
        notices(&[save("a-r3.jws", b"three"), forget("a-r2.jws")]),
    ];
    for at in 0..20 {
        for seed in 0..50 {
            let disk = before.after_crash(0, Survival::Prefix);
            disk.crash_at(at);
            opened(&disk).perform(later.to_vec());
            let found = disk.after_crash(seed, Survival::Any);
            let names = opened(&found).notices().expect("readable");
            assert!(!names.is_empty(), "cut {at}, seed {seed}");
        }
    }
}
