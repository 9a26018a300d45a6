//! Where updates cannot be hidden in their sum, or could not be brought out of it.

use ward_core::NodeInfo;
use ward_data::ScalingMode;
use ward_privacy::secagg::Shape;
use ward_privacy::secagg::shape::{FEWEST_NODES, MOST_NODES};

use super::found::Found;
use crate::codes::Code;
use crate::config::samplers::SamplerConfig;
use crate::config::types::{Experiment, SecureAggregationConfig};

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let Some(config) = &experiment.secure_aggregation else {
        return;
    };
    if (config.min_survivors as usize) < FEWEST_NODES {
        let message = format!(
            "must be at least {FEWEST_NODES}, not {}: in a sum of two, each hospital sees the other",
            config.min_survivors
        );
        let path = "secure_aggregation.min_survivors";
        found.add(Code::OutOfRange, path, message);
    }
    if experiment.preprocessing.scaling == ScalingMode::Federated {
        let message = "shows the coordinator each hospital's own sums, and `secure_aggregation` is \
                       to hide them";
        found
            .add(Code::Combination, "preprocessing.scaling", message)
            .help = Some("set preprocessing.scaling = \"local\" or \"none\"".into());
    }
    let sampler = match experiment.sampler {
        SamplerConfig::PowerOfChoice(_) => "sampler.power-of-choice",
        SamplerConfig::Importance(_) => "sampler.importance",
        _ => return,
    };
    let message = "learns from each hospital's loss, and `secure_aggregation` hides it";
    found.add(Code::Combination, sampler, message);
}

/// What does not fit those who may be asked.
pub(super) fn with_data(found: &mut Found, experiment: &Experiment, roster: &[NodeInfo]) {
    let Some(config) = &experiment.secure_aggregation else {
        return;
    };
    let (target, asked) = (experiment.target(roster), experiment.largest_cohort(roster));
    let Some(shape) = Shape::of(asked) else {
        let message = format!(
            "cannot hide {asked} hospitals in a sum: {FEWEST_NODES} to {MOST_NODES} must be asked"
        );
        found
            .add(Code::TooFewHospitals, "secure_aggregation", message)
            .help = Some("choose how many with [sampler.uniform]".into());
        return;
    };
    let threshold = shape.quorum;
    let needed = threshold.max(config.min_survivors as usize);
    if target < needed {
        too_few(found, config, target, asked, threshold);
    }
    let silent = experiment.simulation.silent;
    let answering = asked as f64 * (1.0 - silent);
    if target >= needed && answering < needed as f64 {
        let message = format!(
            "leaves {answering:.1} of {asked} hospitals to answer on average, and a masked sum needs \
             {needed}: most rounds would be abandoned"
        );
        found.add(Code::TooFewHospitals, "simulation.silent", message);
    }
}

fn too_few(
    found: &mut Found,
    config: &SecureAggregationConfig,
    target: usize,
    asked: usize,
    threshold: usize,
) {
    if config.min_survivors as usize > threshold {
        let message = format!(
            "is {}, and a round aims at {target} updates",
            config.min_survivors
        );
        let path = "secure_aggregation.min_survivors";
        found.add(Code::TooFewHospitals, path, message);
        return;
    }
    let message = format!(
        "needs {threshold} of the {asked} hospitals asked, and a round aims at {target} updates"
    );
    found
        .add(Code::TooFewHospitals, "secure_aggregation", message)
        .help = Some("ask more hospitals, or lower round.over_selection".into());
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Layer;

    const HIDDEN: &str = "rounds = 2
[data.emr-risk]
population = \"province-21\"
[model.logistic]
[training]
epochs = 1
[secure_aggregation]
";

    /// The first line of what is said of the experiment with these changes; empty where it is good.
    fn said(sets: &[&str]) -> String {
        let above = sets.iter().map(|set| Layer::set(set).unwrap()).collect();
        let checked = Experiment::parse(Path::new("exp.toml"), HIDDEN, above);
        let failure = checked.and_then(|loaded| loaded.open().map(|_| ())).err();
        let text = failure.map_or(String::new(), |failure| failure.render(400, false));
        let line = text.lines().find(|line| line.contains("×"));
        line.map_or(String::new(), |line| line.trim().to_owned())
    }

    #[test]
    fn what_hides_in_a_sum_is_let_through() {
        assert_eq!(said(&[]), "");
        assert_eq!(said(&["strategy.scaffold={}", "round.weight=uniform"]), "");
        assert_eq!(said(&["sampler.uniform.count=3"]), "");
        assert_eq!(said(&["simulation.silent=0.2"]), "");
    }

    #[test]
    fn what_would_show_single_hospitals_is_refused() {
        assert!(said(&["preprocessing.scaling=federated"]).contains("each hospital's own sums"));
        assert!(said(&["sampler.importance.count=5"]).contains("each hospital's loss"));
        assert!(said(&["sampler.power-of-choice.count=5"]).contains("each hospital's loss"));
        assert!(said(&["strategy.median={}"]).contains("must see each update"));
        assert!(said(&["secure_aggregation.min_survivors=2"]).contains("at least 3, not 2"));
    }

    #[test]
    fn sums_that_too_few_can_make_are_refused() {
        assert!(said(&["sampler.uniform.count=2"]).contains("3 to 1000 must be asked"));
        // Ten asked for five reports: seven must answer.
        let over = ["sampler.uniform.count=5", "round.over_selection=2"];
        assert!(said(&over).contains("needs 7 of the 10 hospitals asked"));
        assert!(said(&["simulation.silent=0.5"]).contains("10.5 of 21 hospitals"));
        let most = [
            "sampler.uniform.count=5",
            "secure_aggregation.min_survivors=6",
        ];
        assert!(said(&most).contains("is 6, and a round aims at 5 updates"));
    }
}
