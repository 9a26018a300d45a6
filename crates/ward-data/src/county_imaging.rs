//! S10 `county-imaging`: S1 read in counties, whose images never move to the hub.
//!
//! The images and the ideal observer are those of [`crate::lung_nodule`]. A county makes LogNormal
//! studies a year, of mean 36,400 and s = .8 (median 26,432); a share of them is labelled and trained
//! on. Rounds ask counties by volume (`[sampler.volume]`).
//!
//! Source: 68 million remote images in about 1,870 counties, 36,400 each. At 25 MB a study, an
//! assumption, 1.7 PB would have to move to one place; a round moves twice the model for each county
//! asked.
//!
//! Best AUC .891 (a county's blur of .5 and noise of 1.25; the brightness of a scanner does not
//! matter). Plausible: the two-convolution network on 16,000 cases with equal brightness and right
//! labels, .78 to .85: far from the ceiling, so more counties still help. Above .898 on 20,000 cases
//! means a leak (.907 on 4,000). Default recipe: the two-convolution network, Adam .002, batch 32, 1
//! epoch x 60 rounds.

use rand_distr::{Distribution, LogNormal};
use ward_core::{NodeInfo, Seed, metric::name};

use crate::lung_nodule::{LungNodule, LungNoduleConfig, SIDE};
use crate::place::{Place, Split};
use crate::population::{Population, Sizes};
use crate::registry::ScenarioInfo;
use crate::source::Problem;
use crate::synthetic::{Scanner, Scanners, Scenario, above, scenario_table};

/// Studies of a county in a year, on average, and their spread.
const MEAN_STUDIES: f64 = 36_400.0;
const SPREAD: f64 = 0.8;
/// Bytes of one study: an assumption.
const STUDY_BYTES: f64 = 25e6;
/// The fewest labelled studies of a county.
const FEWEST: f64 = 20.0;

scenario_table! {
    /// Settings of `county-imaging`.
    CountyImagingConfig, Population::Counties24, {
        /// Brightness of a nodule, above 0 to 10. Default 0.75.
        amplitude: f64 = 0.75,
        /// Share of a county's studies of one year that is labelled, above 0 to 1. Default 0.02, which
        /// gives 24 counties some 17,000.
        labelled: f64 = 0.02,
        /// `tier` (default), `optics` (a county's blur and noise, all of one brightness) or `reference`.
        scanner: Scanners = Scanners::Tier,
    }
}

/// `county-imaging`.
#[derive(Debug)]
pub(crate) struct CountyImaging {
    config: CountyImagingConfig,
    chests: LungNodule,
}

/// What makes one county different.
#[derive(Debug)]
pub(crate) struct County {
    scanner: Scanner,
    /// A year's studies.
    studies: f64,
}

impl CountyImaging {
    fn studies(&self, place: Place) -> f64 {
        let median = MEAN_STUDIES * (-SPREAD * SPREAD / 2.0).exp();
        let drawn = LogNormal::new(median.ln(), SPREAD)
            .map_or(median, |law| law.sample(&mut place.hospital("volume")));
        match self.config.sizes {
            Some(Sizes::Fixed) => median,
            Some(Sizes::Lognormal) | None => drawn,
        }
    }
}

impl Scenario for CountyImaging {
    type Config = CountyImagingConfig;
    type Hospital = County;
    const INFO: ScenarioInfo = ScenarioInfo {
        id: "county-imaging",
        task: "lung-nodule CT read in counties, asked by volume (S10)",
        inputs: "1 x 28 x 28 image",
        ceiling: "AUC .891 (ideal observer behind a county's scanner, amplitude .75)",
        plausible: "AUC .78 to .85 on 16,000 cases of one brightness; above .898 is a leak",
        recipe: "cnn [8, 16], kernels [5, 3], hidden 64; Adam .002, batch 32, 1 epoch x 60 rounds",
    };
    const BOUNDED: &'static [&'static str] = &[name::AUC];

    fn new(config: CountyImagingConfig, world: Seed) -> Self {
        let chests = LungNoduleConfig {
            amplitude: config.amplitude,
            ..LungNoduleConfig::default()
        };
        Self {
            chests: LungNodule::new(chests, world),
            config,
        }
    }

    fn config(&self) -> &CountyImagingConfig {
        &self.config
    }

    fn shape(_config: &CountyImagingConfig) -> &'static [usize] {
        &[1, SIDE, SIDE]
    }

    fn problems(config: &CountyImagingConfig, path: &str) -> Vec<Problem> {
        let settings = [
            ("amplitude", config.amplitude, 10.0),
            ("labelled", config.labelled, 1.0),
        ];
        let problem = |(field, value, most)| above(&format!("{path}.{field}"), value, 0.0, most);
        settings.into_iter().filter_map(problem).collect()
    }

    fn training_cases(&self, place: Place) -> Option<u64> {
        let labelled = self.config.labelled * self.studies(place);
        Some(labelled.round().max(FEWEST) as u64)
    }

    fn hospital(&self, info: &NodeInfo, place: Place) -> County {
        County {
            scanner: self.config.scanner.at(place, &info.tier),
            studies: self.studies(place),
        }
    }

    fn facts(&self, county: &County) -> Vec<(&'static str, String)> {
        let mut facts = county.scanner.facts().to_vec();
        let terabytes = county.studies * STUDY_BYTES / 1e12;
        let studies = format!("{:.0} ({terabytes:.2} TB that stay)", county.studies);
        facts.push(("studies a year", studies));
        facts
    }

    fn cases<'a>(
        &'a self,
        county: &'a County,
        place: Place,
        split: Split,
    ) -> impl FnMut(u64, &mut [f32]) -> u8 + 'a {
        self.chests.cases(&county.scanner, place, split)
    }

    fn observer<'a>(&'a self, county: &'a County) -> impl FnMut(u64, &[f32], &mut Vec<f32>) + 'a {
        self.chests.observer(&county.scanner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::known::known;
    use crate::source::Source;
    use crate::synthetic::{Synthetic, laws};
    use ward_core::{Estimate, NodeId};

    fn made(change: impl FnOnce(&mut CountyImagingConfig)) -> Synthetic<CountyImaging> {
        let mut config = CountyImagingConfig::default();
        change(&mut config);
        Synthetic::new(config, Seed::run(3))
    }

    #[test]
    fn the_ideal_observer_reaches_the_known_ceiling_whatever_the_brightness() {
        for scanner in [Scanners::Tier, Scanners::Optics] {
            let made = made(|c| c.scanner = scanner);
            let parts = [0, 1, 2, 3].map(|county| laws::ideal(&made, NodeId(county), 1_000));
            let aucs = parts.iter().map(|part| &part.0[name::AUC]);
            let auc = Estimate::combine(aucs).unwrap();
            known("county-imaging/auc").is_about(&auc);
        }
    }

    #[test]
    fn the_nations_studies_are_the_known_ones() {
        let median = MEAN_STUDIES * (-SPREAD * SPREAD / 2.0).exp();
        known("county-imaging/volume-ln-median").is(&[median]);
        known("county-imaging/studies-per-county").is(&[68e6 / 1_870.0]);
        known("county-imaging/bytes-not-moved").is(&[68e6 * STUDY_BYTES]);
        let made = made(|c| (c.population, c.labelled) = (Population::Counties1870, 1.0));
        let total: u64 = made
            .roster()
            .iter()
            .map(|info| made.rows(info.node).0)
            .sum();
        // The mean of 1,870 has a spread of sqrt(exp(.64) - 1) / sqrt(1,870) = 2.2 %.
        let ratio = total as f64 / 1_870.0 / MEAN_STUDIES;
        assert!((ratio - 1.0).abs() < 3.0 * 0.022, "{ratio}");
    }

    #[test]
    fn fixed_sizes_make_counties_alike() {
        let made = made(|c| c.sizes = Some(Sizes::Fixed));
        assert!((0..24).all(|county| made.rows(NodeId(county)).0 == 529));
    }

    #[test]
    fn a_case_alone_is_the_case_in_its_batch() {
        laws::case_alone(&made(|_| ()), NodeId(20), 12);
    }

    #[test]
    fn a_scanner_moves_no_label_and_doctors_move_nothing_else() {
        laws::labels_stay::<CountyImaging>(|c| c.scanner = Scanners::Optics);
        laws::doctors_change_labels_alone::<CountyImaging>(|misdiagnosis| CountyImagingConfig {
            misdiagnosis,
            ..CountyImagingConfig::default()
        });
    }

    #[test]
    fn hospitals_depend_on_nobody_and_on_no_thread() {
        laws::threads_do_not_matter::<CountyImaging>(&CountyImagingConfig::default());
        laws::newcomers_change_nothing::<CountyImaging>(|population| CountyImagingConfig {
            population,
            ..CountyImagingConfig::default()
        });
    }

    #[test]
    fn settings_out_of_range_are_named() {
        let config = CountyImagingConfig {
            amplitude: 0.0,
            labelled: 1.5,
            ..CountyImagingConfig::default()
        };
        let problems = CountyImaging::problems(&config, "d");
        let paths: Vec<&str> = problems.iter().map(|p| p.path.as_str()).collect();
        assert_eq!(paths, ["d.amplitude", "d.labelled"]);
    }
}
