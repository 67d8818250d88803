//! The colours of disaster risk levels. They never say anything alone: the words "Cấp N" always
//! stand there too, for boards of one colour and for people who do not see colours.

use crate::panel::{Panel, Rgb};

/// The colour of a level and one that is read on it, at 7 : 1 at least (WCAG 2.2, 1.4.6).
///
/// Levels 1 to 5 are light blue, light yellow, orange, red and purple (Decision 18/2021/QĐ-TTg on
/// forecasts, warnings and risk levels). `None` for other numbers, and where the panel cannot
/// show that colour: a colour that looks like another level's is worse than none.
pub fn colours(level: u8, panel: &Panel) -> Option<(Rgb, Rgb)> {
    let (colour, ink) = match level {
        1 => (Rgb::new(0x8c, 0xd4, 0xff), Rgb::BLACK),
        2 => (Rgb::new(0xff, 0xf4, 0x8c), Rgb::BLACK),
        3 => (Rgb::new(0xff, 0x8c, 0x00), Rgb::BLACK),
        4 => (Rgb::new(0xb0, 0x00, 0x00), Rgb::WHITE),
        5 => (Rgb::new(0x6a, 0x0d, 0xad), Rgb::WHITE),
        _ => return None,
    };
    // Amber stands for white where there is no blue.
    let without_blue = |colour: Rgb| Rgb { b: 0, ..colour };
    if panel.shows(colour) && panel.shows(ink) {
        Some((colour, ink))
    } else {
        let (colour, ink) = match level {
            // Without blue a light yellow is a yellow.
            2 => (without_blue(colour), ink),
            _ => (colour, without_blue(ink)),
        };
        (panel.shows(colour) && panel.shows(ink)).then_some((colour, ink))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;
    use crate::panel::{Colours, contrast};

    #[test]
    fn levels_are_read_on_their_colours() {
        let panel = &builtin::layout("lcd-1080p").expect("a layout of the program").panel;
        for level in 1..=5 {
            let (colour, ink) = colours(level, panel).expect("every colour");
            assert!(contrast(colour, ink) >= 7.0, "{level}: {}", contrast(colour, ink));
        }
        assert_eq!((colours(0, panel), colours(6, panel)), (None, None));
    }

    #[test]
    fn a_panel_shows_a_level_in_its_own_colour_or_not_at_all() {
        let panel = builtin::layout("led-192x64").expect("a layout of the program").panel;
        let shown = |colours_of| {
            let panel = Panel { colours: colours_of, ..panel.clone() };
            (1..=5).filter(|level| colours(*level, &panel).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(shown(Colours::Rgb), [1, 2, 3, 4, 5]);
        assert_eq!(shown(Colours::RedGreen), [2, 3, 4]);
        assert_eq!(shown(Colours::Single), []);
    }
}
