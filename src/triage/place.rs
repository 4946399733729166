//! Which district a message names: names with their cases, weighed by the words around them.

use super::files::{GazetteerFile, MicrodistrictsFile, PlaceEntry, parse};
use super::normalize::{Normal, Word, normalize};
use super::place_context::{around, is_micro, is_number};
use super::place_name::{Kind, Name, russian_stem, weight};
use crate::domain::DistrictCode;
use crate::domain::reading::Place;
use std::collections::{BTreeSet, HashMap};

/// The gazetteer, indexed.
#[derive(Debug)]
pub struct Gazetteer {
    districts: Vec<DistrictCode>,
    city: Option<usize>,
    names: Vec<Name>,
    /// First word (or its Russian stem) to names.
    by_first: HashMap<String, Vec<usize>>,
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
