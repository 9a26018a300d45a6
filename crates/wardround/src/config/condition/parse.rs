//! Text to condition: tokens with their places, then one function for each strength of binding.

use std::ops::Range;

use super::{Condition, Mistake, Word};

/// The deepest nesting of `!` and parentheses.
const DEEPEST: usize = 64;

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Tag(String),
    Text(String),
    Sign(&'static str),
}

/// Every sign; longer ones before their beginnings.
const SIGNS: [&str; 9] = ["==", "!=", "&&", "||", "!", "(", ")", "[", "]"];

pub(super) fn parse(text: &str) -> Result<Condition, Mistake> {
    let tokens = tokens(text)?;
    let end = text.trim_end().len();
    let mut parser = Parser {
        tokens: &tokens,
        end,
        depth: 0,
    };
    let condition = parser.any()?;
    match parser.tokens.first() {
        None => Ok(condition),
        Some(_) => Err(parser.expected("`&&`, `||` or the end")),
    }
}

fn tokens(text: &str) -> Result<Vec<(Token, Range<usize>)>, Mistake> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let wrong = |length: usize, message: &str, help: &str| Mistake {
            at: at..at + length,
            message: message.to_owned(),
            help: Some(help.to_owned()),
        };
        let sign = SIGNS
            .iter()
            .chain(&[","])
            .find(|sign| rest.starts_with(**sign));
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if let Some(sign) = sign {
            found.push((Token::Sign(sign), at..at + sign.len()));
            sign.len()
        } else if matches!(first, '"' | '\'') {
            let Some(inside) = rest[1..].find(first) else {
                return Err(wrong(
                    rest.len(),
                    "a text has no end",
                    "close it with the same quote",
                ));
            };
            let text = rest[1..=inside].to_owned();
            found.push((Token::Text(text), at..at + inside + 2));
            inside + 2
        } else if first.is_ascii_alphabetic() {
            let part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            let length = rest.find(|c| !part(c)).unwrap_or(rest.len());
            found.push((Token::Tag(rest[..length].to_owned()), at..at + length));
            length
        } else {
            let help = match first {
                '=' => "write `==` to compare",
                '&' => "write `&&` for and",
                '|' => "write `||` for or",
                _ => {
                    "a condition is made of tags, texts in quotes, `==`, `!=`, `in [...]`, `&&`, \
                      `||`, `!` and parentheses"
                }
            };
            return Err(wrong(first.len_utf8(), "this means nothing", help));
        };
        at += length;
    }
    Ok(found)
}

struct Parser<'a> {
    tokens: &'a [(Token, Range<usize>)],
    /// Where the text ends.
    end: usize,
    depth: usize,
}

impl Parser<'_> {
    fn any(&mut self) -> Result<Condition, Mistake> {
        self.several("||", Self::all, Condition::Any)
    }

    fn all(&mut self) -> Result<Condition, Mistake> {
        self.several("&&", Self::one, Condition::All)
    }

    /// One or more of `part` between `sign`s.
    fn several(
        &mut self,
        sign: &'static str,
        part: fn(&mut Self) -> Result<Condition, Mistake>,
        whole: fn(Vec<Condition>) -> Condition,
    ) -> Result<Condition, Mistake> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.takes(sign) {
            parts.push(part(self)?);
        }
        Ok(match parts.len() {
            1 => parts.remove(0),
            _ => whole(parts),
        })
    }

    fn one(&mut self) -> Result<Condition, Mistake> {
        self.depth += 1;
        if self.depth > DEEPEST {
            let message = format!("is nested more than {DEEPEST} deep");
            return Err(self.mistake(message, None));
        }
        let condition = if self.takes("!") {
            Condition::Not(Box::new(self.one()?))
        } else if self.takes("(") {
            let inside = self.any()?;
            if !self.takes(")") {
                return Err(self.expected("`&&`, `||` or `)`"));
            }
            inside
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn comparison(&mut self) -> Result<Condition, Mistake> {
        let Some((Token::Tag(tag), at)) = self.tokens.first() else {
            return Err(self.expected("a tag such as `tier`, `!` or `(`"));
        };
        let tag = Word {
            text: tag.clone(),
            at: at.clone(),
        };
        self.tokens = &self.tokens[1..];
        if self.takes("==") {
            Ok(Condition::Among(tag, vec![self.text()?]))
        } else if self.takes("!=") {
            let equal = Condition::Among(tag, vec![self.text()?]);
            Ok(Condition::Not(Box::new(equal)))
        } else if matches!(self.tokens.first(), Some((Token::Tag(word), _)) if word == "in") {
            self.tokens = &self.tokens[1..];
            Ok(Condition::Among(tag, self.list()?))
        } else {
            Err(self.expected("`==`, `!=` or `in`"))
        }
    }

    fn list(&mut self) -> Result<Vec<Word>, Mistake> {
        if !self.takes("[") {
            return Err(self.expected("`[`"));
        }
        let mut words = vec![self.text()?];
        while !self.takes("]") {
            if !self.takes(",") {
                return Err(self.expected("`,` or `]`"));
            }
            words.push(self.text()?);
        }
        Ok(words)
    }

    fn text(&mut self) -> Result<Word, Mistake> {
        match self.tokens.first() {
            Some((Token::Text(text), at)) => {
                let (text, at) = (text.clone(), at.clone());
                self.tokens = &self.tokens[1..];
                Ok(Word { text, at })
            }
            Some((Token::Tag(word), _)) => {
                let help = format!("put it in quotes: '{word}'");
                Err(self.mistake("a text in quotes is expected here".to_owned(), Some(help)))
            }
            _ => Err(self.expected("a text in quotes")),
        }
    }

    /// Takes `sign` where it is next.
    fn takes(&mut self, sign: &str) -> bool {
        let next = matches!(self.tokens.first(), Some((Token::Sign(next), _)) if *next == sign);
        if next {
            self.tokens = &self.tokens[1..];
        }
        next
    }

    fn expected(&self, what: &str) -> Mistake {
        self.mistake(format!("{what} is expected here"), None)
    }

    /// A mistake at the next token, or at the end.
    fn mistake(&self, message: String, help: Option<String>) -> Mistake {
        let at = self
            .tokens
            .first()
            .map_or(self.end..self.end, |(_, at)| at.clone());
        Mistake { at, message, help }
    }
}
