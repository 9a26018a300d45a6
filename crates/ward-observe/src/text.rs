//! Numbers and lists as people read them.

use std::fmt::Write;

/// Bytes with a decimal unit: `512 B`, `1.2 MB`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if bytes < 1000 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1000.0;
    let mut unit = 0;
    // 999.96 kB would print as 1000.0 kB.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A whole number with its thousands apart: `12,345`.
#[must_use]
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number of things: `1 row`, `2 rows`.
#[must_use]
pub fn things(number: u64, one: &str, many: &str) -> String {
    format!("{} {}", count(number), if number == 1 { one } else { many })
}

/// A privacy loss, rounded up to three digits or so; `infinite` where there is no bound.
#[must_use]
pub fn epsilon(epsilon: f64) -> String {
    if epsilon.is_infinite() {
        return "infinite".to_owned();
    }
    let decimals = if epsilon < 1.0 { 3 } else { 2 };
    let scale = 10_f64.powi(decimals);
    let up = (epsilon * scale - 1e-9).ceil() / scale;
    format!("{up:.*}", decimals as usize)
}

/// A metric's value with three decimals; `–` for what is not a number.
#[must_use]
pub fn value(value: f64) -> String {
    if value.is_finite() {
        let text = format!("{value:.3}");
        // Rounding must not make a sign out of nothing.
        if text == "-0.000" {
            "0.000".to_owned()
        } else {
            text
        }
    } else {
        "–".to_owned()
    }
}

/// A share as a percentage: `34 %`, `0.5 %`.
#[must_use]
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    if !percent.is_finite() {
        "–".to_owned()
    } else if percent != 0.0 && percent.abs() < 10.0 {
        format!("{percent:.1} %")
    } else {
        format!("{percent:.0} %")
    }
}

/// Seconds: `0.4 s`, `12 s`, `3 min 20 s`, `2 h 5 min`.
#[must_use]
pub fn seconds(seconds: f64) -> String {
    if !seconds.is_finite() || seconds < 0.0 {
        return "–".to_owned();
    }
    let whole = seconds.round() as u64;
    match whole {
        _ if seconds < 9.95 => format!("{seconds:.1} s"),
        0..=119 => format!("{whole} s"),
        120..=7199 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole / 60 % 60),
    }
}

/// Text from outside as one line for a terminal: control characters, with which it could move
/// the cursor or forge a line, become `\u{fffd}`.
#[must_use]
pub fn plain(text: &str) -> String {
    let safe = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(safe).collect()
}

/// Ascending numbers with neighbours joined: `1–3, 7`.
#[must_use]
pub fn ranges(numbers: &[u32]) -> String {
    let mut text = String::new();
    let mut rest = numbers;
    while let Some(&first) = rest.first() {
        let neighbours = rest
            .iter()
            .zip(u64::from(first)..)
            .take_while(|(number, expected)| u64::from(**number) == *expected)
            .count();
        let last = rest[neighbours - 1];
        if !text.is_empty() {
            text.push_str(", ");
        }
        let _ = match neighbours {
            1 => write!(text, "{first}"),
            2 => write!(text, "{first}, {last}"),
            _ => write!(text, "{first}–{last}"),
        };
        rest = &rest[neighbours..];
    }
    text
}

/// Names as a list of at most `most`, with the number left out: `a, b and 3 more`.
#[must_use]
pub fn names(names: &[String], most: usize) -> String {
    match names {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [first @ .., last] if names.len() <= most.max(2) => {
            format!("{} and {last}", first.join(", "))
        }
        _ => {
            let shown = most.max(1).min(names.len());
            let left = names.len() - shown;
            format!("{} and {left} more", names[..shown].join(", "))
        }
    }
}

/// The last `width` values as block characters, lowest to highest; no number gives a space.
#[must_use]
pub fn sparkline(values: &[f64], width: usize) -> String {
    const BLOCKS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let values = &values[values.len().saturating_sub(width)..];
    let finite = || values.iter().copied().filter(|v| v.is_finite());
    let low = finite().fold(f64::INFINITY, f64::min);
    let high = finite().fold(f64::NEG_INFINITY, f64::max);
    let block = |value: f64| {
        if !value.is_finite() {
            ' '
        } else if high > low {
            let place = (value - low) / (high - low) * (BLOCKS.len() - 1) as f64;
            BLOCKS[place.round() as usize]
        } else {
            BLOCKS[3]
        }
    };
    values.iter().map(|v| block(*v)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_well() {
        let of = |numbers: &[u64]| numbers.iter().map(|n| bytes(*n)).collect::<Vec<_>>();
        assert_eq!(
            of(&[0, 999, 1000, 999_949, 999_951, 12_345_678]),
            ["0 B", "999 B", "1.0 kB", "999.9 kB", "1.0 MB", "12.3 MB"]
        );
        assert_eq!(bytes(u64::MAX), "18446.7 PB");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(count(123), "123");
        assert_eq!(things(1, "row", "rows"), "1 row");
        assert_eq!(value(-0.000_1), "0.000");
        assert_eq!(value(f64::NAN), "–");
        assert_eq!(percent(0.344), "34 %");
        assert_eq!(percent(0.0051), "0.5 %");
        assert_eq!(seconds(9.96), "10 s");
        assert_eq!(seconds(200.0), "3 min 20 s");
        assert_eq!(seconds(7500.0), "2 h 5 min");
    }

    #[test]
    fn a_name_cannot_move_the_cursor() {
        assert_eq!(
            plain("a\u{1b}[2Jb\nc\u{9b}"),
            "a\u{fffd}[2Jb\u{fffd}c\u{fffd}"
        );
        assert_eq!(plain("第一人民医院 №1"), "第一人民医院 №1");
    }

    #[test]
    fn lists_read_well() {
        assert_eq!(ranges(&[]), "");
        assert_eq!(ranges(&[1, 2, 3, 7, 9, 10]), "1–3, 7, 9, 10");
        assert_eq!(ranges(&[u32::MAX]), "4294967295");
        let some: Vec<String> = ["a", "b", "c", "d"].map(String::from).into();
        assert_eq!(names(&some, 4), "a, b, c and d");
        assert_eq!(names(&some, 2), "a, b and 2 more");
        assert_eq!(names(&some[..1], 2), "a");
        assert_eq!(names(&[], 2), "nobody");
    }

    #[test]
    fn a_sparkline_shows_the_newest_values() {
        assert_eq!(sparkline(&[9.0, 0.0, 0.5, 1.0], 3), "▁▅█");
        assert_eq!(sparkline(&[0.3, 0.3], 10), "▄▄");
        assert_eq!(sparkline(&[f64::NAN, 1.0, 2.0], 10), " ▁█");
        assert_eq!(sparkline(&[], 10), "");
    }
}
