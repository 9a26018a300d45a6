//! One model of conditions and findings, of which `one-minute-clinic` and `agent-hospital` are made.
//!
//! 105 conditions, five for each of 21 specialties, and 140 findings that a patient has or has not. In
//! a condition each finding has a background chance from U(.01, .05); seven of them, chosen uniformly,
//! are its core and have chances from Beta(6, 3). How frequent conditions are goes by Zipf's law with
//! exponent .6, in a random order. Each finding is asked about with probability q. A model reads 280
//! numbers: for each finding whether it was asked about and is there, then whether it was asked about.
//!
//! The world ([`World`]: the chances and the order) is random, drawn once for a seed and a scenario. So
//! the ceiling is the world's own: the Bayes rule, naive Bayes over the findings asked about with the
//! true chances, scored on the same test cases ([`NaiveBayes`]). Over worlds it is .757 +- .007 at
//! q = .5, and .928 +- .004 at q = .8. [`Counts`] learns the same rule from sums of integers alone.

mod bayes;
mod counts;
mod world;

use rand::{Rng, RngExt};
use ward_core::Seed;

pub use bayes::NaiveBayes;
pub use counts::Counts;
pub use world::World;
pub(crate) use world::prior;

/// Conditions, five for each specialty.
pub const CONDITIONS: usize = SPECIALTIES * OF_SPECIALTY;
/// Specialties.
pub const SPECIALTIES: usize = 21;
/// Conditions of one specialty.
const OF_SPECIALTY: usize = 5;
/// Findings that a patient has or has not.
pub const FINDINGS: usize = 140;
/// Numbers in one row: a finding is there and was asked about; it was asked about.
pub const INPUTS: usize = 2 * FINDINGS;

/// How frequent each condition is.
pub(crate) type Prior = [f64; CONDITIONS];

/// The specialty of a condition.
pub(crate) fn specialty(condition: usize) -> usize {
    condition / OF_SPECIALTY
}

/// Makes patients of a clinic where conditions are as frequent as `prior` says: at `stream`, item
/// `case` of it.
pub(crate) fn patients(
    world: &World,
    prior: &Prior,
    asked: f64,
    stream: Seed,
) -> impl FnMut(u64, &mut [f32]) -> u8 {
    let mut up_to = 0.0;
    let cumulative = prior.map(|share| {
        up_to += share;
        up_to
    });
    let asked = threshold(asked);
    let chances = world.chances.iter().map(|chances| chances.map(threshold));
    let chances: Vec<[i64; FINDINGS]> = chances.collect();
    move |case, row| {
        let mut rng = stream.stream_of(case);
        let drawn = rng.random::<f64>() * up_to;
        let condition = cumulative.partition_point(|edge| *edge <= drawn);
        let condition = condition.min(CONDITIONS - 1);
        let (answers, questions) = row.split_at_mut(FINDINGS);
        let mut draws = [[0; 8]; FINDINGS];
        rng.fill_bytes(draws.as_flattened_mut());
        pulp::Arch::new().dispatch(Visit {
            draws: &draws,
            asked,
            chances: &chances[condition],
            answers,
            questions,
        });
        condition as u8
    }
}

/// One patient's findings from as many draws, several at a time.
struct Visit<'a> {
    draws: &'a [[u8; 8]; FINDINGS],
    asked: i64,
    chances: &'a [i64; FINDINGS],
    answers: &'a mut [f32],
    questions: &'a mut [f32],
}

impl pulp::NullaryFnOnce for Visit<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let written = self.answers.iter_mut().zip(self.questions);
        let findings = self.draws.iter().zip(self.chances);
        for ((answer, question), (draw, chance)) in written.zip(findings) {
            // One draw for both: its upper half is the question, its lower half the finding.
            let [question_draw, finding_draw] = halves(u64::from_le_bytes(*draw));
            let is_asked = question_draw < self.asked;
            *question = f32::from(u8::from(is_asked));
            *answer = f32::from(u8::from(is_asked & (finding_draw < *chance)));
        }
    }
}

fn halves(word: u64) -> [i64; 2] {
    [word >> 32, word & 0xffff_ffff].map(u64::cast_signed)
}

/// The bound below which a 32-bit draw falls with probability `share`.
fn threshold(share: f64) -> i64 {
    (share * 4_294_967_296.0).round() as i64
}

/// What the 280 numbers are called.
pub(crate) fn feature_names() -> Vec<String> {
    let names = |what: &'static str| (1..=FINDINGS).map(move |i| format!("finding {i} {what}"));
    names("is there").chain(names("was asked about")).collect()
}

#[cfg(test)]
mod tests;
