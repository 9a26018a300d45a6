//! The numbers that updates are made of: `f32` in a run, `f64` where known answers ask for more.

use std::fmt::Debug;

/// A floating-point number that updates are made of.
pub trait Value: Copy + Send + Sync + PartialOrd + Default + Debug + 'static {
    /// The same number, wider or as wide.
    fn wide(self) -> f64;

    /// The nearest number of this kind; never minus zero, whose sign would depend on the order of
    /// comparisons.
    fn narrow(wide: f64) -> Self;

    /// `self * factor + term` with one rounding.
    #[must_use]
    fn fused(self, factor: Self, term: Self) -> Self;
}

impl Value for f32 {
    #[inline(always)]
    fn wide(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn narrow(wide: f64) -> Self {
        wide as Self + 0.0
    }

    #[inline(always)]
    fn fused(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }
}

impl Value for f64 {
    #[inline(always)]
    fn wide(self) -> f64 {
        self
    }

    #[inline(always)]
    fn narrow(wide: f64) -> Self {
        wide + 0.0
    }

    #[inline(always)]
    fn fused(self, factor: Self, term: Self) -> Self {
        self.mul_add(factor, term)
    }
}
