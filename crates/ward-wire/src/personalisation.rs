//! Personalisations on the wire.

use ward_core::{LocalWork, Personalisation};

use crate::order::penalty;
use crate::proto::{self, fine_tuning, private, train_order};
use crate::unreadable::{Unreadable, finite32};

/// The most bytes of a tensor's name.
const LONGEST_NAME: usize = 256;

pub(crate) fn personalisation_message(
    personalisation: &Personalisation,
) -> Option<train_order::Personalisation> {
    use train_order::Personalisation as Message;
    Some(match personalisation {
        Personalisation::None => return None,
        Personalisation::FineTuning {
            work,
            learning_rate,
        } => Message::FineTuning(proto::FineTuning {
            work: Some(match *work {
                LocalWork::Epochs(n) => fine_tuning::Work::Epochs(n),
                LocalWork::Steps(n) => fine_tuning::Work::Steps(n),
            }),
            learning_rate: *learning_rate,
        }),
        Personalisation::Private {
            tensors,
            head_first,
        } => Message::Private(proto::Private {
            tensors: tensors.clone(),
            head_first: head_first.map(|work| match work {
                LocalWork::Epochs(n) => private::HeadFirst::HeadEpochs(n),
                LocalWork::Steps(n) => private::HeadFirst::HeadSteps(n),
            }),
        }),
        Personalisation::Ditto { lambda } => Message::Ditto(proto::Ditto { lambda: *lambda }),
        Personalisation::Apfl { alpha, adaptive } => Message::Apfl(proto::Apfl {
            alpha: *alpha,
            adaptive: *adaptive,
        }),
    })
}

pub(crate) fn read_personalisation(
    message: Option<train_order::Personalisation>,
) -> Result<Personalisation, Unreadable> {
    use train_order::Personalisation as Message;
    let Some(message) = message else {
        return Ok(Personalisation::None);
    };
    Ok(match message {
        Message::FineTuning(m) => Personalisation::FineTuning {
            work: match m.work.ok_or(Unreadable::Missing("fine_tuning.work"))? {
                fine_tuning::Work::Epochs(n) => LocalWork::Epochs(n),
                fine_tuning::Work::Steps(n) => LocalWork::Steps(n),
            },
            learning_rate: m
                .learning_rate
                .map(|rate| finite32("fine_tuning.learning_rate", rate))
                .transpose()?,
        },
        Message::Private(m) => Personalisation::Private {
            tensors: names(m.tensors)?,
            head_first: m.head_first.map(|work| match work {
                private::HeadFirst::HeadEpochs(n) => LocalWork::Epochs(n),
                private::HeadFirst::HeadSteps(n) => LocalWork::Steps(n),
            }),
        },
        Message::Ditto(m) => Personalisation::Ditto {
            lambda: penalty("ditto.lambda", m.lambda)?,
        },
        Message::Apfl(m) => Personalisation::Apfl {
            alpha: share("apfl.alpha", m.alpha)?,
            adaptive: m.adaptive,
        },
    })
}

fn names(tensors: Vec<String>) -> Result<Vec<String>, Unreadable> {
    match tensors.iter().find(|name| name.len() > LONGEST_NAME) {
        Some(name) => Err(Unreadable::TooLong {
            field: "private.tensors",
            got: name.len(),
            most: LONGEST_NAME,
        }),
        None => Ok(tensors),
    }
}

fn share(field: &'static str, value: f32) -> Result<f32, Unreadable> {
    if !(0.0..=1.0).contains(&finite32(field, value)?) {
        return Err(Unreadable::OutOfRange {
            field,
            got: value.to_string(),
            range: "0 to 1",
        });
    }
    Ok(value)
}
