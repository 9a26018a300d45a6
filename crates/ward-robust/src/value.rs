//! The numbers that updates are made of: `f32` in a run, `f64` where known answers ask for more.

use std::fmt::Debug;

use pulp::Simd;

/// Numbers of one coordinate that lie side by side.
pub(crate) const PANEL: usize = 16;
/// How many of them are multiplied with another panel at a time: as many sums as there are
/// registers for.
pub(crate) const HEIGHT: usize = 8;

/// A floating-point number that updates are made of.
pub trait Value: Copy + Send + Sync + PartialOrd + Default + Debug + 'static {
    /// A squared distance below this share of those from the mean has lost too many digits to be a
    /// difference of products.
    const NEAR: f64;

    /// The same number, wider or as wide.
    fn wide(self) -> f64;

    /// The nearest number of this kind; never minus zero, whose sign would depend on the order of
    /// comparisons.
    fn narrow(wide: f64) -> Self;

    /// `self * factor + term` with one rounding.
    #[must_use]
    fn fused(self, factor: Self, term: Self) -> Self;

    /// Products of the `i`-th eight numbers of each panel of `a` with the sixteen of the panel of
    /// `b` beside it, summed over the panels in their order by fused multiply-adds.
    #[doc(hidden)]
    fn products<S: Simd>(
        simd: S,
        a: &[[Self; PANEL]],
        i: usize,
        b: &[[Self; PANEL]],
    ) -> [[Self; PANEL]; HEIGHT];
}

/// [`Value::products`] with the vectors of one kind of number.
macro_rules! products {
    ($lanes:ident, $vectors:ident, $vectors_mut:ident, $splat:ident, $mul_add:ident) => {
        #[inline(always)]
        fn products<S: Simd>(
            simd: S,
            a: &[[Self; PANEL]],
            i: usize,
            b: &[[Self; PANEL]],
        ) -> [[Self; PANEL]; HEIGHT] {
            let mut products = [[0.0; PANEL]; HEIGHT];
            for j in 0..PANEL / S::$lanes {
                let mut sums = [simd.$splat(0.0); HEIGHT];
                for (a, b) in a.iter().zip(b) {
                    let a: &[Self; HEIGHT] = &a.as_chunks().0[i];
                    let b = S::$vectors(b).0[j];
                    for h in 0..HEIGHT {
                        sums[h] = simd.$mul_add(simd.$splat(a[h]), b, sums[h]);
                    }
                }
                for h in 0..HEIGHT {
                    S::$vectors_mut(&mut products[h]).0[j] = sums[h];
                }
            }
            products
        }
    };
}

impl Value for f32 {
    const NEAR: f64 = 1e-3;

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

    products!(
        F32_LANES,
        as_simd_f32s,
        as_mut_simd_f32s,
        splat_f32s,
        mul_add_f32s
    );
}

impl Value for f64 {
    const NEAR: f64 = 1e-6;

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

    products!(
        F64_LANES,
        as_simd_f64s,
        as_mut_simd_f64s,
        splat_f64s,
        mul_add_f64s
    );
}
