//! Whatever is shown, and whenever the power goes: what must hold.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone, Copy)]
enum Op {
    /// A notice and the page at which it begins.
    Begin(usize, usize),
    End,
    Pass(u64),
    Set(i64),
    Due(Pace),
    Flush,
    Work,
    Report,
    Send,
    Acknowledge,
    Drop,
    Since(u64),
}

fn operation() -> impl Strategy<Value = Op> {
    prop_oneof![
        4 => (0..3_usize, 0..3_usize).prop_map(|(notice, page)| Op::Begin(notice, page)),
        1 => Just(Op::End),
        4 => (1..40_000_u64).prop_map(Op::Pass),
        1 => (-90_000_000..90_000_000_i64).prop_map(Op::Set),
        2 => prop::sample::select(vec![Pace::FiveMinutes, Pace::QuarterHour]).prop_map(Op::Due),
        2 => Just(Op::Flush),
        4 => Just(Op::Work),
        3 => Just(Op::Report),
        3 => Just(Op::Send),
        2 => Just(Op::Acknowledge),
        1 => Just(Op::Drop),
        1 => (0..20_u64).prop_map(Op::Since),
    ]
}

fn operations() -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(operation(), 1..80)
}

/// What was on the glass, told once more by whoever looked at it.
#[derive(Default)]
struct Witness {
    on_glass: Option<&'static str>,
    seen_ms: BTreeMap<&'static str, u64>,
}

impl World {
    fn play(&mut self, op: Op, witness: &mut Witness) {
        match op {
            Op::Begin(notice, page) => {
                let id = ["a", "b", "c"][notice];
                witness.on_glass = Some(id);
                self.began(id, [0, 1000, 3000][page]);
            }
            Op::End => {
                witness.on_glass = None;
                self.ended();
            }
            Op::Pass(ms) => {
                self.pass(ms);
                if let Some(id) = witness.on_glass {
                    *witness.seen_ms.entry(id).or_default() += ms;
                }
            }
            Op::Set(ms) => self.set(ms),
            Op::Due(pace) => self.ledger.due(self.now, pace),
            Op::Flush => self.flush(),
            Op::Work => drop(self.work(true)),
            Op::Report => self.report(),
            Op::Send => drop(self.send()),
            Op::Acknowledge => self.acknowledge(),
            Op::Drop => {
                if let Some(first) = self.under_way.pop() {
                    self.ledger.dropped(first);
                }
            }
            Op::Since(n) => drop(self.ledger.since(n)),
        }
    }

    /// Of each notice: milliseconds shown and asked, and pages.
    fn sums(&self) -> BTreeMap<String, [u64; 3]> {
        let mut sums: BTreeMap<String, [u64; 3]> = BTreeMap::new();
        for showing in self.batches().into_iter().flat_map(|batch| batch.showings) {
            let sum = sums.entry(showing.notice).or_default();
            sum[0] += millis(showing.seconds_shown);
            sum[1] += millis(showing.seconds_asked);
            sum[2] += showing.pages;
        }
        sums
    }

    /// Nothing is told before it is on the medium.
    fn check_told(&self) {
        for bytes in &self.published {
            assert!(self.medium.values().any(|kept| kept == bytes), "told before it was kept");
        }
    }
}

fn millis(seconds: f64) -> u64 {
    (seconds * 1000.0).round() as u64
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_millisecond_on_the_glass_is_told_once(operations in operations()) {
        let mut world = World::new();
        let mut witness = Witness::default();
        for op in operations {
            world.play(op, &mut witness);
            world.check_told();
        }
        world.ended();
        // Another one brings along what was dropped.
        world.began("last", 0);
        world.pass(1);
        witness.seen_ms.insert("last", 1);
        world.flush();
        world.settle();
        world.check_chain();
        let mut told: BTreeMap<String, u64> =
            world.sums().into_iter().map(|(id, [shown, ..])| (id, shown)).collect();
        told.retain(|_, ms| *ms > 0);
        let seen: BTreeMap<String, u64> =
            witness.seen_ms.into_iter().map(|(id, ms)| (id.to_owned(), ms)).collect();
        prop_assert_eq!(told, seen);
        prop_assert_eq!((world.ledger.unsent(), world.ledger.lost()), (0, 0));
        prop_assert_eq!(world.problems, vec![]);
    }

    #[test]
    fn batches_change_no_sum(operations in operations()) {
        let sums = |is_cut: bool| {
            let mut world = World::new();
            for op in &operations {
                match op {
                    Op::Due(_) | Op::Flush if !is_cut => {}
                    op => world.play(*op, &mut Witness::default()),
                }
            }
            world.ended();
            // Another one brings along what was dropped.
            world.began("last", 0);
            world.flush();
            world.pass(1);
            world.flush();
            world.settle();
            world.sums()
        };
        prop_assert_eq!(sums(true), sums(false));
    }

    #[test]
    fn no_power_cut_breaks_the_chain_or_gives_a_told_number_again(
        lives in prop::collection::vec((operations(), any::<bool>()), 1..5),
    ) {
        let mut world = World::new();
        for (operations, keeps_unsynced) in lives {
            let mut witness = Witness::default();
            for op in operations {
                world.play(op, &mut witness);
            }
            world.power_cut(keeps_unsynced);
        }
        world.began("last", 0);
        world.pass(1);
        world.flush();
        world.settle();
        world.check_chain();
        prop_assert_eq!(world.batches().last().map(|batch| batch.showings.len()), Some(1));
        prop_assert_eq!(world.problems, vec![]);
    }

    #[test]
    fn a_failing_disk_loses_no_number_within_a_life(operations in operations(), fails in any::<u64>()) {
        let mut world = World::new();
        let mut witness = Witness::default();
        for (index, op) in operations.into_iter().enumerate() {
            match op {
                Op::Work => drop(world.work(fails >> (index % 64) & 1 == 0)),
                op => world.play(op, &mut witness),
            }
        }
        world.began("last", 0);
        world.pass(1);
        world.flush();
        world.settle();
        world.check_chain();
    }
}

/// A run with all kinds of jobs, and the power cut after each of its steps.
#[test]
fn the_power_may_go_at_any_step() {
    let mut run = Vec::new();
    for _ in 0..4 {
        run.extend([Op::Begin(0, 0), Op::Pass(6000), Op::Begin(1, 0), Op::Pass(2000), Op::Flush]);
        run.extend([Op::Work, Op::Report, Op::Send, Op::Pass(4000), Op::Acknowledge, Op::Work]);
    }
    for keeps_unsynced in [false, true] {
        for steps in 0..=run.len() {
            let mut world = World::new();
            let mut witness = Witness::default();
            run[..steps].iter().for_each(|op| world.play(*op, &mut witness));
            let told = world.batches().len();
            world.power_cut(keeps_unsynced);
            run.iter().for_each(|op| world.play(*op, &mut witness));
            world.settle();
            world.check_chain();
            assert!(world.batches().len() >= told + 4, "after {steps} steps");
        }
    }
}
