//! What was measured beside what it should be. A goal that is missed is said as loudly as one that
//! is met.

use std::cell::Cell;

/// A number and its unit as it is printed.
#[derive(Clone, Copy)]
pub enum Unit {
    Ms,
    Mib,
    Percent,
    Times,
}

/// Rows of tables, and how many goals were missed.
#[derive(Default)]
pub struct Goals {
    missed: Cell<usize>,
}

impl Goals {
    /// Begins a table.
    pub fn table(&self, title: &str) {
        println!("\n| {title} | measured | goal | |\n| --- | ---: | ---: | --- |");
    }

    /// A number that should be at most so much.
    pub fn at_most(&self, name: &str, measured: f64, goal: f64, unit: Unit) {
        let is_met = measured <= goal;
        if !is_met {
            self.missed.set(self.missed.get() + 1);
        }
        let verdict = if is_met { "yes" } else { "MISSED" };
        println!("| {name} | {} | {} | {verdict} |", unit.write(measured), unit.write(goal));
    }

    /// A number that has no goal.
    pub fn told(&self, name: &str, measured: f64, unit: Unit) {
        println!("| {name} | {} | | |", unit.write(measured));
    }

    /// Says at the end how it went.
    pub fn sum_up(&self) {
        match self.missed.get() {
            0 => println!("\nAll goals were met."),
            missed => println!("\nMISSED: {missed} goals."),
        }
    }
}

impl Unit {
    fn write(self, value: f64) -> String {
        match self {
            Self::Ms if value < 0.1 => format!("{:.1} µs", value * 1e3),
            Self::Ms => format!("{value:.2} ms"),
            Self::Mib => format!("{value:.1} MiB"),
            Self::Percent => format!("{value:.2} %"),
            Self::Times => format!("× {value:.2}"),
        }
    }
}

/// The value that so many percent of all are at or below; 0 where there is none.
pub fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or(0.0)
}

/// A duration in milliseconds.
pub fn ms(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}
