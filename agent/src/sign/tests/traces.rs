//! What stands on the glass when, one story a test.

use super::*;

#[test]
fn routine_notices_take_turns_each_as_long_as_its_scene() {
    let world = World::new().take(routine("a")).take(routine("b").pages(&[3000, 2000])).run(30);
    world.check("0 a \n 10 b \n 15 a \n 25 b \n 30 a");
}

#[test]
fn a_new_routine_comes_next() {
    let world = World::new().take(routine("a")).take(routine("b")).run(12).take(routine("c"));
    world.run(28).check("0 a \n 10 b \n 20 c \n 30 a \n 40 b");
}

/// While it was alone nobody woke for its turn's end: the next one cut it off in mid-round.
#[test]
fn a_notice_that_was_alone_ends_its_round() {
    let world = World::new().take(routine("a")).run(25).take(routine("b")).run(15);
    world.check("0 a \n 30 b \n 40 a");
}

#[test]
fn priorities_hide_routines_and_alternate_until_the_commune_decides() {
    let world = World::new().take(routine("r").pages(&[4000, 6000])).run(5);
    assert!(!world.sign.needs_decision());
    let world = world.take(priority("p").expires(20_000)).run(1);
    assert!(!world.sign.needs_decision());
    let world = world.take(priority("q").expires(40_000)).run(9);
    assert!(world.sign.needs_decision());
    world.run(35).check(
        "0 r \n 5 p \n 15 q
         20 p 1 Expired
         40 q 1 Expired \n 40 r from 4000 ms",
    );
}

#[test]
fn an_emergency_interrupts_at_once_and_the_page_comes_back() {
    let world = World::new().take(routine("r").pages(&[4000, 6000])).run(7);
    let world = world.take(emergency("e").expires(8000)).run(14);
    assert_eq!(world.sign.page(world.now), Some(1));
    world.check(
        "0 r \n 7 e
         8 e 1 Expired \n 8 all-clear E \n 18 r from 4000 ms",
    );
}

#[test]
fn the_interrupted_emergency_comes_next() {
    let world = World::new().load([emergency("a"), emergency("b")]).run(2);
    let world = world.take(emergency("c").sent(1)).run(3).take(emergency("d").sent(2));
    world.run(40).check("0 a \n 2 c \n 5 d \n 15 c \n 25 a \n 35 b \n 45 d");
}

/// Two that came into force at the same instant cut each other off at the next step.
#[test]
fn emergencies_that_begin_together_are_both_shown_through() {
    let later = |id, severity| emergency(id).rank(severity, Urgency::Unknown).effective(5000);
    let world = World::new().take(emergency("a"));
    let world = world.take(later("b", Severity::Minor)).take(later("c", Severity::Severe));
    world.run(30).check("0 a \n 5 c \n 15 b \n 25 a");
}

#[test]
fn emergencies_of_the_store_come_by_severity_urgency_and_the_newest_first() {
    let drafts = [
        emergency("old").rank(Severity::Severe, Urgency::Expected),
        emergency("bad").rank(Severity::Extreme, Urgency::Past),
        emergency("new").rank(Severity::Severe, Urgency::Expected).sent(1),
        emergency("soon").rank(Severity::Severe, Urgency::Immediate),
    ];
    let order = "0 bad \n 10 soon \n 20 new \n 30 old \n 40 bad";
    World::new().load(drafts.clone()).run(40).check(order);
    World::new().load(drafts.into_iter().rev()).run(40).check(order);
}

#[test]
fn nothing_is_shown_at_its_expiry() {
    let world = World::new().take(routine("a").expires(12_345)).run(13);
    world.check("0 a \n 12.345 a 1 Expired \n 12.345 idle");
    let paused = World::new().take(routine("a").expires(3000)).run(1).take(emergency("e"));
    let world = paused.run(4).take(cancel("c", &["e"])).run(10);
    world.check(
        "0 a \n 1 e \n 3 a 1 Expired
         5 e 1 Cancelled \n 5 all-clear E \n 15 idle",
    );
}

#[test]
fn a_cancel_takes_it_off_at_the_same_step() {
    let world = World::new().take(routine("a")).take(routine("b")).run(1);
    world.take(cancel("c", &["a"])).check("0 a \n 1 a 1 Cancelled \n 1 b");
}

#[test]
fn a_cancel_may_come_before_what_it_ends() {
    let world = World::new().take(cancel("c", &["a"])).take(emergency("a"));
    let world = world.take(emergency("a").revision(7));
    world.check("0 idle \n 0 a is Outdated { revision: 1 } \n 0 a is Outdated { revision: 7 }");
}

/// A power cut between keeping a cancel and removing what it names leaves both files.
#[test]
fn what_the_store_still_holds_of_the_cancelled_goes() {
    for drafts in [[routine("a"), cancel("c", &["a"])], [cancel("c", &["a"]), routine("a")]] {
        World::new().load(drafts).check("0 a 1 Cancelled \n 0 idle");
    }
}

/// A sender may end its notice with a revision of kind cancel; that one is the last.
#[test]
fn a_cancel_of_its_own_key_has_the_last_word() {
    let own = || cancel("e", &["e"]).revision(2);
    let world = World::new().take(emergency("e")).take(own()).take(emergency("e").revision(3));
    world.check(
        "0 e \n 0 e 1 Cancelled, file kept \n 0 all-clear E
         0 e is Outdated { revision: 2 }",
    );
    let world = World::new().take(emergency("e").revision(3)).take(own()).run(10);
    world.check("0 e \n 0 e 3 Cancelled, file kept \n 0 all-clear E \n 10 idle");
}

#[test]
fn the_all_clear_waits_for_the_last_emergency_and_names_all() {
    let world = World::new().take(emergency("a").expires(3000)).take(emergency("b").expires(7000));
    world.run(20).check(
        "0 a \n 0 b
         3 a 1 Expired
         7 b 1 Expired \n 7 all-clear A B \n 17 idle",
    );
}

/// News that came while another emergency was in force used to swallow the all-clear.
#[test]
fn only_what_can_be_seen_interrupts_the_all_clear() {
    let world = World::new().take(emergency("a").expires(3000)).take(emergency("b").expires(7000));
    let world = world.run(5).take(routine("r")).run(3).take(routine("later").effective(HOUR));
    let world = world.run(1).take(routine("s").pages(&[5000])).run(15);
    world.check(
        "0 a \n 0 b
         3 a 1 Expired
         7 b 1 Expired \n 7 all-clear A B \n 9 r \n 19 s \n 24 r",
    );
}

#[test]
fn no_all_clear_for_what_nobody_saw_or_what_goes_on() {
    let world = World::new().take(emergency("unseen").effective(9000)).take(emergency("a"));
    let world = world.take(cancel("c", &["unseen"])).take(emergency("b").update(&["a"]));
    world.check(
        "0 idle \n 0 a \n 0 unseen 1 Cancelled
         0 a 1 Superseded \n 0 b",
    );
}

#[test]
fn what_an_update_replaced_never_returns() {
    let world = World::new().take(routine("a")).take(routine("b").update(&["a"]).expires(5000));
    let world = world.run(6).take(routine("a")).take(routine("a").revision(2));
    world.check(
        "0 a \n 0 a 1 Superseded \n 0 b
         5 b 1 Expired, file kept \n 5 idle
         6 a is Outdated { revision: 1 } \n 6 a is Outdated { revision: 2 }",
    );
}

#[test]
fn the_highest_revision_stands() {
    let world = World::new().take(routine("a").revision(2)).take(routine("a").revision(2));
    world.take(routine("a")).take(routine("a").revision(3)).check(
        "0 a
         0 a is Known
         0 a is Outdated { revision: 2 }
         0 a 2 Superseded, file kept \n 0 a",
    );
}

/// The one that lost the conflict stayed on the glass: only the revisions were compared.
#[test]
fn of_two_with_one_revision_the_newer_and_then_the_larger_digest_stands() {
    let world = World::new().take(routine("a").digest(5)).take(routine("a").digest(4));
    world.take(routine("a").digest(6)).take(routine("a").digest(1).sent(1)).check(
        "0 a
         0 a is Outdated { revision: 1 }
         0 a is Taken { conflict: true } \n 0 a 1 Superseded, file kept \n 0 a
         0 a is Taken { conflict: true } \n 0 a 1 Superseded, file kept \n 0 a",
    );
}

#[test]
fn a_drill_waits_for_the_real_emergency_and_resumes() {
    let drill = emergency("drill").status(Status::Exercise).pages(&[4000, 6000]);
    let world = World::new().take(drill.clone()).run(5).take(emergency("e").expires(9000));
    world.run(15).check(
        "0 drill \n 5 e
         9 e 1 Expired \n 9 all-clear E \n 19 drill from 4000 ms",
    );
    let world = World::new().take(emergency("e")).take(drill).run(1).take(cancel("c", &["e"]));
    world.run(10).check("0 e \n 1 e 1 Cancelled \n 1 all-clear E \n 11 drill");
}

#[test]
fn a_test_is_never_shown() {
    let world = World::new().take(emergency("t").status(Status::Test).expires(5000)).run(6);
    world.check("0 idle \n 5 t 1 Expired");
}

/// A silent test of the chain that cancels must not take a real warning off the glass.
#[test]
fn a_drill_ends_nothing_real_and_a_test_no_drill() {
    let as_status = |id, of, status| cancel(id, &[of]).status(status);
    let world = World::new().take(emergency("e")).take(as_status("c", "e", Status::Test));
    world.take(as_status("d", "e", Status::Exercise)).check("0 e");
    let drill = routine("x").status(Status::Exercise);
    let world = World::new().take(drill).take(as_status("c", "x", Status::Test));
    world.take(as_status("d", "x", Status::Actual)).check("0 x \n 0 x 1 Cancelled \n 0 idle");
}

#[test]
fn routines_keep_their_hours_and_emergencies_do_not() {
    let world = World::new().take(routine("r").hours(9, 10)).run(3 * 3600);
    world.check("0 idle \n 3600 r \n 7200 idle");
    World::new().take(emergency("e").hours(9, 10)).run(3 * 3600).check("0 e");
    let night = World::new().take(routine("night").hours(22, 6)).run(23 * 3600);
    night.check("0 idle \n 50400 night \n 79200 idle");
}

/// The clock was set right inside the closed hours, and the notice stayed until the next edge.
#[test]
fn hours_count_as_soon_as_the_clock_is_trusted() {
    let world = World::new().trust(Trust::Unknown).take(routine("r").hours(9, 10)).run(60);
    world.trust(Trust::Trusted).run(3540).check("0 idle \n 0 r \n 60 idle \n 3600 r");
}

#[test]
fn what_an_untrusted_clock_ended_returns_when_the_clock_was_ahead() {
    let world = World::new().trust(Trust::Unknown).take(emergency("e").expires(5000)).run(20);
    world.set(-16 * SECOND).trust(Trust::Trusted).run(10).check(
        "0 idle \n 0 e
         5 e 1 Expired, file kept \n 5 all-clear E \n 15 idle
         20 idle \n 20 e
         21 e 1 Expired \n 21 all-clear E",
    );
}

#[test]
fn a_clock_set_back_revives_nothing() {
    let again = || routine("r").expires(5000);
    let world = World::new().take(again()).run(6).set(-DAY).take(again()).run(1);
    world.set(DAY).check(
        "0 r \n 5 r 1 Expired \n 5 idle
         6 idle
         6 r is Known
         7 idle",
    );
}

#[test]
fn a_year_ahead_and_back() {
    let board = || World::new().take(routine("r")).take(cancel("c", &["x"]));
    board().set(365 * DAY).set(-365 * DAY).take(routine("r")).check(
        "0 r
         0 r 1 Expired \n 0 idle
         0 idle
         0 r is Known",
    );
    let unknown = board().trust(Trust::Unknown).set(365 * DAY).set(-365 * DAY);
    unknown.trust(Trust::Trusted).check("0 r \n 0 r 1 Expired, file kept \n 0 idle \n 0 r");
}

#[test]
fn tombstones_stay_as_long_as_a_notice_can_live() {
    let world = World::new().take(cancel("c", &["x"])).take(routine("u").update(&["y"]).expires(1));
    let world = world.run(1).set(400 * DAY - 1001).take(routine("x"));
    world.run(17 * 3600).check(
        "0 idle \n 0 u
         0.001 u 1 Expired, file kept \n 0.001 idle
         1 idle
         1 x is Outdated { revision: 1 }
         57601.001 c buried \n 57601.001 u buried \n 57601.001 idle",
    );
}

#[test]
fn the_idle_page_is_drawn_anew_at_midnight_and_when_the_clock_is_set() {
    let world = World::new().load([]).run(17 * 3600).set(400).set(200);
    world.check("0 idle \n 57600 idle \n 61200 idle");
}

#[test]
fn a_full_board_takes_emergencies_and_cancels_alone() {
    let world = World::new().load((0..HELD_MAX).map(|n| routine(&format!("r{n}"))));
    let world = world.take(routine("more")).take(routine("r7").revision(2));
    world.take(emergency("e")).take(cancel("c", &["e"])).check(
        "0 r0
         0 more is Full
         0 r7 1 Superseded, file kept
         0 e
         0 e 1 Cancelled \n 0 all-clear E",
    );
}
