//! What left one hospital and what reached it, by kind of message.

use std::collections::BTreeMap;
use std::iter::Sum;

/// Messages counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// How many messages.
    pub messages: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Tensors among them.
    pub tensors: u64,
}

impl Sum for Traffic {
    fn sum<I: Iterator<Item = Self>>(parts: I) -> Self {
        parts.fold(Self::default(), |all, part| Self {
            messages: all.messages.saturating_add(part.messages),
            bytes: all.bytes.saturating_add(part.bytes),
            tensors: all.tensors.saturating_add(part.tensors),
        })
    }
}

/// One direction, by kind of message: `upload`, `evaluation`, `train` and so on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ByKind(pub BTreeMap<String, Traffic>);

impl ByKind {
    /// Counts one message.
    pub(super) fn add(&mut self, kind: &str, bytes: u64, tensors: u64) {
        if !self.0.contains_key(kind) {
            self.0.insert(kind.to_owned(), Traffic::default());
        }
        if let Some(traffic) = self.0.get_mut(kind) {
            traffic.messages = traffic.messages.saturating_add(1);
            traffic.bytes = traffic.bytes.saturating_add(bytes);
            traffic.tensors = traffic.tensors.saturating_add(tensors);
        }
    }

    /// Counts another hospital's messages too.
    pub fn merge(&mut self, other: &Self) {
        for (kind, traffic) in &other.0 {
            let sum = [self.of(kind), *traffic].into_iter().sum();
            self.0.insert(kind.clone(), sum);
        }
    }

    /// All kinds together.
    #[must_use]
    pub fn total(&self) -> Traffic {
        self.0.values().copied().sum()
    }

    /// The messages of one kind.
    #[must_use]
    pub fn of(&self, kind: &str) -> Traffic {
        self.0.get(kind).copied().unwrap_or_default()
    }
}

/// The traffic of one hospital, seen from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NodeLedger {
    /// What left it.
    pub sent: ByKind,
    /// What reached it.
    pub received: ByKind,
}

/// What the search of everything that one hospital sent, for its own training rows, found.
/// A resumed run is searched in parts: messages, bytes and finds add up, the rows are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Audit {
    /// Messages searched.
    pub messages: u64,
    /// Bytes searched.
    pub bytes: u64,
    /// Training rows searched for.
    pub rows: u64,
    /// How many were found.
    pub found: u64,
}

impl Audit {
    /// This audit and a later one of the same hospital.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        Self {
            rows: self.rows.max(later.rows),
            ..self.with(later)
        }
    }

    /// This audit and another hospital's.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            messages: self.messages.saturating_add(other.messages),
            bytes: self.bytes.saturating_add(other.bytes),
            rows: self.rows.saturating_add(other.rows),
            found: self.found.saturating_add(other.found),
        }
    }
}
