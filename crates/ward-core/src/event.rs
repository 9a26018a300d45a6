//! What happened, in the past tense: the one story that every screen and report is a reading of.

use serde::{Deserialize, Serialize};

use crate::sighting::Sighting;
use crate::{
    Digest, Evaluation, MaskingPhase, NodeId, NodeInfo, PrivacyTerms, Refusal, RoundId, Tick,
};

/// An event and when it happened: one line of `events.jsonl`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Milliseconds since the run began: virtual in a simulation, real in a deployment.
    pub at: Tick,
    /// What happened.
    pub event: Event,
}

/// Something that happened in a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// The coordinator started, or went on after a stop.
    RunStarted {
        /// The round it starts with: above 0 after a resume.
        round: RoundId,
        /// How many rounds the plan has.
        rounds: u32,
        /// Everyone enrolled.
        nodes: Vec<NodeInfo>,
        /// Parameters of the model.
        parameters: u64,
    },
    /// Some hospitals are to misbehave, told by a simulation: nobody else has any that it knows of.
    AdversariesNamed {
        /// Which ones.
        nodes: Vec<NodeId>,
        /// What they do, for a person to read.
        attack: String,
        /// The first round in which they do it.
        from_round: RoundId,
    },
    /// Updates are noised on these terms.
    PrivacyPromised {
        /// Which.
        terms: PrivacyTerms,
    },
    /// A node is there.
    NodeJoined {
        /// Which one.
        node: NodeId,
    },
    /// A node is gone; it may come back.
    NodeLost {
        /// Which one.
        node: NodeId,
        /// What the driver knows of the cause.
        reason: String,
    },
    /// The sums for federated scaling are in.
    ScalingAgreed {
        /// Hospitals that sent sums.
        reporters: u32,
        /// Training rows summed.
        rows: u64,
    },
    /// A round began.
    RoundOpened {
        /// Which one.
        round: RoundId,
        /// Who is asked.
        cohort: Vec<NodeId>,
        /// Reports that are enough at the deadline.
        quorum: u32,
        /// When it closes at the latest.
        deadline: Tick,
    },
    /// A hospital's update was counted.
    ReportAccepted {
        /// Its round.
        round: RoundId,
        /// From whom.
        node: NodeId,
        /// How much it counts.
        weight: u64,
        /// The hospital's mean training loss; `None` where it is protected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loss: Option<f64>,
    },
    /// A report was refused; the round goes on.
    ReportRefused {
        /// The open round.
        round: RoundId,
        /// From whom.
        node: NodeId,
        /// Why.
        refusal: Refusal,
    },
    /// A node said that it will not or cannot.
    ReportDeclined {
        /// The round.
        round: RoundId,
        /// Who.
        node: NodeId,
        /// In its own words.
        reason: String,
        /// Whether it is out of the run: it will train in no later round either.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        for_good: bool,
    },
    /// The norm to which updates are clipped follows their norms.
    ClipNormMoved {
        /// The round that taught it.
        round: RoundId,
        /// The norm in that round.
        norm: f32,
        /// The share of its updates that were within the norm, noised: it may be below 0 or above 1.
        within: f64,
        /// The norm in the next one.
        next: f32,
    },
    /// The cohort of a masked round was dealt into groups, each of which has a sum of its own.
    GroupsDealt {
        /// The round.
        round: RoundId,
        /// Who is with whom.
        groups: Vec<Vec<NodeId>>,
    },
    /// One group of a masked round has no sum that counts; the others go on.
    GroupLost {
        /// The round.
        round: RoundId,
        /// Who was in it.
        group: Vec<NodeId>,
        /// Why.
        reason: Abandoned,
    },
    /// A phase of a masked round is over.
    MaskingPhaseClosed {
        /// The round.
        round: RoundId,
        /// Which phase.
        phase: MaskingPhase,
        /// Whose answers count.
        answered: Vec<NodeId>,
        /// Who was asked and did not answer.
        silent: Vec<NodeId>,
    },
    /// One hospital's update, and what the coordinator saw of it: told once by a simulation of masked
    /// rounds, whose driver alone has both.
    UpdateSighted {
        /// The round.
        round: RoundId,
        /// Whose update.
        node: NodeId,
        /// Both, in counts.
        sighting: Sighting,
    },
    /// A round ended with a new model.
    RoundClosed {
        /// Which one.
        round: RoundId,
        /// Who was counted.
        reporters: Vec<NodeId>,
        /// Who was asked and never answered, or was in a group that was lost.
        silent: Vec<NodeId>,
        /// Mean training loss, by weight; `None` where it is protected.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        loss: Option<f64>,
        /// Euclidean norm of the mean update.
        update_norm: f64,
        /// The new model.
        model_digest: Digest,
    },
    /// A round ended without a new model.
    RoundAbandoned {
        /// Which one.
        round: RoundId,
        /// Who was asked and never answered.
        silent: Vec<NodeId>,
        /// Why.
        reason: Abandoned,
    },
    /// One hospital's scores of a round's model.
    Evaluated {
        /// The round that made the model.
        round: RoundId,
        /// Whose test rows.
        node: NodeId,
        /// The scores.
        evaluation: Evaluation,
    },
    /// A round's model has been scored by all who answered.
    EvaluationClosed {
        /// The round that made the model.
        round: RoundId,
        /// All hospitals' scores as one.
        evaluation: Evaluation,
        /// Who was asked and never answered.
        silent: Vec<NodeId>,
    },
    /// An instruction went out, told by the driver.
    InstructionSent {
        /// To whom.
        node: NodeId,
        /// `train`, `evaluate`, `summarise`, `rest`.
        kind: String,
        /// Bytes on the wire, tensors included unless the node already had them.
        bytes: u64,
    },
    /// A report came in, told by the driver: what left one hospital.
    ReportReceived {
        /// From whom.
        node: NodeId,
        /// `summary`, `upload`, `evaluation`, `declined`.
        kind: String,
        /// Bytes on the wire, tensors included.
        bytes: u64,
        /// Tensors among them.
        tensors: u32,
    },
    /// Everything one hospital sent was searched for its own training rows.
    EgressAudited {
        /// Whose.
        node: NodeId,
        /// Messages searched.
        messages: u64,
        /// Bytes searched.
        bytes: u64,
        /// Training rows searched for, byte for byte.
        rows: u64,
        /// How many were found. Anything but 0 is a leak.
        found: u64,
    },
    /// The run's state was saved.
    Checkpointed {
        /// The round to go on with.
        round: RoundId,
    },
    /// The run ended.
    RunFinished {
        /// Rounds played, abandoned ones included.
        rounds: u32,
        /// How.
        outcome: Outcome,
        /// The final model.
        model_digest: Digest,
    },
}

/// Why a round made no model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Abandoned {
    /// Too few answers by the deadline.
    #[error("quorum missed: {reports} of {quorum} reports by the deadline")]
    QuorumMissed {
        /// Reports counted.
        reports: u32,
        /// Reports needed.
        quorum: u32,
    },
    /// Too few nodes are there to ask.
    #[error("{present} nodes are there, {needed} are needed")]
    TooFewNodes {
        /// Nodes there.
        present: u32,
        /// Nodes needed.
        needed: u32,
    },
    /// Each hospital's coin said no: nobody was to be asked.
    #[error("nobody was drawn")]
    NobodyDrawn,
    /// Too few hospitals are left for a masked sum.
    #[error(
        "{left} hospitals are left after the phase of {phase}, and a masked sum needs {needed}"
    )]
    BelowThreshold {
        /// The phase that has ended.
        phase: MaskingPhase,
        /// Who is left.
        left: u32,
        /// The least.
        needed: u32,
    },
    /// A hospital dealt shares that do not restore its secret.
    #[error("the sum cannot be unmasked: {culprit} dealt shares that do not restore its secret")]
    NotUnmasked {
        /// Which one.
        culprit: NodeId,
    },
    /// A hospital was lost between its keys and its part in drawing the graph: without every part
    /// somebody could choose among graphs.
    #[error("the neighbour graph cannot be drawn without the part of {missing}")]
    GraphNotDrawn {
        /// Which one.
        missing: NodeId,
    },
    /// What came out of the masks is not a sum of sound updates: somebody's was not, and nobody can see
    /// whose.
    #[error(
        "the masked sum is not one of sound updates: some hospital's was not, and the masks hide whose"
    )]
    UnsoundSum,
    /// The sum was to be noised and could not be.
    #[error("the system gave no randomness to noise the sum with, so it is not used")]
    NotNoised,
    /// A masked sum cannot be had: the roster or the cohort does not allow it.
    #[error("no masked sum can be had of this cohort")]
    NoMaskedSum,
    /// What came does not let the strategy's rule keep its promise.
    #[error("{0}")]
    Unmet(#[from] Unmet),
    /// The coordinator could not train on its own rows, so that there was no update to trust.
    #[error("the coordinator's training on its root rows gave no update: lower the learning rate")]
    NothingTrusted,
}

/// Why a rule cannot bear as many bad updates as it is told to among those that are there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "kebab-case")]
pub enum Unmet {
    /// There are too few updates for the rule.
    #[error("{updates} updates are too few: bearing {f} bad ones takes {needed}")]
    TooFew {
        /// Updates there are.
        updates: u32,
        /// The fewest that the rule needs.
        needed: u32,
        /// How many of them may be bad.
        f: u32,
    },
    /// The rule would have to look at too many subsets.
    #[error("leaving {f} of {updates} updates out can be done in more than {most} ways")]
    TooManySubsets {
        /// Updates there are.
        updates: u32,
        /// How many of them may be bad.
        f: u32,
        /// The most subsets that the rule looks at.
        most: u32,
    },
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// All rounds were played.
    Completed,
    /// Somebody asked it to stop; it can be resumed.
    Interrupted,
    /// Too many rounds in a row missed their quorum; it can be resumed.
    QuorumLost,
    /// Hospitals will train no more in it: their own rules or privacy budgets forbid it.
    HospitalsRest,
}
