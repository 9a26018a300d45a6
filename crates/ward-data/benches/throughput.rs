//! Rows a second, on one thread: `cargo bench -p ward-data [-- ID...]`.
//!
//! Makes the three hospitals of `ward-3` over and over, training and test rows with everything that the
//! scenario's default settings switch on, for a second of processor time each. Beside the figure stands
//! the floor that a generator must not fall below in release: a million rows of features, fifty thousand
//! images. A bench measures and never fails.

#![expect(clippy::print_stdout, reason = "the result is the output")]

use std::path::Path;
use std::time::Duration;

use cpu_time::ProcessTime;
use ward_core::NodeId;
use ward_data::{DataConfig, Federation, SCENARIOS, ScalingMode};

const FLOOR_FEATURES: f64 = 1e6;
const FLOOR_IMAGES: f64 = 5e4;

fn main() {
    let chosen: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| !a.starts_with('-'))
        .collect();
    println!("scenario              numbers a row       rows/s      floor   of the floor");
    for info in SCENARIOS {
        if !chosen.is_empty() && !chosen.iter().any(|id| id == info.id) {
            continue;
        }
        let table = format!("[{}]\npopulation = \"ward-3\"\n", info.id);
        // Files have no population.
        let Ok(config) = toml::from_str::<DataConfig>(&table) else {
            continue;
        };
        let Some(shape) = config.shape() else {
            continue;
        };
        let floor = match shape.len() {
            1 => FLOOR_FEATURES,
            _ => FLOOR_IMAGES,
        };
        let measured = rows_a_second(&config);
        let numbers: usize = shape.iter().product();
        let ratio = measured / floor;
        println!(
            "{:20}  {numbers:13}  {measured:11.0}  {floor:9.0}  {ratio:11.2} x",
            info.id
        );
    }
}

fn rows_a_second(config: &DataConfig) -> f64 {
    let opened = Federation::open(config, ScalingMode::None, 1, Path::new("."));
    let Ok(federation) = opened else {
        return 0.0;
    };
    let start = ProcessTime::now();
    let mut rows = 0;
    loop {
        for node in 0..3 {
            if let Ok(data) = federation.hospital(NodeId(node)) {
                rows += data.train.len() + data.test.len();
            }
        }
        let spent = start.elapsed();
        if spent > Duration::from_secs(1) {
            return rows as f64 / spent.as_secs_f64();
        }
    }
}
