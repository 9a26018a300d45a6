//! Combines updates that it is shown one by one, so that a few bad ones cannot move the result.
//!
//! Start with [`Robust`]: a [`rule`], what is done [`before`] it, and how many bad updates it must
//! bear. It is a strategy's [`Aggregator`](ward_round::Aggregator), and combines [`Updates`] outside
//! of a run as well. A [`Card`] tries what an aggregator claims.
//!
//! The rules do not touch the updates' numbers. Most of them are functions of distances alone, so
//! they are shown [`Points`], which know how far apart the updates are, and answer with a
//! [`Choice`]: which weighted sum to take, or what to do coordinate by coordinate. What comes
//! before a rule is a matrix over the updates. So the numbers are gone over twice at most: once for
//! the distances, once for the result.
//!
//! **Invariants.** The same bits on any number of threads, with vectors of any width and for any
//! order of arrival. `f` is a promise about the others: a rule whose condition on n and `f` does not
//! hold is refused ([`Unmet`](ward_core::Unmet)), never bent.

mod aggregator;
pub mod before;
pub mod card;
mod coordinates;
mod distances;
mod network;
mod points;
mod robust;
pub mod rule;
mod taken;
mod trusting;
mod updates;
mod value;

pub use before::Before;
pub use card::Card;
pub use points::{Choice, Points, Take};
pub use robust::Robust;
pub use rule::Rule;
pub use trusting::Trusting;
pub use updates::Updates;
pub use value::Value;
