//! Danger to life or property, found before anything else is decided and never left to a model.

use super::files::{HazardsFile, parse};
use super::pattern::{Builder, Hits, PatternId, Patterns};
use crate::domain::Hazard;

/// The words of danger.
#[derive(Debug)]
pub(super) struct Dangers {
    /// In the order of the file: the first that is stated wins.
    list: Vec<Signs>,
    over: Vec<PatternId>,
    over_unless: Vec<PatternId>,
}

#[derive(Debug)]
struct Signs {
    hazard: Hazard,
    signs: Vec<PatternId>,
    not: Vec<PatternId>,
}

impl Dangers {
    pub fn load(text: &str, patterns: &mut Builder) -> Result<(Self, String), Vec<String>> {
        let file: HazardsFile = parse("hazards", text)?;
        let mut problems = Vec::new();
        let mut ids = |words: &[String]| words.iter().map(|w| patterns.add(w)).collect::<Vec<_>>();
        let mut list = Vec::new();
        for h in &file.hazard {
            match Hazard::parse(&h.code) {
                Some(hazard) => list.push(Signs { hazard, signs: ids(&h.signs), not: ids(&h.not) }),
                None => problems.push(format!("hazards: unknown hazard '{}'", h.code)),
            }
        }
        for hazard in Hazard::ALL {
            if !list.iter().any(|s| s.hazard == *hazard && !s.signs.is_empty()) {
                problems.push(format!("hazards: '{hazard}' has no signs"));
            }
        }
        let (over, over_unless) = (ids(&file.over), ids(&file.over_unless));
        if problems.is_empty() { Ok((Self { list, over, over_unless }, file.version)) } else { Err(problems) }
    }

    /// The danger a message states, if it states one that exists now.
    pub fn find(&self, hits: &Hits, patterns: &Patterns, why: &mut Vec<String>) -> Option<Hazard> {
        let stated = |s: &&Signs| hits.count(&s.not) == 0 && hits.count(&s.signs) > 0;
        let found = self.list.iter().find(stated)?;
        let word = hits.first(&found.signs).map_or("", |id| patterns.source(id));
        if let Some(over) = hits.first(&self.over)
            && hits.count(&self.over_unless) == 0
        {
            why.push(format!("hazard_over:{}:{}", found.hazard, patterns.source(over)));
            return None;
        }
        why.push(format!("hazard:{}:{word}", found.hazard));
        Some(found.hazard)
    }
}
