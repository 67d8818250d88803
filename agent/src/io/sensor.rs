//! The light sensor, as Linux's industrial I/O shows it in a folder of small files.
#![expect(clippy::disallowed_methods, reason = "this is the file that reads the sensor")]

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Most bytes that are read of a file: a number is never longer.
const MAX_BYTES: u64 = 64;

/// A light sensor.
#[derive(Debug)]
pub struct Sensor {
    file: PathBuf,
    is_failing: bool,
}

impl Sensor {
    /// A sensor that is read from a file.
    pub fn new(file: PathBuf) -> Self {
        Self { file, is_failing: false }
    }

    /// The light around the board in lux; `None` while the sensor gives none, which the log says
    /// once.
    pub fn lux(&mut self) -> Option<f64> {
        match read(&self.file) {
            Ok(lux) => {
                self.is_failing = false;
                Some(lux)
            }
            Err(error) => {
                if !self.is_failing {
                    let file = self.file.display();
                    tracing::warn!("the light sensor {file} gives no reading: {error}");
                }
                self.is_failing = true;
                None
            }
        }
    }
}

/// One reading in lux, 0 or more. `…_input` holds lux; `…_raw` is made lux by `…_offset` and
/// `…_scale` beside it, where they are: `(raw + offset) × scale` (Linux, `sysfs-bus-iio`).
///
/// # Errors
/// When a file cannot be read or holds no number.
pub fn read(file: &Path) -> io::Result<f64> {
    let value = number(file)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let lux = match name.strip_suffix("_raw") {
        Some(channel) => {
            let beside = |what: &str, usual: f64| match number(
                &file.with_file_name(format!("{channel}_{what}")),
            ) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(usual),
                done => done,
            };
            (value + beside("offset", 0.0)?) * beside("scale", 1.0)?
        }
        None => value,
    };
    let is_light = lux.is_finite() && lux >= 0.0;
    is_light.then_some(lux).ok_or_else(|| io::Error::other(format!("{lux} is no light")))
}

fn number(file: &Path) -> io::Result<f64> {
    let mut text = String::new();
    File::open(file)?.take(MAX_BYTES).read_to_string(&mut text)?;
    let number = text.trim().parse::<f64>();
    number.map_err(|_| io::Error::other(format!("`{}` is no number", text.trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(files: &[(&str, &str)], expected: Option<f64>) {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("a file");
        }
        let file = folder.path().join(files[0].0);
        assert_eq!(Sensor::new(file).lux(), expected, "{files:?}");
    }

    #[test]
    fn readings_are_in_lux() {
        let raw = "in_illuminance_raw";
        let (scale, offset) = ("in_illuminance_scale", "in_illuminance_offset");
        check(&[("in_illuminance_input", "123.5\n")], Some(123.5));
        check(&[(raw, "40\n")], Some(40.0));
        check(&[(raw, "40\n"), (scale, "0.25\n")], Some(10.0));
        check(&[(raw, "40\n"), (scale, "0.25\n"), (offset, "-4\n")], Some(9.0));
        check(&[(raw, "40\n"), (scale, "?\n")], None);
        check(&[("in_illuminance_input", "")], None);
        check(&[("in_illuminance_input", "NaN\n")], None);
        check(&[("in_illuminance_input", "-1\n")], None);
        check(
            &[("in_illuminance_input", &"1".repeat(4096))],
            Some("1".repeat(64).parse().unwrap()),
        );
    }

    #[test]
    fn a_sensor_may_come_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("in_illuminance_input");
        let mut sensor = Sensor::new(file.clone());
        assert_eq!(sensor.lux(), None);
        std::fs::write(file, "7").expect("a file");
        assert_eq!(sensor.lux(), Some(7.0));
    }
}
