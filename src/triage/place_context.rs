//! The words around a name: what they say for it and against it.

use super::place::Token;

/// What the words around a mention say.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Around {
    pub district: bool,
    pub village: bool,
    /// A rural okrug.
    pub okrug: bool,
    pub town: bool,
    /// "орталығы", "вокзалы": what a place has and a street has not.
    pub centre: bool,
    /// A word for a microdistrict after it.
    pub micro: bool,
    /// The same before it.
    pub of_micro: bool,
    /// A microdistrict with its number after it, as in an address.
    pub micro_number: bool,
    /// A street, a river, a mountain, a school named after somebody.
    pub street: bool,
    /// A shop, a market, a cafe before it: it may be their name.
    pub shop: bool,
    /// The same after it.
    pub shop_after: bool,
    /// A number after it that may be a house.
    pub number: bool,
    /// The oblast, or the water utility.
    pub region: bool,
    /// "в", "из", "до", "под" before it.
    pub preposition: bool,
    /// "на", "по", "угол" before it: what people say of streets.
    pub on: bool,
    /// It begins with a capital letter.
    pub capital: bool,
    /// A comma, a full stop or the end of the text on both sides.
    pub isolated: bool,
    /// Inside a sentence, where an everyday word has no capital.
    pub inner: bool,
    /// A number or another name follows, as in an address.
    pub address_after: bool,
    /// A word of the message speaks against the bare name.
    pub against: bool,
}

fn is(s: &str, list: &[&str]) -> bool {
    list.contains(&s)
}

fn starts(s: &str, list: &[&str]) -> bool {
    list.iter().any(|p| s.starts_with(p))
}

pub(super) fn around(tokens: &[Token<'_>], at: usize, len: usize) -> Around {
    let token = |i: Option<usize>| i.and_then(|i| tokens.get(i));
    let abbreviation =
        |t: &Token<'_>| t.skeleton.chars().count() == 1 || is(&t.skeleton, &["ул", "пр", "пер", "мкр", "гор", "пос", "обл", "ст", "им", "кв", "рзд"]);
    let prev = token(at.checked_sub(1));
    // A full stop after an abbreviation ends nothing.
    let before_token = prev.filter(|t| !t.ends || abbreviation(t));
    let before = before_token.map_or("", |t| t.skeleton.as_ref());
    let dotted = before_token.is_some_and(|t| t.ends);
    let before2 = if before.is_empty() { "" } else { token(at.checked_sub(2)).map_or("", |t| t.skeleton.as_ref()) };
    let ends = token(Some(at + len - 1)).is_some_and(|t| t.ends);
    let next = token(Some(at + len)).filter(|_| !ends);
    let after = next.map_or("", |t| t.skeleton.as_ref());
    let after_ends = next.is_some_and(|t| t.ends);
    let second = token(Some(at + len + 1)).filter(|_| !ends);
    let after2 = second.map_or("", |t| t.skeleton.as_ref());
    // In "Меркі, ауданы" a comma is a slip; a number after a comma is a house: "Абай, 14".
    let over_comma = token(Some(at + len)).map_or("", |t| t.skeleton.as_ref());
    let capital = tokens.get(at).is_some_and(|t| t.capital);
    let begins = prev.is_none_or(|t| t.ends && !abbreviation(t));
    let micro_after = is_micro(after) || is(after, &["ш", "и"]) && after2 == "а";
    let short_district = |a: &str, b: &str| a == "р" && (b == "н" || b == "он" || b.starts_with("не") || b.starts_with("на"));
    let own = tokens.get(at).map_or("", |t| t.skeleton.as_ref());
    Around {
        district: (starts(after, &["аудан", "раион", "ауден"]) || short_district(after, after2)) && !starts(after, &["раионн"])
            || starts(before, &["раион", "аудани"]) && !starts(before, &["раионн"])
            || is(before, &["им", "имени", "т"]) && starts(before2, &["раион"])
            || before == "н" && before2 == "р",
        village: starts(after, &["ауил", "кент", "станс", "станц", "округ", "селос", "поселк", "елди", "беке"])
            || is(
                after,
                &[
                    "аул",
                    "аули",
                    "аулин",
                    "аулинда",
                    "аулинан",
                    "аулина",
                    "аулинин",
                    "аулиндаги",
                    "с",
                    "село",
                    "селе",
                    "ст",
                    "разезд",
                    "окр",
                    "аилинда",
                    "аили",
                ],
            )
            || is(after, &["а", "с"]) && (after_ends || after2 == "о" || after2 == "ок")
            || after == "селски"
            || after == "сельски"
            || starts(after, &["селск"])
            || is(
                before,
                &["село", "селе", "села", "селу", "селом", "аул", "ауле", "аула", "аулу", "станция", "станции", "станцию", "ст", "разезд", "разезде"],
            )
            || starts(before, &["посел", "округ", "перевал"])
            || is(before, &["пос", "с", "п", "а"]) && (dotted || before == "пос")
            || is(before, &["им", "имени"]) && is(before2, &["село", "селе", "села", "аул", "ауле", "с"])
            || before == "о" && is(before2, &["с", "а"]),
        okrug: starts(after, &["округ", "селс"]) || after == "окр" || is(after, &["а", "с"]) && after2 == "о",
        centre: starts(after, &["орталиг", "вокзал", "аурухан", "емхана"]) || starts(before, &["центр"]),
        town: starts(after, &["каласи", "калали"])
            || is(after, &["кала", "калада", "к"]) && (after != "к" || after_ends)
            || is(before, &["г", "гор", "город", "городе", "города", "городу", "горд", "городок"]),
        micro: micro_after && !is_number(after2) || starts(after, &["массив"]),
        micro_number: micro_after && is_number(after2) || is_number(after) && is_micro(after2),
        of_micro: is_micro(before) || starts(before, &["массив"]) || before == "а" && is(before2, &["ш", "и"]),
        street: starts(after, &["кошес", "дангил", "озен", "атиндаг", "туиик"])
            // In "Мерке ул. Абая" the word belongs to the next name.
            || (starts(after, &["улиц", "улоч", "просп", "переул", "булвар"]) || is(after, &["ул", "пр", "пер"]))
                && (second.is_none_or(|t| is_number(&t.skeleton)) || after_ends && !abbreviation_word(after))
            || is(after, &["кош", "коше", "тауи", "тауин", "таудин", "тауинда", "атинда", "коли", "колинде", "коче", "кочеси", "кочесинде", "ущеле", "жагасинда", "жагаси", "бири"])
            || starts(after, &["батир"])
            || is(before, &["ул", "пр", "пер", "через", "им", "имени", "улц", "углу", "проезд"])
            || starts(before, &["улиц", "просп", "переул", "угол", "гора", "гори", "горах", "перекрест", "пересеч", "реки", "река", "реке", "реку", "речк"]),
        shop: starts(before, &["магазин", "кафе", "ресторан", "тоихан", "гостиниц", "столов", "дукен"])
            || is(before, &["базар", "ринок"])
            || is(before, &["тд", "трц", "тц", "тоо", "жшс"]),
        shop_after: starts(after, &["мектеб", "мектеп", "дукен", "меирамхан", "тоихан", "саябаг", "маркет", "сауда", "школ", "базар", "ринок"]),
        number: is_number(over_comma)
            && !is_micro(token(Some(at + len + 1)).map_or("", |t| t.skeleton.as_ref()))
            && !is_unit(token(Some(at + len + 1)).map_or("", |t| t.skeleton.as_ref())),
        region: starts(after, &["облис", "област"])
            || after == "обл"
            || own == "жамбил" && is(after, &["су", "суга", "суи", "судан", "судин", "суда", "суди", "водоканал"])
            || own == "жамбил" && starts(after, &["суд"]),
        preposition: is(before, &["в", "во", "из", "до", "под"]),
        on: is(before, &["на", "по", "вдол", "углу", "и", "от", "с", "возле", "около", "у"]) && !dotted || is(after, &["батир", "би"]),
        capital,
        isolated: begins && (ends || next.is_none()),
        inner: capital && !begins,
        address_after: next.is_some_and(|t| t.capital || is_number(t.skeleton.as_ref())),
        against: false,
    }
}

fn abbreviation_word(word: &str) -> bool {
    is(word, &["ул", "пр", "пер"])
}

pub(super) fn is_micro(word: &str) -> bool {
    starts(word, &["мкр", "микрор", "икшам", "молтек", "шагин", "мкрн", "микраи", "микроаудан"]) || is(word, &["микр", "мкрн", "мк"])
}

pub(super) fn is_number(word: &str) -> bool {
    word.len() <= 3 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// What a number counts when it is no house.
fn is_unit(word: &str) -> bool {
    starts(word, &["кун", "дне", "сагат", "час", "минут", "апта", "неде", "жил", "рет", "раз", "месяц", "адам", "уиге", "км", "шакирим"])
        || is(word, &["дня", "ден", "аи", "лет", "утра", "вечера"])
}
