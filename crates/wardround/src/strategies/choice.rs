//! A strategy in a file: one table, named by what it chooses.

use std::fmt;

use serde::de::{self, Deserializer, EnumAccess, Visitor};
use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};

use super::{StrategyConfig, own};
use crate::config::suggest::one_of;

impl Serialize for StrategyConfig {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        self.write(&mut map)?;
        map.end()
    }
}

impl<'de> Deserialize<'de> for StrategyConfig {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_enum("StrategyConfig", Self::IDS, OneTable)
    }
}

struct OneTable;

impl<'de> Visitor<'de> for OneTable {
    type Value = StrategyConfig;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a strategy")
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<StrategyConfig, A::Error> {
        let (Id(id), table) = access.variant()?;
        StrategyConfig::read(id, table)
    }
}

/// The word for a strategy that there is.
struct Id(String);

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(KnownId)
    }
}

struct KnownId;

impl Visitor<'_> for KnownId {
    type Value = Id;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the name of a strategy")
    }

    fn visit_str<E: de::Error>(self, id: &str) -> Result<Id, E> {
        let own = own::names();
        let known = || {
            let builtin = StrategyConfig::IDS.iter().copied();
            builtin.chain(own.iter().map(String::as_str))
        };
        if known().any(|known| known == id) {
            return Ok(Id(id.to_owned()));
        }
        let known = one_of(&known().collect::<Vec<_>>());
        Err(E::custom(format!(
            "unknown variant `{id}`, expected one of {known}"
        )))
    }
}
