//! The digest as plain text: lines of at most 76 characters, bars drawn with letters.

use super::lines::{Block, Section, Words, date, decision};
use super::{Figures, bars::Bar};
use crate::config::Book;
use crate::domain::Lang;
use std::fmt::Write;

/// Characters in a line.
const WIDTH: usize = 76;
/// Characters of the longest bar.
const LONGEST: i64 = 30;

pub(super) fn text(book: &Book, lang: Lang, f: &Figures, sections: &[Section], link: &str) -> String {
    let w = Words { book, lang };
    let mut out = String::new();
    line(&mut out, &w.say("title", &[]));
    line(&mut out, &w.say("about", &[("date", date(f.day)), ("at", format!("@time:{}", f.at.to_rfc3339()))]));
    if let Some(part) = w.part(&f.part) {
        line(&mut out, &w.say("part", &[("part", part)]));
    }
    heading(&mut out, &w.say("decision", &[]));
    wrapped(&mut out, &decision(book, lang, f).0, "");
    for s in sections {
        heading(&mut out, &s.title);
        for b in &s.blocks {
            block(&mut out, b);
        }
    }
    out.push('\n');
    wrapped(&mut out, &w.say("footer", &[]), "");
    if !link.is_empty() {
        line(&mut out, link);
    }
    out
}

fn line(out: &mut String, text: &str) {
    out.push_str(text.trim_end());
    out.push('\n');
}

fn heading(out: &mut String, title: &str) {
    out.push('\n');
    line(out, &title.to_uppercase());
}

fn block(out: &mut String, b: &Block) {
    match b {
        Block::Text(t) => wrapped(out, t, ""),
        Block::Facts(facts) => {
            for f in facts {
                let note = if f.note.is_empty() { String::new() } else { format!(" ({})", f.note) };
                wrapped(out, &format!("{}: {}{note}", f.label, f.value), "  ");
            }
        }
        Block::Items(items) => {
            for i in items {
                wrapped(out, &format!("{} {}", if i.alert { "!" } else { "-" }, i.head), "  ");
                wrapped(out, &format!("  {}", i.line), "  ");
            }
        }
        Block::Bars(bars) => drawn(out, bars),
    }
}

fn drawn(out: &mut String, bars: &[Bar]) {
    let widest = bars.iter().map(|b| b.label.chars().count()).max().unwrap_or(0).min(30);
    for b in bars {
        let label: String = b.label.chars().take(widest).collect();
        let gap = " ".repeat(widest.saturating_sub(label.chars().count()));
        let drawn = "#".repeat(usize::try_from((b.length * LONGEST + 99) / 100).unwrap_or(0));
        let _ = writeln!(out, "{}", format!("{label}{gap}  {drawn} {}", b.n).trim_end());
    }
}

/// Words over several lines; those after the first begin with `indent`.
fn wrapped(out: &mut String, text: &str, indent: &str) {
    let lead: String = text.chars().take_while(|c| *c == ' ').collect();
    let (mut length, mut first) = (lead.chars().count(), true);
    out.push_str(&lead);
    for word in text.split_whitespace() {
        let n = word.chars().count();
        if !first && length + 1 + n > WIDTH {
            let _ = write!(out, "\n{lead}{indent}");
            length = lead.chars().count() + indent.chars().count();
            first = true;
        }
        if !first {
            out.push(' ');
            length += 1;
        }
        out.push_str(word);
        length += n;
        first = false;
    }
    out.push('\n');
}
