//! How bright the board is: by the hour, by the light around it, by command.

use std::path::PathBuf;

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
