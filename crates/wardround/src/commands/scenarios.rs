//! `wardround scenarios`: the sources of data.

use std::process::ExitCode;

use ward_data::{SCENARIOS, ScenarioInfo};

use super::output::{print, print_json};
use crate::cli::{Format, ListArgs};
use crate::failure::Failure;

/// Prints the registry of scenarios.
///
/// # Errors
/// When it cannot be written.
pub fn execute(args: ListArgs) -> Result<ExitCode, Failure> {
    match args.format {
        Format::Json => print_json(&SCENARIOS)?,
        Format::Text => print(&text(SCENARIOS))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn text(scenarios: &[ScenarioInfo]) -> String {
    let mut text = String::new();
    for info in scenarios {
        text.push_str(&format!(
            "[data.{}]\n  {}\n  reads      {}\n  ceiling    {}\n  plausible  {}\n  recipe     {}\n\n",
            info.id, info.task, info.inputs, info.ceiling, info.plausible, info.recipe
        ));
    }
    text.push_str("configs/ holds an experiment to start from for each.\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scenario_is_listed_by_the_name_of_its_table() {
        let text = text(SCENARIOS);
        let json = serde_json::to_value(SCENARIOS).unwrap();
        for (info, entry) in SCENARIOS.iter().zip(json.as_array().unwrap()) {
            assert!(text.contains(&format!("[data.{}]\n", info.id)));
            assert_eq!(entry["id"], info.id);
        }
        assert!(SCENARIOS.len() >= 3);
    }
}
