//! The rows of `tests/vectors/dp_known_answers.csv`, each kind as `tests/vectors/README.md` compares it.

use std::collections::BTreeMap;

use crate::dp::calibrate::noise_multiplier;
use crate::dp::matrix::tree_aggregation;
use crate::dp::rdp::{fixed_without_replacement, poisson};
use crate::dp::{Event, Pld, RdpCurve, Sampling, account, gaussian};

/// One row: columns by name. Empty cells are absent.
struct Row(BTreeMap<String, String>);

impl Row {
    fn text(&self, column: &str) -> &str {
        &self.0[column]
    }

    fn number(&self, column: &str) -> f64 {
        self.text(column).parse().unwrap()
    }

    fn steps(&self) -> u64 {
        self.text("steps").parse().unwrap()
    }

    /// A parameter of the kind, `key=value` in `extra`.
    fn extra(&self, key: &str) -> f64 {
        let pairs = self.text("extra").split(';');
        let found = pairs.filter_map(|pair| pair.split_once('='));
        let (_, value) = found.into_iter().find(|(known, _)| *known == key).unwrap();
        value.parse().unwrap()
    }

    fn sampling(&self) -> Sampling {
        let rate = self.number("sampling_rate");
        match self.text("kind") {
            "gaussian" => Sampling::FullBatch,
            "shuffled_batches_no_amplification" => Sampling::ShuffledEpochs,
            "fixed_batch_wor" => Sampling::FixedWithoutReplacement {
                batch: self.extra("batch") as u64,
                of: self.extra("n") as u64,
            },
            "truncated_poisson" => Sampling::TruncatedPoisson {
                rate,
                most: self.extra("max_batch") as u64,
                of: self.extra("n") as u64,
            },
            _ => Sampling::Poisson { rate },
        }
    }

    fn events(&self) -> Vec<Event> {
        match self.text("kind") {
            "heterogeneous" => {
                let kinds = self.text("extra").split(' ').next().unwrap().split('|');
                let event = |kind: &str| {
                    let numbers: Vec<f64> = kind.split(':').map(|n| n.parse().unwrap()).collect();
                    let sampling = Sampling::Poisson { rate: numbers[1] };
                    Event::new(sampling, numbers[0], numbers[2] as u64).unwrap()
                };
                kinds.map(event).collect()
            }
            // The file's multiplier is over twice the clip norm there.
            "fixed_batch_wor" => vec![self.event(2.0 * self.number("noise_multiplier"))],
            _ => vec![self.event(self.number("noise_multiplier"))],
        }
    }

    fn event(&self, noise_multiplier: f64) -> Event {
        Event::new(self.sampling(), noise_multiplier, self.steps()).unwrap()
    }
}

fn rows(kind: &str, count: usize) -> Vec<Row> {
    let file = include_str!("../../../../../tests/vectors/dp_known_answers.csv");
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let rows = reader.deserialize().map(|row| {
        let mut row: BTreeMap<String, String> = row.unwrap();
        row.retain(|_, cell| !cell.is_empty());
        Row(row)
    });
    let rows: Vec<Row> = rows.filter(|row| row.text("kind") == kind).collect();
    assert_eq!(rows.len(), count, "rows of {kind}");
    rows
}

#[track_caller]
fn close(row: &Row, own: f64, expected: f64, relative: f64) {
    let off = (own / expected - 1.0).abs();
    assert!(
        off <= relative,
        "{}: {own} for {expected}, {off:e} off",
        row.text("id")
    );
}

#[track_caller]
fn at_most(row: &Row, own: f64, bound: f64) {
    assert!(own <= bound, "{}: {own} above {bound}", row.text("id"));
}

fn rdp_epsilon(row: &Row) -> f64 {
    let curve = RdpCurve::of_all(&row.events()).unwrap();
    curve.epsilon(row.number("delta")).0
}

#[test]
fn divergences_are_exact_at_every_order() {
    for row in rows("rdp_order", 50) {
        let (rate, z) = (row.number("sampling_rate"), row.number("noise_multiplier"));
        let own = poisson(rate, z, &[row.extra("alpha")])[0];
        close(&row, own, row.number("value_exact"), 1e-7);
    }
}

#[test]
fn renyi_epsilons_are_the_tight_ones() {
    for (kind, count) in [
        ("poisson_gaussian", 90),
        ("heterogeneous", 6),
        ("gaussian", 23),
        ("shuffled_batches_no_amplification", 6),
    ] {
        for row in rows(kind, count) {
            let own = rdp_epsilon(&row);
            close(&row, own, row.number("eps_rdp_tight_common_orders"), 1e-6);
            at_most(&row, own, row.number("eps_dpacc_rdp") * (1.0 + 1e-9));
        }
    }
}

#[test]
fn fixed_batches_have_the_bound_for_replaced_records() {
    for row in rows("fixed_batch_wor", 10) {
        close(&row, rdp_epsilon(&row), row.number("eps_dpacc_rdp"), 1e-6);
        let Sampling::FixedWithoutReplacement { batch, of } = row.sampling() else {
            panic!("not a fixed batch")
        };
        let one = fixed_without_replacement(batch, of, row.number("noise_multiplier"), &[4.0]);
        assert!(one[0] > 0.0 && one[0] < 2.0 / row.number("noise_multiplier").powi(2));
    }
}

#[test]
fn without_sampling_epsilon_is_exact() {
    for (kind, count) in [("gaussian", 23), ("shuffled_batches_no_amplification", 6)] {
        for row in rows(kind, count) {
            let answer = account::epsilon(&row.events(), row.number("delta")).unwrap();
            close(
                &row,
                answer.epsilon.0,
                row.number("eps_gaussian_exact"),
                1e-9,
            );
        }
    }
}

#[test]
fn noise_is_calibrated_within_what_others_find() {
    for row in rows("calibrate_poisson_gaussian", 6) {
        let (target, delta) = (row.extra("target_eps"), row.number("delta"));
        let renyi = RdpCurve::of(&row.event(row.number("value"))).unwrap();
        at_most(&row, renyi.epsilon(delta).0, target * (1.0 + 1e-9));
        let pld = Pld::of(&[row.event(row.extra("sigma_pld"))]).unwrap();
        let off = (pld.epsilon(delta) - target).abs();
        assert!(off <= 0.02, "{}: {off} off", row.text("id"));
        let own = noise_multiplier(row.sampling(), row.steps(), target, delta).unwrap();
        at_most(&row, own, row.number("value") * (1.0 + 1e-6));
        close(&row, own, row.extra("sigma_pld"), 0.02);
        let spent = account::epsilon(&[row.event(own)], delta).unwrap();
        at_most(&row, spent.epsilon.0, target);
    }
}

#[test]
fn noise_without_sampling_is_calibrated_exactly() {
    for row in rows("calibrate_gaussian_exact", 4) {
        let (target, delta) = (row.extra("target_eps"), row.number("delta"));
        let closed = gaussian::noise_multiplier(target, delta) * (row.steps() as f64).sqrt();
        close(&row, closed, row.number("value"), 1e-6);
        let found = noise_multiplier(Sampling::FullBatch, row.steps(), target, delta).unwrap();
        close(&row, found, row.number("value"), 1e-6);
    }
}

/// How much above dp-accounting's estimate, on the grid that it was made with.
fn slack(row: &Row) -> f64 {
    if row.number("pld_interval") == 1e-3 {
        0.02
    } else {
        1e-3
    }
}

fn pld_epsilon(row: &Row) -> f64 {
    Pld::of(&row.events()).unwrap().epsilon(row.number("delta"))
}

#[test]
fn loss_distributions_lie_between_the_bounds() {
    for (kind, count) in [("poisson_gaussian", 90), ("heterogeneous", 6)] {
        for row in rows(kind, count) {
            let own = pld_epsilon(&row);
            at_most(&row, row.number("eps_opacus_prv_lower"), own);
            at_most(&row, own, row.number("eps_dpacc_pld_pess") + slack(&row));
            at_most(&row, own, rdp_epsilon(&row));
        }
    }
}

#[test]
fn loss_distributions_agree_with_what_is_exact() {
    for (kind, count) in [("gaussian", 23), ("shuffled_batches_no_amplification", 6)] {
        for row in rows(kind, count) {
            let own = pld_epsilon(&row);
            at_most(&row, own, row.number("eps_dpacc_pld_pess") + 1e-3);
            at_most(&row, row.number("eps_gaussian_exact") - 1e-6, own);
        }
    }
}

#[test]
fn truncation_costs_more_than_plain_sampling() {
    for row in rows("truncated_poisson", 6) {
        let own = pld_epsilon(&row);
        at_most(&row, own, row.number("eps_dpacc_pld_pess") + 1e-3);
        let rate = row.number("sampling_rate");
        let plain = Sampling::Poisson { rate };
        let plain = Event::new(plain, row.number("noise_multiplier"), row.steps()).unwrap();
        at_most(
            &row,
            Pld::of(&[plain]).unwrap().epsilon(row.number("delta")),
            own,
        );
    }
}

#[test]
fn trees_cost_their_closed_form() {
    for row in rows("tree_aggregation", 6) {
        let (leaves, trees) = (row.extra("leaves_per_tree"), row.extra("trees"));
        let curve = tree_aggregation(leaves as u64, trees as u32, row.number("noise_multiplier"));
        let own = curve.epsilon(row.number("delta")).0;
        close(&row, own, row.number("eps_dpacc_rdp"), 1e-6);
    }
}
