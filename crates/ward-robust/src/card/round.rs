//! Drawn rounds, and how an aggregator plays one.

use rand::RngExt;
use ward_core::{
    Delta, LocalUpdate, LocalWork, NodeId, OptimizerSpec, Params, Purpose, RingSpec, RoundId, Seed,
    TrainOrder, Weighting,
};
use ward_privacy::seal;
use ward_round::Aggregator;
use ward_round::strategy::Opening;

use super::Subject;

/// What came of a trial: the words of the round of which it failed.
pub(super) type Tried = Result<(), String>;

/// Wide enough for updates far away, and fine enough for updates near zero.
const RING: RingSpec = RingSpec {
    fraction_bits: 24,
    range: 524_288.0,
    most_weight: 1_000,
};

/// Draws the updates of a round that is tried.
const DRAW: Purpose = Purpose("card");

/// The largest f of which rounds are drawn.
const MOST_F: usize = 2;
/// The most updates that a round is given in search of the fewest that will do.
pub(super) const MOST_UPDATES: usize = 64;
/// Rounds drawn of each size.
const DRAWS: u64 = 8;

/// One round.
#[derive(Debug, Clone)]
pub(super) struct Round {
    pub(super) f: usize,
    pub(super) updates: Vec<Vec<f64>>,
    pub(super) weights: Vec<u64>,
    /// What was carried from the round before, or is trusted.
    pub(super) reference: Vec<f64>,
    /// Which draw it is.
    pub(super) draw: u64,
}

impl Round {
    /// Draw number `draw` of `n` updates of `len` parameters, between −1 and 1.
    pub(super) fn drawn(n: usize, f: usize, len: usize, draw: u64) -> Self {
        let place = Seed::run(0).purpose(DRAW);
        let place = place
            .child("updates", n as u64)
            .child("parameters", len as u64);
        let mut rng = place.stream_of(draw);
        let mut vector = || (0..len).map(|_| rng.random_range(-1.0..1.0)).collect();
        Self {
            f,
            reference: vector(),
            updates: (0..n).map(|_| vector()).collect(),
            weights: vec![1; n],
            draw,
        }
    }

    /// The same round with every vector changed.
    pub(super) fn each(&self, change: impl Fn(f64) -> f64) -> Self {
        let all = |vector: &Vec<f64>| vector.iter().map(|&v| change(v)).collect();
        Self {
            updates: self.updates.iter().map(all).collect(),
            reference: all(&self.reference),
            ..self.clone()
        }
    }

    /// The result, as a run makes it: sealed, accepted one by one, and finished. `None` where the
    /// round would be abandoned.
    pub(super) fn play(&self, aggregator: &dyn Aggregator) -> Option<Vec<f32>> {
        let optimizer = OptimizerSpec::Sgd {
            learning_rate: 1.0,
            momentum: 0.0,
        };
        let order = TrainOrder::new(LocalWork::Steps(1), 0, optimizer, RING, Seed::run(0));
        let carried: Vec<f32> = self.reference.iter().map(|&v| v as f32).collect();
        let mut accumulator = aggregator.open(Opening {
            len: self.reference.len(),
            round: RoundId(0),
            params: &Params(vec![0.0; self.reference.len()]),
            order: &order,
            seed: Seed::run(0),
            carried: &carried,
        });
        let updates = self.updates.iter().zip(&self.weights);
        for (node, (update, &weight)) in updates.enumerate() {
            let upload = sealed(update.iter().map(|&v| v as f32).collect(), weight).ok()?;
            accumulator.accept(NodeId(node as u32), &upload).ok()?;
        }
        accumulator.finish().ok().map(|delta| delta.0)
    }

    /// Its size and draw, in words.
    pub(super) fn told(&self) -> String {
        format!(
            "draw {} of n = {}, f = {}, {} parameters",
            self.draw,
            self.updates.len(),
            self.f,
            self.reference.len()
        )
    }
}

/// An update on its way out of a hospital.
pub(super) fn sealed(delta: Vec<f32>, examples: u64) -> Result<ward_core::Upload, seal::SealError> {
    let update = LocalUpdate {
        delta: Delta(delta),
        extras: Vec::new(),
        examples,
        noised: None,
        loss: 0.0,
    };
    seal::trial(update, &seal::trial_order(Weighting::Examples, RING))
}

/// Tries rounds of each small size that the subject bears, with one bad update and with two. A subject
/// that gives no result in any of them has not been tried, and that is told as a failure.
pub(super) fn on_rounds(
    subject: Subject<'_>,
    mut look: impl FnMut(&dyn Aggregator, &Round) -> Tried,
) -> Tried {
    let mut results = 0;
    for f in 1..=MOST_F {
        let fewest = (3..MOST_UPDATES).find(|&n| subject(n, f).is_some());
        let sizes = fewest.into_iter().flat_map(|n| [n, n + 1, n + 3]);
        for n in sizes {
            let Some(aggregator) = subject(n, f) else {
                continue;
            };
            for len in [1, 3, 8] {
                for draw in 0..DRAWS {
                    let round = Round::drawn(n, f, len, draw);
                    look(&*aggregator, &round)?;
                    results += usize::from(round.play(&*aggregator).is_some());
                }
            }
        }
    }
    match results {
        0 => Err(NOT_TRIED.to_owned()),
        _ => Ok(()),
    }
}

/// What is told of a subject that no round could be found for.
pub(super) const NOT_TRIED: &str =
    "no round of fewer than 64 updates, 1 or 2 of them bad, gives a result";

/// The largest difference of two results, in `f64`.
pub(super) fn apart(a: &[f32], b: &[f32]) -> f64 {
    let differences = a
        .iter()
        .zip(b)
        .map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
    differences.fold(0.0, f64::max)
}
