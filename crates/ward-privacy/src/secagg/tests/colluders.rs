//! Nodes that work with a coordinator which shows the others different lists: where the protocol
//! holds, and where it breaks.

use ward_core::secagg::{Consent, ShareKind};

use super::table::Table;
use super::*;

/// How many shares of each secret of an honest node the coordinator can gather: its mask key, its
/// seed. The first `shown` honest nodes, the victim among them, see everybody survive; the others see
/// all but the victim. Colluders sign whatever is wanted and give all that they hold.
fn gathered(n: usize, colluders: usize, shown: usize) -> (usize, usize) {
    let world = World::new(n, 2);
    let mut table = Table::new(&world);
    let (mut masked, _) = table.masked();
    let honest = n - colluders;
    masked.retain(|&node, _| world.index(node) < honest);
    let victim = world.id(0);
    let all = world.session.cohort.clone();
    let without: Vec<NodeId> = all[1..].to_vec();
    let sid = SessionId::of(&world.session).unwrap();
    let (mut mask_key, mut self_seed) = (colluders, colluders);
    let others = masked.split_off(&world.id(shown));
    for (group, list) in [(masked, &all), (others, &without)] {
        let (states, mut consents) = table.consented(group, list);
        for i in honest..n {
            let (u2, u3) = (
                statements::sharers(&sid, &all),
                statements::survivors(&sid, list),
            );
            let statement = statements::consent(&sid, world.id(i), &u2, &u3);
            let signature = world.identities[i].sign(&statement);
            consents.push((world.id(i), Consent { signature }));
        }
        for (node, state) in states {
            let Ok(revelation) = state.reveal(&consents, table.journal(node)) else {
                continue;
            };
            let share = revelation.shares.iter().find(|share| share.of == victim);
            match share.unwrap().kind {
                ShareKind::MaskKey => mask_key += 1,
                ShareKind::SelfSeed => self_seed += 1,
            }
        }
    }
    (mask_key, self_seed)
}

fn breaks(n: usize, colluders: usize) -> bool {
    let threshold = Shape::of(n).unwrap().threshold;
    (1..n - colluders).any(|shown| {
        let (mask_key, self_seed) = gathered(n, colluders, shown);
        mask_key >= threshold && self_seed >= threshold
    })
}

/// With 2t - n colluders a coordinator that splits views unmasks a node, with one fewer it does not;
/// a third of the nodes is always too few.
#[test]
fn split_views_unmask_a_node_from_2t_minus_n_colluders_on() {
    for n in [4, 5, 7, 8] {
        let enough = 2 * Shape::of(n).unwrap().threshold - n;
        assert!(enough > (n - 1) / 3);
        assert!(!breaks(n, enough - 1), "{n}");
        assert!(breaks(n, enough), "{n}");
    }
}
