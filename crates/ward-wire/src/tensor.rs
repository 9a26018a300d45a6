//! Tensors as little-endian bytes, named by their hash.

use bytes::Bytes;
use ward_core::secagg::MaskedWords;
use ward_core::{Digest, Params};

use crate::proto;
use crate::unreadable::{Unreadable, array};

/// What the numbers of a tensor are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dtype {
    /// Parameters: `f32`.
    F32,
    /// Ring words: `u64`.
    U64,
    /// Narrow ring words, under masks: `u32`.
    U32,
}

impl Dtype {
    /// Bytes of one number.
    #[must_use]
    pub fn size(self) -> u64 {
        match self {
            Self::F32 | Self::U32 => 4,
            Self::U64 => 8,
        }
    }
}

/// What a tensor is, before any of it is seen. Its size in bytes is known to fit 64 bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manifest {
    /// What its numbers are.
    pub dtype: Dtype,
    /// How many it has; at least 1.
    pub count: u64,
    /// BLAKE3 of its bytes.
    pub hash: Digest,
}

impl Manifest {
    /// How many bytes the tensor has.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.count.saturating_mul(self.dtype.size())
    }
}

impl From<&Manifest> for proto::TensorManifest {
    fn from(manifest: &Manifest) -> Self {
        let dtype = match manifest.dtype {
            Dtype::F32 => proto::Dtype::F32,
            Dtype::U64 => proto::Dtype::U64,
            Dtype::U32 => proto::Dtype::U32,
        };
        Self {
            dtype: dtype.into(),
            count: manifest.count,
            total_bytes: manifest.total(),
            hash: Bytes::copy_from_slice(&manifest.hash.0),
        }
    }
}

impl TryFrom<proto::TensorManifest> for Manifest {
    type Error = Unreadable;

    fn try_from(message: proto::TensorManifest) -> Result<Self, Unreadable> {
        let dtype = match message.dtype() {
            proto::Dtype::F32 => Dtype::F32,
            proto::Dtype::U64 => Dtype::U64,
            proto::Dtype::U32 => Dtype::U32,
            proto::Dtype::Unspecified => {
                return Err(Unreadable::Unknown {
                    field: "manifest.dtype",
                    got: message.dtype,
                });
            }
        };
        if message.count == 0 {
            return Err(Unreadable::OutOfRange {
                field: "manifest.count",
                got: "0".to_owned(),
                range: "1 or more",
            });
        }
        if message.count.checked_mul(dtype.size()) != Some(message.total_bytes) {
            return Err(Unreadable::Total {
                count: message.count,
                size: dtype.size(),
                total: message.total_bytes,
            });
        }
        Ok(Self {
            dtype,
            count: message.count,
            hash: Digest(array("manifest.hash", &message.hash)?),
        })
    }
}

/// A whole tensor: its bytes are those that its manifest names.
#[derive(Clone, PartialEq)]
pub struct Tensor {
    manifest: Manifest,
    data: Bytes,
}

impl std::fmt::Debug for Tensor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tensor({:?}, redacted)", self.manifest)
    }
}

impl Tensor {
    /// The parameters of a model; `data` is 4 bytes each.
    #[must_use]
    pub fn of_params(params: &Params) -> Self {
        Self::hashed(Dtype::F32, params.0.len(), params.to_le_bytes())
    }

    /// The words of a sealed update; `data` is 8 bytes each.
    #[must_use]
    pub fn of_words(words: &[u64]) -> Self {
        let bytes = words.iter().flat_map(|w| w.to_le_bytes()).collect();
        Self::hashed(Dtype::U64, words.len(), bytes)
    }

    /// The words of an update under masks; `data` is 4 or 8 bytes each.
    #[must_use]
    pub fn of_masked(words: &MaskedWords) -> Self {
        match words {
            MaskedWords::Narrow(words) => {
                let bytes = words.iter().flat_map(|w| w.to_le_bytes()).collect();
                Self::hashed(Dtype::U32, words.len(), bytes)
            }
            MaskedWords::Wide(words) => Self::of_words(words),
        }
    }

    fn hashed(dtype: Dtype, count: usize, bytes: Vec<u8>) -> Self {
        let manifest = Manifest {
            dtype,
            count: count as u64,
            hash: Digest::of(&bytes),
        };
        Self {
            manifest,
            data: bytes.into(),
        }
    }

    /// A tensor whose hash and length have been checked by the caller.
    pub(crate) fn checked(manifest: Manifest, data: Bytes) -> Self {
        Self { manifest, data }
    }

    /// What it is.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its bytes, little-endian.
    #[must_use]
    pub fn data(&self) -> &Bytes {
        &self.data
    }

    /// Its numbers as parameters.
    ///
    /// # Errors
    /// [`Unreadable::Dtype`] when they are not `f32`.
    pub fn params(&self) -> Result<Params, Unreadable> {
        self.must_be(Dtype::F32)?;
        let (numbers, _) = self.data.as_chunks::<4>();
        Ok(Params(
            numbers.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        ))
    }

    /// Its numbers as ring words.
    ///
    /// # Errors
    /// [`Unreadable::Dtype`] when they are not `u64`.
    pub fn words(&self) -> Result<Vec<u64>, Unreadable> {
        self.must_be(Dtype::U64)?;
        let (numbers, _) = self.data.as_chunks::<8>();
        Ok(numbers.iter().map(|b| u64::from_le_bytes(*b)).collect())
    }

    /// Its numbers as masked words, narrow or wide.
    ///
    /// # Errors
    /// [`Unreadable::Dtype`] when they are neither `u32` nor `u64`.
    pub fn masked(&self) -> Result<MaskedWords, Unreadable> {
        if self.manifest.dtype != Dtype::U32 {
            return self.words().map(MaskedWords::Wide);
        }
        let (numbers, _) = self.data.as_chunks::<4>();
        let words = numbers.iter().map(|b| u32::from_le_bytes(*b));
        Ok(MaskedWords::Narrow(words.collect()))
    }

    fn must_be(&self, expected: Dtype) -> Result<(), Unreadable> {
        if self.manifest.dtype == expected {
            return Ok(());
        }
        let got = self.manifest.dtype;
        Err(Unreadable::Dtype { got, expected })
    }
}
