//! Server optimizers, from Reddi et al. 2021 (arXiv:2003.00295, Algorithm 2) and, for the momentum,
//! Hsu et al. 2019 (arXiv:1909.06335).

/// Which rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// Add the aggregate, with momentum.
    Sgd,
    /// Sum of squares.
    Adagrad,
    /// Bounded steps of the variance.
    Yogi,
    /// Exponential average of squares.
    Adam,
}

/// An optimizer and what it remembers.
#[derive(Debug, Clone)]
pub struct Server {
    rule: Rule,
    rate: f64,
    betas: (f64, f64),
    tau: f64,
    m: Vec<f64>,
    v: Vec<f64>,
}

impl Server {
    /// An optimizer that has seen nothing. Momentum of [`Rule::Sgd`] is `betas.0`.
    #[must_use]
    pub fn new(rule: Rule, rate: f64, betas: (f64, f64), tau: f64, len: usize) -> Self {
        Self {
            rule,
            rate,
            betas,
            tau,
            m: vec![0.0; len],
            v: vec![tau * tau; len],
        }
    }

    /// Moves `w` by `delta` (after minus before).
    pub fn step(&mut self, w: &mut [f64], delta: &[f64]) {
        let (b1, b2) = self.betas;
        for i in 0..w.len() {
            let (d, square) = (delta[i], delta[i] * delta[i]);
            if self.rule == Rule::Sgd {
                self.m[i] = b1 * self.m[i] + d;
                w[i] += self.rate * self.m[i];
                continue;
            }
            self.m[i] = b1 * self.m[i] + (1.0 - b1) * d;
            self.v[i] = match self.rule {
                Rule::Adagrad => self.v[i] + square,
                Rule::Adam => b2 * self.v[i] + (1.0 - b2) * square,
                _ => {
                    let gap = self.v[i] - square;
                    let sign = if gap == 0.0 { 0.0 } else { gap.signum() };
                    self.v[i] - (1.0 - b2) * square * sign
                }
            };
            w[i] += self.rate * self.m[i] / (self.v[i].sqrt() + self.tau);
        }
    }
}
