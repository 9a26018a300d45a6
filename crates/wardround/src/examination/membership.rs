//! Who was in the training rows? An attacker who has the model and a row with its label calls it a
//! member where the loss is small (Yeom et al. 2018, arXiv:1709.01604).
//!
//! The AUC of that call over all thresholds is one half where the model gives nothing away. Members
//! are a hospital's training rows; the others are as many rows like them, labels by the same doctors,
//! that no model has seen. Against a federated model the attacker is anybody who has it; against a
//! model trained alone, whoever that hospital gave it to.

use ward_core::{Estimate, NodeInfo, Params, Scaling, TrainError, metric};
use ward_data::Rows;
use ward_observe::{Examination, Model, ResultRow, text};
use ward_train::Learner;

use crate::results::tiers;

/// The AUC of the attack on one model with one hospital's rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attacked {
    pub model: Model,
    pub auc: Estimate,
}

impl Attacked {
    /// The attack on `params`; `None` where rows are missing on a side.
    pub(crate) fn attack(
        learner: &mut Learner,
        model: Model,
        params: &Params,
        members: &Rows,
        others: &Rows,
        scaling: Option<&Scaling>,
    ) -> Result<Option<Self>, TrainError> {
        let (mut likely, mut labels) = (Vec::new(), Vec::new());
        for (rows, member) in [(members, 1), (others, 0)] {
            let scores = learner.evaluate(params, rows, scaling)?;
            likely.extend(likelihoods(&scores.positive, &rows.labels));
            labels.resize(likely.len(), member);
        }
        let auc = metric::auc(&likely, &labels);
        Ok(auc.map(|auc| Self { model, auc }))
    }
}

/// The probability that a model gives each row's own label: the larger, the smaller the loss.
fn likelihoods<'a>(positive: &'a [f32], labels: &'a [u8]) -> impl Iterator<Item = f32> + 'a {
    let cases = positive.iter().zip(labels);
    cases.map(|(&p, &label)| if label > 0 { p } else { 1.0 - p })
}

pub(super) fn examine(attacked: &[(&NodeInfo, Vec<Attacked>)], synthetic: bool) -> Examination {
    let mut answer = Examination::new("membership", "Membership inference attack");
    let others = match synthetic {
        true => "as many rows like them that no model has seen",
        false => "its test rows, which may differ in other ways too",
    };
    answer.words.push(format!(
        "An attacker calls those rows members on which the loss is small. Members are a hospital's \
         training rows, the others {others}. The AUC is 0.5 where the model gives nothing away."
    ));
    for model in [Model::Federated, Model::Alone] {
        let mean = |group: &str| {
            let of_group = attacked
                .iter()
                .filter(|(info, _)| group == "all" || info.tier == group)
                .flat_map(|(_, found)| found)
                .filter(|found| found.model == model);
            Estimate::combine(of_group.map(|found| &found.auc))
        };
        let mut groups = vec!["all".to_owned()];
        groups.extend(tiers(attacked.iter().map(|(info, _)| *info)));
        for group in groups {
            let Some(found) = mean(&group) else { continue };
            let row = ResultRow::of(&group, model, "membership_auc", &found);
            if group == "all" {
                answer.words.push(verdict(model, &row));
            }
            answer.rows.push(row);
        }
    }
    answer
}

fn verdict(model: Model, row: &ResultRow) -> String {
    let told = match row.ci_low > 0.5 {
        true => "tells members from others",
        false => "tells nothing that could not be chance",
    };
    format!(
        "{model}: the attack {told}, AUC {} [{}, {}].",
        text::value(row.value),
        text::value(row.ci_low),
        text::value(row.ci_high)
    )
}

#[cfg(test)]
mod tests {
    use super::super::tests::hospital;
    use super::*;
    use ward_observe::result_row::find;

    #[test]
    fn the_likelihood_is_that_of_the_label() {
        let got: Vec<f32> = likelihoods(&[0.25, 0.25], &[1, 0]).collect();
        assert_eq!(got, [0.25, 0.75]);
    }

    #[test]
    fn tiers_and_models_are_told_apart() {
        let infos = [hospital(0, "a", "tertiary"), hospital(1, "b", "township")];
        let found = |model, value| Attacked {
            model,
            auc: Estimate {
                value,
                n: 100,
                standard_error: 0.02,
            },
        };
        let attacked = [
            (
                &infos[0],
                vec![found(Model::Federated, 0.51), found(Model::Alone, 0.55)],
            ),
            (
                &infos[1],
                vec![found(Model::Federated, 0.49), found(Model::Alone, 0.75)],
            ),
        ];
        let answer = examine(&attacked, true);
        let value = |group, model| {
            find(&answer.rows, group, model, "membership_auc")
                .unwrap()
                .value
        };
        assert_eq!(value("township", Model::Alone), 0.75);
        assert!((value("all", Model::Alone) - 0.65).abs() < 1e-12);
        assert!((value("all", Model::Federated) - 0.5).abs() < 1e-12);
        assert!(answer.words[1].starts_with("federated: the attack tells nothing"));
        assert!(answer.words[2].starts_with("alone: the attack tells members"));
    }
}
