//! Mimic: all attackers copy one honest hospital, which then counts many times.
//!
//! Karimireddy, He and Jaggi, "Byzantine-Robust Learning on Heterogeneous Datasets via Bucketing",
//! ICLR 2022.
//!
//!   Δ̃ = Δ_i                                            `index` = i
//!
//! No copy can be told from an honest update. The paper chooses i once, along the direction of the
//! largest variance; here, as in byzfl, it is given.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::honest::Honest;

/// All colluders send what one honest hospital sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Mimic {
    /// Which honest hospital of the cohort, counted from 0 in the order of the roster and round
    /// again beyond the last. Default 0.
    pub index: u32,
}

impl Mimic {
    /// What every colluder sends, d numbers.
    #[must_use]
    pub fn forge(&self, honest: &Honest) -> Vec<f64> {
        let updates = honest.updates();
        updates[self.index as usize % updates.len()].clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_is_exact_and_there_is_always_somebody_to_copy() {
        let honest = Honest::new(vec![vec![1.0], vec![0.1 + 0.2]]).unwrap();
        assert_eq!(Mimic { index: 1 }.forge(&honest), honest.updates()[1]);
        assert_eq!(Mimic { index: 2 }.forge(&honest), honest.updates()[0]);
    }
}
