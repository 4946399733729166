//! Words, coordinates and what is known of the resident, put together into one district.

use super::borders::Located;
use crate::domain::DistrictCode;
use crate::domain::reading::Place;

/// The district of a request from a point on the map and from words.
///
/// The point beats the words, but within 5 km of an outline that is drawn roughly a named place wins. A name that stands in several districts names
/// no place; the point decides. A point outside the oblast is no point: the words stand as they are. The settlement that the words name is kept when
/// it lies in the district that won.
#[must_use]
pub fn settle(point: Option<&Located>, words: &Place) -> Place {
    let Some(point) = point else { return words.clone() };
    match words {
        Place::Found { district, .. } if *district == point.district || point.near_rough_border => words.clone(),
        _ => Place::Found { district: point.district.clone(), settlement: None },
    }
}

/// Breaks a tie between the districts in which a name stands: by the saved address of the resident, and only if it is one of them.
///
/// A place that the message names, or does not name at all, stays as it is: people also write about where they are not at home.
#[must_use]
pub fn among(place: Place, saved: Option<&DistrictCode>) -> Place {
    match (&place, saved) {
        (Place::Ambiguous(codes), Some(home)) if codes.contains(home) => Place::Found { district: home.clone(), settlement: None },
        _ => place,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(s: &str) -> DistrictCode {
        DistrictCode::new(s).unwrap()
    }

    fn found(s: &str) -> Place {
        Place::Found { district: code(s), settlement: Some("x".into()) }
    }

    fn bare(s: &str) -> Place {
        Place::Found { district: code(s), settlement: None }
    }

    fn at(s: &str, near_rough_border: bool) -> Located {
        Located { district: code(s), near_rough_border, approximate: near_rough_border }
    }

    #[test]
    fn a_point_beats_words_but_not_near_a_rough_border() {
        let two = Place::Ambiguous(vec![code("shu"), code("merki")]);
        for (point, words, want) in [
            (Some(at("taraz", false)), found("merki"), bare("taraz")),
            (Some(at("taraz", true)), found("zhambyl"), found("zhambyl")),
            (Some(at("taraz", true)), Place::Unknown, bare("taraz")),
            (Some(at("taraz", true)), two.clone(), bare("taraz")),
            (Some(at("shu", false)), found("shu"), found("shu")),
            (Some(at("shu", false)), two.clone(), bare("shu")),
            (None, found("merki"), found("merki")),
            (None, two.clone(), two.clone()),
            (None, Place::Unknown, Place::Unknown),
        ] {
            assert_eq!(settle(point.as_ref(), &words), want, "{point:?} {words:?}");
        }
    }

    #[test]
    fn a_saved_address_only_breaks_ties() {
        let two = Place::Ambiguous(vec![code("shu"), code("merki")]);
        for (place, saved, want) in [
            (two.clone(), Some("merki"), bare("merki")),
            (two.clone(), Some("taraz"), two.clone()),
            (two.clone(), None, two),
            (Place::Unknown, Some("merki"), Place::Unknown),
            (found("shu"), Some("merki"), found("shu")),
        ] {
            assert_eq!(among(place, saved.map(code).as_ref()), want);
        }
    }
}
