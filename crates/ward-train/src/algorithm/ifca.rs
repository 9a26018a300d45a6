//! IFCA (Ghosh et al. 2020, arXiv:2006.04088, Algorithm 1, model averaging).
//!
//!   j <- argmin_j L_k(w_j)                          [`choose`]
//!   update <- (0, ..., y - w_j, ..., 0)             [`Ifca::finish`]
//!
//! L_k is the mean loss on the hospital's training rows, y what training makes of w_j. The upload
//! carries a 1 for model j and a 0 for each other behind the update.

use ward_core::TrainError;
use ward_data::Rows;

use super::Part;
use crate::learner::Learner;

/// One of a run's models.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chosen<'a> {
    /// Its place among them, from 0.
    pub(crate) place: usize,
    pub(crate) params: &'a [f32],
}

/// Of `models`, one after the other, the one with the least loss on `rows`; the first of equal
/// ones, and where there are no rows. One alone is not scored.
///
/// # Errors
/// [`TrainError::WrongLength`] where they are no whole number of models.
pub(crate) fn choose<'a>(
    learner: &mut Learner,
    models: &'a [f32],
    rows: &Rows,
) -> Result<Chosen<'a>, TrainError> {
    let expected = learner.spec().parameters();
    let got = models.len();
    if got == 0 || !got.is_multiple_of(expected) {
        return Err(TrainError::WrongLength { got, expected });
    }
    let mut best = Chosen {
        place: 0,
        params: &models[..expected],
    };
    if got == expected {
        return Ok(best);
    }
    let mut least = f64::INFINITY;
    for (place, params) in models.chunks_exact(expected).enumerate() {
        let loss = learner.score(params, rows)?.loss();
        if loss < least {
            (best, least) = (Chosen { place, params }, loss);
        }
    }
    Ok(best)
}

pub(super) struct Ifca {
    pub(super) clusters: usize,
    /// Which model was trained.
    pub(super) choice: usize,
}

impl Part for Ifca {
    fn finish(self: Box<Self>, update: &mut Vec<f32>) -> Result<Vec<f32>, TrainError> {
        let len = update.len();
        let mut all = vec![0.0; self.clusters * len];
        all[self.choice * len..][..len].copy_from_slice(update);
        *update = all;
        let mut chosen = vec![0.0; self.clusters];
        chosen[self.choice] = 1.0;
        Ok(chosen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Engine;
    use crate::model::{LogisticConfig, ModelConfig, ModelSpec};
    use std::sync::Arc;

    fn learner() -> Learner {
        let config = ModelConfig::Logistic(LogisticConfig {});
        let spec = Arc::new(ModelSpec::resolve(&config, &[1], 2).unwrap());
        Learner::new(spec, Engine::Fused)
    }

    fn rows(labels: [u8; 2]) -> Rows {
        let mut rows = Rows::empty(&[1]);
        rows.push(&[1.0], labels[0]);
        rows.push(&[-1.0], labels[1]);
        rows
    }

    #[test]
    fn the_model_with_the_least_loss_is_chosen() {
        // Slopes 0, 2, -2 and one that is no number.
        let models = [0.0, 0.0, 2.0, 0.0, -2.0, 0.0, f32::NAN, 0.0];
        let place = |rows: &Rows| choose(&mut learner(), &models, rows).unwrap().place;
        assert_eq!(place(&rows([1, 0])), 1);
        assert_eq!(place(&rows([0, 1])), 2);
        // Both slopes have the same loss, and none at all has less.
        assert_eq!(place(&rows([1, 1])), 0);
        assert_eq!(place(&Rows::empty(&[1])), 0);
    }

    #[test]
    fn half_a_model_is_refused() {
        for got in [0, 1, 3] {
            let models = vec![0.0; got];
            let refused = choose(&mut learner(), &models, &rows([0, 1]));
            let wrong = TrainError::WrongLength { got, expected: 2 };
            assert_eq!(refused.unwrap_err(), wrong);
        }
    }

    #[test]
    fn an_update_is_zero_but_for_the_model_that_was_trained() {
        let mut update = vec![0.5, -1.0];
        let part = Ifca {
            clusters: 3,
            choice: 1,
        };
        assert_eq!(Box::new(part).finish(&mut update), Ok(vec![0.0, 1.0, 0.0]));
        assert_eq!(update, [0.0, 0.0, 0.5, -1.0, 0.0, 0.0]);
    }
}
