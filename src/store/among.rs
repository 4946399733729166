//! "One of these keys", said so that on PostgreSQL the statement's text does not depend on how many there are: it is prepared once, and any number of
//! keys is one parameter.

use super::db::Conn;
use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, DbBackend};
use uuid::Uuid;

/// The condition that `column` is one of `keys`.
pub(super) fn these<C: ColumnTrait>(c: &impl Conn, column: C, keys: impl Iterator<Item = Uuid>) -> Expr {
    if c.get_database_backend() != DbBackend::Postgres {
        return column.is_in(keys);
    }
    let list = keys.map(|k| k.to_string()).collect::<Vec<_>>().join(",");
    let name = format!("\"{}\".\"{}\"", column.entity_name(), column.as_str());
    Expr::cust_with_values(format!("{name} = ANY(string_to_array($1, ',')::uuid[])"), [list])
}
