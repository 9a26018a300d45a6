//! What made a run: versions, seed, digests and host, so that it can be judged and repeated.

use serde::{Deserialize, Serialize};
use ward_core::{Digest, Layout, MaskSuite, Outcome};

/// The machine that a run ran on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Operating system: `linux`.
    pub os: String,
    /// Processor family: `x86_64`.
    pub arch: String,
    /// Cores that the process may use.
    pub cpus: u32,
}

impl Host {
    /// This machine.
    #[must_use]
    pub fn here() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            os: std::env::consts::OS.to_owned(),
            arch: std::env::consts::ARCH.to_owned(),
            cpus: u32::try_from(cpus).unwrap_or(u32::MAX),
        }
    }
}

/// Which driver moved the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// One process in virtual time.
    #[default]
    Simulation,
    /// Separate processes that talk over sockets, in real time.
    Deployment,
}

/// What protected the hospitals' updates. Whatever is absent did not protect them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
pub struct Privacy {
    /// How single updates were hidden in their sum, in a sentence.
    #[serde(default)]
    pub secure_aggregation: Option<String>,
    /// Epsilon, delta, unit and where the noise was added, in a sentence.
    #[serde(default)]
    pub differential_privacy: Option<String>,
    /// How the connections were encrypted and authenticated, in a sentence.
    #[serde(default)]
    pub transport: Option<String>,
}

impl Privacy {
    /// Of a run whose updates are added up under masks that `suite` expands, in so many `groups` a
    /// round, and whose sums hold `min_survivors` updates or more; nothing else protects them.
    #[must_use]
    pub fn masked(suite: MaskSuite, min_survivors: u32, groups: u32) -> Self {
        let cipher = match suite {
            MaskSuite::ChaCha20 => "ChaCha20",
            MaskSuite::Aes256Ctr => "AES-256 in counter mode",
        };
        let (added, of) = match groups {
            0 | 1 => (String::new(), "hospitals asked"),
            groups => (format!(" in {groups} groups a round"), "group's hospitals"),
        };
        let how = format!(
            "updates are added up{added} under pairwise masks (fl-secagg/1, {cipher}); a sum holds \
             those of more than two thirds of the {of}, and of at least {min_survivors}"
        );
        Self {
            secure_aggregation: Some(how),
            ..Self::default()
        }
    }
}

/// The hospitals of a simulation that misbehaved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adversaries {
    /// Their names, in the order of the roster.
    pub hospitals: Vec<String>,
    /// What they did: `sign-flip (scale 5)`.
    pub attack: String,
    /// The first round in which they did it, counted from 0.
    pub from_round: u32,
}

/// `manifest.json`: written when a run starts and again when it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Unique name of the run.
    pub run_id: String,
    /// The experiment's name.
    pub name: String,
    /// The scenario's id, or `csv`.
    pub scenario: String,
    /// The master seed.
    pub seed: u64,
    /// Wardround's version.
    pub version: String,
    /// The commit it was built from, where known.
    #[serde(default)]
    pub git_commit: Option<String>,
    /// The machine.
    pub host: Host,
    /// Threads used for training.
    pub threads: u32,
    /// Simulation or deployment.
    #[serde(default)]
    pub mode: Mode,
    /// What computes gradients: `burn-flex`, `fused`.
    pub engine: String,
    /// The strategy's name and settings, in words.
    #[serde(default)]
    pub strategy: String,
    /// Rounds planned.
    pub rounds: u32,
    /// Hospitals enrolled.
    pub hospitals: u32,
    /// Digest of `config.resolved.toml`.
    pub config_digest: Digest,
    /// [`config_family`] of it: equal for runs that differ in the seed alone.
    pub config_family: Digest,
    /// Fingerprint of all training and test rows, where the process saw them.
    #[serde(default)]
    pub data_digest: Option<Digest>,
    /// Names and shapes of the model's tensors.
    #[serde(default)]
    pub layout: Layout,
    /// Models of the run. Where there are several, a hospital's scores are those of the one that
    /// fits its training rows best.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    pub models: u32,
    /// The final model, or all of them.
    #[serde(default)]
    pub model_digest: Option<Digest>,
    /// When it started, as text: `2026-11-24T14:00:00Z`.
    pub started: String,
    /// When it ended.
    #[serde(default)]
    pub finished: Option<String>,
    /// Seconds on the wall clock, all starts together.
    #[serde(default)]
    pub wall_s: Option<f64>,
    /// Seconds in virtual time; absent in a deployment.
    #[serde(default)]
    pub simulated_s: Option<f64>,
    /// Processor seconds spent training.
    #[serde(default)]
    pub train_cpu_s: Option<f64>,
    /// How it ended; absent while it runs and after a crash.
    #[serde(default)]
    pub outcome: Option<Outcome>,
    /// Whether all rows were made by a formula, so that nobody's privacy is at stake.
    #[serde(default)]
    pub synthetic: bool,
    /// What protected the updates.
    #[serde(default)]
    pub privacy: Privacy,
    /// Who misbehaved; absent where all were honest, and in a deployment, which cannot know.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adversaries: Option<Adversaries>,
}

fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_one(models: &u32) -> bool {
    *models == 1
}

impl Manifest {
    /// What a table of results must say of the federated model where there are several.
    #[must_use]
    pub fn which_model(&self) -> Option<String> {
        (self.models > 1).then(|| {
            format!(
                "federated: each hospital by the one of {} models that fits its training rows best",
                self.models
            )
        })
    }

    /// The manifest of a run about to start with the resolved configuration `config`; the fields
    /// that the caller knows better are set afterwards.
    #[must_use]
    pub fn new(run_id: &str, name: &str, scenario: &str, seed: u64, config: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            name: name.to_owned(),
            scenario: scenario.to_owned(),
            seed,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            git_commit: None,
            host: Host::here(),
            threads: 1,
            mode: Mode::Simulation,
            engine: String::new(),
            strategy: String::new(),
            rounds: 0,
            hospitals: 0,
            config_digest: Digest::of(config.as_bytes()),
            config_family: config_family(config),
            data_digest: None,
            layout: Layout::default(),
            models: 1,
            model_digest: None,
            started: String::new(),
            finished: None,
            wall_s: None,
            simulated_s: None,
            train_cpu_s: None,
            outcome: None,
            synthetic: false,
            privacy: Privacy::default(),
            adversaries: None,
        }
    }
}

/// The digest of a resolved configuration without its seed: runs with equal families repeat one
/// experiment. Lines before the first table that set `seed` are left out, and comments too.
#[must_use]
pub fn config_family(config: &str) -> Digest {
    let mut in_table = false;
    let mut kept = String::new();
    for line in config.lines().map(str::trim) {
        in_table |= line.starts_with('[');
        let sets_seed = line
            .strip_prefix("seed")
            .is_some_and(|rest| rest.trim_start().starts_with('='));
        let comment = line.is_empty() || line.starts_with('#');
        if !comment && (in_table || !sets_seed) {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    Digest::of(kept.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_family_is_all_of_the_configuration_but_the_seed() {
        let config = |seed: u32, rounds: u32, inner: u32| {
            format!(
                "name = \"q\"\nseed = {seed}\n# made\nrounds = {rounds}\n[data.csv]\nseed = {inner}\n"
            )
        };
        let family = config_family(&config(1, 60, 5));
        assert_eq!(family, config_family(&config(2, 60, 5)));
        assert_ne!(family, config_family(&config(1, 61, 5)));
        assert_ne!(family, config_family(&config(1, 60, 6)));
    }

    #[test]
    fn an_old_manifest_without_the_newer_fields_is_read() {
        let full = Manifest::new("id", "q", "emr-risk", 1, "seed = 1\n");
        let mut value = serde_json::to_value(&full).unwrap();
        for key in [
            "privacy",
            "mode",
            "wall_s",
            "layout",
            "synthetic",
            "outcome",
        ] {
            value.as_object_mut().unwrap().remove(key);
        }
        value["a_field_of_tomorrow"] = 1.into();
        assert_eq!(serde_json::from_value::<Manifest>(value).unwrap(), full);
    }
}
