//! What an order noises, on the wire.

use ward_core::{Draws, HospitalNoise, NoisePlacement, PatientNoise, Protection};

use crate::proto::hospital_noise::Placement;
use crate::proto::patient_noise;
use crate::proto::{self, train_order};
use crate::unreadable::{Unreadable, finite, finite32};

pub(crate) fn protection_message(protection: &Protection) -> Option<train_order::Protection> {
    Some(match protection {
        Protection::None => return None,
        Protection::Patient(noise) => train_order::Protection::PatientNoise(proto::PatientNoise {
            draws: Some(draws_message(noise.draws)),
            noise_multiplier: noise.noise_multiplier,
            sizes_are_public: noise.sizes_are_public,
        }),
        Protection::Hospital(noise) => {
            train_order::Protection::HospitalNoise(proto::HospitalNoise {
                clip_norm: noise.clip_norm,
                noise_multiplier: noise.noise_multiplier,
                bit_deviation: noise.bit_deviation,
                bands: (noise.bands != 1).then_some(noise.bands),
                placement: Some(match noise.placement {
                    NoisePlacement::Node => Placement::Node(proto::AtNode {}),
                    NoisePlacement::Shared { honest } => {
                        Placement::Shared(proto::Shares { honest })
                    }
                    NoisePlacement::Coordinator => Placement::Coordinator(proto::AtCoordinator {}),
                }),
            })
        }
    })
}

fn draws_message(draws: Draws) -> patient_noise::Draws {
    match draws {
        Draws::Poisson { rate } => patient_noise::Draws::Poisson(rate),
        Draws::TruncatedPoisson { rate, most } => {
            patient_noise::Draws::TruncatedPoisson(proto::TruncatedPoisson { rate, most })
        }
        Draws::FixedSize { rate } => patient_noise::Draws::FixedSize(rate),
        Draws::Shuffled => patient_noise::Draws::Shuffled(proto::Shuffled {}),
        Draws::Full => patient_noise::Draws::Full(proto::Full {}),
    }
}

pub(crate) fn read_protection(
    message: Option<train_order::Protection>,
) -> Result<Protection, Unreadable> {
    Ok(match message {
        None => Protection::None,
        Some(train_order::Protection::PatientNoise(noise)) => Protection::Patient(PatientNoise {
            draws: noise
                .draws
                .ok_or(Unreadable::Missing("patient_noise.draws"))
                .and_then(read_draws)?,
            noise_multiplier: multiplier("patient_noise.noise_multiplier", noise.noise_multiplier)?,
            sizes_are_public: noise.sizes_are_public,
        }),
        Some(train_order::Protection::HospitalNoise(noise)) => {
            let clip_norm = finite32("hospital_noise.clip_norm", noise.clip_norm)?;
            above_zero("hospital_noise.clip_norm", f64::from(clip_norm))?;
            Protection::Hospital(HospitalNoise {
                clip_norm,
                noise_multiplier: multiplier(
                    "hospital_noise.noise_multiplier",
                    noise.noise_multiplier,
                )?,
                bit_deviation: noise
                    .bit_deviation
                    .map(|bits| multiplier("hospital_noise.bit_deviation", bits))
                    .transpose()?,
                bands: match noise.bands {
                    None => 1,
                    Some(bands) => {
                        let may_be = (2..=HospitalNoise::MOST_BANDS).contains(&bands);
                        in_range("hospital_noise.bands", bands, may_be, "2 to 4096")?
                    }
                },
                placement: noise
                    .placement
                    .ok_or(Unreadable::Missing("hospital_noise.placement"))
                    .and_then(read_placement)?,
            })
        }
    })
}

fn read_draws(message: patient_noise::Draws) -> Result<Draws, Unreadable> {
    Ok(match message {
        patient_noise::Draws::Poisson(rate) => Draws::Poisson {
            rate: share("patient_noise.poisson", rate)?,
        },
        patient_noise::Draws::TruncatedPoisson(draws) => Draws::TruncatedPoisson {
            rate: share("truncated_poisson.rate", draws.rate)?,
            most: at_least_one("truncated_poisson.most", draws.most)?,
        },
        patient_noise::Draws::FixedSize(rate) => Draws::FixedSize {
            rate: share("patient_noise.fixed_size", rate)?,
        },
        patient_noise::Draws::Shuffled(_) => Draws::Shuffled,
        patient_noise::Draws::Full(_) => Draws::Full,
    })
}

fn read_placement(message: Placement) -> Result<NoisePlacement, Unreadable> {
    Ok(match message {
        Placement::Node(_) => NoisePlacement::Node,
        Placement::Shared(shares) => NoisePlacement::Shared {
            honest: at_least_one("shares.honest", shares.honest)?,
        },
        Placement::Coordinator(_) => NoisePlacement::Coordinator,
    })
}

fn multiplier(field: &'static str, value: f64) -> Result<f64, Unreadable> {
    above_zero(field, finite(field, value)?)
}

fn above_zero(field: &'static str, value: f64) -> Result<f64, Unreadable> {
    in_range(field, value, value > 0.0, "above 0")
}

fn share(field: &'static str, value: f64) -> Result<f64, Unreadable> {
    in_range(
        field,
        value,
        value > 0.0 && value <= 1.0,
        "above 0 and up to 1",
    )
}

fn at_least_one(field: &'static str, value: u32) -> Result<u32, Unreadable> {
    in_range(field, value, value > 0, "1 or more")
}

fn in_range<T: ToString>(
    field: &'static str,
    value: T,
    holds: bool,
    range: &'static str,
) -> Result<T, Unreadable> {
    if holds {
        return Ok(value);
    }
    let got = value.to_string();
    Err(Unreadable::OutOfRange { field, got, range })
}
