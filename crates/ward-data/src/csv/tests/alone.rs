//! A hospital that opens its own rows gets what the whole federation would have given it.

use super::*;

fn same_alone(files: &Files) {
    let source = files.open().expect("a source");
    for info in source.roster() {
        let one = files.open_one(&info.name).expect("a hospital's own");
        assert_eq!(one.roster(), source.roster());
        assert_eq!(one.feature_names(), source.feature_names());
        assert_eq!(hospital(&one, info.node.0), hospital(&source, info.node.0));
        for other in source
            .roster()
            .iter()
            .filter(|other| other.node != info.node)
        {
            assert!(one.hospital(other.node).is_err());
        }
    }
    let error = files.open_one("nobody").expect_err("nobody").to_string();
    assert!(
        error.contains("no hospital is called `nobody`; there are "),
        "{error}"
    );
}

/// Rows of three hospitals, with gaps.
fn rows(hospital: &str, count: usize) -> String {
    (0..count)
        .map(|i| match i % 5 {
            4 => format!("{hospital},{},\n", i % 2),
            _ => format!("{hospital},{},{}\n", i % 2, i * i + hospital.len()),
        })
        .collect()
}

const REST: &str = "label = \"y\"\nmissing_values = \"median\"\n[[features]]\ncolumn = \"x\"\n";

#[test]
fn of_one_file_with_a_column_of_hospitals() {
    let all = format!(
        "h,y,x\n{}{}{}",
        rows("b", 20),
        rows("aa", 31),
        rows("ccc", 7)
    );
    let config = format!("file = \"all.csv\"\nhospital_column = \"h\"\n{REST}");
    same_alone(&Files::new(&config, &[("all.csv", all.as_bytes())]));
}

#[test]
fn of_a_partition() {
    let all = format!("h,y,x\n{}", rows("b", 100));
    let config = format!(
        "file = \"all.csv\"\n{REST}\n[partition]\nhospitals = 4\nkind = \"dirichlet\"\nalpha = 0.2"
    );
    same_alone(&Files::new(&config, &[("all.csv", all.as_bytes())]));
}

/// Three files, the hospitals not in the order of their names.
fn three() -> Files {
    let config = format!(
        "{REST}\n[[hospitals]]\nname = \"b\"\nfile = \"b.csv\"\n[[hospitals]]\nname = \"aa\"\n\
         file = \"aa.csv\"\ntier = \"county\"\n[[hospitals]]\nname = \"ccc\"\nfile = \"ccc.csv\""
    );
    let file = |hospital, count| format!("h,y,x\n{}", rows(hospital, count)).into_bytes();
    let (b, aa, ccc) = (file("b", 20), file("aa", 31), file("ccc", 7));
    Files::new(
        &config,
        &[("b.csv", &b), ("aa.csv", &aa), ("ccc.csv", &ccc)],
    )
}

#[test]
fn of_a_file_each() {
    same_alone(&three());
}

#[test]
fn and_no_other_file_is_opened() {
    let files = three();
    let expected = hospital(&files.open().expect("a source"), 1);
    std::fs::remove_file(files.folder.path().join("aa.csv")).expect("it was there");
    std::fs::write(files.folder.path().join("ccc.csv"), b"\xff").expect("it was there");
    assert!(matches!(files.open(), Err(DataError::Unreadable { .. })));
    let one = files.open_one("b").expect("its own file is there");
    let names: Vec<_> = one.roster().iter().map(|info| info.name.as_str()).collect();
    assert_eq!(names, ["aa", "b", "ccc"]);
    assert_eq!(hospital(&one, 1), expected);
}

#[test]
fn a_split_does_not_depend_on_who_else_is_there() {
    let mut files = three();
    let with = hospital(&files.open().expect("a source"), 1);
    files
        .config
        .hospitals
        .retain(|hospital| hospital.name == "b");
    let without = hospital(&files.open().expect("a source"), 0);
    assert_eq!((with.train, with.test), (without.train, without.test));
}
