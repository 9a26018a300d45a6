//! What left each hospital: messages, bytes and tensors by kind, and the search for rows.

use std::collections::BTreeSet;

use super::chart::{figure, line, rect, svg, table, word};
use super::hospitals::{left_out, shown};
use super::load::RunData;
use super::markup::Markup;
use super::masking;
use crate::manifest::{Mode, Privacy};
use crate::text;
use crate::view::{Audit, ByKind, NodeView, Traffic};

/// Lines for kinds of messages in the picture.
const MOST_KINDS: usize = 5;

/// The section; says so when the driver told no message.
pub(super) fn section(page: &mut Markup, run: &RunData) {
    page.tag("h2").text("What left each hospital");
    let sent = run.view.sent();
    if sent.messages == 0 {
        page.tag("p")
            .text("No message of a hospital was recorded in this run.");
    } else {
        figure(
            page,
            if run.view.audit().0.found > 0 {
                "Rows were found in what left"
            } else {
                "The rows stayed, these messages went"
            },
            &summary(run),
            |page| picture(page, run),
            |page| {
                let rows = kinds(run).into_iter().map(|kind| {
                    let of = run.view.nodes.values().map(|n| n.ledger.sent.of(&kind));
                    let all: Traffic = of.sum();
                    vec![
                        kind,
                        text::count(all.messages),
                        text::bytes(all.bytes),
                        text::count(all.tensors),
                    ]
                });
                let columns = ["kind of message", "messages", "bytes", "tensors"];
                table(page, "What left all hospitals, by kind", &columns, 1, rows);
            },
        );
        ledger(page, run);
    }
    promises(page, run);
}

fn kinds(run: &RunData) -> Vec<String> {
    let nodes = run.view.nodes.values();
    let all: BTreeSet<&String> = nodes.flat_map(|n| n.ledger.sent.0.keys()).collect();
    let known = [
        "upload",
        "masked-upload",
        "evaluation",
        "summary",
        "keys",
        "opening",
        "shares",
        "consent",
        "revelation",
        "declined",
    ];
    let place = |kind: &str| known.iter().position(|k| *k == kind).unwrap_or(known.len());
    let mut kinds: Vec<String> = all.into_iter().cloned().collect();
    kinds.sort_by_key(|kind| place(kind));
    kinds
}

/// A kind of message in words, with its count.
fn kind_words(kind: &str, count: u64) -> String {
    match kind {
        "upload" => text::things(count, "model update", "model updates"),
        "masked-upload" => text::things(count, "masked update", "masked updates"),
        "keys" => text::things(count, "set of public keys", "sets of public keys"),
        "opening" => text::things(count, "part in drawing", "parts in drawing"),
        "shares" => text::things(count, "set of sealed shares", "sets of sealed shares"),
        "consent" => text::things(count, "signed consent", "signed consents"),
        "revelation" => text::things(count, "set of revealed shares", "sets of revealed shares"),
        "evaluation" => text::things(count, "set of test scores", "sets of test scores"),
        "summary" => text::things(count, "set of feature sums", "sets of feature sums"),
        "declined" => text::things(count, "refusal in words", "refusals in words"),
        other => format!("{} × {other}", text::count(count)),
    }
}

fn summary(run: &RunData) -> String {
    let (sent, (audit, searched)) = (run.view.sent(), run.view.audit());
    let mut words = format!(
        "{} with {} left {}.",
        text::things(sent.messages, "message", "messages"),
        text::bytes(sent.bytes),
        text::things(run.hospitals() as u64, "hospital", "hospitals")
    );
    if searched > 0 {
        words += &format!(
            " Of these, {} ({}) of {} were searched for {}: {} found.",
            text::things(audit.messages, "message", "messages"),
            text::bytes(audit.bytes),
            text::things(searched as u64, "hospital", "hospitals"),
            text::things(audit.rows, "training row", "training rows"),
            text::count(audit.found)
        );
    } else {
        words += " It was not searched for training rows.";
    }
    words
}

/// Rows in their box, messages going out, models coming in.
fn picture(page: &mut Markup, run: &RunData) {
    let (sent, received) = (run.view.sent(), run.view.received());
    let (audit, searched) = run.view.audit();
    let known: u64 = run.cards.iter().map(|card| card.train_rows).sum();
    let rows = if known > 0 { known } else { audit.rows };
    let label = "Hospitals keep their rows and send updates to the coordinator";
    svg(page, (1000.0, 232.0), label, |page| {
        rect(page, "wash", (2.0, 16.0), (330.0, 200.0), "");
        let hospitals = text::things(run.hospitals() as u64, "hospital", "hospitals");
        word(page, "h", (24.0, 46.0), hospitals);
        for i in 0..9 {
            let y = 66.0 + f64::from(i) * 9.0;
            for (from, to) in [
                (24.0, 68.0),
                (76.0, 108.0),
                (116.0, 176.0),
                (184.0, 212.0),
                (220.0, 308.0),
            ] {
                line(page, "rows", (from, y), (to, y));
            }
        }
        let stay = if audit.found > 0 {
            text::things(rows, "training row", "training rows")
        } else if rows > 0 {
            format!(
                "{} stay inside",
                text::things(rows, "training row", "training rows")
            )
        } else {
            "training rows stay inside".to_owned()
        };
        word(page, "b", (24.0, 172.0), stay);
        if searched > 0 {
            let found = format!("{} of them found outside", text::count(audit.found));
            word(page, "", (24.0, 194.0), found);
        }
        rect(page, "wash", (788.0, 16.0), (210.0, 200.0), "");
        word(page, "h", (810.0, 46.0), "Coordinator");
        let adds = if is_masked(run) {
            "adds masked updates,"
        } else {
            "adds the updates,"
        };
        word(page, "soft", (810.0, 70.0), adds);
        word(page, "soft", (810.0, 88.0), "sends the new model");
        let went = format!(
            "{}, {}",
            text::things(sent.messages, "message", "messages"),
            text::bytes(sent.bytes)
        );
        word(page, "h mid", (560.0, 44.0), went);
        line(page, "flow", (346.0, 60.0), (766.0, 60.0));
        page.tag("path")
            .class("tip")
            .at("d", "M782 60L764 51L764 69Z")
            .empty();
        for (i, words) in by_kind(run).into_iter().enumerate() {
            word(page, "soft mid", (560.0, 82.0 + 17.0 * i as f64), words);
        }
        line(page, "flow back", (358.0, 176.0), (782.0, 176.0));
        page.tag("path")
            .class("tip back")
            .at("d", "M342 176L358 168L358 184Z")
            .empty();
        let came = format!(
            "{}, {}: models and instructions",
            text::things(received.messages, "message", "messages"),
            text::bytes(received.bytes)
        );
        word(page, "soft mid", (560.0, 198.0), came);
    });
}

/// What went, kind by kind, in as many lines as the picture has room for.
fn by_kind(run: &RunData) -> Vec<String> {
    let kinds: Vec<(String, Traffic)> = kinds(run)
        .into_iter()
        .map(|kind| {
            let of = run.view.nodes.values().map(|n| n.ledger.sent.of(&kind));
            let all: Traffic = of.sum();
            (kind, all)
        })
        .collect();
    let shown = if kinds.len() > MOST_KINDS {
        MOST_KINDS - 1
    } else {
        kinds.len()
    };
    let told = |(kind, all): &(String, Traffic)| {
        let words = kind_words(kind, all.messages);
        format!("{words}, {}", text::bytes(all.bytes))
    };
    let mut lines: Vec<String> = kinds[..shown].iter().map(told).collect();
    if kinds.len() > shown {
        let rest: Traffic = kinds[shown..].iter().map(|(_, all)| *all).sum();
        lines.push(format!(
            "{}, {}",
            text::things(rest.messages, "message more", "messages more"),
            text::bytes(rest.bytes)
        ));
    }
    lines
}

fn is_masked(run: &RunData) -> bool {
    masking::rounds(run).next().is_some()
}

fn ledger(page: &mut Markup, run: &RunData) {
    let kinds = kinds(run);
    let mut columns: Vec<String> = ["hospital", "messages", "bytes", "tensors"]
        .map(str::to_owned)
        .into();
    columns.extend(kinds.iter().map(|kind| format!("of these {kind}")));
    columns.extend(["reached it", "rows searched for", "rows found"].map(str::to_owned));
    let row = |name: &str, sent: &ByKind, came: u64, audit: Option<Audit>| {
        let total = sent.total();
        let mut row = vec![
            name.to_owned(),
            text::count(total.messages),
            text::bytes(total.bytes),
            text::count(total.tensors),
        ];
        row.extend(kinds.iter().map(|kind| {
            let of = sent.of(kind);
            format!("{} ({})", text::count(of.messages), text::bytes(of.bytes))
        }));
        row.push(text::bytes(came));
        match audit {
            Some(audit) => row.extend([text::count(audit.rows), text::count(audit.found)]),
            None => row.extend(["not searched".to_owned(), "–".to_owned()]),
        }
        row
    };
    let nodes: Vec<&NodeView> = run.view.nodes.values().collect();
    let mut rows = Vec::new();
    for tier in run.tiers() {
        let of_tier: Vec<_> = nodes.iter().filter(|n| n.info.tier == tier).collect();
        let (mut sent, mut came) = (ByKind::default(), 0_u64);
        for node in &of_tier {
            sent.merge(&node.ledger.sent);
            came = came.saturating_add(node.ledger.received.total().bytes);
        }
        let audit = of_tier.iter().filter_map(|n| n.audit).reduce(Audit::with);
        let name = format!("{tier}, all {}", of_tier.len());
        rows.push(row(&name, &sent, came, audit));
    }
    for node in nodes.iter().take(shown(nodes.len())) {
        let came = node.ledger.received.total().bytes;
        rows.push(row(&node.info.name, &node.ledger.sent, came, node.audit));
    }
    let caption = format!("The ledger, hospital by hospital.{}", left_out(nodes.len()));
    table(page, &caption, &columns, 1, rows);
}

/// What the search shows and what it does not, and what protected the updates.
fn promises(page: &mut Markup, run: &RunData) {
    let privacy = run
        .manifest
        .as_ref()
        .map(|m| m.privacy.clone())
        .unwrap_or_default();
    let Privacy {
        mut secure_aggregation,
        differential_privacy,
        transport,
    } = privacy;
    let masked = is_masked(run) || secure_aggregation.is_some();
    if is_masked(run) && secure_aggregation.is_none() {
        secure_aggregation = Some("updates were added up under pairwise masks".to_owned());
    }
    let simulated = run
        .manifest
        .as_ref()
        .is_some_and(|m| m.mode == Mode::Simulation);
    let absent = |what| match what {
        "Transport" if simulated => "not protected; nothing crossed a network in this simulation",
        _ => "not protected",
    };
    let unprotected = !masked && differential_privacy.is_none();
    let (_, searched) = run.view.audit();
    page.tag("div").class("two").with(|page| {
        page.tag("div").with(|page| {
            page.tag("h3")
                .text("What the search shows, and what it does not");
            page.tag("p").text(if searched == 0 {
                "Nothing was searched in this run, so nothing is shown."
            } else {
                "The bytes of the messages searched were compared with the bytes of each of the \
                 hospital's own training rows. No find means that no row was sent as it is stored. \
                 It is no proof of privacy: a model update is computed from the rows and can still \
                 tell something about them."
            });
            if masked && searched > 0 {
                page.tag("p").text(
                    "A masked update looks like random bytes, so the search could have found nothing \
                     in it: that it shows no row follows from the masks.",
                );
            }
            if masked {
                page.tag("p").with(|page| {
                    page.strong("In this run the coordinator could not read a single update: ");
                    page.text(if differential_privacy.is_none() {
                        "it learned sums over hospitals. Without differential privacy a sum tells \
                         something about its parts all the same."
                    } else {
                        "it learned sums over hospitals."
                    });
                });
            }
            if unprotected {
                page.tag("p").with(|page| {
                    page.strong("In this run updates were not protected: ");
                    page.text(
                        "there was no secure aggregation and no differential privacy, so the \
                         coordinator could read each hospital's update and try to draw conclusions \
                         about its patients.",
                    );
                });
            }
        });
        page.tag("div").with(|page| {
            page.tag("h3").text("What protected the updates");
            page.tag("ul").class("plain").with(|page| {
                for (what, how) in [
                    ("Secure aggregation", secure_aggregation),
                    ("Differential privacy", differential_privacy),
                    ("Transport", transport),
                ] {
                    page.tag("li").with(|page| {
                        page.strong(format_args!("{what}: "));
                        page.text(how.as_deref().unwrap_or(absent(what)));
                    });
                }
            });
        });
    });
}
