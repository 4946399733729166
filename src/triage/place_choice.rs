//! From all the places a message names to the one it is about, or to a question.

use super::place::Token;
use super::place_ending::Role;
use super::place_name::weight;
use std::collections::BTreeSet;

/// A name that stands in a message.
#[derive(Debug)]
pub(super) struct Mention {
    pub at: usize,
    /// Words it covers.
    pub len: usize,
    pub weight: u8,
    pub role: Role,
    /// Where places of this name lie.
    pub districts: BTreeSet<usize>,
    /// The names themselves, the heaviest first.
    pub names: Vec<usize>,
}

/// The districts the message may be about: none, one, or several to ask about.
///
/// 1. The firmest mentions count ("ауданы", "район" before towns, towns before doubtful words).
/// 2. A name that stands in several districts is settled by any other mention that fits one of them.
/// 3. Two ends of one road ("Тараз - Кордай") name no district, unless something else does.
/// 4. Of two districts, where something is comes before where one comes from, and that before where one goes; the city, where all go, comes last.
/// 5. On the road from one to the other nobody knows: both.
pub(super) fn choose(mentions: &[Mention], city: Option<usize>, tokens: &[Token<'_>]) -> BTreeSet<usize> {
    let firm: BTreeSet<usize> = mentions.iter().filter(|m| m.districts.len() == 1).flat_map(|m| m.districts.iter().copied()).collect();
    let settled: Vec<(&Mention, BTreeSet<usize>)> = mentions
        .iter()
        .map(|m| {
            let common: BTreeSet<usize> = m.districts.intersection(&firm).copied().collect();
            (m, if common.is_empty() { m.districts.clone() } else { common })
        })
        .collect();
    let ends: Vec<bool> = road_ends(&settled, tokens);
    let off_road = settled.iter().zip(&ends).filter(|(_, end)| !**end).map(|(s, _)| s).collect::<Vec<_>>();
    // A number of a microdistrict is too weak to decide between two ends of a road.
    let kept: Vec<&(&Mention, BTreeSet<usize>)> =
        if off_road.iter().any(|(m, _)| m.weight > weight::NUMBERED) { off_road } else { settled.iter().collect() };
    let Some(top) = kept.iter().map(|(m, _)| m.weight).max() else { return BTreeSet::new() };
    // Whether a village is named with or without its word says little about which of two is meant.
    let floor = if top == weight::DISTRICT { top } else { top.min(weight::SMALL) };
    let firmest: Vec<&&(&Mention, BTreeSet<usize>)> = kept.iter().filter(|(m, _)| m.weight >= floor).collect();
    let all: BTreeSet<usize> = firmest.iter().flat_map(|(_, d)| d.iter().copied()).collect();
    if all.len() < 2 || ends.iter().any(|e| *e) && kept.len() == settled.len() {
        return all;
    }
    let rank = |m: &Mention, districts: &BTreeSet<usize>| {
        let of_city = city.is_some_and(|c| districts.contains(&c)) && districts.len() == 1;
        match m.role {
            Role::At => 7 - u8::from(of_city),
            Role::Bare | Role::Adjective | Role::Russian | Role::GluedDistrict | Role::GluedVillage => 5 - u8::from(of_city) * 3,
            Role::From => 4 - u8::from(of_city) * 4,
            Role::To => 1,
        }
    };
    let best = firmest.iter().map(|(m, d)| rank(m, d)).max().unwrap_or(0);
    let chosen: BTreeSet<usize> = firmest.iter().filter(|(m, d)| rank(m, d) == best).flat_map(|(_, d)| d.iter().copied()).collect();
    let travels = firmest.iter().any(|(m, _)| m.role == Role::To) && firmest.iter().any(|(m, _)| m.role == Role::From) && best <= 4;
    if travels && tokens.iter().any(|t| is_road(&t.skeleton)) { all } else { chosen }
}

/// Which mentions are the two ends of a road or a route.
fn road_ends(mentions: &[(&Mention, BTreeSet<usize>)], tokens: &[Token<'_>]) -> Vec<bool> {
    let mut ends = vec![false; mentions.len()];
    for (i, pair) in mentions.windows(2).enumerate() {
        let [(a, in_a), (b, in_b)] = pair else { continue };
        if in_a == in_b || in_a.len() > 1 || in_b.len() > 1 || a.weight == weight::DISTRICT || b.weight == weight::DISTRICT {
            continue;
        }
        let stop = a.at + a.len;
        let Some(gap) = tokens.get(stop..b.at) else { continue };
        let hyphen = tokens.get(stop - 1).is_some_and(|t| t.hyphen) && gap.is_empty();
        let joined = gap.is_empty() || matches!(gap, [one] if matches!(one.skeleton.as_ref(), "и" | "мен" | "бен" | "пен" | "до"));
        let named_only = [a.role, b.role].iter().all(|r| matches!(r, Role::Bare | Role::Russian));
        let comma = tokens.get(stop - 1).is_some_and(|t| t.ends) && !hyphen;
        let near = tokens.get(a.at.saturating_sub(3)..(b.at + b.len + 3).min(tokens.len())).unwrap_or_default();
        let route = near.iter().any(|t| is_route(&t.skeleton));
        if named_only && (hyphen || joined && !comma && route) {
            for end in ends.iter_mut().skip(i).take(2) {
                *end = true;
            }
        }
    }
    ends
}

fn is_road(word: &str) -> bool {
    ["трасс", "дорог", "тасжол", "жолда", "жолин", "жоли"].iter().any(|p| word.starts_with(p)) || word == "жол"
}

fn is_route(word: &str) -> bool {
    is_road(word)
        || ["автобус", "маршрут", "реис", "поезд", "поиз", "багит", "такси", "арас", "межд", "електричк"].iter().any(|p| word.starts_with(p))
}
