use super::*;
use crate::sample::Sample;
use std::fs;
use std::path::Path;

fn page_of(dir: &RunDir) -> String {
    report(std::slice::from_ref(dir))
}

/// Every element that is opened is closed, in order; the page would parse as XML.
fn assert_balanced(html: &str) {
    let mut open = Vec::new();
    let style = html.find("<style>").unwrap()..html.find("</style>").unwrap();
    let mut rest = 0;
    while let Some(start) = html[rest..].find('<').map(|i| i + rest) {
        if style.contains(&start) && start != style.start {
            rest = style.end;
            continue;
        }
        let end = start + html[start..].find('>').unwrap();
        let tag = &html[start + 1..end];
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(
                open.pop(),
                Some(name),
                "at …{}",
                &html[start.saturating_sub(80)..=end]
            );
        } else if !tag.ends_with('/') && !tag.starts_with('!') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        rest = end + 1;
    }
    assert!(open.is_empty(), "{open:?}");
}

fn assert_self_contained(html: &str) {
    for outside in [
        "http://", "https://", "url(", "@import", "<script", "<link", "<img", "<iframe",
    ] {
        assert!(!html.contains(outside), "{outside}");
    }
    assert!(html.contains("default-src &#39;none&#39;"));
    assert!(!html.contains("NaN") && !html.contains("inf\""));
}

/// The pages are left in `WARDROUND_SAMPLE_REPORTS`, where that is set, to be looked at.
fn keep(name: &str, html: &str) {
    if let Some(folder) = std::env::var_os("WARDROUND_SAMPLE_REPORTS") {
        fs::write(Path::new(&folder).join(name), html).unwrap();
    }
}

#[test]
fn a_run_is_one_page_that_loads_nothing() {
    let root = tempfile::tempdir().unwrap();
    for (hospitals, rounds) in [(3, 2), (21, 60), (72, 30)] {
        let html = page_of(&Sample::new(hospitals, rounds).write(root.path()));
        keep(&format!("run-{hospitals}.html"), &html);
        assert_balanced(&html);
        assert_self_contained(&html);
        for (anchor, title, _) in SECTIONS {
            let rare = [MASKING, EXAMINATIONS].contains(&anchor);
            assert_eq!(html.contains(title), !rare, "{title}");
        }
    }
}

#[test]
fn a_masked_run_is_such_a_page_too() {
    let root = tempfile::tempdir().unwrap();
    let html = page_of(&Sample::masked(21, 4).write(root.path()));
    keep("run-masked.html", &html);
    assert_balanced(&html);
    assert_self_contained(&html);
    for (anchor, title, _) in SECTIONS {
        assert_eq!(html.contains(title), anchor != EXAMINATIONS, "{title}");
    }
}

#[test]
fn what_was_asked_of_a_model_is_told_as_it_was_answered() {
    let root = tempfile::tempdir().unwrap();
    let dir = Sample::new(3, 2).write(root.path());
    let mut examination = crate::Examination::new("release", "Release gate, class <II>");
    examination.passed = Some(false);
    examination.words.push("The AUC is too low.".into());
    let estimate = ward_core::Estimate {
        value: 0.7,
        n: 100,
        standard_error: 0.01,
    };
    let row = crate::ResultRow::of("all", crate::Model::Federated, "auc", &estimate);
    examination.rows.push(row);
    dir.write_examinations(&vec![examination.clone()]).unwrap();
    assert_eq!(dir.examinations().unwrap(), [examination]);
    let html = page_of(&dir);
    assert_balanced(&html);
    assert_self_contained(&html);
    for told in [
        "Release gate, class &lt;II&gt;: failed",
        "The AUC is too low.",
        "0.700 [0.680, 0.720]",
        "#examinations",
    ] {
        assert!(html.contains(told), "{told}");
    }
}

#[test]
fn the_headline_has_the_numbers_of_the_results() {
    let root = tempfile::tempdir().unwrap();
    let sample = Sample::new(21, 5);
    let html = page_of(&sample.write(root.path()));
    for model in crate::Model::ALL {
        let row = crate::result_row::find(&sample.results, "all", model, "auc").unwrap();
        let value = format!("<strong>{:.3}</strong>", row.value);
        assert!(html.contains(&value), "{model}: {value}");
    }
    let rows: u64 = sample.cards.iter().map(|c| c.train_rows).sum();
    assert!(html.contains(&format!(
        "None of the {} training rows was found",
        crate::text::count(rows)
    )));
    assert!(html.contains("township-12 in rounds 3, 4"));
    assert!(html.contains("Secure aggregation: </strong>not protected"));
    assert!(html.contains("updates were not protected"));
}

#[test]
fn a_leak_is_said_at_the_top() {
    let mut sample = Sample::new(3, 2);
    for record in &mut sample.records {
        if let ward_core::Event::EgressAudited { found, .. } = &mut record.event {
            *found = 1;
        }
    }
    let root = tempfile::tempdir().unwrap();
    let html = page_of(&sample.write(root.path()));
    assert!(html.contains("this is a leak"));
    assert!(!html.contains("None of the"));
}

#[test]
fn names_given_by_users_stay_words() {
    let evil = "<script>alert('x')</script><img src=x onerror=\"1\">";
    let mut sample = Sample::new(6, 3);
    for card in &mut sample.cards {
        card.name = format!("{evil}{}", card.node.0);
        card.tier = format!("{evil}{}", card.tier);
        card.facts.push((evil.into(), evil.into()));
        card.histograms[0].name = evil.into();
    }
    for record in &mut sample.records {
        if let ward_core::Event::RunStarted { nodes, .. } = &mut record.event {
            for (info, card) in nodes.iter_mut().zip(&sample.cards) {
                info.name.clone_from(&card.name);
                info.tier.clone_from(&card.tier);
            }
        }
    }
    for row in &mut sample.results {
        row.group += evil;
        row.metric = if row.metric == "auc" {
            "auc".into()
        } else {
            evil.into()
        };
    }
    sample.manifest.name = evil.into();
    sample.manifest.strategy = evil.into();
    sample.config = evil.into();
    sample.manifest.privacy.transport = Some(evil.into());
    let root = tempfile::tempdir().unwrap();
    let dir = sample.write(root.path());
    for html in [page_of(&dir), report(&[dir.clone(), dir.clone()])] {
        assert_balanced(&html);
        assert_self_contained(&html);
        assert!(!html.contains("onerror=\""));
        assert!(html.contains("&lt;script&gt;alert(&#39;x&#39;)"));
    }
}

#[test]
fn missing_and_damaged_files_are_said_and_nothing_fails() {
    let root = tempfile::tempdir().unwrap();
    let files = [
        "manifest.json",
        "hospitals.json",
        "results.json",
        "events.jsonl",
        "config.resolved.toml",
    ];
    for (i, file) in files.into_iter().enumerate() {
        for damaged in [false, true] {
            let dir = Sample::new(5, 3).write(&root.path().join(format!("{i}{damaged}")));
            let path = dir.path().join(file);
            if damaged {
                fs::write(&path, b"{\"oops\": \xff\n").unwrap();
            } else {
                fs::remove_file(&path).unwrap();
            }
            let html = page_of(&dir);
            assert_balanced(&html);
            assert!(html.contains("cannot be shown"), "{file} {damaged}");
        }
    }
    let empty = RunDir::create(root.path(), "empty").unwrap();
    let html = page_of(&empty);
    assert_balanced(&html);
    assert!(html.contains("No round was opened."));
    assert_balanced(&report(&[]));
}

#[test]
fn a_run_without_baselines_says_so() {
    let mut sample = Sample::new(5, 3);
    sample
        .results
        .retain(|row| row.model == crate::Model::Federated);
    let root = tempfile::tempdir().unwrap();
    let html = page_of(&sample.write(root.path()));
    assert_balanced(&html);
    assert!(html.contains("No hospital was trained alone"));
    // Without any result the last evaluation speaks.
    sample.results.clear();
    let html = page_of(&sample.write(root.path()));
    assert_balanced(&html);
    assert!(html.contains("This run has no results to compare"));
    assert!(html.contains("Together, 5 hospitals reach an AUC of"));
}

#[test]
fn a_run_that_was_killed_is_reported_as_far_as_it_came() {
    let mut sample = Sample::new(5, 6);
    sample.records.truncate(sample.records.len() / 2);
    let root = tempfile::tempdir().unwrap();
    let dir = sample.write(root.path());
    let path = dir.events_path();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend(b"{\"at\":99");
    fs::write(&path, bytes).unwrap();
    let html = page_of(&dir);
    assert_balanced(&html);
    assert!(html.contains("The event log ends in the middle of line"));
    assert!(html.contains("The run has not ended"));
}

#[test]
fn thousands_of_hospitals_are_shown_by_tier_with_a_note() {
    let sample = Sample::new(1500, 3);
    let root = tempfile::tempdir().unwrap();
    let html = page_of(&sample.write(root.path()));
    keep("run-1500.html", &html);
    assert_balanced(&html);
    assert!(html.contains("The first 50 are shown, 1,450 are left out"));
    assert!(html.len() < 1_500_000, "{} bytes", html.len());
}

#[test]
fn many_rounds_share_columns() {
    let root = tempfile::tempdir().unwrap();
    let html = page_of(&Sample::new(4, 450).write(root.path()));
    assert_balanced(&html);
    assert!(html.contains("one column 3 rounds"));
}

#[test]
fn runs_that_differ_in_their_seed_alone_are_one_experiment() {
    let root = tempfile::tempdir().unwrap();
    let mut dirs: Vec<RunDir> = (1..=4)
        .map(|seed| Sample::seeded(9, 20, seed).write(root.path()))
        .collect();
    let mut other = Sample::seeded(9, 30, 1);
    other.manifest.strategy = "fedprox".into();
    dirs.push(other.write(root.path()));
    let html = report(&dirs);
    keep("compare.html", &html);
    assert_balanced(&html);
    assert_self_contained(&html);
    assert!(html.contains("5 runs compared"));
    assert!(
        html.contains("(4 seeds); quickstart, fedprox"),
        "two families, told apart"
    );
}

#[test]
fn ids_of_a_comparison_are_unique() {
    let root = tempfile::tempdir().unwrap();
    let dir = Sample::new(3, 2).write(root.path());
    let html = report(&[dir.clone(), dir]);
    let mut ids: Vec<&str> = html
        .split(" id=\"")
        .skip(1)
        .map(|s| s.split('"').next().unwrap())
        .collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all);
}

#[test]
fn equal_runs_give_equal_pages() {
    let root = tempfile::tempdir().unwrap();
    let dir = Sample::new(7, 4).write(root.path());
    assert_eq!(page_of(&dir), page_of(&dir));
}
