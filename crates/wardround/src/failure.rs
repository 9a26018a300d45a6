//! An error as a person sees it: what, where, what to do, a code, and how the process ends.

mod from;
mod run;

use std::error::Error;
use std::fmt;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode,
    SourceSpan,
};

use crate::codes::Code;

/// Columns of a report where nobody can say how many there are.
const WIDTH: usize = 100;

/// A mistake told to the user: one finding, or several at once.
#[derive(Debug)]
pub struct Failure {
    finding: Box<Finding>,
}

/// One finding, with its place in a text where there is one.
#[derive(Debug)]
pub struct Finding {
    code: Code,
    message: String,
    help: Option<String>,
    place: Option<Place>,
    cause: Option<Box<dyn Error + Send + Sync>>,
    related: Vec<Finding>,
}

#[derive(Debug)]
struct Place {
    source: NamedSource<Arc<str>>,
    span: SourceSpan,
    label: String,
}

impl Finding {
    /// A finding without a place. `message` is a lowercase fragment that says what and where.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: plain(&message.into()),
            help: None,
            place: None,
            cause: None,
            related: Vec::new(),
        }
    }

    /// Source and offset; without a place, before everything.
    fn stands(&self) -> Option<(&str, usize)> {
        self.place
            .as_ref()
            .map(|place| (place.source.name(), place.span.offset()))
    }

    /// Says what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(plain(&help.into()));
        self
    }

    /// Underlines `span` of the text called `name` with `label`.
    #[must_use]
    pub fn at(
        mut self,
        name: &str,
        text: &str,
        span: std::ops::Range<usize>,
        label: impl Into<String>,
    ) -> Self {
        let text: Arc<str> = plain(text).into();
        self.place = Some(Place {
            source: NamedSource::new(plain(name), text),
            span: span.into(),
            label: plain(&label.into()),
        });
        self
    }
}

impl Failure {
    /// A failure without a place. `message` is a lowercase fragment that says what and where.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Finding::new(code, message).into()
    }

    /// Says what to do.
    #[must_use]
    pub fn help(self, help: impl Into<String>) -> Self {
        (*self.finding).help(help).into()
    }

    /// Says what it comes from.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.finding.cause = Some(cause.into());
        self
    }

    /// All findings about `subject` as one failure, in the order of the text. `None` when there are
    /// none.
    #[must_use]
    pub fn all(subject: &str, mut findings: Vec<Finding>) -> Option<Self> {
        findings.sort_by(|a, b| a.stands().cmp(&b.stands()));
        match findings.len() {
            0 => None,
            1 => findings.pop().map(Self::from),
            count => {
                let code = findings[0].code;
                let mut whole = Finding::new(code, format!("{count} problems in {subject}"));
                whole.related = findings;
                Some(whole.into())
            }
        }
    }

    /// Its code; of several findings, the first one's.
    #[must_use]
    pub fn code(&self) -> Code {
        self.finding.code
    }

    /// How the process ends: 1 the run failed, 2 usage, 3 configuration, 4 data, 5 connection,
    /// 6 quorum.
    #[must_use]
    pub fn exit(&self) -> u8 {
        self.code().info().exit
    }

    /// The same as the standard library's type.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.exit())
    }

    /// The report as text for a screen of `width` columns.
    #[must_use]
    pub fn render(&self, width: usize, colours: bool) -> String {
        let theme = if colours {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_links(false)
            .with_width(width)
            .with_footer(self.footer());
        let mut text = String::new();
        match handler.render_report(&mut text, self.finding.as_ref()) {
            Ok(()) => text,
            // Only a place outside its text could do this; the message is what counts.
            Err(_) => format!("{self}\n"),
        }
    }

    /// Writes the report to standard error: in colours on a terminal that wants them.
    pub fn print(&self) {
        let mut stderr = std::io::stderr().lock();
        let colours =
            stderr.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
        // Nobody is left to tell when standard error is closed.
        let _ = stderr.write_all(self.render(WIDTH, colours).as_bytes());
    }

    fn footer(&self) -> String {
        let mut codes = vec![self.finding.code];
        codes.extend(self.finding.related.iter().map(|finding| finding.code));
        codes.sort_unstable();
        codes.dedup();
        let commands: Vec<String> = codes
            .iter()
            .map(|c| format!("`wardround explain {c}`"))
            .collect();
        match commands.as_slice() {
            [one] => format!("{one} says more"),
            several => format!("{} say more", several.join(", ")),
        }
    }
}

/// `text` without control characters, byte for byte as long: a file or a peer cannot write escape
/// sequences onto the screen, and places in the text stay true.
fn plain(text: &str) -> String {
    let control = |c: char| c.is_control() && !matches!(c, '\n' | '\t' | '\r');
    if !text.contains(control) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            let count = if control(c) { c.len_utf8() } else { 1 };
            std::iter::repeat_n(if control(c) { '?' } else { c }, count)
        })
        .collect()
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl Error for Finding {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause
            .as_deref()
            .map(|cause| cause as &(dyn Error + 'static))
    }
}

impl Diagnostic for Finding {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        // The headline of several findings has no code of its own.
        self.related
            .is_empty()
            .then(|| Box::new(self.code) as Box<dyn fmt::Display>)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.place
            .as_ref()
            .map(|place| &place.source as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let place = self.place.as_ref()?;
        let label = LabeledSpan::new_primary_with_span(Some(place.label.clone()), place.span);
        Some(Box::new(std::iter::once(label)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let related = self
            .related
            .iter()
            .map(|finding| finding as &dyn Diagnostic);
        (!self.related.is_empty()).then(|| Box::new(related) as Box<_>)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.finding.code, self.finding)?;
        for finding in &self.finding.related {
            write!(f, "; {}: {finding}", finding.code)?;
        }
        Ok(())
    }
}

impl Error for Failure {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.finding.source()
    }
}

impl From<Finding> for Failure {
    fn from(finding: Finding) -> Self {
        Self {
            finding: Box::new(finding),
        }
    }
}
