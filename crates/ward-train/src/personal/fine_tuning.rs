//! Fine-tuning (Yu, Bagdasaryan and Shmatikov 2020, arXiv:2002.04758, section 3; FedAvg with it:
//! Cheng, Chadha and Duchi 2021, arXiv:2108.07313).
//!
//!   v_k <- w;  v_k <- v_k - eta grad L_k(v_k), so often as asked
//!
//! w is the round's outcome and eta `learning_rate`. It is done anew before each scoring; training is
//! FedAvg's own, and nothing more leaves the hospital. Where the paper tunes once, after the last
//! round, we tune after each round that is scored, to show the gain as it grows.

use ward_core::{LocalWork, TrainError};
use ward_data::Rows;

use super::own_order;
use crate::algorithm::Before;
use crate::fit::Added;
use crate::learner::Learner;

pub(super) fn model(
    before: &Before<'_>,
    learner: &mut Learner,
    rows: &Rows,
    work: LocalWork,
    learning_rate: Option<f32>,
) -> Result<Vec<f32>, TrainError> {
    if rows.is_empty() {
        return Ok(before.start.to_vec());
    }
    let mut order = own_order(before.order, work);
    if let Some(rate) = learning_rate {
        order.optimizer = order.optimizer.at_rate(rate);
    }
    let added = Added::default();
    let tuned = learner.fit(before.start, rows, &order, added, before.address)?;
    Ok(tuned.after.to_vec())
}
