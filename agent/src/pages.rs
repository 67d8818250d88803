//! What the board's pages say, in words: a notice, the idle page, the all-clear.

use std::collections::BTreeSet;

use bangtin_renderer::{Code, Content, Illustration, Look};
use jiff::Timestamp;

use crate::area::Address;
pub use crate::assets::Pictures;
use crate::calendar;
use crate::notice::{Class, Notice, NoticeCode, NoticeContent, Picture, Purpose, Status};

/// What the pages need to know about the board.
#[derive(Debug, Clone)]
pub struct Board {
    /// Where it stands.
    pub address: Address,
    /// What the idle page calls the place.
    pub name: String,
    /// Languages it shows, in order.
    pub languages: Vec<String>,
}

/// A notice's content in the board's languages and their order. A notice in none of them shows
/// what it has: foreign words are better than none.
pub fn notice(notice: &Notice, board: &Board, pictures: &Pictures) -> Vec<Content> {
    let wanted = board.languages.iter();
    let mut chosen: Vec<&NoticeContent> = wanted
        .filter_map(|language| notice.content.iter().find(|c| c.language == *language))
        .collect();
    if chosen.is_empty() {
        chosen = notice.content.iter().collect();
    }
    chosen.into_iter().map(|content| page(notice, content, board, pictures)).collect()
}

fn page(notice: &Notice, content: &NoticeContent, board: &Board, pictures: &Pictures) -> Content {
    let look = match (notice.status, notice.class) {
        (Status::Exercise, _) => Look::Exercise,
        (_, Class::Emergency) => Look::Emergency,
        _ => Look::Notice,
    };
    // A bulletin that is repeated must say how old it is.
    let is_bulletin = notice.class == Class::Emergency || notice.event.is_some();
    let level = notice.risk_level.map(|level| format!("Cấp {level}"));
    let issued = is_bulletin.then(|| format!("Phát hành {}", calendar::issued(notice.sent)));
    Content {
        instruction: content.instruction.clone(),
        source: content.source.clone(),
        stamp: [level, issued].into_iter().flatten().collect::<Vec<_>>().join(" • "),
        band: if look == Look::Exercise { "DIỄN TẬP".to_owned() } else { String::new() },
        codes: content.codes.iter().map(|code| page_code(notice, code, board)).collect(),
        risk_level: notice.risk_level,
        pictures: content.pictures.iter().map(|picture| illustration(picture, pictures)).collect(),
        ..Content::new(look, &content.language, &content.headline, &content.text)
    }
}

fn illustration(Picture { sha256, alt }: &Picture, pictures: &Pictures) -> Illustration {
    Illustration { alt: alt.clone(), picture: pictures.get(sha256).cloned() }
}

/// The code with its host in the caption: a false code stuck over it is then seen to be one.
fn page_code(notice: &Notice, code: &NoticeCode, board: &Board) -> Code {
    let data = match code.purpose {
        Purpose::Service => code.data.clone(),
        Purpose::Feedback => code
            .data
            .replace("{board}", board.address.board.as_str())
            .replace("{notice}", &notice.key.id),
    };
    let host = host(&code.data).unwrap_or_default();
    let caption = match code.caption.to_lowercase().contains(&host) {
        true => code.caption.clone(),
        false => format!("{} {host}", code.caption).trim().to_owned(),
    };
    Code { data, caption }
}

/// The host of an `http` or `https` address, in small letters.
pub fn host(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    if !scheme.eq_ignore_ascii_case("https") && !scheme.eq_ignore_ascii_case("http") {
        return None;
    }
    // Browsers read `\` as `/`, and what stands before `@` is no host.
    let authority = rest.split(['/', '\\', '?', '#']).next().filter(|a| !a.contains('@'))?;
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'-';
    (!host.is_empty() && host.bytes().all(plain)).then(|| host.to_ascii_lowercase())
}

/// The page that is shown when there is nothing to say.
pub fn idle(board: &Board, now: Timestamp) -> Content {
    Content {
        clock_s: Some(calendar::second_of_day(now)),
        ..Content::new(Look::Idle, "vi", &board.name, &calendar::date(now))
    }
}

/// The page by which a board is found on the spot: what it is called, and in full where it hangs.
pub fn identity(board: &Board, layout: &str) -> Content {
    let place = board.address.board.as_str();
    let id = place.rsplit('/').next().unwrap_or(place);
    Content::new(Look::Notice, "vi", id, &format!("{}\n{place}\n{layout}", board.name))
}

/// The page that says that emergencies are over.
pub fn all_clear(headlines: &[String]) -> Content {
    let mut said = BTreeSet::new();
    let headlines: Vec<&str> =
        headlines.iter().map(String::as_str).filter(|line| said.insert(*line)).collect();
    Content::new(Look::Notice, "vi", "ĐÃ KẾT THÚC", &headlines.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_and_tricks_are_not() {
        assert_eq!(host("HTTPS://DICHVUCONG.GOV.VN").as_deref(), Some("dichvucong.gov.vn"));
        assert_eq!(host("http://a.gov.vn:8080/x?y#z").as_deref(), Some("a.gov.vn"));
        assert_eq!(host("https://evil.com\\.gov.vn/").as_deref(), Some("evil.com"));
        for odd in [
            "https://a.gov.vn@evil.com/",
            "https://a.gov.vn:443@evil.com",
            "tel:112",
            "https://",
            "javascript://a.gov.vn",
        ] {
            assert_eq!(host(odd), None, "{odd}");
        }
    }
}
