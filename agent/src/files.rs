//! What the files of notices are called, so that a listing tells what to load first.

use sha2::{Digest, Sha256};

use crate::notice::{Class, Key, Kind, Notice};

/// What a file is called once the end of its notice was reported. No id holds a plus sign.
const ENDED: &str = "+ended.jws";

/// The name of a notice's file: no two keys share one, on disks that know no capitals too, and it
/// shows the id. It begins with a letter for what to load first: `c` for cancels, `e`, `p` and `r`
/// for the classes. Of a notice the latest revision is kept; of updates and cancels every one, for
/// what any of them ended stays ended.
pub fn file_name(notice: &Notice) -> String {
    let Key { sender, id } = &notice.key;
    let digest = Sha256::digest(format!("{sender},{id}"));
    let mark: String = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let letter = match (notice.kind, notice.class) {
        (Kind::Cancel, _) => 'c',
        (_, Class::Emergency) => 'e',
        (_, Class::Priority) => 'p',
        (_, Class::Routine) => 'r',
    };
    match notice.kind {
        Kind::Alert => format!("{letter}-{mark}-{id}.jws"),
        Kind::Update | Kind::Cancel => format!("{letter}-{mark}-{id}-r{}.jws", notice.revision),
    }
}

/// The name of a file once the end of its notice was reported: an update's stays, because what it
/// replaced never returns, and no start is to report its end again.
pub fn ended_name(name: &str) -> String {
    match name.strip_suffix(".jws") {
        Some(stem) if !is_ended(name) => format!("{stem}{ENDED}"),
        _ => name.to_owned(),
    }
}

/// Whether the end of the notice in that file was reported.
pub fn is_ended(name: &str) -> bool {
    name.ends_with(ENDED)
}

/// The place of a file among all that are to be loaded, 0 first: cancels, emergencies, priority,
/// routine, and names without a letter as earlier versions of this program gave. Updates go with
/// the emergencies, whatever they are: what they replaced must not be shown before they are in.
pub fn rank(name: &str) -> usize {
    let letters = ["c-", "e-", "p-", "r-"];
    if is_update(name) && !name.starts_with("c-") {
        return 1;
    }
    letters.iter().position(|letter| name.starts_with(letter)).unwrap_or(letters.len())
}

/// Whether a name ends with a revision, as an update's does; the id of an alert may, too.
fn is_update(name: &str) -> bool {
    let stem = name.strip_suffix(ENDED).or(name.strip_suffix(".jws")).unwrap_or(name);
    let revision = stem.rsplit_once("-r").map(|(_, revision)| revision);
    revision.is_some_and(|digits| digits.parse::<u32>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_are_loaded_before_anything_is_shown() {
        for name in ["r-0-a-r2.jws", "p-0-a-r1+ended.jws", "e-0-a-r1.jws", "e-0-a.jws"] {
            assert_eq!(rank(name), 1, "{name}");
        }
        assert_eq!(["c-0-a-r1.jws", "r-0-a.jws", "r-0-a-r.jws"].map(rank), [0, 3, 3]);
    }

    #[test]
    fn what_ends_others_is_loaded_first() {
        // The last is what an earlier version called a file whose mark begins with c.
        let names = ["c-0-b-r1.jws", "e-0-a.jws", "p-0-a.jws", "r-0-a.jws", "c3ab-a.jws"];
        assert!(names.map(rank).is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn a_file_says_that_its_end_was_reported() {
        let ended = ended_name("r-0-a-r2.jws");
        assert_eq!(ended, "r-0-a-r2+ended.jws");
        assert!(is_ended(&ended) && !is_ended("r-0-a-r2.jws") && !is_ended("r-0-a.ended.jws"));
        assert_eq!(ended_name(&ended), ended);
    }
}
