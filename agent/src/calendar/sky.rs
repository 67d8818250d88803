//! Where moon and sun stand, as far as a calendar needs to know.
//!
//! New moons follow Jean Meeus, *Astronomical Algorithms* (1998), chapter 49, to some seconds; the
//! sun is where VSOP87 has it to a minute of its way, from 1900 to 2199.

/// Days from one new moon to the next, on average.
pub(super) const SYNODIC_MONTH: f64 = 29.530_588_861;

/// The instant of a new moon, as a Julian date in UT (Meeus, chapter 49).
pub(super) fn new_moon(k: f64) -> f64 {
    let t = k / 1236.85;
    let mean = 2_451_550.097_66 + SYNODIC_MONTH * k + t * t * (0.000_154_37 - t * 0.000_000_150);
    let e = 1.0 - t * (0.002_516 + t * 0.000_007_4);
    let sun = 2.5534 + 29.105_356_70 * k - t * t * 0.000_001_4;
    let moon = 201.5643 + 385.816_935_28 * k + t * t * (0.010_758_2 + t * 0.000_012_38);
    let latitude = 160.7108 + 390.670_502_84 * k - t * t * (0.001_611_8 + t * 0.000_002_27);
    let node = 124.7746 - 1.563_755_88 * k + t * t * (0.002_067_2 + t * 0.000_002_15);
    let sin = |degrees: f64| degrees.to_radians().sin();
    // Amplitude, power of the earth's eccentricity, multiples of the three arguments.
    let periodic: f64 = NEW_MOON
        .iter()
        .map(|(days, power, s, m, f)| {
            days * e.powi(*power)
                * sin(f64::from(*s) * sun + f64::from(*m) * moon + f64::from(*f) * latitude)
        })
        .sum();
    let planets: f64 = PLANETS.iter().map(|(days, at, rate)| days * sin(at + rate * k)).sum();
    let first = 0.000_325 * sin(299.77 + 0.107_408 * k - 0.009_173 * t * t);
    let dynamical = mean + periodic - 0.000_17 * sin(node) + planets + first;
    dynamical - delta_t_days(dynamical)
}

/// The periodic terms of a new moon: days, power of E, multiples of M, M' and F.
const NEW_MOON: [(f64, i32, i8, i8, i8); 24] = [
    (-0.407_20, 0, 0, 1, 0),
    (0.172_41, 1, 1, 0, 0),
    (0.016_08, 0, 0, 2, 0),
    (0.010_39, 0, 0, 0, 2),
    (0.007_39, 1, -1, 1, 0),
    (-0.005_14, 1, 1, 1, 0),
    (0.002_08, 2, 2, 0, 0),
    (-0.001_11, 0, 0, 1, -2),
    (-0.000_57, 0, 0, 1, 2),
    (0.000_56, 1, 1, 2, 0),
    (-0.000_42, 0, 0, 3, 0),
    (0.000_42, 1, 1, 0, 2),
    (0.000_38, 1, 1, 0, -2),
    (-0.000_24, 1, -1, 2, 0),
    (-0.000_07, 0, 2, 1, 0),
    (0.000_04, 0, 0, 2, -2),
    (0.000_04, 0, 3, 0, 0),
    (0.000_03, 0, 1, 1, -2),
    (0.000_03, 0, 0, 2, 2),
    (-0.000_03, 0, 1, 1, 2),
    (0.000_03, 0, -1, 1, 2),
    (-0.000_02, 0, -1, 1, -2),
    (-0.000_02, 0, 1, 3, 0),
    (0.000_02, 0, 0, 4, 0),
];

/// What the planets do to a new moon: days, degrees at k = 0, degrees a month.
const PLANETS: [(f64, f64, f64); 13] = [
    (0.000_165, 251.88, 0.016_321),
    (0.000_164, 251.83, 26.651_886),
    (0.000_126, 349.42, 36.412_478),
    (0.000_110, 84.66, 18.206_239),
    (0.000_062, 141.74, 53.303_771),
    (0.000_060, 207.14, 2.453_732),
    (0.000_056, 154.84, 7.306_860),
    (0.000_047, 34.52, 27.261_239),
    (0.000_042, 207.19, 0.121_824),
    (0.000_040, 291.34, 1.844_379),
    (0.000_037, 161.72, 24.198_154),
    (0.000_035, 239.56, 25.513_099),
    (0.000_023, 331.55, 3.592_518),
];

/// The sun's apparent longitude in degrees, 0 to 360, at a Julian date in UT (Bretagnon and Simon,
/// *Planetary Programs and Tables from −4000 to +2800*, 1986).
pub(super) fn sun_longitude(julian_ut: f64) -> f64 {
    let t = (julian_ut + delta_t_days(julian_ut) - 2_451_545.0) / 36_525.0;
    let sin = |degrees: f64| degrees.to_radians().sin();
    let cos = |degrees: f64| degrees.to_radians().cos();
    let periodic: f64 = SUN.iter().map(|(size, at, rate)| size * sin(at + rate * t)).sum();
    let mean = 282.777_183_4 + 36_000.769_537_44 * t + (periodic * 1e-7).to_degrees();
    let aberration = 0.000_097_4 * cos(177.63 + 35_999.018_48 * t) - 0.005_575;
    let nutation = 0.004_778 * sin(124.90 - 1_934.134 * t + 0.002_063 * t * t)
        + 0.000_366_7 * sin(201.11 + 72_001.537_7 * t + 0.000_57 * t * t);
    (mean + aberration - nutation).rem_euclid(360.0)
}

/// The periodic terms of the sun: 1e-7 radians, degrees in 2000, degrees a century.
#[rustfmt::skip]
const SUN: [(f64, f64, f64); 49] = [
    (403_406.0, 270.548_61, 0.928_789_2), (195_207.0, 340.191_28, 35_999.137_695_8),
    (119_433.0, 63.918_54, 35_999.408_966_6), (112_392.0, 331.262_2, 35_998.728_738_5),
    (3_891.0, 317.843, 71_998.202_61), (2_819.0, 86.631, 71_998.440_3),
    (1_721.0, 240.052, 36_000.357_26), (660.0, 310.26, 71_997.481_2),
    (350.0, 247.23, 32_964.467_8), (334.0, 260.87, -19.441), (314.0, 297.82, 445_267.111_7),
    (268.0, 343.14, 45_036.884), (242.0, 166.79, 3.100_8), (234.0, 81.53, 22_518.443_4),
    (158.0, 3.5, -19.973_9), (132.0, 132.75, 65_928.934_5), (129.0, 182.95, 9_038.029_3),
    (114.0, 162.03, 3_034.768_4), (99.0, 29.8, 33_718.148), (93.0, 266.4, 3_034.448),
    (86.0, 249.2, -2_280.773), (78.0, 157.6, 29_929.992), (72.0, 257.8, 31_556.493),
    (68.0, 185.1, 149.588), (64.0, 69.9, 9_037.75), (46.0, 8.0, 107_997.405),
    (38.0, 197.1, -4_444.176), (37.0, 250.4, 151.771), (32.0, 65.3, 67_555.316),
    (29.0, 162.7, 31_556.08), (28.0, 341.5, -4_561.54), (27.0, 291.6, 107_996.706),
    (27.0, 98.5, 1_221.655), (25.0, 146.7, 62_894.167), (24.0, 110.0, 31_437.369),
    (21.0, 5.2, 14_578.298), (21.0, 342.6, -31_931.757), (20.0, 230.9, 34_777.243),
    (18.0, 256.1, 1_221.999), (17.0, 45.3, 62_894.511), (14.0, 242.9, -4_442.039),
    (13.0, 115.2, 107_997.909), (13.0, 151.8, 119.066), (13.0, 285.3, 16_859.071),
    (12.0, 53.3, -4.578), (10.0, 126.6, 26_895.292), (10.0, 205.7, -39.127),
    (10.0, 85.9, 12_297.536), (10.0, 146.1, 90_073.778),
];

/// Dynamical time less UT, in days: as observed to 2005 (within five seconds), then as NASA's tables
/// of eclipses expect it (Espenak and Meeus 2006), on which other calendars rest too.
fn delta_t_days(julian: f64) -> f64 {
    const SECONDS: [(f64, f64); 10] = [
        (1890.0, -6.0),
        (1900.0, -3.0),
        (1910.0, 10.4),
        (1920.0, 21.2),
        (1940.0, 24.3),
        (1960.0, 33.1),
        (1970.0, 40.2),
        (1980.0, 50.5),
        (1990.0, 56.9),
        (2005.0, 64.7),
    ];
    let year = 2000.0 + (julian - 2_451_545.0) / 365.25;
    let observed = SECONDS.windows(2).find_map(|pair| match pair {
        [(from, least), (to, most)] if (*from..*to).contains(&year) => {
            Some(least + (most - least) * (year - from) / (to - from))
        }
        _ => None,
    });
    let (since, centuries) = (year - 2000.0, (year - 1820.0) / 100.0);
    let expected = if year < 2050.0 {
        62.92 + since * (0.322_17 + since * 0.005_589)
    } else {
        32.0 * centuries * centuries - 20.0 - 0.5628 * (2150.0 - year).max(0.0)
    };
    observed.unwrap_or(expected) / 86_400.0
}
