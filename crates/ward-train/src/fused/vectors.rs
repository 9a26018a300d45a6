//! What is done to whole parameter vectors around a step, as the processor's widest vectors do it.

/// Whether no value is NaN or infinite.
pub(crate) fn all_finite(values: &[f32]) -> bool {
    pulp::Arch::new().dispatch(AllFinite(values))
}

/// `after - before`, number by number.
pub(crate) fn difference(after: &[f32], before: &[f32]) -> Vec<f32> {
    pulp::Arch::new().dispatch(Difference { after, before })
}

struct AllFinite<'a>(&'a [f32]);

impl pulp::NullaryFnOnce for AllFinite<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        // No early exit: the processor looks at several at a time.
        self.0.iter().fold(true, |all, v| all & v.is_finite())
    }
}

struct Difference<'a> {
    after: &'a [f32],
    before: &'a [f32],
}

impl pulp::NullaryFnOnce for Difference<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn call(self) -> Vec<f32> {
        let pairs = self.after.iter().zip(self.before);
        pairs.map(|(after, before)| after - before).collect()
    }
}
