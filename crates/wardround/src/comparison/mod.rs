//! What the federated model is held against: each hospital alone, all rows in one place, and the
//! best that is possible. Where rows become others while a run goes on, all are told by the last round's.
//!
//! All of it is computed by a process that may see every row, after the run: no row and no score
//! goes over a wire for it. Hospitals' own models are theirs: of them there is what they reported. The baselines use the federation's model, engine, scaling and first
//! parameters.

mod backdoor;
mod cards;
mod looks;

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;
use ward_core::metric::name;
use ward_core::{
    Address, Digest, NodeId, NodeInfo, Params, RoundId, Scaling, TrainError, TrainOrder,
};
use ward_data::{HospitalData, Rows};
use ward_observe::{Examination, HospitalCard, Model, ResultRow, RunView};
use ward_round::strategy::RegionOf;
use ward_train::{Learner, Learners, Scores};

use crate::examination::{self, Looks, ScoredBy};
use crate::failure::Failure;
use crate::results::{self, Scored};
use crate::setup::Setup;

use looks::Look;

/// What a comparison found.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Each model's results, by group.
    pub rows: Vec<ResultRow>,
    /// What was asked of the federated model, and the answers.
    pub examinations: Vec<Examination>,
    /// What is told about each hospital's data.
    pub cards: Vec<HospitalCard>,
    /// Fingerprint of all rows.
    pub data_digest: Digest,
    /// What could not be compared, and why.
    pub notes: Vec<String>,
}

/// Scores `federated` at every hospital (of several models the one that fits its training rows
/// best), beside the baselines that the config asks for and what the
/// hospitals reported of their own models in `view`. `scaling` is what they agreed on in the run. Runs on the threads of the caller's pool.
///
/// # Errors
/// When a hospital's rows are not to be had. A baseline that fails is noted, not an error.
pub fn compare(
    setup: &Setup,
    federated: &Params,
    scaling: Option<&Arc<Scaling>>,
    view: &RunView,
) -> Result<Comparison, Failure> {
    let bench = Bench::new(setup, federated, scaling);
    let models = setup.models();
    let roster = setup.federation.roster();
    let (pooled, seen) = rayon::join(
        || bench.train_pooled(),
        || {
            roster
                .par_iter()
                .with_max_len(1)
                .map(|info| bench.look(info))
                .collect::<Vec<_>>()
        },
    );
    let seen = seen.into_iter().collect::<Result<Vec<Seen>, Failure>>()?;
    let mut notes = Vec::new();
    let pooled = match pooled {
        Some(Ok(params)) => bench.score_everywhere(&params)?,
        Some(Err(failure)) => {
            notes.push(format!("pooled: {failure}"));
            Vec::new()
        }
        None => Vec::new(),
    };
    notes.extend(notes_of(&seen));
    let scored = |model| -> Vec<(&NodeInfo, Scored)> {
        let of = |seen: &Seen| match model {
            Model::Alone => seen.alone.as_ref()?.as_ref().ok().cloned(),
            Model::Federated => Some(seen.federated.as_ref().ok()?.1.clone()),
            Model::Ceiling => seen.ceiling.clone(),
            Model::Personal | Model::Pooled => None,
        };
        seen.iter()
            .zip(roster)
            .filter_map(|(seen, info)| Some((info, of(seen)?)))
            .collect()
    };
    let all: [ScoredBy<'_>; 4] = [
        (Model::Alone, scored(Model::Alone)),
        (Model::Federated, scored(Model::Federated)),
        (Model::Pooled, roster.iter().zip(pooled).collect()),
        (Model::Ceiling, scored(Model::Ceiling)),
    ];
    let [_, personal] = results::reported(roster, view);
    let mut rows = Vec::new();
    for (model, scored) in &all {
        if *model == Model::Pooled {
            rows.extend(personal.iter().cloned());
        }
        rows.extend(results::rows(*model, scored));
    }
    let mut looks = Looks {
        timing: bench.time(&seen)?,
        ..Looks::default()
    };
    for (seen, info) in seen.iter().zip(roster) {
        looks.stored.push((info, seen.look.stored.clone()));
        looks.attacked.push((info, seen.look.attacked.clone()));
        looks.inverted.push((info, seen.look.inverted.clone()));
        looks.before.push((info, seen.look.before.clone()));
    }
    let examinations = examination::all(setup, &all, &looks, view);
    let mut cards = cards::cards(&setup.federation, setup.experiment.rounds)?;
    let joins = setup.experiment.joins(roster).unwrap_or_default();
    for (card, joins) in cards.iter_mut().zip(joins) {
        card.joins = Some(joins);
    }
    if let Some(border) = &setup.experiment.border {
        let names: Vec<&String> = border.regions.keys().collect();
        let regions = setup.experiment.region_of(roster).unwrap_or_default();
        for (card, region) in cards.iter_mut().zip(regions.iter()) {
            let name = names.get(*region).map(|name| (*name).clone());
            card.facts
                .extend(name.map(|name| ("region".to_owned(), name)));
        }
    } else if models > 1 {
        for (card, seen) in cards.iter_mut().zip(&seen) {
            let chosen = seen.federated.as_ref().ok();
            let cluster = chosen.map(|(place, _)| format!("{} of {models}", place + 1));
            card.facts
                .extend(cluster.map(|cluster| ("cluster".to_owned(), cluster)));
        }
    }
    let prints: Vec<u8> = seen.iter().flat_map(|seen| seen.print.0).collect();
    Ok(Comparison {
        rows,
        examinations,
        cards,
        data_digest: Digest::of(&prints),
        notes,
    })
}

/// What there is to be compared with at one hospital.
struct Seen {
    name: String,
    alone: Option<Result<Scored, TrainError>>,
    /// Which of the run's models it has, from 0, and how that does.
    federated: Result<(usize, Scored), TrainError>,
    ceiling: Option<Scored>,
    look: Look,
    print: Digest,
}

/// Hospitals where something failed: the first of them with its reason, and how many more.
fn notes_of(seen: &[Seen]) -> Vec<String> {
    let mut notes = Vec::new();
    let mut note = |model: &str, failed: Vec<(&str, &TrainError)>| {
        if let Some((name, error)) = failed.first() {
            let more = match failed.len() - 1 {
                0 => String::new(),
                more => format!(" (and {more} more hospitals)"),
            };
            notes.push(format!("{model} at {name}: {error}{more}"));
        }
    };
    let failed = |seen: &'_ Seen| seen.alone.as_ref()?.as_ref().err().cloned();
    let alone: Vec<(&str, TrainError)> = seen
        .iter()
        .filter_map(|s| Some((s.name.as_str(), failed(s)?)))
        .collect();
    note(
        "alone",
        alone.iter().map(|(name, error)| (*name, error)).collect(),
    );
    let federated = seen
        .iter()
        .filter_map(|s| Some((s.name.as_str(), s.federated.as_ref().err()?)));
    note("federated", federated.collect());
    notes
}

/// The models and the orders that they are trained with.
struct Bench<'a> {
    setup: &'a Setup,
    federated: &'a Params,
    scaling: Option<&'a Arc<Scaling>>,
    learners: Learners,
    initial: Params,
    order: TrainOrder,
    /// Hospitals that never train.
    outside: BTreeSet<NodeId>,
    /// By node, the region that it is in, where there are regions.
    region_of: Option<RegionOf>,
}

impl<'a> Bench<'a> {
    fn new(setup: &'a Setup, federated: &'a Params, scaling: Option<&'a Arc<Scaling>>) -> Self {
        let experiment = &setup.experiment;
        let order = experiment.baseline_order(setup.ring);
        Self {
            learners: Learners::new(setup.model.clone(), setup.baseline_engine),
            setup,
            federated,
            scaling,
            initial: setup.initial_params(),
            region_of: experiment.region_of(setup.federation.roster()),
            outside: experiment.outside(setup.federation.roster()),
            order: TrainOrder {
                seed: order.seed.child("baseline", 0),
                scaling: scaling.cloned(),
                ..order
            },
        }
    }

    /// A hospital's rows in the last round.
    fn rows_of(&self, info: &NodeInfo) -> Result<HospitalData, Failure> {
        let (federation, last) = (&self.setup.federation, self.setup.last_round());
        Ok(federation.hospital_in(info.node, last)?)
    }

    fn look(&self, info: &NodeInfo) -> Result<Seen, Failure> {
        let data = self.rows_of(info)?;
        self.learners
            .lend(|learner| self.look_with(learner, info, &data))
    }

    fn look_with(
        &self,
        learner: &mut Learner,
        info: &NodeInfo,
        data: &HospitalData,
    ) -> Result<Seen, Failure> {
        let mut look = Look::default();
        let alone = self.setup.experiment.baselines.alone.then(|| {
            let place = Address {
                round: RoundId(0),
                node: info.node,
            };
            let fitted = learner.train(&self.initial, &data.train, &self.order, place)?;
            self.attack(learner, Model::Alone, &fitted.params, data, &mut look)?;
            self.score(learner, &fitted.params, data)
        });
        let federated = self.model_of(learner, data).and_then(|(place, model)| {
            self.attack(learner, Model::Federated, &model, data, &mut look)?;
            self.store(learner, &model, data, &mut look)?;
            self.before(learner, data, &mut look)?;
            self.invert(learner, data, &mut look)?;
            Ok((place, self.score(learner, &model, data)?))
        });
        let last = self.setup.last_round();
        let ceiling = self.setup.federation.ceiling(data, last)?;
        let ceiling = (!ceiling.0.is_empty()).then_some(Scored {
            evaluation: ceiling,
            cases: None,
        });
        Ok(Seen {
            name: info.name.clone(),
            alone,
            federated,
            ceiling,
            look,
            print: print_of(data),
        })
    }

    /// Of the run's models the one that a hospital has, and its place among them: its region's, or the one
    /// that fits its training rows best.
    fn model_of(
        &self,
        learner: &mut Learner,
        data: &HospitalData,
    ) -> Result<(usize, Params), TrainError> {
        let regions = self.region_of.as_ref();
        if let Some(&region) = regions.and_then(|of| of.get(data.info.node.0 as usize)) {
            let length = self.initial.0.len();
            let models = self.federated.0.chunks(length.max(1));
            let model = models
                .skip(region)
                .map(|model| Params(model.to_vec()))
                .next();
            return Ok((region, model.unwrap_or_default()));
        }
        learner.choose(self.federated, &data.train, self.scaling.map(Arc::as_ref))
    }

    fn score(
        &self,
        learner: &mut Learner,
        params: &Params,
        data: &HospitalData,
    ) -> Result<Scored, TrainError> {
        let Scores {
            mut evaluation,
            positive,
        } = learner.evaluate(params, &data.test, self.scaling.map(Arc::as_ref))?;
        let cases =
            (positive.len() == data.test.len()).then(|| (positive, data.test.labels.clone()));
        if let Some(share) = self.attack_success(learner, params, &data.test) {
            evaluation.0.insert(name::ATTACK_SUCCESS.to_owned(), share);
        }
        Ok(Scored { evaluation, cases })
    }

    /// The model trained on all rows; `None` where the config does not ask for it.
    fn train_pooled(&self) -> Option<Result<Params, Failure>> {
        self.setup.experiment.baselines.pooled.then(|| {
            let federation = &self.setup.federation;
            let mut all = Rows::empty(federation.source().shape());
            // Those outside train nobody's model but their own.
            let inside = |info: &&NodeInfo| !self.outside.contains(&info.node);
            for info in federation.roster().iter().filter(inside) {
                all.extend(&self.rows_of(info)?.train);
            }
            // Nobody's number: the next after the hospitals'.
            let place = Address {
                round: RoundId(0),
                node: NodeId(federation.roster().len() as u32),
            };
            let train =
                |learner: &mut Learner| learner.train(&self.initial, &all, &self.order, place);
            Ok(self.learners.lend(train)?.params)
        })
    }

    fn score_everywhere(&self, params: &Params) -> Result<Vec<Scored>, Failure> {
        let roster = self.setup.federation.roster();
        roster
            .par_iter()
            .map(|info| {
                let data = self.rows_of(info)?;
                let scored = self
                    .learners
                    .lend(|learner| self.score(learner, params, &data));
                Ok(scored?)
            })
            .collect()
    }
}

fn print_of(data: &HospitalData) -> Digest {
    let mut bytes = Vec::new();
    for rows in [&data.train, &data.test] {
        bytes.extend((rows.len() as u64).to_le_bytes());
        bytes.extend(rows.features.iter().flat_map(|v| v.to_le_bytes()));
        bytes.extend(&rows.labels);
    }
    Digest::of(&bytes)
}
