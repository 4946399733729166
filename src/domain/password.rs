//! What a password must not be: short, or what a guesser tries first. Pure: nothing is stored and nothing asked elsewhere.

use super::class::words;

/// Shortest password, in characters.
pub const SHORTEST: usize = 10;
/// Longest password that is hashed, in bytes.
pub const LONGEST: usize = 1024;
/// Fewer different characters than this are one key held down.
const DIFFERENT: usize = 5;
/// The part of a password that may be something guessable, in percent of its characters.
const MOST_GUESSABLE: usize = 60;

words! {
    /// Why a password is refused.
    Weakness {
        Short = "short",
        Long = "long",
        /// Few different characters, or a row of them.
        Plain = "plain",
        /// A word that guessers try first makes up most of it.
        Common = "common",
        /// The login or the name makes up most of it.
        Own = "own",
    }
}

/// What guessers of this country try first, in Latin and Cyrillic; longer ones first where one holds another.
const COMMON: &[&str] = &[
    "administrator",
    "password",
    "passw0rd",
    "dispatcher",
    "диспетчер",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "йцукенгшщзхъ",
    "фывапролджэ",
    "ячсмитьбю",
    "kazakhstan",
    "qazaqstan",
    "казахстан",
    "қазақстан",
    "zhambyl",
    "jambyl",
    "жамбыл",
    "taraz",
    "тараз",
    "almaty",
    "алматы",
    "astana",
    "астана",
    "qwerty",
    "йцукен",
    "asdfgh",
    "фывапр",
    "zxcvb",
    "1q2w3e4r",
    "1qaz2wsx",
    "qazwsx",
    "iloveyou",
    "welcome",
    "letmein",
    "monkey",
    "dragon",
    "football",
    "sunshine",
    "princess",
    "master",
    "shadow",
    "superman",
    "batman",
    "secret",
    "changeme",
    "default",
    "служба",
    "дежурный",
    "оператор",
    "operator",
    "manager",
    "пароль",
    "любовь",
    "солнце",
    "сектор",
    "кулпысоз",
    "құпиясөз",
    "admin",
    "админ",
    "login",
    "user",
    "test",
    "тест",
    "root",
    "guest",
    "ikomek",
    "акимат",
    "әкімдік",
    "109109",
    "123123",
    "112233",
    "121212",
    "098765",
    "pass",
    "2024",
    "2025",
    "2026",
    "2027",
];

/// Why nobody may take this password; `None` when it will do. `own` are the words a guesser knows about the person: login, name.
#[must_use]
pub fn weakness(password: &str, own: &[&str]) -> Option<Weakness> {
    let folded: Vec<char> = password.to_lowercase().chars().collect();
    if folded.len() < SHORTEST {
        return Some(Weakness::Short);
    }
    if password.len() > LONGEST {
        return Some(Weakness::Long);
    }
    let mut different = folded.clone();
    different.sort_unstable();
    different.dedup();
    if different.len() < DIFFERENT || guessable(in_rows(&folded), folded.len()) {
        return Some(Weakness::Plain);
    }
    if guessable(covered(&folded, COMMON), folded.len()) {
        return Some(Weakness::Common);
    }
    let parts = own.iter().flat_map(|o| o.split(|c: char| !c.is_alphanumeric()).chain([*o]));
    let own: Vec<String> = parts.map(str::to_lowercase).filter(|w| w.chars().count() >= 4).collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    guessable(covered(&folded, &own), folded.len()).then_some(Weakness::Own)
}

fn guessable(part: usize, whole: usize) -> bool {
    part * 100 > whole * MOST_GUESSABLE
}

/// Letters that are written as digits and signs, back as letters.
fn plain(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

/// How many characters stand in a row: the same, or each one more or less than the one before (`aaaa`, `1234`, `dcba`), four and more together.
fn in_rows(text: &[char]) -> usize {
    let step = |a: char, b: char| i64::from(u32::from(b)) - i64::from(u32::from(a));
    let steps: Vec<i64> = text.iter().zip(text.iter().skip(1)).map(|(a, b)| step(*a, *b)).collect();
    let mut found = 0;
    let mut run = 0usize;
    let mut last = None;
    for s in steps.into_iter().map(Some).chain([None]) {
        if s.is_some() && s == last && matches!(s, Some(-1..=1)) {
            run += 1;
            continue;
        }
        if run >= 3 {
            found += run + 1;
        }
        run = usize::from(matches!(s, Some(-1..=1)));
        last = s;
    }
    found
}

/// How many characters words of the list cover, each character once.
fn covered(text: &[char], words: &[&str]) -> usize {
    let back: Vec<char> = text.iter().map(|c| plain(*c)).collect();
    let mut taken = vec![false; text.len()];
    for word in words {
        let as_written: Vec<char> = word.chars().collect();
        let as_letters: Vec<char> = as_written.iter().map(|c| plain(*c)).collect();
        for (form, look) in [(text, &as_written), (back.as_slice(), &as_letters)] {
            for (at, window) in form.windows(look.len().max(1)).enumerate() {
                if window == look.as_slice() {
                    taken.iter_mut().skip(at).take(look.len()).for_each(|t| *t = true);
                }
            }
        }
    }
    taken.iter().filter(|t| **t).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_guessers_try_first_is_refused() {
        use Weakness as W;
        for (password, want) in [
            ("", Some(W::Short)),
            ("kL9#xv2Qm", Some(W::Short)),
            ("парольжоқ", Some(W::Short)),
            ("aaaaaaaaaaaa", Some(W::Plain)),
            ("ababababab", Some(W::Plain)),
            ("1234567890", Some(W::Plain)),
            ("abcdefghijkl", Some(W::Plain)),
            ("zyxwvutsrq", Some(W::Plain)),
            ("password2026", Some(W::Common)),
            ("P@ssw0rd!!", Some(W::Common)),
            ("QwertyUiop1", Some(W::Common)),
            ("Жамбыл109109", Some(W::Common)),
            ("диспетчер1", Some(W::Common)),
            ("taraz2026taraz", Some(W::Common)),
            ("aigul.seit1", Some(W::Own)),
            ("сейітова_77", Some(W::Own)),
            ("a long password for tests", None),
            ("correct horse battery", None),
            ("қара шай, екі қант", None),
            ("kL9#xv2QmT", None),
            ("1234 жылқы мен тайқазан", None),
        ] {
            assert_eq!(weakness(password, &["aigul.seit", "Айгүл Сейітова"]), want, "{password}");
        }
        assert_eq!(weakness(&"kL9#xv2QmT".repeat(200), &[]), Some(W::Long));
    }

    #[test]
    fn one_character_next_to_another_is_not_yet_a_row() {
        let rows = |t: &str| in_rows(&t.chars().collect::<Vec<_>>());
        for (text, want) in
            [("", 0), ("a", 0), ("abc", 0), ("abcd", 4), ("abcdx", 4), ("xabcd", 4), ("aaaa1234", 8), ("acegik", 0), ("abab", 0), ("4321", 4)]
        {
            assert_eq!(rows(text), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_judged(text in "\\PC{0,80}", own in "\\PC{0,20}") {
            let judged = weakness(&text, &[&own]);
            prop_assert_eq!(judged == Some(Weakness::Short), text.to_lowercase().chars().count() < SHORTEST);
        }
    }
}
