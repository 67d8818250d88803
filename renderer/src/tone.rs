//! How a code of 8 bits stands for light, and the dither that stands for levels a panel lacks.
//!
//! Whole numbers alone: `powf` rounds differently from one processor to the next, and a board and
//! a desktop must draw the same pixels.

use crate::panel::Rgb;

/// Full light, as [`light`] and [`code`] count it.
pub(crate) const FULL: u32 = 65_535;

/// Light of each code after IEC 61966-2-1 (sRGB), 0 to [`FULL`].
static LIGHT: [u16; 256] = lights();

/// Twice the light half way between a code and the next.
static MIDDLES: [u32; 255] = middles();

/// Rank of each pixel in 8×8, 0 to 63, by row: Bayer's matrix.
pub(crate) static BAYER: [[u8; 8]; 8] = bayer();

/// How much light an sRGB code stands for, 0 to [`FULL`].
pub(crate) fn light(code: u8) -> u32 {
    LIGHT[usize::from(code)].into()
}

/// The sRGB code whose light is nearest; that of [`light`] is the code itself.
pub(crate) fn code(light: u32) -> u8 {
    MIDDLES.partition_point(|middle| *middle < 2 * light) as u8
}

/// The level of one pixel for `steps` in 1/64 of a level, by its rank in [`BAYER`]. Over 64 ranks
/// the levels add up to `steps`; whole levels are the same at every rank.
pub(crate) fn level(steps: u16, rank: u8) -> u8 {
    ((steps + u16::from(rank)) >> 6) as u8
}

/// The strongest channel of a tint: the one that tells shares of it best.
pub(crate) fn lead(tint: Rgb) -> usize {
    let [r, g, b] = tint.channels();
    if r >= g && r >= b {
        0
    } else if g >= b {
        1
    } else {
        2
    }
}

/// Binary digits behind the point of what [`power`] returns.
pub(crate) const POWER_BITS: u32 = 40;

/// Binary digits behind the point while [`power`] computes.
const WORK_BITS: u32 = 62;

/// `(numerator / denominator)` to the power of `hundredths / 100`, in 1/2⁴⁰. The fraction is at
/// most 1 and its terms less than 2³². Nothing to any power is nothing.
pub(crate) const fn power(numerator: u64, denominator: u64, hundredths: u32) -> u64 {
    if numerator == 0 {
        return 0;
    }
    let halvings = (log2(denominator) - log2(numerator)) as u128 * hundredths as u128 / 100;
    let whole = halvings >> POWER_BITS;
    if whole > POWER_BITS as u128 {
        return 0;
    }
    let mut result = 1 << WORK_BITS;
    let mut digit = 0;
    while digit < POWER_BITS {
        if halvings >> (POWER_BITS - 1 - digit) & 1 == 1 {
            result = (result * HALVINGS[digit as usize]) >> WORK_BITS;
        }
        digit += 1;
    }
    (result >> (WORK_BITS - POWER_BITS + whole as u32)) as u64
}

/// 2 to the power of −1/2, −1/4, −1/8 and so on, in 1/2⁶².
const HALVINGS: [u128; POWER_BITS as usize] = {
    let mut roots = [0; POWER_BITS as usize];
    let mut root: u128 = 1 << (WORK_BITS - 1);
    let mut index = 0;
    while index < roots.len() {
        root = (root << WORK_BITS).isqrt();
        roots[index] = root;
        index += 1;
    }
    roots
};

/// Binary logarithm in 1/2⁴⁰: each squaring of the mantissa tells one more digit.
const fn log2(value: u64) -> u64 {
    let whole = value.ilog2();
    let mut mantissa = (value as u128) << (WORK_BITS - whole);
    let mut result = whole as u64;
    let mut digit = 0;
    while digit < POWER_BITS {
        mantissa = (mantissa * mantissa) >> WORK_BITS;
        let one = mantissa >> (WORK_BITS + 1) == 1;
        mantissa >>= one as u32;
        result = result << 1 | one as u64;
        digit += 1;
    }
    result
}

const fn lights() -> [u16; 256] {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code as usize] = if code <= 10 {
            // code / 255 / 12.92, the straight foot of the curve.
            ((code * 25_700 + 646) / 1292) as u16
        } else {
            // ((code / 255 + 0.055) / 1.055) ^ 2.4
            let share = power(code * 1000 + 14_025, 269_025, 240);
            ((share * FULL as u64 + (1 << (POWER_BITS - 1))) >> POWER_BITS) as u16
        };
        code += 1;
    }
    table
}

const fn middles() -> [u32; 255] {
    let mut table = [0; 255];
    let mut code = 0;
    while code < 255 {
        table[code] = LIGHT[code] as u32 + LIGHT[code + 1] as u32;
        code += 1;
    }
    table
}

const fn bayer() -> [[u8; 8]; 8] {
    let mut table = [[0; 8]; 8];
    let mut at = 0;
    while at < 64 {
        let (x, y) = (at % 8, at / 8);
        let mut rank = 0;
        let mut bit = 0;
        while bit < 3 {
            rank = rank << 2 | ((x ^ y) >> bit & 1) << 1 | y >> bit & 1;
            bit += 1;
        }
        table[y][x] = rank as u8;
        at += 1;
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn light_is_the_standards_formula_rounded() {
        for byte in 0..=255 {
            let share = f64::from(byte) / 255.0;
            let linear =
                if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055).powf(2.4) };
            let expected = linear * f64::from(FULL);
            assert!((f64::from(light(byte)) - expected).abs() <= 0.5 + 1e-6, "{byte}");
        }
    }

    #[test]
    fn codes_come_back_from_their_light() {
        assert!((0..=255).all(|byte| code(light(byte)) == byte));
        assert_eq!((code(0), code(FULL / 2), code(FULL)), (0, 188, 255));
        let codes: Vec<_> = (0..=FULL).map(code).collect();
        assert!(codes.is_sorted());
    }

    #[test]
    fn powers_are_those_of_floating_point() {
        for hundredths in [0, 1, 50, 100, 180, 220, 240, 1000] {
            for numerator in 1..=255 {
                let expected = (numerator as f64 / 255.0).powf(f64::from(hundredths) / 100.0);
                let met = power(numerator, 255, hundredths) as f64 / (1_u64 << POWER_BITS) as f64;
                let error = (met - expected).abs();
                assert!(error < 1e-10, "{numerator}/255 ^ {hundredths}/100: {met} {expected}");
            }
        }
        assert_eq!(power(0, 255, 220), 0);
        assert_eq!(power(255, 255, u32::MAX), 1 << POWER_BITS);
        assert_eq!(power(254, 255, u32::MAX), 0);
    }

    #[test]
    fn the_matrix_ranks_every_pixel_once() {
        let mut ranks: Vec<_> = BAYER.iter().flatten().copied().collect();
        assert_eq!(ranks[..4], [0, 32, 8, 40]);
        ranks.sort_unstable();
        assert_eq!(ranks, (0..64).collect::<Vec<_>>());
    }
}
