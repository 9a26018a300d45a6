//! The known answers of `tests/vectors/secagg/known_answers.json`, byte for byte.

use serde_json::Value;
use ward_core::{MaskSuite, NodeId};

use super::hex::{array, hex, text};
use crate::ring;
use crate::secagg::identity::{Identity, IdentityKey};
use crate::secagg::keys::{SecretKey, SelfSeed};
use crate::secagg::mask::{MaskKey, MaskWord, Sign, add_masks};
use crate::secagg::secret::Secret;
use crate::secagg::session::SessionId;
use crate::secagg::{shamir, statements};

fn vectors() -> Value {
    let text = include_str!("../../../../../tests/vectors/secagg/known_answers.json");
    serde_json::from_str(text).unwrap()
}

fn of<const N: usize>(value: &Value) -> [u8; N] {
    array(value.as_str().unwrap())
}

fn secret_key(value: &Value) -> SecretKey {
    SecretKey::from_secret(Secret::of(&of(value)))
}

fn sid(vectors: &Value) -> SessionId {
    SessionId(of(&vectors["sid"]["value"]))
}

#[test]
fn keys_are_agreed_and_derived() {
    let v = vectors();
    let (a, b) = (
        secret_key(&v["x25519"]["a_sk"]),
        secret_key(&v["x25519"]["b_sk"]),
    );
    let (a_pk, b_pk) = (of(&v["x25519"]["a_pk"]), of(&v["x25519"]["b_pk"]));
    assert_eq!((a.public(), b.public()), (a_pk, b_pk));
    let (sid, one, two) = (sid(&v), NodeId(1), NodeId(2));
    let pair = of(&v["hkdf_sha256"][0]["okm"]);
    assert_eq!(a.pair_mask(&b_pk, &sid, one, two).unwrap().0.bytes(), &pair);
    assert_eq!(b.pair_mask(&a_pk, &sid, two, one).unwrap().0.bytes(), &pair);
    let own = SelfSeed(Secret::of(&of(&v["hkdf_sha256"][2]["ikm"])));
    let okm = of(&v["hkdf_sha256"][2]["okm"]);
    assert_eq!(own.mask(&sid, one).0.bytes(), &okm);
}

#[test]
fn shares_are_sealed() {
    let v = vectors();
    let (a, b) = (
        secret_key(&v["x25519"]["a_sk"]),
        secret_key(&v["x25519"]["b_sk"]),
    );
    let (sid, one, two) = (sid(&v), NodeId(1), NodeId(2));
    let aead = &v["aead_chacha20poly1305"][0];
    let open = of(&aead["plaintext"]);
    let channel = a.channel(&b.public(), &sid, one, two).unwrap();
    let sealed = channel.seal(&sid, one, two, &open);
    assert_eq!(sealed, of(&aead["ciphertext_and_tag"]));
    let other_end = b.channel(&a.public(), &sid, two, one).unwrap();
    assert_eq!(*other_end.open(&sid, one, two, &sealed).unwrap(), open);
    assert!(other_end.open(&sid, two, one, &sealed).is_none());
    assert!(
        other_end
            .open(&SessionId([0; 32]), one, two, &sealed)
            .is_none()
    );
}

fn words<W: MaskWord + Default>(suite: MaskSuite, key: &MaskKey, first: u64, n: usize) -> Vec<W> {
    let mut words = vec![W::default(); n];
    add_masks(&mut words, first, suite, &[(key, Sign::Plus)]);
    words
}

#[test]
fn masks_are_expanded() {
    for entry in vectors()["mask_prg"].as_array().unwrap() {
        let key = MaskKey(Secret::of(&of(&entry["key"])));
        let suite = match entry["suite"].as_u64() {
            Some(1) => MaskSuite::ChaCha20,
            _ => MaskSuite::Aes256Ctr,
        };
        if let Some(offset) = entry["byte_offset"].as_u64() {
            let stream = hex(entry["keystream"].as_str().unwrap());
            let got = words::<u64>(suite, &key, offset / 8, 2);
            let got: Vec<u8> = got.iter().flat_map(|word| word.to_le_bytes()).collect();
            assert_eq!(got, stream);
            // The same words in the midst of a longer run.
            let run = words::<u64>(suite, &key, 0, offset as usize / 8 + 2);
            assert_eq!(
                run[offset as usize / 8..],
                words::<u64>(suite, &key, offset / 8, 2)
            );
            continue;
        }
        let expected = entry["words"].as_array().unwrap();
        let expected = expected.iter().map(|word| word.as_str().unwrap());
        let got: Vec<String> = if entry["word_bits"] == 64 {
            let got = words::<u64>(suite, &key, 0, expected.len());
            got.iter().map(|word| format!("{word:016x}")).collect()
        } else {
            let got = words::<u32>(suite, &key, 0, expected.len());
            got.iter().map(|word| format!("{word:08x}")).collect()
        };
        assert!(expected.eq(got.iter().map(String::as_str)));
    }
}

#[test]
fn secrets_are_shared() {
    let v = &vectors()["shamir_gf256"];
    let secret = Secret::of(&of(&v["secret"]));
    let coefficients = [Secret::of(&of(&v["c1"])), Secret::of(&of(&v["c2"]))];
    let mut shares = Vec::new();
    for entry in v["shares"].as_array().unwrap() {
        let x = entry["x"].as_u64().unwrap() as u8;
        let share = of(&entry["share"]);
        assert_eq!(shamir::evaluate(&secret, &coefficients, x).bytes(), &share);
        shares.push((x, share));
    }
    let last: Vec<(u8, &[u8; 32])> = shares[1..].iter().map(|(x, s)| (*x, s)).collect();
    assert_eq!(shamir::join(&last).bytes(), secret.bytes());
}

#[test]
fn fresh_keys_are_signed() {
    let vectors = vectors();
    let v = &vectors["ed25519"][0];
    let identity = Identity::from_bytes(&of(&v["secret_seed"]));
    assert_eq!(identity.key(), IdentityKey(of(&v["public_key"])));
    let offer = ward_core::secagg::KeyOffer {
        channel: of(&vectors["x25519"]["a_pk"]),
        mask: of(&vectors["x25519"]["b_pk"]),
        draw: [0; 32],
        signature: of(&v["signature"]),
    };
    let statement = statements::keys(&sid(&vectors), NodeId(1), &offer, false);
    assert_eq!(text(&statement), v["message"].as_str().unwrap());
    assert_eq!(identity.sign(&statement), offer.signature);
    assert!(identity.key().signed(&statement, &offer.signature));
}

#[test]
fn numbers_become_words() {
    let ring = ward_core::RingSpec {
        fraction_bits: 24,
        range: 128.0,
        most_weight: 1,
    };
    for case in vectors()["fixed_point"]["cases"].as_array().unwrap() {
        let x = case["x"].as_f64().unwrap() as f32;
        let word = ring::encode(&[x], 1, &ring).unwrap()[0];
        assert_eq!(format!("{word:016x}"), case["ring"].as_str().unwrap());
    }
}
