//! Outages that residents are told of: staff say that there is one, that it lasts longer, that it is over.

use super::acts::actor_of;
use super::{Core, DispatchError};
use crate::domain::access::{Permission, Scope};
use crate::domain::catalog::Named;
use crate::domain::outage::Outage;
use crate::domain::routing::RouteKey;
use crate::domain::{Class, DistrictCode, Instant, OutageId, ServiceCode, time};
use crate::store::access_log::{self, Entry};
use crate::store::{StoreError, Tx, outages};

/// What a member of staff tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub service: ServiceCode,
    /// None: the whole oblast.
    pub district: Option<DistrictCode>,
    pub place: Named,
    pub planned: bool,
    /// None: from now on.
    pub from: Option<Instant>,
    pub expected_until: Option<Instant>,
}

/// Whether an outage is of the caller's own part: whose queue would get such an incident there.
fn within_reach(core: &Core, scope: &Scope, service: &ServiceCode, district: Option<&DistrictCode>) -> bool {
    if scope.is_whole() {
        return true;
    }
    let Some(district) = district else { return false };
    let key = RouteKey { class: Some(Class::Incident), service: Some(service), district: Some(district), needs_utility: false };
    let queue = core.book.routing.route(&key, &core.book.catalog).map(|r| r.queue);
    let near = scope.districts.is_empty() || scope.districts.contains(district);
    near && queue.is_some_and(|q| scope.covers(&q, None))
}

async fn logged(core: &Core, tx: &Tx, scope: &Scope, what: &str, id: OutageId) -> Result<(), StoreError> {
    let (actor, object) = (actor_of(scope).to_string(), format!("outage:{id}"));
    access_log::write(tx, core.wall(), &Entry { actor: &actor, what, object: Some(&object), ..Entry::default() }).await
}

fn permitted(scope: &Scope) -> Result<(), DispatchError> {
    if scope.may(Permission::ManageOutages) { Ok(()) } else { Err(DispatchError::Forbidden) }
}

fn wrong((field, why): (&'static str, &'static str)) -> DispatchError {
    DispatchError::invalid("unprocessable", format!("{field}: {why}"))
}

/// Tells residents of an outage.
///
/// # Errors
/// `Forbidden` also for what is another organisation's; `Invalid` for what cannot be told.
pub async fn tell(core: &Core, scope: &Scope, told: Told) -> Result<Outage, DispatchError> {
    permitted(scope)?;
    let catalog = &core.book.catalog;
    if catalog.service(told.service.as_str()).is_none() {
        return Err(wrong(("service", "unknown")));
    }
    if told.district.as_ref().is_some_and(|d| catalog.district(d.as_str()).is_none()) {
        return Err(wrong(("district", "unknown")));
    }
    if !within_reach(core, scope, &told.service, told.district.as_ref()) {
        return Err(DispatchError::Forbidden);
    }
    let now = time::truncate(core.now());
    let place = Named { kk: told.place.kk.trim().to_owned(), ru: told.place.ru.trim().to_owned() };
    let outage = Outage {
        id: OutageId::fresh(),
        service: told.service,
        district: told.district,
        place,
        planned: told.planned,
        starts_at: told.from.unwrap_or(now),
        expected_until: told.expected_until,
        ended_at: None,
        made_by: scope.staff,
        made_at: now,
    };
    outage.check(now).map_err(wrong)?;
    let tx = core.db.begin().await?;
    outages::insert(&tx, &outage).await?;
    logged(core, &tx, scope, "outage_told", outage.id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(outage)
}

/// One of the caller's own part that is not over.
async fn open(core: &Core, tx: &Tx, scope: &Scope, id: OutageId) -> Result<Outage, DispatchError> {
    permitted(scope)?;
    let outage = outages::load(tx, id).await?.ok_or(DispatchError::NotFound)?;
    if !within_reach(core, scope, &outage.service, outage.district.as_ref()) {
        return Err(DispatchError::Forbidden);
    }
    Ok(outage)
}

/// It is over.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Invalid` with `conflict` when somebody said so before.
pub async fn end(core: &Core, scope: &Scope, id: OutageId) -> Result<Outage, DispatchError> {
    let now = time::truncate(core.now());
    let tx = core.db.begin().await?;
    let outage = open(core, &tx, scope, id).await?;
    if !outages::end(&tx, id, scope.staff, now).await? {
        return Err(over());
    }
    logged(core, &tx, scope, "outage_ended", id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(Outage { ended_at: Some(now), ..outage })
}

/// It lasts until another time than was promised; `None`: nobody knows until when.
///
/// # Errors
/// As [`end`], and `Invalid` for a time that cannot be told.
pub async fn prolong(core: &Core, scope: &Scope, id: OutageId, until: Option<Instant>) -> Result<Outage, DispatchError> {
    let now = time::truncate(core.now());
    let tx = core.db.begin().await?;
    let outage = Outage { expected_until: until, ..open(core, &tx, scope, id).await? };
    outage.check_until(now).map_err(wrong)?;
    if !outages::prolong(&tx, id, until).await? {
        return Err(over());
    }
    logged(core, &tx, scope, "outage_prolonged", id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(outage)
}

fn over() -> DispatchError {
    DispatchError::invalid("conflict", "it is over already")
}
