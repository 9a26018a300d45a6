//! Algorithms on the wire.

use ward_core::Algorithm;

use crate::order::penalty;
use crate::proto::{self, train_order};
use crate::unreadable::{Unreadable, finite32};

pub(crate) fn algorithm_message(algorithm: Algorithm) -> Option<train_order::Algorithm> {
    use train_order::Algorithm as Message;
    Some(match algorithm {
        Algorithm::Plain => return None,
        Algorithm::FedDyn { alpha } => Message::FedDyn(proto::FedDyn { alpha }),
        Algorithm::Scaffold => Message::Scaffold(proto::Scaffold {}),
        Algorithm::FedNova => Message::FedNova(proto::FedNova {}),
        Algorithm::FedExP => Message::FedExp(proto::FedExP {}),
        Algorithm::QFedAvg { q, lipschitz } => Message::QFedAvg(proto::QFedAvg { q, lipschitz }),
        Algorithm::Ifca { clusters } => Message::Ifca(proto::Ifca {
            clusters: clusters.into(),
        }),
    })
}

pub(crate) fn read_algorithm(
    message: Option<train_order::Algorithm>,
) -> Result<Algorithm, Unreadable> {
    use train_order::Algorithm as Message;
    let Some(message) = message else {
        return Ok(Algorithm::Plain);
    };
    Ok(match message {
        Message::FedDyn(m) => Algorithm::FedDyn {
            alpha: strength("fed_dyn.alpha", m.alpha)?,
        },
        Message::Scaffold(_) => Algorithm::Scaffold,
        Message::FedNova(_) => Algorithm::FedNova,
        Message::FedExp(_) => Algorithm::FedExP,
        Message::QFedAvg(m) => Algorithm::QFedAvg {
            q: penalty("q_fed_avg.q", m.q)?,
            lipschitz: m
                .lipschitz
                .map(|lipschitz| strength("q_fed_avg.lipschitz", lipschitz))
                .transpose()?,
        },
        Message::Ifca(m) => Algorithm::Ifca {
            clusters: clusters(m.clusters)?,
        },
    })
}

/// So many models that they fit where one does.
fn clusters(value: u32) -> Result<u8, Unreadable> {
    let few = u8::try_from(value).ok();
    few.filter(|few| (1..=Algorithm::MOST_MODELS).contains(few))
        .ok_or_else(|| Unreadable::OutOfRange {
            field: "ifca.clusters",
            got: value.to_string(),
            range: "1 to 16",
        })
}

/// A number that is divided by.
fn strength(field: &'static str, value: f32) -> Result<f32, Unreadable> {
    if finite32(field, value)? <= 0.0 {
        return Err(Unreadable::OutOfRange {
            field,
            got: value.to_string(),
            range: "above 0",
        });
    }
    Ok(value)
}
