//! Codes to scan: encoded in their smallest version, and read back from the pixels of a panel.

use fast_qr::{ECL, QRBuilder, Version};
use serde::Deserialize;

use crate::frame::Frame;
use crate::panel::Area;

/// The modules of a code without its quiet zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Modules {
    /// Modules on a side, 21 to 177.
    pub side: u32,
    /// Row by row, `true` where a module is dark.
    pub dark: Vec<bool>,
}

/// Light modules that a code needs on each side (ISO/IEC 18004, clause 6.3.8).
pub const QUIET_ZONE: u32 = 4;

/// How much of a code may be hidden before it is lost (ISO/IEC 18004, clause 6.5.1). More makes
/// a code larger, and so its modules smaller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Correction {
    /// 7 %.
    #[default]
    Low,
    /// 15 %.
    Medium,
    /// 25 %.
    Quartile,
    /// 30 %.
    High,
}

impl Correction {
    const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::Quartile, Self::High];

    fn level(self) -> ECL {
        match self {
            Self::Low => ECL::L,
            Self::Medium => ECL::M,
            Self::Quartile => ECL::Q,
            Self::High => ECL::H,
        }
    }
}

/// An address as it goes into a code: letters beyond ASCII as `%` and their bytes, because
/// readers do not agree on what other bytes mean (RFC 3987, section 3.1).
pub fn address(data: &str) -> String {
    let mut address = String::with_capacity(data.len());
    for byte in data.bytes() {
        match byte {
            0..0x80 => address.push(char::from(byte)),
            _ => address.push_str(&format!("%{byte:02X}")),
        }
    }
    address
}

/// Encodes data in the smallest version that `least` allows; capitals, digits and ` $%*+-./:`
/// take the compact alphanumeric form. What room is left in that version goes to a higher
/// correction. `None` when the data is longer than the largest code holds.
pub fn encode(data: &str, least: Correction) -> Option<Modules> {
    let build = |correction: Correction, version: Option<Version>| {
        let mut builder = QRBuilder::new(data);
        version.map(|version| builder.version(version));
        builder.ecl(correction.level()).build().ok()
    };
    let smallest = build(least, None)?;
    let higher = Correction::ALL.into_iter().rev().filter(|higher| *higher > least);
    let code = higher
        .filter_map(|higher| build(higher, smallest.version))
        .next()
        .unwrap_or_else(|| smallest.clone());
    let dark = code.data[..code.size * code.size].iter().map(|module| module.value());
    Some(Modules { side: code.size as u32, dark: dark.collect() })
}

/// What a reader finds in a rectangle of a frame; `None` where it finds no code or more than one.
pub fn read_back(frame: &Frame, area: Area) -> Option<String> {
    let area = area.intersection(frame.area())?;
    let light = |x: usize, y: usize| {
        let pixel = frame.pixel(area.x + x as u32, area.y + y as u32);
        // Rec. 601 luma, which is what a phone's camera thresholds.
        pixel.map_or(0, |p| {
            ((u32::from(p.r) * 77 + u32::from(p.g) * 150 + u32::from(p.b) * 29) >> 8) as u8
        })
    };
    let (width, height) = (area.width as usize, area.height as usize);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, light);
    match image.detect_grids().as_slice() {
        [grid] => grid.decode().ok().map(|(_, data)| data),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::panel::Rgb;

    #[test]
    fn capitals_take_the_smaller_code() {
        let side = |data| encode(data, Correction::Low).map(|modules| modules.side);
        assert_eq!(side("HTTPS://DICHVUCONG.GOV.VN"), Some(21));
        assert_eq!(side("https://dichvucong.gov.vn"), Some(25));
    }

    #[test]
    fn what_no_code_holds_is_none() {
        assert_eq!(encode(&"ệ".repeat(2000), Correction::Low), None);
    }

    #[test]
    fn letters_beyond_ascii_are_escaped() {
        assert_eq!(address("https://xã.gov.vn/a b"), "https://x%C3%A3.gov.vn/a b");
    }

    /// Draws a code with so many pixels a module and no more room than it needs.
    fn draw(modules: &Modules, module: u32, light: Rgb) -> Frame {
        let side = (modules.side + 2 * QUIET_ZONE) * module;
        let mut frame = Frame::new(side, side);
        frame.fill(frame.area(), light);
        for (index, _) in modules.dark.iter().enumerate().filter(|(_, dark)| **dark) {
            let x = (index as u32 % modules.side + QUIET_ZONE) * module;
            let y = (index as u32 / modules.side + QUIET_ZONE) * module;
            frame.fill(Area { x, y, width: module, height: module }, Rgb::BLACK);
        }
        frame
    }

    /// Every length up to what boards hold, in every form and correction, with modules of one
    /// pixel: the encoder and the reader share no code.
    #[test]
    fn codes_say_what_was_put_in() {
        for length in (1..300).step_by(7) {
            for (index, alphabet) in ["0123456789", "GOV.VN/-:", "abcxyz-09?="].iter().enumerate() {
                let data: String = alphabet.chars().cycle().skip(index).take(length).collect();
                let correction = Correction::ALL[length % 4];
                let modules = encode(&data, correction).expect("short enough");
                let frame = draw(&modules, 1 + (length % 3) as u32, Rgb::new(255, 32, 0));
                assert_eq!(read_back(&frame, frame.area()), Some(data));
            }
        }
    }

    #[test]
    fn a_hidden_code_is_not_read() {
        let modules = encode("HTTPS://DICHVUCONG.GOV.VN", Correction::Low).expect("short enough");
        let mut frame = draw(&modules, 3, Rgb::WHITE);
        frame.fill(Area { x: 0, y: 0, width: 40, height: 40 }, Rgb::WHITE);
        assert_eq!(read_back(&frame, frame.area()), None);
        assert_eq!(read_back(&Frame::new(9, 9), Area { x: 0, y: 0, width: 9, height: 9 }), None);
    }
}
