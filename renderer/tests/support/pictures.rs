//! Accepted pictures: a frame is compared with the PNG of its name, pixel for pixel.
//!
//! With `BANGTIN_ACCEPT=1` a picture that differs is written instead. A failure leaves
//! `expected | difference | actual` in `target/tmp/golden/`.

use std::collections::BTreeSet;
use std::fs;
use std::io::Cursor;
use std::path::Path;

use bangtin_renderer::Frame;
use png::{BitDepth, ColorType, DeflateCompression, Encoder, Filter};

/// Whether what differs becomes the accepted.
pub fn accepts() -> bool {
    std::env::var_os("BANGTIN_ACCEPT").is_some()
}

/// Compares a frame with its accepted picture.
///
/// # Errors
/// With the picture's path and what is wrong with it.
pub fn check(picture: &Path, actual: &Frame) -> Result<(), String> {
    let Err(why) = compare(picture, actual) else { return Ok(()) };
    if accepts() {
        let folder = picture.parent().expect("a picture lies in a folder");
        fs::create_dir_all(folder).expect("the folder can be made");
        fs::write(picture, smallest(actual)).expect("the picture can be written");
        return Ok(());
    }
    Err(format!("{}: {why}", picture.display()))
}

fn compare(picture: &Path, actual: &Frame) -> Result<(), String> {
    let bytes = fs::read(picture).map_err(|_| "no accepted picture".to_owned())?;
    let mut decoder = png::Decoder::new(Cursor::new(bytes));
    // Whatever it is stored as: three bytes a pixel.
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().map_err(|e| e.to_string())?;
    let mut expected = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let info = reader.next_frame(&mut expected).map_err(|e| e.to_string())?;
    if (info.width, info.height) != (actual.width(), actual.height()) {
        return Err(format!("is {}×{}, drawn is {actual:?}", info.width, info.height));
    }
    if info.color_type != ColorType::Rgb {
        return Err(format!("is stored as {:?}", info.color_type));
    }
    if expected == actual.bytes() {
        return Ok(());
    }
    let differing =
        expected.chunks(3).zip(actual.bytes().chunks(3)).filter(|(a, b)| a != b).count();
    let shown = side_by_side(&expected, actual);
    let group = picture.parent().and_then(Path::file_name).unwrap_or_default();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden").join(group);
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let written = folder.join(picture.file_name().expect("a file name"));
    let (width, height) = (actual.width() * 3, actual.height());
    fs::write(&written, encode(width, height, &shown, &[], Filter::Up))
        .map_err(|e| e.to_string())?;
    Err(format!("{differing} pixels differ, see {}", written.display()))
}

fn side_by_side(expected: &[u8], actual: &Frame) -> Vec<u8> {
    let row = actual.width() as usize * 3;
    let mut shown = Vec::with_capacity(expected.len() * 3);
    for (before, after) in expected.chunks(row).zip(actual.bytes().chunks(row)) {
        shown.extend_from_slice(before);
        for (before, after) in before.chunks(3).zip(after.chunks(3)) {
            shown.extend_from_slice(if before == after { &[0, 0, 0] } else { &[255, 0, 255] });
        }
        shown.extend_from_slice(after);
    }
    shown
}

/// The shortest of some files for the same pixels: with a palette where 256 colours are enough,
/// and with the filter that suits them best.
fn smallest(frame: &Frame) -> Vec<u8> {
    let colours: BTreeSet<[u8; 3]> = frame.bytes().as_chunks().0.iter().copied().collect();
    let palette: Vec<[u8; 3]> = colours.into_iter().collect();
    let palette = if palette.len() <= 256 { palette } else { Vec::new() };
    [Filter::NoFilter, Filter::Sub, Filter::Up, Filter::Paeth, Filter::Adaptive]
        .map(|filter| encode(frame.width(), frame.height(), frame.bytes(), &palette, filter))
        .into_iter()
        .min_by_key(Vec::len)
        .expect("there are filters")
}

/// A PNG of RGB pixels, or of their places in a sorted palette that is not empty.
fn encode(width: u32, height: u32, rgb: &[u8], palette: &[[u8; 3]], filter: Filter) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, width, height);
    encoder.set_deflate_compression(DeflateCompression::Level(9));
    encoder.set_filter(filter);
    encoder.set_color(if palette.is_empty() { ColorType::Rgb } else { ColorType::Indexed });
    let depth = match palette.len() {
        1..=2 => BitDepth::One,
        3..=4 => BitDepth::Two,
        5..=16 => BitDepth::Four,
        _ => BitDepth::Eight,
    };
    encoder.set_depth(depth);
    let data = if palette.is_empty() {
        rgb.to_vec()
    } else {
        encoder.set_palette(palette.concat());
        let bits = depth as usize;
        let packed = |pixels: &[[u8; 3]]| {
            pixels.iter().enumerate().fold(0, |byte, (at, pixel)| {
                let place = palette.binary_search(pixel).expect("the palette is the picture's");
                byte | ((place as u8) << (8 - bits - at * bits))
            })
        };
        let rows = rgb.as_chunks().0.chunks(width as usize);
        rows.flat_map(|row| row.chunks(8 / bits).map(packed)).collect()
    };
    let mut writer = encoder.write_header().expect("memory takes every byte");
    writer.write_image_data(&data).expect("the size is the frame's");
    writer.finish().expect("memory takes every byte");
    bytes
}
