//! Rows of several tables, written together: on PostgreSQL all in one statement whose text does not depend on how many rows there are, so that it
//! is prepared once and costs one round trip; on SQLite, where a statement costs no trip, one insert a table.

use super::db::Conn;
use super::error::StoreError;
use sea_orm::sea_query::{ColumnType, Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, ColumnType as Kind, DbBackend, EntityTrait, IdenStatic, Insert, Iterable, QueryTrait, Statement,
    Value,
};
use serde_json::Value as Json;
use std::fmt::Write;

/// What to do with a row whose key stands already.
pub(super) enum Conflict<C> {
    /// That is an error.
    Fail,
    /// Leave the stored row as it is.
    Keep(Vec<C>),
    /// Write these columns over.
    Update(C, Vec<C>),
    /// The same, where a condition on the stored row and `excluded` holds; other rows stay and are not counted.
    UpdateIf(C, Vec<C>, String),
}

/// Rows waiting to be written. The order of tables is the order of adding; rows of one table keep theirs, and so do the numbers they get.
pub struct Bulk {
    backend: DbBackend,
    parts: Vec<Part>,
}

struct Part {
    /// For SQLite.
    plain: Statement,
    /// For PostgreSQL: the statement, with `$` where the number of its only parameter goes.
    sql: String,
    rows: String,
}

impl Bulk {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// For rows that will be written on `c`.
    #[must_use]
    pub fn on(c: &impl Conn) -> Self {
        Self { backend: c.get_database_backend(), parts: Vec::new() }
    }

    /// Adds rows of one table. All rows must set the same columns.
    pub(super) fn add<A, E>(&mut self, rows: Vec<A>, conflict: &Conflict<E::Column>) -> Result<(), StoreError>
    where
        A: ActiveModelTrait<Entity = E>,
        E: EntityTrait,
    {
        let Some(first) = rows.first() else { return Ok(()) };
        let backend = self.backend;
        if backend != DbBackend::Postgres {
            let insert = Insert::many(rows);
            let insert = match conflict {
                Conflict::Fail => insert,
                Conflict::Keep(keys) => insert.on_conflict(OnConflict::columns(keys.iter().copied()).do_nothing().to_owned()),
                Conflict::Update(key, set) => insert.on_conflict(OnConflict::column(*key).update_columns(set.iter().copied()).to_owned()),
                Conflict::UpdateIf(key, set, when) => insert
                    .on_conflict(OnConflict::column(*key).update_columns(set.iter().copied()).action_and_where(Expr::cust(when.clone())).to_owned()),
            };
            self.parts.push(Part { plain: insert.build(backend), sql: String::new(), rows: String::new() });
            return Ok(());
        }
        let columns: Vec<E::Column> = E::Column::iter().filter(|c| !matches!(first.get(*c), ActiveValue::NotSet)).collect();
        let sql = statement::<E>(&columns, conflict);
        let row = |r: A| columns.iter().map(|c| field(r.get(*c))).collect::<Result<Vec<Json>, _>>().map(Json::Array);
        let rows = Json::Array(rows.into_iter().map(row).collect::<Result<_, _>>()?);
        self.parts.push(Part { plain: Statement::from_string(backend, ""), sql, rows: rows.to_string() });
        Ok(())
    }

    /// Adds the mark of events that these rows are the consequences of; goes last, and its count is what [`Bulk::run`] gives.
    pub(super) fn last(&mut self, plain: Statement, sql: &str, rows: String) {
        self.parts.push(Part { plain, sql: sql.to_owned(), rows });
    }

    pub(super) fn backend(&self) -> DbBackend {
        self.backend
    }

    /// Writes everything and forgets it. Gives how many rows the last part wrote.
    ///
    /// # Errors
    /// [`StoreError`]; on PostgreSQL nothing was written then, on SQLite the caller's transaction must be given up.
    pub async fn run(&mut self, c: &impl Conn) -> Result<u64, StoreError> {
        let parts = std::mem::take(&mut self.parts);
        if self.backend != DbBackend::Postgres {
            let mut written = 0;
            for part in parts {
                written = c.execute_raw(part.plain).await?.rows_affected();
            }
            return Ok(written);
        }
        let Some(last) = parts.len().checked_sub(1) else { return Ok(0) };
        let (mut sql, mut values) = (String::with_capacity(4096), Vec::with_capacity(parts.len()));
        for (i, part) in parts.into_iter().enumerate() {
            match (i, last) {
                (_, 0) => {}
                (0, _) => sql.push_str("WITH w0 AS ("),
                (i, last) if i < last => {
                    let _ = write!(sql, ", w{i} AS (");
                }
                _ => sql.push(' '),
            }
            sql.push_str(&part.sql.replacen('$', &format!("${}", i + 1), 1));
            if i < last {
                sql.push(')');
            }
            values.push(Value::from(part.rows));
        }
        Ok(c.execute_raw(Statement::from_sql_and_values(DbBackend::Postgres, sql, values)).await?.rows_affected())
    }
}

/// `INSERT INTO t (..) SELECT .. FROM json rows`.
fn statement<E: EntityTrait>(columns: &[E::Column], conflict: &Conflict<E::Column>) -> String {
    let names = |cs: &[E::Column]| cs.iter().map(|c| format!("\"{}\"", c.as_str())).collect::<Vec<_>>().join(", ");
    let mut sql = format!("INSERT INTO \"{}\" ({}) SELECT ", E::default().table_name(), names(columns));
    for (i, c) in columns.iter().enumerate() {
        let _ = write!(sql, "{}(r ->> {i})::{}", if i == 0 { "" } else { ", " }, type_name(c.def().get_column_type()));
    }
    sql.push_str(" FROM jsonb_array_elements($::text::jsonb) AS r");
    match conflict {
        Conflict::Fail => {}
        Conflict::Keep(keys) => {
            let _ = write!(sql, " ON CONFLICT ({}) DO NOTHING", names(keys));
        }
        Conflict::Update(key, set) | Conflict::UpdateIf(key, set, _) => {
            let set: Vec<String> = set.iter().map(|c| format!("\"{0}\" = excluded.\"{0}\"", c.as_str())).collect();
            let _ = write!(sql, " ON CONFLICT ({}) DO UPDATE SET {}", names(&[*key]), set.join(", "));
            if let Conflict::UpdateIf(_, _, when) = conflict {
                let _ = write!(sql, " WHERE {when}");
            }
        }
    }
    sql
}

fn type_name(kind: &ColumnType) -> &'static str {
    match kind {
        Kind::Uuid => "uuid",
        Kind::SmallInteger | Kind::TinyInteger => "int2",
        Kind::Integer => "int4",
        Kind::BigInteger => "int8",
        Kind::Boolean => "bool",
        Kind::Double => "float8",
        Kind::Float => "float4",
        Kind::TimestampWithTimeZone => "timestamptz",
        Kind::VarBinary(_) | Kind::Binary(_) | Kind::Blob => "bytea",
        _ => "text",
    }
}

/// A value as PostgreSQL reads it out of JSON text.
fn field(value: ActiveValue<Value>) -> Result<Json, StoreError> {
    let (ActiveValue::Set(value) | ActiveValue::Unchanged(value)) = value else { return Ok(Json::Null) };
    Ok(match value {
        Value::Bool(Some(v)) => Json::from(v),
        Value::SmallInt(Some(v)) => Json::from(v),
        Value::Int(Some(v)) => Json::from(v),
        Value::BigInt(Some(v)) => Json::from(v),
        Value::Double(Some(v)) => Json::from(v),
        Value::String(Some(v)) => Json::from(v),
        Value::Uuid(Some(v)) => Json::from(v.to_string()),
        Value::Bytes(Some(v)) => Json::from(format!("\\x{}", hex::encode(v))),
        Value::ChronoDateTimeUtc(Some(v)) => Json::from(v.to_rfc3339_opts(chrono::SecondsFormat::Micros, true)),
        none if none == none.as_null() => Json::Null,
        _ => return Err(StoreError::corrupt("bulk", "a kind of value that no table has")),
    })
}
