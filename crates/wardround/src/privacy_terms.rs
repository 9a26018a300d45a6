//! What the updates of a run will cost in privacy, worked out before anything runs.

use serde::Serialize;
use ward_core::{Draws, NoisePlacement, PrivacyTerms, Protection, TrainOrder};
use ward_data::Federation;
use ward_observe::text;
use ward_privacy::Charge;
use ward_privacy::dp::clipping::update_multiplier;
use ward_privacy::dp::{Epsilon, Event, account};

use crate::config::types::PrivacyConfig;
use crate::config::{Experiment, Opened};

/// More rounds than this are told at so many places.
const MOST_TOLD: u32 = 16;
/// Hospitals of different sizes that are looked at: the costliest is one of the smallest or largest.
const MOST_SIZES: usize = 16;

/// The terms of `order` for `rounds` rounds; `None` where nothing is noised. Where how many rows a
/// hospital has is not known, sizes are those of one row and of very many.
#[must_use]
pub fn terms(
    privacy: Option<&PrivacyConfig>,
    order: &TrainOrder,
    rounds: u32,
    federation: &Federation,
    simulated: bool,
) -> Option<PrivacyTerms> {
    let privacy = privacy?;
    let unit = privacy.unit()?;
    let rounds = order.protection.most_rounds(rounds);
    let events: Vec<Event> = sizes(federation)
        .into_iter()
        .filter_map(|rows| match Charge::of(order, rows).ok()? {
            Charge::Noised { event, .. } => Some(event),
            Charge::Unprotected => None,
        })
        .collect();
    let told = |count: u32| {
        let answers = events.iter().filter_map(|event| {
            let steps = event.steps().saturating_mul(count.into());
            let all = Event::new(event.sampling(), event.noise_multiplier(), steps).ok()?;
            account::epsilon(&[all], privacy.delta).ok()
        });
        answers.max_by(|a, b| a.epsilon.0.total_cmp(&b.epsilon.0))
    };
    let accountant = told(rounds)?.accountant;
    let places = rounds.min(MOST_TOLD);
    let epsilon_after = (1..=places)
        .map(|place| (u64::from(rounds) * u64::from(place)).div_ceil(places.into()) as u32)
        .filter_map(|count| Some((count, told(count)?.epsilon.0)))
        .collect();
    Some(PrivacyTerms {
        unit: unit.to_string(),
        delta: privacy.delta,
        accountant: accountant.to_string(),
        mechanism: mechanism(order)?,
        simulated,
        epsilon_after,
    })
}

/// Some of the numbers of rows that hospitals have, the smallest and the largest among them.
fn sizes(federation: &Federation) -> Vec<u64> {
    if !federation.source().synthetic() {
        return vec![1, u64::from(u32::MAX)];
    }
    let roster = federation.roster().iter();
    let mut sizes: Vec<u64> = roster
        .map(|info| federation.rows(info.node).0)
        .filter(|rows| *rows > 0)
        .collect();
    sizes.sort_unstable();
    sizes.dedup();
    if sizes.len() > MOST_SIZES {
        let half = MOST_SIZES / 2;
        sizes.drain(half..sizes.len() - half);
    }
    sizes
}

/// What `plan` says of privacy before anything runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PrivacyForecast {
    /// The terms, for the hospital that it costs most.
    pub terms: PrivacyTerms,
    /// Deviation of the noise over the clip norm: as given, or worked out from the epsilon that is.
    pub noise_multiplier: f64,
    /// Each hospital, if it is asked in every round.
    pub hospitals: Vec<HospitalEpsilon>,
}

/// What a run costs one hospital.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HospitalEpsilon {
    /// Its name.
    pub name: String,
    /// Its training rows.
    pub rows: u64,
    /// Epsilon after all rounds; `"inf"` where there is no bound.
    pub epsilon: Epsilon,
}

impl PrivacyForecast {
    /// The forecast for an experiment with its data; `None` where nothing is noised.
    #[must_use]
    pub fn of(experiment: &Experiment, opened: &Opened) -> Option<Self> {
        let privacy = experiment.privacy.as_ref()?;
        let federation = &opened.federation;
        let order = experiment.order(&opened.model, opened.ring, federation.roster());
        let terms = terms(Some(privacy), &order, experiment.rounds, federation, true)?;
        let mut known: Vec<(Event, Epsilon)> = Vec::new();
        let mut epsilon = |rows: u64| {
            let Ok(Charge::Noised { event, .. }) = Charge::of(&order, rows) else {
                return Epsilon(f64::INFINITY);
            };
            if let Some((_, epsilon)) = known.iter().find(|(of, _)| *of == event) {
                return *epsilon;
            }
            let rounds = order.protection.most_rounds(experiment.rounds);
            let steps = event.steps().saturating_mul(rounds.into());
            let all = Event::new(event.sampling(), event.noise_multiplier(), steps);
            let answer = all.and_then(|all| account::epsilon(&[all], privacy.delta));
            let epsilon = answer.map_or(Epsilon(f64::INFINITY), |answer| answer.epsilon);
            known.push((event, epsilon));
            epsilon
        };
        let hospitals = federation.roster().iter().map(|info| {
            let (rows, _) = federation.rows(info.node);
            HospitalEpsilon {
                name: info.name.clone(),
                rows,
                epsilon: epsilon(rows),
            }
        });
        Some(Self {
            hospitals: hospitals.collect(),
            noise_multiplier: experiment.noise_multiplier().ok()?,
            terms,
        })
    }

    /// The forecast in a line.
    #[must_use]
    pub fn line(&self) -> String {
        let finite = |of: fn(f64, f64) -> f64, first: f64| {
            self.hospitals.iter().map(|h| h.epsilon.0).fold(first, of)
        };
        let (least, most) = (finite(f64::min, f64::INFINITY), finite(f64::max, 0.0));
        let range = match least < most {
            true => format!("{} to {}", text::epsilon(least), text::epsilon(most)),
            false => text::epsilon(most),
        };
        format!(
            "epsilon {range} for a hospital asked in every round (unit: {}, delta {:e}, {}); noise \
             multiplier {:.4}",
            self.terms.unit, self.terms.delta, self.terms.accountant, self.noise_multiplier
        )
    }
}

/// What is noised, in words.
fn mechanism(order: &TrainOrder) -> Option<String> {
    Some(match order.protection {
        Protection::None => return None,
        Protection::Patient(noise) => {
            let draws = match noise.draws {
                Draws::Poisson { rate } => format!("each row drawn with probability {rate}"),
                Draws::TruncatedPoisson { rate, most } => {
                    format!("each row drawn with probability {rate}, cut to {most} rows")
                }
                Draws::FixedSize { rate } => format!("a random {rate} of the rows"),
                Draws::Shuffled => format!("shuffled passes in batches of {}", order.batch_size),
                Draws::Full => "all rows".to_owned(),
            };
            format!(
                "DP-SGD in each hospital: a step's gradients ({draws}) are clipped to norm {} each, and \
                 their sum gets Gaussian noise of {:.4} times that",
                order.example_clip_norm, noise.noise_multiplier
            )
        }
        Protection::Hospital(noise) => {
            let who = match noise.placement {
                NoisePlacement::Node => "each hospital, all of it".to_owned(),
                NoisePlacement::Shared { honest } => {
                    format!("hospitals in shares, {honest} of which are enough")
                }
                NoisePlacement::Coordinator => "the coordinator, which is trusted".to_owned(),
            };
            match noise.bit_deviation {
                None if noise.bands > 1 => format!(
                    "Each update is clipped to norm {} and counts 1; the sum gets discrete Gaussian noise of \
                     {:.4} times that, added by {who}, which partly cancels over {} rounds (banded matrix \
                     mechanism): a hospital takes part once in so many at most",
                    noise.clip_norm, noise.noise_multiplier, noise.bands
                ),
                None => format!(
                    "Each update is clipped to norm {} and counts 1; the sum gets exact discrete Gaussian \
                     noise of {:.4} times that, added by {who}",
                    noise.clip_norm, noise.noise_multiplier
                ),
                Some(bits) => format!(
                    "Each update is clipped to a norm that is {} at first and follows a quantile of the \
                     updates' norms, and counts 1; the sum gets exact discrete Gaussian noise of {:.4} times \
                     the norm, and the number of updates within it noise of {bits:.4}, together as much as \
                     {:.4} times the norm alone, added by {who}",
                    noise.clip_norm,
                    update_multiplier(noise.noise_multiplier, bits)?,
                    noise.noise_multiplier
                ),
            }
        }
    })
}
