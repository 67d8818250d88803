//! The screen against an output that remembers what it was given.

use std::fs;
use std::path::Path;

use bangtin_renderer::Rgb;
use bangtin_renderer::Scene;
use bangtin_renderer::effect::{Pace, Turn};
use bangtin_renderer::layout::ZoneName;
use bangtin_renderer::panel::Area;
use bangtin_renderer::scene::{Drawing, Item, Page, Strip, Typeset};
use tokio::sync::mpsc::{self, Receiver};

use super::*;
use crate::io::cutoff;

/// How long a test waits for what must come.
const PATIENCE: Duration = Duration::from_secs(20);
const FPS: u32 = 60;

#[derive(Default, Clone)]
struct Glass {
    seen: Arc<Mutex<Vec<(Instant, Rgb)>>>,
    brightness: Arc<Mutex<Vec<u8>>>,
    /// How long each frame takes.
    slow: Duration,
}

impl Output for Glass {
    fn show(&mut self, frame: &Frame) -> io::Result<()> {
        thread::sleep(self.slow);
        let pixel = frame.pixel(0, 0).expect("a pixel");
        self.seen.lock().unwrap().push((Instant::now(), pixel));
        Ok(())
    }

    fn fps(&self) -> u32 {
        FPS
    }

    fn set_brightness(&mut self, percent: u8) {
        self.brightness.lock().unwrap().push(percent);
    }
}

impl Glass {
    fn frames(&self) -> usize {
        self.seen.lock().unwrap().len()
    }

    fn colours(&self) -> Vec<Rgb> {
        self.seen.lock().unwrap().iter().map(|(_, colour)| *colour).collect()
    }
}

/// A screen, what it tells, and what it makes visible.
struct World {
    screen: Screen,
    reports: Receiver<Report>,
    glass: Glass,
}

impl World {
    fn new(glass: Glass, cutoff: Option<&Path>) -> Self {
        let panel =
            Panel { fps: FPS, ..bangtin_renderer::builtin::layout("led-96x16").unwrap().panel };
        let settings = crate::config::Cutoff { file: cutoff.map(Path::to_owned), gpio: None };
        let (sender, reports) = mpsc::channel(8);
        let cutoff = Cutoff::open(&settings).unwrap();
        let screen = Screen::start(Box::new(glass.clone()), &panel, cutoff, sender).unwrap();
        Self { screen, reports, glass }
    }

    fn show(&self, scene: Scene, ticket: u64) {
        self.screen.show(Show { scene: Arc::new(scene), from_ms: 0, ticket });
    }

    #[track_caller]
    fn report(&mut self) -> Report {
        let end = Instant::now() + PATIENCE;
        while Instant::now() < end {
            if let Ok(report) = self.reports.try_recv() {
                return report;
            }
            thread::sleep(Duration::from_millis(1));
        }
        panic!("nothing was reported");
    }
}

fn still(ground: Rgb) -> Scene {
    let page = Page { duration_ms: 5_000, turn: Turn::default(), ground, items: Vec::new() };
    Scene { width: 96, height: 16, pages: vec![page] }
}

fn running() -> Scene {
    let area = Area { x: 0, y: 0, width: 96, height: 16 };
    let setting = Typeset { face: String::new(), size: 16, lines: Vec::new(), why: String::new() };
    let drawing = Drawing::Marquee {
        setting,
        strip: Strip { width: 600, height: 16, coverage: vec![255; 600 * 16] },
        top: 0,
        pace: Pace::new(60, FPS).unwrap(),
        lead_in: 0,
        travel: 600,
    };
    let item = Item {
        zone: ZoneName::Headline,
        area,
        ink: area,
        fill: None,
        colour: Rgb::WHITE,
        turns: false,
        plain: true,
        attention: None,
        drawing,
    };
    let mut scene = still(Rgb::BLACK);
    (scene.pages[0].items, scene.pages[0].duration_ms) = (vec![item], 12_000);
    scene
}

const RED: Rgb = Rgb::new(255, 0, 0);

#[test]
fn a_still_picture_is_presented_once() {
    let mut world = World::new(Glass::default(), None);
    world.show(still(RED), 7);
    let Report::Presented(presented) = world.report() else { panic!("not presented") };
    assert_eq!((presented.ticket, world.glass.colours()), (7, vec![RED]));
    thread::sleep(Duration::from_millis(100));
    assert_eq!(world.glass.frames(), 1);
    assert_eq!(world.screen.pacing(), Pacing { frames: 1, ..Pacing::default() });
}

/// The screen once spun at full speed while a moving picture was cut off.
#[test]
fn the_cut_off_wins_and_gives_the_picture_back() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cutoff");
    let mut world = World::new(Glass::default(), Some(&file));
    world.show(still(RED), 1);
    let Report::Presented(shown) = world.report() else { panic!("not presented") };
    let cut = Instant::now();
    fs::write(&file, "").unwrap();
    let Report::CutOff { dark: true, at, crc32 } = world.report() else { panic!("not dark") };
    println!("dark after {:?}", at - cut);
    assert_ne!(crc32, shown.crc32);
    world.show(running(), 2);
    world.screen.set_brightness(50);
    world.screen.capture();
    let Report::Captured(frame) = world.report() else { panic!("not captured") };
    assert_eq!((frame.crc32(), frame.pixel(0, 0)), (crc32, Some(Rgb::BLACK)));
    thread::sleep(Duration::from_millis(100));
    assert_eq!(world.glass.colours(), [RED, Rgb::BLACK]);
    world.show(still(RED), 3);
    fs::remove_file(&file).unwrap();
    let Report::CutOff { dark: false, .. } = world.report() else { panic!("still dark") };
    let Report::Presented(again) = world.report() else { panic!("not presented") };
    assert_eq!((again.ticket, again.crc32), (3, shown.crc32));
    assert_eq!(world.glass.colours(), [RED, Rgb::BLACK, RED]);
    assert_eq!(world.screen.pacing().missed, 0);
}

#[test]
fn a_board_that_starts_cut_off_shows_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cutoff");
    fs::write(&file, "").unwrap();
    let mut world = World::new(Glass::default(), Some(&file));
    world.show(still(RED), 1);
    let Report::CutOff { dark: true, .. } = world.report() else { panic!("not dark") };
    thread::sleep(Duration::from_millis(50));
    assert_eq!(world.glass.colours(), [Rgb::BLACK]);
}

#[test]
fn the_glass_can_be_copied_and_dimmed() {
    let mut world = World::new(Glass::default(), None);
    world.screen.capture();
    let Report::Captured(frame) = world.report() else { panic!("not captured") };
    assert_eq!(frame.pixel(95, 15), Some(Rgb::BLACK));
    world.show(still(RED), 1);
    let Report::Presented(presented) = world.report() else { panic!("not presented") };
    world.screen.capture();
    let Report::Captured(frame) = world.report() else { panic!("not captured") };
    assert_eq!(frame.crc32(), presented.crc32);
    world.screen.set_brightness(40);
    let end = Instant::now() + PATIENCE;
    while world.glass.frames() < 2 && Instant::now() < end {
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(world.glass.colours(), [RED, RED]);
    assert_eq!(*world.glass.brightness.lock().unwrap(), [40]);
}

/// Frames were once paced from the end of the one before, so that every one took longer than it
/// should and a running line left out steps.
#[test]
fn a_running_line_keeps_its_pace() {
    let glass = Glass { slow: Duration::from_millis(5), ..Glass::default() };
    let world = World::new(glass, None);
    world.show(running(), 1);
    thread::sleep(Duration::from_millis(1_500));
    let begin = world.screen.pacing();
    let start = Instant::now();
    thread::sleep(Duration::from_secs(2));
    let end = world.screen.pacing();
    let periods = start.elapsed().as_millis() * u128::from(FPS) / 1000;
    let frames = end.frames - begin.frames + end.missed - begin.missed;
    println!("{frames} of {periods} frames, {end:?}");
    assert!(u128::from(frames).abs_diff(periods) <= 3, "{frames} of {periods}: {end:?}");
}

#[test]
fn a_slow_output_is_counted() {
    let glass = Glass { slow: Duration::from_millis(50), ..Glass::default() };
    let world = World::new(glass, None);
    world.show(running(), 1);
    thread::sleep(Duration::from_secs(2));
    let pacing = world.screen.pacing();
    assert!(pacing.missed >= pacing.frames / 2 && pacing.worst_late_us >= 50_000, "{pacing:?}");
}
