//! What the board's pages say, in words: a notice, the idle page, the all-clear.

use std::collections::BTreeSet;
use std::slice;

use bangtin_renderer::scene::{Drawing, Item};
use bangtin_renderer::{Code, Content, Fonts, Illustration, Layout, Look, compose};
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

/// The page that is shown when there is nothing to say: the place, the time, and the date by sun
/// and moon, the latter in as many words as stand on the panel together with the date.
pub fn idle(board: &Board, layout: &Layout, fonts: &Fonts, now: Timestamp) -> Content {
    let date = calendar::date(now);
    let forms = match calendar::lunar(calendar::local(now).date()) {
        Some(lunar) => vec![
            format!("{date}\n{lunar}"),
            format!("{date}\n{}/{} {} (âm lịch)", lunar.day, lunar.month_name(), lunar.year_name()),
            format!("{date}\n{lunar:#}"),
        ],
        None => vec![date],
    };
    let pages = forms.into_iter().map(|text| Content::new(Look::Idle, "vi", &board.name, &text));
    let page = pages.min_by_key(|page| effort(page, layout, fonts));
    let page = page.unwrap_or_else(|| Content::new(Look::Idle, "vi", &board.name, ""));
    Content { clock_s: Some(calendar::second_of_day(now)), ..page }
}

/// What a content costs its readers: how long they follow a line that runs, then how many pages
/// they wait for.
fn effort(content: &Content, layout: &Layout, fonts: &Fonts) -> (u64, usize) {
    let Ok(composed) = compose(slice::from_ref(content), layout, fonts) else {
        return (u64::MAX, usize::MAX);
    };
    let runs = |item: &Item| matches!(item.drawing, Drawing::Marquee { travel: 1.., .. });
    let pages = composed.scene.pages.iter();
    let running = pages.clone().filter(|page| page.items.iter().any(runs));
    (running.map(|page| page.duration_ms).sum(), pages.count())
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
    use bangtin_renderer::builtin;

    use super::*;

    #[test]
    fn the_lunar_date_has_as_many_words_as_the_panel_has_room() {
        let board = Board {
            address: Address::new("86", "28789", "cho", &[]).expect("sound"),
            name: "Phường Bến Tre".to_owned(),
            languages: vec!["vi".to_owned()],
        };
        let now = "2026-11-23T08:15:00+07:00".parse().expect("a time");
        let fonts = builtin::fonts();
        for (layout, expected) in [
            ("led-96x16", "15/10 ÂL"),
            ("led-128x32", "15/10 ÂL"),
            ("led-192x64", "15/10 Bính Ngọ (âm lịch)"),
            ("led-300x200", "Ngày 15 tháng 10 năm Bính Ngọ (âm lịch)"),
            ("lcd-1080p", "Ngày 15 tháng 10 năm Bính Ngọ (âm lịch)"),
            ("lcd-1080p-portrait", "Ngày 15 tháng 10 năm Bính Ngọ (âm lịch)"),
        ] {
            let layout = builtin::layout(layout).expect("a layout of the program");
            let page = idle(&board, &layout, &fonts, now);
            assert_eq!(page.text, format!("Thứ Hai, 23/11/2026\n{expected}"), "{}", layout.name);
            assert_eq!((page.headline.as_str(), page.clock_s), ("Phường Bến Tre", Some(29_700)));
        }
    }

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
