//! What does not go with a trunk that stays as it is.

use ward_data::{Federation, ScalingMode};
use ward_train::{ModelConfig, ModelSpec, Trunk};

use super::found::Found;
use super::settings;
use crate::codes::Code;
use crate::config::types::Experiment;

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let Some(config) = &experiment.pretraining else {
        return;
    };
    if config.rows == 0 {
        let message = "must be at least 1, not 0";
        found.add(Code::OutOfRange, "pretraining.rows", message);
    }
    let path = "pretraining.training";
    settings::training(found, path, &config.training);
    if config.training.schedule.is_some() {
        let message = "goes by rounds, and pretraining has none: leave it out";
        let path = "pretraining.training.schedule";
        found.add(Code::Combination, path, message);
    }
    let flat = match &experiment.model {
        ModelConfig::Logistic(_) | ModelConfig::Own(_) => true,
        ModelConfig::Mlp(mlp) => mlp.hidden.is_empty(),
        ModelConfig::Cnn(_) => false,
    };
    if flat {
        let message = "has no layers before its last that could stay as they are";
        found.add(Code::Combination, "model", message).help =
            Some("choose [model.mlp] or [model.cnn], or leave [pretraining] out".into());
    }
    if experiment.preprocessing.scaling != ScalingMode::None {
        let message = "is for features as they are stored, and with [pretraining] hospitals train on \
                       what the trunk makes of them";
        found
            .add(Code::Combination, "preprocessing.scaling", message)
            .help = Some("leave it out: the trunk scales by the public rows' means".into());
    }
    if experiment.personalisation.is_some() {
        let message = "parts a model's layers, and with [pretraining] hospitals train one alone";
        found.add(Code::Combination, "personalisation", message);
    }
    if experiment.evaluation.inversion.is_some() {
        let message = "divides what the first layer sees, and with [pretraining] that is the trunk's features \
                       and not rows";
        found.add(Code::Combination, "evaluation.inversion", message);
    }
    if experiment.evaluation.edge.is_some() {
        let message = "stores the model that hospitals train, and with [pretraining] that is its last \
                       layer alone";
        found.add(Code::Combination, "evaluation.edge", message);
    }
    if experiment.strategy.root().is_some() {
        let message = "has rows of the coordinator's own, and [pretraining] has used them already";
        found.add(Code::Combination, "strategy.fltrust", message);
    }
    let adversaries = experiment.adversaries.as_ref();
    if adversaries.is_some_and(|adversaries| adversaries.attack.poisons()) {
        let message = "poisons rows as they are stored, and with [pretraining] hospitals train on what \
                       the trunk makes of them";
        found
            .add(Code::Combination, "adversaries.attack", message)
            .help = Some("choose an attack on updates: sign-flip".into());
    }
}

/// What can be told once the data are open.
pub(super) fn with_data(found: &mut Found, experiment: &Experiment, federation: &Federation) {
    let Some(config) = &experiment.pretraining else {
        return;
    };
    let source = federation.source();
    if !source.synthetic() {
        let message = "needs public rows, made by a scenario's formula, and these are from files";
        found.add(Code::Combination, "pretraining", message);
        return;
    }
    let model = ModelSpec::resolve(&experiment.model, source.shape(), source.classes());
    let Some(model) = model.ok().filter(|model| Trunk::width(model).is_some()) else {
        return; // told already
    };
    super::data::engine(found, "pretraining.training", &config.training, &model);
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const SMALL: &str = "rounds = 2\n[data.emr-risk]\n[model.mlp]\nhidden = [8]\n[training]\n\
                         epochs = 1\n[pretraining.training]\nepochs = 1\n";

    #[test]
    fn what_does_not_go_with_a_frozen_trunk_is_refused_where_it_stands() {
        for (set, expected) in [
            ("pretraining.rows=100", ""),
            (
                "pretraining.rows=0",
                "`pretraining.rows` must be at least 1",
            ),
            ("model={logistic={}}", "`model` has no layers"),
            ("model={mlp={hidden=[]}}", "`model` has no layers"),
            ("preprocessing.scaling=local", "what the trunk makes"),
            ("personalisation={private-intercept={}}", "train one alone"),
            ("evaluation.edge={}", "its last layer alone"),
            ("evaluation.inversion={}", "the trunk's features"),
            ("strategy={fltrust={}}", "used them already"),
            (
                "adversaries={count=1,attack={label-flip={}}}",
                "poisons rows",
            ),
            ("adversaries={count=1,attack={sign-flip={}}}", ""),
            (
                "pretraining.training.schedule={step={every=1,factor=0.5}}",
                "pretraining has none",
            ),
        ] {
            let said = said_of(SMALL, &[set]);
            let right = match expected {
                "" => said.is_empty(),
                words => said.contains(words),
            };
            assert!(right, "{set}: {said}");
        }
    }
}
