//! The gazetteer: names with their cases, looked up in a message and weighed by the words around them.

use super::files::{GazetteerFile, MicrodistrictsFile, PlaceEntry, parse};
use super::normalize::{Normal, normalize};
use super::place_choice::{Mention, choose};
use super::place_context::{around, is_micro, is_number};
use super::place_ending::{Endings, Role, Stem, skeleton};
use super::place_name::{Kind, Name, Stands, weight};
use super::place_typo::{SHORTEST, rest_after_slip};
use crate::domain::DistrictCode;
use crate::domain::reading::Place;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

/// A word of a message in the letters by which names are compared.
#[derive(Debug)]
pub(super) struct Token<'a> {
    pub skeleton: Cow<'a, str>,
    pub capital: bool,
    /// A comma, a full stop or the like follows.
    pub ends: bool,
    /// A hyphen joins it to the next word.
    pub hyphen: bool,
}

/// The gazetteer, indexed.
#[derive(Debug)]
pub struct Gazetteer {
    districts: Vec<DistrictCode>,
    city: Option<usize>,
    names: Vec<Name>,
    /// The first word of a longer name, or a stem of a single word, to the names and which of their stems it is.
    by_first: HashMap<String, Vec<(usize, Option<Stem>)>>,
    /// Long single words by their first letter, for slips.
    long: HashMap<char, Vec<(Vec<char>, usize, Stem)>>,
    /// Hashes of the first two letters of all names: most words of a message are none.
    starts: Vec<bool>,
    endings: Endings,
}

/// Which entry of [`Gazetteer::starts`] belongs to a word.
fn start_of(word: &str) -> usize {
    let mut chars = word.chars().map(|c| c as usize);
    (chars.next().unwrap_or(0) * 37 + chars.next().unwrap_or(0)) % 2048
}

impl Gazetteer {
    pub(super) fn load(gazetteer: &str, microdistricts: &str) -> Result<(Self, String), Vec<String>> {
        let file: GazetteerFile = parse("gazetteer", gazetteer)?;
        let micro: MicrodistrictsFile = parse("microdistricts", microdistricts)?;
        let mut this = Self {
            districts: Vec::new(),
            city: None,
            names: Vec::new(),
            by_first: HashMap::new(),
            long: HashMap::new(),
            starts: vec![false; 2048],
            endings: Endings::new(),
        };
        for (index, d) in file.district.iter().enumerate() {
            this.districts.push(DistrictCode::new(d.code.as_str()).map_err(|e| vec![format!("gazetteer: {e}")])?);
            let city = d.code == micro.district;
            if city {
                this.city = Some(index);
            }
            let entry =
                PlaceEntry { context: d.context, strict: d.strict, unless: d.unless.clone(), lat: d.lat, lon: d.lon, ..PlaceEntry::default() };
            let shown = d.short.first().map_or(d.kk.as_str(), String::as_str);
            for name in d.short.iter().chain(&d.also) {
                this.add(name, index, if city { Kind::City } else { Kind::District }, &entry, shown);
            }
            for p in &d.places {
                let kind = match p.kind.as_deref() {
                    Some("town") => Kind::Town,
                    _ if d.centre.as_deref() == Some(p.kk.as_str()) => Kind::Centre,
                    Some("okrug") => Kind::Okrug,
                    _ => Kind::Village,
                };
                this.add_place(p, index, kind);
            }
        }
        let Some(city) = this.city else { return Err(vec![format!("microdistricts: no district '{}' in the gazetteer", micro.district)]) };
        micro
            .places
            .iter()
            .for_each(|p| this.add_place(p, city, if p.kind.as_deref() == Some("district") { Kind::CityDistrict } else { Kind::Microdistrict }));
        Ok((this, format!("{}.{}", file.version, micro.version)))
    }

    fn add_place(&mut self, p: &PlaceEntry, district: usize, kind: Kind) {
        let mut seen = BTreeSet::new();
        for name in std::iter::once(&p.kk).chain(&p.ru).chain(&p.also) {
            if seen.insert(normalize(name).text) {
                self.add(name, district, kind, p, &p.kk);
            }
        }
        let sure = PlaceEntry { lat: p.lat, lon: p.lon, ..PlaceEntry::default() };
        p.plain.iter().for_each(|name| self.add(name, district, kind, &sure, &p.kk));
    }

    fn add(&mut self, name: &str, district: usize, kind: Kind, entry: &PlaceEntry, shown: &str) {
        let words: Vec<String> = normalize(name).words.into_iter().map(|w| w.folded).collect();
        // "Айша-Биби" is also typed in one word.
        if words.len() == 2 && words.iter().all(|w| w.chars().count() > 2) {
            self.index(&[words.concat()], district, kind, entry, shown);
        }
        self.index(&words, district, kind, entry, shown);
    }

    fn index(&mut self, words: &[String], district: usize, kind: Kind, entry: &PlaceEntry, shown: &str) {
        let Some(mut name) = Name::new(words, district, kind, shown) else { return };
        name.context = entry.context;
        name.strict = entry.strict;
        name.unless = entry.unless.iter().flat_map(|u| normalize(u).words).map(|w| skeleton(&w.folded).into_owned()).collect();
        name.point = entry.lat.zip(entry.lon);
        let id = self.names.len();
        let firsts = name.before.first().into_iter().chain(name.stems.iter().filter(|_| name.before.is_empty()).map(|(s, _)| s));
        let firsts: Vec<usize> = firsts.map(|s| start_of(s)).collect();
        firsts.into_iter().for_each(|s| {
            if let Some(known) = self.starts.get_mut(s) {
                *known = true
            }
        });
        match name.before.first() {
            Some(first) => self.by_first.entry(first.clone()).or_default().push((id, None)),
            None => {
                for (stem, kind) in &name.stems {
                    self.by_first.entry(stem.clone()).or_default().push((id, Some(*kind)));
                    let letters: Vec<char> = stem.chars().collect();
                    if let Some(first) = letters.first().filter(|_| letters.len() >= SHORTEST && !name.strict && !name.context) {
                        self.long.entry(*first).or_default().push((letters, id, *kind));
                    }
                }
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
        let tokens = tokens(message);
        let mentions = self.mentions(&tokens);
        if mentions.is_empty() {
            return Place::Unknown;
        }
        let mut chosen = choose(&mentions, self.city, &tokens);
        if chosen.len() > 1 {
            why.push(format!("place:ambiguous:{}", chosen.len()));
            return Place::Ambiguous(chosen.iter().filter_map(|d| self.districts.get(*d).cloned()).collect());
        }
        let Some((index, code)) = chosen.pop_first().and_then(|d| Some((d, self.districts.get(d)?.clone()))) else { return Place::Unknown };
        why.push(format!("place:{code}"));
        Place::Found { district: code, settlement: self.settlement(&mentions, index) }
    }

    /// The settlement of this district that the message names most firmly.
    fn settlement(&self, mentions: &[Mention], district: usize) -> Option<String> {
        let named = mentions.iter().filter_map(|m| {
            let here = |n: &&Name| n.district == district && !matches!(n.kind, Kind::District | Kind::City | Kind::CityDistrict);
            let own = m.names.iter().filter_map(|id| self.names.get(*id)).find(here)?;
            Some((m.weight.min(weight::SMALL), !matches!(own.kind, Kind::Town | Kind::Centre), own))
        });
        // Beside the town that stands for its district, the village is meant: "Меркі, Ойтал".
        named.max_by_key(|(weight, small, _)| (*weight, *small)).map(|(_, _, n)| n.shown.clone())
    }

    fn mentions(&self, tokens: &[Token<'_>]) -> Vec<Mention> {
        let mut out: Vec<Mention> = Vec::new();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            if let Some(mention) = self.numbered(tokens, at) {
                out.push(mention);
                at += 1;
                continue;
            }
            if let Some(mention) = self.mention_at(tokens, at, token) {
                at += mention.len.max(1);
                out.push(mention);
                continue;
            }
            at += 1;
        }
        out
    }

    /// "8 мкр", "15-ші ықшам ауданы", "микрорайон 10", "15 ш/а".
    fn numbered(&self, tokens: &[Token<'_>], at: usize) -> Option<Mention> {
        let text = |i: Option<usize>| i.and_then(|i| tokens.get(i)).map_or("", |t| t.skeleton.as_ref());
        let word = text(Some(at));
        let short = matches!(word, "ш" | "и") && text(Some(at + 1)) == "а";
        if !short && (!word.starts_with(['м', 'и', 'ш']) || !is_micro(word)) {
            return None;
        }
        let before = match text(at.checked_sub(1)) {
            w if is_ordinal_tail(w) => text(at.checked_sub(2)),
            w => w,
        };
        // Taraz counts its microdistricts to fifteen or so.
        let counts = |w: &str| is_number(w) && w.parse::<u16>().is_ok_and(|n| (1..=20).contains(&n)) || is_ordinal(w);
        let city = self.city.filter(|_| counts(before) || counts(text(Some(at + 1))) && !short)?;
        Some(Mention { at, len: 1, weight: weight::NUMBERED, role: Role::Bare, districts: BTreeSet::from([city]), names: Vec::new() })
    }

    /// All names that begin at a word, joined into one mention of the highest weight. A longer name beats a shorter one.
    fn mention_at(&self, tokens: &[Token<'_>], at: usize, token: &Token<'_>) -> Option<Mention> {
        let word = token.skeleton.as_ref();
        if !self.starts.get(start_of(word)).is_some_and(|known| *known) && word.len() < (SHORTEST - 1) * 2 {
            return None;
        }
        let mut found: Vec<(usize, Stands)> = Vec::new();
        let ends = word.char_indices().map(|(i, _)| i).skip(2).chain(std::iter::once(word.len()));
        for end in ends {
            let Some(ids) = word.get(..end).and_then(|prefix| self.by_first.get(prefix)) else { continue };
            let rest = word.get(end..).unwrap_or_default();
            for (id, stem) in ids {
                let stands = match stem {
                    Some(stem) => self.endings.read(*stem, rest).map(|role| Stands { role, len: 1, typo: false }),
                    None if rest.is_empty() => self.longer(*id, tokens, at),
                    None => None,
                };
                if let Some(stands) = stands {
                    found.push((*id, stands));
                }
            }
        }
        if found.is_empty() {
            self.split_in_two(tokens, at, token, &mut found);
        }
        if found.is_empty() && word.len() >= (SHORTEST - 1) * 2 {
            self.slips(word, &mut found);
        }
        let longest = found.iter().map(|(_, s)| s.len).max()?;
        let mention = self.join(tokens, at, &found, longest);
        // "Тұрар Рысқұлов" that is a street says so of "Рысқұлов" too.
        mention.or_else(|| found.iter().all(|(_, s)| s.len == longest).then_some(None).flatten())
    }

    fn longer(&self, id: usize, tokens: &[Token<'_>], at: usize) -> Option<Stands> {
        let name = self.names.get(id)?;
        let matches = |(i, w): (usize, &String)| tokens.get(at + i).is_some_and(|t| t.skeleton == *w);
        if !name.before.iter().enumerate().all(matches) {
            return None;
        }
        let last = tokens.get(at + name.before.len())?.skeleton.as_ref();
        let role = name.stems.iter().find_map(|(stem, kind)| self.endings.read(*kind, last.strip_prefix(stem.as_str())?))?;
        Some(Stands { role, len: name.before.len() + 1, typo: false })
    }

    /// A name that voice-to-text has torn in two. Only beside a word that says what it is: "жаңа жол" is a new road.
    fn split_in_two(&self, tokens: &[Token<'_>], at: usize, token: &Token<'_>, found: &mut Vec<(usize, Stands)>) {
        let Some(next) = tokens.get(at + 1).filter(|_| !token.ends) else { return };
        if token.skeleton.len() < 4 || next.skeleton.len() < 4 {
            return;
        }
        let joined = format!("{}{}", token.skeleton, next.skeleton);
        for end in joined.char_indices().map(|(i, _)| i).filter(|i| *i > token.skeleton.len()).chain(std::iter::once(joined.len())) {
            for (id, stem) in joined.get(..end).and_then(|p| self.by_first.get(p)).into_iter().flatten() {
                let read = stem.and_then(|s| self.endings.read(s, joined.get(end..).unwrap_or_default()));
                found.extend(read.map(|role| (*id, Stands { role, len: 2, typo: false })));
            }
        }
        if !found.is_empty() {
            let near = around(tokens, at, 2);
            if !(near.village || near.district || near.town) || near.street {
                found.clear();
            }
        }
    }

    fn slips(&self, word: &str, found: &mut Vec<(usize, Stands)>) {
        let letters: Vec<char> = word.chars().collect();
        let Some(candidates) = letters.first().and_then(|first| self.long.get(first)) else { return };
        for (name, id, stem) in candidates {
            let Some(rest) = rest_after_slip(name, &letters) else { continue };
            let rest: String = rest.iter().collect();
            let Some(role) = self.endings.read(*stem, &rest) else { continue };
            let main = self.names.get(*id).is_some_and(|n| !matches!(n.kind, Kind::Village | Kind::Okrug | Kind::Microdistrict));
            // A village is less often meant than an everyday word with a Russian ending.
            if main || role != Role::Russian && name.len() > SHORTEST {
                found.push((*id, Stands { role, len: 1, typo: true }));
            }
        }
    }

    fn join(&self, tokens: &[Token<'_>], at: usize, found: &[(usize, Stands)], len: usize) -> Option<Mention> {
        let near = around(tokens, at, len);
        let mut best: Option<Mention> = None;
        for (id, stands) in found.iter().filter(|(_, s)| s.len == len) {
            let Some(name) = self.names.get(*id) else { continue };
            let mut near = near;
            near.against = !name.unless.is_empty() && tokens.iter().any(|t| name.unless.iter().any(|u| t.skeleton.starts_with(u.as_str())));
            let Some(weight) = name.weigh(*stands, &near) else { continue };
            match &mut best {
                Some(m) if m.weight == weight => {
                    m.districts.insert(name.district);
                    m.names.push(*id);
                }
                Some(m) if m.weight > weight => m.names.push(*id),
                _ => {
                    let mut names = best.take().map_or_else(Vec::new, |m| m.names);
                    names.insert(0, *id);
                    let role = role(*stands, name, tokens, at);
                    best = Some(Mention { at, len, weight, role, districts: BTreeSet::from([name.district]), names });
                }
            }
        }
        best
    }
}

fn tokens(message: &Normal) -> Vec<Token<'_>> {
    let mut out: Vec<Token<'_>> = Vec::with_capacity(message.words.len());
    for (i, w) in message.words.iter().enumerate() {
        let gap = message.words.get(i + 1).and_then(|next| message.source.get(w.span.1..next.span.0)).unwrap_or_default();
        let hyphen = gap.contains(['-', '–', '—']);
        let slash = gap.trim() == "/";
        out.push(Token { skeleton: skeleton(&w.folded), capital: w.capital, ends: w.ends_phrase && !slash, hyphen });
    }
    out
}

/// What ending and preposition together say.
fn role(stands: Stands, name: &Name, tokens: &[Token<'_>], at: usize) -> Role {
    let text = |i: Option<usize>| i.and_then(|i| tokens.get(i)).map_or("", |t| t.skeleton.as_ref());
    let mut before = text(at.checked_sub(1));
    if matches!(before, "г" | "город" | "городе" | "города" | "село" | "селе" | "с") {
        before = text(at.checked_sub(2));
    }
    let declines = name.stems.iter().any(|(_, s)| *s == Stem::Consonant);
    match (stands.role, before) {
        (Role::Bare, "в" | "во") if declines => Role::To,
        (Role::Bare | Role::Russian | Role::Adjective, "в" | "во" | "на") => Role::At,
        (Role::Bare | Role::Russian, "из" | "с" | "от" | "со") => Role::From,
        (Role::Bare | Role::Russian, "до" | "к" | "ко") => Role::To,
        (Role::Bare, _) => match text(Some(at + stands.len)) {
            "да" | "де" | "та" | "те" | "даги" | "деги" | "таги" | "теги" => Role::At,
            "дан" | "ден" | "тан" | "тен" => Role::From,
            "га" | "ге" | "ка" | "ке" => Role::To,
            _ => Role::Bare,
        },
        (role, _) => role,
    }
}

fn is_ordinal_tail(word: &str) -> bool {
    matches!(word, "ои" | "и" | "м" | "ом" | "ем" | "го" | "ши" | "нши" | "инши" | "шы" | "х" | "му")
}

fn is_ordinal(word: &str) -> bool {
    const RUSSIAN: &[&str] = &[
        "перв",
        "втор",
        "трет",
        "четверт",
        "пят",
        "шест",
        "седьм",
        "седм",
        "восьм",
        "восм",
        "девят",
        "десят",
        "одиннадцат",
        "двенадцат",
        "тринадцат",
        "четирнадцат",
        "пятнадцат",
    ];
    const KAZAKH: &[&str] = &[
        "биринши",
        "екинши",
        "ушинши",
        "тортинши",
        "бесинши",
        "алтинши",
        "жетинши",
        "бир",
        "еки",
        "уш",
        "торт",
        "бес",
        "алти",
        "жети",
        "сегиз",
        "тогиз",
        "сегизинши",
        "тогизинши",
        "онинши",
        "он",
    ];
    KAZAKH.contains(&word) || RUSSIAN.iter().any(|o| word.strip_prefix(o).is_some_and(|t| t.chars().count() <= 3)) && word.chars().count() >= 5
}

#[cfg(test)]
#[path = "place_tests.rs"]
mod tests;
