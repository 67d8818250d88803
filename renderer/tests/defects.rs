//! Layouts and contents that once went wrong, each with its story.

use bangtin_renderer::layout::ZoneName;
use bangtin_renderer::scene::Drawing;
use bangtin_renderer::{
    Code, Composed, Content, Frame, Layout, Look, Rgb, builtin, compose, paint, reread,
};

/// A layout of the program with its notice page, and the service page where given, replaced.
fn layout(name: &str, pages: &[(&str, &[&str])]) -> Layout {
    let text = builtin::layout_text(name).expect("a layout of the program");
    let mut file: toml::Table = text.parse().expect("it can be read");
    for (page, zones) in pages {
        let zones = zones.iter().map(|zone| format!("{{ {zone} }}")).collect::<Vec<_>>();
        let page_text = format!("zones = [{}]", zones.join(", "));
        let table: toml::Table = page_text.parse().expect("zones in TOML");
        file.insert((*page).to_owned(), toml::Value::Table(table));
    }
    Layout::parse(name, &file.to_string(), &builtin::fonts())
        .unwrap_or_else(|problems| panic!("{problems:?}"))
}

fn notice(headline: &str, text: &str) -> Content {
    Content::new(Look::Notice, "vi", headline, text)
}

fn code(data: &str) -> Code {
    Code { data: data.into(), caption: "dichvucong.gov.vn".into() }
}

fn lines(composed: &Composed, zone: ZoneName) -> Vec<String> {
    let items = composed.scene.pages.iter().flat_map(|page| &page.items);
    items
        .filter(|item| item.zone == zone)
        .flat_map(|item| match &item.drawing {
            Drawing::Text { setting, .. } | Drawing::Marquee { setting, .. } => {
                setting.lines.clone()
            }
            _ => Vec::new(),
        })
        .collect()
}

const HEADLINE: &str = r#"name = "headline", x = 0, y = 0, width = 192, height = 16, faces = ["bang16"], sizes = [16, 16]"#;

/// A stamp that begins below words which leave it no row was folded into the text for ever.
#[test]
fn a_zone_without_a_row_is_folded_once() {
    let stamp = r#"name = "stamp", below = "headline", x = 0, y = 0, width = 192, height = 1, faces = ["bang16"], sizes = [16, 16]"#;
    let text = r#"name = "text", x = 0, y = 16, width = 192, height = 48, faces = ["bang16"], sizes = [16, 16]"#;
    let layout = layout("led-192x64", &[("notice", &[HEADLINE, stamp, text])]);
    let stamped = Content { stamp: "Cấp 3".into(), ..notice("TIN", "B") };
    let composed = compose(&[stamped], &layout, &builtin::fonts()).expect("it can be drawn");
    assert_eq!(lines(&composed, ZoneName::Text), ["B", "Cấp 3"]);
    assert!(compose(&[notice("TIN", "B")], &layout, &builtin::fonts()).is_ok());
}

/// Only the text's faces were asked whether a headline can be drawn; it showed boxes, and nobody
/// was told.
#[test]
fn a_headline_is_drawn_from_the_faces_of_other_zones_too() {
    let headline = r#"name = "headline", x = 0, y = 0, width = 192, height = 32, faces = ["be-vietnam-pro-bold"], sizes = [16, 24]"#;
    let text = r#"name = "text", x = 0, y = 32, width = 192, height = 32, faces = ["noto-sans-khmer"], sizes = [16, 24]"#;
    let layout = layout("led-192x64", &[("notice", &[headline, text])]);
    let composed = compose(&[notice("ពិនិត្យ", "B")], &layout, &builtin::fonts());
    let composed = composed.expect("a face of the layout has it");
    assert_eq!(lines(&composed, ZoneName::Headline), ["ពិនិត្យ"]);
}

/// The page with a drill's code did not say that it was a drill.
#[test]
fn every_page_of_a_drill_says_so() {
    let fonts = builtin::fonts();
    let drill = Content {
        band: "DIỄN TẬP".into(),
        codes: vec![code("HTTPS://DICHVUCONG.GOV.VN")],
        ..Content::new(Look::Exercise, "vi", "BÃO SỐ 3", "Ở yên trong nhà.")
    };
    for layout in builtin::layout_names().filter_map(builtin::layout) {
        let composed =
            compose(std::slice::from_ref(&drill), &layout, &fonts).expect("it can be drawn");
        for page in &composed.scene.pages {
            let mut words = page.items.iter().filter_map(|item| match &item.drawing {
                Drawing::Text { setting, .. } => Some(setting.lines.join(" ")),
                _ => None,
            });
            let said = words.any(|words| words.contains("DIỄN") || words.contains("TẬP"));
            assert!(said, "{}: {:?}", layout.name, page.items);
        }
    }
}

/// An emergency of thousands of letters in a line of large letters took a gigabyte.
#[test]
fn a_line_without_end_turns_pages_instead() {
    let text = builtin::layout_text("lcd-1080p").expect("a layout of the program");
    let running = text.replace("sizes = [60, 100]", r#"overflow = "marquee", sizes = [60, 1000]"#);
    let layout = Layout::parse("running", &running, &builtin::fonts()).expect("sound");
    let long = "Bà con đóng cống, trữ nước ngọt. ".repeat(150);
    let content = Content::new(Look::Emergency, "vi", "TIN BÃO", &long);
    let composed = compose(&[content], &layout, &builtin::fonts()).expect("it can be drawn");
    let items = composed.scene.pages.iter().flat_map(|page| &page.items);
    let bytes: usize = items
        .map(|item| match &item.drawing {
            Drawing::Marquee { strip, .. } => strip.coverage.len(),
            _ => 0,
        })
        .sum();
    assert!(bytes <= 24 << 20, "{bytes}");
}

/// With nothing but an unreadable code the second composition failed, and that passed for success.
#[test]
fn a_code_alone_that_nobody_can_read_is_refused() {
    let fonts = builtin::fonts();
    let text = builtin::layout_text("led-192x64").expect("a layout of the program");
    let dim = text.replace(r#"name = "code","#, r##"name = "code", colour = "#010101","##);
    let layout = Layout::parse("dim", &dim, &fonts).expect("sound");
    let lone = Code { caption: String::new(), ..code("HTTPS://DICHVUCONG.GOV.VN") };
    let contents = [Content { codes: vec![lone], ..notice("", "") }];
    let composed = compose(&contents, &layout, &fonts).expect("it can be drawn");
    let reread = reread(&contents, &layout, &fonts, &composed.scene);
    assert!(matches!(reread, Some(Err(_))), "{reread:?}");
}

/// The text below a filled headline stood on the headline's fill, in part.
#[test]
fn a_fill_ends_with_its_words() {
    let fonts = builtin::fonts();
    let headline = r##"name = "headline", x = 0, y = 0, width = 192, height = 48, fill = "#ffd000", colour = "#000000", faces = ["bang16"], sizes = [16, 16], valign = "top""##;
    let text = r#"name = "text", below = "headline", x = 0, y = 48, width = 192, height = 16, faces = ["bang16"], sizes = [16, 16], valign = "top""#;
    let layout = layout("led-192x64", &[("notice", &[headline, text])]);
    let composed = compose(&[notice("TIN LŨ", "Nước lên.")], &layout, &fonts).expect("it fits");
    let mut frame = Frame::new(192, 64);
    paint(&composed.scene, 0, &mut frame);
    let text = composed.scene.pages[0].items.iter().find(|item| item.zone == ZoneName::Text);
    let ink = text.expect("it has a text").ink;
    for y in ink.y..ink.y + ink.height {
        for x in ink.x..ink.x + ink.width {
            assert_ne!(frame.pixel(x, y), Some(Rgb::new(255, 208, 0)), "{x},{y}");
        }
    }
}

/// In the gap between two pages the box of a flashing headline was lit, with nothing in it.
#[test]
fn nothing_flashes_in_a_gap() {
    let fonts = builtin::fonts();
    let text = builtin::layout_text("led-96x16").expect("a layout of the program");
    let text =
        text.replacen(r#"name = "headline","#, r#"name = "headline", flashes_per_s = 3,"#, 1);
    let layout = Layout::parse("flashing", &text, &fonts).expect("sound");
    let composed = compose(&[notice("TIN", "Nước lên.")], &layout, &fonts).expect("it fits");
    let first = &composed.scene.pages[0];
    let mut frame = Frame::new(96, 16);
    for at in first.duration_ms - first.turn.dark_ms..first.duration_ms {
        paint(&composed.scene, at, &mut frame);
        assert!(frame.bytes().iter().all(|byte| *byte == 0), "{at}");
    }
}

/// A rule for layouts was made stricter, and the ones beside the examples broke it unseen.
#[test]
fn the_layouts_of_the_examples_are_sound() {
    let mut fonts = builtin::fonts();
    let unifont = include_str!("../examples/yardstick/unifont.txt");
    fonts.add_led("unifont", unifont).expect("follows the format");
    for (name, text) in [
        ("w1", include_str!("../examples/yardstick/w1.toml")),
        ("w2", include_str!("../examples/yardstick/w2.toml")),
        ("w3", include_str!("../examples/yardstick/w3.toml")),
        ("w4", include_str!("../examples/yardstick/w4.toml")),
        ("w5", include_str!("../examples/yardstick/w5.toml")),
    ] {
        let problems = Layout::parse(name, text, &fonts).err();
        assert!(problems.is_none(), "{name}: {problems:?}");
    }
}
