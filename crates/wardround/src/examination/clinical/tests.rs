use super::*;
use crate::examination::tests::{hospital, scored};
use ward_observe::result_row::find;

#[test]
fn four_hospitals_by_hand() {
    let infos = [
        hospital(0, "a", "tertiary"),
        hospital(1, "b", "township"),
        hospital(2, "c", "township"),
    ];
    // a: all pairs right. b: half of them. c: three of four.
    let at = [
        scored(&[0.9, 0.8, 0.1, 0.2], &[1, 1, 0, 0]),
        scored(&[0.9, 0.1, 0.6, 0.4], &[1, 1, 0, 0]),
        scored(&[0.9, 0.3, 0.4, 0.2], &[1, 1, 0, 0]),
    ];
    let all: Vec<(&NodeInfo, Scored)> = infos.iter().zip(at).collect();
    let config = ClinicalConfig {
        thresholds: vec![0.2],
        specificity: 0.5,
        ..ClinicalConfig::default()
    };
    let answer = examine(&config, &[(Model::Federated, all)]);
    let value = |group: &str, metric: &str| {
        let row = find(&answer.rows, group, Model::Federated, metric);
        row.unwrap_or_else(|| panic!("no {metric}")).value
    };
    let close =
        |got: f64, expected: f64| assert!((got - expected).abs() < 1e-6, "{got} {expected}");
    close(value("tertiary", AUC_ALL_CASES), 1.0);
    // Township: positives .9 .1 .9 .3, negatives .6 .4 .4 .2: 4 + 0 + 4 + 1 of 16.
    close(value("township", AUC_ALL_CASES), 9.0 / 16.0);
    close(value("all", "worst_hospital_auc"), 0.5);
    close(value("all", "worst_tier_auc"), 0.625);
    close(value("all", "tier_gap_auc"), 7.0 / 16.0);
    // Negatives .1 .2 .2 .4 .4 .6: half are .2 and below, so .1 alone is missed by townships.
    close(value("all", "tier_gap_sensitivity"), 0.25);
    // Tertiary at .2: two found, one of two negatives called at a quarter each.
    close(value("tertiary", "net_benefit_at_20"), (2.0 - 0.25) / 4.0);
    close(
        value("tertiary", name::BRIER),
        (0.01 + 0.04 + 0.01 + 0.04) / 4.0,
    );
    close(
        value("tertiary", name::CALIBRATION_ERROR),
        (0.1 + 0.2 + 0.1 + 0.2) / 4.0,
    );
    assert!(answer.words[1].contains("the worst hospital is b (AUC 0.500)"));
}
