use super::*;
use crate::sample::Sample;
use expect_test::expect;
use std::sync::{Arc, Mutex};
use ward_core::NodeId;

#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn plain(records: &[Record]) -> String {
    let shared = Shared::default();
    let mut terminal = Terminal::plain_to(Box::new(shared.clone()));
    let mut view = RunView::default();
    for record in records {
        view.apply(record);
        terminal.apply(&view, record);
    }
    String::from_utf8(shared.0.lock().unwrap().clone()).unwrap()
}

#[test]
fn a_run_is_one_plain_line_a_round() {
    expect![[r#"
        6 hospitals (1 tertiary, 2 county, 3 township), 5 rounds, 13 parameters
        round 1/5  reporters 6/6  loss 0.6640  auc 0.539 ±0.009  up 2.3 kB
        round 2/5  reporters 6/6  loss 0.6410  auc 0.572 ±0.009  up 4.5 kB  refused 1
        round 3/5  reporters 5/6  loss 0.6210  auc 0.603 ±0.009  up 6.4 kB  silent: township-03
        round 4/5  reporters 5/6  loss 0.6030  auc 0.629 ±0.009  up 8.3 kB  silent: township-03
        round 5/5  reporters 6/6  loss 0.5880  auc 0.651 ±0.009  up 10.6 kB
        finished after 5 rounds, 10.6 kB up, 12.4 kB down, model 8b377d981ced
    "#]]
    .assert_eq(&plain(&Sample::new(6, 5).records));
}

#[test]
fn adversaries_are_named_before_the_first_round() {
    let mut records = Sample::new(6, 5).records;
    let named = Event::AdversariesNamed {
        nodes: vec![NodeId(5), NodeId(1)],
        attack: "sign-flip (scale 5)".into(),
        from_round: RoundId(2),
    };
    let at = records[0].at;
    records.insert(1, Record { at, event: named });
    let told = plain(&records);
    let line = told.lines().nth(1).unwrap();
    expect![
        "2 of 6 hospitals misbehave from round 3 on: sign-flip (scale 5): county-01 and township-03"
    ]
    .assert_eq(line);
}

#[test]
fn a_round_that_is_not_evaluated_has_its_line_all_the_same() {
    let mut records = Sample::new(3, 4).records;
    records.retain(|r| {
        let odd = |round: &RoundId| round.0 % 2 == 1;
        !matches!(&r.event, Event::EvaluationClosed { round, .. } if odd(round))
    });
    let lines = plain(&records);
    let rounds: Vec<_> = lines.lines().filter(|l| l.starts_with("round")).collect();
    assert_eq!(rounds.len(), 4, "{lines}");
    assert!(rounds[0].contains("auc") && !rounds[1].contains("auc"));
}

#[test]
fn names_given_by_users_cannot_forge_lines() {
    let mut records = Sample::new(6, 5).records;
    for record in &mut records {
        if let Event::RunStarted { nodes, .. } = &mut record.event {
            nodes
                .iter_mut()
                .for_each(|info| info.name = format!("x\nround 9/9 \u{1b}[2J{}", info.node));
        }
    }
    let lines = plain(&records);
    assert_eq!(lines.lines().count(), 7);
    assert!(!lines.contains('\u{1b}'));
}

#[test]
fn a_found_row_is_shouted() {
    let mut records = Sample::new(3, 1).records;
    for record in &mut records {
        if let Event::EgressAudited { found, .. } = &mut record.event {
            *found = 2;
        }
    }
    assert!(plain(&records).contains("LEAK: 2 of tertiary-01's training rows"));
}

#[test]
fn the_live_lines_show_the_newest_round_and_the_way_there() {
    let view = RunView::of(&Sample::new(6, 5).records);
    let newest = view.rounds.last().unwrap();
    expect!["round    5 │ reporters   6/6   │ loss 0.5880 │ auc 0.651 ±0.009 │ up 10.6 kB"]
        .assert_eq(&live::newest_line(&view, newest));
    expect!["auc ▁▃▅▇█ 0.539 → 0.651"].assert_eq(&live::curve_line(&view));
}

#[test]
fn the_live_line_follows_the_phases_of_a_masked_round() {
    let mut view = RunView::default();
    let mut lines = String::new();
    for record in &Sample::masked(12, 4).records {
        view.apply(record);
        if let Event::MaskingPhaseClosed { round, .. } = record.event
            && round.0 > 1
        {
            lines += &live::masking_line(view.rounds.last().unwrap()).unwrap();
            lines.push('\n');
        }
    }
    expect![[r#"
        round 3: keys of 12 of 12
        round 3: shares of 6 of 12
        round 4: keys of 11 of 12
        round 4: shares of 10 of 11
        round 4: uploads of 9 of 10
        round 4: consents of 9 of 9
        round 4: revelations of 8 of 9
    "#]]
    .assert_eq(&lines);
    assert_eq!(live::masking_line(&clear_round()), None);
}

fn clear_round() -> RoundView {
    RunView::of(&Sample::new(3, 1).records).rounds[0].clone()
}

#[test]
fn the_live_view_takes_any_run_without_a_terminal() {
    let mut terminal = Terminal {
        screen: Screen::Live(Live::on(indicatif::ProgressDrawTarget::hidden())),
        pending: None,
    };
    for sample in [Sample::new(6, 5), Sample::masked(12, 4)] {
        let mut view = RunView::default();
        for record in &sample.records {
            view.apply(record);
            terminal.apply(&view, record);
        }
    }
    terminal.finish();
    assert!(matches!(
        Terminal::new(Style::choose(true, true)).screen,
        Screen::Quiet
    ));
    assert_eq!(Style::choose(false, false), Style::Plain);
    assert_eq!(Style::choose(false, true), Style::Live);
}

#[test]
fn the_final_table_sets_its_models_side_by_side() {
    let sample = Sample::new(21, 2);
    let groups = ["all", "tertiary", "county", "township", "nobody"].map(String::from);
    expect![[r#"
        auc       alone                 federated             personal              pooled                ceiling       n
        all       0.698 [0.689, 0.707]  0.824 [0.815, 0.833]  0.832 [0.823, 0.841]  0.827 [0.818, 0.836]  0.839    12,000
        tertiary  0.795 [0.780, 0.810]  0.831 [0.816, 0.846]  0.834 [0.819, 0.849]  0.834 [0.819, 0.849]  0.839     4,000
        county    0.742 [0.727, 0.757]  0.821 [0.806, 0.836]  0.830 [0.815, 0.845]  0.831 [0.816, 0.846]  0.839     4,000
        township  0.635 [0.620, 0.650]  0.828 [0.813, 0.843]  0.834 [0.819, 0.849]  0.834 [0.819, 0.849]  0.839     4,000
    "#]]
    .assert_eq(&final_table(&sample.results, "auc", &groups));
    assert_eq!(
        final_table(&sample.results, "f1", &groups),
        "no results for `f1`\n"
    );
}
