//! A run told while it happens: events and metrics written, the view kept.

use ward_core::Record;

use crate::event_log::{EventLog, Torn};
use crate::file::FileError;
use crate::metric_lines::MetricLog;
use crate::{RunDir, RunView};

/// The teller of one run. Whoever drives the engine hands it every event; it answers nothing.
#[derive(Debug)]
pub struct Story {
    log: EventLog,
    metrics: MetricLog,
    view: RunView,
}

impl Story {
    /// Starts the story of a new run.
    ///
    /// # Errors
    /// [`FileError`], also when the folder has a story already.
    pub fn create(dir: &RunDir, run_id: &str) -> Result<Self, FileError> {
        Ok(Self {
            log: EventLog::create(&dir.events_path())?,
            metrics: MetricLog::create(&dir.metrics_path(), run_id)?,
            view: RunView::default(),
        })
    }

    /// Goes on with a story after a stop or a crash. The metrics are made again from the events.
    ///
    /// # Errors
    /// [`FileError`] when the log is damaged before its end, or the system refuses.
    pub fn resume(dir: &RunDir, run_id: &str) -> Result<(Self, Option<Torn>), FileError> {
        let (log, told) = EventLog::resume(&dir.events_path())?;
        let mut story = Self {
            log,
            metrics: MetricLog::create(&dir.metrics_path(), run_id)?,
            view: RunView::default(),
        };
        for record in &told.records {
            story.view.apply(record);
            story.metrics.write(&story.view, record)?;
        }
        story.metrics.flush()?;
        Ok((story, told.torn))
    }

    /// Tells one more thing that happened.
    ///
    /// # Errors
    /// [`FileError`]; the view has not taken the record in when it could not be logged.
    pub fn tell(&mut self, record: &Record) -> Result<(), FileError> {
        self.log.append(record)?;
        self.view.apply(record);
        self.metrics.write(&self.view, record)
    }

    /// What the run looks like now.
    #[must_use]
    pub fn view(&self) -> &RunView {
        &self.view
    }

    /// Brings everything to disk and hands the view over.
    ///
    /// # Errors
    /// [`FileError::Io`].
    pub fn close(mut self) -> Result<RunView, FileError> {
        self.log.sync()?;
        self.metrics.flush()?;
        Ok(self.view)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MetricLine;
    use crate::sample::Sample;
    use std::fs;
    use ward_core::{Event, RoundId};

    fn tell(story: &mut Story, records: &[Record]) {
        records.iter().for_each(|r| story.tell(r).unwrap());
    }

    #[test]
    fn a_story_told_after_a_crash_has_the_metrics_of_one_told_at_once() {
        let root = tempfile::tempdir().unwrap();
        let sample = Sample::new(5, 6);
        let at_once = RunDir::create(root.path(), "at-once").unwrap();
        let mut story = Story::create(&at_once, "run").unwrap();
        tell(&mut story, &sample.records);
        let live = story.close().unwrap();
        assert_eq!(live, RunView::of(&sample.records));

        // Killed in round 4, in the middle of a line; then resumed from the state after round 2.
        let crashed = RunDir::create(root.path(), "crashed").unwrap();
        let mut story = Story::create(&crashed, "run").unwrap();
        let opens = |round| move |r: &Record| matches!(r.event, Event::RoundOpened { round: at, .. } if at == RoundId(round));
        let killed = sample.records.iter().position(opens(4)).unwrap() + 3;
        tell(&mut story, &sample.records[..killed]);
        drop(story.close().unwrap());
        let path = crashed.events_path();
        let mut bytes = fs::read(&path).unwrap();
        bytes.truncate(bytes.len() - 7);
        fs::write(&path, bytes).unwrap();

        let (mut story, torn) = Story::resume(&crashed, "run").unwrap();
        assert!(torn.is_some());
        let mut start = sample.records[0].clone();
        if let Event::RunStarted { round, .. } = &mut start.event {
            *round = RoundId(2);
        }
        story.tell(&start).unwrap();
        let from = sample.records.iter().position(opens(2)).unwrap();
        tell(&mut story, &sample.records[from..]);
        assert_eq!(story.close().unwrap().rounds, live.rounds);

        let lines = |dir: &RunDir| -> Vec<MetricLine> {
            let text = fs::read_to_string(dir.metrics_path()).unwrap();
            let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
            // What left in rounds played twice left twice.
            lines
                .filter(|l: &MetricLine| !l.metric.starts_with("bytes_"))
                .collect()
        };
        assert_eq!(lines(&crashed), lines(&at_once));
        assert!(Story::create(&crashed, "run").is_err());
    }
}
