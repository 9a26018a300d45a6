//! A run's state as CBOR: the type belongs to the engine, the file to the run directory.

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::file::{FileError, read_whole, write_whole};

/// Saves a state as CBOR, whole.
///
/// # Errors
/// [`FileError`] when the state cannot be encoded or the system refuses.
pub fn save_state<T: Serialize>(path: &Path, state: &T) -> Result<(), FileError> {
    let mut bytes = Vec::new();
    ciborium::into_writer(state, &mut bytes).map_err(|error| FileError::broken(path, error))?;
    write_whole(path, &bytes)
}

/// Loads a state saved by [`save_state`]. Bytes after it are refused: they mean another file.
///
/// # Errors
/// [`FileError`] when the file is missing, cut short or holds something else.
pub fn load_state<T: DeserializeOwned>(path: &Path) -> Result<T, FileError> {
    let bytes = read_whole(path)?;
    let mut rest = bytes.as_slice();
    let state = ciborium::from_reader(&mut rest).map_err(|error| FileError::broken(path, error))?;
    if rest.is_empty() {
        Ok(state)
    } else {
        Err(FileError::broken(
            path,
            format_args!("{} bytes follow the state", rest.len()),
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ward_core::{NodeId, Params};

    type State = (Vec<NodeId>, Params, f64);

    #[test]
    fn a_state_comes_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.cbor");
        let state: State = (
            vec![NodeId(3)],
            Params(vec![0.1, -0.0, f32::MIN_POSITIVE, 3.0e38]),
            1.0 / 3.0,
        );
        save_state(&path, &state).unwrap();
        let back: State = load_state(&path).unwrap();
        assert_eq!(back.1.digest(), state.1.digest());
        assert_eq!(back, state);
    }

    #[test]
    fn a_state_cut_short_or_followed_by_more_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.cbor");
        save_state(&path, &vec![1_u64; 100]).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in [0, 1, whole.len() / 2, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert!(load_state::<Vec<u64>>(&path).is_err(), "{length} bytes");
        }
        std::fs::write(&path, [whole, vec![0]].concat()).unwrap();
        assert!(load_state::<Vec<u64>>(&path).is_err());
    }
}
