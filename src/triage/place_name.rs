//! One name of the gazetteer, and how much a mention of it weighs among the words around it.

use super::place_context::Around;
use super::place_ending::{Role, Stem, skeleton, stems};

/// How much a mention weighs.
pub(super) mod weight {
    pub const DISTRICT: u8 = 10;
    pub const NAMED: u8 = 8;
    pub const VILLAGE_NAMED: u8 = 7;
    pub const BARE: u8 = 6;
    /// A village or a microdistrict that is named without its word.
    pub const SMALL: u8 = 5;
    pub const OKRUG: u8 = 4;
    pub const CONTEXT: u8 = 4;
    pub const NUMBERED: u8 = 2;
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The city and its old names.
    City,
    District,
    /// A district inside the city.
    CityDistrict,
    /// A town that has the rank of one.
    Town,
    /// The village a district is governed from.
    Centre,
    Village,
    /// A rural okrug with no village of its name.
    Okrug,
    Microdistrict,
}

#[derive(Debug)]
pub(super) struct Name {
    /// Skeletons of all words but the last.
    pub before: Vec<String>,
    /// The last word in the forms that take endings.
    pub stems: Vec<(String, Stem)>,
    pub district: usize,
    pub kind: Kind,
    /// Also an everyday word, a person or a street.
    pub context: bool,
    /// Counts only beside a word that says what it is.
    pub strict: bool,
    /// Beginnings of words that speak against the bare name.
    pub unless: Vec<String>,
    pub shown: String,
    pub point: Option<(f64, f64)>,
}

/// One way in which a name stands in a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stands {
    pub role: Role,
    /// Words it covers.
    pub len: usize,
    /// One letter is wrong.
    pub typo: bool,
}

impl Name {
    pub fn new(folded: &[String], district: usize, kind: Kind, shown: &str) -> Option<Self> {
        let (last, before) = folded.split_last()?;
        Some(Self {
            before: before.iter().map(|w| skeleton(w).into_owned()).collect(),
            stems: stems(last),
            district,
            kind,
            context: false,
            strict: false,
            unless: Vec::new(),
            shown: shown.to_owned(),
            point: None,
        })
    }

    /// The weight of a mention, `None` when the words around it say that it is none.
    pub fn weigh(&self, stands: Stands, near: &Around) -> Option<u8> {
        let Stands { role, typo, .. } = stands;
        if near.district || role == Role::GluedDistrict {
            return matches!(self.kind, Kind::District | Kind::CityDistrict).then_some(weight::DISTRICT);
        }
        let cased = matches!(role, Role::At | Role::From);
        if near.street && !cased || near.region || self.kind == Kind::CityDistrict {
            return None;
        }
        if near.micro {
            return (self.kind == Kind::Microdistrict).then_some(weight::NAMED);
        }
        if near.of_micro && self.kind == Kind::Microdistrict {
            return Some(weight::NAMED);
        }
        if near.of_micro && self.context {
            return None;
        }
        if near.town {
            return matches!(self.kind, Kind::City | Kind::Town | Kind::Centre).then_some(weight::NAMED);
        }
        if near.village || role == Role::GluedVillage {
            return match self.kind {
                Kind::Centre | Kind::City => Some(weight::NAMED),
                Kind::Town | Kind::Village => Some(weight::VILLAGE_NAMED),
                Kind::Okrug => Some(if near.okrug { weight::VILLAGE_NAMED } else { weight::BARE }),
                _ => None,
            };
        }
        let people = self.kind == Kind::District && role == Role::Adjective;
        if self.strict && !people || typo && self.context {
            return None;
        }
        if near.against {
            return None;
        }
        let shop = near.shop && role == Role::Bare;
        let weight = match self.kind {
            Kind::District if self.strict => weight::CONTEXT,
            Kind::Microdistrict if self.context => return None,
            Kind::Microdistrict => weight::SMALL,
            _ if self.context => self.doubtful(role, near)?,
            _ if shop => return None,
            Kind::Village => weight::SMALL,
            Kind::Okrug => weight::OKRUG,
            _ => weight::BARE,
        };
        Some(if typo { weight - 1 } else { weight })
    }

    /// An everyday word counts as a name in a case that says where, after "в" or "из", or standing alone between commas.
    fn doubtful(&self, role: Role, near: &Around) -> Option<u8> {
        let small = matches!(self.kind, Kind::Village | Kind::Okrug);
        let many = self.kind == Kind::Centre && !near.isolated;
        if near.number && (small || many) || near.on || role == Role::Bare && (near.shop || near.shop_after && small) {
            return None;
        }
        let main = matches!(self.kind, Kind::Town | Kind::Centre | Kind::District);
        let placed = match role {
            Role::At | Role::From | Role::Adjective => true,
            Role::To => main || near.inner,
            Role::Russian => near.preposition || main && near.inner,
            _ => {
                near.preposition
                    || near.centre
                    || main && near.micro_number
                    || near.isolated && (near.capital || main)
                    || main && near.capital && (near.inner || near.address_after || near.shop_after)
            }
        };
        placed.then_some(if main {
            weight::BARE
        } else if self.kind == Kind::Okrug {
            weight::CONTEXT - 1
        } else {
            weight::CONTEXT
        })
    }
}
