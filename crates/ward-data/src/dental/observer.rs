//! The ideal observer: the exact posterior of every class.
//!
//!   ln p(c | g) = d' s_c' g / kappa^2 - d'^2 |s_c|^2 / (2 kappa^2) + ln p_c + constant
//!
//! s_c is the blurred sign, kappa the scanner's noise factor and p the nation's mix. It is linear in
//! the image g as the optics gave it.

use crate::image::dot;
use crate::synthetic::Scanner;

/// The observer before one scanner.
#[derive(Debug, Clone)]
pub(super) struct Observer {
    scanner: Scanner,
    /// For each class: d' s_c / kappa^2, and what does not depend on the image.
    classes: Vec<(Vec<f32>, f64)>,
}

impl Observer {
    /// The observer of `signs`, blurred and of full strength, with shares `prior`.
    #[must_use]
    pub(super) fn new(scanner: Scanner, signs: &[Vec<f64>], prior: &[f64]) -> Self {
        let variance = scanner.noise_factor.powi(2);
        let class = |(sign, share): (&Vec<f64>, &f64)| {
            let square: f64 = sign.iter().map(|s| s * s).sum();
            let template = sign.iter().map(|s| (s / variance) as f32).collect();
            (template, share.ln() - square / (2.0 * variance))
        };
        Self {
            scanner,
            classes: signs.iter().zip(prior).map(class).collect(),
        }
    }

    /// Appends the logarithm of each class's posterior, but for a constant, to `answers`.
    pub(super) fn observe(&self, stored: &[f32], answers: &mut Vec<f32>) {
        let seen = self.scanner.read(stored);
        let seen: Vec<f32> = seen.into_iter().map(|pixel| pixel as f32).collect();
        let posterior = |(template, constant): &(Vec<f32>, f64)| {
            (f64::from(dot(template, &seen)) + constant) as f32
        };
        answers.extend(self.classes.iter().map(posterior));
    }
}
