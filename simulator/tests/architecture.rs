//! The map of the house names every room.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

use std::fs;
use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let is_tests = path.file_name().is_some_and(|name| name == "tests" || name == "tests.rs");
        if path.is_dir() && !is_tests {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !is_tests {
            found.push(path);
        }
    }
}

#[test]
fn every_source_file_is_on_the_map_and_the_map_names_no_other() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let map = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the map");
    assert!(map.lines().count() <= 150, "the map has {} lines", map.lines().count());
    let mut found = Vec::new();
    for part in ["renderer/src", "agent/src", "simulator/src"] {
        sources(&root.join(part), &mut found);
    }
    let mut names: Vec<String> = found
        .iter()
        .map(|path| path.strip_prefix(root).expect("below").display().to_string())
        .map(|name| name.replace('\\', "/"))
        .collect();
    names.sort();
    let mut mapped: Vec<String> = map
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once("` |"))
        .flat_map(|(names, _)| {
            // Neighbours of the first name are named without their folder.
            let mut names = names.split("` `");
            let first = names.next().unwrap_or_default().to_owned();
            let folder = first.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
            let others: Vec<_> = names.map(|name| format!("{folder}/{name}")).collect();
            [first].into_iter().chain(others)
        })
        .collect();
    mapped.sort();
    assert_eq!(mapped, names);
}
