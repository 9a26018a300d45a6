//! What can be wrong with a strategy that bears bad updates.

use super::found::Found;
use crate::codes::Code;
use crate::config::types::{BeforeConfig, Experiment, RobustKeys, StrategyConfig};

/// Ranges of its settings.
pub(super) fn settings(found: &mut Found, strategy: &StrategyConfig) {
    let path = |key: &str| format!("strategy.{}.{key}", strategy.id());
    let mut keys = |keys: RobustKeys<'_>, claimed_weights: bool| {
        found.positive(&path("norm_bound"), keys.norm_bound);
        for before in keys.before {
            match *before {
                BeforeConfig::Nnm | BeforeConfig::Arc => {}
                BeforeConfig::Bucketing(size) => found.at_least(&path("before"), size, 1),
                BeforeConfig::Clipping(radius) => found.positive(&path("before"), radius),
            }
        }
        if claimed_weights && !keys.before.is_empty() {
            let message = "belongs to updates as they came; what `before` makes of them has no \
                           claimed weight";
            found.add(Code::Combination, &path("claimed_weights"), message);
        }
    };
    match strategy {
        StrategyConfig::Fedavg(_)
        | StrategyConfig::Fedavgm(_)
        | StrategyConfig::Fedprox(_)
        | StrategyConfig::Feddyn(_)
        | StrategyConfig::Fedadam(_)
        | StrategyConfig::Fedyogi(_)
        | StrategyConfig::Fedadagrad(_) => {}
        StrategyConfig::Robust(c) => found.positive(&path("norm_bound"), c.norm_bound),
        StrategyConfig::Median(c) => keys(c.keys(), c.claimed_weights),
        StrategyConfig::TrimmedMean(c) => keys(c.keys(), false),
        StrategyConfig::Meamed(c) => keys(c.keys(), false),
        StrategyConfig::Krum(c) => keys(c.keys(), false),
        StrategyConfig::MultiKrum(c) => {
            keys(c.keys(), false);
            found.at_least(&path("keep"), c.keep.unwrap_or(1), 1);
        }
        StrategyConfig::Bulyan(c) => keys(c.keys(), false),
        StrategyConfig::GeometricMedian(c) => {
            keys(c.keys(), c.claimed_weights);
            found.positive(&path("smoothing"), c.smoothing);
            found.at_least(&path("steps"), c.steps, 1);
        }
        StrategyConfig::CentredClipping(c) => {
            keys(c.keys(), false);
            found.positive(&path("radius"), c.radius);
            found.at_least(&path("steps"), c.steps, 1);
        }
        StrategyConfig::Mda(c) => keys(c.keys(), false),
        StrategyConfig::Caf(c) => keys(c.keys(), false),
        StrategyConfig::NormBounding(c) => {
            keys(c.keys(), c.claimed_weights);
            found.positive(&path("radius"), c.radius);
        }
    }
}

/// Whether a rule can bear its bad updates among the reports that a round aims at.
pub(super) fn bearing(found: &mut Found, experiment: &Experiment, target: usize) {
    let strategy = &experiment.strategy;
    let Some(robust) = strategy.robust(target) else {
        return;
    };
    if let Err(unmet) = robust.check(target) {
        let path = format!("strategy.{}.f", strategy.id());
        let message = format!(
            "is {}, and a round aims at {target} reports: {unmet}",
            robust.f
        );
        found.add(Code::Unmet, &path, message).help = Some(
            "lower f, ask more hospitals, or choose a rule that needs fewer: \
             `wardround strategies` lists what each bears"
                .into(),
        );
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
        ] {
            let strategy = experiment(strategy).strategy;
            let got = found(|found| settings(found, &strategy));
            let path = format!("strategy.{}.{key}", strategy.id());
            assert_eq!(got.len(), 1, "{path}");
            assert_eq!(got[0].1, path);
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
