//! Writing HTML and SVG so that nothing is left unescaped.
//!
//! Tag and attribute names are fixed in the program; every text and every attribute value passes
//! [`escape`]. There is no other way to put characters on the page, so a hospital called
//! `<script>` is a word and nothing else.

use std::fmt::{self, Display, Write};

/// A page being written.
#[derive(Debug, Default)]
pub(super) struct Markup {
    out: String,
}

/// A tag being written: attributes first, then its content.
#[must_use = "a tag without content or end is half a tag"]
pub(super) struct Tag<'a> {
    page: &'a mut Markup,
    name: &'static str,
}

/// Writes what it is given with all characters of meaning to HTML escaped.
struct Escaping<'a>(&'a mut String);

impl Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                '\n' | '\t' => self.0.push(character),
                // Control characters and those that turn the direction of the line around.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => self.0.push('\u{fffd}'),
                c if c.is_control() => self.0.push('\u{fffd}'),
                c => self.0.push(c),
            }
        }
        Ok(())
    }
}

impl Markup {
    /// Starts a tag.
    pub(super) fn tag(&mut self, name: &'static str) -> Tag<'_> {
        self.out.push('<');
        self.out.push_str(name);
        Tag { page: self, name }
    }

    /// Text, escaped.
    pub(super) fn text(&mut self, text: impl Display) -> &mut Self {
        // Writing to a string does not fail.
        let _ = write!(Escaping(&mut self.out), "{text}");
        self
    }

    /// A text in bold.
    pub(super) fn strong(&mut self, text: impl Display) -> &mut Self {
        self.tag("strong").text(text);
        self
    }

    /// Characters fixed in the program: the document type and the style sheet.
    pub(super) fn fixed(&mut self, text: &'static str) {
        self.out.push_str(text);
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.out
    }
}

impl<'a> Tag<'a> {
    /// An attribute.
    pub(super) fn at(self, name: &'static str, value: impl Display) -> Self {
        self.page.out.push(' ');
        self.page.out.push_str(name);
        self.page.out.push_str("=\"");
        self.page.text(value);
        self.page.out.push('"');
        self
    }

    /// The class.
    pub(super) fn class(self, class: impl Display) -> Self {
        self.at("class", class)
    }

    /// A coordinate, to a hundredth.
    pub(super) fn num(self, name: &'static str, value: f64) -> Self {
        self.at(name, Num(value))
    }

    /// Ends the tag without content.
    pub(super) fn empty(self) {
        self.page.out.push_str("/>");
    }

    /// Text as the only content.
    pub(super) fn text(self, text: impl Display) {
        self.with(|page| {
            page.text(text);
        });
    }

    /// Any content.
    pub(super) fn with(self, content: impl FnOnce(&mut Markup)) {
        let Tag { page, name } = self;
        page.out.push('>');
        content(page);
        page.out.push_str("</");
        page.out.push_str(name);
        page.out.push('>');
    }
}

/// A coordinate to a hundredth, without trailing zeros; what is not a number becomes 0.
#[derive(Debug, Clone, Copy)]
pub(super) struct Num(pub(super) f64);

impl Display for Num {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hundredths = (self.0 * 100.0).round();
        let sound = hundredths.is_finite() && hundredths != 0.0;
        write!(f, "{}", if sound { hundredths / 100.0 } else { 0.0 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn text_and_attributes_are_escaped() {
        let mut page = Markup::default();
        page.tag("p")
            .at("title", "a \"b\" 'c'")
            .text("<script>alert(1)</script> & \u{202e}x\u{0}");
        assert_eq!(
            page.finish(),
            "<p title=\"a &quot;b&quot; &#39;c&#39;\">&lt;script&gt;alert(1)&lt;/script&gt; &amp; \u{fffd}x\u{fffd}</p>"
        );
    }

    #[test]
    fn coordinates_are_short() {
        let text = |v| Num(v).to_string();
        assert_eq!(text(1.0), "1");
        assert_eq!(text(-0.001), "0");
        assert_eq!(text(1.0 / 3.0), "0.33");
        assert_eq!(text(f64::NAN), "0");
        assert_eq!(text(f64::INFINITY), "0");
    }

    proptest! {
        #[test]
        fn no_text_opens_a_tag(text in any::<String>()) {
            let mut page = Markup::default();
            page.text(&text);
            let out = page.finish();
            prop_assert!(!out.contains(['<', '>', '"', '\'']));
        }
    }
}
