//! Whole sessions with all secrets fixed: `tests/vectors/secagg/*.json`, which `reference.py` beside
//! them computes anew from the secrets.
//!
//! `WARDROUND_WRITE_VECTORS=1 cargo test -p ward-privacy golden` writes the files; without it they are
//! compared.

use serde_json::{Value, json};
use ward_core::secagg::{
    Commitments, Consent, DrawOpening, MaskedUpload, MaskedWords, Revelation, ShareKind,
    ShareOffer, SharesForYou,
};

use super::hex::text;
use super::*;

/// Every message of a session.
struct Transcript {
    offers: Vec<(NodeId, KeyOffer)>,
    openings: Vec<(NodeId, DrawOpening)>,
    shares: Vec<(NodeId, ShareOffer)>,
    letters: BTreeMap<NodeId, SharesForYou>,
    uploads: Vec<(NodeId, MaskedUpload)>,
    survivors: Vec<NodeId>,
    consents: Vec<(NodeId, Consent)>,
    revelations: Vec<(NodeId, Revelation)>,
    sum: Unmasked,
}

/// Plays a session in which the node at `lost` is gone when it should upload.
fn transcript(world: &World, lost: usize) -> Transcript {
    let nodes = world.session.cohort.len();
    let mut journals: Vec<MemoryJournal> = vec![MemoryJournal::default(); nodes];
    let mut rngs: Vec<SecretRng> = (0..nodes).map(|i| world.rng(i)).collect();
    let mut keying = world.keying();
    let (mut states, mut offers) = (Vec::new(), Vec::new());
    for i in 0..nodes {
        let setting = world.setting(i);
        let begun = node::begin_shaped(setting, world.shape, &mut journals[i], &mut rngs[i]);
        let (state, offer) = begun.unwrap();
        keying.accept(world.id(i), offer).unwrap();
        offers.push((world.id(i), offer));
        states.push(state);
    }
    let (mut openings, mut shares, mut shared) = (Vec::new(), Vec::new(), Vec::new());
    let mut sharing;
    if keying.is_drawn() {
        let (_, mut drawing) = keying.draw().unwrap();
        let mut opened = Vec::new();
        for (i, state) in states.into_iter().enumerate() {
            let (state, opening) = state.open(&offers).unwrap();
            drawing.accept(world.id(i), opening).unwrap();
            opened.push(state);
        }
        (openings, sharing) = drawing.close().unwrap();
        for (i, state) in opened.into_iter().enumerate() {
            let (state, offer) = state.share(&openings, &mut rngs[i]).unwrap();
            shares.push((world.id(i), offer));
            shared.push(state);
        }
    } else {
        sharing = keying.close().unwrap().1;
        for (i, state) in states.into_iter().enumerate() {
            let (state, offer) = state.share(&offers, &mut rngs[i]).unwrap();
            shares.push((world.id(i), offer));
            shared.push(state);
        }
    }
    for (node, offer) in &shares {
        sharing.accept(*node, offer.clone()).unwrap();
    }
    let (letters, mut collecting) = sharing.close().unwrap();
    let letters: BTreeMap<NodeId, SharesForYou> = letters.into_iter().collect();
    let (mut masked, mut uploads) = (Vec::new(), Vec::new());
    for (i, state) in shared.into_iter().enumerate().filter(|(i, _)| *i != lost) {
        let node = world.id(i);
        let masking = state.receive(&letters[&node]).unwrap();
        let (state, upload) = masking.mask(world.upload(i), ONE).unwrap();
        collecting.accept(node, &upload).unwrap();
        uploads.push((node, upload));
        masked.push((i, state));
    }
    let (survivors, mut consenting) = collecting.close().unwrap();
    let mut consented = Vec::new();
    for (i, state) in masked {
        let (state, consent) = state.consent(&survivors, &mut journals[i]).unwrap();
        consenting.accept(world.id(i), consent).unwrap();
        consented.push((i, state));
    }
    let (consents, mut unmasking) = consenting.close().unwrap();
    let mut revelations = Vec::new();
    for (i, state) in consented {
        let revelation = state.reveal(&consents, &mut journals[i]).unwrap();
        unmasking.accept(world.id(i), &revelation).unwrap();
        revelations.push((world.id(i), revelation));
    }
    let sum = unmasking.close(ONE).unwrap();
    world.assert_is_plain(&sum);
    Transcript {
        offers,
        openings,
        shares,
        letters,
        uploads,
        survivors,
        consents,
        revelations,
        sum,
    }
}

fn ids(nodes: &[NodeId]) -> Value {
    nodes.iter().map(|node| node.0).collect()
}

fn hexes<'a>(secrets: impl IntoIterator<Item = &'a [u8; 32]>) -> Value {
    secrets.into_iter().map(|secret| text(secret)).collect()
}

fn words(words: &[u64]) -> Value {
    words.iter().map(|word| format!("{word:016x}")).collect()
}

fn masked(words: &MaskedWords) -> Value {
    match words {
        MaskedWords::Narrow(words) => words.iter().map(|word| format!("{word:08x}")).collect(),
        MaskedWords::Wide(wide) => self::words(wide),
    }
}

fn pair(commitments: &Commitments) -> Value {
    json!({ "mask_key": text(&commitments.mask_key), "self_seed": text(&commitments.self_seed) })
}

fn offers(offers: &[(NodeId, KeyOffer)]) -> Value {
    let offer = |(node, offer): &(NodeId, KeyOffer)| {
        json!({
            "node": node.0, "channel": text(&offer.channel), "mask": text(&offer.mask),
            "draw": text(&offer.draw), "signature": text(&offer.signature),
        })
    };
    offers.iter().map(offer).collect()
}

fn envelopes(envelopes: &[ward_core::secagg::Envelope]) -> Value {
    let envelope = |envelope: &ward_core::secagg::Envelope| {
        json!({
            "node": envelope.node.0, "sealed": text(&envelope.sealed),
            "commitments": pair(&envelope.commitments),
        })
    };
    envelopes.iter().map(envelope).collect()
}

fn letter(letter: &SharesForYou) -> Value {
    json!({ "envelopes": envelopes(&letter.envelopes), "sharers": ids(&letter.sharers) })
}

fn consents(consents: &[(NodeId, Consent)]) -> Value {
    let consent = |(node, consent): &(NodeId, Consent)| json!({ "node": node.0, "signature": text(&consent.signature) });
    consents.iter().map(consent).collect()
}

fn session(world: &World) -> Value {
    let (session, shape) = (&world.session, &world.shape);
    let ring = &session.params.ring;
    let suite = match session.params.suite {
        MaskSuite::ChaCha20 => 1,
        MaskSuite::Aes256Ctr => 2,
    };
    json!({
        "federation": session.federation, "epoch": world.roster.epoch(), "job": session.job,
        "round": session.round.0, "attempt": session.attempt, "model_numbers": [0.5, -1.0],
        "task": text(&session.task), "suite": suite, "fraction_bits": ring.fraction_bits,
        "word_bits": session.params.width.bits(),
        "range": ring.range, "most_weight": ring.most_weight, "weighting": 1,
        "length": session.params.length, "min_survivors": session.params.min_survivors,
        "neighbours": shape.neighbours, "threshold": shape.threshold, "quorum": shape.quorum,
        "drawn": shape.drawn, "roster": text(&session.roster), "cohort": ids(&session.cohort),
        "sid": text(&SessionId::shaped(session, shape).0),
    })
}

/// A node's secrets in the order in which it draws them, and its upload.
fn node(world: &World, i: usize) -> Value {
    let coefficients = world.shape.threshold - 1;
    let mut secrets = vec![[0; 32]; 4 + 2 * coefficients];
    let mut rng = world.rng(i);
    secrets.iter_mut().for_each(|secret| rng.fill(secret));
    let mut identity = [0x40; 32];
    identity[..4].copy_from_slice(&(i as u32).to_le_bytes());
    let upload = world.upload(i);
    json!({
        "id": world.id(i).0, "identity_seed": text(&identity),
        "channel": text(&secrets[0]), "mask": text(&secrets[1]), "draw": text(&secrets[2]),
        "self_seed": text(&secrets[3]),
        "mask_coefficients": hexes(&secrets[4..4 + coefficients]),
        "seed_coefficients": hexes(&secrets[4 + coefficients..]),
        "words": words(&upload.words), "weight": upload.weight, "loss": upload.loss,
    })
}

fn recorded(world: &World, t: &Transcript) -> Value {
    let share = |(node, offer): &(NodeId, ShareOffer)| {
        json!({
            "node": node.0, "self_seed": text(&offer.self_seed), "own": pair(&offer.own),
            "envelopes": envelopes(&offer.envelopes), "signature": text(&offer.signature),
        })
    };
    let upload = |(node, upload): &(NodeId, MaskedUpload)| {
        json!({
            "node": node.0, "words": masked(&upload.words), "digest": text(&upload.digest),
            "sharers": text(&upload.sharers), "signature": text(&upload.signature),
        })
    };
    let revelation = |(node, revelation): &(NodeId, Revelation)| {
        let share = |share: &ward_core::secagg::RevealedShare| {
            let kind = match share.kind {
                ShareKind::MaskKey => "mask_key",
                ShareKind::SelfSeed => "self_seed",
            };
            json!({ "of": share.of.0, "kind": kind, "share": text(&share.share) })
        };
        let shares: Value = revelation.shares.iter().map(share).collect();
        json!({ "node": node.0, "shares": shares })
    };
    let opening = |(node, opening): &(NodeId, DrawOpening)| json!({ "node": node.0, "opening": text(&opening.0) });
    let letters = t.letters.iter();
    let letters: Value = letters
        .map(|(node, shares)| json!({ "node": node.0, "letter": letter(shares) }))
        .collect();
    json!({
        "protocol": "fl-secagg/1",
        "session": session(world),
        "nodes": (0..world.session.cohort.len()).map(|i| node(world, i)).collect::<Value>(),
        "offers": offers(&t.offers),
        "openings": t.openings.iter().map(opening).collect::<Value>(),
        "shares": t.shares.iter().map(share).collect::<Value>(),
        "letters": letters,
        "uploads": t.uploads.iter().map(upload).collect::<Value>(),
        "survivors": ids(&t.survivors),
        "consents": consents(&t.consents),
        "revelations": t.revelations.iter().map(revelation).collect::<Value>(),
        "sum": json!({ "words": words(&t.sum.words), "weight": t.sum.weight, "loss": t.sum.loss }),
    })
}

/// Broadcasts that the first node refuses, and what it says.
fn refused(world: &World, t: &Transcript) -> Value {
    let mut bad = Vec::new();
    let mut add = |name: &str, step: &str, message: Value, refused: Option<Refused>| {
        let refusal = refused.unwrap().to_string();
        bad.push(json!({ "name": name, "step": step, "message": message, "refusal": refusal }));
    };
    let me = world.id(0);
    let begin = |rng: &mut SecretRng| {
        let mut journal = MemoryJournal::default();
        let setting = world.setting(0);
        let begun = node::begin_shaped(setting, world.shape, &mut journal, rng).unwrap();
        (begun.0, journal)
    };
    let at_keys = |message: &[(NodeId, KeyOffer)]| {
        let mut rng = world.rng(0);
        begin(&mut rng).0.share(message, &mut rng)
    };

    let mut swapped = t.offers.clone();
    swapped[2].1.mask[0] ^= 1;
    add(
        "a swapped key",
        "keys",
        offers(&swapped),
        at_keys(&swapped).err(),
    );
    let without_me = t.offers[1..].to_vec();
    add(
        "keys without the node's own",
        "keys",
        offers(&without_me),
        at_keys(&without_me).err(),
    );
    let mut doubled = t.offers.clone();
    doubled[2] = doubled[1];
    add(
        "a node twice",
        "keys",
        offers(&doubled),
        at_keys(&doubled).err(),
    );

    let shared = || at_keys(&t.offers).unwrap().0;
    let mut flipped = t.letters[&me].clone();
    flipped.envelopes[0].sealed[0] ^= 1;
    add(
        "an envelope changed",
        "letter",
        letter(&flipped),
        shared().receive(&flipped).err(),
    );
    let mut other = t.letters[&me].clone();
    other.envelopes[1].commitments.self_seed[0] ^= 1;
    add(
        "a share not committed to",
        "letter",
        letter(&other),
        shared().receive(&other).err(),
    );

    let masked = || {
        let masking = shared().receive(&t.letters[&me]).unwrap();
        masking.mask(world.upload(0), ONE).unwrap().0
    };
    let fresh = || begin(&mut world.rng(0)).1;
    let without_me = t.survivors[1..].to_vec();
    let said = masked().consent(&without_me, &mut fresh()).err();
    add(
        "survivors without the node",
        "survivors",
        ids(&without_me),
        said,
    );
    let few = t.survivors[..2].to_vec();
    let said = masked().consent(&few, &mut fresh()).err();
    add("too few survivors", "survivors", ids(&few), said);

    let mut forged = t.consents.clone();
    forged[2].1.signature[0] ^= 1;
    let said = |message: &[(NodeId, Consent)]| {
        let mut journal = fresh();
        let (state, _) = masked().consent(&t.survivors, &mut journal).unwrap();
        state.reveal(message, &mut journal).err()
    };
    add(
        "a forged consent",
        "consents",
        consents(&forged),
        said(&forged),
    );
    let repeated = vec![t.consents[1]; 3];
    add(
        "one consent three times",
        "consents",
        consents(&repeated),
        said(&repeated),
    );
    Value::Array(bad)
}

fn compared(name: &str, value: &Value) {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors/secagg");
    let path = format!("{folder}/{name}.json");
    if std::env::var_os("WARDROUND_WRITE_VECTORS").is_some() {
        let text = serde_json::to_string_pretty(value).unwrap();
        std::fs::write(&path, text + "\n").unwrap();
    }
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    assert_eq!(value, &golden, "{name}");
}

#[test]
fn golden_sessions_are_the_same_to_the_byte() {
    let mut world = World::new(4, 5);
    let played = transcript(&world, 1);
    let mut golden = recorded(&world, &played);
    golden["refused"] = refused(&world, &played);
    compared("complete-chacha20", &golden);

    world.session.params.suite = MaskSuite::Aes256Ctr;
    compared("complete-aes256", &recorded(&world, &transcript(&world, 3)));

    let world = World::narrow(4, 5);
    compared("complete-narrow", &recorded(&world, &transcript(&world, 2)));

    let mut world = World::new(9, 2);
    world.shape = Shape {
        neighbours: 4,
        threshold: 3,
        drawn: true,
        ..world.shape
    };
    compared("drawn-chacha20", &recorded(&world, &transcript(&world, 5)));
}
