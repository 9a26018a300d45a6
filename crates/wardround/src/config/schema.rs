//! The JSON Schema of the experiment file, for editors.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::types::{Experiment, HospitalConfig};
use crate::summary::Summary;

/// The schema of an experiment file.
#[must_use]
pub fn experiment() -> String {
    schema_of::<Experiment>(true)
}

/// The schema of a hospital's file.
#[must_use]
pub fn hospital() -> String {
    schema_of::<HospitalConfig>(false)
}

/// The schema of a run's summary.
#[must_use]
pub fn summary() -> String {
    schema_of::<Summary>(false)
}

/// Draft 7 with everything in place: TOML servers do not all follow references or newer drafts.
fn schema_of<T: JsonSchema>(extends: bool) -> String {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    if extends && let Some(properties) = schema.get_mut("properties") {
        // Not a setting, but a key of the file.
        properties["extends"] = serde_json::json!({
            "description": "Another experiment file to start from, relative to this one.",
            "type": "string",
        });
        // What is absent here may be in the file that this one extends.
        schema.remove("required");
    }
    let mut schema = schema.to_value();
    shorten(&mut schema);
    let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
    text.push('\n');
    text
}

/// Numbers that are single-precision values, as short as they were written: 0.1 and not
/// 0.10000000149011612.
fn shorten(value: &mut Value) {
    match value {
        Value::Array(elements) => elements.iter_mut().for_each(shorten),
        Value::Object(entries) => entries.values_mut().for_each(shorten),
        Value::Number(number) if number.is_f64() => {
            let double = number.as_f64().unwrap_or_default();
            let single = double as f32;
            if f64::from(single) == double
                && let Ok(short) = single.to_string().parse::<f64>()
            {
                *value = short.into();
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_committed_schemas_are_the_types() {
        expect_test::expect_file!["../../../../configs/schema/experiment.schema.json"]
            .assert_eq(&experiment());
        expect_test::expect_file!["../../../../configs/schema/hospital.schema.json"]
            .assert_eq(&hospital());
        expect_test::expect_file!["../../../../configs/schema/summary.schema.json"]
            .assert_eq(&summary());
    }

    #[test]
    fn everything_is_described_and_nothing_is_referred_to() {
        let schema: serde_json::Value = serde_json::from_str(&experiment()).unwrap();
        assert!(!experiment().contains("$ref"));
        let mut undescribed = Vec::new();
        look(&schema, "", &mut undescribed);
        assert!(
            undescribed.is_empty(),
            "fields without a description: {undescribed:?}"
        );
    }

    /// Every property that is a setting or a table says what it is.
    fn look(schema: &serde_json::Value, path: &str, undescribed: &mut Vec<String>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            // A variant's table is described at the variant.
            let described = !property["description"].is_null() || !schema["description"].is_null();
            if !described {
                undescribed.push(path.clone());
            }
            look(property, &path, undescribed);
        }
        for key in ["oneOf", "anyOf", "allOf"] {
            for variant in schema[key].as_array().into_iter().flatten() {
                look(variant, path, undescribed);
            }
        }
    }
}
