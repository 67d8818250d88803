//! A disk that takes nothing: the board shows, says that it will not last, and goes on.

use serde_json::json;

use super::documents::*;
use super::*;
use crate::io::disk::simulated::Health;

/// What happens to a board whose disk takes nothing.
fn takes_nothing(health: Health) -> World {
    let mut world = World::new(GATE);
    world.notice(&with(routine("before"), &[("expires", json!(at(40)))]));
    world.medium.disk().set_health(health);
    world.trace.clear();
    world.notice(&emergency("storm"));
    world.notice(&emergency("tide"));
    world.notice(&cancel("no-storm", &["storm"]));
    world.command_by("vn/86/28789", &command("c", "reload", json!({})));
    world.board.reloaded(&[]);
    world.run(60);
    assert_eq!(world.board.jobs_waiting(), 0);
    world
}

/// What it does and says is the same for every such disk, but that a full one can remove.
#[test]
fn a_full_or_read_only_disk_shows_and_says_that_it_will_not_last() {
    for (health, removes) in [(Health::Full, true), (Health::ReadOnly, false)] {
        let lasts = if removes { "" } else { ", not durable" };
        takes_nothing(health).check(&format!(
            r#"0 show storm
               0 disk saves e-storm
               0 storm accepted, not durable
               0 storm shown, not durable
               0 acknowledge storm
               0 show tide
               0 disk saves e-tide
               0 tide accepted, not durable
               0 tide shown, not durable
               0 acknowledge tide
               0 disk saves c-no-storm-r1
               0 disk forgets e-storm
               0 no-storm accepted, not durable
               0 acknowledge no-storm
               0 storm ended cancelled, not durable
               0 disk saves orders.jsonl
               0 reply c {{"durable":false}}
               0 acknowledge c
               40 disk forgets r-before
               40 before ended expired{lasts}"#,
        ));
    }
}

#[test]
fn when_there_is_room_again_notices_last() {
    let mut world = takes_nothing(Health::Full);
    world.medium.disk().set_health(Health::Good);
    world.trace.clear();
    world.notice(&routine("after"));
    world.check(
        "60 disk saves r-after
         60 after accepted
         60 acknowledge after",
    );
    let mut world = world.after_power_cut(GATE, 5);
    world.check(
        "65 show idle
         65 show after
         65 after shown",
    );
    // What did not last comes with the broker's copies; what was over is over.
    world.kept_copies();
    world.check(
        "65 acknowledge after
         65 before refused (expired)
         65 acknowledge before
         65 disk saves c-no-storm-r1
         65 no-storm accepted
         65 acknowledge no-storm
         65 storm refused (outdated)
         65 acknowledge storm
         65 show tide
         65 disk saves e-tide
         65 tide accepted
         65 tide shown
         65 acknowledge tide",
    );
}

#[test]
fn nothing_waits_for_a_disk_that_hangs() {
    let mut world = World::new(GATE);
    world.is_slow = true;
    world.trace.clear();
    for n in 0..20 {
        let times = [("sent", json!(at(n))), ("effective", json!(at(n)))];
        world.notice(&with(emergency(&format!("e{n}")), &times));
        world.run(1);
    }
    let shows = world.trace.iter().filter(|line| line.contains("show e")).count();
    let others = world.trace.iter().filter(|line| !line.contains("show") && !line.contains("disk"));
    assert_eq!((shows, others.count()), (20, 0), "{}", world.trace.join("\n"));
    world.trace.clear();
    world.disk_catches_up();
    for n in 0..20 {
        let of = |what: &str| {
            let line = format!("20 {what}");
            world.trace.iter().position(|told| *told == line).expect(what)
        };
        let accepted = of(&format!("e{n} accepted"));
        assert!(accepted < of(&format!("e{n} shown")));
        assert!(accepted < of(&format!("acknowledge e{n}")));
    }
}

/// At most one sync a minute: cards wear. The board itself makes a batch of proof every five
/// minutes, which is a file and its name; the time is written along with it, another two.
#[test]
fn an_hour_of_alternating_notices_or_of_an_emergency_spares_the_card() {
    for notices in [vec![routine("a"), routine("b")], vec![emergency("storm")]] {
        let mut world = World::new(GATE);
        notices.iter().for_each(|notice| _ = world.notice(notice));
        world.run(1);
        let before = world.medium.disk().syncs();
        world.run(3600);
        // Of names; each goes with that of a file.
        let syncs = world.medium.disk().syncs() - before;
        assert!((11..=15).contains(&syncs), "{syncs} syncs of names");
    }
}
