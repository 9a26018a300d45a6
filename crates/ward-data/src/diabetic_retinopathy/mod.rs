//! S2 `diabetic-retinopathy`: retinas of 32 x 32 pixels with few or many lesions; is it one to refer?
//!
//!   grade 0-4 with shares (.68 .12 .12 .05 .03);  N ~ Poisson(mean of the grade) lesions
//!   label: grade 2 or above, a fifth of all
//!
//! A lesion is a blob of radius .8 and contrast -.5 (70 %) or +.5, at least 2.5 pixels from the others;
//! white noise of .08. `retina.rs` has the geometry.
//!
//! Source: a screening product that is said to be right in 97 % of cases. Whoever refers nobody is
//! right in 80 %, so accuracy means little without the sensitivity beside it, and the claim has none.
//!
//! The image depends on the grade through N alone, so no model can beat whoever knows N: best accuracy
//! .9816 (sensitivity .940, specificity .992, from five lesions on), best AUC .9969, exact sums over
//! the Poisson laws (`image/count.rs`); the ideal observer counts the lesions of the same test cases; blur and noise only lower what can be reached. Plausible: the
//! two-convolution network on 4,000 to 16,000 reference cases, accuracy .95 to .975; above .9845 on
//! 20,000 cases means a leak (.988 on 4,000). Default recipe: the two-convolution network, Adam .002,
//! batch 32, 1 epoch x 45 rounds.

mod retina;
#[cfg(test)]
mod tests;

use rand::{Rng, RngExt};
use ward_core::{NodeInfo, Seed, metric::name};

use crate::image::{Blob, Border, Counts, Site};
use crate::place::{Place, Split};
use crate::population::Population;
use crate::registry::ScenarioInfo;
use crate::source::Problem;
use crate::synthetic::{Scanners, Scenario, pick, scenario_table};

/// Side of the square image in pixels.
const SIDE: usize = 32;
/// How common the grades are, and the first that is referred.
const GRADES: [f64; 5] = [0.68, 0.12, 0.12, 0.05, 0.03];
const REFERABLE: usize = 2;
/// Deviation of the noise.
const NOISE: f64 = 0.08;
/// The most lesions a grade may have on average: more would not fit beside each other.
const MOST_LESIONS: f64 = 100.0;

scenario_table! {
    /// Settings of `diabetic-retinopathy`.
    DiabeticRetinopathyConfig, Population::Province42, {
        /// Mean number of lesions of each grade, 0 to 100, ascending. Default [0.5, 2, 8, 15, 25];
        /// [0.5, 2.5, 7, 14, 24] is harder (best accuracy .966), [0.5, 2.5, 6, 14, 24] harder still
        /// (.9525).
        lesions: [f64; 5] = [0.5, 2.0, 8.0, 15.0, 25.0],
        /// `tier` (default) or `reference`.
        scanner: Scanners = Scanners::Tier,
    }
}

/// `diabetic-retinopathy`.
#[derive(Debug)]
pub(crate) struct DiabeticRetinopathy {
    config: DiabeticRetinopathyConfig,
    healthy: Vec<f64>,
}

impl DiabeticRetinopathy {
    /// A patient's grade and lesions.
    fn patient(&self, rng: &mut impl Rng) -> (usize, Vec<Blob>) {
        let grade = pick(&GRADES, rng.random());
        (grade, retina::lesions(self.config.lesions[grade], rng))
    }

    /// Lesions and grades together.
    fn grades(&self) -> Counts {
        Counts::poisson(GRADES.into_iter().zip(self.config.lesions))
    }

    /// Lesions, and whether to refer.
    fn counts(&self) -> Counts {
        let referable: Vec<usize> = (0..GRADES.len())
            .map(|grade| usize::from(grade >= REFERABLE))
            .collect();
        self.grades().merged(&referable)
    }
}

impl Scenario for DiabeticRetinopathy {
    type Config = DiabeticRetinopathyConfig;
    type Hospital = Site;
    const INFO: ScenarioInfo = ScenarioInfo {
        id: "diabetic-retinopathy",
        task: "retinal photographs: refer or not (S2)",
        inputs: "1 x 32 x 32 image",
        ceiling: "accuracy .9816, AUC .9969 (exact, from the number of lesions)",
        plausible: "accuracy .95 to .975 at the reference condition; above .9845 is a leak",
        recipe: "cnn [8, 16], kernels [5, 3], hidden 64; Adam .002, batch 32, 1 epoch x 45 rounds",
    };
    const BOUNDED: &'static [&'static str] = &[name::ACCURACY, name::AUC];

    fn new(config: DiabeticRetinopathyConfig, _world: Seed) -> Self {
        Self {
            config,
            healthy: retina::healthy(),
        }
    }

    fn config(&self) -> &DiabeticRetinopathyConfig {
        &self.config
    }

    fn shape(_config: &DiabeticRetinopathyConfig) -> &'static [usize] {
        &[1, SIDE, SIDE]
    }

    fn problems(config: &DiabeticRetinopathyConfig, path: &str) -> Vec<Problem> {
        let path = format!("{path}.lesions");
        let means = config.lesions;
        let fits = means.iter().all(|mean| (0.0..=MOST_LESIONS).contains(mean));
        let message = if !fits {
            format!("a mean number of lesions is 0 to {MOST_LESIONS}, not one of {means:?}")
        } else if !means.is_sorted() {
            format!("a higher grade has no fewer lesions, unlike {means:?}")
        } else {
            return Vec::new();
        };
        vec![Problem::new(&path, message)]
    }

    fn hospital(&self, info: &NodeInfo, place: Place) -> Site {
        Site::new(self.config.scanner, info, place)
    }

    fn facts(&self, hospital: &Site) -> Vec<(&'static str, String)> {
        hospital.facts()
    }

    fn cases<'a>(
        &'a self,
        hospital: &'a Site,
        place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a {
        let (anatomy, noise) = (
            place.cases(split, Site::ANATOMY),
            place.cases(split, "noise"),
        );
        move |case, stored| {
            let (grade, lesions) = self.patient(&mut anatomy.stream_of(case));
            let (tissue, mut noise) = (self.healthy.clone(), noise.stream_of(case));
            hospital.picture(tissue, (lesions, Border::Cut), NOISE, &mut noise, stored);
            u8::from(grade >= REFERABLE)
        }
    }

    /// Knows the number of lesions.
    fn observer<'a>(&'a self, hospital: &'a Site) -> impl FnMut(u64, &[f32], &mut Vec<f32>) + 'a {
        let counts = self.counts();
        move |case, _, answers| {
            let (_, lesions) = self.patient(&mut hospital.anatomy_of_test(case));
            counts.observe(lesions.len(), answers);
        }
    }
}
