//! The largest eigenvalue of a symmetric matrix and its vector, by Lanczos' method (1950) with
//! every step orthogonal to all before it: exact after n steps, and mostly long before.

/// A residual this small, against the eigenvalue, ends the steps.
const SMALL: f64 = 1e-14;

/// The largest eigenvalue of a positive semidefinite `matrix`, and its vector of length 1.
pub(super) fn top_eigenpair(matrix: &[Vec<f64>]) -> (f64, Vec<f64>) {
    let size = matrix.len();
    let longest = (0..size).fold(0, |best, i| match matrix[i][i] > matrix[best][best] {
        true => i,
        false => best,
    });
    let mut next = matrix[longest].clone();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let (mut diagonal, mut beside) = (Vec::new(), Vec::new());
    let (mut value, mut shares) = (0.0, Vec::new());
    while basis.len() < size {
        let length = dot(&next, &next).sqrt();
        let residual = length * shares.last().copied().map_or(1.0, f64::abs);
        if residual <= SMALL * value || length == 0.0 {
            break;
        }
        if !basis.is_empty() {
            beside.push(length);
        }
        let step: Vec<f64> = next.iter().map(|v| v / length).collect();
        next = matrix.iter().map(|row| dot(row, &step)).collect();
        diagonal.push(dot(&next, &step));
        basis.push(step);
        for vector in basis.iter().chain(&basis) {
            let along = dot(vector, &next);
            let terms = next.iter_mut().zip(vector);
            terms.for_each(|(v, b)| *v -= along * b);
        }
        (value, shares) = tridiagonal(&diagonal, &beside);
    }
    let mut top = vec![0.0; size];
    for (share, vector) in shares.iter().zip(&basis) {
        let terms = top.iter_mut().zip(vector);
        terms.for_each(|(sum, v)| *sum += share * v);
    }
    (value, top)
}

/// The same of the matrix with this diagonal and this one beside it: the eigenvalue by bisection,
/// from above; its vector by inverse iteration.
fn tridiagonal(diagonal: &[f64], beside: &[f64]) -> (f64, Vec<f64>) {
    let size = diagonal.len();
    // All pivots of T − x are negative where no eigenvalue is above x.
    let pivots = |x: f64| {
        let mut pivots: Vec<f64> = Vec::with_capacity(size);
        for (i, d) in diagonal.iter().enumerate() {
            let before = pivots
                .last()
                .map_or(0.0, |p| beside[i - 1] * beside[i - 1] / p);
            pivots.push(d - x - before);
        }
        pivots
    };
    let beside_of = |i: usize| if i < beside.len() { beside[i] } else { 0.0 };
    let reach = |i: usize| diagonal[i] + beside_of(i) + if i > 0 { beside_of(i - 1) } else { 0.0 };
    let mut high = (0..size).map(reach).fold(0.0, f64::max) * (1.0 + SMALL) + f64::MIN_POSITIVE;
    let mut low = diagonal.iter().copied().fold(0.0, f64::max);
    loop {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        match pivots(middle).iter().all(|&pivot| pivot < 0.0) {
            true => high = middle,
            false => low = middle,
        }
    }
    let pivots = pivots(high);
    let mut vector = vec![1.0; size];
    for _ in 0..4 {
        for i in 1..size {
            vector[i] -= beside[i - 1] / pivots[i - 1] * vector[i - 1];
        }
        for i in (0..size).rev() {
            let after = if i + 1 < size {
                beside[i] * vector[i + 1]
            } else {
                0.0
            };
            vector[i] = (vector[i] - after) / pivots[i];
        }
        let length = dot(&vector, &vector).sqrt();
        vector.iter_mut().for_each(|v| *v /= length);
    }
    (high, vector)
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_pair_is_an_eigenpair_and_no_direction_is_longer(
            rows in (1_usize..12).prop_flat_map(|n| {
                prop::collection::vec(prop::collection::vec(-1.0_f64..1.0, 4), n)
            }),
            other in prop::collection::vec(-1.0_f64..1.0, 12),
        ) {
            let product = |a: &Vec<f64>| rows.iter().map(|b| dot(a, b)).collect();
            let matrix: Vec<Vec<f64>> = rows.iter().map(product).collect();
            let (value, vector) = top_eigenpair(&matrix);
            let image = |v: &[f64]| -> Vec<f64> { matrix.iter().map(|row| dot(row, v)).collect() };
            for (image, v) in image(&vector).iter().zip(&vector) {
                prop_assert!((image - value * v).abs() <= 1e-9);
            }
            let other = &other[..rows.len()];
            prop_assert!(dot(&image(other), other) <= (value + 1e-9) * dot(other, other));
        }
    }
}
