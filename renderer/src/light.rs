//! The last step before the glass: a frame's codes as the levels that a panel's driver shows.
//! Drivers of diodes take light itself, so that gamma, brightness and white balance come before
//! them, and a dither stands for the levels they lack.

use crate::frame::Frame;
use crate::panel::{Area, Colours, Panel};
use crate::tone::{BAYER, POWER_BITS, lead, level, power};

/// How a panel is driven. Any value is legal; percentages above 100 count as 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Exponent from codes to light in hundredths: 220 for most drivers of diodes, 100 for a panel
    /// or driver that does it itself.
    pub gamma_hundredths: u32,
    /// Share of full light, 0 to 100.
    pub brightness_percent: u8,
    /// Share of each channel in white, red, green and blue, 0 to 100. A single-colour panel has
    /// none.
    pub balance: [u8; 3],
}

impl Default for Settings {
    /// Codes as they are: no gamma, full brightness, no balance.
    fn default() -> Self {
        Self { gamma_hundredths: 100, brightness_percent: 100, balance: [100; 3] }
    }
}

/// A window whose content has moved to the left since the dither was laid on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drift {
    /// The window, on the panel.
    pub area: Area,
    /// How far its content has moved to the left; negative to the right.
    pub columns: i32,
}

/// The map from a frame's codes to a panel's levels.
///
/// A level of a panel with n bits is written as its share of 255: a driver takes the top n bits.
/// Black stays black and full light at 100 % stays full. On a single-colour panel the strongest
/// channel of the tint leads, so that every level is a share of the tint.
///
/// Levels between two are dithered over 8×8 pixels of the panel. A panel of one bit is not
/// dithered, whatever the settings: a code is lit from half of the full one on, because dithered
/// letters fray, and [`Picture::fit`](crate::Picture::fit) has dithered pictures already. Such a
/// panel has no gamma, balance or brightness either, except that nothing is lit at 0 %.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Light {
    /// For each channel and code, 1/64 of a level.
    steps: [[u16; 256]; 3],
    /// The byte of each level, for each channel.
    bytes: [[u8; 256]; 3],
    /// The channel that all others follow, on a single-colour panel.
    lead: Option<usize>,
    identity: bool,
}

impl Light {
    /// The map for a panel and how it is driven.
    pub fn new(panel: &Panel, settings: Settings) -> Self {
        let bits = panel.bits.clamp(1, 8);
        let top = (1_u32 << bits) - 1;
        let single = panel.colours == Colours::Single;
        let full = if single { panel.tint.channels() } else { [255; 3] };
        let balance = if single { [100; 3] } else { settings.balance };
        let lead = single.then(|| lead(panel.tint));
        let mut steps = [[0; 256]; 3];
        for (channel, steps) in steps.iter_mut().enumerate() {
            let percents = [settings.brightness_percent, balance[channel]];
            for (code, step) in (0..=255).zip(steps.iter_mut()) {
                *step = match bits {
                    1 => half(code, full[channel], settings.brightness_percent),
                    _ => ideal(code, full[channel], top, settings.gamma_hundredths, percents),
                };
            }
        }
        let mut bytes = [[0; 256]; 3];
        for (bytes, full) in bytes.iter_mut().zip(full) {
            for (level, byte) in (0..=top).zip(bytes) {
                *byte = ((level * u32::from(full) + top / 2) / top) as u8;
            }
        }
        let whole = balance.iter().all(|percent| *percent >= 100);
        let identity = bits == 8
            && settings.gamma_hundredths == 100
            && settings.brightness_percent >= 100
            && whole;
        Self { steps, bytes, lead, identity }
    }

    /// Whether frames come out as they go in, so that there is no need for
    /// [`apply`](Self::apply).
    pub fn is_identity(&self) -> bool {
        self.identity
    }

    /// Writes what the panel shows of `frame` into `out`, which takes its size. Where a drift
    /// covers a pixel (the last that does), the dither has moved along with the content: it does
    /// not crawl through running words.
    pub fn apply(&self, frame: &Frame, drifts: &[Drift], out: &mut Frame) {
        if (out.width(), out.height()) != (frame.width(), frame.height()) {
            *out = Frame::new(frame.width(), frame.height());
        }
        if self.identity {
            out.bytes_mut().copy_from_slice(frame.bytes());
            return;
        }
        let stride = frame.width().max(1) as usize * 3;
        let rows = frame.bytes().chunks_exact(stride).zip(out.bytes_mut().chunks_exact_mut(stride));
        for ((from, to), y) in rows.zip(0..) {
            self.row(from, to, ranks(y, 0));
            for Drift { area, columns } in drifts {
                if !(area.y..area.y.saturating_add(area.height)).contains(&y) {
                    continue;
                }
                let left = area.x.min(frame.width());
                let right = area.x.saturating_add(area.width).min(frame.width());
                let bytes = left as usize * 3..right as usize * 3;
                let ranks = ranks(y, i64::from(left) + i64::from(*columns));
                self.row(&from[bytes.clone()], &mut to[bytes], ranks);
            }
        }
    }

    fn row(&self, from: &[u8], to: &mut [u8], ranks: [u8; 8]) {
        let pixels = from.as_chunks::<3>().0.iter().zip(to.as_chunks_mut::<3>().0);
        for (index, (from, to)) in pixels.enumerate() {
            let rank = ranks[index % 8];
            let level = |channel: usize| {
                usize::from(level(self.steps[channel][usize::from(from[channel])], rank))
            };
            *to = match self.lead {
                Some(lead) => {
                    let level = level(lead);
                    [0, 1, 2].map(|channel| self.bytes[channel][level])
                }
                None => [0, 1, 2].map(|channel| self.bytes[channel][level(channel)]),
            };
        }
    }
}

/// The ranks of eight pixels of a row from a column on.
fn ranks(y: u32, column: i64) -> [u8; 8] {
    let mut ranks = BAYER[y as usize % 8];
    ranks.rotate_left(column.rem_euclid(8) as usize);
    ranks
}

/// A code as 1/64 of a level where the highest level is `top`.
fn ideal(code: u8, full: u8, top: u32, gamma_hundredths: u32, percents: [u8; 2]) -> u16 {
    let share = power(code.min(full).into(), full.max(1).into(), gamma_hundredths);
    let percents: u128 = percents.iter().map(|percent| u128::from(*percent.min(&100))).product();
    let one = 10_000_u128 << POWER_BITS;
    ((u128::from(share) * u128::from(top * 64) * percents + one / 2) / one) as u16
}

/// A code on a panel that shows dark and lit alone.
fn half(code: u8, full: u8, brightness_percent: u8) -> u16 {
    let lit = brightness_percent > 0 && full > 0 && 2 * u16::from(code) >= full.into();
    if lit { 64 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Rgb;
    use crate::panel::tests::panel;
    use proptest::prelude::*;

    fn gamma(gamma_hundredths: u32) -> Settings {
        Settings { gamma_hundredths, ..Settings::default() }
    }

    fn drawn(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Rgb) -> Frame {
        let mut frame = Frame::new(width, height);
        for (x, y) in (0..height).flat_map(|y| (0..width).map(move |x| (x, y))) {
            frame.fill(Area { x, y, width: 1, height: 1 }, pixel(x, y));
        }
        frame
    }

    fn grey(code: u8) -> Rgb {
        Rgb::new(code, code, code)
    }

    fn applied(light: &Light, frame: &Frame, drifts: &[Drift]) -> Frame {
        let mut out = Frame::new(0, 0);
        light.apply(frame, drifts, &mut out);
        out
    }

    fn colours() -> impl Strategy<Value = Colours> {
        prop_oneof![Just(Colours::Single), Just(Colours::RedGreen), Just(Colours::Rgb)]
    }

    fn settings() -> impl Strategy<Value = Settings> {
        (50_u32..300, 0_u8..=110, prop::array::uniform3(0_u8..=110)).prop_map(
            |(gamma_hundredths, brightness_percent, balance)| Settings {
                gamma_hundredths,
                brightness_percent,
                balance,
            },
        )
    }

    #[test]
    fn plain_settings_change_nothing() {
        let frame = drawn(256, 2, |x, y| Rgb::new(x as u8, 255 - x as u8, y as u8));
        let light = Light::new(&panel(Colours::Rgb, 8), Settings::default());
        assert!(light.is_identity());
        assert_eq!(applied(&light, &frame, &[]), frame);
        let dimmer = Settings { brightness_percent: 99, ..Settings::default() };
        for (bits, settings) in [(7, Settings::default()), (8, gamma(220)), (8, dimmer)] {
            assert!(!Light::new(&panel(Colours::Rgb, bits), settings).is_identity());
        }
        // The tables say the same as the short way.
        let light = Light { identity: false, ..light };
        assert_eq!(applied(&light, &frame, &[]), frame);
    }

    #[test]
    fn few_levels_are_dithered() {
        let ramp = drawn(24, 8, |x, _| grey((x * 255 / 23) as u8));
        let out = applied(&Light::new(&panel(Colours::Rgb, 2), gamma(100)), &ramp, &[]);
        let shade = |pixel: &[u8; 3]| char::from(b".-x#"[usize::from(pixel[0] / 85)]);
        let row = |row: &[u8]| row.as_chunks().0.iter().map(shade).collect::<String>();
        let rows: Vec<_> = out.bytes().chunks(24 * 3).map(row).collect();
        assert_eq!(
            rows,
            [
                "...-.-.----x-x-xxxx#x###",
                "..-.-.----x-x-xxxx#x####",
                ".....-.------x-xxxx#x#x#",
                "..-.------x-xxxx#x#x####",
                "...-.-.----x-x-xxxx#x###",
                "..-.-.----x-x-xxxx#x####",
                "...-.-.----x-x-xxxx#x#x#",
                "..-.----x-x-xxxx#x#x####",
            ]
        );
    }

    #[test]
    fn letters_on_one_bit_are_cut_at_half() {
        let edge = drawn(4, 1, |x, _| grey([0, 127, 128, 255][x as usize]));
        let dim = Settings { brightness_percent: 1, ..gamma(220) };
        let light = Light::new(&panel(Colours::Rgb, 1), dim);
        let out = applied(&light, &edge, &[]);
        assert_eq!(out, drawn(4, 1, |x, _| grey([0, 0, 255, 255][x as usize])));
        let dark = Settings { brightness_percent: 0, ..dim };
        let light = Light::new(&panel(Colours::Rgb, 1), dark);
        assert_eq!(applied(&light, &edge, &[]), Frame::new(4, 1));
    }

    #[test]
    fn single_colour_levels_are_shares_of_the_tint() {
        let frame = drawn(3, 1, |x, _| {
            [Rgb::BLACK, Rgb::new(128, 21, 0), Rgb::new(255, 42, 0)][x as usize]
        });
        let one = applied(&Light::new(&panel(Colours::Single, 1), gamma(220)), &frame, &[]);
        assert_eq!(one.bytes(), [0, 0, 0, 255, 42, 0, 255, 42, 0]);
        let four = applied(&Light::new(&panel(Colours::Single, 4), gamma(100)), &frame, &[]);
        assert_eq!(four.bytes()[3..6], [136, 22, 0]);
        assert_eq!(four.bytes()[6..], [255, 42, 0]);
    }

    proptest! {
        #[test]
        fn brighter_is_never_darker(
            colours in colours(), bits in 1_u8..=8, settings in settings(),
            column in 0_u32..8, row in 0_u32..8,
        ) {
            let light = Light::new(&panel(colours, bits), settings);
            let mut last = [0; 3];
            for code in 0..=255 {
                let frame = drawn(8, 8, |_, _| grey(code));
                let met = applied(&light, &frame, &[]).pixel(column, row).unwrap().channels();
                prop_assert!(met.iter().zip(last).all(|(now, before)| *now >= before));
                if code == 0 {
                    prop_assert_eq!(met, [0; 3]);
                }
                last = met;
            }
        }

        #[test]
        fn full_light_stays_full(colours in colours(), bits in 1_u8..=8, exponent in 0_u32..1000) {
            let panel = panel(colours, bits);
            let tint = drawn(8, 8, |_, _| panel.tint);
            prop_assert_eq!(applied(&Light::new(&panel, gamma(exponent)), &tint, &[]), tint);
        }

        #[test]
        fn a_block_has_the_mean_of_its_code(
            bits in 2_u8..=8, code in 0_u8..=255, settings in settings(),
        ) {
            let light = Light::new(&panel(Colours::Rgb, bits), settings);
            let out = applied(&light, &drawn(8, 8, |_, _| grey(code)), &[]);
            let top = f64::from((1_u32 << bits) - 1);
            let share = (f64::from(code) / 255.0).powf(f64::from(settings.gamma_hundredths) / 100.0);
            for channel in 0..3 {
                let percents = [settings.brightness_percent, settings.balance[channel]];
                let ideal = percents.iter().fold(share * top, |ideal, percent| {
                    ideal * f64::from(*percent.min(&100)) / 100.0
                });
                let levels = out.bytes().iter().skip(channel).step_by(3);
                let mean = levels.map(|byte| (f64::from(*byte) * top / 255.0).round()).sum::<f64>();
                prop_assert!((mean / 64.0 - ideal).abs() <= 1.0 / 64.0, "{} {ideal}", mean / 64.0);
            }
        }

        #[test]
        fn the_dither_does_not_crawl(
            colours in colours(), bits in 1_u8..=8, settings in settings(),
            columns in -40_i32..40, (x, y) in (0_u32..40, 0_u32..10),
            (width, height) in (1_u32..60, 1_u32..20), seed: u32,
        ) {
            let light = Light::new(&panel(colours, bits), settings);
            let content = |x: i32, y: u32| {
                let mixed = (x as u32 ^ y << 16 ^ seed).wrapping_mul(2_654_435_761);
                grey((mixed >> 24) as u8)
            };
            let still = drawn(48, 12, |x, y| content(x as i32, y));
            let moved = drawn(48, 12, |x, y| content(x as i32 + columns, y));
            let still = applied(&light, &still, &[]);
            let area = Area { x, y, width, height };
            let moved = applied(&light, &moved, &[Drift { area, columns }]);
            for row in y..(y + height).min(12) {
                for column in x..(x + width).min(48) {
                    let before = column as i32 + columns;
                    if (0..48).contains(&before) {
                        prop_assert_eq!(moved.pixel(column, row), still.pixel(before as u32, row));
                    }
                }
            }
        }
    }
}
