//! Ctrl-C once finishes the round and saves; twice stops now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::codes::Code;
use crate::failure::Failure;

/// Exit code after an interrupt from the keyboard.
pub const INTERRUPTED: u8 = 130;
/// Exit code after a polite request to end.
pub const TERMINATED: u8 = 143;

/// Whether somebody has asked this process to stop, and how.
#[derive(Debug, Clone, Default)]
pub struct Interrupt {
    /// 0, or the exit code that the request asks for.
    code: Arc<AtomicU8>,
    notify: Arc<tokio::sync::Notify>,
}

impl Interrupt {
    /// Listens for SIGINT and SIGTERM on a thread of its own, so that a busy simulation hears too.
    ///
    /// # Errors
    /// When the system refuses a signal handler.
    pub fn start() -> Result<Self, Failure> {
        Self::listen().map_err(|error| {
            Failure::new(Code::Internal, "cannot listen for signals").caused_by(error)
        })
    }

    fn listen() -> std::io::Result<Self> {
        let interrupt = Self::default();
        let heard = interrupt.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        std::thread::Builder::new()
            .name("signals".into())
            .spawn(move || runtime.block_on(heard.wait_for_signals()))?;
        Ok(interrupt)
    }

    async fn wait_for_signals(self) {
        let (Ok(mut int), Ok(mut term)) = (
            signal(SignalKind::interrupt()),
            signal(SignalKind::terminate()),
        ) else {
            return;
        };
        loop {
            let code = tokio::select! {
                _ = int.recv() => INTERRUPTED,
                _ = term.recv() => TERMINATED,
            };
            if self.code.load(Ordering::SeqCst) != 0 {
                // The second one means: now.
                std::process::exit(i32::from(code));
            }
            self.request(code);
        }
    }

    /// Asks for a stop after the round under way.
    pub fn request(&self, code: u8) {
        self.code.store(code, Ordering::SeqCst);
        self.notify.notify_waiters();
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn requested(&self) -> bool {
        self.code.load(Ordering::SeqCst) != 0
    }

    /// The exit code of an interrupted process.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self.code.load(Ordering::SeqCst) {
            0 => INTERRUPTED,
            code => code,
        }
    }

    /// Resolves when a stop is asked for.
    pub async fn wait(&self) {
        let notified = self.notify.notified();
        if !self.requested() {
            notified.await;
        }
    }
}
