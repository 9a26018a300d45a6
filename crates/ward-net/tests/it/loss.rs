//! Losing a coordinator and losing hospitals.

use std::sync::atomic::Ordering;
use std::time::Duration;

use ward_core::{Event, NodeId, Outcome};
use ward_net::{HospitalError, HospitalSettings, ServerSettings, TransportMode};

use crate::lab::{Lab, Running, brisk, plan, rested};
use crate::proxy::BadLine;
use crate::toy::{Toy, Turnstile};

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_coordinator_resumes_to_the_bits_of_an_undisturbed_run() {
    let plan = plan(3, 4, 40);
    let undisturbed = Lab::start(plan.clone(), brisk()).await;
    rested(undisturbed.hospitals(3, 40)).await;
    let (undisturbed, _) = undisturbed.end().await;

    let turnstile = Turnstile::closed_at(2);
    let first = Lab::start(plan.clone(), brisk()).await;
    let toy = |i| Toy::new(i, 40).behind(&turnstile);
    let hospitals: Vec<Running> = (0..3).map(|i| first.hospital(i, toy(i))).collect();
    let third = |e: &Event| matches!(e, Event::RoundOpened { round, .. } if round.0 == 2);
    first.story.until("the third round", third).await;
    let address = first.address.to_string();
    let story = first.kill().await;
    // The hospitals are still at work on a round that nobody waits for any more.
    turnstile.open();
    let saved = story.saved().unwrap();
    assert_eq!(saved.round().0, 2);
    let second = Lab::resume(plan, saved, brisk(), &address).await;
    rested(hospitals).await;
    let (served, story) = second.end().await;
    assert_eq!(served.outcome, Outcome::Completed);
    assert_eq!(
        served.coordinator.params().digest(),
        undisturbed.coordinator.params().digest()
    );
    assert_eq!(story.count(|e| matches!(e, Event::NodeJoined { .. })), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hospital_killed_in_mid_round_is_named_silent_and_the_run_finishes() {
    let mut plan = plan(3, 3, 12);
    (plan.quorum, plan.deadline_ms) = (0.6, 2000);
    let lab = Lab::start(plan, brisk()).await;
    let turnstile = Turnstile::closed_at(1);
    let steady: Vec<_> = (0..2).map(|i| lab.hospital(i, Toy::new(i, 12))).collect();
    let victim = lab.hospital(2, Toy::new(2, 12).behind(&turnstile));
    let second = |e: &Event| matches!(e, Event::RoundOpened { round, .. } if round.0 == 1);
    lab.story.until("the second round", second).await;
    victim.kill();
    rested(steady).await;
    turnstile.open();
    let (served, story) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Completed);
    let silent = |e: &Event| matches!(e, Event::RoundClosed { round, silent, .. } if round.0 == 1 && *silent == [NodeId(2)]);
    assert_eq!(story.count(silent), 1);
    let lost = |e: &Event| matches!(e, Event::NodeLost { node: NodeId(2), reason } if reason.contains("connection broke"));
    assert_eq!(story.count(lost), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_breaks_in_every_transfer_changes_nothing() {
    // 300,000 parameters: 1.2 MB down, 2.4 MB up, and the line breaks after every 1.3 MB.
    let plan = plan(2, 2, 300_000);
    let undisturbed = Lab::start(plan.clone(), brisk()).await;
    rested(undisturbed.hospitals(2, 300_000)).await;
    let (undisturbed, _) = undisturbed.end().await;
    let patient = ServerSettings {
        grace: Duration::from_secs(8),
        ..brisk()
    };
    for mode in [TransportMode::Subscribe, TransportMode::Poll] {
        let lab = Lab::start(plan.clone(), patient.clone()).await;
        let line = BadLine::to(lab.address, 1_300_000).await;
        let settings = HospitalSettings {
            coordinator: format!("http://{}", line.address),
            mode,
            ..lab.settings(0)
        };
        let toy = Toy::new(0, 300_000);
        let trained = toy.trained.clone();
        let far = Running::start(settings, Box::new(toy));
        rested(vec![far, lab.hospital(1, Toy::new(1, 300_000))]).await;
        let (served, story) = lab.end().await;
        assert_eq!(
            served.coordinator.params().digest(),
            undisturbed.coordinator.params().digest()
        );
        assert!(line.breaks.load(Ordering::Relaxed) >= 4);
        assert_eq!(trained.load(Ordering::Relaxed), 2);
        let accepted = |e: &Event| {
            matches!(
                e,
                Event::ReportAccepted {
                    node: NodeId(0),
                    ..
                }
            )
        };
        assert_eq!(story.count(accepted), 2);
        assert_eq!(story.count(|e| matches!(e, Event::ReportRefused { .. })), 0);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coordinator_that_never_comes_is_given_up_only_when_asked() {
    let lab = Lab::start(plan(1, 1, 6), brisk()).await;
    let settings = HospitalSettings {
        give_up_after: Some(Duration::from_millis(300)),
        ..lab.settings(0)
    };
    lab.kill().await;
    let hospital = Running::start(settings, Box::new(Toy::new(0, 6)));
    let error = hospital.end().await.unwrap_err();
    assert!(
        matches!(error, HospitalError::Unreachable { .. }),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_none_is_named() {
    let settings = HospitalSettings::new("not an address", "h", "");
    let hospital = Running::start(settings, Box::new(Toy::new(0, 6)));
    let error = hospital.end().await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("`not an address` is not an address")
    );
}
