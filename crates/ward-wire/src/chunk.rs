//! Tensors in pieces: cut in order, put together in order, anything else refused with its reason.

use bytes::Bytes;
use ward_core::{Digest, WordWidth};

use crate::tensor::{Dtype, Manifest, Tensor};
use crate::unreadable::Unreadable;
use crate::{CHUNK_BYTES, proto};

/// Why a chunk, or a tensor, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChunkRefusal {
    /// A tensor that nobody waits for. Known before a byte of it is stored.
    #[error(
        "a tensor of {got_count} {got_dtype:?} was announced, {expected_count} {expected_dtype:?} \
         fit the model"
    )]
    Unexpected {
        /// Numbers announced.
        got_count: u64,
        /// Of this kind.
        got_dtype: Dtype,
        /// Numbers that fit.
        expected_count: u64,
        /// Of this kind.
        expected_dtype: Dtype,
    },
    /// A chunk of another tensor than the one under way.
    #[error("the chunk belongs to tensor {}, {} is under way", .got.short(), .expected.short())]
    AnotherTensor {
        /// What arrived.
        got: Digest,
        /// What is under way.
        expected: Digest,
    },
    /// Nothing in it.
    #[error("a chunk without data")]
    Empty,
    /// More in it than a chunk may carry.
    #[error("a chunk of {got} bytes; {CHUNK_BYTES} are allowed")]
    Overlong {
        /// Bytes in it.
        got: usize,
    },
    /// A chunk that has been there before.
    #[error("a repeated chunk: offset {offset}, {held} bytes are held; go on from there")]
    Repeated {
        /// Where it says it belongs.
        offset: u64,
        /// Bytes held.
        held: u64,
    },
    /// A chunk from further on.
    #[error("a chunk out of order: offset {offset}, only {held} bytes are held; go on from there")]
    OutOfOrder {
        /// Where it says it belongs.
        offset: u64,
        /// Bytes held.
        held: u64,
    },
    /// A chunk that reaches past the end of the tensor.
    #[error("a chunk up to byte {end} of a tensor of {total} bytes")]
    PastTheEnd {
        /// Where it ends.
        end: u64,
        /// Where the tensor ends.
        total: u64,
    },
    /// The stream ended early.
    #[error("a truncated tensor: {held} of {total} bytes came; go on from there")]
    Truncated {
        /// Bytes held.
        held: u64,
        /// Bytes announced.
        total: u64,
    },
    /// All bytes came and they are others than announced.
    #[error("the tensor's bytes have hash {}, {} was announced", .got.short(), .expected.short())]
    Hash {
        /// Of the bytes that came.
        got: Digest,
        /// In the manifest.
        expected: Digest,
    },
}

/// The only kind and number of numbers that a receiver has use for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    /// Of this kind.
    pub dtype: Dtype,
    /// So many: the parameters of the model.
    pub count: u64,
}

impl Expected {
    /// Parameters of a model of `count` parameters.
    #[must_use]
    pub fn params(count: u64) -> Self {
        let dtype = Dtype::F32;
        Self { dtype, count }
    }

    /// So many ring words of a width.
    #[must_use]
    pub fn words(count: u64, width: WordWidth) -> Self {
        let dtype = match width {
            WordWidth::Narrow => Dtype::U32,
            WordWidth::Wide => Dtype::U64,
        };
        Self { dtype, count }
    }

    /// Checks an announcement, before anything is allocated for it.
    ///
    /// # Errors
    /// [`ChunkRefusal::Unexpected`] names both sizes.
    pub fn admits(&self, manifest: &Manifest) -> Result<(), ChunkRefusal> {
        if manifest.dtype == self.dtype && manifest.count == self.count {
            return Ok(());
        }
        Err(ChunkRefusal::Unexpected {
            got_count: manifest.count,
            got_dtype: manifest.dtype,
            expected_count: self.count,
            expected_dtype: self.dtype,
        })
    }
}

/// The chunks of `tensor` from byte `offset` on; none when `offset` is its end or beyond.
pub fn chunks(tensor: &Tensor, offset: u64) -> impl Iterator<Item = proto::TensorChunk> + use<> {
    let manifest = proto::TensorManifest::from(tensor.manifest());
    let data = tensor.data().clone();
    let first = usize::try_from(offset).unwrap_or(usize::MAX);
    (first..data.len())
        .step_by(CHUNK_BYTES)
        .map(move |from| proto::TensorChunk {
            manifest: Some(manifest.clone()),
            offset: from as u64,
            data: data.slice(from..data.len().min(from + CHUNK_BYTES)),
        })
}

/// Puts one tensor together. It can outlive the stream that began it.
#[derive(Debug)]
pub struct Reassembler {
    manifest: Manifest,
    data: Vec<u8>,
}

impl Reassembler {
    /// A tensor of which nothing has come.
    ///
    /// # Errors
    /// [`ChunkRefusal::Unexpected`] unless it is the size that is expected.
    pub fn new(manifest: Manifest, expected: Expected) -> Result<Self, ChunkRefusal> {
        expected.admits(&manifest)?;
        Ok(Self {
            manifest,
            data: Vec::new(),
        })
    }

    /// What is being put together.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Bytes held: where the next chunk must begin.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.data.len() as u64
    }

    /// Whether every byte is there.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.held() == self.manifest.total()
    }

    /// Takes the next chunk. A refused chunk changes nothing.
    ///
    /// # Errors
    /// [`Unreadable`] says what is wrong with it.
    pub fn accept(&mut self, chunk: proto::TensorChunk) -> Result<(), Unreadable> {
        let manifest: Manifest = chunk
            .manifest
            .ok_or(Unreadable::Missing("chunk.manifest"))?
            .try_into()?;
        if manifest != self.manifest {
            let (got, expected) = (manifest.hash, self.manifest.hash);
            return Err(ChunkRefusal::AnotherTensor { got, expected }.into());
        }
        self.place(chunk.offset, &chunk.data).map_err(Into::into)
    }

    fn place(&mut self, offset: u64, data: &Bytes) -> Result<(), ChunkRefusal> {
        let (held, total) = (self.held(), self.manifest.total());
        let end = offset.saturating_add(data.len() as u64);
        if data.is_empty() {
            return Err(ChunkRefusal::Empty);
        }
        if data.len() > CHUNK_BYTES {
            return Err(ChunkRefusal::Overlong { got: data.len() });
        }
        if offset < held {
            return Err(ChunkRefusal::Repeated { offset, held });
        }
        if offset > held {
            return Err(ChunkRefusal::OutOfOrder { offset, held });
        }
        if end > total {
            return Err(ChunkRefusal::PastTheEnd { end, total });
        }
        if self.data.is_empty() {
            // The size was checked against what the receiver expects when this began.
            self.data
                .reserve_exact(usize::try_from(total).unwrap_or(CHUNK_BYTES));
        }
        self.data.extend_from_slice(data);
        Ok(())
    }

    /// The tensor.
    ///
    /// # Errors
    /// [`ChunkRefusal::Truncated`] when bytes are missing, [`ChunkRefusal::Hash`] when they are
    /// not the ones announced.
    pub fn finish(self) -> Result<Tensor, ChunkRefusal> {
        if !self.is_full() {
            let (held, total) = (self.held(), self.manifest.total());
            return Err(ChunkRefusal::Truncated { held, total });
        }
        let (got, expected) = (Digest::of(&self.data), self.manifest.hash);
        if got != expected {
            return Err(ChunkRefusal::Hash { got, expected });
        }
        Ok(Tensor::checked(self.manifest, self.data.into()))
    }
}
