//! Danger to life or property, found before anything else is decided and never left to a model.
//!
//! A sign counts where it stands: "запаха газа нет" denies only its own smell, and thanks for one repair do not silence another danger.

use super::files::{DangerContext, HazardsFile, parse};
use super::pattern::{Builder, Hits, PatternId, Patterns, Span};
use crate::domain::Hazard;

/// How many words after "если" a sign still hangs on it.
const CONDITION_REACH: usize = 5;
/// The same for a fear ("как бы не загорелось") and for a Kazakh conditional verb after the sign.
const NEAR_REACH: usize = 2;

/// The words of danger.
#[derive(Debug)]
pub(super) struct Dangers {
    /// In the order of the file: the first that is stated wins.
    list: Vec<Signs>,
    context: Context,
}

#[derive(Debug)]
struct Signs {
    hazard: Hazard,
    standing: bool,
    signs: Vec<PatternId>,
    not: Vec<PatternId>,
}

#[derive(Debug)]
struct Context {
    denied_before: Vec<PatternId>,
    denied_after: Vec<PatternId>,
    if_before: Vec<PatternId>,
    if_after: Vec<PatternId>,
    fear: Vec<PatternId>,
    past: Vec<PatternId>,
    plan: Vec<PatternId>,
    resolved: Vec<PatternId>,
    gratitude: Vec<PatternId>,
    done: Vec<PatternId>,
    still: Vec<PatternId>,
}

impl Context {
    fn new(file: &DangerContext, patterns: &mut Builder) -> Self {
        let mut ids = |words: &[String]| patterns.add_all(words);
        Self {
            denied_before: ids(&file.denied_before),
            denied_after: ids(&file.denied_after),
            if_before: ids(&file.if_before),
            if_after: ids(&file.if_after),
            fear: ids(&file.fear),
            past: ids(&file.past),
            plan: ids(&file.plan),
            resolved: ids(&file.resolved),
            gratitude: ids(&file.gratitude),
            done: ids(&file.done),
            still: ids(&file.still),
        }
    }

    /// Why the sign at this place states no danger of today, if it does not.
    fn silences(&self, sign: Span, standing: bool, hits: &Hits) -> Option<PatternId> {
        let find = |ids: &[PatternId], holds: &dyn Fn(Span) -> bool| {
            hits.places_of(ids).into_iter().find(|(_, s)| (s.to < sign.from || s.from > sign.to) && holds(*s)).map(|(id, _)| id)
        };
        let phrase = |s: Span| hits.same_phrase(s.from, sign.from) || hits.same_phrase(s.to, sign.to);
        let sentence = |s: Span| hits.same_sentence(s.from, sign.from);
        let before = |s: Span, reach: usize| s.to < sign.from && sign.from - s.to <= reach + 1;
        let after = |s: Span, reach: usize| s.from > sign.to && s.from - sign.to <= reach + 1;
        let inside = |s: Span| !standing && s.from > sign.from && s.to < sign.to;
        let denied = hits.places_of(&self.denied_before).into_iter().find(|(_, s)| before(*s, 0) && phrase(*s) || inside(*s)).map(|(id, _)| id);
        denied
            .or_else(|| find(&self.denied_after, &|s| after(s, 0) && phrase(s) && !hits.same_phrase(s.to, s.to + 1)))
            .or_else(|| find(&self.if_before, &|s| before(s, CONDITION_REACH) && phrase(s)))
            .or_else(|| find(&self.if_after, &|s| after(s, NEAR_REACH) && phrase(s)))
            .or_else(|| find(&self.past, &sentence))
            .or_else(|| if standing { None } else { find(&self.fear, &|s| before(s, NEAR_REACH) && phrase(s)) })
            .or_else(|| if standing { None } else { find(&self.plan, &sentence) })
            .or_else(|| self.resolved(sign, hits))
    }

    /// The danger was dealt with in the same sentence or the next one, and nothing after says that it is back.
    fn resolved(&self, sign: Span, hits: &Hits) -> Option<PatternId> {
        let here = hits.sentence(sign.from);
        let undone = |s: &Span| hits.places_of(&self.denied_before).iter().any(|(_, d)| d.to + 1 == s.from || d.to + 2 == s.from);
        let (id, at) = hits
            .places_of(&self.resolved)
            .into_iter()
            .find(|(_, s)| (here..=here + 1).contains(&hits.sentence(s.from)) && (s.from > sign.to || s.to < sign.from) && !undone(s))?;
        let back = hits.places_of(&self.still).into_iter().any(|(_, s)| s.from > at.from.min(sign.from));
        (!back).then_some(id)
    }

    /// Thanks for something done about this sign, with nothing left open.
    fn is_gratitude(&self, sign: Span, hits: &Hits) -> bool {
        let about_it = |s: Span| s.from > sign.to || hits.same_sentence(s.from, sign.from);
        hits.count(&self.gratitude) > 0 && hits.count(&self.still) == 0 && hits.places_of(&self.done).into_iter().any(|(_, s)| about_it(s))
    }
}

impl Dangers {
    pub fn load(text: &str, patterns: &mut Builder) -> Result<(Self, String), Vec<String>> {
        let file: HazardsFile = parse("hazards", text)?;
        let mut problems = Vec::new();
        patterns.name_groups(file.groups);
        let mut list = Vec::new();
        for h in &file.hazard {
            match Hazard::parse(&h.code) {
                Some(hazard) => {
                    let (signs, not) = (patterns.add_all(&h.signs), patterns.add_all(&h.not));
                    list.push(Signs { hazard, standing: h.standing, signs, not });
                }
                None => problems.push(format!("hazards: unknown hazard '{}'", h.code)),
            }
        }
        for hazard in Hazard::ALL {
            if !list.iter().any(|s| s.hazard == *hazard && !s.signs.is_empty()) {
                problems.push(format!("hazards: '{hazard}' has no signs"));
            }
        }
        let context = Context::new(&file.context, patterns);
        if problems.is_empty() { Ok((Self { list, context }, file.version)) } else { Err(problems) }
    }

    /// The danger a message states, if it states one that exists now.
    pub fn find(&self, hits: &Hits, patterns: &Patterns, why: &mut Vec<String>) -> Option<Hazard> {
        for signs in &self.list {
            for (id, place) in hits.places_of(&signs.signs) {
                let about_other = hits.places_of(&signs.not).into_iter().find(|(_, s)| hits.same_sentence(s.from, place.from)).map(|(id, _)| id);
                let silenced = about_other.or_else(|| self.context.silences(place, signs.standing, hits));
                let grateful = self.context.is_gratitude(place, hits);
                if grateful || silenced.is_some() {
                    let reason = silenced.map_or("gratitude", |id| patterns.source(id));
                    why.push(format!("hazard_over:{}:{reason}", signs.hazard));
                    continue;
                }
                why.push(format!("hazard:{}:{}", signs.hazard, patterns.source(id)));
                return Some(signs.hazard);
            }
        }
        None
    }
}
