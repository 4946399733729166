//! Short words that mean the same at any moment of a conversation, in either language: "status", "operator", "cancel", "other language", yes, no, a digit.

use crate::domain::phone::Phone;
use crate::domain::{Lang, RequestNumber};

/// What a short message wants of the conversation itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// How a request stands: the named one, else the sender's own.
    Status(Option<RequestNumber>),
    /// A person.
    Operator,
    Cancel,
    /// The language that is not spoken now.
    OtherLanguage,
    Language(Lang),
    Help,
    /// To prove the own number, named or not.
    MyPhone(Option<Phone>),
    /// Six digits: a code that may have been sent.
    Code(String),
    Yes,
    No,
    /// The answer with this number, counted from one.
    Pick(usize),
}

/// Asks for a status when a number follows, or when it stands alone.
const STATUS: &[&str] = &["статус", "мартебе", "мартебеси", "куйи", "status"];
/// Stand before a number: "обращение 26-...".
const NUMBER: &[&str] = &["обращение", "заявка", "номер", "отиниш", "отинишим", "номир", "номири"];

const STATUS_ALONE: &[&str] = &[
    "мой статус",
    "статус заявки",
    "статус обращения",
    "статус моей заявки",
    "мои заявки",
    "мои обращения",
    "где моя заявка",
    "что с моей заявкой",
    "что с заявкой",
    "что с обращением",
    "отинишимнин куйи",
    "отинишимнин мартебеси",
    "отиништин куйи",
    "отинишим кайда",
    "отинишим не болды",
    "отиништерим",
    "менин отиништерим",
];
const OPERATOR: &[&str] = &[
    "оператор",
    "оператора",
    "оператору",
    "диспетчер",
    "живой человек",
    "живого человека",
    "нужен оператор",
    "хочу оператора",
    "позовите оператора",
    "соедините с оператором",
    "связь с оператором",
    "поговорить с человеком",
    "операторга кос",
    "операторга косыныз",
    "операторга косынызшы",
    "оператор керек",
    "оператормен сойлеским келеди",
    "адаммен сойлеским келеди",
    "тири адам",
    "тири адам керек",
    "operator",
];
const CANCEL: &[&str] = &[
    "отмена",
    "отменить",
    "отмени",
    "отмените",
    "отмена заявки",
    "отменить заявку",
    "отмените заявку",
    "отменить обращение",
    "отмените обращение",
    "передумал",
    "передумала",
    "бас тарту",
    "бас тартамын",
    "болдырмау",
    "болдырманыз",
    "отиништи болдырмау",
    "отиништи кайтарып аламын",
    "cancel",
];
const OTHER_LANGUAGE: &[&str] =
    &["другой язык", "сменить язык", "поменять язык", "язык", "баска тил", "баска тилде", "тилди ауыстыру", "тилди озгерту", "тил", "language"];
const KAZAKH: &[&str] = &["казакша", "казак тили", "казак тилинде", "казахский", "на казахском", "по казахски", "kaz", "kazakh", "qazaqsha"];
const RUSSIAN: &[&str] = &["русский", "на русском", "по русски", "орысша", "орыс тили", "орыс тилинде", "rus", "russian"];
const HELP: &[&str] = &["справка", "меню", "мазир", "аныктама", "help", "menu"];
const MY_PHONE: &[&str] = &[
    "мой номер телефона",
    "мой номер",
    "мой телефон",
    "менин телефон номирим",
    "менин номирим",
    "менин телефоным",
    "номирим",
    "телефоным",
    "my phone",
];
const YES: &[&str] = &["да", "иа", "ия", "решено", "да решено", "да спасибо", "шешилди", "иа шешилди", "ия шешилди", "иа рахмет", "ия рахмет"];
const NO: &[&str] = &["нет", "жок", "не решено", "нет не решено", "шешилмеди", "жок шешилмеди", "шешилген жок", "али шешилген жок"];
/// Said for politeness; means nothing by itself.
const POLITE: &[&str] = &["пожалуйста", "отинемин"];

/// Reads a whole message as a wish. `None` when it says anything more than that.
pub(super) fn read(text: &str) -> Option<Wish> {
    // Longer messages tell a story.
    if text.chars().count() > 80 {
        return None;
    }
    let folded = fold(text);
    let mut said = folded.strip_prefix("109 ").unwrap_or(&folded);
    for polite in POLITE {
        said = said.strip_suffix(polite).or_else(|| said.strip_prefix(polite)).unwrap_or(said).trim();
    }
    if let Some(n) = digits(said) {
        return Some(Wish::Pick(n));
    }
    if let Some((word, rest)) = said.split_once(' ')
        && (STATUS.contains(&word) || NUMBER.contains(&word))
        && let Ok(number) = RequestNumber::parse(rest)
    {
        return Some(Wish::Status(Some(number)));
    }
    if let Some(rest) = MY_PHONE.iter().find_map(|word| said.strip_prefix(word)) {
        return match (rest.trim(), Phone::parse(rest)) {
            ("", _) => Some(Wish::MyPhone(None)),
            (_, Ok(phone)) => Some(Wish::MyPhone(Some(phone))),
            (_, Err(_)) => None,
        };
    }
    if said.len() == 6 && said.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Wish::Code(said.to_owned()));
    }
    let is = |list: &[&str]| list.contains(&said);
    Some(match () {
        () if is(STATUS) || is(STATUS_ALONE) => Wish::Status(None),
        () if is(OPERATOR) => Wish::Operator,
        () if is(CANCEL) => Wish::Cancel,
        () if is(OTHER_LANGUAGE) => Wish::OtherLanguage,
        () if is(KAZAKH) => Wish::Language(Lang::Kk),
        () if is(RUSSIAN) => Wish::Language(Lang::Ru),
        () if is(HELP) => Wish::Help,
        () if is(YES) => Wish::Yes,
        () if is(NO) => Wish::No,
        () => return None,
    })
}

/// Does the message answer by number or by yes and no? Then the caller looks up what was offered last.
#[must_use]
pub fn needs_choices(text: &str) -> bool {
    matches!(read(text), Some(Wish::Yes | Wish::No | Wish::Pick(_)))
}

/// One or two digits and nothing else.
fn digits(said: &str) -> Option<usize> {
    let short = (1..=2).contains(&said.len()) && said.bytes().all(|b| b.is_ascii_digit());
    short.then(|| said.parse().ok()).flatten().filter(|n| *n > 0)
}

/// Lower case, Kazakh letters as their nearest Russian ones, punctuation as spaces.
fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        let c = match c {
            'ә' => 'а',
            'ғ' => 'г',
            'қ' => 'к',
            'ң' => 'н',
            'ө' => 'о',
            'ұ' | 'ү' => 'у',
            'һ' => 'х',
            'і' => 'и',
            'ё' => 'е',
            c if c.is_alphanumeric() => c,
            _ => ' ',
        };
        if c != ' ' {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with(' ') {
            out.push(' ');
        }
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_of_both_languages() {
        let number = RequestNumber::compose(2026, 4_817_035);
        let shown = number.to_string();
        for (text, want) in [
            ("Статус".to_owned(), Wish::Status(None)),
            ("109 МӘРТЕБЕ".into(), Wish::Status(None)),
            ("менің өтініштерім".into(), Wish::Status(None)),
            (format!("109 СТАТУС {shown}"), Wish::Status(Some(number.clone()))),
            (format!("109 мәртебе {}", number.digits()), Wish::Status(Some(number.clone()))),
            (format!("Күйі: {shown}"), Wish::Status(Some(number.clone()))),
            (format!("Өтініш № {shown}"), Wish::Status(Some(number))),
            ("Оператор!".into(), Wish::Operator),
            ("операторға қосыңызшы".into(), Wish::Operator),
            ("Соедините с оператором, пожалуйста".into(), Wish::Operator),
            ("тірі адам керек".into(), Wish::Operator),
            ("ОТМЕНА".into(), Wish::Cancel),
            ("Бас тарту".into(), Wish::Cancel),
            ("болдырмау".into(), Wish::Cancel),
            ("другой язык".into(), Wish::OtherLanguage),
            ("Басқа тіл".into(), Wish::OtherLanguage),
            ("по-русски".into(), Wish::Language(Lang::Ru)),
            ("қазақша".into(), Wish::Language(Lang::Kk)),
            ("мәзір".into(), Wish::Help),
            ("Менің нөмірім 8 701 234 56 78".into(), Wish::MyPhone(Phone::parse("+77012345678").ok())),
            ("мой номер: +7(701)234-56-78".into(), Wish::MyPhone(Phone::parse("+77012345678").ok())),
            ("Мой номер".into(), Wish::MyPhone(None)),
            ("012345".into(), Wish::Code("012345".into())),
            ("Иә, рахмет".into(), Wish::Yes),
            ("Жоқ, шешілмеді".into(), Wish::No),
            ("да".into(), Wish::Yes),
            ("2.".into(), Wish::Pick(2)),
            (" 12 ".into(), Wish::Pick(12)),
        ] {
            assert_eq!(read(&text), Some(want), "{text}");
        }
    }

    #[test]
    fn everything_more_is_a_message() {
        for text in [
            "",
            "109",
            "0",
            "00",
            "123",
            "оператор связи не работает",
            "отмените отключение света на улице Абая",
            "нет воды",
            "жоқ су",
            "статус 26-4817-0350",
            "да там яма",
            "помогите",
            "көмек",
            "не надо",
            "Абая 5",
            "мой номер не отвечает",
            "8 701 234 56 78",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "\\PC{0,120}") {
            let _ = read(&text);
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }
    }
}
