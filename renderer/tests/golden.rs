//! Compares pictures with the accepted ones, pixel for pixel.
//!
//! Each `tests/golden/<feature>/<case>.toml` names a layout, an instant and content; the accepted
//! picture is the PNG beside it. After a wanted change run with `BANGTIN_ACCEPT=1` and look at
//! every picture that git shows as changed. A failure leaves `expected | difference | actual`
//! in `target/tmp/golden/`.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

#[path = "support/pictures.rs"]
mod pictures;

use std::fs;
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
        failures.extend(pictures::check(&case_path.with_extension("png"), &actual).err());
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
