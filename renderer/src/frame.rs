//! The pixels of one instant, as every output takes them.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{OriginDimensions, Point, Size};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::primitives::Rectangle;

use crate::panel::Rgb;

/// A picture of 8-bit RGB pixels, row by row from the top left, three bytes a pixel.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    width: u32,
    height: u32,
    bytes: Vec<u8>,
}

impl Frame {
    /// A black frame.
    pub fn new(width: u32, height: u32) -> Self {
        Self { width, height, bytes: vec![0; width as usize * height as usize * 3] }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// All pixels as `width × height × 3` bytes in the order red, green, blue.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same bytes, for what computes them row by row.
    pub(crate) fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }

    /// CRC-32 (IEEE 802.3) of [`bytes`](Self::bytes): what receipts carry as proof of display.
    pub fn crc32(&self) -> u32 {
        crc32fast::hash(&self.bytes)
    }

    /// The pixel at a place, `None` outside the frame.
    pub fn pixel(&self, x: u32, y: u32) -> Option<Rgb> {
        if x >= self.width || y >= self.height {
            return None;
        }
        let at = (y as usize * self.width as usize + x as usize) * 3;
        self.bytes.get(at..at + 3).map(|p| Rgb::new(p[0], p[1], p[2]))
    }

    /// Fills the part of a rectangle that lies within the frame.
    pub fn fill(&mut self, x: i32, y: i32, width: u32, height: u32, colour: Rgb) {
        let (left, right) = clip(x, width, self.width);
        let (top, bottom) = clip(y, height, self.height);
        for row in top..bottom {
            if let Some(row) = self.row_mut(row, left, right) {
                for pixel in row.chunks_exact_mut(3) {
                    pixel.copy_from_slice(&[colour.r, colour.g, colour.b]);
                }
            }
        }
    }

    /// Blends `colour` over the frame where `coverage` (0..=255, row by row, `width` wide) says
    /// so; what lies outside `bounds` or the frame is left alone.
    pub fn blend(&mut self, stamp: Stamp<'_>, bounds: Bounds, colour: Rgb) {
        let height = stamp.coverage.len().checked_div(stamp.width as usize).unwrap_or(0);
        let left = stamp.x.max(bounds.left).max(0);
        let right =
            (stamp.x + stamp.width as i32).min(bounds.right).min(self.width as i32).max(left);
        for (index, coverage) in
            stamp.coverage.chunks_exact(stamp.width.max(1) as usize).enumerate()
        {
            let y = stamp.y + index as i32;
            if index >= height || y < bounds.top.max(0) || y >= bounds.bottom {
                continue;
            }
            let from = (left - stamp.x) as usize;
            let to = (right - stamp.x) as usize;
            let (Some(coverage), Some(row)) =
                (coverage.get(from..to), self.row_mut(y as u32, left as u32, right as u32))
            else {
                continue;
            };
            for (pixel, &alpha) in row.chunks_exact_mut(3).zip(coverage) {
                match alpha {
                    0 => {}
                    255 => pixel.copy_from_slice(&[colour.r, colour.g, colour.b]),
                    _ => {
                        for (channel, ink) in pixel.iter_mut().zip([colour.r, colour.g, colour.b]) {
                            *channel = mix(*channel, ink, alpha);
                        }
                    }
                }
            }
        }
    }

    fn row_mut(&mut self, y: u32, left: u32, right: u32) -> Option<&mut [u8]> {
        if y >= self.height {
            return None;
        }
        let start = y as usize * self.width as usize;
        self.bytes.get_mut((start + left as usize) * 3..(start + right as usize) * 3)
    }
}

/// Coverage to blend: where its top left pixel goes, and its rows of `width` bytes.
#[derive(Clone, Copy)]
pub struct Stamp<'a> {
    /// Column of the left edge.
    pub x: i32,
    /// Row of the top edge.
    pub y: i32,
    /// Bytes in a row of `coverage`.
    pub width: u32,
    /// Coverage from 0 (nothing) to 255 (whole pixel), row by row.
    pub coverage: &'a [u8],
}

/// A clipping rectangle; `right` and `bottom` are the first column and row outside.
#[derive(Clone, Copy)]
pub struct Bounds {
    /// First column inside.
    pub left: i32,
    /// First row inside.
    pub top: i32,
    /// First column outside.
    pub right: i32,
    /// First row outside.
    pub bottom: i32,
}

fn mix(under: u8, over: u8, alpha: u8) -> u8 {
    let (under, over, alpha) = (u32::from(under), u32::from(over), u32::from(alpha));
    ((under * (255 - alpha) + over * alpha + 127) / 255) as u8
}

fn clip(from: i32, length: u32, limit: u32) -> (u32, u32) {
    let end = (i64::from(from) + i64::from(length)).clamp(0, i64::from(limit)) as u32;
    (from.clamp(0, limit as i32) as u32, end)
}

impl OriginDimensions for Frame {
    fn size(&self) -> Size {
        Size::new(self.width, self.height)
    }
}

impl DrawTarget for Frame {
    type Color = Rgb888;
    type Error = std::convert::Infallible;

    fn draw_iter<I: IntoIterator<Item = Pixel<Rgb888>>>(
        &mut self,
        pixels: I,
    ) -> Result<(), Self::Error> {
        for Pixel(Point { x, y }, colour) in pixels {
            self.fill(x, y, 1, 1, colour.into());
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Self::Error> {
        let Size { width, height } = area.size;
        self.fill(area.top_left.x, area.top_left.y, width, height, colour.into());
        Ok(())
    }

    fn fill_contiguous<I: IntoIterator<Item = Rgb888>>(
        &mut self,
        area: &Rectangle,
        colours: I,
    ) -> Result<(), Self::Error> {
        let mut colours = colours.into_iter();
        for y in 0..area.size.height as i32 {
            for (x, colour) in (0..area.size.width as i32).zip(&mut colours) {
                self.fill(area.top_left.x + x, area.top_left.y + y, 1, 1, colour.into());
            }
        }
        Ok(())
    }
}

impl From<Rgb888> for Rgb {
    fn from(colour: Rgb888) -> Self {
        Rgb::new(colour.r(), colour.g(), colour.b())
    }
}

impl std::fmt::Debug for Frame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Frame {}×{} crc32 {:08x}", self.width, self.height, self.crc32())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use embedded_graphics::prelude::*;
    use embedded_graphics::primitives::{Circle, PrimitiveStyle};

    fn ascii(frame: &Frame) -> String {
        (0..frame.height())
            .map(|y| {
                (0..frame.width())
                    .map(|x| if frame.pixel(x, y) == Some(Rgb::BLACK) { '.' } else { '#' })
                    .collect::<String>()
                    + "\n"
            })
            .collect()
    }

    #[test]
    fn fill_keeps_to_the_frame() {
        let mut frame = Frame::new(4, 3);
        frame.fill(-5, 1, 7, 9, Rgb::WHITE);
        assert_eq!(ascii(&frame), "....\n##..\n##..\n");
        frame.fill(i32::MAX, i32::MIN, u32::MAX, u32::MAX, Rgb::WHITE);
        assert_eq!(ascii(&frame), "....\n##..\n##..\n");
    }

    #[test]
    fn blend_keeps_to_its_bounds() {
        let mut frame = Frame::new(4, 3);
        let bounds = Bounds { left: 1, top: 0, right: 3, bottom: 2 };
        frame.blend(Stamp { x: -1, y: -1, width: 6, coverage: &[255; 24] }, bounds, Rgb::WHITE);
        assert_eq!(ascii(&frame), ".##.\n.##.\n....\n");
    }

    #[test]
    fn half_coverage_is_half_the_colour() {
        let mut frame = Frame::new(1, 1);
        let bounds = Bounds { left: 0, top: 0, right: 1, bottom: 1 };
        frame.blend(Stamp { x: 0, y: 0, width: 1, coverage: &[128] }, bounds, Rgb::WHITE);
        assert_eq!(frame.pixel(0, 0), Some(Rgb::new(128, 128, 128)));
    }

    #[test]
    fn embedded_graphics_draws_on_it() {
        let mut frame = Frame::new(5, 5);
        let style = PrimitiveStyle::with_fill(Rgb888::WHITE);
        let drawn = Circle::new(Point::zero(), 5).into_styled(style).draw(&mut frame);
        assert_eq!(drawn, Ok(()));
        assert_eq!(ascii(&frame), ".###.\n#####\n#####\n#####\n.###.\n");
    }
}
