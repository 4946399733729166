//! The account of a request's clocks, recomputed from its journal.

use super::{Core, DispatchError};
use crate::domain::RequestId;
use crate::domain::request::Event;
use crate::domain::sla::{Account, Row, Timer, account};
use crate::store::{Conn, StoreError, journal, timers};

/// Every tick, pause, transfer and change of a request's clocks until now.
///
/// # Errors
/// `NotFound` when the journal does not begin with a registration; the store's.
pub async fn explain(core: &Core, c: &impl Conn, id: RequestId) -> Result<Account, DispatchError> {
    let rows = journal::of_request(c, id).await?;
    let events: Vec<Event> = rows.iter().map(journal::JournalRow::event).collect::<Result<_, StoreError>>()?;
    let told: Vec<Row<'_>> = events.iter().zip(&rows).map(|(event, row)| Row { event, at: row.at }).collect();
    account(id, &told, &core.books(), core.now()).ok_or(DispatchError::NotFound)
}

/// Clocks that stand otherwise than the journal says. Empty when rows and account agree.
///
/// # Errors
/// As [`explain`].
pub async fn disagreements(core: &Core, c: &impl Conn, id: RequestId) -> Result<Vec<String>, DispatchError> {
    let said = explain(core, c, id).await?.timers;
    let stored = timers::of_requests(c, &[id]).await?;
    let mut out = Vec::new();
    let same = |a: &Timer, b: &Timer| (a.stage, a.round) == (b.stage, b.round);
    for t in &stored {
        match said.iter().find(|s| same(s, t)) {
            None => out.push(format!("{} {} stands in no account", t.stage, t.round)),
            Some(s) => {
                let s = Timer { id: t.id, ..s.clone() };
                if s != *t {
                    out.push(format!("{} {}: stored {t:?}, by the journal {s:?}", t.stage, t.round));
                }
            }
        }
    }
    out.extend(said.iter().filter(|s| !stored.iter().any(|t| same(s, t))).map(|s| format!("{} {} is not stored", s.stage, s.round)));
    Ok(out)
}
