//! What can be wrong with a strategy or a personalisation: single settings, bad updates that it
//! cannot bear, tensors that the model does not have.

use ward_core::{Layout, Weighting};

use super::found::Found;
use super::schedule;
use crate::codes::Code;
use crate::config::problem::Problem;
use crate::config::types::{Experiment, OptimizerConfig, ScheduleConfig};
use crate::personalisation::PersonalisationConfig;

/// A table's settings under examination: problems are found at their keys.
pub(crate) struct Settings<'a> {
    /// All that stands beside them.
    pub(crate) experiment: &'a Experiment,
    /// The table: `strategy.feddyn`.
    table: String,
    found: &'a mut Found,
}

impl Settings<'_> {
    /// Adds a problem with the table's `key`; the caller may add help to it.
    pub(crate) fn add(&mut self, code: Code, key: &str, message: &str) -> &mut Problem {
        self.found.add(code, &self.path(key), message)
    }

    pub(crate) fn at_least(&mut self, key: &str, value: u32, least: u32) {
        self.found.at_least(&self.path(key), value, least);
    }

    pub(crate) fn positive(&mut self, key: &str, value: impl Into<f64>) {
        self.found.positive(&self.path(key), value);
    }

    pub(crate) fn not_negative(&mut self, key: &str, value: impl Into<f64>) {
        self.found.not_negative(&self.path(key), value);
    }

    pub(crate) fn decay(&mut self, key: &str, value: impl Into<f64>) {
        self.found.decay(&self.path(key), value);
    }

    /// At most one of two ways to say how much; each at least 1.
    pub(crate) fn not_both(&mut self, keys: [&str; 2], given: [Option<u32>; 2]) {
        if given.iter().all(Option::is_some) {
            let message = format!("says the same as `{}`: give one of them", keys[0]);
            self.add(Code::OneOfTwo, keys[1], &message);
        }
        for (key, value) in keys.into_iter().zip(given) {
            self.at_least(key, value.unwrap_or(1), 1);
        }
    }

    /// The strategy's hospitals are equals.
    pub(crate) fn alike(&mut self) {
        if self.experiment.round.weight != Weighting::Uniform {
            let table = &self.table;
            let message = format!("counts every hospital alike with `{table}`, as its paper does");
            let problem = self.found.add(Code::Combination, "round.weight", message);
            problem.help = Some("set round.weight = \"uniform\"".into());
        }
    }

    /// A server's pull of all parameters towards 0.
    pub(crate) fn weight_decay(&mut self, weight_decay: f32) {
        self.not_negative("weight_decay", weight_decay);
        let personalisation = self.experiment.personalisation.as_ref();
        if weight_decay > 0.0 && personalisation.is_some_and(PersonalisationConfig::is_private) {
            let message = "must be 0 where tensors are private: nobody trains them at the \
                           coordinator, and it would shrink what hospitals begin with";
            self.add(Code::Combination, "weight_decay", message);
        }
    }

    /// Every update that a hospital makes must count: it remembers what it sent.
    pub(crate) fn counted(&mut self) {
        if self.experiment.round.over_selection > 1.0 {
            let table = &self.table;
            let message = format!(
                "must be 1 with `{table}`: a hospital whose update is not counted would remember \
                 what the coordinator never heard"
            );
            self.found
                .add(Code::Combination, "round.over_selection", message);
        }
    }

    /// Hospitals remember something between rounds.
    pub(crate) fn remembering(&mut self) {
        if self.experiment.round.checkpoint_every != 1 {
            let table = &self.table;
            let message = format!(
                "must be 1 with `{table}`: a run can go back no further than one round of what its \
                 hospitals remember"
            );
            self.found
                .add(Code::Combination, "round.checkpoint_every", message);
        }
        let adversaries = self.experiment.adversaries.as_ref();
        if adversaries.is_some_and(|config| config.attack.colludes()) {
            let table = &self.table;
            let message = format!(
                "does not go with `{table}`: colluders see updates before their hospitals send them, \
                 and these would remember it"
            );
            self.found
                .add(Code::Combination, "adversaries.attack", message);
        }
    }

    /// The strategy is defined for local SGD only, and perhaps for SGD without momentum.
    pub(crate) fn sgd(&mut self, plain: bool) {
        let table = &self.table;
        match &self.experiment.training.optimizer {
            OptimizerConfig::Sgd(sgd) if plain && sgd.momentum != 0.0 => {
                let message = format!("must be 0 with `{table}`, which is defined without");
                let path = "training.optimizer.sgd.momentum";
                self.found.add(Code::Combination, path, message);
            }
            OptimizerConfig::Sgd(_) => {}
            OptimizerConfig::Adam(_) => {
                let message = format!("does not go with `{table}`, which is defined for SGD");
                let path = "training.optimizer.adam";
                let problem = self.found.add(Code::Combination, path, message);
                problem.help = Some("train with `optimizer.sgd`".into());
            }
        }
    }

    /// How a step size changes, at the table's `schedule`.
    pub(crate) fn schedule(&mut self, schedule: Option<ScheduleConfig>) {
        schedule::ranges(self.found, &self.path("schedule"), schedule);
    }

    fn path(&self, key: &str) -> String {
        format!("{}.{key}", self.table)
    }
}

/// Ranges of their settings, and what does not go together.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let strategy = &experiment.strategy;
    strategy.check(&mut Settings {
        experiment,
        table: format!("strategy.{}", strategy.id()),
        found,
    });
    if let Some(personalisation) = &experiment.personalisation {
        personalisation.check(&mut Settings {
            experiment,
            table: format!("personalisation.{}", personalisation.id()),
            found,
        });
    }
}

/// Whether a model of `layout` has the tensors that are to stay in the hospitals, and others.
pub(super) fn private(found: &mut Found, experiment: &Experiment, layout: &Layout) {
    if let Some(personalisation) = &experiment.personalisation {
        let mut settings = Settings {
            experiment,
            table: format!("personalisation.{}", personalisation.id()),
            found,
        };
        personalisation.check_against(layout, &mut settings);
    }
}

/// Whether a rule can bear its bad updates among those that it sees in a round: the reports aimed at, or
/// the means of groups.
pub(super) fn bearing(found: &mut Found, experiment: &Experiment, points: usize) {
    let strategy = &experiment.strategy;
    let Some(robust) = strategy.robust(points) else {
        return;
    };
    if let Err(unmet) = robust.check(points) {
        let path = format!("strategy.{}.f", strategy.id());
        let (sees, more) = match experiment.sums() {
            Some(2..) => (format!("has {points} groups"), "make more groups"),
            _ => (format!("aims at {points} reports"), "ask more hospitals"),
        };
        let message = format!("is {}, and a round {sees}: {unmet}", robust.f);
        found.add(Code::Unmet, &path, message).help = Some(format!(
            "lower f, {more}, or choose a rule that needs fewer: `wardround strategies` lists what \
             each bears"
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn experiment(strategy: &str) -> Experiment {
        let text = format!(
            "rounds = 1\ntraining.epochs = 1\n[data.emr-risk]\n[model.logistic]\n{strategy}\n"
        );
        let experiment: Experiment = toml::from_str(&text).unwrap();
        experiment
    }

    fn found(look: impl FnOnce(&mut Found)) -> Vec<(Code, String)> {
        let mut found = Found::default();
        look(&mut found);
        let problems = found.problems.into_iter();
        problems
            .map(|problem| (problem.code, problem.path))
            .collect()
    }

    #[test]
    fn a_rule_that_cannot_bear_its_bad_updates_is_refused_at_its_f() {
        for (strategy, enrolled, refused) in [
            ("[strategy.krum]\nf = 2", 6, true),
            ("[strategy.krum]\nf = 2", 7, false),
            (
                "[strategy.krum]\nf = 2\nbefore = [{ bucketing = 2 }]",
                12,
                true,
            ),
            (
                "[strategy.krum]\nf = 2\nbefore = [{ bucketing = 2 }]",
                13,
                false,
            ),
            ("[strategy.bulyan]", 5, true), // f is 1, and takes 7
            ("[strategy.bulyan]", 7, false),
            ("[strategy.mda]\nf = 8", 20, true),
            ("[strategy.robust]", 3, false),
            ("[strategy.robust]", 5, false),
            ("[strategy.robust]\nf = 2", 4, true),
            ("[strategy.fedavg]", 1, false),
        ] {
            let experiment = experiment(strategy);
            let expected = refused.then(|| {
                let path = format!("strategy.{}.f", experiment.strategy.id());
                (Code::Unmet, path)
            });
            let got = found(|found| bearing(found, &experiment, enrolled));
            assert_eq!(
                got,
                Vec::from_iter(expected),
                "{strategy}, {enrolled} enrolled"
            );
        }
    }

    #[test]
    fn settings_out_of_range_are_refused_where_they_stand() {
        for (strategy, key) in [
            ("[strategy.median]\nnorm_bound = 0.0", "norm_bound"),
            ("[strategy.robust]\nnorm_bound = -1.0", "norm_bound"),
            (
                "[strategy.krum]\nbefore = [\"nnm\", { bucketing = 0 }]",
                "before",
            ),
            ("[strategy.caf]\nbefore = [{ clipping = 0.0 }]", "before"),
            ("[strategy.multi-krum]\nkeep = 0", "keep"),
            ("[strategy.geometric-median]\nsmoothing = 0.0", "smoothing"),
            ("[strategy.centred-clipping]\nsteps = 0", "steps"),
            ("[strategy.norm-bounding]\nradius = 0.0", "radius"),
            (
                "[strategy.median]\nclaimed_weights = true\nbefore = [\"arc\"]",
                "claimed_weights",
            ),
            ("[strategy.fltrust]\nroot_rows = 0", "root_rows"),
            ("[strategy.fltrust]\nroot_file = \"r.csv\"", "root_file"),
            ("[strategy.fedadamw]\nweight_decay = -0.1", "weight_decay"),
            ("[strategy.fedlamb]\nepsilon = 0.0", "epsilon"),
            (
                "[strategy.fedlars]\nschedule = { linear-warmup = { rounds = 0 } }",
                "schedule.linear-warmup.rounds",
            ),
            (
                "[strategy.fedavgm.schedule.step]\nevery = 3\nfactor = 2.0",
                "schedule.step.factor",
            ),
            (
                "[strategy.fedyogi.schedule.cosine]\nleast = -1.0",
                "schedule.cosine.least",
            ),
            (
                "[strategy.fedlars]\n[personalisation.fedper]",
                "weight_decay",
            ),
            ("[strategy.fltrust]\n[personalisation.ditto]", "root_rows"),
            ("[strategy.ifca]\nclusters = 1", "clusters"),
            ("[strategy.ifca]\nclusters = 17", "clusters"),
            (
                "[strategy.ifca]\n[personalisation.private-intercept]",
                "clusters",
            ),
            ("[strategy.ifca]\n[ring]\nrange = 0.5", "clusters"),
        ] {
            let experiment = experiment(strategy);
            let got = found(|found| settings(found, &experiment));
            let path = format!("strategy.{}.{key}", experiment.strategy.id());
            assert_eq!(got.len(), 1, "{path}");
            assert_eq!(got[0].1, path);
        }
    }

    #[test]
    fn several_models_go_with_a_model_of_a_hospital_s_own_that_is_whole() {
        for personalisation in ["fine-tuning", "ditto", "apfl"] {
            let text = format!("[strategy.ifca]\n[personalisation.{personalisation}]");
            let experiment = experiment(&format!("{text}\n[round]\ncheckpoint_every = 1"));
            assert_eq!(found(|found| settings(found, &experiment)), []);
        }
    }

    #[test]
    fn hospitals_that_remember_count_alike_and_always_and_are_seen_by_nobody() {
        for (round, paths) in [
            ("weight = \"uniform\"", &[][..]),
            ("weight = \"examples\"", &["round.weight"]),
            (
                "weight = \"examples\"\ncheckpoint_every = 2",
                &["round.weight", "round.checkpoint_every"],
            ),
            (
                "weight = \"uniform\"\nover_selection = 1.5",
                &["round.over_selection"],
            ),
            (
                "weight = \"uniform\"\n[adversaries]\ncount = 1\n[adversaries.attack.alie]",
                &["adversaries.attack"],
            ),
            (
                "weight = \"uniform\"\n[adversaries]\ncount = 1\n[adversaries.attack.sign-flip]",
                &[],
            ),
        ] {
            for strategy in ["feddyn", "scaffold"] {
                let experiment = experiment(&format!("[strategy.{strategy}]\n[round]\n{round}"));
                let got = found(|found| settings(found, &experiment));
                let expected = paths
                    .iter()
                    .map(|&path| (Code::Combination, path.to_owned()));
                assert_eq!(got, Vec::from_iter(expected), "{strategy}, {round}");
            }
        }
    }

    #[test]
    fn the_default_mixes_and_trims_from_five_reports_on() {
        let strategy = experiment("[strategy.robust]").strategy;
        let rule = |target| format!("{:?}", strategy.robust(target).unwrap());
        assert!(rule(5).contains("NearestNeighbourMixing") && rule(5).contains("TrimmedMean"));
        assert!(rule(4).contains("before: []") && rule(4).contains("Median"));
        assert_eq!(strategy.robust(14).unwrap().f, 2);
    }
}
