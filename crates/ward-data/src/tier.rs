//! The tier profile: one table drives every generator, and the simulator's network.

/// What is typical of one tier (scenarios, 0.3). The numbers are assumptions chosen for the
/// simulation, except the township's misdiagnosis rate, which the seed articles state (30-40 %).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TierProfile {
    /// The tier's name.
    pub name: &'static str,
    /// Median of the number of local cases.
    pub cases_median: f64,
    /// Log-normal spread of the number of local cases.
    pub cases_spread: f64,
    /// The fewest local cases.
    pub cases_least: u64,
    /// Share of training labels that are flipped.
    pub misdiagnosis: f64,
    /// Log-normal spread of the scanner's gain, and normal spread of its offset.
    pub scanner_gain: f64,
    /// Normal spread of the scanner's offset.
    pub scanner_offset: f64,
    /// Range of the scanner's gamma.
    pub scanner_gamma: [f64; 2],
    /// Blur of the scanner's point spread function in pixels.
    pub scanner_blur: f64,
    /// Factor on the image noise.
    pub scanner_noise: f64,
    /// Chance that the hospital stores a given lab in the other unit.
    pub other_unit: f64,
    /// Variance of what a human reader of images adds to the evidence (in `thyroid-ultrasound`).
    pub reader_noise: f64,
    /// Chances that a case lacks its image, its laboratory values, its notes.
    pub missing: [f64; 3],
    /// Share of patients who consent to their rows being used.
    pub consent: f64,
    /// Line: megabits per second.
    pub megabits_per_s: f64,
    /// Line: milliseconds each way.
    pub latency_ms: f64,
    /// Share of rounds in which the hospital is up.
    pub up: f64,
    /// Mean length of an outage in rounds.
    pub outage_rounds: f64,
    /// Speed of the computer.
    pub compute_speed: f64,
}

const TERTIARY: TierProfile = TierProfile {
    name: "tertiary",
    cases_median: 1_500.0,
    cases_spread: 0.5,
    cases_least: 20,
    misdiagnosis: 0.05,
    scanner_gain: 0.05,
    scanner_offset: 0.02,
    scanner_gamma: [1.0, 1.0],
    scanner_blur: 0.0,
    scanner_noise: 1.0,
    other_unit: 0.10,
    reader_noise: 0.6,
    missing: [0.0, 0.02, 0.0],
    consent: 0.90,
    megabits_per_s: 200.0,
    latency_ms: 10.0,
    up: 0.995,
    outage_rounds: 1.0,
    compute_speed: 1.0,
};

const COUNTY: TierProfile = TierProfile {
    name: "county",
    cases_median: 400.0,
    cases_spread: 0.6,
    cases_least: 20,
    misdiagnosis: 0.15,
    scanner_gain: 0.15,
    scanner_offset: 0.08,
    scanner_gamma: [0.85, 1.15],
    scanner_blur: 0.5,
    scanner_noise: 1.25,
    other_unit: 0.35,
    reader_noise: 1.34,
    missing: [0.10, 0.15, 0.20],
    consent: 0.80,
    megabits_per_s: 30.0,
    latency_ms: 30.0,
    up: 0.97,
    outage_rounds: 2.0,
    compute_speed: 0.5,
};

const TOWNSHIP: TierProfile = TierProfile {
    name: "township",
    cases_median: 80.0,
    cases_spread: 0.7,
    cases_least: 20,
    misdiagnosis: 0.35,
    scanner_gain: 0.25,
    scanner_offset: 0.15,
    scanner_gamma: [0.7, 1.3],
    scanner_blur: 0.9,
    scanner_noise: 1.6,
    other_unit: 0.50,
    reader_noise: 2.6,
    missing: [0.50, 0.50, 0.60],
    consent: 0.70,
    megabits_per_s: 4.0,
    latency_ms: 80.0,
    up: 0.88,
    outage_rounds: 3.0,
    compute_speed: 0.2,
};

/// A doctor of a simulated hospital, who is never wrong about the truth: 42 have 10,000 cases.
const DOCTOR: TierProfile = TierProfile {
    name: "doctor",
    cases_median: 238.0,
    misdiagnosis: 0.0,
    ..TERTIARY
};

/// A person with a watch, who is often out of reach. Windows differ in number more than hospitals'
/// cases do, and are labelled right: all of it assumed, like the rest.
const WEARER: TierProfile = TierProfile {
    name: "wearer",
    cases_spread: 1.0,
    misdiagnosis: 0.0,
    megabits_per_s: 10.0,
    latency_ms: 50.0,
    up: 0.70,
    compute_speed: 0.05,
    ..TOWNSHIP
};

/// A phone from which its owner, and those at home, ask for advice: few cases, a slow processor, and a
/// mobile line that is there as often as a watch. Conditions are as a doctor found them later.
const PHONE: TierProfile = TierProfile {
    name: "phone",
    cases_median: 5.0,
    cases_least: 1,
    megabits_per_s: 20.0,
    ..WEARER
};

/// Every tier that a preset uses. Ukraine's three are China's under other names and with the
/// outages of a war: P(up) multiplied, and longer.
const TIERS: [TierProfile; 11] = [
    TERTIARY,
    COUNTY,
    TOWNSHIP,
    TierProfile {
        name: "primary",
        ..TOWNSHIP
    },
    TierProfile {
        name: "ungraded",
        ..TOWNSHIP
    },
    TierProfile {
        name: "supercluster",
        up: 0.995 * 0.97,
        outage_rounds: 3.0,
        ..TERTIARY
    },
    TierProfile {
        name: "cluster",
        up: 0.97 * 0.93,
        outage_rounds: 4.0,
        ..COUNTY
    },
    TierProfile {
        name: "general",
        up: 0.88 * 0.85,
        outage_rounds: 6.0,
        ..TOWNSHIP
    },
    DOCTOR,
    WEARER,
    PHONE,
];

impl TierProfile {
    /// The profile of the tier called `name`.
    #[must_use]
    pub fn of(name: &str) -> Option<&'static Self> {
        TIERS.iter().find(|tier| tier.name == name)
    }

    /// Whether its hospitals are rural: townships, and those who share their profile.
    #[must_use]
    pub fn is_rural(&self) -> bool {
        ["township", "primary", "ungraded", "general"].contains(&self.name)
    }
}
