//! The house keeps its shape: every path in the source obeys the arrows, and each library is named only in its own room.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const OPEN: [&str; 6] = ["config", "clock", "metrics", "telemetry", "lifecycle", "bus"];

/// What a room may name besides the open ones. `*`: every room but `cli` and `app`.
const ARROWS: [(&str, &[&str]); 20] = [
    ("main", &["cli"]),
    ("cli", &["*", "app"]),
    ("app", &["*"]),
    ("web", &["dispatch", "reports", "telephony", "channels", "domain", "store"]),
    ("workers", &["dispatch", "reports", "telephony", "channels", "triage", "timers", "store", "domain"]),
    ("telephony", &["dispatch", "store", "domain"]),
    ("dispatch", &["dialogue", "triage", "timers", "store", "domain"]),
    ("channels", &["store", "domain"]),
    ("reports", &["store", "domain"]),
    ("timers", &["domain"]),
    ("store", &["domain"]),
    ("config", &["domain"]),
    ("dialogue", &["domain"]),
    ("triage", &["domain"]),
    ("domain", &[]),
    ("clock", &["domain"]),
    ("metrics", &["domain"]),
    ("telemetry", &["domain"]),
    ("lifecycle", &["domain"]),
    ("bus", &["domain"]),
];

/// Rooms that may not even name the open ones.
const PURE: [&str; 4] = ["domain", "triage", "dialogue", "config"];

struct Source {
    path: PathBuf,
    /// `["dispatch", "acts"]`; the root is empty.
    module: Vec<String>,
    /// Without comments, literals and tests.
    code: String,
}

impl Source {
    fn room(&self) -> &str {
        self.module.first().map_or("lib", String::as_str)
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn sources(dir: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, out);
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
}

fn module_of(path: &Path) -> Vec<String> {
    let relative = path.strip_prefix(root().join("src")).unwrap().with_extension("");
    let mut parts: Vec<String> = relative.iter().map(|p| p.to_str().unwrap().to_owned()).collect();
    if parts.last().is_some_and(|p| p == "mod" || p == "lib") {
        parts.pop();
    }
    parts
}

/// Blanks comments and literals, so that words in them are not taken for code.
fn bare(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut i = 0;
    while i < chars.len() {
        let rest = |n: usize| chars.get(i + n).copied().unwrap_or('\0');
        match (chars[i], rest(1)) {
            ('/', '/') => {
                while i < chars.len() && chars[i] != '\n' {
                    i += 1;
                }
            }
            ('/', '*') => {
                while i < chars.len() && !(chars[i] == '*' && chars.get(i + 1) == Some(&'/')) {
                    i += 1;
                }
                i += 2;
            }
            ('r', '"' | '#') if !out.ends_with(|c: char| c.is_alphanumeric() || c == '_') => {
                let mut hashes = 0;
                while chars.get(i + 1 + hashes) == Some(&'#') {
                    hashes += 1;
                }
                if chars.get(i + 1 + hashes) != Some(&'"') {
                    out.push(chars[i]);
                    i += 1;
                    continue;
                }
                i += 2 + hashes;
                while i < chars.len() && !(chars[i] == '"' && (1..=hashes).all(|h| chars.get(i + h) == Some(&'#'))) {
                    i += 1;
                }
                i += 1 + hashes;
                out.push_str("\"\"");
            }
            ('"', _) => {
                i += 1;
                while i < chars.len() && chars[i] != '"' {
                    i += if chars[i] == '\\' { 2 } else { 1 };
                }
                i += 1;
                out.push_str("\"\"");
            }
            ('\'', '\\') => {
                i += 3;
                while i < chars.len() && chars[i] != '\'' {
                    i += 1;
                }
                i += 1;
            }
            ('\'', _) if rest(2) == '\'' => i += 3,
            (c, _) => {
                out.push(c);
                i += 1;
            }
        }
    }
    out
}

/// Cuts modules that exist in tests only.
fn without_tests(code: &str) -> String {
    let mut out = String::new();
    let mut rest = code;
    while let Some(at) = rest.find("#[cfg(test)]") {
        out.push_str(&rest[..at]);
        let tail = &rest[at + "#[cfg(test)]".len()..];
        let brace = tail.find('{').unwrap_or(tail.len());
        let semicolon = tail.find(';').unwrap_or(tail.len());
        if semicolon < brace {
            rest = &tail[semicolon + 1..];
            continue;
        }
        let mut depth = 0;
        let end = tail.char_indices().skip_while(|(i, _)| *i < brace).find_map(|(i, c)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            (depth == 0).then_some(i + 1)
        });
        rest = &tail[end.unwrap_or(tail.len())..];
    }
    out.push_str(rest);
    out
}

fn all() -> Vec<Source> {
    let mut files = Vec::new();
    sources(&root().join("src"), &mut files);
    files.sort();
    assert!(files.len() > 150, "the source was not found");
    files
        .into_iter()
        // Files of tests only.
        .filter(|p| !p.iter().any(|part| part == "tests" || part == "tests.rs" || part == "suite.rs"))
        .map(|path| {
            let code = without_tests(&bare(&std::fs::read_to_string(&path).unwrap()));
            Source { module: module_of(&path), path, code }
        })
        .collect()
}

/// The first names after `crate::` or a chain of `super::`, groups in braces opened.
fn heads(tail: &str) -> Vec<String> {
    let tail = tail.trim_start();
    if let Some(group) = tail.strip_prefix('{') {
        let mut depth = 1;
        let mut parts = vec![String::new()];
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                break;
            }
            match c {
                ',' if depth == 1 => parts.push(String::new()),
                c => parts.last_mut().unwrap().push(c),
            }
        }
        return parts.iter().filter(|p| !p.trim().is_empty()).flat_map(|p| heads(p)).collect();
    }
    let word: String = tail.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
    if word.is_empty() { Vec::new() } else { vec![word] }
}

/// Every room that a source names, with the words that name it.
fn named(source: &Source) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let whole = |at: usize| !source.code[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    for (at, _) in source.code.match_indices("crate::").filter(|(at, _)| whole(*at)) {
        for head in heads(&source.code[at + 7..]) {
            out.insert(head.clone(), format!("crate::{head}"));
        }
    }
    for (at, _) in source.code.match_indices("super::").filter(|(at, _)| whole(*at)) {
        if source.code[..at].ends_with("super::") {
            continue;
        }
        let (mut tail, mut up) = (&source.code[at..], 0);
        while let Some(next) = tail.strip_prefix("super::") {
            tail = next;
            up += 1;
        }
        if up < source.module.len() {
            continue;
        }
        for head in heads(tail) {
            out.insert(head.clone(), format!("{} (up {up})", head));
        }
    }
    out
}

#[test]
fn arrows_point_down() {
    let sources = all();
    let rooms: BTreeSet<&str> = sources.iter().map(Source::room).collect();
    let unknown: Vec<&&str> = rooms.iter().filter(|r| **r != "lib" && !ARROWS.iter().any(|(a, _)| a == *r)).collect();
    assert!(unknown.is_empty(), "rooms without arrows: {unknown:?}");
    let mut wrong = Vec::new();
    let mut seen = 0;
    for s in sources.iter().filter(|s| s.room() != "lib") {
        let allowed = ARROWS.iter().find(|(a, _)| *a == s.room()).map(|(_, to)| *to).unwrap();
        for (to, how) in named(s) {
            if to == s.room() || !rooms.contains(to.as_str()) {
                continue;
            }
            seen += 1;
            let open = OPEN.contains(&to.as_str()) && !PURE.contains(&s.room());
            let any = allowed.contains(&"*") && to != "cli" && to != "app";
            if !(open || any || allowed.contains(&to.as_str())) {
                wrong.push(format!("{}: {} -> {to} ({how})", s.path.display(), s.room()));
            }
        }
    }
    assert!(seen > 200, "only {seen} paths were understood: the reader of this test is broken");
    assert!(wrong.is_empty(), "arrows that are not allowed:\n{}", wrong.join("\n"));
}

#[test]
fn libraries_stay_in_their_rooms() {
    let rules: [(&str, &[&str]); 10] = [
        ("sea_orm", &["store"]),
        ("bots::", &["channels", "cli/demo"]),
        ("migrations::", &["store"]),
        ("actix_web", &["web", "cli/demo"]),
        ("askama", &["web"]),
        ("lettre", &["channels"]),
        ("redis::", &["timers", "bus"]),
        ("Utc::now", &["clock"]),
        ("SystemTime::now", &["clock"]),
        (".begin(", &["dispatch", "workers", "telephony", "store"]),
    ];
    let mut wrong = Vec::new();
    for s in all() {
        let place = s.module.join("/");
        for (word, rooms) in rules {
            let mut hits = s.code.match_indices(word).filter(|(at, _)| {
                let before = &s.code[..*at];
                !before.ends_with("timers::") && !before.ends_with(|c: char| c.is_alphanumeric() || c == '_')
            });
            if hits.next().is_some() && !rooms.iter().any(|r| place == *r || place.starts_with(&format!("{r}/"))) {
                wrong.push(format!("{}: '{word}'", s.path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "named outside of their rooms:\n{}", wrong.join("\n"));
}

#[test]
fn pure_rooms_do_nothing_to_the_world() {
    let forbidden = ["async ", ".await", "tokio", "std::fs", "std::net", "std::env", "reqwest", "rand::", "println!", "tracing::"];
    let mut wrong = Vec::new();
    for s in all().iter().filter(|s| ["domain", "triage", "dialogue"].contains(&s.room())) {
        wrong.extend(forbidden.iter().filter(|w| s.code.contains(**w)).map(|w| format!("{}: '{w}'", s.path.display())));
    }
    assert!(wrong.is_empty(), "pure rooms that are not:\n{}", wrong.join("\n"));
}

#[test]
fn rooms_do_not_hand_on_what_belongs_to_others() {
    let mut wrong = Vec::new();
    for s in all().iter().filter(|s| s.room() != "lib") {
        for (at, _) in s.code.match_indices("pub use crate::").chain(s.code.match_indices("pub(crate) use crate::")) {
            let tail = &s.code[s.code[at..].find("crate::").unwrap() + at + 7..];
            wrong.extend(heads(tail).into_iter().filter(|h| h != s.room()).map(|h| format!("{}: {h}", s.path.display())));
        }
    }
    assert!(wrong.is_empty(), "handed on:\n{}", wrong.join("\n"));
}

#[test]
fn wires_and_schema_know_nothing_of_us() {
    for file in ["bots/Cargo.toml", "migrations/Cargo.toml"] {
        let manifest = std::fs::read_to_string(root().join(file)).unwrap();
        assert!(!manifest.contains("jambyl109"), "{file} names the root package");
        let other = if file.starts_with("bots") { "migrations" } else { "bots" };
        assert!(!manifest.contains(&format!("{other} =")), "{file} names {other}");
    }
    let mut files = Vec::new();
    sources(&root().join("bots/src"), &mut files);
    sources(&root().join("migrations/src"), &mut files);
    for f in files {
        let code = bare(&std::fs::read_to_string(&f).unwrap());
        assert!(!code.contains("jambyl109"), "{} names the root package", f.display());
    }
}

#[test]
fn the_reader_of_this_test_reads() {
    let code = without_tests(&bare(
        "use crate::{a::b, c}; // crate::d\nlet s = \"crate::e\"; #[cfg(test)] mod t { use crate::f; }\nsuper::super::g::h(); 'x'",
    ));
    let source = Source { path: PathBuf::new(), module: vec!["m".into(), "n".into()], code };
    let names: Vec<String> = named(&source).into_keys().collect();
    assert_eq!(names, ["a", "c", "g"]);
}
