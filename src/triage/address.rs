//! Street and house as the resident typed them. Light on purpose: a dispatcher reads it, no code relies on it.

/// Words that stand before a street's name.
const BEFORE: &[&str] = &["ул", "улица", "улице", "улицы", "улицу", "пр", "просп", "проспект", "проспекте", "переулок", "пер", "көшесі", "көш"];
/// Words that stand after it.
const AFTER: &[&str] = &[
    "көшесі",
    "көшесінде",
    "көшесінің",
    "кошеси",
    "кошесинде",
    "көш",
    "даңғылы",
    "данғылы",
    "улица",
    "ул",
    "мкр",
    "мкрн",
    "микрорайон",
    "ы/а",
    "ш/а",
    "ықшам",
    "мөлтек",
];
/// Words that stand beside a house number.
const HOUSE: &[&str] = &["дом", "д", "үй", "уй", "үйде", "уйде", "кв", "пәтер", "патер", "корпус"];
/// A number followed by one of these counts something else.
const NOT_HOUSE: &[&str] = &[
    "дней",
    "дня",
    "день",
    "күн",
    "кун",
    "час",
    "часа",
    "часов",
    "сағат",
    "сагат",
    "минут",
    "тысяч",
    "мың",
    "мын",
    "тенге",
    "теңге",
    "тг",
    "рет",
    "раз",
    "раза",
    "лет",
    "жыл",
    "жас",
    "ай",
    "месяц",
    "апта",
    "неделя",
    "градус",
    "утра",
    "вечера",
    "маршрут",
    "автобус",
    "метр",
    "км",
    "процент",
    "жаста",
    "числа",
];

/// Second words of street names: Төле би, Жібек жолы, Қабанбай батыр, Абылай хан.
const SECOND: &[&str] = &["би", "жолы", "батыр", "батыра", "хан", "хана", "ата", "ана", "датқа", "датка", "момышулы", "момышұлы"];

/// The part of the text that looks like an address, at most 80 characters.
#[must_use]
pub fn find(raw: &str) -> Option<String> {
    let words: Vec<&str> = raw.split_whitespace().take(400).collect();
    let clean = |i: usize| words.get(i).map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).unwrap_or_default();
    let is_house = |i: usize| {
        let w = clean(i);
        w.starts_with(|c: char| c.is_ascii_digit())
            // "45", "21к", "45-үйде"; a longer run of digits is an account or a telephone.
            && w.chars().filter(char::is_ascii_digit).count() <= 4
            && w.chars().count() <= if w.contains('-') { 9 } else { 5 }
            && !NOT_HOUSE.contains(&clean(i + 1).as_str())
    };
    let named = |i: usize| clean(i).chars().next().is_some_and(char::is_alphanumeric);
    let (mut from, mut to) = (usize::MAX, 0usize);
    let mut take = |a: usize, b: usize| {
        from = from.min(a);
        to = to.max(b);
    };
    for i in 0..words.len() {
        let w = clean(i);
        if BEFORE.contains(&w.as_str()) && !AFTER.contains(&w.as_str()) || matches!(w.as_str(), "ул" | "улица") {
            if named(i + 1) {
                // "ул. Толе би 45": the name has two words when the second is one of those, or when a house stands right after it.
                let two = SECOND.contains(&clean(i + 2).as_str()) || (!is_house(i + 2) && named(i + 2) && is_house(i + 3));
                let last = if two { i + 2 } else { i + 1 };
                // "на улице темно" is no address: a full word needs a house or a capital letter after it.
                let capital = words.get(i + 1).is_some_and(|w| w.chars().next().is_some_and(char::is_uppercase));
                if is_house(last + 1) || capital || two || w.chars().count() <= 4 {
                    take(i, if is_house(last + 1) { last + 1 } else { last });
                    break;
                }
            }
        } else if AFTER.contains(&w.as_str()) && i > 0 && named(i - 1) {
            let two = i > 1 && SECOND.contains(&clean(i - 1).as_str()) && named(i - 2);
            take(if two { i - 2 } else { i - 1 }, if is_house(i + 1) { i + 1 } else { i });
            break;
        }
    }
    for i in 0..words.len() {
        let w = clean(i);
        if !HOUSE.contains(&w.as_str()) {
            continue;
        }
        if is_house(i + 1) {
            take(i, i + 1);
            break;
        }
        if i > 0 && is_house(i - 1) {
            take(i - 1, i);
            break;
        }
    }
    // Two finds far from each other are not one address: keep what is near the first.
    let to = to.min(from.saturating_add(7));
    let found = words.get(from..=to)?.join(" ");
    let found: String = found.trim_matches(|c: char| !c.is_alphanumeric()).chars().take(80).collect();
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::find;

    #[test]
    fn addresses_as_typed() {
        for (text, want) in [
            ("нет воды, ул. Сейфуллина 14, второй день", Some("ул. Сейфуллина 14")),
            ("Абай көшесі 25 су жоқ", Some("Абай көшесі 25")),
            ("8 мкр дом 12 лифт стоит", Some("8 мкр дом 12")),
            ("света нет уже 5 дней", None),
            ("үй 7 суық", Some("үй 7")),
            ("ул. Толе би 45, нет света", Some("ул. Толе би 45")),
            ("Төле би көшесі 45-үйде су жоқ", Some("Төле би көшесі 45-үйде")),
            ("Жібек жолы көшесінде шұңқыр", Some("Жібек жолы көшесінде")),
            ("на улице Бауыржана Момышулы 7", Some("улице Бауыржана Момышулы 7")),
            ("на улице темно", None),
            ("", None),
        ] {
            assert_eq!(find(text).as_deref(), want, "{text}");
        }
    }
}
