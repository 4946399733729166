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

/// The part of the text that looks like an address, at most 80 characters.
#[must_use]
pub fn find(raw: &str) -> Option<String> {
    let words: Vec<&str> = raw.split_whitespace().take(400).collect();
    let clean = |i: usize| words.get(i).map(|w| w.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()).unwrap_or_default();
    let is_house = |i: usize| {
        let w = clean(i);
        w.starts_with(|c: char| c.is_ascii_digit()) && w.chars().count() <= 5 && !NOT_HOUSE.contains(&clean(i + 1).as_str())
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
                take(i, if is_house(i + 2) { i + 2 } else { i + 1 });
                break;
            }
        } else if AFTER.contains(&w.as_str()) && i > 0 && named(i - 1) {
            take(i - 1, if is_house(i + 1) { i + 1 } else { i });
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
            ("", None),
        ] {
            assert_eq!(find(text).as_deref(), want, "{text}");
        }
    }
}
