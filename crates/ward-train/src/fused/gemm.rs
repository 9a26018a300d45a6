//! One matrix product for everything: C = start + A B, with a fixed order of additions.
//!
//! Each element of C is its start plus the products over k, added one after the other, k ascending.
//! Multiplications and additions are separate roundings everywhere, so the bits do not depend on
//! how wide the processor's vectors are.

/// A matrix read with strides: element (i, k) is `values[i * row + k * column]`.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) values: &'a [f32],
    pub(super) row: usize,
    pub(super) column: usize,
}

/// Columns of C that one tile holds in registers.
const WIDTH: usize = 16;
/// Rows of C that one tile holds in registers.
const HEIGHT: usize = 4;

/// Adds A (m x k) times B (k x n, rows contiguous) to C (m x n, rows contiguous).
#[inline(always)]
pub(super) fn accumulate(m: usize, n: usize, k: usize, a: View<'_>, b: &[f32], c: &mut [f32]) {
    let mut i = 0;
    while i + HEIGHT <= m {
        strip::<HEIGHT>(i, n, k, a, b, c);
        i += HEIGHT;
    }
    while i < m {
        strip::<1>(i, n, k, a, b, c);
        i += 1;
    }
}

#[inline(always)]
fn strip<const H: usize>(i: usize, n: usize, k: usize, a: View<'_>, b: &[f32], c: &mut [f32]) {
    let mut j = 0;
    while j + WIDTH <= n {
        tile::<H, WIDTH>(i, j, n, k, a, b, c);
        j += WIDTH;
    }
    while j + 4 <= n {
        tile::<H, 4>(i, j, n, k, a, b, c);
        j += 4;
    }
    while j < n {
        tile::<H, 1>(i, j, n, k, a, b, c);
        j += 1;
    }
}

#[inline(always)]
fn tile<const H: usize, const W: usize>(
    i: usize,
    j: usize,
    n: usize,
    k: usize,
    a: View<'_>,
    b: &[f32],
    c: &mut [f32],
) {
    let mut sums = [[0.0_f32; W]; H];
    for (h, sum) in sums.iter_mut().enumerate() {
        sum.copy_from_slice(&c[(i + h) * n + j..][..W]);
    }
    let mut starts = [0; H];
    for (h, start) in starts.iter_mut().enumerate() {
        *start = (i + h) * a.row;
    }
    for p in 0..k {
        let row: &[f32; W] = b[p * n + j..][..W].try_into().unwrap_or(&[0.0; W]);
        for (sum, start) in sums.iter_mut().zip(starts) {
            let factor = a.values[start + p * a.column];
            for (s, value) in sum.iter_mut().zip(row) {
                *s += factor * value;
            }
        }
    }
    for (h, sum) in sums.iter().enumerate() {
        c[(i + h) * n + j..][..W].copy_from_slice(sum);
    }
}

/// Writes the transpose of `from` (rows x columns) to `to` (columns x rows).
#[inline(always)]
pub(super) fn transpose(rows: usize, columns: usize, from: &[f32], to: &mut [f32]) {
    for (i, row) in from.chunks_exact(columns).take(rows).enumerate() {
        for (j, value) in row.iter().enumerate() {
            to[j * rows + i] = *value;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn tiles_of_any_shape_add_in_the_same_order(
            m in 1_usize..10, n in 1_usize..40, k in 1_usize..12, seed in any::<u32>(),
        ) {
            let value = |i: usize| ((i as u32).wrapping_mul(2_654_435_761) ^ seed) as f32 / 4e9 - 0.5;
            let a: Vec<f32> = (0..m * k).map(value).collect();
            let b: Vec<f32> = (0..k * n).map(|i| value(i + 1_000)).collect();
            let mut c: Vec<f32> = (0..m * n).map(|i| value(i + 5_000)).collect();
            let mut plain = c.clone();
            for i in 0..m {
                for j in 0..n {
                    for p in 0..k {
                        plain[i * n + j] += a[i * k + p] * b[p * n + j];
                    }
                }
            }
            accumulate(m, n, k, View { values: &a, row: k, column: 1 }, &b, &mut c);
            prop_assert_eq!(&c, &plain);
        }
    }
}
