//! The limit of a message's length.

/// Longest text of one message, in UTF-16 units, as Telegram counts.
const LONGEST: usize = 4096;

/// The text itself when it fits, otherwise its beginning with an ellipsis. Never cuts inside a character.
///
/// Cutting is the last guard: who writes long texts should divide them by sense before.
pub fn fit(text: &str) -> String {
    if text.encode_utf16().count() <= LONGEST {
        return text.to_owned();
    }
    let mut room = LONGEST - 1;
    let kept = text.chars().take_while(|c| {
        let fits = c.len_utf16() <= room;
        room = room.saturating_sub(c.len_utf16());
        fits
    });
    let mut cut: String = kept.collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn short_texts_stay() {
        assert_eq!(fit("Су жоқ"), "Су жоқ");
        let exact = "қ".repeat(4096);
        assert_eq!(fit(&exact), exact);
    }

    #[test]
    fn long_texts_end_with_an_ellipsis() {
        assert_eq!(fit(&"қ".repeat(4097)), format!("{}…", "қ".repeat(4095)));
        // One emoji is two units: 2047 of them leave one unit unused.
        assert_eq!(fit(&"🚰".repeat(3000)), format!("{}…", "🚰".repeat(2047)));
        assert_eq!(fit(&format!("{}   {}", "a".repeat(4093), "b".repeat(50))), format!("{}…", "a".repeat(4093)));
    }

    proptest! {
        #[test]
        fn always_fits(piece in "(\\PC|🚰|қ| ){1,40}", times in 1usize..300) {
            let text = piece.repeat(times);
            let fitted = fit(&text);
            prop_assert!(fitted.encode_utf16().count() <= LONGEST);
            let head = fitted.strip_suffix('…').unwrap_or(&fitted);
            prop_assert!(text.starts_with(head));
        }
    }
}
