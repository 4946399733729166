//! Cutting and dividing texts. Lengths are UTF-16 units, never fewer than characters: what fits here fits however the provider counts.

/// Longest plain message.
pub const LONGEST_TEXT: usize = 4096;

/// Most messages that one text becomes; what is longer still ends with an ellipsis.
const MOST_PARTS: usize = 5;

/// Units of a text.
pub fn length(text: &str) -> usize {
    text.chars().map(char::len_utf16).sum()
}

/// The text itself when it fits, otherwise its beginning with an ellipsis.
pub fn fit(text: &str, limit: usize) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let (head, _) = split(text, limit.saturating_sub(1));
    format!("{}…", head.trim_end())
}

/// One line of at most `limit` units: line breaks and runs of spaces become one space.
pub fn line(text: &str, limit: usize) -> String {
    let words: Vec<&str> = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    fit(&words.join(" "), limit)
}

/// Divides a text at paragraphs, lines or words, so that the last part fits `last` units and all before fit a plain message. No part is blank.
pub fn divide(text: &str, last: usize) -> Vec<String> {
    let mut rest = text.trim();
    let mut parts = Vec::new();
    while length(rest) > last && parts.len() + 2 <= MOST_PARTS {
        // Neither longer than a message nor so long that nothing is left for the last part.
        let room = LONGEST_TEXT.min(length(rest).saturating_sub(1));
        let needed = length(rest).saturating_sub(last);
        let (head, tail) = at_a_gap(rest, room, needed);
        parts.push(head.trim_end().to_owned());
        rest = tail.trim_start();
    }
    parts.push(fit(rest, last));
    parts.retain(|part| !part.is_empty());
    parts
}

/// Cuts off at most `room` units. When the rest then already fits (more than `needed` came off), the first good gap after that is taken, so that
/// the last part, which carries the buttons, says as much as it can; otherwise the last good gap.
fn at_a_gap(text: &str, room: usize, needed: usize) -> (&str, &str) {
    let (window, _) = split(text, room);
    let (least, _) = split(text, needed);
    let from = least.len();
    for gap in ["\n\n", "\n", ". ", " "] {
        let found = if needed <= room {
            window.get(from..).and_then(|late| late.find(gap)).map(|at| from + at)
        } else {
            // Not in the first half: parts should not be crumbs.
            window.rfind(gap).filter(|at| *at > window.len() / 2)
        };
        if let Some(at) = found {
            return text.split_at(at + gap.len());
        }
    }
    // One endless word. What must come off comes off, whole letters each.
    let cut = if needed <= room && !least.is_empty() && length(least) >= needed { least } else { window };
    if cut.is_empty() { text.split_at(text.chars().next().map_or(0, char::len_utf8)) } else { text.split_at(cut.len()) }
}

/// The longest beginning of at most `units`, and the rest. A letter is not torn from its marks, an emoji not from its parts.
fn split(text: &str, units: usize) -> (&str, &str) {
    let mut room = units;
    let mut at = text.len();
    for (i, c) in text.char_indices() {
        if c.len_utf16() > room {
            at = i;
            break;
        }
        room -= c.len_utf16();
    }
    let hard = at;
    while let Some((head, tail)) = text.split_at_checked(at) {
        let (Some(before), Some(after)) = (head.chars().next_back(), tail.chars().next()) else { break };
        if !clings(after) && before != '\u{200D}' {
            break;
        }
        at -= before.len_utf8();
    }
    // A tower of marks without a letter is torn after all.
    text.split_at(if at == 0 { hard } else { at })
}

/// Whether a character belongs to the one before it.
const fn clings(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{20E3}' | '\u{1F3FB}'..='\u{1F3FF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_are_cut_by_characters() {
        assert_eq!(fit("Су жоқ", 20), "Су жоқ");
        assert_eq!(fit(&"қ".repeat(20), 20), "қ".repeat(20));
        assert_eq!(fit(&"қ".repeat(21), 20), format!("{}…", "қ".repeat(19)));
        assert_eq!(fit("Кранда су жоқ, бірақ бар", 10), "Кранда су…");
        assert_eq!(line(" Екі\n жол\t\u{0}осы ", 24), "Екі жол осы");
    }

    #[test]
    fn letters_keep_their_marks() {
        // A short i written as two characters, and a hand with a skin tone.
        assert_eq!(fit("маи\u{306}я", 4), "ма…");
        assert_eq!(fit("ab👍🏽x", 5), "ab…");
        assert_eq!(fit("ab 👩\u{200D}👧 x", 7), "ab…");
    }

    #[test]
    fn long_texts_divide_at_gaps() {
        assert_eq!(divide("Қысқа", 1024), ["Қысқа"]);
        assert_eq!(divide("", 1024), Vec::<String>::new());
        let text = format!("{}\n\n{}", "а".repeat(900), "б".repeat(500));
        assert_eq!(divide(&text, 1024), ["а".repeat(900), "б".repeat(500)]);
        let words = "сөз ".repeat(400);
        let parts = divide(&words, 1024);
        assert_eq!(parts.len(), 2);
        assert!(parts.iter().all(|p| p.split(' ').all(|w| w == "сөз")), "{parts:?}");
        assert!(length(&parts[1]) > 1000, "the last part says as much as it can");
        assert_eq!(divide(&"x".repeat(5000), 4096).iter().map(|p| p.len()).sum::<usize>(), 5000);
        let endless = divide(&"x".repeat(100_000), 1024);
        assert_eq!(endless.len(), MOST_PARTS);
        assert!(endless[MOST_PARTS - 1].ends_with('…'));
    }

    proptest! {
        #[test]
        fn parts_fit_and_lose_nothing(piece in "(\\PC|🚰|қ| |\n|и\u{306}){1,60}", times in 1usize..150, last in prop::sample::select(vec![20usize, 1024, 4096])) {
            let text = piece.repeat(times);
            let parts = divide(&text, last);
            prop_assert!(parts.len() <= MOST_PARTS);
            for (i, part) in parts.iter().enumerate() {
                let limit = if i + 1 == parts.len() { last } else { LONGEST_TEXT };
                prop_assert!(length(part) <= limit);
                prop_assert!(!part.trim().is_empty());
            }
            let squeeze = |s: &str| s.split_whitespace().collect::<String>();
            let joined = squeeze(&parts.concat());
            match parts.last() {
                Some(end) if end.ends_with('…') && !text.contains('…') => prop_assert!(squeeze(&text).starts_with(joined.trim_end_matches('…'))),
                _ => prop_assert_eq!(joined, squeeze(&text)),
            }
        }

        #[test]
        fn labels_always_fit(text in "(\\PC|👩\u{200D}👧|\u{301}|\n){0,60}", limit in 1usize..80) {
            prop_assert!(length(&line(&text, limit)) <= limit);
            prop_assert!(!line(&text, limit).contains('\n'));
        }
    }
}
