//! Whatever happens to a board, in whatever order: clocks that jump, cut-offs, decisions, overlays,
//! pictures, power cuts. What must hold after each step. A failure prints its list of operations.

use proptest::prelude::*;
use proptest::sample::Index as Pick;

use super::*;
use crate::schedule::{Level, level, may_show};

/// Notices that get into each other's way, and those that wait for something.
pub(super) fn pool() -> Vec<Draft> {
    let minutes = Window { days: [true; 7], from: 481, to: 483 };
    let mut pool = properties::pool();
    pool.extend([
        routine("w").with(|notice| notice.windows.push(minutes)),
        routine("picture").waits(9000).pages(&[500, 600]),
        priority("u").waits(4000).uncomposed(),
        priority("v").pages(&[1200]),
        priority("v").revision(2).status(Status::Exercise),
        emergency("h").uncomposed().waits(9000),
        emergency("h").revision(2).expires(70_000),
        emergency("early").sent(-HOUR).effective(-HOUR).expires(60_000),
        emergency("drill").status(Status::Exercise).effective(5000).expires(45_000),
        cancel("b", &["h", "v"]),
    ]);
    pool
}

#[derive(Debug, Clone)]
enum Op {
    Take(Pick),
    Pass(u16),
    Jump(i32),
    Trust(Trust),
    CutOff(bool),
    Decide(Vec<Pick>),
    Ready(Pick),
    Overlay(u16),
    Undrawable,
    Restart(u64),
}

fn operations() -> impl Strategy<Value = Vec<Op>> {
    use Trust::{Holdover, Trusted, Unknown};
    let op = prop_oneof![
        12 => any::<Pick>().prop_map(Op::Take),
        8 => (1..6000_u16).prop_map(Op::Pass),
        2 => (-90_000..90_000).prop_map(Op::Jump),
        2 => prop::sample::select(vec![Trusted, Holdover, Unknown]).prop_map(Op::Trust),
        2 => any::<bool>().prop_map(Op::CutOff),
        1 => prop::collection::vec(any::<Pick>(), 0..4).prop_map(Op::Decide),
        1 => any::<Pick>().prop_map(Op::Ready),
        1 => (0..9000_u16).prop_map(Op::Overlay),
        1 => Just(Op::Undrawable),
        1 => any::<u64>().prop_map(Op::Restart),
    ];
    prop::collection::vec(op, 1..60)
}

/// A board with what surrounds it: a store, and a memory of what must not come back.
struct Surroundings {
    world: World,
    came: Vec<Draft>,
    /// The files, as the board keeps them.
    files: Vec<Draft>,
    decided: Vec<Key>,
    /// What ended by a clock that is believed.
    gone: BTreeSet<(Key, [u8; 32])>,
    /// Whether a start would bring something back, or another clock judge it.
    differs: bool,
}

fn rules() -> Rules {
    let saving = vec![Window { days: [true; 7], from: 481, to: 482 }];
    Rules { saving, all_clear_ms: 3000 }
}

fn digest(draft: &Draft) -> [u8; 32] {
    draft.arrival(true).digest
}

impl Surroundings {
    fn new() -> Self {
        let mut world = World::ruled(rules());
        world.step();
        let (came, files, decided) = (Vec::new(), Vec::new(), Vec::new());
        Self { world, came, files, decided, gone: BTreeSet::new(), differs: false }
    }

    fn play(&mut self, op: &Op, pool: &[Draft]) {
        let some_key = |pick: &Pick| pick.get(pool).notice.key.clone();
        match op {
            Op::Take(pick) => self.take(pick.get(pool)),
            Op::Pass(ms) => self.world.pass(i64::from(*ms)),
            Op::Jump(ms) => self.world.jump(i64::from(*ms)),
            Op::Trust(trust) => self.world.now.trust = *trust,
            Op::CutOff(active) => self.world.sign.cut_off(*active),
            Op::Decide(picks) => {
                self.decided = picks.iter().map(some_key).collect();
                self.world.sign.decide(self.decided.clone());
            }
            Op::Ready(pick) => self.world.sign.ready(&some_key(pick)),
            Op::Overlay(ms) => {
                let now = self.world.now;
                self.world.sign.overlay(Overlay::Identify, u64::from(*ms), now);
            }
            Op::Undrawable => {
                if let Showing::Notice { key, revision, .. } = self.world.sign.showing().0.clone() {
                    let ended = self.world.sign.undrawable(&key, revision);
                    self.world.ended(&ended);
                    self.differs = true;
                }
            }
            Op::Restart(seed) => self.restart(*seed),
        }
        self.world.step();
        self.compose();
        self.keep_files();
    }

    fn take(&mut self, draft: &Draft) {
        let verdict = self.world.accept(draft.clone(), true);
        let taken = matches!(verdict, Verdict::Taken { .. });
        let is_alert = draft.notice.kind == Kind::Alert;
        if taken {
            self.files.retain(|file| {
                file.notice.key != draft.notice.key || file.notice.kind != Kind::Alert
            });
        }
        let stored = taken || (matches!(verdict, Verdict::Outdated { .. }) && !is_alert);
        if stored {
            self.came.push(draft.clone());
            self.files.push(draft.clone());
        }
        self.world.step();
        let (showing, _) = self.world.sign.showing();
        let key = &draft.notice.key;
        let held = self.world.sign.held.get(key).filter(|held| !held.ended);
        let urgent = level(&draft.notice) == Level::Emergency && held.is_some();
        let dark = self.world.sign.cut_off.is_some();
        if taken && urgent && !dark && may_show(&draft.notice, self.world.now) {
            let at_once = matches!(showing, Showing::Notice { key: shown, from_ms: 0, .. }
                if shown == key);
            assert!(at_once, "{} is not on the glass at once: {showing:?}", key.id);
        }
    }

    /// The board composes what is to show.
    fn compose(&mut self) {
        let Showing::Notice { key, revision, .. } = self.world.sign.showing().0.clone() else {
            return;
        };
        if self.world.sign.held[&key].timing.is_none() {
            let timing = timing(&[1500, 700]).expect("there are pages");
            self.world.sign.composed(&key, revision, timing, self.world.now);
        }
    }

    /// Files go and are marked as the sign says.
    fn keep_files(&mut self) {
        for end in std::mem::take(&mut self.world.ends) {
            let file = |draft: &&mut Draft| draft.notice.key == end.key;
            for draft in self.files.iter_mut().filter(file).filter(|_| end.over) {
                draft.over = true;
            }
            if end.forget {
                self.files.retain(|draft| draft.notice.key != end.key);
            }
            if end.over || end.forget {
                let of = |d: &&Draft| d.notice.key == end.key && d.notice.revision == end.revision;
                let ended = self.came.iter().filter(of);
                self.gone.extend(ended.map(|draft| (end.key.clone(), digest(draft))));
            }
        }
        for key in std::mem::take(&mut self.world.buried) {
            self.files.retain(|draft| draft.notice.key != key);
        }
    }

    /// The power is cut; the program starts with what the store holds, in any order.
    fn restart(&mut self, seed: u64) {
        self.world.step();
        self.keep_files();
        let before = self.seats();
        let cut_off = self.world.sign.cut_off.is_some();
        let waits = self.world.sign.held.values().any(|held| held.waits_until_ms.is_some());
        let same_clock = self.world.now.trust != Trust::Unknown;
        let mut files = self.files.clone();
        files.sort_by_cached_key(|file| Sha256::digest(format!("{seed} {file:?}")).to_vec());
        self.world.sign = Sign::new(self.world.now, rules());
        self.world.sign.cut_off(cut_off);
        self.world.sign.decide(self.decided.clone());
        self.world.seen.clear();
        self.gone.clear();
        for mut file in files {
            file.waits_ms = None;
            self.world.accept(file, false);
        }
        self.world.step();
        self.keep_files();
        if same_clock && !waits && !self.differs {
            let after = self.seats();
            let shown: Vec<_> = before.iter().filter(|key| !after.contains(*key)).collect();
            assert!(shown.is_empty(), "the start lost {shown:?}");
            let revived: Vec<_> = after.iter().filter(|key| !before.contains(*key)).collect();
            assert!(revived.is_empty(), "the start revived {revived:?}");
        }
        self.differs = false;
    }

    fn seats(&self) -> BTreeSet<Arc<Key>> {
        let index = &self.world.sign.index;
        Level::DOWNWARD.into_iter().flat_map(|level| index.turns(level).cloned()).collect()
    }

    fn check(&self) {
        let (now, sign) = (self.world.now, &self.world.sign);
        let trusted = now.trust != Trust::Unknown;
        let heard = |held: &Held| held.heard.is_some() && !trusted;
        let may = |held: &&Held| {
            let waits = held.waits_until_ms.is_some_and(|until| now.monotonic_ms < until);
            let out = held.ended || held.undrawable || waits;
            !out && !heard(held) && may_show(&held.notice, now)
        };
        let must = sign.held.values().filter(may).map(|held| level(&held.notice)).max();
        let saving = trusted && calendar::is_inside(&rules().saving, now.wall);
        match sign.showing().0 {
            Showing::Notice { key, revision, .. } => {
                let held = &sign.held[key];
                assert_eq!(held.notice.revision, *revision);
                assert!(now.wall < held.notice.expires, "{} is over", key.id);
                assert!(may(&held) || heard(held), "{} must not show", key.id);
                assert!(Some(level(&held.notice)) >= must, "{} hides what is above it", key.id);
                assert!(!saving || level(&held.notice) >= Level::Drill, "these are saving hours");
                let back = self.gone.contains(&(key.clone(), held.digest));
                assert!(!back, "{} has ended for good", key.id);
                self.check_fold(held);
            }
            Showing::AllClear { headlines } => {
                assert!(must < Some(Level::Emergency));
                for headline in headlines {
                    assert!(self.world.seen.contains(headline), "nobody saw {headline}");
                }
            }
            Showing::Overlay(_) => assert!(must < Some(Level::Drill)),
            Showing::Dark => assert!(saving && must < Some(Level::Drill)),
            Showing::Idle => assert!(must.is_none() && !saving),
        }
    }

    /// No later revision has come, and nothing ended it.
    fn check_fold(&self, held: &Held) {
        let notice = &held.notice;
        for file in &self.files {
            let other = &file.notice;
            let ends = other.kind != Kind::Alert && other.references.contains(&notice.key);
            let own = other.kind == Kind::Update && other.key == notice.key;
            let ends = ends && !own && other.status as u8 <= notice.status as u8;
            assert!(!ends, "{} was ended by {}", notice.key.id, other.key.id);
            let same = other.key == notice.key;
            assert!(!same || other.revision <= notice.revision, "{} is outdated", notice.key.id);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_glass_is_right(operations in operations()) {
        let pool = pool();
        let mut surroundings = Surroundings::new();
        for operation in &operations {
            surroundings.play(operation, &pool);
            surroundings.check();
        }
    }
}
