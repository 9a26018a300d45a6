//! How a run can end badly, in words that say how to go on.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitStatus;

use super::Failure;
use crate::codes::Code;

impl Failure {
    /// Too many rounds in a row missed their quorum; what was reached is in `run`.
    #[must_use]
    pub fn quorum_lost(run: &Path, rounds_in_a_row: u32) -> Self {
        let message =
            format!("quorum lost: {rounds_in_a_row} rounds in a row had too few reports in time");
        Self::new(Code::QuorumLost, message).help(format!(
            "the report says who was silent; go on with `--resume {}`",
            run.display()
        ))
    }

    /// `run` cannot go on: it has no checkpoint, or has played all its rounds.
    #[must_use]
    pub fn nothing_to_resume(run: &Path, why: &str) -> Self {
        let message = format!("`{}` cannot go on: {why}", run.display());
        Self::new(Code::NothingToResume, message)
    }

    /// A process that the run cannot do without has ended; its last words are in `log`.
    #[must_use]
    pub fn process_died(name: &str, status: ExitStatus, log: Option<&Path>) -> Self {
        let failure = Self::new(
            Code::ProcessDied,
            format!("{name} ended by itself: {status}"),
        );
        match log {
            Some(log) => failure.help(format!("read the end of {}", log.display())),
            None => failure,
        }
    }

    /// The address of a coordinator cannot be had.
    #[must_use]
    pub fn cannot_bind(address: SocketAddr, cause: std::io::Error) -> Self {
        Self::new(Code::CannotBind, format!("cannot listen on {address}"))
            .help(
                "choose another with --set coordinator.listen=127.0.0.1:0, which takes a free port",
            )
            .caused_by(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_says_how_to_go_on_and_ends_with_its_code() {
        let run = Path::new("runs/a");
        let lost = Failure::quorum_lost(run, 4);
        assert_eq!(lost.exit(), 6);
        assert!(lost.render(100, false).contains("--resume runs/a"));
        let over = Failure::nothing_to_resume(run, "it has played all its rounds");
        assert_eq!((over.exit(), over.code().id()), (1, "WR0503"));
        let status = std::os::unix::process::ExitStatusExt::from_raw(9);
        let died = Failure::process_died("coordinator", status, Some(Path::new("c.log")));
        let text = died.render(100, false);
        assert!(
            text.contains("signal: 9") && text.contains("c.log"),
            "{text}"
        );
        let cause = std::io::Error::from(std::io::ErrorKind::AddrInUse);
        let bind = Failure::cannot_bind(([127, 0, 0, 1], 7443).into(), cause);
        assert_eq!(bind.exit(), 5);
        assert!(bind.render(100, false).contains("address in use"));
    }
}
