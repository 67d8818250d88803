//! Real notices of the delta's communes, for the demo, and their dates moved to today.

use bangtin_agent::notice::Class;
use bangtin_agent::signature::parse_class;
use jiff::{Span, Timestamp};
use serde_json::{Value, json};

macro_rules! samples {
    ($($name:literal),* $(,)?) => {
        [$(include_str!(concat!("../samples/", $name, ".json"))),*]
    };
}

const SAMPLES: [&str; 16] = samples![
    "tiep-cong-dan",
    "dich-vu-cong",
    "tiem-vac-xin-soi",
    "cup-nuoc-khu-pho-4",
    "goi-112",
    "do-man-ben-tre",
    "song-ngu-khmer",
    "canh-bao-man",
    "canh-giac-lua-dao",
    "ma-qr-gia",
    "mua-kho",
    "tin-lu",
    "trieu-cuong-dot-2",
    "bao-so-3",
    "khi-bao-do-bo",
    "sat-lo-long-vinh",
];

/// The samples of a class.
pub fn of_class(class: Class) -> Vec<Value> {
    let parsed = SAMPLES.iter().filter_map(|text| serde_json::from_str::<Value>(text).ok());
    parsed.filter(|notice| notice["class"].as_str().and_then(parse_class) == Some(class)).collect()
}

/// A sample in force from some seconds after `now` and for some seconds.
pub fn dated(mut notice: Value, now: Timestamp, begins_s: i64, lasts_s: i64) -> Value {
    let at = |seconds: i64| {
        let time = now.checked_add(Span::new().seconds(seconds)).unwrap_or(Timestamp::MAX);
        json!(bangtin_agent::calendar::rfc3339(time))
    };
    notice["sent"] = at(0);
    notice["effective"] = at(begins_s);
    notice["expires"] = at(begins_s + lasts_s);
    notice
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sample_is_a_notice_of_some_class() {
        let classes = [Class::Routine, Class::Priority, Class::Emergency];
        let all: Vec<Value> = classes.into_iter().flat_map(of_class).collect();
        assert_eq!(all.len(), SAMPLES.len());
        for notice in all {
            let dated = dated(notice, Timestamp::UNIX_EPOCH, 0, 60);
            let read = bangtin_agent::notice::read(dated.to_string().as_bytes());
            assert!(read.is_ok(), "{read:?}");
        }
    }
}
