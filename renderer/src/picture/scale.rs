//! A picture in the size and colours that a panel shows. Light is averaged, not codes: a fine
//! pattern keeps its brightness.

use super::Picture;
use crate::frame::Frame;
use crate::panel::{Colours, Panel, Rgb};
use crate::tone::{BAYER, FULL, code, lead, level, light};

impl Picture {
    /// The size in which [`fit`](Self::fit) draws it: the largest within the given columns and
    /// rows that keeps its proportions.
    pub fn fitted(&self, width: u32, height: u32) -> (u32, u32) {
        let (from_width, from_height) = (u64::from(self.width), u64::from(self.height));
        let (width, height) = (u64::from(width), u64::from(height));
        let rounded = |a: u64, b: u64, c: u64| ((a * b + c / 2) / c).max(1);
        let (width, height) = if width == 0 || height == 0 {
            (0, 0)
        } else if width * from_height <= height * from_width {
            (width, rounded(from_height, width, from_width))
        } else {
            (rounded(from_width, height, from_height), height)
        };
        (width as u32, height as u32)
    }

    /// The picture in its [`fitted`](Self::fitted) size, over `ground` where it is transparent.
    /// Each pixel is the mean light of what it covers.
    ///
    /// - A single-colour panel shows the picture's luminance as a share of its tint.
    /// - A red-green panel shows red and green, and blue by its luminance as amber, so that blue
    ///   things do not vanish.
    /// - A panel of one bit shows a dither that begins at the picture's own top left, so that it
    ///   moves with the picture. Panels of more bits leave that to [`Light`](crate::Light).
    pub fn fit(&self, width: u32, height: u32, ground: Rgb, panel: &Panel) -> Frame {
        let (width, height) = self.fitted(width, height);
        let mut frame = Frame::new(width, height);
        let inks = Inks::new(panel, ground);
        let whole = u64::from(self.width) * u64::from(self.height) * 255;
        let mut gathered = Gathered::new(width, |pixel| inks.light(pixel));
        let rows = frame.bytes_mut().chunks_exact_mut(width.max(1) as usize * 3);
        for (y, row) in (0..height).zip(rows) {
            let sums = gathered.rows(self, y, height);
            for (x, (pixel, sum)) in row.chunks_exact_mut(3).zip(sums).enumerate() {
                let light = sum.map(|sum| ((sum + whole / 2) / whole) as u32);
                let rank = BAYER[y as usize % 8][x % 8];
                pixel.copy_from_slice(&inks.shown(light, rank));
            }
        }
        frame
    }

    /// The picture with at most that many columns and rows, at least 1 each, and in its
    /// proportions: what a panel of that size needs of it. One that has no more stays as it is.
    /// What is transparent adds its share of transparency and none of its colour.
    pub fn shrunk(self, width: u32, height: u32) -> Self {
        if self.width <= width && self.height <= height {
            return self;
        }
        let (width, height) = self.fitted(width.max(1), height.max(1));
        let whole = u64::from(self.width) * u64::from(self.height);
        let mut gathered = Gathered::new(width, |[r, g, b, alpha]: [u8; 4]| {
            let lights = [r, g, b].map(|code| u64::from(light(code)) * u64::from(alpha));
            [lights[0], lights[1], lights[2], alpha.into()]
        });
        let mut rgba = Vec::with_capacity(width as usize * height as usize * 4);
        for y in 0..height {
            for [lights @ .., alpha] in gathered.rows(&self, y, height) {
                let mean = |sum: &u64| ((sum + alpha / 2) / (*alpha).max(1)) as u32;
                rgba.extend(lights.iter().map(|sum| code(mean(sum))));
                rgba.push(((alpha + whole / 2) / whole) as u8);
            }
        }
        Self { width, height, rgba }
    }
}

/// Sums over the parts of a picture that lie under the pixels of one row. The picture's row that
/// was gathered last is kept: the next row of pixels often begins with it.
struct Gathered<const N: usize, F> {
    light: F,
    source: Option<u32>,
    lights: Vec<[u64; N]>,
    columns: Vec<[u64; N]>,
    sums: Vec<[u64; N]>,
}

impl<const N: usize, F: Fn([u8; 4]) -> [u64; N]> Gathered<N, F> {
    /// For rows of `width` pixels, with what counts of a picture's pixel.
    fn new(width: u32, light: F) -> Self {
        let columns = vec![[0; N]; width as usize];
        Self { light, source: None, lights: Vec::new(), sums: columns.clone(), columns }
    }

    /// The sums of row `y` out of `height`.
    fn rows(&mut self, picture: &Picture, y: u32, height: u32) -> &[[u64; N]] {
        self.sums.fill([0; N]);
        for (from, weight) in covered(y, height, picture.height) {
            self.gather(picture, from);
            for (sum, column) in self.sums.iter_mut().zip(&self.columns) {
                for (sum, light) in sum.iter_mut().zip(column) {
                    *sum += light * weight;
                }
            }
        }
        &self.sums
    }

    fn gather(&mut self, picture: &Picture, y: u32) {
        if self.source.replace(y) == Some(y) {
            return;
        }
        let start = y as usize * picture.width as usize * 4;
        let bytes = picture.rgba.get(start..).unwrap_or_default();
        let (pixels, _) = bytes.as_chunks::<4>();
        let pixels = pixels.iter().take(picture.width as usize);
        self.lights.clear();
        self.lights.extend(pixels.map(|pixel| (self.light)(*pixel)));
        let width = self.columns.len() as u32;
        for (x, sum) in (0..width).zip(&mut self.columns) {
            *sum = [0; N];
            for (from, weight) in covered(x, width, picture.width) {
                let light = self.lights.get(from as usize).copied().unwrap_or([0; N]);
                for (sum, light) in sum.iter_mut().zip(light) {
                    *sum += light * weight;
                }
            }
        }
    }
}

/// Which of `from` equal parts of a line lie under part `index` of `to`, and how much of each,
/// where the whole of part `index` is `from`.
fn covered(index: u32, to: u32, from: u32) -> impl Iterator<Item = (u32, u64)> {
    let (to, from) = (u64::from(to), u64::from(from));
    let (start, end) = (u64::from(index) * from, (u64::from(index) + 1) * from);
    (start / to..end.div_ceil(to)).map(move |part| {
        let weight = end.min((part + 1) * to) - start.max(part * to);
        (part as u32, weight)
    })
}

/// What colours become on a panel.
struct Inks {
    colours: Colours,
    /// Light of the tint's channels.
    tint: [u32; 3],
    /// Light of the ground, as shares of the tint on a single-colour panel.
    ground: [u32; 3],
    one_bit: bool,
}

impl Inks {
    fn new(panel: &Panel, ground: Rgb) -> Self {
        let tint = panel.tint.channels().map(light);
        let ground = ground.channels().map(light);
        let lead = lead(panel.tint);
        let ground = match panel.colours {
            // Luminance would make a ground of the tint itself a dark one.
            Colours::Single => [(ground[lead] * FULL / tint[lead].max(1)).min(FULL); 3],
            Colours::RedGreen => [ground[0], ground[1], 0],
            Colours::Rgb => ground,
        };
        Self { colours: panel.colours, tint, ground, one_bit: panel.bits == 1 }
    }

    /// A pixel's light on the panel over the ground, 0 to 255 × [`FULL`].
    fn light(&self, [r, g, b, alpha]: [u8; 4]) -> [u64; 3] {
        let (r, g, b) = (light(r), light(g), light(b));
        // The shares of luminance are those of ITU-R BT.709, in 1/10000.
        let lights = match self.colours {
            Colours::Single => [(r * 2126 + g * 7152 + b * 722 + 5000) / 10_000; 3],
            Colours::RedGreen => {
                let amber = (b * 722 + 4639) / 9278;
                [(r + amber).min(FULL), (g + amber).min(FULL), 0]
            }
            Colours::Rgb => [r, g, b],
        };
        let alpha = u64::from(alpha);
        let mut over = lights.map(u64::from);
        for (light, ground) in over.iter_mut().zip(self.ground) {
            *light = *light * alpha + u64::from(ground) * (255 - alpha);
        }
        over
    }

    /// The codes of a light of 0 to [`FULL`].
    fn shown(&self, mut lights: [u32; 3], rank: u8) -> [u8; 3] {
        for (light, tint) in lights.iter_mut().zip(self.tint) {
            if self.one_bit {
                let steps = (*light * 64 + FULL / 2) / FULL;
                *light = u32::from(level(steps as u16, rank)) * FULL;
            }
            if self.colours == Colours::Single {
                let share = u64::from(*light) * u64::from(tint) + u64::from(FULL / 2);
                *light = (share / u64::from(FULL)) as u32;
            }
        }
        lights.map(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::tests::panel;
    use proptest::prelude::*;

    fn picture(width: u32, height: u32, pixel: impl Fn(u32, u32) -> [u8; 4]) -> Picture {
        let places = (0..height).flat_map(|y| (0..width).map(move |x| (x, y)));
        Picture { width, height, rgba: places.flat_map(|(x, y)| pixel(x, y)).collect() }
    }

    fn flat(colour: [u8; 4]) -> Picture {
        picture(7, 5, |_, _| colour)
    }

    fn checkerboard(x: u32, y: u32) -> [u8; 4] {
        if (x + y).is_multiple_of(2) { [255; 4] } else { [0, 0, 0, 255] }
    }

    /// Blank to solid for dark to full, in five shades.
    fn ascii(frame: &Frame) -> String {
        let row = |y| {
            (0..frame.width())
                .filter_map(|x| frame.pixel(x, y))
                .map(|pixel| char::from(b".-+x#"[usize::from(pixel.r) / 63]))
                .collect::<String>()
                + "\n"
        };
        (0..frame.height()).map(row).collect()
    }

    #[track_caller]
    fn check_flat(panel: &Panel, colour: [u8; 4], ground: Rgb, expected: Rgb) {
        for (width, height) in [(3, 3), (7, 5), (50, 50)] {
            let frame = flat(colour).fit(width, height, ground, panel);
            assert!(frame.width() > 0);
            for pixel in frame.bytes().as_chunks::<3>().0 {
                assert_eq!(*pixel, expected.channels(), "in {width}×{height}");
            }
        }
    }

    #[test]
    fn flat_colours_stay_as_they_are() {
        for code in 0..=255 {
            let colour = [code, 255 - code, 7, 255];
            let expected = Rgb::new(code, 255 - code, 7);
            check_flat(&panel(Colours::Rgb, 8), colour, Rgb::BLACK, expected);
        }
    }

    #[test]
    fn transparency_shows_the_ground() {
        let (blue, ground) = (Rgb::new(0, 0, 90), Rgb::new(10, 20, 30));
        check_flat(&panel(Colours::Rgb, 8), [1, 2, 3, 0], blue, blue);
        check_flat(&panel(Colours::Rgb, 8), [255, 0, 0, 128], Rgb::BLACK, Rgb::new(188, 0, 0));
        check_flat(&panel(Colours::RedGreen, 8), [9, 9, 9, 0], ground, Rgb::new(10, 20, 0));
        let single = panel(Colours::Single, 8);
        check_flat(&single, [1, 2, 3, 0], single.tint, single.tint);
        check_flat(&single, [1, 2, 3, 0], Rgb::BLACK, Rgb::BLACK);
    }

    #[test]
    fn panels_of_few_colours_show_what_they_can() {
        let single = panel(Colours::Single, 8);
        check_flat(&single, [255; 4], Rgb::BLACK, single.tint);
        // Half the light of the tint, whose codes are not half.
        check_flat(&single, [188, 188, 188, 255], Rgb::BLACK, Rgb::new(188, 28, 0));
        // Green has 71.5 % of white's light.
        check_flat(&single, [0, 255, 0, 255], Rgb::BLACK, Rgb::new(220, 35, 0));
        let two = panel(Colours::RedGreen, 8);
        check_flat(&two, [255; 4], Rgb::BLACK, Rgb::AMBER);
        check_flat(&two, [255, 0, 0, 255], Rgb::BLACK, Rgb::new(255, 0, 0));
        check_flat(&two, [0, 0, 255, 255], Rgb::BLACK, Rgb::new(79, 79, 0));
    }

    #[test]
    fn fine_patterns_keep_their_light() {
        let board = picture(40, 40, checkerboard);
        let frame = board.fit(20, 20, Rgb::BLACK, &panel(Colours::Rgb, 8));
        assert!(frame.bytes().iter().all(|code| *code == 188));
    }

    #[test]
    fn the_largest_size_keeps_proportions() {
        let size = |from: (u32, u32), into: (u32, u32)| {
            picture(from.0, from.1, |_, _| [0; 4]).fitted(into.0, into.1)
        };
        assert_eq!(size((400, 300), (192, 64)), (85, 64));
        assert_eq!(size((300, 400), (64, 192)), (64, 85));
        assert_eq!(size((10, 10), (64, 35)), (35, 35));
        assert_eq!(size((10, 10), (19, 19)), (19, 19));
        assert_eq!(size((20, 10), (19, 19)), (19, 10));
        assert_eq!(size((1000, 1), (96, 16)), (96, 1));
        assert_eq!(size((3, 3), (0, 9)), (0, 0));
    }

    #[test]
    fn small_pictures_fill_the_room() {
        let cross = picture(3, 3, |x, y| [if x == 1 || y == 1 { 255 } else { 0 }, 0, 0, 255]);
        let frame = cross.fit(8, 6, Rgb::BLACK, &panel(Colours::Rgb, 8));
        assert_eq!(ascii(&frame), "..##..\n..##..\n######\n######\n..##..\n..##..\n");
        let frame = cross.fit(4, 9, Rgb::BLACK, &panel(Colours::Rgb, 8));
        let row: Vec<_> = frame.bytes().as_chunks::<3>().0.iter().take(4).map(|p| p[0]).collect();
        // Each pixel covers ¾ of one of the picture's: a third of the light, two thirds of it.
        assert_eq!(row, [0, 213, 213, 0]);
    }

    #[test]
    fn parts_of_pixels_count_as_parts() {
        let bars = picture(6, 2, |x, _| [if x % 3 == 0 { 255 } else { 0 }, 0, 0, 255]);
        let frame = bars.fit(4, 4, Rgb::BLACK, &panel(Colours::Rgb, 8));
        assert_eq!((frame.width(), frame.height()), (4, 1));
        // A pixel of the frame covers 1½ of the picture's: two thirds light, then none.
        let codes: Vec<_> = frame.bytes().as_chunks::<3>().0.iter().map(|p| p[0]).collect();
        assert_eq!(codes, [213, 0, 213, 0]);
    }

    #[test]
    fn a_shrunk_picture_is_as_good_on_its_panel() {
        let photo = picture(64, 48, |x, y| [(x * 4) as u8, (y * 5) as u8, 128, 255]);
        let rgb = panel(Colours::Rgb, 8);
        let small = photo.clone().shrunk(16, 16);
        assert_eq!((small.width, small.height), (16, 12));
        assert_eq!(
            small.fit(16, 16, Rgb::BLACK, &rgb).bytes(),
            photo.fit(16, 16, Rgb::BLACK, &rgb).bytes()
        );
        assert_eq!(photo.clone().shrunk(64, 48), photo);
        assert_eq!(photo.clone().shrunk(u32::MAX, u32::MAX), photo);
        let line = picture(1000, 1, |_, _| [9; 4]).shrunk(96, 16);
        assert_eq!((line.width, line.height), (96, 1));
        let dot = photo.shrunk(0, 0);
        assert_eq!((dot.width, dot.height), (1, 1));
    }

    #[test]
    fn what_is_transparent_lends_a_shrunk_picture_no_colour() {
        let half =
            |x: u32, _| if x.is_multiple_of(2) { [200, 100, 0, 255] } else { [0, 0, 255, 0] };
        let small = picture(8, 8, half).shrunk(4, 4);
        assert!(small.rgba.as_chunks::<4>().0.iter().all(|pixel| *pixel == [200, 100, 0, 128]));
        let none = picture(8, 8, |_, _| [7, 7, 7, 0]).shrunk(4, 4);
        assert!(none.rgba.iter().all(|code| *code == 0));
        // A fine pattern keeps its light.
        let grey = picture(8, 8, checkerboard).shrunk(4, 4);
        assert!(grey.rgba.as_chunks::<4>().0.iter().all(|pixel| *pixel == [188, 188, 188, 255]));
    }

    #[test]
    fn one_bit_panels_dither_light() {
        let ramp = picture(16, 4, |x, _| {
            let code = code(x * FULL / 15);
            [code, code, code, 255]
        });
        let frame = ramp.fit(16, 4, Rgb::BLACK, &panel(Colours::Rgb, 1));
        assert_eq!(
            ascii(&frame),
            concat!(
                ".......#.#.#.###\n",
                "..#.#.#.#.######\n",
                ".....#.#.#.#####\n",
                "....#.#.########\n",
            )
        );
        check_flat(&panel(Colours::Single, 1), [255; 4], Rgb::BLACK, Rgb::new(255, 42, 0));
        check_flat(&panel(Colours::RedGreen, 1), [0, 0, 0, 255], Rgb::WHITE, Rgb::BLACK);
    }

    proptest! {
        #[test]
        fn parts_make_up_the_whole(to in 1_u32..500, from in 1_u32..500) {
            let mut parts = vec![0; from as usize];
            for index in 0..to {
                let mut whole = 0;
                for (part, weight) in covered(index, to, from) {
                    prop_assert!(weight > 0);
                    parts[part as usize] += weight;
                    whole += weight;
                }
                prop_assert_eq!(whole, u64::from(from));
            }
            prop_assert!(parts.iter().all(|part| *part == u64::from(to)));
        }
    }
}
