//! The words everyone shares: ids, ticks, seeds, parameters, messages, events and metrics.
//!
//! Start with [`message`]: what a coordinator tells a node and what a node answers.
//! A word lives here only when two crates that do not know each other need it.
//!
//! **Invariants.** No clock, no socket, no thread, no tensor library. A [`LocalUpdate`] neither
//! serialises nor prints its numbers: it cannot leave a hospital by accident.

pub mod algorithm;
pub mod digest;
pub mod event;
pub mod ids;
pub mod masking;
pub mod message;
pub mod metric;
pub mod node_state;
pub mod params;
pub mod personalisation;
pub mod privacy;
pub mod protection;
pub mod scaling;
pub mod schedule;
pub mod secagg;
pub mod seed;
pub mod sighting;
pub mod tally;
pub mod tick;
pub mod trainer;
pub mod words;

pub use algorithm::{Algorithm, Wide};
pub use digest::Digest;
pub use event::{Abandoned, Event, Outcome, Record, Unmet};
pub use ids::{NodeId, NodeInfo, RoundId, RunId};
pub use masking::{MaskingAnswer, MaskingPhase, MaskingStep};
pub use message::{Instruction, Malformed, Refusal, Report, Upload};
pub use metric::{Estimate, Evaluation};
pub use node_state::{NodeState, NodeStates, StateKind};
pub use params::{Delta, Layout, Params, TensorSpec};
pub use personalisation::Personalisation;
pub use privacy::PrivacyTerms;
pub use protection::{Draws, HospitalNoise, NoisePlacement, Noised, PatientNoise, Protection};
pub use scaling::{Scaling, Summary};
pub use schedule::Schedule;
pub use secagg::{MaskSuite, MaskingOrder, WordWidth};
pub use seed::{Purpose, Seed};
pub use tally::Tally;
pub use tick::Tick;
pub use trainer::{
    Address, Batches, LocalUpdate, LocalWork, OptimizerSpec, RingSpec, TrainError, TrainOrder,
    Trainer, Weighting,
};
pub use words::Words;
