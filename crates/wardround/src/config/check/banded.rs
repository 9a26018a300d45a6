//! Where noise cannot cancel between rounds.

use ward_core::{HospitalNoise, NodeInfo, Protection, TrainOrder};

use super::found::Found;
use crate::codes::Code;
use crate::config::types::{Experiment, HospitalNoiseConfig, PlacementConfig};

const PATH: &str = "privacy.hospital.bands";

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment, hospital: &HospitalNoiseConfig) {
    found.at_least(PATH, hospital.bands, 1);
    if hospital.bands <= 1 {
        return;
    }
    let most = HospitalNoise::MOST_BANDS;
    if hospital.bands > most {
        let message = format!("must be at most {most}, not {}", hospital.bands);
        found.add(Code::OutOfRange, PATH, message);
    }
    if experiment.round.checkpoint_every != 1 {
        let message = "must be 1 with privacy.hospital.bands: hospitals remember in which round they took \
                       part, and a run that goes back further would ask them too soon";
        found.add(Code::Combination, "round.checkpoint_every", message);
    }
    if hospital.placement != PlacementConfig::Coordinator {
        let message = "has noise cancel between rounds, and of each hospital only one round in so many has \
                       any: that noise is the coordinator's";
        found.add(Code::Combination, PATH, message).help =
            Some("set privacy.hospital.placement = \"coordinator\", or leave bands out".into());
    }
    if hospital.adaptive.is_some() {
        let message =
            "is for one clip norm, and `adaptive` moves it: nobody has accounted for both";
        found.add(Code::Combination, PATH, message).help =
            Some("leave privacy.hospital.adaptive or bands out".into());
    }
}

/// Whether rounds ask so few that nobody is asked too often.
pub(super) fn with_data(
    found: &mut Found,
    experiment: &Experiment,
    order: &TrainOrder,
    roster: &[NodeInfo],
) {
    let bands = match &order.protection {
        Protection::Hospital(noise) if noise.bands > 1 => noise.bands as usize,
        _ => return,
    };
    let (asked, admitted) = (
        experiment.largest_cohort(roster),
        experiment.crowd(roster).admitted,
    );
    if asked.saturating_mul(bands) > admitted {
        let most = (admitted / bands).max(1);
        let message = format!(
            "is {bands}, and rounds ask {asked} of {admitted} hospitals: each can be asked once in {} rounds \
             at most",
            (admitted / asked.max(1)).max(1)
        );
        found.add(Code::OutOfRange, PATH, message).help = Some(format!(
            "ask at most {most} in a round, such as sampler.round-robin.count = {most}, or choose fewer bands"
        ));
    }
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const BANDED: &str = "rounds = 10
[data.emr-risk]
population = \"province-21\"
[model.logistic]
[training]
epochs = 1
[round]
weight = \"uniform\"
[sampler.round-robin]
count = 5
[privacy.hospital]
noise_multiplier = 2.0
bands = 4
";

    fn said(sets: &[&str]) -> String {
        said_of(BANDED, sets)
    }

    #[test]
    fn what_can_cancel_is_let_through() {
        assert_eq!(said(&[]), "");
        assert_eq!(said(&["secure_aggregation.min_survivors=4"]), "");
        assert_eq!(said(&["sampler={uniform={count=5}}"]), "");
    }

    #[test]
    fn what_cannot_is_told_why() {
        assert!(said(&["privacy.hospital.bands=0"]).contains("at least 1"));
        assert!(said(&["privacy.hospital.bands=5"]).contains("once in 4 rounds"));
        assert!(said(&["sampler={all={}}"]).contains("rounds ask 21 of 21"));
        assert!(said(&["privacy.hospital.placement=node"]).contains("is the coordinator's"));
        assert!(said(&["privacy.hospital.adaptive={}"]).contains("accounted for both"));
    }
}
