//! Updates of one round, checked one by one as they come in.

use std::collections::BTreeMap;

use ward_core::{Malformed, NodeId};

use crate::Value;

/// The updates of one round: one vector a node, all of one length, all finite. They are in order of
/// their nodes' ids, whatever the order in which they came.
#[derive(Debug, Clone)]
pub struct Updates<T> {
    len: usize,
    by_node: BTreeMap<NodeId, (Vec<T>, u64)>,
    reference: Option<Vec<T>>,
}

impl<T: Value> Updates<T> {
    /// No updates yet, of models of `len` parameters.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self {
            len,
            by_node: BTreeMap::new(),
            reference: None,
        }
    }

    /// Takes one node's update; `weight` counts only in rules that are told to believe it.
    /// A node's second update replaces its first.
    ///
    /// # Errors
    /// [`Malformed`] for another length, a number that is not finite as an `f32`, and no weight.
    pub fn insert(&mut self, node: NodeId, values: Vec<T>, weight: u64) -> Result<(), Malformed> {
        self.check(&values)?;
        if weight == 0 {
            let (got, most) = (weight, u64::MAX);
            return Err(Malformed::Weight { got, most });
        }
        self.by_node.insert(node, (values, weight));
        Ok(())
    }

    /// Sets the vector that [`Points::reference`](crate::Points::reference) stands for; without
    /// it, that is zero.
    ///
    /// # Errors
    /// As [`Self::insert`].
    pub fn refer_to(&mut self, values: Vec<T>) -> Result<(), Malformed> {
        self.check(&values)?;
        self.reference = Some(values);
        Ok(())
    }

    fn check(&self, values: &[T]) -> Result<(), Malformed> {
        if values.len() != self.len {
            return Err(Malformed::WrongLength {
                got: values.len() as u64,
                expected: self.len as u64,
            });
        }
        // Beyond `f32` squares would leave `f64`. A NaN is not within either.
        let finite = |v: &T| v.wide().abs() <= f64::from(f32::MAX);
        match values.iter().fold(true, |all, v| all & finite(v)) {
            true => Ok(()),
            false => Err(Malformed::NotFinite),
        }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.by_node.len()
    }

    /// How many numbers each has.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Their numbers, by node.
    pub(crate) fn rows(&self) -> Vec<&[T]> {
        let rows = self.by_node.values();
        rows.map(|(values, _)| values.as_slice()).collect()
    }

    /// The reference's numbers.
    pub(crate) fn reference(&self) -> Option<&[T]> {
        self.reference.as_deref()
    }

    /// The weights that their nodes claim, as shares of their sum.
    pub(crate) fn claimed(&self) -> Vec<f64> {
        let weights = self.by_node.values().map(|&(_, weight)| weight as f64);
        let total: f64 = weights.clone().sum();
        weights.map(|weight| weight / total).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_update_is_refused_with_its_reason() {
        let mut updates = Updates::new(3);
        for wrong in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let refused = updates.insert(NodeId(0), vec![0.0, wrong, 0.0], 1);
            assert_eq!(refused, Err(Malformed::NotFinite));
        }
        let (got, expected) = (2, 3);
        assert_eq!(
            updates.insert(NodeId(0), vec![0.0; 2], 1),
            Err(Malformed::WrongLength { got, expected })
        );
        assert!(matches!(
            updates.insert(NodeId(0), vec![0.0; 3], 0),
            Err(Malformed::Weight { got: 0, .. })
        ));
        assert_eq!(updates.count(), 0);
        // In f64 too, numbers end where those of a run do.
        let mut wide = Updates::new(1);
        assert_eq!(
            wide.insert(NodeId(0), vec![1e39_f64], 1),
            Err(Malformed::NotFinite)
        );
    }
}
