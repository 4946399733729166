//! Where the open requests of a district are: by the point that came with one, else by another request about the same house, else by the settlement
//! that the address names.

use super::{Core, DispatchError};
use crate::domain::access::Scope;
use crate::domain::reading::Place;
use crate::domain::{DistrictCode, house};
use crate::store::board::{self, BoardFilter};
use crate::store::messages;
use crate::store::requests::Stored;
use std::collections::BTreeMap;

/// Most requests that are looked at for one drawing, the most urgent ones.
pub const MOST: u64 = 2000;

/// One open request and where it is.
#[derive(Debug, Clone)]
pub struct Spot {
    pub stored: Stored,
    /// Latitude and longitude.
    pub point: Option<(f64, f64)>,
    /// The settlement, as our gazetteer spells it.
    pub settlement: Option<String>,
    pub address: Option<String>,
}

/// Open requests of a district within reach, the most urgent first; the second value tells that there are more than [`MOST`].
///
/// # Errors
/// The store's.
pub async fn open_in(core: &Core, scope: &Scope, district: &DistrictCode) -> Result<(Vec<Spot>, bool), DispatchError> {
    let c = core.db.read();
    let filter = BoardFilter { district: Some(district.clone()), ..BoardFilter::default() };
    let mut list = board::page(c, scope, &filter, None, MOST + 1).await?;
    let more = list.len() as u64 > MOST;
    list.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    let ids: Vec<_> = list.iter().map(|s| s.request.id).collect();
    let mut places = messages::places_of(c, &ids).await?;
    let triage = core.triage.get();
    let mut houses: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let mut spots: Vec<(Spot, Option<String>)> = Vec::with_capacity(list.len());
    for stored in list {
        let place = places.remove(&stored.request.id).unwrap_or_default();
        let key = place.address.as_deref().and_then(house::key);
        let point = place.lat.zip(place.lon);
        if let (Some(key), Some(point)) = (&key, point) {
            houses.entry(key.clone()).or_insert(point);
        }
        let settlement = place.address.as_deref().and_then(|a| match triage.place_in(a) {
            Place::Found { district: d, settlement } if d == *district => settlement,
            _ => None,
        });
        spots.push((Spot { stored, point, settlement, address: place.address }, key));
    }
    let placed = spots.into_iter().map(|(spot, key)| {
        let neighbour = || key.as_ref().and_then(|k| houses.get(k)).copied();
        let village = || spot.settlement.as_ref().and_then(|s| triage.settlement_point(district, s));
        Spot { point: spot.point.or_else(neighbour).or_else(village), ..spot }
    });
    Ok((placed.collect(), more))
}
