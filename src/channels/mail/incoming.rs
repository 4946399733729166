//! Letters that came, as events of the inbox: a line of ours that says what the letter is and where it belongs, then the letter as it came. Every
//! further file is an event of its own that points at it.

use super::chat;
use crate::channels::{MAIN, ReadError, receipts};
use crate::domain::class::words;
use crate::domain::inbound::{ChannelKind, Content, Failure, Inbound, MediaKind, MediaRef, Receipt, ReceiptStage};
use crate::domain::{Instant, RequestNumber};
use crate::store::raw_events::NewRawEvent;
use bots::mail::{Action, Letter, Origin, own_words, topic};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What stands for the chat of a letter that nobody wrote to us.
const NO_CHAT: &str = "-";
/// Of a longer letter the inbox holds the beginning, in bytes; the whole lies aside.
const IN_INBOX: usize = 256 * 1024;
/// Characters of an author's words that a conversation takes; the letter is kept whole.
const MOST_WORDS: usize = 8_000;

words! {
    /// Who or what wrote a letter.
    Kind {
        Person = "person",
        /// A mail server tells what became of a letter of ours.
        Bounce = "bounce",
        /// An answering machine or another program.
        Machine = "machine",
        /// A mailing list or a newsletter.
        List = "list",
        /// A letter of our own that came back to us.
        Own = "own",
    }
}

/// A letter as it is seen at the door.
#[derive(Debug, Clone)]
pub struct Look {
    /// The event's name: two letters under one Message-ID are two.
    pub external: String,
    /// The Message-ID without its brackets.
    pub letter: Option<String>,
    /// Letters that it answers, the oldest first.
    pub refs: Vec<String>,
    /// Letters of ours that a mail server tells of.
    pub told_of: Vec<String>,
    pub kind: Kind,
    /// The sender's. A claim.
    pub address: Option<String>,
    pub subject: String,
    /// The request that the subject names.
    pub number: Option<RequestNumber>,
    read: Letter,
}

/// What is known of it from earlier letters.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The thread of the same address that it goes on with; of a report, the one of the reported letter.
    pub chat: Option<String>,
    /// The row of ours that a mail server tells of.
    pub outbox: Option<i64>,
}

/// A letter as it is stored.
#[derive(Debug)]
pub struct Stored {
    pub events: Vec<NewRawEvent>,
    /// The whole letter, when it is too long for the inbox.
    pub whole: Option<Vec<u8>>,
    /// None: a letter that nobody wrote to us.
    pub chat: Option<String>,
    /// What it is found by when a person is to be forgotten: the thread, or the address that a machine wrote from.
    pub place: String,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Head {
    kind: String,
    chat: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    from: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    letter: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent_at: Option<Instant>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    outbox: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    file: Option<FileHead>,
}

#[derive(Debug, Serialize, Deserialize)]
struct FileHead {
    id: String,
    kind: String,
    mime: Option<String>,
    size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    group: Option<String>,
}

/// Reads a letter at the door. `own`: addresses of the service, in lower case.
#[must_use]
pub fn look(raw: &[u8], own: &[String]) -> Look {
    let read = bots::mail::read(raw);
    let address = read.from.as_ref().map(|w| w.address.clone());
    let kind = match &read.origin {
        Origin::Bounce(_) => Kind::Bounce,
        _ if address.as_ref().is_some_and(|a| own.contains(a)) => Kind::Own,
        Origin::Machine => Kind::Machine,
        Origin::List => Kind::List,
        Origin::Person if address.is_none() => Kind::Machine,
        Origin::Person => Kind::Person,
    };
    let told_of = match &read.origin {
        Origin::Bounce(b) => b.of.clone(),
        _ => Vec::new(),
    };
    Look {
        external: external(raw, &read),
        letter: read.id.clone(),
        refs: read.refs.clone(),
        told_of,
        kind,
        address,
        number: number_in(&read.subject),
        subject: read.subject.clone(),
        read,
    }
}

/// The Message-ID with a digest of what is said: whoever takes somebody else's identifier does not hide that letter. The same letter brought by two
/// ways differs in what servers write above it, so that is left out.
fn external(raw: &[u8], read: &Letter) -> String {
    let Some(id) = &read.id else { return format!("sha256:{}", hex::encode(Sha256::digest(raw))) };
    let mut hash = Sha256::new();
    let from = read.from.as_ref().map(|w| w.address.as_str()).unwrap_or_default();
    for part in [from, &read.subject, &read.text] {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    for f in &read.files {
        hash.update(f.size.to_be_bytes());
    }
    format!("{id}/{}", hex::encode(hash.finalize()).get(..16).unwrap_or_default())
}

/// A request's number as we write it.
fn number_in(subject: &str) -> Option<RequestNumber> {
    let inside = |c: char| c.is_ascii_digit() || c == '-';
    subject.split(|c: char| !inside(c)).filter(|w| w.matches('-').count() == 2).find_map(|w| RequestNumber::parse(w).ok())
}

/// The rows of a letter.
#[must_use]
pub fn events(look: &Look, raw: &[u8], known: &Known, received_at: Instant, sent_at: Option<Instant>) -> Stored {
    let read = &look.read;
    let from = look.address.clone().filter(|_| look.kind == Kind::Person);
    let to = from.as_deref().map(|address| {
        let root = look.refs.first().or(look.letter.as_ref()).map_or(look.external.as_str(), String::as_str);
        known.chat.clone().unwrap_or_else(|| chat(address, root))
    });
    let mut head = Head {
        kind: look.kind.as_str().to_owned(),
        chat: place(look, known, to.as_deref()),
        name: read.from.as_ref().filter(|_| from.is_some()).and_then(|w| w.name.clone()),
        from,
        letter: look.letter.clone(),
        text: (look.kind == Kind::Person).then(|| text(read, known.chat.is_some())).filter(|t| !t.is_empty()),
        sent_at: sent_at.filter(|at| *at <= received_at),
        outbox: known.outbox,
        failure: None,
        file: None,
    };
    if let Origin::Bounce(b) = &read.origin
        && b.action == Action::Failed
    {
        head.failure = Some(receipts::failure(&b.error()).as_str().to_owned());
    }
    let files: Vec<FileHead> = if look.kind == Kind::Person { files(look) } else { Vec::new() };
    let mut files = files.into_iter();
    head.file = files.next();
    let row = |external: String, head: &Head, letter: &[u8]| NewRawEvent {
        channel: ChannelKind::Mail.as_str().to_owned(),
        account: MAIN.to_owned(),
        external_id: external,
        conversation_key: format!("{}:{MAIN}:{}", ChannelKind::Mail, head.chat),
        body: joined(head, letter),
        received_at,
        readable: true,
    };
    let beginning = raw.get(..raw.len().min(IN_INBOX)).unwrap_or(raw);
    let mut events = vec![row(look.external.clone(), &head, beginning)];
    for (n, file) in files.enumerate() {
        let further = Head {
            kind: head.kind.clone(),
            chat: head.chat.clone(),
            from: head.from.clone(),
            name: head.name.clone(),
            sent_at: head.sent_at,
            file: Some(file),
            ..Head::default()
        };
        events.push(row(format!("{}/{}", look.external, n + 2), &further, b""));
    }
    Stored { events, whole: (raw.len() > IN_INBOX).then(|| raw.to_vec()), chat: to, place: head.chat }
}

/// Where a letter is kept: its text goes when that chat or that address is forgotten.
fn place(look: &Look, known: &Known, thread: Option<&str>) -> String {
    let of = match look.kind {
        Kind::Person => thread,
        Kind::Bounce => known.chat.as_deref(),
        Kind::Machine | Kind::List | Kind::Own => look.address.as_deref(),
    };
    of.unwrap_or(NO_CHAT).to_owned()
}

/// What a conversation reads: the author's words, under the subject where a thread begins.
fn text(read: &Letter, goes_on: bool) -> String {
    let subject = topic(&read.subject);
    let words = if read.words.is_empty() { own_words(&read.text) } else { read.words.clone() };
    let whole = match (subject.is_empty() || (goes_on && !words.is_empty()), words.is_empty()) {
        (true, _) => words,
        (false, true) => subject.to_owned(),
        (false, false) if words.to_lowercase().starts_with(&subject.to_lowercase()) => words,
        (false, false) => format!("{subject}\n{words}"),
    };
    whole.chars().take(MOST_WORDS).collect()
}

/// By which name a file of a letter is fetched.
#[must_use]
pub fn file_id(external: &str, place: usize) -> String {
    format!("{external} {place}")
}

fn files(look: &Look) -> Vec<FileHead> {
    let several = look.read.files.len() > 1;
    let one = |f: &bots::mail::FilePart| {
        let mime = f.mime.clone();
        let kind = match mime.as_deref().and_then(|m| m.split('/').next()) {
            Some("image") => MediaKind::Photo,
            Some("audio") => MediaKind::Audio,
            Some("video") => MediaKind::Video,
            _ => MediaKind::Document,
        };
        FileHead {
            id: file_id(&look.external, f.place),
            kind: kind.as_str().to_owned(),
            mime,
            size: f.size as u64,
            group: several.then(|| look.external.clone()),
        }
    };
    look.read.files.iter().map(one).collect()
}

fn joined(head: &Head, letter: &[u8]) -> Vec<u8> {
    // A line of plain fields always becomes JSON.
    let mut out = serde_json::to_vec(head).unwrap_or_default();
    out.push(b'\n');
    out.extend_from_slice(letter);
    out
}

fn split(body: &[u8]) -> Option<(Head, &[u8])> {
    let at = body.iter().position(|b| *b == b'\n')?;
    let (line, rest) = body.split_at(at);
    Some((serde_json::from_slice(line).ok()?, rest.get(1..).unwrap_or_default()))
}

/// The letter of a stored event, as it came; none for what is no letter, or was erased.
#[must_use]
pub fn letter_in(body: &[u8]) -> Option<&[u8]> {
    split(body).map(|(_, letter)| letter)
}

/// Reads a stored event.
///
/// # Errors
/// [`ReadError`].
pub fn inbound(account: &str, body: &[u8]) -> Result<Inbound, ReadError> {
    let (head, _) = split(body).ok_or_else(|| ReadError::Wire("no letter".into()))?;
    let kind = Kind::parse(&head.kind).ok_or_else(|| ReadError::Wire(format!("a letter of an unknown kind '{}'", head.kind)))?;
    let content = match kind {
        Kind::Person => said(head.text, head.file),
        Kind::Bounce => match (head.outbox, head.failure.as_deref().and_then(Failure::parse)) {
            (Some(row), Some(failure)) => Content::Receipt(Receipt {
                provider_id: String::new(),
                tag: Some(row.to_string()),
                stage: ReceiptStage::Failed,
                at: None,
                failure: Some(failure),
            }),
            _ => Content::Ignored { kind: "bounce".into() },
        },
        Kind::Machine | Kind::List | Kind::Own => Content::Ignored { kind: format!("letter_{kind}") },
    };
    let from = head.from.unwrap_or_else(|| NO_CHAT.to_owned());
    Ok(Inbound {
        channel: ChannelKind::Mail,
        account: account.to_owned(),
        chat: head.chat,
        sender: from,
        sender_name: head.name,
        phone: None,
        comment: None,
        lang_hint: None,
        message_ref: head.letter,
        sent_at: head.sent_at,
        content,
    })
}

fn said(text: Option<String>, file: Option<FileHead>) -> Content {
    let media = file.and_then(|f| {
        let kind = MediaKind::parse(&f.kind)?;
        Some((MediaRef { kind, file_id: f.id, mime: f.mime, size: Some(f.size) }, f.group))
    });
    match (media, text) {
        (Some((media, group)), caption) => Content::Media { media, caption, group },
        (None, Some(text)) => Content::Text(text),
        (None, None) => Content::Unsupported { kind: "empty_letter".into() },
    }
}
