//! The properties, one function each: the first round of which one fails is told.

use ward_round::Aggregator;
use ward_round::strategy::Bears;

use super::Subject;
use super::round::{MOST_UPDATES, NOT_TRIED, Round, Tried, apart, on_rounds, sealed};

/// How far results may be apart that should be the same: rounding of `f32` at the distances tried.
const NEAR: f64 = 1e-3;
/// Where bad updates are: beside the honest, away from them, and as far as the ring reaches.
const PLACES: [f64; 3] = [3.0, 1e3, 4e5];

/// Compares the results of two rounds; both or none may be abandoned.
fn same(aggregator: &dyn Aggregator, rounds: [&Round; 2], back: impl Fn(f64) -> f64) -> Tried {
    let told = rounds[0].told();
    match rounds.map(|round| round.play(aggregator)) {
        [Some(first), Some(second)] => {
            let second: Vec<f32> = second.iter().map(|&v| back(f64::from(v)) as f32).collect();
            let apart = apart(&first, &second);
            match apart <= NEAR {
                true => Ok(()),
                false => Err(format!("{told}: the results are {apart:.3} apart")),
            }
        }
        [None, None] => Ok(()),
        _ => Err(format!("{told}: one of the two rounds is abandoned")),
    }
}

pub(super) fn permutation(subject: Subject<'_>) -> Tried {
    on_rounds(subject, |aggregator, round| {
        for turn in 1..round.updates.len() {
            let mut turned = round.clone();
            turned.updates.rotate_left(turn);
            same(aggregator, [round, &turned], |v| v)?;
        }
        Ok(())
    })
}

pub(super) fn translation(subject: Subject<'_>) -> Tried {
    on_rounds(subject, |aggregator, round| {
        [-7.0, 40.0].into_iter().try_for_each(|by| {
            let moved = round.each(|v| v + by);
            same(aggregator, [round, &moved], |v| v - by)
        })
    })
}

pub(super) fn scale(subject: Subject<'_>) -> Tried {
    on_rounds(subject, |aggregator, round| {
        [1.0 / 64.0, 64.0].into_iter().try_for_each(|unit| {
            let scaled = round.each(|v| v * unit);
            same(aggregator, [round, &scaled], |v| v / unit)
        })
    })
}

/// The last f updates are bad, all in one place or on both sides.
pub(super) fn breakdown(subject: Subject<'_>, bears: Bears) -> Tried {
    on_rounds(subject, |aggregator, round| {
        let n = round.updates.len();
        let bad = match bears {
            Bears::Trusted => n - 1,
            _ => round.f,
        };
        for place in PLACES {
            for other in [place, -place] {
                let mut attacked = round.clone();
                for (i, update) in attacked.updates.iter_mut().rev().take(bad).enumerate() {
                    update.fill(if i % 2 == 0 { place } else { other });
                }
                let why = match attacked.play(aggregator) {
                    Some(result) => {
                        harm(aggregator, bears, round, &result, &round.updates[..n - bad])
                    }
                    None => None,
                };
                if let Some(why) = why {
                    return Err(format!(
                        "{}: bad updates at {place} and {other} {why}",
                        round.told()
                    ));
                }
            }
        }
        Ok(())
    })
}

/// What the bad updates did to `result` that they should not have; `round` is without them.
fn harm(
    aggregator: &dyn Aggregator,
    bears: Bears,
    round: &Round,
    result: &[f32],
    honest: &[Vec<f64>],
) -> Option<String> {
    let n = round.updates.len() as f64;
    let length = |vector: &[f64]| vector.iter().map(|v| v * v).sum::<f64>().sqrt();
    let from = |there: &[f64]| {
        let differences = there.iter().zip(result).map(|(a, b)| a - f64::from(*b));
        length(&differences.collect::<Vec<_>>())
    };
    let too_far = |far: f64, most: f64| {
        (far > most + NEAR).then(|| format!("move the result by {far:.3}, and not {most:.3}"))
    };
    match bears {
        Bears::Nothing | Bears::Spread => {
            let count = honest.len() as f64;
            let mean = |k: usize| honest.iter().map(|update| update[k]).sum::<f64>() / count;
            let mean: Vec<f64> = (0..result.len()).map(mean).collect();
            let distance = |update: &Vec<f64>| {
                length(
                    &update
                        .iter()
                        .zip(&mean)
                        .map(|(a, b)| a - b)
                        .collect::<Vec<_>>(),
                )
            };
            let spread = honest.iter().map(distance).fold(0.0, f64::max);
            too_far(from(&mean), 2.0 * n * spread)
        }
        Bears::Reach(reach) => {
            let without: Vec<f64> = round
                .play(aggregator)?
                .iter()
                .map(|&v| f64::from(v))
                .collect();
            too_far(from(&without), reach * round.f as f64 / n)
        }
        Bears::Vote => (0..result.len()).find_map(|k| {
            let agree = |sign: f64| honest.iter().all(|update| update[k] * sign > 0.0);
            let turned = [1.0, -1.0]
                .into_iter()
                .any(|sign| agree(sign) && f64::from(result[k]) * sign <= 0.0);
            turned.then(|| format!("turn the sign of parameter {k}"))
        }),
        Bears::Trusted => {
            let along: f64 = round
                .reference
                .iter()
                .zip(result)
                .map(|(a, b)| a * f64::from(*b))
                .sum();
            let most = length(&round.reference);
            let turned = (along < -NEAR).then(|| "turn the trusted update round".to_owned());
            turned.or_else(|| too_far(from(&vec![0.0; result.len()]), most))
        }
    }
}

/// Rounds without directions or distances give numbers all the same, and none enters that is none.
pub(super) fn finite(subject: Subject<'_>) -> Tried {
    for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
        if sealed(vec![0.0, wrong], 1).is_ok() {
            return Err(format!("an update with {wrong} is sealed"));
        }
    }
    on_rounds(subject, |aggregator, round| {
        let mut one = round.each(|_| 0.0);
        one.updates[0].fill(1.0);
        for (what, round) in [
            ("all zero", round.each(|_| 0.0)),
            ("all equal", round.each(|_| 0.5)),
            ("all zero but one", one),
            ("as far as the ring reaches", round.each(|v| v * 4e5)),
        ] {
            let result = round.play(aggregator).unwrap_or_default();
            if result.iter().any(|v| !v.is_finite()) {
                return Err(format!("{}: updates {what} give no number", round.told()));
            }
        }
        Ok(())
    })
}

pub(super) fn alone(subject: Subject<'_>) -> Tried {
    let Some(aggregator) = subject(1, 0) else {
        return Ok(());
    };
    let round = Round {
        updates: vec![vec![3.0, -4.0]],
        reference: vec![0.0; 2],
        ..Round::drawn(1, 0, 2, 0)
    };
    match round.play(&*aggregator) {
        Some(result) if apart(&result, &[3.0, -4.0]) > NEAR => Err(format!(
            "(3, -4) alone gives ({}, {})",
            result[0], result[1]
        )),
        _ => Ok(()),
    }
}

pub(super) fn weights(subject: Subject<'_>, count: bool) -> Tried {
    on_rounds(subject, |aggregator, round| {
        let mut claimed = round.clone();
        claimed
            .weights
            .iter_mut()
            .zip(1..)
            .for_each(|(weight, i)| *weight = i);
        let mut more = claimed.clone();
        more.weights.iter_mut().for_each(|weight| *weight *= 7);
        same(aggregator, [&claimed, &more], |v| v)?;
        if !count {
            return match claimed.play(aggregator) == round.play(aggregator) {
                true => Ok(()),
                false => Err(format!(
                    "{}: claims of 1 to n change the result",
                    round.told()
                )),
            };
        }
        let mut copies = round.clone();
        copies.updates.clear();
        for (update, &weight) in round.updates.iter().zip(&claimed.weights) {
            copies.updates.extend((0..weight).map(|_| update.clone()));
        }
        copies.weights = vec![1; copies.updates.len()];
        let Some(of_copies) = subject(copies.updates.len(), 0) else {
            return Ok(());
        };
        match (claimed.play(aggregator), copies.play(&*of_copies)) {
            (Some(claimed), Some(copies)) if apart(&claimed, &copies) > NEAR => {
                Err(format!("{}: copies give another result", round.told()))
            }
            _ => Ok(()),
        }
    })
}

/// A model large enough to be shared out among threads.
pub(super) fn determinism(subject: Subject<'_>) -> Tried {
    let subjects = (3..MOST_UPDATES).find_map(|n| Some((n, subject(n, 1)?)));
    let (n, mut aggregator) = subjects.ok_or(NOT_TRIED)?;
    let round = Round::drawn(n, 1, 5_000, 0);
    let mut on = |threads| -> Result<Option<Vec<u32>>, String> {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.map_err(|error| format!("{threads} threads cannot be had: {error}"))?;
        let (round, aggregator) = (&round, &mut *aggregator);
        let result = pool.install(move || round.play(aggregator));
        Ok(result.map(|result| result.iter().map(|v| v.to_bits()).collect()))
    };
    let first = on(1)?;
    for threads in [2, 1] {
        if on(threads)? != first {
            return Err(format!(
                "{}: {threads} threads give other bits",
                round.told()
            ));
        }
    }
    Ok(())
}
