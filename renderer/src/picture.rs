//! A notice's picture: bytes from outside, decoded within limits that a small board can bear.

mod scale;

use std::io::Cursor;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::zune_core::bytestream::ZCursor;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use crate::problem::Problem;

/// A decoded picture: 8-bit sRGB pixels that may be transparent. Colour profiles are ignored.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    width: u32,
    height: u32,
    rgba: Vec<u8>,
}

impl Picture {
    /// Most bytes of a file: a photograph of twelve million pixels as a telephone saves it, and
    /// half a minute on a weak 4G link.
    pub const MAX_BYTES: usize = 4 << 20;

    /// Most bytes of lossless data in a WebP, transparency included: its decoder may take 300 bytes
    /// of tables for each of them.
    pub const MAX_LOSSLESS_WEBP_BYTES: usize = 512 << 10;

    /// Longest side in pixels, twice that of the largest panel.
    pub const MAX_SIDE: u32 = 8192;

    /// Most pixels: a telephone's photograph (4080 × 3072). Decoding takes 4 to 12 bytes a pixel,
    /// 144 MiB at most, which leaves a Raspberry Pi Zero 2 W (512 MiB) room for all the rest.
    pub const MAX_PIXELS: u32 = 12 << 20;

    /// Most passes of a progressive JPEG; usual files have ten. Each goes over the whole picture,
    /// so that a small file of thousands would keep a board busy for minutes.
    const MAX_JPEG_SCANS: usize = 32;

    /// Bytes that decoders may take for frames beside the picture itself.
    const MAX_SPARE: u64 = Self::MAX_PIXELS as u64 * 4;

    /// Decodes PNG, JPEG, WebP or GIF. Of an animated GIF it is the first frame, of an animated PNG
    /// the still one; an animated WebP is refused, because its decoder allocates for frames before
    /// it looks at their sizes. Pictures are turned upright as their EXIF says.
    ///
    /// Sizes are checked in the file's header, before anything is allocated for its pixels. A file
    /// that ends early is refused rather than shown in part.
    ///
    /// # Errors
    ///
    /// `picture_bytes`, `picture_size`, `picture_format` or `picture_damaged`.
    pub fn decode(bytes: &[u8]) -> Result<Self, Problem> {
        check_bytes("the picture", bytes.len(), Self::MAX_BYTES, "save it smaller")?;
        let image = match image::guess_format(bytes) {
            Ok(ImageFormat::Jpeg) => jpeg(bytes)?,
            Ok(ImageFormat::WebP) => {
                check_webp(bytes)?;
                decode(bytes, ImageFormat::WebP)?
            }
            Ok(format @ (ImageFormat::Png | ImageFormat::Gif)) => decode(bytes, format)?,
            Ok(other) => return Err(unknown(other.extensions_str().first().unwrap_or(&""))),
            Err(_) => return Err(unknown("")),
        };
        let image = image.into_rgba8();
        Ok(Self { width: image.width(), height: image.height(), rgba: image.into_raw() })
    }

    /// Width in pixels, at least 1.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels, at least 1.
    pub fn height(&self) -> u32 {
        self.height
    }
}

impl std::fmt::Debug for Picture {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Picture {}×{}", self.width, self.height)
    }
}

/// PNG, GIF and WebP.
fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, Problem> {
    let damaged = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => too_large("larger than its header says"),
        error => damaged(format, error),
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    // The limits on sides wait until the size is known, so that the refusal can name it.
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(Picture::MAX_SPARE);
    reader.limits(limits.clone());
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    check_size(width, height)?;
    limits.max_image_width = Some(Picture::MAX_SIDE);
    limits.max_image_height = Some(Picture::MAX_SIDE);
    decoder.set_limits(limits).map_err(damaged)?;
    let orientation = decoder.orientation().map_err(damaged)?;
    let image = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    // Turning takes a second picture, so first make it a small one.
    let mut image = DynamicImage::from(image.into_rgba8());
    image.apply_orientation(orientation);
    Ok(image)
}

/// JPEG without processor-specific code, so that every machine decodes the same pixels, and
/// strictly, so that half a file is no picture; `image` offers neither.
fn jpeg(bytes: &[u8]) -> Result<DynamicImage, Problem> {
    let damaged = |error| damaged(ImageFormat::Jpeg, error);
    let options = DecoderOptions::new_safe()
        .set_strict_mode(true)
        .set_max_width(usize::from(u16::MAX))
        .set_max_height(usize::from(u16::MAX))
        .jpeg_set_max_scans(Picture::MAX_JPEG_SCANS)
        .jpeg_set_out_colorspace(ColorSpace::RGBA);
    let mut decoder = JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let (width, height) = decoder.dimensions().unwrap_or_default();
    let (width, height) = (width as u32, height as u32);
    check_size(width, height)?;
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    let pixels = decoder.decode().map_err(damaged)?;
    let image = RgbaImage::from_raw(width, height, pixels)
        .ok_or_else(|| too_large("larger than its header says"))?;
    let mut image = DynamicImage::from(image);
    image.apply_orientation(orientation.unwrap_or(Orientation::NoTransforms));
    Ok(image)
}

/// The decoder believes the size that a lossy picture gives inside its container and fills it
/// before it compares the two. It has no limit on the tables of lossless data either.
fn check_webp(bytes: &[u8]) -> Result<(), Problem> {
    let mut rest = bytes.get(12..).unwrap_or_default();
    while let Some(([name @ .., s0, s1, s2, s3], body)) = rest.split_first_chunk::<8>() {
        let size = u32::from_le_bytes([*s0, *s1, *s2, *s3]) as usize;
        match (name, body) {
            (b"VP8 ", [_, _, _, _, _, _, w0, w1, h0, h1, ..]) => {
                let side = |low, high| u32::from(u16::from_le_bytes([low, high]) & 0x3FFF);
                check_size(side(*w0, *w1), side(*h0, *h1))?;
            }
            (b"VP8L" | b"ALPH", _) => {
                let (met, limit) = (size.min(body.len()), Picture::MAX_LOSSLESS_WEBP_BYTES);
                check_bytes("the lossless part of the webp", met, limit, "save it as PNG")?;
            }
            (b"ANIM" | b"ANMF", _) => return Err(unknown("animated webp")),
            _ => {}
        }
        rest = body.get(size.saturating_add(size % 2)..).unwrap_or_default();
    }
    Ok(())
}

fn check_bytes(what: &str, met: usize, limit: usize, way_out: &str) -> Result<(), Problem> {
    if met > limit {
        let message = format!("{what} has {met} bytes, the limit is {limit}; {way_out}");
        return Err(Problem::new("picture_bytes", "", message, met, limit));
    }
    Ok(())
}

fn check_size(width: u32, height: u32) -> Result<(), Problem> {
    let (side, pixels) = (Picture::MAX_SIDE, Picture::MAX_PIXELS);
    let met = u64::from(width) * u64::from(height);
    if met == 0 || width > side || height > side || met > pixels.into() {
        return Err(too_large(&format!("{width}×{height} pixels")));
    }
    Ok(())
}

fn too_large(met: &str) -> Problem {
    let (side, pixels) = (Picture::MAX_SIDE, Picture::MAX_PIXELS);
    let limit = format!("1 to {side} a side and {pixels} in all");
    let message = format!("the picture is {met}, the limit is {limit}; scale it down");
    Problem::new("picture_size", "", message, met, limit)
}

fn unknown(met: &str) -> Problem {
    let what = if met.is_empty() { "of no known format" } else { met };
    let limit = "PNG, JPEG, still WebP or GIF";
    let message = format!("the picture is {what}; save it as {limit}");
    Problem::new("picture_format", "", message, met, limit)
}

fn damaged(format: ImageFormat, error: impl ToString) -> Problem {
    let error = error.to_string().replace('\n', " ");
    let message = format!("the picture is damaged or cut short; save it again as PNG: {error}");
    let format = format.extensions_str().first().copied().unwrap_or_default();
    Problem::new("picture_damaged", "", message, format, "")
}
