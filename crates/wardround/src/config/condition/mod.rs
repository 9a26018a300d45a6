//! Conditions on hospitals: `tier == "township" && region != "west"`.
//!
//! A condition compares tags with texts. Every hospital has the tags `name` and `tier`; files of one's
//! own may give others (`data.csv`). `==`, `!=` and `in ["a", "b"]` compare, `!` binds before `&&`, and
//! that before `||`; parentheses group. A hospital without a tag is equal to no text.

mod known;
mod parse;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ward_core::NodeInfo;

/// What must hold of a hospital.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// The tag is one of the values.
    Among(Word, Vec<Word>),
    /// It does not hold.
    Not(Box<Condition>),
    /// All hold.
    All(Vec<Condition>),
    /// Some hold.
    Any(Vec<Condition>),
}

/// A tag or a value, and its bytes in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    /// What it says.
    pub text: String,
    /// Where it stands.
    pub at: Range<usize>,
}

/// What is wrong with a condition, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Bytes of the text.
    pub at: Range<usize>,
    /// A lowercase fragment.
    pub message: String,
    /// What to do, where that is not plain.
    pub help: Option<String>,
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// The first [`Mistake`] of form.
    pub fn parse(text: &str) -> Result<Self, Mistake> {
        parse::parse(text)
    }

    /// Whether it holds of a hospital.
    #[must_use]
    pub fn holds(&self, info: &NodeInfo) -> bool {
        match self {
            Self::Among(tag, values) => {
                let value = value(info, &tag.text);
                value.is_some_and(|value| values.iter().any(|word| word.text == value))
            }
            Self::Not(condition) => !condition.holds(info),
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(info)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(info)),
        }
    }

    /// Calls `look` with each comparison.
    fn comparisons<'a>(&'a self, look: &mut dyn FnMut(&'a Word, &'a [Word])) {
        match self {
            Self::Among(tag, values) => look(tag, values),
            Self::Not(condition) => condition.comparisons(look),
            Self::All(conditions) | Self::Any(conditions) => {
                for condition in conditions {
                    condition.comparisons(look);
                }
            }
        }
    }
}

/// A hospital's value of a tag.
fn value<'a>(info: &'a NodeInfo, tag: &str) -> Option<&'a str> {
    match tag {
        "name" => Some(&info.name),
        "tier" => Some(&info.tier),
        other => info.tags.get(other).map(String::as_str),
    }
}
