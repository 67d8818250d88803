//! One spelling for each letter, however it was typed: NFC, đ for ð, circumflex before tone, and
//! for each emoji a sign that boards have.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;
use unicode_segmentation::UnicodeSegmentation;

/// Most marks on one letter: Vietnamese needs three, a tower of them would reach over other lines.
const MARKS_MAX: usize = 4;

/// Emoji that faces of ours draw; all but ™ are pictograms of the dot faces.
const DRAWN: &str = "™☎⚠⚡⛰➡⬅⬆⬇🌀🌊💉💧📞🔥";

/// Signs beyond U+203C that notices write and that are no emoji.
const WRITTEN: &str = "₫№→≤≥";

/// What stands for any other.
const BULLET: char = '•';

/// Text in one spelling, and what could not be part of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Normalised {
    /// The text in NFC without the junk.
    pub text: String,
    /// Letters that no notice may hold, each with its place counted in letters from 1.
    pub junk: Vec<(char, usize)>,
}

/// Brings text into the one spelling that faces are drawn for.
///
/// Windows-1258 keyboards send a tone after a precomposed letter, some tools send the tone before
/// the circumflex, and Icelandic Ð looks like Đ; all of them become the same letter. Control and
/// direction characters, private ones and U+FFFD (the trace of a lost letter) are junk.
///
/// Telephones ask for the colourful or the plain picture of a sign with U+FE0F and U+FE0E; boards
/// have one. Emoji that no face draws are mostly bullets, and become that: one for all in a row.
pub fn normalise(text: &str) -> Normalised {
    let mut junk = Vec::new();
    let mut kept = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n");
    let mut marks = 0;
    for (letter, place) in letters(&text) {
        marks = match canonical_combining_class(letter) {
            0 => 0,
            // Without a letter to stand on it is as wrong as a mark too many.
            _ if kept.chars().next_back().is_none_or(is_blank) => MARKS_MAX + 1,
            _ => marks + 1,
        };
        match letter {
            _ if marks > MARKS_MAX => junk.push((letter, place)),
            '\n' => kept.push('\n'),
            '\t' | '\r' | '\u{2028}' | '\u{2029}' => kept.push(' '),
            'Ð' => kept.push('Đ'),
            'ð' => kept.push('đ'),
            _ if is_junk(letter) => junk.push((letter, place)),
            _ => kept.push(letter),
        }
    }
    let mut letters: Vec<char> = kept.nfd().collect();
    // All these marks have combining class 230, so canonical order leaves them as typed.
    for end in 1..letters.len() {
        for at in (1..=end).rev() {
            match (rank(letters[at - 1]), rank(letters[at])) {
                (Some(before), Some(after)) if after < before => letters.swap(at - 1, at),
                _ => break,
            }
        }
    }
    Normalised { text: letters.into_iter().nfc().collect(), junk }
}

/// The letters, each with its place from 1, and signs in the place of emoji.
fn letters(text: &str) -> Vec<(char, usize)> {
    // Nearly all texts are without, and looking for emoji takes longer than all the rest.
    if text.chars().all(|letter| letter < '\u{203c}' || WRITTEN.contains(letter)) {
        return text.chars().zip(1..).collect();
    }
    let mut letters: Vec<(char, usize)> = Vec::with_capacity(text.len());
    let mut end = 0;
    let mut clusters = text.graphemes(true).peekable();
    while let Some(cluster) = clusters.next() {
        let mut parts = cluster.chars().zip(end + 1..);
        end += cluster.chars().count();
        let first = cluster.chars().next().unwrap_or_default();
        if !is_keycap(cluster) && !is_emoji(first) {
            letters.extend(parts.filter(|(letter, _)| !is_selector(*letter)));
            continue;
        }
        if let Some(signs) = stand_in(first) {
            letters.extend(signs.chars().map(|sign| (sign, end)));
            continue;
        }
        let blank = |(letter, _): &&(char, usize)| *letter != '\n' && is_blank(*letter);
        let said = letters.len() - letters.iter().rev().take_while(blank).count();
        let before = letters[..said].last().map_or('\n', |(letter, _)| *letter);
        let has_sign = if is_keycap(cluster) {
            // Before a line it counts lines; elsewhere, as in 1️⃣1️⃣4️⃣, it is a number.
            before != '\n' || clusters.peek().is_some_and(|next| is_keycap(next))
        } else {
            DRAWN.contains(first)
        };
        match parts.next() {
            Some(sign) if has_sign => letters.push(sign),
            Some(_) if before == BULLET => letters.truncate(said),
            emoji => letters.extend(emoji.map(|(_, place)| (BULLET, place))),
        }
        letters.extend(parts.filter(|(letter, _)| !is_emoji_part(*letter)));
    }
    letters
}

/// Exclamation and question marks that telephones draw as pictures.
fn stand_in(emoji: char) -> Option<&'static str> {
    match emoji {
        '‼' => Some("!!"),
        '⁉' => Some("!?"),
        '❗' | '❕' => Some("!"),
        '❓' | '❔' => Some("?"),
        _ => None,
    }
}

/// A digit, # or * on a key, as telephones send it.
fn is_keycap(cluster: &str) -> bool {
    cluster.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '#' | '*'))
        && cluster.contains('\u{20e3}')
}

/// Pictures, halves of flags and colours of skin; not © and ®, the only pictures below U+203C.
fn is_emoji(letter: char) -> bool {
    letter >= '\u{203c}'
        && (is_pictographic(letter)
            || matches!(letter, '\u{1f1e6}'..='\u{1f1ff}' | '\u{1f3fb}'..='\u{1f3ff}'))
}

/// Whether it has the property Extended_Pictographic, which holds for all pictures that ever become
/// emoji: by rule GB11 of UAX #29 a joiner makes one cluster of two such letters and of no others.
fn is_pictographic(letter: char) -> bool {
    format!("{letter}\u{200d}☎").graphemes(true).count() == 1
}

/// What emoji sequences are made of, by UTS #51: pictures, selectors, joiners, keys and tags.
fn is_emoji_part(letter: char) -> bool {
    is_emoji(letter)
        || is_selector(letter)
        || matches!(letter, '\u{200d}' | '\u{20e3}' | '\u{e0020}'..='\u{e007f}')
}

/// Asks for a plain or a colourful picture.
fn is_selector(letter: char) -> bool {
    matches!(letter, '\u{fe0e}' | '\u{fe0f}')
}

/// Blanks, joiners and zero-width spaces: what has no ink.
pub fn is_blank(letter: char) -> bool {
    letter.is_whitespace() || matches!(letter, '\u{200b}'..='\u{200d}')
}

/// The order of marks over a letter: circumflex and breve make another letter (Ê Đê writes the
/// breve over the circumflex), grave, acute, tilde and hook above make another word.
fn rank(mark: char) -> Option<u32> {
    match mark {
        '\u{302}' => Some(0),
        '\u{306}' => Some(1),
        '\u{300}' | '\u{301}' | '\u{303}' | '\u{309}' => Some(2),
        _ => None,
    }
}

fn is_junk(letter: char) -> bool {
    letter.is_control()
        || matches!(letter,
            '\u{ad}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff0}'..='\u{ffff}'
            | '\u{f0000}'..='\u{10ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        assert_eq!(normalise(input).text, expected);
    }

    #[test]
    fn marks_that_are_pictures_stay_marks() {
        check("Khẩn cấp❗️ Thật không⁉️", "Khẩn cấp! Thật không!?");
        check("Đi ngay‼️", "Đi ngay!!");
    }

    #[test]
    fn every_spelling_becomes_one() {
        check("Tiếp", "Tiếp");
        check("Tie\u{302}\u{301}p", "Tiếp");
        check("Tie\u{301}\u{302}p", "Tiếp");
        check("Tiê\u{301}p", "Tiếp");
        check("Tié\u{302}p", "Tiếp");
        check("Ăn ngă\u{323}t", "Ăn ngặt");
        check("u\u{31b}\u{301} u\u{301}\u{31b}", "ứ ứ");
        check(
            "e\u{302}\u{306} ê\u{306} ĕ\u{302} ế\u{306}",
            "ê\u{306} ê\u{306} ê\u{306} ê\u{306}\u{301}",
        );
        check(
            "O\u{31b}\u{306} Ơ\u{306} O\u{306}\u{31b} Ŏ\u{31b}",
            "Ơ\u{306} Ơ\u{306} Ơ\u{306} Ơ\u{306}",
        );
        check("a\u{301}\u{303}\u{302}", "ấ\u{303}");
        check("Ðường ðây", "Đường đây");
        check("a\r\nb\tc", "a\nb c");
    }

    #[test]
    fn both_ways_to_place_a_tone_stay() {
        check("hòa hoà", "hòa hoà");
    }

    #[test]
    fn telephones_pictures_become_signs_that_boards_have() {
        // Selectors go, whatever they stand behind.
        check("⛰\u{fe0f} ⚡\u{fe0f} ⚠\u{fe0e} ☎\u{fe0f} ➡\u{fe0f}", "⛰ ⚡ ⚠ ☎ ➡");
        check("a\u{fe0f}\u{301} ©\u{fe0f} →\u{fe0e} BoardGame™\u{fe0f}", "á © → BoardGame™");
        check("📞1️⃣1️⃣4️⃣", "📞114");
        // What dot faces draw stays, also before a line and beside another.
        check("🌊🌀 Lũ\n⚠️Sạt lở ⬆⬇", "🌊🌀 Lũ\n⚠Sạt lở ⬆⬇");
        // Bullets before lines.
        check("✅ Mang sổ\n👉Đến sớm\n\n  🔴 A", "• Mang sổ\n•Đến sớm\n\n  • A");
        check("1️⃣ Ngắt điện\n2\u{20e3} Khóa ga", "• Ngắt điện\n• Khóa ga");
        check("1️⃣1️⃣4️⃣ là số cứu hỏa, bấm #️⃣", "114 là số cứu hỏa, bấm #");
        check("1. Ở nhà", "1. Ở nhà");
        // One for all in a row, none more where there is one, and one on each line.
        check("🔥✅❗❗ Gọi 114", "🔥•!! Gọi 114");
        check("🎉🎉 🎊 Tết\n🎉", "• Tết\n•");
        check("• ✅ A • ❌B", "• A •B");
        // One for a sequence: skin, family, flags of two kinds, a heart on fire.
        check("👍🏽 👨‍👩‍👧‍👦 A", "• A");
        check("🇻🇳 A 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}B", "• A •B");
        check("❤\u{fe0f}\u{200d}🔥 A 🇻B\n🏽 C", "• A •B\n• C");
        check("⚠\u{fe0f}\u{200d}\u{200d} ⚡🏽", "⚠ ⚡");
        // Blanks and Khmer keep their joiners.
        check("a\u{200d}b ក\u{200c}ខ", "a\u{200d}b ក\u{200c}ខ");
    }

    #[test]
    fn places_are_counted_as_sent() {
        assert_eq!(normalise("⚠\u{fe0f} ✅✅ \u{feff}").junk, [('\u{feff}', 7)]);
        assert_eq!(normalise("✅\u{fe00}").junk, [('\u{fe00}', 2)]);
        assert_eq!(normalise(&format!("a{}", "\u{301}\u{fe0f}".repeat(5))).junk, [('\u{301}', 10)]);
    }

    #[test]
    fn junk_is_named_with_its_place() {
        let found = normalise("A\u{feff}B\u{202e}");
        assert_eq!(found.text, "AB");
        assert_eq!(found.junk, [('\u{feff}', 2), ('\u{202e}', 4)]);
        assert_eq!(normalise(&format!("a{}", "\u{301}".repeat(9))).junk.len(), 5);
        assert_eq!(normalise("ga \u{301}").junk, [('\u{301}', 4)]);
    }
}
