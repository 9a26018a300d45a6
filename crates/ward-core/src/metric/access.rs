//! How evenly a model serves: over hospitals, over tiers, over the people behind them.
//!
//! More of the metric must be better. Only hospitals' values are read and no case, so a coordinator
//! can tell all this.

use std::collections::BTreeMap;

use crate::Estimate;

/// One hospital's share in what is asked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Served<'a> {
    /// The hospital's name.
    pub hospital: &'a str,
    /// The group it belongs to: its tier, or any other word.
    pub group: &'a str,
    /// How good the model is there.
    pub value: f64,
    /// Cases that this rests on.
    pub cases: u64,
}

/// The hospital that is served worst; of equal ones the first. `None` without hospitals.
#[must_use]
pub fn worst_hospital<'a>(hospitals: &[Served<'a>]) -> Option<Served<'a>> {
    let least = hospitals.iter().min_by(|a, b| a.value.total_cmp(&b.value));
    least.copied()
}

/// The group that is served worst and its value, hospitals weighted by their cases; of equal ones
/// the first in the alphabet. `None` without cases.
#[must_use]
pub fn worst_group<'a>(hospitals: &[Served<'a>]) -> Option<(&'a str, f64)> {
    let mut groups: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for served in hospitals.iter().filter(|served| served.cases > 0) {
        let (sum, cases) = groups.entry(served.group).or_default();
        *sum += served.cases as f64 * served.value;
        *cases += served.cases as f64;
    }
    let means = groups
        .into_iter()
        .map(|(group, (sum, cases))| (group, sum / cases));
    means.min_by(|(_, a), (_, b)| a.total_cmp(b))
}

/// The value below which a share of the hospitals lies, between two of them on the straight line
/// (definition 7 of Hyndman and Fan 1996). `None` without hospitals.
#[must_use]
pub fn quantile(hospitals: &[Served<'_>], share: f64) -> Option<f64> {
    let mut values: Vec<f64> = hospitals.iter().map(|h| h.value).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len().checked_sub(1)?;
    let place = share.clamp(0.0, 1.0) * last as f64;
    let (low, high) = (
        values[place as usize],
        values[(place.ceil() as usize).min(last)],
    );
    Some(low + place.fract() * (high - low))
}

/// The standard deviation over hospitals (n − 1), chance and true differences together. `None` of
/// fewer than two.
#[must_use]
pub fn spread(hospitals: &[Served<'_>]) -> Option<f64> {
    let values: Vec<f64> = hospitals.iter().map(|h| h.value).collect();
    let mean = Estimate::mean(&values)?;
    (mean.n > 1).then(|| mean.standard_error * (mean.n as f64).sqrt())
}

/// The share of the people behind these hospitals whose hospital has `floor` or more; `people` are
/// as many numbers as there are hospitals. `None` without people.
#[must_use]
pub fn population_served(hospitals: &[Served<'_>], people: &[u64], floor: f64) -> Option<f64> {
    let all: u128 = people.iter().map(|&p| u128::from(p)).sum();
    let of = hospitals.iter().zip(people);
    let served = of.filter(|(hospital, _)| hospital.value >= floor);
    let served: u128 = served.map(|(_, &p)| u128::from(p)).sum();
    (all > 0).then(|| served as f64 / all as f64)
}

/// `of` over `to`, say rural over urban, with the standard error of first order for two that are
/// independent. `None` where `to` is 0.
#[must_use]
pub fn ratio(of: &Estimate, to: &Estimate) -> Option<Estimate> {
    let value = of.value / to.value;
    value.is_finite().then(|| Estimate {
        value,
        n: of.n.saturating_add(to.n),
        standard_error: (of.standard_error / to.value).hypot(value * to.standard_error / to.value),
    })
}

/// How much better a model is than its reader, on the same cases. The standard error is that of
/// independent readings, which is too large rather than too small where both err alike.
#[must_use]
pub fn above_reader(model: &Estimate, reader: &Estimate) -> Estimate {
    Estimate {
        value: model.value - reader.value,
        n: model.n.min(reader.n),
        standard_error: model.standard_error.hypot(reader.standard_error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn estimate(value: f64, n: u64) -> Estimate {
        let standard_error = 0.1;
        Estimate {
            value,
            n,
            standard_error,
        }
    }

    fn served<'a>(hospital: &'a str, group: &'a str, value: f64, cases: u64) -> Served<'a> {
        Served {
            hospital,
            group,
            value,
            cases,
        }
    }

    fn county() -> Vec<Served<'static>> {
        vec![
            served("a", "tertiary", 0.9, 300),
            served("b", "township", 0.6, 100),
            served("c", "township", 0.8, 300),
            served("d", "county", 0.7, 50),
            served("e", "county", 0.8, 10),
        ]
    }

    #[test]
    fn the_worst_hospital_need_not_be_of_the_worst_group() {
        assert_eq!(worst_hospital(&county()).unwrap().hospital, "b");
        // Townships: (.6 · 100 + .8 · 300) / 400 = .75; counties: (.7 · 50 + .8 · 10) / 60 = .717.
        let (group, worst) = worst_group(&county()).unwrap();
        assert_eq!(group, "county");
        assert!((worst - 43.0 / 60.0).abs() < 1e-12);
        assert_eq!(worst_hospital(&[]), None);
        assert_eq!(worst_group(&[]), None);
    }

    #[test]
    fn quantiles_and_spread_by_hand() {
        // Of .6 .7 .8 .8 .9: the tenth percentile is .4 of the way from the first to the second.
        assert!((quantile(&county(), 0.1).unwrap() - 0.64).abs() < 1e-12);
        assert_eq!(quantile(&county(), 0.5), Some(0.8));
        assert_eq!(quantile(&county(), 1.0), Some(0.9));
        assert_eq!(quantile(&[], 0.5), None);
        // Mean .76; squares .0196 + .0256 + .0016 + .0036 + .0016 = .052 over 4.
        assert!((spread(&county()).unwrap() - 0.013_f64.sqrt()).abs() < 1e-12);
        assert_eq!(spread(&county()[..1]), None);
    }

    #[test]
    fn people_count_and_not_hospitals() {
        let people = [100, 700, 50, 100, 50];
        assert_eq!(population_served(&county(), &people, 0.8), Some(0.2));
        assert_eq!(population_served(&county(), &people, 0.0), Some(1.0));
        assert_eq!(population_served(&county(), &[0; 5], 0.0), None);
    }

    #[test]
    fn ratios_and_differences_carry_their_errors() {
        // .1/.8 and .75 · .1/.8.
        let got = ratio(&estimate(0.6, 10), &estimate(0.8, 20)).unwrap();
        assert!((got.value - 0.75).abs() < 1e-12);
        assert!((got.standard_error - 0.125 * 1.25).abs() < 1e-12);
        assert_eq!(ratio(&estimate(0.6, 10), &estimate(0.0, 20)), None);
        let got = above_reader(&estimate(0.85, 40), &estimate(0.75, 40));
        assert!((got.value - 0.1).abs() < 1e-12 && got.n == 40);
        assert!((got.standard_error - 0.02_f64.sqrt()).abs() < 1e-12);
    }

    proptest! {
        #[test]
        fn the_worst_is_below_every_quantile_and_order_does_not_matter(
            values in prop::collection::vec((-1.0_f64..1.0, 1_u64..9), 1..20), by in 0_usize..20,
        ) {
            let mut hospitals: Vec<Served<'_>> =
                values.iter().map(|&(value, n)| served("h", "g", value, n)).collect();
            let worst = worst_hospital(&hospitals).unwrap().value;
            let tenth = quantile(&hospitals, 0.1).unwrap();
            let middle = quantile(&hospitals, 0.5).unwrap();
            prop_assert!(worst <= tenth && tenth <= middle);
            prop_assert!(worst <= worst_group(&hospitals).unwrap().1 + 1e-12);
            let count = hospitals.len();
            hospitals.rotate_left(by % count);
            prop_assert_eq!(quantile(&hospitals, 0.1), Some(tenth));
        }
    }
}
