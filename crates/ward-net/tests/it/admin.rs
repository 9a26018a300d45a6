//! Looking at a run and stopping it.

use ward_core::{Event, Outcome, RoundId};
use ward_net::admin::{AdminError, Standing};
use ward_net::{Admin, ServerSettings};
use ward_round::PhaseName;

use crate::lab::{ADMIN, Lab, Running, brisk, plan, rested};
use crate::toy::{Toy, Turnstile};

#[tokio::test(flavor = "multi_thread")]
async fn a_run_can_be_watched_stopped_after_its_round_and_resumed_to_the_same_bits() {
    let plan = plan(2, 4, 10);
    let undisturbed = Lab::start(plan.clone(), brisk()).await;
    rested(undisturbed.hospitals(2, 10)).await;
    let (undisturbed, _) = undisturbed.end().await;

    let turnstile = Turnstile::closed_at(1);
    let lab = Lab::start(plan.clone(), brisk()).await;
    let mut admin = Admin::new(&lab.url(), ADMIN).unwrap();
    let before = admin.run().await.unwrap();
    assert_eq!(
        (before.phase, before.round),
        (PhaseName::Enrolling, RoundId(0))
    );
    let nodes = admin.nodes().await.unwrap();
    assert!(
        nodes
            .iter()
            .all(|n| n.standing == Standing::Absent && n.lease_ms == 0)
    );
    let toy = |i| Toy::new(i, 10).behind(&turnstile);
    let hospitals: Vec<Running> = (0..2).map(|i| lab.hospital(i, toy(i))).collect();
    let second = |e: &Event| matches!(e, Event::RoundOpened { round, .. } if round.0 == 1);
    lab.story.until("the second round", second).await;
    let during = admin.run().await.unwrap();
    assert_eq!(
        (during.phase, during.round),
        (PhaseName::Collecting, RoundId(1))
    );
    assert_eq!((during.rounds, during.over), (4, false));
    assert_ne!(during.model_digest, before.model_digest);
    let nodes = admin.nodes().await.unwrap();
    assert!(
        nodes
            .iter()
            .all(|n| n.standing == Standing::Present && n.lease_ms > 0)
    );
    assert_eq!(nodes[1].info.name, "hospital-1");
    admin.cancel().await.unwrap();
    admin.cancel().await.unwrap();
    turnstile.open();
    let (served, story) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Interrupted);
    // They would wait for a coordinator that goes on at the old address.
    hospitals.into_iter().for_each(Running::kill);
    assert_eq!(served.coordinator.state().round(), RoundId(2));

    let saved = story.saved().unwrap();
    let lab = Lab::resume(plan, saved, brisk(), "127.0.0.1:0").await;
    rested(lab.hospitals(2, 10)).await;
    let (served, _) = lab.end().await;
    assert_eq!(
        served.coordinator.params().digest(),
        undisturbed.coordinator.params().digest()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_s_stop_ends_the_run_between_rounds() {
    let lab = Lab::start(plan(2, 4, 10), brisk()).await;
    lab.stop.cancel();
    let (served, _) = lab.end().await;
    assert_eq!(served.outcome, Outcome::Interrupted);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_may_look_or_stop() {
    let lab = Lab::start(plan(1, 1, 10), brisk()).await;
    let mut stranger = Admin::new(&lab.url(), "guess").unwrap();
    let said = stranger.cancel().await.unwrap_err().to_string();
    assert!(
        said.contains("`wardround-admin` in the metadata is missing or wrong"),
        "{said}"
    );
    assert!(stranger.nodes().await.is_err());
    assert!(matches!(
        Admin::new(&lab.url(), "a\nb"),
        Err(AdminError::Token)
    ));
    assert!(matches!(
        Admin::new("::", ""),
        Err(AdminError::Address { .. })
    ));
    let closed = ServerSettings {
        admin_token: None,
        ..brisk()
    };
    let lab = Lab::start(plan(1, 1, 10), closed).await;
    let mut nobody = Admin::new(&lab.url(), "").unwrap();
    let said = nobody.run().await.unwrap_err().to_string();
    assert!(said.contains("the admin service is closed"), "{said}");
}
