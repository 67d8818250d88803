//! What holds for a scene as time goes by: the picture stands between the instants that the scene
//! names, and painting what changed is painting everything.

use bangtin_renderer::effect::{ATTENTION_MS, FLASHES_PER_S_MAX, HOLD_MS};
use bangtin_renderer::scene::Drawing;
use bangtin_renderer::{Frame, Panel, Scene, paint, repaint};

use super::rules::{paints_inside, shows};

/// How many pixels the checks of one scene may paint, more or less: a large panel takes long and
/// teaches no more than a small one.
pub const MANY_PIXELS: usize = 8_000_000;

/// Enough for one look at each of the larger LED panels.
pub const FEW_PIXELS: usize = 300_000;

/// The instants a scene names are all at which it changes, in every round.
#[track_caller]
pub fn stands_still(scene: &Scene, pixels: usize) {
    let steps = pixels / (scene.width * scene.height) as usize / 4;
    if steps == 0 {
        return;
    }
    let mut frames = [Frame::new(scene.width, scene.height), Frame::new(scene.width, scene.height)];
    let mut same = |a: u64, b: u64| {
        for (frame, at) in frames.iter_mut().zip([a, b]) {
            paint(scene, at, frame);
        }
        frames[0] == frames[1]
    };
    let whole = scene.duration_ms();
    let ends = (0..scene.pages.len()).map(|page| {
        let page_end = scene.page_start_ms(page) + scene.pages[page].duration_ms;
        page_end - scene.pages[page].turn.added_ms().max(1)
    });
    // The first pages leave and the next ones come; then a few instants of the following rounds.
    let starts: Vec<u64> = [0].into_iter().chain(ends.take(3)).chain([3 * whole + 7]).collect();
    for start in starts.iter().take(steps) {
        let mut at = *start;
        for _ in 0..(steps / starts.len()).clamp(1, 40) {
            let Some(next) = scene.next_change_ms(at) else {
                assert!(same(at, at + whole / 2 + 1), "changes after {at}");
                break;
            };
            assert!(next > at, "{next} does not follow {at}");
            assert!(same(at, next - 1), "changes between {at} and {next}");
            assert!(same(at, (at + next) / 2), "changes between {at} and {next}");
            at = next;
        }
        let items = || scene.pages.iter().flat_map(|page| &page.items);
        let has_clock = items().any(|item| matches!(item.drawing, Drawing::Clock { .. }));
        let differs = has_clock || at < ATTENTION_MS;
        assert!(differs || same(at, at + whole), "the round after {at} differs");
    }
}

/// Painting what changed gives what painting everything gives, and says where it painted.
#[track_caller]
pub fn repaints(scene: &Scene, panel: &Panel, dice: &[u32], pixels: usize) {
    let steps = pixels / (scene.width * scene.height) as usize / 5;
    let mut shown = Frame::new(scene.width, scene.height);
    let mut whole = Frame::new(scene.width, scene.height);
    let instants = instants(scene);
    let mut before = 0;
    paint(scene, before, &mut shown);
    for (index, die) in dice.iter().cycle().take(steps.min(80)).enumerate() {
        let die = *die as usize + index * 7919;
        // A jump to anywhere, also backwards; else frame after frame.
        let now = match die % 4 {
            0 => instants[die / 4 % instants.len()],
            1 => (die / 4) as u64 % (3 * scene.duration_ms()),
            2 => scene.next_change_ms(before).unwrap_or(before),
            _ => before + 17,
        };
        let old = shown.clone();
        let touched = repaint(scene, before, now, &mut shown);
        paint(scene, now, &mut whole);
        assert!(shown == whole, "repainted from {before} ms to {now} ms it differs");
        let mut patched = old;
        for area in touched {
            patched.copy(&whole, (0, 0), area);
        }
        assert!(patched == whole, "touches more than it says from {before} ms to {now} ms");
        paints_inside(&whole, &scene.pages[scene.at(now).0]);
        shows(&whole, panel);
        before = now;
    }
}

/// Letters that are copied look as if they were blended.
#[track_caller]
pub fn copies_truly(scene: &Scene, pixels: usize) {
    let mut blended = scene.clone();
    for item in blended.pages.iter_mut().flat_map(|page| &mut page.items) {
        if let Drawing::Text { glyphs, .. } = &mut item.drawing {
            glyphs.iter_mut().for_each(|glyph| glyph.tile = None);
        }
    }
    let mut frames = [Frame::new(scene.width, scene.height), Frame::new(scene.width, scene.height)];
    let steps = pixels / (scene.width * scene.height) as usize / 4;
    for page in (0..scene.pages.len()).take(steps) {
        let begin = scene.page_start_ms(page);
        for at in [begin, begin + scene.pages[page].duration_ms / 2] {
            paint(scene, at, &mut frames[0]);
            paint(&blended, at, &mut frames[1]);
            assert!(frames[0] == frames[1], "copied letters differ at {at} ms");
        }
    }
}

/// The instants around which something may begin or end.
fn instants(scene: &Scene) -> Vec<u64> {
    let mut instants = Vec::new();
    for (index, page) in scene.pages.iter().enumerate() {
        let begin = scene.page_start_ms(index);
        let end = begin + page.duration_ms;
        let turn = &page.turn;
        let (dark, leaves) = (end - turn.dark_ms, end - turn.dark_ms - turn.leave_ms);
        instants.extend([begin, begin + turn.come_ms, begin + HOLD_MS, leaves, dark, end]);
        instants.extend((begin..begin + turn.come_ms).step_by(13));
        instants.extend((leaves..end).step_by(13));
    }
    for flashes in 1..=u64::from(FLASHES_PER_S_MAX) {
        instants.extend((1..=8 * flashes).map(|half| half * 500 / flashes));
    }
    instants.extend((1..=130).map(|second| second * 1000));
    let rounds = scene.duration_ms() * 2;
    instants.iter().flat_map(|at| [*at, at + 1, at.saturating_sub(1), at + rounds]).collect()
}
