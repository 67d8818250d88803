//! Every sample on every layout of the program at three instants, pixel for pixel, composed as a
//! board composes it: signed, admitted, its codes read back.
//!
//! The pictures are `tests/golden/<layout>/<sample>@<milliseconds>.png`; an instant without one of
//! its own looks like the one before. What a layout leaves out or refuses is in
//! `tests/golden/findings.txt`. After a wanted change run with `BANGTIN_ACCEPT=1` and look at
//! every picture that git shows as changed.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

#[path = "../../renderer/tests/support/pictures.rs"]
mod pictures;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bangtin_agent::admit::{Door, From, admit};
use bangtin_agent::area::{Address, Area};
use bangtin_agent::notice::{Class, read};
use bangtin_agent::pages::{self, Board, Pictures};
use bangtin_agent::signature::{NOTICE_TYPE, Trusted, sign, trusted_toml};
use bangtin_renderer::{Composed, Fonts, Frame, Layout, Problem, Scene, builtin, paint};
use ed25519_dalek::SigningKey;

#[test]
fn every_sample_on_every_layout_is_the_accepted_one() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = root.join("tests/golden");
    let samples = files(&root.join("samples"), "json");
    assert!(!samples.is_empty());
    let fonts = Arc::new(builtin::fonts());
    let mut findings = String::new();
    let mut named = BTreeSet::new();
    let mut failures = Vec::new();
    for name in builtin::layout_names() {
        let text = builtin::layout_text(name).expect("a layout that comes with the program");
        let layout = Arc::new(Layout::parse(name, text, &fonts).expect("a sound layout"));
        let mut frame = Frame::new(layout.panel.width, layout.panel.height);
        for path in &samples {
            let sample = path.file_stem().expect("a file name").display();
            let said = |code: &str, value: &str| format!("{name} {sample}: {code} {value}\n");
            let composed = match compose(&fs::read(path).expect("a sample"), &layout, &fonts) {
                Ok(composed) => composed,
                Err(problems) => {
                    findings.extend(problems.iter().map(|of| said(&of.code, &of.value)));
                    continue;
                }
            };
            findings.extend(composed.findings.iter().map(|of| said(&of.code, &of.value)));
            let mut before = None;
            for instant_ms in instants_ms(&composed.scene) {
                paint(&composed.scene, instant_ms, &mut frame);
                if before.as_ref() != Some(&frame) {
                    let picture = golden.join(name).join(format!("{sample}@{instant_ms}.png"));
                    failures.extend(pictures::check(&picture, &frame).err());
                    named.insert(picture);
                }
                before = Some(frame.clone());
            }
        }
    }
    for folder in fs::read_dir(&golden).expect("the accepted pictures") {
        let pictures = files(&folder.expect("an entry").path(), "png");
        for picture in pictures.iter().filter(|picture| !named.contains(*picture)) {
            if pictures::accepts() {
                fs::remove_file(picture).expect("the picture can be removed");
            } else {
                failures.push(format!("{}: no instant has it", picture.display()));
            }
        }
    }
    let accepted = golden.join("findings.txt");
    if pictures::accepts() {
        fs::write(&accepted, &findings).expect("the findings can be written");
    }
    let expected = fs::read_to_string(&accepted).unwrap_or_default();
    if expected != findings {
        failures.push(format!("{}:\n{expected}now says:\n{findings}", accepted.display()));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The beginning; the middle of the second page, or of the only one, where a line that runs is
/// half through; the last page once its words are there, or three quarters of the only one.
fn instants_ms(scene: &Scene) -> [u64; 3] {
    let duration_ms = scene.duration_ms();
    match scene.pages.as_slice() {
        [_, .., last] => {
            let middle = scene.page_start_ms(1) + scene.pages[1].duration_ms / 2;
            let standing = duration_ms - last.duration_ms + last.turn.come_ms;
            if middle <= standing { [0, middle, standing] } else { [0, standing, middle] }
        }
        _ => [0, duration_ms / 2, duration_ms * 3 / 4],
    }
}

/// Composes a sample as the board does that it is addressed to, when it arrives in time.
fn compose(
    json: &[u8],
    layout: &Arc<Layout>,
    fonts: &Arc<Fonts>,
) -> Result<Composed, Vec<Problem>> {
    let notice = read(json).map_err(|(_, problems)| problems)?;
    let key = SigningKey::from_bytes(&[7; 32]);
    let nation = Area::parse("vn").expect("an area");
    let classes = [Class::Routine, Class::Priority, Class::Emergency];
    let trusted = trusted_toml(&key.verifying_key(), &nation, &classes, notice.sent);
    let board = notice.to.first().expect("a notice is addressed").clone();
    let door = Door {
        trusted: Trusted::parse(&trusted)?,
        board: Board {
            address: Address { board, areas: notice.to.clone() },
            name: String::new(),
            languages: notice.content.iter().map(|content| content.language.clone()).collect(),
        },
        hosts: vec!["*.gov.vn".to_owned()],
        cap_life_hours: 24,
        pictures: Pictures::new(),
        layout: Arc::clone(layout),
        fonts: Arc::clone(fonts),
    };
    let signed = sign(json, NOTICE_TYPE, &key);
    let now = From::Network { now: notice.effective, trusted: true };
    let admitted = admit(signed.as_bytes(), &door, now).map_err(|refusal| refusal.problems)?;
    let composed = admitted.composed.expect("a sample that is drawn");
    // A board reads an emergency's codes back once it shows it.
    let contents = pages::notice(&notice, &door.board, &door.pictures);
    door.reread(&contents, &composed.scene).unwrap_or(Ok(composed))
}

/// The files of a folder whose names end so, sorted; none where there is no folder.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|end| end == extension))
        .collect();
    files.sort();
    files
}
