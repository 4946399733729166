//! The digest as HTML for mail readers: tables and styles on the elements themselves, no pictures, no scripts, nothing fetched from anywhere.

use super::Figures;
use super::bars::Bar;
use super::lines::{Block, Fact, Item, Section, Words, date, decision};
use crate::config::Book;
use crate::domain::Lang;

const INK: &str = "#1b2733";
const SOFT: &str = "#54616e";
const RULE: &str = "#d9e0e6";
const BLUE: &str = "#1f5f99";
const RED: &str = "#a4161a";
const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,'Noto Sans',Arial,sans-serif;";

pub(super) fn page(book: &Book, lang: Lang, f: &Figures, sections: &[Section], link: &str) -> String {
    let w = Words { book, lang };
    let (title, about) = (w.say("title", &[]), w.say("about", &[("date", date(f.day)), ("at", format!("@time:{}", f.at.to_rfc3339()))]));
    let (needs, alert) = decision(book, lang, f);
    let part = w.part(&f.part).map(|p| w.say("part", &[("part", p)]));
    let colour = if alert { RED } else { "#2d6a4f" };
    let mut body = String::new();
    body.push_str(&format!(
        "<h1 style=\"margin:0 0 4px;font-size:22px;line-height:1.25;color:{INK}\">{}</h1><p style=\"margin:0 0 2px;font-size:14px;color:{SOFT}\">{}</p>",
        escaped(&title),
        escaped(&about)
    ));
    if let Some(part) = &part {
        body.push_str(&format!("<p style=\"margin:0 0 2px;font-size:14px;color:{SOFT}\">{}</p>", escaped(part)));
    }
    body.push_str(&format!(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"margin:16px 0 0\"><tr><td style=\"border-left:4px solid {colour};\
         background:#f6f8fa;padding:10px 12px\"><p style=\"margin:0;font-size:13px;font-weight:bold;color:{colour}\">{}</p><p style=\"margin:4px 0 0;\
         font-size:16px;line-height:1.4;color:{INK}\">{}</p></td></tr></table>",
        escaped(&w.say("decision", &[])),
        escaped(&needs)
    ));
    for s in sections {
        section(&mut body, s);
    }
    let mut foot = escaped(&w.say("footer", &[]));
    if !link.is_empty() {
        foot.push_str(&format!("<br><a href=\"{0}\" style=\"color:{BLUE}\">{0}</a>", escaped(link)));
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
         <meta name=\"color-scheme\" content=\"light\"><title>{}</title></head>\n<body style=\"margin:0;padding:0;background:#eef1f4;{FONT}\">\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"background:#eef1f4\"><tr><td align=\"center\" style=\"padding:12px 8px\">\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"max-width:640px;background:#ffffff;{FONT}\"><tr>\
         <td align=\"left\" style=\"padding:20px 16px;{FONT}color:{INK}\">\n{body}\n<p style=\"margin:24px 0 0;padding-top:12px;border-top:1px solid {RULE};\
         font-size:13px;line-height:1.4;color:{SOFT}\">{foot}</p>\n</td></tr></table>\n</td></tr></table>\n</body>\n</html>\n",
        escaped(&title)
    )
}

fn section(out: &mut String, s: &Section) {
    out.push_str(&format!("\n<h2 style=\"margin:24px 0 8px;font-size:17px;line-height:1.3;color:{INK}\">{}</h2>", escaped(&s.title)));
    for b in &s.blocks {
        match b {
            Block::Text(t) => out.push_str(&format!("<p style=\"margin:0 0 8px;font-size:15px;line-height:1.4;color:{INK}\">{}</p>", escaped(t))),
            Block::Facts(facts) => facts_table(out, facts),
            Block::Items(items) => items_list(out, items),
            Block::Bars(bars) => bars_table(out, bars),
        }
    }
}

fn facts_table(out: &mut String, facts: &[Fact]) {
    out.push_str("<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"border-collapse:collapse;margin:0 0 8px\">");
    for f in facts {
        let colour = if f.alert { RED } else { INK };
        let note = match f.note.as_str() {
            "" => String::new(),
            note => format!("<br><span style=\"font-size:13px;color:{SOFT}\">{}</span>", escaped(note)),
        };
        out.push_str(&format!(
            "<tr><th scope=\"row\" align=\"left\" style=\"padding:6px 8px 6px 0;border-bottom:1px solid {RULE};font-weight:normal;font-size:15px;line-height:1.35;\
             color:{INK}\">{}{note}</th><td align=\"right\" valign=\"top\" style=\"padding:6px 0;border-bottom:1px solid {RULE};font-size:17px;font-weight:bold;\
             white-space:nowrap;color:{colour}\">{}</td></tr>",
            escaped(&f.label),
            escaped(&f.value)
        ));
    }
    out.push_str("</table>");
}

fn items_list(out: &mut String, items: &[Item]) {
    out.push_str(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"border-collapse:collapse;margin:0 0 8px\">",
    );
    for i in items {
        let colour = if i.alert { RED } else { INK };
        out.push_str(&format!(
            "<tr><td style=\"padding:6px 0;border-bottom:1px solid {RULE};font-size:15px;line-height:1.4;color:{INK}\"><strong style=\"color:{colour}\">{}</strong><br>\
             <span style=\"font-size:14px;color:{SOFT}\">{}</span></td></tr>",
            escaped(&i.head),
            escaped(&i.line)
        ));
    }
    out.push_str("</table>");
}

/// A label, a bar of two cells, a figure.
fn bars_table(out: &mut String, bars: &[Bar]) {
    out.push_str("<table width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" style=\"border-collapse:collapse;margin:0 0 8px\">");
    for b in bars {
        let filled = if b.length > 0 {
            format!(
                "<td width=\"{0}%\" style=\"width:{0}%;height:12px;line-height:12px;font-size:1px;background:{BLUE}\" bgcolor=\"{BLUE}\">&nbsp;</td>",
                b.length
            )
        } else {
            String::new()
        };
        let empty = if b.length < 100 { "<td style=\"height:12px;line-height:12px;font-size:1px\">&nbsp;</td>" } else { "" };
        out.push_str(&format!(
            "<tr><th scope=\"row\" align=\"left\" width=\"36%\" style=\"width:36%;padding:3px 8px 3px 0;font-weight:normal;font-size:14px;line-height:1.3;color:{INK}\">{}</th>\
             <td style=\"padding:3px 0\"><table role=\"presentation\" aria-hidden=\"true\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\"><tr>{filled}{empty}</tr></table></td>\
             <td align=\"right\" width=\"14%\" style=\"width:14%;padding:3px 0 3px 8px;font-size:14px;font-weight:bold;color:{INK}\">{}</td></tr>",
            escaped(&b.label),
            b.n
        ));
    }
    out.push_str("</table>");
}

/// Text as HTML shows it.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
