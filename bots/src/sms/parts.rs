//! How many parts a short message takes.
//!
//! A text all of whose letters stand in the GSM alphabet is written in seven bits each: 160 fit one message, 153 a part of several. Anything
//! else, and so every Kazakh or Russian text, is written in UCS-2: 70 units, or 67 in a part. A letter is never divided between parts.

/// How a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// The seven-bit alphabet of GSM.
    Gsm7,
    /// Sixteen bits a unit.
    Ucs2,
}

/// What a text takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts {
    pub coding: Coding,
    /// Septets or sixteen-bit units in all.
    pub units: usize,
    /// Messages that the operator counts; an empty text takes one.
    pub parts: usize,
}

/// Letters of one septet, besides those of ASCII that stand in the alphabet too.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./:;<=>?¡ÄÖÑÜ§¿äöñüà";

/// Letters of two septets.
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

impl Coding {
    /// Units of a message that stands alone, and of a part of several.
    const fn room(self) -> (usize, usize) {
        match self {
            Self::Gsm7 => (160, 153),
            Self::Ucs2 => (70, 67),
        }
    }

    fn units(self, c: char) -> usize {
        match self {
            Self::Gsm7 => septets(c).unwrap_or(1),
            Self::Ucs2 => c.len_utf16(),
        }
    }
}

/// Septets of a letter; `None` when the alphabet has no such letter.
fn septets(c: char) -> Option<usize> {
    if c.is_ascii_alphanumeric() || BASIC.contains(c) {
        Some(1)
    } else if EXTENDED.contains(c) {
        Some(2)
    } else {
        None
    }
}

/// What a text takes.
#[must_use]
pub fn count(text: &str) -> Parts {
    let coding = if text.chars().all(|c| septets(c).is_some()) { Coding::Gsm7 } else { Coding::Ucs2 };
    let (alone, part) = coding.room();
    let units = text.chars().map(|c| coding.units(c)).sum();
    if units <= alone {
        return Parts { coding, units, parts: 1 };
    }
    let (mut parts, mut used) = (1, 0);
    for c in text.chars() {
        let more = coding.units(c);
        if used + more > part {
            parts += 1;
            used = 0;
        }
        used += more;
    }
    Parts { coding, units, parts }
}

/// The text itself when it takes at most `most` parts, otherwise its beginning with an ellipsis. With no parts at all, nothing is left.
#[must_use]
pub fn fit(text: &str, most: usize) -> String {
    let whole = count(text);
    if whole.parts <= most {
        return text.to_owned();
    }
    // A typographer's ellipsis would turn a text of the GSM alphabet into UCS-2.
    let end = if whole.coding == Coding::Gsm7 { "..." } else { "…" };
    let cut = |at: usize| format!("{}{end}", text.get(..at).unwrap_or_default().trim_end());
    let ends: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
    let fitting = ends.partition_point(|at| count(&cut(*at)).parts <= most);
    fitting.checked_sub(1).and_then(|i| ends.get(i)).map_or_else(String::new, |at| cut(*at))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parts(text: &str) -> (Coding, usize, usize) {
        let Parts { coding, units, parts } = count(text);
        (coding, units, parts)
    }

    #[test]
    fn a_table_by_hand() {
        use Coding::{Gsm7, Ucs2};
        let table = [
            (String::new(), (Gsm7, 0, 1)),
            ("Hello".into(), (Gsm7, 5, 1)),
            ("a".repeat(160), (Gsm7, 160, 1)),
            ("a".repeat(161), (Gsm7, 161, 2)),
            ("a".repeat(306), (Gsm7, 306, 2)),
            ("a".repeat(307), (Gsm7, 307, 3)),
            // The euro takes two septets, and is not divided: 76 fit a part, one septet stays empty.
            ("€".repeat(80), (Gsm7, 160, 1)),
            ("€".repeat(81), (Gsm7, 162, 2)),
            ("€".repeat(152), (Gsm7, 304, 2)),
            ("€".repeat(153), (Gsm7, 306, 3)),
            ("қ".repeat(70), (Ucs2, 70, 1)),
            ("қ".repeat(71), (Ucs2, 71, 2)),
            ("қ".repeat(134), (Ucs2, 134, 2)),
            ("қ".repeat(135), (Ucs2, 135, 3)),
            // 33 pairs fit a part, one unit stays empty.
            ("🚰".repeat(35), (Ucs2, 70, 1)),
            ("🚰".repeat(66), (Ucs2, 132, 2)),
            ("🚰".repeat(67), (Ucs2, 134, 3)),
            (format!("{}қ", "a".repeat(69)), (Ucs2, 70, 1)),
            ("Tel: [1] {2} ~|^\\".into(), (Gsm7, 25, 1)),
            ("`".into(), (Ucs2, 1, 1)),
            ("ç".into(), (Ucs2, 1, 1)),
            ("Ç\r\n\u{c}".into(), (Gsm7, 5, 1)),
        ];
        for (text, expected) in table {
            assert_eq!(parts(&text), expected, "{text}");
        }
    }

    #[test]
    fn cutting_keeps_the_coding() {
        assert_eq!(fit("Су жоқ", 1), "Су жоқ");
        assert_eq!(fit(&"қ".repeat(71), 1), format!("{}…", "қ".repeat(69)));
        assert_eq!(fit(&"қ".repeat(200), 2), format!("{}…", "қ".repeat(133)));
        assert_eq!(fit(&"a".repeat(161), 1), format!("{}...", "a".repeat(157)));
        assert_eq!(fit("қ", 0), "");
        // The letter that asks for UCS-2 is cut away, yet the ellipsis keeps what was counted.
        let late = format!("{}қ", "a".repeat(200));
        assert_eq!(count(&fit(&late, 1)).parts, 1);
    }

    proptest! {
        #[test]
        fn always_fits(text in "(\\PC|қ|€|🚰|a| ){0,500}", most in 1usize..5) {
            let fitted = fit(&text, most);
            prop_assert!(count(&fitted).parts <= most);
            let head = fitted.strip_suffix("...").or_else(|| fitted.strip_suffix('…')).unwrap_or(&fitted);
            prop_assert!(text.starts_with(head) || fitted == text);
        }

        #[test]
        fn longer_texts_never_take_fewer(text in "(қ|€|a|🚰){0,300}", more in "(қ|€|a|🚰){0,20}") {
            prop_assert!(count(&text).parts <= count(&[text, more].concat()).parts);
        }
    }
}
