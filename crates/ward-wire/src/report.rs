//! Reports on the wire.

use std::collections::BTreeMap;

use bytes::Bytes;
use ward_core::secagg::MaskedWords;
use ward_core::{Estimate, Evaluation, Report, RoundId, Summary, Upload};

use crate::Packed;
use crate::masking::{answer_message, read_answer};
use crate::proto::{self, masking_answer, report};
use crate::tensor::{Manifest, Tensor};
use crate::unreadable::{Unreadable, finite};

/// The most bytes of a text for people: longer ones are cut when sent, refused when received.
pub const LONGEST_REASON: usize = 4096;
/// The most bytes of a metric's name.
const LONGEST_NAME: usize = 64;

impl From<&Report> for Packed<proto::Report> {
    fn from(report: &Report) -> Self {
        let mut tensor = None;
        let message = report_message(report, |words| {
            let made = match words {
                AnyWords::Clear(words) => Tensor::of_words(words),
                AnyWords::Masked(words) => Tensor::of_masked(words),
            };
            *tensor.insert(made).manifest()
        });
        Self { message, tensor }
    }
}

/// The words of a report.
pub(crate) enum AnyWords<'a> {
    /// A sealed update's.
    Clear(&'a [u64]),
    /// Those of one under masks.
    Masked(&'a MaskedWords),
}

/// The control message of `report`; `name` gives the manifest of its words.
pub(crate) fn report_message(
    report: &Report,
    name: impl FnOnce(AnyWords<'_>) -> Manifest,
) -> proto::Report {
    let kind = match report {
        Report::Summary { round, summary } => report::Report::Summary(proto::Summary {
            round: round.0,
            rows: summary.rows,
            sums: pack_sums(&summary.sums),
            squares: pack_sums(&summary.squares),
        }),
        Report::Upload { round, upload } => report::Report::Upload(proto::Upload {
            round: round.0,
            weight: upload.weight,
            loss: upload.loss,
            words: Some((&name(AnyWords::Clear(&upload.words))).into()),
        }),
        Report::Masking { round, answer } => report::Report::Masking(proto::MaskingAnswer {
            round: round.0,
            answer: Some(answer_message(answer, |words| {
                name(AnyWords::Masked(words))
            })),
        }),
        Report::Evaluation { round, evaluation } => report::Report::Evaluation(proto::Evaluation {
            round: round.0,
            metrics: evaluation.0.iter().map(metric_message).collect(),
        }),
        Report::Declined {
            round,
            reason,
            for_good,
        } => report::Report::Declined(proto::Declined {
            round: round.0,
            reason: reason[..reason.floor_char_boundary(LONGEST_REASON)].to_owned(),
            for_good: *for_good,
        }),
    };
    proto::Report { report: Some(kind) }
}

impl TryFrom<Packed<proto::Report>> for Report {
    type Error = Unreadable;

    fn try_from(packed: Packed<proto::Report>) -> Result<Self, Unreadable> {
        let Packed { message, tensor } = packed;
        Packed::<()>::unnamed(message.needs()?, tensor.as_ref())?;
        Ok(match message.report.ok_or(Unreadable::Missing("report"))? {
            report::Report::Summary(m) => Self::Summary {
                round: RoundId(m.round),
                summary: read_summary(&m)?,
            },
            report::Report::Upload(m) => Self::Upload {
                round: RoundId(m.round),
                upload: read_upload(m, tensor)?,
            },
            report::Report::Masking(m) => Self::Masking {
                round: RoundId(m.round),
                answer: read_answer(m.answer, tensor)?,
            },
            report::Report::Evaluation(m) => Self::Evaluation {
                round: RoundId(m.round),
                evaluation: read_evaluation(m.metrics)?,
            },
            report::Report::Declined(m) => Self::Declined {
                round: RoundId(m.round),
                reason: readable("declined.reason", &m.reason)?,
                for_good: m.for_good,
            },
        })
    }
}

impl proto::Report {
    /// The tensor that must be there before the report can be unpacked, if it names one.
    ///
    /// # Errors
    /// [`Unreadable`] when the report, or the manifest in it, is not whole.
    pub fn needs(&self) -> Result<Option<Manifest>, Unreadable> {
        let words = match self.report.as_ref().ok_or(Unreadable::Missing("report"))? {
            report::Report::Upload(m) => &m.words,
            report::Report::Masking(m) => match &m.answer {
                Some(masking_answer::Answer::Upload(m)) => &m.words,
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        let words = words.clone().ok_or(Unreadable::Missing("upload.words"))?;
        Manifest::try_from(words).map(Some)
    }
}

/// A text from another party, for people to read: no longer than [`LONGEST_REASON`] bytes, and with
/// every control character replaced, so that it cannot move a terminal's cursor.
///
/// # Errors
/// [`Unreadable::TooLong`] names `field`.
pub fn readable(field: &'static str, text: &str) -> Result<String, Unreadable> {
    if text.len() > LONGEST_REASON {
        return Err(Unreadable::TooLong {
            field,
            got: text.len(),
            most: LONGEST_REASON,
        });
    }
    let printable = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    Ok(text.chars().map(printable).collect())
}

fn pack_sums(sums: &[i128]) -> Bytes {
    sums.iter().flat_map(|s| s.to_le_bytes()).collect()
}

fn read_sums(field: &'static str, bytes: &Bytes) -> Result<Vec<i128>, Unreadable> {
    let (sums, rest) = bytes.as_chunks::<16>();
    if !rest.is_empty() {
        return Err(Unreadable::Ragged {
            field,
            got: bytes.len(),
            unit: 16,
        });
    }
    Ok(sums.iter().map(|s| i128::from_le_bytes(*s)).collect())
}

fn read_summary(message: &proto::Summary) -> Result<Summary, Unreadable> {
    let sums = read_sums("summary.sums", &message.sums)?;
    let squares = read_sums("summary.squares", &message.squares)?;
    if sums.len() != squares.len() {
        return Err(Unreadable::Unequal {
            first: "summary.sums",
            one: sums.len(),
            second: "summary.squares",
            other: squares.len(),
        });
    }
    Ok(Summary {
        rows: message.rows,
        sums,
        squares,
    })
}

fn read_upload(message: proto::Upload, tensor: Option<Tensor>) -> Result<Upload, Unreadable> {
    let words = message.words.ok_or(Unreadable::Missing("upload.words"))?;
    let loss = finite("upload.loss", message.loss)?;
    let tensor = Packed::<()>::claim(tensor, &Manifest::try_from(words)?)?;
    Ok(Upload {
        words: tensor.words()?.into(),
        weight: message.weight,
        loss,
    })
}

fn metric_message((name, estimate): (&String, &Estimate)) -> proto::Metric {
    proto::Metric {
        name: name.clone(),
        value: estimate.value,
        n: estimate.n,
        standard_error: estimate.standard_error,
    }
}

fn read_evaluation(metrics: Vec<proto::Metric>) -> Result<Evaluation, Unreadable> {
    let mut evaluation = BTreeMap::new();
    for metric in metrics {
        let (name, estimate) = read_metric(metric)?;
        if evaluation.insert(name.clone(), estimate).is_some() {
            return Err(Unreadable::MetricTwice(name));
        }
    }
    Ok(Evaluation(evaluation))
}

fn read_metric(metric: proto::Metric) -> Result<(String, Estimate), Unreadable> {
    if metric.name.is_empty() {
        return Err(Unreadable::Missing("metric.name"));
    }
    if metric.name.len() > LONGEST_NAME {
        return Err(Unreadable::TooLong {
            field: "metric.name",
            got: metric.name.len(),
            most: LONGEST_NAME,
        });
    }
    if metric.name.contains(char::is_control) {
        return Err(Unreadable::OutOfRange {
            field: "metric.name",
            got: format!("{:?}", metric.name),
            range: "printable",
        });
    }
    let standard_error = finite("metric.standard_error", metric.standard_error)?;
    if standard_error < 0.0 {
        return Err(Unreadable::OutOfRange {
            field: "metric.standard_error",
            got: standard_error.to_string(),
            range: "0 or more",
        });
    }
    let estimate = Estimate {
        value: finite("metric.value", metric.value)?,
        n: metric.n,
        standard_error,
    };
    Ok((metric.name, estimate))
}
