//! How a name declines: Kazakh case endings, Russian declension and the adjectives made from it.
//!
//! All in skeleton letters: "й" and "ы" are "и", "э" is "е", the soft and the hard sign are gone.

use std::borrow::Cow;
use std::collections::HashMap;

/// What an ending says of the place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// The bare name, or a case that says nothing of where.
    Bare,
    /// In it.
    At,
    /// From it.
    From,
    /// To it.
    To,
    /// "Меркенский", "шуского".
    Adjective,
    /// A Russian case: the preposition tells the role.
    Russian,
    /// Glued to the word for a district: "Меркеауданы".
    GluedDistrict,
    /// Glued to the word for a village or a town.
    GluedVillage,
}

/// How the last word of a name ends, which decides what may follow its stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stem {
    /// The whole name.
    Whole,
    /// The whole name, ending in a consonant: declines as a Russian masculine noun.
    Consonant,
    /// Without its final "а" or "я".
    Feminine,
    /// Without its final "й".
    Short,
    /// Without its final "о".
    Neuter,
    /// Without the ending of a Russian adjective.
    AdjectiveName,
    /// Without its final vowel: only adjectives are made from it.
    Vowel,
}

/// The letters by which names are compared: what is typed on different keyboards, or heard differently, looks the same.
pub(super) fn skeleton(folded: &str) -> Cow<'_, str> {
    if !folded.chars().any(|c| matches!(c, 'ы' | 'й' | 'э' | 'ь' | 'ъ')) {
        return Cow::Borrowed(folded);
    }
    let same = |c: char| match c {
        'ы' | 'й' => Some('и'),
        'э' => Some('е'),
        'ь' | 'ъ' => None,
        _ => Some(c),
    };
    Cow::Owned(folded.chars().filter_map(same).collect())
}

/// The stems of a folded last word, the whole one first.
pub(super) fn stems(folded: &str) -> Vec<(String, Stem)> {
    let cut = |n: usize| {
        let end = folded.char_indices().rev().nth(n - 1).map_or(0, |(i, _)| i);
        skeleton(folded.get(..end).unwrap_or_default()).into_owned()
    };
    let whole = skeleton(folded).into_owned();
    let vowel = folded.ends_with(['а', 'я', 'о', 'у', 'ы', 'и', 'е', 'й', 'ю', 'э']);
    let mut out = vec![(whole, if vowel { Stem::Whole } else { Stem::Consonant })];
    if ["ое", "ый", "ий", "ая"].iter().any(|e| folded.ends_with(e)) && folded.chars().count() > 4 {
        out.push((cut(2), Stem::AdjectiveName));
    }
    match folded.chars().next_back() {
        Some('а' | 'я') => out.push((cut(1), Stem::Feminine)),
        Some('й') => out.push((cut(1), Stem::Short)),
        Some('о') => out.push((cut(1), Stem::Neuter)),
        Some('ы' | 'и' | 'е' | 'у') if folded.chars().count() > 3 => out.push((cut(1), Stem::Vowel)),
        _ => {}
    }
    out
}

/// All the endings, as a table.
#[derive(Debug)]
pub(super) struct Endings {
    kazakh: HashMap<String, Role>,
}

impl Endings {
    pub fn new() -> Self {
        const AT: &[&str] = &["да", "де", "та", "те"];
        const FROM: &[&str] = &["дан", "ден", "тан", "тен", "нан", "нен"];
        const TO: &[&str] = &["га", "ге", "ка", "ке", "на", "не"];
        const REST: &[&str] = &["нин", "дин", "тин", "ни", "ди", "ти", "мен", "бен", "пен", "менен"];
        const OF_PLACE: &[&str] = &["даги", "деги", "таги", "теги"];
        const PEOPLE: &[&str] = &["лик", "дик", "тик"];
        let mut kazakh = HashMap::new();
        let mut add = |ending: String, role| {
            kazakh.entry(ending).or_insert(role);
        };
        for (list, role) in [(AT, Role::At), (FROM, Role::From), (TO, Role::To), (REST, Role::Bare)] {
            list.iter().for_each(|e| add((*e).to_owned(), role));
        }
        for e in ["нда", "нде", "ндаги", "ндеги", "нин", "ники", "дики", "тики"] {
            add(e.to_owned(), Role::At);
        }
        for (base, tails) in [(AT, ["миз", "мин", "сиз", "гилар"]), (FROM, ["биз", "бин", "пиз", "пин"]), (FROM, ["миз", "мин", "сиз", "ба"])]
        {
            let role = if base == AT { Role::At } else { Role::From };
            base.iter().for_each(|b| tails.iter().for_each(|t| add(format!("{b}{t}"), role)));
        }
        for (base, plurals, role) in [(OF_PLACE, ["", "лар", "лер"], Role::At), (PEOPLE, ["", "тар", "тер"], Role::Bare)] {
            for b in base {
                for p in plurals {
                    add(format!("{b}{p}"), role);
                    for case in AT.iter().chain(FROM).chain(TO).chain(REST) {
                        add(format!("{b}{p}{case}"), role);
                    }
                }
            }
        }
        for e in ["лиги", "лигимиз", "ликпиз", "ликпин", "тикпиз", "дикпиз"] {
            add(e.to_owned(), Role::Bare);
        }
        Self { kazakh }
    }

    /// What may follow the stem of a name, and what it says. `None` when such a word is not this name.
    pub fn read(&self, stem: Stem, rest: &str) -> Option<Role> {
        let whole = matches!(stem, Stem::Whole | Stem::Consonant);
        if whole {
            if rest.is_empty() {
                return Some(Role::Bare);
            }
            if let Some(role) = self.kazakh.get(rest) {
                return Some(*role);
            }
            if rest.starts_with("аудан") || rest.starts_with("раион") {
                return Some(Role::GluedDistrict);
            }
            if rest.starts_with("ауил") || rest.starts_with("каласи") {
                return Some(Role::GluedVillage);
            }
        }
        let russian: &[&str] = match stem {
            Stem::Whole | Stem::Vowel => &[],
            Stem::Consonant => &["а", "у", "е", "ом", "и", "я", "ю", "ем"],
            Stem::Feminine => &["и", "у", "ю", "е", "ои", "ои", "еи"],
            Stem::Short => &["я", "ю", "е", "ем"],
            Stem::Neuter => &["а", "у", "е", "ом"],
            Stem::AdjectiveName => &["ого", "ому", "ом", "им", "ое", "ая", "ую", "ои", "ии", "ие", "их"],
        };
        if russian.contains(&rest) {
            return Some(Role::Russian);
        }
        is_adjective(rest).then_some(Role::Adjective)
    }
}

/// Endings of a Russian adjective or of the people named after a place: "-ский", "-инского", "-цы", "-чане".
fn is_adjective(rest: &str) -> bool {
    const LINKS: &[&str] = &["", "н", "ин", "ен", "ов", "ев", "и"];
    const TAILS: &[&str] = &["ии", "и", "ого", "ому", "им", "ом", "ая", "ои", "ую", "ое", "ие", "их", "ими", "о", "ого"];
    const PEOPLE: &[&str] = &["ци", "цев", "цам", "чане", "чан", "чанам", "ец"];
    LINKS.iter().any(|link| {
        let Some(tail) = rest.strip_prefix(link) else { return false };
        PEOPLE.contains(&tail) || tail.strip_prefix("ск").is_some_and(|t| TAILS.contains(&t))
    })
}
