//! The settings of files of your own: `[data.csv]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::partition::PartitionConfig;

/// The tier of a hospital whose tier is not given.
pub(super) const DEFAULT_TIER: &str = "hospital";
/// The share of rows to test on where nothing else is said.
const DEFAULT_TEST_SHARE: f64 = 0.2;

/// Files of your own. Give one file per hospital (`[[data.csv.hospitals]]`), or one `file` with
/// a `hospital_column`, or one `file` and a `[data.csv.partition]` that splits it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CsvConfig {
    /// Folder of the files; relative to this config's own folder. Default `.`.
    #[serde(default = "here")]
    pub folder: PathBuf,
    /// The one file that holds all rows; relative to `folder`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// The column of `file` that names each row's hospital.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hospital_column: Option<String>,
    /// Whether the first line names the columns. Default true.
    #[serde(default = "yes")]
    pub header: bool,
    /// Names of the columns, in order: needed where `header` is false, and nowhere else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// The ASCII character between fields, `"\t"` for a tab. Default `,`.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// What is to be learned: a column of zeros and ones (`sick`), a comparison with a number
    /// (`num > 0`; also >=, <, <=, ==, !=) or with a text (`diagnosis == "sick"`).
    pub label: String,
    /// Texts that mean that a value is missing. Default `["", "?", "NA"]`.
    #[serde(default = "missing_tokens")]
    pub missing: Vec<String>,
    /// Whether rows without a label are left out; otherwise they are an error. Default false.
    #[serde(default)]
    pub drop_rows_without_label: bool,
    /// What a missing feature is: `error` (default), `median`, `median-and-indicator`, `drop-row`.
    #[serde(default)]
    pub missing_values: MissingValues,
    /// The column that says whether a row's patient consents to its use, 1 or 0. Other rows than those
    /// with a 1 are left out. Default: nobody is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent_column: Option<String>,
    /// The column that marks the rows to test on; with `test_value`, and without `test_share`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_column: Option<String>,
    /// The text in `test_column` that marks a row to test on: `test`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_value: Option<String>,
    /// Share of each hospital's rows to test on, of each label alike, drawn by `seed`: 0 to below 1.
    /// Every label keeps a training row. Default 0.2 where there is no `test_column`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_share: Option<f64>,
    /// The tier of each hospital of a `hospital_column`, by its name. Default `hospital`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<String, String>,
    /// Other tags of each hospital of a `hospital_column`, by its name: `north = { region = "west" }`.
    /// Default none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, BTreeMap<String, String>>,
    /// Splits the rows of `file` among hospitals that do not exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition: Option<PartitionConfig>,
    /// The hospitals, each with a file of its own. Ids go by name, in alphabetical order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hospitals: Vec<HospitalFile>,
    /// What a model reads, in this order; at least one.
    #[serde(default)]
    pub features: Vec<FeatureConfig>,
}

/// One hospital and its file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HospitalFile {
    /// The hospital's name; no other has it.
    pub name: String,
    /// Its file; relative to `folder`.
    pub file: PathBuf,
    /// The group its results are reported under. Default `hospital`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// Words about it that everybody may know, for `sampler.*.where`: `{ region = "west" }`. Default
    /// none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// One column that a model reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeatureConfig {
    /// The column's name.
    pub column: String,
    /// `numeric` (default) or `category`.
    #[serde(default)]
    pub kind: FeatureKind,
    /// Levels of a category that get a column of zeros and ones each, in this order. `2` is `2.0`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub levels: Vec<String>,
    /// What a level of a category that is not in `levels` is: `reference` (default) or `error`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unlisted: Option<Unlisted>,
    /// Numbers that also mean that the value is missing: `[0]` for a cholesterol of 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing_if: Vec<f64>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum FeatureKind {
    /// Numbers that mean more or less of something.
    #[default]
    Numeric,
    /// Names or codes without an order.
    Category,
}

/// What a level that is not listed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Unlisted {
    /// None of the listed ones: all its columns are 0.
    #[default]
    Reference,
    /// A mistake in the file.
    Error,
}

/// What becomes of a row in which a feature is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema, Default)]
#[serde(rename_all = "kebab-case")]
pub enum MissingValues {
    /// It is a mistake in the file.
    #[default]
    Error,
    /// A number becomes the median of the hospital's own training rows, a category none of its
    /// levels.
    Median,
    /// As `median`, and one more column of zeros and ones per feature says where it was missing.
    MedianAndIndicator,
    /// The row is left out.
    DropRow,
}

impl CsvConfig {
    /// The same files with a folder that does not depend on where the config is.
    #[must_use]
    pub fn anchored(&self, folder: &Path) -> Self {
        Self {
            folder: folder.join(&self.folder),
            ..self.clone()
        }
    }

    /// The tags of the hospital of this name.
    pub(super) fn tags_of(&self, name: &str) -> BTreeMap<String, String> {
        let beside = self.hospitals.iter().find(|hospital| hospital.name == name);
        let tags = beside.map(|hospital| &hospital.tags);
        tags.or(self.tags.get(name)).cloned().unwrap_or_default()
    }

    /// Share of rows to test on, where no column marks them.
    pub(super) fn drawn_test_share(&self) -> f64 {
        self.test_share.unwrap_or(DEFAULT_TEST_SHARE)
    }
}

fn here() -> PathBuf {
    PathBuf::from(".")
}

fn yes() -> bool {
    true
}

fn comma() -> char {
    ','
}

fn missing_tokens() -> Vec<String> {
    ["", "?", "NA"].map(str::to_owned).to_vec()
}
