//! Regions that each average their own hospitals' updates, and from time to time each other's models.
//!
//!   wᵣ ← wᵣ + Σ nₖ Δₖ / Σ nₖ           over the hospitals k of region r, every round
//!   w  ← Σ Nᵣ (b + c(wᵣ − b)) / Σ Nᵣ   every so many rounds; then every wᵣ is w, and b too
//!
//! b is the model after the last exchange, Nᵣ what the updates of region r have weighed since. c passes a
//! model's change on as it is, or shortens it to a norm and adds Gaussian noise. With an exchange in every
//! round, and nothing noised, this is FedAvg over all hospitals (McMahan et al. 2017, arXiv:1602.05629).

use std::fmt;
use std::sync::Arc;

use rand_distr::{Distribution, StandardNormal};
use ward_core::{Abandoned, Delta, Malformed, NodeId, Params, Purpose, RingSpec, Seed, Upload};
use ward_privacy::{RingSum, ring};

use super::{
    Accumulator, Aggregator, Bears, Claims, Move, Opening, OptimizerState, ServerOptimizer,
    Visibility,
};

/// By node, the region that it is in, from 0.
pub type RegionOf = Arc<[usize]>;

/// The weighted mean of each region's updates, one after the other, and their weights behind them.
#[derive(Debug, Clone)]
pub struct RegionalMean {
    /// Who is where.
    pub region_of: RegionOf,
    /// How many regions there are.
    pub regions: usize,
}

impl Aggregator for RegionalMean {
    /// Each, to know whose it is: a region's sum would do, but there are several of them.
    fn needs(&self) -> Visibility {
        Visibility::EachUpdate
    }

    fn claims(&self) -> Claims {
        Claims {
            weights: true,
            bears: Bears::Nothing,
            ..Claims::ALL
        }
    }

    fn open(&self, opening: Opening<'_>) -> Box<dyn Accumulator> {
        let sum = || RingSum::new(opening.len, opening.order.ring);
        Box::new(Regional {
            region_of: self.region_of.clone(),
            len: opening.len,
            ring: opening.order.ring,
            sums: (0..self.regions).map(|_| sum()).collect(),
        })
    }
}

/// Each region's sum.
struct Regional {
    region_of: RegionOf,
    len: usize,
    ring: RingSpec,
    sums: Vec<RingSum>,
}

impl fmt::Debug for Regional {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weights: Vec<u64> = self.sums.iter().map(RingSum::weight).collect();
        f.debug_struct("Regional")
            .field("weights", &weights)
            .finish()
    }
}

impl Regional {
    /// The sum that a hospital's updates go into; noise of the coordinator's goes into none.
    fn of(&mut self, node: NodeId) -> Option<&mut RingSum> {
        let region = *self.region_of.get(node.0 as usize)?;
        self.sums.get_mut(region)
    }
}

impl Accumulator for Regional {
    fn accept(&mut self, from: NodeId, upload: &Upload) -> Result<(), Malformed> {
        match self.of(from) {
            Some(sum) => sum.accept(upload),
            None => ring::check(upload, self.len, &self.ring),
        }
    }

    fn count(&mut self, from: NodeId, upload: &Upload) -> Result<(), Malformed> {
        if let Some(sum) = self.of(from) {
            sum.add(upload);
        }
        Ok(())
    }

    fn finish(&self) -> Result<Delta, Abandoned> {
        let mut all = Vec::with_capacity(self.sums.len() * (self.len + 1));
        all.extend(self.sums.iter().flat_map(|sum| sum.mean().0));
        all.extend(self.sums.iter().map(|sum| sum.weight() as f32));
        Ok(Delta(all))
    }
}

/// What crosses a border.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Exchange {
    /// Nothing.
    Nothing,
    /// Each region's model.
    Models,
    /// The change of each region's model, shortened to a norm and noised.
    Noised {
        /// The largest L2 norm, above 0.
        clip_norm: f32,
        /// Standard deviation of the noise on each number, as a multiple of the norm; 0 or more.
        noise_multiplier: f32,
    },
}

/// Moves each region's model, and exchanges them.
#[derive(Debug, Clone)]
pub struct ServerRegional {
    /// How many regions there are.
    pub regions: usize,
    /// What is exchanged.
    pub exchange: Exchange,
    /// After every so many rounds that have closed; at least 1.
    pub every: u32,
    /// Where the noise of an exchange is drawn. It is public, and a simulation's.
    pub seed: Seed,
}

impl ServerOptimizer for ServerRegional {
    fn apply(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let len = params.0.len() / self.regions.max(1);
        if state.moments.len() != 3 {
            // Since the last exchange: the weights, the model after it, and how many rounds have closed.
            let before = params.0[..len].to_vec();
            state.moments = vec![vec![0.0; self.regions], before, vec![0.0]];
        }
        for (w, delta) in params.0.iter_mut().zip(&step.aggregate.0) {
            *w += delta;
        }
        for (weight, more) in state.moments[0].iter_mut().zip(step.extras) {
            *weight += more;
        }
        state.moments[2][0] += 1.0;
        let due = state.moments[2][0] >= self.every as f32;
        if due && self.exchange != Exchange::Nothing {
            state.moments[2][0] = 0.0;
            self.exchange(state, params, step);
        }
    }
}

impl ServerRegional {
    fn exchange(&self, state: &mut OptimizerState, params: &mut Params, step: &Move<'_>) {
        let [weights, before, _] = state.moments.as_mut_slice() else {
            return;
        };
        let total: f64 = weights.iter().map(|weight| f64::from(*weight)).sum();
        if total <= 0.0 || before.is_empty() {
            return;
        }
        let mut mean = vec![0.0_f64; before.len()];
        let models = params.0.chunks_exact(before.len());
        for (region, (model, weight)) in models.zip(weights.iter()).enumerate() {
            let share = f64::from(*weight) / total;
            let change = self.passed_on(region, model, before, step);
            for (mean, change) in mean.iter_mut().zip(change) {
                *mean += share * change;
            }
        }
        for (before, mean) in before.iter_mut().zip(mean) {
            *before = (f64::from(*before) + mean) as f32;
        }
        for model in params.0.chunks_exact_mut(before.len()) {
            model.copy_from_slice(before);
        }
        weights.fill(0.0);
    }

    /// What a region says of the change of its model.
    fn passed_on(&self, region: usize, model: &[f32], before: &[f32], step: &Move<'_>) -> Vec<f64> {
        let change = model.iter().zip(before);
        let change = change.map(|(after, before)| f64::from(*after) - f64::from(*before));
        let mut change: Vec<f64> = change.collect();
        if let Exchange::Noised {
            clip_norm,
            noise_multiplier,
        } = self.exchange
        {
            let clip = f64::from(clip_norm);
            let norm = change.iter().map(|v| v * v).sum::<f64>().sqrt();
            let kept = if norm > clip { clip / norm } else { 1.0 };
            let place = self.seed.round(step.round).purpose(Purpose::BORDER);
            let mut rng = place.stream_of(region as u64);
            let deviation = clip * f64::from(noise_multiplier);
            for value in &mut change {
                let normal: f64 = StandardNormal.sample(&mut rng);
                *value = kept * *value + deviation * normal;
            }
        }
        change
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::by_hand;
    use super::*;
    use ward_core::RoundId;

    fn server(exchange: Exchange, every: u32) -> ServerRegional {
        ServerRegional {
            regions: 2,
            exchange,
            every,
            seed: Seed::run(1),
        }
    }

    #[test]
    fn two_rounds_by_hand() {
        // Two models of two numbers, exchanged in both rounds: with weights 1 and 3 the mean of (1, 0) and
        // (-1, 4) is (-.5, 3); then the second region has no update, and weighs nothing.
        by_hand(
            &server(Exchange::Models, 1),
            &[0.0, 0.0, 0.0, 0.0],
            &[
                (
                    &[1.0, 0.0, -1.0, 4.0],
                    &[1.0, 3.0],
                    1.0,
                    &[-0.5, 3.0, -0.5, 3.0],
                ),
                (
                    &[1.0, 1.0, 0.0, 0.0],
                    &[1.0, 0.0],
                    1.0,
                    &[0.5, 4.0, 0.5, 4.0],
                ),
            ],
        );
        by_hand(
            &server(Exchange::Nothing, 1),
            &[0.0, 0.0],
            &[(&[1.0, -1.0], &[1.0, 1.0], 1.0, &[1.0, -1.0])],
        );
    }

    #[test]
    fn a_round_that_is_abandoned_puts_an_exchange_off_and_does_not_drop_it() {
        let server = server(Exchange::Models, 2);
        let aggregate = Delta(vec![1.0, -1.0]);
        let (mut state, mut params) = (OptimizerState::default(), Params(vec![0.0; 2]));
        // The second round, after which an exchange was due, never closed.
        for (round, expected) in [(0, [1.0, -1.0]), (2, [0.0, 0.0]), (3, [1.0, -1.0])] {
            let step = Move {
                round: RoundId(round),
                extras: &[1.0, 1.0],
                ..super::super::tests::moved(&aggregate)
            };
            server.apply(&mut state, &mut params, &step);
            assert_eq!(params.0, expected, "round {round}");
        }
    }

    #[test]
    fn a_change_is_shortened_to_its_norm() {
        let noised = Exchange::Noised {
            clip_norm: 1.0,
            noise_multiplier: 0.0,
        };
        // (3, 4) is five long; the other region has not moved.
        by_hand(
            &server(noised, 1),
            &[0.0, 0.0, 0.0, 0.0],
            &[(
                &[3.0, 4.0, 0.0, 0.0],
                &[1.0, 1.0],
                1.0,
                &[0.3, 0.4, 0.3, 0.4],
            )],
        );
    }

    #[test]
    fn noise_has_the_deviation_that_was_asked_for() {
        let noised = Exchange::Noised {
            clip_norm: 2.0,
            noise_multiplier: 0.5,
        };
        let mut params = Params(vec![0.0; 20_000]);
        let aggregate = Delta(vec![0.0; 20_000]);
        let step = Move {
            extras: &[1.0, 0.0],
            ..super::super::tests::moved(&aggregate)
        };
        server(noised, 1).apply(&mut OptimizerState::default(), &mut params, &step);
        let variance = params.0.iter().map(|v| v * v).sum::<f32>() / 20_000.0;
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
        let (first, second) = params.0.split_at(10_000);
        assert_eq!(first, second, "both regions have the same model");
    }
}
