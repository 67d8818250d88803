use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::notice::Class;
use crate::signature::{NOTICE_TYPE, sign, trusted_toml};

/// The key of a province or commune, with all commands.
fn key(area: &str) -> SigningKey {
    SigningKey::from_bytes(&[area.len() as u8; 32])
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-23T{text}+07:00").parse().expect("a time")
}

fn now(text: &str, trust: Trust) -> Now {
    Now { wall: at(text), monotonic_ms: 0, trust }
}

fn on_time() -> Now {
    now("08:00:01", Trust::Trusted)
}

fn trusted() -> Trusted {
    let from = "2026-01-01T00:00:00Z".parse().expect("a time");
    let toml = |area: &str| {
        let place = Area::parse(area).expect("an area");
        trusted_toml(&key(area).verifying_key(), &place, &[Class::Routine], from)
    };
    let few = toml("vn/86/28789").replace("\"reload\"", "\"other\"");
    Trusted::parse(&[toml("vn/86"), few].concat()).expect("what we write we can read")
}

fn try_admit(bytes: &[u8], now: Now, retained: bool) -> Result<Command, Box<Refusal>> {
    let address = Address::new("86", "28789", "cho", &["ven-song".into()]).expect("an address");
    admit(bytes, &CommandDoor { trusted: &trusted(), address: &address }, now, retained)
}

fn example() -> Value {
    json!({
        "version": 1, "id": "86-c-1", "sender": "vn/86", "to": ["vn/86/28789"],
        "command": "screen", "arguments": {},
        "sent": "2026-11-23T08:00:00+07:00", "not_after": "2026-11-23T08:05:00+07:00"
    })
}

fn signed(command: &Value, area: &str) -> Vec<u8> {
    sign(command.to_string().as_bytes(), COMMAND_TYPE, &key(area)).into_bytes()
}

fn with(changes: &[(&str, Value)]) -> Value {
    let mut command = example();
    for (field, value) in changes {
        command[*field] = value.clone();
    }
    command
}

fn found(result: Result<Command, Box<Refusal>>) -> Vec<String> {
    match result {
        Ok(command) => panic!("taken: {command:?}"),
        Err(refusal) => refusal.problems.iter().map(|p| format!("{} {}", p.code, p.path)).collect(),
    }
}

#[track_caller]
fn refused(changes: &[(&str, Value)], expected: &[&str]) {
    let bytes = signed(&with(changes), "vn/86");
    assert_eq!(found(try_admit(&bytes, on_time(), false)), expected, "{changes:?}");
}

#[track_caller]
fn order(name: &str, arguments: Value, expected: Order) {
    let command = with(&[("command", name.into()), ("arguments", arguments)]);
    let command = try_admit(&signed(&command, "vn/86"), on_time(), false);
    let command = command.unwrap_or_else(|refusal| panic!("{}", refusal.reasons()));
    assert_eq!((command.order.name(), command.order), (name, expected));
}

#[track_caller]
fn no_order(name: &str, arguments: Value, expected: &[&str]) {
    refused(&[("command", name.into()), ("arguments", arguments)], expected);
}

#[test]
fn each_order_is_read() {
    let of = |sender: &str, id: &str| Key {
        sender: Area::parse(sender).expect("an area"),
        id: id.to_owned(),
    };
    order("screen", json!({}), Order::Screen);
    order("screen", json!(null), Order::Screen);
    order("brightness", json!({ "percent": "auto" }), Order::Brightness(Brightness::Auto));
    for (until, expected) in
        [(json!(null), None), (json!("2026-11-23T20:00:00+07:00"), Some(at("20:00:00")))]
    {
        let expected = Brightness::Percent { percent: 40, until: expected };
        let arguments = json!({ "percent": 40, "until": until });
        order("brightness", arguments, Order::Brightness(expected));
    }
    order("identify", json!({}), Order::Identify { seconds: 30 });
    order("identify", json!({ "seconds": 300 }), Order::Identify { seconds: 300 });
    order("test-pattern", json!({ "seconds": 1 }), Order::TestPattern { seconds: 1 });
    order("report-since", json!({ "n": 0 }), Order::ReportSince { n: 0 });
    order("reload", json!({}), Order::Reload);
    let decision = json!({ "order": ["c-1", "vn,vn-1", "vn/86,c-1"] });
    let changes =
        [("sender", json!("vn/86/28789")), ("command", json!("decide")), ("arguments", decision)];
    let bytes = signed(&with(&changes), "vn/86/28789");
    let command = try_admit(&bytes, on_time(), false).expect("taken");
    let order = vec![of("vn/86/28789", "c-1"), of("vn", "vn-1"), of("vn/86", "c-1")];
    assert_eq!(command.order, Order::Decide { order });
}

#[test]
fn an_argument_that_is_not_exactly_right_is_a_problem_at_its_place() {
    no_order("open-the-door", json!({ "x": 1 }), &["word command"]);
    no_order("screen", json!([]), &["wrong_type arguments"]);
    no_order("screen", json!({ "seconds": 5 }), &["unknown_argument arguments.seconds"]);
    no_order("reload", json!({ "x": null }), &["unknown_argument arguments.x"]);
    no_order("identify", json!({ "second": 5 }), &["unknown_argument arguments.second"]);
    for seconds in [json!(0), json!(301), json!(1.5), json!("30"), json!(-1)] {
        no_order("identify", json!({ "seconds": seconds }), &["number arguments.seconds"]);
    }
    for percent in [json!(0), json!(101), json!("full"), json!(true), json!(40.5)] {
        no_order("brightness", json!({ "percent": percent }), &["number arguments.percent"]);
    }
    no_order("brightness", json!({}), &["missing arguments.percent"]);
    let (early, late) = ("2026-11-23T08:00:00+07:00", "2026-11-23T20:00:00+07:00");
    let until = &["times arguments.until"];
    no_order("brightness", json!({ "percent": 40, "until": early }), until);
    no_order("brightness", json!({ "percent": "auto", "until": late }), until);
    no_order("brightness", json!({ "percent": 40, "until": 7 }), &["wrong_type arguments.until"]);
    no_order("report-since", json!({}), &["missing arguments.n"]);
    no_order("report-since", json!({ "n": -1 }), &["number arguments.n"]);
    no_order("report-since", json!({ "n": 1_u64 << 53 }), &["number arguments.n"]);
    no_order("decide", json!({}), &["missing arguments.order"]);
    no_order("decide", json!({ "order": "86-1" }), &["wrong_type arguments.order"]);
    let many: Vec<String> = (0..101).map(|n| format!("86-{n}")).collect();
    no_order("decide", json!({ "order": many }), &["too_many arguments.order"]);
    let wrong = json!({ "order": ["86-1", 7, "vn/8,x", "vn,.x", "vn/86,86-1"] });
    let places = [
        "wrong_type arguments.order[1]",
        "reference arguments.order[2]",
        "reference arguments.order[3]",
        "duplicate arguments.order[4]",
    ];
    no_order("decide", wrong, &places);
}

#[test]
fn each_fault_of_the_envelope_is_found_at_its_place() {
    refused(&[("version", json!(2))], &["number version"]);
    refused(&[("id", json!("a/b"))], &["name id"]);
    refused(&[("sender", json!("vn/8"))], &["area sender"]);
    refused(&[("to", json!([]))], &["missing to"]);
    refused(&[("sent", json!("now"))], &["time sent"]);
    let not_after = |text: &str| [("not_after", json!(format!("2026-11-{text}+07:00")))];
    refused(&not_after("23T08:00:00"), &["times not_after"]);
    refused(&not_after("24T08:00:01"), &["times not_after"]);
    let all = found(try_admit(&signed(&json!({}), "vn/86"), on_time(), false));
    let fields = ["version", "id", "sender", "to", "sent", "not_after", "command"];
    assert_eq!(all, fields.map(|field| format!("missing {field}")));
    let refusal = try_admit(&signed(&with(&[("to", json!(7))]), "vn/86"), on_time(), false);
    let partial = refusal.expect_err("refused").partial;
    assert_eq!(partial.id.as_deref(), Some("86-c-1"));
}

#[test]
fn what_is_not_a_signed_command_is_refused_unread() {
    let refuses = |bytes: &[u8], code: &str| {
        let refusal = try_admit(bytes, on_time(), true).expect_err("refused");
        assert_eq!(refusal.partial, Partial::default());
        assert_eq!(refusal.problems.iter().map(|p| p.code.as_str()).collect::<Vec<_>>(), [code]);
    };
    refuses(&vec![b' '; COMMAND_MAX_BYTES + 1], "too_large");
    refuses(b"", "not_signed");
    let notice = sign(example().to_string().as_bytes(), NOTICE_TYPE, &key("vn/86"));
    refuses(notice.as_bytes(), "jws_header");
    refuses(&signed(&example(), "a stranger"), "unknown_key");
    let mut changed = signed(&example(), "vn/86");
    changed.truncate(changed.len() - 2);
    refuses(&changed, "bad_signature");
    refuses(sign(b"{", COMMAND_TYPE, &key("vn/86")).as_bytes(), "not_json");
    refuses(sign(b"[]", COMMAND_TYPE, &key("vn/86")).as_bytes(), "not_an_object");
}

#[test]
fn only_who_may_command_commands() {
    refused(&[("sender", json!("vn"))], &["outside_key sender"]);
    refused(&[("to", json!(["vn/86/28789", "vn"]))], &["outside_key to[1]"]);
    refused(&[("to", json!(["vn/86/28790", "vn/86/@ven-bien"]))], &["not_addressed to"]);
    let decide = [("command", json!("decide")), ("arguments", json!({ "order": ["86-1"] }))];
    refused(&decide, &["not_the_commune sender"]);
    let below = [&decide[..], &[("sender", json!("vn/86/28789/@ap-4"))]].concat();
    assert!(try_admit(&signed(&with(&below), "vn/86"), on_time(), false).is_ok());
    let reload = with(&[("command", json!("reload")), ("sender", json!("vn/86/28789"))]);
    let problems = found(try_admit(&signed(&reload, "vn/86/28789"), on_time(), false));
    assert_eq!(problems, ["command_not_allowed command"]);
    let old = json!("2025-12-31T23:59:59Z");
    let old =
        signed(&with(&[("sent", old), ("not_after", json!("2026-01-01T01:00:00Z"))]), "vn/86");
    let then = Now { wall: "2026-01-01T00:30:00Z".parse().expect("a time"), ..on_time() };
    assert_eq!(found(try_admit(&old, then, false)), ["key_not_valid sent"]);
}

#[test]
fn a_command_has_its_moment() {
    let bytes = signed(&example(), "vn/86");
    use Trust::{Holdover, Trusted, Unknown};
    for (time, trust, expected) in [
        ("07:50:00", Trusted, None),
        ("07:49:59", Trusted, Some("sent_ahead sent")),
        ("07:49:59", Holdover, Some("sent_ahead sent")),
        ("01:00:00", Unknown, None),
        ("08:05:00", Trusted, None),
        ("08:05:01", Trusted, Some("expired not_after")),
        ("08:05:01", Unknown, Some("expired not_after")),
    ] {
        let result = try_admit(&bytes, now(time, trust), false);
        match expected {
            None => assert!(result.is_ok(), "{time} {trust:?}"),
            Some(expected) => assert_eq!(found(result), [expected], "{time} {trust:?}"),
        }
    }
    assert_eq!(found(try_admit(&bytes, on_time(), true)), ["retained "]);
}

#[test]
fn all_faults_are_listed_at_once() {
    let wrong = with(&[("sender", json!("vn")), ("to", json!(["vn/86/28790"]))]);
    let problems =
        found(try_admit(&signed(&wrong, "vn/86"), now("09:00:00", Trust::Trusted), true));
    let expected = ["retained ", "outside_key sender", "not_addressed to", "expired not_after"];
    assert_eq!(problems, expected);
}

#[test]
fn keys_are_made_for_all_commands() {
    assert_eq!(trusted().keys()[0].commands, NAMES);
}

#[test]
fn answers_are_compact_and_their_keys_stable() {
    let board = Area::parse("vn/86/28789/cho").expect("an area");
    let command = try_admit(&signed(&example(), "vn/86"), on_time(), false).expect("taken");
    let mut result = Map::new();
    result.insert("bytes".into(), 7.into());
    let line = |answer: &Answer| serde_json::to_string(answer).expect("JSON");
    assert_eq!(
        line(&Answer::done(&command, &board, result)),
        r#"{"id":"86-c-1","board":"vn/86/28789/cho","ok":true,"problems":[],"result":{"bytes":7}}"#
    );
    let refusal = try_admit(b"x", on_time(), false).expect_err("refused");
    let refused = Answer::refused(*refusal, "86-c-9", &board);
    assert!(line(&refused).starts_with(
        r#"{"id":"86-c-9","board":"vn/86/28789/cho","ok":false,"problems":[{"code":"not_signed","#
    ));
    let problem = Problem::new("no_frame", "", "nothing is on the glass yet", "", "");
    assert!(!Answer::failed(&command, &board, vec![problem]).ok);
}

fn command(number: usize, not_after: &str) -> Command {
    let key = Key { sender: Area::parse("vn/86").expect("an area"), id: format!("c-{number}") };
    let mut digest = [7; 32];
    digest[..8].copy_from_slice(&number.to_le_bytes());
    let (sent, not_after) = (at("08:00:00"), at(not_after));
    Command { to: vec![key.sender.clone()], key, order: Order::Screen, sent, not_after, digest }
}

#[test]
fn what_was_answered_is_known_again_after_a_restart() {
    let mut remembered = Remembered::default();
    let first = command(1, "08:05:00");
    assert_eq!(remembered.met(&first), Met::New);
    remembered.remember(&first, on_time());
    let (again, problems) = Remembered::read(&remembered.document(|_| true));
    assert_eq!((again.met(&first), problems), (Met::Answered, vec![]));
    assert_eq!(again, remembered);
    let other = Command { digest: [0; 32], ..first.clone() };
    assert_eq!(again.met(&other), Met::Taken);
    assert_eq!((again.holds(&first.digest), again.holds(&other.digest)), (true, false));
    let unanswered = remembered.document(|key| *key != first.key);
    assert_eq!(Remembered::read(&unanswered).0.met(&first), Met::New);
}

#[test]
fn only_a_trusted_clock_and_want_of_room_make_it_forget() {
    let mut remembered = Remembered::default();
    remembered.remember(&command(1, "08:05:00"), on_time());
    remembered.remember(&command(2, "09:00:00"), now("08:30:00", Trust::Unknown));
    assert_eq!(remembered.len(), 2);
    remembered.remember(&command(3, "09:00:00"), now("08:30:00", Trust::Trusted));
    assert_eq!(remembered.met(&command(1, "08:05:00")), Met::New);
    for number in 4..REMEMBERED_MAX + 3 {
        remembered.remember(&command(number, "10:00:00"), now("08:30:00", Trust::Trusted));
    }
    assert_eq!((remembered.len(), remembered.is_empty()), (REMEMBERED_MAX, false));
    assert_eq!(remembered.met(&command(2, "09:00:00")), Met::New);
    assert_eq!(remembered.met(&command(3, "09:00:00")), Met::Answered);
}

#[test]
fn a_damaged_file_is_reported_and_what_is_whole_is_taken() {
    let mut remembered = Remembered::default();
    remembered.remember(&command(1, "08:05:00"), on_time());
    remembered.remember(&command(2, "08:05:00"), on_time());
    let text = String::from_utf8(remembered.document(|_| true)).expect("text");
    let (none, problems) = Remembered::read(&text.as_bytes()[..text.len() / 2]);
    assert_eq!((none.len(), problems.len()), (0, 1));
    for damage in ["\"c-2\"", "vn/86", "0707"] {
        let damaged = text.replacen(damage, &damage.replace(char::is_alphanumeric, "é"), 1);
        let (read, problems) = Remembered::read(damaged.as_bytes());
        assert_eq!((read.len(), problems.len()), (1, 1), "{damage}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_door_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = try_admit(&bytes, on_time(), false);
        let _ = try_admit(sign(&bytes, COMMAND_TYPE, &key("vn/86")).as_bytes(), on_time(), false);
        let _ = Remembered::read(&bytes);
    }

    #[test]
    fn no_signed_command_makes_the_door_panic(
        field in prop::sample::select(vec!["id", "sender", "to", "sent", "not_after", "arguments"]),
        name in prop::sample::select(&NAMES[..]),
        argument in prop::sample::select(vec!["seconds", "percent", "until", "order", "n"]),
        value in prop_oneof![
            any::<i64>().prop_map(Value::from),
            "\\PC{0,20}".prop_map(Value::from),
            prop::collection::vec("[a-z,/]{0,9}", 0..4).prop_map(Value::from),
            Just(json!("-009999-01-02T01:59:59Z")),
            Just(json!("9999-12-30T22:00:00Z")),
        ],
    ) {
        let arguments = [("command", json!(name)), ("arguments", json!({ argument: value.clone() }))];
        let _ = try_admit(&signed(&with(&arguments), "vn/86"), on_time(), false);
        let _ = try_admit(&signed(&with(&[(field, value)]), "vn/86"), on_time(), false);
    }
}
