//! The faces themselves: complete for Vietnamese, and on dots every letter its own picture.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use bangtin_renderer::fonts::FaceId;
use bangtin_renderer::scene::Drawing;
use bangtin_renderer::text::normalise::normalise;
use bangtin_renderer::{Content, Fonts, Look, builtin, compose};
use sha2::{Digest, Sha256};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

static FONTS: LazyLock<Fonts> = LazyLock::new(builtin::fonts);

/// What the notices hold beside letters and ASCII.
const SIGNS: &str = "„₫‰°²³½–—“”‘’…•→←↑↓№′×≥≤";

/// Letters of Ê Đê, Gia Rai and Ba Na that Vietnamese does not have. The last eight are two code
/// points each, a letter and U+0306.
const HIGHLANDS: &str = "ƀčĕĭñŏŭɃČĔĬÑŎŬê̆ô̆ơ̆ư̆Ê̆Ô̆Ơ̆Ư̆";

/// Names of real communes, as officials write them.
const COMMUNES: [&str; 5] =
    ["Phường B'Lao", "Xã Cư M’gar", "Xã Chân Mây – Lăng Cô", "Xã Ea Wer", "Cư Êbur"];

/// Storm, flood, landslide, fire, power, water, vaccine, warning, phone twice, and the arrows of
/// telephones: dot faces alone have them.
const PICTOGRAMS: &str = "🌀🌊⛰🔥⚡💧💉⚠📞☎➡⬅⬆⬇";

/// What a family lacks: another face stands in for it.
const LACKING: [(&str, &str); 3] = [
    ("be-vietnam-pro", "→←↑↓№′ƀĕĭŏŭɃĔĬŎŬ"),
    ("roboto-condensed", "→←↑↓ƀɃê̆ô̆ơ̆ư̆Ê̆Ô̆Ơ̆Ư̆"),
    ("noto-sans", "→←↑↓≥≤"),
];

/// The notices of `simulator/samples`, one after the other.
const NOTICES: &str = "TIN BÃO KHẨN CẤP – BÃO SỐ 3. Tâm bão cấp 11 (103-117 km/h), giật cấp 13, hướng Tây \
    Tây Bắc 10 km/h. Rủi ro thiên tai cấp 4 (phía Bắc của Bắc Biển Đông), cấp 3 (vịnh \
    Bắc Bộ). \
    CẢNH BÁO MẶN. Sông Hàm Luông 4‰ vào sâu 54 km, Cổ Chiên 56 km, Cửa Đại 45 km. Bà \
    con đóng cống, trữ nước ngọt. \
    CẢNH GIÁC LỪA ĐẢO. Công an KHÔNG yêu cầu cập nhật VNeID qua điện thoại. Không cài \
    ứng dụng lạ, không đọc mã OTP. Cần cập nhật: đến trực tiếp Công an xã. \
    TẠM NGƯNG CẤP NƯỚC. Từ 14:00 ngày 28/11: tuyến khu phố 4. Lý do: thi công đường. Bà \
    con trữ nước. \
    NỘP HỒ SƠ TRỰC TUYẾN. Quét mã để nộp hồ sơ tại Cổng Dịch vụ công quốc gia. Cần giúp \
    đỡ: Trung tâm Phục vụ hành chính công xã. \
    ĐỘ MẶN lúc 7g00 25/5. Giao Hòa 0,7‰ • Thủ Cửu 1,3‰ • Mỹ Hóa 0,2‰ • Cẩm Sơn 1,9‰. \
    Ranh mặn 4‰ cách cửa sông 16–22 km. Kiểm tra độ mặn trước khi lấy nước. \
    SỐ KHẨN CẤP 112. Sự cố, thiên tai, thảm họa: gọi 112 (miễn cước). Công an 113 • \
    Cháy, cứu nạn 114 • Cấp cứu 115. \
    KHI BÃO ĐỔ BỘ. 1. Ở yên trong nhà, tránh xa cửa kính. 2. Ngắt nguồn điện, khóa ga. \
    3. Không trú dưới gốc cây, cột điện. 4. Không ở lại tàu thuyền, lồng bè. 5. Gió \
    lặng 30 phút – 1 giờ là mắt bão: KHÔNG ra ngoài. \
    CẢNH BÁO MÃ QR GIẢ. Kẻ gian dán đè mã giả lên mã thật. Trước khi nhập thông tin, \
    xem tên miền: chỉ tin địa chỉ có đuôi gov.vn. \
    CAO ĐIỂM MÙA KHÔ. Không đốt cỏ, rác. Rời nhà nhớ ngắt điện, khóa gas. Báo cháy gọi \
    114. \
    TÌNH HUỐNG KHẨN CẤP: SẠT LỞ BỜ BIỂN. Ấp Giồng Bàn, xã Long Vĩnh: sạt lở 410 m, mức \
    nguy hiểm. Bốn hộ di dời ngay theo hướng dẫn của Ban chỉ huy xã. \
    THÔNG BÁO. Trạm Y tế xã khám bệnh miễn phí thứ Bảy. \
    TIÊM VẮC XIN SỞI MIỄN PHÍ. Trẻ 1–5 tuổi, Trạm Y tế xã, 7g30–11g00 các ngày 12–14/5; \
    tiêm vét 15–16/5. Mang sổ tiêm chủng. \
    LỊCH TIẾP CÔNG DÂN. Chủ tịch UBND xã: thứ Năm hằng tuần, sáng 07h30–11h30, chiều \
    13h00–17h00, tại Phòng Tiếp công dân. \
    TIN LŨ. Tân Châu 3,23 m; Châu Đốc 2,81 m, đang lên theo triều. Cấp độ rủi ro thiên \
    tai do lũ: cấp 1. \
    TRIỀU CƯỜNG ĐỢT 2. Nước lên 14–18/11, đỉnh 17–20/11; trên báo động I 7 cm, vượt báo \
    động III 15 cm. Đường ngập: QL1, QL53, QL53B, QL54, QL60.";

/// Which bases take which shapes and tones: 12 vowels with 6 tones each, and đ.
fn vietnamese() -> impl Iterator<Item = String> {
    let toned = "aăâeêioôơuưy".chars().flat_map(|vowel| {
        ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"]
            .map(|tone| format!("{vowel}{tone}").nfc().collect::<String>())
    });
    let small: Vec<String> =
        toned.chain(["đ".to_owned()]).filter(|letter| !letter.is_ascii()).collect();
    let large: Vec<String> = small.iter().map(|letter| letter.to_uppercase()).collect();
    small.into_iter().chain(large)
}

fn required() -> BTreeSet<String> {
    let names = COMMUNES.iter().flat_map(|name| each(name));
    let ascii = (' '..='~').map(String::from);
    vietnamese().chain(ascii).chain(names).chain(each(SIGNS)).chain(each(HIGHLANDS)).collect()
}

fn each(letters: &str) -> impl Iterator<Item = String> {
    letters.graphemes(true).map(str::to_owned)
}

fn find(name: &str) -> FaceId {
    FONTS.find(name).expect("a face of ours")
}

/// Lit dots of a letter as (column, row), rows counted down from the baseline.
fn dots(face: FaceId, letter: &str) -> BTreeSet<(i32, i32)> {
    let glyphs = FONTS.shape(face, letter);
    assert_eq!(glyphs.len(), 1, "{letter} is one drawing");
    let mask = FONTS.mask(face, glyphs[0].glyph, FONTS.native_rows(face).expect("a dot face"));
    let lit = (0..).zip(&mask.coverage).filter(|(_, lit)| **lit > 0).map(|(at, _): (i32, _)| at);
    let width = mask.stride as i32;
    // Aligned left: a reader sees no column that is dark.
    lit.map(|at| (at % width, at / width - mask.top)).collect()
}

fn differing(a: &BTreeSet<(i32, i32)>, b: &BTreeSet<(i32, i32)>) -> usize {
    let shifted = |shift: i32| a.iter().map(|(x, y)| (x + shift, *y)).collect::<BTreeSet<_>>();
    let counts = (-1..=1).map(|shift| shifted(shift).symmetric_difference(b).count());
    counts.min().expect("three shifts")
}

/// The letter without tones, shapes, bars and horns.
fn base(letter: &str) -> char {
    let plain = letter.nfd().next().expect("a letter has a base");
    match plain {
        'đ' => 'd',
        'Đ' => 'D',
        plain => plain,
    }
}

#[test]
fn faces_are_complete() {
    assert_eq!(vietnamese().filter(|letter| letter.chars().count() == 1).count(), 134);
    for name in FONTS.names().filter(|name| !name.contains("khmer")) {
        let face = find(name);
        let known = LACKING.iter().find(|(family, _)| name.starts_with(family));
        let known: BTreeSet<String> = known.into_iter().flat_map(|(_, l)| each(l)).collect();
        let lacking = required().into_iter().filter(|letter| !FONTS.covers(face, letter));
        assert_eq!(lacking.collect::<BTreeSet<_>>(), known, "{name}");
    }
    for Promise { name, .. } in DOT_FACES {
        let face = find(name);
        assert!(FONTS.covers(face, PICTOGRAMS), "{name}");
    }
    for name in ["noto-sans-khmer", "noto-sans-khmer-bold"] {
        let lacking: String = each("កខគងញតទនបពមយរលវសហអ្ាិីុូេែំះៈ។៖០១២៣៤៥៦៧៨៩")
            .filter(|letter| !FONTS.covers(find(name), letter))
            .collect();
        assert_eq!(lacking, "", "{name}");
    }
}

#[test]
fn no_sign_that_a_face_draws_is_replaced() {
    let faces: Vec<FaceId> = FONTS.names().map(find).collect();
    for letter in '!'..='\u{1ffff}' {
        let text = letter.to_string();
        let is_drawn = faces.iter().any(|face| FONTS.covers(*face, &text));
        let replaced = normalise(&text).text == "•" && letter != '•';
        assert!(!(is_drawn && replaced), "{letter}");
    }
    assert_eq!(normalise(PICTOGRAMS).text, PICTOGRAMS);
}

#[test]
fn every_letter_has_ink() {
    for name in FONTS.names().filter(|name| !name.contains("khmer")) {
        let face = find(name);
        let size = FONTS.native_rows(face).unwrap_or(64);
        for letter in required().into_iter().filter(|letter| FONTS.covers(face, letter)) {
            let glyphs = FONTS.shape(face, &letter);
            let ink = glyphs.iter().any(|glyph| FONTS.ink(face, glyph.glyph, size).width > 0);
            assert_eq!(ink, letter != " ", "{name}: {letter}");
        }
    }
}

#[test]
fn every_panel_draws_what_notices_hold() {
    let all: Vec<String> = required().into_iter().collect();
    let all = all.join(" ");
    let content = Content::new(Look::Notice, "vi", "CHỮ", &all);
    for name in builtin::layout_names() {
        let layout = builtin::layout(name).expect("a layout of ours");
        let composed = compose(std::slice::from_ref(&content), &layout, &FONTS);
        assert!(composed.is_ok(), "{name}: {:?}", composed.err());
    }
}

#[test]
fn letters_that_a_zone_lacks_come_from_noto_sans_in_its_weight() {
    let letters = "Ƀ ƀ ĕ ŏ ŭ";
    let layout = builtin::layout("lcd-1080p").expect("a layout of ours");
    let content = Content::new(Look::Notice, "vi", letters, letters);
    let composed = compose(&[content], &layout, &FONTS).expect("every letter is drawn");
    let mut zones = 0;
    for item in &composed.scene.pages[0].items {
        let Drawing::Text { setting, glyphs } = &item.drawing else { continue };
        let face =
            find(if setting.face.ends_with("bold") { "noto-sans-bold" } else { "noto-sans" });
        for (placed, letter) in glyphs.iter().zip(letters.split(' ')) {
            let glyph = FONTS.shape(face, letter)[0].glyph;
            let is_noto = placed.mask == FONTS.mask(face, glyph, setting.size);
            assert!(is_noto, "{letter} in {}", setting.face);
        }
        assert_eq!(glyphs.len(), 5, "{}", item.zone.as_str());
        zones += 1;
    }
    assert_eq!(zones, 2, "headline and text");
}

/// What a dot face promises.
struct Promise {
    name: &'static str,
    /// Rows of a capital without marks, at least.
    capital_rows: i32,
    /// Average advance of running Vietnamese in pixels, at most.
    advance: f64,
}

const DOT_FACES: [Promise; 3] = [
    Promise { name: "bang16", capital_rows: 9, advance: 7.5 },
    Promise { name: "bang16-bold", capital_rows: 9, advance: 8.8 },
    Promise { name: "bang12", capital_rows: 7, advance: 7.5 },
];

#[test]
fn no_two_letters_look_alike() {
    for Promise { name, .. } in DOT_FACES {
        let face = find(name);
        let letters: Vec<_> = required()
            .into_iter()
            .filter(|letter| letter != " ")
            .map(|letter| (dots(face, &letter), letter))
            .collect();
        for (index, (dots_a, a)) in letters.iter().enumerate() {
            for (dots_b, b) in &letters[index + 1..] {
                assert_ne!(dots_a, dots_b, "{name}: {a} and {b} are one picture");
                let differ = differing(dots_a, dots_b);
                assert!(base(a) != base(b) || differ >= 3, "{name}: {a} {b} by {differ}");
            }
        }
    }
}

/// Groups of dots that touch at a side or a corner.
fn parts(mut dots: BTreeSet<(i32, i32)>) -> usize {
    let mut parts = 0;
    while let Some(first) = dots.pop_first() {
        parts += 1;
        let mut edge = vec![first];
        while let Some((x, y)) = edge.pop() {
            let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
            edge.extend(around.filter(|dot| dots.remove(dot)));
        }
    }
    parts
}

#[test]
fn no_mark_touches_a_letter_or_another_mark() {
    for Promise { name, .. } in DOT_FACES {
        let face = find(name);
        for letter in vietnamese().chain(each(HIGHLANDS)) {
            // A horn is part of its letter, and marks above take the place of the dot on i.
            let marks = letter.nfd().skip(1).filter(|mark| *mark != '\u{31b}').count();
            let dot = usize::from(letter == "ị");
            assert_eq!(parts(dots(face, &letter)), 1 + dot + marks, "{name}: {letter}");
        }
    }
}

#[test]
fn ink_keeps_to_the_rows_and_capitals_are_tall() {
    for Promise { name, capital_rows, .. } in DOT_FACES {
        let face = find(name);
        let rows = FONTS.native_rows(face).expect("a dot face") as i32;
        let inks = || required().into_iter().map(|letter| dots(face, &letter));
        let top = inks().flatten().map(|(_, y)| y).min().expect("ink");
        let bottom = inks().flatten().map(|(_, y)| y).max().expect("ink");
        assert!(bottom - top < rows, "{name}: ink from {top} to {bottom}");
        for letter in 'A'..='Z' {
            let above = -dots(face, letter.encode_utf8(&mut [0; 4]))
                .iter()
                .map(|(_, y)| *y)
                .min()
                .expect("ink");
            assert!(above >= capital_rows, "{name}: {letter} has {above} rows");
        }
    }
}

#[test]
fn digits_are_of_one_width_and_words_are_narrow() {
    for Promise { name, advance, .. } in DOT_FACES {
        let face = find(name);
        let digits: BTreeSet<i32> =
            FONTS.shape(face, "0123456789").iter().map(|glyph| glyph.advance).collect();
        assert_eq!(digits.len(), 1, "{name}: {digits:?}");
        let glyphs = FONTS.shape(face, NOTICES);
        assert_eq!(glyphs.len(), NOTICES.chars().count(), "{name} lacks a letter of the notices");
        let whole: i32 = glyphs.iter().map(|glyph| glyph.advance).sum();
        let average = f64::from(whole) / glyphs.len() as f64;
        assert!(average <= advance, "{name}: {average:.2} px a letter");
    }
}

#[test]
fn files_are_the_ones_that_were_vendored() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fonts");
    let sums = fs::read_to_string(folder.join("SHA256SUMS")).expect("the list of sums");
    let mut listed = 0;
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").expect("a sum and a name");
        let bytes = fs::read(folder.join(name)).expect("a listed file");
        let actual: String = Sha256::digest(&bytes).iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(actual, sum, "{name}");
        listed += 1;
    }
    assert_eq!(listed, FONTS.names().count(), "every face is listed");
}
