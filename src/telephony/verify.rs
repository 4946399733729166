//! A profile held against the data: taken, refused with the line, the column and the profile that fits, or asked about.

use super::dialects::asterisk::{Seventeenth, tell_seventeenth};
use super::dialects::cdr::is_header;
use super::dialects::columns::Col;
use super::dialects::generic::{BadMap, Map};
use super::fields;
use super::lines::{Line, Splitter};
use super::profile::{Layout, PROFILES, Profile};
use super::record::BadField;
use super::source::Source;

/// Records looked at.
pub const SAMPLE: usize = 200;

/// What the caller says about the file besides its profile.
#[derive(Debug, Clone, Default)]
pub struct Told {
    pub map: Option<Map>,
    pub seventeen: Option<Seventeenth>,
}

/// The profile cannot be used on this file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// No whole record yet: wait for more of the file.
    #[error("no whole record yet")]
    Empty,
    #[error("the file is UTF-16; save it as UTF-8")]
    Utf16,
    /// The file is of another kind.
    #[error("line {line}: {bad}; this is not {}{}", profile.name(), suggestion(fits))]
    Wrong { profile: Profile, line: u64, bad: BadField, fits: Vec<Profile> },
    /// The 17th column is empty, or holds both kinds.
    #[error("line {line}: nothing tells whether the 17th column is the uniqueid or the userfield; say which")]
    Ambiguous { line: u64 },
    #[error("the generic profile needs a column map")]
    NoMap,
    #[error("the column map does not fit: {0}")]
    Map(#[from] BadMap),
}

fn suggestion(fits: &[Profile]) -> String {
    match fits {
        [] => "; no profile fits".into(),
        fits => format!("; the file fits: {}", fits.iter().map(|p| p.name()).collect::<Vec<_>>().join(", ")),
    }
}

/// The layout of a file by its first bytes (64 KiB do). `complete`: these are all its bytes, so that a last line without an end counts.
///
/// # Errors
/// [`Refusal`].
pub fn detect(profile: Profile, head: &[u8], complete: bool, told: &Told, source: &Source) -> Result<Layout, Refusal> {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return Err(Refusal::Utf16);
    }
    match attempt(profile, head, complete, told, source) {
        Err(Refusal::Wrong { profile, line, bad, .. }) => {
            let others = PROFILES.iter().map(|a| a.profile).filter(|p| *p != profile && *p != Profile::Generic);
            // One that would have to ask about a column fits too.
            let fits = others.filter(|p| matches!(attempt(*p, head, complete, told, source), Ok(_) | Err(Refusal::Ambiguous { .. }))).collect();
            Err(Refusal::Wrong { profile, line, bad, fits })
        }
        other => other,
    }
}

fn sample(layout: &Layout, head: &[u8], complete: bool) -> Vec<Line> {
    let mut splitter = Splitter::new(layout.framing());
    splitter.feed(head);
    if complete {
        splitter.finish();
    }
    let mut lines = Vec::new();
    while let Some(line) = splitter.next_line() {
        lines.extend(line.ok());
        if lines.len() > SAMPLE {
            break;
        }
    }
    lines
}

fn attempt(profile: Profile, head: &[u8], complete: bool, told: &Told, source: &Source) -> Result<Layout, Refusal> {
    let mut layout = Layout::plain(profile);
    let body = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    let tabular = !matches!(profile, Profile::QueueLog | Profile::FreeswitchJson | Profile::Events);
    if tabular {
        layout.delimiter = fields::delimiter_of(body.split(|b| *b == b'\n').find(|l| !l.trim_ascii().is_empty()).unwrap_or_default());
    }
    let mut lines = sample(&layout, head, complete);
    let Some(first) = lines.first() else {
        let foreign = complete || head.len() > super::lines::DEFAULT_CAP;
        let (line, bad) = (1, BadField::new(0, "document", "a record of this kind"));
        return Err(if foreign && !head.trim_ascii().is_empty() { Refusal::Wrong { profile, line, bad, fits: Vec::new() } } else { Refusal::Empty });
    };
    if tabular {
        let row = fields::csv(&first.bytes, layout.delimiter);
        if profile == Profile::Generic {
            layout.map = told.map.clone().ok_or(Refusal::NoMap)?;
            layout.header = Some(layout.map.resolve(&row)?);
            layout.skips_first = layout.map.by_name() || layout.read(&first.bytes, source).reading.is_err();
        } else if is_header(&row) {
            layout.header = Some(row.cells.iter().map(|c| Col::named(c).unwrap_or(Col::Other)).collect());
            layout.skips_first = true;
        } else if profile == Profile::Freepbx {
            let bad = BadField::new(0, "header", "a first line that names the columns");
            return Err(Refusal::Wrong { profile, line: first.number, bad, fits: Vec::new() });
        }
        if layout.skips_first {
            lines.remove(0);
        }
    }
    if profile == Profile::Asterisk && layout.header.is_none() {
        layout.seventeen = told.seventeen;
        seventeenth(&mut layout, &lines)?;
    }
    judge(layout, &lines, source)
}

fn seventeenth(layout: &mut Layout, lines: &[Line]) -> Result<(), Refusal> {
    let rows: Vec<_> = lines.iter().map(|l| (l.number, fields::csv(&l.bytes, layout.delimiter))).filter(|(_, r)| r.cells.len() == 17).collect();
    let Some((line, _)) = rows.first() else { return Ok(()) };
    if layout.seventeen.is_some() {
        return Ok(());
    }
    layout.seventeen = tell_seventeenth(rows.iter().map(|(_, r)| r.cells.get(16).map_or("", String::as_str)));
    // A file of another kind has other errors, which say more.
    let dated = rows.iter().any(|(_, r)| {
        r.get(9).is_some_and(|s| super::zone::Stamp::parse(s).is_some()) && r.get(14).is_some_and(|d| super::dialects::cdr::disposition(d).is_some())
    });
    if layout.seventeen.is_none() && dated { Err(Refusal::Ambiguous { line: *line }) } else { Ok(()) }
}

/// Taken when more than half of the sample can be read: a damaged line in a good file is no reason to refuse the file.
fn judge(layout: Layout, lines: &[Line], source: &Source) -> Result<Layout, Refusal> {
    let (mut good, mut first_bad) = (0usize, None);
    for line in lines {
        match layout.read(&line.bytes, source).reading {
            Ok(_) => good += 1,
            Err(bad) if first_bad.is_none() => first_bad = Some((line.number, bad)),
            Err(_) => {}
        }
    }
    match first_bad {
        Some((line, bad)) if good * 2 <= lines.len() => Err(Refusal::Wrong { profile: layout.profile, line, bad, fits: Vec::new() }),
        _ if lines.is_empty() => Err(Refusal::Empty),
        _ => Ok(layout),
    }
}
