//! What boards report, in words: statuses, receipts, answers to commands, proof of display. Boards
//! of other versions say more or less; what a report lacks is left out of its line.

use bangtin_agent::area::Area;
use bangtin_agent::message::Message;
use serde_json::Value;

/// The topics of all boards in an area: a board's address has four levels.
pub fn boards(prefix: &str, area: &Area) -> String {
    let levels: Vec<&str> =
        area.as_str().split('/').take_while(|level| !level.starts_with('@')).collect();
    let any = std::iter::repeat_n("+", 4 - levels.len());
    let levels: Vec<&str> = levels.into_iter().chain(any).collect();
    format!("{prefix}/{}", levels.join("/"))
}

/// Whether an area is one board.
pub fn is_board(area: &Area) -> bool {
    let mut levels = area.as_str().split('/').skip(3);
    levels.next().is_some_and(|name| !name.starts_with('@'))
}

/// The report that a message holds; null where it is no JSON.
pub fn parse(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).unwrap_or_default()
}

/// A report in words, when, which board, what; `None` for what is no report. Proof of display has
/// a line for each notice.
pub fn words(message: &Message, prefix: &str) -> Option<String> {
    let report = parse(message);
    let topic = message.topic.strip_prefix(prefix)?.trim_start_matches('/');
    let at = text(&report["at"]);
    if let Some(board) = topic.strip_suffix("/status") {
        return Some(match report["online"] == true {
            true => format!("{at}  {board}  online  {}", status(&report)),
            false => format!("{board}  offline"),
        });
    }
    if let Some((board, _)) = topic.split_once("/receipt/") {
        return Some(format!("{at}  {board}  {}", receipt(&report)));
    }
    if let Some(board) = topic.strip_suffix("/played") {
        let lines = list(&report["showings"]).map(|showing| played(board, showing));
        return Some(lines.collect::<Vec<_>>().join("\n")).filter(|lines| !lines.is_empty());
    }
    if topic.ends_with("/reply") || topic.contains("/reply/") {
        let (board, id) = (text(&report["board"]), text(&report["id"]));
        return Some(format!("{at}  {board}  command {id}  {}", answer(&report)));
    }
    None
}

/// A value for the terminal: what a stranger writes must not steer it.
pub fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.chars().filter(|letter| !letter.is_control()).collect(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    }
}

/// An answer to a command, without its board.
pub fn answer(report: &Value) -> String {
    let mut line = if report["ok"] == true { "done" } else { "refused" }.to_owned();
    for (name, value) in report["result"].as_object().into_iter().flatten() {
        line += &format!("  {} {}", text(&name.as_str().into()), text(value));
    }
    line + &problems(report)
}

fn receipt(report: &Value) -> String {
    let mut line = format!("{}  {}", notice(report), text(&report["state"]));
    if let Some(latency) = report["latency_ms"].as_f64() {
        line += &format!("  after {latency:.1} ms");
    }
    if report["frame_crc32"].is_string() {
        line += &format!("  frame {}", text(&report["frame_crc32"]));
    }
    if report["cause"].is_string() {
        line += &format!("  {}", text(&report["cause"]));
    }
    if report["durable"] == false {
        line += "  NOT KEPT OVER A POWER CUT";
    }
    line + &problems(report)
}

fn problems(report: &Value) -> String {
    let line = |problem: &Value| match text(&problem["path"]) {
        path if path.is_empty() || path == "–" => format!("\n    {}", text(&problem["message"])),
        path => format!("\n    {path}: {}", text(&problem["message"])),
    };
    list(&report["problems"]).map(line).collect()
}

/// A notice as `decide` and `cancel` take it: `sender,id`, or the id of one that nobody vouches for.
fn notice(report: &Value) -> String {
    let id = text(&report["notice"]);
    if report["sender"].is_string() { format!("{},{id}", text(&report["sender"])) } else { id }
}

/// One notice of a batch: its turns in that time are summed.
fn played(board: &str, showing: &Value) -> String {
    let notice = notice(showing);
    let [from, to, shown, asked, pages] =
        ["from", "to", "seconds_shown", "seconds_asked", "pages"].map(|f| text(&showing[f]));
    format!("{to}  {board}  {notice}  played {shown} of {asked} s  pages {pages}  {from} – {to}")
}

/// What stands in a status, the usual things first, then what somebody should look after.
fn status(report: &Value) -> String {
    let mut parts = vec![
        format!("showing {}", text(&report["showing"]["notice"])),
        format!("clock {}", text(first(report, &["clock.state", "clock"]))),
    ];
    let brightness = first(report, &["brightness_percent", "brightness.percent", "brightness"]);
    match brightness {
        Value::Number(percent) => parts.push(format!("brightness {percent} %")),
        Value::String(_) => parts.push(format!("brightness {}", text(brightness))),
        _ => {}
    }
    let restarts = first(report, &["restarts.count", "restarts"]);
    let cause = first(report, &["restarts.cause", "restart_cause", "restarted_by"]);
    match (restarts.is_null(), cause.is_string()) {
        (true, _) => {}
        (_, true) => parts.push(format!("restarts {} ({})", text(restarts), text(cause))),
        _ => parts.push(format!("restarts {}", text(restarts))),
    }
    parts.extend(link(&report["link"]));
    if is_so(&report["needs_decision"]) {
        parts.push("NEEDS A DECISION".to_owned());
    }
    if is_so(first(report, &["cut_off.active", "cut_off"])) {
        let since = first(report, &["cut_off.since", "cut_off_since"]);
        let since = if since.is_string() { format!(" since {}", text(since)) } else { "".into() };
        parts.push(format!("CUT OFF{since}"));
    }
    if is_so(first(report, &["under_voltage.now", "under_voltage"])) {
        parts.push("UNDER-VOLTAGE".to_owned());
    }
    parts.join("  ")
}

/// How good the link is, so far as it says.
fn link(link: &Value) -> Option<String> {
    let mut parts = Vec::new();
    let mut part = |field: &str, before: &str, after: &str| {
        if !link[field].is_null() {
            parts.push(format!("{before}{}{after}", text(&link[field])));
        }
    };
    part("answer_ms", "", " ms");
    part("connections", "connections ", "");
    part("waiting", "waiting ", "");
    part("dropped", "dropped ", "");
    part("last_loss", "last lost: ", "");
    (!parts.is_empty()).then(|| format!("link {}", parts.join(", ")))
}

/// The first of several places in which versions say the same thing, or null.
fn first<'a>(report: &'a Value, places: &[&str]) -> &'a Value {
    let found = places.iter().map(|place| {
        place.split('.').fold(report, |value, field| value.get(field).unwrap_or(&Value::Null))
    });
    found.into_iter().find(|value| !value.is_null()).unwrap_or(&Value::Null)
}

/// Whether something is said to be so: `true`, a count, the time since when, or more about it.
fn is_so(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(count) => count.as_f64() != Some(0.0),
        _ => true,
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
pub mod tests {
    use bangtin_agent::message::Token;
    use serde_json::json;

    use super::*;

    /// A message as the link brings it.
    #[expect(clippy::disallowed_methods, reason = "a message has an instant of arrival")]
    pub fn message(topic: &str, payload: impl Into<Vec<u8>>) -> Message {
        Message {
            topic: topic.to_owned(),
            payload: payload.into(),
            retained: false,
            response_topic: None,
            correlation: None,
            arrived: std::time::Instant::now(),
            token: Token(0),
        }
    }

    #[test]
    fn boards_are_found_below_every_area() {
        let area = |text| Area::parse(text).expect("an area");
        assert_eq!(boards("p", &area("vn")), "p/vn/+/+/+");
        assert_eq!(boards("p", &area("vn/86/@ven-song")), "p/vn/86/+/+");
        assert_eq!(boards("p", &area("vn/86/28789/@ap-4")), "p/vn/86/28789/+");
        assert_eq!(boards("p", &area("vn/86/28789/cho")), "p/vn/86/28789/cho");
        assert!(is_board(&area("vn/86/28789/cho")));
        for other in ["vn", "vn/86/@ven-song", "vn/86/28789", "vn/86/28789/@ap-4"] {
            assert!(!is_board(&area(other)), "{other}");
        }
    }

    #[track_caller]
    fn check(topic: &str, report: Value, expected: Option<&str>) {
        let message = message(&format!("p/vn/86/28789/{topic}"), report.to_string());
        assert_eq!(words(&message, "p").as_deref(), expected, "{report}");
    }

    #[test]
    fn statuses_of_all_versions_are_said() {
        let says = |report, expected| check("cho/status", report, Some(expected));
        says(json!({ "online": false }), "vn/86/28789/cho  offline");
        says(json!([]), "vn/86/28789/cho  offline");
        says(json!({ "online": true }), "–  vn/86/28789/cho  online  showing –  clock –");
        says(
            json!({ "online": true, "at": "T", "showing": { "notice": "86-1" }, "clock": "trusted",
                    "cut_off": false, "needs_decision": false, "restarts": 2 }),
            "T  vn/86/28789/cho  online  showing 86-1  clock trusted  restarts 2",
        );
        says(
            json!({ "online": true, "at": "T", "showing": { "notice": null }, "clock": "holdover",
                    "cut_off": true, "cut_off_since": "S", "needs_decision": true, "restarts": 3,
                    "restart_cause": "watchdog", "under_voltage": true, "brightness_percent": 40,
                    "link": { "answer_ms": 12, "connections": 3, "last_loss": "reset\u{1b}[2J" } }),
            "T  vn/86/28789/cho  online  showing –  clock holdover  brightness 40 %  \
             restarts 3 (watchdog)  link 12 ms, connections 3, last lost: reset[2J  \
             NEEDS A DECISION  CUT OFF since S  UNDER-VOLTAGE",
        );
        says(
            json!({ "online": true, "at": "T", "clock": { "state": "unknown" }, "cut_off": { "since": "S" },
                    "restarts": { "count": 1, "cause": "power" }, "under_voltage": { "now": false },
                    "brightness": { "percent": 70 }, "link": "good" }),
            "T  vn/86/28789/cho  online  showing –  clock unknown  brightness 70 %  \
             restarts 1 (power)  CUT OFF since S",
        );
    }

    #[test]
    fn receipts_answers_and_proof_of_display_are_said() {
        check(
            "cho/receipt/86-1",
            json!({ "notice": "86-1", "sender": "vn/86", "state": "shown", "at": "T", "latency_ms": 7.25,
                    "frame_crc32": "0a", "durable": false }),
            Some(
                "T  vn/86/28789/cho  vn/86,86-1  shown  after 7.2 ms  frame 0a  NOT KEPT OVER A POWER CUT",
            ),
        );
        let refused = json!({ "id": "86-c", "board": "vn/86/28789/cho", "ok": false, "problems": [
            { "path": "", "message": "is not signed" },
            { "path": "to", "message": "is addressed to vn/01" },
        ] });
        let said = "–  vn/86/28789/cho  command 86-c  refused\n    is not signed\n    \
                    to: is addressed to vn/01";
        check("cho/reply", refused.clone(), Some(said));
        check("reply/86-c", refused, Some(said));
        let done = json!({ "id": "c", "board": "b", "ok": true, "result": { "percent": 40 } });
        check("reply/c", done, Some("–  b  command c  done  percent 40"));
        let showing = |notice, shown| {
            json!({ "n": 1, "notice": notice, "sender": "vn", "from": "F", "to": "T", "seconds_shown": shown,
                    "seconds_asked": 24.0, "pages": 3 })
        };
        check(
            "cho/played",
            json!({ "first": 1, "last": 2, "showings": [showing("a", 12.5), showing("b", 24.0)] }),
            Some(
                "T  vn/86/28789/cho  vn,a  played 12.5 of 24.0 s  pages 3  F – T\n\
                 T  vn/86/28789/cho  vn,b  played 24.0 of 24.0 s  pages 3  F – T",
            ),
        );
        check("cho/played", json!({ "showings": [] }), None);
        check("cho/screen", json!({}), None);
    }
}
