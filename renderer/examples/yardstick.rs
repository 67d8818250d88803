//! Answers a stopwatch that measures signboard renderers side by side: draws fixed workloads
//! through the same functions as the board, and prints how long each picture took.
//!
//! ```text
//! yardstick <w1_full|w1_tick|w2|w3|w4> --iters N [--frame I] [--dump FILE]
//! yardstick w1_cold --dump FILE
//! yardstick w5 --seconds S
//! ```
//!
//! Each result is one line of JSON with microseconds. With `--dump` picture I is drawn instead and
//! written raw: RGBA for w1 and w2, RGB for w3. The layouts and texts are in `yardstick/` beside
//! this file.
#![expect(clippy::disallowed_methods, reason = "a stopwatch reads clocks and writes files")]

use std::hint::black_box;
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use bangtin_renderer::effect::HOLD_MS;
use bangtin_renderer::{
    Code, Content, Fonts, Frame, Layout, Look, Scene, builtin, compose, paint, repaint,
};
use clap::Parser;

/// Pictures before the measured ones, so that every letter was drawn once.
const WARM_UP: usize = 3;

#[derive(Parser)]
struct Arguments {
    workload: String,
    #[arg(long, default_value_t = 30)]
    iters: usize,
    #[arg(long, default_value_t = 1)]
    frame: usize,
    #[arg(long)]
    dump: Option<PathBuf>,
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::parse();
    let fonts = fonts();
    let dump = |bytes: Vec<u8>| match &arguments.dump {
        Some(path) => std::fs::write(path, bytes).map(|()| true),
        None => Ok(false),
    };
    match arguments.workload.as_str() {
        "w1_cold" => {
            let scene = bulletin(arguments.frame, &layout("w1", &fonts), &fonts);
            dump(rgba(&painted(&scene, 0)))?;
        }
        "w1_full" => {
            let layout = layout("w1", &fonts);
            if arguments.dump.is_some() {
                dump(rgba(&painted(&bulletin(arguments.frame, &layout, &fonts), 0)))?;
                return Ok(());
            }
            let mut frame = Frame::new(1920, 1080);
            measure(&arguments, |picture| {
                let scene = bulletin(picture, &layout, &fonts);
                paint(&scene, 0, &mut frame);
                black_box(&frame);
            });
        }
        "w1_tick" => {
            let scene = bulletin(0, &layout("w1", &fonts), &fonts);
            let mut frame = painted(&scene, 0);
            let mut before = 0;
            if arguments.dump.is_some() {
                repaint(&scene, 0, arguments.frame as u64 * 1000, &mut frame);
                dump(rgba(&frame))?;
                return Ok(());
            }
            measure(&arguments, |picture| {
                let now = picture as u64 * 1000;
                black_box(repaint(&scene, before, now, &mut frame));
                before = now;
            });
        }
        "w2" | "w3" => {
            let layout = layout(&arguments.workload, &fonts);
            let scene = running(&arguments.workload, &layout, &fonts);
            let mut frame = Frame::new(layout.panel.width, layout.panel.height);
            let at = |picture: usize| HOLD_MS + (picture as u64 * 1000).div_ceil(60);
            if arguments.dump.is_some() {
                paint(&scene, at(arguments.frame), &mut frame);
                let is_led = arguments.workload == "w3";
                dump(if is_led { frame.bytes().to_vec() } else { rgba(&frame) })?;
                return Ok(());
            }
            paint(&scene, at(0), &mut frame);
            measure(&arguments, |picture| {
                black_box(repaint(&scene, at(picture - 1), at(picture), &mut frame));
            });
        }
        "w4" => codes(&layout("w1", &fonts), &fonts),
        "w5" => screen(arguments.seconds, &layout("w5", &fonts), &fonts),
        other => {
            let known = "w1_full w1_tick w1_cold w2 w3 w4 w5";
            return Err(format!("no workload `{other}`; there are {known}").into());
        }
    }
    Ok(())
}

/// The faces of the program and the one that W3 asks for.
fn fonts() -> Fonts {
    let mut fonts = builtin::fonts();
    let unifont = include_str!("yardstick/unifont.txt");
    fonts.add_led("unifont", unifont).expect("follows the format");
    fonts
}

fn layout(name: &str, fonts: &Fonts) -> Layout {
    let text = match name {
        "w1" => include_str!("yardstick/w1.toml"),
        "w2" => include_str!("yardstick/w2.toml"),
        "w3" => include_str!("yardstick/w3.toml"),
        _ => include_str!("yardstick/w5.toml"),
    };
    Layout::parse(name, text, fonts).unwrap_or_else(|problems| panic!("{name}: {problems:?}"))
}

/// The texts of picture `number`: none is the same twice.
fn bulletin_content(number: usize) -> Content {
    let numbered = |text: &str| text.replace("####", &format!("{:04}", number % 10_000));
    let url = numbered(include_str!("yardstick/url.txt"));
    let title = numbered(include_str!("yardstick/title.txt"));
    let body = numbered(include_str!("yardstick/body.txt"));
    Content {
        codes: vec![Code { data: url, caption: String::new() }],
        clock_s: Some(number as u32),
        ..Content::new(Look::Notice, "vi", &title, &body)
    }
}

fn bulletin(number: usize, layout: &Layout, fonts: &Fonts) -> Scene {
    compose(&[bulletin_content(number)], layout, fonts).expect("it fits").scene
}

fn painted(scene: &Scene, elapsed_ms: u64) -> Frame {
    let mut frame = Frame::new(scene.width, scene.height);
    paint(scene, elapsed_ms, &mut frame);
    frame
}

/// The running lines of W2 and W3.
fn running(name: &str, layout: &Layout, fonts: &Fonts) -> Scene {
    let content = match name {
        "w2" => Content::new(Look::Notice, "vi", "", include_str!("yardstick/ticker.txt")),
        _ => {
            let mut lines = include_str!("yardstick/led_lines.txt").lines();
            let mut line = || lines.next().unwrap_or_default().to_owned();
            let (band, headline, stamp) = (line(), line(), line());
            let text = include_str!("yardstick/led_ticker.txt");
            Content { band, stamp, ..Content::new(Look::Notice, "vi", &headline, text) }
        }
    };
    compose(&[content], layout, fonts).expect("it fits").scene
}

/// Encodes a thousand addresses of 60 to 200 letters and paints each.
fn codes(layout: &Layout, fonts: &Fonts) {
    let mut random = 20_260_101u32;
    let mut letter = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b"abcdefghijklmnopqrstuvwxyz0123456789-"[(random >> 8) as usize % 37])
    };
    let addresses: Vec<String> = (0..1000)
        .map(|number| {
            let mut address = format!("https://thongbao.example.vn/tb/{number:04}?k=");
            while address.len() < 60 + number * 140 / 999 {
                address.push(letter());
            }
            address
        })
        .collect();
    let mut frame = Frame::new(layout.panel.width, layout.panel.height);
    let arguments = Arguments::parse_from(["yardstick", "w4", "--iters", "1000"]);
    measure(&arguments, |picture| {
        let code = Code { data: addresses[picture % 1000].clone(), caption: String::new() };
        let content = Content { codes: vec![code], ..Content::new(Look::Notice, "vi", "", "") };
        let scene = compose(&[content], layout, fonts).expect("it fits").scene;
        paint(&scene, 0, &mut frame);
        black_box(&frame);
    });
}

/// W1 with W2's line running through the bottom of the screen, at 60 pictures a second.
fn screen(seconds: f64, layout: &Layout, fonts: &Fonts) {
    let bulletin = bulletin_content(1);
    let ticker = include_str!("yardstick/ticker.txt").to_owned();
    let content = Content { stamp: bulletin.text, text: ticker, ..bulletin };
    let scene = compose(&[content], layout, fonts).expect("it fits").scene;
    let mut frame = painted(&scene, 0);
    println!("READY");
    let began = Instant::now();
    let (mut frames, mut before) = (0, 0);
    while began.elapsed().as_secs_f64() < seconds {
        let now = began.elapsed().as_millis() as u64;
        black_box(repaint(&scene, before, now, &mut frame));
        before = now;
        frames += 1;
        let next = Duration::from_nanos(frames * 1_000_000_000 / 60);
        thread::sleep(next.saturating_sub(began.elapsed()));
    }
    let cpu_s = cpu_time::ProcessTime::now().as_duration().as_secs_f64();
    println!(
        "{{\"w\":\"w5\",\"frames\":{frames},\"cpu_s\":{cpu_s:.3},\"maxrss_kib\":{}}}",
        peak_kib()
    );
}

/// The most memory this process held, from `/proc`; 0 where there is none.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Calls `draw` for picture after picture and prints the time that each took.
fn measure(arguments: &Arguments, mut draw: impl FnMut(usize)) {
    for picture in 1..=WARM_UP {
        draw(picture);
    }
    let cpu = cpu_time::ProcessTime::now();
    let mut times: Vec<Duration> = (WARM_UP + 1..=WARM_UP + arguments.iters)
        .map(|picture| {
            let began = Instant::now();
            draw(picture);
            began.elapsed()
        })
        .collect();
    let cpu = cpu.elapsed().as_secs_f64() * 1e6 / times.len().max(1) as f64;
    times.sort_unstable();
    let at = |share: usize| {
        let index = (times.len() * share / 100).min(times.len().saturating_sub(1));
        times.get(index).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    println!(
        "{{\"w\":\"{}\",\"peer\":\"PRODUCT\",\"n\":{},\"median_us\":{:.4},\"p99_us\":{:.4},\
         \"min_us\":{:.4},\"cpu_us\":{cpu:.4}}}",
        arguments.workload,
        times.len(),
        at(50),
        at(99),
        at(0),
    );
}

fn rgba(frame: &Frame) -> Vec<u8> {
    frame.bytes().chunks_exact(3).flat_map(|pixel| [pixel[0], pixel[1], pixel[2], 255]).collect()
}
