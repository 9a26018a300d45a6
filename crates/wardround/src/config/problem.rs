//! Something wrong with a setting whose type is right.

use std::ops::Range;

use crate::codes::Code;

/// One thing that is wrong with a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Which kind of mistake.
    pub code: Code,
    /// Dotted path of the setting: `training.optimizer.sgd.learning_rate`.
    pub path: String,
    /// What is wrong with it: a lowercase fragment that follows the path.
    pub message: String,
    /// What to do, where that is not plain.
    pub help: Option<String>,
    /// Which bytes of the setting's text are meant, where not all of it is.
    pub within: Option<Range<usize>>,
}

impl Problem {
    /// A problem with the setting at `path`.
    #[must_use]
    pub fn new(code: Code, path: &str, message: impl Into<String>) -> Self {
        Self {
            code,
            path: path.to_owned(),
            message: message.into(),
            help: None,
            within: None,
        }
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl From<ward_data::Problem> for Problem {
    fn from(problem: ward_data::Problem) -> Self {
        Self::new(Code::DataSettings, &problem.path, problem.message)
    }
}
