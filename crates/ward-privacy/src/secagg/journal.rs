//! What a node must not forget between sessions, or it could be made to reveal too much.
//!
//! Of each round of a run it keeps the latest attempt, the survivors to whom it consented, and whether
//! it has revealed. Four rules follow. J1: an attempt begins once. J2: one consent for an attempt.
//! J3: after a reveal no further attempt at that round, since two sums over almost the same nodes
//! differ by one node's update. J4: a node that has lost its journal refuses until the federation
//! raises its epoch.

use std::collections::BTreeMap;

use ward_core::RoundId;

/// What is written down, before the message that it makes possible is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// An attempt has begun.
    Began,
    /// The node has consented to the survivors with this digest.
    Consented([u8; 32]),
    /// The node has revealed its shares.
    Revealed,
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The run's name or id, as in the session.
    pub job: String,
    /// The round.
    pub round: RoundId,
    /// The attempt.
    pub attempt: u32,
    /// What happened.
    pub step: Step,
}

/// What is known of one round of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remembered {
    /// The latest attempt.
    pub attempt: u32,
    /// To which survivors the node has consented in it.
    pub consented: Option<[u8; 32]>,
    /// Whether it has revealed, in any attempt.
    pub revealed: bool,
}

impl Remembered {
    /// What is known after one more line. `None` where the line breaks a rule.
    #[must_use]
    pub fn after(known: Option<Self>, line: &Line) -> Option<Self> {
        match (known, line.step) {
            (None, Step::Began) => Some(Self {
                attempt: line.attempt,
                consented: None,
                revealed: false,
            }),
            (Some(known), Step::Began) => (!known.revealed && line.attempt > known.attempt)
                .then_some(Self {
                    attempt: line.attempt,
                    consented: None,
                    revealed: false,
                }),
            (Some(known), Step::Consented(survivors)) => {
                (line.attempt == known.attempt && known.consented.is_none() && !known.revealed)
                    .then_some(Self {
                        consented: Some(survivors),
                        ..known
                    })
            }
            (Some(known), Step::Revealed) => {
                (line.attempt == known.attempt && known.consented.is_some() && !known.revealed)
                    .then_some(Self {
                        revealed: true,
                        ..known
                    })
            }
            (None, Step::Consented(_) | Step::Revealed) => None,
        }
    }
}

/// A journal cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JournalError(pub String);

/// Where a node writes down what it must not forget.
pub trait Journal: Send + Sync {
    /// What is known of `round` of `job`.
    ///
    /// # Errors
    /// [`JournalError`] where the journal cannot be read.
    fn remembered(&mut self, job: &str, round: RoundId)
    -> Result<Option<Remembered>, JournalError>;

    /// Writes down a line that [`Remembered::after`] has allowed. It must survive a loss of power
    /// before this returns.
    ///
    /// # Errors
    /// [`JournalError`] where it cannot be written.
    fn record(&mut self, line: Line) -> Result<(), JournalError>;
}

/// A journal that is forgotten with the process: for simulations and tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryJournal {
    known: BTreeMap<(String, RoundId), Remembered>,
}

impl Journal for MemoryJournal {
    fn remembered(
        &mut self,
        job: &str,
        round: RoundId,
    ) -> Result<Option<Remembered>, JournalError> {
        Ok(self.known.get(&(job.to_owned(), round)).copied())
    }

    fn record(&mut self, line: Line) -> Result<(), JournalError> {
        let key = (line.job.clone(), line.round);
        let Some(after) = Remembered::after(self.known.get(&key).copied(), &line) else {
            return Err(JournalError("the line breaks a rule of the journal".into()));
        };
        self.known.insert(key, after);
        Ok(())
    }
}
