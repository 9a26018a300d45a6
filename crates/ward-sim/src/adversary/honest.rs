//! What colluders see: the honest updates of one round.

/// The honest updates of one round, n x d, at least one. Attacks reckon in `f64`.
#[derive(Clone, PartialEq)]
pub struct Honest {
    updates: Vec<Vec<f64>>,
}

impl std::fmt::Debug for Honest {
    /// Hospitals' updates are not printed, here as elsewhere.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Honest({} updates, redacted)", self.updates.len())
    }
}

impl Honest {
    /// These updates, all of one length; `None` where there are none, since then there is nothing to
    /// collude about.
    #[must_use]
    pub fn new(updates: Vec<Vec<f64>>) -> Option<Self> {
        (!updates.is_empty()).then_some(Self { updates })
    }

    /// The updates, one for each honest hospital, in the order of the roster.
    #[must_use]
    pub fn updates(&self) -> &[Vec<f64>] {
        &self.updates
    }

    /// Parameters of one update.
    #[must_use]
    pub fn parameters(&self) -> usize {
        self.updates[0].len()
    }

    /// The plain mean, d numbers: colluders do not know how much each update will count.
    #[must_use]
    pub fn mean(&self) -> Vec<f64> {
        let mut sum = vec![0.0; self.parameters()];
        for update in &self.updates {
            add(&mut sum, 1.0, update);
        }
        let count = self.updates.len() as f64;
        sum.iter().map(|s| s / count).collect()
    }

    /// The standard deviation of each coordinate, d numbers, with n - 1 in the denominator; 0 of a
    /// single update.
    #[must_use]
    pub fn deviations(&self) -> Vec<f64> {
        let mean = self.mean();
        let mut squares = vec![0.0; mean.len()];
        for update in &self.updates {
            for ((square, x), m) in squares.iter_mut().zip(update).zip(&mean) {
                *square += (x - m) * (x - m);
            }
        }
        let others = (self.updates.len() as f64 - 1.0).max(1.0);
        squares.iter().map(|s| (s / others).sqrt()).collect()
    }
}

/// `sum` plus `factor` times `vector`, in place.
pub(super) fn add(sum: &mut [f64], factor: f64, vector: &[f64]) {
    for (s, v) in sum.iter_mut().zip(vector) {
        *s += factor * v;
    }
}

/// `start` + `factor` x `direction`.
pub(super) fn moved(mut start: Vec<f64>, factor: f64, direction: &[f64]) -> Vec<f64> {
    add(&mut start, factor, direction);
    start
}

/// The squared Euclidean distance of two vectors.
pub(super) fn squared_distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// The squared Euclidean norm.
pub(super) fn squared_norm(vector: &[f64]) -> f64 {
    vector.iter().map(|v| v * v).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_are_the_textbook_s() {
        let honest = Honest::new(vec![vec![1.0, 0.0], vec![3.0, 0.0]]).unwrap();
        assert_eq!(honest.mean(), [2.0, 0.0]);
        assert_eq!(honest.deviations(), [2.0_f64.sqrt(), 0.0]);
    }

    #[test]
    fn one_update_has_no_spread_and_none_is_nobody() {
        let one = Honest::new(vec![vec![1.0]]).unwrap();
        assert_eq!(one.deviations(), [0.0]);
        assert!(Honest::new(Vec::new()).is_none());
    }
}
