//! Error codes: each names one kind of mistake, its exit code, what it means and what to do.
//!
//! `WR01..` files and syntax, `WR02..` settings, `WR03..` data, `WR04..` connections, `WR05..`
//! runs. A code once given keeps its meaning.

mod table;

use std::fmt;

pub use table::CODES;

/// One kind of mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// A word on the command line that names nothing.
    UnknownName,
    /// Arguments of a verb that cannot be used, or not together.
    BadArgument,
    /// A file that cannot be read.
    FileUnreadable,
    /// A file that is not TOML.
    NotToml,
    /// A key that does not exist.
    UnknownKey,
    /// A choice that does not exist.
    UnknownChoice,
    /// A value of the wrong kind.
    WrongType,
    /// A key that is needed and absent.
    MissingKey,
    /// Files that extend each other in a circle, or too deeply.
    Extends,
    /// NaN or infinity.
    NotFinite,
    /// A `--set` that cannot be understood.
    BadOverride,
    /// A table of choices with none or several of them.
    OneChoice,
    /// A value outside its range.
    OutOfRange,
    /// Settings that do not go together.
    Combination,
    /// A model that cannot read these rows.
    ModelMisfit,
    /// A sum of updates that could wrap.
    Headroom,
    /// A name that cannot be used.
    BadName,
    /// Work or sample size given twice or not at all.
    OneOfTwo,
    /// More hospitals asked for than there are.
    TooFewHospitals,
    /// Real rows to be pooled without leave.
    PooledRealRows,
    /// An aggregator that cannot see what it needs.
    Visibility,
    /// An address that cannot be used.
    BadAddress,
    /// Settings of the data that cannot be used.
    DataSettings,
    /// More hospitals than one host can have processes for.
    TooManyProcesses,
    /// Settings that only a simulation may have.
    SimulationOnly,
    /// A robust rule that cannot bear so many bad updates.
    Unmet,
    /// A condition on hospitals cannot be read, or names what no hospital has.
    Condition,
    /// Keys or a roster that cannot be used.
    BadRoster,
    /// A hospital's privacy ledger that cannot be gone on with.
    BadLedger,
    /// A data file that cannot be used.
    DataFile,
    /// A cell of a data file that cannot be used.
    DataCell,
    /// A federation that cannot be used as a whole.
    Federation,
    /// A hospital that is not enrolled.
    NoSuchHospital,
    /// An address that cannot be listened on.
    CannotBind,
    /// A coordinator that cannot be reached.
    CannotConnect,
    /// A coordinator that refuses this hospital.
    Refused,
    /// Two sides that speak different versions.
    ProtocolVersion,
    /// Too many rounds in a row without a quorum.
    QuorumLost,
    /// A folder that is not a run.
    NotARun,
    /// A run without a checkpoint, or one that is over.
    NothingToResume,
    /// A file that cannot be written.
    CannotWrite,
    /// A process of the federation that ended by itself.
    ProcessDied,
    /// A report that cannot be made.
    ReportFailed,
    /// Training that gave no model.
    TrainingFailed,
    /// An aggregation rule that does not keep what it claims.
    BrokenClaim,
    /// A model that does not pass its release gate, where it must.
    ReleaseRefused,
    /// A run that does not play again as its card says.
    NotReplayed,
    /// A fault of the program.
    Internal,
}

/// What is to be known about a code.
#[derive(Debug, Clone, Copy)]
pub struct CodeInfo {
    /// Which one.
    pub code: Code,
    /// As people see it: `WR0101`.
    pub id: &'static str,
    /// The exit code of a process that ends with it.
    pub exit: u8,
    /// A few words.
    pub title: &'static str,
    /// What happened, in sentences.
    pub explanation: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

impl Code {
    /// Everything known about it.
    #[must_use]
    pub fn info(self) -> &'static CodeInfo {
        // The test below holds the table complete; the last line is a fault of the program.
        CODES
            .iter()
            .find(|info| info.code == self)
            .unwrap_or(&CODES[CODES.len() - 1])
    }

    /// As people see it: `WR0101`.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.info().id
    }

    /// The code that people write as `id`, in capitals or not, with or without `WR`.
    #[must_use]
    pub fn parse(id: &str) -> Option<&'static CodeInfo> {
        let digits = id.trim().to_ascii_uppercase();
        let digits = digits.strip_prefix("WR").unwrap_or(&digits);
        CODES.iter().find(|info| &info.id[2..] == digits)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn sources(folder: &Path, text: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && path.file_name().unwrap() != "codes" {
                sources(&path, text);
            } else if path.extension().is_some_and(|e| e == "rs") {
                text.push_str(&std::fs::read_to_string(&path).unwrap());
            }
        }
    }

    #[test]
    fn every_code_is_explained_once_and_used_somewhere() {
        let mut text = String::new();
        sources(
            &Path::new(env!("CARGO_MANIFEST_DIR")).join("src"),
            &mut text,
        );
        let unused: Vec<Code> = CODES
            .iter()
            .map(|info| info.code)
            .filter(|code| !text.contains(&format!("Code::{code:?}")))
            .collect();
        assert!(unused.is_empty(), "in the table and never used: {unused:?}");
        let used = text.split("Code::").skip(1).map(|rest| {
            rest.chars()
                .take_while(char::is_ascii_alphanumeric)
                .collect::<String>()
        });
        let known: BTreeSet<String> = CODES
            .iter()
            .map(|info| format!("{:?}", info.code))
            .collect();
        let variants = used.filter(|name| name.starts_with(|c: char| c.is_ascii_uppercase()));
        let missing: BTreeSet<String> = variants
            .filter(|name| !known.contains(name) && name != "SUCCESS")
            .collect();
        assert!(missing.is_empty(), "used and not in the table: {missing:?}");
    }

    #[test]
    fn ids_rise_and_belong_to_the_exit_code_of_their_group() {
        assert!(
            CODES
                .windows(2)
                .all(|pair| pair[0].id < pair[1].id && pair[0].code < pair[1].code)
        );
        for info in &CODES {
            let exits: &[u8] = match &info.id[..4] {
                "WR00" => &[2],
                "WR01" | "WR02" => &[3],
                "WR03" => &[4],
                "WR04" => &[5],
                _ => &[1, 6],
            };
            assert!(
                exits.contains(&info.exit),
                "{} ends with {}",
                info.id,
                info.exit
            );
            assert_eq!(info.code.id(), info.id);
        }
        assert_eq!(Code::QuorumLost.info().exit, 6);
    }

    #[test]
    fn a_code_is_found_however_it_is_written() {
        for id in ["WR0103", "wr0103", "0103", " WR0103 "] {
            assert_eq!(
                Code::parse(id).map(|info| info.code),
                Some(Code::UnknownKey)
            );
        }
        for id in ["", "WR", "WR9999", "103", "WRWR0103", "é"] {
            assert!(Code::parse(id).is_none(), "{id}");
        }
    }

    #[test]
    fn explanations_are_sentences() {
        for info in &CODES {
            for text in [info.explanation, info.remedy] {
                assert!(
                    text.ends_with('.') && text.len() > 20,
                    "{}: {text}",
                    info.id
                );
            }
            assert!(!info.title.ends_with('.') && !info.title.is_empty());
        }
    }
}
