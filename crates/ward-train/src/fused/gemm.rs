//! One matrix product for everything: C = start + A B, with a fixed order of additions.
//!
//! Each element of C is its start plus the products over k, added one after the other, k ascending.
//! Every addition is a fused multiply-add, one rounding, on every processor, so the bits do not
//! depend on how wide the vectors are (ADR 7). A is read through a [`View`], so that the patches of
//! a convolution are a matrix without being copied.

/// How to walk along one axis of a matrix: `run` elements `step` apart, then on to the next run,
/// which starts `jump` after this one did.
#[derive(Debug, Clone, Copy)]
pub(super) struct Axis {
    pub(super) run: usize,
    pub(super) step: usize,
    pub(super) jump: usize,
}

impl Axis {
    /// `count` elements `step` apart.
    #[inline(always)]
    pub(super) fn plain(count: usize, step: usize) -> Self {
        Self {
            run: count.max(1),
            step,
            jump: 0,
        }
    }

    /// Where element `index` lies.
    #[inline(always)]
    fn at(self, index: usize) -> usize {
        (index / self.run) * self.jump + (index % self.run) * self.step
    }
}

/// A matrix read in place: element (i, p) lies at `rows.at(i) + columns.at(p)`.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) values: &'a [f32],
    pub(super) rows: Axis,
    pub(super) columns: Axis,
}

impl<'a> View<'a> {
    /// A matrix of `columns` columns, stored row by row.
    #[inline(always)]
    pub(super) fn stored(values: &'a [f32], rows: usize, columns: usize) -> Self {
        Self {
            values,
            rows: Axis::plain(rows, columns),
            columns: Axis::plain(columns, 1),
        }
    }

    /// The same matrix with rows and columns exchanged.
    #[inline(always)]
    pub(super) fn transposed(self) -> Self {
        Self {
            values: self.values,
            rows: self.columns,
            columns: self.rows,
        }
    }
}

/// Rows of C that one tile holds in registers.
const HEIGHT: usize = 6;

/// Adds A (m x k) times B (k x n, stored row by row) to C (m x n, stored row by row), where
/// k is the length of `b` over n, and m that of `c` over n.
#[inline(always)]
pub(super) fn accumulate(n: usize, a: View<'_>, b: &[f32], c: &mut [f32]) {
    let m = c.len() / n;
    let mut i = 0;
    while i + HEIGHT <= m {
        strip::<HEIGHT>(i, n, a, b, c);
        i += HEIGHT;
    }
    match m - i {
        1 => strip::<1>(i, n, a, b, c),
        2 => strip::<2>(i, n, a, b, c),
        3 => strip::<3>(i, n, a, b, c),
        4 => strip::<4>(i, n, a, b, c),
        5 => strip::<5>(i, n, a, b, c),
        _ => {}
    }
}

#[inline(always)]
fn strip<const H: usize>(i: usize, n: usize, a: View<'_>, b: &[f32], c: &mut [f32]) {
    let mut j = 0;
    while j + 16 <= n {
        tile::<H, 16>(i, j, n, a, b, c);
        j += 16;
    }
    if j + 8 <= n {
        tile::<H, 8>(i, j, n, a, b, c);
        j += 8;
    }
    if j + 4 <= n {
        tile::<H, 4>(i, j, n, a, b, c);
        j += 4;
    }
    if j + 2 <= n {
        tile::<H, 2>(i, j, n, a, b, c);
        j += 2;
    }
    if j < n {
        tile::<H, 1>(i, j, n, a, b, c);
    }
}

#[inline(always)]
fn tile<const H: usize, const W: usize>(
    i: usize,
    j: usize,
    n: usize,
    a: View<'_>,
    b: &[f32],
    c: &mut [f32],
) {
    let mut sums = [[0.0_f32; W]; H];
    let mut starts = [0; H];
    for (h, (sum, start)) in sums.iter_mut().zip(&mut starts).enumerate() {
        sum.copy_from_slice(&c[(i + h) * n + j..][..W]);
        *start = a.rows.at(i + h);
    }
    for run in b.chunks(a.columns.run * n) {
        let count = run.len() / n;
        if a.columns.step == 1 {
            let lines = starts.map(|start| &a.values[start..][..count]);
            for (p, row) in run.chunks_exact(n).enumerate() {
                add(&mut sums, lines.map(|line| line[p]), row, j);
            }
        } else {
            let mut at = 0;
            for row in run.chunks_exact(n) {
                add(&mut sums, starts.map(|start| a.values[start + at]), row, j);
                at += a.columns.step;
            }
        }
        starts.iter_mut().for_each(|start| *start += a.columns.jump);
    }
    for (h, sum) in sums.iter().enumerate() {
        c[(i + h) * n + j..][..W].copy_from_slice(sum);
    }
}

/// Adds one column of A times `W` numbers of one row of B.
#[inline(always)]
fn add<const H: usize, const W: usize>(
    sums: &mut [[f32; W]; H],
    factors: [f32; H],
    row: &[f32],
    j: usize,
) {
    let row: &[f32; W] = row[j..][..W].try_into().unwrap_or(&[0.0; W]);
    for (sum, factor) in sums.iter_mut().zip(factors) {
        for (s, value) in sum.iter_mut().zip(row) {
            *s = factor.mul_add(*value, *s);
        }
    }
}

/// Writes the transpose of `from` (rows x columns) to `to` (columns x rows).
#[inline(always)]
pub(super) fn transpose(rows: usize, columns: usize, from: &[f32], to: &mut [f32]) {
    if rows == 1 || columns == 1 {
        to.copy_from_slice(from);
        return;
    }
    let mut i = 0;
    while i + BLOCK <= rows {
        let lines: [&[f32]; BLOCK] = std::array::from_fn(|h| &from[(i + h) * columns..][..columns]);
        for (j, to) in to.chunks_exact_mut(rows).take(columns).enumerate() {
            to[i..i + BLOCK].copy_from_slice(&lines.map(|line| line[j]));
        }
        i += BLOCK;
    }
    for (i, row) in from.chunks_exact(columns).enumerate().take(rows).skip(i) {
        for (to, value) in to[i..].iter_mut().step_by(rows).zip(row) {
            *to = *value;
        }
    }
}

/// Rows that are transposed together.
const BLOCK: usize = 8;

/// The value where `open` holds, else 0. Bit by bit, so that it is neither a branch, whose outcome
/// no processor could guess, nor a masked store.
#[inline(always)]
pub(super) fn gate(open: bool, value: f32) -> f32 {
    f32::from_bits(value.to_bits() & u32::from(open).wrapping_neg())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values(count: usize, seed: u32) -> Vec<f32> {
        (0..count as u32)
            .map(|i| (i.wrapping_mul(2_654_435_761) ^ seed) as f32 / 4e9 - 0.5)
            .collect()
    }

    proptest! {
        #[test]
        fn tiles_of_any_shape_add_in_the_same_order(
            m in 1_usize..10, n in 1_usize..40, k in 1_usize..12, seed in any::<u32>(),
        ) {
            let (a, b) = (values(m * k, seed), values(k * n, seed ^ 1));
            let start = values(m * n, seed ^ 2);
            let mut plain = start.clone();
            for i in 0..m {
                for j in 0..n {
                    for p in 0..k {
                        let sum = &mut plain[i * n + j];
                        *sum = a[i * k + p].mul_add(b[p * n + j], *sum);
                    }
                }
            }
            let mut c = start.clone();
            accumulate(n, View::stored(&a, m, k), &b, &mut c);
            prop_assert_eq!(&c, &plain);

            let mut turned = vec![0.0; m * k];
            transpose(m, k, &a, &mut turned);
            c.copy_from_slice(&start);
            accumulate(n, View::stored(&turned, k, m).transposed(), &b, &mut c);
            prop_assert_eq!(&c, &plain);
        }

        #[test]
        fn patches_read_in_place_are_patches_copied_out(
            kernel in 1_usize..4, side in 1_usize..5, channels in 1_usize..4, n in 1_usize..10,
            seed in any::<u32>(),
        ) {
            let width = side + kernel - 1;
            let image = values(width * width * channels, seed);
            let mut patches = Vec::new();
            for (y, x) in (0..side * side).map(|i| (i / side, i % side)) {
                for dy in 0..kernel {
                    let line = ((y + dy) * width + x) * channels;
                    patches.extend_from_slice(&image[line..line + kernel * channels]);
                }
            }
            let patch = kernel * kernel * channels;
            let b = values(patch * n, seed ^ 1);
            let mut copied = values(side * side * n, seed ^ 2);
            let mut in_place = copied.clone();
            accumulate(n, View::stored(&patches, side * side, patch), &b, &mut copied);
            let jump = width * channels;
            let view = View {
                values: &image,
                rows: Axis { run: side, step: channels, jump },
                columns: Axis { run: kernel * channels, step: 1, jump },
            };
            accumulate(n, view, &b, &mut in_place);
            prop_assert_eq!(in_place, copied);
        }
    }
}
