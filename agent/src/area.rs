//! Places by code: the nation, a province, a commune, a group of boards, one board.

use std::fmt;

use serde::Serialize;

/// A place that notices are sent from and to, such as `vn`, `vn/86`, `vn/86/28789`,
/// `vn/86/@ven-song` or `vn/86/28789/quang-truong-1`.
///
/// Provinces have codes of two digits, communes of five, unique in the nation (Quyết định
/// 19/2025/QĐ-TTg). A group is `@` and a name; a board is a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Area(String);

/// Longest name of a board, a group or a notice, in letters.
pub const NAME_MAX: usize = 64;

/// Words that topics use below an area, so that no board can have them for a name.
const TOPIC_WORDS: [&str; 8] =
    ["notice", "command", "asset", "status", "receipt", "played", "screen", "reply"];

impl Area {
    /// Reads an area.
    ///
    /// # Errors
    /// With what is wrong and how areas are written.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |what: &str| {
            Err(format!(
                "`{text}` is not an area: {what}; write `vn`, `vn/86`, `vn/86/28789`, \
                 `vn/86/@group` or `vn/86/28789/board`"
            ))
        };
        let levels: Vec<&str> = text.split('/').collect();
        let digits = |level: &str, count| {
            level.len() == count && level.bytes().all(|byte| byte.is_ascii_digit())
        };
        match levels.as_slice() {
            ["vn"] => {}
            ["vn", province, ..] if !digits(province, 2) => {
                return wrong("a province is two digits");
            }
            ["vn", _] => {}
            ["vn", _, group] if group.starts_with('@') && is_name(&group[1..]) => {}
            ["vn", _, commune, ..] if !digits(commune, 5) => {
                return wrong("a commune is five digits");
            }
            ["vn", _, _] => {}
            ["vn", _, _, name] if is_board_name(name.strip_prefix('@').unwrap_or(name)) => {}
            ["vn", _, _, _] => return wrong("that is no name of a board or group"),
            ["vn", ..] => return wrong("it has more than four levels"),
            _ => return wrong("it does not begin with `vn`"),
        }
        Ok(Self(text.to_owned()))
    }

    /// The area as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether `other` is this area or lies below it.
    pub fn holds(&self, other: &Self) -> bool {
        other.0.strip_prefix(&self.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for Area {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where one board stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// The board itself.
    pub board: Area,
    /// All areas that hold it: nation, province, commune, itself, and its groups at province and
    /// at commune level.
    pub areas: Vec<Area>,
}

impl Address {
    /// The address of a board.
    ///
    /// # Errors
    /// With every part that is not well formed.
    pub fn new(
        province: &str,
        commune: &str,
        board: &str,
        groups: &[String],
    ) -> Result<Self, Vec<String>> {
        let own = format!("vn/{province}/{commune}/{board}");
        let mut names = vec![
            "vn".to_owned(),
            format!("vn/{province}"),
            format!("vn/{province}/{commune}"),
            own.clone(),
        ];
        for group in groups {
            names.push(format!("vn/{province}/@{group}"));
            names.push(format!("vn/{province}/{commune}/@{group}"));
        }
        let mut areas = Vec::new();
        let mut wrong = Vec::new();
        for name in names {
            match Area::parse(&name) {
                Ok(area) => areas.push(area),
                Err(problem) => wrong.push(problem),
            }
        }
        wrong.dedup();
        if !wrong.is_empty() {
            return Err(wrong);
        }
        Ok(Self { board: Area(own), areas })
    }

    /// Whether something sent to `area` is meant for this board.
    pub fn is_in(&self, area: &Area) -> bool {
        self.areas.contains(area)
    }
}

/// Whether a text can name a notice or a board: `[A-Za-z0-9._-]{1,64}`, not beginning with a dot.
pub fn is_name(text: &str) -> bool {
    (1..=NAME_MAX).contains(&text.len())
        && !text.starts_with('.')
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

fn is_board_name(text: &str) -> bool {
    is_name(text) && !TOPIC_WORDS.contains(&text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn areas_are_codes_and_names() {
        for good in [
            "vn",
            "vn/86",
            "vn/01",
            "vn/86/28789",
            "vn/86/@ven-song",
            "vn/86/28789/@ap-4",
            "vn/86/28789/quang-truong-1",
        ] {
            assert!(Area::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "vn/",
            "/vn",
            "86",
            "vn/8",
            "vn/086",
            "vn/86/2878",
            "vn/86/x",
            "vn/86/@",
            "vn/86/28789/",
            "vn/86/28789/notice",
            "vn/86/28789/a/b",
            "vn/86/28789/#",
            "vn/+",
            "vn/86/28789/.x",
            "vn/86/28789/bảng",
            "VN",
        ] {
            assert!(Area::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_area_holds_itself_and_what_is_below() {
        let area = |text| Area::parse(text).expect("well formed");
        assert!(area("vn/86").holds(&area("vn/86/28789")));
        assert!(area("vn/86").holds(&area("vn/86")));
        assert!(!area("vn/86/28789").holds(&area("vn/86")));
        assert!(!area("vn/86/28789/ap").holds(&area("vn/86/28789/ap-4")));
    }

    #[test]
    fn a_board_is_in_its_levels_and_groups() {
        let address = Address::new("86", "28789", "cho", &["ven-song".into()]).expect("sound");
        for yes in ["vn", "vn/86", "vn/86/28789", "vn/86/28789/cho", "vn/86/@ven-song"] {
            assert!(address.is_in(&Area::parse(yes).expect("sound")), "{yes}");
        }
        for no in ["vn/87", "vn/86/28790", "vn/86/28789/cho-2", "vn/86/@ven-bien"] {
            assert!(!address.is_in(&Area::parse(no).expect("sound")), "{no}");
        }
    }
}
