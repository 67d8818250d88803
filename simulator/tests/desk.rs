//! The desk's commands against a real Mosquitto and OpenSSL.
//!
//! Needs the packages `mosquitto`, `mosquitto-clients` and `openssl`; run with
//! `--features real-peers`.
#![cfg(feature = "real-peers")]
#![expect(clippy::unwrap_used, reason = "a test may stop anywhere")]
#![expect(clippy::disallowed_methods, reason = "a test touches the world")]

#[path = "../../agent/tests/peers/mod.rs"]
mod peers;

use std::process::{Command, Output};

use bangtin_agent::notice::{Kind, read};
use bangtin_agent::signature::{NOTICE_TYPE, Trusted, verify};
use peers::Broker;

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_bangtin-simulator")).args(arguments).output().unwrap()
}

#[track_caller]
fn succeeds(arguments: &[&str]) -> String {
    let output = run(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {stderr}");
    stderr
}

/// So many retained messages, as another client than ours gets them.
fn retained(broker: &Broker, count: &str, topic: &str) -> Vec<String> {
    let port = broker.port.to_string();
    let output = Command::new("mosquitto_sub")
        .args(["-V", "mqttv5", "-p", &port, "-C", count, "-W", "5", "-t", topic])
        .output()
        .expect("mosquitto_sub, of the package mosquitto-clients");
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// `publish` without `--wait` had no subscription, and waited for one to be confirmed.
#[test]
fn a_notice_is_published_and_cancelled_by_whom_it_came_from() {
    let broker = Broker::start();
    let keys = broker.folder.path().join("keys");
    let (keys, url) = (keys.display().to_string(), broker.url());
    succeeds(&["keygen", "--sender", "vn", "--classes", "routine", "--out", &keys]);
    let key = format!("{keys}/key.pem");
    let to = ["--broker", &url, "--key", &key, "--to", "vn/86/28789"];
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/tiep-cong-dan.json");
    succeeds(&[&["publish"], &to[..], &[sample]].concat());
    let list = std::fs::read_to_string(format!("{keys}/trusted.toml")).unwrap();
    let trusted = Trusted::parse(&list).unwrap();
    let opened = |line: &String| {
        let payload = verify(line.as_bytes(), NOTICE_TYPE, &trusted).unwrap().payload;
        read(&payload).unwrap()
    };
    let published = opened(&retained(&broker, "1", "ttcs/v1/vn/86/28789/notice/tiep-cong-dan")[0]);
    assert_eq!(published.to[0].as_str(), "vn/86/28789");
    // The sample's sender is the commune, the key's area the nation.
    assert_eq!(succeeds(&[&["cancel"], &to[..], &["tiep-cong-dan"]].concat()), "");
    let lines = retained(&broker, "2", "ttcs/v1/vn/86/28789/notice/+");
    let cancel = lines.iter().map(opened).find(|n| n.kind == Kind::Cancel).unwrap();
    assert_eq!(cancel.references, [published.key]);
    let unknown = succeeds(&[&["cancel"], &to[..], &["khong-co"]].concat());
    assert!(unknown.contains("holds no copy"), "{unknown}");
}

/// Version 2 of PKCS#8, with the public key, is unknown to OpenSSL.
#[test]
fn other_programs_read_our_keys() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().display().to_string();
    succeeds(&["keygen", "--sender", "vn/86", "--out", &out]);
    let read = Command::new("openssl")
        .args(["pkey", "-noout", "-text", "-in", &format!("{out}/key.pem")])
        .output()
        .expect("openssl");
    let text = String::from_utf8_lossy(&read.stdout).into_owned();
    assert!(text.contains("ED25519 Private-Key"), "{text}");
}
