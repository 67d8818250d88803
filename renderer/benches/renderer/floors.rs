//! The least that the same bytes cost this machine: filled, copied, or blended from coverage.

use std::hint::black_box;

use fast_qr::{ECL, QRBuilder};

/// Fills so many bytes.
pub fn memset(bytes: usize) -> impl FnMut() {
    let mut to = vec![1_u8; bytes];
    let mut value = 0_u8;
    move || {
        value = value.wrapping_add(1);
        black_box(&mut to).fill(value);
    }
}

/// Copies so many bytes.
pub fn memcpy(bytes: usize) -> impl FnMut() {
    let (from, mut to) = (vec![1_u8; bytes], vec![2_u8; bytes]);
    move || black_box(&mut to).copy_from_slice(black_box(&from))
}

/// Left, top, width and height of W1's lines, code and clock.
const BOXES: [[usize; 4]; 9] = [
    [60, 30, 1240, 90],
    [60, 190, 1790, 50],
    [60, 250, 1790, 50],
    [60, 310, 1770, 50],
    [60, 370, 1790, 50],
    [60, 430, 1690, 50],
    [60, 490, 1690, 50],
    [1500, 570, 360, 360],
    [60, 800, 480, 110],
];

/// Fills a screen of four bytes a pixel and blends W1's boxes on it.
pub fn text_boxes() -> impl FnMut() {
    let (width, height) = (1920, 1080);
    let (coverage, mut bytes) = (vec![1_u8; width * height], vec![2_u8; width * height * 4]);
    let shades = black_box(shades([0xffff_ffff, 0xff44_1f0a]));
    let mut value = 0_u8;
    move || {
        value = value.wrapping_add(1);
        let bytes = black_box(&mut bytes);
        bytes.fill(value);
        bytes[..width * 150 * 4].fill(!value);
        let pixels = bytes.as_chunks_mut().0;
        for [left, top, columns, rows] in BOXES {
            for y in top..top + rows {
                let row = y * width + left..y * width + left + columns;
                blend(&mut pixels[row.clone()], &coverage[row], &shades);
            }
        }
    }
}

/// Blends a screen's width out of a longer strip, 120 rows, four columns on each time.
pub fn strip() -> impl FnMut() {
    let (width, strip, rows) = (1920, 12_800, 120);
    let (coverage, mut pixels) = (vec![1_u8; strip * rows], vec![[2_u8; 4]; width * rows]);
    let shades = black_box(shades([0xffff_ffff, 0xff1e_26b3]));
    let mut offset = 0;
    move || {
        offset = (offset + 4) % (strip - width);
        let lines = coverage.chunks_exact(strip).map(|row| &row[offset..offset + width]);
        for (row, coverage) in black_box(&mut pixels).chunks_exact_mut(width).zip(lines) {
            blend(row, coverage, &shades);
        }
    }
}

/// One colour on another for each coverage: a look-up a pixel, whatever instructions there are.
fn shades([ink, ground]: [u32; 2]) -> [[u8; 4]; 256] {
    let [ink, ground] = [ink, ground].map(u32::to_le_bytes);
    std::array::from_fn(|coverage| {
        let share = coverage as u32 + (coverage as u32 >> 7);
        std::array::from_fn(|channel| {
            let [ink, ground] = [ink, ground].map(|colour| u32::from(colour[channel]));
            ((ink * share + ground * (256 - share)) >> 8) as u8
        })
    })
}

fn blend(pixels: &mut [[u8; 4]], coverage: &[u8], shades: &[[u8; 4]; 256]) {
    for (pixel, coverage) in pixels.iter_mut().zip(coverage) {
        *pixel = shades[usize::from(*coverage)];
    }
}

/// Encodes address after address with the bare library and draws each on 360×360 bytes.
pub fn codes(addresses: Vec<String>) -> impl FnMut() {
    let side = 360;
    let mut pixels = vec![0_u8; side * side];
    let mut number = 0;
    move || {
        number = (number + 377) % addresses.len();
        let code = QRBuilder::new(addresses[number].as_str()).ecl(ECL::M).build();
        let code = code.expect("short enough");
        let module = side / (code.size + 8);
        let edge = (side - code.size * module) / 2;
        let pixels = black_box(&mut pixels);
        pixels.fill(255);
        for y in 0..code.size {
            let top = (edge + y * module) * side + edge;
            for x in (0..code.size).filter(|x| code[y][*x].value()) {
                pixels[top + x * module..top + (x + 1) * module].fill(0);
            }
            for row in 1..module {
                pixels.copy_within(top..top + code.size * module, top + row * side);
            }
        }
    }
}
