//! The numbers of the transport, each with the reason for its default.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

/// The receive window of one HTTP/2 stream: 64 KiB would cap a 50 ms path at 1.3 MB/s.
pub(crate) const STREAM_WINDOW: u32 = 4 << 20;
/// The receive window of one HTTP/2 connection.
pub(crate) const CONNECTION_WINDOW: u32 = 16 << 20;
/// How often an HTTP/2 ping is sent, also on an idle connection: load balancers forget flows that
/// are silent for 60 s.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(30);
/// How long an answer to that ping may take before the connection is given up.
pub(crate) const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often TCP itself probes a silent connection.
pub(crate) const TCP_KEEP_ALIVE: Duration = Duration::from_secs(60);
/// The longest one poll waits for a task: below the 30 s at which many proxies cut.
pub(crate) const LONGEST_POLL: Duration = Duration::from_secs(25);
/// How long a transfer may pause between two chunks before it is begun again from where it is.
pub(crate) const LONGEST_SILENCE: Duration = Duration::from_secs(30);
/// How many models a node keeps, so that scoring a round's model and training from it in the next
/// round cost one transfer.
pub(crate) const MODELS_KEPT: usize = 2;

/// How a coordinator deals with its nodes.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// A session ends when nothing is heard for so long. Default 30 s.
    pub lease: Duration,
    /// A session whose task stream broke ends so soon, unless the node comes back. Default 5 s.
    pub grace: Duration,
    /// How often a node is to say that it is alive. Default 10 s.
    pub heartbeat: Duration,
    /// How often a task stream carries at least a ping. Default 20 s.
    pub ping: Duration,
    /// How long a push may pause between two chunks. Default 30 s.
    pub idle: Duration,
    /// How long to wait, after the end of the run, for nodes to hear of it and leave. Default 10 s.
    pub linger: Duration,
    /// Bytes of hospitals' tensors held at one time, under way or complete. Default 4 GiB.
    pub store_bytes: u64,
    /// What shows that a caller may use the admin service; `None` closes that service.
    pub admin_token: Option<String>,
    /// Where it says it is; empty where it does not. Default empty.
    pub region: String,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(30),
            grace: Duration::from_secs(5),
            heartbeat: Duration::from_secs(10),
            ping: Duration::from_secs(20),
            idle: LONGEST_SILENCE,
            linger: Duration::from_secs(10),
            store_bytes: 4 << 30,
            admin_token: None,
            region: String::new(),
        }
    }
}

/// How a node hears its tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TransportMode {
    /// On one long-lived stream.
    #[default]
    Subscribe,
    /// By asking again and again, where long streams do not survive the way.
    Poll,
}

/// How long to wait before the next attempt: doubling from `shortest` to `longest`, with jitter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackOff {
    /// Before the second attempt. Default 0.5 s.
    pub shortest: Duration,
    /// Never longer than about this. Default 30 s.
    pub longest: Duration,
}

impl Default for BackOff {
    fn default() -> Self {
        Self {
            shortest: Duration::from_millis(500),
            longest: Duration::from_secs(30),
        }
    }
}

impl BackOff {
    /// The waits, without end.
    pub(crate) fn waits(&self) -> ExponentialBackoff {
        ExponentialBuilder::default()
            .with_min_delay(self.shortest)
            .with_max_delay(self.longest)
            .without_max_times()
            .with_jitter()
            .build()
    }
}

/// How a hospital's node reaches its coordinator.
#[derive(Clone)]
pub struct HospitalSettings {
    /// Where the coordinator listens: `http://host:port`.
    pub coordinator: String,
    /// The hospital's name on the roster.
    pub name: String,
    /// What shows that the node may use that name.
    pub join_token: String,
    /// How it hears its tasks.
    pub mode: TransportMode,
    /// Waits between attempts.
    pub back_off: BackOff,
    /// How long to try to join while another process of the same name is alive: its lease may
    /// still be running though it is dead. Default 60 s, twice the default lease.
    pub patience: Duration,
    /// Give up when the coordinator has not answered for so long; `None` is never.
    pub give_up_after: Option<Duration>,
    /// How long one small call may take. Default 10 s.
    pub call_timeout: Duration,
}

impl HospitalSettings {
    /// The defaults for the hospital `name`, whose coordinator listens at `coordinator`.
    #[must_use]
    pub fn new(coordinator: &str, name: &str, join_token: &str) -> Self {
        Self {
            coordinator: coordinator.to_owned(),
            name: name.to_owned(),
            join_token: join_token.to_owned(),
            mode: TransportMode::default(),
            back_off: BackOff::default(),
            patience: Duration::from_secs(60),
            give_up_after: None,
            call_timeout: Duration::from_secs(10),
        }
    }
}

impl std::fmt::Debug for HospitalSettings {
    /// The join token does not print.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "HospitalSettings({} at {}, {:?})",
            self.name, self.coordinator, self.mode
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_the_longest_and_never_end() {
        let back_off = BackOff {
            shortest: Duration::from_millis(100),
            longest: Duration::from_millis(400),
        };
        let waits: Vec<Duration> = back_off.waits().take(50).collect();
        assert_eq!(waits.len(), 50);
        assert!(waits[0] >= back_off.shortest && waits[0] <= 2 * back_off.shortest);
        assert!(waits.iter().all(|w| *w <= 2 * back_off.longest));
        assert!(waits[49] >= back_off.longest);
    }

    #[test]
    fn a_join_token_does_not_print() {
        let settings = HospitalSettings::new("http://c:1", "h1", "secret-word");
        assert!(!format!("{settings:?}").contains("secret"));
    }
}
