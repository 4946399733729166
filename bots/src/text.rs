//! Lengths of texts as the wires count them.

/// How much a wire takes at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// UTF-8 bytes: a Cyrillic letter takes two.
    Bytes(usize),
    Chars(usize),
}

impl Limit {
    fn most(self) -> usize {
        match self {
            Self::Bytes(most) | Self::Chars(most) => most,
        }
    }

    fn of(self, c: char) -> usize {
        match self {
            Self::Bytes(_) => c.len_utf8(),
            Self::Chars(_) => 1,
        }
    }

    /// The length of a text in this limit's own units.
    pub fn measure(self, text: &str) -> usize {
        match self {
            Self::Bytes(_) => text.len(),
            Self::Chars(_) => text.chars().count(),
        }
    }

    /// The byte at which the longest fitting beginning ends, never inside a character.
    fn end(self, text: &str, most: usize) -> usize {
        let mut used = 0;
        for (at, c) in text.char_indices() {
            used += self.of(c);
            if used > most {
                return at;
            }
        }
        text.len()
    }
}

/// The text itself when it fits, otherwise its beginning with an ellipsis.
pub fn fit(text: &str, limit: Limit) -> String {
    if limit.measure(text) <= limit.most() {
        return text.to_owned();
    }
    let room = limit.most().saturating_sub(limit.of('…'));
    let kept = text.get(..limit.end(text, room)).unwrap_or_default().trim_end();
    format!("{kept}…")
}

/// The text in pieces that fit, parted where a line or a word ends, or anywhere when a word alone is too long. Blank at the seams is dropped;
/// a text of nothing but blanks gives no piece.
pub fn split(text: &str, limit: Limit) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text.trim();
    while limit.measure(rest) > limit.most() {
        let end = limit.end(rest, limit.most());
        let head = rest.get(..end).unwrap_or_default();
        // A seam in the first half would leave a piece hardly worth sending.
        let seam = |at: Option<usize>| at.filter(|at| *at > end / 2);
        let next_is_blank = rest.get(end..).is_some_and(|tail| tail.starts_with(char::is_whitespace));
        let whole = next_is_blank.then_some(end);
        let at = seam(head.rfind('\n')).or(whole).or_else(|| seam(head.rfind(char::is_whitespace))).unwrap_or(end);
        // Not even one character fits: the rest goes out as it is rather than never.
        if at == 0 {
            break;
        }
        let (piece, tail) = rest.split_at(at);
        out.push(piece.trim_end().to_owned());
        rest = tail.trim_start();
    }
    if !rest.is_empty() {
        out.push(rest.to_owned());
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_texts_stay() {
        for limit in [Limit::Bytes(12), Limit::Chars(7)] {
            assert_eq!(fit("Су жоқ!", limit), "Су жоқ!");
            assert_eq!(split("Су жоқ!", limit), ["Су жоқ!"]);
        }
        assert!(split(" \n ", Limit::Chars(5)).is_empty());
    }

    #[test]
    fn long_texts_end_with_an_ellipsis() {
        assert_eq!(fit("Су жоқ бізде", Limit::Chars(7)), "Су жоқ…");
        // The ellipsis takes three bytes.
        assert_eq!(fit("Су жоқ бізде", Limit::Bytes(12)), "Су жо…");
        assert_eq!(fit("🚰🚰🚰", Limit::Bytes(10)), "🚰…");
    }

    #[test]
    fn seams_lie_between_lines_and_words() {
        assert_eq!(split("Бірінші жол\nекінші жол", Limit::Chars(15)), ["Бірінші жол", "екінші жол"]);
        assert_eq!(split("бір екі үш төрт", Limit::Chars(8)), ["бір екі", "үш төрт"]);
        assert_eq!(split("бір екі", Limit::Chars(3)), ["бір", "екі"]);
        assert_eq!(split("қққққққ", Limit::Bytes(6)), ["қққ", "қққ", "қ"]);
        assert_eq!(split("a қққққққ", Limit::Chars(5)), ["a қққ", "ққққ"]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_everything_fits(text in "(\\PC|қ|🚰| |\n){0,300}", most in 4usize..60, bytes: bool) {
            let limit = if bytes { Limit::Bytes(most) } else { Limit::Chars(most) };
            let pieces = split(&text, limit);
            prop_assert!(pieces.iter().all(|p| !p.is_empty() && limit.measure(p) <= most));
            let bare = |s: &str| s.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert_eq!(bare(&pieces.concat()), bare(&text));
            prop_assert!(limit.measure(&fit(&text, limit)) <= most);
        }
    }
}
