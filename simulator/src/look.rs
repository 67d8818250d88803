//! How a panel looks from the square: an LED board is round dots on black, a screen is itself.

use bangtin_renderer::panel::Kind;
use bangtin_renderer::{Area, Frame, Panel, Rgb};

/// Pixels from one dot to the next in pictures of LED panels.
const DOT: u32 = 8;

/// The panel as it looks, several pixels a dot where it is made of dots.
pub fn panel(frame: &Frame, panel: &Panel) -> Frame {
    match panel.kind {
        Kind::Led => dots(frame, DOT),
        Kind::Lcd => frame.clone(),
    }
}

/// Every pixel as a round dot of light, `cell` pixels from the next. Below 4 they are squares.
pub fn dots(frame: &Frame, cell: u32) -> Frame {
    let cell = cell.max(1);
    let mut picture = Frame::new(frame.width() * cell, frame.height() * cell);
    let disc: Vec<bool> = (0..cell * cell).map(|at| is_lit(at % cell, at / cell, cell)).collect();
    for y in 0..frame.height() {
        for x in 0..frame.width() {
            let Some(colour) = frame.pixel(x, y) else { continue };
            // A diode that is off is a dark grey lens, not a hole.
            let colour = match colour {
                Rgb::BLACK if cell >= 4 => Rgb::new(20, 20, 20),
                colour => colour,
            };
            for (at, _) in disc.iter().enumerate().filter(|(_, lit)| **lit) {
                let (dx, dy) = (at as u32 % cell, at as u32 / cell);
                let (x, y) = (x * cell + dx, y * cell + dy);
                picture.fill(Area { x, y, width: 1, height: 1 }, colour);
            }
        }
    }
    picture
}

fn is_lit(x: u32, y: u32, cell: u32) -> bool {
    if cell < 4 {
        return true;
    }
    // In halves of a pixel, so that even and odd cells have a middle.
    let middle = cell as i32 - 1;
    let (dx, dy) = (2 * x as i32 - middle, 2 * y as i32 - middle);
    let radius = cell as i32 - 1;
    dx * dx + dy * dy <= radius * radius
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lit_pixel_is_a_round_dot() {
        let mut frame = Frame::new(1, 1);
        frame.fill(Area { x: 0, y: 0, width: 1, height: 1 }, Rgb::WHITE);
        let picture = dots(&frame, 5);
        let rows: Vec<String> = (0..5)
            .map(|y| {
                (0..5)
                    .map(|x| if picture.pixel(x, y) == Some(Rgb::WHITE) { '#' } else { '.' })
                    .collect()
            })
            .collect();
        assert_eq!(rows, ["..#..", ".###.", "#####", ".###.", "..#.."]);
    }
}
