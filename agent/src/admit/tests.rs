use std::sync::LazyLock;

use bangtin_renderer::builtin;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::area::{Address, Area};
use crate::notice::Class;
use crate::pages::Pictures;
use crate::signature::{sign, sign_cap, trusted_toml};

/// A province's board, whose one key speaks for the province and may not send priority notices.
static DOOR: LazyLock<Door> = LazyLock::new(|| {
    let area = Area::parse("vn/86").expect("an area");
    let classes = [Class::Routine, Class::Emergency];
    let trusted = trusted_toml(&key().verifying_key(), &area, &classes, at("2026-01-01T00:00:00"));
    let address = Address::new("86", "28789", "cho", &[]).expect("an address");
    Door {
        trusted: Trusted::parse(&trusted).expect("what we write we can read"),
        board: Board { address, name: "Chợ".into(), languages: vec!["vi".into()] },
        hosts: vec!["*.gov.vn".into()],
        cap_life_hours: 24,
        pictures: Pictures::new(),
        layout: Arc::new(builtin::layout("led-192x64").expect("a layout of ours")),
        fonts: Arc::new(builtin::fonts()),
    }
});

fn key() -> SigningKey {
    SigningKey::from_bytes(&[86; 32])
}

fn at(text: &str) -> Timestamp {
    format!("{text}+07:00").parse().expect("a time")
}

fn network(now: &str) -> From {
    From::Network { now: at(now), trusted: true }
}

fn on_time() -> From {
    network("2026-11-23T08:00:01")
}

fn example() -> Value {
    json!({
        "version": 1, "id": "86-1", "revision": 2, "sender": "vn/86", "to": ["vn/86/28789"],
        "sent": "2026-11-23T08:00:00+07:00", "status": "actual", "kind": "alert",
        "class": "routine", "effective": "2026-11-23T08:00:00+07:00",
        "expires": "2026-11-24T08:00:00+07:00",
        "content": [{
            "language": "vi", "headline": "TIẾP CÔNG DÂN", "text": "Sáng thứ Năm hằng tuần.",
            "codes": [{ "data": "HTTPS://DICHVUCONG.GOV.VN", "caption": "Dịch vụ công" }]
        }]
    })
}

/// The example with values put at JSON pointers.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut notice = example();
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').expect("a pointer");
        notice.pointer_mut(parent).expect("a place in the example")[field] = value.clone();
    }
    notice
}

fn signed(notice: &Value) -> Vec<u8> {
    sign(notice.to_string().as_bytes(), NOTICE_TYPE, &key()).into_bytes()
}

/// Each problem as `code path`.
fn problems(bytes: &[u8], from: From) -> Vec<String> {
    match admit(bytes, &DOOR, from) {
        Ok(admitted) => panic!("taken: {:?}", admitted.notice),
        Err(refusal) => refusal.problems.iter().map(|p| format!("{} {}", p.code, p.path)).collect(),
    }
}

#[track_caller]
fn refused(changes: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(problems(&signed(&with(changes)), on_time()), expected);
}

#[test]
fn the_example_is_taken() {
    let bytes = [b" \n", signed(&example()).as_slice(), b"\r\n"].concat();
    let admitted = admit(&bytes, &DOOR, on_time()).expect("taken");
    assert_eq!(admitted.notice.key.id, "86-1");
    assert_eq!(admitted.digest, digest(&signed(&example())));
    let composed = admitted.composed.expect("a scene");
    assert_eq!((composed.scene.width, composed.findings.len()), (192, 0));
}

#[test]
fn a_cancel_has_no_scene() {
    let notice = with(&[("/kind", json!("cancel")), ("/content", json!([]))]);
    let admitted = admit(&signed(&notice), &DOOR, on_time()).expect("taken");
    assert!(admitted.composed.is_none());
}

#[test]
fn until_the_signature_verified_nothing_is_believed() {
    let mut changed = signed(&example());
    let middle = changed.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let stranger = SigningKey::from_bytes(&[7; 32]);
    let strange = sign(example().to_string().as_bytes(), NOTICE_TYPE, &stranger).into_bytes();
    let large = vec![b'x'; NOTICE_MAX_BYTES + 1];
    for (bytes, code) in [
        (changed, "bad_signature"),
        (example().to_string().into_bytes(), "not_signed"),
        (strange, "unknown_key"),
        (large, "too_large"),
    ] {
        let refusal = admit(&bytes, &DOOR, on_time()).expect_err(code);
        assert_eq!(refusal.partial, Partial::default());
        assert_eq!(refusal.problems.len(), 1);
        assert_eq!(refusal.problems[0].code, code);
    }
}

#[test]
fn a_key_speaks_for_its_area_its_classes_and_its_time() {
    refused(&[("/sender", json!("vn"))], &["outside_key sender"]);
    refused(&[("/sender", json!("vn/87"))], &["outside_key sender"]);
    refused(&[("/to", json!(["vn/86", "vn"]))], &["outside_key to[1]"]);
    refused(&[("/class", json!("priority"))], &["class_not_allowed class"]);
    let years = |year: u16| {
        let time = |day: u8| json!(format!("{year}-11-{day}T08:00:00+07:00"));
        with(&[("/sent", time(23)), ("/effective", time(23)), ("/expires", time(24))])
    };
    for year in [2025, 2028] {
        let now = network(&format!("{year}-11-23T08:00:00"));
        assert_eq!(problems(&signed(&years(year)), now), ["key_not_valid sent"], "{year}");
    }
}

#[test]
fn what_is_for_others_is_refused() {
    refused(&[("/to", json!(["vn/86/28790", "vn/86/@x"]))], &["not_addressed to"]);
}

#[test]
fn a_trusted_clock_refuses_what_is_over_or_ahead() {
    let bytes = signed(&example());
    assert_eq!(problems(&bytes, network("2026-11-24T08:00:00")), ["expired expires"]);
    assert_eq!(problems(&bytes, network("2026-11-23T07:49:59")), ["sent_ahead sent"]);
    assert!(admit(&bytes, &DOOR, network("2026-11-23T07:50:00")).is_ok());
    assert!(admit(&bytes, &DOOR, network("2026-11-24T07:59:59")).is_ok());
}

#[test]
fn a_clock_that_is_not_trusted_refuses_what_is_over_but_nothing_ahead() {
    let bytes = signed(&example());
    let from = |now| From::Network { now: at(now), trusted: false };
    assert!(admit(&bytes, &DOOR, from("1970-01-01T08:00:00")).is_ok());
    assert_eq!(problems(&bytes, from("2026-11-24T08:00:00")), ["expired expires"]);
}

#[test]
fn what_the_store_holds_is_not_judged_by_the_clock() {
    let mut over = example();
    over["expires"] = json!("2026-11-23T08:00:01+07:00");
    assert!(admit(&signed(&over), &DOOR, From::Store).is_ok());
}

#[test]
fn codes_lead_to_hosts_that_are_allowed() {
    let code = "/content/0/codes/0/data";
    for good in ["https://dichvucong.gov.vn/x?y=z", "HTTPS://GOV.VN", "http://a.b.gov.vn:8080"] {
        let bytes = signed(&with(&[(code, json!(good))]));
        assert!(admit(&bytes, &DOOR, on_time()).is_ok(), "{good}");
    }
    for bad in [
        "https://evil.gov.vn.example.com",
        "https://gov.vn.evil.com/gov.vn",
        "https://evilgov.vn",
        "https://a.gov.vn@evil.com",
        "https://evil.com#.gov.vn",
        "https://evil.com?.gov.vn",
        "ftp://a.gov.vn",
        "a.gov.vn",
        "tel:113",
    ] {
        refused(&[(code, json!(bad))], &["code_host content[0].codes[0].data"]);
    }
}

#[test]
fn a_letter_that_no_face_has_refuses_a_routine_and_shows_an_emergency() {
    let text = ("/content/0/text", json!("Họp lúc 8 giờ 漢"));
    refused(std::slice::from_ref(&text), &["letter_missing content[0].text"]);
    let bytes = signed(&with(&[text, ("/class", json!("emergency"))]));
    let composed = admit(&bytes, &DOOR, on_time()).expect("taken").composed.expect("a scene");
    let codes: Vec<_> = composed.findings.iter().map(|finding| finding.code.as_str()).collect();
    assert_eq!(codes, ["letter_missing"]);
}

/// The board composes its own languages alone, and the path named the first of those.
#[test]
fn a_problem_of_the_picture_names_its_place_in_the_document() {
    let english = json!({ "language": "en", "headline": "Meeting" });
    let vietnamese = json!({ "language": "vi", "headline": "Họp 漢" });
    let content = ("/content", json!([english, vietnamese]));
    refused(&[content], &["letter_missing content[1].headline"]);
}

#[test]
fn all_problems_are_listed_at_once() {
    let changes = [
        ("/sender", json!("vn/87")),
        ("/class", json!("priority")),
        ("/to", json!(["vn/86/28790"])),
        ("/content/0/codes/0/data", json!("https://evil.com")),
        ("/content/0/headline", json!("漢")),
    ];
    let mut expected = vec!["outside_key sender", "class_not_allowed class", "not_addressed to"];
    expected.push("code_host content[0].codes[0].data");
    expected.push("expired expires");
    expected.push("letter_missing content[0].headline");
    let bytes = signed(&with(&changes));
    let refusal = admit(&bytes, &DOOR, network("2026-12-01T00:00:00")).expect_err("refused");
    let found = refusal.problems.iter().map(|p| format!("{} {}", p.code, p.path));
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(refusal.partial.id.as_deref(), Some("86-1"));
}

const CAP_WARNING: &str = include_str!("../../tests/cap/trieu-cuong.xml");
const CAP_CANCEL: &str = include_str!("../../tests/cap/trieu-cuong-huy.xml");
const CAP_ACK: &str = include_str!("../../tests/cap/trieu-cuong-nhan.xml");

fn cap(xml: &str) -> Vec<u8> {
    sign_cap(xml.as_bytes(), &key()).into_bytes()
}

#[test]
fn a_cap_warning_is_drawn_as_an_emergency() {
    let admitted = admit(&cap(CAP_WARNING), &DOOR, on_time()).expect("taken");
    assert_eq!(admitted.notice.class, Class::Emergency);
    assert_eq!(admitted.digest, digest(&cap(CAP_WARNING)));
    let composed = admitted.composed.expect("a scene");
    assert!(composed.findings.is_empty(), "{:?}", composed.findings);
}

#[test]
fn a_cap_cancel_ends_what_its_triple_names() {
    let warning = admit(&cap(CAP_WARNING), &DOOR, on_time()).expect("taken").notice;
    let later = network("2026-12-23T08:00:00");
    let cancel = admit(&cap(CAP_CANCEL), &DOOR, later).expect("taken");
    assert_eq!(cancel.notice.kind, Kind::Cancel);
    assert_eq!(cancel.notice.references, [warning.key]);
    assert!(cancel.composed.is_none());
}

#[test]
fn a_cap_acknowledgement_is_refused_by_its_name() {
    let refusal = admit(&cap(CAP_ACK), &DOOR, on_time()).expect_err("ignored");
    assert_eq!(refusal.partial.id.as_deref(), Some("86-20261123-006"));
    assert_eq!(problems(&cap(CAP_ACK), on_time()), ["cap_ignored msgType"]);
}

#[test]
fn a_payload_is_read_as_what_its_header_says() {
    let unnamed = sign(CAP_WARNING.as_bytes(), NOTICE_TYPE, &key()).into_bytes();
    assert_eq!(problems(&unnamed, on_time()), ["not_json "]);
    assert_eq!(problems(&cap(&example().to_string()), on_time()), ["not_xml "]);
}

#[test]
fn a_cap_message_passes_the_same_checks() {
    let other = CAP_WARNING.replace(">28789<", ">28790<");
    let refusal = admit(&cap(&other), &DOOR, on_time()).expect_err("for others");
    assert_eq!(refusal.problems[0].code, "not_addressed");
    assert!(refusal.problems[0].message.contains("commune 28790"), "{:?}", refusal.problems);
    let over = network("2026-11-24T08:00:00");
    assert_eq!(problems(&cap(CAP_WARNING), over), ["expired expires"]);
    let mild = CAP_WARNING.replace(">Severe<", ">Minor<");
    assert_eq!(problems(&cap(&mild), on_time()), ["class_not_allowed class"]);
    let nation = CAP_WARNING.replace(">vn/86<", ">vn<");
    assert_eq!(problems(&cap(&nation), on_time()), ["outside_key sender"]);
}

#[test]
fn a_foreign_address_is_left_out_of_a_cap_message() {
    let foreign = CAP_WARNING.replace("vinhlong.gov.vn", "example.com");
    let admitted = admit(&cap(&foreign), &DOOR, on_time()).expect("taken");
    assert!(admitted.notice.content[0].codes.is_empty());
    let findings = admitted.composed.expect("a scene").findings;
    assert_eq!(findings.iter().map(|f| f.code.as_str()).collect::<Vec<_>>(), ["code_host"]);
}

/// Values that fields are given: of every type, near every limit, in and out of the format.
fn value() -> impl Strategy<Value = Value> {
    let words = ["emergency", "update", "cancel", "exercise", "test", "vn", "km", "24:00", ".", ""];
    let times = ["-009999-01-02T01:59:59Z", "9999-12-30T22:00:00Z", "2026-11-23T08:00:00+07:00"];
    prop_oneof![
        prop::sample::select([&words[..], &times[..]].concat()).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        prop::collection::vec(any::<char>(), 0..600).prop_map(|l| String::from_iter(l).into()),
        Just(json!(null)),
        Just(json!([])),
        Just(json!([{}])),
        Just(json!([{ "from": "22:00", "to": "06:00" }])),
    ]
}

/// Changes to fields of the example, as lists of pointers and values.
fn changes() -> impl Strategy<Value = Vec<(&'static str, Value)>> {
    let fields = vec![
        "/version",
        "/id",
        "/revision",
        "/sender",
        "/to",
        "/sent",
        "/status",
        "/kind",
        "/references",
        "/class",
        "/event",
        "/risk_level",
        "/severity",
        "/effective",
        "/expires",
        "/windows",
        "/content/0/language",
        "/content/0/headline",
        "/content/0/text",
        "/content/0/instruction",
        "/content/0/codes",
        "/content/0/codes/0/data",
        "/content/0/codes/0/caption",
    ];
    prop::collection::vec((prop::sample::select(fields), value()), 1..4).prop_map(|mut changes| {
        // What lies deeper comes first: a change above it would take its place away.
        changes.sort_by_key(|(pointer, _)| std::cmp::Reverse(pointer.len()));
        changes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_door_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = admit(&bytes, &DOOR, on_time());
        let _ = admit(sign(&bytes, NOTICE_TYPE, &key()).as_bytes(), &DOOR, on_time());
        let _ = admit(sign_cap(&bytes, &key()).as_bytes(), &DOOR, on_time());
    }

    #[test]
    fn no_signed_notice_makes_the_door_panic(changes in changes()) {
        match admit(&signed(&with(&changes)), &DOOR, From::Store) {
            Ok(admitted) => {
                let notice = &admitted.notice;
                prop_assert_eq!(admitted.composed.is_none(), notice.kind == Kind::Cancel);
            }
            Err(refusal) => prop_assert!(!refusal.problems.is_empty()),
        }
    }
}
