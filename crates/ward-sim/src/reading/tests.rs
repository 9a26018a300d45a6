use super::*;
use proptest::prelude::*;

/// Cases whose score is the truth, a quarter of them positive.
const KNOWN: [Case; 4] = [
    Case {
        score: 1.0,
        positive: true,
    },
    Case {
        score: 0.0,
        positive: false,
    },
    Case {
        score: 0.0,
        positive: false,
    },
    Case {
        score: 0.0,
        positive: false,
    },
];

fn room(readers: usize, load: f64) -> Room {
    Room {
        readers,
        arrivals: load * readers as f64 / 10.0,
        minutes: 10.0,
    }
}

fn place() -> Seed {
    Seed::run(11).child("queue", 0)
}

/// Within four standard errors, and those are small enough to tell something.
fn agrees(got: &Estimate, expected: f64) {
    let apart = (got.value - expected).abs();
    assert!(apart < 4.0 * got.standard_error, "{got:?} {expected}");
    assert!(got.standard_error < 0.08 * expected, "{got:?} {expected}");
}

#[test]
fn waits_are_those_of_erlang_s_formula() {
    for (readers, load) in [(1, 0.5), (1, 0.8), (2, 0.8), (6, 0.9)] {
        let room = room(readers, load);
        let reads = play(room, Order::Arrival, &KNOWN, 400_000, place());
        agrees(&mean_wait(&reads, |_| true).unwrap(), room.mean_wait());
        let skipped = &reads[40_000..];
        let waited = skipped.iter().filter(|r| r.started > r.arrived).count();
        let share = waited as f64 / skipped.len() as f64;
        assert!(
            (share - room.probability_of_waiting()).abs() < 0.02,
            "{share}"
        );
    }
}

#[test]
fn waits_by_a_perfect_score_are_those_of_cobham_s_formula() {
    for (readers, load) in [(1, 0.8), (3, 0.9)] {
        let room = room(readers, load);
        let reads = play(room, Order::Score, &KNOWN, 400_000, place());
        let [first, second] = room.mean_waits_of_classes(0.25);
        agrees(&mean_wait(&reads, |read| read.positive).unwrap(), first);
        agrees(&mean_wait(&reads, |read| !read.positive).unwrap(), second);
    }
}

#[test]
fn a_day_by_hand() {
    // One reader; what comes and how long reads take are taken from the play itself.
    let reads = play(room(1, 0.9), Order::Arrival, &KNOWN, 50, place());
    let mut free = 0.0_f64;
    for read in &reads {
        assert_eq!(read.started, free.max(read.arrived));
        free = read.started + read.took;
    }
}

#[test]
fn reads_an_hour_go_from_six_to_a_hundred_and_twenty() {
    let slow = room(2, 0.9);
    let fast = Room {
        minutes: 0.5,
        ..slow
    };
    for (room, expected) in [(slow, 6.0), (fast, 120.0)] {
        let reads = play(room, Order::Arrival, &KNOWN, 40_000, place());
        let got = reads_per_hour(&reads).unwrap();
        assert!((got / expected - 1.0).abs() < 0.02, "{got}");
    }
    assert_eq!(reads_per_hour(&[]), None);
    assert!(play(slow, Order::Score, &[], 5, place()).is_empty());
}

#[test]
fn too_few_reads_have_no_mean() {
    let reads = play(room(1, 0.5), Order::Arrival, &KNOWN, 200, place());
    assert!(mean_wait(&reads, |_| true).is_some());
    assert_eq!(mean_wait(&reads, |_| false), None);
    assert_eq!(mean_wait(&[], |_| true), None);
}

#[test]
fn an_order_that_knows_nothing_reads_half_before_a_positive() {
    assert_eq!(share_before_positives(0.5, 3, 8), Some(0.5));
    assert_eq!(share_before_positives(1.0, 1, 8), Some(0.0));
    assert_eq!(share_before_positives(0.0, 1, 8), Some(1.0));
    assert_eq!(share_before_positives(0.9, 0, 8), None);
    assert_eq!(share_before_positives(0.9, 1, 0), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn order_moves_waits_between_cases_and_saves_none(
        scores in prop::collection::vec((0_u8..9, any::<bool>()), 1..20),
        readers in 1_usize..5, load in 0.3_f64..1.2, count in 1_usize..400, seed: u64,
    ) {
        let cases: Vec<Case> = scores
            .iter()
            .map(|&(score, positive)| Case { score: score.into(), positive })
            .collect();
        let play = |order| play(room(readers, load), order, &cases, count, Seed::run(seed));
        let (first, by_score) = (play(Order::Arrival), play(Order::Score));
        prop_assert_eq!(&first, &play(Order::Arrival));
        let total = |reads: &[Read]| reads.iter().map(|r| r.started - r.arrived).sum::<f64>();
        let (a, b) = (total(&first), total(&by_score));
        prop_assert!((a - b).abs() <= 1e-9 * a.max(1.0), "{} {}", a, b);
        let starts = |reads: &[Read]| {
            let mut starts: Vec<f64> = reads.iter().map(|r| r.started).collect();
            starts.sort_by(f64::total_cmp);
            starts
        };
        prop_assert_eq!(starts(&first), starts(&by_score));
        for (a, b) in first.iter().zip(&by_score) {
            prop_assert!(a.started >= a.arrived && b.started >= b.arrived);
            prop_assert_eq!((a.arrived, a.positive), (b.arrived, b.positive));
        }
    }

    #[test]
    fn the_share_before_positives_is_what_counting_gives(
        cases in prop::collection::vec((0_u8..6, any::<bool>()), 2..40),
    ) {
        let scores: Vec<f32> = cases.iter().map(|&(s, _)| s.into()).collect();
        let labels: Vec<u8> = cases.iter().map(|&(_, y)| y.into()).collect();
        let Some(auc) = ward_core::metric::auc(&scores, &labels) else {
            return Ok(());
        };
        let positives: Vec<usize> = (0..cases.len()).filter(|&i| cases[i].1).collect();
        let mut before = 0.0;
        for &i in &positives {
            for j in (0..cases.len()).filter(|&j| j != i) {
                before += match scores[j].total_cmp(&scores[i]) {
                    std::cmp::Ordering::Greater => 1.0,
                    std::cmp::Ordering::Equal => 0.5,
                    std::cmp::Ordering::Less => 0.0,
                };
            }
        }
        let counted = before / positives.len() as f64 / (cases.len() - 1) as f64;
        let negatives = (cases.len() - positives.len()) as u64;
        let got = share_before_positives(auc.value, positives.len() as u64, negatives).unwrap();
        prop_assert!((got - counted).abs() < 1e-9, "{} {}", got, counted);
    }
}
