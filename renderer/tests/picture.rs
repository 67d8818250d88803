//! Pictures as files: what decodes, what is refused, and that no bytes do worse than be refused.

use std::io::Cursor;

use bangtin_renderer::light::Settings;
use bangtin_renderer::panel::{Colours, Kind};
use bangtin_renderer::{Frame, Light, Panel, Picture, Problem, Rgb};
use image::{DynamicImage, ImageFormat, RgbaImage};
use proptest::prelude::*;

const PANEL: Panel = Panel {
    width: 64,
    height: 32,
    kind: Kind::Led,
    colours: Colours::Rgb,
    tint: Rgb::WHITE,
    bits: 8,
    pitch_um: 10_000,
    fps: 60,
};

/// A dark picture of 16×8 with a light block at its top left, of 8×4.
fn sample() -> DynamicImage {
    RgbaImage::from_fn(16, 8, |x, y| {
        let code = if x < 8 && y < 4 { 255 } else { 0 };
        image::Rgba([code, code, code, 255])
    })
    .into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("encoded");
    bytes.into_inner()
}

fn png() -> Vec<u8> {
    encoded(&sample(), ImageFormat::Png)
}

fn gif() -> Vec<u8> {
    encoded(&sample(), ImageFormat::Gif)
}

fn webp() -> Vec<u8> {
    encoded(&sample(), ImageFormat::WebP)
}

fn jpeg() -> Vec<u8> {
    encoded(&sample().into_rgb8().into(), ImageFormat::Jpeg)
}

/// Made from [`sample`] with ImageMagick; there is no encoder for them in Rust.
const PROGRESSIVE: &[u8] = include_bytes!("picture/progressive.jpg");
const LOSSY: &[u8] = include_bytes!("picture/lossy.webp");

fn files() -> [(&'static str, Vec<u8>); 6] {
    [
        ("png", png()),
        ("gif", gif()),
        ("webp", webp()),
        ("jpeg", jpeg()),
        ("progressive jpeg", PROGRESSIVE.to_vec()),
        ("lossy webp", LOSSY.to_vec()),
    ]
}

/// One character for four pixels.
fn ascii(picture: &Picture) -> String {
    let (width, height) = (picture.width() / 4, picture.height() / 4);
    let frame = picture.fit(width, height, Rgb::BLACK, &PANEL);
    let lit = |x, y| frame.pixel(x, y).is_some_and(|pixel| pixel.g > 127);
    (0..height)
        .map(|y| (0..width).map(|x| if lit(x, y) { '#' } else { '.' }).collect::<String>() + "\n")
        .collect()
}

#[track_caller]
fn refused(bytes: &[u8]) -> Problem {
    Picture::decode(bytes).expect_err("refused")
}

#[test]
fn every_format_decodes() {
    for (name, bytes) in files() {
        let picture = Picture::decode(&bytes).expect(name);
        assert_eq!((picture.width(), picture.height()), (16, 8), "{name}");
        assert_eq!(ascii(&picture), "##..\n....\n", "{name}");
    }
}

#[test]
fn every_depth_decodes() {
    let image = sample();
    for image in [
        image.to_luma8().into(),
        image.to_luma_alpha8().into(),
        image.to_rgb8().into(),
        image.to_luma16().into(),
        image.to_luma_alpha16().into(),
        image.to_rgb16().into(),
        DynamicImage::from(image.to_rgba16()),
    ] {
        let picture = Picture::decode(&encoded(&image, ImageFormat::Png)).expect("decoded");
        assert_eq!(ascii(&picture), "##..\n....\n", "{:?}", image.color());
    }
    let grey = encoded(&image.to_luma8().into(), ImageFormat::Jpeg);
    assert_eq!(ascii(&Picture::decode(&grey).expect("decoded")), "##..\n....\n");
}

#[test]
fn an_animation_is_its_first_frame() {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut bytes);
    for image in [sample().rotate180(), sample()] {
        encoder.encode_frame(image::Frame::new(image.into_rgba8())).expect("encoded");
    }
    drop(encoder);
    assert_eq!(ascii(&Picture::decode(&bytes).expect("decoded")), "....\n..##\n");
}

#[test]
fn photographs_stand_upright() {
    let upright = [
        "##..\n....\n",
        "..##\n....\n",
        "....\n..##\n",
        "....\n##..\n",
        "#.\n#.\n..\n..\n",
        ".#\n.#\n..\n..\n",
        "..\n..\n.#\n.#\n",
        "..\n..\n#.\n#.\n",
    ];
    for (orientation, expected) in (1..).zip(upright) {
        let exif = [
            &b"\xFF\xE1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0"[..],
            &[orientation, 0, 0, 0, 0, 0, 0, 0],
        ]
        .concat();
        let mut bytes = jpeg();
        bytes.splice(2..2, exif);
        let picture = Picture::decode(&bytes).expect("decoded");
        assert_eq!(ascii(&picture), expected, "orientation {orientation}");
    }
}

#[test]
fn what_is_transparent_shows_the_ground() {
    let image = RgbaImage::from_fn(2, 1, |x, _| image::Rgba([255, 255, 255, x as u8 * 255]));
    let bytes = encoded(&image.into(), ImageFormat::Png);
    let frame: Frame =
        Picture::decode(&bytes).expect("decoded").fit(2, 1, Rgb::new(0, 0, 64), &PANEL);
    assert_eq!(frame.bytes(), [0, 0, 64, 255, 255, 255]);
}

/// Decoder, scaling, gamma and dither in one sum: a processor that computes otherwise shows here.
#[test]
fn every_machine_makes_the_same_pixels() {
    let bytes = include_bytes!("picture/photograph.jpg");
    let frame = Picture::decode(bytes).expect("decoded").fit(27, 32, Rgb::BLACK, &PANEL);
    let settings =
        Settings { gamma_hundredths: 220, brightness_percent: 60, balance: [100, 90, 80] };
    let mut shown = Frame::new(0, 0);
    Light::new(&Panel { bits: 4, ..PANEL }, settings).apply(&frame, &[], &mut shown);
    assert_eq!((frame.width(), frame.height()), (27, 20));
    assert_eq!((frame.crc32(), shown.crc32()), (0x70A7_67A2, 0xC60B_45F7));
}

/// A file with other sides in its header.
fn resized(format: &str, width: u16, height: u16) -> Vec<u8> {
    match format {
        "png" => {
            let mut bytes = png();
            bytes[16..20].copy_from_slice(&u32::from(width).to_be_bytes());
            bytes[20..24].copy_from_slice(&u32::from(height).to_be_bytes());
            let crc = crc32fast::hash(&bytes[12..29]);
            bytes[29..33].copy_from_slice(&crc.to_be_bytes());
            bytes
        }
        "gif" => {
            let mut bytes = gif();
            bytes[6..8].copy_from_slice(&width.to_le_bytes());
            bytes[8..10].copy_from_slice(&height.to_le_bytes());
            bytes
        }
        "jpeg" | "progressive jpeg" => {
            let mut bytes = if format == "jpeg" { jpeg() } else { PROGRESSIVE.to_vec() };
            let frame = bytes.windows(2).position(|at| matches!(at, [0xFF, 0xC0 | 0xC2]));
            let at = frame.expect("a frame") + 5;
            bytes[at..at + 2].copy_from_slice(&height.to_be_bytes());
            bytes[at + 2..at + 4].copy_from_slice(&width.to_be_bytes());
            bytes
        }
        "webp" => {
            let mut bytes = webp();
            let sides = u32::from(width - 1) | u32::from(height - 1) << 14;
            let flags = u32::from(bytes[24] & 0xF0) << 24;
            bytes[21..25].copy_from_slice(&(flags | sides).to_le_bytes());
            bytes
        }
        "lossy webp" => {
            let mut bytes = LOSSY.to_vec();
            let at = bytes.windows(3).position(|at| at == [0x9D, 0x01, 0x2A]).expect("a frame") + 3;
            bytes[at..at + 2].copy_from_slice(&width.to_le_bytes());
            bytes[at + 2..at + 4].copy_from_slice(&height.to_le_bytes());
            bytes
        }
        _ => panic!("no file of {format}"),
    }
}

#[test]
fn bombs_are_refused_by_their_header() {
    for (name, bytes) in files() {
        assert_eq!(resized(name, 16, 8), bytes, "{name}");
        for (width, height) in [(16383, 1), (1, 8193), (8192, 8192), (4097, 3072)] {
            let problem = refused(&resized(name, width, height));
            assert_eq!(problem.code, "picture_size", "{name}");
            assert_eq!(problem.value, format!("{width}×{height} pixels"), "{name}");
        }
    }
    for name in ["png", "gif", "jpeg", "progressive jpeg"] {
        let problem = refused(&resized(name, 65535, 65535));
        assert_eq!(
            problem.message,
            "the picture is 65535×65535 pixels, the limit is 1 to 8192 a side and 12582912 in all; \
             scale it down",
            "{name}"
        );
    }
}

/// Only the container says how large the picture is, and its decoder fills what the content says.
#[test]
fn a_bomb_inside_a_small_container_is_refused() {
    let inner = &resized("lossy webp", 16383, 16383)[12..];
    let mut bytes = b"RIFF\0\0\0\0WEBPVP8X\x0A\0\0\0\0\0\0\0\x0F\0\0\x07\0\0".to_vec();
    bytes.extend(inner);
    let size = bytes.len() as u32 - 8;
    bytes[4..8].copy_from_slice(&size.to_le_bytes());
    assert_eq!(refused(&bytes).value, "16383×16383 pixels");
    // A frame of a GIF larger than the picture it stands in.
    let mut bytes = gif();
    let at = bytes.windows(9).position(|at| at == [0x2C, 0, 0, 0, 0, 16, 0, 8, 0]).unwrap();
    bytes[at + 5..at + 9].fill(0xFF);
    assert_eq!(refused(&bytes).code, "picture_size");
}

#[test]
fn other_files_are_refused() {
    let limit = Picture::MAX_BYTES;
    assert_eq!(
        refused(&vec![0; limit + 1]).message,
        "the picture has 4194305 bytes, the limit is 4194304; save it smaller"
    );
    for bytes in [&b""[..], b"GIF", b"<svg/>", b"BM\0\0\0\0\0\0\0\0", b"II*\0\0\0\0\0\0\0"] {
        assert_eq!(refused(bytes).code, "picture_format");
    }
    assert_eq!(
        refused(b"BM\0\0\0\0\0\0\0\0").message,
        "the picture is bmp; save it as PNG, JPEG, still WebP or GIF"
    );
    let mut lossless = webp();
    lossless[16..20].copy_from_slice(&[0, 0, 9, 0]);
    lossless.resize(1 << 20, 0);
    assert_eq!(
        refused(&lossless).message,
        "the lossless part of the webp has 589824 bytes, the limit is 524288; save it as PNG"
    );
    let mut animated = webp();
    animated.extend(b"ANMF\0\0\0\0");
    assert_eq!(refused(&animated).value, "animated webp");
}

#[test]
fn half_a_file_is_no_picture() {
    for (name, bytes) in files() {
        let whole = Picture::decode(&bytes).expect(name);
        for length in 0..bytes.len() {
            // What is cut off at the very end may say nothing.
            if let Ok(picture) = Picture::decode(&bytes[..length]) {
                assert!(picture == whole, "{name} of {length} in {} bytes", bytes.len());
            }
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_do_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for start in [&b""[..], b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xFF\xD8\xFF", b"RIFF\x40\0\0\0WEBP"]
        {
            let _ = Picture::decode(&[start, &bytes].concat());
        }
    }

    #[test]
    fn no_changed_file_does_harm(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
    ) {
        for (_, mut bytes) in files() {
            for (index, byte) in &changes {
                let at = index.index(bytes.len());
                bytes[at] = *byte;
            }
            if let Ok(picture) = Picture::decode(&bytes) {
                let pixels = u64::from(picture.width()) * u64::from(picture.height());
                prop_assert!(pixels <= Picture::MAX_PIXELS.into());
            }
        }
    }
}
