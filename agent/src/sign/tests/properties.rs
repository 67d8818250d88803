//! Whatever comes in whatever order: what must hold after each step. A failure prints its list of
//! operations and the seed.

use proptest::prelude::*;

use super::*;
use crate::schedule::{Level, level};

/// Notices that get into each other's way.
pub(super) fn pool() -> Vec<Draft> {
    vec![
        routine("r"),
        routine("r").revision(2).expires(40_000),
        routine("s").expires(25_000).pages(&[700, 1300, 2500]),
        routine("s").digest(9).sent(1).effective(1),
        priority("p").effective(15_000),
        priority("q").update(&["r", "p"]),
        emergency("e").expires(30_000),
        emergency("e").revision(2).effective(20_000),
        emergency("f").pages(&[3000]),
        emergency("f").revision(3).update(&["e"]),
        emergency("g").effective(8000).expires(50_000),
        emergency("x").status(Status::Exercise),
        emergency("t").status(Status::Test),
        cancel("c", &["f", "s"]),
        cancel("c", &["q"]).revision(2),
        cancel("d", &["e", "g"]).status(Status::Exercise),
        cancel("g", &["g"]).revision(2),
    ]
}

#[derive(Debug, Clone)]
enum Op {
    Take(usize),
    Pass(u16),
}

fn operations() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![(0..pool().len()).prop_map(Op::Take), (1..6000_u16).prop_map(Op::Pass)];
    prop::collection::vec(op, 1..40)
}

/// What should hold, told once more: by everything that ever came, without a state.
struct Oracle<'a> {
    came: &'a [Draft],
}

impl Oracle<'_> {
    fn is_ended(&self, notice: &Notice) -> bool {
        self.came.iter().map(|draft| &draft.notice).any(|other| {
            let ends = other.kind != Kind::Alert && other.references.contains(&notice.key);
            ends && other.status as u8 <= notice.status as u8
        })
    }

    fn is_replaced(&self, draft: &Draft) -> bool {
        let rank = |draft: &Draft| (draft.notice.revision, draft.notice.sent, draft.digest);
        let mut same = self.came.iter().filter(|other| other.notice.key == draft.notice.key);
        same.any(|other| rank(other) > rank(draft))
    }

    /// What may be on the glass.
    fn may_show(&self, draft: &Draft, now: Now) -> bool {
        let notice = &draft.notice;
        let drawn = notice.kind != Kind::Cancel && notice.status != Status::Test;
        let in_force = notice.effective <= now.wall && now.wall < notice.expires;
        drawn && in_force && !self.is_ended(notice) && !self.is_replaced(draft)
    }

    fn check(&self, world: &World) {
        let allowed: Vec<&Draft> =
            self.came.iter().filter(|draft| self.may_show(draft, world.now)).collect();
        let highest = allowed.iter().map(|draft| level(&draft.notice)).max();
        match world.sign.showing().0 {
            Showing::Notice { key, revision, .. } => {
                let of = |d: &&&Draft| d.notice.key == *key && d.notice.revision == *revision;
                let shown = allowed.iter().find(of).expect("only what may be shown is shown");
                assert_eq!(Some(level(&shown.notice)), highest);
            }
            Showing::AllClear { .. } => assert_ne!(highest, Some(Level::Emergency)),
            Showing::Idle => assert_eq!(highest, None),
            other => panic!("{other:?}"),
        }
    }
}

/// Passes time in the steps that the sign asks for, checking each.
fn play(operations: &[Op]) {
    let pool = pool();
    let mut world = World::new().load([]);
    let mut came: Vec<Draft> = Vec::new();
    for operation in operations {
        match operation {
            Op::Pass(ms) => world.pass(i64::from(*ms)),
            Op::Take(index) => {
                let draft = &pool[*index];
                came.push(draft.clone());
                let taken = matches!(world.accept(draft.clone(), true), Verdict::Taken { .. });
                world.step();
                let may_show = Oracle { came: &came }.may_show(draft, world.now);
                if taken && may_show && level(&draft.notice) == Level::Emergency {
                    let (showing, _) = world.sign.showing();
                    let key = &draft.notice.key;
                    assert!(
                        matches!(showing, Showing::Notice { key: shown, from_ms: 0, .. }
                            if shown == key),
                        "{} is not on the glass at once: {showing:?}",
                        key.id
                    );
                }
            }
        }
        Oracle { came: &came }.check(&world);
    }
}

/// What is held, what is finished, and who takes turns.
fn state(drafts: &[Draft]) -> String {
    let mut world = World::new().load([]);
    world.pass(1000);
    for draft in drafts {
        world.accept(draft.clone(), true);
        world.step();
    }
    let sign = &world.sign;
    let held: Vec<_> = sign.held.iter().map(|(k, h)| (&k.id, h.digest[0], h.ended)).collect();
    let mut turns = Level::DOWNWARD.map(|level| sign.index.turns(level).collect::<Vec<_>>());
    turns.iter_mut().for_each(|turns| turns.sort());
    format!("{held:?} {:?} {turns:?}", sign.tombs)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn after_each_step_the_glass_is_right(operations in operations()) {
        play(&operations);
    }

    #[test]
    fn order_and_repetition_do_not_matter(
        (drafts, shuffled) in prop::collection::vec(0..anything::pool().len(), 0..20).prop_flat_map(|few| {
            let twice = few.iter().chain(&few).copied().collect::<Vec<_>>();
            (Just(few), Just(twice).prop_shuffle())
        })
    ) {
        let pool = anything::pool();
        let of = |indices: &[usize]| indices.iter().map(|i| pool[*i].clone()).collect::<Vec<_>>();
        prop_assert_eq!(state(&of(&drafts)), state(&of(&shuffled)));
    }
}
