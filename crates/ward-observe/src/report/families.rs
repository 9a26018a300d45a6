//! Families: runs whose configurations differ in the seed alone.

use ward_core::Digest;

use super::load::RunData;
use super::statistics::OverSeeds;
use crate::{Model, text};

/// Runs that differ in their seed alone.
pub(super) struct Family<'a> {
    /// What it is called in the comparison.
    pub(super) name: String,
    digest: Option<Digest>,
    /// Its runs.
    pub(super) runs: Vec<&'a RunData>,
}

/// The families, in the order in which their first runs were named. Two names alike get numbers.
pub(super) fn families(runs: &[RunData]) -> Vec<Family<'_>> {
    let mut families: Vec<Family<'_>> = Vec::new();
    for run in runs {
        let digest = run.manifest.as_ref().map(|m| m.config_family);
        match families
            .iter_mut()
            .find(|f| digest.is_some() && f.digest == digest)
        {
            Some(family) => family.runs.push(run),
            None => families.push(Family {
                name: run.name().to_owned(),
                digest,
                runs: vec![run],
            }),
        }
    }
    tell_apart(&mut families);
    shorten(&mut families);
    families
}

/// What all names begin with, up to a hyphen, tells nobody anything: variants of one experiment have its
/// name in front.
fn shorten(families: &mut [Family<'_>]) {
    let [first, others @ ..] = &*families else {
        return;
    };
    let common = |name: &str| {
        let alike = first.name.bytes().zip(name.bytes());
        alike.take_while(|(a, b)| a == b).count()
    };
    let shared = others.iter().map(|family| common(&family.name)).min();
    // A hyphen is one byte, so the cut is within no character.
    let start = shared.and_then(|n| first.name.as_bytes()[..n].iter().rposition(|b| *b == b'-'));
    let cut = start.filter(|start| families.iter().all(|f| f.name.len() > start + 1));
    if let Some(start) = cut {
        for family in families {
            family.name.drain(..=start);
        }
    }
}

/// Families of one name get their strategies added; where that does not help, numbers.
fn tell_apart(families: &mut [Family<'_>]) {
    let strategy = |family: &Family<'_>| {
        let manifest = family.runs.first().and_then(|run| run.manifest.as_ref());
        manifest.map(|m| m.strategy.clone()).unwrap_or_default()
    };
    let all: Vec<(String, String)> = families
        .iter()
        .map(|f| (f.name.clone(), strategy(f)))
        .collect();
    for (i, family) in families.iter_mut().enumerate() {
        let (name, strategy) = &all[i];
        let alike =
            |what: &[(String, String)]| what.iter().filter(|(other, _)| other == name).count();
        let same = all.iter().filter(|other| **other == all[i]).count();
        if alike(&all) == 1 {
            continue;
        }
        family.name = if same == 1 && !strategy.is_empty() {
            format!("{name}, {strategy}")
        } else {
            format!("{name} ({})", alike(&all[..=i]))
        };
    }
}

/// The value of each run that has it; the last evaluation where no results were written.
pub(super) fn values(family: &Family<'_>, group: &str, model: Model, metric: &str) -> Vec<f64> {
    let of = |run: &&RunData| match model {
        Model::Federated if group == "all" => run.federated(None, metric).map(|r| r.value),
        _ => run.result(group, model, metric).map(|r| r.value),
    };
    family.runs.iter().filter_map(of).collect()
}

/// `0.824 ± 0.004`; the second part only where the runs differ.
pub(super) fn plus_minus(over: OverSeeds) -> String {
    match over.half {
        Some(half) if half > 1e-9 => format!("{} ± {}", text::value(over.mean), text::value(half)),
        _ => text::value(over.mean),
    }
}

/// `all` and every tier of every run.
pub(super) fn groups(families: &[Family<'_>]) -> Vec<String> {
    let mut groups = vec!["all".to_owned()];
    for run in families.iter().flat_map(|f| &f.runs) {
        for tier in run.tiers() {
            if !groups.contains(&tier) {
                groups.push(tier);
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shortened(names: &[&str]) -> Vec<String> {
        let family = |name: &&str| Family {
            name: (*name).to_owned(),
            digest: None,
            runs: Vec::new(),
        };
        let mut families: Vec<Family<'_>> = names.iter().map(family).collect();
        shorten(&mut families);
        families.into_iter().map(|family| family.name).collect()
    }

    #[test]
    fn what_all_names_begin_with_is_left_out() {
        assert_eq!(shortened(&["day-1-é, a", "day-1-é, b"]), ["é, a", "é, b"]);
        assert_eq!(
            shortened(&["heart-fedadam", "heart-fedyogi"]),
            ["fedadam", "fedyogi"]
        );
        assert_eq!(
            shortened(&["heart", "heart-fedadam"]),
            ["heart", "heart-fedadam"]
        );
        assert_eq!(shortened(&["a-b-", "a-b-c"]), ["a-b-", "a-b-c"]);
        assert_eq!(shortened(&["alone-b"]), ["alone-b"]);
    }
}
