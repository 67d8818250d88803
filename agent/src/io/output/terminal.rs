//! The terminal, in true colour.

use std::io::{self, Write};

use bangtin_renderer::{Frame, Rgb};

use super::Output;

/// Draws in the terminal of standard output.
pub struct Terminal {
    fps: u32,
    begun: bool,
}

impl Terminal {
    /// Opens the output; the terminal is cleared with the first frame.
    pub fn open(fps: u32) -> Self {
        Self { fps, begun: false }
    }
}

impl Output for Terminal {
    fn show(&mut self, frame: &Frame) -> io::Result<()> {
        let (columns, rows) = size();
        // Hide the cursor and clear once; then draw over what is there.
        let begin = if self.begun { "\x1b[H" } else { "\x1b[?25l\x1b[2J\x1b[H" };
        self.begun = true;
        let mut out = io::stdout().lock();
        out.write_all(begin.as_bytes())?;
        out.write_all(picture(frame, columns, rows.saturating_sub(1)).as_bytes())?;
        out.flush()
    }

    fn fps(&self) -> u32 {
        self.fps
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if self.begun {
            let _ = io::stdout().write_all(b"\x1b[0m\x1b[?25h\n");
        }
    }
}

/// Columns and rows of the terminal; 80 × 24 where there is none.
pub fn size() -> (u32, u32) {
    terminal_size::terminal_size()
        .map_or((80, 24), |(columns, rows)| (columns.0.into(), rows.0.into()))
}

/// A frame as lines of block characters with 24-bit colours, at most `columns` by `rows`.
///
/// Where there is room a pixel is half a cell; else a quarter; and where even that is too much,
/// neighbouring pixels are averaged.
pub fn picture(frame: &Frame, columns: u32, rows: u32) -> String {
    let (columns, rows) = (columns.max(1), rows.max(1));
    let halves = frame.width() <= columns && frame.height() <= rows * 2;
    let across = if halves { 1 } else { 2 };
    let shrink = frame.width().div_ceil(columns * across).max(frame.height().div_ceil(rows * 2));
    let (width, height) = (frame.width() / shrink, frame.height() / shrink);
    let at = |x: u32, y: u32| average(frame, x * shrink, y * shrink, shrink);
    let mut text = String::new();
    for y in (0..height.max(1)).step_by(2) {
        let mut colours = None;
        for x in (0..width.max(1)).step_by(across as usize) {
            let (lit, dark, glyph) = if halves {
                let (upper, lower) = (at(x, y), at(x, y + 1));
                block([upper, upper, lower, lower])
            } else {
                block([at(x, y), at(x + 1, y), at(x, y + 1), at(x + 1, y + 1)])
            };
            if colours != Some((lit, dark)) {
                let (f, b) = (lit, dark);
                let code =
                    format!("\x1b[38;2;{};{};{};48;2;{};{};{}m", f.r, f.g, f.b, b.r, b.g, b.b);
                text.push_str(&code);
                colours = Some((lit, dark));
            }
            text.push(glyph);
        }
        text.push_str("\x1b[0m\x1b[K\n");
    }
    text
}

/// The two colours and the block that come nearest to the four quarters of a cell. Light is drawn
/// as ink, so that the words stay readable where the colours are lost.
fn block(pixels: [Rgb; 4]) -> (Rgb, Rgb, char) {
    const BLOCKS: [char; 16] =
        [' ', '▘', '▝', '▀', '▖', '▌', '▞', '▛', '▗', '▚', '▐', '▜', '▄', '▙', '▟', '█'];
    let light = |p: Rgb| u32::from(p.r) * 3 + u32::from(p.g) * 6 + u32::from(p.b);
    let least = pixels.iter().map(|p| light(*p)).min().unwrap_or(0);
    let most = pixels.iter().map(|p| light(*p)).max().unwrap_or(0);
    // A cell of one colour is ink when that is a bright one.
    let limit = if most > least { (least + most) / 2 } else { light(Rgb::WHITE) / 4 };
    let is_lit = |p: &Rgb| light(*p) > limit;
    let mask = pixels.iter().rev().fold(0, |mask, pixel| mask * 2 + usize::from(is_lit(pixel)));
    let mean = |lit: bool| {
        let chosen: Vec<Rgb> = pixels.iter().filter(|p| is_lit(p) == lit).copied().collect();
        mean(&chosen)
    };
    (mean(true), mean(false), BLOCKS[mask])
}

fn average(frame: &Frame, x: u32, y: u32, side: u32) -> Rgb {
    let places = (y..y + side).flat_map(|y| (x..x + side).map(move |x| (x, y)));
    let pixels: Vec<Rgb> = places.filter_map(|(x, y)| frame.pixel(x, y)).collect();
    mean(&pixels)
}

fn mean(pixels: &[Rgb]) -> Rgb {
    let count = pixels.len().max(1) as u32;
    let sum = |channel: fn(&Rgb) -> u8| {
        (pixels.iter().map(|pixel| u32::from(channel(pixel))).sum::<u32>() / count) as u8
    };
    Rgb::new(sum(|p| p.r), sum(|p| p.g), sum(|p| p.b))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bangtin_renderer::Area;

    fn plain(text: &str) -> String {
        let mut plain = String::new();
        let mut rest = text;
        while let Some(start) = rest.find('\x1b') {
            plain.push_str(&rest[..start]);
            let end = rest[start..].find(['m', 'K']).map_or(rest.len(), |end| start + end + 1);
            rest = &rest[end..];
        }
        plain + rest
    }

    #[test]
    fn a_frame_with_room_takes_half_a_cell_a_pixel() {
        let mut frame = Frame::new(4, 3);
        frame.fill(Area { x: 0, y: 0, width: 2, height: 1 }, Rgb::WHITE);
        assert_eq!(plain(&picture(&frame, 80, 24)), "▀▀  \n    \n");
        assert!(picture(&frame, 80, 24).starts_with("\x1b[38;2;255;255;255;48;2;0;0;0m▀▀"));
    }

    #[test]
    fn a_wide_frame_takes_a_quarter() {
        let mut frame = Frame::new(4, 2);
        frame.fill(Area { x: 1, y: 0, width: 1, height: 1 }, Rgb::WHITE);
        frame.fill(Area { x: 2, y: 1, width: 2, height: 1 }, Rgb::WHITE);
        assert_eq!(plain(&picture(&frame, 2, 24)), "▝▄\n");
    }

    #[test]
    fn a_frame_of_any_size_fits_any_terminal() {
        for (width, height, columns, rows) in
            [(1, 1, 1, 1), (1920, 1080, 80, 24), (7, 9, 3, 2), (5, 90, 1, 1), (90, 5, 1, 1)]
        {
            let text = plain(&picture(&Frame::new(width, height), columns, rows));
            assert!(text.lines().all(|line| line.chars().count() <= columns as usize), "{text}");
            assert!(text.lines().count() <= rows as usize, "{text}");
        }
    }
}
