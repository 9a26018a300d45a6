//! What is asked of a trained model once the run is over: one file for each question.
//!
//! All of it reads scores that the comparison has made already, and changes nothing: a run with
//! questions ends with the same model as one without. Only `[evaluation.external]` and `[reimbursement]`
//! reach into training, and that is the sampler's (`config/samplers`).

mod border;
mod clinical;
mod edge;
mod external;
mod inversion;
mod membership;
pub mod model_card;
mod pretraining;
mod readers;
mod reading_queue;
mod reimbursement;
mod release;

use ward_core::{Estimate, Evaluation, NodeInfo};
use ward_observe::{Examination, Model, ResultRow, RunView};

use crate::results::Scored;
use crate::setup::Setup;

pub(crate) use edge::{Stored, Timing};
pub(crate) use inversion::Inverted;
pub(crate) use membership::Attacked;

/// A model's scores at each hospital that it was scored at, in the order of the roster.
pub(crate) type ScoredBy<'a> = (Model, Vec<(&'a NodeInfo, Scored)>);

/// What the comparison found at hospitals while their rows were open, beside scores.
#[derive(Debug, Default)]
pub(crate) struct Looks<'a> {
    /// How the model does with its numbers stored in fewer bytes.
    pub stored: Vec<(&'a NodeInfo, Vec<Stored>)>,
    /// How long it takes.
    pub timing: Option<Timing>,
    /// How the model did before the first round, where it was trained before.
    pub before: Vec<(&'a NodeInfo, Option<Evaluation>)>,
    /// How well an attacker tells who was in the training rows.
    pub attacked: Vec<(&'a NodeInfo, Vec<Attacked>)>,
    /// How many training rows the first update gives away.
    pub inverted: Vec<(&'a NodeInfo, Vec<Inverted>)>,
}

/// The answers to everything that the experiment asks, in the order of the config.
pub(crate) fn all(
    setup: &Setup,
    scored: &[ScoredBy<'_>],
    looks: &Looks<'_>,
    view: &RunView,
) -> Vec<Examination> {
    let experiment = &setup.experiment;
    let evaluation = &experiment.evaluation;
    let roster = setup.federation.roster();
    let outside = experiment.external(roster);
    let is_outside = |info: &NodeInfo| outside.contains(&info.node);
    let federated = scored.iter().find(|(model, _)| *model == Model::Federated);
    let federated = federated.map_or(&[][..], |(_, scored)| scored.as_slice());
    let mut answers = Vec::new();
    if let Some(config) = &evaluation.clinical {
        answers.push(clinical::examine(config, scored));
    }
    if evaluation.external.is_some() {
        answers.push(external::examine(scored, &is_outside));
    }
    if let Some(config) = &experiment.release {
        answers.push(release::examine(config, federated, &is_outside));
    }
    if let Some(config) = &evaluation.reading_queue {
        answers.push(reading_queue::examine(config, federated, experiment.root()));
    }
    if let Some(config) = &evaluation.edge {
        let layout = setup.model.layout();
        answers.push(edge::examine(config, layout, &looks.stored, looks.timing));
    }
    if evaluation.readers.is_some() {
        let source = setup.federation.source();
        answers.push(readers::examine(scored, &|info| source.reader(info)));
    }
    if evaluation.membership.is_some() {
        let synthetic = setup.federation.source().synthetic();
        answers.push(membership::examine(&looks.attacked, synthetic));
    }
    if evaluation.inversion.is_some() {
        let order = setup.order();
        let masked = experiment.secure_aggregation.is_some();
        answers.push(inversion::examine(
            &looks.inverted,
            order.protection,
            masked,
        ));
    }
    if let Some(config) = &experiment.border {
        answers.push(border::examine(setup, config, view, federated));
    }
    if let Some(config) = &experiment.reimbursement {
        let stays_out = experiment.stays_out(roster);
        let root = experiment.root();
        answers.push(reimbursement::examine(config, scored, &stays_out, root));
    }
    answers.extend(pretraining::examine(setup, &looks.before, federated));
    answers
}

/// All cases of some hospitals, where the process may see them: scores and labels.
fn cases_of<'a>(scored: impl Iterator<Item = &'a Scored>) -> Option<(Vec<f32>, Vec<u8>)> {
    let mut all = (Vec::new(), Vec::new());
    for scored in scored {
        let (scores, labels) = scored.cases.as_ref()?;
        all.0.extend(scores);
        all.1.extend(labels);
    }
    Some(all)
}

/// How a condition that `holds`, or does not, is told.
fn met(holds: bool) -> &'static str {
    if holds { "met" } else { "not met" }
}

/// A value without an interval, of `n` cases.
fn exact(group: &str, model: Model, metric: &str, value: f64, n: u64) -> ResultRow {
    let estimate = Estimate {
        value,
        n,
        standard_error: 0.0,
    };
    ResultRow {
        ci_low: value,
        ci_high: value,
        ..ResultRow::of(group, model, metric, &estimate)
    }
}

/// A value with an interval that was made otherwise than from a standard error.
fn between(
    group: &str,
    model: Model,
    metric: &str,
    value: f64,
    interval: (f64, f64),
    n: u64,
) -> ResultRow {
    ResultRow {
        ci_low: interval.0,
        ci_high: interval.1,
        ..exact(group, model, metric, value, n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::NodeId;

    pub(super) fn hospital(node: u32, name: &str, tier: &str) -> NodeInfo {
        NodeInfo {
            node: NodeId(node),
            name: name.into(),
            tier: tier.into(),
            ..NodeInfo::default()
        }
    }

    /// As a comparison would score these cases.
    pub(super) fn scored(scores: &[f32], labels: &[u8]) -> Scored {
        Scored {
            evaluation: Evaluation::of_scores(scores, labels),
            cases: Some((scores.to_vec(), labels.to_vec())),
        }
    }

    #[test]
    fn cases_are_all_or_none() {
        let some = scored(&[0.5], &[1]);
        let none = Scored::default();
        let both = cases_of([&some, &some].into_iter());
        assert_eq!(both, Some((vec![0.5, 0.5], vec![1, 1])));
        assert_eq!(cases_of([&some, &none].into_iter()), None);
    }
}
