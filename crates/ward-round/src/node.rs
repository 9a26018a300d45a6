//! One hospital's side of the conversation.
//!
//! The session never trains: it asks its driver to ([`NodeEffect::Train`]) and seals what comes
//! back. An instruction heard twice is carried out once; one that arrives during work waits, and
//! only the newest waits.

use std::sync::Arc;

use ward_core::{
    Evaluation, Instruction, LocalUpdate, NodeId, Params, Report, RoundId, Scaling, Summary, Tick,
    TrainError, TrainOrder,
};
use ward_privacy::seal;

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
        /// What came of it.
        result: Result<LocalUpdate, TrainError>,
    },
    /// Scoring ended.
    Evaluated {
        /// The round asked about.
        round: RoundId,
        /// What came of it.
        result: Result<Evaluation, TrainError>,
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
        /// With the rows scaled so.
        scaling: Option<Arc<Scaling>>,
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
                self.answer(round, |_| Report::Summary { round, summary })
            }
            NodeInput::Trained { round, result } => {
                self.answer(round, |asked| seal_or_decline(round, result, asked))
            }
            NodeInput::Evaluated { round, result } => self.answer(round, |_| match result {
                Ok(evaluation) => Report::Evaluation { round, evaluation },
                Err(error) => Report::Declined {
                    round,
                    reason: error.to_string(),
                },
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
        let effect = match instruction.clone() {
            Instruction::Summarise { round } => NodeEffect::Summarise { round },
            Instruction::Train {
                round,
                params,
                order,
            } => NodeEffect::Train {
                round,
                params,
                order,
            },
            Instruction::Evaluate {
                round,
                params,
                scaling,
            } => NodeEffect::Evaluate {
                round,
                params,
                scaling,
            },
            Instruction::Rest => return Vec::new(),
        };
        self.current = Some(instruction);
        vec![effect]
    }

    /// Ends the current work with a report and begins what waited.
    fn answer(
        &mut self,
        round: RoundId,
        report: impl FnOnce(&Instruction) -> Report,
    ) -> Vec<NodeEffect> {
        let Some(current) = self.current.take_if(|c| c.round() == Some(round)) else {
            return Vec::new(); // the work was called off
        };
        let mut effects = vec![NodeEffect::Send(report(&current))];
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

fn seal_or_decline(
    round: RoundId,
    result: Result<LocalUpdate, TrainError>,
    asked: &Instruction,
) -> Report {
    let sealed = result
        .map_err(|e| e.to_string())
        .and_then(|update| match asked {
            Instruction::Train { order, .. } => {
                seal(update, order.weighting, &order.ring).map_err(|e| e.to_string())
            }
            _ => Err("training was not asked for".to_owned()),
        });
    match sealed {
        Ok(upload) => Report::Upload { round, upload },
        Err(reason) => Report::Declined { round, reason },
    }
}
