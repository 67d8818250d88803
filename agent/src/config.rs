//! A board's configuration file.

mod file;
mod read;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use bangtin_renderer::Problem;

use crate::area::Address;
use crate::brightness;
use crate::notice::Window;

/// What one board is and where it finds things. Paths are resolved against the file's folder.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where the board stands.
    pub address: Address,
    /// The board's own name, the last level of its address.
    pub id: String,
    /// A layout's name, or a path to one.
    pub layout: String,
    /// What the idle page calls the place.
    pub name: String,
    /// Languages it shows, in order.
    pub languages: Vec<String>,
    /// How it reaches its broker.
    pub broker: Broker,
    /// The list of keys it believes.
    pub trusted: PathBuf,
    /// The folder of its notices.
    pub store: PathBuf,
    /// Hosts that codes may lead to; `*.` stands for any name below.
    pub hosts: Vec<String>,
    /// What it draws on.
    pub output: Output,
    /// What makes it dark at once, whatever it has to show.
    pub cutoff: Cutoff,
    /// Hours in which it is dark but for emergencies; none where empty. Local time.
    pub saving: Vec<Window>,
    /// How bright it is.
    pub brightness: brightness::Settings,
    /// A folder, such as a stick's, that signed notices are also taken from.
    pub inbox: Option<PathBuf>,
    /// How long a CAP message without `expires` is in force after it was sent, 1 to 9600 hours.
    pub cap_life_hours: u32,
    /// The commune's order of priority notices that collide. The file need not exist.
    pub decisions: PathBuf,
    /// How long a notice waits for its pictures before it is shown without, 0 to 3600 seconds.
    pub picture_wait_s: u32,
    /// How long the page that says that emergencies are over stands, 1 to 600 seconds.
    pub all_clear_s: u32,
}

/// The ways to make a board dark on the spot.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cutoff {
    /// The board is dark while this file exists.
    pub file: Option<PathBuf>,
    /// The board is dark while this switch is closed.
    pub gpio: Option<Gpio>,
}

/// A switch on a line of a GPIO chip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpio {
    /// The chip's device, such as `/dev/gpiochip0`.
    pub chip: PathBuf,
    /// Its line, 0 to 1023.
    pub line: u32,
    /// Whether the low level means dark: a switch to ground under a pull-up.
    pub active_low: bool,
}

/// A broker and the way to it.
#[derive(Debug, Clone)]
pub struct Broker {
    /// `mqtt://host:port` or `mqtts://host:port`.
    pub url: String,
    /// Begins every topic, such as `ttcs/v1`.
    pub prefix: String,
    /// Certificates of the broker's authority, PEM.
    pub ca: Option<PathBuf>,
    /// The board's own certificate and key, PEM.
    pub client: Option<(PathBuf, PathBuf)>,
}

/// What frames go to.
#[derive(Debug, Clone)]
pub enum Output {
    /// A picture file, replaced at every change, at most `fps` times a second.
    Png {
        /// The file.
        path: PathBuf,
        /// Most replacements a second, 1 to 240.
        fps: u32,
    },
    /// The terminal that the agent runs in.
    Terminal {
        /// Most pictures a second, 1 to 240.
        fps: u32,
    },
}

/// Output kinds that exist, in the order `outputs` lists them: name, whether built in, what it is.
pub const OUTPUT_KINDS: [(&str, bool, &str); 11] = [
    ("png", true, "a picture file that is replaced at every change"),
    ("terminal", true, "the terminal, two pixels a cell in true colour"),
    ("drm", false, "a screen through the kernel's KMS"),
    ("fbdev", false, "a screen through /dev/fb0"),
    ("hub75", false, "HUB75 panels on the GPIO"),
    ("hub12", false, "single-colour P10 panels on SPI and GPIO"),
    ("colorlight", false, "ColorLight receiving cards over Ethernet"),
    ("ws2812", false, "WS2812 strips on SPI"),
    ("ddp", false, "pixel controllers over DDP"),
    ("sacn", false, "pixel controllers over E1.31"),
    ("artnet", false, "pixel controllers over Art-Net"),
];

impl Config {
    /// Reads a configuration; relative paths are taken from `folder`.
    ///
    /// # Errors
    /// With every problem of the file.
    pub fn parse(text: &str, folder: &Path) -> Result<Self, Vec<Problem>> {
        read::read(text, folder)
    }
}
