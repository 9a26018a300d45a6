//! A hospital's own rules, through the program: who may work for whom, what a person must approve, and
//! what is told of test rows.

use std::fs;

use crate::budgets::{COUNTY, JOB, NAMES, coordinator, count, enrol, hospital, ledger, run_of};
use crate::lab::{Lab, Running, of_kind, text, until};

/// Node of the county in the roster.
const NODE: u32 = 1;

fn all(lab: &Lab, address: &str) -> [Running; 3] {
    NAMES.map(|name| hospital(lab, name, address))
}

fn rested(hospitals: [Running; 3]) {
    for hospital in hospitals {
        assert_eq!(hospital.output().status.code(), Some(0));
    }
}

#[test]
fn a_hospital_that_crosses_no_border_works_for_its_own_region_alone() {
    let lab = Lab::new(JOB);
    enrol(
        &lab,
        "region = \"cn-51\"\n[policy]\ncross_border = \"deny\"\n",
    );
    for (job, region, reason) in [
        ("home", "--set coordinator.region=cn-51", None),
        (
            "abroad",
            "--set coordinator.region=cn-31",
            Some("in `cn-31`"),
        ),
        ("somewhere", "", Some("does not say where")),
    ] {
        let (running, address) = coordinator(&lab, job, region);
        let hospitals = all(&lab, &address);
        assert_eq!(running.output().status.code(), Some(0));
        rested(hospitals);
        let declined = of_kind(&run_of(&lab, job), "report_declined");
        assert_eq!(
            declined.len(),
            usize::from(reason.is_some()),
            "{declined:?}"
        );
        if let Some(reason) = reason {
            assert_eq!(
                (&declined[0]["node"], &declined[0]["for_good"]),
                (&NODE.into(), &true.into())
            );
            let told = text(&declined[0], "reason");
            assert!(
                told.contains("cross_border") && told.contains(reason),
                "{told}"
            );
        }
    }
}

#[test]
fn a_hospital_trains_once_a_person_has_approved_the_job() {
    let slow = JOB
        .replace("rounds = 1", "rounds = 500")
        .replace("steps = 5", "steps = 4000");
    let lab = Lab::new(&slow);
    enrol(&lab, "[policy]\napproval = true\n");
    let (running, address) = coordinator(&lab, "job", "");
    let hospitals = all(&lab, &address);
    let run = until("a run", || {
        let run = fs::read_dir(lab.path("job")).ok()?.next()?.ok()?.path();
        (!of_kind(&run, "report_declined").is_empty()).then_some(run)
    });
    let declined = &of_kind(&run, "report_declined")[0];
    assert_eq!(declined["node"], NODE);
    assert!(
        declined.get("for_good").is_none(),
        "it may still be approved"
    );
    let reason = text(declined, "reason");
    let (_, after) = reason.split_once("of job ").unwrap();
    let (digest, _) = after.split_once(' ').unwrap();
    assert!(reason.ends_with(&format!("{COUNTY}.approved")), "{reason}");
    assert!(
        ledger(&lab, COUNTY).is_empty(),
        "nothing is charged meanwhile"
    );
    fs::write(
        lab.path(&format!("{COUNTY}.approved")),
        format!("{digest} # by a test\n"),
    )
    .unwrap();
    until("a round with everybody", || {
        let closed = of_kind(&run, "round_closed");
        let everybody = closed.last()?["reporters"].as_array()?.len() == 3;
        everybody.then_some(())
    });
    running.signal("INT");
    assert_eq!(running.output().status.code(), Some(130));
    for hospital in &hospitals {
        hospital.signal("INT");
    }
    for hospital in hospitals {
        assert_eq!(hospital.output().status.code(), Some(130));
    }
}

#[test]
fn noised_scores_are_told_and_charged() {
    let scored = JOB
        .replace("rounds = 1", "rounds = 3")
        .replace("evaluate_every = 0", "evaluate_every = 1");
    let lab = Lab::new(&scored);
    enrol(
        &lab,
        "[policy]\nmetrics = \"noised\"\nmetrics_epsilon = 1.0\n",
    );
    let (running, address) = coordinator(&lab, "job", "");
    let hospitals = all(&lab, &address);
    assert_eq!(running.output().status.code(), Some(0));
    rested(hospitals);
    let told = of_kind(&run_of(&lab, "job"), "evaluated");
    assert_eq!(told.len(), 9);
    for told in told {
        let metrics = told["evaluation"].as_object().unwrap();
        if told["node"] == NODE {
            assert!(metrics.keys().all(|name| name == "accuracy"), "{metrics:?}");
        } else {
            assert!(metrics.contains_key("auc") && metrics.contains_key("loss"));
        }
    }
    let spent = ledger(&lab, COUNTY);
    assert_eq!((count(&spent, "scored"), count(&spent, "reserved")), (3, 3));
    assert_eq!(count(&ledger(&lab, "township-01"), "scored"), 0);
}

#[test]
fn a_hospital_may_require_that_patients_were_asked() {
    for (consent, declines) in [("", 1), ("consent = 0.8\n", 0)] {
        let population = "population = \"ward-3\"\n";
        let lab = Lab::new(&JOB.replace(population, &format!("{population}{consent}")));
        enrol(&lab, "[policy]\nrequire_consent = true\n");
        let (running, address) = coordinator(&lab, "job", "");
        let hospitals = all(&lab, &address);
        assert_eq!(running.output().status.code(), Some(0));
        rested(hospitals);
        let declined = of_kind(&run_of(&lab, "job"), "report_declined");
        assert_eq!(declined.len(), declines, "{declined:?}");
        for declined in declined {
            assert!(text(&declined, "reason").contains("whose rows may be used"));
        }
    }
}
