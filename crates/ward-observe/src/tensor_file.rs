//! A model as a safetensors file: each tensor by name, so that any tool can read it.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, View};
use ward_core::{Digest, Layout, Params, TensorSpec};

use crate::file::{FileError, read_whole, write_whole};

/// The key under which the digest of the flat parameters stands in the file's header.
const DIGEST_KEY: &str = "model_digest";

/// Why a model file could not be written or is not the model expected.
#[derive(Debug, thiserror::Error)]
pub enum TensorError {
    /// The file itself.
    #[error(transparent)]
    File(#[from] FileError),
    /// As many numbers as the layout has are needed.
    #[error("the model has {got} numbers, its layout has {expected}")]
    WrongLength {
        /// Numbers given.
        got: usize,
        /// Numbers of the layout.
        expected: usize,
    },
    /// Two tensors of the layout have one name.
    #[error("two tensors of the layout are called `{0}`")]
    SameName(String),
    /// The layout has a tensor that the file lacks.
    #[error("`{}` has no tensor `{name}`; it is a model of another layout", path.display())]
    MissingTensor {
        /// Which file.
        path: PathBuf,
        /// Which tensor.
        name: String,
    },
    /// The file has a tensor that the layout lacks.
    #[error("`{}` has a tensor `{name}` that the layout does not know", path.display())]
    UnknownTensor {
        /// Which file.
        path: PathBuf,
        /// Which tensor.
        name: String,
    },
    /// A tensor of another shape or number type.
    #[error("`{}`: tensor `{name}` is {got}, the layout has {expected}", path.display())]
    WrongShape {
        /// Which file.
        path: PathBuf,
        /// Which tensor.
        name: String,
        /// Type and shape in the file.
        got: String,
        /// Type and shape of the layout.
        expected: String,
    },
    /// The numbers are not the ones that were saved.
    #[error("`{}` is damaged: its numbers have digest {got}, its header says {expected}", path.display())]
    WrongDigest {
        /// Which file.
        path: PathBuf,
        /// Digest of the numbers read.
        got: String,
        /// Digest in the header.
        expected: String,
    },
}

struct Slice<'a> {
    shape: &'a [usize],
    bytes: &'a [u8],
}

impl View for Slice<'_> {
    fn dtype(&self) -> Dtype {
        Dtype::F32
    }
    fn shape(&self) -> &[usize] {
        self.shape
    }
    fn data(&self) -> Cow<'_, [u8]> {
        self.bytes.into()
    }
    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Saves `params` under the names and shapes of `layout`. Equal models give equal bytes.
///
/// # Errors
/// [`TensorError`] when params and layout do not fit, or the system refuses.
pub fn save_params(path: &Path, params: &Params, layout: &Layout) -> Result<(), TensorError> {
    let expected = layout.len();
    if params.0.len() != expected {
        return Err(TensorError::WrongLength {
            got: params.0.len(),
            expected,
        });
    }
    let mut names = BTreeSet::new();
    if let Some(twice) = layout.tensors.iter().find(|t| !names.insert(&t.name)) {
        return Err(TensorError::SameName(twice.name.clone()));
    }
    let flat = params.to_le_bytes();
    let mut rest = flat.as_slice();
    let tensors = layout.tensors.iter().map(|tensor| {
        let (bytes, after) = rest.split_at(4 * tensor.count());
        rest = after;
        let shape = &tensor.shape;
        (tensor.name.as_str(), Slice { shape, bytes })
    });
    let header = HashMap::from([(DIGEST_KEY.to_owned(), params.digest().to_string())]);
    let file = safetensors::serialize(tensors, Some(header))
        .map_err(|error| FileError::broken(path, error))?;
    Ok(write_whole(path, &file)?)
}

/// Loads a model of `layout`: every tensor must be there with its shape, and no other.
///
/// # Errors
/// [`TensorError`] says which tensor does not fit, or that the numbers were changed.
pub fn load_params(path: &Path, layout: &Layout) -> Result<Params, TensorError> {
    let bytes = read_whole(path)?;
    let broken = |error| FileError::broken(path, error);
    let (_, header) = SafeTensors::read_metadata(&bytes).map_err(broken)?;
    let file = SafeTensors::deserialize(&bytes).map_err(broken)?;
    let known: BTreeSet<&str> = layout.tensors.iter().map(|t| t.name.as_str()).collect();
    let mut names = file.names();
    names.sort_unstable();
    if let Some(name) = names.into_iter().find(|name| !known.contains(name)) {
        return Err(TensorError::UnknownTensor {
            path: path.to_owned(),
            name: name.to_owned(),
        });
    }
    let mut params = Params(Vec::with_capacity(layout.len()));
    for tensor in &layout.tensors {
        read_tensor(path, &file, tensor, &mut params.0)?;
    }
    let said = header.metadata().as_ref().and_then(|m| m.get(DIGEST_KEY));
    let got: Digest = params.digest();
    match said {
        Some(expected) if *expected != got.to_string() => Err(TensorError::WrongDigest {
            path: path.to_owned(),
            got: got.short(),
            expected: expected.chars().take(12).collect(),
        }),
        _ => Ok(params),
    }
}

fn read_tensor(
    path: &Path,
    file: &SafeTensors<'_>,
    tensor: &TensorSpec,
    into: &mut Vec<f32>,
) -> Result<(), TensorError> {
    let Ok(view) = file.tensor(&tensor.name) else {
        return Err(TensorError::MissingTensor {
            path: path.to_owned(),
            name: tensor.name.clone(),
        });
    };
    if view.dtype() != Dtype::F32 || view.shape() != tensor.shape {
        return Err(TensorError::WrongShape {
            path: path.to_owned(),
            name: tensor.name.clone(),
            got: format!("{} {:?}", view.dtype(), view.shape()),
            expected: format!("{} {:?}", Dtype::F32, tensor.shape),
        });
    }
    let words = view.data().as_chunks::<4>().0;
    into.extend(words.iter().map(|word| f32::from_le_bytes(*word)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn layout(tensors: &[(&str, &[usize])]) -> Layout {
        let tensors = tensors.iter().map(|(name, shape)| TensorSpec {
            name: (*name).to_owned(),
            shape: shape.to_vec(),
        });
        Layout {
            tensors: tensors.collect(),
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_model_comes_back_bit_for_bit(
            shapes in prop::collection::vec(prop::collection::vec(0_usize..5, 0..4), 0..6),
            salt in any::<u32>(),
        ) {
            // Names that do not sort in the order of the layout.
            let tensors = shapes.iter().enumerate().map(|(i, shape)| TensorSpec {
                name: format!("{}.weight", 9 - i),
                shape: shape.clone(),
            });
            let layout = Layout { tensors: tensors.collect() };
            let numbers = (0..layout.len() as u32).map(|i| f32::from_bits(i.wrapping_mul(salt)));
            let params = Params(numbers.collect());
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("model.safetensors");
            save_params(&path, &params, &layout).unwrap();
            let back = load_params(&path, &layout).unwrap();
            prop_assert_eq!(back.to_le_bytes(), params.to_le_bytes());
        }
    }

    #[test]
    fn a_model_of_another_layout_is_refused_with_the_tensor_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let saved = layout(&[("w", &[2, 3]), ("b", &[3])]);
        save_params(&path, &Params(vec![0.5; 9]), &saved).unwrap();
        let refused = |tensors: &[(&str, &[usize])]| load_params(&path, &layout(tensors));
        for (tensors, word) in [
            (&[("w", &[3, 2][..]), ("b", &[3])][..], "`w` is F32 [2, 3]"),
            (&[("w", &[2, 3])], "`b` that the layout"),
            (&[("w", &[2, 3]), ("b", &[3]), ("c", &[1])], "no tensor `c`"),
        ] {
            let error = refused(tensors).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }

    #[test]
    fn changed_bytes_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let saved = layout(&[("w", &[4])]);
        save_params(&path, &Params(vec![1.0; 4]), &saved).unwrap();
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(
            load_params(&path, &saved),
            Err(TensorError::WrongDigest { .. })
        ));
        std::fs::write(&path, &bytes[..bytes.len() - 2]).unwrap();
        assert!(matches!(
            load_params(&path, &saved),
            Err(TensorError::File(FileError::Broken { .. }))
        ));
    }

    #[test]
    fn params_and_layout_must_fit_before_anything_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.safetensors");
        let short = save_params(&path, &Params(vec![1.0]), &layout(&[("w", &[2])]));
        assert!(matches!(short, Err(TensorError::WrongLength { .. })));
        let twice = layout(&[("w", &[1]), ("w", &[1])]);
        let same = save_params(&path, &Params(vec![1.0; 2]), &twice);
        assert!(matches!(same, Err(TensorError::SameName(_))));
        assert!(!path.exists());
    }
}
