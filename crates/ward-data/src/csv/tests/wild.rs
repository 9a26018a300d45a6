//! No file makes a reader panic.

use proptest::prelude::*;

use super::*;

const HEADS: [&str; 3] = [
    "file = \"f\"\nhospital_column = \"h\"",
    "file = \"f\"\npartition = { hospitals = 3, kind = \"dirichlet\", alpha = 0.01 }",
    "hospitals = [{ name = \"a\", file = \"f\" }]",
];
const MISSING: [&str; 4] = ["error", "median", "median-and-indicator", "drop-row"];

/// Reads a file in every way there is; a hospital that can be read is as wide as its names.
fn read(file: &[u8], more: &str) {
    for head in HEADS {
        for missing in MISSING {
            let config = format!(
                "{head}\n{more}\nlabel = \"y > 0\"\nmissing_values = \"{missing}\"\n\
                 drop_rows_without_label = true\nfeatures = [{{ column = \"x\" }}, \
                 {{ column = \"c\", kind = \"category\", levels = [\"1\", \"b\"] }}]"
            );
            let files = Files::new(&config, &[("f", file)]);
            let Ok(source) = files.open() else { continue };
            for info in source.roster() {
                let data = hospital(&source, info.node.0);
                let width = source.feature_names().len();
                assert_eq!(data.train.features.len(), data.train.len() * width);
                assert!(!data.train.is_empty());
                assert!(data.train.features.iter().all(|x| x.is_finite()));
                assert_eq!(source.rows(info.node).0, data.train.len() as u64);
                let one = files
                    .open_one(&info.name)
                    .expect("what the federation could read");
                assert_eq!(hospital(&one, info.node.0), data);
            }
        }
    }
}

fn cell() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "",
        "?",
        "0",
        "1",
        "2.0",
        "-1e3",
        "1e300",
        "NaN",
        "inf",
        "b",
        "a",
        "\"a\"\"b\"",
        "\"",
        " 1 ",
        "\u{feff}",
        "é",
        "\"x\ny\"",
        "\0",
    ])
    .prop_map(str::to_owned)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&bytes, "");
        read(&bytes, "header = false\ncolumns = [\"h\", \"y\", \"x\", \"c\"]");
    }

    #[test]
    fn any_small_table_is_read_or_refused(
        rows in prop::collection::vec(prop::collection::vec(cell(), 3..6), 0..8),
        end in prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n"]),
    ) {
        let mut file = format!("h,y,x,c{end}");
        for row in rows {
            file += &row.join(",");
            file += end;
        }
        read(file.as_bytes(), "");
    }

    #[test]
    fn a_sound_table_is_read(
        rows in prop::collection::vec((0..3_usize, 0..3_u8, -9..9_i32, 0..3_u8), 3..40),
    ) {
        let mut file = "h,y,x,c\n".to_owned();
        for (h, y, x, c) in &rows {
            file += &format!("h{h},{y},{x},{c}\n");
        }
        read(file.as_bytes(), "");
        let config = format!("{}\nlabel = \"y > 0\"\nfeatures = [{{ column = \"x\" }}]", HEADS[0]);
        let source = Files::new(&config, &[("f", file.as_bytes())]).open().expect("sound");
        let read: usize = source.roster().iter().map(|i| all_rows(&hospital(&source, i.node.0)).len()).sum();
        prop_assert_eq!(read, rows.len());
    }
}
