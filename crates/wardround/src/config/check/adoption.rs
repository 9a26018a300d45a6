//! A federation that grows, and what does not go with that.

use ward_core::{NodeInfo, RoundId};
use ward_round::Visibility;

use super::found::Found;
use crate::codes::Code;
use crate::config::samplers::SamplerConfig;
use crate::config::types::{Experiment, PlacementConfig};

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let Some(config) = &experiment.adoption else {
        return;
    };
    let share = |v| v > 0.0 && v <= 1.0;
    let range = "above 0 and up to 1";
    found.number("adoption.start", config.start, range, share);
    found.at_least("adoption.full_by", config.full_by, 1);
    if matches!(experiment.sampler, SamplerConfig::Tier(_)) {
        let message = "has a quota for each tier, and a tier whose hospitals have not joined cannot \
                       fill it";
        let help = "choose [sampler.uniform], or leave [adoption] out";
        found.add(Code::Combination, "sampler.tier", message).help = Some(help.into());
    }
    if experiment.strategy.visibility() == Visibility::EachUpdate {
        let message = "is told for how many reports its f holds, and with [adoption] a round has \
                       fewer at first";
        let help = "choose a strategy that needs only the sum, or leave [adoption] out";
        found.add(Code::Combination, "strategy", message).help = Some(help.into());
    }
    let privacy = experiment.privacy.as_ref();
    let hospital = privacy.and_then(|privacy| privacy.hospital.as_ref());
    if hospital.is_some_and(|hospital| hospital.placement != PlacementConfig::Node) {
        let message = "is worked out for as many hospitals as a round asks, and with [adoption] it \
                       asks fewer at first";
        let help = "choose placement = \"node\", or leave [adoption] out";
        let path = "privacy.hospital.placement";
        found.add(Code::Combination, path, message).help = Some(help.into());
    }
}

/// What can be told once it is known who takes part.
pub(super) fn with_data(found: &mut Found, experiment: &Experiment, roster: &[NodeInfo]) {
    let Some(first) = first(experiment, roster) else {
        return;
    };
    if first == 0 && experiment.crowd(roster).admitted > 0 {
        let message =
            "leaves nobody for the first round: none of those who have joined may be asked";
        let help = "raise it, or loosen `where` or [evaluation.external]";
        found
            .add(Code::TooFewHospitals, "adoption.start", message)
            .help = Some(help.into());
    }
}

/// How many may be asked in the first round; `None` where all that may be are there.
pub(super) fn first(experiment: &Experiment, roster: &[NodeInfo]) -> Option<usize> {
    let joins = experiment.joins(roster)?;
    let admits = experiment.crowd(roster).admits;
    let there = joins.iter().zip(admits);
    let there = there.filter(|(joins, admitted)| **joins == RoundId(0) && *admitted);
    Some(there.count())
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const SMALL: &str = "rounds = 9\n[data.emr-risk]\n[model.logistic]\n[training]\nepochs = 1\n";

    #[test]
    fn what_does_not_go_with_a_federation_that_grows_is_refused() {
        let grows = "adoption={start=0.1,full_by=5}";
        for (set, expected) in [
            ("adoption={full_by=5,order='random'}", ""),
            ("adoption={full_by=50}", ""),
            ("adoption={start=0.0,full_by=5}", "above 0 and up to 1"),
            ("adoption={full_by=0}", "at least 1"),
            ("adoption={start=0.1}", "`full_by` is missing"),
            ("sampler={uniform={count=5}}", ""),
            ("sampler={tier={quota={county=2}}}", "cannot fill it"),
            ("strategy={median={f=2}}", "has fewer at first"),
            (
                "sampler={all={where=\"tier=='township'\"}}",
                "leaves nobody",
            ),
            ("secure_aggregation={}", "in the first round"),
            (
                "privacy={delta=1e-3,hospital={clip_norm=1.0,noise_multiplier=1.0,placement='coordinator'}}",
                "asks fewer at first",
            ),
        ] {
            let sets: &[&str] = match set.starts_with("adoption") {
                true => &[set],
                false => &[grows, set],
            };
            let said = said_of(SMALL, sets);
            let right = match expected {
                "" => said.is_empty(),
                words => said.contains(words),
            };
            assert!(right, "{set}: {said}");
        }
        let masked = ["secure_aggregation={}", "adoption={start=0.5,full_by=5}"];
        assert_eq!(said_of(SMALL, &masked), "");
    }
}
