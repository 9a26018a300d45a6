//! Why a message cannot be read: which field, what was found, what is needed.

use bytes::Bytes;
use prost::Message;
use ward_core::{Digest, Malformed};

use crate::{ChunkRefusal, Dtype};

/// A message that is not what the protocol says it is.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Unreadable {
    /// Not protobuf, or another message.
    #[error("not a {message} message: {reason}")]
    Undecodable {
        /// The message that was expected.
        message: &'static str,
        /// What the decoder says.
        reason: String,
    },
    /// A required field is absent.
    #[error("field `{0}` is missing")]
    Missing(&'static str),
    /// A field of bytes has another length than it must.
    #[error("field `{field}` has {got} bytes, {expected} are needed")]
    Length {
        /// Which field.
        field: &'static str,
        /// What arrived.
        got: usize,
        /// What fits.
        expected: usize,
    },
    /// Packed numbers whose bytes are not a whole number of them.
    #[error("field `{field}` has {got} bytes, not a multiple of {unit}")]
    Ragged {
        /// Which field.
        field: &'static str,
        /// What arrived.
        got: usize,
        /// Bytes of one number.
        unit: usize,
    },
    /// Two fields that belong together differ in length.
    #[error("`{first}` has {one} values and `{second}` has {other}: they must be as many")]
    Unequal {
        /// The first field.
        first: &'static str,
        /// Its values.
        one: usize,
        /// The second field.
        second: &'static str,
        /// Its values.
        other: usize,
    },
    /// An enumeration's number that this version does not know, or 0.
    #[error("field `{field}` is {got}, which names nothing in protocol version 1")]
    Unknown {
        /// Which field.
        field: &'static str,
        /// What arrived.
        got: i32,
    },
    /// A NaN or an infinity.
    #[error("field `{0}` is not a finite number")]
    NotFinite(&'static str),
    /// A number outside what the field may hold.
    #[error("field `{field}` is {got}, which must be {range}")]
    OutOfRange {
        /// Which field.
        field: &'static str,
        /// What arrived.
        got: String,
        /// What fits.
        range: &'static str,
    },
    /// A text longer than the field may hold.
    #[error("field `{field}` has {got} bytes, {most} are allowed")]
    TooLong {
        /// Which field.
        field: &'static str,
        /// What arrived.
        got: usize,
        /// What fits.
        most: usize,
    },
    /// A metric named twice.
    #[error("metric `{0}` is given twice")]
    MetricTwice(String),
    /// A manifest that contradicts itself.
    #[error("the manifest says {count} numbers of {size} bytes and {total} bytes in all")]
    Total {
        /// Numbers.
        count: u64,
        /// Bytes of one.
        size: u64,
        /// Bytes claimed.
        total: u64,
    },
    /// A tensor of other numbers than the message needs.
    #[error("the tensor holds {got:?}, {expected:?} is needed")]
    Dtype {
        /// What arrived.
        got: Dtype,
        /// What fits.
        expected: Dtype,
    },
    /// A tensor of another length than the model has.
    #[error("the tensor has {got} numbers, the model has {expected}")]
    Count {
        /// What arrived.
        got: u64,
        /// What fits.
        expected: u64,
    },
    /// The tensor that a message names is not there.
    #[error("tensor {} is not here; push it first", .0.short())]
    TensorMissing(Digest),
    /// A tensor beside a message that names none.
    #[error("tensor {} is here, and the message names none", .0.short())]
    TensorUnnamed(Digest),
    /// A stream of chunks that does not make the tensor.
    #[error(transparent)]
    Chunk(#[from] ChunkRefusal),
}

impl From<Unreadable> for Malformed {
    fn from(unreadable: Unreadable) -> Self {
        match unreadable {
            Unreadable::NotFinite(_) => Self::NotFinite,
            Unreadable::Count { got, expected } => Self::WrongLength { got, expected },
            other => Self::Unreadable(other.to_string()),
        }
    }
}

/// Decodes one protobuf message; `bytes` fields are slices of `bytes`.
///
/// # Errors
/// [`Unreadable::Undecodable`] names `M` and the decoder's reason.
pub fn decode<M: Message + Default>(bytes: Bytes) -> Result<M, Unreadable> {
    M::decode(bytes).map_err(|error| {
        let name = std::any::type_name::<M>();
        Unreadable::Undecodable {
            message: name.rsplit("::").next().unwrap_or(name),
            reason: error.to_string(),
        }
    })
}

/// A field of exactly `N` bytes.
pub(crate) fn array<const N: usize>(
    field: &'static str,
    bytes: &[u8],
) -> Result<[u8; N], Unreadable> {
    bytes.try_into().map_err(|_| Unreadable::Length {
        field,
        got: bytes.len(),
        expected: N,
    })
}

/// A finite `f64`.
pub(crate) fn finite(field: &'static str, value: f64) -> Result<f64, Unreadable> {
    if value.is_finite() {
        Ok(value)
    } else {
        Err(Unreadable::NotFinite(field))
    }
}

/// A finite `f32`.
pub(crate) fn finite32(field: &'static str, value: f32) -> Result<f32, Unreadable> {
    finite(field, f64::from(value)).map(|_| value)
}
