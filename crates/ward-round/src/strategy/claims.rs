//! What an aggregator promises of its results.

/// Promises, each of which can be tried: `wardround strategies check` does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Claims {
    /// It does not matter which node sends which update.
    pub permutation: bool,
    /// Moving all updates, and what is carried, moves the result as far.
    pub translation: bool,
    /// Updates in another unit, and what is carried, give the same result in that unit.
    pub scale: bool,
    /// One update alone, where it is not refused, is the result.
    pub alone: bool,
    /// A node that claims w rows counts as w nodes that send the same. Where this is not so, what is
    /// claimed changes no bit.
    pub weights: bool,
    /// What bad updates can do.
    pub bears: Bears,
}

impl Claims {
    /// All that a robust rule can promise; hospitals count alike.
    pub const ALL: Self = Self {
        permutation: true,
        translation: true,
        scale: true,
        alone: true,
        weights: false,
        bears: Bears::Spread,
    };
}

/// What bad updates can do to a result.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bears {
    /// One bad update takes the result as far as it likes.
    Nothing,
    /// The f bad ones that an aggregator is told of move the result by at most f / n times this
    /// distance, in parameters' units.
    Reach(f64),
    /// Wherever they are, the result stays within 2n times the honest updates' largest distance from
    /// their mean.
    Spread,
    /// Where all honest updates have one sign, the result has it.
    Vote,
    /// Any number of them: the result is no longer than a trusted update and points its way.
    Trusted,
}
