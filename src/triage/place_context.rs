//! The words around a name: what they say for it and against it.

use super::normalize::Word;

/// What the words around a mention say.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Around {
    pub district: bool,
    pub village: bool,
    pub micro: bool,
    pub street: bool,
    pub number: bool,
    pub region: bool,
    pub preposition: bool,
}

pub(super) fn around(words: &[Word], at: usize, len: usize) -> Around {
    let get = |i: Option<usize>| i.and_then(|i| words.get(i));
    let text = |w: Option<&Word>| w.map_or("", |w| w.folded.as_str()).to_owned();
    let before = text(get(at.checked_sub(1)).filter(|w| !w.ends_phrase || w.folded.chars().count() <= 3));
    let before2 = text(get(at.checked_sub(2)));
    let own_end = get(Some(at + len - 1)).is_some_and(|w| w.ends_phrase);
    let after = if own_end { String::new() } else { text(get(Some(at + len))) };
    let after2 = if own_end { String::new() } else { text(get(Some(at + len + 1))) };
    let starts = |s: &str, list: &[&str]| list.iter().any(|p| s.starts_with(p));
    let is = |s: &str, list: &[&str]| list.contains(&s);
    let titles = ["им", "имени", "турара", "турар", "т"];
    let micro_after = is_micro(&after) || after == "ш" && after2 == "а" || after == "ы" && after2 == "а";
    Around {
        district: starts(&after, &["аудан", "район"]) && !micro_after && !starts(&after, &["районного"])
            || after == "р" && (after2 == "н" || after2.starts_with("не") || after2 == "он")
            || starts(&before, &["район"])
            || is(&before, &titles) && starts(&before2, &["район", "им"]),
        village: starts(&after, &["ауыл", "аулы", "аулд", "аул", "кент", "станс", "станци", "округ", "селос", "поселк", "стансы"])
            || is(&after, &["а", "с", "село", "селе", "ст", "разъезд"])
            || is(
                &before,
                &[
                    "с",
                    "село",
                    "селе",
                    "села",
                    "селу",
                    "аул",
                    "ауле",
                    "аула",
                    "пос",
                    "поселок",
                    "поселке",
                    "п",
                    "станция",
                    "станции",
                    "ст",
                    "разъезд",
                    "а",
                ],
            ),
        micro: micro_after || is_micro(&before) || starts(&before, &["массив"]) || starts(&after, &["массив"]),
        street: starts(&after, &["кошес", "улиц", "дангыл", "просп", "озен", "тауы", "атындагы"])
            || is(&after, &["ул", "пр", "кош", "коше"])
            || after.starts_with("батыр") && is(&after2, &["угол", "коше", "кошеси", "кошесинде"])
            || is(&before, &["через", "река", "реки", "реку", "реке"])
            || is(&before, &["ул", "пр", "пер"])
            || starts(&before, &["улиц", "просп", "переул", "угол", "горы", "гора", "перекрест"]),
        number: is_number(&after) && !is_micro(&after2) && !is(&after2, &["кун", "дней", "день", "дня"]),
        region: starts(&after, &["облыс", "област", "обл"]) || words.get(at).is_some_and(|w| w.folded == "жамбыл") && after.starts_with("су"),
        preposition: is(&before, &["в", "из", "до", "под"]),
    }
}

pub(super) fn is_micro(word: &str) -> bool {
    ["мкр", "микрорайон", "микрор", "ыкшам", "молтек", "шагын", "мкрн"].iter().any(|p| word.starts_with(p)) || word == "микр"
}

pub(super) fn is_number(word: &str) -> bool {
    word.len() <= 3 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}
