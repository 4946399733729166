//! One way of writing: whatever a resident types becomes lower-case words in one folded alphabet, separated by single spaces.
//!
//! Both the word lists and the messages pass through here, so they always meet in the same form.

use super::spelling::{homoglyph, looks_like_wrong_layout, relay, transliterate};
use unicode_normalization::UnicodeNormalization;

/// Longer texts are cut here (in characters): a message is read in bounded time whatever is pasted into it.
const MAX_CHARS: usize = 6_000;

/// A message in its normal form.
#[derive(Debug, Clone, Default)]
pub struct Normal {
    /// Folded words with one space before each and one at the end: `" су жок "`.
    pub text: String,
    /// The folded words themselves.
    pub words: Vec<Word>,
    /// A question mark stands somewhere.
    pub question: bool,
    /// Most letters were Latin and were read as Kazakh or Russian.
    pub latin: bool,
}

/// One word and what folding has hidden of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    pub folded: String,
    /// It began with a capital letter.
    pub capital: bool,
    /// It held a letter that only Kazakh has.
    pub kazakh: bool,
    /// A comma, full stop or the like follows it.
    pub ends_phrase: bool,
}

/// Reads any text into its normal form.
#[must_use]
pub fn normalize(raw: &str) -> Normal {
    let composed: String = raw.nfkc().take(MAX_CHARS).collect();
    let relaid = if looks_like_wrong_layout(&composed) { composed.chars().map(relay).collect() } else { composed };
    let mut out = Normal { question: relaid.contains('?'), ..Normal::default() };
    let (mut latin, mut letters) = (0usize, 0usize);
    let mut token = String::new();
    for c in relaid.chars().chain(std::iter::once(' ')) {
        let joins = match token.chars().next_back() {
            _ if !is_word_char(c) => false,
            None => true,
            Some(last) => last.is_ascii_digit() == c.is_ascii_digit(),
        };
        if c.is_alphabetic() {
            letters += 1;
            latin += usize::from(c.is_ascii_alphabetic());
        }
        if joins {
            token.push(c);
            continue;
        }
        push_word(&mut out, &token);
        token.clear();
        if is_word_char(c) {
            token.push(c);
        } else if let Some(said) = emoji_word(c) {
            push_word(&mut out, said);
        } else if matches!(c, '.' | ',' | ';' | '!' | '?' | ':' | '(' | ')' | '\n')
            && let Some(w) = out.words.last_mut()
        {
            w.ends_phrase = true;
        }
    }
    out.latin = letters > 0 && latin * 2 > letters;
    out.text.reserve(relaid.len() + 2);
    for w in &out.words {
        out.text.push(' ');
        out.text.push_str(&w.folded);
    }
    out.text.push(' ');
    out
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '\u{301}'
}

fn push_word(out: &mut Normal, token: &str) {
    let folded = fold_word(token);
    if folded.is_empty() {
        return;
    }
    let capital = token.chars().next().is_some_and(char::is_uppercase);
    let kazakh = token.chars().any(is_kazakh_letter);
    out.words.push(Word { folded, capital, kazakh, ends_phrase: false });
}

/// Folds one word: lower case, homoglyphs, Latin spelling, Kazakh letters, stretched letters.
#[must_use]
pub fn fold_word(word: &str) -> String {
    let lower: String = word.chars().flat_map(char::to_lowercase).filter(|c| *c != '\u{301}' && *c != '\u{307}').collect();
    let has_cyrillic = lower.chars().any(is_cyrillic);
    let has_latin = lower.chars().any(is_latin);
    let cyrillic = match (has_cyrillic, has_latin) {
        (true, true) => lower.chars().map(homoglyph).collect(),
        (false, true) => transliterate(&lower),
        _ => lower,
    };
    let mut out = String::with_capacity(cyrillic.len());
    let (mut last, mut run) = ('\0', 0usize);
    let mut held = String::with_capacity(cyrillic.len());
    for c in cyrillic.chars().map(fold_letter).filter(|c| c.is_alphanumeric()) {
        run = if c == last { run + 1 } else { 1 };
        last = c;
        if c.is_ascii_digit() || run <= 2 {
            held.push(c);
        } else if run == 3 {
            // Three and more of a letter are a stretched single one.
            held.pop();
        }
    }
    out.push_str(&held);
    out
}

/// Kazakh letters onto the Russian ones that people type in their place.
#[must_use]
pub const fn fold_letter(c: char) -> char {
    match c {
        'ё' => 'е',
        'ә' => 'а',
        'ғ' => 'г',
        'қ' => 'к',
        'ң' => 'н',
        'ө' => 'о',
        'ұ' | 'ү' => 'у',
        'һ' => 'х',
        'і' | 'ї' => 'и',
        'є' => 'е',
        _ => c,
    }
}

/// A letter that Kazakh has and Russian does not.
#[must_use]
pub const fn is_kazakh_letter(c: char) -> bool {
    matches!(c, 'ә' | 'ғ' | 'қ' | 'ң' | 'ө' | 'ұ' | 'ү' | 'һ' | 'і' | 'Ә' | 'Ғ' | 'Қ' | 'Ң' | 'Ө' | 'Ұ' | 'Ү' | 'Һ' | 'І')
}

const fn is_cyrillic(c: char) -> bool {
    matches!(c, '\u{400}'..='\u{52f}')
}

fn is_latin(c: char) -> bool {
    c.is_alphabetic() && (c.is_ascii() || matches!(c, '\u{c0}'..='\u{24f}'))
}

/// Emoji that name a thing. The others are noise.
const fn emoji_word(c: char) -> Option<&'static str> {
    Some(match c {
        '💧' | '🚰' | '🚱' => "вода",
        '💡' => "лампочка",
        '🗑' => "мусор",
        '🚌' | '🚍' => "автобус",
        '🐕' => "собака",
        '🔥' => "огонь",
        '🌳' => "дерево",
        '🙏' => "өтінемін",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_meet() {
        for (a, b) in [
            ("Су жоқ", "су жок"),
            ("ҚОҚЫС", "кокыс"),
            ("su joq", "су жок"),
            ("Раxмет", "рахмет"),
            ("рахмееееет", "рахмет"),
            ("жоққққ", "жок"),
            ("ytn djls", "нет воды"),
            ("8мкр", "8 мкр"),
            ("Cатыбалдина", "сатыбалдина"),
            ("ёлка", "елка"),
        ] {
            assert_eq!(normalize(a).text, normalize(b).text, "{a} / {b}");
        }
    }

    #[test]
    fn what_folding_hides_is_kept() {
        let n = normalize("Жарық қашан беріледі?");
        assert!(n.question && !n.latin);
        assert!(n.words[0].capital && n.words[0].kazakh);
        assert!(normalize("svet zhok").latin);
    }

    #[test]
    fn double_letters_of_real_words_stay() {
        assert_eq!(normalize("поссовет ванна").text, " поссовет ванна ");
        assert_eq!(normalize("").text, " ");
        assert_eq!(normalize("💧 👍").text, " вода ");
    }
}
