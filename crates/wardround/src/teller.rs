//! Writes a run down while it happens: story, terminal, checkpoints.

use std::io;

use ward_core::{Layout, Record};
use ward_observe::{RunDir, RunView, Story, Terminal};
use ward_round::RunState;

use crate::interrupt::Interrupt;

/// The observer of a run, the same for a simulation and a coordinator.
pub struct Teller {
    dir: RunDir,
    layout: Layout,
    story: Story,
    terminal: Terminal,
    interrupt: Interrupt,
}

impl Teller {
    /// Tells into `dir` and onto `terminal`.
    pub fn new(
        dir: RunDir,
        layout: Layout,
        story: Story,
        terminal: Terminal,
        interrupt: Interrupt,
    ) -> Self {
        Self { dir, layout, story, terminal, interrupt }
    }

    /// Ends the telling: everything is on disk afterwards.
    ///
    /// # Errors
    /// When the story cannot be written.
    pub fn close(mut self) -> io::Result<RunView> {
        self.terminal.finish();
        self.story.close().map_err(io::Error::other)
    }
}

impl ward_sim::Observer for Teller {
    fn record(&mut self, record: &Record) -> io::Result<()> {
        self.story.tell(record).map_err(io::Error::other)?;
        self.terminal.apply(self.story.view(), record);
        Ok(())
    }

    fn checkpoint(&mut self, state: &RunState) -> io::Result<()> {
        self.dir
            .write_checkpoint(state.round(), state.params(), &self.layout, state)
            .map(|_| ())
            .map_err(io::Error::other)
    }

    fn interrupted(&self) -> bool {
        self.interrupt.requested()
    }
}
