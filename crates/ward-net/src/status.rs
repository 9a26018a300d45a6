//! Refusals with a reason that programs can read, and what to do about them.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};
use ward_wire::Unreadable;

/// The domain of our reasons in `google.rpc.ErrorInfo`.
const DOMAIN: &str = "wardround";

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The node speaks another version of the protocol.
    ProtocolVersion,
    /// The node's model has another layout.
    Layout,
    /// Name or token are wrong.
    Identity,
    /// Another process of that name is alive.
    Duplicate,
    /// No such session, or it is over.
    Session,
    /// A newer stream of the same session took over.
    Replaced,
    /// A message names a tensor that is not there.
    TensorMissing,
    /// A message is not what the protocol says.
    Unreadable,
    /// The tensor store is full.
    Quota,
    /// The coordinator is going away.
    Closing,
}

impl Reason {
    const ALL: [Self; 10] = [
        Self::ProtocolVersion,
        Self::Layout,
        Self::Identity,
        Self::Duplicate,
        Self::Session,
        Self::Replaced,
        Self::TensorMissing,
        Self::Unreadable,
        Self::Quota,
        Self::Closing,
    ];

    /// The word for it on the wire.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::ProtocolVersion => "PROTOCOL_VERSION",
            Self::Layout => "LAYOUT",
            Self::Identity => "IDENTITY",
            Self::Duplicate => "DUPLICATE",
            Self::Session => "SESSION",
            Self::Replaced => "REPLACED",
            Self::TensorMissing => "TENSOR_MISSING",
            Self::Unreadable => "UNREADABLE",
            Self::Quota => "QUOTA",
            Self::Closing => "CLOSING",
        }
    }

    fn code(self) -> Code {
        match self {
            Self::ProtocolVersion | Self::Layout | Self::TensorMissing => Code::FailedPrecondition,
            Self::Identity | Self::Session => Code::Unauthenticated,
            Self::Duplicate => Code::AlreadyExists,
            Self::Replaced => Code::Aborted,
            Self::Unreadable => Code::InvalidArgument,
            Self::Quota => Code::ResourceExhausted,
            Self::Closing => Code::Unavailable,
        }
    }

    /// The refusal, for people and programs.
    pub(crate) fn status(self, message: impl Into<String>) -> Status {
        self.build(message, ErrorDetails::new())
    }

    /// The refusal, and when to try again.
    pub(crate) fn retry_in(self, wait: Duration, message: impl Into<String>) -> Status {
        self.build(message, ErrorDetails::with_retry_info(Some(wait)))
    }

    fn build(self, message: impl Into<String>, mut details: ErrorDetails) -> Status {
        details.set_error_info(self.word(), DOMAIN, HashMap::new());
        Status::with_error_details(self.code(), message, details)
    }

    /// The reason in a refusal, if it is one of ours.
    pub(crate) fn of(status: &Status) -> Option<Self> {
        let info = status.get_details_error_info()?;
        Self::ALL
            .into_iter()
            .find(|r| info.domain == DOMAIN && info.reason == r.word())
    }
}

/// A message that cannot be read, as a refusal.
pub(crate) fn unreadable(error: &Unreadable) -> Status {
    let reason = match error {
        Unreadable::TensorMissing(_) => Reason::TensorMissing,
        _ => Reason::Unreadable,
    };
    reason.status(error.to_string())
}

/// What a failed call means to a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Try again, after this wait if one is named.
    Passing(Option<Duration>),
    /// Join again.
    SessionOver,
    /// Another process has the name.
    Duplicate(Option<Duration>),
    /// Push the tensor again.
    TensorMissing,
    /// Trying again would not help.
    Lasting,
}

/// Reads a refusal.
pub(crate) fn fault(status: &Status) -> Fault {
    let wait = || {
        status
            .get_details_retry_info()
            .and_then(|info| info.retry_delay)
    };
    match (Reason::of(status), status.code()) {
        (Some(Reason::Session), _) => Fault::SessionOver,
        (Some(Reason::Duplicate), _) => Fault::Duplicate(wait()),
        (Some(Reason::TensorMissing), _) => Fault::TensorMissing,
        (
            _,
            Code::InvalidArgument
            | Code::FailedPrecondition
            | Code::Unauthenticated
            | Code::PermissionDenied
            | Code::NotFound
            | Code::AlreadyExists
            | Code::OutOfRange
            | Code::Unimplemented,
        ) => Fault::Lasting,
        // Broken connections show as UNAVAILABLE, UNKNOWN, INTERNAL or CANCELLED.
        _ => Fault::Passing(wait()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_survives_the_wire() {
        for reason in Reason::ALL {
            assert_eq!(Reason::of(&reason.status("why")), Some(reason));
        }
        assert_eq!(Reason::of(&Status::unauthenticated("why")), None);
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        let second = Duration::from_secs(1);
        let quota = Reason::Quota.retry_in(second, "full");
        assert_eq!(fault(&quota), Fault::Passing(Some(second)));
        assert_eq!(fault(&Status::unavailable("")), Fault::Passing(None));
        assert_eq!(fault(&Status::deadline_exceeded("")), Fault::Passing(None));
        assert_eq!(fault(&Status::unknown("")), Fault::Passing(None));
        assert_eq!(fault(&Reason::Session.status("")), Fault::SessionOver);
        assert_eq!(
            fault(&Reason::TensorMissing.status("")),
            Fault::TensorMissing
        );
        for lasting in [
            Reason::ProtocolVersion,
            Reason::Layout,
            Reason::Identity,
            Reason::Unreadable,
        ] {
            assert_eq!(fault(&lasting.status("")), Fault::Lasting);
        }
    }
}
