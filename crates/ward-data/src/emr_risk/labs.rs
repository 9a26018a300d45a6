//! The twelve labs: medians in SI units, spreads, and the other unit that a hospital may use.

/// One lab.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Lab {
    /// Its name.
    pub name: &'static str,
    /// Its median in SI units.
    pub median: f64,
    /// Its spread s_j: the deviation of its logarithm.
    pub spread: f64,
    /// How the other unit is made from this one.
    pub other: Conversion,
}

/// From one unit to the other.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Conversion {
    /// Times a factor.
    Factor(f64),
    /// HbA1c from per cent to mmol/mol: 10.93 (x - 2.15), with x kept above 2.5.
    Affine,
}

impl Lab {
    /// The value at `z` deviations: exp(m + s z).
    #[must_use]
    pub fn value(&self, z: f64) -> f64 {
        self.median * (self.spread * z).exp()
    }

    /// How many deviations from the median `value` is.
    #[must_use]
    pub fn deviations(&self, value: f64) -> f64 {
        (value / self.median).ln() / self.spread
    }

    /// The same amount in the other unit.
    #[must_use]
    pub fn in_other_unit(&self, value: f64) -> f64 {
        match self.other {
            Conversion::Factor(factor) => value * factor,
            Conversion::Affine => 10.93 * (value.max(2.5) - 2.15),
        }
    }

    /// The amount of which the other unit says `stored`.
    #[must_use]
    pub fn out_of_other_unit(&self, stored: f64) -> f64 {
        match self.other {
            Conversion::Factor(factor) => stored / factor,
            Conversion::Affine => stored / 10.93 + 2.15,
        }
    }
}

const fn lab(name: &'static str, median: f64, spread: f64, factor: f64) -> Lab {
    Lab {
        name,
        median,
        spread,
        other: Conversion::Factor(factor),
    }
}

/// Labs 1-4 carry the unit mismatch; 5-12 have their names for looks.
pub const LABS: [Lab; 12] = [
    lab("glucose", 5.4, 0.35, 18.016),
    lab("cholesterol", 4.7, 0.25, 38.67),
    lab("creatinine", 70.0, 0.30, 1.0 / 88.42),
    lab("haemoglobin", 140.0, 0.12, 0.1),
    lab("triglycerides", 1.4, 0.45, 88.57),
    lab("bilirubin", 12.0, 0.5, 1.0 / 17.10),
    lab("urea", 5.2, 0.3, 2.801),
    lab("uric acid", 320.0, 0.25, 1.0 / 59.48),
    Lab {
        name: "HbA1c",
        median: 5.6,
        spread: 0.3,
        other: Conversion::Affine,
    },
    lab("calcium", 2.35, 0.3, 4.008),
    lab("ALT", 25.0, 0.35, 1.0),
    lab("CRP", 2.0, 0.4, 1.0),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glucose_mismatch_is_eight_deviations_in_log_space() {
        let glucose = LABS[0];
        let apart = glucose.in_other_unit(5.4).ln() - 5.4_f64.ln();
        assert!((apart / glucose.spread - 8.26).abs() < 0.01);
    }

    #[test]
    fn hba1c_converts_by_its_line() {
        assert!((LABS[8].in_other_unit(6.0) - 42.08).abs() < 0.01);
        assert!(LABS[8].in_other_unit(1.0) > 0.0);
    }
}
