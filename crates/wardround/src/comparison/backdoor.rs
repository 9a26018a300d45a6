//! How often a backdoor opens.

use std::sync::Arc;

use ward_core::metric::name;
use ward_core::{Estimate, Params};
use ward_data::Rows;
use ward_sim::adversary::{Attack, Backdoor};
use ward_train::Learner;

use super::Bench;

impl Bench<'_> {
    /// The share of the test rows of other classes that the trigger makes `params` put into the
    /// target's class; `None` where there is no backdoor or no such row.
    pub(super) fn attack_success(
        &self,
        learner: &mut Learner,
        params: &Params,
        test: &Rows,
    ) -> Option<Estimate> {
        let adversaries = self.setup.experiment.adversaries.as_ref()?;
        let Attack::Backdoor(backdoor) = &adversaries.attack else {
            return None;
        };
        // Labelled as the attacker would have them, being right is being fooled.
        let rows = triggered(backdoor, test);
        let scores = learner.evaluate(params, &rows, self.scaling.map(Arc::as_ref));
        scores.ok()?.evaluation.get(name::ACCURACY).copied()
    }
}

/// The rows of other classes than the target's, with the trigger and the target's label.
fn triggered(backdoor: &Backdoor, rows: &Rows) -> Rows {
    let mut shown = Rows::empty(&rows.shape);
    let others = (0..rows.len()).filter(|&i| rows.labels[i] != backdoor.target);
    for index in others {
        let mut row = rows.row(index).to_vec();
        backdoor.trigger.show(&mut row, &rows.shape);
        shown.features.extend(row);
        shown.labels.push(backdoor.target);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_sim::adversary::Trigger;

    #[test]
    fn only_rows_of_other_classes_are_triggered() {
        let rows = Rows {
            shape: vec![2],
            features: vec![1.0, 2.0, 3.0, 4.0],
            labels: vec![0, 1],
        };
        let trigger = Trigger::Feature {
            index: 0,
            value: 9.0,
        };
        let backdoor = Backdoor {
            target: 1,
            share: 1.0,
            boost: 1.0,
            trigger,
        };
        let shown = triggered(&backdoor, &rows);
        assert_eq!((shown.features, shown.labels), (vec![9.0, 2.0], vec![1]));
    }
}
