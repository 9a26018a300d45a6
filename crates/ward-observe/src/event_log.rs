//! `events.jsonl`: the one story of a run, a line for each thing that happened.
//!
//! A line counts when it ends in a newline. Whatever a crash left after the last newline is
//! dropped and reported; a line that is wrong anywhere else means that somebody changed the file.

use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use ward_core::{Evaluation, Event, Record};

use crate::file::{FileError, read_whole};

/// The writer of a run's events.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    file: BufWriter<File>,
}

/// The end of a log that a crash cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Torn {
    /// Which line it was, from 1.
    pub line: usize,
    /// Bytes dropped.
    pub bytes: usize,
}

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LoggedEvents {
    /// Everything that happened, in order.
    pub records: Vec<Record>,
    /// The torn last line, if there was one.
    pub torn: Option<Torn>,
}

impl EventLog {
    /// Starts a log. An old file of that name is an error: a story is not written twice.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let file = File::create_new(path).map_err(FileError::io("create", path))?;
        Ok(Self::writing(path, file))
    }

    /// Goes on with a log after a stop or a crash: reads it, cuts a torn last line off the file,
    /// and appends from there. A log that is not there yet is started.
    ///
    /// # Errors
    /// [`FileError`] when a line before the last one is wrong, or the system refuses.
    pub fn resume(path: &Path) -> Result<(Self, LoggedEvents), FileError> {
        let told = match read_events(path) {
            Err(error) if error.is_missing() => LoggedEvents::default(),
            other => other?,
        };
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)
            .map_err(FileError::io("open", path))?;
        if let Some(torn) = told.torn {
            let cut = || -> std::io::Result<()> {
                let length = file.metadata()?.len();
                file.set_len(length - torn.bytes as u64)?;
                file.sync_all()
            };
            cut().map_err(FileError::io("write", path))?;
        }
        Ok((Self::writing(path, file), told))
    }

    fn writing(path: &Path, file: File) -> Self {
        Self {
            path: path.to_owned(),
            file: BufWriter::with_capacity(1 << 16, file),
        }
    }

    /// Appends one record. At the end of a round, of an evaluation, of the run and with a
    /// checkpoint the file is brought to disk.
    ///
    /// # Errors
    /// [`FileError::NotFinite`] for a NaN or an infinity, which JSON cannot hold;
    /// [`FileError::Io`].
    pub fn append(&mut self, record: &Record) -> Result<(), FileError> {
        if !is_finite(&record.event) {
            return Err(FileError::NotFinite {
                path: self.path.clone(),
                what: format!("{:?}", record.event),
            });
        }
        let written = serde_json::to_writer(&mut self.file, record)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"));
        written.map_err(FileError::io("write", &self.path))?;
        match record.event {
            Event::RoundClosed { .. }
            | Event::RoundAbandoned { .. }
            | Event::Checkpointed { .. }
            | Event::RunFinished { .. } => self.sync(),
            Event::EvaluationClosed { .. }
            | Event::MaskingPhaseClosed { .. }
            | Event::RunStarted { .. } => self.flush(),
            _ => Ok(()),
        }
    }

    /// Hands everything to the operating system.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn flush(&mut self) -> Result<(), FileError> {
        self.file
            .flush()
            .map_err(FileError::io("write", &self.path))
    }

    /// Brings everything to disk.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn sync(&mut self) -> Result<(), FileError> {
        self.flush()?;
        self.file
            .get_ref()
            .sync_data()
            .map_err(FileError::io("write", &self.path))
    }
}

/// Reads a log; see the module's text for what a torn line is.
///
/// # Errors
/// [`FileError::BrokenLine`] with its number for a wrong line before the end; [`FileError::Io`].
pub fn read_events(path: &Path) -> Result<LoggedEvents, FileError> {
    let bytes = read_whole(path)?;
    let mut told = LoggedEvents::default();
    for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line_number = index + 1;
        let Some(whole) = line.strip_suffix(b"\n") else {
            told.torn = Some(Torn {
                line: line_number,
                bytes: line.len(),
            });
            break;
        };
        let record = serde_json::from_slice(whole).map_err(|error| FileError::BrokenLine {
            path: path.to_owned(),
            line: line_number,
            reason: format!("this is not an event: {error}"),
        })?;
        told.records.push(record);
    }
    Ok(told)
}

/// Whether JSON can hold every number of the event.
fn is_finite(event: &Event) -> bool {
    let sound = |evaluation: &Evaluation| {
        let mut estimates = evaluation.0.values();
        estimates.all(|e| e.value.is_finite() && e.standard_error.is_finite())
    };
    match event {
        Event::ReportAccepted { loss, .. } => loss.is_none_or(f64::is_finite),
        Event::RoundClosed {
            loss, update_norm, ..
        } => loss.is_none_or(f64::is_finite) && update_norm.is_finite(),
        Event::ClipNormMoved {
            norm, within, next, ..
        } => norm.is_finite() && within.is_finite() && next.is_finite(),
        Event::Evaluated { evaluation, .. } | Event::EvaluationClosed { evaluation, .. } => {
            sound(evaluation)
        }
        Event::UpdateSighted { sighting, .. } => {
            sighting.largest.is_finite() && sighting.correlation.is_finite()
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{self, any_record};
    use proptest::prelude::*;
    use std::fs;
    use ward_core::{NodeId, RoundId, Tick};

    fn write(path: &Path, records: &[Record]) {
        let mut log = EventLog::create(path).unwrap();
        records
            .iter()
            .for_each(|record| log.append(record).unwrap());
        log.sync().unwrap();
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_story_is_read_back_as_it_was_written(
            records in prop::collection::vec(any_record(), 0..40),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events.jsonl");
            write(&path, &records);
            let told = read_events(&path).unwrap();
            prop_assert_eq!(told.records, records);
            prop_assert_eq!(told.torn, None);
        }

        #[test]
        fn a_log_cut_anywhere_keeps_its_whole_lines_and_goes_on(
            records in prop::collection::vec(any_record(), 1..12),
            cut in any::<prop::sample::Index>(),
        ) {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("events.jsonl");
            write(&path, &records);
            let whole = fs::read(&path).unwrap();
            let cut = cut.index(whole.len());
            fs::write(&path, &whole[..cut]).unwrap();
            let lines = whole[..cut].iter().filter(|b| **b == b'\n').count();

            let (mut log, told) = EventLog::resume(&path).unwrap();
            prop_assert_eq!(&told.records[..], &records[..lines]);
            let at_the_end_of_a_line = cut == 0 || whole[cut - 1] == b'\n';
            prop_assert_eq!(told.torn.is_none(), at_the_end_of_a_line);
            records[lines..].iter().for_each(|record| log.append(record).unwrap());
            log.sync().unwrap();
            prop_assert_eq!(fs::read(&path).unwrap(), whole);
        }
    }

    #[test]
    fn a_wrong_line_before_the_end_is_an_error_with_its_number() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        write(&path, &sample::Sample::new(3, 2).records);
        let text = fs::read_to_string(&path).unwrap();
        let mut lines: Vec<_> = text.lines().collect();
        lines[4] = "{\"at\":12,\"event\":\"no such thing\"}";
        fs::write(&path, lines.join("\n") + "\n").unwrap();
        let error = read_events(&path).unwrap_err();
        assert!(
            matches!(error, FileError::BrokenLine { line: 5, .. }),
            "{error}"
        );
        assert!(EventLog::resume(&path).is_err());
    }

    #[test]
    fn a_number_that_json_cannot_hold_is_refused_before_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let mut log = EventLog::create(&path).unwrap();
        let refused = log.append(&Record {
            at: Tick(1),
            event: Event::ReportAccepted {
                round: RoundId(0),
                node: NodeId(0),
                weight: 1,
                loss: Some(f64::NAN),
            },
        });
        assert!(matches!(refused, Err(FileError::NotFinite { .. })));
        log.sync().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
    }

    #[test]
    fn a_story_is_not_written_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        write(&path, &[]);
        assert!(EventLog::create(&path).is_err());
    }
}
