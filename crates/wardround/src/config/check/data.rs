//! What can be told once the data are open: sizes, shapes, headroom, visibility.

use std::collections::BTreeSet;

use ward_core::{NodeInfo, Weighting, WordWidth};
use ward_data::Federation;
use ward_round::Visibility;
use ward_train::{EngineError, ModelError, ModelSpec};

use super::found::Found;
use super::{
    adoption, adversaries, border, evaluation, pretraining, privacy, reimbursement,
    secure_aggregation, strategy, unusable,
};
use crate::codes::Code;
use crate::config::problem::Problem;
use crate::config::samplers;
use crate::config::types::{BaselinesConfig, Experiment, Training};

/// Everything about an experiment that does not fit its data.
#[must_use]
pub fn problems_with_data(experiment: &Experiment, federation: &Federation) -> Vec<Problem> {
    let mut found = Found::default();
    model(&mut found, experiment, federation);
    cohort(&mut found, experiment, federation.roster());
    adoption::with_data(&mut found, experiment, federation.roster());
    border::with_data(&mut found, experiment, federation.roster());
    reimbursement::with_data(&mut found, experiment, federation);
    pretraining::with_data(&mut found, experiment, federation);
    strategy::bearing(
        &mut found,
        experiment,
        experiment.points(federation.roster()),
    );
    let source = federation.source();
    pooled(&mut found, &experiment.baselines, source.synthetic());
    names(&mut found, federation.roster());
    let needs = experiment.strategy.visibility();
    found.problems.extend(visibility(needs, experiment.sums()));
    headroom(&mut found, experiment, federation);
    secure_aggregation::with_data(&mut found, experiment, federation.roster());
    privacy::with_data(&mut found, experiment, federation);
    evaluation::with_data(&mut found, experiment, federation);
    if let Some(config) = &experiment.adversaries {
        adversaries::with_data(&mut found, config, federation);
    }
    found.problems
}

/// An aggregator that must see each update cannot work where all are hidden in one of their `sums`; one
/// that needs only the sum is shown no more.
#[must_use]
pub fn visibility(needs: Visibility, sums: Option<usize>) -> Option<Problem> {
    match (needs, sums?) {
        (Visibility::EachUpdate, 0 | 1) => {
            let message = "must see each update, and they are hidden in their sum";
            Some(Problem::new(Code::Visibility, "strategy", message).help(
                "choose one that needs only the sum, as `wardround strategies` says; or show it, and \
                 the coordinator, the means of groups of hospitals: secure_aggregation.groups = 5",
            ))
        }
        (Visibility::SumOnly, 2..) => {
            let message = "would show the coordinator each group's mean, and the strategy needs only \
                           the sum of all";
            let path = "secure_aggregation.groups";
            Some(Problem::new(Code::Visibility, path, message).help("leave `groups` out"))
        }
        _ => None,
    }
}

fn pooled(found: &mut Found, baselines: &BaselinesConfig, synthetic: bool) {
    if baselines.pooled && !synthetic && !baselines.pooled_real_data {
        let message = "would put real rows into one place";
        let help = "set baselines.pooled = false; or, where all rows are yours to see, \
                    baselines.pooled_real_data = true";
        found
            .add(Code::PooledRealRows, "baselines.pooled", message)
            .help = Some(help.into());
    }
}

fn model(found: &mut Found, experiment: &Experiment, federation: &Federation) {
    let source = federation.source();
    match ModelSpec::resolve(&experiment.model, source.shape(), source.classes()) {
        Ok(model) => {
            engine(found, "training", &experiment.training, &model);
            strategy::private(found, experiment, model.layout());
            if let Some(training) = &experiment.baselines.training {
                engine(found, "baselines.training", training, &model);
            }
        }
        Err(error) => {
            let (path, message) = match &error {
                ModelError::Width { field, value } => {
                    (*field, format!("is {value}; a width is 1 to 65536"))
                }
                ModelError::Unknown { .. } => ("model.own.name", format!("is unknown: {error}")),
                _ => ("model", format!("does not fit the data: {error}")),
            };
            found.add(Code::ModelMisfit, path, message);
        }
    }
}

/// Whether the engine asked for at `path` can train `model`.
pub(super) fn engine(found: &mut Found, path: &str, training: &Training, model: &ModelSpec) {
    if let Err(error) = training.engine(model) {
        let key = match error {
            EngineError::CannotFuse => "engine",
            EngineError::FusedOnGpu | EngineError::WithoutGpus | EngineError::NoGpu => "device",
        };
        let message = format!("cannot be had: {error}");
        found.add(Code::Combination, &format!("{path}.{key}"), message);
    }
}

fn cohort(found: &mut Found, experiment: &Experiment, roster: &[NodeInfo]) {
    match roster.is_empty() {
        true => {
            found.add(Code::TooFewHospitals, "data", "enrols no hospital");
        }
        false => samplers::check_with_data(found, experiment, roster),
    }
}

/// Hospitals' names become file names and groups of results.
fn names(found: &mut Found, roster: &[NodeInfo]) {
    let mut seen = BTreeSet::new();
    for info in roster {
        let NodeInfo { name, .. } = info;
        let why = if unusable(name) {
            "is empty or holds a slash or a control character"
        } else if name == "all" {
            "is the word that results use for everybody"
        } else if !seen.insert(name) {
            "is there twice"
        } else {
            continue;
        };
        found.add(
            Code::BadName,
            "data",
            format!("gives a hospital's name that {why}: `{name}`"),
        );
    }
}

fn headroom(found: &mut Found, experiment: &Experiment, federation: &Federation) {
    if experiment.resolved_ring(federation).is_some() {
        return;
    }
    let round = &experiment.round;
    let weight = match round.weight {
        Weighting::Examples => round.most_weight,
        Weighting::Uniform => 1,
    };
    let cohort = experiment.largest_cohort(federation.roster());
    let (path, bits) = match experiment.ring.fraction_bits {
        Some(bits) => ("ring.fraction_bits", format!("2^{bits}")),
        None => {
            let fewest = ward_privacy::ring::fewest_fraction_bits(experiment.width());
            ("ring.range", format!("2^{fewest}, the coarsest resolution"))
        }
    };
    let message = format!(
        "leaves no room for the sum: {cohort} hospitals x weight up to {weight} x range {} x {bits} \
         is not below 2^{}",
        experiment.ring.range,
        experiment.width().bits() - 1
    );
    let help = match experiment.width() {
        WordWidth::Narrow => {
            "set round.weight = \"uniform\", lower ring.range, or set secure_aggregation.word_bits = 64"
        }
        WordWidth::Wide => {
            "lower ring.range, round.most_weight or ring.fraction_bits, or leave fraction_bits out to \
             have it chosen"
        }
    };
    found.add(Code::Headroom, path, message).help = Some(help.into());
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::NodeId;

    fn codes(look: impl FnOnce(&mut Found)) -> Vec<Code> {
        let mut found = Found::default();
        look(&mut found);
        found.problems.iter().map(|problem| problem.code).collect()
    }

    #[test]
    fn an_aggregator_sees_what_it_needs_and_no_more() {
        let refused = |needs, sums| visibility(needs, sums).map(|problem| problem.path);
        let each = |sums| refused(Visibility::EachUpdate, sums);
        assert_eq!(each(Some(1)).as_deref(), Some("strategy"));
        assert_eq!((each(None), each(Some(5))), (None, None));
        let sum = |sums| refused(Visibility::SumOnly, sums);
        assert_eq!(sum(Some(5)).as_deref(), Some("secure_aggregation.groups"));
        assert_eq!((sum(None), sum(Some(1))), (None, None));
    }

    #[test]
    fn real_rows_are_pooled_only_with_leave() {
        let baselines = |pooled, pooled_real_data| BaselinesConfig {
            pooled,
            pooled_real_data,
            ..BaselinesConfig::default()
        };
        let refused =
            |config: &BaselinesConfig, synthetic| codes(|found| pooled(found, config, synthetic));
        assert_eq!(
            refused(&baselines(true, false), false),
            [Code::PooledRealRows]
        );
        assert!(refused(&baselines(true, true), false).is_empty());
        assert!(refused(&baselines(false, false), false).is_empty());
        assert!(refused(&baselines(true, false), true).is_empty());
    }

    #[test]
    fn hospitals_names_must_be_names_of_files_and_groups() {
        let refused = |wanted: &[&str]| {
            let info = |(i, name): (usize, &&str)| NodeInfo {
                node: NodeId(i as u32),
                name: (*name).to_owned(),
                tier: "county".into(),
                ..NodeInfo::default()
            };
            let roster: Vec<NodeInfo> = wanted.iter().enumerate().map(info).collect();
            codes(|found| names(found, &roster)).len()
        };
        assert_eq!(refused(&["a", "b", "Ä c"]), 0);
        assert_eq!(refused(&["all", "", "a/b", "a\nb", "x", "x"]), 5);
    }

    #[test]
    fn nobody_and_fewer_than_asked_for_are_refused() {
        let text = "rounds = 1\ntraining.epochs = 1\n[data.emr-risk]\n[model.logistic]\n\
                    [sampler.uniform]\ncount = 4\n";
        let path = std::path::Path::new("exp.toml");
        let experiment = Experiment::parse(path, text, Vec::new()).unwrap().value;
        for (enrolled, expected) in [(0, 1), (3, 1), (4, 0)] {
            let roster = vec![NodeInfo::default(); enrolled];
            let refused = codes(|found| cohort(found, &experiment, &roster));
            assert_eq!(refused.len(), expected, "{enrolled}");
        }
    }
}
