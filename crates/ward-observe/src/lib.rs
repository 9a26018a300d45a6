//! Tells a run's story from its events.
//!
//! Start with [`RunView`]: the fold of a run's events that every screen reads. [`Story`] writes
//! the events into a [`RunDir`] and keeps the view; [`Terminal`] draws it while the run lasts;
//! [`report::render`] makes one self-contained page of it afterwards.
//!
//! **Invariants.** An observer gets events and returns nothing: it cannot change a round. The
//! view of a finished run, folded from its log, equals the view folded while it ran. Whole files
//! are written to a neighbour first and renamed, so a crash leaves the old file or the new one.

pub mod access;
pub mod event_log;
pub mod examination;
pub mod file;
pub mod hospital_card;
pub mod manifest;
pub mod metric_lines;
pub mod reach;
pub mod report;
pub mod result_row;
pub mod run_dir;
pub mod state_file;
pub mod story;
pub mod tensor_file;
pub mod terminal;
pub mod text;
pub mod view;

pub use event_log::{EventLog, LoggedEvents, Torn, read_events};
pub use examination::Examination;
pub use file::FileError;
pub use hospital_card::{Histogram, HospitalCard, RowsUsed};
pub use manifest::{Adversaries, Host, Manifest, Mode, Privacy, config_family};
pub use metric_lines::{MetricLine, MetricLog, Scope};
pub use result_row::{Model, ResultRow};
pub use run_dir::{Checkpoint, RunDir, RunSummary, list, slug};
pub use state_file::{load_state, save_state};
pub use story::Story;
pub use tensor_file::{TensorError, load_params, save_params};
pub use terminal::{Style, Terminal, final_table};
pub use view::RunView;

#[cfg(test)]
mod sample;
