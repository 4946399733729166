//! How many requests are open, known without counting them. Every change of a request adds rows to `open_delta` in its own transaction, so no two
//! changes wait for one counter; [`fold`] sums those rows up now and then. Counts and deltas together are the truth at every moment.

use super::among;
use super::bulk::{Bulk, Conflict};
use super::db::{Backend, Conn, Db};
use super::entity::request::{Column as R, Entity as Request};
use super::entity::{open_count, open_delta};
use super::error::StoreError;
use super::requests::Stored;
use sea_orm::sea_query::{Expr, ExprTrait, OnConflict, Query, UnionType};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, EntityTrait, FromQueryResult, Order, QueryFilter, QuerySelect, Statement,
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Deltas summed up at once.
const TOGETHER: u64 = 10_000;

/// What is counted apart: queue (empty: none), status, lateness.
type Bucket = (String, String, bool);

/// Changes of counts by bucket.
#[derive(Default)]
pub(super) struct Deltas(BTreeMap<Bucket, i64>);

impl Deltas {
    /// Counts a request where it now is.
    pub(super) fn enter(&mut self, s: &Stored) {
        let r = &s.request;
        if r.status.is_open() {
            let queue = r.queue.as_ref().map_or_else(String::new, |q| q.as_str().to_owned());
            *self.0.entry((queue, r.status.as_str().to_owned(), s.overdue)).or_default() += 1;
        }
    }

    fn leave(&mut self, before: &Before) {
        if before.is_open {
            let bucket = (before.queue.clone().unwrap_or_default(), before.status.clone(), before.overdue);
            *self.0.entry(bucket).or_default() -= 1;
        }
    }

    /// Writes what did not cancel out together with the rest.
    pub(super) fn add_to(self, bulk: &mut Bulk) -> Result<(), StoreError> {
        bulk.add(self.rows(), &Conflict::Fail)
    }

    async fn write(self, c: &impl Conn) -> Result<(), StoreError> {
        let rows = self.rows();
        if !rows.is_empty() {
            open_delta::Entity::insert_many(rows).exec_without_returning(c).await?;
        }
        Ok(())
    }

    fn rows(self) -> Vec<open_delta::ActiveModel> {
        let changed = self.0.into_iter().filter(|(_, n)| *n != 0);
        changed
            .map(|((queue, status, overdue), n)| open_delta::ActiveModel {
                id: NotSet,
                queue: Set(queue),
                status: Set(status),
                overdue: Set(overdue),
                n: Set(n),
            })
            .collect()
    }
}

/// Where a request is counted before it changes.
#[derive(FromQueryResult)]
pub(super) struct Before {
    id: Uuid,
    pub(super) version: i64,
    is_open: bool,
    queue: Option<String>,
    status: String,
    overdue: bool,
}

/// Where these requests are counted now. Whoever writes them under a check of their version also writes what this says: were one changed in between,
/// its version would not fit.
pub(super) async fn before(c: &impl Conn, ids: &[Uuid]) -> Result<Vec<Before>, StoreError> {
    let columns = [R::Id, R::Version, R::IsOpen, R::Queue, R::Status, R::Overdue];
    Ok(Request::find().select_only().columns(columns).filter(among::these(c, R::Id, ids.iter().copied())).into_model().all(c).await?)
}

/// Moves requests from where they were counted to where they are now. Each stands once in `now`.
pub(super) async fn moved(c: &impl Conn, before: &[Before], now: &[&Stored]) -> Result<(), StoreError> {
    let mut deltas = Deltas::default();
    for s in now {
        if let Some(b) = before.iter().find(|b| b.id == s.request.id.0) {
            deltas.leave(b);
        }
        deltas.enter(s);
    }
    deltas.write(c).await
}

/// Open requests of one kind.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Open {
    /// Empty: no queue.
    pub queue: String,
    pub status: String,
    pub overdue: bool,
    pub n: i64,
}

/// All that is open. Costs as many rows as there are kinds, and what was not summed up yet.
///
/// # Errors
/// [`StoreError`].
pub async fn open(c: &impl Conn) -> Result<Vec<Open>, StoreError> {
    use open_count::Column as C;
    use open_delta::Column as D;
    let mut rows = Query::select().columns([C::Queue, C::Status, C::Overdue, C::N]).from(open_count::Entity).to_owned();
    let news = Query::select().columns([D::Queue, D::Status, D::Overdue, D::N]).from(open_delta::Entity).to_owned();
    rows.union(UnionType::All, news);
    let sum = || Expr::col(C::N).sum();
    let all = Query::select()
        .columns([C::Queue, C::Status, C::Overdue])
        .expr_as(sum().cast_as("bigint"), "n")
        .from_subquery(rows, "parts")
        .group_by_columns([C::Queue, C::Status, C::Overdue])
        .and_having(sum().ne(0))
        .to_owned();
    Ok(Open::find_by_statement(c.get_database_backend().build(&all)).all(c).await?)
}

/// Sums deltas up; returns how many. Two at once do not harm each other: a row is taken by one of them.
///
/// # Errors
/// [`StoreError`]; nothing was changed then.
pub async fn fold(db: &Db) -> Result<usize, StoreError> {
    use open_count::Column as C;
    use open_delta::Column as D;
    let tx = db.begin().await?;
    let oldest = Query::select().column(D::Id).from(open_delta::Entity).order_by(D::Id, Order::Asc).limit(TOGETHER).to_owned();
    let gone = open_delta::Entity::delete_many().filter(D::Id.in_subquery(oldest)).exec_with_returning(&tx).await?;
    let count = gone.len();
    let mut sums: BTreeMap<Bucket, i64> = BTreeMap::new();
    for d in gone {
        *sums.entry((d.queue, d.status, d.overdue)).or_default() += d.n;
    }
    // In the order of the keys: two who fold at once never wait for each other in a circle.
    let rows: Vec<_> = sums
        .into_iter()
        .filter(|(_, n)| *n != 0)
        .map(|((queue, status, overdue), n)| open_count::ActiveModel { queue: Set(queue), status: Set(status), overdue: Set(overdue), n: Set(n) })
        .collect();
    if !rows.is_empty() {
        let sum = Expr::col((open_count::Entity, C::N)).add(Expr::col(("excluded", C::N)));
        let conflict = OnConflict::columns([C::Queue, C::Status, C::Overdue]).value(C::N, sum).to_owned();
        open_count::Entity::insert_many(rows).on_conflict(conflict).exec_without_returning(&tx).await?;
    }
    tx.commit().await?;
    Ok(count)
}

/// A count that is not what the requests say: `n` is missing from it, or too much in it when negative.
#[derive(Debug, Clone, PartialEq, Eq, FromQueryResult)]
pub struct Off {
    /// Empty: no queue.
    pub queue: String,
    pub status: String,
    pub overdue: bool,
    pub n: i64,
}

/// What the requests say less what is kept. One statement sees one moment, so requests that change meanwhile make no difference.
const OFF: &str = "SELECT queue, status, overdue, CAST(SUM(n) AS BIGINT) AS n FROM ( \
    SELECT COALESCE(queue, '') AS queue, status, overdue, COUNT(*) AS n FROM request WHERE is_open = TRUE GROUP BY COALESCE(queue, ''), status, overdue \
    UNION ALL SELECT queue, status, overdue, -n FROM open_count UNION ALL SELECT queue, status, overdue, -n FROM open_delta) AS parts \
    GROUP BY queue, status, overdue HAVING SUM(n) <> 0";

/// Counts that are not what the requests say.
///
/// # Errors
/// [`StoreError`].
pub async fn off(c: &impl Conn) -> Result<Vec<Off>, StoreError> {
    let sql = format!("{OFF} ORDER BY queue, status, overdue");
    Ok(Off::find_by_statement(Statement::from_string(c.get_database_backend(), sql)).all(c).await?)
}

/// Adds what is missing, as one more change of the counts; gives what was off. Safe at any time, and twice: the statement that looks is the one
/// that mends.
///
/// # Errors
/// [`StoreError`]; nothing was changed then.
pub async fn mend(db: &Db) -> Result<Vec<Off>, StoreError> {
    let tx = db.begin().await?;
    if db.backend() == Backend::Postgres {
        // Two who mend at once would both add what is missing. SQLite has one writer anyway.
        tx.execute_unprepared("SELECT pg_advisory_xact_lock(109009)").await?;
    }
    let sql = format!("INSERT INTO open_delta (queue, status, overdue, n) {OFF} RETURNING queue, status, overdue, n");
    let mut mended = Off::find_by_statement(Statement::from_string(tx.get_database_backend(), sql)).all(&tx).await?;
    tx.commit().await?;
    mended.sort_by(|a, b| (&a.queue, &a.status, a.overdue).cmp(&(&b.queue, &b.status, b.overdue)));
    Ok(mended)
}
