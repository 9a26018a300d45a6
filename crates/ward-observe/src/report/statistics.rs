//! Means over seeds, with Student's t for few of them.

use ward_core::Estimate;

/// Two-sided 95 % quantiles of Student's t for 1 to 30 degrees of freedom.
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056,
    2.052, 2.048, 2.045, 2.042,
];

/// The quantile for `degrees` of freedom; beyond the table the first terms of its series around
/// the normal one, good to three decimals.
pub(super) fn t_quantile(degrees: usize) -> f64 {
    match degrees {
        0 => f64::INFINITY,
        1..=30 => T[degrees - 1],
        _ => {
            let (z, n) = (1.959_964_f64, degrees as f64);
            let first = (z.powi(3) + z) / 4.0;
            let second = (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / 96.0;
            z + first / n + second / (n * n)
        }
    }
}

/// A mean over runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct OverSeeds {
    pub(super) mean: f64,
    /// Half the 95 % interval; `None` for a single run.
    pub(super) half: Option<f64>,
    pub(super) runs: usize,
}

/// The mean of one value a run; `None` without any.
pub(super) fn over_seeds(values: &[f64]) -> Option<OverSeeds> {
    let estimate = Estimate::mean(values)?;
    let half = t_quantile(values.len() - 1) * estimate.standard_error;
    Some(OverSeeds {
        mean: estimate.value,
        half: (values.len() > 1).then_some(half),
        runs: values.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_of_a_mean_over_seeds_is_students() {
        // Mean 2, standard deviation 1, three runs: 4.303 / sqrt 3.
        let mean = over_seeds(&[1.0, 2.0, 3.0]).unwrap();
        assert!((mean.mean - 2.0).abs() < 1e-12);
        assert!((mean.half.unwrap() - 2.484).abs() < 1e-3);
        assert_eq!(over_seeds(&[5.0]).unwrap().half, None);
        assert_eq!(over_seeds(&[]), None);
    }

    #[test]
    fn quantiles_go_on_smoothly_beyond_the_table() {
        assert!((t_quantile(31) - 2.0395).abs() < 1e-3);
        assert!((t_quantile(100) - 1.984).abs() < 1e-3);
        assert!((1..200).all(|d| t_quantile(d) > t_quantile(d + 1)));
    }
}
