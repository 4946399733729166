//! In which district a point lies.

use super::files::{BordersFile, parse};
use crate::domain::DistrictCode;

/// Closer to a simplified border than this (in degrees of latitude, about 1.7 km) an answer is not certain.
const NEAR_BORDER: f64 = 0.015;
/// The same for an outline that is drawn roughly: 5 km.
const NEAR_ROUGH_BORDER: f64 = 5.0 / 111.2;
/// Shortens a degree of longitude to a degree of latitude at 43.5 degrees north.
const LON_SCALE: f64 = 0.725;

type Point = (f64, f64);

/// Simplified outlines of the districts.
#[derive(Debug)]
pub struct Borders {
    areas: Vec<Area>,
}

#[derive(Debug)]
struct Area {
    code: DistrictCode,
    approximate: bool,
    rings: Vec<Vec<Point>>,
}

/// Where a point lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    pub district: DistrictCode,
    /// Less than 5 km from an outline that is drawn roughly: words that name a district know better.
    pub near_rough_border: bool,
    /// The outline is drawn roughly, or the point is close to a border: confirm before relying on it.
    pub approximate: bool,
}

impl Borders {
    pub(super) fn load(text: &str) -> Result<(Self, String), Vec<String>> {
        let file: BordersFile = parse("borders", text)?;
        let mut problems = Vec::new();
        let mut areas = Vec::new();
        for entry in file.area {
            let rings: Option<Vec<Vec<Point>>> = entry.rings.iter().map(|r| ring(r)).collect();
            match (DistrictCode::new(entry.code.as_str()), rings) {
                (Ok(code), Some(rings)) => areas.push(Area { code, approximate: entry.approximate, rings }),
                (Err(e), _) => problems.push(format!("borders: {e}")),
                (_, None) => problems.push(format!("borders: '{}' has a ring that is not at least three 'lon lat' pairs", entry.code)),
            }
        }
        if problems.is_empty() { Ok((Self { areas }, file.version)) } else { Err(problems) }
    }

    /// The district of a point, `None` outside the oblast. The city, drawn roughly over the districts around it, is looked at first.
    #[must_use]
    pub fn district_at(&self, lat: f64, lon: f64) -> Option<Located> {
        if !lat.is_finite() || !lon.is_finite() {
            return None;
        }
        let mut order: Vec<&Area> = self.areas.iter().collect();
        order.sort_by_key(|a| !a.approximate);
        let area = order.into_iter().find(|a| a.rings.iter().any(|r| inside(r, (lon, lat))))?;
        let near_any = self.areas.iter().flat_map(|a| &a.rings).any(|r| distance(r, (lon, lat)) < NEAR_BORDER);
        let rough = self.areas.iter().filter(|a| a.approximate).flat_map(|a| &a.rings);
        let near_rough_border = rough.into_iter().any(|r| distance(r, (lon, lat)) < NEAR_ROUGH_BORDER);
        Some(Located { near_rough_border, district: area.code.clone(), approximate: area.approximate || near_any || near_rough_border })
    }
}

fn ring(text: &str) -> Option<Vec<Point>> {
    let points: Option<Vec<Point>> = text
        .split(',')
        .map(|pair| {
            let (lon, lat) = pair.trim().split_once(' ')?;
            Some((lon.trim().parse().ok()?, lat.trim().parse().ok()?))
        })
        .collect();
    points.filter(|p| p.len() >= 3 && p.iter().all(|(x, y)| f64::is_finite(*x) && f64::is_finite(*y)))
}

/// The sides of a ring, the closing one included.
fn sides(ring: &[Point]) -> impl Iterator<Item = (Point, Point)> + '_ {
    ring.iter().copied().zip(ring.iter().copied().cycle().skip(1))
}

fn inside(ring: &[Point], (x, y): Point) -> bool {
    sides(ring).filter(|((ax, ay), (bx, by))| (*ay > y) != (*by > y) && x < (bx - ax) * (y - ay) / (by - ay) + ax).count() % 2 == 1
}

/// Distance from a point to the outline, in degrees of latitude.
fn distance(ring: &[Point], (x, y): Point) -> f64 {
    sides(ring).fold(f64::INFINITY, |best, ((ax, ay), (bx, by))| {
        let (dx, dy) = ((bx - ax) * LON_SCALE, by - ay);
        let (px, py) = ((x - ax) * LON_SCALE, y - ay);
        let length = dx.mul_add(dx, dy * dy);
        let t = if length > 0.0 { (px.mul_add(dx, py * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
        best.min((px - t * dx).hypot(py - t * dy))
    })
}

#[cfg(test)]
mod tests {
    use super::super::TriageFiles;
    use super::*;

    #[test]
    fn known_towns_lie_in_their_districts() {
        let (b, _) = Borders::load(TriageFiles::embedded().borders).unwrap();
        for (lat, lon, code) in [
            (42.900, 71.378, "taraz"),
            (43.042, 74.714, "korday"),
            (42.871, 73.174, "merki"),
            (44.285, 72.943, "moiynkum"),
            (42.911, 72.716, "ryskulov"),
            (43.557, 69.727, "sarysu"),
            (43.000, 71.512, "baizak"),
        ] {
            assert_eq!(b.district_at(lat, lon).unwrap().district.as_str(), code);
        }
        assert!(b.district_at(42.9, 71.378).unwrap().approximate, "the city is an ellipse");
        assert!(!b.district_at(44.4, 72.9).unwrap().approximate);
    }

    #[test]
    fn five_kilometres_around_a_rough_outline() {
        let (b, _) = Borders::load(TriageFiles::embedded().borders).unwrap();
        // North of the city's outline (42.974): 4 km, then 8 km. The second point is far from any rough border.
        assert!(b.district_at(43.010, 71.377).unwrap().near_rough_border);
        assert!(!b.district_at(43.046, 71.377).unwrap().near_rough_border);
        assert!(b.district_at(42.940, 71.377).unwrap().near_rough_border, "inside the city too");
        assert!(!b.district_at(44.4, 72.9).unwrap().near_rough_border);
    }

    #[test]
    fn outside_and_nonsense_are_nowhere() {
        let (b, _) = Borders::load(TriageFiles::embedded().borders).unwrap();
        for (lat, lon) in [(51.16, 71.47), (0.0, 0.0), (f64::NAN, 71.0), (f64::INFINITY, 71.0), (-90.0, 180.0)] {
            assert_eq!(b.district_at(lat, lon), None);
        }
    }

    #[test]
    fn a_broken_ring_is_a_problem() {
        assert!(Borders::load("version='1'\n[[area]]\ncode='x'\napproximate=false\nrings=['1 2, 3']").is_err());
    }
}
