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

/// What a product is added to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Start<'a> {
    /// What C holds.
    Kept,
    /// Nothing: C may hold anything.
    Zero,
    /// In every row of C these numbers; C may hold anything.
    Row(&'a [f32]),
}

/// Rows of C that one tile holds in registers.
const HEIGHT: usize = 6;

/// Writes `start` plus A (m x k) times B (k x n, stored row by row) to C (m x n, stored row by row),
/// where k is the length of `b` over n, and m that of `c` over n.
pub(super) fn accumulate(n: usize, start: Start<'_>, a: View<'_>, b: &[f32], c: &mut [f32]) {
    // A function of its own: inlined into each of its callers, its tiles would crowd each other
    // out of the instruction cache.
    pulp::Arch::new().dispatch(Accumulate { n, start, a, b, c });
}

/// [`accumulate`] as the processor's widest vectors run it.
struct Accumulate<'a> {
    n: usize,
    start: Start<'a>,
    a: View<'a>,
    b: &'a [f32],
    c: &'a mut [f32],
}

impl pulp::WithSimd for Accumulate<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let Self { n, start, a, b, c } = self;
        let m = c.len() / n;
        let wide = S::F32_LANES >= 16;
        let mut i = 0;
        while i + HEIGHT <= m {
            strip::<HEIGHT>(wide, i, n, start, a, b, c);
            i += HEIGHT;
        }
        match m - i {
            1 => strip::<1>(wide, i, n, start, a, b, c),
            2 => strip::<2>(wide, i, n, start, a, b, c),
            3 => strip::<3>(wide, i, n, start, a, b, c),
            4 => strip::<4>(wide, i, n, start, a, b, c),
            5 => strip::<5>(wide, i, n, start, a, b, c),
            _ => {}
        }
    }
}

#[inline(always)]
fn strip<const H: usize>(
    wide: bool,
    i: usize,
    n: usize,
    start: Start<'_>,
    a: View<'_>,
    b: &[f32],
    c: &mut [f32],
) {
    let mut j = 0;
    while wide && j + 32 <= n {
        tile::<H, 32>(i, j, n, start, a, b, c);
        j += 32;
    }
    while j + 16 <= n {
        tile::<H, 16>(i, j, n, start, a, b, c);
        j += 16;
    }
    if j + 8 <= n {
        tile::<H, 8>(i, j, n, start, a, b, c);
        j += 8;
    }
    if j + 4 <= n {
        tile::<H, 4>(i, j, n, start, a, b, c);
        j += 4;
    }
    if j + 2 <= n {
        tile::<H, 2>(i, j, n, start, a, b, c);
        j += 2;
    }
    if j < n {
        tile::<H, 1>(i, j, n, start, a, b, c);
    }
}

#[inline(always)]
fn tile<const H: usize, const W: usize>(
    i: usize,
    j: usize,
    n: usize,
    start: Start<'_>,
    a: View<'_>,
    b: &[f32],
    c: &mut [f32],
) {
    let mut sums = [[0.0_f32; W]; H];
    let mut starts = [0; H];
    for h in 0..H {
        match start {
            Start::Kept => sums[h].copy_from_slice(&c[(i + h) * n + j..][..W]),
            Start::Zero => {}
            Start::Row(row) => sums[h].copy_from_slice(&row[j..][..W]),
        }
        starts[h] = a.rows.at(i + h);
    }
    let neighbours = a.rows.step == 1 && starts[H - 1] == starts[0] + H - 1;
    for run in b.chunks(a.columns.run * n) {
        let count = run.len() / n;
        let mut factors = [0.0; H];
        if a.columns.step == 1 {
            let mut lines = [&[][..]; H];
            for h in 0..H {
                lines[h] = &a.values[starts[h]..][..count];
            }
            for (p, row) in (0..count).zip(run.chunks_exact(n)) {
                for h in 0..H {
                    factors[h] = lines[h][p];
                }
                add(&mut sums, factors, &row[j..][..W]);
            }
        } else if neighbours {
            let mut at = starts[0];
            for row in run.chunks_exact(n) {
                factors.copy_from_slice(&a.values[at..][..H]);
                add(&mut sums, factors, &row[j..][..W]);
                at += a.columns.step;
            }
        } else {
            let mut at = 0;
            for row in run.chunks_exact(n) {
                for h in 0..H {
                    factors[h] = a.values[starts[h] + at];
                }
                add(&mut sums, factors, &row[j..][..W]);
                at += a.columns.step;
            }
        }
        for start in &mut starts {
            *start += a.columns.jump;
        }
    }
    for h in 0..H {
        c[(i + h) * n + j..][..W].copy_from_slice(&sums[h]);
    }
}

/// Adds one column of A times `W` numbers of one row of B.
#[inline(always)]
fn add<const H: usize, const W: usize>(sums: &mut [[f32; W]; H], factors: [f32; H], row: &[f32]) {
    let row: &[f32; W] = row.try_into().unwrap_or(&[0.0; W]);
    for h in 0..H {
        for w in 0..W {
            sums[h][w] = factors[h].mul_add(row[w], sums[h][w]);
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
            accumulate(n, Start::Kept, View::stored(&a, m, k), &b, &mut c);
            prop_assert_eq!(&c, &plain);

            for row in [vec![0.0; n], values(n, seed ^ 3)] {
                let mut kept = row.repeat(m);
                accumulate(n, Start::Kept, View::stored(&a, m, k), &b, &mut kept);
                c.fill(f32::NAN);
                accumulate(n, Start::Row(&row), View::stored(&a, m, k), &b, &mut c);
                prop_assert_eq!(&c, &kept);
                if row.iter().all(|v| *v == 0.0) {
                    c.fill(f32::NAN);
                    accumulate(n, Start::Zero, View::stored(&a, m, k), &b, &mut c);
                    prop_assert_eq!(&c, &kept);
                }
            }

            let mut turned = vec![0.0; m * k];
            transpose(m, k, &a, &mut turned);
            c.copy_from_slice(&start);
            let a = View::stored(&turned, k, m).transposed();
            accumulate(n, Start::Kept, a, &b, &mut c);
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
            let a = View::stored(&patches, side * side, patch);
            accumulate(n, Start::Kept, a, &b, &mut copied);
            let jump = width * channels;
            let view = View {
                values: &image,
                rows: Axis { run: side, step: channels, jump },
                columns: Axis { run: kernel * channels, step: 1, jump },
            };
            accumulate(n, Start::Kept, view, &b, &mut in_place);
            prop_assert_eq!(in_place, copied);
        }
    }
}
