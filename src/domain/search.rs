//! Words as they are searched for: folded, so that Kazakh typed without its letters, either case and common slips find the same.

use std::collections::BTreeSet;

/// Longest word that is kept, in characters.
const LONGEST: usize = 24;
/// Most words of one text.
const MOST: usize = 300;
/// Longer runs of digits are telephones and personal numbers: these are never kept as words.
const DIGITS: usize = 4;
/// Numbers in a row with more digits than this together are one of those, written in groups.
const LONG_GROUP: usize = 5;

/// A letter as it is compared: small, Kazakh letters as their nearest Russian ones, which is how people without them type.
const fn plain(c: char) -> char {
    match c {
        'ә' => 'а',
        'ғ' => 'г',
        'қ' => 'к',
        'ң' => 'н',
        'ө' => 'о',
        'ұ' | 'ү' => 'у',
        'һ' => 'х',
        'і' | 'й' => 'и',
        'ё' => 'е',
        'ъ' => 'ь',
        other => other,
    }
}

/// A small Latin letter that looks like a Cyrillic one, as people type it inside a Cyrillic word.
#[must_use]
pub const fn lookalike(c: char) -> char {
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
        other => other,
    }
}

/// One word, folded.
#[must_use]
pub fn fold(word: &str) -> String {
    let small: String = word.to_lowercase().chars().map(plain).collect();
    let cyrillic = small.chars().any(|c| matches!(c, '\u{400}'..='\u{52f}'));
    if cyrillic { small.chars().map(lookalike).collect() } else { small }
}

/// The words of a text, folded. Long numbers are left out: nobody finds a telephone in here.
#[must_use]
pub fn words(text: &str) -> BTreeSet<String> {
    let mut out = BTreeSet::new();
    // Numbers that stand next to each other may be one telephone, written in groups.
    let mut group: Vec<&str> = Vec::new();
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).take(MOST) {
        if word.chars().all(char::is_numeric) {
            group.push(word);
            continue;
        }
        take(&mut group, &mut out);
        if kept(word) {
            out.insert(fold(word));
        }
    }
    take(&mut group, &mut out);
    out.retain(|w| kept(w));
    out
}

fn take(group: &mut Vec<&str>, out: &mut BTreeSet<String>) {
    if group.iter().map(|w| w.chars().count()).sum::<usize>() <= LONG_GROUP {
        out.extend(group.iter().map(|w| fold(w)));
    }
    group.clear();
}

fn kept(word: &str) -> bool {
    let (letters, digits) = word.chars().fold((0, 0), |(l, d), c| if c.is_numeric() { (l, d + 1) } else { (l + 1, d) });
    letters + digits <= LONGEST && digits <= DIGITS && (letters >= 2 || digits >= 1)
}

/// The pieces of a folded word by which a mistyped one is found: its beginning, and each three letters in a row.
#[must_use]
pub fn grams(word: &str) -> BTreeSet<String> {
    let padded: Vec<char> = std::iter::once('^').chain(word.chars()).chain(std::iter::once('$')).collect();
    padded.windows(3).map(|w| w.iter().collect()).collect()
}

/// The first of [`grams`]: all words that begin alike have it.
#[must_use]
pub fn head(word: &str) -> String {
    std::iter::once('^').chain(word.chars().chain(std::iter::once('$')).take(2)).collect()
}

/// How many slips a word of that length may have.
#[must_use]
pub fn slips(word: &str) -> usize {
    if word.chars().any(char::is_numeric) {
        return 0;
    }
    match word.chars().count() {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

/// Whether two words differ by at most `most` slips: a letter too many, too few, another, or two neighbours exchanged.
#[must_use]
pub fn within(a: &str, b: &str, most: usize) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return false;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let at = |row: &[usize], j: usize| row.get(j).copied().unwrap_or(usize::MAX / 2);
            let mut cost = (at(&last, j) + usize::from(x != y)).min(at(&last, j + 1) + 1).min(at(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                cost = cost.min(at(&before, j - 1) + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().is_some_and(|d| *d <= most)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn list(text: &str) -> Vec<String> {
        words(text).into_iter().collect()
    }

    #[test]
    fn the_same_word_in_every_spelling() {
        for (a, b) in [("Төле би", "толе би"), ("ЖҮЙЕСІ", "жуйеси"), ("қысымы", "кысымы"), ("Ёлка", "елка"), ("Aбaй", "абай"), ("һәм", "хам")]
        {
            assert_eq!(list(a), list(b), "{a}");
        }
        assert_eq!(list("Abai"), ["abai"], "a Latin word stays one");
        assert_eq!(list("Абая 12а, кв. 5"), ["12а", "5", "абая", "кв"]);
        assert_eq!(list("5-ші шағынаудан 12, 45"), ["12", "45", "5", "шагынаудан", "ши"]);
    }

    #[test]
    fn numbers_of_people_are_no_words() {
        for text in ["8 701 234 56 78", "+7(701)234-56-78", "45-67-89", "87012345678", "900101300123", "KZ1234567890", "a", "-", "", &"а".repeat(30)]
        {
            assert_eq!(list(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn slips_are_counted_as_people_make_them() {
        for (a, b, most, want) in [
            ("вода", "воды", 1, true),
            ("электр", "элекрт", 1, true),
            ("жарык", "жрык", 1, true),
            ("газ", "таз", 0, false),
            ("квартира", "квартра", 1, true),
            ("квартира", "картера", 2, true),
            ("квартира", "калитка", 2, false),
            ("", "а", 1, true),
        ] {
            assert_eq!(within(a, b, most), want, "{a} {b}");
        }
        assert_eq!((slips("газ"), slips("жарык"), slips("электрик"), slips("12а")), (0, 1, 2, 0));
        assert!(grams("су").contains(&head("су")) && grams("с").contains(&head("с")));
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,300}") {
            for w in words(&text) {
                prop_assert!(grams(&w).contains(&head(&w)) || w.is_empty());
                prop_assert_eq!(fold(&w), w.clone());
            }
        }

        #[test]
        fn distance_is_symmetric(a in "[а-г]{0,8}", b in "[а-г]{0,8}", most in 0usize..3) {
            prop_assert_eq!(within(&a, &b, most), within(&b, &a, most));
            prop_assert!(within(&a, &a, 0));
        }

        #[test]
        fn no_long_number_stays(text in "[0-9а-я ]{0,60}") {
            for w in words(&text) {
                prop_assert!(w.chars().filter(char::is_ascii_digit).count() <= DIGITS);
            }
        }
    }
}
