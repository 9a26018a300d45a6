//! The known figures of the scenarios, from `tests/vectors/scenario_ceilings.json`.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use ward_core::Estimate;

#[derive(Deserialize)]
struct File {
    vectors: Vec<Known>,
}

/// One figure.
#[derive(Debug, Deserialize)]
pub(crate) struct Known {
    id: String,
    value: Value,
    #[serde(default)]
    se: f64,
    #[serde(default)]
    tolerance: f64,
    /// Spread over seeds or worlds, of which there is one here.
    #[serde(default)]
    sd: f64,
}

static KNOWN: LazyLock<BTreeMap<String, Known>> = LazyLock::new(|| {
    let text = include_str!("../../../tests/vectors/scenario_ceilings.json");
    let file: File = serde_json::from_str(text).unwrap();
    file.vectors
        .into_iter()
        .map(|v| (v.id.clone(), v))
        .collect()
});

/// The figure called `id`.
pub(crate) fn known(id: &str) -> &'static Known {
    KNOWN
        .get(id)
        .unwrap_or_else(|| panic!("no figure is called {id}"))
}

impl Known {
    pub(crate) fn value(&self) -> f64 {
        self.value.as_f64().unwrap()
    }

    fn values(&self) -> Vec<f64> {
        match &self.value {
            Value::Array(values) => values.iter().map(|v| v.as_f64().unwrap()).collect(),
            one => vec![one.as_f64().unwrap()],
        }
    }

    /// `found` is the figure, number by number, within the tolerance it is printed with.
    pub(crate) fn is(&self, found: &[f64]) {
        let known = self.values();
        assert_eq!(found.len(), known.len(), "{}", self.id);
        for (found, known) in found.iter().zip(known) {
            let apart = (found - known).abs();
            assert!(
                apart <= self.tolerance,
                "{}: {found} is not {known}",
                self.id
            );
        }
    }

    /// `found` is the figure within three combined standard errors and the spread of worlds.
    pub(crate) fn is_about(&self, found: &Estimate) {
        let room = 3.0 * self.se.hypot(self.sd).hypot(found.standard_error);
        let apart = (found.value - self.value()).abs();
        assert!(
            apart <= room,
            "{}: {found:?} is not {}",
            self.id,
            self.value()
        );
    }

    /// `found` lies in the plausible range.
    pub(crate) fn holds(&self, found: f64) {
        let range = self.values();
        let within = range[0] <= found && found <= range[1];
        assert!(within, "{}: {found} is not in {range:?}", self.id);
    }
}
