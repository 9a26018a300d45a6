//! Every rule keeps what it claims, and a rule that does not is found out.

use std::sync::Arc;

use ward_core::NodeId;
use ward_robust::rule::{GeometricMedian, Median, NormBounding, SignMajority, Start};
use ward_robust::{Card, Choice, Points, Robust, Rule};
use ward_round::Aggregator;
use ward_round::strategy::{Bears, Claims, Mean};

use crate::laws::rules;
use crate::{combined, updates};

fn card(rule: &Arc<dyn Rule>, claimed_weights: bool) -> Card {
    let robust = |f| Robust {
        before: Vec::new(),
        rule: rule.clone(),
        f,
        norm_bound: f64::INFINITY,
        claimed_weights,
    };
    let claims = robust(0).claims();
    let subject = |n, f| -> Option<Box<dyn Aggregator>> {
        robust(f).check(n).ok()?;
        Some(Box::new(robust(f)))
    };
    Card::of(&subject, claims)
}

fn broken(card: &Card) -> Vec<&'static str> {
    let broken = card.findings.iter().filter(|f| f.claimed && !f.holds);
    broken.map(|finding| finding.property).collect()
}

#[test]
fn every_rule_keeps_what_it_claims() {
    let mut all = rules(1.0);
    let geometric = |steps| GeometricMedian {
        smoothing: 1e-6,
        steps,
        start: Start::Mean,
    };
    all.push(("geometric median in 100 steps", Arc::new(geometric(100))));
    all.push(("geometric median in 64 steps", Arc::new(geometric(64))));
    all.push(("weighted median", Arc::new(Median { weighted: true })));
    all.push(("sign majority", Arc::new(SignMajority)));
    for (name, rule) in all {
        for claimed_weights in [false, true] {
            let card = card(&rule, claimed_weights);
            assert!(card.holds(), "{name}: {card:#?}");
        }
    }
}

#[test]
fn the_mean_keeps_its_claims_and_bears_nothing() {
    let subject = |_, _| -> Option<Box<dyn Aggregator>> { Some(Box::new(Mean)) };
    let card = Card::of(&subject, Mean.claims());
    assert!(card.holds(), "{card:#?}");
    let breakdown = &card.findings[3];
    assert_eq!(
        (breakdown.property, breakdown.claimed, breakdown.holds),
        ("breakdown", false, false)
    );
}

/// A rule that chooses as another does, and claims what it likes.
#[derive(Debug)]
struct Boaster<R>(R, Claims);

impl<R: Rule> Rule for Boaster<R> {
    fn needs(&self, f: usize) -> usize {
        self.0.needs(f)
    }

    fn claims(&self) -> Claims {
        self.1
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        self.0.choose(points, f)
    }
}

/// The first update, and what its norm is divided by: nothing, where it is zero.
#[derive(Debug)]
struct First;

impl Rule for First {
    fn needs(&self, _f: usize) -> usize {
        1
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, _f: usize) -> Choice {
        let mut shares = vec![0.0; points.len()];
        shares[0] = 1.0 / points.norm(0);
        Choice::Sum(shares)
    }
}

#[test]
fn a_claim_that_is_not_kept_is_found_with_the_round_that_shows_it() {
    let boast = |rule: NormBounding, claims| -> Arc<dyn Rule> { Arc::new(Boaster(rule, claims)) };
    let bounding = NormBounding { radius: 0.5 };
    let all = card(&boast(bounding, Claims::ALL), false);
    assert_eq!(broken(&all), ["translation", "scale", "breakdown", "alone"]);
    let told = all.findings[1].counterexample.as_deref().unwrap();
    assert!(
        told.starts_with("draw 0 of n = 3, f = 1, 1 parameters: "),
        "{told}"
    );
    let reach = Claims {
        bears: Bears::Reach(0.1),
        ..bounding.claims()
    };
    assert_eq!(broken(&card(&boast(bounding, reach), false)), ["breakdown"]);
    let weights = Claims {
        weights: true,
        ..Claims::ALL
    };
    let median = Median { weighted: false };
    let believing: Arc<dyn Rule> = Arc::new(Boaster(median, weights));
    assert_eq!(broken(&card(&believing, true)), ["weights"]);
    let first = card(&(Arc::new(First) as Arc<dyn Rule>), false);
    assert_eq!(
        broken(&first),
        [
            "permutation",
            "translation",
            "scale",
            "breakdown",
            "finite",
            "alone"
        ]
    );
}

#[test]
fn votes_by_hand() {
    let x = [
        [1.0, -2.0, 0.0, 5.0],
        [0.1, 3.0, 0.0, -5.0],
        [-9.0, -0.1, 2.0, 0.0],
    ];
    let x = x.map(Vec::from).to_vec();
    // Two above and one below; one above and two; one above; one each way.
    assert_eq!(combined(vec![], SignMajority, 1, &x), [1.0, -1.0, 1.0, 0.0]);
    let mut more = updates(&x);
    more.insert(NodeId(3), vec![-1.0; 4], 1).unwrap();
    let result = crate::robust(vec![], SignMajority, 1).combine(&more, ward_core::Seed::run(1));
    assert_eq!(result.unwrap(), [0.0, -1.0, 0.0, -1.0]);
}
