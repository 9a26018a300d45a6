//! What other crates' errors are to a user: which code, and so which exit code.

use ward_core::TrainError;
use ward_data::DataError;
use ward_net::{HospitalError, ServeError};
use ward_observe::{FileError, TensorError};
use ward_sim::SimulationError;

use super::Failure;
use crate::codes::Code;

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        let code = match &error {
            DataError::Unreadable { .. } | DataError::File { .. } => Code::DataFile,
            DataError::Cell { .. } => Code::DataCell,
            DataError::Federation(_) => Code::Federation,
            DataError::NoSuchHospital(_) => Code::NoSuchHospital,
        };
        Self::new(code, error.to_string())
    }
}

impl From<FileError> for Failure {
    fn from(error: FileError) -> Self {
        let code = match &error {
            FileError::NotARun { .. } | FileError::Broken { .. } | FileError::BrokenLine { .. } => {
                Code::NotARun
            }
            FileError::Io { doing: "read", .. } => Code::NotARun,
            FileError::Io { .. } | FileError::NoFreeName { .. } => Code::CannotWrite,
            FileError::NotFinite { .. } => Code::ReportFailed,
        };
        Self::new(code, error.to_string())
    }
}

impl From<TensorError> for Failure {
    fn from(error: TensorError) -> Self {
        match error {
            TensorError::File(error) => error.into(),
            other => Self::new(Code::NotARun, other.to_string()),
        }
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        Self::new(Code::TrainingFailed, error.to_string())
    }
}

impl From<SimulationError> for Failure {
    fn from(error: SimulationError) -> Self {
        let code = match &error {
            SimulationError::Observer(_) => Code::CannotWrite,
            SimulationError::Stalled(_) => Code::Internal,
        };
        Self::new(code, error.to_string()).caused_by(error)
    }
}

impl From<ServeError> for Failure {
    fn from(error: ServeError) -> Self {
        let code = match &error {
            ServeError::Checkpoint(_) => Code::CannotWrite,
            ServeError::Transport(_) => Code::CannotBind,
            ServeError::Stopped | ServeError::NoRandomness(_) => Code::Internal,
        };
        Self::new(code, error.to_string()).caused_by(error)
    }
}

impl From<HospitalError> for Failure {
    fn from(error: HospitalError) -> Self {
        let code = match &error {
            HospitalError::Address { .. } => Code::BadAddress,
            // The coordinator's reason is all that crosses the wire.
            HospitalError::Refused { reason, .. } if reason.contains("protocol version") => {
                Code::ProtocolVersion
            }
            HospitalError::Refused { .. } | HospitalError::Duplicate { .. } => Code::Refused,
            HospitalError::Unreachable { .. } => Code::CannotConnect,
            HospitalError::Unreadable(_) => Code::ProtocolVersion,
            HospitalError::Panicked(_)
            | HospitalError::Fault(_)
            | HospitalError::NoThread(_)
            | HospitalError::NoRandomness(_) => Code::Internal,
        };
        Self::new(code, error.to_string())
    }
}
