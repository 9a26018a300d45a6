//! The numbers that updates are made of: `f32` in a run, `f64` where known answers ask for more.

use std::fmt::Debug;

use pulp::Simd;

/// A floating-point number that updates are made of.
pub trait Value: Copy + Send + Sync + PartialOrd + Default + Debug + 'static {
    /// A squared distance below this share of those from the mean has lost too many digits to be a
    /// difference of products.
    const NEAR: f64;

    /// As many of these numbers as the processor handles together.
    #[doc(hidden)]
    type Vector<S: Simd>: Copy;

    /// The same number, wider or as wide.
    fn wide(self) -> f64;

    /// The nearest number of this kind; never minus zero, whose sign would depend on the order of
    /// comparisons.
    fn narrow(wide: f64) -> Self;

    /// `self * factor + term` with one rounding.
    #[must_use]
    fn fused(self, factor: Self, term: Self) -> Self;

    /// Numbers, a vector at a time; what does not fill one is left out.
    #[doc(hidden)]
    fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>];

    /// As [`Self::vectors`].
    #[doc(hidden)]
    fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Vector<S>];

    /// A vector of one number.
    #[doc(hidden)]
    fn splat<S: Simd>(simd: S, number: Self) -> Self::Vector<S>;

    /// [`Self::fused`] for each number.
    #[doc(hidden)]
    fn fused_all<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        factor: Self::Vector<S>,
        term: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// The lesser of each two numbers, and the greater.
    #[doc(hidden)]
    fn sorted<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> [Self::Vector<S>; 2];
}

macro_rules! value {
    (
        $float:ident, $near:literal, $vector:ident, $vectors:ident, $vectors_mut:ident,
        $splat:ident, $mul_add:ident, $min:ident, $max:ident
    ) => {
        impl Value for $float {
            const NEAR: f64 = $near;

            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn wide(self) -> f64 {
                self.into()
            }

            #[inline(always)]
            fn narrow(wide: f64) -> Self {
                wide as Self + 0.0
            }

            #[inline(always)]
            fn fused(self, factor: Self, term: Self) -> Self {
                self.mul_add(factor, term)
            }

            #[inline(always)]
            fn vectors<S: Simd>(numbers: &[Self]) -> &[Self::Vector<S>] {
                S::$vectors(numbers).0
            }

            #[inline(always)]
            fn vectors_mut<S: Simd>(numbers: &mut [Self]) -> &mut [Self::Vector<S>] {
                S::$vectors_mut(numbers).0
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, number: Self) -> Self::Vector<S> {
                simd.$splat(number)
            }

            #[inline(always)]
            fn fused_all<S: Simd>(
                simd: S,
                a: Self::Vector<S>,
                factor: Self::Vector<S>,
                term: Self::Vector<S>,
            ) -> Self::Vector<S> {
                simd.$mul_add(a, factor, term)
            }

            #[inline(always)]
            fn sorted<S: Simd>(
                simd: S,
                a: Self::Vector<S>,
                b: Self::Vector<S>,
            ) -> [Self::Vector<S>; 2] {
                [simd.$min(a, b), simd.$max(a, b)]
            }
        }
    };
}

value!(
    f32,
    1e-3,
    f32s,
    as_simd_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    mul_add_f32s,
    min_f32s,
    max_f32s
);
value!(
    f64,
    1e-6,
    f64s,
    as_simd_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    mul_add_f64s,
    min_f64s,
    max_f64s
);
