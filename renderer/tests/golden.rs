//! Compares pictures with the accepted ones, pixel for pixel.
//!
//! Each `tests/golden/<feature>/<case>.toml` names a layout, an instant and content; the accepted
//! picture is the PNG beside it. After a wanted change run with `BANGTIN_ACCEPT=1` and look at
//! every picture that git shows as changed. A failure leaves `expected | difference | actual`
//! in `target/golden/`.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bangtin_renderer::{Content, Frame, Picture, builtin, compose, paint};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    layout: String,
    #[serde(default)]
    at_ms: u64,
    /// Files beside the case, for the illustrations of the first content.
    #[serde(default)]
    pictures: Vec<String>,
    content: Vec<Content>,
}

#[test]
fn pictures_are_the_accepted_ones() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let fonts = builtin::fonts();
    let accept = std::env::var_os("BANGTIN_ACCEPT").is_some();
    let mut layouts: Vec<_> = builtin::layout_names().collect();
    let mut failures = Vec::new();
    for case_path in cases(&folder) {
        let text = fs::read_to_string(&case_path).expect("the case can be read");
        let mut case: Case = toml::from_str(&text).expect("the case follows its format");
        for (file, illustration) in case.pictures.iter().zip(&mut case.content[0].pictures) {
            let bytes = fs::read(case_path.with_file_name(file)).expect("the case's own file");
            let picture = Picture::decode(&bytes).expect("a picture");
            illustration.picture = Some(Arc::new(picture));
        }
        let layout = builtin::layout(&case.layout).expect("the case names a layout");
        layouts.retain(|name| *name != case.layout);
        let composed = compose(&case.content, &layout, &fonts)
            .unwrap_or_else(|problems| panic!("{}: {problems:?}", case_path.display()));
        let mut actual = Frame::new(layout.panel.width, layout.panel.height);
        paint(&composed.scene, case.at_ms, &mut actual);
        let picture = case_path.with_extension("png");
        if accept {
            fs::write(&picture, encode(actual.width(), actual.height(), actual.bytes()))
                .expect("the picture can be written");
        } else if let Err(why) = compare(&picture, &actual) {
            failures.push(format!("{}: {why}", picture.display()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(layouts.is_empty(), "no picture shows {layouts:?}");
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder of accepted pictures")
        .flat_map(|feature| fs::read_dir(feature.expect("a feature").path()).expect("a folder"))
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    cases.sort();
    assert!(!cases.is_empty());
    cases
}

fn compare(picture: &Path, actual: &Frame) -> Result<(), String> {
    let bytes = fs::read(picture).map_err(|_| "no accepted picture".to_owned())?;
    let mut reader =
        png::Decoder::new(Cursor::new(bytes)).read_info().map_err(|e| e.to_string())?;
    let mut expected = vec![0; reader.output_buffer_size().unwrap_or(0)];
    let info = reader.next_frame(&mut expected).map_err(|e| e.to_string())?;
    if (info.width, info.height) != (actual.width(), actual.height()) {
        return Err(format!("is {}×{}, drawn is {actual:?}", info.width, info.height));
    }
    let differing =
        expected.chunks(3).zip(actual.bytes().chunks(3)).filter(|(a, b)| a != b).count();
    if differing == 0 {
        return Ok(());
    }
    let shown = side_by_side(&expected, actual);
    let name = picture.file_name().expect("a file name");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    fs::create_dir_all(&folder).map_err(|e| e.to_string())?;
    let written = folder.join(name);
    fs::write(&written, encode(actual.width() * 3, actual.height(), &shown))
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

fn encode(width: u32, height: u32, rgb: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, width, height);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().expect("memory takes every byte");
    writer.write_image_data(rgb).expect("the size is the frame's");
    writer.finish().expect("memory takes every byte");
    bytes
}
