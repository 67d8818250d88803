//! Clocks that jump, hours that begin and end, and a board that does not know the time.

use super::*;

/// Monday, Tuesday and so on of the windows below.
fn on(days: &[usize], from: u16, to: u16) -> Window {
    let mut flags = [false; 7];
    days.iter().for_each(|day| flags[*day] = true);
    Window { days: flags, from, to }
}

/// Seconds since the traces began at Monday, 08:00.
const MINUTE: i64 = 60;

#[test]
fn a_clock_a_day_back_shows_what_is_in_force_and_nothing_that_ended() {
    let old = |draft: Draft| draft.sent(-3 * DAY).effective(-3 * DAY);
    let gone = || old(emergency("gone").expires(7000));
    let world = World::new().take(old(routine("over").expires(5000))).take(old(emergency("e")));
    let world = world.run(2).take(gone()).run(8).set(-DAY).take(gone()).run(5).set(DAY).run(5);
    world.check(
        "0 over \n 0 e \n 2 gone
         5 over 1 Expired
         7 gone 1 Expired \n 7 e
         10 gone is Known",
    );
}

#[test]
fn a_clock_a_year_ahead_ends_what_is_over_and_brings_nothing_back() {
    let world = World::new().take(emergency("e")).take(priority("p")).set(365 * DAY).run(1);
    world.set(-365 * DAY).take(emergency("e")).take(priority("p")).run(1).check(
        "0 e
         0 e 1 Expired \n 0 p 1 Expired \n 0 all-clear E
         1 e is Known \n 1 p is Known",
    );
}

#[test]
fn windows_hold_their_first_minute_and_not_their_last() {
    // 08:01 to 08:03, to the millisecond.
    let window = Window { days: [true; 7], from: 481, to: 483 };
    let world = World::new().take(routine("r").with(|notice| notice.windows.push(window)));
    world.run(5 * MINUTE).check("0 idle \n 60 r \n 180 idle");
}

#[test]
fn a_window_over_midnight_belongs_to_the_day_it_begins() {
    // Monday 23:58 to Tuesday 00:02, and not Tuesday night.
    let window = on(&[0], 23 * 60 + 58, 2);
    let world = World::new().take(routine("r").with(|notice| notice.windows.push(window)));
    world.run(41 * 3600).check("0 idle \n 57480 r \n 57720 idle \n 144000 idle");
    // Midnight is the last instant of a day's window and the first of the next day's.
    let windows = [on(&[0], 23 * 60 + 59, 1440), on(&[1], 0, 1)];
    let world = World::new().take(routine("r").with(|notice| notice.windows.extend(windows)));
    world.run(17 * 3600).check("0 idle \n 57540 r \n 57660 idle");
}

/// A board whose clock lags three days showed the warning three days after its end.
#[test]
fn with_an_unknown_clock_an_emergency_shows_for_the_remaining_time_it_came_with() {
    let behind = || World::new().trust(Trust::Unknown).set(-3 * DAY);
    let warning = || emergency("e").sent(0).effective(0).expires(20_000);
    behind().take(warning()).run(60).check(
        "0 idle \n 0 idle \n 0 e
         20 e 1 Expired, file kept \n 20 all-clear E \n 30 idle",
    );
    // One for later comes when its sender said, counted from when it came.
    let later = emergency("e").effective(5000).expires(9000);
    behind().take(later).run(10).check(
        "0 idle \n 0 idle \n 5 e
         9 e 1 Expired, file kept \n 9 all-clear E",
    );
}

/// The last trusted time on the disk was a minute old, and the warning waited for it to pass.
#[test]
fn with_an_unknown_clock_a_start_shows_at_once_what_came_just_before_the_power_cut() {
    let world = World::new().trust(Trust::Unknown).set(-60 * SECOND);
    world.load([emergency("e").expires(20_000), routine("r")]).run(61).check(
        "0 idle \n 0 idle \n 0 e
         20 e 1 Expired, file kept \n 20 all-clear E \n 30 idle \n 60 r",
    );
}

#[test]
fn a_clock_that_becomes_trusted_decides_the_remaining_time_alone() {
    let world = World::new().trust(Trust::Unknown).set(-DAY).take(emergency("e").expires(20_000));
    // The message was an hour old when it came, or it is still in force.
    let late = || world_of(&["e"]).run(5).set(DAY + HOUR).trust(Trust::Trusted).run(1);
    late().check(
        "0 idle \n 0 idle \n 0 e
         5 e 1 Expired, file kept \n 5 all-clear E \n 5 e buried",
    );
    world.run(30).set(DAY - 20 * SECOND).trust(Trust::Trusted).run(15).check(
        "0 idle \n 0 idle \n 0 e
         20 e 1 Expired, file kept \n 20 all-clear E \n 30 idle
         30 idle \n 30 e
         40 e 1 Expired \n 40 all-clear E",
    );
}

fn world_of(ids: &[&str]) -> World {
    let world = World::new().trust(Trust::Unknown).set(-DAY);
    ids.iter().fold(world, |world, id| world.take(emergency(id).expires(20_000)))
}

/// Holdover runs on by itself and is believed.
#[test]
fn a_clock_in_holdover_goes_by_the_wall() {
    let world = World::new().trust(Trust::Holdover).take(emergency("e").expires(20_000)).run(5);
    world.set(10 * SECOND).run(6).check("0 idle \n 0 e \n 10 e 1 Expired \n 10 all-clear E");
}

#[test]
fn saving_hours_are_dark_with_an_emergency_inside() {
    // 09:00 to 10:00.
    let storm = emergency("e").effective(HOUR + 600_000).expires(HOUR + 1_200_000);
    let world = World::saving(9, 10).take(routine("r").pages(&[1000, 2000])).take(storm);
    world.run(2 * 3600 + 1).check(
        "0 r
         3600 dark
         4200 e
         4800 e 1 Expired \n 4800 all-clear E
         4810 dark
         7200 r",
    );
}

#[test]
fn saving_hours_hold_their_first_minute_and_not_their_last() {
    let world = World::saving(9, 10).load([]).run(3599);
    world.run(1).run(3600).check("0 idle \n 3600 dark \n 7200 idle");
    // Over midnight, 22:00 to 05:00.
    World::saving(22, 5).load([]).run(22 * 3600).check("0 idle \n 50400 dark \n 75600 idle");
}

/// A wrong clock must not black a board out at noon.
#[test]
fn saving_hours_mean_nothing_to_an_unknown_clock() {
    let world = World::saving(8, 9).load([]).run(1).trust(Trust::Unknown).run(1);
    world
        .take(routine("r"))
        .run(1)
        .trust(Trust::Holdover)
        .run(1)
        .check("0 dark \n 1 idle \n 2 r \n 3 dark");
}

#[test]
fn in_saving_hours_drills_show_and_what_is_new_is_no_news() {
    let drill = emergency("drill").status(Status::Exercise).expires(5000);
    let world = World::saving(8, 9).take(drill).run(6).take(emergency("e").expires(8000)).run(4);
    world.take(routine("r")).run(9).check(
        "0 drill \n 5 drill 1 Expired \n 5 dark
         6 e \n 8 e 1 Expired \n 8 all-clear E \n 18 dark",
    );
}
