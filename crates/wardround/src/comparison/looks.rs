//! What is looked at beside scores while a hospital's rows are open, where the experiment asks for it.

use std::sync::Arc;

use ward_core::{Address, Evaluation, NodeId, Params, RoundId, TrainError, TrainOrder};
use ward_data::HospitalData;
use ward_observe::Model;
use ward_train::Learner;

use super::{Bench, Seen};
use crate::examination::{Attacked, Inverted, Stored, Timing};
use crate::failure::Failure;

/// What was looked at in one hospital.
#[derive(Debug, Default)]
pub(super) struct Look {
    pub(super) stored: Vec<Stored>,
    pub(super) attacked: Vec<Attacked>,
    pub(super) inverted: Vec<Inverted>,
    pub(super) before: Option<Evaluation>,
}

impl Bench<'_> {
    /// Attacks `params`, which may have been trained on this hospital's rows. A hospital that stays
    /// outside has no members among its rows, but for a model of its own.
    pub(super) fn attack(
        &self,
        learner: &mut Learner,
        model: Model,
        params: &Params,
        data: &HospitalData,
        look: &mut Look,
    ) -> Result<(), TrainError> {
        let node = data.info.node;
        let member = model == Model::Alone || !self.outside.contains(&node);
        if self.setup.experiment.evaluation.membership.is_none() || !member {
            return Ok(());
        }
        let more = self.setup.federation.held_out(node);
        let more = more.map_err(|error| TrainError::Misfit(error.to_string()))?;
        let others = more.as_ref().unwrap_or(&data.test);
        let scaling = self.scaling.map(Arc::as_ref);
        let found = Attacked::attack(learner, model, params, &data.train, others, scaling)?;
        look.attacked.extend(found);
        Ok(())
    }

    /// Inverts updates of the run's first model on this hospital's training rows, if it trains.
    pub(super) fn invert(
        &self,
        learner: &mut Learner,
        data: &HospitalData,
        look: &mut Look,
    ) -> Result<(), TrainError> {
        let experiment = &self.setup.experiment;
        let node = data.info.node;
        if let Some(config) = &experiment.evaluation.inversion
            && !self.outside.contains(&node)
        {
            let like = TrainOrder {
                scaling: self.scaling.cloned(),
                ..self.setup.order()
            };
            let place = Address {
                round: RoundId(0),
                node,
            };
            let initial = &self.initial;
            look.inverted = Inverted::attack(learner, config, initial, &data.train, &like, place)?;
        }
        Ok(())
    }

    /// Scores the federated model with its numbers stored in fewer bytes.
    pub(super) fn store(
        &self,
        learner: &mut Learner,
        params: &Params,
        data: &HospitalData,
        look: &mut Look,
    ) -> Result<(), TrainError> {
        if self.setup.experiment.evaluation.edge.is_some() {
            let scaling = self.scaling.map(Arc::as_ref);
            look.stored = Stored::every(learner, params, &data.test, scaling)?;
        }
        Ok(())
    }

    /// Scores a model that was trained before the federation, as it was then.
    pub(super) fn before(
        &self,
        learner: &mut Learner,
        data: &HospitalData,
        look: &mut Look,
    ) -> Result<(), TrainError> {
        if self.setup.pretrained.is_some() {
            let scores = learner.evaluate(&self.initial, &data.test, None)?;
            look.before = Some(scores.evaluation);
        }
        Ok(())
    }

    /// Times the federated model on one hospital's test cases, once all other work is done.
    pub(super) fn time(&self, seen: &[Seen]) -> Result<Option<Timing>, Failure> {
        if self.setup.experiment.evaluation.edge.is_none() {
            return Ok(None);
        }
        let scored = seen.iter().position(|seen| seen.federated.is_ok());
        let Some(place) = scored else {
            return Ok(None);
        };
        let data = self.setup.hospital(NodeId(place as u32))?;
        let scaling = self.scaling.map(Arc::as_ref);
        let timing = self.learners.lend(|learner| {
            let (_, model) = self.model_of(learner, &data)?;
            Timing::measure(learner, &model, &data.test, scaling)
        });
        Ok(timing?)
    }
}
