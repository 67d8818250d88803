//! The window, on a real X server, with hands and eyes other than ours.
//!
//! Needs the packages `xvfb`, `xdotool` and `imagemagick`, and Mesa's software OpenGL; run with
//! `--features real-peers`.
#![cfg(feature = "real-peers")]
#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bangtin_renderer::builtin;
use bangtin_renderer::layout::PageKind;

const PATIENCE: Duration = Duration::from_secs(60);

/// Programs that end with the test.
struct Desktop {
    display: String,
    children: Vec<Child>,
}

impl Desktop {
    fn open() -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1500x950x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb, of the package xvfb");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        Self { display: format!(":{}", number.trim()), children: vec![server] }
    }

    fn start(&mut self, arguments: &[&str]) {
        let program = Command::new(env!("CARGO_BIN_EXE_bangtin-simulator"))
            .args(arguments)
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::null())
            .spawn();
        self.children.push(program.unwrap());
    }

    fn hand(&self, arguments: &[&str]) -> String {
        let output = Command::new("xdotool").args(arguments).env("DISPLAY", &self.display).output();
        let output = output.expect("xdotool, of the package xdotool");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Every pixel of the screen, three bytes each.
    fn look(&self) -> Vec<u8> {
        let output = Command::new("import")
            .args(["-window", "root", "-depth", "8", "rgb:-"])
            .env("DISPLAY", &self.display)
            .output()
            .expect("import, of the package imagemagick");
        output.stdout
    }

    /// How many pixels have a colour.
    fn count(&self, colour: [u8; 3]) -> usize {
        self.look().chunks(3).filter(|pixel| *pixel == colour).count()
    }

    #[track_caller]
    fn wait_until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let start = Instant::now();
        while !is_so(self) {
            assert!(start.elapsed() < PATIENCE, "waited for {what}");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in self.children.iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Tints of words on `led-96x16` and the others.
const RED_DIODE: [u8; 3] = [0xff, 0x20, 0x00];
const YELLOW: [u8; 3] = [0xff, 0xd0, 0x00];

/// What is behind an emergency on a layout of the demo.
fn emergency_ground(layout: &str) -> [u8; 3] {
    let layout = builtin::layout(layout).expect("a layout of the program");
    layout.page(PageKind::Emergency).expect("every layout has one").ground.channels()
}

#[test]
fn the_window_shows_the_boards_and_its_button_sends_an_emergency() {
    let mut desktop = Desktop::open();
    desktop.start(&[]);
    desktop.wait_until("the window", |desktop| {
        !desktop.hand(&["search", "--class", "bangtin-simulator"]).is_empty()
    });
    let window = desktop.hand(&["search", "--class", "bangtin-simulator"]);
    let window = window.lines().last().unwrap();
    assert!(desktop.hand(&["getwindowname", window]).starts_with("Bảng Tin"));
    desktop.wait_until("the boards", |desktop| {
        desktop.count(RED_DIODE) > 500 && desktop.count(YELLOW) > 500
    });
    let (square, hall) = (emergency_ground("led-192x64"), emergency_ground("led-300x200"));
    let emergency = |desktop: &Desktop| desktop.count(square) > 5000 && desktop.count(hall) > 5000;
    // One comes by itself and ends again; the next is ours.
    desktop.wait_until("the demo's own emergency", emergency);
    desktop.wait_until("its end", |desktop| desktop.count(square) == 0);
    // The first button is reached by the keyboard.
    desktop.hand(&["windowfocus", "--sync", window]);
    desktop.hand(&["key", "--window", window, "Tab"]);
    desktop.hand(&["key", "--window", window, "Return"]);
    desktop.wait_until("the emergency on every board", emergency);
}
