//! `byz_known_answers.json`: answers of byzfl 0.0.11 and of plain reference definitions.
//!
//! Where byzfl's definition is another than the product's, the product's parts are put together to
//! byzfl's: its distances, scores and sums are what is tested.

use std::sync::{Arc, Mutex};

use serde_json::Value;
use ward_core::{Malformed, NodeId, Seed};
use ward_robust::before::{AdaptiveClipping, Clipping, NearestNeighbourMixing as Nnm, buckets};
use ward_robust::rule::{
    Bulyan, Caf, CentredClipping, FlTrust, GeometricMedian, Krum, Mda, MeaMed, Median, Monna,
    NormBounding, Scale, Start, TrimmedMean, scores,
};
use ward_robust::{Before, Choice, Points, Robust, Rule, Updates};
use ward_round::strategy::Claims;

use crate::{assert_near, robust, weighted};

/// Of answers in closed form.
const CLOSED: f64 = 1e-9;
/// Of answers that are iterated.
const ITERATED: f64 = 1e-6;

fn file() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/byz_known_answers.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_must_be_refused_is_refused() {
    // Of the conditions beside the vectors, a negative f and a weight that is negative or not a
    // number have no value in these types; the others are laws.
    let file = file();
    let vectors = file["must_refuse"]["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 4);
    for vector in vectors {
        let number = |v: &Value| match v.as_str() {
            Some(word) => word.parse::<f64>().unwrap(),
            None => v.as_f64().unwrap(),
        };
        let wide: Vec<f64> = vector.as_array().unwrap().iter().map(number).collect();
        let narrow = wide.iter().map(|&v| v as f32).collect();
        let node = NodeId(0);
        let refused = Err(Malformed::NotFinite);
        assert_eq!(Updates::new(3).insert(node, wide, 1), refused);
        assert_eq!(Updates::<f32>::new(3).insert(node, narrow, 1), refused);
    }
}

#[test]
fn all_499_answers_hold() {
    let file = file();
    let mut compared = 0;
    for case in file["aggregation"].as_array().unwrap() {
        let case = Case::read(case);
        compared += case.compare("byzfl_0_0_11", Case::byzfl);
        compared += case.compare("own_reference", Case::own_reference);
    }
    assert_eq!(compared, 499);
}

struct Case<'a> {
    json: &'a Value,
    name: String,
    vectors: Vec<Vec<f64>>,
    weights: Vec<u64>,
    f: usize,
}

fn numbers(json: &Value) -> Vec<f64> {
    let numbers = json.as_array().unwrap().iter();
    numbers.map(|number| number.as_f64().unwrap()).collect()
}

fn places(json: &Value) -> Vec<usize> {
    numbers(json).iter().map(|&place| place as usize).collect()
}

impl<'a> Case<'a> {
    fn read(json: &'a Value) -> Self {
        let vectors = json["vectors"].as_array().unwrap();
        Self {
            name: json["name"].as_str().unwrap().to_owned(),
            vectors: vectors.iter().map(numbers).collect(),
            weights: numbers(&json["weights"])
                .iter()
                .map(|&w| w as u64)
                .collect(),
            f: json["f"].as_u64().unwrap() as usize,
            json,
        }
    }

    /// Compares all answers of a group, and says how many there are.
    fn compare(&self, group: &str, one: fn(&Self, &str, &Value)) -> usize {
        let answers = self.json[group].as_object().unwrap();
        answers
            .iter()
            .for_each(|(key, answer)| one(self, key, answer));
        answers.len()
    }

    fn byzfl(&self, key: &str, answer: &Value) {
        let nnm = || -> Vec<Arc<dyn Before>> { vec![Arc::new(Nnm)] };
        let arc = || -> Vec<Arc<dyn Before>> { vec![Arc::new(AdaptiveClipping)] };
        let count = self.vectors.len();
        let krum = |keep| ByzflKrum { keep };
        match key {
            "Average" => self.one(key, answer, vec![], mean()),
            "Median" => self.one(key, answer, vec![], MEDIAN),
            "TrMean" => self.one(key, answer, vec![], TrimmedMean),
            "Meamed" => self.one(key, answer, vec![], MeaMed),
            "MDA" => self.one(key, answer, vec![], Mda),
            "MoNNA(idx=0)" => self.one(key, answer, vec![], Monna { pivot: 0 }),
            "Krum" => self.one(key, answer, vec![], krum(1)),
            "MultiKrum" => self.one(key, answer, vec![], krum(count - self.f)),
            "GeometricMedian(nu=0.1,T=3)" => self.one(key, answer, vec![], weiszfeld(0.1, 3)),
            "GeometricMedian(nu=1e-6,T=300)" => {
                self.one(key, answer, vec![], weiszfeld(1e-6, 300));
            }
            "CenteredClipping(L=1,tau=0.5,m=0)" => self.one(key, answer, vec![], clip(1, 0.5)),
            "CenteredClipping(L=3,tau=2.0,m=0)" => self.one(key, answer, vec![], clip(3, 2.0)),
            "CenteredClipping(L=1,tau=100.0,m=0)" => self.one(key, answer, vec![], clip(1, 100.0)),
            "NNM" => self.all(key, answer, &Nnm),
            "NNM+Median" => self.one(key, answer, nnm(), MEDIAN),
            "NNM+TrMean" => self.one(key, answer, nnm(), TrimmedMean),
            "NNM+Krum" => self.one(key, answer, nnm(), krum(1)),
            "NNM+GeometricMedian(nu=0.1,T=3)" => self.one(key, answer, nnm(), weiszfeld(0.1, 3)),
            "Clipping(c=2)" => self.all(key, answer, &Clipping { radius: 2.0 }),
            "ARC" => self.all(key, answer, &AdaptiveClipping),
            "ARC+TrMean" => self.one(key, answer, arc(), TrimmedMean),
            "Bucketing(s=2)" => self.all(key, answer, &self.bucketing(2)),
            "Bucketing(s=3)" => self.all(key, answer, &self.bucketing(3)),
            other => panic!("no answer was expected for {other}"),
        }
    }

    fn own_reference(&self, key: &str, answer: &Value) {
        match key {
            "Krum_Blanchard(n-f-2)" => {
                let nearest = self.vectors.len() - self.f - 2;
                let seen = self.seen(move |points| scores(points, nearest));
                assert_near(&self.name, &seen, &numbers(&answer["scores"]), CLOSED);
                self.one(key, &answer["vector"], vec![], Krum);
                let chosen = self.chosen(Krum);
                let index = answer["index"].as_u64().unwrap() as usize;
                assert!(matches!(chosen, Choice::Sum(shares) if shares[index] == 1.0));
            }
            "Bulyan" => {
                self.one(key, &answer["vector"], vec![], Bulyan);
                let picks = places(&answer["selected_in_order"]);
                assert!(matches!(self.chosen(Bulyan), Choice::Coordinates(of, _) if of == picks));
            }
            "RFA_weighted(nu=1e-6,200it)" => self.believed(
                key,
                answer,
                GeometricMedian {
                    smoothing: 1e-6,
                    steps: 200,
                    start: Start::Mean,
                },
            ),
            "weighted_mean" => self.believed(key, answer, mean()),
            "weighted_median" => self.believed(key, answer, Median { weighted: true }),
            "CenteredClipping(v0=0.9*x0,tau=1,L=3)" => {
                let round = |x: &f64| (0.9 * x * 1e4).round_ties_even() / 1e4;
                let centre = self.vectors[0].iter().map(round).collect();
                let robust = robust(vec![], clip(3, 1.0), self.f);
                self.referring(key, answer, &robust, centre);
            }
            "FLTrust" => {
                let root = numbers(&answer["root"]);
                let robust = robust(vec![], FlTrust, self.f);
                self.referring(key, &answer["vector"], &robust, root);
            }
            "NormBound(c=1.5)" => self.one(key, answer, vec![], NormBounding { radius: 1.5 }),
            "CAF_exact_eigh" => self.one(key, answer, vec![], Caf { scale: Scale::All }),
            other => panic!("no answer was expected for {other}"),
        }
    }

    fn tolerance(key: &str) -> f64 {
        let iterated = ["GeometricMedian", "RFA", "CAF"];
        match iterated.iter().any(|name| key.contains(name)) {
            true => ITERATED,
            false => CLOSED,
        }
    }

    /// One vector, by a rule after something.
    fn one(
        &self,
        key: &str,
        answer: &Value,
        before: Vec<Arc<dyn Before>>,
        rule: impl Rule + 'static,
    ) {
        self.by(key, answer, &robust(before, rule, self.f));
    }

    /// One vector, by a rule that believes the weights.
    fn believed(&self, key: &str, answer: &Value, rule: impl Rule + 'static) {
        let believing = Robust {
            claimed_weights: true,
            ..robust(vec![], rule, self.f)
        };
        self.by(key, answer, &believing);
    }

    fn by(&self, key: &str, answer: &Value, robust: &Robust) {
        let updates = weighted(&self.vectors, &self.weights);
        let got = robust.combine(&updates, Seed::run(1)).unwrap();
        let what = format!("{} {key}", self.name);
        assert_near(&what, &got, &numbers(answer), Self::tolerance(key));
    }

    fn referring(&self, key: &str, answer: &Value, robust: &Robust, reference: Vec<f64>) {
        let mut updates = weighted(&self.vectors, &self.weights);
        updates.refer_to(reference).unwrap();
        let got = robust.combine(&updates, Seed::run(1)).unwrap();
        let what = format!("{} {key}", self.name);
        assert_near(&what, &got, &numbers(answer), Self::tolerance(key));
    }

    /// All vectors that something before a rule makes.
    fn all(&self, key: &str, answer: &Value, before: &(impl Before + Clone + 'static)) {
        let rows = answer.as_array().unwrap();
        assert_eq!(before.leaves(self.vectors.len()), rows.len());
        for (i, row) in rows.iter().enumerate() {
            self.one(key, row, vec![Arc::new(before.clone())], Only(i));
        }
    }

    fn bucketing(&self, size: usize) -> Ordered {
        let order = places(&self.json["bucketing_permutation"]);
        Ordered { order, size }
    }

    /// What a function sees of the points.
    fn seen<S: Send + 'static>(
        &self,
        look: impl Fn(&Points<'_>) -> S + Send + Sync + 'static,
    ) -> S {
        let spy = Spy(Arc::default());
        let robust = robust(vec![], spy.looking(look), self.f);
        robust
            .combine(&weighted(&self.vectors, &self.weights), Seed::run(1))
            .unwrap();
        spy.0.lock().unwrap().take().unwrap()
    }

    fn chosen(&self, rule: impl Rule + 'static) -> Choice {
        let f = self.f;
        self.seen(move |points| rule.choose(points, f))
    }
}

const MEDIAN: Median = Median { weighted: false };

/// The mean: a bound that nothing reaches.
fn mean() -> NormBounding {
    NormBounding {
        radius: f64::INFINITY,
    }
}

fn weiszfeld(smoothing: f64, steps: u32) -> GeometricMedian {
    let start = Start::Zero;
    GeometricMedian {
        smoothing,
        steps,
        start,
    }
}

fn clip(steps: u32, radius: f64) -> CentredClipping {
    CentredClipping { radius, steps }
}

/// byzfl's Krum and Multi-Krum: the mean squared distance to the n − f − 1 nearest others.
#[derive(Debug)]
struct ByzflKrum {
    keep: usize,
}

impl Rule for ByzflKrum {
    fn needs(&self, f: usize) -> usize {
        2 * f + 1
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, f: usize) -> Choice {
        let scores = scores(points, points.count() - f - 1);
        let mut order: Vec<usize> = (0..points.count()).collect();
        order.sort_by(|&a, &b| scores[a].total_cmp(&scores[b]));
        points.mean_of(&order[..self.keep])
    }
}

/// One of the points.
#[derive(Debug)]
struct Only(usize);

impl Rule for Only {
    fn needs(&self, _: usize) -> usize {
        1
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, _: usize) -> Choice {
        points.mean_of(&[self.0])
    }
}

/// Bucketing in a given order.
#[derive(Debug, Clone)]
struct Ordered {
    order: Vec<usize>,
    size: usize,
}

impl Before for Ordered {
    fn leaves(&self, count: usize) -> usize {
        count.div_ceil(self.size)
    }

    fn rows(&self, _: &Points<'_>, _: usize, _: Seed) -> Vec<Vec<f64>> {
        buckets(&self.order, self.size)
    }
}

/// Keeps what a function saw of the points.
struct Spy<S>(Arc<Mutex<Option<S>>>);

struct Looking<F, S>(F, Arc<Mutex<Option<S>>>);

impl<S> Spy<S> {
    fn looking<F>(&self, look: F) -> Looking<F, S> {
        Looking(look, self.0.clone())
    }
}

impl<F, S> std::fmt::Debug for Looking<F, S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Looking")
    }
}

impl<F: Fn(&Points<'_>) -> S + Send + Sync, S: Send> Rule for Looking<F, S> {
    fn needs(&self, _: usize) -> usize {
        1
    }

    fn claims(&self) -> Claims {
        Claims::ALL
    }

    fn choose(&self, points: &Points<'_>, _: usize) -> Choice {
        *self.1.lock().unwrap() = Some(self.0(points));
        points.mean_of(&[0])
    }
}
