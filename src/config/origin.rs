//! The tree of values while layers are put over one another: which keys exist, of what kind each is, and which layer set it.

use std::collections::BTreeMap;
use toml::{Table, Value};

/// The values so far, and for every key set above the defaults the layer that set it.
pub(super) struct Layered {
    pub table: Table,
    pub origins: BTreeMap<String, String>,
}

/// Stands for any name in the defaults: the sections of a kind, whatever an installation calls them.
pub(super) const ANY: &str = "*";

/// A name that a section of [`ANY`] may have.
fn is_name(part: &str) -> bool {
    (1..=40).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-')
}

/// The value at a dotted path; below a section that allows any name, its pattern's.
pub(super) fn at<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    let (head, rest) = path.split_once('.').map_or((path, None), |(h, r)| (h, Some(r)));
    let own = table.get(head).filter(|_| head != ANY);
    let any = || table.get(ANY).filter(|_| is_name(head));
    match rest {
        None => own.or_else(any),
        Some(rest) => {
            let below = |v: &'a Value| v.as_table().and_then(|t| at(t, rest));
            own.and_then(below).or_else(|| any().and_then(below))
        }
    }
}

/// Puts `value` at a dotted path, making the tables that are missing.
pub(super) fn put(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((head, rest)) => {
            if let Value::Table(inner) = table.entry(head).or_insert_with(|| Value::Table(Table::new())) {
                put(inner, rest, value);
            }
        }
    }
}

/// Gives every named section what its pattern says and it does not; the patterns go.
pub(super) fn fill_patterns(table: &mut Table) {
    if let Some(Value::Table(pattern)) = table.remove(ANY) {
        for (_, section) in table.iter_mut() {
            if let Value::Table(section) = section {
                for (key, value) in &pattern {
                    section.entry(key).or_insert_with(|| value.clone());
                }
            }
        }
    }
    for (_, value) in table.iter_mut() {
        if let Value::Table(inner) = value {
            fill_patterns(inner);
        }
    }
}

/// All dotted keys with their values; a table is not a key itself.
pub(super) fn leaves(table: &Table) -> Vec<(String, &Value)> {
    let mut out = Vec::new();
    walk(table, "", &mut out);
    out
}

fn walk<'a>(table: &'a Table, prefix: &str, out: &mut Vec<(String, &'a Value)>) {
    for (key, value) in table {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        match value {
            // An empty table is kept, so that an unknown empty section is seen.
            Value::Table(inner) if !inner.is_empty() => walk(inner, &path, out),
            _ => out.push((path, value)),
        }
    }
}

/// The known key that looks most like `path`, when one does.
pub(super) fn nearest<'a>(path: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let last = |p: &'a str| p.rsplit('.').next().unwrap_or(p);
    let own = path.rsplit('.').next().unwrap_or(path);
    known
        .map(|k| {
            // A key in the wrong section is as near as one with a slip in it.
            let whole = distance(path, k);
            let tail = distance(own, last(k)) + 2;
            (whole.min(tail), whole, k)
        })
        .min()
        .filter(|(near, _, _)| *near <= 2 + own.chars().count() / 3)
        .map(|(_, _, k)| k)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut next = Vec::with_capacity(row.len());
        let mut left = i + 1;
        next.push(left);
        for (cb, pair) in b.iter().zip(row.windows(2)) {
            if let [diagonal, above] = *pair {
                left = (diagonal + usize::from(ca != *cb)).min(above + 1).min(left + 1);
                next.push(left);
            }
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances() {
        for (a, b, want) in [("", "", 0), ("a", "", 1), ("", "ab", 2), ("addr", "adr", 1), ("kitten", "sitting", 3), ("flaw", "lawn", 2)] {
            assert_eq!(distance(a, b), want, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_key() {
        let known = ["http.addr", "http.workers", "outbox.workers", "redis.url"];
        let near = |p| nearest(p, known.into_iter());
        assert_eq!(near("http.adr"), Some("http.addr"));
        assert_eq!(near("htp.addr"), Some("http.addr"));
        assert_eq!(near("server.addr"), Some("http.addr"), "right key, wrong section");
        assert_eq!(near("outbox.worker"), Some("outbox.workers"));
        assert_eq!(near("completely.different_thing"), None);
    }

    #[test]
    fn put_then_at() {
        let mut t: Table = "[a.b]\nc = 1".parse().unwrap();
        put(&mut t, "a.b.c", Value::Integer(2));
        assert_eq!(at(&t, "a.b.c"), Some(&Value::Integer(2)));
        assert_eq!(at(&t, "a.b.d"), None);
        assert_eq!(at(&t, "a.b.c.d"), None);
    }

    #[test]
    fn sections_of_any_name_take_their_pattern() {
        let mut t: Table = "[s.'*']\na = 1\nb = 2\n[s.main]\nb = 3".parse().unwrap();
        assert_eq!(at(&t, "s.north.a"), Some(&Value::Integer(1)));
        assert_eq!((at(&t, "s.main.a"), at(&t, "s.main.b")), (Some(&Value::Integer(1)), Some(&Value::Integer(3))));
        assert_eq!((at(&t, "s.*.a"), at(&t, "s.north.c"), at(&t, "s.No Name.a")), (None, None, None));
        put(&mut t, "s.north.a", Value::Integer(9));
        fill_patterns(&mut t);
        let want: Table = "[s.main]\na = 1\nb = 3\n[s.north]\na = 9\nb = 2".parse().unwrap();
        assert_eq!(t, want);
    }
}
