//! Pictures on their way to the glass.

use bangtin_renderer::scene::Drawing;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::documents::*;
use super::*;

/// A picture's file.
pub(super) fn file(shade: u8) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, 16, 16);
    encoder.set_color(png::ColorType::Grayscale);
    let mut writer = encoder.write_header().expect("a header");
    writer.write_image_data(&[shade; 256]).expect("pixels");
    writer.finish().expect("an end");
    bytes
}

/// Its SHA-256.
pub(super) fn name(shade: u8) -> String {
    Sha256::digest(file(shade)).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A notice with a picture.
fn pictured(class: &str, id: &str, sha256: &str) -> Value {
    let pictures = json!([{ "sha256": sha256, "alt": "ảnh" }]);
    let content = json!([{ "language": "vi", "headline": "TIN", "pictures": pictures }]);
    with(draft(class, id), &[("content", content)])
}

fn topic(shade: u8) -> String {
    format!("ttcs/v1/asset/{}", name(shade))
}

impl World {
    /// Whether a picture is in the scene on the glass.
    fn has_picture(&self) -> bool {
        let scene = self.scene.as_ref().expect("something shows");
        let mut items = scene.pages.iter().flat_map(|page| &page.items);
        items.any(|item| matches!(item.drawing, Drawing::Picture { .. }))
    }
}

#[test]
fn a_routine_notice_waits_for_its_picture_and_shows_when_it_comes() {
    let mut world = World::new(SQUARE);
    world.trace.clear();
    world.notice(&pictured("routine", "a", &name(7)));
    world.run(20);
    world.check(
        "0 disk saves r-a
         0 subscribe b081c1727ad7513104e01952c2f5508f2a1878b8b24dc058e83b9d08f718d476
         0 a accepted (picture_left_out)
         0 acknowledge a",
    );
    world.receive(&topic(7), &file(7), true);
    world.run(1);
    world.check(
        "20 acknowledge b081c1727ad7513104e01952c2f5508f2a1878b8b24dc058e83b9d08f718d476
         20 show a
         20 a shown",
    );
    assert!(world.has_picture());
    // The disk has it: the next start needs no broker for it.
    let mut world = world.after_power_cut(SQUARE, 5);
    world.run(1);
    world.check(
        "26 show idle
         26 show a
         26 a shown",
    );
    assert!(world.has_picture());
}

#[test]
fn a_notice_is_shown_without_its_picture_after_the_limit() {
    let mut world = World::new(Site { more: "[pictures]\nwait_s = 30", ..SQUARE });
    world.trace.clear();
    world.notice(&pictured("routine", "a", &name(7)));
    world.run(40);
    world.check(
        "0 disk saves r-a
         0 subscribe b081c1727ad7513104e01952c2f5508f2a1878b8b24dc058e83b9d08f718d476
         0 a accepted (picture_left_out)
         0 acknowledge a
         30 show a
         30 a shown",
    );
    assert!(!world.has_picture());
}

#[test]
fn an_emergency_is_on_the_glass_without_its_picture_and_with_it_at_its_next_turn() {
    let mut world = World::new(SQUARE);
    world.notice(&emergency("other"));
    world.trace.clear();
    world.decodes_at_once = false;
    world.notice(&pictured("emergency", "a", &name(7)));
    world.check(
        "0 show a
         0 disk saves e-a
         0 subscribe b081c1727ad7513104e01952c2f5508f2a1878b8b24dc058e83b9d08f718d476
         0 a accepted (picture_left_out)
         0 a shown
         0 acknowledge a",
    );
    assert!(!world.has_picture());
    world.receive(&topic(7), &file(7), true);
    world.decode();
    world.perform();
    world.run(1);
    world.check("0 acknowledge b081c1727ad7513104e01952c2f5508f2a1878b8b24dc058e83b9d08f718d476");
    assert!(!world.has_picture(), "a turn goes on as it began");
    for _ in 0..60 {
        world.run(1);
        if world.trace.iter().any(|line| line.ends_with("show a")) {
            break;
        }
    }
    assert!(world.has_picture());
}

#[test]
fn a_picture_with_another_hash_is_refused() {
    let mut world = World::new(SQUARE);
    world.trace.clear();
    world.notice(&pictured("routine", "a", &name(7)));
    world.receive(&topic(7), &file(8), true);
    world.run(5);
    world.check(
        "0 disk saves r-a
         0 subscribe b081c1727ad7513104e01952c2f5508f2a1878b8b24dc058e83b9d08f718d476
         0 a accepted (picture_left_out)
         0 acknowledge a
         0 acknowledge b081c1727ad7513104e01952c2f5508f2a1878b8b24dc058e83b9d08f718d476",
    );
    assert_eq!(world.medium.disk().names(Folder::Assets), Vec::<String>::new());
    // The right one is still welcome.
    world.receive(&topic(7), &file(7), true);
    world.check(
        "5 acknowledge b081c1727ad7513104e01952c2f5508f2a1878b8b24dc058e83b9d08f718d476
         5 show a
         5 a shown",
    );
    assert!(world.has_picture());
}
