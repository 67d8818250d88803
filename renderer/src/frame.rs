//! The pixels of one instant, as every output takes them.

use embedded_graphics::Pixel;
use embedded_graphics::draw_target::DrawTarget;
use embedded_graphics::geometry::{Dimensions, OriginDimensions, Point, Size};
use embedded_graphics::pixelcolor::{Rgb888, RgbColor};
use embedded_graphics::primitives::{PointsIter, Rectangle};

use crate::panel::{Area, Rgb};

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

    /// All of it.
    pub fn area(&self) -> Area {
        Area { x: 0, y: 0, width: self.width, height: self.height }
    }

    /// Fills the part of a rectangle that lies within the frame.
    pub fn fill(&mut self, area: Area, colour: Rgb) {
        let Some(Area { x, y, width, height }) = area.intersection(self.area()) else { return };
        let Some(first) = self.row_mut(y, x, x + width) else { return };
        if colour.r == colour.g && colour.g == colour.b {
            first.fill(colour.r);
        } else {
            for pixel in first.chunks_exact_mut(3) {
                pixel.copy_from_slice(&[colour.r, colour.g, colour.b]);
            }
        }
        // The other rows are copies of the first, which costs a quarter of writing each pixel.
        let stride = self.width as usize * 3;
        let start = y as usize * stride + x as usize * 3;
        let row = width as usize * 3;
        let mut rows = self.bytes[start..].chunks_mut(stride).take(height as usize);
        let Some(first) = rows.next() else { return };
        for next in rows {
            next[..row].copy_from_slice(&first[..row]);
        }
    }

    /// Moves the picture in a rectangle to the left by so many columns. The columns that this
    /// frees at its right edge keep what they held.
    pub fn shift_left(&mut self, area: Area, columns: u32) {
        let Some(Area { x, y, width, height }) = area.intersection(self.area()) else { return };
        for row in y..y + height {
            if let Some(row) = self.row_mut(row, x, x + width) {
                let shift = (columns as usize * 3).min(row.len());
                row.copy_within(shift.., 0);
            }
        }
    }

    /// Blends a colour over the frame where `stamp` says so; what lies outside `within` or the
    /// frame is left alone.
    pub fn blend(&mut self, stamp: Stamp<'_>, within: Area, ink: Ink) {
        let Some(within) = within.intersection(self.area()) else { return };
        let (x, y) = (i64::from(stamp.x), i64::from(stamp.y));
        let left = x.max(i64::from(within.x));
        let right = (x + i64::from(stamp.width)).min(i64::from(within.x + within.width));
        let top = y.max(i64::from(within.y));
        if left >= right {
            return;
        }
        // Where nothing is cut off, the blank columns at the end of each row are blended too:
        // they change nothing, and every stretch is whole.
        let is_whole = right - left == i64::from(stamp.width);
        let end = if is_whole { x + i64::from(stamp.stride) } else { right };
        let end = end.min(i64::from(self.width));
        let covered = (left - x) as usize..(end - x) as usize;
        let lines = stamp.coverage.chunks_exact(stamp.stride.max(1) as usize);
        let bottom = i64::from(within.y + within.height);
        let lines = lines.skip((top - y) as usize).take((bottom - top).max(0) as usize);
        let tint = Tint::new(ink);
        let row_bytes = self.width as usize * 3;
        let rows = self.bytes.chunks_exact_mut(row_bytes.max(1)).skip(top.max(0) as usize);
        for (row, coverage) in rows.zip(lines) {
            let row = &mut row[left as usize * 3..end as usize * 3];
            tint.blend(row, &coverage[covered.clone()]);
        }
    }

    /// Copies a smaller frame, whose top left corner goes to `x`, `y`; what lies outside `within`
    /// or the frame is left alone.
    pub fn copy(&mut self, from: &Frame, (x, y): (i32, i32), within: Area) {
        let Some(within) = within.intersection(self.area()) else { return };
        let (x, y) = (i64::from(x), i64::from(y));
        let clip = |at: i64, length: u32, from: u32, to: u32| {
            (at.max(from.into()), (at + i64::from(length)).min(to.into()))
        };
        let (left, right) = clip(x, from.width, within.x, within.x + within.width);
        let (top, bottom) = clip(y, from.height, within.y, within.y + within.height);
        if left >= right || top >= bottom {
            return;
        }
        let bytes = |from: i64, to: i64| from as usize * 3..to as usize * 3;
        let (taken, filled) = (bytes(left - x, right - x), bytes(left, right));
        let source = from.bytes.chunks_exact(from.width as usize * 3).skip((top - y) as usize);
        let rows = self.bytes.chunks_exact_mut(self.width as usize * 3).skip(top as usize);
        for (row, source) in rows.zip(source).take((bottom - top) as usize) {
            row[filled.clone()].copy_from_slice(&source[taken.clone()]);
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
    /// Columns that may be covered.
    pub width: u32,
    /// Bytes from one row of `coverage` to the next, at least `width`.
    pub stride: u32,
    /// Coverage from 0 (nothing) to 255 (whole pixel), row by row; 0 from `width` on.
    pub coverage: &'a [u8],
}

/// What words are drawn with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink {
    /// The colour at full coverage.
    pub colour: Rgb,
    /// Share of 255 by which all coverage is scaled: less than 255 while words fade.
    pub opacity: u8,
}

impl Ink {
    /// Ink that hides what is under it.
    pub fn opaque(colour: Rgb) -> Self {
        Self { colour, opacity: 255 }
    }
}

/// How many pixels are blended at once.
const STRETCH: usize = 8;

/// Ink, ready to be blended over stretches of pixels.
struct Tint {
    pattern: [u8; STRETCH * 3],
    opacity: u8,
}

impl Tint {
    fn new(ink: Ink) -> Self {
        let Rgb { r, g, b } = ink.colour;
        let mut pattern = [0; STRETCH * 3];
        for pixel in pattern.chunks_exact_mut(3) {
            pixel.copy_from_slice(&[r, g, b]);
        }
        Self { pattern, opacity: ink.opacity }
    }

    /// Blends over a row of pixels by a row of coverage of the same length.
    fn blend(&self, row: &mut [u8], coverage: &[u8]) {
        let (pixels, last_pixels) = row.as_chunks_mut::<{ STRETCH * 3 }>();
        let (coverage, last_coverage) = coverage.as_chunks::<STRETCH>();
        for (pixels, coverage) in pixels.iter_mut().zip(coverage) {
            self.blend_stretch(pixels, *coverage);
        }
        if !last_coverage.is_empty() {
            let mut stretch = [0; STRETCH * 3];
            let mut coverage = [0; STRETCH];
            stretch[..last_pixels.len()].copy_from_slice(last_pixels);
            coverage[..last_coverage.len()].copy_from_slice(last_coverage);
            self.blend_stretch(&mut stretch, coverage);
            last_pixels.copy_from_slice(&stretch[..last_pixels.len()]);
        }
    }

    fn blend_stretch(&self, pixels: &mut [u8; STRETCH * 3], coverage: [u8; STRETCH]) {
        // Most stretches of a letter are wholly dark or wholly lit.
        let all = u64::from_ne_bytes(coverage);
        if all == 0 {
            return;
        }
        if self.opacity < 255 {
            *pixels = mix(*pixels, self.pattern, triple(coverage.map(|c| scale(c, self.opacity))));
        } else if all == u64::MAX {
            *pixels = self.pattern;
        } else {
            *pixels = mix(*pixels, self.pattern, triple(coverage));
        }
    }
}

/// Each byte three times. In words of eight, because that is what leaves them in registers.
fn triple(bytes: [u8; STRETCH]) -> [u8; STRETCH * 3] {
    let [a, b, c, d, e, f, g, h] = bytes.map(|byte| u64::from(byte) * 0x01_0101);
    let words =
        [a | b << 24 | c << 48, c >> 16 | d << 8 | e << 32 | f << 56, f >> 8 | g << 16 | h << 40];
    let mut tripled = [0; STRETCH * 3];
    for (into, word) in tripled.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *into = word.to_le_bytes();
    }
    tripled
}

/// Of every byte the part of `over` that `alpha` says, and for the rest what is under it, rounded.
fn mix<const N: usize>(under: [u8; N], over: [u8; N], alpha: [u8; N]) -> [u8; N] {
    let mut mixed = [0; N];
    for (((mixed, under), over), alpha) in mixed.iter_mut().zip(under).zip(over).zip(alpha) {
        let [under, over, alpha] = [under, over, alpha].map(u16::from);
        *mixed = divide_255(under * (255 - alpha) + over * alpha);
    }
    mixed
}

fn scale(value: u8, share: u8) -> u8 {
    divide_255(u16::from(value) * u16::from(share))
}

/// A product of two bytes divided by 255 and rounded, without a division.
fn divide_255(product: u16) -> u8 {
    let rounded = product + 128;
    ((rounded + (rounded >> 8)) >> 8) as u8
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
            if let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) {
                self.fill(Area { x, y, width: 1, height: 1 }, colour.into());
            }
        }
        Ok(())
    }

    fn fill_solid(&mut self, area: &Rectangle, colour: Rgb888) -> Result<(), Self::Error> {
        let Rectangle { top_left, size } = area.intersection(&self.bounding_box());
        let (x, y) = (top_left.x.max(0) as u32, top_left.y.max(0) as u32);
        self.fill(Area { x, y, width: size.width, height: size.height }, colour.into());
        Ok(())
    }

    fn fill_contiguous<I: IntoIterator<Item = Rgb888>>(
        &mut self,
        area: &Rectangle,
        colours: I,
    ) -> Result<(), Self::Error> {
        self.draw_iter(area.points().zip(colours).map(|(point, colour)| Pixel(point, colour)))
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

    const fn area(x: u32, y: u32, width: u32, height: u32) -> Area {
        Area { x, y, width, height }
    }

    #[test]
    fn fill_keeps_to_the_frame() {
        let mut frame = Frame::new(4, 3);
        frame.fill(area(2, 1, 7, 9), Rgb::WHITE);
        assert_eq!(ascii(&frame), "....\n..##\n..##\n");
        frame.fill(area(u32::MAX, 0, u32::MAX, u32::MAX), Rgb::WHITE);
        frame.fill(area(0, 0, u32::MAX, 1), Rgb::new(9, 8, 7));
        assert_eq!(ascii(&frame), "####\n..##\n..##\n");
        assert_eq!(frame.pixel(3, 0), Some(Rgb::new(9, 8, 7)));
    }

    #[test]
    fn blend_keeps_to_its_bounds() {
        let mut frame = Frame::new(4, 3);
        let stamp = Stamp { x: -1, y: -1, width: 6, stride: 6, coverage: &[255; 24] };
        frame.blend(stamp, area(1, 0, 2, 2), Ink::opaque(Rgb::WHITE));
        assert_eq!(ascii(&frame), ".##.\n.##.\n....\n");
    }

    #[test]
    fn blends_are_rounded_shares() {
        for (under, over, alpha) in [(0, 255, 128), (255, 0, 1), (200, 10, 77), (3, 250, 254)] {
            let expected = (under * (255 - alpha) + over * alpha) as f64 / 255.0;
            let [mixed] = mix([under as u8], [over as u8], [alpha as u8]);
            assert_eq!(f64::from(mixed), expected.round());
        }
        let mut frame = Frame::new(20, 1);
        let ink = Ink { colour: Rgb::new(255, 100, 0), opacity: 51 };
        let coverage: Vec<u8> = (0..20).map(|x| if x % 2 == 0 { 255 } else { 0 }).collect();
        let stamp = Stamp { x: 0, y: 0, width: 20, stride: 20, coverage: &coverage };
        frame.blend(stamp, frame.area(), ink);
        assert_eq!(frame.pixel(18, 0), Some(Rgb::new(51, 20, 0)));
        assert_eq!(frame.pixel(19, 0), Some(Rgb::BLACK));
    }

    #[test]
    fn a_copy_keeps_to_its_bounds() {
        let mut frame = Frame::new(5, 4);
        let mut tile = Frame::new(3, 3);
        tile.fill(tile.area(), Rgb::WHITE);
        frame.copy(&tile, (-1, 2), frame.area());
        frame.copy(&tile, (2, -1), area(3, 0, 1, 4));
        frame.copy(&tile, (9, 9), frame.area());
        assert_eq!(ascii(&frame), "...#.\n...#.\n##...\n##...\n");
    }

    #[test]
    fn bytes_are_tripled_in_order() {
        let bytes = [1, 2, 3, 250, 251, 252, 253, 254];
        let expected: Vec<u8> = bytes.iter().flat_map(|byte| [*byte; 3]).collect();
        assert_eq!(triple(bytes).to_vec(), expected);
    }

    #[test]
    fn a_shift_moves_one_rectangle() {
        let mut frame = Frame::new(5, 2);
        frame.fill(area(2, 0, 1, 2), Rgb::WHITE);
        frame.shift_left(area(0, 1, 4, 1), 2);
        assert_eq!(ascii(&frame), "..#..\n#.#..\n");
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
