//! The CNN step written by hand: direct convolutions with constant sizes, the output channels in a
//! vector, ReLU and pooling in the epilogue; the backward pass visits only the positions that won.
//! What the fused trainer is held against.

use std::hint::black_box;

use crate::{BATCH, add};

const SIDE: usize = 28;
const C1: usize = 8;
const P1: usize = 13;
const C2: usize = 16;
const P2: usize = 5;
const FLAT: usize = P2 * P2 * C2;
const HIDDEN: usize = 64;
const OUT: usize = 2;
const TAPS1: usize = 9;
const TAPS2: usize = 9 * C1;

/// Rows and columns of a dense tile: as many sums as the registers hold.
const T: usize = 4;
const W: usize = 32;

/// Nothing came through.
const CLOSED: u8 = u8::MAX;

/// Parameters, channels innermost: `[tap][in][out]` of convolutions.
pub(crate) struct Cnn {
    w1: [[f32; C1]; TAPS1],
    b1: [f32; C1],
    w2: [[f32; C2]; TAPS2],
    b2: [f32; C2],
    w3: Vec<[f32; HIDDEN]>,
    b3: [f32; HIDDEN],
    w3_turned: Vec<[f32; FLAT]>,
    w4: [[f32; OUT]; HIDDEN],
    b4: [f32; OUT],
    /// Of each row: pooled outputs and winners of both convolutions.
    pooled1: Vec<[[f32; C1]; P1 * P1]>,
    won1: Vec<[[u8; C1]; P1 * P1]>,
    pooled2: Vec<[[f32; C2]; P2 * P2]>,
    won2: Vec<[[u8; C2]; P2 * P2]>,
    hidden: Vec<[f32; HIDDEN]>,
    error: Vec<[f32; HIDDEN]>,
    out_error: Vec<[f32; OUT]>,
    flat_error: Vec<[f32; FLAT]>,
}

impl Cnn {
    /// From flat parameters, as the layout has them.
    pub(crate) fn new(params: &[f32]) -> Self {
        let mut at = 0;
        let mut take = |count: usize| {
            at += count;
            &params[at - count..at]
        };
        let from = take(C1 * TAPS1);
        let w1 = std::array::from_fn(|tap| std::array::from_fn(|o| from[o * TAPS1 + tap]));
        let from = take(C1);
        let b1 = std::array::from_fn(|o| from[o]);
        let from = take(C2 * TAPS2);
        let w2 = std::array::from_fn(|i| {
            let (tap, c) = (i / C1, i % C1);
            std::array::from_fn(|o| from[o * TAPS2 + c * 9 + tap])
        });
        let from = take(C2);
        let b2 = std::array::from_fn(|o| from[o]);
        // The layout flattens channel by channel, we position by position.
        let from = take(FLAT * HIDDEN);
        let w3 = (0..FLAT)
            .map(|i| {
                let (position, c) = (i / C2, i % C2);
                let row = (c * P2 * P2 + position) * HIDDEN;
                std::array::from_fn(|h| from[row + h])
            })
            .collect();
        let from = take(HIDDEN);
        let b3 = std::array::from_fn(|h| from[h]);
        let from = take(HIDDEN * OUT);
        let w4 = std::array::from_fn(|h| std::array::from_fn(|o| from[h * OUT + o]));
        let from = take(OUT);
        let b4 = std::array::from_fn(|o| from[o]);
        Self {
            w1,
            b1,
            w2,
            b2,
            w3,
            b3,
            w3_turned: vec![[0.0; FLAT]; HIDDEN],
            w4,
            b4,
            pooled1: vec![[[0.0; C1]; P1 * P1]; BATCH],
            won1: vec![[[0; C1]; P1 * P1]; BATCH],
            pooled2: vec![[[0.0; C2]; P2 * P2]; BATCH],
            won2: vec![[[0; C2]; P2 * P2]; BATCH],
            hidden: vec![[0.0; HIDDEN]; BATCH],
            error: vec![[0.0; HIDDEN]; BATCH],
            out_error: vec![[0.0; OUT]; BATCH],
            flat_error: vec![[0.0; FLAT]; BATCH],
        }
    }

    /// The flat parameters.
    pub(crate) fn params(&self) -> Vec<f32> {
        let mut params = Vec::new();
        for o in 0..C1 {
            params.extend((0..TAPS1).map(|tap| self.w1[tap][o]));
        }
        params.extend(self.b1);
        for o in 0..C2 {
            for c in 0..C1 {
                params.extend((0..9).map(|tap| self.w2[tap * C1 + c][o]));
            }
        }
        params.extend(self.b2);
        for c in 0..C2 {
            for position in 0..P2 * P2 {
                params.extend(self.w3[position * C2 + c]);
            }
        }
        params.extend(self.b3);
        params.extend(self.w4.as_flattened());
        params.extend(self.b4);
        params
    }

    /// One step of SGD.
    pub(crate) fn step(&mut self, rows: &[[f32; SIDE * SIDE]], labels: &[u8], rate: f32) {
        pulp::Arch::new().dispatch(Step {
            cnn: self,
            rows,
            labels,
            rate,
        });
    }

    #[inline(always)]
    fn step_inline(&mut self, rows: &[[f32; SIDE * SIDE]], labels: &[u8], rate: f32) {
        for (i, row) in rows.iter().enumerate() {
            convolve::<1, C1, TAPS1, P1>(
                row,
                SIDE,
                &self.w1,
                &self.b1,
                &mut self.pooled1[i],
                &mut self.won1[i],
            );
            convolve::<C1, C2, TAPS2, P2>(
                self.pooled1[i].as_flattened(),
                P1,
                &self.w2,
                &self.b2,
                &mut self.pooled2[i],
                &mut self.won2[i],
            );
        }
        self.dense(labels);
        self.dense_back(rate);
        let mut g1 = [[0.0; C1]; TAPS1];
        let mut g2 = [[0.0; TAPS2]; C2];
        let (mut s1, mut s2) = ([0.0; C1], [0.0; C2]);
        let turned: [[f32; TAPS2]; C2] =
            std::array::from_fn(|o| std::array::from_fn(|i| self.w2[i][o]));
        for (i, row) in rows.iter().enumerate() {
            let (errors, _) = self.flat_error[i].as_chunks::<C2>();
            let image = self.pooled1[i].as_flattened();
            collect_second(image, &self.won2[i], errors, &mut g2, &mut s2);
            let mut below = [[0.0; C1]; P1 * P1];
            scatter(&self.won2[i], errors, &turned, below.as_flattened_mut());
            collect_first(row, &self.won1[i], &below, &mut g1, &mut s1);
        }
        for o in 0..C1 {
            (0..TAPS1).for_each(|i| self.w1[i][o] -= rate * g1[i][o]);
            self.b1[o] -= rate * s1[o];
        }
        for o in 0..C2 {
            (0..TAPS2).for_each(|i| self.w2[i][o] -= rate * g2[o][i]);
            self.b2[o] -= rate * s2[o];
        }
    }

    /// Forward through the dense layers; the logits' errors.
    #[inline(always)]
    fn dense(&mut self, labels: &[u8]) {
        for i in (0..black_box(BATCH)).step_by(T) {
            let lines: [&[f32]; T] = std::array::from_fn(|t| self.pooled2[i + t].as_flattened());
            for j in (0..HIDDEN).step_by(W) {
                let mut sums = [[0.0_f32; W]; T];
                for sum in &mut sums {
                    sum.copy_from_slice(&self.b3[j..j + W]);
                }
                let w3 = &self.w3[..black_box(FLAT)];
                let lines = lines.map(|line| &line[..w3.len()]);
                for (k, w) in w3.iter().enumerate() {
                    add(&mut sums, lines.map(|line| line[k]), &w[j..j + W]);
                }
                for t in 0..T {
                    for c in 0..W {
                        self.hidden[i + t][j + c] = sums[t][c].max(0.0);
                    }
                }
            }
        }
        for ((hidden, error), &label) in self.hidden.iter().zip(&mut self.out_error).zip(labels) {
            let mut z = self.b4;
            for h in 0..HIDDEN {
                for o in 0..OUT {
                    z[o] = hidden[h].mul_add(self.w4[h][o], z[o]);
                }
            }
            let p = 1.0 / (1.0 + (z[0] - z[1]).exp());
            let g = (p - f32::from(label)) / BATCH as f32;
            *error = [-g, g];
        }
    }

    /// Errors of the dense layers, and their steps.
    #[inline(always)]
    fn dense_back(&mut self, rate: f32) {
        for ((error, hidden), out) in self.error.iter_mut().zip(&self.hidden).zip(&self.out_error) {
            for h in 0..HIDDEN {
                let e = out[0] * self.w4[h][0] + out[1] * self.w4[h][1];
                error[h] = if hidden[h] > 0.0 { e } else { 0.0 };
            }
        }
        for h in 0..HIDDEN {
            let mut sums = [0.0; OUT];
            for (hidden, out) in self.hidden.iter().zip(&self.out_error) {
                for o in 0..OUT {
                    sums[o] += hidden[h] * out[o];
                }
            }
            for o in 0..OUT {
                self.w4[h][o] -= rate * sums[o];
            }
        }
        for out in &self.out_error {
            for o in 0..OUT {
                self.b4[o] -= rate * out[o];
            }
        }
        // The errors below, through the weights as they were, turned.
        for k in 0..black_box(FLAT) {
            for h in 0..HIDDEN {
                self.w3_turned[h][k] = self.w3[k][h];
            }
        }
        for i in (0..black_box(BATCH)).step_by(T) {
            for j in (0..FLAT).step_by(16) {
                let mut sums = [[0.0_f32; 16]; T];
                let turned = &self.w3_turned[..black_box(HIDDEN)];
                for (h, w) in turned.iter().enumerate() {
                    let factors = std::array::from_fn(|t| self.error[i + t][h]);
                    add(&mut sums, factors, &w[j..j + 16]);
                }
                for t in 0..T {
                    self.flat_error[i + t][j..j + 16].copy_from_slice(&sums[t]);
                }
            }
        }
        for k in (0..black_box(FLAT)).step_by(T) {
            for j in (0..HIDDEN).step_by(W) {
                let mut sums = [[0.0_f32; W]; T];
                for i in 0..black_box(BATCH) {
                    let a = &self.pooled2[i].as_flattened()[k..k + T];
                    let factors: [f32; T] = a.try_into().unwrap();
                    add(&mut sums, factors, &self.error[i][j..j + W]);
                }
                for t in 0..T {
                    for c in 0..W {
                        self.w3[k + t][j + c] -= rate * sums[t][c];
                    }
                }
            }
        }
        for error in &self.error {
            for h in 0..HIDDEN {
                self.b3[h] -= rate * error[h];
            }
        }
    }
}

struct Step<'a> {
    cnn: &'a mut Cnn,
    rows: &'a [[f32; SIDE * SIDE]],
    labels: &'a [u8],
    rate: f32,
}

impl pulp::NullaryFnOnce for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.cnn.step_inline(self.rows, self.labels, self.rate);
    }
}

/// Convolution, ReLU and pooling of one image.
#[inline(always)]
fn convolve<const IN: usize, const C: usize, const TAPS: usize, const P: usize>(
    image: &[f32],
    width: usize,
    w: &[[f32; C]; TAPS],
    b: &[f32; C],
    pooled: &mut [[f32; C]],
    won: &mut [[u8; C]],
) {
    // Where a bound is a black box the compiler would write every turn of the loop out, and the step
    // would no longer fit the instruction cache.
    let side = black_box(P);
    for y in 0..side {
        let (pooled, won) = (
            &mut pooled[y * side..][..side],
            &mut won[y * side..][..side],
        );
        let band = &image[2 * y * width * IN..];
        // As many sums as it takes to hide how long one addition takes.
        let mut x = 0;
        while C <= 8 && x + 2 <= side {
            cells::<IN, C, TAPS, 8>(x, band, width, w, b, pooled, won);
            x += 2;
        }
        while x < side {
            cells::<IN, C, TAPS, 4>(x, band, width, w, b, pooled, won);
            x += 1;
        }
    }
}

/// Some pooled cells beside each other: four of Q positions each.
#[inline(always)]
fn cells<const IN: usize, const C: usize, const TAPS: usize, const Q: usize>(
    x: usize,
    band: &[f32],
    width: usize,
    w: &[[f32; C]; TAPS],
    b: &[f32; C],
    pooled: &mut [[f32; C]],
    won: &mut [[u8; C]],
) {
    let run = 3 * IN;
    let mut sums = [*b; Q];
    for dy in 0..3 {
        let lines: [&[f32]; Q] = std::array::from_fn(|q| {
            let column = 2 * (x + q / 4) + q % 2;
            &band[((q / 2 % 2 + dy) * width + column) * IN..][..run]
        });
        for i in 0..run {
            add(&mut sums, lines.map(|line| line[i]), &w[dy * run + i]);
        }
    }
    for cell in 0..Q / 4 {
        let mut best = [0.0_f32; C];
        let mut which = [u32::from(CLOSED); C];
        for q in 0..4 {
            for c in 0..C {
                let sum = sums[4 * cell + q][c];
                let higher = sum > best[c];
                best[c] = if higher { sum } else { best[c] };
                which[c] = if higher { q as u32 } else { which[c] };
            }
        }
        pooled[x + cell] = best;
        won[x + cell] = which.map(|q| q as u8);
    }
}

/// Adds the first convolution's gradients of one image: nine taps of one input are few, so all four
/// positions of a cell are visited and the winners chosen by multiplication.
#[inline(always)]
fn collect_first(
    image: &[f32; SIDE * SIDE],
    won: &[[u8; C1]; P1 * P1],
    errors: &[[f32; C1]; P1 * P1],
    gradient: &mut [[f32; C1]; TAPS1],
    biases: &mut [f32; C1],
) {
    let (mut sums, mut bias) = (*gradient, *biases);
    for cell in 0..black_box(P1 * P1) {
        let (y, x) = (2 * (cell / P1), 2 * (cell % P1));
        let which: [u32; C1] = won[cell].map(u32::from);
        for q in 0..4 {
            let mut error = [0.0_f32; C1];
            for c in 0..C1 {
                let open = which[c] == q as u32;
                error[c] = if open { errors[cell][c] } else { 0.0 };
                bias[c] += error[c];
            }
            let start = (y + q / 2) * SIDE + x + q % 2;
            for tap in 0..TAPS1 {
                let value = image[start + tap / 3 * SIDE + tap % 3];
                for c in 0..C1 {
                    sums[tap][c] = value.mul_add(error[c], sums[tap][c]);
                }
            }
        }
    }
    (*gradient, *biases) = (sums, bias);
}

/// Adds the second convolution's gradients of one image: each winner's patch times its error.
#[inline(always)]
fn collect_second(
    image: &[f32],
    won: &[[u8; C2]; P2 * P2],
    errors: &[[f32; C2]],
    gradient: &mut [[f32; TAPS2]; C2],
    biases: &mut [f32; C2],
) {
    const RUN: usize = 3 * C1;
    for c in 0..black_box(C2) {
        let mut sums = gradient[c];
        let mut bias = biases[c];
        for cell in 0..black_box(P2 * P2) {
            let which = won[cell][c];
            if which == CLOSED {
                continue;
            }
            let error = errors[cell][c];
            bias += error;
            let (y, x) = (2 * (cell / P2), 2 * (cell % P2));
            let (y, x) = (y + usize::from(which / 2), x + usize::from(which % 2));
            for dy in 0..3 {
                let line = &image[((y + dy) * P1 + x) * C1..][..RUN];
                for i in 0..RUN {
                    sums[dy * RUN + i] = error.mul_add(line[i], sums[dy * RUN + i]);
                }
            }
        }
        gradient[c] = sums;
        biases[c] = bias;
    }
}

/// The second convolution's errors, sent to its input.
#[inline(always)]
fn scatter(
    won: &[[u8; C2]; P2 * P2],
    errors: &[[f32; C2]],
    turned: &[[f32; TAPS2]; C2],
    below: &mut [f32],
) {
    const RUN: usize = 3 * C1;
    for cell in 0..black_box(P2 * P2) {
        for c in 0..C2 {
            let which = won[cell][c];
            if which == CLOSED {
                continue;
            }
            let error = errors[cell][c];
            let (y, x) = (2 * (cell / P2), 2 * (cell % P2));
            let (y, x) = (y + usize::from(which / 2), x + usize::from(which % 2));
            for dy in 0..3 {
                let line = &mut below[((y + dy) * P1 + x) * C1..][..RUN];
                for i in 0..RUN {
                    line[i] = error.mul_add(turned[c][dy * RUN + i], line[i]);
                }
            }
        }
    }
}
