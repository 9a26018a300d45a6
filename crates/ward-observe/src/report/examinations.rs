//! What was asked of the trained model: the release gate, external hospitals, the reading queue and
//! the rest, each as it was told.

use super::chart::table;
use super::load::RunData;
use super::markup::Markup;

/// Most columns of a table: groups of hospitals come before hospitals.
const MOST: usize = 12;

/// The section of a run that has been asked something.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("What was asked of the model");
    for examination in &run.examinations {
        page.tag("h3").text(examination.headline());
        for words in &examination.words {
            page.tag("p").text(words);
        }
        let (header, lines) = examination.table(MOST);
        if !lines.is_empty() {
            table(page, &examination.title, &header, 1, lines);
        }
    }
}
