//! Every mistake is told with its file, its line, the text and what to do.

use super::*;

const CONFIG: &str = r#"
file = "f.csv"
hospital_column = "h"
label = "y"
[[features]]
column = "x"
[[features]]
column = "c"
kind = "category"
levels = ["1", "2"]
unlisted = "error"
"#;

/// The error that a file gives.
fn error(file: &[u8]) -> String {
    Files::new(CONFIG, &[("f.csv", file)]).error()
}

#[test]
fn a_mistake_in_a_cell_is_named_with_its_line() {
    for (rows, begin, remedy) in [
        (
            "a,0,old,1\n",
            "f.csv, line 2: column `x`: `old` is not a number",
            "data.csv.missing",
        ),
        (
            "a,0,1,1\n\n\na,0,NaN,1\n",
            "f.csv, line 5: column `x`: `NaN` is not a number",
            "category",
        ),
        (
            "a,0,1,1\r\na,0,-inf,1\r\n",
            "f.csv, line 3: column `x`: `-inf` is not a",
            "correct it",
        ),
        (
            "a,0,1e39,1\n",
            "f.csv, line 2: column `x`: `1e39` is too large",
            "correct it",
        ),
        (
            "a,0,?,1\n",
            "f.csv, line 2: column `x`: `?` is a missing value",
            "\"median\"",
        ),
        (
            "a,0,1,3\n",
            "f.csv, line 2: column `c`: `3` is not among",
            "add it to `levels`",
        ),
        (
            "a,2,1,1\n",
            "f.csv, line 2: column `y`: `2` is neither 0 nor 1",
            "`y > 0`",
        ),
        (
            "a,,1,1\n",
            "f.csv, line 2: column `y`: `` is no label",
            "drop_rows_without_label",
        ),
        (
            " ,0,1,1\n",
            "f.csv, line 2: column `h`: `` names no hospital",
            "a hospital needs a name",
        ),
        (
            "a,0,1\n",
            "f.csv, line 2: the row has 3 fields where 4 are",
            "unclosed quote",
        ),
        (
            "\"a\nb\",0,1,1\n",
            "f.csv, line 2: column `h`: `a\\nb` names no hospital",
            "control",
        ),
        (
            "a,0,1,\"1\n\"\na,0,z,1",
            "f.csv, line 4: column `x`: `z` is not",
            "correct it",
        ),
    ] {
        let error = error(format!("h,y,x,c\n{rows}").as_bytes());
        assert!(error.starts_with(begin), "{rows:?}: {error}");
        assert!(error.contains(remedy), "{rows:?}: {error}");
    }
}

#[test]
fn a_cell_is_shown_no_longer_than_needed() {
    let error = error(format!("h,y,x,c\na,0,{},1\n", "z".repeat(5_000)).as_bytes());
    assert!(
        error.len() < 300 && error.contains("zzz...` is not a number"),
        "{error}"
    );
}

#[test]
fn a_file_that_is_no_table_is_an_error() {
    for (file, expected) in [
        (&b""[..], "f.csv: the file is empty"),
        (b"\xEF\xBB\xBF\n\n", "f.csv: the file is empty"),
        (b"h,y,x,c\n", "f.csv: there is no row below the header"),
        (
            b"h,y,x,x\na,0,1,1\n",
            "f.csv, line 1: two columns are called `x`",
        ),
        (
            b"h,y,x,c\na,0,\xff,1\n",
            "f.csv, line 2: column `x` is not UTF-8; save",
        ),
        (b"\xff\xfeh\0,\0", "f.csv, line 1: field 1 is not UTF-8"),
        (
            b"h;y;x;c\na;0;1;1\n",
            "is the delimiter ';'? Set data.csv.delimiter",
        ),
        (
            b"h,y,X,c\na,0,1,1\n",
            "there is no column `x`; did you mean `X`? (columns: h, y, X, c)",
        ),
    ] {
        let error = error(file);
        assert!(error.contains(expected), "{error}");
    }
    let missing = Files::new(CONFIG, &[]).error();
    assert!(missing.contains("cannot read f.csv: "), "{missing}");
}

#[test]
fn a_hospital_needs_rows_to_train_on() {
    let with = |more: &str| format!("{more}\n{CONFIG}");
    let all_test = with("test_column = \"s\"\ntest_value = \"t\"");
    let error = Files::new(&all_test, &[("f.csv", b"h,y,x,c,s\na,0,1,1,t\n")]).error();
    assert!(
        error.starts_with("hospital `a` has 1 rows to test on and none to train on"),
        "{error}"
    );

    let drop = with("missing_values = \"drop-row\"");
    let error = Files::new(&drop, &[("f.csv", b"h,y,x,c\na,0,1,1\nb,0,?,1\n")]).error();
    assert!(
        error.starts_with("f.csv: hospital `b` has no rows left: all 1 miss"),
        "{error}"
    );

    let tiers = with("tiers = { q = \"county\" }");
    let error = Files::new(&tiers, &[("f.csv", b"h,y,x,c\na,0,1,1\n")]).error();
    assert!(error.contains("no row names that hospital"), "{error}");

    let split = CONFIG.replace("hospital_column = \"h\"", "partition = { hospitals = 3 }");
    let error = Files::new(&split, &[("f.csv", b"h,y,x,c\na,0,1,1\n")]).error();
    assert!(
        error.contains("3 hospitals of at least 1 rows need more than the 1"),
        "{error}"
    );
}

#[test]
fn a_header_and_its_names_agree() {
    let config = format!("header = false\ncolumns = [\"h\", \"y\", \"x\", \"c\"]\n{CONFIG}");
    let error = Files::new(&config, &[("f.csv", b"\na,0,1\n")]).error();
    let expected = "f.csv, line 2: the row has 3 fields, and data.csv.columns names 4";
    assert_eq!(error, expected);
}
