//! How bright the board is: by the hour, by the light around it, by command.

use std::cmp::Ordering;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::calendar::{self, Now, Trust};

/// What a board's configuration says of its brightness. Nothing given means full light always.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    /// By time of day, in the day's order, no minute twice. What holds before the first step is
    /// the last one's, of the day before.
    pub table: Vec<Step>,
    /// By the light around the board.
    pub sensor: Option<Sensor>,
}

/// From when on a percentage holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Minute of the local day, 0 to 1439.
    pub from: u16,
    /// Of full light, 1 to 100.
    pub percent: u8,
}

/// A light sensor and what its readings mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sensor {
    /// What is read: `in_illuminance_input` or `in_illuminance_raw` of Linux's industrial I/O.
    pub file: PathBuf,
    /// From dark to bright, at least one point; straight lines lie between them.
    pub curve: Vec<Point>,
}

/// A percentage that belongs to so much light.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// Illuminance, 0 to 200,000 lux.
    pub lux: u32,
    /// Of full light, 1 to 100.
    pub percent: u8,
}

/// A percentage that was asked for by command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Override {
    /// Of full light, 1 to 100.
    pub percent: u8,
    /// From when on it holds no more; `None` for until it is taken back. With a clock that is not
    /// to be believed it holds on.
    pub until: Option<Timestamp>,
}

/// Least change of the light's percentage that is followed, as a share of what is shown: smaller
/// ones are the passing of clouds and people.
const FOLLOWED_PERCENT: u32 = 15;
/// How long the light has to call for it.
const STEADY_MS: u64 = 10_000;
/// One step of a ramp, one percent of full light each.
const RAMP_MS: u64 = 100;
/// How far a clock may be set back over a step of the table without the step being taken back.
const SET_BACK_MAX_S: u32 = 300;

/// Decides how bright the board is. Of table and light sensor the darker one holds.
///
/// The table's steps are taken at their minute at once; the sensor is followed slowly. What is
/// urgent is always shown in full light, and nothing makes it wait.
#[derive(Debug, Clone)]
pub struct Dimmer {
    settings: Settings,
    command: Option<Override>,
    /// The second of the day in which the table was last looked at, and the step that holds.
    step: Option<(u32, u8)>,
    light: Option<Light>,
    /// Until when the picture stays as it is, while a ramp runs.
    wake_ms: Option<u64>,
}

/// What follows the sensor.
#[derive(Debug, Clone, Copy)]
struct Light {
    percent: u8,
    /// Where a ramp goes, and when its next step is due.
    goal: u8,
    step_at_ms: u64,
    /// Since when, and to which side, another percentage is called for.
    calls: Option<(u64, Ordering)>,
}

impl Dimmer {
    /// A board in full light.
    pub fn new(settings: Settings) -> Self {
        Self { settings, command: None, step: None, light: None, wake_ms: None }
    }

    /// Obeys a command until it is over, or no more with `None`.
    pub fn obey(&mut self, command: Option<Override>) {
        self.command = command;
    }

    /// The command that is obeyed.
    pub fn command(&self) -> Option<Override> {
        self.command
    }

    /// Percent of full light now, 1 to 100. `lux` is the sensor's latest reading, `None` while it
    /// gives none; `urgent` says that an emergency is in force.
    pub fn percent(&mut self, now: Now, lux: Option<f64>, urgent: bool) -> u8 {
        let light = self.by_light(now.monotonic_ms, lux);
        let table = self.by_table(now);
        let is_known = now.trust != Trust::Unknown;
        let is_over =
            |command: &Override| is_known && command.until.is_some_and(|until| until <= now.wall);
        self.command = self.command.filter(|command| !is_over(command));
        match self.command {
            _ if urgent => 100,
            Some(command) => command.percent.clamp(1, 100),
            None => table.min(light),
        }
    }

    /// How long the last answer of [`Self::percent`] holds at most, in milliseconds, if the sensor
    /// says nothing else; `None` where it holds for good. Asking again earlier is harmless.
    pub fn wake_in_ms(&self, now: Now) -> Option<u64> {
        let light = self.wake_ms.map(|at| at.saturating_sub(now.monotonic_ms).max(1));
        let is_known = now.trust != Trust::Unknown;
        let until = self.command.and_then(|command| command.until).filter(|_| is_known);
        let until = until.map(|until| {
            let left = until.as_millisecond().saturating_sub(now.wall.as_millisecond());
            u64::try_from(left).unwrap_or_default().max(1)
        });
        let second = calendar::second_of_day(now.wall);
        let edges = self.settings.table.iter().map(|step| u32::from(step.from) * 60);
        // The table begins anew at midnight.
        let edge = edges.chain([DAY_S]).filter(|edge| *edge > second).min();
        let edge = edge.filter(|_| is_known && !self.settings.table.is_empty());
        let edge = edge.map(|edge| u64::from(edge - second) * 1000);
        [light, until, edge].into_iter().flatten().min()
    }

    fn by_table(&mut self, now: Now) -> u8 {
        let table = &self.settings.table;
        let Some(last) = table.last().filter(|_| now.trust != Trust::Unknown) else {
            self.step = None;
            return 100;
        };
        let second = calendar::second_of_day(now.wall);
        let holding = |second: u32| {
            let begun = table.iter().rfind(|step| u32::from(step.from) * 60 <= second);
            begun.unwrap_or(last).percent
        };
        if let Some((before, percent)) = self.step {
            // Time servers set a clock back by seconds; the evening does not come twice.
            let back = (before + DAY_S - second) % DAY_S;
            if (1..=SET_BACK_MAX_S).contains(&back) {
                return percent;
            }
        }
        let percent = holding(second);
        self.step = Some((second, percent));
        percent
    }

    fn by_light(&mut self, at_ms: u64, lux: Option<f64>) -> u8 {
        let Some(sensor) = &self.settings.sensor else { return 100 };
        let called = lux.and_then(|lux| curve(&sensor.curve, lux));
        let Some(light) = &mut self.light else {
            // The first reading is taken as it is; a board without one is bright.
            let first = called.map(|percent| Light {
                percent,
                goal: percent,
                step_at_ms: at_ms,
                calls: None,
            });
            self.light = first;
            return first.map_or(100, |light| light.percent);
        };
        // A sensor that says nothing changes nothing.
        let called = called.unwrap_or(light.goal);
        let side = called.cmp(&light.goal);
        let differs = u32::from(called.abs_diff(light.goal)) * 100
            >= u32::from(light.goal) * FOLLOWED_PERCENT;
        light.calls = match light.calls {
            _ if !differs || side == Ordering::Equal => None,
            Some((since, same)) if same == side => Some((since, side)),
            _ => Some((at_ms, side)),
        };
        if light.calls.is_some_and(|(since, _)| at_ms.saturating_sub(since) >= STEADY_MS) {
            if light.percent == light.goal {
                light.step_at_ms = at_ms + RAMP_MS;
            }
            (light.goal, light.calls) = (called, None);
        }
        while light.percent != light.goal && light.step_at_ms <= at_ms {
            light.step_at_ms += RAMP_MS;
            let is_rising = light.goal > light.percent;
            light.percent = if is_rising { light.percent + 1 } else { light.percent - 1 };
        }
        let ramp = (light.percent != light.goal).then_some(light.step_at_ms);
        let steady = light.calls.map(|(since, _)| since + STEADY_MS);
        self.wake_ms = ramp.into_iter().chain(steady).min();
        light.percent
    }
}

/// Seconds of a day.
const DAY_S: u32 = 24 * 3600;

/// The percentage that belongs to so much light; `None` for a reading that is no number.
fn curve(points: &[Point], lux: f64) -> Option<u8> {
    let (first, last) = (points.first()?, points.last()?);
    if !lux.is_finite() {
        return None;
    }
    let between = points.windows(2).find_map(|pair| match pair {
        [from, to] if (f64::from(from.lux)..f64::from(to.lux)).contains(&lux) => {
            let share = (lux - f64::from(from.lux)) / f64::from(to.lux - from.lux);
            let rise = f64::from(to.percent) - f64::from(from.percent);
            Some((f64::from(from.percent) + rise * share).round() as u8)
        }
        _ => None,
    });
    let end = if lux < f64::from(first.lux) { first } else { last };
    Some(between.unwrap_or(end.percent))
}

#[cfg(test)]
mod tests;
