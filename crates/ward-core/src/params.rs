//! A model's numbers: one flat vector of `f32`, and a layout that names its pieces.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::Digest;

/// One named tensor of a layout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TensorSpec {
    /// Its name, for example `dense1.weight`.
    pub name: String,
    /// Its shape, outermost dimension first.
    pub shape: Vec<usize>,
}

impl TensorSpec {
    /// How many numbers the tensor holds.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shape.iter().product()
    }
}

/// Names and shapes of a model's tensors, in the order in which [`Params`] holds them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Layout {
    /// The tensors, first to last.
    pub tensors: Vec<TensorSpec>,
}

impl Layout {
    /// How many numbers a model of this layout holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tensors.iter().map(TensorSpec::count).sum()
    }

    /// Whether the layout holds no number at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where in [`Params`] the tensor called `name` stands; `None` where there is none.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<Range<usize>> {
        let mut start = 0;
        for tensor in &self.tensors {
            let end = start + tensor.count();
            if tensor.name == name {
                return Some(start..end);
            }
            start = end;
        }
        None
    }

    /// The layout of so many models of this layout, one after the other. Of several, each name begins
    /// with its model's: `cluster2.dense1.weight`.
    #[must_use]
    pub fn of_models(&self, models: usize) -> Self {
        if models == 1 {
            return self.clone();
        }
        let of_model = |model: usize| {
            self.tensors.iter().map(move |tensor| TensorSpec {
                name: format!("cluster{model}.{}", tensor.name),
                shape: tensor.shape.clone(),
            })
        };
        Self {
            tensors: (1..=models).flat_map(of_model).collect(),
        }
    }

    /// The layout of a model of this layout for each of `names`, one after the other; each tensor's name
    /// begins with its model's.
    #[must_use]
    pub fn of_named<'a>(&self, names: impl IntoIterator<Item = &'a String>) -> Self {
        let of_model = |model: &'a String| {
            self.tensors.iter().map(move |tensor| TensorSpec {
                name: format!("{model}.{}", tensor.name),
                shape: tensor.shape.clone(),
            })
        };
        Self {
            tensors: names.into_iter().flat_map(of_model).collect(),
        }
    }

    /// The digest of names and shapes: two models with equal digests can be averaged.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::new();
        for tensor in &self.tensors {
            bytes.extend((tensor.name.len() as u64).to_le_bytes());
            bytes.extend(tensor.name.as_bytes());
            bytes.extend((tensor.shape.len() as u64).to_le_bytes());
            tensor
                .shape
                .iter()
                .for_each(|&d| bytes.extend((d as u64).to_le_bytes()));
        }
        Digest::of(&bytes)
    }
}

/// A model: flat numbers, to be read with the run's [`Layout`]. Where a run has several, all of them,
/// one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(transparent)]
pub struct Params(pub Vec<f32>);

impl Params {
    /// The numbers as little-endian bytes, as they are stored, sent and hashed.
    #[must_use]
    pub fn to_le_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|v| v.to_le_bytes()).collect()
    }

    /// The digest of the numbers: the `model_digest` of a run.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.to_le_bytes())
    }
}

/// What local training or a round changed: after minus before. One sign everywhere.
#[derive(Clone, PartialEq, Default)]
pub struct Delta(pub Vec<f32>);

impl Delta {
    /// The Euclidean norm, summed in `f64`.
    #[must_use]
    pub fn norm(&self) -> f64 {
        self.0
            .iter()
            .map(|&v| f64::from(v) * f64::from(v))
            .sum::<f64>()
            .sqrt()
    }
}

impl std::fmt::Debug for Delta {
    /// A delta may be one hospital's: its numbers are not printed.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Delta({} values, redacted)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_layout_digest_sees_names_and_shapes() {
        let layout = |name: &str, shape: &[usize]| Layout {
            tensors: vec![TensorSpec {
                name: name.into(),
                shape: shape.into(),
            }],
        };
        assert_eq!(layout("w", &[2, 3]).len(), 6);
        assert_eq!(layout("w", &[2, 3]).digest(), layout("w", &[2, 3]).digest());
        assert_ne!(layout("w", &[2, 3]).digest(), layout("w", &[3, 2]).digest());
        assert_ne!(layout("w", &[2, 3]).digest(), layout("v", &[2, 3]).digest());
    }

    #[test]
    fn several_models_are_named_and_one_is_as_it_was() {
        let layout = Layout {
            tensors: vec![TensorSpec {
                name: "w".into(),
                shape: vec![2],
            }],
        };
        assert_eq!(layout.of_models(1), layout);
        let two = layout.of_models(2);
        assert_eq!(two.place("cluster1.w"), Some(0..2));
        assert_eq!(two.place("cluster2.w"), Some(2..4));
    }

    #[test]
    fn a_delta_does_not_print_its_numbers() {
        assert_eq!(
            format!("{:?}", Delta(vec![0.5; 3])),
            "Delta(3 values, redacted)"
        );
    }
}
