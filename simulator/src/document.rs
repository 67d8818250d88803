//! A notice as an officer has it, not signed yet: JSON of ours, or a CAP message.

use bangtin_agent::area::{Address, Area};
use bangtin_agent::cap::{self, Place, Reading};
use bangtin_agent::notice::{Class, read};
use bangtin_agent::signature::{Format, NOTICE_TYPE, sign, sign_cap};
use bangtin_renderer::Problem;
use ed25519_dalek::SigningKey;

/// How long a CAP message lives that does not say until when, in hours: what boards have unless
/// they are told otherwise.
pub const CAP_LIFE_HOURS: u32 = 24;

/// The bytes of a notice, and what they are written in.
pub struct Document {
    /// The bytes, as they are signed.
    pub bytes: Vec<u8>,
    /// JSON, or a CAP message.
    pub format: Format,
}

impl Document {
    /// What begins like XML is a CAP message; no JSON does.
    pub fn new(bytes: Vec<u8>) -> Self {
        let text = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(&bytes);
        let is_xml = text.trim_ascii_start().starts_with(b"<");
        Self { format: if is_xml { Format::Cap } else { Format::Json }, bytes }
    }

    /// Reads it as no board in particular does: all places count, and communes stand in
    /// `elsewhere`, for their codes do not tell their province. `key_area` is what the key that
    /// is to sign it speaks for; a CAP message whose sender is no area is from there.
    ///
    /// # Errors
    /// With every problem.
    pub fn read(&self, key_area: &Area) -> Result<Reading, Vec<Problem>> {
        let reading = match self.format {
            Format::Json => read(&self.bytes).map(|notice| Reading {
                notice,
                elsewhere: Vec::new(),
                findings: Vec::new(),
            }),
            Format::Cap => {
                let address = Address { board: key_area.clone(), areas: Vec::new() };
                let classes = &[Class::Routine, Class::Priority, Class::Emergency];
                let life_hours = CAP_LIFE_HOURS;
                cap::read(&self.bytes, &Place { address: &address, key_area, classes, life_hours })
            }
        };
        reading.map_err(|(_, problems)| problems)
    }

    /// Signs it as what it is.
    pub fn sign(&self, key: &SigningKey) -> String {
        match self.format {
            Format::Json => sign(&self.bytes, NOTICE_TYPE, key),
            Format::Cap => sign_cap(&self.bytes, key),
        }
    }
}

/// The area of all areas.
pub fn nation() -> Area {
    Area::parse("vn").expect("the nation is an area")
}

/// The code of a commune that a CAP message names, as [`Reading::elsewhere`] has it.
pub fn commune(elsewhere: &str) -> Option<&str> {
    elsewhere.strip_prefix("commune ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_told_from_json() {
        for (bytes, expected) in [
            ("<alert/>", Format::Cap),
            ("\u{feff}<?xml version='1.0'?><alert/>", Format::Cap),
            ("\r\n <alert/>", Format::Cap),
            ("{\"version\":1}", Format::Json),
            ("\"<alert/>\"", Format::Json),
            ("", Format::Json),
        ] {
            assert_eq!(Document::new(bytes.into()).format, expected, "{bytes:?}");
        }
    }

    #[test]
    fn a_message_is_read_for_all_its_places() {
        let info = |code: &str, value: &str| {
            format!(
                "<info><category>Met</category><event>Bão</event><urgency>Expected</urgency>\
                 <severity>Severe</severity><certainty>Likely</certainty><area><areaDesc/>\
                 <geocode><valueName>{code}</valueName><value>{value}</value></geocode></area></info>"
            )
        };
        let document = |infos: &str| {
            let text = format!(
                "<alert xmlns='{}'><identifier>b-1</identifier><sender>kttv</sender>\
                 <sent>2026-11-23T08:00:00+07:00</sent><status>Actual</status>\
                 <msgType>Alert</msgType><scope>Public</scope>{infos}</alert>",
                cap::NAMESPACE
            );
            Document::new(text.into_bytes())
        };
        let area = |text| Area::parse(text).expect("an area");
        let infos = info("area", "vn") + &info("province", "86") + &info("commune", "28789");
        let reading = document(&infos).read(&area("vn/86")).expect("sound");
        assert_eq!(reading.notice.to, [area("vn"), area("vn/86")]);
        assert_eq!(reading.notice.key.sender, area("vn/86"));
        let communes: Vec<_> = reading.elsewhere.iter().filter_map(|e| commune(e)).collect();
        assert_eq!(communes, ["28789"]);
        let problems = document(&info("SAME", "006037")).read(&area("vn")).expect_err("no place");
        assert_eq!((problems.len(), problems[0].code.as_str()), (1, "area"));
    }
}
