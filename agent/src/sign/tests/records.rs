//! What a board remembers: what was ended, and for how long.

use super::tombs::{EXPIRED_MAX, TOMBSTONES_MAX};
use super::*;

#[test]
fn a_cancel_before_its_alert_ends_it_whatever_its_revision() {
    let world = World::new().take(cancel("c", &["e"])).take(emergency("e").revision(3));
    world.run(1).check("0 idle \n 0 e is Outdated { revision: 3 }");
}

#[test]
fn a_retained_copy_after_a_cancel_stays_away() {
    let world = World::new().take(emergency("e")).run(1).take(cancel("c", &["e"])).run(1);
    world.take(emergency("e")).run(10).take(emergency("e")).check(
        "0 e \n 1 e 1 Cancelled \n 1 all-clear E
         2 e is Outdated { revision: 1 }
         11 idle
         12 e is Outdated { revision: 1 }",
    );
}

#[test]
fn the_same_id_with_other_bytes_the_newer_and_then_the_larger_stands() {
    let world = World::new().take(emergency("e").digest(1)).run(1).take(emergency("e").digest(2));
    world.run(1).take(emergency("e").digest(1)).check(
        "0 e
         1 e is Taken { conflict: true } \n 1 e 1 Superseded, file kept \n 1 e
         2 e is Outdated { revision: 1 }",
    );
}

#[test]
fn an_update_raises_and_lowers_severity() {
    let other = || emergency("other").rank(Severity::Moderate, Urgency::Unknown);
    let tide = |severity| emergency("tide").rank(severity, Urgency::Unknown);
    let raised = tide(Severity::Extreme).revision(2).update(&["tide"]);
    let lowered = tide(Severity::Minor).revision(3).update(&["tide"]).effective(1);
    let world = World::new().load([tide(Severity::Minor), other()]).run(2).take(raised.clone());
    let world = world.run(19).take(lowered.clone()).run(12);
    world.check(
        "0 other
         2 tide 1 Superseded, file kept \n 2 tide
         12 other
         21 tide 2 Superseded, file kept \n 21 tide
         31 other",
    );
    // After a start the order is that of the severity last sent.
    World::new().load([lowered, other()]).run(10).check("0 other \n 10 tide");
}

#[test]
fn two_equal_emergencies_alternate() {
    let world = World::new().load([emergency("b"), emergency("a")]).run(30);
    world.check("0 a \n 10 b \n 20 a \n 30 b");
}

#[test]
fn what_expires_while_it_is_paused_does_not_return() {
    let world = World::new().take(priority("p").expires(4000)).take(routine("r")).run(1);
    world
        .take(emergency("e").expires(6000))
        .run(16)
        .check("0 p \n 1 e \n 4 p 1 Expired \n 6 e 1 Expired \n 6 all-clear E \n 16 r");
}

#[test]
fn an_exercise_as_emergency_hides_routine_and_gives_way_to_the_real_one() {
    let drill = emergency("drill").status(Status::Exercise).expires(20_000);
    let world = World::new().take(priority("p")).take(drill).run(3).take(emergency("e"));
    world.run(2).take(cancel("c", &["e"])).run(20).check(
        "0 p \n 0 drill \n 3 e
         5 e 1 Cancelled \n 5 all-clear E \n 15 drill
         20 drill 1 Expired \n 20 p",
    );
}

/// The alert's file would go, and with it those of its earlier revisions.
#[test]
fn what_an_earlier_revision_replaced_stays_away_when_the_later_one_expires() {
    let update = || routine("u").update(&["a"]);
    let alert = || routine("u").revision(2).expires(2000);
    let world = World::new().take(update()).take(alert()).run(3).take(routine("a"));
    world.check(
        "0 u \n 0 u 1 Superseded, file kept \n 0 u
         2 u 2 Expired, file kept \n 2 idle
         3 a is Outdated { revision: 1 }",
    );
    let world = World::new().take(alert()).run(3).take(update()).take(routine("a"));
    assert!(world.sign.tombs.is_laid(&key("u")), "it counts among its sender's");
    world.take(routine("u").revision(3)).check(
        "0 u \n 2 u 2 Expired \n 2 idle
         3 u is Outdated { revision: 2 } \n 3 a is Outdated { revision: 1 }
         3 u",
    );
}

#[test]
fn a_tombstone_that_a_later_revision_brings_to_life_is_none() {
    let update = |revision| routine("u").update(&["a"]).revision(revision);
    let world = World::new().take(update(1).expires(1000)).run(2).take(update(2));
    let cancels = (0..=TOMBSTONES_MAX).map(|n| cancel(&format!("c{n:04}"), &["x"]).sent(3000));
    world.load(cancels).check("0 u \n 1 u 1 Expired, file kept \n 1 idle \n 2 u \n 2 c0000 buried");
}

/// An update whose end was reported was reported again at each start.
#[test]
fn what_was_over_before_the_start_is_a_tombstone_at_once() {
    let ended = || routine("u").update(&["a"]).expires(5000).over();
    for drafts in [vec![ended(), routine("a")], vec![routine("a"), ended()]] {
        let world = World::new().load(drafts).run(6).take(routine("a"));
        world.check("0 a 1 Superseded \n 0 idle \n 6 a is Outdated { revision: 1 }");
    }
    let later = routine("u").update(&["a"]).revision(2);
    World::new().load([ended()]).take(later).check("0 idle \n 0 u");
}

#[test]
fn ends_say_whether_they_are_for_good_and_the_file_stays() {
    let ends = |draft: Draft, trust| {
        let mut world = World::new().load([]).trust(trust);
        world.accept(draft, true);
        world.step();
        world.tick(2000);
        let ended = world.step().ended;
        ended.iter().map(|end| (end.forget, end.over)).collect::<Vec<_>>()
    };
    let update = || routine("u").update(&["a"]).expires(1000);
    assert_eq!(ends(routine("r").expires(1000), Trust::Trusted), [(true, false)]);
    assert_eq!(ends(update(), Trust::Trusted), [(false, true)]);
    assert_eq!(ends(routine("r").expires(1000), Trust::Unknown), [(false, false)]);
    assert_eq!(ends(update(), Trust::Unknown), [(false, false)]);
}

#[test]
fn tombstones_are_bounded_and_the_oldest_of_the_sender_goes() {
    let cancels = |count: usize| (0..count).map(|n| cancel(&format!("c{n}"), &[&format!("a{n}")]));
    let aged = cancels(TOMBSTONES_MAX).enumerate().map(|(n, draft)| draft.sent(n as i64));
    let mut other = cancel("other", &["b"]);
    other.notice.key.sender = Area::parse("vn/87").expect("an area");
    let world = World::new().load(aged.rev()).load([other]).take(routine("a0"));
    let newest = cancel("newest", &["a0", "x"]).sent(HOUR);
    let world = world.take(newest).take(routine("x")).take(routine("a0")).take(routine("a1"));
    let mut world = world.take(cancel("ancient", &["y"]).sent(-DAY)).take(routine("y"));
    world.check(
        "0 idle
         0 a0 is Outdated { revision: 1 }
         0 c0 buried
         0 x is Outdated { revision: 1 }
         0 a0 is Outdated { revision: 1 }
         0 a1 is Outdated { revision: 1 }
         0 ancient buried \n 0 y",
    );
    assert_eq!(world.sign.held.len(), TOMBSTONES_MAX + 2);
    world.accept(cancel("last", &["z"]).sent(2 * HOUR), true);
    assert_eq!(world.step().buried, [key("c1")]);
}

#[test]
fn what_expired_is_remembered_within_bounds() {
    let mut expired = Expired::default();
    let standing = (false, 1, at(0), [0; 32]);
    let key_of = |n: usize| Arc::new(key(&format!("r{n}")));
    for n in 0..=EXPIRED_MAX {
        expired.remember(&key_of(n), standing, at(n as i64));
        expired.remember(&key_of(n), standing, at(n as i64 + 1));
    }
    assert_eq!(expired.standing(&key_of(0)), None, "it expired before all others");
    assert_eq!(expired.standing(&key_of(1)), Some(standing));
    assert_eq!(expired.standing(&key_of(EXPIRED_MAX)), Some(standing));
}
