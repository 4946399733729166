//! A house as a key: addresses that people write differently and mean the same.

/// Words before a name or number that say only what it is.
const KINDS: [&str; 26] = [
    "улица",
    "ул",
    "көшесі",
    "көше",
    "даңғылы",
    "даңғыл",
    "проспект",
    "просп",
    "пр",
    "пр-т",
    "переулок",
    "пер",
    "дом",
    "д",
    "үй",
    "үйі",
    "город",
    "г",
    "қаласы",
    "қала",
    "мкр",
    "микрорайон",
    "ықшамаудан",
    "ықшамауданы",
    "тараз",
    "шағынаудан",
];
/// What follows is inside the house.
const INSIDE: [&str; 12] = ["кв", "квартира", "пәтер", "пәт", "этаж", "қабат", "подъезд", "подьезд", "кіреберіс", "офис", "оф", "под"];

/// Street and house of an address, without its flat; `None` when it names no house number. Longer than 200 characters is no address.
#[must_use]
pub fn key(address: &str) -> Option<String> {
    if address.chars().count() > 200 {
        return None;
    }
    let lower = address.to_lowercase().replace('ё', "е");
    let mut words: Vec<&str> = Vec::new();
    let mut number = None;
    for word in lower.split(|c: char| !(c.is_alphanumeric() || c == '-' || c == '/')).map(|w| w.trim_matches(['-', '/'])).filter(|w| !w.is_empty()) {
        if INSIDE.contains(&word) || INSIDE.iter().any(|i| word.strip_prefix(i).is_some_and(|rest| !rest.is_empty() && is_number(rest))) {
            break;
        }
        if KINDS.contains(&word) {
            continue;
        }
        if is_number(word) {
            // A second number is the flat.
            if number.is_some() && !words.is_empty() {
                break;
            }
            if words.is_empty() {
                // `3 мкр`, `5-ші шағынаудан`: part of the name.
                words.push(word);
            } else {
                number = Some(word);
            }
        } else if number.is_some() && word.chars().count() == 1 {
            // `12 а` is `12а`.
            let letter = word;
            let house = format!("{}{letter}", number.unwrap_or_default());
            return finish(&words, &house);
        } else {
            words.push(word);
        }
    }
    finish(&words, number?)
}

/// Numbers of floors and entrances in words.
const ORDINALS: [&str; 10] = ["бірінші", "екінші", "үшінші", "төртінші", "бесінші", "первый", "второй", "третий", "четвертый", "пятый"];

/// Nothing but a place: a number, a word such as "flat" or "entrance", and at most a street's name of two words beside. Tells the answer to "which
/// house?" from a new trouble in few words.
#[must_use]
pub fn is_only_address(text: &str) -> bool {
    if text.chars().count() > 200 {
        return false;
    }
    let lower = text.to_lowercase().replace('ё', "е");
    let (mut numbers, mut kinds, mut names) = (0, 0, 0);
    for word in lower.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()) {
        if word.starts_with(|c: char| c.is_ascii_digit()) {
            numbers += 1;
        } else if KINDS.contains(&word) || INSIDE.contains(&word) {
            kinds += 1;
        } else if ORDINALS.contains(&word) {
            numbers += 1;
        } else {
            names += 1;
        }
    }
    numbers > 0 && kinds > 0 && names <= 2
}

fn is_number(word: &str) -> bool {
    let digits = word.chars().take_while(char::is_ascii_digit).count();
    (1..=4).contains(&digits) && word.chars().skip(digits).count() <= 4
}

fn finish(words: &[&str], number: &str) -> Option<String> {
    if words.is_empty() { None } else { Some(format!("{}|{number}", words.join(" "))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_house_written_in_many_ways() {
        for address in
            ["ул. Абая, д. 12, кв. 5", "Абая 12", "абая 12 кв45", "Тараз, Абая көшесі, 12-үй".replace("-үй", " үй").as_str(), "Абая, 12, 45"]
        {
            assert_eq!(key(address).as_deref(), Some("абая|12"), "{address}");
        }
        assert_eq!(key("Абая 12 а").as_deref(), Some("абая|12а"));
        assert_eq!(key("Абая 12а, кв 3").as_deref(), Some("абая|12а"));
        assert_eq!(key("Жансая мкр, 7").as_deref(), Some("жансая|7"));
        for none in ["", "Абая", "12", "12 кв 5", "рядом с базаром", &"а".repeat(300)] {
            assert_eq!(key(none), None, "{none}");
        }
    }

    #[test]
    fn an_answer_is_told_from_a_trouble() {
        for yes in ["45-пәтер", "Абая 12, второй подъезд", "ул. Толе би, д. 5", "3 этаж", "екінші подъезд", "Төле би көшесі 7, 12 пәтер"]
        {
            assert!(is_only_address(yes), "{yes}");
        }
        for no in
            ["нет воды 2 дня", "у нас в доме 12 нет света второй день", "пәтер", "12", "", "подъезд", "во втором подъезде темно и скользко 2 дня"]
        {
            assert!(!is_only_address(no), "{no}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,220}") {
            let _ = (key(&text), is_only_address(&text));
        }
    }
}
