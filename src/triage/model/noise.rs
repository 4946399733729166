//! Other ways of writing the same: slips of the finger, Latin letters, lost punctuation, a greeting before and thanks after.

use super::trainer::Dice;

const LETTERS: &[char] = &['а', 'о', 'е', 'и', 'н', 'т', 'с', 'р', 'в', 'л', 'к', 'м', 'д', 'п', 'у', 'я', 'ы'];
const GREETINGS: &[&str] = &[
    "Здравствуйте!",
    "Добрый день.",
    "Доброе утро,",
    "Сәлеметсіз бе!",
    "Салеметсизбе,",
    "Қайырлы күн.",
    "Ассалаумағалейкум!",
    "здравствуйте",
    "алло",
    "Salemetsiz be,",
];
const CLOSINGS: &[&str] = &[
    "Спасибо.",
    "Заранее спасибо!",
    "Рахмет.",
    "Алдын ала рахмет!",
    "спасибо",
    "рахмет",
    "С уважением.",
    "Рахмет сіздерге",
    "жауаптарыңызды күтемін",
    "жду ответа",
];

/// Slips in so many of a thousand letters: one lost, doubled, swapped with the next or replaced.
#[must_use]
pub fn slips(text: &str, share: usize, seed: u64) -> String {
    let mut dice = Dice(seed);
    let letters: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut skip = false;
    for (i, c) in letters.iter().enumerate() {
        if skip {
            skip = false;
            continue;
        }
        if !c.is_alphabetic() || !dice.chance(share) {
            out.push(*c);
            continue;
        }
        match (dice.below(4), letters.get(i + 1)) {
            (0, _) => {}
            (1, _) => out.extend([*c, *c]),
            (2, Some(next)) => {
                out.extend([*next, *c]);
                skip = true;
            }
            _ => out.push(LETTERS.get(dice.below(LETTERS.len())).copied().unwrap_or('а')),
        }
    }
    out
}

/// The text in Latin letters, as people without another keyboard type it.
#[must_use]
pub fn latin(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        let to = match c {
            'а' | 'ә' => "a",
            'б' => "b",
            'в' => "v",
            'г' | 'ғ' => "g",
            'д' => "d",
            'е' | 'ё' | 'э' => "e",
            'ж' => "zh",
            'з' => "z",
            'и' | 'і' => "i",
            'й' | 'ы' => "y",
            'к' => "k",
            'қ' => "q",
            'л' => "l",
            'м' => "m",
            'н' => "n",
            'ң' => "ng",
            'о' | 'ө' => "o",
            'п' => "p",
            'р' => "r",
            'с' => "s",
            'т' => "t",
            'у' | 'ұ' | 'ү' => "u",
            'ф' => "f",
            'х' => "kh",
            'һ' => "h",
            'ц' => "ts",
            'ч' => "ch",
            'ш' => "sh",
            'щ' => "sch",
            'ю' => "yu",
            'я' => "ya",
            'ъ' | 'ь' => "",
            other => {
                out.push(other);
                continue;
            }
        };
        out.push_str(to);
    }
    out
}

/// As voice typing leaves it: no capitals, no punctuation.
#[must_use]
pub fn unpunctuated(text: &str) -> String {
    let plain: String = text.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    plain.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A greeting before and thanks after.
#[must_use]
pub fn polite(text: &str, seed: u64) -> String {
    let mut dice = Dice(seed);
    let pick = |list: &[&'static str], at: usize| list.get(at).copied().unwrap_or("");
    let greeting = pick(GREETINGS, dice.below(GREETINGS.len()));
    let closing = pick(CLOSINGS, dice.below(CLOSINGS.len()));
    match dice.below(3) {
        0 => format!("{greeting} {text}"),
        1 => format!("{text} {closing}"),
        _ => format!("{greeting} {text} {closing}"),
    }
}
