//! The ideal observer where an image tells its class by how many blobs it has and by nothing else.
//!
//! Whoever knew the count itself could do no better than name the class that is likeliest at that
//! count, so no model of the image can.

/// How likely each class is together with each count.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Counts {
    /// By class, then by count from 0.
    joint: Vec<Vec<f64>>,
}

/// From so many on, counts are taken for one less than this. At default settings nobody has so many.
const MOST: usize = 400;

impl Counts {
    /// Poisson counts: for each class its share and its mean.
    #[must_use]
    pub(crate) fn poisson(classes: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let law = |(share, mean): (f64, f64)| series(share * (-mean).exp(), |n| mean / (n + 1.0));
        Self {
            joint: classes.into_iter().map(law).collect(),
        }
    }

    /// Negative binomial counts, Poisson about a Gamma of shape `k`: for each class its share and its
    /// mean.
    #[must_use]
    pub(crate) fn negative_binomial(classes: impl IntoIterator<Item = (f64, f64)>, k: f64) -> Self {
        let law = |(share, mean): (f64, f64)| {
            let none = (k / (k + mean)).powf(k);
            series(share * none, |n| (n + k) / (n + 1.0) * mean / (k + mean))
        };
        Self {
            joint: classes.into_iter().map(law).collect(),
        }
    }

    /// The logarithm of the chance of each class at `count`; of two classes, the log-odds of the
    /// second.
    pub(crate) fn observe(&self, count: usize, answers: &mut Vec<f32>) {
        let count = count.min(MOST - 1);
        let chances = self.joint.iter().map(|law| law[count].ln() as f32);
        match self.joint.as_slice() {
            [first, second] => answers.push((second[count] / first[count]).ln() as f32),
            _ => answers.extend(chances),
        }
    }

    /// The same counts told apart more coarsely: class `i` becomes class `to[i]`.
    #[must_use]
    pub(crate) fn merged(&self, to: &[usize]) -> Self {
        let classes = to.iter().max().map_or(0, |most| most + 1);
        let mut joint = vec![vec![0.0; MOST]; classes];
        for (from, &to) in self.joint.iter().zip(to) {
            for (sum, chance) in joint[to].iter_mut().zip(from) {
                *sum += chance;
            }
        }
        Self { joint }
    }
}

/// Sums that are known exactly.
#[cfg(test)]
impl Counts {
    /// The likeliest class of an image with `count` blobs.
    #[must_use]
    pub(crate) fn answer(&self, count: usize) -> usize {
        let count = count.min(MOST - 1);
        let chance = |class: &usize| self.joint[*class][count];
        let classes = 0..self.joint.len();
        classes
            .max_by(|a, b| chance(a).total_cmp(&chance(b)))
            .unwrap_or(0)
    }

    /// Share of each class that the likeliest class finds.
    #[must_use]
    pub(crate) fn recalls(&self) -> Vec<f64> {
        let found = |(class, law): (usize, &Vec<f64>)| {
            let counts = law.iter().enumerate();
            let right = counts.filter(|(count, _)| self.answer(*count) == class);
            right.map(|(_, chance)| chance).sum::<f64>() / law.iter().sum::<f64>()
        };
        self.joint.iter().enumerate().map(found).collect()
    }

    /// Share of all that the likeliest class finds: nobody can be right more often.
    #[must_use]
    pub(crate) fn accuracy(&self) -> f64 {
        let shares = self.joint.iter().map(|law| law.iter().sum::<f64>());
        shares.zip(self.recalls()).map(|(s, r)| s * r).sum()
    }

    /// The AUC of the count for the last of two classes, where more speaks for it.
    #[must_use]
    pub(crate) fn auc(&self) -> f64 {
        let [negative, positive] = self.joint.as_slice() else {
            return f64::NAN;
        };
        let (mut below, mut wins) = (0.0, 0.0);
        for (n, p) in negative.iter().zip(positive) {
            wins += p * (below + n / 2.0);
            below += n;
        }
        wins / (below * positive.iter().sum::<f64>())
    }
}

/// `first`, and each next from the one before it: times `ratio` of its number.
fn series(first: f64, ratio: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut next = first;
    let term = |n| {
        let this = next;
        next *= ratio(n as f64);
        this
    };
    (0..MOST).map(term).collect()
}
