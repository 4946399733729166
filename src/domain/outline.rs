//! Outlines of districts, as they are drawn on maps: simplified, for eyes and not for deciding where a point lies.

use super::ids::DistrictCode;
use serde::Deserialize;

/// The outlines of the oblast's districts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outlines {
    pub version: String,
    /// Whose work it is, for below the map.
    #[serde(default)]
    pub attribution: String,
    pub area: Vec<Area>,
}

/// One district: rings of `lon lat` pairs, separated by commas.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Area {
    pub code: DistrictCode,
    /// Drawn by hand.
    pub approximate: bool,
    pub rings: Vec<String>,
}

impl Area {
    /// Its rings as points, longitude first; a pair that cannot be read is left out.
    #[must_use]
    pub fn points(&self) -> Vec<Vec<(f64, f64)>> {
        let pair = |text: &str| {
            let (lon, lat) = text.trim().split_once(' ')?;
            Some((lon.parse().ok()?, lat.trim().parse().ok()?))
        };
        self.rings.iter().map(|r| r.split(',').filter_map(pair).collect()).collect()
    }
}

/// Twice the signed area of a ring, and its middle.
#[must_use]
pub fn middle(ring: &[(f64, f64)]) -> (f64, (f64, f64)) {
    let next = ring.iter().cycle().skip(1);
    let (mut area, mut x, mut y) = (0.0, 0.0, 0.0);
    for ((ax, ay), (bx, by)) in ring.iter().zip(next) {
        let cross = ax * by - bx * ay;
        area += cross;
        x += (ax + bx) * cross;
        y += (ay + by) * cross;
    }
    if area.abs() < f64::EPSILON {
        return (0.0, ring.first().copied().unwrap_or((0.0, 0.0)));
    }
    (area, (x / (3.0 * area), y / (3.0 * area)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_are_read_and_measured() {
        let area = Area {
            code: DistrictCode::new("shu").unwrap(),
            approximate: false,
            rings: vec!["71.0 42.0, 73.0 42.0, 73.0 44.0, 71.0 44.0, x y".into()],
        };
        let rings = area.points();
        assert_eq!(rings[0].len(), 4);
        let (twice, (x, y)) = middle(&rings[0]);
        assert!((twice.abs() - 8.0).abs() < 1e-9 && (x - 72.0).abs() < 1e-9 && (y - 43.0).abs() < 1e-9);
        assert_eq!(middle(&[]), (0.0, (0.0, 0.0)));
        assert_eq!(middle(&[(1.0, 2.0)]).1, (1.0, 2.0));
    }
}
