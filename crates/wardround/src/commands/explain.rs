//! `wardround explain`: what an error code means and what to do.

use std::process::ExitCode;

use super::output::{print, table};
use crate::cli::ExplainArgs;
use crate::codes::{CODES, Code, CodeInfo};
use crate::failure::Failure;

/// Columns of the text.
const WIDTH: usize = 80;

/// Prints one explanation, or the list of all codes.
///
/// # Errors
/// When there is no such code.
pub fn execute(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    match &args.code {
        None => print(&list())?,
        Some(id) => print(&page(Code::parse(id).ok_or_else(|| unknown(id))?))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn unknown(id: &str) -> Failure {
    let message = format!("there is no error code `{id}`");
    Failure::new(Code::UnknownName, message).help("`wardround explain` lists all")
}

/// Everything there is to say of one code.
fn page(info: &CodeInfo) -> String {
    format!(
        "{}: {}\n\n{}\n\nWhat to do: {}\n\nExit code: {}\n",
        info.id,
        info.title,
        wrapped(info.explanation, 0),
        wrapped(info.remedy, "What to do: ".len()),
        info.exit
    )
}

fn list() -> String {
    let rows = CODES
        .iter()
        .map(|info| vec![info.id.to_owned(), info.title.to_owned()]);
    table(&rows.collect::<Vec<_>>())
}

/// `text` in lines of at most [`WIDTH`]; the first begins `used` columns in.
fn wrapped(text: &str, used: usize) -> String {
    let mut lines = String::new();
    let mut column = used;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column + 1 + width > WIDTH && !lines.is_empty() {
            lines.push('\n');
            column = 0;
        } else if !lines.is_empty() {
            lines.push(' ');
            column += 1;
        }
        lines.push_str(word);
        column += width;
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_what_and_what_to_do() {
        let page = page(Code::parse("wr0108").unwrap());
        expect_test::expect![[r#"
            WR0108: number is not finite

            TOML can write `nan` and `inf`; no setting of Wardround can be either.

            What to do: Write an ordinary number, or leave the key out for its default.

            Exit code: 3
        "#]]
        .assert_eq(&page);
    }

    #[test]
    fn every_page_fits_the_screen_and_every_code_is_listed() {
        for info in &CODES {
            assert!(
                page(info).lines().all(|line| line.chars().count() <= WIDTH),
                "{}",
                info.id
            );
        }
        assert_eq!(list().lines().count(), CODES.len());
    }

    #[test]
    fn an_unknown_code_is_a_mistake_of_usage() {
        let args = ExplainArgs {
            code: Some("WR0301x".into()),
        };
        let failure = execute(&args).unwrap_err();
        assert_eq!(failure.exit(), 2);
        assert!(failure.render(100, false).contains("lists all"));
    }
}
