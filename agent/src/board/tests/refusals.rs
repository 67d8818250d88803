//! What is refused, and how often that is said.

use serde_json::json;

use super::documents::*;
use super::*;

#[test]
fn a_scope_one_level_too_high_is_refused() {
    let mut world = World::new(GATE);
    world.trace.clear();
    world.notice(&with(emergency("a"), &[("sender", json!("vn"))]));
    world.notice(&with(emergency("b"), &[("to", json!(["vn"]))]));
    world.notice_by("vn", &with(emergency("c"), &[("sender", json!("vn")), ("to", json!(["vn"]))]));
    world.check(
        "0 a refused (outside_key)
         0 acknowledge a
         0 b refused (outside_key)
         0 acknowledge b
         0 show c
         0 disk saves e-c
         0 c accepted
         0 c shown
         0 acknowledge c",
    );
}

#[test]
fn an_unsigned_flood_is_answered_ten_times_a_minute() {
    let mut world = World::new(GATE);
    world.trace.clear();
    for n in 0..100 {
        world.receive("ttcs/v1/vn/notice/x", format!("flood {n}").as_bytes(), false);
    }
    let of = |world: &World, what: &str| world.trace.iter().filter(|l| l.contains(what)).count();
    assert_eq!((of(&world, "x refused (not_signed)"), of(&world, "acknowledge")), (10, 100));
    assert_eq!(world.status()["unanswered"], json!(90));
    world.run(61);
    for n in 100..200 {
        world.receive("ttcs/v1/vn/command/x", format!("flood {n}").as_bytes(), false);
    }
    assert_eq!(of(&world, "reply x failed (not_signed)"), 10);
    // Who signs is heard all the same.
    world.notice(&routine("a"));
    assert_eq!(of(&world, "a accepted"), 1);
}

#[test]
fn the_same_bytes_get_no_second_answer() {
    let mut world = World::new(GATE);
    let elsewhere = with(routine("b"), &[("to", json!(["vn/86/28790"]))]);
    let identify = command("c", "identify", json!({ "seconds": 1 }));
    for _ in 0..3 {
        world.notice(&routine("a"));
        world.notice(&elsewhere);
        world.receive("ttcs/v1/vn/notice/x", b"unsigned", false);
        world.command_by("vn/86/28789", &identify);
        world.receive("ttcs/v1/vn/command/y", b"unsigned too", false);
        world.run(2);
    }
    world.check(
        r#"0 show idle
         0 show a
         0 disk saves r-a
         0 a accepted
         0 a shown
         0 acknowledge a
         0 b refused (not_addressed)
         0 acknowledge b
         0 x refused (not_signed)
         0 acknowledge x
         0 show identify
         0 disk saves orders.jsonl
         0 reply c {"seconds":1}
         0 acknowledge c
         0 reply y failed (not_signed)
         0 acknowledge y
         1 show a
         2 acknowledge a
         2 acknowledge b
         2 acknowledge x
         2 acknowledge c
         2 acknowledge y
         4 acknowledge a
         4 acknowledge b
         4 acknowledge x
         4 acknowledge c
         4 acknowledge y"#,
    );
}

#[test]
fn an_empty_payload_is_no_message() {
    let mut world = World::new(GATE);
    world.trace.clear();
    world.receive("ttcs/v1/vn/notice/x", b"", false);
    world.receive("ttcs/v1/vn/command/x", b"", false);
    world.receive("other/vn/notice/x", b"x", false);
    world.check(
        "0 acknowledge x
         0 acknowledge x
         0 acknowledge x",
    );
}
