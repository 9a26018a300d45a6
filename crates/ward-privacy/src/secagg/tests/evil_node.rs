//! A node that lies is named and left out, and the others are unharmed.

use ward_core::secagg::{MaskedUpload, MaskedWords, ShareOffer};

use super::table::Table;
use super::*;

fn wide(upload: &mut MaskedUpload) -> &mut Vec<u64> {
    match &mut upload.words {
        MaskedWords::Wide(words) => words,
        MaskedWords::Narrow(_) => panic!("the session's words are wide"),
    }
}

fn wrong(result: Result<(), Fault>, node: NodeId) -> Wrong {
    let fault = result.unwrap_err();
    assert_eq!(fault.node, node);
    fault.wrong
}

#[test]
fn bad_keys_are_named_and_the_others_go_on() {
    let world = World::new(7, 3);
    let (_, offers) = Table::new(&world).offered();
    let (evil, good) = (offers[2].0, &offers);
    let said = |tamper: &dyn Fn(&mut KeyOffer)| {
        let mut keying = world.keying();
        keying.accept(good[0].0, good[0].1).unwrap();
        let mut offer = good[2].1;
        tamper(&mut offer);
        let sid = keying.sid();
        let statement = statements::keys(&sid, evil, &offer, false);
        offer.signature = world.identities[2].sign(&statement);
        let said = wrong(keying.accept(evil, offer), evil);
        assert_eq!(wrong(keying.accept(evil, good[2].1), evil), Wrong::Excluded);
        for (node, offer) in good.iter().skip(1).filter(|(node, _)| *node != evil) {
            keying.accept(*node, *offer).unwrap();
        }
        assert!(keying.awaited().is_empty());
        assert_eq!(keying.close().unwrap().0.len(), 6);
        said
    };
    assert_eq!(
        said(&|offer| offer.mask = good[0].1.channel),
        Wrong::SameKey
    );
    assert_eq!(said(&|offer| offer.mask = offer.channel), Wrong::SameKey);
    assert_eq!(said(&|offer| offer.mask = [0; 32]), Wrong::LowOrder);
    let mut keying = world.keying();
    let mut offer = good[2].1;
    offer.mask[0] ^= 1;
    assert_eq!(wrong(keying.accept(evil, offer), evil), Wrong::Signature);
    let stranger = NodeId(999);
    assert_eq!(
        wrong(keying.accept(stranger, good[0].1), stranger),
        Wrong::NotAsked
    );
    keying.accept(good[0].0, good[0].1).unwrap();
    let twice = keying.accept(good[0].0, good[0].1);
    assert_eq!(wrong(twice, good[0].0), Wrong::Duplicate);
}

fn resigned(world: &World, i: usize, mut offer: ShareOffer) -> ShareOffer {
    let sid = SessionId::of(&world.session).unwrap();
    let statement = statements::shares(&sid, world.id(i), &offer);
    offer.signature = world.identities[i].sign(&statement);
    offer
}

#[test]
fn bad_envelopes_are_named() {
    let world = World::new(7, 3);
    let (_, shares, mut sharing) = Table::new(&world).shared();
    let evil = world.id(2);
    let mut offer = shares[&evil].clone();
    offer.envelopes.pop();
    let said = wrong(sharing.accept(evil, resigned(&world, 2, offer)), evil);
    assert_eq!(said, Wrong::Envelopes);
    let evil = world.id(3);
    let mut offer = shares[&evil].clone();
    offer.self_seed[0] ^= 1;
    assert_eq!(wrong(sharing.accept(evil, offer), evil), Wrong::Signature);
}

/// The one for whom a bad envelope is refuses and says from whom it came; nobody else is harmed.
#[test]
fn a_bad_envelope_is_told_by_the_one_whom_it_is_for() {
    let world = World::new(7, 3);
    let (states, shares, mut sharing) = Table::new(&world).shared();
    let (evil, victim) = (world.id(2), world.id(0));
    for (node, mut offer) in shares {
        if node == evil {
            offer.envelopes[0].sealed[0] ^= 1;
            offer = resigned(&world, 2, offer);
        }
        sharing.accept(node, offer).unwrap();
    }
    let letters: BTreeMap<NodeId, _> = sharing.close().unwrap().0.into_iter().collect();
    for (node, state) in states {
        match state.receive(&letters[&node]) {
            Ok(_) => assert_ne!(node, victim),
            Err(refused) => {
                assert_eq!((node, refused.accuses()), (victim, Some(evil)));
            }
        }
    }
}

#[test]
fn bad_uploads_are_named_and_do_not_touch_the_sum() {
    let world = World::new(7, 3);
    let mut table = Table::new(&world);
    let (mut masked, uploads, mut collecting) = table.uploads();
    let sid = SessionId::of(&world.session).unwrap();
    let signed = |i: usize, change: &dyn Fn(&mut MaskedUpload)| {
        let node = world.id(i);
        let mut upload = uploads[&node].clone();
        change(&mut upload);
        let statement = statements::masked(&sid, node, &upload.digest, &upload.sharers);
        upload.signature = world.identities[i].sign(&statement);
        upload
    };
    let (one, two) = (world.id(1), world.id(2));
    // Words that are not those that were signed; another length; twice.
    let said = wrong(
        collecting.accept(one, &signed(1, &|u| wide(u)[0] ^= 1)),
        one,
    );
    assert_eq!(said, Wrong::Digest);
    let said = wrong(
        collecting.accept(two, &signed(2, &|u| wide(u).push(0))),
        two,
    );
    assert_eq!(
        said,
        Wrong::Length {
            got: 6,
            expected: 5
        }
    );
    masked.remove(&one);
    masked.remove(&two);
    for node in masked.keys() {
        collecting.accept(*node, &uploads[node]).unwrap();
        let twice = collecting.accept(*node, &uploads[node]);
        assert_eq!(wrong(twice, *node), Wrong::Duplicate);
    }
    let (states, consents, mut unmasking) = table.consenting(masked, collecting);
    for (node, state) in states {
        let revelation = state.reveal(&consents, table.journal(node)).unwrap();
        unmasking.accept(node, &revelation).unwrap();
    }
    let sum = unmasking.close(ONE).unwrap();
    assert_eq!(sum.survivors.len(), 5);
    world.assert_is_plain(&sum);
}

#[test]
fn an_upload_with_others_or_with_anothers_signature_is_named() {
    let world = World::new(7, 3);
    let (_, uploads, mut collecting) = Table::new(&world).uploads();
    let (one, two) = (world.id(1), world.id(2));
    let said = wrong(collecting.accept(one, &uploads[&two]), one);
    assert_eq!(said, Wrong::Signature);
    let sid = SessionId::of(&world.session).unwrap();
    let mut upload = uploads[&two].clone();
    upload.sharers = statements::sharers(&sid, &world.session.cohort[..6]);
    let statement = statements::masked(&sid, two, &upload.digest, &upload.sharers);
    upload.signature = world.identities[2].sign(&statement);
    assert_eq!(wrong(collecting.accept(two, &upload), two), Wrong::Sharers);
}

#[test]
fn bad_shares_are_named_and_enough_good_ones_do() {
    let world = World::new(7, 3);
    let mut table = Table::new(&world);
    let (states, consents, mut unmasking) = table.unmasking();
    for (node, state) in states {
        let mut revelation = state.reveal(&consents, table.journal(node)).unwrap();
        match world.index(node) {
            1 => {
                revelation.shares[4].share[9] ^= 1;
                let said = wrong(unmasking.accept(node, &revelation), node);
                assert_eq!(said, Wrong::Share(world.id(4)));
            }
            2 => {
                revelation.shares.pop();
                let said = wrong(unmasking.accept(node, &revelation), node);
                assert_eq!(said, Wrong::NotDue);
            }
            _ => {
                assert!(!unmasking.is_enough());
                unmasking.accept(node, &revelation).unwrap();
            }
        }
    }
    assert!(unmasking.is_enough());
    world.assert_is_plain(&unmasking.close(ONE).unwrap());
}

/// A dealer whose shares fit its commitments but restore another seed than it committed to is found
/// out at the end, and named.
#[test]
fn a_dealer_whose_shares_restore_something_else_is_named() {
    let world = World::new(5, 3);
    let evil = world.id(2);
    let mut table = Table::new(&world);
    let (states, shares, mut sharing) = table.shared();
    for (node, mut offer) in shares {
        if node == evil {
            offer.self_seed = [9; 32];
            offer = resigned(&world, 2, offer);
        }
        sharing.accept(node, offer).unwrap();
    }
    let (letters, mut collecting) = sharing.close().unwrap();
    let letters: BTreeMap<NodeId, _> = letters.into_iter().collect();
    let mut masked = BTreeMap::new();
    for (node, state) in states {
        let masking = state.receive(&letters[&node]).unwrap();
        let (state, upload) = masking.mask(world.upload(world.index(node)), ONE).unwrap();
        collecting.accept(node, &upload).unwrap();
        masked.insert(node, state);
    }
    let (states, consents, mut unmasking) = table.consenting(masked, collecting);
    for (node, state) in states {
        let revelation = state.reveal(&consents, table.journal(node)).unwrap();
        unmasking.accept(node, &revelation).unwrap();
    }
    let named = Fault {
        node: evil,
        wrong: Wrong::Dealt,
    };
    assert_eq!(unmasking.close(ONE), Err(Failure::Fault(named)));
}

#[test]
fn an_upload_that_is_not_of_the_session_is_not_masked() {
    let world = World::new(5, 3);
    let said = |change: fn(&mut Upload)| {
        let (mut states, letters, _) = Table::new(&world).letters();
        let me = world.id(0);
        let masking = states.remove(&me).unwrap().receive(&letters[&me]).unwrap();
        let mut upload = world.upload(0);
        change(&mut upload);
        masking.mask(upload, ONE).err()
    };
    let long = Refused::Length {
        got: 4,
        expected: 3,
    };
    assert_eq!(said(|upload| upload.words.push(0)), Some(long));
    assert_eq!(said(|upload| upload.weight = 0), Some(Refused::Weight(0)));
    assert_eq!(
        said(|upload| upload.weight = 1 << 17),
        Some(Refused::Weight(1 << 17))
    );
    assert_eq!(said(|upload| upload.loss = f64::NAN), Some(Refused::Loss));
    assert_eq!(said(|upload| upload.loss = f64::INFINITY), None);
    assert_eq!(said(|_| ()), None);
}
