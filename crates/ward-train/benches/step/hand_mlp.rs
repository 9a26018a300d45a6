//! The MLP step written by hand: every size a constant, bias, ReLU and SGD inside the products'
//! epilogues, no gradient ever stored. What the fused trainer is held against.

use std::hint::black_box;

use crate::{BATCH, add};

const IN: usize = 20;
const H1: usize = 64;
const H2: usize = 32;
const OUT: usize = 2;

/// Rows of a tile: with its columns as many sums as the registers hold.
const T: usize = 4;

/// Parameters and everything a step writes.
pub(crate) struct Mlp {
    w1: [[f32; H1]; IN],
    b1: [f32; H1],
    w2: [[f32; H2]; H1],
    b2: [f32; H2],
    /// By output: `[out][in]`.
    w3: [[f32; H2]; OUT],
    b3: [f32; OUT],
    w2_turned: [[f32; H1]; H2],
    a1: [[f32; H1]; BATCH],
    a2: [[f32; H2]; BATCH],
    e1: [[f32; H1]; BATCH],
    e2: [[f32; H2]; BATCH],
    e3: [[f32; OUT]; BATCH],
}

impl Mlp {
    /// From flat parameters, as the layout has them.
    pub(crate) fn new(params: &[f32]) -> Self {
        let mut rest = params;
        let mut take = |count: usize| {
            let (head, tail) = rest.split_at(count);
            rest = tail;
            head
        };
        fn square<const A: usize, const B: usize>(flat: &[f32]) -> [[f32; B]; A] {
            std::array::from_fn(|a| std::array::from_fn(|b| flat[a * B + b]))
        }
        let line = |flat: &[f32]| flat.to_vec();
        let (w1, b1) = (square(take(IN * H1)), line(take(H1)));
        let (w2, b2) = (square(take(H1 * H2)), line(take(H2)));
        let (w3, b3): ([[f32; OUT]; H2], _) = (square(take(H2 * OUT)), line(take(OUT)));
        Self {
            w1,
            b1: std::array::from_fn(|i| b1[i]),
            w2,
            b2: std::array::from_fn(|i| b2[i]),
            w3: turned(&w3),
            b3: std::array::from_fn(|i| b3[i]),
            w2_turned: [[0.0; H1]; H2],
            a1: [[0.0; H1]; BATCH],
            a2: [[0.0; H2]; BATCH],
            e1: [[0.0; H1]; BATCH],
            e2: [[0.0; H2]; BATCH],
            e3: [[0.0; OUT]; BATCH],
        }
    }

    /// The flat parameters.
    pub(crate) fn params(&self) -> Vec<f32> {
        [
            self.w1.as_flattened(),
            &self.b1,
            self.w2.as_flattened(),
            &self.b2,
            turned(&self.w3).as_flattened(),
            &self.b3,
        ]
        .concat()
    }

    /// One step of SGD.
    pub(crate) fn step(&mut self, rows: &[[f32; IN]; BATCH], labels: &[u8; BATCH], rate: f32) {
        pulp::Arch::new().dispatch(Step {
            mlp: self,
            rows,
            labels,
            rate,
        });
    }

    #[inline(always)]
    fn step_inline(&mut self, rows: &[[f32; IN]; BATCH], labels: &[u8; BATCH], rate: f32) {
        forward(rows, &self.w1, &self.b1, &mut self.a1);
        forward(&self.a1, &self.w2, &self.b2, &mut self.a2);
        let batch = black_box(BATCH);
        for ((a, e), &label) in self.a2[..batch].iter().zip(&mut self.e3).zip(labels) {
            let mut z = self.b3;
            for o in 0..OUT {
                let mut sums = [0.0_f32; 8];
                for i in (0..H2).step_by(8) {
                    for lane in 0..8 {
                        sums[lane] = a[i + lane].mul_add(self.w3[o][i + lane], sums[lane]);
                    }
                }
                z[o] += sums.iter().sum::<f32>();
            }
            let p = 1.0 / (1.0 + (z[0] - z[1]).exp());
            let g = (p - f32::from(label)) / BATCH as f32;
            *e = [-g, g];
        }
        for ((e2, a2), e3) in self.e2[..batch].iter_mut().zip(&self.a2).zip(&self.e3) {
            for i in 0..H2 {
                let e = e3[0] * self.w3[0][i] + e3[1] * self.w3[1][i];
                e2[i] = if a2[i] > 0.0 { e } else { 0.0 };
            }
        }
        self.w2_turned = turned(&self.w2);
        back(&self.e2, &self.w2_turned, &self.a1, &mut self.e1);
        let mut sums = [[0.0_f32; H2]; OUT];
        for (a, e) in self.a2[..batch].iter().zip(&self.e3) {
            for o in 0..OUT {
                for i in 0..H2 {
                    sums[o][i] = a[i].mul_add(e[o], sums[o][i]);
                }
            }
        }
        for o in 0..OUT {
            for i in 0..H2 {
                self.w3[o][i] -= rate * sums[o][i];
            }
        }
        descend(&self.a1, &self.e2, &mut self.w2, rate);
        descend(rows, &self.e1, &mut self.w1, rate);
        descend_bias(&self.e1, &mut self.b1, rate);
        descend_bias(&self.e2, &mut self.b2, rate);
        descend_bias(&self.e3, &mut self.b3, rate);
    }
}

struct Step<'a> {
    mlp: &'a mut Mlp,
    rows: &'a [[f32; IN]; BATCH],
    labels: &'a [u8; BATCH],
    rate: f32,
}

impl pulp::NullaryFnOnce for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.mlp.step_inline(self.rows, self.labels, self.rate);
    }
}

/// The transpose, some rows at a time.
#[inline(always)]
fn turned<const A: usize, const B: usize>(from: &[[f32; B]; A]) -> [[f32; A]; B] {
    const ROWS: usize = 8;
    let mut to = [[0.0; A]; B];
    let whole = A - A % ROWS;
    for a in (0..whole).step_by(ROWS) {
        for b in 0..B {
            let line: [f32; ROWS] = std::array::from_fn(|r| from[a + r][b]);
            to[b][a..a + ROWS].copy_from_slice(&line);
        }
    }
    for a in whole..A {
        for b in 0..B {
            to[b][a] = from[a][b];
        }
    }
    to
}

/// Columns of a tile.
const W: usize = 32;

/// Some rows of a matrix and how long they are. The compiler is not told: it would write every turn
/// of the loop out, and the step would no longer fit the instruction cache.
#[inline(always)]
fn hidden<const K: usize>(i: usize, a: &[[f32; K]; BATCH]) -> (usize, [&[f32]; T]) {
    let count = black_box(K);
    (count, std::array::from_fn(|t| &a[i + t][..count]))
}

/// ReLU(A W + b).
#[inline(always)]
fn forward<const K: usize, const N: usize>(
    a: &[[f32; K]; BATCH],
    w: &[[f32; N]; K],
    b: &[f32; N],
    out: &mut [[f32; N]; BATCH],
) {
    for i in (0..black_box(BATCH)).step_by(T) {
        for j in (0..N).step_by(W) {
            let mut sums = [[0.0_f32; W]; T];
            for sum in &mut sums {
                sum.copy_from_slice(&b[j..j + W]);
            }
            let (count, lines) = hidden(i, a);
            let w = &w[..count];
            for k in 0..count {
                add(&mut sums, lines.map(|line| line[k]), &w[k][j..j + W]);
            }
            for t in 0..T {
                for c in 0..W {
                    out[i + t][j + c] = sums[t][c].max(0.0);
                }
            }
        }
    }
}

/// E W', and nothing where the layer under it let nothing through.
#[inline(always)]
fn back<const K: usize, const N: usize>(
    e: &[[f32; K]; BATCH],
    turned: &[[f32; N]; K],
    under: &[[f32; N]; BATCH],
    out: &mut [[f32; N]; BATCH],
) {
    for i in (0..black_box(BATCH)).step_by(T) {
        for j in (0..N).step_by(W) {
            let mut sums = [[0.0_f32; W]; T];
            let (count, lines) = hidden(i, e);
            let turned = &turned[..count];
            for k in 0..count {
                add(&mut sums, lines.map(|line| line[k]), &turned[k][j..j + W]);
            }
            for t in 0..T {
                for c in 0..W {
                    let open = under[i + t][j + c] > 0.0;
                    out[i + t][j + c] = if open { sums[t][c] } else { 0.0 };
                }
            }
        }
    }
}

/// W <- W - rate A' E.
#[inline(always)]
fn descend<const K: usize, const N: usize>(
    a: &[[f32; K]; BATCH],
    e: &[[f32; N]; BATCH],
    w: &mut [[f32; N]; K],
    rate: f32,
) {
    for k in (0..black_box(K)).step_by(T) {
        for j in (0..N).step_by(W) {
            let mut sums = [[0.0_f32; W]; T];
            let rows = black_box(BATCH);
            for (a, e) in a[..rows].iter().zip(&e[..rows]) {
                let factors: [f32; T] = a[k..k + T].try_into().unwrap();
                add(&mut sums, factors, &e[j..j + W]);
            }
            for t in 0..T {
                for c in 0..W {
                    w[k + t][j + c] -= rate * sums[t][c];
                }
            }
        }
    }
}

#[inline(always)]
fn descend_bias<const N: usize>(e: &[[f32; N]; BATCH], b: &mut [f32; N], rate: f32) {
    let mut sums = [0.0; N];
    for row in &e[..black_box(BATCH)] {
        for i in 0..N {
            sums[i] += row[i];
        }
    }
    for i in 0..N {
        b[i] -= rate * sums[i];
    }
}
