//! One hospital's side of the conversation.
//!
//! The session never trains: it asks its driver to ([`NodeEffect::Train`]), which does so with
//! [`NodeEffect::carry_out`]. An instruction heard twice is carried out once; one that arrives during work waits, and
//! only the newest waits. The steps of a masked round are taken at once, also during work.

use std::sync::Arc;

use ward_core::{
    Evaluation, Instruction, MaskingAnswer, MaskingOrder, MaskingStep, NodeId, Params, Report,
    RoundId, Summary, Tick, TrainOrder, Upload,
};
use ward_privacy::secagg::Refused;

use crate::masked::{MaskedRound, Secrets, session};
use crate::work::Declining;

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
        result: Result<Upload, Declining>,
    },
    /// Scoring ended.
    Evaluated {
        /// The round asked about.
        round: RoundId,
        /// The scores, or why there are none.
        result: Result<Evaluation, Declining>,
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
        /// The fewest updates that the sum will hold, where updates are hidden in it.
        masked: Option<u32>,
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
    /// What it needs for masked rounds, where it takes part in them.
    secrets: Option<Secrets>,
    /// The masked round under way.
    masked: Option<MaskedRound>,
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
            secrets: None,
            masked: None,
            over: false,
        }
    }

    /// The same, for a hospital that takes part in masked rounds.
    #[must_use]
    pub fn masking(mut self, secrets: Secrets) -> Self {
        self.secrets = Some(secrets);
        self
    }

    /// What it was given for masked rounds: a later session goes on with it.
    #[must_use]
    pub fn into_secrets(self) -> Option<Secrets> {
        self.secrets
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
            NodeInput::Trained { round, result } => self.trained(round, result),
            NodeInput::Evaluated { round, result } => self.answer(match result {
                Ok(evaluation) => Report::Evaluation { round, evaluation },
                Err(declining) => declined(round, declining),
            }),
        }
    }

    fn hear(&mut self, instruction: Instruction) -> Vec<NodeEffect> {
        if self.over {
            return Vec::new();
        }
        if instruction == Instruction::Rest {
            self.over = true;
            (self.current, self.waiting, self.masked) = (None, None, None);
            return vec![NodeEffect::Done];
        }
        if let Instruction::Masking { round, step } = instruction {
            return self.step(round, step).into_iter().collect();
        }
        if let Some(round) = self.would_show(&instruction) {
            let reason = "this hospital shows its numbers in sums under masks only".to_owned();
            let declining = Declining {
                reason,
                for_good: false,
            };
            return vec![NodeEffect::Send(declined(round, declining))];
        }
        let mut effects = Vec::new();
        if let Instruction::Train {
            round,
            params,
            order,
            masking: Some(masking),
        } = &instruction
        {
            let offered = self.offer(*round, params, order, masking).map(Some);
            let refused = offered.is_err();
            effects.extend(self.say(*round, offered));
            let wanted = self.masked.as_ref().is_some_and(MaskedRound::wants_upload);
            if refused || !wanted {
                return effects;
            }
        }
        effects.extend(self.hear_work(instruction));
        effects
    }

    /// The round of an instruction that asks a hospital with secrets for its own numbers in the clear: a
    /// coordinator that leaves the masks out is not obeyed.
    fn would_show(&self, instruction: &Instruction) -> Option<RoundId> {
        self.secrets.as_ref()?;
        match instruction {
            Instruction::Summarise { round }
            | Instruction::Train {
                round,
                masking: None,
                ..
            } => Some(*round),
            _ => None,
        }
    }

    /// Takes a step of a masked round. One of another round than its own is nothing to a node.
    fn step(&mut self, round: RoundId, step: MaskingStep) -> Option<NodeEffect> {
        let (masked, secrets) = (self.masked.as_mut()?, self.secrets.as_mut()?);
        if masked.round() != round {
            return None;
        }
        let taken = masked.take(step, secrets);
        self.say(round, taken)
    }

    fn hear_work(&mut self, instruction: Instruction) -> Vec<NodeEffect> {
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

    /// Keys for a masked round, or those already given for it.
    fn offer(
        &mut self,
        round: RoundId,
        params: &Params,
        order: &TrainOrder,
        masking: &MaskingOrder,
    ) -> Result<MaskingAnswer, Refused> {
        if let Some(masked) = &self.masked
            && masked.is(round, masking.attempt)
        {
            return Ok(masked.said());
        }
        // An earlier round's secrets are wiped.
        self.masked = None;
        let secrets = self.secrets.as_mut().ok_or(Refused::NotMe)?;
        let length = order.upload_len(secrets.parameters);
        let session = session(round, params, order, masking, &secrets.roster, length);
        let masked = MaskedRound::begin(self.node, session, secrets)?;
        Ok(self.masked.insert(masked).said())
    }

    /// What is to be sent of a step: nothing where its answer must wait. A refusal ends the node's part
    /// in the round.
    fn say(
        &mut self,
        round: RoundId,
        taken: Result<Option<MaskingAnswer>, Refused>,
    ) -> Option<NodeEffect> {
        let report = match taken {
            Ok(answer) => Report::Masking {
                round,
                answer: answer?,
            },
            Err(refused) => {
                self.masked = None;
                let reason = format!("secure aggregation: {refused}");
                let for_good = false;
                declined(round, Declining { reason, for_good })
            }
        };
        Some(NodeEffect::Send(report))
    }

    /// Ends training: the update is sent where nothing else was asked for, or waits for its masks.
    fn trained(&mut self, round: RoundId, result: Result<Upload, Declining>) -> Vec<NodeEffect> {
        let masks = match &self.current {
            Some(Instruction::Train {
                round: asked,
                masking,
                ..
            }) if *asked == round => masking.is_some(),
            // Called off. It must not be taken for the answer to something else.
            _ => return Vec::new(),
        };
        let effect = match result {
            Err(declining) => {
                self.masked = None;
                Some(NodeEffect::Send(declined(round, declining)))
            }
            Ok(upload) if !masks => Some(NodeEffect::Send(Report::Upload { round, upload })),
            Ok(upload) => match &mut self.masked {
                Some(masked) if masked.round() == round => {
                    let taken = masked.trained(upload);
                    self.say(round, taken)
                }
                // Refused meanwhile: that is said already.
                _ => None,
            },
        };
        self.end(round, effect)
    }

    /// Ends the current work with a report.
    fn answer(&mut self, report: Report) -> Vec<NodeEffect> {
        self.end(report.round(), Some(NodeEffect::Send(report)))
    }

    /// Ends the current work and begins what waited.
    fn end(&mut self, round: RoundId, effect: Option<NodeEffect>) -> Vec<NodeEffect> {
        let asked = |current: &mut Instruction| current.round() == Some(round);
        if self.current.take_if(asked).is_none() {
            return Vec::new(); // the work was called off
        }
        let mut effects: Vec<NodeEffect> = effect.into_iter().collect();
        if let Some(next) = self.waiting.take() {
            effects.extend(self.begin(next));
        }
        effects
    }
}

fn declined(round: RoundId, declining: Declining) -> Report {
    let Declining { reason, for_good } = declining;
    Report::Declined {
        round,
        reason,
        for_good,
    }
}

/// Whether two instructions ask for the same work.
fn same_work(a: &Instruction, b: &Instruction) -> bool {
    a.kind() == b.kind() && a.round() == b.round()
}
