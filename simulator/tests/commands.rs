//! The command line as a contract: what scripts rely on, and what bad input does.
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

const LAYOUTS: [&str; 6] =
    ["led-96x16", "led-128x32", "led-192x64", "led-300x200", "lcd-1080p", "lcd-1080p-portrait"];

fn run(arguments: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_bangtin-simulator"))
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    output.expect("the program starts")
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let files = fs::read_dir(folder).expect("the samples' folder");
    let mut samples: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    samples.sort();
    samples
}

/// A routine sample with one language and no code.
fn sample() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("samples/tiep-cong-dan.json").display().to_string()
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// Whether all of `wanted` stands in `drawn`, in order.
fn holds(drawn: &[String], wanted: &[String]) -> bool {
    let mut drawn = drawn.iter();
    wanted.iter().all(|word| drawn.any(|other| other == word))
}

#[test]
fn every_sample_is_whole_on_every_layout() {
    for layout in LAYOUTS {
        for sample in samples() {
            let name = sample.display().to_string();
            let output = run(&["render", "--layout", layout, "--notice", &name, "--json"]);
            assert_eq!(output.status.code(), Some(0), "{layout} {name}");
            let drawn: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
            let notice: Value =
                serde_json::from_slice(&fs::read(&sample).expect("a sample")).expect("JSON");
            check_places(&drawn, &format!("{layout} {name}"));
            check_words(&drawn, &notice, &format!("{layout} {name}"));
        }
    }
}

#[track_caller]
fn check_places(drawn: &Value, of: &str) {
    let number = |value: &Value| value.as_u64().expect("a number");
    let (width, height) = (number(&drawn["width"]), number(&drawn["height"]));
    for page in drawn["pages"].as_array().expect("pages") {
        assert!(page["duration_s"].as_f64().expect("seconds") >= 2.0, "{of}");
        for item in page["items"].as_array().expect("items") {
            assert!(number(&item["x"]) + number(&item["width"]) <= width, "{of}: {item}");
            assert!(number(&item["y"]) + number(&item["height"]) <= height, "{of}: {item}");
        }
    }
}

#[track_caller]
fn check_words(drawn: &Value, notice: &Value, of: &str) {
    let findings = drawn["findings"].as_array().expect("findings");
    let left_out = |language: &Value| {
        findings.iter().any(|f| f["code"] == "language_left_out" && f["value"] == *language)
    };
    let lines = |zone: &str| -> Vec<String> {
        let pages = drawn["pages"].as_array().expect("pages").iter();
        let items = pages.flat_map(|page| page["items"].as_array().expect("items"));
        let lines = items.filter(|item| item["zone"] == zone).flat_map(|item| {
            item["lines"].as_array().expect("lines").iter().filter_map(Value::as_str)
        });
        lines.flat_map(words).collect()
    };
    let text = |value: &Value| words(value.as_str().unwrap_or_default());
    for content in notice["content"].as_array().expect("content") {
        if left_out(&content["language"]) {
            continue;
        }
        if content["language"] == "km" {
            let whole = lines("text").concat();
            assert!(whole.contains(&text(&content["text"]).concat()), "{of}");
            continue;
        }
        assert!(holds(&lines("headline"), &text(&content["headline"])), "{of}");
        assert!(holds(&lines("text"), &text(&content["text"])), "{of}: {:?}", lines("text"));
    }
    let codes = notice["content"][0]["codes"].as_array().map_or(0, Vec::len);
    let missing = findings.iter().filter(|f| f["code"] == "code_left_out").count();
    let shown = lines("code").iter().any(|data| data.starts_with("HTTPS://"));
    assert!(codes == 0 || shown || missing == codes, "{of}");
    if missing > 0 {
        let all = [lines("text"), lines("caption")].concat();
        assert!(all.contains(&"dichvucong.gov.vn".to_owned()), "{of}: the host is lost");
    }
}

#[test]
fn every_sample_is_legible_on_every_layout() {
    for sample in samples() {
        let name = sample.display().to_string();
        let output = run(&["check", "--notice", &name, "--json"]);
        assert_eq!(output.status.code(), Some(0), "{name}");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{name}");
        let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
        let layouts = document["layouts"].as_array().expect("layouts");
        assert_eq!(layouts.iter().map(|of| &of["layout"]).collect::<Vec<_>>(), LAYOUTS);
        for of in layouts {
            check_legibility(of, &name);
        }
    }
}

#[track_caller]
fn check_legibility(of: &Value, name: &str) {
    let of_all = format!("{name}: {of}");
    let mut keys: Vec<_> = of.as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, CHECK_KEYS, "{of_all}");
    let number = |key: &str| of[key].as_f64().unwrap_or_else(|| panic!("{key}: {of_all}"));
    let is_lcd = of["layout"].as_str().is_some_and(|layout| layout.starts_with("lcd"));
    assert_eq!(of["problems"], json!([]), "{of_all}");
    assert!(number("contrast") >= if is_lcd { 7.0 } else { 4.5 }, "{of_all}");
    assert!(number("reading_s") > 2.0 && number("reading_s") <= number("duration_s"), "{of_all}");
    assert!(number("letter_height_mm") >= if is_lcd { 16.0 } else { 60.0 }, "{of_all}");
    let read_from = number("letter_height_mm") * 0.25;
    assert!((number("legible_to_m") - read_from).abs() < 0.1, "{of_all}");
    assert!(number("pages") >= 1.0 && number("marquee_passes") <= 1.0, "{of_all}");
    if let Some(scanned_from) = of["code_scannable_to_m"].as_f64() {
        assert!((2.0..12.0).contains(&scanned_from), "{of_all}");
    }
}

const CHECK_KEYS: [&str; 11] = [
    "code_scannable_to_m",
    "contrast",
    "duration_s",
    "findings",
    "layout",
    "legible_to_m",
    "letter_height_mm",
    "marquee_passes",
    "pages",
    "problems",
    "reading_s",
];

#[test]
fn a_check_says_what_is_wrong_once_and_with_which_layouts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("notice.json").display().to_string();
    let check = |notice: &Value, more: &[&str]| {
        fs::write(&path, notice.to_string()).expect("a file");
        let output = run(&[&["check", "--notice", &path], more].concat());
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let mut notice: Value =
        serde_json::from_slice(&fs::read(sample()).expect("a sample")).expect("JSON");
    let (code, table, complaints) = check(&notice, &["--layout", "led-96x16", "lcd-1080p"]);
    assert_eq!((code, complaints.as_str()), (Some(0), ""));
    assert!(table.contains("\nled-96x16: nothing to change\nlcd-1080p: nothing"), "{table}");
    // Khmer alone, which the smallest boards have no letters for.
    notice["content"][0]["headline"] = json!("ស");
    let (code, table, complaints) = check(&notice, &[]);
    assert_eq!(code, Some(1));
    assert!(complaints.contains("on led-96x16, led-128x32: `content[0].headline`"), "{complaints}");
    assert!(table.contains("cannot show it"), "{table}");
    let (code, document, complaints) = check(&json!({ "kind": "cancel" }), &["--json"]);
    assert_eq!(code, Some(1));
    let document: Value = serde_json::from_str(&document).expect("one JSON document");
    let problems = document["layouts"][5]["problems"].as_array().expect("problems");
    assert_eq!(complaints.lines().count(), problems.len(), "{complaints}");
    assert_eq!(document["layouts"][5]["reading_s"], Value::Null);
    assert_eq!(document["layouts"][5].as_object().map(serde_json::Map::len), Some(11));
    // All that keeps it from running, at once.
    let output = run(&["check", "--layout", "a", "--layout", "b", "--notice", "absent.json"]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(complaints.lines().count(), 3, "{complaints}");
}

/// One plain line or more on standard error, nothing on standard output, the exit code, no panic.
#[track_caller]
fn refuses(arguments: &[&str], code: i32, message: &str) {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {stderr}");
    assert!(stderr.contains(message), "{arguments:?}: {stderr}");
    assert!(!stderr.contains("panicked"), "{arguments:?}: {stderr}");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "", "{arguments:?}");
}

#[test]
fn bad_input_is_named_with_the_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let write = |name: &str, bytes: &[u8]| {
        fs::write(at(name), bytes).expect("a file");
        at(name)
    };
    let good = sample();
    let render = |layout: &str, notice: &str| {
        vec![
            "render".to_owned(),
            "--layout".into(),
            layout.into(),
            "--notice".into(),
            notice.into(),
        ]
    };
    let check = |arguments: Vec<String>, code, message: &str| {
        refuses(&arguments.iter().map(String::as_str).collect::<Vec<_>>(), code, message);
    };
    check(render("led-9x9", &good), 2, "led-96x16");
    check(render(&write("empty.toml", b""), &good), 2, "panel");
    check(render("led-96x16", &at("absent.json")), 2, "cannot be read");
    check(render("led-96x16", &folder.path().display().to_string()), 2, "cannot be read");
    check(render("led-96x16", &write("empty.json", b"")), 1, "JSON");
    check(render("led-96x16", &write("binary.json", &[0xff; 64])), 1, "JSON");
    check(render("led-96x16", &write("deep.json", "[".repeat(100_000).as_bytes())), 1, "JSON");
    check(render("led-96x16", &write("large.json", &[b' '; 300_000])), 2, "shorten");
    check(render("led-96x16", &write("cap.xml", b"<alert/>")), 1, "urn:oasis");
    check(render("led-96x16", &write("fields.json", b"{}")), 1, "`sender`");
    let mut notice: Value =
        serde_json::from_slice(&fs::read(&good).expect("a sample")).expect("JSON");
    notice["content"][0]["headline"] = json!("猫");
    check(render("led-96x16", &write("cat.json", notice.to_string().as_bytes())), 1, "U+732B");
    notice["content"][0]["headline"] = json!("MÃ LẠ");
    notice["content"][0]["codes"] = json!([{ "data": "https://co-bac.example", "caption": "" }]);
    check(render("led-96x16", &write("code.json", notice.to_string().as_bytes())), 1, "gov.vn");
    refuses(&["render", "--layout", "led-96x16", "--notice", &good, "--at", "-1"], 2, "--at");
    refuses(&["render", "--layout", "led-96x16", "--notice", &good, "--at=-1"], 2, "--at");
    refuses(&["render", "--layout", "led-96x16", "--notice", &good, "--at", "NaN"], 2, "--at");
    let nowhere = at("none/x.png");
    refuses(&["render", "--layout", "led-96x16", "--notice", &good, "--out", &nowhere], 2, "x.png");
    refuses(&["keygen", "--sender", "86", "--out", &at("k")], 2, "--sender");
    refuses(&["keygen", "--sender", "vn", "--classes", "big", "--out", &at("k")], 2, "--classes");
    let key = write("key.pem", b"no key");
    refuses(&["sign", "--key", &key, &good], 2, "keygen");
    refuses(&["sign", "--key", &at("absent.pem"), &good], 2, "absent.pem");
    let publish = |broker: &'static str, key: &str| {
        let to = ["--broker", broker, "--key", key, "--to", "vn/86"].map(str::to_owned);
        ["publish".to_owned()].into_iter().chain(to).chain([good.clone()]).collect::<Vec<_>>()
    };
    assert_eq!(run(&["keygen", "--sender", "vn/86", "--out", &at("keys")]).status.code(), Some(0));
    refuses(&["keygen", "--sender", "vn/86", "--out", &at("keys")], 2, "is there already");
    check(publish("http://127.0.0.1:1", &at("keys/key.pem")), 2, "--broker");
    refuses(&["watch", "--broker", "mqtt://127.0.0.1:1", "--area", "vn/8"], 2, "--area");
    refuses(&["cancel", "--broker", "mqtt://x", "--key", &key, "--to", "vn", "a"], 2, "keygen");
    let asks = |more: &[&str]| {
        let to = ["command", "--broker", "mqtt://127.0.0.1:1", "--key", &at("keys/key.pem")];
        refuses(&[&to[..], &more[..more.len() - 1]].concat(), 2, more[more.len() - 1]);
    };
    refuses(&["command", "reload"], 2, "--broker, --key, --to missing");
    refuses(&["command"], 2, "screen");
    asks(&["reload", "--to missing"]);
    asks(&["reload", "--to", "vn/8", "--to: `vn/8` is not an area"]);
    asks(&["--to", "vn/86", "screen", "--out F.png"]);
    asks(&["--to", "vn/86", "brightness", "0", "1 to 100, or auto"]);
    asks(&["--to", "vn/86", "decide", ".x", "`arguments.order[0]`: names no notice"]);
    asks(&["--to", "vn/86", "decide", "a", "a", "stands twice"]);
    refuses(&["command", "--broker", "x", "--key", &key, "--to", "vn", "reload"], 2, "keygen");
    refuses(&["demo", "--headless", "1"], 2, "--frames");
    refuses(&["demo", "--port", "70000"], 2, "--port");
    refuses(&["no-such-command"], 2, "no-such-command");
}

#[test]
fn every_command_to_a_board_is_explained_with_an_example() {
    for name in bangtin_agent::command::NAMES {
        let help = String::from_utf8(run(&["command", name, "--help"]).stdout).expect("UTF-8");
        let example = help.split_once("Example: bangtin-simulator command ");
        let example = example.unwrap_or_else(|| panic!("{name}: {help}")).1;
        assert!(example.split_whitespace().any(|word| word == name), "{name}: {help}");
    }
}

#[test]
fn problems_are_one_json_document_where_scripts_ask_for_it() {
    let mut program = Command::new(env!("CARGO_BIN_EXE_bangtin-simulator"))
        .args(["render", "--layout", "led-96x16", "--notice", "-", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program starts");
    program.stdin.take().expect("its input").write_all(b"{\"version\":7}").expect("it reads");
    let output = program.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(1));
    let document: Value = serde_json::from_slice(&output.stdout).expect("one JSON document");
    let problems = document["problems"].as_array().expect("problems");
    assert!(problems.len() > 5, "all problems at once: {problems:?}");
    for field in ["code", "path", "message", "value", "limit"] {
        assert!(problems.iter().all(|problem| problem[field].is_string()), "{field}");
    }
}

#[test]
fn the_picture_is_the_panel_pixel_for_pixel() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("board.png").display().to_string();
    let draw = |look: &str| {
        let arguments = ["render", "--layout", "led-96x16", "--notice", &sample(), "--out", &path];
        assert_eq!(run(&[&arguments[..], &["--look", look]].concat()).status.code(), Some(0));
        let bytes = fs::read(&path).expect("the picture");
        let side = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
        (side(16), side(20))
    };
    assert_eq!(draw("pixels"), (96, 16));
    assert_eq!(draw("panel"), (768, 128));
}

#[cfg(unix)]
#[test]
fn a_key_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let made =
        run(&["keygen", "--sender", "vn/86", "--classes", "routine,emergency", "--out", &out]);
    assert_eq!(made.status.code(), Some(0));
    let key = folder.path().join("key.pem");
    let mode = fs::metadata(&key).expect("the key").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let signed = run(&["sign", "--key", &key.display().to_string(), &sample()]);
    assert_eq!(signed.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&signed.stdout).trim().split('.').count(), 3);
}
