//! What is on the glass against a jumping clock, and what the ledger says of it: number, notice,
//! from, to, seconds shown / asked, pages. A line parts batches.

use super::*;

#[track_caller]
fn check(play: impl FnOnce(&mut World), expected: &[&str]) {
    let mut world = World::new();
    play(&mut world);
    world.flush();
    world.settle();
    world.check_chain();
    assert_eq!(world.trace().lines().collect::<Vec<_>>(), expected);
}

#[test]
fn a_turn_shown_through_was_shown_as_long_as_it_asked() {
    // The next one comes a little early or late: composing and painting take their time.
    for (ms, shown, asked) in [(6000, "6", "6"), (5980, "5.98", "6"), (6050, "6.05", "6.05")] {
        let to = format!("08:00:0{}", &format!("{:.3}", ms as f64 / 1000.0));
        check(
            |world| {
                world.began("a", 0);
                world.pass(ms);
                world.ended();
            },
            &[&format!("1 a 08:00:00.000 {to} {shown}/{asked} p3"), "--"],
        );
    }
}

#[test]
fn what_was_interrupted_asked_for_more_and_goes_on_without_asking_again() {
    check(
        |world| {
            world.began("a", 0);
            world.pass(1500);
            world.began("storm", 0);
            world.pass(12_000);
            world.flush();
            // The interrupted page begins anew.
            world.began("a", 1000);
            world.pass(5000);
            world.ended();
        },
        &[
            "1 a 08:00:00.000 08:00:01.500 1.5/6 p1",
            "2 storm 08:00:01.500 08:00:13.500 12/12 p6",
            "--",
            "3 a 08:00:13.500 08:00:18.500 5/0 p2",
            "--",
        ],
    );
}

#[test]
fn what_goes_round_alone_asks_for_as_long_as_it_is_shown() {
    check(
        |world| {
            world.began("a", 0);
            for _ in 0..610 {
                world.pass(1000);
                world.ledger.due(world.now, Pace::FiveMinutes);
            }
            world.ended();
        },
        &[
            "1 a 08:00:00.000 08:05:00.000 300/300 p150",
            "--",
            "2 a 08:05:00.000 08:10:00.000 300/300 p150",
            "--",
            "3 a 08:10:00.000 08:10:10.000 10/10 p5",
            "--",
        ],
    );
}

#[test]
fn notices_that_alternate_are_one_showing_each() {
    check(
        |world| {
            for _ in 0..50 {
                for id in ["a", "b"] {
                    world.began(id, 0);
                    world.pass(6000);
                    world.ledger.due(world.now, Pace::FiveMinutes);
                }
            }
            world.ended();
        },
        &[
            "1 a 08:00:00.000 08:04:54.000 150/150 p75",
            "2 b 08:00:06.000 08:05:00.000 150/150 p75",
            "--",
            "3 a 08:05:00.000 08:09:54.000 150/150 p75",
            "4 b 08:05:06.000 08:10:00.000 150/150 p75",
            "--",
        ],
    );
}

#[test]
fn a_clock_that_is_set_changes_no_duration() {
    check(
        |world| {
            world.began("a", 0);
            world.pass(3000);
            world.set(-3_600_000);
            world.pass(3000);
            world.began("b", 0);
            world.pass(2000);
            world.set(7_200_000);
            world.pass(2000);
            world.ended();
        },
        &["1 a 08:00:00.000 07:00:06.000 6/6 p3", "2 b 07:00:06.000 09:00:10.000 4/6 p2", "--"],
    );
}

#[test]
fn a_cut_within_a_page_counts_it_where_it_ends() {
    check(
        |world| {
            world.began("a", 0);
            world.pass(2900);
            world.flush();
            world.pass(3100);
            world.ended();
        },
        &[
            "1 a 08:00:00.000 08:00:02.900 2.9/2.9 p1",
            "--",
            "2 a 08:00:02.900 08:00:06.000 3.1/3.1 p2",
            "--",
        ],
    );
}

#[test]
fn what_was_on_the_glass_for_no_time_was_there() {
    check(
        |world| {
            world.ended();
            world.began("a", 0);
            world.flush();
            world.ended();
            world.ended();
            // Cut off at the very instant of a cut: only what it still asked for is left to tell.
            world.began("b", 0);
            world.pass(2000);
            world.flush();
            world.ended();
        },
        &[
            "1 a 08:00:00.000 08:00:00.000 0/6 p0",
            "2 b 08:00:00.000 08:00:02.000 2/2 p1",
            "--",
            "3 b 08:00:02.000 08:00:02.000 0/4 p0",
            "--",
        ],
    );
}

#[test]
fn an_hour_of_nothing_makes_no_batch_and_wakes_nobody() {
    let mut world = World::new();
    world.began("a", 0);
    world.pass(6000);
    world.flush();
    world.ended();
    world.pass(3_600_000);
    assert_eq!(world.ledger.wake_in_ms(world.now, Pace::FiveMinutes), None);
    world.settle();
    assert_eq!(world.batches().len(), 1);
}
