//! Other ways of typing Cyrillic: look-alike letters, Latin spelling, the wrong keyboard layout.

/// Latin letters that look like Cyrillic ones, inside a Cyrillic word.
pub(super) const fn homoglyph(c: char) -> char {
    match c {
        'a' => 'а',
        'b' => 'в',
        'c' => 'с',
        'e' => 'е',
        'h' => 'н',
        'i' => 'и',
        'k' => 'к',
        'm' => 'м',
        'o' => 'о',
        'p' => 'р',
        't' => 'т',
        'x' => 'х',
        'y' => 'у',
        _ => c,
    }
}

/// Latin spelling of Kazakh and Russian to folded Cyrillic. Several alphabets are in use at once, so this is a table of habits, not a standard.
pub(super) fn transliterate(word: &str) -> String {
    const PAIRS: &[(&str, &str)] = &[
        ("shch", "щ"),
        ("sh", "ш"),
        ("ch", "ч"),
        ("zh", "ж"),
        ("kh", "х"),
        ("gh", "г"),
        ("ts", "ц"),
        ("ya", "я"),
        ("yu", "ю"),
        ("yo", "е"),
        ("ia", "ия"),
        ("ei", "ей"),
        ("ai", "ай"),
        ("oi", "ой"),
        ("ui", "уй"),
        ("yi", "ыи"),
    ];
    let mut out = String::with_capacity(word.len() * 2);
    let mut rest = word;
    while let Some(c) = rest.chars().next() {
        if let Some((from, to)) = PAIRS.iter().find(|(from, _)| rest.starts_with(from)) {
            out.push_str(to);
            rest = rest.get(from.len()..).unwrap_or_default();
            continue;
        }
        let mut back = out.chars().rev();
        let (last, before) = (back.next(), back.next());
        // In "auyl" the "u" is a consonant, and the "y" after it a vowel.
        let after_vowel = is_vowel(last) && !(last == Some('у') && is_vowel(before));
        let to = match c {
            'a' | 'á' | 'ä' | 'à' => 'а',
            'b' => 'б',
            'c' => 'к',
            'ç' => 'ч',
            'd' => 'д',
            'e' | 'é' => 'е',
            'f' => 'ф',
            'g' | 'ǵ' | 'ğ' => 'г',
            'h' => 'х',
            'i' | 'í' => 'и',
            'ı' => 'ы',
            'j' => 'ж',
            'k' | 'q' => 'к',
            'l' => 'л',
            'm' => 'м',
            'n' | 'ń' | 'ñ' => 'н',
            'o' | 'ó' | 'ö' => 'о',
            'p' => 'п',
            'r' => 'р',
            's' => 'с',
            'ş' => 'ш',
            't' => 'т',
            'u' | 'ú' | 'ü' | 'ū' | 'w' => 'у',
            'v' => 'в',
            'x' => 'х',
            'y' if after_vowel => 'й',
            'y' | 'ý' => 'ы',
            'z' => 'з',
            other => other,
        };
        out.push(to);
        rest = rest.get(c.len_utf8()..).unwrap_or_default();
    }
    out
}

const fn is_vowel(c: Option<char>) -> bool {
    matches!(c, Some('а' | 'о' | 'у' | 'е' | 'и' | 'ы'))
}

/// Russian typed with the Latin layout on has next to no Latin vowels: "ytn djls".
pub(super) fn looks_like_wrong_layout(text: &str) -> bool {
    let (mut letters, mut halves) = (0usize, 0usize);
    for c in text.chars().filter(|c| c.is_alphabetic()) {
        if !c.is_ascii() {
            return false;
        }
        letters += 1;
        halves += match c.to_ascii_lowercase() {
            'a' | 'e' | 'i' | 'o' | 'u' => 2,
            'y' => 1,
            _ => 0,
        };
    }
    letters >= 6 && halves * 100 < letters * 2 * 16
}

pub(super) fn relay(c: char) -> char {
    const FROM: &str = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`";
    const TO: &str = "йцукенгшщзхъфывапролджэячсмитьбюё";
    let low = c.to_ascii_lowercase();
    FROM.chars().zip(TO.chars()).find(|(f, _)| *f == low).map_or(c, |(_, t)| t)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        assert!(looks_like_wrong_layout("ytn cdtnf"));
        assert!(!looks_like_wrong_layout("svet zhok") && !looks_like_wrong_layout("нет света") && !looks_like_wrong_layout("ok"));
        assert_eq!("cdtn".chars().map(relay).collect::<String>(), "свет");
    }

    #[test]
    fn latin_spelling() {
        for (latin, cyrillic) in
            [("zhok", "жок"), ("joq", "жок"), ("jaryq", "жарык"), ("qoqys", "кокыс"), ("voda", "вода"), ("auyl", "ауыл"), ("", "")]
        {
            assert_eq!(transliterate(latin), cyrillic);
        }
    }
}
