//! Which district a message names: names with their cases, weighed by the words around them.

use super::files::{GazetteerFile, MicrodistrictsFile, PlaceEntry, parse};
use super::normalize::{Normal, Word, normalize};
use crate::domain::DistrictCode;
use crate::domain::reading::Place;
use std::collections::{BTreeSet, HashMap};

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
mod weight {
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
enum Kind {
    District,
    Adjective,
    Centre,
    Village,
    Microdistrict,
}

#[derive(Debug)]
struct Name {
    /// Folded words. The last may carry an ending.
    words: Vec<String>,
    /// The last word without its final vowel: the Russian stem.
    ru_stem: Option<String>,
    district: usize,
    kind: Kind,
    context: bool,
    shown: String,
    point: Option<(f64, f64)>,
}

/// The gazetteer, indexed.
#[derive(Debug)]
pub struct Gazetteer {
    districts: Vec<DistrictCode>,
    city: Option<usize>,
    names: Vec<Name>,
    /// First word (or its Russian stem) to names.
    by_first: HashMap<String, Vec<usize>>,
}

/// What the words around a mention say.
#[derive(Debug, Default, Clone, Copy)]
struct Around {
    district: bool,
    village: bool,
    micro: bool,
    street: bool,
    number: bool,
    region: bool,
    preposition: bool,
}

struct Mention {
    weight: u8,
    districts: BTreeSet<usize>,
    name: Option<usize>,
}

impl Gazetteer {
    pub(super) fn load(gazetteer: &str, microdistricts: &str) -> Result<(Self, String), Vec<String>> {
        let file: GazetteerFile = parse("gazetteer", gazetteer)?;
        let micro: MicrodistrictsFile = parse("microdistricts", microdistricts)?;
        let mut this = Self { districts: Vec::new(), city: None, names: Vec::new(), by_first: HashMap::new() };
        let mut problems = Vec::new();
        for (index, d) in file.district.iter().enumerate() {
            match DistrictCode::new(d.code.as_str()) {
                Ok(code) => this.districts.push(code),
                Err(e) => return Err(vec![format!("gazetteer: {e}")]),
            }
            if d.code == micro.district {
                this.city = Some(index);
            }
            let point = d.lat.zip(d.lon);
            for (i, name) in d.short.iter().chain(&d.also).enumerate() {
                let kind = if i == 1 && d.code != micro.district { Kind::Adjective } else { Kind::District };
                this.add(name, index, kind, d.context, name, point);
            }
            for p in &d.places {
                let centre = p.kind.as_deref() == Some("town") || d.centre.as_deref() == Some(p.kk.as_str());
                this.add_place(p, index, if centre { Kind::Centre } else { Kind::Village });
            }
        }
        match this.city {
            Some(city) => micro.places.iter().for_each(|p| this.add_place(p, city, Kind::Microdistrict)),
            None => problems.push(format!("microdistricts: no district '{}' in the gazetteer", micro.district)),
        }
        if problems.is_empty() { Ok((this, format!("{}.{}", file.version, micro.version))) } else { Err(problems) }
    }

    fn add_place(&mut self, p: &PlaceEntry, district: usize, kind: Kind) {
        let mut seen = BTreeSet::new();
        for name in std::iter::once(&p.kk).chain(&p.ru).chain(&p.also) {
            if seen.insert(normalize(name).text) {
                self.add(name, district, kind, p.context, &p.kk, p.lat.zip(p.lon));
            }
        }
    }

    fn add(&mut self, name: &str, district: usize, kind: Kind, context: bool, shown: &str, point: Option<(f64, f64)>) {
        let words: Vec<String> = normalize(name).words.into_iter().map(|w| w.folded).collect();
        let Some(last) = words.last() else { return };
        let ru_stem = russian_stem(last).filter(|s| s.chars().count() >= 2).map(str::to_owned);
        // "Айша-Биби" is also typed in one word.
        if words.len() == 2 && words.iter().all(|w| w.chars().count() > 2) {
            let joined = words.concat();
            self.index(Name { ru_stem: None, words: vec![joined], district, kind, context, shown: shown.to_owned(), point });
        }
        self.index(Name { words, ru_stem, district, kind, context, shown: shown.to_owned(), point });
    }

    fn index(&mut self, name: Name) {
        let id = self.names.len();
        if let Some(first) = name.words.first() {
            self.by_first.entry(first.clone()).or_default().push(id);
            if name.words.len() == 1
                && let Some(stem) = &name.ru_stem
            {
                self.by_first.entry(stem.clone()).or_default().push(id);
            }
        }
        self.names.push(name);
    }

    /// The point of a settlement, as our gazetteer spells it.
    #[must_use]
    pub fn point(&self, district: &DistrictCode, shown: &str) -> Option<(f64, f64)> {
        let of = |n: &&Name| n.shown == shown && self.districts.get(n.district) == Some(district);
        self.names.iter().filter(of).find_map(|n| n.point)
    }

    /// The place a message names.
    #[must_use]
    pub fn find(&self, message: &Normal, why: &mut Vec<String>) -> Place {
        let mut mentions = self.mentions(&message.words);
        let Some(top) = mentions.iter().map(|m| m.weight).max() else { return Place::Unknown };
        // A name that stands in several districts is settled by any other mention that fits one of them.
        let firm: BTreeSet<usize> = mentions.iter().filter(|m| m.districts.len() == 1).flat_map(|m| m.districts.iter().copied()).collect();
        mentions.retain(|m| m.weight == top || m.districts.len() > 1);
        let mut candidates: BTreeSet<usize> = BTreeSet::new();
        for m in mentions.iter().filter(|m| m.weight == top) {
            let settled: BTreeSet<usize> = m.districts.intersection(&firm).copied().collect();
            candidates.extend(if settled.is_empty() { &m.districts } else { &settled });
        }
        // "From our village to the city": the city is where people go, the other place is where they write from.
        if candidates.len() == 2
            && let Some(city) = self.city
            && !message.text.contains(" жолы")
            && !message.text.contains(" трасс")
            && !message.text.contains(" дорог")
        {
            candidates.remove(&city);
        }
        if candidates.len() > 1 {
            let codes = candidates.iter().filter_map(|d| self.districts.get(*d).cloned()).collect::<Vec<_>>();
            why.push(format!("place:ambiguous:{}", codes.len()));
            return Place::Ambiguous(codes);
        }
        let Some((index, code)) = candidates.first().and_then(|d| Some((*d, self.districts.get(*d)?.clone()))) else { return Place::Unknown };
        why.push(format!("place:{code}:{top}"));
        Place::Found { district: code, settlement: self.settlement(message, index) }
    }

    /// The settlement of this district that the message names most firmly.
    fn settlement(&self, message: &Normal, district: usize) -> Option<String> {
        let all = self.mentions(&message.words);
        let named = all.iter().filter(|m| m.districts.contains(&district)).filter_map(|m| {
            let here = |n: &&Name| n.district == district && !matches!(n.kind, Kind::District | Kind::Adjective);
            let name = self.names.get(m.name?)?;
            let own = Some(name).filter(here).or_else(|| self.names.iter().filter(here).find(|n| n.words == name.words))?;
            (m.weight < weight::DISTRICT).then_some((m.weight, own))
        });
        named.max_by_key(|(w, _)| *w).map(|(_, n)| n.shown.clone())
    }

    fn mentions(&self, words: &[Word]) -> Vec<Mention> {
        let mut out = Vec::new();
        for at in 0..words.len() {
            let Some(word) = words.get(at) else { break };
            if is_micro(&word.folded) && at > 0 && words.get(at - 1).is_some_and(|w| is_number(&w.folded)) {
                out.extend(self.city.map(|c| Mention { weight: weight::NUMBERED, districts: BTreeSet::from([c]), name: None }));
            }
            if let Some(mention) = self.mention_at(words, at) {
                out.push(mention);
            }
        }
        out
    }

    /// All names that begin at a word, joined into one mention of the highest weight.
    fn mention_at(&self, words: &[Word], at: usize) -> Option<Mention> {
        let word = words.get(at)?.folded.as_str();
        let mut best: Option<Mention> = None;
        let ends = word.char_indices().map(|(i, _)| i).skip(2).chain(std::iter::once(word.len()));
        let mut seen: Vec<usize> = Vec::new();
        for id in ends.filter_map(|end| self.by_first.get(word.get(..end)?)).flatten() {
            if seen.contains(id) {
                continue;
            }
            seen.push(*id);
            let Some(name) = self.names.get(*id) else { continue };
            let Some(ending) = name.matches(words, at) else { continue };
            let Some(weight) = name.weigh(&around(words, at, name.words.len()), &ending, words, at) else { continue };
            match &mut best {
                Some(m) if m.weight == weight => {
                    m.districts.insert(name.district);
                }
                Some(m) if m.weight > weight => {}
                _ => best = Some(Mention { weight, districts: BTreeSet::from([name.district]), name: Some(*id) }),
            }
        }
        best
    }
}

impl Name {
    /// The ending with which the name stands at this word.
    fn matches(&self, words: &[Word], at: usize) -> Option<String> {
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

    fn weigh(&self, near: &Around, ending: &str, words: &[Word], at: usize) -> Option<u8> {
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

fn around(words: &[Word], at: usize, len: usize) -> Around {
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

fn is_micro(word: &str) -> bool {
    ["мкр", "микрорайон", "микрор", "ыкшам", "молтек", "шагын", "мкрн"].iter().any(|p| word.starts_with(p)) || word == "микр"
}

fn is_number(word: &str) -> bool {
    word.len() <= 3 && !word.is_empty() && word.bytes().all(|b| b.is_ascii_digit())
}

/// A name without the ending that Russian declines: "Каменка" - "каменк", "Бурное" - "бурн".
fn russian_stem(word: &str) -> Option<&str> {
    let long = ["ое", "ый", "ий", "ая"].iter().find_map(|e| word.strip_suffix(e));
    long.or_else(|| word.strip_suffix(['а', 'я', 'е', 'о', 'ь', 'й', 'ы', 'и']))
}

/// Endings of a Russian adjective made from a name: "-ский", "-инского" ...
fn is_adjective(ending: &str) -> bool {
    ["ск", "инск", "енск", "нск", "овск", "ьск"].iter().any(|p| ending.starts_with(p)) && ending.chars().count() <= 8
}
