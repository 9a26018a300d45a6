use super::*;
use proptest::prelude::*;

/// Of each group `cases` cases with prediction `p`, of which `positive` are.
fn groups(groups: &[(f32, usize, usize)]) -> (Vec<f32>, Vec<u8>) {
    let mut all = (Vec::new(), Vec::new());
    for &(p, cases, positive) in groups {
        all.0.extend(vec![p; cases]);
        all.1.extend((0..cases).map(|i| u8::from(i < positive)));
    }
    all
}

fn near(got: f64, expected: f64) {
    assert!((got - expected).abs() < 1e-6, "{got}, not {expected}");
}

#[test]
fn brier_s_score_by_hand() {
    // .01, .04, .25 and .64.
    let got = brier(&[0.1, 0.8, 0.5, 0.8], &[0, 1, 1, 0]).unwrap();
    near(got.value, 0.235);
    assert_eq!(got.n, 4);
    assert_eq!(brier(&[], &[]), None);
    assert_eq!(brier(&[1.5], &[1]), None);
    assert_eq!(brier(&[f32::NAN], &[1]), None);
}

#[test]
fn the_calibration_error_weighs_bins_by_their_cases() {
    // Two bins: 6 cases at .25 of which 3 are positive, 4 at .75 of which 3 are; (6 · .25 + 0) / 10.
    let (p, y) = groups(&[(0.25, 6, 3), (0.75, 4, 3)]);
    near(Reliability::of(&p, &y).unwrap().error().unwrap(), 0.15);
    assert_eq!(Reliability::default().error(), None);
    assert_eq!(Reliability::of(&[-0.1], &[0]), None);
    // 1 belongs to the last bin: with .95 its error is |1.95 − 1| / 2.
    near(
        Reliability::of(&[1.0, 0.95], &[1, 0])
            .unwrap()
            .error()
            .unwrap(),
        0.475,
    );
}

#[test]
fn two_groups_are_recalibrated_exactly() {
    // The line goes through both groups' logits: from (−ln 4, −ln 3) to (ln 4, ln 3).
    let (p, y) = groups(&[(0.2, 8, 2), (0.8, 12, 9)]);
    let got = Recalibration::of(&p, &y).unwrap();
    near(got.slope.value, 3.0_f64.ln() / 4.0_f64.ln());
    near(got.intercept.value, 0.0);
    // A group's logit has variance 1 / (n q (1 − q)): 2/3 and 4/9; the points are 2 ln 4 apart.
    let variance: f64 = 2.0 / 3.0 + 4.0 / 9.0;
    near(
        got.slope.standard_error,
        variance.sqrt() / (2.0 * 4.0_f64.ln()),
    );
    near(got.intercept.standard_error, variance.sqrt() / 2.0);
    assert_eq!(got.slope.n, 20);
    // Odds four times as high as predicted: .2 became .5, and .5 became .8.
    let (p, y) = groups(&[(0.2, 10, 5), (0.5, 10, 8)]);
    let got = Recalibration::of(&p, &y).unwrap();
    near(got.slope.value, 1.0);
    near(got.intercept.value, 4.0_f64.ln());
}

#[test]
fn without_overlap_there_is_no_line() {
    for none in [
        groups(&[]),
        groups(&[(0.3, 10, 0), (0.6, 10, 0)]),
        groups(&[(0.3, 10, 4)]),
        groups(&[(0.3, 10, 0), (0.6, 10, 10)]),
    ] {
        assert_eq!(Recalibration::of(&none.0, &none.1), None);
    }
}

proptest! {
    #[test]
    fn hospitals_tables_add_up_to_that_of_all(
        p in prop::collection::vec((0_u8..=64, 0_u8..2), 0..60), cut in 0_usize..60,
    ) {
        // Sums of 64ths are exact, in any order.
        let (p, y): (Vec<f32>, Vec<u8>) =
            p.into_iter().map(|(p, y)| (f32::from(p) / 64.0, y)).unzip();
        let cut = cut.min(p.len());
        let [all, first, second] = [0..p.len(), 0..cut, cut..p.len()]
            .map(|of| Reliability::of(&p[of.clone()], &y[of]).unwrap());
        prop_assert_eq!(first.and(&second), all);
        let error = all.error().unwrap_or(0.0);
        prop_assert!((0.0..=1.0).contains(&error));
    }

    #[test]
    fn recalibrated_predictions_need_no_recalibration(
        counts in prop::collection::vec((4_usize..20, 1_usize..3), 3..6),
    ) {
        let levels = [0.1, 0.3, 0.5, 0.7, 0.9];
        let of = levels.iter().zip(&counts).map(|(&p, &(n, k))| (p, n, k)).collect::<Vec<_>>();
        let (p, y) = groups(&of);
        let line = Recalibration::of(&p, &y).unwrap();
        let mended: Vec<f32> = p
            .iter()
            .map(|&p| line.intercept.value + line.slope.value * logit(p.into()))
            .map(|x| (1.0 / (1.0 + (-x).exp())) as f32)
            .collect();
        // Where the slope is near zero, single precision leaves nothing to tell apart.
        prop_assume!(line.slope.value.abs() > 0.05);
        let again = Recalibration::of(&mended, &y).unwrap();
        prop_assert!(again.intercept.value.abs() < 1e-3, "{again:?}");
        prop_assert!((again.slope.value - 1.0).abs() < 1e-3, "{again:?}");
    }
}
