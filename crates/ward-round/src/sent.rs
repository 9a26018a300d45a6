//! The models that a phase sends: one to all nodes, or to each that of its region.

use std::sync::Arc;

use ward_core::{NodeId, Params};

use crate::Plan;
use crate::strategy::RegionOf;

/// The models that a phase sends.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    models: Vec<Arc<Params>>,
    region_of: Option<RegionOf>,
}

impl Sent {
    /// What nodes of `plan` are sent of all its models, `params`.
    pub(crate) fn of(params: Params, plan: &Plan) -> Self {
        let models = match &plan.region_of {
            None => vec![Arc::new(params)],
            Some(_) => {
                let models = params.0.chunks(plan.parameters.max(1));
                models
                    .map(|model| Arc::new(Params(model.to_vec())))
                    .collect()
            }
        };
        Self {
            models,
            region_of: plan.region_of.clone(),
        }
    }

    /// What `node` is sent.
    pub(crate) fn to(&self, node: NodeId) -> Arc<Params> {
        let region = self
            .region_of
            .as_ref()
            .and_then(|of| of.get(node.0 as usize));
        let model = self.models.get(region.copied().unwrap_or(0));
        model.cloned().unwrap_or_default()
    }

    /// The first of them: the only one where there are no regions.
    pub(crate) fn first(&self) -> Arc<Params> {
        self.models.first().cloned().unwrap_or_default()
    }
}
