//! The clip norm as the rounds go on (Andrew et al. 2021, arXiv:1905.03871, Algorithm 1): moved by the
//! noised share of updates that were within it, in [`AdaptiveClip::next`].

use ward_core::{Event, Protection};
use ward_privacy::dp::clipping::{AdaptiveClip, share_within};

use super::{Coordinator, Effect};

impl Coordinator {
    /// Moves the norm for the rounds to come, knowing the mean of the bits in this one.
    pub(super) fn move_clip_norm(
        &mut self,
        clipping: &AdaptiveClip,
        bits: Option<f32>,
        effects: &mut Vec<Effect>,
    ) {
        let order = &self.plan.order;
        let (Protection::Hospital(noise), Some(bits)) = (&order.protection, bits) else {
            return;
        };
        let norm = self.state.clip_norm.unwrap_or(noise.clip_norm);
        let within = share_within(bits, &order.ring);
        let next = clipping.next(f64::from(norm), within) as f32;
        self.state.clip_norm = Some(next);
        effects.push(Effect::Emit(Event::ClipNormMoved {
            round: self.state.round,
            norm,
            within,
            next,
        }));
    }
}
