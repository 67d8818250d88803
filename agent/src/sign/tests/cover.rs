//! The local cut-off, and what commands put over the notices.

use super::*;

#[test]
fn an_emergency_that_starts_during_the_cut_off_comes_first_with_the_light() {
    let world = World::new().load([emergency("old")]).run(3).cut_off(true).run(1);
    let world = world.take(emergency("first").sent(1)).run(1).take(emergency("second").sent(2));
    world.run(12).cut_off(false).run(21).check(
        "0 old
         10 second
         17 second \n 27 first \n 37 old",
    );
}

#[test]
fn what_shows_when_the_cut_off_ends_begins_anew() {
    let world = World::new().take(routine("r").pages(&[4000, 6000])).run(5).cut_off(true).run(2);
    world.cut_off(true).cut_off(false).run(1).cut_off(false).check("0 r \n 7 r");
    World::new().load([]).cut_off(true).cut_off(false).check("0 idle \n 0 idle");
    let world = World::saving(8, 9).load([]).cut_off(true).run(1).cut_off(false);
    world.check("0 dark \n 1 dark");
}

#[test]
fn what_runs_out_during_the_cut_off_ends_as_cut_off() {
    let silent = routine("t").status(Status::Test).expires(6000);
    let world = World::new().take(routine("before").expires(2000)).take(silent);
    let world = world.take(routine("r").expires(6000)).take(priority("p").update(&["x"]));
    let world = world.take(emergency("e").expires(20_000)).run(4).cut_off(true).run(4);
    let world = world.take(cancel("c", &["p"])).take(routine("late").expires(10_000)).run(4);
    world.cut_off(false).run(8).check(
        "0 before \n 0 p \n 0 e
         2 before 1 Expired
         6 r 1 CutOff \n 6 t 1 Expired
         8 p 1 Cancelled, file kept
         10 late 1 CutOff
         12 e
         20 e 1 Expired \n 20 all-clear E",
    );
}

#[test]
fn no_all_clear_for_what_only_the_dark_saw() {
    let world = World::new().load([]).cut_off(true).take(emergency("e").expires(5000)).run(6);
    world.cut_off(false).run(1).check("0 idle \n 0 e \n 5 e 1 CutOff \n 5 idle \n 6 idle");
}

/// It stood where nobody could read it, and was gone when the light came back.
#[test]
fn the_all_clear_waits_for_the_light() {
    let ended = || World::new().take(emergency("e").expires(5000)).run(3).cut_off(true).run(30);
    ended().cut_off(false).run(10).check(
        "0 e \n 5 e 1 CutOff \n 5 idle
         33 all-clear E \n 43 idle",
    );
    let world = World::new().take(emergency("e").expires(5000)).run(8).cut_off(true).run(9);
    world.cut_off(false).run(10).check(
        "0 e \n 5 e 1 Expired \n 5 all-clear E \n 8 idle
         17 all-clear E \n 27 idle",
    );
}

#[test]
fn an_overlay_lies_over_priority_and_the_interrupted_page_resumes() {
    let world = World::new().take(priority("p").pages(&[4000, 6000])).run(5);
    let world = world.overlay(Overlay::Identify, 10_000).run(3);
    world
        .overlay(Overlay::TestPattern, 4000)
        .run(5)
        .check("0 p \n 5 Identify \n 8 TestPattern \n 12 p from 4000 ms");
}

#[test]
fn an_overlay_lies_over_idle_and_dark_and_ends_with_0() {
    let world = World::saving(8, 9).load([]).overlay(Overlay::Identify, 3000).run(4);
    let world = world.overlay(Overlay::TestPattern, 60_000).run(1);
    world
        .overlay(Overlay::TestPattern, 0)
        .run(1)
        .check("0 dark \n 0 Identify \n 3 dark \n 4 TestPattern \n 5 dark");
}

#[test]
fn an_overlay_interrupted_by_an_emergency_ends_for_good() {
    for status in [Status::Actual, Status::Exercise] {
        let world = World::new().load([routine("r")]).overlay(Overlay::TestPattern, 60_000);
        let mut world = world.run(2).take(emergency("e").status(status).expires(9000)).run(1);
        assert!(!world.sign.overlay(Overlay::Identify, 60_000, world.now), "an emergency shows");
        let world = world.run(16).run(1);
        let after = if status == Status::Actual { "9 all-clear E \n 19 r" } else { "9 r" };
        world.check(&format!("0 r \n 0 TestPattern \n 2 e \n 9 e 1 Expired \n {after}"));
    }
}

#[test]
fn an_all_clear_stands_above_an_overlay() {
    let world = World::new().take(emergency("e").expires(5000)).run(6);
    world
        .overlay(Overlay::Identify, 12_000)
        .run(14)
        .check("0 e \n 5 e 1 Expired \n 5 all-clear E \n 15 Identify \n 18 idle");
}
