//! Commands and what they change on the glass.

use serde_json::{Value, json};

use super::documents::*;
use super::*;

/// The commune commands.
fn order(world: &mut World, id: &str, name: &str, arguments: Value) {
    world.command_by("vn/86/28789", &command(id, name, arguments));
}

#[test]
fn screen_sends_a_picture_and_then_the_answer() {
    let mut world = World::new(GATE);
    world.trace.clear();
    order(&mut world, "c", "screen", json!({}));
    assert_eq!(world.captures, 1);
    world.check("");
    let captured = Captured { png: vec![1; 100], crc32: 7, size: (96, 16) };
    world.board.captured(&captured);
    world.perform();
    world.check(
        r#"0 screen
         0 disk saves orders.jsonl
         0 reply c {"crc32":"00000007","height":16,"width":96}
         0 acknowledge c"#,
    );
    // One that no packet can hold.
    order(&mut world, "d", "screen", json!({}));
    let captured = Captured { png: vec![1; crate::message::PACKET_LIMIT], ..captured };
    world.board.captured(&captured);
    world.perform();
    world.check(
        "0 disk saves orders.jsonl
         0 reply d failed (too_large)
         0 acknowledge d",
    );
}

#[test]
fn brightness_is_obeyed_until_its_time_and_never_dims_an_emergency() {
    let mut world = World::new(GATE);
    world.trace.clear();
    order(&mut world, "c", "brightness", json!({ "percent": 40, "until": at(100) }));
    world.run(10);
    world.notice(&with(emergency("storm"), &[("expires", json!(at(30)))]));
    world.run(100);
    order(&mut world, "d", "brightness", json!({ "percent": 30 }));
    order(&mut world, "e", "brightness", json!({ "percent": "auto" }));
    world.run(1);
    world.check(
        r#"0 brightness 40
         0 disk saves orders.jsonl
         0 reply c {"percent":40}
         0 acknowledge c
         10 show storm
         10 disk saves e-storm
         10 storm accepted
         10 storm shown
         10 acknowledge storm
         10 brightness 100
         30 show all-clear
         30 disk forgets e-storm
         30 brightness 40
         30 storm ended expired
         40 show idle
         100 brightness 100
         110 brightness 30
         110 disk saves orders.jsonl
         110 reply d {"percent":30}
         110 acknowledge d
         110 brightness 100
         110 disk saves orders.jsonl
         110 reply e {"percent":100}
         110 acknowledge e"#,
    );
}

#[test]
fn identify_covers_a_routine_notice_which_then_resumes() {
    let mut world = World::new(GATE);
    world.notice(&routine("a"));
    world.trace.clear();
    order(&mut world, "c", "identify", json!({ "seconds": 5 }));
    world.run(10);
    world.check(
        r#"0 show identify
         0 disk saves orders.jsonl
         0 reply c {"seconds":5}
         0 acknowledge c
         5 show a"#,
    );
}

#[test]
fn test_pattern_is_refused_during_an_emergency_and_ended_by_one() {
    let mut world = World::new(GATE);
    world.trace.clear();
    order(&mut world, "c", "test-pattern", json!({}));
    world.run(5);
    world.notice(&emergency("storm"));
    order(&mut world, "d", "test-pattern", json!({}));
    world.run(60);
    world.check(
        r#"0 show testpattern
         0 disk saves orders.jsonl
         0 reply c {"seconds":30}
         0 acknowledge c
         5 show storm
         5 disk saves e-storm
         5 storm accepted
         5 storm shown
         5 acknowledge storm
         5 disk saves orders.jsonl
         5 reply d failed (emergency)
         5 acknowledge d"#,
    );
}

#[test]
fn decide_reorders_and_survives_a_restart() {
    let mut world = World::new(GATE);
    world.notice(&priority("a"));
    world.notice(&priority("b"));
    assert_eq!(world.status()["needs_decision"], json!(true));
    world.trace.clear();
    let decide = command("c", "decide", json!({ "order": ["vn/86,b", "vn/86,a"] }));
    // The province may not.
    world.command_by("vn/86", &with(decide.clone(), &[("sender", json!("vn/86"))]));
    world.command_by("vn/86/28789", &decide);
    assert_eq!(world.status()["needs_decision"], json!(false));
    world.check(
        "0 reply c failed (not_the_commune)
         0 acknowledge c
         0 disk saves orders.jsonl
         0 reply c {}
         0 acknowledge c",
    );
    let mut world = world.after_power_cut(GATE, 5);
    assert_eq!(world.status()["needs_decision"], json!(false));
    world.run(10);
    world.check(
        "5 show idle
         5 show b
         5 b shown
         8 show a
         8 a shown
         11 show b
         14 show a",
    );
    // An earlier decision that comes late changes nothing, and what lies on site goes first.
    let early = command("d", "decide", json!({ "order": ["vn/86,a"] }));
    world.command_by("vn/86/28789", &with(early, &[("sent", json!(at(-60)))]));
    world.check(
        "15 disk saves orders.jsonl
         15 reply d failed (outdated)
         15 acknowledge d",
    );
    let a = Key { sender: crate::area::Area::parse("vn/86").expect("an area"), id: "a".into() };
    world.board.decided_on_site(Some(vec![a]));
    world.trace.clear();
    world.run(20);
    world.check(
        "17 show b
         20 show a
         23 show b
         26 show a
         29 show b
         32 show a
         35 show b",
    );
}

#[test]
fn report_since_sends_old_batches_again() {
    let mut world = World::new(GATE);
    world.notice(&routine("a"));
    world.run(1000);
    let played = |world: &World| -> Vec<Vec<u8>> {
        let of = |event: &Event| match event {
            Event::Sent(sent) if sent.topic.ends_with("/played") => Some(sent.payload.clone()),
            _ => None,
        };
        world.events.iter().filter_map(of).collect()
    };
    let before = played(&world);
    assert_eq!(before.len(), 3);
    world.trace.clear();
    order(&mut world, "c", "report-since", json!({ "n": 2 }));
    world.check(
        r#"1000 disk saves orders.jsonl
         1000 reply c {"batches":2}
         1000 acknowledge c"#,
    );
    assert_eq!(played(&world)[3..], before[1..]);
    // So does a board that was started anew.
    let mut world = world.after_power_cut(GATE, 5);
    order(&mut world, "d", "report-since", json!({ "n": 1 }));
    assert_eq!(played(&world)[..3], before);
}

#[test]
fn a_retained_command_is_refused_once() {
    let mut world = World::new(GATE);
    world.trace.clear();
    let bytes = signed_command("vn/86/28789", &command("c", "identify", json!({})));
    for _ in 0..3 {
        world.receive("ttcs/v1/vn/86/28789/command/c", &bytes, true);
    }
    world.check(
        "0 reply c failed (retained)
         0 acknowledge c
         0 acknowledge c
         0 acknowledge c",
    );
}

#[test]
fn a_replay_after_a_restart_is_not_acted_on() {
    let mut world = World::new(GATE);
    let identify = command("c", "identify", json!({ "seconds": 2 }));
    world.command_by("vn/86/28789", &identify);
    let mut world = world.after_power_cut(GATE, 60);
    world.trace.clear();
    world.command_by("vn/86/28789", &identify);
    world.run(5);
    // The same id for something else.
    let other = command("c", "test-pattern", json!({ "seconds": 2 }));
    world.command_by("vn/86/28789", &other);
    world.check(
        "60 acknowledge c
         65 reply c failed (command_id)
         65 acknowledge c",
    );
}

#[test]
fn reload_with_bad_files_answers_their_problems_and_goes_on() {
    let mut world = World::new(GATE);
    world.notice(&routine("a"));
    world.trace.clear();
    order(&mut world, "c", "reload", json!({}));
    assert_eq!(world.reloads, 1);
    world.check("");
    let problem = |code: &str| Problem::new(code, "board.toml", "is wrong", "", "");
    world.board.reloaded(&[problem("config"), problem("trusted")]);
    world.perform();
    world.run(30);
    world.check(
        "0 disk saves orders.jsonl
         0 reply c failed (config trusted)
         0 acknowledge c",
    );
    order(&mut world, "d", "reload", json!({}));
    world.board.reloaded(&[]);
    world.perform();
    world.check(
        "30 disk saves orders.jsonl
         30 reply d {}
         30 acknowledge d",
    );
}

#[test]
fn an_answer_goes_where_the_command_says() {
    let mut world = World::new(GATE);
    let bytes = signed_command("vn/86/28789", &command("c", "identify", json!({})));
    let message = world.message("ttcs/v1/vn/86/28789/command/c", &bytes, false);
    let (response_topic, correlation) = (Some("desk/7".to_owned()), Some(vec![1, 2, 3]));
    world.deliver(Message { response_topic, correlation, ..message });
    let answer = world.events.iter().find_map(|event| match event {
        Event::Sent(sent) if sent.topic == "desk/7" => Some(sent.clone()),
        _ => None,
    });
    assert_eq!(answer.expect("an answer").correlation, Some(vec![1, 2, 3]));
}
