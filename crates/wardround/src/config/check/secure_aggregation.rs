//! Where updates cannot be hidden in their sum, or could not be brought out of it.

use std::collections::BTreeSet;

use ward_core::NodeInfo;
use ward_data::ScalingMode;
use ward_privacy::secagg::Shape;
use ward_privacy::secagg::shape::{FEWEST_NODES, MOST_NODES};
use ward_round::groups::FEWEST_IN_GROUP;

use super::adoption;
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
    found.at_least("secure_aggregation.groups", config.groups, 1);
    if config.width().bits() != config.word_bits {
        let message = format!("must be 32 or 64, not {}", config.word_bits);
        let path = "secure_aggregation.word_bits";
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
    let groups = config.groups.max(1) as usize;
    let smallest = asked / groups;
    if groups > 1 && smallest < FEWEST_IN_GROUP {
        let message = format!(
            "is {groups}, and a round asks {asked} hospitals: a group of {smallest} would hide too \
             little of each; {FEWEST_IN_GROUP} are the fewest"
        );
        let problem = found.add(Code::TooFewHospitals, "secure_aggregation.groups", message);
        problem.help = Some("make fewer groups, or ask more hospitals".into());
        return;
    }
    // Groups are as even as they can be.
    let groups = BTreeSet::from([smallest, asked.div_ceil(groups)]).into_iter();
    let always = groups.map(|members| Group {
        members,
        aims_at: (target * members).div_ceil(asked),
        when: "",
    });
    // Where hospitals join while the run goes on, the first round has the fewest.
    let first = adoption::first(experiment, roster).map(|first| Group {
        members: asked.min(first),
        aims_at: target.min(first),
        when: " in the first round",
    });
    for group in always.chain(first) {
        if !group.check(found, config, experiment.simulation.silent) {
            return;
        }
    }
}

/// Hospitals that are added up together.
struct Group {
    /// Who is asked.
    members: usize,
    /// Updates that are enough before the deadline.
    aims_at: usize,
    /// In which rounds, where it is not in all.
    when: &'static str,
}

impl Group {
    /// Whether its sum can be had.
    fn check(&self, found: &mut Found, config: &SecureAggregationConfig, silent: f64) -> bool {
        let Self {
            members,
            aims_at,
            when,
        } = *self;
        let of = if config.groups > 1 {
            " of a group"
        } else {
            when
        };
        let Some(shape) = Shape::of(members) else {
            let message = format!(
                "cannot hide {members} hospitals in a sum: {FEWEST_NODES} to {MOST_NODES} must be \
                 asked{of}"
            );
            found
                .add(Code::TooFewHospitals, "secure_aggregation", message)
                .help = Some("choose how many with [sampler.uniform]".into());
            return false;
        };
        let threshold = shape.quorum;
        let least = config.min_survivors as usize;
        let needed = threshold.max(least);
        let answering = members as f64 * (1.0 - silent);
        if aims_at < least && threshold < least {
            let message = format!("is {least}, and a round aims at {aims_at} updates{of}");
            let path = "secure_aggregation.min_survivors";
            found.add(Code::TooFewHospitals, path, message);
        } else if aims_at < needed {
            let message = format!(
                "needs {threshold} of the {members} hospitals asked{of}, and a round aims at \
                 {aims_at} updates"
            );
            found
                .add(Code::TooFewHospitals, "secure_aggregation", message)
                .help = Some("ask more hospitals, or lower round.over_selection".into());
        } else if answering < needed as f64 {
            let message = format!(
                "leaves {answering:.1} of {members} hospitals{of} to answer on average, and a masked \
                 sum needs {needed}: most rounds would be abandoned"
            );
            found.add(Code::TooFewHospitals, "simulation.silent", message);
        } else {
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const HIDDEN: &str = "rounds = 2
[data.emr-risk]
population = \"province-21\"
[model.logistic]
[training]
epochs = 1
[secure_aggregation]
";

    fn said(sets: &[&str]) -> String {
        said_of(HIDDEN, sets)
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

    /// A rule sees groups' means, and f counts bad groups among them.
    #[test]
    fn rules_that_see_each_update_take_groups_of_four_or_more() {
        let with = |sets: &[&str]| said(&[sets, &["secure_aggregation.groups=5"]].concat());
        assert_eq!(with(&["strategy.median.f=2"]), "");
        assert_eq!(with(&["strategy.fltrust={}"]), "");
        assert!(with(&["strategy.median.f=3"]).contains("a round has 5 groups"));
        assert!(with(&["strategy.fedadam={}"]).contains("needs only the sum of all"));
        let few = with(&["strategy.median={}", "sampler.uniform.count=19"]);
        assert!(few.contains("a group of 3 would hide too little"), "{few}");
        let silent = with(&["strategy.median={}", "simulation.silent=0.3"]);
        assert!(silent.contains("2.8 of 4 hospitals of a group"), "{silent}");
        let none = said(&["secure_aggregation.groups=0"]);
        assert!(
            none.contains("`secure_aggregation.groups` must be at least 1"),
            "{none}"
        );
    }

    /// 21 x 128 x 2^19 is below 2^31, and with 2^20, or by rows, it is not.
    #[test]
    fn narrow_words_are_for_sums_that_fit_them() {
        let with = |sets: &[&str]| said(&[&["secure_aggregation.word_bits=32"], sets].concat());
        let uniform = "round.weight=uniform";
        assert_eq!(with(&[uniform]), "");
        assert_eq!(with(&[uniform, "ring.fraction_bits=19"]), "");
        let fine = with(&[uniform, "ring.fraction_bits=20"]);
        assert!(fine.contains("is not below 2^31"), "{fine}");
        let by_rows = with(&[]);
        assert!(
            by_rows.contains("2^16, the coarsest resolution is not below 2^31"),
            "{by_rows}"
        );
        let odd = said(&["secure_aggregation.word_bits=48"]);
        assert!(odd.contains("must be 32 or 64, not 48"), "{odd}");
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
