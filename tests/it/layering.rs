//! The map says what is absent; this believes it.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Which crates a crate reaches through normal dependencies.
struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    fn load() -> Self {
        let version = Command::new("rustc").arg("-vV").output().unwrap();
        let version = String::from_utf8(version.stdout).unwrap();
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .unwrap();
        let output = Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--format-version",
                "1",
                "--locked",
                "--filter-platform",
                host,
            ])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let names: BTreeMap<&str, &str> = metadata["packages"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| (p["id"].as_str().unwrap(), p["name"].as_str().unwrap()))
            .collect();
        let normal = |dep: &serde_json::Value| {
            dep["dep_kinds"]
                .as_array()
                .unwrap()
                .iter()
                .any(|kind| kind["kind"].is_null())
        };
        let edges = metadata["resolve"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .map(|node| {
                let deps = node["deps"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|dep| normal(dep));
                let deps = deps
                    .map(|dep| names[dep["pkg"].as_str().unwrap()].to_owned())
                    .collect();
                (names[node["id"].as_str().unwrap()].to_owned(), deps)
            });
        let mut graph: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        edges.for_each(|(name, deps): (String, BTreeSet<String>)| {
            graph.entry(name).or_default().extend(deps);
        });
        Self(graph)
    }

    fn reachable(&self, from: &str) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        let mut todo = vec![from];
        while let Some(name) = todo.pop() {
            for dep in &self.0[name] {
                if seen.insert(dep.as_str()) {
                    todo.push(dep);
                }
            }
        }
        seen
    }
}

#[test]
fn the_spine_reaches_no_clock_socket_thread_or_tensor() {
    let graph = Graph::load();
    for spine in ["ward-core", "ward-privacy", "ward-round"] {
        let reached = graph.reachable(spine);
        for banned in [
            "tokio", "tonic", "prost", "burn", "rayon", "axum", "clap", "toml",
        ] {
            assert!(!reached.contains(banned), "{spine} reaches {banned}");
        }
    }
}

#[test]
fn robust_rules_have_threads_and_no_clock_socket_or_tensor() {
    let graph = Graph::load();
    let reached = graph.reachable("ward-robust");
    assert!(reached.contains("rayon"));
    for banned in ["tokio", "tonic", "prost", "burn", "axum", "clap", "toml"] {
        assert!(!reached.contains(banned), "ward-robust reaches {banned}");
    }
}

#[test]
fn each_crate_uses_only_the_layers_below_it() {
    let allowed: [(&str, &[&str]); 11] = [
        ("ward-core", &[]),
        ("ward-privacy", &["ward-core"]),
        ("ward-round", &["ward-core", "ward-privacy"]),
        ("ward-robust", &["ward-core", "ward-privacy", "ward-round"]),
        ("ward-data", &["ward-core"]),
        ("ward-train", &["ward-core", "ward-data", "ward-privacy"]),
        ("ward-wire", &["ward-core"]),
        (
            "ward-net",
            &["ward-core", "ward-privacy", "ward-round", "ward-wire"],
        ),
        (
            "ward-sim",
            &["ward-core", "ward-privacy", "ward-round", "ward-wire"],
        ),
        ("ward-observe", &["ward-core"]),
        (
            "wardround",
            &[
                "ward-core",
                "ward-privacy",
                "ward-round",
                "ward-robust",
                "ward-data",
                "ward-train",
                "ward-net",
                "ward-wire",
                "ward-sim",
                "ward-observe",
            ],
        ),
    ];
    let graph = Graph::load();
    for (name, below) in allowed {
        for dep in graph.0[name].iter().filter(|dep| dep.starts_with("ward")) {
            assert!(below.contains(&dep.as_str()), "{name} uses {dep}");
        }
    }
}

#[test]
fn each_big_library_is_known_to_one_crate_alone() {
    let graph = Graph::load();
    let ours = |name: &&String| name.starts_with("ward") && !name.starts_with("ward-tests");
    for (library, only) in [
        ("burn", "ward-train"),
        ("clap", "wardround"),
        ("csv", "ward-data"),
    ] {
        for name in graph.0.keys().filter(ours) {
            assert!(
                name == only || !graph.0[name].contains(library),
                "{name} names {library}, which is {only}'s"
            );
        }
    }
}
