//! The local cut-off: a file or a switch on a GPIO line that makes the board dark, whatever it is
//! told to show. It is looked at by the thread that paints, so that it wins even while everything
//! else hangs.
#![expect(clippy::disallowed_methods, reason = "the cut-off is a file or a device")]

use std::io;
use std::path::{Path, PathBuf};

use crate::config::{self, Gpio};

/// How often a line that could not be read is opened again, in looks: about once a second.
const LOOKS_UNTIL_REOPENED: u32 = 64;
/// What the kernel says uses the line.
#[cfg(target_os = "linux")]
const CONSUMER: &str = "bangtin-cutoff";

/// The cut-off of a running board.
pub struct Cutoff {
    file: Option<PathBuf>,
    gpio: Option<Gpio>,
    line: Option<line::Line>,
    file_is_active: bool,
    line_is_active: bool,
    looks_without_line: u32,
    /// What ended the line that was there.
    line_fault: String,
    fault: Option<String>,
}

impl Cutoff {
    /// Takes hold of what is configured.
    ///
    /// # Errors
    /// When the line cannot be had: a board whose switch does nothing must not look sound.
    pub fn open(settings: &config::Cutoff) -> io::Result<Self> {
        let config::Cutoff { file, gpio } = settings.clone();
        let line = gpio.as_ref().map(line::Line::open).transpose()?;
        Ok(Self {
            file,
            gpio,
            line,
            file_is_active: false,
            line_is_active: false,
            looks_without_line: 0,
            line_fault: String::new(),
            fault: None,
        })
    }

    /// Whether there is anything to look at.
    pub fn is_configured(&self) -> bool {
        self.file.is_some() || self.gpio.is_some()
    }

    /// Whether the board is to be dark. Costs a system call for each of the two.
    ///
    /// What cannot be read stays as it was, and [`Cutoff::fault`] says so. To go dark would let a
    /// loose wire silence an emergency; to light up would let the same wire undo a cut-off.
    pub fn is_active(&mut self) -> bool {
        let mut fault = None;
        if let Some(file) = &self.file {
            match file.try_exists() {
                Ok(exists) => self.file_is_active = exists,
                Err(error) => fault = Some(format!("cut-off {}: {error}", file.display())),
            }
        }
        match self.read_line() {
            Ok(Some(active)) => self.line_is_active = active,
            Ok(None) => {}
            Err(error) => fault = Some(error.to_string()),
        }
        self.fault = fault;
        self.file_is_active || self.line_is_active
    }

    /// What could not be read at the last look; one line for an operator.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    fn read_line(&mut self) -> io::Result<Option<bool>> {
        let Some(gpio) = &self.gpio else { return Ok(None) };
        if self.line.is_none() {
            self.looks_without_line += 1;
            if !self.looks_without_line.is_multiple_of(LOOKS_UNTIL_REOPENED) {
                return Err(io::Error::other(self.line_fault.clone()));
            }
            self.line = line::Line::open(gpio).ok();
        }
        let Some(line) = &self.line else {
            return Err(io::Error::other(self.line_fault.clone()));
        };
        line.is_active().map(Some).inspect_err(|error| {
            self.line_fault = error.to_string();
            self.line = None;
            self.looks_without_line = 0;
        })
    }
}

/// Says what is wrong with a line, for `check`: unlike [`Cutoff::open`] this leaves it alone, for
/// a running board may hold it.
///
/// # Errors
/// With one line for an operator.
pub fn verify(gpio: &Gpio) -> io::Result<()> {
    line::verify(gpio)
}

fn wrong(chip: &Path, line: u32, what: impl std::fmt::Display) -> io::Error {
    io::Error::other(format!("cut-off line {line} of {}: {what}", chip.display()))
}

#[cfg(target_os = "linux")]
mod line {
    //! A line through the kernel's character device, version 2 of its interface (Linux 5.10).

    use gpiocdev::line::{Bias, Value};
    use gpiocdev::{Request, chip::Chip};

    use super::{CONSUMER, Gpio, io, wrong};

    pub struct Line {
        request: Request,
        gpio: Gpio,
    }

    impl Line {
        pub fn open(gpio: &Gpio) -> io::Result<Self> {
            let mut builder = Request::builder();
            builder.on_chip(&gpio.chip).with_consumer(CONSUMER).with_line(gpio.line).as_input();
            match gpio.active_low {
                true => builder.as_active_low().with_bias(Bias::PullUp),
                false => builder.as_active_high().with_bias(Bias::PullDown),
            };
            let request = builder.request().map_err(|error| wrong(&gpio.chip, gpio.line, error))?;
            Ok(Self { request, gpio: gpio.clone() })
        }

        pub fn is_active(&self) -> io::Result<bool> {
            let value = self.request.value(self.gpio.line);
            let value = value.map_err(|error| wrong(&self.gpio.chip, self.gpio.line, error))?;
            Ok(value == Value::Active)
        }
    }

    pub fn verify(gpio: &Gpio) -> io::Result<()> {
        let wrong = |what: String| wrong(&gpio.chip, gpio.line, what);
        let chip = Chip::from_path(&gpio.chip).map_err(|error| wrong(error.to_string()))?;
        let lines = chip.info().map_err(|error| wrong(error.to_string()))?.num_lines;
        if gpio.line >= lines {
            return Err(wrong(format!("the chip has {lines} lines, counted from 0")));
        }
        let info = chip.line_info(gpio.line).map_err(|error| wrong(error.to_string()))?;
        if info.used && info.consumer != CONSUMER {
            return Err(wrong(format!("`{}` uses it already; choose another", info.consumer)));
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod line {
    use super::{Gpio, io, wrong};

    pub struct Line;

    impl Line {
        pub fn open(gpio: &Gpio) -> io::Result<Self> {
            verify(gpio).map(|()| Self)
        }

        pub fn is_active(&self) -> io::Result<bool> {
            Ok(false)
        }
    }

    pub fn verify(gpio: &Gpio) -> io::Result<()> {
        Err(wrong(&gpio.chip, gpio.line, "lines can be watched on Linux alone; use `file`"))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn gpio(chip: &str) -> Gpio {
        Gpio { chip: chip.into(), line: 17, active_low: true }
    }

    #[test]
    fn a_file_cuts_off_while_it_exists() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cutoff");
        let settings = config::Cutoff { file: Some(file.clone()), gpio: None };
        let mut cutoff = Cutoff::open(&settings).unwrap();
        assert!(cutoff.is_configured() && !cutoff.is_active());
        for _ in 0..2 {
            fs::write(&file, "").unwrap();
            assert!(cutoff.is_active());
            fs::remove_file(&file).unwrap();
            assert!(!cutoff.is_active());
        }
        fs::remove_dir(folder.path()).unwrap();
        assert!(!cutoff.is_active());
        fs::create_dir(folder.path()).unwrap();
        fs::write(&file, "").unwrap();
        assert!(cutoff.is_active(), "a folder that was replaced counts like the former");
        assert_eq!(cutoff.fault(), None);
    }

    /// A link to itself makes the look fail, also for root.
    #[test]
    fn what_cannot_be_read_stays_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(inner.join("cutoff"), "").unwrap();
        let link = folder.path().join("link");
        let settings = config::Cutoff { file: Some(link.join("cutoff")), gpio: None };
        let mut cutoff = Cutoff::open(&settings).unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&inner, &link).unwrap();
            assert!(cutoff.is_active());
            fs::remove_file(&link).unwrap();
            std::os::unix::fs::symlink(&link, &link).unwrap();
            assert!(cutoff.is_active());
            assert!(cutoff.fault().is_some_and(|fault| fault.contains("cutoff")));
            fs::remove_file(&link).unwrap();
        }
        assert!(!cutoff.is_active());
        assert_eq!(cutoff.fault(), None);
    }

    #[test]
    fn a_line_that_cannot_be_had_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("gpiochip");
        fs::write(&file, "").unwrap();
        let gone = folder.path().join("gone");
        for chip in [file.to_str().unwrap(), gone.to_str().unwrap(), "/dev/null", "/"] {
            let settings = config::Cutoff { file: None, gpio: Some(gpio(chip)) };
            let opened = Cutoff::open(&settings).err().unwrap();
            for problem in [opened, verify(&gpio(chip)).unwrap_err()] {
                let problem = problem.to_string();
                assert!(problem.starts_with(&format!("cut-off line 17 of {chip}: ")), "{problem}");
                println!("{problem}");
            }
        }
    }
}
