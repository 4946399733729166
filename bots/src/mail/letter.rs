//! One letter as it came, read as far as it can be read: nothing in it makes reading fail.

use super::machine::{self, Origin};
use super::tame::{tame, wild};
use super::words;
use mail_parser::decoders::html::html_to_text;
use mail_parser::{Address, HeaderValue, Message, MessageParser, MessagePart, MimeHeaders, PartType};
use std::borrow::Cow;

/// Files of one letter that are looked at; what lies behind them stays in the letter.
pub const MOST_FILES: usize = 10;
/// Names of earlier letters that are kept, the oldest and the newest of them.
const MOST_REFS: usize = 40;
/// Longest identifier that is taken, in bytes.
const LONGEST_ID: usize = 250;
/// Parts of text that are read, and their characters in all.
const MOST_TEXTS: usize = 20;
const MOST_CHARS: usize = 200_000;
/// A small picture inside the text is a logo under a signature, in bytes.
const LOGO: usize = 6 * 1024;

/// Whom a letter says it is from. A claim: anybody can write any name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Writer {
    /// In lower case.
    pub address: String,
    pub name: Option<String>,
}

/// A file in a letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// Its place among the files, for [`file`].
    pub place: usize,
    /// What the letter says it is.
    pub mime: Option<String>,
    pub name: Option<String>,
    /// Bytes.
    pub size: usize,
}

/// A letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Without its brackets.
    pub id: Option<String>,
    /// Letters that this one answers, the oldest first.
    pub refs: Vec<String>,
    pub from: Option<Writer>,
    pub subject: String,
    /// Everything that is written in it.
    pub text: String,
    /// What its author wrote this time: without quotes and signatures.
    pub words: String,
    pub files: Vec<FilePart>,
    pub origin: Origin,
}

/// Reads a letter. What is no letter at all reads as an empty one.
#[must_use]
pub fn read(raw: &[u8]) -> Letter {
    let raw = tame(raw);
    let Some(m) = MessageParser::default().parse(&*raw) else { return nothing() };
    let (text, words) = texts(&m);
    let origin = machine::origin(&m, &text);
    let files = shown(&m)
        .take(MOST_FILES)
        .map(|(place, p)| FilePart { place, mime: mime(p), name: p.attachment_name().map(short).filter(|n| !n.is_empty()), size: p.contents().len() })
        .collect();
    Letter {
        id: m.message_id().and_then(tidy_id),
        refs: refs(&m),
        from: m.from().and_then(writer),
        subject: one_line(m.subject().unwrap_or_default(), 300),
        text,
        words,
        files,
        origin,
    }
}

/// The bytes of a file of a letter, and what they are said to be.
#[must_use]
pub fn file(raw: &[u8], place: usize) -> Option<(Vec<u8>, Option<String>, Option<String>)> {
    let raw = tame(raw);
    let m = MessageParser::default().parse(&*raw)?;
    let part = m.attachments().nth(place)?;
    Some((part.contents().to_vec(), mime(part), part.attachment_name().map(short)))
}

const fn nothing() -> Letter {
    Letter {
        id: None,
        refs: Vec::new(),
        from: None,
        subject: String::new(),
        text: String::new(),
        words: String::new(),
        files: Vec::new(),
        origin: Origin::Machine,
    }
}

/// Files that a person put there, by their place.
fn shown<'m>(m: &'m Message<'_>) -> impl Iterator<Item = (usize, &'m MessagePart<'m>)> {
    m.attachments().enumerate().filter(|(_, p)| {
        let inside = p.content_id().is_some() && mime(p).is_some_and(|t| t.starts_with("image/"));
        let least = if inside { LOGO } else { 1 };
        p.contents().len() >= least
    })
}

fn mime(part: &MessagePart<'_>) -> Option<String> {
    let kind = part.content_type()?;
    let whole = wild(&format!("{}/{}", kind.ctype(), kind.subtype()?).to_ascii_lowercase());
    let sane = whole.len() <= 100 && whole.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'.' | b'-' | b'+'));
    sane.then_some(whole)
}

/// A file's name without folders and without what moves a cursor.
fn short(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    one_line(wild(last).trim_start_matches('.'), 120)
}

/// One line without control characters, at most so many characters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() || is_direction(c) { ' ' } else { c }).take(most * 2).collect();
    clean.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(most).collect()
}

/// Marks that turn the direction of what follows: a name can pretend with them to be another.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

fn writer(from: &Address<'_>) -> Option<Writer> {
    let first = from.first()?;
    let address = address(first.address.as_deref()?)?;
    let name = first.name.as_deref().map(|n| one_line(n, 120)).filter(|n| !n.is_empty() && !n.contains('@'));
    Some(Writer { address, name })
}

/// An address that can be answered, in lower case.
fn address(text: &str) -> Option<String> {
    let text = text.trim().to_lowercase();
    let (local, domain) = text.rsplit_once('@')?;
    let odd = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | '"' | '(' | ')' | ',' | ';' | ':' | '\\' | '@' | '#');
    let whole = !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.');
    (whole && text.len() <= 254 && !local.contains(odd) && !domain.contains(odd)).then_some(text)
}

/// An identifier without its brackets; none when it could not stand in a header of ours.
pub(super) fn tidy_id(id: &str) -> Option<String> {
    let id = id.trim().trim_start_matches('<').trim_end_matches('>').trim();
    let sane = !id.is_empty() && id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'<' | b'>' | b',' | b'"'));
    sane.then(|| id.to_owned())
}

/// What the letter answers: the chain, then the letter that was answered.
fn refs(m: &Message<'_>) -> Vec<String> {
    let ids = |v: &HeaderValue<'_>| -> Vec<String> {
        v.as_text_list().into_iter().flatten().flat_map(|t| t.split_whitespace()).filter_map(tidy_id).collect()
    };
    let mut all: Vec<String> = Vec::new();
    for id in ids(m.references()).into_iter().chain(ids(m.in_reply_to())) {
        all.retain(|known| *known != id);
        all.push(id);
        if all.len() > MOST_REFS {
            // The root and the nearest ones decide.
            all.remove(1);
        }
    }
    all
}

/// All that is written, and what is its author's own.
fn texts(m: &Message<'_>) -> (String, String) {
    let (mut whole, mut own) = (String::new(), String::new());
    for i in 0..m.text_body_count().min(MOST_TEXTS) {
        let Some(part) = m.text_part(u32::try_from(i).unwrap_or(u32::MAX)) else { continue };
        let (text, words): (Cow<'_, str>, String) = match &part.body {
            PartType::Text(t) => (Cow::Borrowed(cut(t)), words::own_words(cut(t))),
            PartType::Html(html) => {
                let html = cut(html);
                let text = html_to_text(html);
                let own = words::unquoted_html(html).map(html_to_text).filter(|t| t.chars().any(char::is_alphanumeric));
                let words = words::own_words(own.as_deref().unwrap_or(&text));
                (Cow::Owned(text), words)
            }
            _ => continue,
        };
        for (to, more) in [(&mut whole, &*text), (&mut own, words.as_str())] {
            let left = MOST_CHARS.saturating_sub(to.len());
            if !to.is_empty() && !more.trim().is_empty() {
                to.push('\n');
            }
            to.extend(more.chars().filter(|c| *c != '\r' && *c != '\0').take(left));
        }
    }
    (whole.trim().to_owned(), own.trim().to_owned())
}

/// The beginning of a very long text.
fn cut(text: &str) -> &str {
    let mut end = text.len().min(MOST_CHARS);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}
