//! The commune's order of priority notices, pictures that are fetched, and scenes that are
//! composed for their turn.

use super::*;

fn three() -> World {
    World::new().load([priority("a"), priority("b"), priority("c")])
}

#[test]
fn priorities_show_in_the_decided_order_from_the_next_change_on() {
    let world = three().run(15);
    assert!(world.sign.needs_decision());
    let world = world.decide(&["c", "a", "b"]).run(70);
    assert!(!world.sign.needs_decision());
    world.check("0 a \n 10 b \n 20 c \n 30 a \n 40 b \n 50 c \n 60 a \n 70 b \n 80 c");
}

#[test]
fn the_decided_order_begins_with_its_first_and_the_unlisted_alternate_after_it() {
    let world = three().take(priority("d")).run(5).decide(&["d", "gone", "c"]).run(80);
    assert!(world.sign.needs_decision(), "a and b are not listed");
    world.check("0 a \n 10 d \n 20 c \n 30 b \n 40 a \n 50 d \n 60 c \n 70 b \n 80 a");
    let world = three().run(5).decide(&["c", "b"]);
    assert!(!world.sign.needs_decision(), "the one that is not listed comes last");
}

#[test]
fn a_decided_order_may_begin_with_what_is_on_the_glass() {
    let order = "0 a \n 10 c \n 20 b \n 30 a \n 40 c";
    three().run(5).decide(&["a", "c", "b"]).run(40).check(order);
}

#[test]
fn what_comes_late_takes_its_place_in_the_decided_order() {
    let world = three().decide(&["a", "x", "b", "c"]).run(25).take(priority("x")).run(45);
    world.check("0 a \n 10 b \n 20 c \n 30 x \n 40 a \n 50 x \n 60 b \n 70 c");
}

/// It had missed many rounds and came before those whose turn it was.
#[test]
fn what_was_away_joins_the_round_that_goes_on() {
    let minutes = |from, to| Window { days: [true; 7], from, to };
    let windows = [minutes(480, 481), minutes(485, 490)];
    let away = priority("c").with(|notice| notice.windows.extend(windows));
    let world = World::new().load([priority("a"), priority("b").pages(&[3000]), away]);
    let mut world = world.decide(&["a", "b", "c"]).run(293);
    world.trace.clear();
    world.run(24).check("294 a \n 304 b \n 307 c \n 317 a");
}

#[test]
fn an_order_that_is_taken_back_leaves_them_alternating() {
    let world = three().decide(&["c", "b", "a"]).run(25).decide(&[]);
    assert!(world.sign.needs_decision());
    world.run(25).check("0 a \n 10 c \n 20 b \n 30 a \n 40 c \n 50 b");
}

#[test]
fn two_are_needed_for_a_decision() {
    let world = World::new().take(priority("a")).take(priority("b").effective(5000));
    assert!(!world.sign.needs_decision());
    let world = world.run(5);
    assert!(world.sign.needs_decision());
    assert!(!world.take(cancel("c", &["a"])).sign.needs_decision());
}

#[test]
fn a_picture_wait_ends_with_the_pictures_or_the_limit() {
    let world = World::new().take(routine("r").waits(60_000)).take(priority("p").waits(5000));
    world.run(4).ready("r").run(3).ready("p").check("0 idle \n 4 r \n 5 p");
}

#[test]
fn emergencies_and_drills_do_not_wait_for_their_pictures() {
    let drill = emergency("drill").status(Status::Exercise).waits(60_000);
    World::new().take(drill).take(emergency("e").waits(60_000)).check("0 drill \n 0 e");
}

#[test]
fn a_picture_wait_is_no_news_until_it_ends() {
    let world = World::new().take(emergency("e").expires(1000)).run(2);
    let world = world.take(routine("r").waits(3000)).run(10);
    world.check("0 e \n 1 e 1 Expired \n 1 all-clear E \n 11 r");
}

#[test]
fn a_scene_composed_for_its_turn_fixes_its_end() {
    let world = World::new().load([routine("a").uncomposed(), routine("b").uncomposed()]);
    let world = world.composed("a", &[3000, 1000]).run(4).composed("b", &[15_000]).run(15);
    let world = world.composed("gone", &[1]).run(3);
    assert_eq!(world.sign.page(world.now), Some(1));
    world.take(emergency("e").uncomposed().expires(30_000)).run(30).check(
        "0 a \n 4 b \n 19 a
         22 e
         30 e 1 Expired \n 30 all-clear E
         40 a from 3000 ms \n 41 b",
    );
}

#[test]
fn a_scene_that_is_never_composed_has_a_provisional_end() {
    let world = World::new().load([routine("a").uncomposed(), routine("b").uncomposed()]);
    world.run(20).check("0 a \n 10 b \n 20 a");
}

#[test]
fn the_undrawable_makes_room_at_once_and_is_out_until_the_next_start() {
    let world = World::new().load([routine("a").uncomposed(), routine("b")]).undrawable("a");
    let world = world.undrawable("a").undrawable("gone").run(30).take(routine("a").uncomposed());
    world.check("0 a \n 0 a 1 Undrawable, file kept \n 0 b \n 30 a is Known");
    let world = World::new().load([routine("a").expires(9000)]).undrawable("a").run(10);
    world.check("0 a \n 0 a 1 Undrawable, file kept \n 0 idle \n 9 a buried");
}

#[test]
fn an_undrawable_emergency_gives_back_what_it_interrupted_without_an_all_clear() {
    let world = World::new().take(routine("r").pages(&[4000, 6000])).run(5);
    let world = world.take(emergency("e").uncomposed()).undrawable("e").run(1);
    world.take(cancel("c", &["e"])).take(emergency("f").revision(2)).check(
        "0 r \n 5 e \n 5 e 1 Undrawable, file kept \n 5 r from 4000 ms \n 6 e buried \n 6 f",
    );
    let world = World::new().load([emergency("e").uncomposed()]).undrawable("e");
    world
        .take(emergency("e").revision(2))
        .check("0 e \n 0 e 1 Undrawable, file kept \n 0 idle \n 0 e");
}
