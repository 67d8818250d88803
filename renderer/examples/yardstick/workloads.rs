//! The workloads that stopwatches measure: their words, their layouts and the scenes made of them.
//! The layouts put everything where the workloads' definition fixes it.

use std::slice;

use bangtin_renderer::effect::HOLD_MS;
use bangtin_renderer::{Code, Content, Fonts, Frame, Layout, Look, Scene, builtin, compose, paint};

/// The faces of the program and the one that W3 asks for.
pub fn fonts() -> Fonts {
    let mut fonts = builtin::fonts();
    fonts.add_led("unifont", include_str!("unifont.txt")).expect("follows the format");
    fonts
}

/// The layout of a workload.
pub fn layout(workload: &str, fonts: &Fonts) -> Layout {
    let text = match workload {
        "w1" => include_str!("w1.toml"),
        "w2" => include_str!("w2.toml"),
        "w3" => include_str!("w3.toml"),
        "w4" => include_str!("w4.toml"),
        "w5" => include_str!("w5.toml"),
        other => panic!("no layout `{other}`"),
    };
    Layout::parse(workload, text, fonts)
        .unwrap_or_else(|problems| panic!("{workload}: {problems:?}"))
}

/// W1's words in picture `number`: none is the same twice.
pub fn bulletin(number: usize) -> Content {
    let numbered = |text: &str| text.replace("####", &format!("{:04}", number % 10_000));
    let title = numbered(include_str!("title.txt"));
    let body = numbered(include_str!("body.txt"));
    let url = numbered(include_str!("url.txt"));
    Content {
        codes: vec![Code { data: url, caption: String::new() }],
        clock_s: Some(number as u32),
        ..Content::new(Look::Notice, "vi", &title, &body)
    }
}

/// W2: a line of 300 letters that runs.
pub fn ticker() -> Content {
    Content::new(Look::Notice, "vi", "", include_str!("ticker.txt"))
}

/// W3: three lines that stand and one that runs.
pub fn led() -> Content {
    let mut lines = include_str!("led_lines.txt").lines();
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let (band, headline, stamp) = (line(), line(), line());
    let text = include_str!("led_ticker.txt");
    Content { band, stamp, ..Content::new(Look::Notice, "vi", &headline, text) }
}

/// W4: a code of 60 to 200 letters; the thousandth is the last.
pub fn code(number: usize) -> Content {
    let mut random = 20_260_101 + number as u32;
    let mut letter = || {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        char::from(b"abcdefghijklmnopqrstuvwxyz0123456789-"[(random >> 8) as usize % 37])
    };
    let mut data = format!("https://thongbao.example.vn/tb/{number:04}?k=");
    while data.len() < 60 + number % 1000 * 140 / 999 {
        data.push(letter());
    }
    let codes = vec![Code { data, caption: String::new() }];
    Content { codes, ..Content::new(Look::Notice, "vi", "", "") }
}

/// The scene of a content that is known to fit.
pub fn scene(content: &Content, layout: &Layout, fonts: &Fonts) -> Scene {
    compose(slice::from_ref(content), layout, fonts).expect("it fits").scene
}

/// The scene's picture, in a frame of its own.
pub fn painted(scene: &Scene, elapsed_ms: u64) -> Frame {
    let mut frame = Frame::new(scene.width, scene.height);
    paint(scene, elapsed_ms, &mut frame);
    frame
}

/// When W2 and W3 show picture `number`, at 60 pictures a second. Their definition counts from the
/// pen of the first letter, a line of ours begins with its ink: it is a step behind.
pub fn running_ms(number: usize) -> u64 {
    HOLD_MS + (number.saturating_sub(1) as u64 * 1000).div_ceil(60)
}

/// The most memory this process held, from `/proc`; 0 where there is none.
pub fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
