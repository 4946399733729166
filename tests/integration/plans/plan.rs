//! What PostgreSQL does for a statement, and what of it must not be.

use sea_orm::{ConnectionTrait, DbBackend, Statement, Value as SqlValue};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// Tables that grow for ever.
const GROWING: [&str; 23] = [
    "access_log",
    "attachment",
    "call",
    "call_link",
    "callback_task",
    "conversation",
    "digest_letter",
    "idempotency",
    "mail_letter",
    "mail_whole",
    "message",
    "otp",
    "outbox",
    "raw_event",
    "request",
    "request_journal",
    "request_place",
    "request_word",
    "resident",
    "search_gram",
    "sla_timer",
    "staff_seen",
    "token",
];

/// Rows that one step may take out of a growing table, unless the statement asks for more.
const ROWS: f64 = 2_500.0;

/// Statements that may read more, by words of theirs.
const ALLOWED: [(&str, &str); 8] = [
    ("GROUP BY \"request\".\"district\"", "the map counts what is open, in the index of open requests alone"),
    ("GROUP BY \"request\".\"queue\", \"request\".\"district\"", "the wall counts what is open, in the index of open requests alone"),
    ("\"request\".\"status\", \"request\".\"overdue\"", "the digest counts what is open, in the index of open requests alone"),
    ("\"running\" GROUP BY", "a figure for the metrics, capped at 50,000 clocks"),
    ("\"unsent\" GROUP BY", "a figure for the metrics, capped at 50,000 messages"),
    ("WHERE \"request\".\"received_at\" >= ", "the summary of a period reads the period"),
    (
        "SELECT \"call_link\".\"call_id\" FROM \"call_link\" WHERE \"call_link\".\"call_id\" IN ",
        "looks up to 1,000 keys: a table this small is sooner read",
    ),
    ("WHERE \"outbox\".\"created_at\" >= ", "the deliveries of a period read the period"),
];

/// A step of a plan that must not be.
#[derive(Debug)]
pub struct Fault {
    sql: String,
    why: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.why, self.sql)
    }
}

/// What is wrong with how a statement runs. One that reads is really run, one that writes is only planned.
pub async fn faults(c: &impl ConnectionTrait, leading: &Leading, s: &Statement) -> Vec<Fault> {
    let fault = |why: String| Fault { sql: s.sql.clone(), why };
    let mut found = Vec::new();
    if s.sql.contains(" OFFSET ") {
        found.push(fault("OFFSET".into()));
    }
    if ALLOWED.iter().any(|(words, _)| s.sql.contains(words)) || s.sql.contains("pg_") || s.sql.contains("seaql_migrations") {
        return found;
    }
    let analyze = if s.sql.starts_with("SELECT") { "ANALYZE, TIMING OFF, " } else { "" };
    let explain = format!("EXPLAIN ({analyze}FORMAT JSON) {}", s.sql);
    let asked = match &s.values {
        Some(values) => Statement::from_sql_and_values(DbBackend::Postgres, explain, values.0.clone()),
        None => Statement::from_string(DbBackend::Postgres, explain),
    };
    let row = c.query_one_raw(asked).await.unwrap_or_else(|e| panic!("{e}: {}", s.sql)).unwrap();
    let plan: Value = row.try_get_by_index(0).unwrap();
    let root = &plan[0]["Plan"];
    let mut tell = |why| found.push(fault(why));
    walk(root, ROWS.max(limit(s) * 1.2), &mut tell);
    enters(root, leading, &mut tell);
    found
}

/// The first column of each index that holds every row of its table.
pub type Leading = BTreeMap<String, String>;

pub async fn leading(c: &impl ConnectionTrait) -> Leading {
    let sql = "SELECT i.indexrelid::regclass::text, a.attname::text FROM pg_index i JOIN pg_class t ON t.oid = i.indexrelid JOIN pg_am m ON m.oid = t.relam \
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] WHERE i.indpred IS NULL AND m.amname = 'btree'";
    let rows = c.query_all_raw(Statement::from_string(DbBackend::Postgres, sql)).await.unwrap();
    rows.iter().map(|r| (r.try_get_by_index(0).unwrap(), r.try_get_by_index(1).unwrap())).collect()
}

/// An index whose condition leaves its first column out is read from end to end.
fn enters(node: &Value, leading: &Leading, tell: &mut impl FnMut(String)) {
    if let (Some(index), Some(cond)) = (node["Index Name"].as_str(), node["Index Cond"].as_str())
        && leading.get(index).is_some_and(|first| !cond.contains(first.as_str()))
    {
        tell(format!("reads the whole index {index} for {cond}"));
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        enters(child, leading, tell);
    }
}

/// What a statement asks for at most; 0 when it does not say.
fn limit(s: &Statement) -> f64 {
    let place = s.sql.rsplit_once("LIMIT $").and_then(|(_, n)| n.trim_end_matches(')').parse::<usize>().ok());
    let value = place.and_then(|n| s.values.as_ref()?.0.get(n - 1).cloned());
    match value {
        Some(SqlValue::BigUnsigned(Some(n))) => n as f64,
        Some(SqlValue::BigInt(Some(n))) => n as f64,
        _ => 0.0,
    }
}

fn walk(node: &Value, most: f64, tell: &mut impl FnMut(String)) {
    let number = |n: &Value, field: &str| n[field].as_f64().unwrap_or(0.0);
    let kind = node["Node Type"].as_str().unwrap_or_default();
    let table = node["Relation Name"].as_str().unwrap_or_default();
    if GROWING.contains(&table) {
        if kind == "Seq Scan" {
            tell(format!("reads the whole table {table}"));
        }
        let loops = number(node, "Actual Loops");
        let read = (number(node, "Actual Rows") + number(node, "Rows Removed by Filter") + number(node, "Rows Removed by Index Recheck")) * loops;
        if read > most {
            tell(format!("{kind} takes {read} rows out of {table}"));
        }
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        // Without ANALYZE there are only guesses.
        let rows = if child["Actual Rows"].is_null() { number(child, "Plan Rows") } else { number(child, "Actual Rows") };
        if kind == "Sort" && rows > most {
            tell(format!("sorts {rows} rows"));
        }
        walk(child, most, tell);
    }
}
