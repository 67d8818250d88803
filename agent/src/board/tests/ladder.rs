//! The ladder of each notice, accepted, shown, ended, in the order in which the world hears of it.

use bangtin_renderer::{Composed, describe};
use serde_json::json;

use super::documents::*;
use super::*;

/// The glass comes before the disk, and the acknowledgement only after it.
#[test]
fn with_a_slow_disk_shown_never_comes_before_accepted() {
    let mut world = World::new(GATE);
    world.is_slow = true;
    let storm = with(emergency("storm"), &[("expires", json!(at(20)))]);
    world.notice(&storm);
    world.run(3);
    world.notice(&routine("a"));
    world.check(
        "0 show idle
         0 show storm
         0 disk saves e-storm
         3 disk saves r-a",
    );
    world.disk_catches_up();
    world.check(
        "3 storm accepted
         3 storm shown
         3 acknowledge storm
         3 a accepted
         3 acknowledge a",
    );
    // What ended is told when the disk knows it.
    world.run(20);
    world.check(
        "20 show all-clear
         20 disk forgets e-storm",
    );
    world.disk_catches_up();
    world.check("23 storm ended expired");
}

#[test]
fn the_power_is_cut_between_glass_and_log() {
    let mut world = World::new(GATE);
    world.is_slow = true;
    world.notice(&emergency("storm"));
    world.check(
        "0 show idle
         0 show storm
         0 disk saves e-storm",
    );
    // The disk never did it: the broker brings it again.
    let mut world = world.after_power_cut(GATE, 10);
    world.check("10 show idle");
    let (topic, bytes) = world.kept.clone().pop_first().expect("a copy");
    world.receive(&topic, &bytes, false);
    world.check(
        "10 show storm
         10 disk saves e-storm
         10 storm accepted
         10 storm shown
         10 acknowledge storm",
    );
}

#[test]
fn a_cancel_comes_before_its_alert() {
    let mut world = World::new(GATE);
    world.notice(&cancel("no-storm", &["storm"]));
    world.notice(&emergency("storm"));
    world.check(
        "0 show idle
         0 disk saves c-no-storm-r1
         0 no-storm accepted
         0 acknowledge no-storm
         0 storm refused (outdated)
         0 acknowledge storm",
    );
    let mut world = world.after_power_cut(GATE, 10);
    world.notice(&with(emergency("storm"), &[("revision", json!(2))]));
    world.check(
        "10 show idle
         10 storm r2 refused (outdated)
         10 acknowledge storm",
    );
}

#[test]
fn a_retained_copy_comes_after_the_cancel() {
    let mut world = World::new(GATE);
    world.notice(&emergency("storm"));
    world.run(5);
    world.notice(&cancel("no-storm", &["storm"]));
    world.check(
        "0 show idle
         0 show storm
         0 disk saves e-storm
         0 storm accepted
         0 storm shown
         0 acknowledge storm
         5 show all-clear
         5 disk saves c-no-storm-r1
         5 disk forgets e-storm
         5 no-storm accepted
         5 acknowledge no-storm
         5 storm ended cancelled",
    );
    let mut world = world.after_power_cut(GATE, 10);
    world.kept_copies();
    world.check(
        "15 show idle
         15 acknowledge no-storm
         15 storm refused (outdated)
         15 acknowledge storm",
    );
}

#[test]
fn the_same_id_with_other_bytes_is_a_conflict_in_the_receipt() {
    let mut world = World::new(GATE);
    world.notice(&routine("a"));
    world.trace.clear();
    world.notice(&with(routine("a"), &[("sent", json!(at(-60))), ("event", json!("sớm hơn"))]));
    world.check(
        "0 a refused (conflict)
         0 acknowledge a",
    );
    world.notice(&with(routine("a"), &[("sent", json!(at(60))), ("effective", json!(at(60)))]));
    world.check(
        "0 show idle
         0 disk saves r-a
         0 a accepted (conflict)
         0 a ended superseded
         0 acknowledge a",
    );
}

#[test]
fn an_exercise_as_emergency_carries_its_band_and_waits_for_a_real_one() {
    let mut world = World::new(SQUARE);
    world.notice(&with(emergency("storm"), &[("expires", json!(at(30)))]));
    world.trace.clear();
    world.notice(&with(emergency("drill"), &[("status", json!("exercise"))]));
    world.run(60);
    world.check(
        "0 disk saves e-drill
         0 drill accepted
         0 acknowledge drill
         30 show all-clear
         30 disk forgets e-storm
         30 storm ended expired
         40 show drill
         40 drill shown",
    );
    assert!(world.words().contains("DIỄN TẬP"), "{}", world.words());
}

#[test]
fn a_test_is_answered_and_not_drawn() {
    let mut world = World::new(GATE);
    world.trace.clear();
    world.notice(&with(emergency("silent"), &[("status", json!("test"))]));
    world.run(60);
    world.check(
        "0 disk saves e-silent
         0 silent accepted
         0 acknowledge silent",
    );
}

#[test]
fn the_cut_off_comes_while_an_emergency_starts() {
    let mut world = World::new(GATE);
    world.is_lit = false;
    world.notice(&emergency("storm"));
    world.cut(true);
    world.is_lit = true;
    world.run(60);
    world.check(
        "0 show idle
         0 show storm
         0 disk saves e-storm
         0 storm accepted
         0 acknowledge storm",
    );
    let status = world.status();
    assert_eq!(status["cut_off"], json!(true));
    assert_eq!(status["cut_off_since"], json!("2026-11-23T08:00:00.000+07:00"));
    assert_eq!(status["showing"]["notice"], json!(null));
    world.trace.clear();
    world.cut(false);
    world.check(
        "60 show storm
         60 storm shown",
    );
    assert_eq!(world.status()["cut_off"], json!(false));
}

#[test]
fn what_runs_out_in_the_dark_ends_as_cut_off() {
    let mut world = World::new(GATE);
    world.cut(true);
    world.trace.clear();
    world.notice(&with(emergency("storm"), &[("expires", json!(at(30)))]));
    world.run(60);
    world.cut(false);
    world.check(
        "0 show storm
         0 disk saves e-storm
         0 storm accepted
         0 acknowledge storm
         30 show idle
         30 disk forgets e-storm
         30 storm ended cut_off
         60 show idle",
    );
}

#[test]
fn an_emergency_of_400_letters_on_96_by_16_is_shown_at_once_with_every_word() {
    let sentence =
        "Nước sông Hàm Luông lên nhanh, bà con ven sông khẩn trương sơ tán về nhà văn hóa";
    let mut text = String::new();
    while text.chars().count() < 400 {
        text += &format!("{sentence} ấp {}. ", text.len());
    }
    let text = text.trim();
    let mut world = World::new(GATE);
    let content = json!([{ "language": "vi", "headline": "TRIỀU CƯỜNG CẤP 3", "text": text }]);
    world.trace.clear();
    world.is_slow = true;
    world.notice(&with(emergency("tide"), &[("content", content)]));
    world.check(
        "0 show tide
         0 disk saves e-tide",
    );
    let words = world.words();
    assert!(words.contains("TRIỀU CƯỜNG CẤP 3"), "{words}");
    assert_eq!(words.matches(text).count(), 1, "{words}");
}

/// A board that got another layout cannot draw what it holds: it says so, and the file stays for
/// the layout that can.
#[test]
fn what_another_layout_cannot_draw_ends_as_undrawable_and_keeps_its_file() {
    let khmer = json!([{ "language": "km", "headline": "សេចក្តីជូនដំណឹង" }]);
    let large = Site { layout: "led-300x200", more: "" };
    let mut world = World::new(large);
    world.notice(&with(routine("a"), &[("content", khmer)]));
    world.trace.clear();
    let mut world = world.after_power_cut(GATE, 5);
    world.run(60);
    world.check(
        "5 show idle
         5 show idle
         5 a ended undrawable",
    );
    assert_eq!(world.medium.disk().names(Folder::Notices).len(), 1);
    let mut world = world.after_power_cut(large, 5);
    world.check(
        "70 show idle
         70 show a
         70 a shown",
    );
}

impl World {
    /// All words of the scene on the glass, page after page.
    fn words(&self) -> String {
        let scene = Scene::clone(self.scene.as_ref().expect("something shows"));
        let composed = Composed { scene, findings: Vec::new() };
        let pages = describe::describe(&composed, self.board.layout()).pages;
        let items = pages.into_iter().flat_map(|page| page.items);
        items.flat_map(|item| item.lines).collect::<Vec<_>>().join(" ")
    }
}
