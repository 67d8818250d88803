//! What holds for every content on every panel, however odd: nothing leaves its zone, no word is
//! lost, lines stay apart, and the picture stands still between the instants that a scene names.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use bangtin_renderer::effect::ATTENTION_MS;
use bangtin_renderer::layout::ZoneName;
use bangtin_renderer::panel::{Area, Kind};
use bangtin_renderer::scene::{Drawing, Item, Page};
use bangtin_renderer::text::normalise::normalise;
use bangtin_renderer::{
    Code, Composed, Content, Fonts, Frame, Layout, Look, Scene, builtin, compose, paint, repaint,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

static FONTS: LazyLock<Fonts> = LazyLock::new(builtin::fonts);
static LAYOUTS: LazyLock<Vec<Layout>> =
    LazyLock::new(|| builtin::layout_names().filter_map(builtin::layout).collect());

const LOOKS: [Look; 4] = [Look::Notice, Look::Emergency, Look::Exercise, Look::Idle];

/// What a page may take: long enough to read, short enough that others get their turn.
const PAGE_MS: std::ops::RangeInclusive<u64> = 3000..=180_000;

fn content(look: Look, headline: &str, text: &str) -> Content {
    let band = if look == Look::Exercise { "DIỄN TẬP" } else { "" };
    let clock_s = (look == Look::Idle).then_some(86_395);
    Content { band: band.into(), clock_s, ..Content::new(look, "vi", headline, text) }
}

/// Composes on every panel, checks every scene, and says on how many panels there is one.
#[track_caller]
fn check(contents: &[Content], instants: usize) -> usize {
    let mut drawn = 0;
    for layout in LAYOUTS.iter() {
        match compose(contents, layout, &FONTS) {
            Err(problems) => {
                assert!(!problems.is_empty());
                assert!(problems.iter().all(|p| !p.message.is_empty()), "{problems:?}");
            }
            Ok(composed) => {
                drawn += 1;
                let scene = &composed.scene;
                assert!(!scene.pages.is_empty());
                for page in &scene.pages {
                    let name = &layout.name;
                    assert!(PAGE_MS.contains(&page.duration_ms), "{name}: {} ms", page.duration_ms);
                    assert!(page.turn.added_ms() < page.duration_ms);
                    stays_inside(page, scene, name);
                    lies_apart(page, name);
                }
                if let [content] = contents {
                    keeps_words(content, &composed, &layout.name);
                }
                // A large frame takes long to paint and teaches no more than a small one.
                let instants = if layout.panel.kind == Kind::Lcd { instants / 6 } else { instants };
                stands_still(scene, instants, contents);
                repaints(scene, 2 * instants);
            }
        }
    }
    drawn
}

fn stays_inside(page: &Page, scene: &Scene, layout: &str) {
    let panel = Area { x: 0, y: 0, width: scene.width, height: scene.height };
    for item in &page.items {
        let zone = item.zone.as_str();
        assert!(holds(panel, item.area), "{layout} {zone}: {:?}", item.area);
        assert!(holds(item.area, item.ink), "{layout} {zone}: {:?} {:?}", item.area, item.ink);
        match &item.drawing {
            Drawing::Text { glyphs, setting } => {
                assert!(!setting.lines.is_empty());
                for glyph in glyphs {
                    let (x, y) = (glyph.x + glyph.mask.left, glyph.baseline - glyph.mask.top);
                    assert!(x >= 0 && y >= 0, "{layout} {zone}: {setting:?} at {x},{y}");
                    let (width, height) = (glyph.mask.width, glyph.mask.height);
                    let ink = Area { x: x as u32, y: y as u32, width, height };
                    assert!(holds(item.area, ink), "{layout} {zone}: {setting:?} {ink:?}");
                }
            }
            Drawing::Marquee { strip, top, .. } => {
                assert_eq!(strip.coverage.len(), (strip.width * strip.height) as usize);
                assert!(*top >= item.area.y as i32);
                assert!(*top as u32 + strip.height <= item.area.y + item.area.height);
            }
            Drawing::Picture { pixels, .. } => {
                assert_eq!((item.ink.width, item.ink.height), (pixels.width(), pixels.height()));
            }
            Drawing::Code { modules, module, .. } => {
                assert_eq!(item.ink.width, module * (modules.side + 8));
            }
            Drawing::Clock { dial, baseline, .. } => {
                for sign in &dial.signs[..10] {
                    let top = baseline - sign.mask.top;
                    assert!(top >= item.ink.y as i32);
                    assert!(top as u32 + sign.mask.height <= item.ink.y + item.ink.height);
                    let left = sign.pen + sign.mask.left;
                    assert!(left >= 0 && left as u32 + sign.mask.width <= dial.cells[0].1);
                }
            }
        }
    }
}

/// No two items share ink, and on dots no two lines touch, not even by a corner.
fn lies_apart(page: &Page, layout: &str) {
    for (index, a) in page.items.iter().enumerate() {
        for b in &page.items[index + 1..] {
            let (one, other) = (a.zone.as_str(), b.zone.as_str());
            assert!(!a.ink.meets(b.ink), "{layout}: {one} {:?} lies on {other} {:?}", a.ink, b.ink);
        }
        let Drawing::Text { setting, glyphs } = &a.drawing else { continue };
        // Only on dots: letters of an outline face stand in at heights of their own.
        if glyphs.iter().any(|glyph| glyph.mask.coverage.iter().any(|c| !matches!(c, 0 | 255))) {
            continue;
        }
        let mut lines: BTreeMap<i32, BTreeSet<(i32, i32)>> = BTreeMap::new();
        for glyph in glyphs {
            let width = glyph.mask.stride as i32;
            let dots = (0..).zip(&glyph.mask.coverage).filter(|(_, lit)| **lit > 0);
            lines.entry(glyph.baseline).or_default().extend(dots.map(|(at, _)| {
                let x = glyph.x + glyph.mask.left + at % width;
                (x, glyph.baseline - glyph.mask.top + at / width)
            }));
        }
        let lines: Vec<_> = lines.into_values().collect();
        for two in lines.windows(2) {
            let touching = two[0].iter().find(|(x, y)| {
                (x - 1..=x + 1).any(|x| (y - 1..=y + 1).any(|y| two[1].contains(&(x, y))))
            });
            assert_eq!(touching, None, "{layout}: lines touch in {:?}", setting.lines);
        }
    }
}

/// Headline and text stand in the zones as they were written, blanks aside.
fn keeps_words(content: &Content, composed: &Composed, layout: &str) {
    if composed.findings.iter().any(|finding| finding.code.starts_with("letter_")) {
        return;
    }
    let shown = |zone: ZoneName| -> String {
        let pages = composed.scene.pages.iter();
        let items: Vec<&Item> =
            pages.flat_map(|p| &p.items).filter(|item| item.zone == zone).collect();
        // What stands is on every page, what turns is on each in part.
        let count = if items.iter().all(|item| item.turns) { items.len() } else { 1 };
        let lines = items.iter().take(count).flat_map(|item| match &item.drawing {
            Drawing::Text { setting, .. } | Drawing::Marquee { setting, .. } => &setting.lines[..],
            _ => &[],
        });
        lines.map(|line| bare(line)).collect()
    };
    let (headline, written) = (shown(ZoneName::Headline), bare(&content.headline));
    assert!(headline.starts_with(&written), "{layout}: {headline:?} is not {written:?}");
    let text = bare(&content.text) + &bare(&content.instruction) + &bare(&content.source);
    let (shown, has_text) = (shown(ZoneName::Text), content.look != Look::Idle);
    assert!(!has_text || shown.starts_with(&text), "{layout}: {shown:?} is not {text:?}");
}

/// The instants a scene names are all at which it changes, in every round.
fn stands_still(scene: &Scene, instants: usize, contents: &[Content]) {
    let mut frames = [Frame::new(scene.width, scene.height), Frame::new(scene.width, scene.height)];
    let mut same = |a: u64, b: u64| {
        for (frame, at) in frames.iter_mut().zip([a, b]) {
            paint(scene, at, frame);
        }
        frames[0] == frames[1]
    };
    let whole = scene.duration_ms();
    for index in 0..instants as u64 {
        let at = whole * index * 7 / 5 + index * 37;
        match scene.next_change_ms(at) {
            Some(next) => {
                assert!(next > at);
                assert!(same(at, next - 1), "changes between {at} and {next}");
                assert!(same(at, (at + next) / 2), "changes between {at} and {next}");
            }
            None => assert!(same(at, at + whole / 2 + 1), "changes after {at}"),
        }
        let has_clock = contents.iter().any(|content| content.clock_s.is_some());
        let differs = has_clock || at < ATTENTION_MS;
        assert!(differs || same(at, at + whole), "the round after {at} differs");
    }
}

/// Painting what changed gives what painting everything gives, and says where it painted.
fn repaints(scene: &Scene, instants: usize) {
    let mut shown = Frame::new(scene.width, scene.height);
    let mut whole = Frame::new(scene.width, scene.height);
    let mut before = 0;
    paint(scene, before, &mut shown);
    for index in 0..instants as u64 {
        // Frame after frame, then a jump over a page or more, also backwards.
        let now = match index % 5 {
            4 => (before * 7 + index * 1237) % (2 * scene.duration_ms()),
            3 => scene.next_change_ms(before).unwrap_or(before),
            _ => before + 17,
        };
        let old = shown.clone();
        let touched = repaint(scene, before, now, &mut shown);
        paint(scene, now, &mut whole);
        assert!(shown == whole, "{before} ms to {now} ms");
        for y in 0..scene.height {
            for x in 0..scene.width {
                let pixel = Area { x, y, width: 1, height: 1 };
                let stays = old.pixel(x, y) == shown.pixel(x, y);
                assert!(stays || touched.iter().any(|area| area.meets(pixel)), "{x},{y}");
            }
        }
        before = now;
    }
}

fn holds(outer: Area, inner: Area) -> bool {
    inner.x >= outer.x
        && inner.y >= outer.y
        && inner.x + inner.width <= outer.x + outer.width
        && inner.y + inner.height <= outer.y + outer.height
}

fn bare(text: &str) -> String {
    let kept =
        |letter: &char| !letter.is_whitespace() && !('\u{200b}'..='\u{200d}').contains(letter);
    normalise(text).text.chars().filter(kept).collect()
}

#[test]
fn odd_texts_are_drawn_or_refused() {
    let codes = |letters: usize| {
        let code = Code { data: "A".repeat(letters), caption: "dichvucong.gov.vn".into() };
        Content { codes: vec![code; 2], ..content(Look::Notice, "NỘP HỒ SƠ", "Quét mã.") }
    };
    let long = "Rủi ro thiên tai cấp 4, gió 103-117 km/h. ".repeat(120);
    let odd = [
        "",
        " ",
        "   \n \n",
        "\u{301}",
        "\u{200b}\u{200c}\u{200d}",
        "\u{a0}",
        "a\u{301}\u{301}\u{301}",
        "ẩ",
        "Ậ\u{300}",
        "- – - – -",
        "....",
        "‾_‾_",
        "Trạm Y tế ពិនិត្យ xã",
        "កe\u{17d2}",
        "៘៘៘",
        "猫",
        "\u{202e}txet",
        "1000 2000 3000 4000 5000 6000",
        "100  200   300",
        "\0\u{7}",
        "□",
        "Å\u{323}\u{302}",
    ];
    for look in LOOKS {
        for text in odd {
            check(&[content(look, text, "Trữ nước ngọt.")], 1);
            check(&[content(look, "TIN LŨ", text)], 1);
            check(&[content(look, text, text)], 1);
        }
    }
    let many =
        ["ẩ".repeat(5000), "\n".repeat(5000), "a\n".repeat(1000), "\u{301}".repeat(5000), long];
    for text in &many {
        for look in [Look::Notice, Look::Emergency] {
            check(&[content(look, "TIN LŨ", text)], 1);
        }
        check(&[content(Look::Emergency, text, "Ở yên trong nhà.")], 1);
    }
    for letters in [0, 1, 25, 60, 250, 1000, 9000] {
        check(&[codes(letters)], 1);
    }
    // The headline's way into the text's room must not lead over the code.
    let headline = "LỊCH TIẾP CÔNG DÂN CỦA ỦY BAN NHÂN DÂN ".repeat(5);
    check(&[Content { headline, ..codes(25) }], 1);
}

#[test]
fn an_emergency_without_end_is_shown_in_pages() {
    let text = "Bà con đóng cống, trữ nước ngọt. ".repeat(1000);
    let composed = check(&[content(Look::Emergency, "TIN BÃO", &text)], 1);
    assert_eq!(composed, LAYOUTS.len());
    assert_eq!(check(&[content(Look::Notice, "TIN BÃO", &text)], 1), 0);
}

/// `e` is in the dot faces alone and the Khmer mark in the Khmer face alone: a box stood for both
/// and nobody was told.
#[test]
fn what_no_single_face_has_is_set_from_two() {
    let layout = builtin::layout("led-192x64").expect("a layout of ours");
    let composed = compose(&[content(Look::Notice, "e\u{17d2}", "")], &layout, &FONTS);
    let composed = composed.expect("every letter has a face");
    keeps_words(&content(Look::Notice, "e\u{17d2}", ""), &composed, "led-192x64");
}

#[test]
fn letters_are_named_once_with_their_place() {
    let text = "Xã\n猫 và 猫";
    let problems = compose(&[content(Look::Notice, "TIN", text)], &LAYOUTS[0], &FONTS);
    let problems = problems.expect_err("no face has it");
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].message.starts_with("letter 4,"), "{problems:?}");
}

#[test]
fn spellings_give_the_same_pixels() {
    let composed = "Tiếp công dân: ấp Giồng Bàn, đường Nguyễn Đình Chiểu, ngặt nghèo.";
    let decomposed: String = {
        use unicode_normalization::UnicodeNormalization;
        composed.nfd().collect()
    };
    // Precomposed shape, tone apart, and Icelandic Ð for Đ: what old Windows keyboards send.
    let windows = "Tiê\u{301}p công dân: â\u{301}p Giô\u{300}ng Ba\u{300}n, đươ\u{300}ng Nguyê\u{303}n \
        Ði\u{300}nh Chiê\u{309}u, ngă\u{323}t nghe\u{300}o.";
    for layout in LAYOUTS.iter() {
        let pictures = [composed, &decomposed, windows].map(|text| {
            let content = content(Look::Notice, text, text);
            let scene = compose(&[content], layout, &FONTS).expect("it can be drawn").scene;
            let mut frame = Frame::new(scene.width, scene.height);
            paint(&scene, 0, &mut frame);
            (scene.pages.len(), frame)
        });
        assert!(pictures.iter().all(|picture| *picture == pictures[0]), "{}", layout.name);
    }
}

fn words() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        12 => prop::sample::select(vec![
            "Khẩn", "cấp", "NGẬP", "Ở", "ỵ", "gió", "103-117 km/h", "–", "•", "rủi ro", "thiên tai",
            "0909 645 589", "4‰", "(vịnh", "Bộ).", "Ấ", "g", "dichvucong.gov.vn", "QL53B,", "“Đợt 2”",
        ]).prop_map(str::to_owned),
        1 => Just("\n".to_owned()),
        1 => Just(" ".to_owned()),
        1 => "[ạ-ỹ]{1,60}",
        1 => "[\u{300}\u{301}\u{323}\u{200b}e]{1,6}",
    ];
    prop::collection::vec(word, 0..60).prop_map(|words| words.join(" "))
}

#[test]
fn any_content_keeps_the_rules() {
    let one = (prop::sample::select(LOOKS.to_vec()), words(), words(), 0usize..3, any::<bool>());
    let one = one.prop_map(|(look, headline, text, codes, stamped)| {
        let headline: String = headline.chars().take(90).collect();
        let code = Code { data: "HTTPS://BT.GOV.VN".into(), caption: "bt.gov.vn".into() };
        let stamp = if stamped { "Cấp 3 • Phát hành 08:00 23/11" } else { "" };
        Content { stamp: stamp.into(), codes: vec![code; codes], ..content(look, &headline, &text) }
    });
    let config =
        Config { cases: 12, max_shrink_iters: 64, failure_persistence: None, ..Config::default() };
    TestRunner::new(config)
        .run(&prop::collection::vec(one, 1..3), |contents| {
            check(&contents, 6);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}
