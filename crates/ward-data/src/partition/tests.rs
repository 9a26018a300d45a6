//! Laws of partitions: every row once, nobody below the minimum, as skewed as alpha says.

use proptest::prelude::*;

use super::*;

fn config(hospitals: u32, kind: PartitionKind, alpha: Option<f64>) -> PartitionConfig {
    PartitionConfig {
        hospitals,
        kind,
        alpha,
        minimum: 1,
    }
}

fn kind() -> impl Strategy<Value = PartitionKind> {
    prop_oneof![
        Just(PartitionKind::Iid),
        Just(PartitionKind::Dirichlet),
        Just(PartitionKind::Quantity)
    ]
}

proptest! {
    #[test]
    fn every_row_goes_to_one_hospital_and_nobody_gets_too_few(
        labels in prop::collection::vec(0_u8..4, 0..300),
        hospitals in 1_u32..20,
        minimum in 0_usize..8,
        exponent in -3.0_f64..6.0,
        kind in kind(),
        seed in 0_u64..1000,
    ) {
        let alpha = 10_f64.powf(exponent);
        let config = config(hospitals, kind, Some(alpha));
        let seed = Seed::run(seed);
        let Some(dealt) = config.deal(&labels, minimum, "train", seed) else {
            prop_assert!(hospitals as usize * minimum > labels.len());
            return Ok(());
        };
        prop_assert_eq!(dealt.len(), hospitals as usize);
        prop_assert!(dealt.iter().all(|rows| rows.len() >= minimum));
        let mut all: Vec<usize> = dealt.concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
        // The same address gives the same split.
        prop_assert_eq!(config.deal(&labels, minimum, "train", seed), Some(dealt));
    }
}

/// Two thousand rows, every other one positive.
fn pool() -> Vec<u8> {
    (0..2_000).map(|row| (row % 2) as u8).collect()
}

/// Mean over hospitals of |share positive - 1/2|, weighted by rows: 0 is alike, 1/2 is one-class.
fn label_skew(kind: PartitionKind, alpha: Option<f64>, seed: u64) -> f64 {
    let labels = pool();
    let dealt = config(10, kind, alpha).deal(&labels, 1, "train", Seed::run(seed));
    let dealt = dealt.expect("the pool is large enough");
    let off = |rows: &Vec<usize>| {
        let positive = rows.iter().filter(|&&row| labels[row] == 1).count() as f64;
        (positive - rows.len() as f64 / 2.0).abs()
    };
    dealt.iter().map(off).sum::<f64>() / labels.len() as f64
}

#[test]
fn a_small_alpha_skews_labels_and_a_large_one_does_not() {
    // One draw of a small alpha may give both labels to the same hospital.
    let skew = |kind, alpha| {
        (0..20)
            .map(|seed| label_skew(kind, alpha, seed))
            .sum::<f64>()
            / 20.0
    };
    let of = |alpha| skew(PartitionKind::Dirichlet, Some(alpha));
    assert!(of(0.01) > 0.35 && of(0.1) > 0.3, "{} {}", of(0.01), of(0.1));
    assert!((0.1..0.3).contains(&of(1.0)), "{}", of(1.0));
    assert!(of(1e5) < 0.02);
    assert!(skew(PartitionKind::Iid, None) < 0.06);
}

#[test]
fn quantity_moves_sizes_and_iid_does_not() {
    for seed in 0..10 {
        let sizes = |kind, alpha| -> (usize, usize) {
            let dealt = config(10, kind, alpha).deal(&pool(), 1, "train", Seed::run(seed));
            let sizes: Vec<usize> = dealt.expect("large enough").iter().map(Vec::len).collect();
            (
                *sizes.iter().min().expect("ten"),
                *sizes.iter().max().expect("ten"),
            )
        };
        assert_eq!(sizes(PartitionKind::Iid, None), (200, 200));
        let (least, most) = sizes(PartitionKind::Quantity, Some(0.1));
        assert!(least < 50 && most > 500, "{least} {most}");
    }
}

#[test]
fn another_pool_is_dealt_by_the_same_shares() {
    let config = config(5, PartitionKind::Quantity, Some(0.3));
    let sizes = |pool: &[u8], name: &str| -> Vec<usize> {
        let dealt = config
            .deal(pool, 0, name, Seed::run(3))
            .expect("large enough");
        dealt.iter().map(Vec::len).collect()
    };
    let (train, test) = (sizes(&[0; 1_000], "train"), sizes(&[0; 100], "test"));
    for (train, test) in train.iter().zip(test) {
        assert!(
            (*train as f64 / 10.0 - test as f64).abs() <= 1.1,
            "{train} {test}"
        );
    }
}

#[test]
fn names_sort_as_their_ids_do() {
    let names = config(1_200, PartitionKind::Iid, None).names();
    assert_eq!(
        (names[0].as_str(), names[1_199].as_str()),
        ("h0000", "h1199")
    );
    assert!(names.is_sorted());
    assert_eq!(
        config(2, PartitionKind::Iid, None).names(),
        ["h000", "h001"]
    );
}

#[test]
fn settings_out_of_range_are_named() {
    let paths = |config: PartitionConfig| -> Vec<String> {
        config.problems("p").into_iter().map(|p| p.path).collect()
    };
    assert!(paths(config(3, PartitionKind::Dirichlet, None)).is_empty());
    assert_eq!(
        paths(config(0, PartitionKind::Iid, Some(1.0))),
        ["p.hospitals", "p.alpha"]
    );
    let wild = PartitionConfig {
        minimum: 0,
        ..config(3, PartitionKind::Quantity, Some(f64::NAN))
    };
    assert_eq!(paths(wild), ["p.minimum", "p.alpha"]);
}
