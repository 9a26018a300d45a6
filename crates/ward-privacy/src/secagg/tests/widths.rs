//! Sessions with words of 32 bits.

use proptest::prelude::*;
use ward_core::secagg::MaskedWords;

use super::table::Table;
use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Half as wide, and the same sum: whoever is lost before the uploads, up to the threshold.
    #[test]
    fn narrow_words_add_up_to_the_sum_in_the_clear_to_the_bit(
        nodes in 3_usize..=10, lost in 0_usize..10, aes: bool,
    ) {
        let mut world = World::narrow(nodes, 9);
        if aes {
            world.session.params.suite = MaskSuite::Aes256Ctr;
        }
        let mut table = Table::new(&world);
        let (mut masked, uploads, mut collecting) = table.uploads();
        for (node, upload) in &uploads {
            prop_assert!(matches!(&upload.words, MaskedWords::Narrow(words) if words.len() == 11));
            let gone = world.index(*node) == lost && nodes > world.shape.quorum;
            if gone {
                masked.remove(node);
            } else {
                collecting.accept(*node, upload).unwrap();
            }
        }
        let (states, consents, mut unmasking) = table.consenting(masked, collecting);
        for (node, state) in states {
            let revelation = state.reveal(&consents, table.journal(node)).unwrap();
            unmasking.accept(node, &revelation).unwrap();
        }
        let sum = unmasking.close(ONE).unwrap();
        let (words, weight, loss) = world.plain(&sum.survivors);
        prop_assert_eq!((&sum.words, sum.weight), (&words, weight));
        // A loss is rounded to the ring's steps before it is weighed.
        prop_assert!((sum.loss - loss).abs() <= 0.5_f64.powi(15));
    }
}

/// The width is a part of the session: nothing signed for one fits the other.
#[test]
fn the_width_is_in_the_session_s_id() {
    let narrow = World::narrow(4, 3).session;
    let mut wide = narrow.clone();
    wide.params.width = WordWidth::Wide;
    assert_ne!(SessionId::of(&narrow), SessionId::of(&wide));
}

#[test]
fn a_hospital_takes_no_part_where_narrow_words_could_wrap() {
    let mut world = World::narrow(10, 3);
    world.session.params.ring.fraction_bits = 15;
    let began = world.begin(0, &mut MemoryJournal::default());
    assert_eq!(began.err(), Some(Refused::Headroom));
    world.session.params.width = WordWidth::Wide;
    assert!(world.begin(0, &mut MemoryJournal::default()).is_ok());
}

#[test]
fn an_upload_of_another_width_is_named() {
    let world = World::narrow(4, 3);
    let (_, uploads, mut collecting) = Table::new(&world).uploads();
    let one = world.id(1);
    let mut upload = uploads[&one].clone();
    upload.words = MaskedWords::Wide(vec![0; upload.words.len()]);
    let fault = collecting.accept(one, &upload).unwrap_err();
    assert_eq!((fault.node, fault.wrong), (one, Wrong::Width));
}
