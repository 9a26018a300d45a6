//! Laws of files of one's own, on small files and on four real hospitals.

mod alone;
mod errors;
mod heart;
mod known;
mod settings;
mod wild;

use ward_core::{NodeId, Seed};

use super::{CsvConfig, CsvSource};
use crate::source::{DataError, Source};
use crate::{HospitalData, Rows};

/// Files in a folder of their own, and the settings that read them.
struct Files {
    folder: tempfile::TempDir,
    config: CsvConfig,
}

impl Files {
    /// The settings are what stands below `[data.csv]`.
    fn new(config: &str, files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, bytes) in files {
            std::fs::write(folder.path().join(name), bytes).expect("a file");
        }
        let config = settings(config);
        Self { folder, config }
    }

    fn open(&self) -> Result<CsvSource, DataError> {
        CsvSource::open(&self.config, self.folder.path(), Seed::run(1))
    }

    fn open_one(&self, name: &str) -> Result<CsvSource, DataError> {
        CsvSource::open_one(&self.config, self.folder.path(), Seed::run(1), name)
    }

    /// What the error says, without the folder.
    fn error(&self) -> String {
        let error = self
            .open()
            .err()
            .map_or_else(String::new, |error| error.to_string());
        error.replace(&format!("{}/./", self.folder.path().display()), "")
    }
}

fn settings(text: &str) -> CsvConfig {
    toml::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn hospital(source: &CsvSource, node: u32) -> HospitalData {
    source
        .hospital(NodeId(node))
        .expect("a hospital of this federation")
}

/// Training and test rows together, in no order.
fn all_rows(data: &HospitalData) -> Vec<(Vec<f32>, u8)> {
    let rows = |rows: &Rows| -> Vec<(Vec<f32>, u8)> {
        (0..rows.len())
            .map(|i| (rows.row(i).to_vec(), rows.labels[i]))
            .collect()
    };
    let mut all = [rows(&data.train), rows(&data.test)].concat();
    all.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
    all
}
