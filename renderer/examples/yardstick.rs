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

#[path = "yardstick/workloads.rs"]
mod workloads;

use std::fs::File;
use std::hint::black_box;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use bangtin_renderer::{Content, Fonts, Frame, Layout, paint, repaint};
use workloads::{bulletin, code, layout, led, painted, peak_kib, running_ms, scene, ticker};

/// Pictures before the measured ones, so that every letter was drawn once.
const WARM_UP: usize = 3;

/// What it is asked; read by hand, because the smallest parser is a tenth of the memory measured.
struct Arguments {
    workload: String,
    iters: usize,
    frame: usize,
    dump: Option<PathBuf>,
    seconds: f64,
}

impl Arguments {
    fn read(mut words: impl Iterator<Item = String>) -> Result<Self, Box<dyn std::error::Error>> {
        let workload = words.next().unwrap_or_default();
        let mut read = Self { workload, iters: 30, frame: 1, dump: None, seconds: 10.0 };
        while let Some(name) = words.next() {
            let value = words.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--iters" => read.iters = value.parse()?,
                "--frame" => read.frame = value.parse()?,
                "--dump" => read.dump = Some(value.into()),
                "--seconds" => read.seconds = value.parse()?,
                _ => return Err(format!("{name} is not known").into()),
            }
        }
        Ok(read)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let fonts = workloads::fonts();
    match (arguments.workload.as_str(), &arguments.dump) {
        ("w1_full" | "w1_cold", Some(path)) => {
            let scene = scene(&bulletin(arguments.frame), &layout("w1", &fonts), &fonts);
            write_rgba(path, &painted(&scene, 0))?;
        }
        ("w1_full", None) => each(&arguments, &layout("w1", &fonts), &fonts, bulletin),
        ("w1_tick", dump) => {
            let scene = scene(&bulletin(0), &layout("w1", &fonts), &fonts);
            let mut frame = painted(&scene, 0);
            if let Some(path) = dump {
                repaint(&scene, 0, arguments.frame as u64 * 1000, &mut frame);
                write_rgba(path, &frame)?;
                return Ok(());
            }
            let mut before = 0;
            measure(&arguments, |picture| {
                let now = picture as u64 * 1000;
                black_box(repaint(&scene, before, now, &mut frame));
                before = now;
            });
        }
        (name @ ("w2" | "w3"), dump) => {
            let content = if name == "w2" { ticker() } else { led() };
            let scene = scene(&content, &layout(name, &fonts), &fonts);
            if let Some(path) = dump {
                let frame = painted(&scene, running_ms(arguments.frame));
                match name {
                    "w2" => write_rgba(path, &frame)?,
                    _ => std::fs::write(path, frame.bytes())?,
                }
                return Ok(());
            }
            let mut frame = painted(&scene, running_ms(0));
            measure(&arguments, |picture| {
                let (before, now) = (running_ms(picture - 1), running_ms(picture));
                black_box(repaint(&scene, before, now, &mut frame));
            });
        }
        ("w4", _) => {
            each(&Arguments { iters: 1000, ..arguments }, &layout("w4", &fonts), &fonts, code);
        }
        ("w5", _) => screen(arguments.seconds, &layout("w5", &fonts), &fonts),
        (other, _) => {
            let known = "w1_full w1_tick w1_cold w2 w3 w4 w5";
            return Err(format!("no workload `{other}`; there are {known}").into());
        }
    }
    Ok(())
}

/// Composes and paints content after content.
fn each(arguments: &Arguments, layout: &Layout, fonts: &Fonts, content: fn(usize) -> Content) {
    let contents: Vec<_> = (0..=WARM_UP + arguments.iters).map(content).collect();
    let mut frame = Frame::new(layout.panel.width, layout.panel.height);
    measure(arguments, |picture| {
        paint(&scene(&contents[picture], layout, fonts), 0, &mut frame);
        black_box(&frame);
    });
}

/// W1 with W2's line running through the bottom of the screen, at 60 pictures a second.
fn screen(seconds: f64, layout: &Layout, fonts: &Fonts) {
    let bulletin = bulletin(1);
    let content = Content { stamp: bulletin.text, text: ticker().text, ..bulletin };
    let scene = scene(&content, layout, fonts);
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

/// Writes a frame raw with an opaque fourth channel, few rows at a time to touch little memory.
fn write_rgba(path: &Path, frame: &Frame) -> io::Result<()> {
    let mut file = File::create(path)?;
    let mut raw = vec![255; frame.width() as usize * 4 * 16];
    for rows in frame.bytes().chunks(frame.width() as usize * 3 * 16) {
        let pixels = rows.as_chunks::<3>().0;
        for (into, pixel) in raw.as_chunks_mut::<4>().0.iter_mut().zip(pixels) {
            into[..3].copy_from_slice(pixel);
        }
        file.write_all(&raw[..pixels.len() * 4])?;
    }
    Ok(())
}
