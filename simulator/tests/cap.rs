//! CAP messages where the command line promises them: drawn, checked and signed as boards read
//! them.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

use std::fs;
use std::io::Write;
use std::process::{Command, Output, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::{Value, json};

/// A message of the agent's tests.
fn message(name: &str) -> String {
    format!("{}/../agent/tests/cap/{name}.xml", env!("CARGO_MANIFEST_DIR"))
}

fn run(arguments: &[&str]) -> Output {
    let program = Command::new(env!("CARGO_BIN_EXE_bangtin-simulator")).args(arguments).output();
    program.expect("the program starts")
}

/// The same with something on standard input.
fn run_with(input: &[u8], arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_bangtin-simulator"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    program.stdin.take().expect("its input").write_all(input).expect("it reads");
    program.wait_with_output().expect("it ends")
}

#[track_caller]
fn document(output: &Output, code: i32) -> Value {
    assert_eq!(output.status.code(), Some(code), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("one JSON document")
}

/// The words of a zone, page after page.
fn words(drawn: &Value, zone: &str) -> Vec<String> {
    let pages = drawn["pages"].as_array().expect("pages").iter();
    let items = pages.flat_map(|page| page["items"].as_array().expect("items"));
    let lines = items
        .filter(|item| item["zone"] == zone)
        .flat_map(|item| item["lines"].as_array().expect("lines").iter().filter_map(Value::as_str));
    lines.flat_map(str::split_whitespace).map(str::to_owned).collect()
}

#[track_caller]
fn holds(drawn: &[String], wanted: &str) {
    let mut rest = drawn.iter();
    let all = wanted.split_whitespace().all(|word| rest.any(|other| other == word));
    assert!(all, "{wanted}: {drawn:?}");
}

#[test]
fn a_message_is_drawn_with_its_words_in_order() {
    let name = message("trieu-cuong");
    let piped = fs::read(&name).expect("a message");
    for layout in ["led-192x64", "led-300x200", "lcd-1080p"] {
        let render = |notice| ["render", "--layout", layout, "--json", "--notice", notice];
        let drawn = document(&run(&render(&name)), 0);
        holds(&words(&drawn, "headline"), "TRIỀU CƯỜNG TRÊN BÁO ĐỘNG III");
        let text = words(&drawn, "text");
        holds(&text, "Đỉnh triều lúc 17 giờ, ngập > 30 cm ở ven sông. Không đi qua đoạn ngập.");
        let all = [text, words(&drawn, "stamp"), words(&drawn, "source")].concat();
        holds(&all, "Đài Khí tượng Thủy văn tỉnh Vĩnh Long");
        holds(&all, "Cấp 3");
        assert_eq!(words(&drawn, "code"), ["https://vinhlong.gov.vn/trieu"], "{layout}");
        assert_eq!(drawn["findings"], json!([]));
        assert_eq!(document(&run_with(&piped, &render("-")), 0), drawn);
    }
    let checked = document(&run(&["check", "--json", "--notice", &name]), 0);
    let layouts = checked["layouts"].as_array().expect("layouts");
    assert_eq!(layouts.len(), 6);
    for of in layouts {
        assert_eq!(of["problems"], json!([]), "{of}");
        assert!(of["reading_s"].as_f64().expect("seconds") > 2.0, "{of}");
    }
}

/// Whoever writes CAP cannot know a board's hosts: the words stay, the address is said to be left
/// out.
#[test]
fn an_address_that_boards_do_not_allow_is_left_out_and_said() {
    let text = fs::read_to_string(message("trieu-cuong")).expect("a message");
    let other = text.replace("vinhlong.gov.vn", "thuyvan.example");
    let render = ["render", "--layout", "lcd-1080p", "--json", "--notice", "-"];
    let drawn = document(&run_with(other.as_bytes(), &render), 0);
    assert_eq!(drawn["findings"][0]["code"], "code_host");
    assert!(words(&drawn, "code").is_empty());
    let allowed = [&render[..], &["--host", "thuyvan.example"]].concat();
    let drawn = document(&run_with(other.as_bytes(), &allowed), 0);
    assert_eq!(drawn["findings"], json!([]));
}

/// A message for a whole province by its communes' codes has more places than a notice may have;
/// each of its boards knows but its own.
#[test]
fn a_message_for_many_communes_is_drawn() {
    let geocode = |code: usize| {
        format!(
            "<cap:geocode><cap:valueName>commune</cap:valueName><cap:value>{code}</cap:value>\
             </cap:geocode>"
        )
    };
    let many: String = (28_800..28_924).map(geocode).collect();
    let text = fs::read_to_string(message("trieu-cuong")).expect("a message");
    let text = text.replacen("<cap:geocode>", &format!("{many}<cap:geocode>"), 1);
    let render = ["render", "--layout", "led-192x64", "--json", "--notice", "-"];
    let drawn = document(&run_with(text.as_bytes(), &render), 0);
    holds(&words(&drawn, "headline"), "TRIỀU CƯỜNG TRÊN BÁO ĐỘNG III");
    assert_eq!(drawn["findings"][0]["code"], "draft_places");
}

#[test]
fn what_no_board_would_show_is_refused_with_the_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().display().to_string();
    assert_eq!(run(&["keygen", "--sender", "vn/86", "--out", &keys]).status.code(), Some(0));
    let key = format!("{keys}/key.pem");
    // Places that have no code of ours.
    for name in ["amber", "homeland-security", "earthquake-update", "severe-thunderstorm"] {
        let render = ["render", "--layout", "led-192x64", "--json", "--notice", &message(name)];
        let problems = document(&run(&render), 1);
        assert_eq!(problems["problems"][0]["code"], "area", "{name}");
        let signed = run(&["sign", "--key", &key, &message(name)]);
        let complaint = String::from_utf8_lossy(&signed.stderr).into_owned();
        assert_eq!((signed.status.code(), signed.stdout.len()), (Some(1), 0), "{name}");
        assert!(complaint.contains("names no place by code"), "{name}: {complaint}");
    }
    let problem = |name: &str| {
        let output =
            run(&["render", "--layout", "led-96x16", "--json", "--notice", &message(name)]);
        document(&output, 1)["problems"][0]["code"].as_str().expect("a code").to_owned()
    };
    assert_eq!(problem("trieu-cuong-huy"), "nothing_to_draw");
    assert_eq!(problem("trieu-cuong-nhan"), "cap_ignored");
    let render = ["render", "--layout", "led-96x16", "--json", "--notice", "-"];
    for (text, code) in [
        ("<alert/>", "namespace"),
        ("<alert", "not_xml"),
        ("<!DOCTYPE alert []><alert/>", "not_xml"),
        ("<info xmlns='urn:oasis:names:tc:emergency:cap:1.2'/>", "not_an_alert"),
    ] {
        let problems = document(&run_with(text.as_bytes(), &render), 1);
        assert_eq!(problems["problems"][0]["code"], code, "{text}");
    }
}

#[test]
fn a_message_is_signed_byte_for_byte_as_what_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let keys = folder.path().display().to_string();
    assert_eq!(run(&["keygen", "--sender", "vn/86", "--out", &keys]).status.code(), Some(0));
    for name in ["trieu-cuong", "trieu-cuong-huy"] {
        let xml = fs::read(message(name)).expect("a message");
        let signed = run_with(&xml, &["sign", "--key", &format!("{keys}/key.pem"), "-"]);
        assert_eq!(signed.status.code(), Some(0), "{}", String::from_utf8_lossy(&signed.stderr));
        let text = String::from_utf8(signed.stdout).expect("UTF-8");
        let parts: Vec<_> = text.trim().split('.').map(|part| BASE64URL.decode(part)).collect();
        let part = |at: usize| parts[at].clone().expect("base64url");
        let header: Value = serde_json::from_slice(&part(0)).expect("JSON");
        assert_eq!(header["cty"], "application/cap+xml");
        assert_eq!(header["typ"], "ttcs-notice+jws");
        assert_eq!(part(1), xml, "{name}");
    }
}
