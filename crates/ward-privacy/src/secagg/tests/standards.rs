//! The crates that are trusted with cryptography give the answers of the standards that they implement.

use aes::Aes256;
use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use hkdf::Hkdf;
use sha2::Sha256;
use x25519_dalek::x25519;

use super::hex::{array, hex, text};
use crate::secagg::identity::{Identity, IdentityKey};
use crate::secagg::keys::{SecretKey, low_order};
use crate::secagg::secret::Secret;
use crate::secagg::session::SessionId;

const SUNSCREEN: &[u8] =
    b"Ladies and Gentlemen of the class of '99: If I could offer you only one \
    tip for the future, sunscreen would be it.";

#[test]
fn x25519_is_that_of_rfc_7748() {
    // Section 5.2.
    let one = x25519(
        array("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4"),
        array("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c"),
    );
    assert_eq!(
        text(&one),
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    );
    let two = x25519(
        array("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d"),
        array("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493"),
    );
    assert_eq!(
        text(&two),
        "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"
    );
    // Section 6.1.
    let alice = array("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
    let bob = array("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
    let public = |secret| SecretKey::from_secret(Secret::of(&secret)).public();
    assert_eq!(
        text(&public(alice)),
        "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
    );
    assert_eq!(
        text(&x25519(alice, public(bob))),
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    );
}

/// Points of small order, among them those whose encoding is not canonical.
#[test]
fn points_of_low_order_agree_on_nothing() {
    let points = [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];
    let key = SecretKey::from_secret(Secret::of(&[7; 32]));
    let (sid, a, b) = (
        SessionId([0; 32]),
        ward_core::NodeId(0),
        ward_core::NodeId(1),
    );
    for point in points.map(array) {
        assert!(low_order(&point));
        assert!(key.channel(&point, &sid, a, b).is_none());
        assert!(key.pair_mask(&point, &sid, a, b).is_none());
    }
    assert!(!low_order(&key.public()));
}

#[test]
fn chacha20_is_that_of_rfc_8439() {
    // Section 2.4.2.
    let key: [u8; 32] = array("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
    let nonce: [u8; 12] = array("000000000000004a00000000");
    let mut cipher = ChaCha20::new(&key.into(), &nonce.into());
    cipher.seek(64_u64);
    let mut bytes = SUNSCREEN.to_vec();
    cipher.apply_keystream(&mut bytes);
    assert_eq!(
        bytes,
        hex(
            "6e2e359a2568f98041ba0728dd0d6981 e97e7aec1d4360c20a27afccfd9fae0b
             f91b65c5524733ab8f593dabcd62b357 1639d624e65152ab8f530c359f0861d8
             07ca0dbf500d6a6156a38e088a22b65e 52bc514d16ccf806818ce91ab7793736
             5af90bbf74a35be6b40b8eedf2785e42 874d"
        )
    );
}

#[test]
fn chacha20_poly1305_is_that_of_rfc_8439() {
    // Section 2.8.2.
    let key: [u8; 32] = array("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f");
    let nonce: [u8; 12] = array("070000004041424344454647");
    let mut bytes = SUNSCREEN.to_vec();
    let tag = ChaCha20Poly1305::new(&key.into())
        .encrypt_inout_detached(
            &nonce.into(),
            &hex("50515253c0c1c2c3c4c5c6c7"),
            bytes.as_mut_slice().into(),
        )
        .unwrap();
    assert_eq!(bytes[..16], hex("d31a8d34648e60db7b86afbc53ef7ec2"));
    assert_eq!(text(&tag), "1ae10b594f09e26a7e902ecbd0600691");
}

#[test]
fn hkdf_is_that_of_rfc_5869() {
    let expand = |salt: Option<&[u8]>, ikm: &[u8], info: &[u8], n: usize| {
        let mut okm = vec![0; n];
        Hkdf::<Sha256>::new(salt, ikm)
            .expand(info, &mut okm)
            .unwrap();
        text(&okm)
    };
    // A.1.
    let salt: Vec<u8> = (0..=0x0c).collect();
    let info: Vec<u8> = (0xf0..=0xf9).collect();
    assert_eq!(
        expand(Some(&salt), &[0x0b; 22], &info, 42),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    );
    // A.2.
    let (ikm, salt): (Vec<u8>, Vec<u8>) = ((0..=0x4f).collect(), (0x60..=0xaf).collect());
    let info: Vec<u8> = (0xb0..=0xff).collect();
    assert_eq!(
        expand(Some(&salt), &ikm, &info, 82),
        "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c6\
         5e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
    );
    // A.3.
    assert_eq!(
        expand(Some(&[]), &[0x0b; 22], &[], 42),
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    );
}

#[test]
fn ed25519_is_that_of_rfc_8032() {
    // Section 7.1, tests 1 to 3.
    let tests = [
        (
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ),
        (
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "72",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ),
        (
            "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
            "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
            "af82",
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        ),
    ];
    for (seed, key, message, signature) in tests {
        let identity = Identity::from_bytes(&array(seed));
        assert_eq!(identity.key(), IdentityKey(array(key)));
        assert_eq!(text(&identity.sign(&hex(message))), signature);
        assert!(identity.key().signed(&hex(message), &array(signature)));
    }
}

/// F.5.5 counts in 128 bits, most significant first; it tries the cipher, and the known answers our
/// counter.
#[test]
fn aes_256_is_that_of_sp_800_38a() {
    let key: [u8; 32] = array("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4");
    let counter: [u8; 16] = array("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff");
    let mut bytes = hex(
        "6bc1bee22e409f96e93d7e117393172a ae2d8a571e03ac9c9eb76fac45af8e51
                         30c81c46a35ce411e5fbc1191a0a52ef f69f2445df4f9b17ad2b417be66c3710",
    );
    ctr::Ctr128BE::<Aes256>::new(&key.into(), &counter.into()).apply_keystream(&mut bytes);
    assert_eq!(
        bytes,
        hex(
            "601ec313775789a5b7a7f504bbf3d228 f443e3ca4d62b59aca84e990cacaf5c5
             2b0930daa23de94ce87017ba2d84988d dfc9c58db67aada613c2dd08457941a6"
        )
    );
}
