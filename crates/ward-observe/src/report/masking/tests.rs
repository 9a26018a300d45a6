use expect_test::expect;
use ward_core::{Abandoned, Event, MaskSuite, MaskingPhase, NodeId, Record, RoundId};

use super::*;
use crate::manifest::Privacy;
use crate::report::render;
use crate::sample::Sample;
use crate::{Manifest, RunView};

fn data(sample: &Sample) -> RunData {
    RunData {
        manifest: Some(sample.manifest.clone()),
        view: RunView::of(&sample.records),
        ..RunData::default()
    }
}

/// The section's words, a line for each paragraph, row and label.
fn words(run: &RunData) -> String {
    let mut page = Markup::default();
    section(&mut page, run);
    let html = page.finish();
    let mut text = String::new();
    let mut rest = html.as_str();
    while let Some(start) = rest.find('<') {
        text += &rest[..start];
        let end = start + rest[start..].find('>').unwrap();
        let ends = ["/h2", "/h3", "/p", "/tr", "/caption", "/text", "/summary"];
        let tag = &rest[start + 1..end];
        if ends.contains(&tag) {
            text.push('\n');
        } else if ["/th", "/td"].contains(&tag) {
            text += " | ";
        }
        rest = &rest[end + 1..];
    }
    let lines = text.lines().map(|line| line.trim_end_matches([' ', '|']));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn masked_rounds_are_told_step_by_step() {
    expect![[r#"
        Sums under masks
        No hospital sent its update as it is: each added masks that cancel in the sum. The hospitals agree on masks, keep shares of each other&#39;s secrets, and give, when all know who is in the sum, those shares that take off what did not cancel. This was a simulation, so that one process played all parts: it shows what a coordinator would see. Its times are virtual.
        Round 4, step by step
        Of 12 hospitals asked, 3 were lost on the way. The steps took 99 ms. Who is lost in a step is not asked in the next.
        1  keys
        fresh public keys,
        each signed
        11 of 12
        county-01 (declined)
        23 ms
        1.8 kB up
        6.5 kB down
        2  shares
        shares of secrets,
        sealed in envelopes
        10 of 11
        county-02 (dishonest)
        21 ms
        10.2 kB up
        9.9 kB down
        3  uploads
        updates under masks,
        after training
        9 of 10
        township-06 (silent)
        19 ms
        2.2 kB up
        8.8 kB down
        4  consents
        signatures on who
        is in the sum
        9 of 9
        nobody lost
        19 ms
        720 B up
        540 B down
        5  revelations
        shares that take off
        what did not cancel
        8 of 9
        enough had answered
        17 ms
        2.8 kB up
        3.7 kB down
        The numbers as a table
        Round 4, step by step
        phase | lost in it | answered | asked | ms | bytes up | bytes down
        keys | county-01 (declined) | 11 | 12 | 23 | 1.8 kB | 6.5 kB
        shares | county-02 (dishonest) | 10 | 11 | 21 | 10.2 kB | 9.9 kB
        uploads | township-06 (silent) | 9 | 10 | 19 | 2.2 kB | 8.8 kB
        consents | nobody lost | 9 | 9 | 19 | 720 B | 540 B
        revelations | enough had answered | 8 | 9 | 17 | 2.8 kB | 3.7 kB
        What the coordinator learned, and what not
        It learned the sum of 9 updates, of their weights and of their weighted losses; that all who were asked are in it but county-01, county-02 and township-06; and when each answered and with how many bytes. Test scores are not masked: it sees those of each hospital.
        It did not learn any one hospital&#39;s update, its weight or its training loss, even if it lied, as long as fewer than a third of the hospitals asked worked with it. A sum tells something about its parts all the same.
        What was recovered from shares
        For 9 hospitals in the sum: the seed of each one&#39;s own mask, and nothing else of them. township-06 was lost after it had shared: its pair masks were in the others&#39; uploads, and were restored from shares of its mask key and taken off. Its own mask was not restored, so an upload of it that comes late stays hidden. Lost before anybody had masks with them, so that there was nothing to restore: county-01 and county-02.
        What the coordinator saw of one hospital
        The update of tertiary-01 in round 1, as the hospital had it and as the coordinator got it. Over 64 words their correlation is -0.0300; of words that have nothing to do with each other it lies within 0.2450 of 0 nineteen times out of twenty. How evenly the masked words are spread: χ² = 0, where chance gives 31 ± 8.
        its update
        1000000000000003131000000000000001-2.50e-1
        0
        2.50e-1
        what the coordinator saw
        22222222222222222222222222222222-2^63
        0
        2^63
        The numbers as a table
        Numbers in each of 32 equal parts of their range
        part, from lowest to highest | its update | masked words
        1 | 1 | 2
        2 | 0 | 2
        3 | 0 | 2
        4 | 0 | 2
        5 | 0 | 2
        6 | 0 | 2
        7 | 0 | 2
        8 | 0 | 2
        9 | 0 | 2
        10 | 0 | 2
        11 | 0 | 2
        12 | 0 | 2
        13 | 0 | 2
        14 | 0 | 2
        15 | 0 | 2
        16 | 31 | 2
        17 | 31 | 2
        18 | 0 | 2
        19 | 0 | 2
        20 | 0 | 2
        21 | 0 | 2
        22 | 0 | 2
        23 | 0 | 2
        24 | 0 | 2
        25 | 0 | 2
        26 | 0 | 2
        27 | 0 | 2
        28 | 0 | 2
        29 | 0 | 2
        30 | 0 | 2
        31 | 0 | 2
        32 | 1 | 2
        Round 3, abandoned
        Of 12 hospitals asked, 6 were lost on the way. The steps took 74 ms. Who is lost in a step is not asked in the next.
        1  keys
        fresh public keys,
        each signed
        12 of 12
        nobody lost
        49 ms
        1.9 kB up
        6.5 kB down
        2  shares
        shares of secrets,
        sealed in envelopes
        6 of 12
        township-01 (silent)
        township-02 (silent)
        and 4 more
        25 ms
        6.1 kB up
        10.8 kB down
        The numbers as a table
        Round 3, abandoned
        phase | lost in it | answered | asked | ms | bytes up | bytes down
        keys | nobody lost | 12 | 12 | 49 | 1.9 kB | 6.5 kB
        shares | township-01 (silent), township-02 (silent), township-03 (silent), township-04 (silent), township-05 (silent) and township-06 (silent) | 6 | 12 | 25 | 6.1 kB | 10.8 kB
        Why: 6 hospitals are left after the phase of shares, and a masked sum needs 9. The coordinator learned who answered when and with how many bytes, and no sum. No update had left a hospital. Every round has fresh keys.
        1 of 4 masked rounds failed below the threshold.
        All masked rounds, by phase
        phase | rounds | median ms | bytes up | bytes down | failed below threshold
        keys | 4 | 31 | 7.5 kB | 25.9 kB | 0
        shares | 4 | 25 | 40.8 kB | 42.3 kB | 1
        uploads | 3 | 25 | 8.0 kB | 29.9 kB | 0
        consents | 3 | 25 | 2.6 kB | 1.9 kB | 0
        revelations | 3 | 25 | 10.8 kB | 13.1 kB | 0
        scores, and what came late | – | – | 5.1 kB | 11.5 kB | –
        all | – | – | 74.8 kB | 124.7 kB | 1
    "#]].assert_eq(&words(&data(&Sample::masked(12, 4))));
}

#[test]
fn a_run_without_masked_rounds_has_no_such_section() {
    let clear = render(&[data(&Sample::new(6, 3))]);
    assert!(!clear.contains("Sums under masks") && !clear.contains("id=\"masking\""));
    let masked = render(&[data(&Sample::masked(12, 3))]);
    assert!(masked.contains("id=\"masking\"") && masked.contains("href=\"#masking\""));
}

#[test]
fn names_stay_words_in_the_step_view() {
    let evil = "<b onclick=\"1\">";
    let mut sample = Sample::masked(12, 4);
    for record in &mut sample.records {
        if let Event::RunStarted { nodes, .. } = &mut record.event {
            nodes.iter_mut().for_each(|info| info.name = evil.into());
        }
    }
    let html = render(&[data(&sample)]);
    assert!(!html.contains("<b ") && !html.contains("onclick=\""));
    assert!(html.contains("&lt;b onclick"));
}

#[test]
fn a_masked_run_is_not_said_to_show_single_updates() {
    let unread = "the coordinator could not read a single update";
    let mut sample = Sample::masked(12, 4);
    for privacy in [
        Privacy::masked(MaskSuite::Aes256Ctr, 5, 1),
        // What a version that knew no masks would have written.
        Privacy::default(),
    ] {
        sample.manifest.privacy = privacy;
        let html = render(&[data(&sample)]);
        assert!(html.contains(unread) && html.contains("their sums and no single one"));
        assert!(!html.contains("updates were not protected"));
        assert!(!html.contains("Secure aggregation: </strong>not protected"));
    }
    let clear = render(&[data(&Sample::new(6, 3))]);
    assert!(!clear.contains(unread) && clear.contains("updates were not protected"));
}

#[test]
fn what_masks_promise_is_read_back_and_absent_in_old_manifests() {
    let mut manifest = Sample::masked(12, 1).manifest;
    let mut value = serde_json::to_value(&manifest).unwrap();
    let read = serde_json::from_value::<Manifest>(value.clone()).unwrap();
    assert_eq!(read, manifest);
    value["privacy"] = serde_json::json!({});
    manifest.privacy = Privacy::default();
    assert_eq!(serde_json::from_value::<Manifest>(value).unwrap(), manifest);
}

#[test]
fn a_drawn_graph_has_a_step_of_its_own_and_a_promise_of_its_own() {
    let mut sample = Sample::masked(12, 1);
    let is_keys = |r: &Record| {
        let keys = MaskingPhase::Keys;
        matches!(r.event, Event::MaskingPhaseClosed { phase, .. } if phase == keys)
    };
    let keys = sample.records.iter().position(is_keys).unwrap();
    let mut openings = sample.records[keys].clone();
    if let Event::MaskingPhaseClosed { phase, .. } = &mut openings.event {
        *phase = MaskingPhase::Openings;
    }
    assert!(words(&data(&sample)).contains("fewer than a third"));
    sample.records.insert(keys + 1, openings);
    let words = words(&data(&sample));
    assert!(words.contains("2  openings\n") && words.contains("6  revelations\n"));
    assert!(words.contains("at most a fifth"));
}

#[test]
fn a_round_abandoned_with_its_uploads_in_says_that_they_stay_hidden() {
    let mut sample = Sample::masked(12, 1);
    for record in &mut sample.records {
        if let Event::RoundClosed { round, .. } = record.event {
            record.event = Event::RoundAbandoned {
                round,
                silent: Vec::new(),
                reason: Abandoned::NotUnmasked { culprit: NodeId(4) },
            };
        }
    }
    let run = data(&sample);
    let words = words(&run);
    assert!(words.contains("No masked round made a model."));
    assert!(words.contains("The 12 uploads that it holds stay under masks."));
    assert!(words.contains("No round failed below its threshold."));
    assert!(!render(&[run]).contains("their sums and no single one"));
}

#[test]
fn what_was_seen_of_one_hospital_is_shown_where_both_sides_are_known() {
    let mut sample = Sample::masked(12, 1);
    let seen = words(&data(&sample));
    assert!(seen.contains("What the coordinator saw of one hospital"));
    // Within 1.96 / sqrt(64) of 0, and two in each of 32 parts.
    assert!(seen.contains("Over 64 words their correlation is -0.0300"));
    assert!(
        seen.contains("within 0.2450 of 0") && seen.contains("χ² = 0, where chance gives 31 ± 8")
    );
    assert!(render(&[data(&sample)]).contains("-2^63"));
    let is_seen = |r: &Record| matches!(r.event, Event::UpdateSighted { .. });
    sample.records.retain(|record| !is_seen(record));
    assert!(words(&data(&sample)).contains("No masked update left a hospital."));
    sample.manifest.mode = Mode::Deployment;
    let deployed = words(&data(&sample));
    assert!(deployed.contains("nobody but the hospital has its update"));
}

#[test]
fn sums_of_groups_are_said_to_tell_more() {
    let mut sample = Sample::masked(12, 1);
    let opened = |r: &Record| matches!(r.event, Event::RoundOpened { .. });
    let place = sample.records.iter().position(opened).unwrap();
    let at = sample.records[place].at;
    let round = RoundId(0);
    let group = |first| (first..first + 4).map(NodeId).collect::<Vec<_>>();
    let groups = vec![group(0), group(4), group(8)];
    let lost = Event::GroupLost {
        round,
        group: group(4),
        reason: Abandoned::UnsoundSum,
    };
    for event in [lost, Event::GroupsDealt { round, groups }] {
        sample.records.insert(place + 1, Record { at, event });
    }
    let words = words(&data(&sample));
    assert!(words.contains("It learned 2 sums, one of each group of 4 hospitals"));
    assert!(words.contains("tell more of each hospital than sums over all would"));
    assert!(words.contains("Of 3 groups 1 had no sum that counts"));
    assert!(words.contains("fewer than a third of the hospitals of its group"));
}
