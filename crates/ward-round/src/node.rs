//! One hospital's side of the conversation.
//!
//! The session never trains: it asks its driver to ([`NodeEffect::Train`]), which does so with
//! [`NodeEffect::carry_out`]. An instruction heard twice is carried out once; one that arrives during work waits, and
//! only the newest waits.

use std::sync::Arc;

use ward_core::{
    Evaluation, Instruction, NodeId, Params, Report, RoundId, Summary, Tick, TrainOrder, Upload,
};

/// What can happen to a node.
#[derive(Debug)]
pub enum NodeInput {
    /// The coordinator said something.
    Instruction(Instruction),
    /// The sums asked for are ready.
    Summarised {
        /// The round asked about.
        round: RoundId,
        /// The sums.
        summary: Summary,
    },
    /// Training ended.
    Trained {
        /// The round asked about.
        round: RoundId,
        /// The sealed update, or why there is none.
        result: Result<Upload, String>,
    },
    /// Scoring ended.
    Evaluated {
        /// The round asked about.
        round: RoundId,
        /// The scores, or why there are none.
        result: Result<Evaluation, String>,
    },
}

/// What a node's driver is to do.
#[derive(Debug, Clone, PartialEq)]
pub enum NodeEffect {
    /// Sum the training rows.
    Summarise {
        /// The round asked about.
        round: RoundId,
    },
    /// Train.
    Train {
        /// The round asked about.
        round: RoundId,
        /// From these parameters.
        params: Arc<Params>,
        /// In this way.
        order: Arc<TrainOrder>,
    },
    /// Score.
    Evaluate {
        /// The round asked about.
        round: RoundId,
        /// These parameters.
        params: Arc<Params>,
        /// Trained in this way.
        order: Arc<TrainOrder>,
    },
    /// Send a report to the coordinator.
    Send(Report),
    /// The run is over: leave.
    Done,
}

/// A node in conversation with its coordinator.
#[derive(Debug)]
pub struct NodeSession {
    node: NodeId,
    /// What is being carried out.
    current: Option<Instruction>,
    /// The newest instruction that came during work.
    waiting: Option<Instruction>,
    over: bool,
}

impl NodeSession {
    /// A session of `node` that has heard nothing yet.
    #[must_use]
    pub fn new(node: NodeId) -> Self {
        Self {
            node,
            current: None,
            waiting: None,
            over: false,
        }
    }

    /// Whose session it is.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Everything that can happen to a node passes through this function.
    pub fn handle(&mut self, _now: Tick, input: NodeInput) -> Vec<NodeEffect> {
        match input {
            NodeInput::Instruction(instruction) => self.hear(instruction),
            NodeInput::Summarised { round, summary } => {
                self.answer(Report::Summary { round, summary })
            }
            NodeInput::Trained { round, result } => self.answer(match result {
                Ok(upload) => Report::Upload { round, upload },
                Err(reason) => Report::Declined { round, reason },
            }),
            NodeInput::Evaluated { round, result } => self.answer(match result {
                Ok(evaluation) => Report::Evaluation { round, evaluation },
                Err(reason) => Report::Declined { round, reason },
            }),
        }
    }

    fn hear(&mut self, instruction: Instruction) -> Vec<NodeEffect> {
        if self.over {
            return Vec::new();
        }
        if instruction == Instruction::Rest {
            self.over = true;
            (self.current, self.waiting) = (None, None);
            return vec![NodeEffect::Done];
        }
        match &self.current {
            None => self.begin(instruction),
            Some(current) if same_work(current, &instruction) => Vec::new(),
            Some(_) => {
                self.waiting = Some(instruction);
                Vec::new()
            }
        }
    }

    fn begin(&mut self, instruction: Instruction) -> Vec<NodeEffect> {
        let Some(work) = NodeEffect::asked_by(instruction.clone()) else {
            return Vec::new();
        };
        self.current = Some(instruction);
        vec![work]
    }

    /// Ends the current work with a report and begins what waited.
    fn answer(&mut self, report: Report) -> Vec<NodeEffect> {
        let asked = |current: &mut Instruction| current.round() == Some(report.round());
        if self.current.take_if(asked).is_none() {
            return Vec::new(); // the work was called off
        }
        let mut effects = vec![NodeEffect::Send(report)];
        if let Some(next) = self.waiting.take() {
            effects.extend(self.begin(next));
        }
        effects
    }
}

/// Whether two instructions ask for the same work.
fn same_work(a: &Instruction, b: &Instruction) -> bool {
    a.kind() == b.kind() && a.round() == b.round()
}
