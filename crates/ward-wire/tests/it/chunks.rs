//! Tensors in pieces.

use bytes::Bytes;
use proptest::prelude::*;
use ward_core::{Digest, Params, WordWidth};
use ward_wire::{
    CHUNK_BYTES, ChunkRefusal, Expected, Manifest, Reassembler, Tensor, Unreadable, chunks, proto,
};

/// Two chunks and a piece of a third.
const COUNT: usize = CHUNK_BYTES / 4 * 2 + 5;

fn tensor() -> Tensor {
    Tensor::of_params(&Params((0..COUNT).map(|i| i as f32).collect()))
}

fn begun(tensor: &Tensor) -> Reassembler {
    Reassembler::new(*tensor.manifest(), Expected::params(COUNT as u64)).unwrap()
}

fn refused(result: Result<(), Unreadable>) -> ChunkRefusal {
    match result {
        Err(Unreadable::Chunk(refusal)) => refusal,
        other => panic!("expected a refused chunk, got {other:?}"),
    }
}

#[test]
fn a_tensor_survives_its_chunks() {
    let tensor = tensor();
    let mut reassembler = begun(&tensor);
    let pieces: Vec<_> = chunks(&tensor, 0).collect();
    assert_eq!(pieces.len(), 3);
    for piece in pieces {
        assert!(!reassembler.is_full());
        reassembler.accept(piece).unwrap();
    }
    let whole = reassembler.finish().unwrap();
    assert_eq!(whole, tensor);
    assert_eq!(whole.params().unwrap().0[COUNT - 1], (COUNT - 1) as f32);
    assert!(whole.words().is_err());
}

#[test]
fn a_broken_transfer_goes_on_where_it_broke() {
    let tensor = tensor();
    let mut reassembler = begun(&tensor);
    reassembler
        .accept(chunks(&tensor, 0).next().unwrap())
        .unwrap();
    let rest: Vec<_> = chunks(&tensor, reassembler.held()).collect();
    assert_eq!(rest.len(), 2);
    rest.into_iter()
        .for_each(|c| reassembler.accept(c).unwrap());
    assert_eq!(reassembler.finish(), Ok(tensor));
}

#[test]
fn nothing_is_left_to_send_at_the_end_or_beyond() {
    let tensor = tensor();
    assert_eq!(chunks(&tensor, tensor.manifest().total()).count(), 0);
    assert_eq!(chunks(&tensor, u64::MAX).count(), 0);
}

#[test]
fn repeated_reordered_and_truncated_chunks_are_named() {
    let tensor = tensor();
    let pieces: Vec<_> = chunks(&tensor, 0).collect();
    let chunk = CHUNK_BYTES as u64;
    let mut reassembler = begun(&tensor);
    let early = reassembler.accept(pieces[1].clone());
    let (offset, held) = (chunk, 0);
    assert_eq!(refused(early), ChunkRefusal::OutOfOrder { offset, held });
    reassembler.accept(pieces[0].clone()).unwrap();
    let again = reassembler.accept(pieces[0].clone());
    let (offset, held) = (0, chunk);
    assert_eq!(refused(again), ChunkRefusal::Repeated { offset, held });
    let skipped = reassembler.accept(pieces[2].clone());
    let (offset, held) = (2 * chunk, chunk);
    assert_eq!(refused(skipped), ChunkRefusal::OutOfOrder { offset, held });
    assert_eq!(reassembler.held(), chunk);
    let total = tensor.manifest().total();
    let (held, total) = (chunk, total);
    assert_eq!(
        reassembler.finish(),
        Err(ChunkRefusal::Truncated { held, total })
    );
}

#[test]
fn chunks_that_are_empty_too_long_or_reach_too_far_are_named() {
    let tensor = tensor();
    let first = chunks(&tensor, 0).next().unwrap();
    let with = |data: Vec<u8>| proto::TensorChunk {
        data: data.into(),
        ..first.clone()
    };
    let mut reassembler = begun(&tensor);
    assert_eq!(
        refused(reassembler.accept(with(Vec::new()))),
        ChunkRefusal::Empty
    );
    let got = CHUNK_BYTES + 1;
    assert_eq!(
        refused(reassembler.accept(with(vec![0; got]))),
        ChunkRefusal::Overlong { got }
    );
    let short = Tensor::of_params(&Params(vec![1.0]));
    let mut small = Reassembler::new(*short.manifest(), Expected::params(1)).unwrap();
    let long = proto::TensorChunk {
        manifest: Some(short.manifest().into()),
        offset: 0,
        data: Bytes::from_static(&[0; 8]),
    };
    let (end, total) = (8, 4);
    assert_eq!(
        refused(small.accept(long)),
        ChunkRefusal::PastTheEnd { end, total }
    );
}

#[test]
fn other_bytes_than_announced_are_found_by_their_hash() {
    let tensor = Tensor::of_params(&Params(vec![1.0, 2.0]));
    let mut forged = chunks(&tensor, 0).next().unwrap();
    forged.data = Bytes::from_static(&[7; 8]);
    let mut reassembler = Reassembler::new(*tensor.manifest(), Expected::params(2)).unwrap();
    reassembler.accept(forged).unwrap();
    let (got, expected) = (Digest::of(&[7; 8]), tensor.manifest().hash);
    assert_eq!(
        reassembler.finish(),
        Err(ChunkRefusal::Hash { got, expected })
    );
}

#[test]
fn a_chunk_of_another_tensor_is_named() {
    let tensor = Tensor::of_params(&Params(vec![1.0, 2.0]));
    let other = Tensor::of_params(&Params(vec![1.0, 3.0]));
    let mut reassembler = Reassembler::new(*tensor.manifest(), Expected::params(2)).unwrap();
    let (got, expected) = (other.manifest().hash, tensor.manifest().hash);
    assert_eq!(
        refused(reassembler.accept(chunks(&other, 0).next().unwrap())),
        ChunkRefusal::AnotherTensor { got, expected }
    );
}

#[test]
fn an_announcement_of_another_size_is_refused_before_anything_is_stored() {
    let huge = Manifest {
        count: u64::MAX / 8,
        ..*Tensor::of_words(&[1]).manifest()
    };
    let refusal = Reassembler::new(huge, Expected::words(10, WordWidth::Wide)).unwrap_err();
    assert!(matches!(
        refusal,
        ChunkRefusal::Unexpected {
            expected_count: 10,
            ..
        }
    ));
    let params = *Tensor::of_params(&Params(vec![0.0; 10])).manifest();
    assert!(
        Expected::words(10, WordWidth::Wide)
            .admits(&params)
            .is_err()
    );
    assert!(Expected::params(10).admits(&params).is_ok());
}

proptest! {
    #[test]
    fn whatever_order_chunks_come_in_the_tensor_is_right_or_refused(
        order in prop::collection::vec(0_usize..3, 0..8),
    ) {
        let tensor = tensor();
        let pieces: Vec<_> = chunks(&tensor, 0).collect();
        let mut reassembler = begun(&tensor);
        let mut next = 0;
        for index in order {
            let taken = reassembler.accept(pieces[index].clone()).is_ok();
            prop_assert_eq!(taken, index == next);
            next += usize::from(taken);
        }
        prop_assert_eq!(reassembler.finish().is_ok(), next == 3);
    }
}
