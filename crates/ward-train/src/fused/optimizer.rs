//! SGD with momentum and Adam, on flat vectors.

use ward_core::OptimizerSpec;

/// An optimiser and what it remembers within one round's work.
#[derive(Debug, Clone)]
pub(crate) struct Optimizer {
    spec: OptimizerSpec,
    first: Vec<f32>,
    second: Vec<f32>,
    /// beta1^t and beta2^t after t steps.
    powers: [f64; 2],
}

impl Default for Optimizer {
    fn default() -> Self {
        Self {
            spec: OptimizerSpec::Sgd {
                learning_rate: 0.0,
                momentum: 0.0,
            },
            first: Vec::new(),
            second: Vec::new(),
            powers: [1.0; 2],
        }
    }
}

impl Optimizer {
    /// Forgets everything and starts as `spec` says, for `len` parameters.
    pub(crate) fn start(&mut self, spec: OptimizerSpec, len: usize) {
        let (first, second) = match spec {
            OptimizerSpec::Sgd { momentum: 0.0, .. } => (0, 0),
            OptimizerSpec::Sgd { .. } => (len, 0),
            OptimizerSpec::Adam { .. } => (len, len),
        };
        for (moments, len) in [(&mut self.first, first), (&mut self.second, second)] {
            moments.clear();
            moments.resize(len, 0.0);
        }
        self.spec = spec;
        self.powers = [1.0; 2];
    }

    /// Moves `params` by one step.
    pub(crate) fn step(&mut self, params: &mut [f32], gradient: &[f32]) {
        pulp::Arch::new().dispatch(Step {
            optimizer: self,
            params,
            gradient,
        });
    }

    #[inline(always)]
    fn step_inline(&mut self, params: &mut [f32], gradient: &[f32]) {
        match self.spec {
            OptimizerSpec::Sgd {
                learning_rate,
                momentum: 0.0,
            } => {
                for (w, g) in params.iter_mut().zip(gradient) {
                    *w -= learning_rate * g;
                }
            }
            OptimizerSpec::Sgd {
                learning_rate,
                momentum,
            } => {
                for ((w, u), g) in params.iter_mut().zip(&mut self.first).zip(gradient) {
                    *u = momentum * *u + g;
                    *w -= learning_rate * *u;
                }
            }
            OptimizerSpec::Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
            } => {
                self.powers[0] *= f64::from(beta1);
                self.powers[1] *= f64::from(beta2);
                let [unbias1, unbias2] = self.powers.map(|power| (1.0 / (1.0 - power)) as f32);
                let moments = self.first.iter_mut().zip(&mut self.second);
                for ((w, (m, v)), g) in params.iter_mut().zip(moments).zip(gradient) {
                    *m = beta1 * *m + (1.0 - beta1) * g;
                    *v = beta2 * *v + (1.0 - beta2) * g * g;
                    *w -= learning_rate * (*m * unbias1) / ((*v * unbias2).sqrt() + epsilon);
                }
            }
        }
    }
}

/// [`Optimizer::step`] as the processor's widest vectors run it.
struct Step<'a> {
    optimizer: &'a mut Optimizer,
    params: &'a mut [f32],
    gradient: &'a [f32],
}

impl pulp::NullaryFnOnce for Step<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.optimizer.step_inline(self.params, self.gradient);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn momentum_by_hand() {
        let mut optimizer = Optimizer::default();
        let sgd = OptimizerSpec::Sgd {
            learning_rate: 0.5,
            momentum: 0.5,
        };
        optimizer.start(sgd, 1);
        let mut params = [1.0];
        optimizer.step(&mut params, &[1.0]);
        assert_eq!(params, [0.5]);
        optimizer.step(&mut params, &[1.0]);
        assert_eq!(params, [-0.25]); // u = 1.5
    }

    #[test]
    fn the_first_step_of_adam_is_the_learning_rate() {
        let adam = OptimizerSpec::Adam {
            learning_rate: 0.1,
            beta1: 0.9,
            beta2: 0.999,
            epsilon: 1e-8,
        };
        let mut optimizer = Optimizer::default();
        optimizer.start(adam, 2);
        let mut params = [0.0, 0.0];
        optimizer.step(&mut params, &[3.0, -0.01]);
        assert!((params[0] + 0.1).abs() < 1e-6 && (params[1] - 0.1).abs() < 1e-5);
    }
}
