//! Codes to scan, in the smallest version that holds the data.

use qrcodegen::{QrCode, QrCodeEcc, QrSegment};

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

/// Encodes data; capitals, digits and ` $%*+-./:` take the compact alphanumeric form.
///
/// The version is the smallest that error correction level L allows; what room is left in it
/// goes to a higher level. `None` when the data is longer than the largest code holds.
pub fn encode(data: &str) -> Option<Modules> {
    let segments = QrSegment::make_segments(data);
    let code = QrCode::encode_segments(&segments, QrCodeEcc::Low).ok()?;
    let side = code.size();
    let dark = (0..side).flat_map(|y| (0..side).map(move |x| (x, y)));
    Some(Modules { side: side as u32, dark: dark.map(|(x, y)| code.get_module(x, y)).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capitals_take_the_smaller_code() {
        assert_eq!(encode("HTTPS://DICHVUCONG.GOV.VN").map(|m| m.side), Some(21));
        assert_eq!(encode("https://dichvucong.gov.vn").map(|m| m.side), Some(25));
    }

    #[test]
    fn what_no_code_holds_is_none() {
        assert_eq!(encode(&"ệ".repeat(2000)), None);
    }
}
