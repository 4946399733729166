//! One name of the gazetteer: how it declines, and how much a mention of it weighs among the words around it.

use super::normalize::Word;
use super::place_context::Around;

/// Endings a Kazakh name takes, folded.
const KK_ENDINGS: &[&str] = &[
    "га",
    "ге",
    "ка",
    "ке",
    "на",
    "не",
    "да",
    "де",
    "та",
    "те",
    "нда",
    "нде",
    "дан",
    "ден",
    "тан",
    "тен",
    "нан",
    "нен",
    "нын",
    "нин",
    "дын",
    "дин",
    "тын",
    "тин",
    "ны",
    "ни",
    "ды",
    "ди",
    "ты",
    "ти",
    "дагы",
    "деги",
    "тагы",
    "теги",
    "лык",
    "лик",
    "дык",
    "дик",
    "тык",
    "тик",
    "лыктар",
    "ликтер",
    "мен",
    "бен",
    "пен",
    "дикилер",
    "дагылар",
];
/// Of these, the ones that say "in" or "from".
const LOCATIVE: &[&str] = &["да", "де", "та", "те", "нда", "нде", "дан", "ден", "тан", "тен", "дагы", "деги", "тагы", "теги"];
/// Endings a Russian name takes after its stem.
const RU_ENDINGS: &[&str] = &["а", "у", "е", "ы", "и", "ю", "я", "ой", "ей", "ом", "ем", "ого", "ому", "ое", "ую", "ая", "ым", "ий", "ый", "й"];

/// How much a mention weighs.
pub(super) mod weight {
    pub const DISTRICT: u8 = 10;
    pub const MICRODISTRICT_NAMED: u8 = 8;
    pub const CENTRE_NAMED: u8 = 8;
    pub const VILLAGE_NAMED: u8 = 7;
    pub const CENTRE: u8 = 6;
    pub const MICRODISTRICT: u8 = 5;
    pub const VILLAGE: u8 = 4;
    pub const NUMBERED: u8 = 2;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    District,
    Adjective,
    Centre,
    Village,
    Microdistrict,
}

#[derive(Debug)]
pub(super) struct Name {
    /// Folded words. The last may carry an ending.
    pub words: Vec<String>,
    /// The last word without its final vowel: the Russian stem.
    pub ru_stem: Option<String>,
    pub district: usize,
    pub kind: Kind,
    pub context: bool,
    pub shown: String,
    pub point: Option<(f64, f64)>,
}

impl Name {
    /// The ending with which the name stands at this word.
    pub fn matches(&self, words: &[Word], at: usize) -> Option<String> {
        let (last, before) = self.words.split_last()?;
        if !before.iter().enumerate().all(|(i, w)| words.get(at + i).is_some_and(|x| &x.folded == w)) {
            return None;
        }
        let word = words.get(at + before.len())?.folded.as_str();
        if let Some(ending) = word.strip_prefix(last.as_str())
            && (ending.is_empty()
                || self.kind == Kind::Adjective
                || KK_ENDINGS.contains(&ending)
                || last.chars().count() > 2 && (RU_ENDINGS.contains(&ending) || is_adjective(ending)))
        {
            return Some(ending.to_owned());
        }
        let ending = word.strip_prefix(self.ru_stem.as_deref()?)?;
        (RU_ENDINGS.contains(&ending) || is_adjective(ending)).then(|| ending.to_owned())
    }

    pub fn weigh(&self, near: &Around, ending: &str, words: &[Word], at: usize) -> Option<u8> {
        let kin = matches!(self.kind, Kind::District | Kind::Adjective);
        if near.district && kin {
            return Some(weight::DISTRICT);
        }
        if near.street || near.region || near.district {
            return None;
        }
        if near.micro {
            return (self.kind == Kind::Microdistrict).then_some(weight::MICRODISTRICT_NAMED);
        }
        let capital = words.get(at).is_some_and(|w| w.capital);
        let doubtful = self.context && !is_adjective(ending) && !LOCATIVE.contains(&ending) && !near.preposition
            || near.number && self.kind != Kind::Centre && self.context;
        match self.kind {
            Kind::District if self.context => None,
            Kind::District => Some(weight::CENTRE),
            Kind::Adjective => (!self.context).then_some(weight::VILLAGE),
            Kind::Microdistrict if self.context => None,
            Kind::Microdistrict if near.village => None,
            Kind::Microdistrict => Some(weight::MICRODISTRICT),
            Kind::Centre if near.village => Some(weight::CENTRE_NAMED),
            Kind::Centre if doubtful && (at == 0 || !capital) => None,
            Kind::Centre => Some(weight::CENTRE),
            Kind::Village if near.village => Some(weight::VILLAGE_NAMED),
            Kind::Village if doubtful => None,
            Kind::Village => Some(weight::VILLAGE),
        }
    }
}

/// A name without the ending that Russian declines: "Каменка" - "каменк", "Бурное" - "бурн".
pub(super) fn russian_stem(word: &str) -> Option<&str> {
    let long = ["ое", "ый", "ий", "ая"].iter().find_map(|e| word.strip_suffix(e));
    long.or_else(|| word.strip_suffix(['а', 'я', 'е', 'о', 'ь', 'й', 'ы', 'и']))
}

/// Endings of a Russian adjective made from a name: "-ский", "-инского" ...
fn is_adjective(ending: &str) -> bool {
    ["ск", "инск", "енск", "нск", "овск", "ьск"].iter().any(|p| ending.starts_with(p)) && ending.chars().count() <= 8
}
