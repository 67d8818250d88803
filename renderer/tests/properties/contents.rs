//! What boards may be told: ordinary words, odd ones, and every letter of the alphabet.

use bangtin_renderer::{Code, Content, Look};
use proptest::prelude::*;
use unicode_normalization::UnicodeNormalization;

pub const LOOKS: [Look; 4] = [Look::Notice, Look::Emergency, Look::Exercise, Look::Idle];

/// Texts that once did harm, or may.
pub const ODD: [&str; 22] = [
    "",
    " ",
    "   \n \n",
    "\u{301}",
    "\u{200b}\u{200c}\u{200d}",
    "\u{a0}",
    "a\u{301}\u{301}\u{301}",
    "ẩ",
    "Ậ\u{300}",
    "- – - – -",
    "....",
    "‾_‾_",
    "Trạm Y tế ពិនិត្យ xã",
    "កe\u{17d2}",
    "៘៘៘",
    "猫",
    "\u{202e}txet",
    "1000 2000 3000 4000 5000 6000",
    "100  200   300",
    "\0\u{7}",
    "□",
    "Å\u{323}\u{302}",
];

pub fn content(look: Look, headline: &str, text: &str) -> Content {
    let band = if look == Look::Exercise { "DIỄN TẬP" } else { "" };
    let clock_s = (look == Look::Idle).then_some(86_395);
    Content { band: band.into(), clock_s, ..Content::new(look, "vi", headline, text) }
}

/// The letters of Vietnamese with every tone, capital and small, and those of the highlands.
fn alphabet() -> Vec<String> {
    let plain = "bcdđghklmnpqrstvxƀčĕĭñŏŭ".chars().map(String::from);
    let vowels = "aăâeêioôơuưy".chars();
    let tones = ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"];
    let vowels =
        vowels.flat_map(|vowel| tones.map(|tone| format!("{vowel}{tone}").nfc().collect()));
    let small: Vec<String> = plain.chain(vowels).collect();
    small.iter().map(|letter| letter.to_uppercase()).chain(small.iter().cloned()).collect()
}

fn words(most: usize) -> impl Strategy<Value = String> {
    let letters = prop::collection::vec(prop::sample::select(alphabet()), 1..7);
    let word = prop_oneof![
        12 => prop::sample::select(vec![
            "Khẩn", "cấp", "NGẬP", "Ở", "ỵ", "gió", "103-117 km/h", "–", "•", "rủi ro", "thiên tai",
            "0909 645 589", "4‰", "(vịnh", "Bộ).", "Ấ", "g", "dichvucong.gov.vn", "QL53B,", "“Đợt 2”",
        ]).prop_map(str::to_owned),
        6 => letters.prop_map(|letters| letters.concat()),
        1 => prop::sample::select(vec!["ពិនិត្យ", "ថ្ងៃសៅរ៍។", "Krông Ƀŭk", "ŏ", "→"])
            .prop_map(str::to_owned),
        1 => Just("\n".to_owned()),
        1 => Just(" ".to_owned()),
        1 => prop::sample::select(ODD.to_vec()).prop_map(str::to_owned),
        1 => "[ạ-ỹ]{1,60}",
        1 => "[\u{300}\u{301}\u{323}\u{200b}e]{1,6}",
    ];
    prop::collection::vec(word, 0..most).prop_map(|words| words.join(" "))
}

fn code() -> impl Strategy<Value = Code> {
    let data =
        prop::sample::select(vec!["HTTPS://BT.GOV.VN", "https://dichvucong.gov.vn/p/home/xã"]);
    let caption = prop::sample::select(vec!["bt.gov.vn", "", "Quét mã hoặc gõ dichvucong.gov.vn"]);
    (data, caption).prop_map(|(data, caption)| Code { data: data.into(), caption: caption.into() })
}

fn one() -> impl Strategy<Value = Content> {
    let codes = prop_oneof![2 => Just(0..1), 1 => Just(1..3)]
        .prop_flat_map(|count| prop::collection::vec(code(), count));
    let text = prop_oneof![
        4 => words(12),
        3 => words(60),
        1 => prop::collection::vec(words(8), 1..12).prop_map(|paragraphs| paragraphs.join("\n")),
    ];
    let look = prop::sample::select(LOOKS.to_vec());
    let others = (any::<bool>(), any::<bool>(), prop::bool::weighted(0.1), 0u32..86_400);
    (look, words(8), text, words(4), codes, others).prop_map(
        |(look, headline, text, source, codes, (is_stamped, is_signed, is_khmer, second))| {
            let headline: String = headline.chars().take(90).collect();
            let stamp = if is_stamped { "Cấp 3 • Phát hành 08:00 23/11" } else { "" };
            let plain = content(look, &headline, &text);
            Content {
                language: if is_khmer { "km" } else { "vi" }.into(),
                stamp: stamp.into(),
                source: if is_signed { source } else { String::new() },
                codes,
                clock_s: plain.clock_s.map(|_| second),
                ..plain
            }
        },
    )
}

/// What one notice says, in one language or two.
pub fn notices() -> impl Strategy<Value = Vec<Content>> {
    prop_oneof![
        3 => prop::collection::vec(one(), 1),
        1 => prop::collection::vec(one(), 2),
    ]
}
