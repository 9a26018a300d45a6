//! Regions that are none, and what does not go with them.

use ward_core::{Algorithm, NodeInfo};

use super::found::Found;
use crate::codes::Code;
use crate::config::condition::Condition;
use crate::config::types::{ExchangeConfig, Experiment, PlacementConfig};
use crate::strategies::StrategyConfig;

const ALONE: &str = "does not go with [border], whose regions average updates: choose `fedavg`";

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment) {
    let Some(border) = &experiment.border else {
        return;
    };
    let most = Algorithm::MOST_MODELS;
    if !(2..=usize::from(most)).contains(&border.regions.len()) {
        let message = format!(
            "must name 2 to {most} regions, not {}",
            border.regions.len()
        );
        found.add(Code::OutOfRange, "border.regions", message);
    }
    for (name, text) in &border.regions {
        if let Err(mistake) = Condition::parse(text) {
            found.mistake(&format!("border.regions.{name}"), text, mistake);
        }
    }
    found.at_least("border.every", border.every, 1);
    if let ExchangeConfig::Noised(noised) = border.exchange {
        let path = "border.exchange.noised";
        found.positive(&format!("{path}.clip_norm"), noised.clip_norm);
        found.not_negative(&format!("{path}.noise_multiplier"), noised.noise_multiplier);
    }
    if !matches!(experiment.strategy, StrategyConfig::Fedavg(_)) {
        found.add(Code::Combination, "strategy", ALONE);
    }
    if experiment.secure_aggregation.is_some() {
        let message = "adds up all hospitals of a round in one sum, and with [border] each region has \
                       one of its own";
        found.add(Code::Combination, "secure_aggregation", message);
    }
    let privacy = experiment.privacy.as_ref();
    let hospital = privacy.and_then(|privacy| privacy.hospital.as_ref());
    if hospital.is_some_and(|hospital| hospital.placement != PlacementConfig::Node) {
        let message = "noises the sum of a round, and with [border] each region has one of its own";
        let path = "privacy.hospital.placement";
        found.add(Code::Combination, path, message).help =
            Some("choose placement = \"node\"".into());
    }
    if hospital.is_some_and(|hospital| hospital.adaptive.is_some()) {
        let message =
            "takes a mean over all hospitals, and with [border] each region has a sum of its own";
        let path = "privacy.hospital.adaptive";
        found.add(Code::Combination, path, message).help = Some("leave adaptive out".into());
    }
    let adversaries = experiment.adversaries.as_ref();
    if adversaries.is_some_and(|adversaries| adversaries.attack.colludes()) {
        let message = "sees all honest updates of a round, and a border parts them";
        found.add(Code::Combination, "adversaries.attack", message);
    }
}

/// What can be told once it is known who takes part.
pub(super) fn with_data(found: &mut Found, experiment: &Experiment, roster: &[NodeInfo]) {
    let Some(border) = &experiment.border else {
        return;
    };
    for (name, text) in &border.regions {
        let Ok(condition) = Condition::parse(text) else {
            continue; // told already
        };
        let path = format!("border.regions.{name}");
        let unknown = condition.unknown(roster);
        let none = unknown.is_empty() && !roster.iter().any(|info| condition.holds(info));
        for mistake in unknown {
            found.mistake(&path, text, mistake);
        }
        if none {
            found.add(Code::TooFewHospitals, &path, "has no hospital");
        }
    }
    for info in roster {
        let regions = border.regions_of(info).len();
        if regions != 1 {
            let message = format!(
                "puts `{}` into {regions} regions, and every hospital is in one",
                info.name
            );
            found.add(Code::TooFewHospitals, "border.regions", message);
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const SMALL: &str = "rounds = 4\n[data.emr-risk]\n[model.logistic]\n[training]\nepochs = 1\n\
        [border.regions]\neast = \"tier == 'tertiary'\"\nwest = \"tier != 'tertiary'\"\n";

    #[test]
    fn what_is_no_border_is_refused_where_it_stands() {
        for (set, expected) in [
            ("border.every=2", ""),
            ("border.every=0", "`border.every` must be at least 1"),
            ("border.exchange=nothing", ""),
            (
                "border.exchange={noised={clip_norm=1.0,noise_multiplier=0.5}}",
                "",
            ),
            (
                "border.exchange={noised={clip_norm=0.0,noise_multiplier=0.5}}",
                "`border.exchange.noised.clip_norm` must be above 0",
            ),
            ("border.regions.north=\"tier = 1\"", "at column"),
            (
                "border.regions.north=\"tier == 'county'\"",
                "into 2 regions",
            ),
            ("border.regions.west=\"tier == 'county'\"", "into 0 regions"),
            ("strategy={median={f=2}}", "choose `fedavg`"),
            ("secure_aggregation={}", "one sum"),
            (
                "privacy.hospital={clip_norm=1.0,noise_multiplier=1.0,placement='coordinator'}",
                "noises the sum of a round",
            ),
            (
                "privacy.hospital={clip_norm=1.0,noise_multiplier=1.0,placement='node',adaptive={}}",
                "takes a mean over",
            ),
            (
                "adversaries={count=1,attack={ipm={}}}",
                "a border parts them",
            ),
        ] {
            let said = said_of(SMALL, &[set]);
            let right = match expected {
                "" => said.is_empty(),
                words => said.contains(words),
            };
            assert!(right, "{set}: {said}");
        }
        let one = "rounds = 4\n[data.emr-risk]\n[model.logistic]\n[training]\nepochs = 1\n\
                   [border.regions]\neast = \"tier == 'tertiary'\"\n";
        assert!(said_of(one, &[]).contains("2 to 16 regions, not 1"));
    }
}
