//! Scenes that say nothing: darkness, and the patterns by which a fitter judges a panel.

use crate::effect::Turn;
use crate::frame::Frame;
use crate::layout::ZoneName;
use crate::panel::{Area, Colours, Panel, Rgb};
use crate::scene::{Drawing, Item, Page, Scene};

/// How long each picture of the test pattern stands, in milliseconds.
const STEP_MS: u64 = 2_000;

/// A panel without light.
pub fn dark(panel: &Panel) -> Scene {
    Scene { width: panel.width, height: panel.height, pages: vec![page(Rgb::BLACK, None)] }
}

/// What shows a panel's faults: each of its colours over the whole panel, where dead and stuck
/// pixels and badly fed modules are seen, and then a picture with a frame along the edges (does the
/// panel show all that it is sent, and nothing shifted?), a module grid, and every level of light.
pub fn test_pattern(panel: &Panel) -> Scene {
    let full = |r, g, b| Rgb::new(r, g, b);
    let colours = match panel.colours {
        Colours::Single => vec![panel.tint],
        Colours::RedGreen => vec![full(255, 0, 0), full(0, 255, 0), panel.tint],
        Colours::Rgb => vec![full(255, 0, 0), full(0, 255, 0), full(0, 0, 255), panel.tint],
    };
    let plain = colours.into_iter().map(|colour| page(colour, None));
    let pages = plain.chain([page(Rgb::BLACK, Some(chart(panel)))]).collect();
    Scene { width: panel.width, height: panel.height, pages }
}

/// Edges, a grid of 16 pixels that marks modules of 32 × 16, and a ramp from dark to full light.
fn chart(panel: &Panel) -> Frame {
    let mut frame = Frame::new(panel.width, panel.height);
    let (width, height) = (panel.width, panel.height);
    let faint = share(panel, 64);
    for x in (0..width).step_by(32) {
        frame.fill(Area { x, y: 0, width: 1, height }, faint);
    }
    for y in (0..height).step_by(16) {
        frame.fill(Area { x: 0, y, width, height: 1 }, faint);
    }
    let ramp = Area { x: 0, y: height / 3, width, height: (height / 3).max(1) };
    for x in 0..width {
        let level = (x * 255 / width.max(2).saturating_sub(1)).min(255) as u8;
        frame.fill(Area { x, width: 1, ..ramp }, share(panel, level));
    }
    for edge in [
        Area { x: 0, y: 0, width, height: 1 },
        Area { x: 0, y: height - 1, width, height: 1 },
        Area { x: 0, y: 0, width: 1, height },
        Area { x: width - 1, y: 0, width: 1, height },
    ] {
        frame.fill(edge, panel.tint);
    }
    frame
}

/// A share of full light, 0 to 255, in the panel's tint; one bit is lit from the middle on.
fn share(panel: &Panel, level: u8) -> Rgb {
    let level = if panel.bits == 1 { u32::from(level > 127) * 255 } else { u32::from(level) };
    let of = |channel: u8| (u32::from(channel) * level / 255) as u8;
    Rgb::new(of(panel.tint.r), of(panel.tint.g), of(panel.tint.b))
}

fn page(ground: Rgb, pixels: Option<Frame>) -> Page {
    let item = |pixels: Frame| Item {
        zone: ZoneName::Picture,
        area: pixels.area(),
        ink: pixels.area(),
        fill: None,
        colour: Rgb::BLACK,
        turns: false,
        plain: true,
        attention: None,
        drawing: Drawing::Picture { alt: String::new(), pixels },
    };
    Page {
        duration_ms: STEP_MS,
        turn: Turn::default(),
        ground,
        items: pixels.into_iter().map(item).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::paint;

    fn shown(scene: &Scene, at_ms: u64) -> Frame {
        let mut frame = Frame::new(scene.width, scene.height);
        paint(scene, at_ms, &mut frame);
        frame
    }

    #[test]
    fn darkness_is_dark() {
        let panel = crate::panel::tests::panel(Colours::Rgb, 8);
        assert!(shown(&dark(&panel), 0).bytes().iter().all(|byte| *byte == 0));
    }

    #[test]
    fn each_colour_fills_the_panel_and_the_chart_has_its_edges_lit() {
        for (colours, plain) in [(Colours::Single, 1), (Colours::RedGreen, 3), (Colours::Rgb, 4)] {
            let panel = crate::panel::tests::panel(colours, 8);
            let scene = test_pattern(&panel);
            assert_eq!(scene.pages.len(), plain + 1);
            for n in 0..plain {
                let frame = shown(&scene, n as u64 * STEP_MS + 500);
                let first = frame.pixel(0, 0).expect("a pixel");
                assert!(panel.shows(first) && first != Rgb::BLACK);
                assert!((0..64).all(|x| (0..64).all(|y| frame.pixel(x, y) == Some(first))));
            }
            let chart = shown(&scene, plain as u64 * STEP_MS + 500);
            for at in [(0, 0), (63, 0), (0, 63), (63, 63), (31, 63), (63, 20)] {
                assert_eq!(chart.pixel(at.0, at.1), Some(panel.tint), "{at:?}");
            }
        }
    }
}
