//! A distribution of privacy losses on a grid.

/// The mass at each multiple of a spacing, and beyond all of them.
#[derive(Debug, Clone)]
pub(super) struct Losses {
    /// Distance of the grid's points.
    pub(super) spacing: f64,
    /// The first point, in spacings.
    pub(super) first: i64,
    /// The mass at each point.
    pub(super) masses: Vec<f64>,
    /// The mass of losses without limit.
    pub(super) infinite: f64,
}

impl Losses {
    /// What a release without noise loses.
    pub(super) fn without_limit() -> Self {
        Self {
            spacing: 1.0,
            first: 0,
            masses: vec![0.0],
            infinite: 1.0,
        }
    }

    /// The loss at a point.
    pub(super) fn at(&self, index: usize) -> f64 {
        (self.first + index as i64) as f64 * self.spacing
    }

    /// The largest size of a finite loss.
    pub(super) fn largest(&self) -> f64 {
        self.at(0).abs().max(self.at(self.masses.len() - 1).abs())
    }

    /// Points and their masses.
    pub(super) fn points(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> {
        let masses = self.masses.iter().enumerate();
        masses.map(|(index, &mass)| (self.at(index), mass))
    }

    /// Mean and variance of the finite losses.
    pub(super) fn moments(&self) -> (f64, f64) {
        let mean: f64 = self.points().map(|(loss, mass)| mass * loss).sum();
        let square = |(loss, mass): (f64, f64)| mass * (loss - mean) * (loss - mean);
        (mean, self.points().map(square).sum())
    }

    /// The smallest delta at `epsilon`: the mass of larger losses, less what they are outweighed by.
    pub(super) fn delta(&self, epsilon: f64) -> f64 {
        let excess = |(loss, mass): (f64, f64)| mass * -libm::expm1(epsilon - loss);
        let larger = self.points().filter(|(loss, _)| *loss > epsilon);
        self.infinite + larger.map(excess).sum::<f64>()
    }

    /// The smallest epsilon, from 0, at `delta`.
    pub(super) fn epsilon(&self, delta: f64) -> f64 {
        if self.infinite > delta {
            return f64::INFINITY;
        }
        let discount = libm::exp(-self.spacing);
        // Mass from a point on, and the same discounted by exp(point - loss).
        let (mut mass_from, mut discounted) = (self.infinite, 0.0);
        let mut epsilon = 0.0;
        for (loss, mass) in self.points().rev() {
            mass_from += mass;
            discounted = discounted * discount + mass;
            // Between this point and the one below, delta(epsilon) is `mass_from` less
            // `discounted` times exp(epsilon - loss).
            if mass_from > delta {
                epsilon = loss + libm::log((mass_from - delta) / discounted);
                let below = mass_from - discounted * discount;
                if below > delta {
                    break;
                }
            }
            if loss - self.spacing <= 0.0 {
                break;
            }
        }
        epsilon.max(0.0)
    }
}
