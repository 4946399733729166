//! One way of writing: whatever a resident types becomes lower-case words in one folded alphabet, separated by single spaces.
//!
//! Both the word lists and the messages pass through here, so they always meet in the same form. A normal form is its own normal form.

use super::spelling::{layout_is_wrong, relay, transliterate};
use crate::domain::search::lookalike;
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfkc_quick};

/// Longer texts are cut here (in characters): a message is read in bounded time whatever is pasted into it.
const MAX_CHARS: usize = 6_000;
/// What stands for a phone, a card or a personal number: nobody reads such a number out of a feature or a reason.
const MASK: &str = "0";
/// Short words with a full stop that ends no sentence: "ул. Абая", "д. 5".
const ABBREVIATIONS: &[&str] = &[
    "ул",
    "мкр",
    "мкрн",
    "кв",
    "обл",
    "коше",
    "кош",
    "ауд",
    "ауыл",
    "тел",
    "пер",
    "пр",
    "просп",
    "дом",
    "стр",
    "корп",
    "им",
    "тг",
    "руб",
    "тыс",
    "мин",
    "час",
    "гор",
    "пос",
    "уч",
];

/// A message in its normal form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Normal {
    /// Folded words with one space before each and one at the end: `" су жок "`.
    pub text: String,
    /// The folded words themselves.
    pub words: Vec<Word>,
    /// A question mark stands somewhere.
    pub question: bool,
    /// Most letters were Latin and were read as Kazakh or Russian.
    pub latin: bool,
    /// What was typed, composed: the places in [`Word::span`] are bytes of it.
    pub source: String,
}

impl Normal {
    /// Some stretches of words, each from its first to its last, as a message of their own.
    #[must_use]
    pub fn of(&self, stretches: &[(usize, usize)]) -> Self {
        let mut out = Self { latin: self.latin, ..Self::default() };
        for (from, to) in stretches {
            if !out.source.is_empty() {
                out.source.push(' ');
            }
            let begin = self.words.get(*from).map_or(0, |w| w.span.0);
            let moved = out.source.len();
            out.source.push_str(self.typed(*from, *to));
            let words = self.words.iter().take(to + 1).skip(*from).cloned();
            out.words.extend(words.map(|w| Word { span: (w.span.0.saturating_sub(begin) + moved, w.span.1.saturating_sub(begin) + moved), ..w }));
        }
        out.retell();
        out.question = out.source.contains('?');
        out
    }

    /// Writes the text anew after a change to the words.
    pub(super) fn retell(&mut self) {
        self.text.clear();
        for w in &self.words {
            self.text.push(' ');
            self.text.push_str(&w.folded);
        }
        self.text.push(' ');
    }

    /// Words as they were typed, with the punctuation that follows.
    fn typed(&self, from: usize, to: usize) -> &str {
        let Some(first) = self.words.get(from) else { return "" };
        let end = self.words.get(to + 1).map_or(self.source.len(), |next| next.span.0);
        self.source.get(first.span.0..end).unwrap_or_default().trim()
    }
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
    /// A full stop, question or exclamation mark or a line break follows it.
    pub ends_sentence: bool,
    /// First byte and the byte after the last in [`Normal::source`].
    pub span: (usize, usize),
}

/// Reads any text into its normal form.
#[must_use]
pub fn normalize(raw: &str) -> Normal {
    let source = composed(raw);
    let relaid = layout_is_wrong(&source);
    let cyrillic = source.chars().any(is_cyrillic);
    let mut out = Normal { question: source.contains('?'), ..Normal::default() };
    let (mut latin, mut letters) = (0usize, 0usize);
    let mut token = String::new();
    let mut began = 0usize;
    let mut chars = source.char_indices().map(|(i, c)| (i, if relaid { relay(c) } else { c })).chain(std::iter::once((source.len(), ' '))).peekable();
    while let Some((at, mut c)) = chars.next() {
        let last = token.chars().next_back();
        if c == '1' && last.is_some_and(is_cyrillic) && chars.peek().is_some_and(|(_, next)| is_cyrillic(*next)) {
            // The digit that looks like "і".
            c = 'і';
        }
        if is_letter(c) {
            letters += 1;
            latin += usize::from(c.is_ascii_alphabetic());
        }
        let joins = match last {
            _ if !is_word_char(c) => false,
            None => true,
            Some(last) => last.is_ascii_digit() == c.is_ascii_digit(),
        };
        if joins {
            if token.is_empty() {
                began = at;
            }
            token.push(c);
            continue;
        }
        push_word(&mut out, &token, (began, at), cyrillic);
        token.clear();
        if is_word_char(c) {
            began = at;
            token.push(c);
        } else if let Some(said) = emoji_word(c) {
            push_word(&mut out, said, (at, at + c.len_utf8()), cyrillic);
        } else {
            punctuate(&mut out, c);
        }
    }
    mask(&mut out.words);
    out.latin = letters > 0 && latin * 2 > letters;
    out.text.reserve(source.len() + 2);
    out.retell();
    out.source = source;
    out
}

/// The text in composed form, cut to a bounded length. Nearly every message is composed already.
fn composed(raw: &str) -> String {
    let cut = raw.char_indices().nth(MAX_CHARS).map_or(raw, |(end, _)| raw.get(..end).unwrap_or_default());
    if is_nfkc_quick(cut.chars()) == IsNormalized::Yes { cut.to_owned() } else { cut.nfkc().take(MAX_CHARS).collect() }
}

fn is_word_char(c: char) -> bool {
    is_letter_or_digit(c) || c == '\u{301}'
}

/// [`char::is_alphabetic`], quick for the letters that nearly every message is made of.
pub(super) fn is_letter(c: char) -> bool {
    match c {
        '\u{400}'..='\u{481}' | '\u{48a}'..='\u{52f}' => true,
        _ if c.is_ascii() => c.is_ascii_alphabetic(),
        _ => c.is_alphabetic(),
    }
}

/// [`char::is_alphanumeric`] in the same way.
pub(super) fn is_letter_or_digit(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { is_letter(c) || c.is_numeric() }
}

/// Notes the punctuation behind the last word.
fn punctuate(out: &mut Normal, c: char) {
    let Some(w) = out.words.last_mut() else { return };
    match c {
        ',' | ':' | '(' | ')' | '—' | '–' => w.ends_phrase = true,
        '!' | '?' | ';' | '\n' | '\r' | '…' => (w.ends_phrase, w.ends_sentence) = (true, true),
        '.' => {
            w.ends_phrase = true;
            w.ends_sentence |= w.folded.chars().count() > 1 && !ABBREVIATIONS.contains(&w.folded.as_str());
        }
        _ => {}
    }
}

/// Hides phones (eleven digits from 7 or 8), cards (four by four) and anything of nine digits and more.
fn mask(words: &mut Vec<Word>) {
    let mut at = 0;
    while at < words.len() {
        let (mut digits, mut groups, mut fours) = (String::new(), 0usize, true);
        for w in words.iter().skip(at).take(6) {
            if !w.folded.bytes().all(|b| b.is_ascii_digit()) || digits.len() >= 16 || w.folded.len() > 19 {
                break;
            }
            digits.push_str(&w.folded);
            groups += 1;
            fours &= w.folded.len() == 4;
            let phone = digits.len() == 11 && (digits.starts_with("87") || digits.starts_with("77"));
            if phone || groups == 1 && digits.len() >= 9 || fours && groups == 4 {
                break;
            }
        }
        let phone = digits.len() == 11 && (digits.starts_with("87") || digits.starts_with("77"));
        let hidden = phone || groups == 1 && digits.len() >= 9 || fours && groups == 4;
        if hidden && let Some(last) = words.get(at + groups - 1).cloned() {
            if let Some(first) = words.get_mut(at) {
                *first = Word { folded: MASK.to_owned(), capital: false, span: (first.span.0, last.span.1), ..last };
            }
            words.drain(at + 1..at + groups);
        }
        at += 1;
    }
}

fn push_word(out: &mut Normal, token: &str, span: (usize, usize), cyrillic: bool) {
    if token.is_empty() {
        return;
    }
    // A word of look-alike letters only, among Cyrillic ones: "cy жoк".
    let disguised = cyrillic && token.chars().all(|c| matches!(c.to_ascii_lowercase(), 'a' | 'c' | 'e' | 'k' | 'm' | 'o' | 'p' | 't' | 'x' | 'y'));
    let folded = if disguised { fold_word(&token.to_lowercase().chars().map(lookalike).collect::<String>()) } else { fold_word(token) };
    if folded.is_empty() {
        return;
    }
    let capital = token.chars().next().is_some_and(char::is_uppercase);
    let kazakh = token.chars().any(is_kazakh_letter);
    out.words.push(Word { folded, capital, kazakh, ends_phrase: false, ends_sentence: false, span });
}

/// Folds one word: lower case, homoglyphs, Latin spelling, Kazakh letters, stretched letters.
#[must_use]
pub fn fold_word(word: &str) -> String {
    let mut lower = String::with_capacity(word.len());
    for c in word.chars() {
        match c {
            'а'..='я' | 'a'..='z' | '0'..='9' => lower.push(c),
            _ => lower.extend(c.to_lowercase().filter(|c| !matches!(c, '\u{301}' | '\u{307}'))),
        }
    }
    let (has_cyrillic, has_latin) = lower.chars().fold((false, false), |(c, l), x| (c || is_cyrillic(x), l || is_latin(x)));
    let cyrillic = match (has_cyrillic, has_latin) {
        (true, true) => transliterate(&lower.chars().map(lookalike).collect::<String>()),
        (false, true) => transliterate(&lower),
        _ => lower,
    };
    let (mut last, mut run) = ('\0', 0usize);
    let mut out = String::with_capacity(cyrillic.len());
    for c in cyrillic.chars().map(fold_letter).filter(|c| is_letter_or_digit(*c)) {
        run = if c == last { run + 1 } else { 1 };
        last = c;
        if c.is_ascii_digit() || run <= 2 {
            out.push(c);
        } else if run == 3 {
            // Three and more of a letter are a stretched single one.
            out.pop();
        }
    }
    out
}

/// Kazakh letters onto the Russian ones that people type in their place.
#[must_use]
pub const fn fold_letter(c: char) -> char {
    match c {
        'ё' => 'е',
        'ә' => 'а',
        'ғ' | 'ґ' => 'г',
        'қ' => 'к',
        'ң' => 'н',
        'ө' => 'о',
        'ұ' | 'ү' | 'ў' => 'у',
        'һ' | 'ҳ' => 'х',
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
        '💧' | '🚰' | '🚱' | '🚿' | '🛁' => "вода",
        '💡' => "лампочка",
        '🔌' | '⚡' => "электричество",
        '🗑' | '🚮' => "мусор",
        '🚌' | '🚍' | '🚎' | '🚏' => "автобус",
        '🚕' | '🚖' => "такси",
        '🐕' | '🐶' | '🐺' => "собака",
        '🔥' => "огонь",
        '🚒' => "пожарные",
        '🌊' => "потоп",
        '🌳' | '🌲' => "дерево",
        '🚽' => "унитаз",
        '🛗' => "лифт",
        '🚦' | '🚥' => "светофор",
        '🕳' => "яма",
        '🥶' => "холодно",
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
            ("жарық б1зде", "жарык бизде"),
            ("жарыq", "жарык"),
            ("cy жoк", "су жок"),
            ("sý joq", "су жок"),
            ("и\u{306}од ё\u{301}лка", "йод елка"),
        ] {
            assert_eq!(normalize(a).text, normalize(b).text, "{a} / {b}");
        }
    }

    #[test]
    fn numbers_of_people_are_hidden() {
        for text in ["8701 000 00 00", "+7 (701) 000-00-00", "870100000000", "87010000000", "4400 1234 5678 9012", "020304500123"] {
            assert_eq!(normalize(text).text, " 0 ", "{text}");
        }
        assert_eq!(normalize("дом 12, кв 45, 10 мкр").text, " дом 12 кв 45 10 мкр ");
        assert_eq!(normalize("2024 2025 жылы").text, " 2024 2025 жылы ");
    }

    #[test]
    fn sentences_end_where_they_end() {
        let ends = |text: &str| normalize(text).words.iter().map(|w| w.ends_sentence).collect::<Vec<_>>();
        assert_eq!(ends("ул. Абая. Нет света!"), [false, true, false, true]);
        assert_eq!(ends("су жоқ, жарық жоқ"), [false; 4]);
    }

    #[test]
    fn a_word_knows_where_it_was_typed() {
        let n = normalize("Эй, Су  жоқ!");
        let typed: Vec<&str> = n.words.iter().map(|w| &n.source[w.span.0..w.span.1]).collect();
        assert_eq!(typed, ["Эй", "Су", "жоқ"]);
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
