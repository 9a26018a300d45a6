//! A hospital's training rows, open to an attacker that sits inside it.

use ward_core::Seed;

/// Training rows that may be changed in place; their number and shape stay.
#[derive(Debug)]
pub struct RowsMut<'a> {
    /// Numbers, row by row.
    pub features: &'a mut [f32],
    /// The class of each row, from 0.
    pub labels: &'a mut [u8],
    /// The shape of one row: `[12]`, or `[1, 28, 28]` for channels x height x width.
    pub shape: &'a [usize],
    /// Classes that labels tell apart.
    pub classes: usize,
}

impl RowsMut<'_> {
    /// Numbers in one row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.shape.iter().product()
    }
}

/// An attack on the rows of one hospital, before it trains on them. Its sums for federated scaling
/// are of the poisoned rows too.
pub trait Poison {
    /// Changes `rows`; every draw is at `place`, row by row, so that rows that are opened again are
    /// poisoned alike.
    fn poison(&self, rows: RowsMut<'_>, place: Seed);
}
