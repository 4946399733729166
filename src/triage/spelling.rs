//! Other ways of typing Cyrillic: Latin spelling, the wrong keyboard layout.

use super::normalize::{fold_word, is_letter};

/// Latin spelling of Kazakh and Russian to folded Cyrillic. Several alphabets are in use at once, so this is a table of habits, not a standard.
pub(super) fn transliterate(word: &str) -> String {
    const PAIRS: &[(&str, &str)] = &[
        ("shch", "щ"),
        ("sch", "щ"),
        ("dzh", "дж"),
        ("sh", "ш"),
        ("ch", "ч"),
        ("zh", "ж"),
        ("kh", "х"),
        ("gh", "г"),
        ("ts", "ц"),
        ("ya", "я"),
        ("yu", "ю"),
        ("yo", "е"),
        ("ye", "е"),
        ("ng", "н"),
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
            'j' => 'ж',
            'k' | 'q' => 'к',
            'l' => 'л',
            'm' => 'м',
            'n' | 'ń' | 'ñ' => 'н',
            'o' | 'ó' | 'ö' => 'о',
            'p' => 'п',
            'r' => 'р',
            's' => 'с',
            'ş' | 'ș' => 'ш',
            't' => 'т',
            'u' | 'ú' | 'ü' | 'ū' | 'ý' | 'w' => 'у',
            'š' => 'ш',
            'č' => 'ч',
            'ž' => 'ж',
            'ŋ' => 'н',
            'ı' if after_vowel => 'й',
            'ı' => 'ы',
            'v' => 'в',
            'x' => 'х',
            'y' if after_vowel => 'й',
            'y' => 'ы',
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

/// Beginnings of words that people write most to a dispatcher, folded: the measure of which reading of Latin keys makes sense.
const COMMON: &[&str] = &[
    "нет",
    "вод",
    "свет",
    "газ",
    "тепл",
    "дом",
    "дорог",
    "мусор",
    "улиц",
    "когда",
    "почему",
    "сколько",
    "куда",
    "где",
    "как",
    "что",
    "привет",
    "здравств",
    "добр",
    "день",
    "дн",
    "пожал",
    "спасибо",
    "не",
    "на",
    "в",
    "у",
    "с",
    "по",
    "и",
    "за",
    "из",
    "мы",
    "нас",
    "вы",
    "уже",
    "очен",
    "холод",
    "горяч",
    "подъезд",
    "двор",
    "район",
    "микро",
    "мкр",
    "работ",
    "гор",
    "пахн",
    "запах",
    "люк",
    "яма",
    "автобус",
    "лифт",
    "крыш",
    "теч",
    "прорв",
    "труб",
    "батаре",
    "фонар",
    "собак",
    "сроч",
    "помог",
    "прош",
    "откл",
    "втор",
    "су",
    "жок",
    "жарык",
    "бар",
    "кашан",
    "калай",
    "кайда",
    "неге",
    "бизд",
    "биз",
    "уй",
    "коше",
    "ауыл",
    "ауд",
    "кокыс",
    "жылу",
    "жол",
    "кун",
    "болды",
    "бол",
    "бер",
    "тур",
    "жатыр",
    "салем",
    "рахмет",
    "керек",
    "келме",
    "алма",
    "жонде",
    "балалар",
    "мен",
    "осы",
    "канша",
    "комек",
    "шам",
    "отир",
    "айтын",
    "кел",
    "кет",
    "те",
    "де",
    "да",
    "ма",
    "ме",
    "жамбыл",
    "тараз",
    "мерк",
    "корд",
    "шу",
    "сколь",
    "звон",
    "номер",
    "ответ",
    "заяв",
    "свита",
    "все",
    "опять",
    "снова",
    "сутк",
    "недел",
    "месяц",
    "вчера",
    "сегод",
    "утра",
];

/// Latin keys pressed for Russian letters: the text relaid makes more known words than the text read as Latin spelling, or it has next to no vowels.
pub(super) fn layout_is_wrong(text: &str) -> bool {
    let (mut letters, mut halves) = (0usize, 0usize);
    for c in text.chars().filter(|c| is_letter(*c)) {
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
    if letters < 2 {
        return false;
    }
    let relaid: String = text.chars().map(relay).collect();
    let laid = mass(relaid.split(|c: char| !is_letter(c)).map(fold_word));
    let spelt = mass(text.split(|c: char| !is_letter(c)).map(fold_word));
    laid > spelt || laid == spelt && letters >= 6 && halves * 100 < letters * 2 * 16
}

/// Letters of the words that begin as a common word does; a common word of one or two letters must be the whole word.
fn mass(words: impl Iterator<Item = String>) -> usize {
    let known = |w: &str| COMMON.iter().any(|c| w == *c || c.chars().count() > 2 && w.starts_with(c));
    words.filter(|w| known(w)).map(|w| w.chars().count()).sum()
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
        for wrong in ["ytn cdtnf", "ghbdtn", "rjulf dlflen djle&", "djls ytn dnjhst cenrb", "ce ;jr", ";fhsr ;jr", "gf[ytn ufpjv d gjl]tplt", "cdtn"]
        {
            assert!(layout_is_wrong(wrong), "{wrong}");
        }
        for right in [
            "svet zhok",
            "нет света",
            "ok",
            "sveta net",
            "jaryq joq",
            "su joq",
            "vody net uzhe 2 dnya",
            "gaz iisi shygyp tur",
            "hello",
            "start",
            "",
            "kvt",
        ] {
            assert!(!layout_is_wrong(right), "{right}");
        }
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
