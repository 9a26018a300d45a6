//! Small files whose rows are known.

use super::*;

/// Two hospitals in one file, the test rows marked.
const ONE_FILE: &str = r#"
file = "all.csv"
hospital_column = "where"
label = "grade > 0"
missing = ["", "?"]
missing_values = "median-and-indicator"
test_column = "set"
test_value = "test"
tiers = { "Zoo Clinic" = "township" }
[[features]]
column = "age"
[[features]]
column = "pain"
kind = "category"
levels = ["2", "3"]
[[features]]
column = "chol"
missing_if = [0]
"#;

const ALL: &str = "\u{feff}where,set,grade,age,pain,chol,note\r
Zoo Clinic,train,0,30,1,100,a\r
Alma,train,2,40,2.0,0,\"b, c\"\r
\r
Zoo Clinic,test,1.0,90,3,0,a\r
Zoo Clinic,train,4, 50 ,?,300,a\r
Alma,train,0,44,3,0,a\r
Zoo Clinic,train,0,,2,400,a\r
";

#[test]
fn a_file_becomes_the_rows_it_says() {
    let source = Files::new(ONE_FILE, &[("all.csv", ALL.as_bytes())])
        .open()
        .expect("a source");
    assert_eq!(
        source.feature_names(),
        [
            "age",
            "age missing",
            "pain=2",
            "pain=3",
            "pain missing",
            "chol",
            "chol missing"
        ]
    );
    assert_eq!(source.shape(), [7]);
    let roster: Vec<_> = source
        .roster()
        .iter()
        .map(|i| (i.name.as_str(), i.tier.as_str()))
        .collect();
    assert_eq!(roster, [("Alma", "hospital"), ("Zoo Clinic", "township")]);

    let zoo = hospital(&source, 1);
    assert_eq!(source.rows(NodeId(1)), (3, 1));
    // Medians of its training rows alone: age of 30 and 50, chol of 100, 300 and 400.
    assert_eq!(zoo.train.labels, [0, 1, 0]);
    assert_eq!(zoo.train.row(0), [30.0, 0.0, 0.0, 0.0, 0.0, 100.0, 0.0]);
    assert_eq!(zoo.train.row(1), [50.0, 0.0, 0.0, 0.0, 1.0, 300.0, 0.0]);
    assert_eq!(zoo.train.row(2), [40.0, 1.0, 1.0, 0.0, 0.0, 400.0, 0.0]);
    assert_eq!(zoo.test.labels, [1]);
    assert_eq!(zoo.test.row(0), [90.0, 0.0, 0.0, 1.0, 0.0, 300.0, 1.0]);
    let facts: Vec<_> = zoo
        .facts
        .iter()
        .map(|(name, fact)| format!("{name} {fact}"))
        .collect();
    assert_eq!(
        facts,
        [
            "training rows 3",
            "test rows 1",
            "share positive 0.33",
            "values imputed 3"
        ]
    );

    // Nobody at Alma knows a cholesterol: 0, not Zoo Clinic's median.
    let alma = hospital(&source, 0);
    assert_eq!(alma.train.row(0), [40.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    assert_eq!(
        source.warnings(),
        [
            "no test rows, so no score: Alma",
            "column `chol` is missing in all training rows, and read as 0: Alma",
        ]
    );
}

#[test]
fn rows_with_a_missing_value_can_be_left_out() {
    let config = ONE_FILE.replace("median-and-indicator", "drop-row");
    let config = config.replace("missing_if = [0]", "");
    let source = Files::new(&config, &[("all.csv", ALL.as_bytes())])
        .open()
        .expect("a source");
    assert_eq!(source.feature_names(), ["age", "pain=2", "pain=3", "chol"]);
    let zoo = hospital(&source, 1);
    assert_eq!(zoo.train.features, [30.0, 0.0, 0.0, 100.0]);
    assert_eq!(zoo.test.features, [90.0, 0.0, 1.0, 0.0]);
    assert!(
        zoo.facts
            .contains(&("rows left out".to_owned(), "2".to_owned()))
    );
    assert_eq!(
        source.warnings(),
        [
            "all training rows have label 0: Zoo Clinic",
            "no test rows, so no score: Alma",
            "column `chol` has one value in all training rows: Alma",
        ]
    );
}

#[test]
fn a_file_may_have_no_header_and_another_delimiter() {
    let config = r#"
        file = "x"
        hospital_column = "h"
        header = false
        columns = ["h", "y", "x"]
        delimiter = "\t"
        label = "y == 'ill'"
        test_share = 0
        drop_rows_without_label = true
        [[features]]
        column = "x"
    "#;
    let files = Files::new(
        config,
        &[("x", b"a\till\t1\na\tNA\t5\na\twell\t-2.5e0\n\n")],
    );
    let source = files.open().expect("a source");
    let data = hospital(&source, 0);
    assert_eq!(
        (data.train.features, data.train.labels),
        (vec![1.0, -2.5], vec![1, 0])
    );
}

#[test]
fn rows_without_consent_stay_out() {
    let config = r#"
        file = "x"
        hospital_column = "h"
        label = "y"
        test_share = 0
        consent_column = "c"
        [[features]]
        column = "x"
    "#;
    let text = |rows: &str| format!("h,y,x,c\n{rows}");
    let open = |rows: &str| Files::new(config, &[("x", text(rows).as_bytes())]).open();
    let source = open("a,1,1,1\na,0,2,0\na,0,3,1\na,1,4,NA\n").expect("a source");
    let data = hospital(&source, 0);
    assert_eq!(
        (data.train.features, data.train.labels),
        (vec![1.0, 3.0], vec![1, 0])
    );
    assert!(
        data.facts
            .contains(&("patients who consent".to_owned(), "2 of 4".to_owned()))
    );
    assert!(source.asks_consent(ward_core::NodeId(0)));
    let said = |rows: &str| open(rows).unwrap_err().to_string();
    assert!(said("a,1,1,yes\n").contains("line 2") && said("a,1,1,yes\n").contains("neither 1"));
    assert!(said("a,1,1,0\n").contains("none of its 1 patients consents"));
}

#[test]
fn a_pool_is_split_among_made_up_hospitals_without_loss() {
    for kind in ["iid", "dirichlet", "quantity"] {
        for test in ["", "test_column = \"set\"\ntest_value = \"test\""] {
            let config = format!(
                "file = \"pool.csv\"\nlabel = \"y\"\n{test}\n[partition]\nhospitals = 7\n\
                 kind = \"{kind}\"\nminimum = 3\n[[features]]\ncolumn = \"x\""
            );
            let mut pool = "x,y,set\n".to_owned();
            for i in 0..90 {
                let set = if i % 4 == 0 { "test" } else { "train" };
                pool += &format!("{i},{},{set}\n", u8::from(i % 3 == 0));
            }
            let source = Files::new(&config, &[("pool.csv", pool.as_bytes())]).open();
            let source = source.expect("a source");
            let mut all = Vec::new();
            for info in source.roster() {
                assert_eq!(info.name, format!("h00{}", info.node.0));
                let data = hospital(&source, info.node.0);
                let least = if test.is_empty() {
                    3
                } else {
                    3 + data.test.len()
                };
                assert!(data.train.len() + data.test.len() >= least && !data.train.is_empty());
                if !test.is_empty() {
                    assert!(data.test.features.iter().all(|x| x % 4.0 == 0.0));
                }
                all.extend(all_rows(&data));
            }
            all.sort_by(|a, b| a.partial_cmp(b).expect("no NaN"));
            let pool = (0..90).map(|i| (vec![i as f32], u8::from(i % 3 == 0)));
            assert_eq!(all, pool.collect::<Vec<_>>());
        }
    }
}
