//! What it saves to exchange a model's last layer alone, and what hospitals' rows add to a model that was
//! trained on public ones.

use ward_core::metric::name;
use ward_core::{Estimate, Evaluation, NodeInfo, Report, RoundId, Upload};
use ward_observe::{Examination, Model, ResultRow, text};

use super::exact;
use crate::setup::Setup;

pub(super) fn examine(
    setup: &Setup,
    before: &[(&NodeInfo, Option<Evaluation>)],
    after: &[(&NodeInfo, crate::results::Scored)],
) -> Option<Examination> {
    let pretrained = setup.pretrained.as_ref()?;
    let mut answer = Examination::new("pretraining", "A trunk that stays as it is");
    let [whole, head] = [pretrained.full().parameters(), setup.model.parameters()];
    let algorithm = setup.order().algorithm;
    let bytes = [whole, head].map(|numbers| update_bytes(algorithm.upload_len(numbers)));
    for (group, numbers, bytes) in [("whole model", whole, bytes[0]), ("head", head, bytes[1])] {
        let mut row = |metric, value: f64| {
            let row = exact(group, Model::Federated, metric, value, numbers as u64);
            answer.rows.push(row);
        };
        row("numbers", numbers as f64);
        row("bytes_an_update", bytes as f64);
    }
    let fewer = bytes[0] as f64 / bytes[1] as f64;
    let row = exact(
        "all",
        Model::Federated,
        "times_fewer_bytes",
        fewer,
        head as u64,
    );
    answer.rows.push(row);
    let mut told = None;
    for metric in [name::AUC, name::ACCURACY] {
        let first = before
            .iter()
            .filter_map(|(_, scores)| scores.as_ref()?.get(metric));
        let last = after
            .iter()
            .filter_map(|(_, scored)| scored.evaluation.get(metric));
        let both = Estimate::combine(first).zip(Estimate::combine(last));
        let Some((first, last)) = both else { continue };
        for (metric, estimate) in [
            (format!("{metric}_before"), first),
            (metric.to_owned(), last),
        ] {
            let row = ResultRow::of("all", Model::Federated, &metric, &estimate);
            answer.rows.push(row);
        }
        told = told.or(Some((metric, first.value, last.value)));
    }
    answer.words.push(format!(
        "An update is {} and not {}: {} of {} numbers are exchanged, in {fewer:.1} times fewer bytes. \
         Nobody's rows were in the pretraining.",
        text::bytes(bytes[1]),
        text::bytes(bytes[0]),
        text::count(head as u64),
        text::count(whole as u64),
    ));
    answer.words.extend(told.map(|(metric, first, last)| {
        format!(
            "{} of the model as it was pretrained {}, after the federation {}.",
            metric.to_uppercase().replace('_', " "),
            text::value(first),
            text::value(last)
        )
    }));
    Some(answer)
}

/// Bytes of an update of so many numbers in the clear.
fn update_bytes(numbers: usize) -> u64 {
    ward_wire::wire_bytes(&Report::Upload {
        round: RoundId(0),
        upload: Upload {
            words: vec![0; numbers].into(),
            weight: 1,
            loss: 1.0,
        },
    })
}
