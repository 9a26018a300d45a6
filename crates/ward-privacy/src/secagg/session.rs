//! What one session of secure aggregation is about, and its id: the salt of every key and a part of
//! everything signed.
//!
//! Both sides compute the id themselves, a node from the model's numbers that it received. Nodes that
//! were shown different models are in different sessions, and nothing of one fits another (Pasquini et
//! al. 2022, arXiv:2111.07380). `docs/secagg.md` fixes the bytes.

use std::fmt;

use sha2::{Digest as _, Sha256};
use ward_core::{MaskSuite, NodeId, RingSpec, RoundId, Weighting, WordWidth};

use super::shape::Shape;

/// Words that an upload carries behind its own: its weight and its weighted loss.
pub const TRAILERS: usize = 2;

/// The id of a session: SHA-256 of everything it is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionId(pub [u8; 32]);

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, ..] = self.0;
        write!(f, "SessionId({a:02x}{b:02x}{c:02x}{d:02x})")
    }
}

/// How words are masked and what of them the sum must hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MaskingParams {
    /// Which cipher.
    pub suite: MaskSuite,
    /// How wide masked words are.
    pub width: WordWidth,
    /// The ring of words.
    pub ring: RingSpec,
    /// How updates count.
    pub weighting: Weighting,
    /// Words of an upload, extras included, weight and loss not.
    pub length: u64,
    /// How many uploads the sum must hold at least.
    pub min_survivors: u32,
}

/// Everything that a session is about.
#[derive(Debug, Clone, PartialEq)]
pub struct SessionInputs {
    /// The federation's name.
    pub federation: String,
    /// The run's name or id, as text.
    pub job: String,
    /// The round.
    pub round: RoundId,
    /// Which try at it.
    pub attempt: u32,
    /// [`model_digest`] of the numbers received: model and extras.
    pub model: [u8; 32],
    /// SHA-256 of the order to train, in the form in which it travels.
    pub task: [u8; 32],
    /// How words are masked.
    pub params: MaskingParams,
    /// The roster's digest.
    pub roster: [u8; 32],
    /// Everybody asked (U0), in ascending order.
    pub cohort: Vec<NodeId>,
}

impl SessionId {
    /// The id of the session about `inputs`; `None` where a cohort of that size has none.
    #[must_use]
    pub fn of(inputs: &SessionInputs) -> Option<Self> {
        Shape::of(inputs.cohort.len()).map(|shape| Self::shaped(inputs, &shape))
    }

    pub(crate) fn shaped(inputs: &SessionInputs, shape: &Shape) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"fl-secagg/1/session");
        for text in [&inputs.federation, &inputs.job] {
            hash.update((text.len() as u64).to_le_bytes());
            hash.update(text);
        }
        hash.update(u64::from(inputs.round.0).to_le_bytes());
        hash.update(inputs.attempt.to_le_bytes());
        hash.update(inputs.model);
        hash.update(inputs.task);
        hash.update(params_digest(&inputs.params, shape));
        hash.update(inputs.roster);
        update_ids(&mut hash, &inputs.cohort);
        Self(hash.finalize().into())
    }
}

fn params_digest(params: &MaskingParams, shape: &Shape) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"fl-secagg/1/params");
    let suite = match params.suite {
        MaskSuite::ChaCha20 => 1,
        MaskSuite::Aes256Ctr => 2,
    };
    let weighting = match params.weighting {
        Weighting::Examples => 1,
        Weighting::Uniform => 2,
    };
    // The last byte: no noise.
    hash.update([suite, params.width.bits() as u8, weighting, 0]);
    hash.update(params.ring.fraction_bits.to_le_bytes());
    hash.update(params.ring.range.to_bits().to_le_bytes());
    hash.update(params.ring.most_weight.to_le_bytes());
    hash.update(params.length.to_le_bytes());
    for count in [shape.neighbours, shape.threshold, shape.quorum] {
        hash.update((count as u32).to_le_bytes());
    }
    hash.update(params.min_survivors.to_le_bytes());
    hash.finalize().into()
}

/// SHA-256 of a model's numbers, bit for bit.
#[must_use]
pub fn model_digest(numbers: &[f32]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(b"fl-secagg/1/model");
    hash.update((numbers.len() as u64).to_le_bytes());
    let mut bytes = [[0; 4]; 2_048];
    for block in numbers.chunks(bytes.len()) {
        let both = bytes.iter_mut().zip(block);
        both.for_each(|(bytes, number)| *bytes = number.to_bits().to_le_bytes());
        hash.update(bytes[..block.len()].as_flattened());
    }
    hash.finalize().into()
}

/// The number of ids and each of them, 4 bytes each.
pub(crate) fn update_ids(hash: &mut Sha256, ids: &[NodeId]) {
    hash.update((ids.len() as u32).to_le_bytes());
    for id in ids {
        hash.update(id.0.to_le_bytes());
    }
}
