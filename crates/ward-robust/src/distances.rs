//! Squared distances between updates: one pass over the numbers, as a matrix product.
//!
//!   D_ij = G_ii + G_jj − 2 G_ij,   G = X Xᵀ,   X centred on the mean
//!
//! Products are added in the updates' own precision over 128 coordinates at a time, and those sums
//! in `f64`: for `f32` a distance is good to some 1e-7 of the distances from the mean. Centring keeps
//! the digits that a common part would cost. Where a pair is so near, against its distances from the
//! mean, that the difference still loses digits, it is computed again, in `f64`, from the
//! differences of its numbers.
//!
//! Each element of G is a sum over coordinates in their order, in pieces of fixed length. So threads
//! and the width of vectors change no bit.

use rayon::prelude::*;

use crate::points::Squares;
use crate::{Updates, Value};

/// Numbers of one coordinate that lie side by side.
const PANEL: usize = 16;
/// Coordinates that are gathered together, and whose products are added in the updates' own precision.
const BLOCK: usize = 128;
/// Coordinates that are laid from rows into a panel at a time.
const TURNED: usize = 8;
/// Coordinates of one task.
const TASK: usize = 128 * BLOCK;

/// Between the updates, the origin and the reference, in this order.
pub(crate) fn squares<T: Value>(updates: &Updates<T>) -> Squares {
    let zero = vec![T::default(); updates.len()];
    let mut points = updates.rows();
    points.extend([&zero, updates.reference().unwrap_or(&zero)]);
    let all = All {
        points: &points,
        len: updates.len(),
    };
    let width = points.len().next_multiple_of(PANEL);
    let gram = all.total(width * width, |from, to, sums| all.gram(from, to, sums));
    let square = |i: usize, j: usize| {
        let own = gram[i * width + i] + gram[j * width + j];
        (own, own - 2.0 * gram[i * width + j])
    };
    let pairs = (0..points.len()).flat_map(|j| (0..j).map(move |i| (i, j)));
    let near = |&(i, j): &(usize, usize)| {
        let (own, square) = square(i, j);
        square <= T::NEAR * own
    };
    let near: Vec<(usize, usize)> = pairs.filter(near).collect();
    let again = all.total(near.len(), |from, to, sums| {
        for (sum, &(i, j)) in sums.iter_mut().zip(&near) {
            let pair = [points[i], points[j]].map(|point| &point[from..to]);
            *sum += pulp::Arch::new().dispatch(Difference(pair));
        }
    });
    let mut again = near.into_iter().zip(again).peekable();
    // Pairs come in the same order here as above.
    Squares::of(points.len(), |i, j| {
        match again.next_if(|(pair, _)| *pair == (i, j)) {
            Some((_, square)) => square,
            None => square(i, j).1,
        }
    })
}

struct All<'a, T> {
    points: &'a [&'a [T]],
    len: usize,
}

impl<T: Value> All<'_, T> {
    /// The sums of `count` numbers over all coordinates; `task` adds those of some of them.
    fn total(&self, count: usize, task: impl Fn(usize, usize, &mut [f64]) + Sync) -> Vec<f64> {
        let mut total = vec![0.0; count];
        if count == 0 {
            return total;
        }
        let starts: Vec<usize> = (0..self.len).step_by(TASK).collect();
        // A few at a time, so that their sums do not all wait in memory.
        for some in starts.chunks(2 * rayon::current_num_threads()) {
            let part = |&from: &usize| {
                let mut sums = vec![0.0; count];
                task(from, (from + TASK).min(self.len), &mut sums);
                sums
            };
            let parts: Vec<Vec<f64>> = some.par_iter().map(part).collect();
            for part in parts {
                let terms = total.iter_mut().zip(part);
                terms.for_each(|(sum, term)| *sum += term);
            }
        }
        total
    }

    fn gram(&self, from: usize, to: usize, sums: &mut [f64]) {
        let panels = self.points.len().div_ceil(PANEL);
        let mut panels = vec![[[T::default(); PANEL]; BLOCK]; panels];
        for from in (from..to).step_by(BLOCK) {
            pulp::Arch::new().dispatch(Gram {
                points: self.points,
                from,
                to: (from + BLOCK).min(to),
                panels: &mut panels,
                sums,
            });
        }
    }
}

/// A block of coordinates of some points; those of one coordinate lie side by side.
type Panel<T> = [[T; PANEL]; BLOCK];

/// One block's share of G, as the processor's widest vectors run it.
struct Gram<'a, T> {
    points: &'a [&'a [T]],
    from: usize,
    to: usize,
    panels: &'a mut [Panel<T>],
    sums: &'a mut [f64],
}

impl<T: Value> pulp::WithSimd for Gram<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(mut self, simd: S) {
        self.gather();
        let len = self.to - self.from;
        let width = self.panels.len() * PANEL;
        for p in 0..self.panels.len() {
            for q in p..self.panels.len() {
                let (a, b) = (&self.panels[p][..len], &self.panels[q][..len]);
                let corner = &mut self.sums[p * PANEL * width + q * PANEL..];
                add(simd, a, b, corner, width);
            }
        }
    }
}

impl<T: Value> Gram<'_, T> {
    /// Fills the panels with the block's coordinates, from which the updates' mean is taken.
    #[inline(always)]
    fn gather(&mut self) {
        let updates = self.points.len() - 2;
        let share = T::narrow(1.0 / updates as f64);
        let mut mean = [T::default(); BLOCK];
        for point in &self.points[..updates] {
            let terms = mean.iter_mut().zip(&point[self.from..self.to]);
            terms.for_each(|(sum, value)| *sum = value.fused(share, *sum));
        }
        let less = T::narrow(-1.0);
        for (panel, points) in self.panels.iter_mut().zip(self.points.chunks(PANEL)) {
            let mut rows = [&[][..]; PANEL];
            let points = points.iter().map(|point| &point[self.from..self.to]);
            rows.iter_mut()
                .zip(points)
                .for_each(|(row, point)| *row = point);
            let len = self.to - self.from;
            let whole = match rows[PANEL - 1].is_empty() {
                true => 0,
                false => len - len % TURNED,
            };
            turn(&rows, &mean[..whole], panel);
            for (w, row) in rows.iter().enumerate() {
                let values = panel.iter_mut().zip(*row).zip(&mean).skip(whole);
                values.for_each(|((to, value), mean)| to[w] = mean.fused(less, *value));
            }
        }
    }
}

/// Fills a panel of which every row is there, some coordinates at a time; less the mean.
#[inline(always)]
fn turn<T: Value>(rows: &[&[T]; PANEL], mean: &[T], panel: &mut Panel<T>) {
    let less = T::narrow(-1.0);
    let rows = rows.map(|row| row.as_chunks::<TURNED>().0);
    let panel = panel.as_chunks_mut::<TURNED>().0;
    for (at, (to, mean)) in panel
        .iter_mut()
        .zip(mean.as_chunks::<TURNED>().0)
        .enumerate()
    {
        let mut values = [[T::default(); TURNED]; PANEL];
        values
            .iter_mut()
            .zip(&rows)
            .for_each(|(v, row)| *v = row[at]);
        for l in 0..TURNED {
            for w in 0..PANEL {
                to[l][w] = mean[l].fused(less, values[w][l]);
            }
        }
    }
}

/// Adds the products of two panels to a corner of G.
#[inline(always)]
fn add<S: pulp::Simd, T: Value>(
    simd: S,
    a: &[[T; PANEL]],
    b: &[[T; PANEL]],
    corner: &mut [f64],
    width: usize,
) {
    for (row, sums) in corner.chunks_mut(width).zip(products(simd, a, b)) {
        let terms = row.iter_mut().zip(sums);
        terms.for_each(|(sum, term)| *sum += term.wide());
    }
}

/// Products of the sixteen numbers of each panel of `a` with the sixteen of the panel of `b` beside it,
/// summed over the panels in their order by fused multiply-adds: as many sums at a time as there are
/// registers for.
#[inline(always)]
fn products<S: pulp::Simd, T: Value>(
    simd: S,
    a: &[[T; PANEL]],
    b: &[[T; PANEL]],
) -> [[T; PANEL]; PANEL] {
    let mut products = [[T::default(); PANEL]; PANEL];
    let vectors = T::vectors::<S>(&products[0]).len();
    if vectors == 1 {
        tile::<S, T, 8, 1>(simd, (a, 0), (b, 0), &mut products);
        tile::<S, T, 8, 1>(simd, (a, 8), (b, 0), &mut products);
    } else {
        // A number that is spread over a vector serves two of them.
        for j in (0..vectors).step_by(2) {
            tile::<S, T, 6, 2>(simd, (a, 0), (b, j), &mut products);
            tile::<S, T, 6, 2>(simd, (a, 6), (b, j), &mut products);
            tile::<S, T, 4, 2>(simd, (a, 12), (b, j), &mut products);
        }
    }
    products
}

/// Some rows of [`products`] for some vectors: from the number `row` of `a` on, and from the vector `j`
/// of `b` on.
#[inline(always)]
fn tile<S: pulp::Simd, T: Value, const ROWS: usize, const VECTORS: usize>(
    simd: S,
    (a, row): (&[[T; PANEL]], usize),
    (b, j): (&[[T; PANEL]], usize),
    products: &mut [[T; PANEL]; PANEL],
) {
    let mut sums = [[T::splat(simd, T::default()); VECTORS]; ROWS];
    for (a, b) in a.iter().zip(b) {
        let b = T::vectors::<S>(b);
        let b: [_; VECTORS] = std::array::from_fn(|v| b[j + v]);
        for r in 0..ROWS {
            let spread = T::splat(simd, a[row + r]);
            for v in 0..VECTORS {
                sums[r][v] = T::fused_all(simd, spread, b[v], sums[r][v]);
            }
        }
    }
    for (products, sums) in products[row..].iter_mut().zip(sums) {
        T::vectors_mut::<S>(products)[j..j + VECTORS].copy_from_slice(&sums);
    }
}

/// The squared distance of two points over some coordinates.
struct Difference<'a, T>([&'a [T]; 2]);

impl<T: Value> pulp::WithSimd for Difference<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> f64 {
        let [a, b] = self.0;
        let mut sums = [0.0; PANEL];
        let ((a, a_rest), (b, b_rest)) = (a.as_chunks(), b.as_chunks());
        for (a, b) in a.iter().zip(b) {
            let (a, b): (&[T; PANEL], &[T; PANEL]) = (a, b);
            for k in 0..PANEL {
                let apart = a[k].wide() - b[k].wide();
                sums[k] = apart.mul_add(apart, sums[k]);
            }
        }
        let rest = a_rest.iter().zip(b_rest);
        let rest = rest.map(|(a, b)| (a.wide() - b.wide()) * (a.wide() - b.wide()));
        sums.iter().sum::<f64>() + rest.sum::<f64>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use ward_core::NodeId;

    proptest! {
        #[test]
        fn distances_of_f32_keep_their_digits(
            shapes in prop::collection::vec((any::<u32>(), 0_i32..6), 2..20),
            len in 1_usize..700, common in -1e3_f32..1e3,
        ) {
            // Some near each other, some far away, all far from zero.
            let value = |&(seed, far): &(u32, i32), k: usize| {
                let bits = seed.wrapping_mul(2_654_435_761).wrapping_add(k as u32 * 40_503);
                common + 0.1_f32.powi(far) * (bits % 2_001) as f32
            };
            let rows: Vec<Vec<f32>> = shapes
                .iter()
                .map(|shape| (0..len).map(|k| value(shape, k)).collect())
                .collect();
            let mut updates = Updates::new(len);
            for (node, row) in rows.iter().enumerate() {
                updates.insert(NodeId(node as u32), row.clone(), 1).unwrap();
            }
            let squares = squares(&updates);
            for (i, a) in rows.iter().enumerate() {
                for (j, b) in rows.iter().enumerate() {
                    let terms = a.iter().zip(b).map(|(a, b)| f64::from(*a) - f64::from(*b));
                    let exact: f64 = terms.map(|apart| apart * apart).sum();
                    let got = squares.row(i)[j];
                    prop_assert!((got - exact).abs() <= 2e-3 * exact, "{i} {j}: {got}, not {exact}");
                }
            }
        }
    }
}
