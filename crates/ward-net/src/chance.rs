//! Random bytes from the operating system: names that nobody can guess. Nothing that a result
//! depends on is drawn here.

/// The operating system gives no random bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the operating system gives no random bytes: {0}")]
pub struct NoRandomness(getrandom::Error);

/// What a process or a coordinator is known by while it lives.
pub(crate) type Instance = [u8; 16];

/// A new instance.
pub(crate) fn instance() -> Result<Instance, NoRandomness> {
    let mut bytes = Instance::default();
    getrandom::fill(&mut bytes).map_err(NoRandomness)?;
    Ok(bytes)
}

/// A new session token: 128 random bits as text.
pub(crate) fn token() -> Result<String, NoRandomness> {
    instance().map(hex::encode)
}
