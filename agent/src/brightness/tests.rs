//! Plays a day's light against the dimmer and compares what it says.

use super::*;

/// A dimmer and what time it is.
struct World {
    dimmer: Dimmer,
    now: Now,
    lux: Option<f64>,
    urgent: bool,
    trace: Vec<String>,
}

impl World {
    fn new(table: &[(u16, u8)], lux: &[(u32, u8)], time: &str) -> Self {
        let table = table.iter().map(|(from, percent)| Step { from: *from, percent: *percent });
        let curve: Vec<_> =
            lux.iter().map(|(lux, percent)| Point { lux: *lux, percent: *percent }).collect();
        let sensor = (!curve.is_empty()).then(|| Sensor { file: "lux".into(), curve });
        Self {
            dimmer: Dimmer::new(Settings { table: table.collect(), sensor }),
            now: Now { wall: at(time), monotonic_ms: 0, trust: Trust::Trusted },
            lux: None,
            urgent: false,
            trace: Vec::new(),
        }
    }

    /// Lets time go by, asking whenever the dimmer wants to be asked.
    fn run(&mut self, ms: u64) -> &mut Self {
        let end = self.now.monotonic_ms + ms;
        loop {
            let percent = self.dimmer.percent(self.now, self.lux, self.urgent).to_string();
            if self.trace.last() != Some(&percent) {
                self.trace.push(percent);
            }
            let left = end - self.now.monotonic_ms;
            if left == 0 {
                return self;
            }
            let step = self.dimmer.wake_in_ms(self.now).unwrap_or(u64::MAX).min(left);
            self.now.monotonic_ms += step;
            let span = jiff::Span::new().milliseconds(i64::try_from(step).expect("small"));
            self.now.wall = self.now.wall.checked_add(span).expect("in range");
        }
    }

    fn light(&mut self, lux: f64) -> &mut Self {
        self.lux = Some(lux);
        self
    }

    fn set(&mut self, time: &str) -> &mut Self {
        self.now.wall = at(time);
        self
    }

    fn urgent(&mut self, urgent: bool) -> &mut Self {
        self.urgent = urgent;
        self
    }

    fn obey(&mut self, percent: u8, until: Option<&str>) -> &mut Self {
        self.dimmer.obey(Some(Override { percent, until: until.map(at) }));
        self
    }

    #[track_caller]
    fn check(&self, expected: &str) {
        assert_eq!(self.trace.join(" "), expected);
    }
}

fn at(time: &str) -> Timestamp {
    format!("2026-11-{time}+07:00").parse().expect("a time")
}

const S: u64 = 1000;
const H: u64 = 3600 * S;
const DAY_AND_NIGHT: [(u16, u8); 3] = [(360, 100), (1080, 40), (1320, 20)];
const CURVE: [(u32, u8); 2] = [(0, 20), (1000, 100)];

#[test]
fn without_settings_a_board_is_bright() {
    World::new(&[], &[], "23T00:00:00").run(48 * H).check("100");
}

#[test]
fn the_table_is_followed_at_its_minutes() {
    World::new(&DAY_AND_NIGHT, &[], "23T05:00:00").run(48 * H).check("20 100 40 20 100 40 20");
    for (time, percent) in [
        ("23T05:59:59", "20"),
        ("23T06:00:00", "100"),
        ("23T17:59:59.999", "100"),
        ("23T18:00:00", "40"),
        ("23T22:00:00", "20"),
        ("24T00:00:00", "20"),
    ] {
        World::new(&DAY_AND_NIGHT, &[], time).run(0).check(percent);
    }
}

/// A time server steps the clock by seconds: at 18:00 the board would blink.
#[test]
fn a_clock_set_back_over_a_step_does_not_take_it_back() {
    let mut world = World::new(&DAY_AND_NIGHT, &[], "23T17:59:59");
    world.run(S).set("23T17:59:58").run(S).set("23T17:59:57").run(10 * S).check("100 40");
    let mut midnight = World::new(&[(0, 30), (360, 100)], &[], "23T23:59:59");
    midnight.run(S).set("23T23:59:58").run(5 * S).check("100 30");
    let mut far = World::new(&DAY_AND_NIGHT, &[], "23T18:00:00");
    far.run(S).set("23T12:00:00").run(S).check("40 100");
}

#[test]
fn a_clock_that_nobody_set_dims_nothing() {
    let mut world = World::new(&DAY_AND_NIGHT, &[], "23T23:00:00");
    world.now.trust = Trust::Unknown;
    world.run(H).check("100");
    world.now.trust = Trust::Holdover;
    world.run(S).check("100 20");
}

#[test]
fn an_emergency_is_never_dimmed() {
    let mut world = World::new(&DAY_AND_NIGHT, &CURVE, "23T23:00:00");
    world.light(0.0).obey(1, None).run(S).urgent(true).run(H).urgent(false).run(S);
    world.check("1 100 1");
}

#[test]
fn a_command_holds_until_it_is_over() {
    let mut world = World::new(&DAY_AND_NIGHT, &[], "23T17:00:00");
    world.obey(70, Some("23T19:00:00")).run(3 * H).check("70 40");
    assert_eq!(world.dimmer.command(), None);
    world.obey(70, None).run(24 * H).check("70 40 70");
    world.dimmer.obey(None);
    world.run(S).check("70 40 70 40");
}

#[test]
fn the_light_is_followed_slowly() {
    let mut world = World::new(&[], &CURVE, "23T12:00:00");
    world.light(500.0).run(S).check("60");
    // Ten seconds of steady light, then a percent each tenth of a second.
    world.light(550.0).run(9_999).check("60");
    world.light(625.0).run(9_999).check("60");
    world.run(2 * S).check("60 61 62 63 64 65 66 67 68 69 70");
    assert_eq!(world.dimmer.wake_in_ms(world.now), None);
}

#[test]
fn light_that_comes_and_goes_changes_nothing() {
    let mut world = World::new(&[], &CURVE, "23T12:00:00");
    world.light(500.0).run(S);
    for _ in 0..100 {
        world.light(1000.0).run(9 * S).light(0.0).run(9 * S);
    }
    // Between two readings that differ by less than 15 % it stays for good.
    for _ in 0..100 {
        world.light(570.0).run(30 * S).light(430.0).run(30 * S);
    }
    world.check("60");
}

#[test]
fn the_darker_of_table_and_light_holds() {
    let mut world = World::new(&DAY_AND_NIGHT, &CURVE, "23T17:59:59");
    world.light(500.0).run(10 * S).check("60 40");
}

#[test]
fn a_sensor_that_fails_leaves_the_light_as_it_is() {
    let mut world = World::new(&[], &CURVE, "23T12:00:00");
    world.run(S).light(250.0).run(S).check("100 40");
    world.lux = None;
    world.run(H).light(f64::NAN).run(H).check("100 40");
}

#[test]
fn a_curve_is_straight_between_its_points_and_level_outside() {
    let points = [(10, 20), (100, 50), (1000, 100)];
    let points = points.map(|(lux, percent)| Point { lux, percent });
    for (lux, percent) in [
        (-5.0, Some(20)),
        (10.0, Some(20)),
        (55.0, Some(35)),
        (100.0, Some(50)),
        (550.0, Some(75)),
        (1e9, Some(100)),
        (f64::INFINITY, None),
        (f64::NAN, None),
    ] {
        assert_eq!(curve(&points, lux), percent, "{lux} lux");
    }
}
