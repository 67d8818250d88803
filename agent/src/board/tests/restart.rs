//! What a power cut must not do, as it was found: one story a test.

use serde_json::json;

use super::documents::*;
use super::*;

/// The file of the emergency stayed beside that of the routine revision, whose name is another, and
/// was loaded and shown first.
#[test]
fn a_revision_of_a_lower_class_leaves_no_older_one_to_the_next_start() {
    let mut world = World::new(GATE);
    world.notice(&emergency("tide"));
    world.notice(&with(routine("tide"), &[("revision", json!(2))]));
    assert_eq!(world.medium.disk().names(Folder::Notices).len(), 1);
    let mut world = world.after_power_cut(GATE, 5);
    world.run(1);
    world.check(
        "5 show idle
         5 show tide r2
         5 tide r2 shown",
    );
}

/// A routine update was loaded after the emergency that it had replaced.
#[test]
fn a_routine_update_of_an_emergency_update_is_loaded_before_that_is_shown() {
    let mut world = World::new(GATE);
    let update = |document, of: &str| {
        with(document, &[("kind", json!("update")), ("references", json!([of]))])
    };
    world.notice(&update(emergency("second"), "first"));
    world.notice(&update(routine("third"), "second"));
    let mut world = world.after_power_cut(GATE, 5);
    world.run(1);
    world.check(
        "5 show idle
         5 show third
         5 third shown",
    );
}

/// The receipt went out at once: a power cut then brought back what had been told to have ended.
#[test]
fn what_a_later_revision_ends_is_told_once_that_is_on_the_disk() {
    let mut world = World::new(GATE);
    world.notice(&routine("a"));
    world.trace.clear();
    world.is_slow = true;
    world.notice(&with(routine("a"), &[("revision", json!(2))]));
    world.check(
        "0 show a r2
         0 disk saves r-a",
    );
    world.disk_catches_up();
    world.check(
        "0 a r2 accepted
         0 a ended superseded
         0 a r2 shown
         0 acknowledge a",
    );
}

/// The power was cut when the notice was on the disk and its receipt was not sent: the broker
/// delivered it again, and the board knew it and said nothing.
#[test]
fn what_was_stored_and_not_answered_is_answered_when_it_comes_again() {
    let mut world = World::new(GATE);
    world.is_slow = true;
    world.notice(&routine("a"));
    world.finish_jobs();
    let mut world = world.after_power_cut(GATE, 5);
    world.trace.clear();
    let (topic, bytes) = world.kept.clone().pop_first().expect("a copy");
    world.receive(&topic, &bytes, false);
    world.check(
        "5 a accepted
         5 acknowledge a",
    );
    // Once is enough, and the broker's copies of what lies here are no news.
    world.receive(&topic, &bytes, false);
    world.check("5 acknowledge a");
    let mut world = world.after_power_cut(GATE, 5);
    world.trace.clear();
    world.kept_copies();
    world.check("10 acknowledge a");
}

/// An emergency that became routine left the glass, and its proof waited for the minute.
#[test]
fn the_proof_of_an_emergency_that_became_milder_is_told_at_once() {
    let mut world = World::new(GATE);
    world.notice(&emergency("tide"));
    world.run(5);
    let batches = |world: &World| {
        let sent =
            |event: &&Event| matches!(event, Event::Sent(sent) if sent.topic.ends_with("/played"));
        world.events.iter().filter(sent).count()
    };
    assert_eq!(batches(&world), 0);
    world.notice(&with(routine("tide"), &[("revision", json!(2))]));
    world.run(1);
    assert_eq!(batches(&world), 1);
}

/// The commands that were answered were written before what one of them had decided: a power cut
/// between left a board that never carried the decision out, nor answered it.
#[test]
fn a_decision_and_its_command_are_on_the_disk_together() {
    let mut world = World::new(GATE);
    world.is_slow = true;
    let order = json!({ "order": ["vn/86,b", "vn/86,a"] });
    let decide = command("c", "decide", order);
    world.command_by("vn/86/28789", &decide);
    world.command_by("vn/86/28789", &decide);
    world.command_by("vn/86/28789", &command("d", "identify", json!({ "seconds": 1 })));
    world.check(
        "0 show idle
         0 disk saves orders.jsonl
         0 show identify
         0 disk saves orders.jsonl",
    );
    world.disk_catches_up();
    world.check(
        r#"0 reply c {}
         0 acknowledge c
         0 acknowledge c
         0 reply d {"seconds":1}
         0 acknowledge d"#,
    );
}

/// Two batches were written as one group: a power cut left the later one alone, whose chain began
/// with a hash that nobody had heard of.
#[test]
fn a_batch_of_proof_is_written_when_the_one_before_is_on_the_disk() {
    let mut world = World::new(GATE);
    world.notice(&routine("a"));
    world.is_slow = true;
    world.run(1000);
    let saves = |world: &World| {
        let is_batch = |job: &&Job| job.folder == Folder::Played;
        world.jobs.iter().filter(is_batch).count()
    };
    assert_eq!((saves(&world), world.board.proof_jobs.len()), (1, 2));
    world.disk_catches_up();
    // The first one was sent, and its file is to say so after the third.
    assert_eq!((saves(&world), world.board.proof_jobs.len()), (1, 2));
    world.is_slow = false;
    world.disk_catches_up();
    assert_eq!(world.medium.disk().names(Folder::Played).len(), 3);
    assert!(world.medium.disk().names(Folder::Played).iter().all(|name| name.contains("sent")));
}

/// The disk was full when the milder revision came, so that the file of the emergency stayed; the
/// board had let go of its name, and showed it at the next start, hours after its end.
#[test]
fn the_file_of_an_earlier_revision_goes_with_the_notice_if_it_could_not_go_before() {
    use crate::io::disk::simulated::Health;
    let mut world = World::new(GATE);
    world.notice(&emergency("tide"));
    world.medium.disk().set_health(Health::Full);
    world.notice(&with(routine("tide"), &[("revision", json!(2)), ("expires", json!(at(20)))]));
    assert_eq!(world.medium.disk().names(Folder::Notices).len(), 1);
    world.run(30);
    assert_eq!(world.medium.disk().names(Folder::Notices), Vec::<String>::new());
    let mut world = world.after_power_cut(GATE, 5);
    world.run(1);
    world.check("35 show idle");
}
