//! Problems as they are found.

use crate::codes::Code;
use crate::config::condition::Mistake;
use crate::config::problem::Problem;

/// Everything found so far.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) problems: Vec<Problem>,
}

impl Found {
    /// Adds a problem; the caller may add help to it.
    pub(crate) fn add(
        &mut self,
        code: Code,
        path: &str,
        message: impl Into<String>,
    ) -> &mut Problem {
        let at = self.problems.len();
        self.problems.push(Problem::new(code, path, message));
        &mut self.problems[at]
    }

    /// Adds what is wrong with a condition, the `text` of the setting at `path`.
    pub(crate) fn mistake(&mut self, path: &str, text: &str, mistake: Mistake) {
        let column = text[..mistake.at.start].chars().count() + 1;
        let message = format!("at column {column}: {}", mistake.message);
        let problem = self.add(Code::Condition, path, message);
        problem.help = mistake.help;
        problem.within = Some(mistake.at);
    }

    pub(crate) fn at_least(&mut self, path: &str, value: u32, least: u32) {
        if value < least {
            self.add(
                Code::OutOfRange,
                path,
                format!("must be at least {least}, not {value}"),
            );
        }
    }

    /// `value` must be a number for which `good` holds, in words `range`.
    pub(crate) fn number(
        &mut self,
        path: &str,
        value: impl Into<f64>,
        range: &str,
        good: impl Fn(f64) -> bool,
    ) {
        let value = value.into();
        if !(value.is_finite() && good(value)) {
            self.add(
                Code::OutOfRange,
                path,
                format!("must be {range}, not {value}"),
            );
        }
    }

    pub(crate) fn positive(&mut self, path: &str, value: impl Into<f64>) {
        self.number(path, value, "above 0", |v| v > 0.0);
    }

    pub(crate) fn not_negative(&mut self, path: &str, value: impl Into<f64>) {
        self.number(path, value, "0 or more", |v| v >= 0.0);
    }

    pub(crate) fn decay(&mut self, path: &str, value: impl Into<f64>) {
        self.number(path, value, "0 to below 1", |v| (0.0..1.0).contains(&v));
    }

    pub(crate) fn one_of_two(&mut self, path: &str, given: [bool; 2], keys: [&str; 2], help: &str) {
        let [first, second] = keys;
        match given {
            [true, true] => {
                let message = format!("says the same as `{first}`: give one of them");
                self.add(Code::OneOfTwo, &format!("{path}.{second}"), message);
            }
            [false, false] => {
                let message = format!("needs `{first}` or `{second}`");
                self.add(Code::OneOfTwo, path, message).help = Some(help.to_owned());
            }
            _ => {}
        }
    }
}
