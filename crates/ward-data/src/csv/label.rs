//! What the label is: `num > 0`, `diagnosis == "sick"`, or a column of zeros and ones.

/// A rule that makes a class, 0 or 1, of one column's text.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct LabelRule {
    /// The column it reads.
    pub(super) column: String,
    test: Test,
}

#[derive(Debug, Clone, PartialEq)]
enum Test {
    /// The column is 0 or 1.
    Binary,
    Number(Op, f64),
    Text {
        equal: bool,
        text: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Op {
    Greater,
    AtLeast,
    Less,
    AtMost,
    Equal,
    Unequal,
}

/// Longer ones first, so that `>=` is not read as `>`.
const OPS: [(&str, Op); 6] = [
    (">=", Op::AtLeast),
    ("<=", Op::AtMost),
    ("==", Op::Equal),
    ("!=", Op::Unequal),
    (">", Op::Greater),
    ("<", Op::Less),
];

const FORMS: &str = "write a column of zeros and ones (`sick`), a comparison with a number \
                     (`num > 0`; also >=, <, <=, ==, !=) or with a text (`diagnosis == \"sick\"`)";

impl LabelRule {
    /// Reads an expression.
    pub(super) fn parse(expression: &str) -> Result<Self, String> {
        let first = OPS
            .iter()
            .enumerate()
            .filter_map(|(rank, &(sign, op))| Some((expression.find(sign)?, rank, sign, op)))
            .min_by_key(|&(at, rank, ..)| (at, rank));
        let (column, test) = match first {
            None => (expression, Test::Binary),
            Some((at, _, sign, op)) => {
                let right = expression[at + sign.len()..].trim();
                (&expression[..at], test(op, right)?)
            }
        };
        let column = column.trim().to_owned();
        if column.is_empty() {
            return Err(format!("`{expression}` names no column; {FORMS}"));
        }
        if first.is_none() && column.contains('=') {
            return Err(format!("equality is `==`; {FORMS}"));
        }
        Ok(Self { column, test })
    }

    /// The class of a cell, which is not missing.
    pub(super) fn class(&self, cell: &str) -> Result<u8, String> {
        let number = || finite(cell).ok_or_else(|| self.not_a_number());
        let is = match &self.test {
            Test::Binary => match number()? {
                0.0 => false,
                1.0 => true,
                _ => return Err(self.not_binary()),
            },
            Test::Number(op, right) => {
                let left = number()?;
                match op {
                    Op::Greater => left > *right,
                    Op::AtLeast => left >= *right,
                    Op::Less => left < *right,
                    Op::AtMost => left <= *right,
                    Op::Equal => left == *right,
                    Op::Unequal => left != *right,
                }
            }
            Test::Text { equal, text } => (cell == text) == *equal,
        };
        Ok(u8::from(is))
    }

    fn not_a_number(&self) -> String {
        match self.test {
            Test::Binary => self.not_binary(),
            _ => format!(
                "is not a number, and the label compares it with one; correct it, add it to \
                 `missing`, or compare with a text, such as `{} == \"sick\"`",
                self.column
            ),
        }
    }

    fn not_binary(&self) -> String {
        let column = &self.column;
        format!(
            "is neither 0 nor 1; write the label as an expression such as `{column} > 0` or \
             `{column} == \"sick\"`"
        )
    }
}

/// The right side of a comparison.
fn test(op: Op, right: &str) -> Result<Test, String> {
    let quoted = ['"', '\'']
        .into_iter()
        .find_map(|quote| right.strip_prefix(quote)?.strip_suffix(quote));
    match (quoted, op) {
        (Some(text), Op::Equal | Op::Unequal) => Ok(Test::Text {
            equal: op == Op::Equal,
            text: text.trim().to_owned(),
        }),
        (Some(_), _) => Err(format!(
            "texts have no order: only == and != compare them; {FORMS}"
        )),
        (None, _) => match finite(right) {
            Some(number) => Ok(Test::Number(op, number)),
            None => Err(format!(
                "`{right}` is neither a number nor a text in quotes; {FORMS}"
            )),
        },
    }
}

/// A number that a file may hold: `NaN`, `inf` and their like are none.
pub(super) fn finite(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Whether two texts are one value: as numbers where both are, so that `2` is `2.0`.
pub(super) fn same_value(a: &str, b: &str) -> bool {
    a == b || finite(a).is_some_and(|a| finite(b) == Some(a))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_make_classes() {
        for (expression, column, classes) in [
            ("sick", "sick", [("0", 0), ("1", 1), ("1.0", 1)]),
            ("num > 0", "num", [("0", 0), ("1", 1), ("4", 1)]),
            (" num>=2 ", "num", [("1.9", 0), ("2", 1), ("4e0", 1)]),
            (
                "blood pressure < -1.5",
                "blood pressure",
                [("-2", 1), ("-1.5", 0), ("9", 0)],
            ),
            ("a <= 1", "a", [("1", 1), ("0", 1), ("1.1", 0)]),
            ("a == 2", "a", [("2.0", 1), ("2", 1), ("3", 0)]),
            ("a != 2", "a", [("2.0", 0), ("2", 0), ("3", 1)]),
            (
                "d == \"sick > 1\"",
                "d",
                [("sick > 1", 1), ("Sick", 0), ("sick", 0)],
            ),
            ("d != 'well'", "d", [("well", 0), ("ill", 1), ("", 1)]),
        ] {
            let rule = LabelRule::parse(expression).expect(expression);
            assert_eq!(rule.column, column);
            for (cell, class) in classes {
                assert_eq!(rule.class(cell), Ok(class), "{expression} of {cell}");
            }
        }
    }

    #[test]
    fn what_is_no_expression_is_told_what_would_be() {
        for wrong in [
            "",
            " > 0",
            "num > ",
            "num > x",
            "num > NaN",
            "d > \"a\"",
            "num = 1",
            "a == \"",
        ] {
            let error = LabelRule::parse(wrong).expect_err(wrong);
            assert!(error.contains("`num > 0`"), "{error}");
        }
    }

    #[test]
    fn a_grade_is_no_label_until_it_is_compared() {
        let rule = LabelRule::parse("num").expect("a column");
        for cell in ["2", "-1", "yes", "NaN"] {
            let error = rule.class(cell).expect_err(cell);
            assert!(error.contains("`num > 0`"), "{error}");
        }
    }
}
