//! What the renderer costs, beside what the same bytes cost this machine at least, and how the
//! cost grows.
//!
//! ```text
//! cargo bench -p bangtin-renderer
//! cargo bench -p bangtin-renderer -- --quick
//! ```
//!
//! Machines differ and are noisy, so everything is measured in turn in every round, and a ratio
//! is the median of the ratios of single rounds. `docs/performance.md` says what W1 to W4 are.
#![expect(clippy::disallowed_methods, reason = "a stopwatch reads clocks and starts programs")]

#[path = "renderer/floors.rs"]
mod floors;
#[path = "renderer/stopwatch.rs"]
mod stopwatch;
#[path = "../examples/yardstick/workloads.rs"]
mod workloads;

use std::collections::HashMap;
use std::hint::black_box;
use std::process::Command;
use std::slice;
use std::sync::Arc;
use std::time::Instant;

use bangtin_renderer::scene::{Drawing, Item, Page, Placed};
use bangtin_renderer::{
    Code, Content, Fonts, Frame, Layout, Look, Scene, builtin, paint, repaint, reread,
};
use stopwatch::{Stopwatch, median, time};
use workloads::{bulletin, code, layout, led, painted, peak_kib, running_ms, scene, ticker};

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("start") => return start(),
        Some("start-floor") => return drop(black_box(vec![1_u8; 1920 * 1080 * 3])),
        _ => {}
    }
    // Cargo says `--bench` where it measures and nothing where it only tests.
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let rounds = if has("--quick") || !has("--bench") { 3 } else { 25 };
    let fonts = workloads::fonts();
    let mut watch = Stopwatch::new();
    screens(&mut watch, &fonts);
    lines(&mut watch, &fonts);
    codes(&mut watch, &fonts);
    watch.run(rounds);
    watch.print_beside_floors();
    let mut watch = Stopwatch::new();
    longer_texts(&mut watch, &fonts);
    larger_panels(&mut watch, &fonts);
    more_notices(&mut watch, &fonts);
    watch.run(rounds.min(7));
    watch.print_growth();
    memory(&fonts);
    start_up(rounds.min(15));
}

/// W1: a whole screen, and the tick of its clock.
fn screens<'a>(watch: &mut Stopwatch<'a>, fonts: &'a Fonts) {
    let (width, height) = (1920, 1080);
    let whole = watch.floor("memset of 1920×1080 RGB", floors::memset(width * height * 3));
    watch.floor("memcpy of 1920×1080 RGB", floors::memcpy(width * height * 3));
    let blended = watch.floor("A8 blend of W1's text boxes", floors::text_boxes());
    let boxed = watch.floor("memcpy of W1's clock, 700×140", floors::memcpy(700 * 140 * 3));
    let without = |number| Content { codes: Vec::new(), ..bulletin(number) };
    let contents: [fn(usize) -> Content; 2] = [bulletin, without];
    for (name, content) in ["W1 full", "W1 full without the code"].into_iter().zip(contents) {
        let layout = layout("w1", fonts);
        let mut frame = Frame::new(width as u32, height as u32);
        let mut number = 0;
        watch.add(name, blended, move || {
            number += 1;
            paint(&scene(&content(number), &layout, fonts), 0, &mut frame);
        });
    }
    let w1 = scene(&bulletin(1), &layout("w1", fonts), fonts);
    let mut frame = painted(&w1, 0);
    let w1_again = w1.clone();
    watch.add("W1 full, painted alone", whole, move || paint(&w1_again, 0, &mut frame));
    let mut frame = painted(&w1, 0);
    let mut now = 0;
    watch.add("W1 tick", boxed, move || {
        black_box(repaint(&w1, now, now + 1000, &mut frame));
        now += 1000;
    });
}

/// W2 and W3: lines that run, one step on and painted as a whole.
fn lines<'a>(watch: &mut Stopwatch<'a>, fonts: &'a Fonts) {
    for (name, content) in [("w2", ticker()), ("w3", led())] {
        let layout = layout(name, fonts);
        let (width, height) = (layout.panel.width as usize, layout.panel.height as usize);
        let strip = scene(&content, &layout, fonts);
        let title = name.to_uppercase();
        let floor = watch
            .floor(&format!("memcpy of {width}×{height} RGB"), floors::memcpy(width * height * 3));
        if name == "w2" {
            watch.floor("A8 blend of W2's strip", floors::strip());
        }
        let mut frame = painted(&strip, running_ms(0));
        let (again, mut number) = (strip.clone(), 0);
        watch.add(&format!("{title} step"), floor, move || {
            let before = running_ms(number);
            number = number % 600 + 1;
            black_box(repaint(&again, before, running_ms(number), &mut frame));
        });
        let (mut frame, mut number) = (Frame::new(strip.width, strip.height), 0);
        watch.add(&format!("{title} painted as a whole"), floor, move || {
            number = number % 600 + 1;
            paint(&strip, running_ms(number), &mut frame);
        });
    }
}

/// W4: codes, and reading them back.
fn codes<'a>(watch: &mut Stopwatch<'a>, fonts: &'a Fonts) {
    let contents: Vec<Content> = (0..1000).map(code).collect();
    let addresses: Vec<String> = contents.iter().map(|c| c.codes[0].data.clone()).collect();
    let floor = watch.floor("fast_qr and 360×360 bytes", floors::codes(addresses));
    let layout = layout("w4", fonts);
    let mut frame = Frame::new(layout.panel.width, layout.panel.height);
    let mut number = 0;
    let (again, on) = (contents.clone(), layout.clone());
    // 377 has no factor in common with 1000: few codes in a row are of all lengths.
    watch.add("W4 code", floor, move || {
        number = (number + 377) % 1000;
        paint(&scene(&again[number], &on, fonts), 0, &mut frame);
    });
    let scenes: Vec<Scene> =
        contents.iter().step_by(20).map(|content| scene(content, &layout, fonts)).collect();
    let mut number = 0;
    watch.add("W4 reading a code back", floor, move || {
        number = (number + 19) % scenes.len();
        let content = slice::from_ref(&contents[number * 20]);
        black_box(reread(content, &layout, fonts, &scenes[number]));
    });
}

/// Composes texts of 600, 1,200, 2,400 and 4,800 letters, on as many pages as they take.
fn longer_texts<'a>(watch: &mut Stopwatch<'a>, fonts: &'a Fonts) {
    for times in [1, 2, 4, 8] {
        let layout = layout("w1", fonts);
        let mut number = 0;
        watch.grow("text", &format!("{} letters", 600 * times), times as f64, move || {
            number += times;
            let texts: Vec<_> = (number..number + times).map(|at| bulletin(at).text).collect();
            let content = Content::new(Look::Notice, "vi", "", &texts.join(" "));
            black_box(scene(&content, &layout, fonts));
        });
    }
}

/// Composes and paints one notice on panels of more and more pixels.
fn larger_panels<'a>(watch: &mut Stopwatch<'a>, fonts: &'a Fonts) {
    for (width, height) in [(192, 64), (384, 64), (384, 128), (768, 256), (1920, 1080)] {
        let layout = panel(width, height, fonts);
        let content = led();
        let mut frame = Frame::new(width, height);
        let pixels = f64::from(width * height);
        watch.grow("panel", &format!("{width}×{height}"), pixels, move || {
            paint(&scene(&content, &layout, fonts), 0, &mut frame);
        });
    }
}

/// A panel whose upper quarter is a headline and what is beside it, and whose words grow with it.
fn panel(width: u32, height: u32, fonts: &Fonts) -> Layout {
    let (upper, lower) = (height / 4, height - height / 4);
    let zone = |name: &str| {
        let half = width / 2;
        let (x, y, width, height) = match name {
            "text" => (0, upper, width, lower),
            "headline" => (0, 0, half, upper),
            _ => (half, 0, width - half, upper),
        };
        let sizes = format!("[8, {}]", height.max(8) / 2 + 4);
        format!(
            "{{ name = \"{name}\", x = {x}, y = {y}, width = {width}, height = {height}, \
             faces = [\"noto-sans\"], sizes = {sizes} }}"
        )
    };
    let page = |kind: &str, names: [&str; 3]| {
        let zones = names.map(zone);
        format!("[{kind}]\nzones = [{}]\n", zones.join(", "))
    };
    let pages = [
        page("notice", ["headline", "text", "stamp"]),
        page("emergency", ["headline", "text", "stamp"]),
        page("exercise", ["headline", "text", "band"]),
        page("idle", ["headline", "text", "clock"]),
    ];
    let panel = format!(
        "[panel]\nwidth = {width}\nheight = {height}\nkind = \"led\"\ncolours = \"rgb\"\n\
         pitch_um = 10000\nfps = 60\n{}",
        pages.concat()
    );
    Layout::parse("panel", &panel, fonts).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// Composes notices of 100 to 600 letters, one after the other.
fn more_notices<'a>(watch: &mut Stopwatch<'a>, fonts: &'a Fonts) {
    let layout = builtin::layout("lcd-1080p").expect("comes with the program");
    for count in [10, 100, 1000] {
        let (notices, layout) = (notices(count), layout.clone());
        watch.grow("notices", &format!("{count} notices"), count as f64, move || {
            let scenes: Vec<Scene> =
                notices.iter().map(|content| scene(content, &layout, fonts)).collect();
            black_box(scenes);
        });
    }
}

fn notices(count: usize) -> Vec<Content> {
    let notice = |number: usize| {
        let Content { headline, text, .. } = bulletin(number);
        let words: Vec<&str> = text.split(' ').collect();
        let (from, length) = (number * 7 % 20, 22 + number * 37 % 90);
        let text = words[from..(from + length).min(words.len())].join(" ");
        let data = format!("https://thongbao.example.vn/{number}");
        let code = Code { data, caption: "thongbao.example.vn".to_owned() };
        let codes = if number.is_multiple_of(2) { vec![code] } else { Vec::new() };
        Content { codes, ..Content::new(Look::Notice, "vi", &headline, &text) }
    };
    (0..count).map(notice).collect()
}

/// What scenes hold. Glyphs are shared by all scenes of a program and counted once.
fn memory(fonts: &Fonts) {
    println!("\n| held on 1920×1080 | its own KiB | shared glyphs KiB | glyphs |");
    println!("| --- | ---: | ---: | ---: |");
    let lcd = builtin::layout("lcd-1080p").expect("comes with the program");
    let notices: Vec<Scene> = notices(100).iter().map(|c| scene(c, &lcd, fonts)).collect();
    let w1 = scene(&bulletin(1), &layout("w1", fonts), fonts);
    let w2 = scene(&ticker(), &layout("w2", fonts), fonts);
    for (name, scenes) in
        [("W1's scene", &[w1][..]), ("W2's scene", &[w2]), ("100 notices", &notices)]
    {
        let mut glyphs = HashMap::new();
        let own: usize = scenes.iter().map(|scene| held(scene, &mut glyphs)).sum();
        let shared: usize = glyphs.values().sum();
        println!("| {name} | {} | {} | {} |", own >> 10, shared >> 10, glyphs.len());
    }
    println!("| a frame | {} | | |", (1920 * 1080 * 3) >> 10);
}

/// The bytes of a scene without its glyphs, which go into the map by their place in memory.
fn held(scene: &Scene, glyphs: &mut HashMap<usize, usize>) -> usize {
    let mut own = size_of::<Scene>();
    for page in &scene.pages {
        own += size_of::<Page>() + page.items.capacity() * size_of::<Item>();
        for item in &page.items {
            own += match &item.drawing {
                Drawing::Text { glyphs: placed, .. } => {
                    for Placed { mask, tile, .. } in placed {
                        glyphs.insert(Arc::as_ptr(mask) as usize, mask.coverage.capacity());
                        if let Some(tile) = tile {
                            glyphs.insert(Arc::as_ptr(tile) as usize, tile.bytes().len());
                        }
                    }
                    placed.capacity() * size_of::<Placed>()
                }
                Drawing::Marquee { strip, .. } => strip.coverage.capacity(),
                Drawing::Code { modules, .. } => modules.dark.capacity(),
                Drawing::Picture { pixels, .. } => pixels.bytes().len(),
                Drawing::Clock { dial, .. } => size_of_val(&dial.signs[..]),
            };
        }
    }
    own
}

/// Times this program from its start to its first picture, beside one that only fills a frame.
fn start_up(rounds: usize) {
    let program = std::env::current_exe().expect("a program has a path");
    let run = |argument: &str| {
        let output = Command::new(&program).arg(argument).output().expect("runs once more");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let (mut whole, mut ratios, mut inside, mut peak) = (vec![], vec![], vec![], String::new());
    for _ in 0..rounds {
        let floor = time(|| drop(run("start-floor")));
        let began = Instant::now();
        let answer = run("start");
        whole.push(began.elapsed().as_secs_f64());
        ratios.push(whole[whole.len() - 1] / floor);
        if let Some((seconds, kib)) = answer.split_once(' ') {
            inside.extend(seconds.parse::<f64>());
            peak = kib.to_owned();
        }
    }
    println!("\n| start to W1's first picture | |\n| --- | ---: |");
    println!("| the whole process | {:.2} ms |", median(&mut whole) * 1e3);
    println!("| × a process that fills a frame | {:.2} |", median(&mut ratios));
    println!("| faces, layout, composing and painting | {:.2} ms |", median(&mut inside) * 1e3);
    println!("| most memory, the frame included | {peak} KiB |");
}

/// What [`start_up`] starts.
fn start() {
    let seconds = time(|| {
        let fonts = builtin::fonts();
        black_box(painted(&scene(&bulletin(1), &layout("w1", &fonts), &fonts), 0));
    });
    println!("{seconds} {}", peak_kib());
}
