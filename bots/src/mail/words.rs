//! What an author wrote this time: quoted letters, the line that introduces them, and signatures taken off. Whoever writes nothing of their own, but
//! sends on what somebody else wrote, is read whole.

/// Lines that begin a quoted or forwarded letter, in lower case.
const HEADS: [&str; 12] = [
    "-----original message",
    "---- original message",
    "-------- original message",
    "-----исходное сообщение",
    "-------- исходное сообщение",
    "-------- пересылаемое сообщение",
    "-------- forwarded message",
    "---------- forwarded message",
    "----- пересылаемое сообщение",
    "-----бастапқы хабар",
    "begin forwarded message",
    "начало переадресованного сообщения",
];
/// Ends of the line that introduces a quote.
const WROTE: [&str; 9] = ["wrote:", "writes:", "пишет:", "написал:", "написала:", "написал(а):", "писал:", "жазды:", "жазған:"];
/// Fields of a quoted letter as mail programs write them.
const FIELDS: [&str; 15] = [
    "from:",
    "sent:",
    "to:",
    "date:",
    "subject:",
    "от:",
    "от кого:",
    "отправлено:",
    "кому:",
    "дата:",
    "тема:",
    "кімнен:",
    "жіберілген:",
    "кімге:",
    "тақырыбы:",
];
/// Lines that telephones and mail programs put under a letter.
const MACHINES: [&str; 9] = [
    "sent from my ",
    "отправлено с iphone",
    "отправлено с моего",
    "отправлено с устройства",
    "отправлено из ",
    "get outlook for",
    "отправлено при помощи",
    "iphone құрылғысынан жіберілді",
    "менің iphone",
];
/// Words that begin a signature.
const REGARDS: [&str; 11] = [
    "с уважением",
    "с ув.",
    "всего доброго",
    "құрметпен",
    "ізгі ниетпен",
    "сәлеммен",
    "best regards",
    "kind regards",
    "regards,",
    "sincerely",
    "заранее благодарю,",
];
/// So many lines may stand under such words.
const SIGNATURE: usize = 10;
/// Marks in HTML at which what was answered begins, in lower case.
const HTML: [&str; 9] = [
    "<blockquote",
    "class=\"gmail_quote",
    "class=\"yahoo_quoted",
    "class=\"moz-cite-prefix",
    "id=\"divrplyfwdmsg",
    "id=\"appendonsend",
    "id=\"mail-editor-reference-message-container",
    "id=\"oldcontent",
    "-----original message",
];

/// The author's own words.
#[must_use]
pub fn own_words(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    let end = (0..lines.len()).find(|i| begins_quote(&lines, *i)).unwrap_or(lines.len());
    let kept: Vec<&str> = lines.iter().take(end).copied().filter(|l| !is_quote(l)).collect();
    let kept = without_signature(&kept);
    let own = tidy(kept);
    if own.chars().any(char::is_alphanumeric) {
        return own;
    }
    // Nothing of their own: they send on, or answered inside a quote.
    let all: Vec<&str> = lines.iter().map(|l| l.trim_start().trim_start_matches(['>', ' '])).collect();
    tidy(without_signature(&all))
}

/// What stands above a quoted letter; none when nothing is quoted.
pub(super) fn unquoted_html(html: &str) -> Option<&str> {
    let lower = html.to_ascii_lowercase();
    let at = HTML.iter().filter_map(|mark| lower.find(mark)).min()?;
    // A mark inside a tag: the tag goes with it.
    let from = lower.get(..at)?.rfind('<').filter(|open| !lower.get(*open..at).unwrap_or_default().contains('>')).unwrap_or(at);
    html.get(..from)
}

/// The subject without what mail programs put before it.
#[must_use]
pub fn topic(subject: &str) -> &str {
    const BEFORE: [&str; 10] = ["re:", "fwd:", "fw:", "на:", "отв:", "ответ:", "пер:", "жауап:", "aw:", "re[2]:"];
    let mut rest = subject.trim();
    for _ in 0..10 {
        let cut = BEFORE.iter().find_map(|b| {
            let head: String = rest.chars().take(b.chars().count()).collect();
            (head.to_lowercase() == *b).then_some(head.len())
        });
        match cut {
            Some(n) => rest = rest.get(n..).unwrap_or_default().trim_start(),
            None => break,
        }
    }
    rest
}

fn is_quote(line: &str) -> bool {
    line.trim_start().starts_with('>')
}

fn begins_quote(lines: &[&str], at: usize) -> bool {
    let line = |i: usize| lines.get(i).map(|l| l.trim()).unwrap_or_default();
    let lower = line(at).to_lowercase();
    if HEADS.iter().any(|h| lower.starts_with(h)) {
        return true;
    }
    if lower.len() > 20 && lower.chars().all(|c| c == '_') {
        return is_field(line(at + 1)) || is_field(line(at + 2));
    }
    if is_field(&lower) && (1..=3).filter(|n| is_field(line(at + n))).count() >= 2 {
        return true;
    }
    introduces(lines, at)
}

fn is_field(line: &str) -> bool {
    let lower = line.trim_start_matches('*').to_lowercase();
    FIELDS.iter().any(|f| lower.starts_with(f))
}

/// "On Monday X wrote:", on one line or two.
fn introduces(lines: &[&str], at: usize) -> bool {
    let line = |i: usize| lines.get(i).map(|l| l.trim()).unwrap_or_default();
    let ends = |l: &str| {
        let lower = l.to_lowercase();
        WROTE.iter().any(|w| lower.ends_with(w))
    };
    let tells = |l: &str| l.contains('@') || l.contains('<') || l.chars().filter(char::is_ascii_digit).count() >= 4;
    let quoted_after = |i: usize| (i..i + 3).map(line).find(|l| !l.is_empty()).is_some_and(is_quote);
    let first = line(at);
    if ends(first) && (tells(first) || quoted_after(at + 1)) {
        return true;
    }
    let second = line(at + 1);
    !first.is_empty() && tells(first) && first.chars().count() < 200 && ends(second) && (tells(second) || quoted_after(at + 2))
}

/// Lines above the signature.
fn without_signature<'l, 't>(lines: &'l [&'t str]) -> &'l [&'t str] {
    let first = lines.iter().position(|l| l.chars().any(char::is_alphanumeric));
    let written = |upto: usize| first.is_some_and(|first| first < upto);
    let begins = |i: usize, l: &str| {
        let lower = l.trim().to_lowercase();
        let dashes = lower == "--" || lower == "—";
        let machine = MACHINES.iter().any(|m| lower.starts_with(m)) && lower.chars().count() < 90;
        let regards = REGARDS.iter().any(|r| lower.starts_with(r)) && lower.chars().count() < 60 && lines.len() - i <= SIGNATURE;
        written(i) && (dashes || machine || regards)
    };
    let end = lines.iter().enumerate().find(|(i, l)| begins(*i, l)).map_or(lines.len(), |(i, _)| i);
    lines.get(..end).unwrap_or(lines)
}

/// Without empty lines at both ends and with at most one between.
fn tidy(lines: &[&str]) -> String {
    let mut out = String::new();
    let mut gap = false;
    for l in lines {
        if l.trim().is_empty() {
            gap = !out.is_empty();
            continue;
        }
        if !out.is_empty() {
            out.push_str(if gap { "\n\n" } else { "\n" });
        }
        gap = false;
        out.push_str(l.trim_end());
    }
    out
}
