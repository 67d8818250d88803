//! The faces and layouts that come with the program, so that one file is all a board needs.

use crate::fonts::Fonts;
use crate::layout::Layout;

macro_rules! layouts {
    ($($name:literal),* $(,)?) => {
        [$(($name, include_str!(concat!("../../layouts/", $name, ".toml")))),*]
    };
}

const LAYOUTS: [(&str, &str); 6] = layouts![
    "led-96x16",
    "led-128x32",
    "led-192x64",
    "led-300x200",
    "lcd-1080p",
    "lcd-1080p-portrait",
];

const OUTLINES: [(&str, &[u8]); 8] = [
    ("be-vietnam-pro", include_bytes!("../../fonts/be-vietnam-pro/BeVietnamPro-Regular.ttf")),
    ("be-vietnam-pro-bold", include_bytes!("../../fonts/be-vietnam-pro/BeVietnamPro-Bold.ttf")),
    (
        "roboto-condensed",
        include_bytes!("../../fonts/roboto-condensed/RobotoCondensed-Regular.ttf"),
    ),
    (
        "roboto-condensed-bold",
        include_bytes!("../../fonts/roboto-condensed/RobotoCondensed-Bold.ttf"),
    ),
    ("noto-sans", include_bytes!("../../fonts/noto-sans/NotoSans-Regular.ttf")),
    ("noto-sans-bold", include_bytes!("../../fonts/noto-sans/NotoSans-Bold.ttf")),
    ("noto-sans-khmer", include_bytes!("../../fonts/noto-sans-khmer/NotoSansKhmer-Regular.ttf")),
    ("noto-sans-khmer-bold", include_bytes!("../../fonts/noto-sans-khmer/NotoSansKhmer-Bold.ttf")),
];

const LED_FACES: [(&str, &str); 3] = [
    ("bang16", include_str!("../../fonts/bang16/regular.txt")),
    ("bang16-bold", include_str!("../../fonts/bang16/bold.txt")),
    ("bang12", include_str!("../../fonts/bang12/regular.txt")),
];

/// All faces.
pub fn fonts() -> Fonts {
    let mut fonts = Fonts::new();
    for (name, bytes) in OUTLINES {
        fonts.add_known_outline(name, bytes);
    }
    for (name, text) in LED_FACES {
        fonts.add_known_led(name, text);
    }
    fonts
}

/// The bytes of an outline face, for programs that set their own words in it.
pub fn outline(name: &str) -> Option<&'static [u8]> {
    OUTLINES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// The names of all layouts, smallest panel first.
pub fn layout_names() -> impl Iterator<Item = &'static str> {
    LAYOUTS.iter().map(|(name, _)| *name)
}

/// The text of a layout.
pub fn layout_text(name: &str) -> Option<&'static str> {
    LAYOUTS.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// A layout, ready to use with [`fonts`]; `None` when there is none of that name.
pub fn layout(name: &str) -> Option<Layout> {
    let layout = Layout::parse(name, layout_text(name)?, &fonts());
    Some(layout.expect("the layouts that come with the program are sound"))
}
