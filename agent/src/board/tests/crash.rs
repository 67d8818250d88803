//! The power is cut at every operation of the disk, and the board starts again from what is left,
//! with a broker that delivers again what was not acknowledged.

use serde_json::{Value, json};

use super::documents::*;
use super::medium::Wreck;
use super::past::{Document, Past, Seen};
use super::*;
use crate::schedule;

/// What is left of the names that were not synced, for each operation.
const POSSIBILITIES: u64 = 2;
/// How long it has no power, in milliseconds.
const DARK_MS: i64 = 5000;
/// What is added to the tokens of messages that come again.
const AGAIN: u64 = 1_000_000;
/// How long the board is watched after it came back, in seconds.
const WATCHED_S: u64 = 45;
/// Messages that were acknowledged last and come again all the same: the acknowledgement was lost.
const ACKNOWLEDGEMENTS_LOST: usize = 2;

/// Everything that can happen to a board, with ids that end in `n`.
fn happenings(n: i64) -> impl Fn(&mut World) {
    let second = n * 100;
    move |world: &mut World| {
        let id = |name: &str| format!("{name}-{n}");
        let lasts = |document: Value, seconds: i64| {
            with(document, &[("expires", json!(at(second + seconds)))])
        };
        let later = |document: Value, revision: i64| {
            with(document, &[("revision", json!(revision)), ("sent", json!(at(second)))])
        };
        let update = |document: Value, of: &[String]| {
            with(document, &[("kind", json!("update")), ("references", json!(of))])
        };
        world.notice(&routine(&id("stays")));
        world.notice(&lasts(routine(&id("short")), 30));
        world.notice(&routine(&id("revised")));
        world.run(3);
        world.notice(&later(routine(&id("revised")), 2));
        world.notice(&routine(&id("replaced")));
        world.notice(&update(routine(&id("replacing")), &[id("replaced")]));
        // A cancel before what it ends, and one after.
        world.notice(&cancel(&id("early"), &[&id("never")]));
        world.notice(&routine(&id("never")));
        world.notice(&routine(&id("ended")));
        world.run(12);
        world.notice(&cancel(&id("ending"), &[&id("ended")]));
        world.notice(&lasts(priority(&id("first")), 600));
        world.notice(&lasts(priority(&id("second")), 700));
        let order = json!({ "order": [format!("vn/86,{}", id("second")), format!("vn/86,{}", id("first"))] });
        world.command_by("vn/86/28789", &command(&id("decide"), "decide", order));
        world.command_by("vn/86/28789", &command(&id("name"), "identify", json!({ "seconds": 2 })));
        world.run(4);
        // Emergencies: one that ends by itself, one that is taken back, one that becomes milder.
        world.notice(&lasts(emergency(&id("storm")), 40));
        world.notice(&emergency(&id("tide")));
        world.command_by("vn/86/28789", &command(&id("pattern"), "test-pattern", json!({})));
        world.notice(&lasts(emergency(&id("milder")), 600));
        world.run(5);
        world.notice(&lasts(later(routine(&id("milder")), 2), 600));
        world.notice(&update(lasts(emergency(&id("bulletin")), 600), &[id("tide")]));
        world.run(8);
        world.notice(&update(lasts(routine(&id("calm")), 600), &[id("bulletin")]));
        world.notice(&with(
            emergency(&id("drill")),
            &[("status", json!("exercise")), ("expires", json!(at(second + 45)))],
        ));
        world.notice(&with(emergency(&id("silent")), &[("status", json!("test"))]));
        // What is refused.
        world.notice(&with(routine(&id("elsewhere")), &[("to", json!(["vn/86/28790"]))]));
        world.receive("ttcs/v1/vn/86/notice/unsigned", format!("x{n}").as_bytes(), false);
        let two = with(routine(&id("conflict")), &[("event", json!("two"))]);
        world.notice(&routine(&id("conflict")));
        world.notice(&two);
        let report = command(&id("report"), "report-since", json!({ "n": 1 }));
        world.command_by("vn/86/28789", &report);
        world.notice(&with(routine(&id("picture")), &[("content", json!([{
            "language": "vi", "headline": "TIN", "pictures": [{ "sha256": pictures::name(n as u8), "alt": "ảnh" }]
        }]))]));
        let topic = format!("ttcs/v1/asset/{}", pictures::name(n as u8));
        world.receive(&topic, &pictures::file(n as u8), true);
        let left = at(second + 100).duration_since(world.now.wall).as_secs();
        world.run(left.max(0) as u64);
    }
}

/// A run with hundreds of operations, and how a power cut would have left each of them.
fn run(is_slow: bool, rounds: i64) -> World {
    let mut world = World::new(GATE);
    world.medium.remember(POSSIBILITIES);
    (world.is_slow, world.catches_up) = (is_slow, is_slow);
    for n in 0..rounds {
        happenings(n)(&mut world);
    }
    world
}

/// A board comes back from a wreck: what was acknowledged lasts, what ended stays ended, what was
/// told is not told otherwise.
fn comes_back(before: &Past, wreck: &Wreck, possibility: usize) {
    let label = format!("operation {}, possibility {possibility}", wreck.operation);
    let now = Now { wall: later(wreck.wall, DARK_MS), monotonic_ms: 0, trust: Trust::Trusted };
    let mut world = World::start_at(GATE, &wreck.found[possibility], now);
    lasts(before, &world, &label);
    // The broker delivers again what was not acknowledged, and what it did not hear was.
    let lost = before.acknowledged.len().saturating_sub(ACKNOWLEDGEMENTS_LOST);
    let heard = &before.acknowledged[..lost];
    let again = before.came.iter().filter(|message| !heard.contains(&message.token));
    for message in again {
        world.deliver(Message { token: Token(AGAIN + message.token.0), ..message.clone() });
    }
    if (wreck.operation + possibility as u64).is_multiple_of(4) {
        let notices = before.came.iter().filter(|message| message.topic.contains("/notice/"));
        world.kept = notices.map(|m| (m.topic.clone(), m.payload.clone())).collect();
        world.kept_copies();
    }
    world.run(WATCHED_S);
    let mut after = Past::default();
    world.events.iter().for_each(|event| after.take(event));
    for message in before.came.iter().filter(|message| !heard.contains(&message.token)) {
        let token = Token(AGAIN + message.token.0);
        let acknowledged = after.acknowledged.contains(&token);
        assert!(acknowledged, "{label}: {} is never acknowledged", message.topic);
    }
    let label = format!("{label}:\n{}\n", world.trace.join("\n"));
    answered(before, &after, &world, &label);
    decided(before, &world, &label);
    shown_again(before, &after, &world, &label);
    chained(before, &after, &label);
    not_carried_out_again(before, &mut world, &label);
}

/// What was accepted and is not over is held, before the broker says anything.
fn lasts(before: &Past, world: &World, label: &str) {
    let accepted = before.documents.iter().filter(|of| before.was(Seen::Accepted, of) > 0);
    for of in accepted.filter(|of| !before.is_over(of, world.now.wall)) {
        let held = world.board.sign.notice(&of.key()).map(|notice| notice.revision);
        assert_eq!(held, Some(of.revision), "{label}: {} was accepted and is gone", of.id);
    }
}

/// What ended stays ended, and each message gets its answer, or after the power cut the same once
/// more, and never another.
fn answered(before: &Past, after: &Past, world: &World, label: &str) {
    // Of two notices with one id and revision, one stands in the place of the other.
    for of in before.documents.iter().filter(|of| !of.id.starts_with("conflict")) {
        let Document { id, revision, .. } = of;
        let told = |state| [before.was(state, of), after.was(state, of)];
        let (accepted, refused) = (told(Seen::Accepted), told(Seen::Refused));
        let (ended, began) = (told(Seen::Ended), told(Seen::Began));
        if ended[0] > 0 {
            assert_eq!(began[1], 0, "{label}{id} r{revision} had ended and is shown");
            assert_eq!(accepted[1], 0, "{label}{id} r{revision} had ended and is accepted");
        }
        assert!(accepted[0] <= 1 && accepted[1] <= 1, "{label}{id} r{revision} accepted twice");
        let answers: usize = [accepted, refused, ended].iter().flatten().sum();
        assert!(answers > 0, "{label}{id} r{revision} is never answered");
        let over = before.is_over(of, world.now.wall);
        let contradicted =
            (accepted[0] > 0 && refused[1] > 0 && !over) || (refused[0] > 0 && accepted[1] > 0);
        assert!(!contradicted, "{label}{id} r{revision} has two answers");
    }
}

/// What the commune decided last holds, answered or not.
fn decided(before: &Past, world: &World, label: &str) {
    let mut decisions =
        before.came.iter().filter(|message| message.topic.contains("/command/decide"));
    let holds = world.board.decision.sent.as_ref().map(|decided| decided.order.len());
    assert_eq!(holds, decisions.next_back().map(|_| 2), "{label}the decision is gone");
}

/// What was on the glass and is not over comes back, unless something higher is there.
fn shown_again(before: &Past, after: &Past, world: &World, label: &str) {
    let level = |of: &Document| world.board.sign.notice(&of.key()).map(|n| schedule::level(n));
    let highest =
        before.documents.iter().filter(|of| after.was(Seen::Began, of) > 0).filter_map(level).max();
    let shown = before.documents.iter().filter(|of| before.was(Seen::Shown, of) > 0);
    for of in shown.filter(|of| !before.is_over(of, world.now.wall)) {
        let came_back = after.was(Seen::Began, of) > 0 || highest > level(of);
        assert!(came_back, "{label}{} r{} was shown and is not again", of.id, of.revision);
    }
}

/// The proof of display is one chain, over the power cut too.
fn chained(before: &Past, after: &Past, label: &str) {
    let mut batches = before.batches.clone();
    for (first, bytes) in &after.batches {
        let told = batches.entry(*first).or_insert_with(|| bytes.clone());
        assert_eq!(told, bytes, "{label}batch {first} is told twice with other words");
    }
    let (mut next, mut hash) = (1, ledger::NO_HASH.to_owned());
    for (first, bytes) in &batches {
        let batch = ledger::verify(bytes, Some(&hash));
        let batch = batch.unwrap_or_else(|problems| panic!("{label}batch {first}: {problems:?}"));
        assert_eq!(batch.first, next, "{label}numbers run on");
        (next, hash) = (batch.last + 1, batch.hash);
    }
}

/// Commands that were answered come once more, as a replay would.
fn not_carried_out_again(before: &Past, world: &mut World, label: &str) {
    let commands = before.came.iter().filter(|message| message.topic.contains("/command/"));
    for message in commands.filter(|message| before.answers.contains_key(last(&message.topic))) {
        world.trace.clear();
        world.deliver(Message { token: Token(2 * AGAIN + message.token.0), ..message.clone() });
        let id = last(&message.topic);
        let only = |line: &String| line.contains("acknowledge") || line.ends_with("saves time");
        assert!(world.trace.iter().all(only), "{label}{id}: {:?}", world.trace);
    }
}

/// Cuts the power at every operation of a run.
fn cut_everywhere(world: &World) {
    let mut before = Past::default();
    let mut events = 0;
    for wreck in &world.medium.wrecks() {
        world.events[events..wreck.events].iter().for_each(|event| before.take(event));
        events = wreck.events;
        for possibility in 0..wreck.found.len() {
            comes_back(&before, wreck, possibility);
        }
    }
}

#[test]
fn the_power_is_cut_at_every_operation_of_a_run_with_hundreds() {
    let world = run(false, 3);
    assert!(world.medium.wrecks().len() > 400, "{} operations", world.medium.wrecks().len());
    cut_everywhere(&world);
}

/// Jobs wait for each other and are synced as groups, and messages come before their answers.
#[test]
fn the_power_is_cut_at_every_operation_of_a_disk_that_is_behind() {
    let world = run(true, 2);
    assert!(world.medium.wrecks().len() > 150, "{} operations", world.medium.wrecks().len());
    cut_everywhere(&world);
}
