//! One spelling for each letter, however it was typed: NFC, đ for ð, circumflex before tone.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::canonical_combining_class;

/// Most marks on one letter: Vietnamese needs three, a tower of them would reach over other lines.
const MARKS_MAX: usize = 4;

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
pub fn normalise(text: &str) -> Normalised {
    let mut junk = Vec::new();
    let mut kept = String::with_capacity(text.len());
    let text = text.replace("\r\n", "\n");
    let mut marks = 0;
    for (index, letter) in text.chars().enumerate() {
        marks = match canonical_combining_class(letter) {
            0 => 0,
            // Without a letter to stand on it is as wrong as a mark too many.
            _ if kept.chars().next_back().is_none_or(is_blank) => MARKS_MAX + 1,
            _ => marks + 1,
        };
        match letter {
            _ if marks > MARKS_MAX => junk.push((letter, index + 1)),
            '\n' => kept.push('\n'),
            '\t' | '\r' | '\u{2028}' | '\u{2029}' => kept.push(' '),
            'Ð' => kept.push('Đ'),
            'ð' => kept.push('đ'),
            _ if is_junk(letter) => junk.push((letter, index + 1)),
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
    fn junk_is_named_with_its_place() {
        let found = normalise("A\u{feff}B\u{202e}");
        assert_eq!(found.text, "AB");
        assert_eq!(found.junk, [('\u{feff}', 2), ('\u{202e}', 4)]);
        assert_eq!(normalise(&format!("a{}", "\u{301}".repeat(9))).junk.len(), 5);
        assert_eq!(normalise("ga \u{301}").junk, [('\u{301}', 4)]);
    }
}
