//! Updates as a rule sees them: points, known by their distances.

use std::cell::{LazyCell, OnceCell};

/// Squared distances between all pairs of points.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Squares {
    size: usize,
    values: Vec<f64>,
}

impl Squares {
    /// Of `size` points, from a function of two different ones.
    pub(crate) fn of(size: usize, mut square: impl FnMut(usize, usize) -> f64) -> Self {
        let mut values = vec![0.0; size * size];
        for i in 0..size {
            for j in 0..i {
                let square = square(j, i);
                values[i * size + j] = square;
                values[j * size + i] = square;
            }
        }
        Self { size, values }
    }

    /// From one point to each.
    pub(crate) fn row(&self, i: usize) -> &[f64] {
        &self.values[i * self.size..][..self.size]
    }
}

/// What a rule answers: how to make the result from the points.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// A weighted sum of all [`Points::len`] points.
    Sum(Vec<f64>),
    /// Each coordinate by itself, over these of the updates.
    Coordinates(Vec<usize>, Take),
}

/// What to do with one coordinate's values.
#[derive(Debug, Clone, PartialEq)]
pub enum Take {
    /// Their median; of an even number, the mean of the middle two.
    Median,
    /// The weighted median: the smallest value up to which half of these weights have come, and the
    /// mean with the next value where it is exactly half.
    WeightedMedian(Vec<f64>),
    /// The mean of all but the so many lowest and as many highest.
    Middle(usize),
    /// The mean of so many that are nearest the median; of two as near, the lower one.
    NearMedian(usize),
    /// The sign that most of them have, 1 or -1; 0 where as many are above 0 as below.
    Majority,
}

/// The squared distances between uploads, computed when a rule first asks.
type Uploads<'a> = LazyCell<Squares, Box<dyn FnOnce() -> Squares + 'a>>;

/// The points that a rule sees: the updates, in order of their nodes, or what was made of them
/// before; then the origin; then the reference.
pub struct Points<'a> {
    count: usize,
    weights: Vec<f64>,
    uploads: Uploads<'a>,
    /// Each update as a weighted sum of uploads and, last, the origin; `None` where it is an upload.
    mix: Option<Vec<Vec<f64>>>,
    mixed: OnceCell<Squares>,
}

impl<'a> Points<'a> {
    pub(crate) fn new(weights: Vec<f64>, squares: impl FnOnce() -> Squares + 'a) -> Self {
        Self {
            count: weights.len(),
            weights,
            uploads: LazyCell::new(Box::new(squares)),
            mix: None,
            mixed: OnceCell::new(),
        }
    }

    /// How many updates there are, n.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// The origin's place among the points.
    #[must_use]
    pub fn origin(&self) -> usize {
        self.count
    }

    /// The reference's place: the centre of centred clipping, the root update of FLTrust.
    #[must_use]
    pub fn reference(&self) -> usize {
        self.count + 1
    }

    /// How many points there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count + 2
    }

    /// Never: the origin is always there.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        false
    }

    /// How much each update counts, as a share: the same, unless the run believes what is claimed.
    #[must_use]
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Squared distances from point `i` to all.
    #[must_use]
    pub fn squares(&self, i: usize) -> &[f64] {
        let Some(mix) = &self.mix else {
            return self.uploads.row(i);
        };
        let mixed = || {
            let uploads = LazyCell::force(&self.uploads);
            Squares::of(self.len(), |i, j| apart(mix, i, j, uploads))
        };
        self.mixed.get_or_init(mixed).row(i)
    }

    /// The norm of point `i`.
    #[must_use]
    pub fn norm(&self, i: usize) -> f64 {
        self.squares(i)[self.origin()].sqrt()
    }

    /// The inner product of points `i` and `j`.
    #[must_use]
    pub fn product(&self, i: usize, j: usize) -> f64 {
        let origin = self.squares(self.origin());
        0.5 * (origin[i] + origin[j] - self.squares(i)[j])
    }

    /// Squared distances to all points from their weighted sum; `shares` add up to 1.
    ///
    ///   |x_i − Σ a_k x_k|² = Σ a_k D_ik − ½ Σ a_k a_l D_kl
    #[must_use]
    pub fn squares_from(&self, shares: &[f64]) -> Vec<f64> {
        let far = |i| -> f64 {
            let terms = self.squares(i).iter().zip(shares);
            terms.map(|(square, share)| square * share).sum()
        };
        let far: Vec<f64> = (0..self.len()).map(far).collect();
        let own = 0.5 * far.iter().zip(shares).map(|(f, a)| f * a).sum::<f64>();
        far.iter().map(|far| (far - own).max(0.0)).collect()
    }

    /// The choice of some updates' mean.
    #[must_use]
    pub fn mean_of(&self, chosen: &[usize]) -> Choice {
        let mut shares = vec![0.0; self.len()];
        for &i in chosen {
            shares[i] = 1.0 / chosen.len() as f64;
        }
        Choice::Sum(shares)
    }

    /// The same points with other updates: each row says how one is summed from these updates and,
    /// last, the origin. A row adds up to 1.
    #[must_use]
    pub fn mixed(self, rows: Vec<Vec<f64>>) -> Self {
        let mix = match &self.mix {
            None => rows,
            Some(first) => rows.iter().map(|row| after(first, row)).collect(),
        };
        let count = mix.len();
        Self {
            count,
            weights: vec![1.0 / count as f64; count],
            uploads: self.uploads,
            mix: Some(mix),
            mixed: OnceCell::new(),
        }
    }

    pub(crate) fn mix(&self) -> Option<&[Vec<f64>]> {
        self.mix.as_deref()
    }
}

impl std::fmt::Debug for Points<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Points({} updates)", self.count)
    }
}

/// `row` over what `first` makes, as a row over what `first` is made of.
fn after(first: &[Vec<f64>], row: &[f64]) -> Vec<f64> {
    let mut shares = vec![0.0; first[0].len()];
    for (&factor, made) in row.iter().zip(first) {
        if factor != 0.0 {
            let terms = shares.iter_mut().zip(made);
            terms.for_each(|(sum, share)| *sum += factor * share);
        }
    }
    if let (Some(sum), Some(origin)) = (shares.last_mut(), row.last()) {
        *sum += origin;
    }
    shares
}

/// The squared distance between points `i` < `j` of a mix: that of the sums' difference, in which
/// all that they share has gone, so that near ones lose no digits.
///
///   |Σ b_k x_k|² = −½ Σ b_k b_l D_kl   where Σ b_k = 0
fn apart(mix: &[Vec<f64>], i: usize, j: usize, uploads: &Squares) -> f64 {
    let mut difference = vec![0.0; uploads.size];
    for (point, sign) in [(i, 1.0), (j, -1.0)] {
        match mix.get(point) {
            Some(row) => {
                let terms = difference.iter_mut().zip(row);
                terms.for_each(|(sum, share)| *sum += sign * share);
            }
            // The origin and the reference come after the updates on both sides.
            None => difference[uploads.size + point - mix.len() - 2] += sign,
        }
    }
    let present: Vec<usize> = (0..uploads.size)
        .filter(|&k| difference[k] != 0.0)
        .collect();
    let mut sum = 0.0;
    for (at, &k) in present.iter().enumerate() {
        let squares = uploads.row(k);
        let others = present[..at].iter().map(|&l| difference[l] * squares[l]);
        sum -= difference[k] * others.sum::<f64>();
    }
    sum.max(0.0)
}
