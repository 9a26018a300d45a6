//! Where a clip norm cannot follow the norms of updates.

use ward_core::{Protection, TrainOrder};
use ward_privacy::dp::clipping::HALF_BIT;
use ward_round::Visibility;

use super::found::Found;
use crate::codes::Code;
use crate::config::types::{Experiment, HospitalNoiseConfig};

const PATH: &str = "privacy.hospital.adaptive";

/// What can be told from the file alone.
pub(super) fn settings(found: &mut Found, experiment: &Experiment, hospital: &HospitalNoiseConfig) {
    let Some(config) = &hospital.adaptive else {
        return;
    };
    let share = |v| v > 0.0 && v < 1.0;
    let range = "above 0 and below 1";
    found.number(&format!("{PATH}.quantile"), config.quantile, range, share);
    found.positive(&format!("{PATH}.learning_rate"), config.learning_rate);
    if let Some(bits) = config.bit_deviation {
        let path = format!("{PATH}.bit_deviation");
        found.positive(&path, bits);
        if let Ok(multiplier) = experiment.noise_multiplier()
            && bits > 0.0
            && 2.0 * bits <= multiplier
        {
            let message = format!(
                "must be above half the noise multiplier of {multiplier}, not {bits}: the bits alone would \
                 cost what updates and bits may cost together"
            );
            found.add(Code::OutOfRange, &path, message);
        }
    }
    if hospital.clip_norm > experiment.ring.range {
        let message = format!(
            "must be at most ring.range ({}), not {}: the norm is to follow updates, and longer ones do not \
             fit the ring",
            experiment.ring.range, hospital.clip_norm
        );
        found.add(Code::OutOfRange, "privacy.hospital.clip_norm", message);
    }
    if experiment.strategy.visibility() == Visibility::EachUpdate {
        let message = "looks at each update, and the share of updates within the clip norm is a mean of bits \
                       behind them";
        found.add(Code::Combination, "strategy", message).help =
            Some("choose a strategy that needs only the sum, or leave `adaptive` out".into());
    }
    if experiment
        .secure_aggregation
        .as_ref()
        .is_some_and(|masks| masks.groups > 1)
    {
        let message = "has the strategy combine groups' means, and the share of updates within the clip norm \
                       is a mean over all";
        found
            .add(Code::Combination, "secure_aggregation.groups", message)
            .help = Some("leave groups out, or leave `adaptive` out".into());
    }
}

/// A ring that is too coarse for a bit.
pub(super) fn with_ring(found: &mut Found, order: &TrainOrder) {
    let Protection::Hospital(noise) = &order.protection else {
        return;
    };
    let Some(bits) = noise.bit_deviation else {
        return;
    };
    let words = f64::from(order.ring.range) * f64::from(order.ring.fraction_bits).exp2();
    // A bit is half of it or less than nothing by as much, and eight deviations of its noise are cut nowhere.
    let half = f64::from(HALF_BIT);
    let least = (2.0 * half).max(half + 8.0 * 2.0 * half * bits);
    if words < least {
        let message = format!(
            "is {}, and a bit of adaptive clipping with noise of {bits} needs range x 2^fraction_bits of \
             {least:.0} or more",
            order.ring.fraction_bits,
        );
        found
            .add(Code::OutOfRange, "ring.fraction_bits", message)
            .help =
            Some("leave it out to have it chosen, or choose a smaller bit_deviation".into());
    }
}

#[cfg(test)]
mod tests {
    use crate::config::check::said_of;

    const ADAPTIVE: &str = "rounds = 10
[data.emr-risk]
population = \"province-21\"
[model.logistic]
[training]
epochs = 1
[round]
weight = \"uniform\"
[privacy.hospital]
noise_multiplier = 2.0
[privacy.hospital.adaptive]
";

    fn said(sets: &[&str]) -> String {
        said_of(ADAPTIVE, sets)
    }

    #[test]
    fn what_can_follow_is_let_through() {
        assert_eq!(said(&[]), "");
        assert_eq!(said(&["privacy.hospital.placement=node"]), "");
        let shared = [
            "privacy.hospital.placement=shared",
            "secure_aggregation.min_survivors=11",
        ];
        assert_eq!(said(&shared), "");
        assert_eq!(said(&["privacy.hospital.adaptive.bit_deviation=1.01"]), "");
        assert_eq!(said(&["strategy.fedadam={}"]), "");
    }

    #[test]
    fn what_cannot_is_told_why() {
        let adaptive = |setting: &str| said(&[&format!("privacy.hospital.adaptive.{setting}")]);
        assert!(adaptive("quantile=1").contains("above 0 and below 1"));
        assert!(adaptive("learning_rate=0").contains("above 0"));
        assert!(adaptive("bit_deviation=1").contains("half the noise multiplier of 2"));
        assert!(said(&["privacy.hospital.clip_norm=500"]).contains("ring.range"));
        let node = "privacy.hospital.placement=node";
        assert!(said(&[node, "strategy.median={}"]).contains("a mean of bits"));
        let groups = ["secure_aggregation.groups=5", "strategy.median={}"];
        assert!(said(&[&[node], &groups[..1]].concat()).contains("a mean over all"));
        let coarse = [
            "ring.fraction_bits=20",
            "ring.range=0.001",
            "privacy.hospital.clip_norm=0.0005",
        ];
        assert!(said(&coarse).contains("range x 2^fraction_bits"));
        assert!(said(&["strategy.scaffold={}"]).contains("is not clipped"));
    }
}
