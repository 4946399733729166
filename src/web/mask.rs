//! Masking: what lists show of a resident's words: a beginning, in which anything that could be a telephone or a personal number is covered.

/// So many digits, with the marks people put between them, are covered.
const COVERED: usize = 6;
const COVER: &str = "•••";

fn is_mark(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{2009}' | '\u{202f}' | '-' | '‑' | '–' | '—' | '−' | '(' | ')' | '.' | '/' | '_' | '+')
}

/// Letters of our two languages are told at a glance: the table of all the world's digits is slow.
fn is_number(c: char) -> bool {
    c.is_ascii_digit() || (!c.is_ascii() && !matches!(c, '\u{400}'..='\u{52f}') && c.is_numeric())
}

/// A whole number as people here write it: `+7 701 555 66 77`. Numbers of other countries stay as they are.
#[must_use]
pub fn grouped(e164: &str) -> String {
    let local = e164.strip_prefix("+7").filter(|r| r.len() == 10 && r.bytes().all(|b| b.is_ascii_digit()));
    let Some(local) = local else { return e164.to_owned() };
    let parts: Vec<&str> = [0..3, 3..6, 6..8, 8..10].into_iter().filter_map(|r| local.get(r)).collect();
    format!("+7 {}", parts.join(" "))
}

/// The text with every run of six or more digits covered, however they are spaced.
#[must_use]
pub fn cover(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // A run of digits and marks, and how far into it the last digit stands.
    let (mut run, mut digits, mut end) = (String::new(), 0usize, 0usize);
    let flush = |out: &mut String, run: &mut String, digits: &mut usize, end: &mut usize| {
        if *digits >= COVERED {
            out.push_str(COVER);
            out.push_str(run.get(*end..).unwrap_or(""));
        } else {
            out.push_str(run);
        }
        run.clear();
        (*digits, *end) = (0, 0);
    };
    for c in text.chars() {
        if is_number(c) {
            run.push(c);
            digits += 1;
            end = run.len();
        } else if digits > 0 && is_mark(c) {
            run.push(c);
        } else {
            flush(&mut out, &mut run, &mut digits, &mut end);
            out.push(c);
        }
    }
    flush(&mut out, &mut run, &mut digits, &mut end);
    out
}

/// The beginning of a text, on one line, at most `limit` characters. Covered before it is cut, so that no half of a number is left at the edge.
#[must_use]
pub fn excerpt(text: &str, limit: usize) -> String {
    let covered = cover(text);
    let line = covered.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(limit) {
        Some((at, _)) => format!("{}…", line.get(..at).unwrap_or("").trim_end()),
        None => line,
    }
}

/// The street of an address without its house: enough to see neighbours in a list.
#[must_use]
pub fn street(address: &str) -> String {
    let words = address.split(|c: char| c.is_numeric() || c == '\n').next().unwrap_or("");
    words.trim_end_matches(|c: char| !c.is_alphabetic()).trim_start().chars().take(40).collect::<String>().trim_end().to_owned()
}

/// A mail address of which the first letter and the domain are left.
#[must_use]
pub fn address(address: &str) -> String {
    match address.rsplit_once('@') {
        Some((local, domain)) => format!("{}@{domain}", name(local)),
        None => name(address),
    }
}

/// A name of which only the first letter is left.
#[must_use]
pub fn name(name: &str) -> String {
    name.chars().next().map_or_else(String::new, |c| format!("{c}•••"))
}

/// Hides the number on the line that the public form adds; the rest of the text stays.
#[must_use]
pub fn contact_line(text: &str) -> String {
    match text.rsplit_once("\n☎ ") {
        Some((words, phone)) => format!("{words}\n☎ {}", cover(phone)),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn whole_numbers_stand_in_groups() {
        for (number, want) in [
            ("+77015556677", "+7 701 555 66 77"),
            ("+998901234567", "+998901234567"),
            ("+7701555667", "+7701555667"),
            ("+7ңңңңң", "+7ңңңңң"),
            ("", ""),
        ] {
            assert_eq!(grouped(number), want);
        }
    }

    #[test]
    fn numbers_are_covered_and_houses_are_not() {
        for (text, want) in [
            ("Тел 8 701 234 56 78, жду", "Тел •••, жду"),
            ("+7(701)234-56-78", "+•••"),
            ("87012345678", "•••"),
            ("45-67-89 қаласы", "••• қаласы"),
            ("ИИН 900101300123.", "ИИН •••."),
            ("Абая 12, кв 45", "Абая 12, кв 45"),
            ("с 10 до 18", "с 10 до 18"),
            ("дом 12345", "дом 12345"),
            ("٠١٢٣٤٥ ７０１２３４５", "•••"),
            ("7.0.1.2.3.4", "•••"),
            ("", ""),
            ("су жоқ", "су жоқ"),
        ] {
            assert_eq!(cover(text), want, "{text}");
        }
    }

    #[test]
    fn a_number_at_the_edge_leaves_nothing() {
        let text = format!("{} 8 701 234 56 78", "а".repeat(112));
        assert!(!excerpt(&text, 120).contains('8'), "{}", excerpt(&text, 120));
        assert_eq!(excerpt("  су\n\nжоқ  ", 120), "су жоқ");
        assert!(excerpt(&"сөз ".repeat(300), 120).chars().count() <= 120 + 1);
    }

    #[test]
    fn the_contact_line_of_a_form_is_covered() {
        assert_eq!(contact_line("Нет света\n☎ +77011234567"), "Нет света\n☎ +•••");
        assert_eq!(contact_line("счёт 1234567"), "счёт 1234567");
    }

    #[test]
    fn streets_have_no_house() {
        for (address, want) in [
            ("ул. Абая, 12, кв. 5", "ул. Абая"),
            ("Төле би көшесі 45", "Төле би көшесі"),
            ("5 мкр, 12", ""),
            ("", ""),
            ("рядом с базаром", "рядом с базаром"),
        ] {
            assert_eq!(street(address), want, "{address}");
        }
    }

    #[test]
    fn names() {
        assert_eq!(name("Әсел"), "Ә•••");
        assert_eq!(name(""), "");
        assert_eq!((address("akim@akimat.kz").as_str(), address("x").as_str()), ("a•••@akimat.kz", "x•••"));
    }

    proptest! {
        #[test]
        fn six_digits_in_a_row_never_stay(text in "[а-я 0-9()+.-]{0,200}") {
            let mut digits = 0;
            for c in cover(&text).chars() {
                if c.is_ascii_digit() { digits += 1 } else if !is_mark(c) { digits = 0 }
                prop_assert!(digits < COVERED);
            }
        }

        #[test]
        fn any_text_is_answered(text in "\\PC{0,300}") {
            prop_assert!(excerpt(&text, 120).chars().count() <= 120 + 1);
        }
    }
}
