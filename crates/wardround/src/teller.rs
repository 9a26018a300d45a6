//! Writes a run down while it happens: story, terminal, checkpoints. One teller for the simulation
//! and for the coordinator.

use std::io;

use ward_core::{Layout, Record};
use ward_observe::{FileError, RunDir, RunView, Story, Terminal};
use ward_round::RunState;

use crate::failure::Failure;
use crate::interrupt::Interrupt;

/// The observer of a run.
#[derive(Debug)]
pub struct Teller {
    dir: RunDir,
    layout: Layout,
    story: Story,
    terminal: Terminal,
    interrupt: Interrupt,
    /// The first trouble of a coordinator, whose engine cannot be told of it at once.
    trouble: Option<FileError>,
}

impl Teller {
    /// Tells into `dir` and onto `terminal`; `layout` names the tensors of checkpoints.
    #[must_use]
    pub fn new(
        dir: &RunDir,
        layout: &Layout,
        story: Story,
        terminal: Terminal,
        interrupt: &Interrupt,
    ) -> Self {
        Self {
            dir: dir.clone(),
            layout: layout.clone(),
            story,
            terminal,
            interrupt: interrupt.clone(),
            trouble: None,
        }
    }

    /// What the run looks like now.
    #[must_use]
    pub fn view(&self) -> &RunView {
        self.story.view()
    }

    /// Ends the telling: everything is on disk afterwards.
    ///
    /// # Errors
    /// When the story cannot be written, now or earlier.
    pub fn close(mut self) -> Result<RunView, Failure> {
        self.terminal.finish();
        match self.trouble {
            Some(trouble) => Err(trouble.into()),
            None => Ok(self.story.close()?),
        }
    }

    fn tell(&mut self, record: &Record) -> Result<(), FileError> {
        self.story.tell(record)?;
        self.terminal.apply(self.story.view(), record);
        Ok(())
    }

    fn save(&self, state: &RunState) -> io::Result<()> {
        let saved = self
            .dir
            .write_checkpoint(state.round(), state.params(), &self.layout, state);
        saved.map(|_| ()).map_err(io::Error::other)
    }
}

impl ward_sim::Observer for Teller {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.tell(record).map_err(io::Error::other)
    }

    fn checkpoint(&mut self, state: &RunState) -> io::Result<()> {
        self.save(state)
    }

    fn interrupted(&self) -> bool {
        self.interrupt.requested()
    }
}

impl ward_net::Observer for Teller {
    fn record(&mut self, record: Record) {
        if self.trouble.is_none()
            && let Err(trouble) = self.tell(&record)
        {
            // The round under way may still end and be saved; the story is over.
            self.interrupt.request(1);
            self.trouble = Some(trouble);
        }
    }

    fn checkpoint(&mut self, state: &RunState) -> io::Result<()> {
        self.save(state)
    }
}
