//! How updates are hidden in their sum.

use std::path::Path;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ward_core::{MaskSuite, WordWidth};
use ward_privacy::secagg::Roster;
use ward_round::Masking;

/// Updates travel under masks that cancel in the sum: the coordinator learns that and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecureAggregationConfig {
    /// What masks are expanded with: `chacha20` (default) or `aes-256-ctr`.
    #[schemars(with = "MaskSuiteSchema")]
    pub suite: MaskSuite,
    /// Bits of a masked word, 64 (default) or 32. With 32 an update takes half the bytes and half the
    /// masks, as many as in the clear at single precision, where the sum of a round fits: most often
    /// with `round.weight = "uniform"`.
    pub word_bits: u32,
    /// The fewest updates that a sum may hold, at least 3. Default 3. The protocol's own threshold,
    /// above two thirds of those asked, holds as well.
    pub min_survivors: u32,
    /// The groups that the hospitals of a round are dealt into, anew each round, of at least 4 each.
    /// Each has a sum of its own, and a strategy that must see each update sees the mean of each group
    /// instead; so does the coordinator. Default 1: one sum over all.
    pub groups: u32,
    /// The signed list of everybody's keys, relative to this file, where hospitals are deployed by
    /// hand: `wardround roster` makes it. `run` and `up` make one of their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roster: Option<String>,
}

impl Default for SecureAggregationConfig {
    fn default() -> Self {
        Self {
            suite: MaskSuite::default(),
            word_bits: WordWidth::Wide.bits(),
            min_survivors: 3,
            groups: 1,
            roster: None,
        }
    }
}

impl SecureAggregationConfig {
    /// The same, with its path no longer relative to `folder`.
    pub(crate) fn anchored(&self, folder: &Path) -> Self {
        let roster = self.roster.as_ref();
        Self {
            roster: roster.map(|path| folder.join(path).display().to_string()),
            ..self.clone()
        }
    }

    /// How wide masked words are; a checked config has one of two.
    #[must_use]
    pub fn width(&self) -> WordWidth {
        match self.word_bits == WordWidth::Narrow.bits() {
            true => WordWidth::Narrow,
            false => WordWidth::Wide,
        }
    }

    /// The engine's words for it, with everybody's keys.
    #[must_use]
    pub fn masking(&self, (roster, attempt): (Arc<Roster>, u32)) -> Masking {
        Masking {
            suite: self.suite,
            width: self.width(),
            attempt,
            min_survivors: self.min_survivors,
            groups: self.groups as usize,
            roster,
        }
    }
}

/// The words of [`MaskSuite`], for the schema.
#[derive(JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(
    dead_code,
    reason = "a description of ward_core::MaskSuite, which knows no schema"
)]
enum MaskSuiteSchema {
    /// Constant time everywhere.
    #[serde(rename = "chacha20")]
    ChaCha20,
    /// Faster where the processor has AES instructions.
    #[serde(rename = "aes-256-ctr")]
    Aes256Ctr,
}
