//! `wardround privacy`: epsilon from noise, and noise from epsilon.

use std::process::ExitCode;

use serde::Serialize;
use ward_privacy::dp::account;
use ward_privacy::dp::calibrate::noise_multiplier;
use ward_privacy::dp::{Accountant, Answer, Epsilon, Event, Neighbours, PrivacyUnit, Sampling};

use super::output::{print, print_json};
use crate::cli::{Format, PrivacyArgs, PrivacyVerb, PrivateTraining, RecordSampler};
use crate::codes::Code;
use crate::failure::Failure;

/// What one configuration costs whom.
#[derive(Debug, Serialize)]
struct Cost {
    epsilon: Epsilon,
    delta: f64,
    accountant: Accountant,
    privacy_unit: PrivacyUnit,
    neighbours: Neighbours,
    noise_multiplier: f64,
    sampling: Sampling,
    steps: u64,
}

/// Prints epsilon, or the noise multiplier with the epsilon that it costs.
///
/// # Errors
/// Arguments that cannot be, or not together; an epsilon that no noise reaches.
pub fn execute(args: &PrivacyArgs) -> Result<ExitCode, Failure> {
    let (asked, training) = match &args.verb {
        PrivacyVerb::Epsilon {
            noise_multiplier, ..
        } => (*noise_multiplier, args.training()),
        PrivacyVerb::Noise { epsilon, .. } => {
            let training = args.training();
            let sampling = sampling(training)?;
            let found = noise_multiplier(sampling, training.steps, *epsilon, training.delta);
            (found.map_err(unusable)?, training)
        }
    };
    let cost = cost(asked, training)?;
    match training.format {
        Format::Json => print_json(&cost)?,
        Format::Text => print(&text(&cost, &args.verb))?,
    }
    Ok(ExitCode::SUCCESS)
}

impl PrivacyArgs {
    fn training(&self) -> &PrivateTraining {
        match &self.verb {
            PrivacyVerb::Epsilon { training, .. } | PrivacyVerb::Noise { training, .. } => training,
        }
    }
}

fn cost(noise_multiplier: f64, training: &PrivateTraining) -> Result<Cost, Failure> {
    let (sampling, steps, delta) = (sampling(training)?, training.steps, training.delta);
    let event = Event::new(sampling, noise_multiplier, steps).map_err(unusable)?;
    let Answer {
        epsilon,
        accountant,
        neighbours,
    } = account::epsilon(&[event], delta).map_err(unusable)?;
    Ok(Cost {
        epsilon,
        delta,
        accountant,
        privacy_unit: PrivacyUnit::Patient,
        neighbours,
        noise_multiplier,
        sampling,
        steps,
    })
}

/// The sampling that the arguments describe: with all that it needs and nothing else.
fn sampling(training: &PrivateTraining) -> Result<Sampling, Failure> {
    let PrivateTraining {
        sampler,
        sampling_rate,
        batch,
        records,
        ..
    } = training;
    let (needs_rate, needs_batch) = match sampler {
        RecordSampler::Poisson => (true, false),
        RecordSampler::TruncatedPoisson => (true, true),
        RecordSampler::Fixed => (false, true),
        RecordSampler::Shuffled | RecordSampler::Full => (false, false),
    };
    for (argument, given, needed) in [
        ("--sampling-rate", sampling_rate.is_some(), needs_rate),
        ("--batch", batch.is_some(), needs_batch),
        ("--records", records.is_some(), needs_batch),
    ] {
        if given && !needed {
            let message = format!("{argument} says nothing with this --sampler");
            return Err(Failure::new(Code::BadArgument, message)
                .help("leave it out, or choose the --sampler that batches really come from"));
        }
        if needed && !given {
            let message = format!("{argument} is missing, which this --sampler needs");
            return Err(Failure::new(Code::BadArgument, message)
                .help("`wardround privacy epsilon --help` tells what each is"));
        }
    }
    let (rate, batch, of) = (
        sampling_rate.unwrap_or_default(),
        batch.unwrap_or_default(),
        records.unwrap_or_default(),
    );
    Ok(match sampler {
        RecordSampler::Poisson => Sampling::Poisson { rate },
        RecordSampler::TruncatedPoisson => Sampling::TruncatedPoisson {
            rate,
            most: batch,
            of,
        },
        RecordSampler::Fixed => Sampling::FixedWithoutReplacement { batch, of },
        RecordSampler::Shuffled => Sampling::ShuffledEpochs,
        RecordSampler::Full => Sampling::FullBatch,
    })
}

fn unusable(error: impl std::fmt::Display) -> Failure {
    Failure::new(Code::BadArgument, error.to_string())
}

fn text(cost: &Cost, verb: &PrivacyVerb) -> String {
    let neighbours = match cost.neighbours {
        Neighbours::AddOrRemove => "added or removed",
        Neighbours::Replace => "replaced by another",
        Neighbours::ZeroOut => "made to add nothing",
    };
    let epsilon = format!(
        "epsilon {:.4} at delta {:e} for one {} {neighbours} (accountant: {})\n",
        cost.epsilon, cost.delta, cost.privacy_unit, cost.accountant
    );
    match verb {
        PrivacyVerb::Epsilon { .. } => epsilon,
        PrivacyVerb::Noise { .. } => {
            format!("noise multiplier {:.6}: {epsilon}", cost.noise_multiplier)
        }
    }
}
