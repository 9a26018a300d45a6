//! `[strategy.NAME]`: a rule of one's own, which the program registered under that name.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use serde::de::{Error as _, VariantAccess};
use serde::ser::SerializeMap;
use ward_robust::{Robust, Rule};

use super::keys::robust_table;
use super::{About, StrategyConfig, StrategyTable};
use crate::config::check::Settings;

/// The numbers of `settings`, by their keys.
pub type Numbers = BTreeMap<String, f64>;

type Make = dyn Fn(&Numbers) -> Result<Arc<dyn Rule>, String> + Send + Sync;

static REGISTERED: RwLock<BTreeMap<String, Arc<Make>>> = RwLock::new(BTreeMap::new());

/// Lets experiments say `[strategy.NAME]`. `make` makes the rule from the numbers of the table's
/// `settings`, or says what is wrong with them; without any it makes the rule with its defaults. Call
/// it before the experiment is read; a second rule of the same name takes the place of the first.
///
/// The hospitals of a deployment read the experiment too, so their program must register the same.
///
/// # Panics
/// When every program has a strategy of that name.
pub fn register<R: Rule + 'static>(
    name: &str,
    make: impl Fn(&Numbers) -> Result<R, String> + Send + Sync + 'static,
) {
    let taken = StrategyConfig::IDS.contains(&name);
    assert!(
        !taken,
        "`{name}` is a strategy already: register the rule under another name"
    );
    let make =
        move |numbers: &Numbers| -> Result<Arc<dyn Rule>, String> { Ok(Arc::new(make(numbers)?)) };
    let mut registered = REGISTERED.write().unwrap_or_else(PoisonError::into_inner);
    registered.insert(name.to_owned(), Arc::new(make));
}

/// The names that were registered.
pub(super) fn names() -> Vec<String> {
    let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
    registered.keys().cloned().collect()
}

robust_table!(
    OwnTable,
    "Settings of a rule of one's own.",
    /// Numbers that the rule itself reads. Default none.
    settings: Numbers = Numbers::new()
);

/// A registered rule, and how it is set.
#[derive(Clone)]
pub struct OwnConfig {
    name: String,
    table: OwnTable,
    rule: Arc<dyn Rule>,
}

impl OwnConfig {
    fn new(name: String, table: OwnTable) -> Result<Self, String> {
        let registered = REGISTERED.read().unwrap_or_else(PoisonError::into_inner);
        let make = registered.get(&name).cloned();
        drop(registered);
        let make = make.ok_or_else(|| format!("no rule is registered as {name}"))?;
        let rule = make(&table.settings)?;
        Ok(Self { name, table, rule })
    }

    /// Every registered rule that can be made without settings.
    pub(super) fn defaults() -> Vec<Self> {
        let all = names().into_iter();
        all.filter_map(|name| Self::new(name, OwnTable::default()).ok())
            .collect()
    }

    /// The name it was registered under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn read<'de, A: VariantAccess<'de>>(
        name: String,
        table: A,
    ) -> Result<Self, A::Error> {
        Self::new(name, table.newtype_variant()?).map_err(A::Error::custom)
    }

    pub(super) fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry(&self.name, &self.table)
    }
}

impl StrategyTable for OwnConfig {
    fn about(&self) -> About {
        About {
            r#use: "a rule that this program was built with",
            bears: "what `wardround strategies check` finds",
            paper: "none",
        }
    }

    fn check(&self, settings: &mut Settings<'_>) {
        self.table.keys().check(settings);
    }

    fn robust(&self, target: usize) -> Option<Robust> {
        Some(self.table.keys().with(self.rule.clone(), target))
    }
}

impl PartialEq for OwnConfig {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.table == other.table
    }
}

impl fmt::Debug for OwnConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}({:?})", self.name, self.table)
    }
}
