//! Masking of what may be a phone, an account or an IIN in texts of lists.

const DOTS: &str = "••••••";

fn joins(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '-' | '‑' | '–' | '—' | '−' | '(' | ')' | '.' | '/' | '_' | '+')
}

/// Replaces every run of six or more digits, also one written in groups, by dots.
#[must_use]
pub fn digits(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    // Separators after the last digit: they belong to the run only when a digit follows.
    let mut tail = String::new();
    for c in text.chars() {
        if c.is_numeric() {
            run.push_str(&tail);
            tail.clear();
            run.push(c);
        } else if !run.is_empty() && joins(c) {
            tail.push(c);
        } else {
            put(&mut out, &mut run, &mut tail);
            out.push(c);
        }
    }
    put(&mut out, &mut run, &mut tail);
    out
}

fn put(out: &mut String, run: &mut String, tail: &mut String) {
    if run.chars().filter(|c| c.is_numeric()).count() >= 6 {
        out.push_str(DOTS);
    } else {
        out.push_str(run);
    }
    out.push_str(tail);
    run.clear();
    tail.clear();
}

/// The beginning of a text in one line, masked, for lists. `limit` is in characters.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let masked = digits(&line);
    if masked.chars().count() <= limit {
        return masked;
    }
    let mut cut: String = masked.chars().take(limit.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// Hides the number on the line that the public form adds; the rest of the text stays.
#[must_use]
pub fn contact_line(text: &str) -> String {
    match text.rsplit_once("\n☎ ") {
        Some((words, phone)) => format!("{words}\n☎ {}", digits(phone)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn phones_and_accounts_are_hidden_and_addresses_stay() {
        for (text, want) in [
            ("звоните 8 701 123 45 67, дом 12", "звоните ••••••, дом 12"),
            ("+7(701)123-45-67", "+••••••"),
            ("ЖСН 900101300123.", "ЖСН ••••••."),
            ("Төле би 45, 12 пәтер", "Төле би 45, 12 пәтер"),
            ("с 10:30 до 18:00", "с 10:30 до 18:00"),
            ("87 - 01 / 12", "••••••"),
            ("12345", "12345"),
            ("123456", "••••••"),
        ] {
            assert_eq!(digits(text), want);
        }
    }

    #[test]
    fn excerpts_are_one_short_line() {
        assert_eq!(excerpt("нет\n\n воды", 40), "нет воды");
        assert_eq!(excerpt("абвгдежз", 5), "абвг…");
        assert_eq!(contact_line("Нет света\n☎ +77011234567"), "Нет света\n☎ +••••••");
        assert_eq!(contact_line("счёт 1234567"), "счёт 1234567");
    }

    proptest! {
        #[test]
        fn nothing_long_remains(text in "\\PC{0,60}") {
            let masked = digits(&text);
            let longest = masked.split(|c: char| !c.is_numeric()).map(|run| run.chars().count()).max().unwrap_or(0);
            prop_assert!(longest < 6);
        }
    }
}
