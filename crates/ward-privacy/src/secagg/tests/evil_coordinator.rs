//! A coordinator that lies. Each lie ends in a refusal, and the node that refuses has sent no share.

use proptest::prelude::*;
use ward_core::secagg::{Consent, ShareKind, SharesForYou};

use super::table::Table;
use super::*;

fn refusal<T>(result: Result<T, Refused>) -> Refused {
    match result {
        Ok(_) => panic!("the node should have refused"),
        Err(refused) => refused,
    }
}

/// What node 0 says to a list of keys that has been tampered with.
fn said_of_keys(
    world: &World,
    tamper: impl FnOnce(&mut Vec<(NodeId, KeyOffer)>, &World),
) -> Refused {
    let (mut states, mut offers) = Table::new(world).offered();
    tamper(&mut offers, world);
    let me = states.remove(&world.id(0)).unwrap();
    refusal(me.share(&offers, &mut world.rng(99)))
}

/// An offer that its node itself has signed, whatever its keys.
fn signed(world: &World, i: usize, mut offer: KeyOffer) -> KeyOffer {
    let sid = SessionId::of(&world.session).unwrap();
    let statement = statements::keys(&sid, world.id(i), &offer, false);
    offer.signature = world.identities[i].sign(&statement);
    offer
}

#[test]
fn keys_that_were_swapped_dropped_doubled_or_weak_are_refused() {
    let world = World::new(5, 3);
    let id = |i| world.id(i);
    let swapped = said_of_keys(&world, |offers, _| offers[2].1.mask = [9; 32]);
    assert_eq!(swapped, Refused::Signature(id(2)));
    let exchanged = said_of_keys(&world, |offers, _| {
        let one = offers[1].1;
        offers[2].1 = one;
    });
    assert_eq!(exchanged, Refused::Signature(id(2)));
    let mine_swapped = said_of_keys(&world, |offers, world| {
        let (_, offer) = world.begin(0, &mut MemoryJournal::default()).unwrap();
        offers[0].1 = signed(
            world,
            0,
            KeyOffer {
                mask: [9; 32],
                ..offer
            },
        );
    });
    assert_eq!(mine_swapped, Refused::SelfMissing);
    let dropped = said_of_keys(&world, |offers, _| *offers = offers.split_off(1));
    assert_eq!(dropped, Refused::SelfMissing);
    let doubled = said_of_keys(&world, |offers, _| offers.insert(2, offers[2]));
    assert_eq!(doubled, Refused::NotAscending);
    let stranger = said_of_keys(&world, |offers, _| offers.push((NodeId(999), offers[0].1)));
    assert_eq!(stranger, Refused::Unknown(NodeId(999)));
    let few = said_of_keys(&world, |offers, _| offers.truncate(3));
    assert_eq!(few, Refused::TooFew { left: 3, needed: 4 });
    let copied = said_of_keys(&world, |offers, world| {
        let mask = offers[1].1.mask;
        offers[3].1 = signed(
            world,
            3,
            KeyOffer {
                mask,
                ..offers[3].1
            },
        );
    });
    assert_eq!(copied, Refused::SameKey(id(3)));
    let weak = said_of_keys(&world, |offers, world| {
        let mask = [0; 32];
        offers[3].1 = signed(
            world,
            3,
            KeyOffer {
                mask,
                ..offers[3].1
            },
        );
    });
    assert_eq!(weak, Refused::LowOrder(id(3)));
    let weak = said_of_keys(&world, |offers, world| {
        let channel = [0; 32];
        offers[3].1 = signed(
            world,
            3,
            KeyOffer {
                channel,
                ..offers[3].1
            },
        );
    });
    assert_eq!(weak, Refused::LowOrder(id(3)));
}

/// Everything that a session is about is in its id: whoever was told something else signed something
/// else.
#[test]
fn nothing_fits_a_session_that_differs_in_anything() {
    let world = World::new(5, 3);
    let changes: [fn(&mut SessionInputs); 13] = [
        |s| s.model = model_digest(&[0.5, 1.0]),
        |s| s.task = [3; 32],
        |s| s.round = RoundId(6),
        |s| s.attempt = 1,
        |s| s.job = "ru".into(),
        |s| s.params.suite = MaskSuite::Aes256Ctr,
        |s| s.params.ring.fraction_bits = 23,
        |s| s.params.ring.range = 64.0,
        |s| s.params.ring.most_weight = 1,
        |s| s.params.weighting = Weighting::Uniform,
        |s| s.params.length = 4,
        |s| s.params.min_survivors = 4,
        |s| s.cohort.truncate(4),
    ];
    let (_, offers) = Table::new(&world).offered();
    for change in changes {
        let mut other = World::new(5, 3);
        change(&mut other.session);
        other.shape = Shape::of(other.session.cohort.len()).unwrap();
        let offers = &offers[..other.session.cohort.len()];
        let (me, mine) = other.begin(0, &mut MemoryJournal::default()).unwrap();
        let mut shown = offers.to_vec();
        shown[0].1 = mine;
        let said = refusal(me.share(&shown, &mut world.rng(99)));
        assert_eq!(said, Refused::Signature(world.id(1)));
    }
    let said = |change: fn(&mut World)| {
        let mut other = World::new(5, 3);
        change(&mut other);
        refusal(other.begin(0, &mut MemoryJournal::default()))
    };
    assert_eq!(
        said(|w| w.session.federation = "east".into()),
        Refused::OtherRoster
    );
    assert_eq!(said(|w| w.session.roster = [0; 32]), Refused::OtherRoster);
    assert_eq!(
        said(|w| w.session.cohort[4] = NodeId(999)),
        Refused::Stranger(NodeId(999))
    );
    assert_eq!(said(|w| w.session.cohort.reverse()), Refused::NotAscending);
    assert_eq!(said(|w| w.identities.swap(0, 1)), Refused::NotMe);
    let too_few = Refused::TooFewAsked { asked: 2, least: 3 };
    assert_eq!(said(|w| w.session.params.min_survivors = 2), too_few);
    let too_many = Refused::TooManyAsked {
        asked: 6,
        cohort: 5,
    };
    assert_eq!(said(|w| w.session.params.min_survivors = 6), too_many);
    assert_eq!(
        said(|w| w.session.params.ring.range = 1e12),
        Refused::Headroom
    );
}

fn said_of_letters(tamper: impl FnOnce(&mut SharesForYou)) -> Refused {
    let world = World::new(5, 3);
    let (mut states, mut letters, _) = Table::new(&world).letters();
    let me = world.id(0);
    let mine = letters.get_mut(&me).unwrap();
    tamper(mine);
    refusal(states.remove(&me).unwrap().receive(mine))
}

#[test]
fn letters_that_were_tampered_with_are_refused() {
    let id = |i: u32| NodeId(3 * i + 1);
    let flipped = said_of_letters(|mine| mine.envelopes[1].sealed[40] ^= 1);
    assert_eq!(flipped, Refused::Sealed(id(2)));
    let exchanged = said_of_letters(|mine| mine.envelopes[1].sealed = mine.envelopes[0].sealed);
    assert_eq!(exchanged, Refused::Sealed(id(2)));
    let other = said_of_letters(|mine| mine.envelopes[1].commitments.self_seed[0] ^= 1);
    assert_eq!(other, Refused::Share(id(2)));
    let missing = said_of_letters(|mine| mine.envelopes.truncate(3));
    assert_eq!(missing, Refused::Envelopes);
    let without_me = said_of_letters(|mine| mine.sharers = mine.sharers.split_off(1));
    assert_eq!(without_me, Refused::SelfMissing);
    let stranger = said_of_letters(|mine| mine.sharers[4] = NodeId(999));
    assert_eq!(stranger, Refused::Unknown(NodeId(999)));
    let doubled = said_of_letters(|mine| mine.sharers[4] = id(3));
    assert_eq!(doubled, Refused::NotAscending);
    let few = said_of_letters(|mine| {
        mine.sharers.truncate(3);
        mine.envelopes.truncate(2);
    });
    assert_eq!(few, Refused::TooFew { left: 3, needed: 4 });
}

#[test]
fn letters_of_an_earlier_round_do_not_open() {
    let mut earlier = World::new(5, 3);
    earlier.session.round = RoundId(6);
    let (_, old, _) = Table::new(&earlier).letters();
    let world = World::new(5, 3);
    let (mut states, ..) = Table::new(&world).letters();
    let me = world.id(0);
    let said = refusal(states.remove(&me).unwrap().receive(&old[&me]));
    assert_eq!(said, Refused::Sealed(world.id(1)));
}

fn said_of_survivors(min_survivors: u32, survivors: &[usize]) -> Refused {
    let mut world = World::new(5, 3);
    world.session.params.min_survivors = min_survivors;
    let mut table = Table::new(&world);
    let (mut masked, _) = table.masked();
    let me = world.id(0);
    let known = |&i: &usize| world.session.cohort.get(i).copied().unwrap_or(NodeId(999));
    let survivors: Vec<NodeId> = survivors.iter().map(known).collect();
    refusal(
        masked
            .remove(&me)
            .unwrap()
            .consent(&survivors, table.journal(me)),
    )
}

#[test]
fn lists_of_survivors_that_cannot_be_are_refused() {
    assert_eq!(
        said_of_survivors(3, &[0, 1, 2, 3, 5]),
        Refused::Unknown(NodeId(999))
    );
    assert_eq!(said_of_survivors(3, &[1, 2, 3, 4]), Refused::SelfMissing);
    assert_eq!(
        said_of_survivors(3, &[0, 1, 2]),
        Refused::TooFew { left: 3, needed: 4 }
    );
    assert_eq!(
        said_of_survivors(5, &[0, 1, 2, 3]),
        Refused::TooFew { left: 4, needed: 5 }
    );
    assert_eq!(
        said_of_survivors(3, &[0, 1, 2, 2, 3]),
        Refused::NotAscending
    );
}

/// The coordinator shows some nodes one list of survivors and some another. Neither half is a quorum.
#[test]
fn split_views_are_revealed_to_nobody() {
    let world = World::new(7, 3);
    let mut table = Table::new(&world);
    let (mut masked, _) = table.masked();
    let ids = &world.session.cohort;
    let (all, fewer) = (ids.to_vec(), ids[..6].to_vec());
    let half = masked.split_off(&ids[3]);
    let (one, mut consents) = table.consented(masked, &fewer);
    let (other, more) = table.consented(half, &all);
    consents.extend(more);
    for (node, state) in one.into_iter().chain(other) {
        let said = refusal(state.reveal(&consents, table.journal(node)));
        assert!(matches!(
            said,
            Refused::Consents {
                valid: 3 | 4,
                needed: 5
            }
        ));
        let round = world.session.round;
        let known = table
            .journal(node)
            .remembered("run", round)
            .unwrap()
            .unwrap();
        assert!(!known.revealed);
    }
}

fn said_of_consents(tamper: impl FnOnce(&mut Vec<(NodeId, Consent)>)) -> Refused {
    let world = World::new(7, 3);
    let mut table = Table::new(&world);
    let (masked, _) = table.masked();
    let (mut states, mut consents) = table.consented(masked, &world.session.cohort);
    tamper(&mut consents);
    let me = world.id(0);
    refusal(
        states
            .remove(&me)
            .unwrap()
            .reveal(&consents, table.journal(me)),
    )
}

#[test]
fn consents_that_are_too_few_doubled_or_forged_reveal_nothing() {
    let few = |valid| Refused::Consents { valid, needed: 5 };
    assert_eq!(said_of_consents(|consents| consents.truncate(4)), few(4));
    assert_eq!(
        said_of_consents(|consents| *consents = vec![consents[2]; 7]),
        few(1)
    );
    let forged = said_of_consents(|consents| {
        consents
            .iter_mut()
            .skip(4)
            .for_each(|(_, consent)| consent.signature[7] ^= 1);
    });
    assert_eq!(forged, few(4));
    let of_others = said_of_consents(|consents| {
        let shift: Vec<Consent> = consents.iter().map(|(_, consent)| *consent).collect();
        for ((_, consent), other) in consents.iter_mut().zip(shift.iter().cycle().skip(1)) {
            *consent = *other;
        }
    });
    assert_eq!(of_others, few(0));
}

#[test]
fn a_round_that_was_revealed_is_over_whatever_the_attempt() {
    let mut world = World::new(5, 3);
    let mut journal = {
        let mut table = Table::new(&world);
        let (mut states, consents, _) = table.unmasking();
        let me = world.id(0);
        let state = states.remove(&me).unwrap();
        state.reveal(&consents, table.journal(me)).unwrap();
        table.journal(me).clone()
    };
    for attempt in [0, 1, 7] {
        world.session.attempt = attempt;
        assert_eq!(
            refusal(world.begin(0, &mut journal)),
            Refused::AlreadyRevealed
        );
    }
    world.session.round = RoundId(8);
    assert!(world.begin(0, &mut journal).is_ok());
}

/// A node that is restarted between its consent and its reveal has forgotten its keys, but not that it
/// consented.
#[test]
fn a_restart_between_consent_and_reveal_needs_a_new_attempt() {
    let mut world = World::new(5, 3);
    let mut journal = {
        let mut table = Table::new(&world);
        let (..) = table.unmasking();
        table.journal(world.id(0)).clone()
    };
    let said = refusal(world.begin(0, &mut journal));
    assert_eq!(
        said,
        Refused::NotNew {
            attempt: 0,
            latest: 0
        }
    );
    world.session.attempt = 1;
    assert!(world.begin(0, &mut journal).is_ok());
}

/// An attempt that has been overtaken neither consents nor reveals any more.
#[test]
fn an_attempt_that_was_overtaken_is_over() {
    let world = World::new(5, 3);
    let mut table = Table::new(&world);
    let (mut masked, _) = table.masked();
    let mut later = World::new(5, 3);
    later.session.attempt = 1;
    let (first, second) = (world.id(0), world.id(1));
    let late = masked.remove(&first).unwrap();
    later.begin(0, table.journal(first)).unwrap();
    let survivors = &world.session.cohort;
    let said = refusal(late.consent(survivors, table.journal(first)));
    assert_eq!(said, Refused::OutOfTurn);
    let (mut states, consents) = table.consented(masked, survivors);
    later.begin(1, table.journal(second)).unwrap();
    let late = states.remove(&second).unwrap();
    let said = refusal(late.reveal(&consents, table.journal(second)));
    assert!(matches!(
        said,
        Refused::Consents { .. } | Refused::OutOfTurn
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// Flower 1.42 gives both shares of a node that is in both of the lists that it is sent. Here no
    /// lists, in however many attempts, make a node give both.
    #[test]
    fn a_node_never_gives_both_shares_of_one_node(
        lists in prop::collection::vec(prop::collection::vec(any::<bool>(), 5), 1..5),
        agree: bool,
    ) {
        let mut world = World::new(5, 3);
        let me = world.id(0);
        let mut journal = MemoryJournal::default();
        let mut given: BTreeSet<(NodeId, ShareKind)> = BTreeSet::new();
        for (attempt, list) in lists.iter().enumerate() {
            world.session.attempt = attempt as u32;
            let mut table = Table::new(&world);
            std::mem::swap(table.journal(me), &mut journal);
            if table.journal(me).remembered("run", world.session.round).unwrap().is_some_and(|k| k.revealed) {
                prop_assert_eq!(
                    refusal(world.begin(0, table.journal(me))),
                    Refused::AlreadyRevealed
                );
            } else {
                let (mut masked, _) = table.masked();
                let mine = masked.remove(&me).unwrap();
                let cohort = world.session.cohort.iter().zip(list);
                let survivors: Vec<NodeId> =
                    cohort.filter(|(_, there)| **there).map(|(node, _)| *node).collect();
                masked.retain(|node, _| survivors.contains(node) && agree);
                if let Ok((mine, consent)) = mine.consent(&survivors, table.journal(me)) {
                    let (_, mut consents) = table.consented(masked, &survivors);
                    consents.push((me, consent));
                    if let Ok(revelation) = mine.reveal(&consents, table.journal(me)) {
                        given.extend(revelation.shares.iter().map(|share| (share.of, share.kind)));
                    }
                }
            }
            std::mem::swap(table.journal(me), &mut journal);
        }
        let nodes: BTreeSet<NodeId> = given.iter().map(|(of, _)| *of).collect();
        prop_assert_eq!(nodes.len(), given.len());
    }
}

/// Whoever knows all parts and may leave some out chooses among very many graphs.
#[test]
fn a_graph_is_drawn_from_the_parts_of_all_who_offered_keys() {
    let world = super::drop_outs::drawn(12, 4, 3);
    let opened = || {
        let mut table = Table::new(&world);
        let (states, offers) = table.offered();
        let states = states.into_iter().map(|(node, state)| {
            let (state, opening) = state.open(&offers).unwrap();
            (node, state, opening)
        });
        let (mut mine, mut openings) = (None, Vec::new());
        for (node, state, opening) in states {
            mine.get_or_insert(state);
            openings.push((node, opening));
        }
        (mine.unwrap(), openings)
    };
    let (mine, mut openings) = opened();
    openings.pop();
    let said = refusal(mine.share(&openings, &mut world.rng(99)));
    assert_eq!(said, Refused::Openings);
    let (mine, mut openings) = opened();
    openings[5].1.0[0] ^= 1;
    let said = refusal(mine.share(&openings, &mut world.rng(99)));
    assert_eq!(said, Refused::Draw(world.id(5)));
    let (mine, openings) = opened();
    assert!(mine.share(&openings, &mut world.rng(99)).is_ok());

    // Nor does a node take the way of the other kind of graph.
    let (mut states, offers) = Table::new(&world).offered();
    let state = states.remove(&world.id(0)).unwrap();
    assert_eq!(
        refusal(state.share(&offers, &mut world.rng(99))),
        Refused::OtherGraph
    );
    let complete = World::new(5, 3);
    let (mut states, offers) = Table::new(&complete).offered();
    let state = states.remove(&complete.id(0)).unwrap();
    assert_eq!(refusal(state.open(&offers)), Refused::OtherGraph);
}

/// The coordinator ends the attempt as well, and says who was silent or did not keep its word.
#[test]
fn a_part_that_is_missing_or_changed_ends_the_attempt() {
    let world = super::drop_outs::drawn(12, 4, 3);
    let (states, offers) = Table::new(&world).offered();
    let mut keying = world.keying();
    for (node, offer) in &offers {
        keying.accept(*node, *offer).unwrap();
    }
    let (_, mut drawing) = keying.draw().unwrap();
    for (i, (node, state)) in states.into_iter().enumerate().filter(|(i, _)| *i != 7) {
        let (_, mut opening) = state.open(&offers).unwrap();
        if i == 3 {
            opening.0[0] ^= 1;
            let fault = drawing.accept(node, opening).unwrap_err();
            assert_eq!((fault.node, fault.wrong), (node, Wrong::Draw));
            opening.0[0] ^= 1;
            let fault = drawing.accept(node, opening).unwrap_err();
            assert_eq!(fault.wrong, Wrong::Excluded);
            continue;
        }
        drawing.accept(node, opening).unwrap();
    }
    assert_eq!(drawing.awaited(), [world.id(7)]);
    assert_eq!(drawing.close().err(), Some(Failure::Unopened(world.id(3))));
}
