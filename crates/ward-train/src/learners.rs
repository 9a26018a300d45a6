//! Learners that many hospitals share.

use std::sync::{Arc, Mutex, PoisonError};

use crate::engine::Engine;
use crate::learner::Learner;
use crate::model::ModelSpec;

/// As many learners of one model as work at the same time. A hospital borrows one while it works,
/// so that a hospital at rest is its rows and nothing else.
#[derive(Debug, Clone)]
pub struct Learners {
    spec: Arc<ModelSpec>,
    engine: Engine,
    idle: Arc<Mutex<Vec<Learner>>>,
}

impl Learners {
    /// Learners of `spec` under `engine`, made when they are needed.
    #[must_use]
    pub fn new(spec: Arc<ModelSpec>, engine: Engine) -> Self {
        Self {
            spec,
            engine,
            idle: Arc::default(),
        }
    }

    /// The model they train.
    #[must_use]
    pub fn spec(&self) -> &Arc<ModelSpec> {
        &self.spec
    }

    /// Lends a learner to `work`.
    pub fn lend<R>(&self, work: impl FnOnce(&mut Learner) -> R) -> R {
        let idle = self.lock().pop();
        let mut learner = idle.unwrap_or_else(|| Learner::new(self.spec.clone(), self.engine));
        let result = work(&mut learner);
        self.lock().push(learner);
        result
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Learner>> {
        // A learner keeps nothing between calls, so a panic elsewhere leaves none in a bad state.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
