//! Draws a sheet that compares our dot faces with others: the same lines in each, as they are and
//! enlarged to square dots with a dark gap, with what can be counted beside them.
//!
//! ```text
//! cargo run --release -p bangtin-renderer --example specimen -- --out fonts/specimen.png [FILE…]
//! ```
//!
//! Files are the faces of others, in BDF or in the `.hex` format of GNU Unifont.
#![expect(clippy::disallowed_methods, reason = "an example touches the world")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

use bangtin_renderer::fonts::Mask;
use bangtin_renderer::frame::{Ink, Stamp};
use bangtin_renderer::{Area, Fonts, Frame, Rgb, builtin};
use unicode_normalization::UnicodeNormalization;

/// The running sentence, whose width is measured, stands third.
const LINES: [&str; 5] = [
    "TÌNH HUỐNG KHẨN CẤP: SẠT LỞ BỜ BIỂN",
    "Ế Ề Ể Ễ Ệ Ắ Ằ Ẳ Ẵ Ặ Ờ Ớ Ở Ỡ Ợ Ừ Ứ Ử Ữ Ự",
    "Bốn hộ di dời ngay theo hướng dẫn của xã.",
    "ế ề ể ễ ệ ắ ằ ẳ ẵ ặ ờ ớ ở ỡ ợ ừ ứ ử ữ ự",
    "14:00 28/11 • 4‰ 103–117 km² 25° → ƀ Ƀ",
];
const SENTENCE: usize = 2;

/// Pixels from one enlarged dot to the next, of which one stays dark.
const CELL: u32 = 4;
/// Dark rows between two lines, so that no letter touches the line above.
const LEADING: i32 = 1;
/// Pixels around the sheet and between its parts.
const MARGIN: i32 = 16;
const LABEL_SIZE: u32 = 22;

const GROUND: Rgb = Rgb::new(0, 0, 0);
const LENS: Rgb = Rgb::new(24, 24, 24);
const LIT: Rgb = Rgb::new(255, 176, 0);
const HOLE: Rgb = Rgb::new(224, 0, 0);
const LABEL: Rgb = Rgb::new(255, 255, 255);

/// A face of dots, whoever drew it.
struct DotFace {
    name: String,
    rows: i32,
    letters: BTreeMap<char, Letter>,
}

/// Lit dots as (column, row), row 0 at the top of the line, and the columns to the next letter.
struct Letter {
    advance: i32,
    dots: BTreeSet<(i32, i32)>,
}

fn main() -> ExitCode {
    match run(env::args().skip(1).collect()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Vec<String>) -> Result<(), String> {
    let [option, out, files @ ..] = arguments.as_slice() else {
        return Err("usage: specimen --out PICTURE.png [FACE.bdf | FACE.hex]…".to_owned());
    };
    if option != "--out" {
        return Err(format!("`{option}` stands where `--out` is expected"));
    }
    let fonts = builtin::fonts();
    let mut faces: Vec<DotFace> =
        ["bang16", "bang16-bold", "bang12"].iter().map(|name| ours(name, &fonts)).collect();
    for file in files.iter().map(PathBuf::from) {
        faces.push(theirs(&file).map_err(|reason| format!("{}: {reason}", file.display()))?);
    }
    for face in &faces {
        println!("{}", describe(face).join(", "));
    }
    let sheet = draw(&faces, &fonts);
    fs::write(out, encode(&sheet)).map_err(|error| format!("{out}: {error}"))
}

fn ours(name: &str, fonts: &Fonts) -> DotFace {
    let face = fonts.find(name).expect("a face of ours");
    let rows = fonts.native_rows(face).expect("a dot face");
    let draw = |letter: char| {
        let glyph = fonts.shape(face, letter.encode_utf8(&mut [0; 4])).first().copied()?;
        Some((glyph.advance, fonts.mask(face, glyph.glyph, rows)))
    };
    // The dot below stands in the last row.
    let lowest = draw('ạ').map_or(0, |(_, mask)| mask.height as i32 - mask.top);
    let baseline = rows as i32 - lowest;
    let letters = ('\0'..'\u{20000}').filter_map(|letter| {
        let (advance, mask) = draw(letter)?;
        let lit = (0..mask.width as i32 * mask.height as i32).zip(&mask.coverage);
        let dots = lit.filter(|(_, coverage)| **coverage > 0).map(|(at, _)| {
            let (x, y) = (at % mask.width as i32, at / mask.width as i32);
            (x + mask.left, y + baseline - mask.top)
        });
        Some((letter, Letter { advance, dots: dots.collect() }))
    });
    DotFace { name: name.to_owned(), rows: rows as i32, letters: letters.collect() }
}

fn theirs(file: &Path) -> Result<DotFace, String> {
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    match file.extension().and_then(|extension| extension.to_str()) {
        Some("bdf") => read_bdf(name, &text),
        Some("hex") => read_hex(name, &text),
        _ => Err("is neither `.bdf` nor `.hex`".to_owned()),
    }
}

fn read_bdf(name: String, text: &str) -> Result<DotFace, String> {
    let mut face = DotFace { name, rows: 0, letters: BTreeMap::new() };
    let (mut ascent, mut letter, mut advance) = (0, None, 0);
    let mut lines = text.lines().zip(1..);
    while let Some((line, number)) = lines.next() {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let values: Vec<i32> = rest.split(' ').map_while(|value| value.parse().ok()).collect();
        match (word, values.as_slice()) {
            ("FONTBOUNDINGBOX", [_, height, _, y]) => (face.rows, ascent) = (*height, height + y),
            ("ENCODING", [code, ..]) => {
                letter = u32::try_from(*code).ok().and_then(char::from_u32);
            }
            ("DWIDTH", [width, ..]) => advance = *width,
            ("BBX", [_, height, x, y]) => {
                let top = ascent - height - y;
                let rows = lines.by_ref().skip_while(|(line, _)| *line != "BITMAP").skip(1);
                let rows: Vec<&str> =
                    rows.take((*height).max(0) as usize).map(|(row, _)| row).collect();
                let dots = dots(rows.iter().copied(), *x, top)
                    .ok_or(format!("line {number}: its drawing is not hexadecimal"))?;
                if let Some(letter) = letter {
                    face.letters.insert(letter, Letter { advance, dots });
                }
            }
            _ => {}
        }
    }
    if face.letters.is_empty() { Err("draws no letter".to_owned()) } else { Ok(face) }
}

fn read_hex(name: String, text: &str) -> Result<DotFace, String> {
    const ROWS: usize = 16;
    let mut face = DotFace { name, rows: ROWS as i32, letters: BTreeMap::new() };
    for (line, number) in text.lines().zip(1..) {
        let read = || {
            let (code, drawing) = line.split_once(':')?;
            let letter = char::from_u32(u32::from_str_radix(code, 16).ok()?);
            let digits = drawing.len() / ROWS;
            let rows = (0..ROWS).map_while(|row| drawing.get(row * digits..(row + 1) * digits));
            Some((letter, Letter { advance: digits as i32 * 4, dots: dots(rows, 0, 0)? }))
        };
        let (letter, drawing) =
            read().ok_or(format!("line {number} is not a code and a drawing"))?;
        if let Some(letter) = letter {
            face.letters.insert(letter, drawing);
        }
    }
    Ok(face)
}

/// The lit dots of rows in hexadecimal, the leftmost dot first.
fn dots<'a>(
    rows: impl Iterator<Item = &'a str>,
    left: i32,
    top: i32,
) -> Option<BTreeSet<(i32, i32)>> {
    let mut lit = BTreeSet::new();
    for (row, y) in rows.zip(top..) {
        for (digit, x) in row.chars().zip(0..) {
            let digit = digit.to_digit(16)?;
            let columns = (0..4).filter(|bit| digit & (8 >> bit) != 0);
            lit.extend(columns.map(|bit| (left + x * 4 + bit, y)));
        }
    }
    Some(lit)
}

/// Name, rows, width, holes, marks that touch and pairs of a face.
fn describe(face: &DotFace) -> [String; 6] {
    let letters = written();
    let holes = letters.iter().filter(|letter| !face.letters.contains_key(letter)).count();
    let touching = letters.iter().filter(|letter| touches(face, **letter)).count();
    let (alike, near) = pairs(face, &letters);
    [
        face.name.clone(),
        format!("{} rows", face.rows),
        format!("sentence {} px", width(face, LINES[SENTENCE])),
        format!("{holes} of {} letters missing", letters.len()),
        format!("in {touching} a mark touches"),
        format!("{alike} pairs alike, {near} within 2 dots"),
    ]
}

/// The letters of Vietnamese and of Ê Đê, Gia Rai and Ba Na, small and capital.
fn written() -> BTreeSet<char> {
    let toned = "aăâeêioôơuưy".chars().flat_map(|vowel| {
        ["", "\u{300}", "\u{301}", "\u{303}", "\u{309}", "\u{323}"]
            .map(|tone| format!("{vowel}{tone}").nfc().next().expect("a letter"))
    });
    let small: Vec<char> = toned.chain('a'..='z').chain("đƀčĕĭñŏŭ".chars()).collect();
    small.iter().flat_map(|letter| letter.to_uppercase()).chain(small.iter().copied()).collect()
}

/// Pairs of letters on one base that a face draws alike, and with one or two differing dots.
fn pairs(face: &DotFace, letters: &BTreeSet<char>) -> (usize, usize) {
    let base = |letter: char| match letter.nfd().next().expect("a letter has a base") {
        'đ' => 'd',
        'Đ' => 'D',
        'ƀ' => 'b',
        'Ƀ' => 'B',
        plain => plain,
    };
    let drawn: Vec<(char, BTreeSet<(i32, i32)>)> = letters
        .iter()
        .filter_map(|letter| Some((base(*letter), &face.letters.get(letter)?.dots)))
        .map(|(base, dots)| {
            // A reader sees no column that is dark.
            let left = dots.iter().map(|(x, _)| *x).min().unwrap_or(0);
            (base, dots.iter().map(|(x, y)| (x - left, *y)).collect())
        })
        .collect();
    let mut counts = [0; 3];
    for (index, (base_a, a)) in drawn.iter().enumerate() {
        for (_, b) in drawn[index + 1..].iter().filter(|(base_b, _)| base_a == base_b) {
            let shifted = |by: i32| a.iter().map(|(x, y)| (x + by, *y)).collect::<BTreeSet<_>>();
            let differ = (-1..=1).map(|by| shifted(by).symmetric_difference(b).count()).min();
            if let Some(count) = differ.and_then(|differ| counts.get_mut(differ)) {
                *count += 1;
            }
        }
    }
    (counts[0], counts[1] + counts[2])
}

/// Whether a mark touches its letter or another mark: then the letter falls into fewer parts.
/// Horns and bars belong to their letters.
fn touches(face: &DotFace, letter: char) -> bool {
    let spelt: Vec<char> = letter.nfd().collect();
    let marks: Vec<char> = spelt[1..].iter().copied().filter(|mark| *mark != '\u{31b}').collect();
    let (Some(drawing), Some(base)) = (face.letters.get(&letter), face.letters.get(&spelt[0]))
    else {
        return false;
    };
    // Marks above take the place of the dot on i.
    let dotless = spelt[0] == 'i' && marks.iter().any(|mark| *mark != '\u{323}');
    let expected = if dotless { 1 } else { parts(&base.dots) } + marks.len();
    parts(&drawing.dots) < expected
}

/// Groups of dots that touch at a side or a corner.
fn parts(dots: &BTreeSet<(i32, i32)>) -> usize {
    let mut left = dots.clone();
    let mut parts = 0;
    while let Some(first) = left.pop_first() {
        parts += 1;
        let mut edge = vec![first];
        while let Some((x, y)) = edge.pop() {
            let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| (x + dx, y + dy)));
            edge.extend(around.filter(|dot| left.remove(dot)));
        }
    }
    parts
}

/// Columns to the letter after this one; a hole is as wide as an n.
fn advance(face: &DotFace, letter: char) -> i32 {
    let drawing = face.letters.get(&letter).or(face.letters.get(&'n'));
    drawing.map_or(face.rows / 2, |drawing| drawing.advance)
}

fn width(face: &DotFace, line: &str) -> i32 {
    line.chars().map(|letter| advance(face, letter)).sum()
}

/// One block a face: its label and its lines as they are at the left, enlarged at the right.
fn draw(faces: &[DotFace], fonts: &Fonts) -> Frame {
    let widest = |face: &DotFace| LINES.iter().map(|line| width(face, line)).max().unwrap_or(0);
    let column = faces.iter().map(widest).max().unwrap_or(0);
    let lines = LINES.len() as i32;
    let step = |face: &DotFace| face.rows + LEADING;
    let height = |face: &DotFace| lines * step(face) * CELL as i32 + MARGIN;
    let sheet_width = 3 * MARGIN + column * (1 + CELL as i32);
    let sheet_height = MARGIN + faces.iter().map(height).sum::<i32>();
    let mut sheet = Frame::new(sheet_width as u32, sheet_height as u32);
    sheet.fill(sheet.area(), GROUND);
    let mut top = MARGIN;
    for face in faces {
        let mut y = top;
        for (index, words) in describe(face).iter().enumerate() {
            y += LABEL_SIZE as i32 + 6;
            let name = if index == 0 { "be-vietnam-pro-bold" } else { "be-vietnam-pro" };
            label(&mut sheet, fonts, name, words, (MARGIN, y));
        }
        y = top + height(face) - MARGIN - lines * step(face);
        for (line, index) in LINES.iter().zip(0..) {
            set(&mut sheet, face, line, (MARGIN, y + index * step(face)), 1);
            let enlarged = top + index * step(face) * CELL as i32;
            set(&mut sheet, face, line, (2 * MARGIN + column, enlarged), CELL);
        }
        top += height(face);
    }
    sheet
}

/// A line of dots, each `cell` pixels from the next.
fn set(sheet: &mut Frame, face: &DotFace, line: &str, (left, top): (i32, i32), cell: u32) {
    let size = cell.max(2) - 1;
    let step = cell as i32;
    if cell > 1 {
        for (x, y) in (0..width(face, line)).flat_map(|x| (0..face.rows).map(move |y| (x, y))) {
            fill(sheet, (left + x * step, top + y * step, size, size), LENS);
        }
    }
    let mut pen = 0;
    for letter in line.chars() {
        match face.letters.get(&letter) {
            Some(drawing) => {
                for (x, y) in &drawing.dots {
                    fill(sheet, (left + (pen + x) * step, top + y * step, size, size), LIT);
                }
            }
            None => {
                let (across, down) = ((advance(face, letter) - 1) as u32, face.rows as u32);
                fill(sheet, (left + pen * step, top, across * cell, down * cell), HOLE);
            }
        }
        pen += advance(face, letter);
    }
}

/// A filled square or box of dots.
fn fill(sheet: &mut Frame, (x, y, width, height): (i32, i32, u32, u32), colour: Rgb) {
    sheet.fill(Area { x: x as u32, y: y as u32, width, height }, colour);
}

fn label(sheet: &mut Frame, fonts: &Fonts, name: &str, words: &str, (mut x, y): (i32, i32)) {
    let face = fonts.find(name).expect("a face of ours");
    for glyph in fonts.shape(face, words).iter() {
        let mask = fonts.mask(face, glyph.glyph, LABEL_SIZE);
        // Few shades keep the palette and the file small.
        let coverage: Vec<u8> = mask.coverage.iter().map(|shade| shade / 32 * 36).collect();
        let Mask { left, top, width, stride, .. } = *mask;
        let stamp = Stamp { x: x + left, y: y - top, width, stride, coverage: &coverage };
        sheet.blend(stamp, sheet.area(), Ink::opaque(LABEL));
        x += (glyph.advance * LABEL_SIZE as i32 + fonts.units_per_em(face) / 2)
            / fonts.units_per_em(face);
    }
}

/// The sheet as a PNG with a palette, four bits a pixel.
fn encode(sheet: &Frame) -> Vec<u8> {
    let colours: BTreeSet<&[u8]> = sheet.bytes().chunks_exact(3).collect();
    let palette: Vec<&[u8]> = colours.into_iter().collect();
    assert!(palette.len() <= 16, "{} colours", palette.len());
    let index = |colour: &[u8]| palette.binary_search(&colour).expect("a colour of it") as u8;
    let row_bytes = sheet.width() as usize * 3;
    let rows = sheet.bytes().chunks_exact(row_bytes);
    let packed: Vec<u8> = rows
        .flat_map(|row| {
            row.chunks(6).map(|two| index(&two[..3]) << 4 | two.get(3..).map_or(0, index))
        })
        .collect();
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, sheet.width(), sheet.height());
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Four);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    let mut writer = encoder.write_header().expect("memory takes a header");
    writer.write_image_data(&packed).expect("memory takes a picture");
    writer.finish().expect("memory takes the end");
    bytes
}
