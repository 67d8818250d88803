//! A batch of showings as it is published and kept, and how a receiver checks it.
//!
//! A batch is one compact JSON document, without white space between its members:
//! `{"first":…,"last":…,"previous_hash":"…","hash":"…","showings":[…]}`. `showings` is its last
//! member, and `"showings":` stands in it once. The bytes from its `[` to its `]`, both included,
//! are what is hashed:
//!
//! ```text
//! hash = SHA-256(previous_hash + "\n" + bytes of showings)
//! ```
//!
//! Both hashes are 64 hexadecimal digits in small letters; they enter the sum as those 64 letters.
//! `previous_hash` is the hash of the batch before, and 64 zeros for the first batch of a board.
//! Whoever holds a batch thus holds a promise about all before it: none of them can be changed, left
//! out or put in later without a hash that no longer fits.

use bangtin_renderer::Problem;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::notice::json;

/// Most showings of a batch.
pub const SHOWINGS_MAX: usize = 200;

/// Largest batch, in bytes: more than [`SHOWINGS_MAX`] of the longest showings.
pub const BATCH_MAX_BYTES: usize = 128 * 1024;

/// What stands where the hash of the batch before would, in the first batch.
pub const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// How one notice was shown within one batch. Its turns within the batch are summed: two notices
/// that alternate for an hour are two showings, and their `from` and `to` overlap.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Showing {
    /// Its number: counts up from 1, over batches and restarts.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub n: u64,
    /// The notice's id.
    pub notice: String,
    /// Its sender.
    pub sender: String,
    /// Its revision.
    pub revision: u32,
    /// When it came on the glass, RFC 3339, by the board's clock at that instant. The clock may
    /// have been set before `to`.
    pub from: String,
    /// When it was last on the glass, RFC 3339, by the board's clock at that instant.
    pub to: String,
    /// How long it was on the glass in seconds, to the millisecond, by a clock that nobody sets.
    pub seconds_shown: f64,
    /// How long it asked to be, in seconds. A turn that begins at the scene's beginning asks for
    /// the scene's duration, and for as long as it goes round because nobody else waits. A turn
    /// that goes on where it was interrupted asks for nothing until that round is over: the round
    /// has asked already. So what was shown for less than it asked was interrupted, and the
    /// difference is what people did not see.
    pub seconds_asked: f64,
    /// Pages that were shown to their end, over all rounds.
    pub pages: u64,
    /// CRC-32 of the first frame of its first turn, eight hexadecimal digits.
    pub scene_crc32: String,
}

/// A batch whose hash fits.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub struct Batch {
    /// Number of its first showing.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub first: u64,
    /// Number of its last showing.
    #[cfg_attr(test, schemars(range(min = 1)))]
    pub last: u64,
    /// Hash of the batch before it, 64 zeros for the first.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{64}$")))]
    pub previous_hash: String,
    /// Its own hash: SHA-256 of `previous_hash`, a line feed, and the bytes of `showings` from `[`
    /// to `]` as they came.
    #[cfg_attr(test, schemars(regex(pattern = "^[0-9a-f]{64}$")))]
    pub hash: String,
    /// The showings, in the order in which the notices first came on the glass.
    #[cfg_attr(test, schemars(length(min = 1, max = SHOWINGS_MAX)))]
    pub showings: Vec<Showing>,
}

/// Writes showings, numbered from `first` on, after the batch with the hash `previous`. Gives the
/// document and its hash.
pub(super) fn write(first: u64, previous: &str, showings: &[Showing]) -> (Vec<u8>, String) {
    let last = first + showings.len().saturating_sub(1) as u64;
    let showings = serde_json::to_string(showings).expect("texts and finite numbers are JSON");
    let hash = sum(previous, &showings);
    let document = format!(
        r#"{{"first":{first},"last":{last},"previous_hash":"{previous}","hash":"{hash}","showings":{showings}}}"#
    );
    (document.into_bytes(), hash)
}

/// Reads a batch and checks that its hash fits its bytes, that its numbers run on, and, where
/// `previous` is given, that it follows the batch with that hash.
///
/// # Errors
/// With everything that is wrong with it.
pub fn verify(batch_json: &[u8], previous: Option<&str>) -> Result<Batch, Vec<Problem>> {
    let damaged = |message: String| vec![Problem::new("damaged", "", message, "", "")];
    let size = batch_json.len();
    if size > BATCH_MAX_BYTES {
        let message = format!("has {size} bytes, a batch has at most {BATCH_MAX_BYTES}");
        return Err(vec![Problem::new("too_large", "", message, size, BATCH_MAX_BYTES)]);
    }
    let batch: Batch = json::read(batch_json)
        .and_then(serde_json::from_value)
        .map_err(|error| damaged(format!("is no batch of showings: {error}")))?;
    let Some(bytes) = showings_bytes(batch_json) else {
        return Err(damaged("is not compact, with `showings` as its last member".into()));
    };
    if batch.showings.is_empty() {
        return Err(damaged("holds no showing".into()));
    }
    let mut problems = Vec::new();
    let mut check = |path: &str, what: &str, value: &str, expected: &str| {
        if value != expected {
            let message = format!("{what} {expected}, not {value}");
            problems.push(Problem::new("chain", path, message, value, expected));
        }
    };
    check(
        "hash",
        "does not fit the batch, which has",
        &batch.hash,
        &sum(&batch.previous_hash, bytes),
    );
    if let Some(previous) = previous {
        let what = "does not follow the batch before, which has";
        check("previous_hash", what, &batch.previous_hash, previous);
    }
    let mut next = batch.first.max(1);
    for (index, showing) in batch.showings.iter().enumerate() {
        let path = format!("showings[{index}].n");
        check(&path, "is out of order: expected", &showing.n.to_string(), &next.to_string());
        next = next.saturating_add(1);
    }
    check("last", "is not the last number,", &batch.last.to_string(), &(next - 1).to_string());
    if problems.is_empty() { Ok(batch) } else { Err(problems) }
}

/// Quotes within texts are escaped, so the first place that reads so is the member.
fn showings_bytes(document: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(document).ok()?;
    let (_, showings) = text.split_once("\"showings\":")?;
    showings.strip_suffix('}').filter(|list| list.starts_with('[') && list.ends_with(']'))
}

fn sum(previous: &str, showings: &str) -> String {
    let digest = Sha256::digest(format!("{previous}\n{showings}"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
