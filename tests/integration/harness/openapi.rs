//! Holds every answer that any story gets against the OpenAPI file: its status, its type, and its body, in which nothing may stand that the file does
//! not tell. A body that was taken is held against the schema of what may be sent.
//!
//! The words of JSON Schema that the file uses are few and are read here; any other word is a failure, so that none is passed over.

use jambyl109::web::docs::OPENAPI;
use reqwest::Method;
use serde_json::{Map, Value};
use std::sync::LazyLock;

static DOC: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(OPENAPI).unwrap());

/// The node, or what its reference names.
fn followed(node: &Value) -> &Value {
    match node["$ref"].as_str() {
        Some(r) => DOC.pointer(r.trim_start_matches('#')).unwrap_or_else(|| panic!("{r} leads nowhere")),
        None => node,
    }
}

/// The described path of a call: literal parts go before holes.
fn path_of(path: &str) -> Option<(&'static str, &'static Value)> {
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        wanted.len() == parts.len() && wanted.iter().zip(&parts).all(|(w, p)| w == p || (w.starts_with('{') && !p.is_empty()))
    };
    let paths = DOC["paths"].as_object().unwrap();
    let found = paths.iter().filter(|(t, _)| fits(t)).min_by_key(|(t, _)| t.matches('{').count())?;
    Some((found.0.as_str(), found.1))
}

/// Panics when an answer is not what the file promises. What the API does not serve is not its matter.
#[track_caller]
pub fn hold(method: &Method, path: &str, sent: Option<&[u8]>, status: u16, kind: Option<&str>, body: &str) {
    if !path.starts_with("/api/v1/") {
        return;
    }
    let Some((template, operation)) = path_of(path).map(|(t, item)| (t, &item[method.as_str().to_lowercase()])).filter(|(_, o)| o.is_object()) else {
        assert!(status == 404 || status == 405, "{method} {path} answers {status} and is not described");
        return;
    };
    let what = format!("{method} {template} {status}");
    let said = &operation["responses"][status.to_string()];
    let said = match (said.is_object(), status) {
        (true, _) => followed(said),
        (false, 500 | 503) => followed(&operation["responses"]["default"]),
        (false, _) => panic!("{what} is not described: {body}"),
    };
    let kind = kind.map(|k| k.split(';').next().unwrap_or(k).trim());
    let content = said["content"].as_object();
    match (content, kind) {
        (None, _) => assert!(body.is_empty(), "{what}: a body, where none is described: {body}"),
        (Some(content), kind) => {
            let family = kind.and_then(|k| k.split_once('/')).map(|(family, _)| format!("{family}/*"));
            let named = kind.and_then(|k| content.get(k)).or_else(|| content.get(&family?));
            let schema = named.or_else(|| content.get("*/*"));
            let schema = &schema.unwrap_or_else(|| panic!("{what}: type {kind:?} is not described"))["schema"];
            if kind.is_some_and(|k| k.ends_with("json")) {
                let body: Value = serde_json::from_str(body).unwrap_or_else(|e| panic!("{what}: {e}: {body}"));
                let mut faults = Vec::new();
                check(schema, &body, "", true, &mut faults);
                assert!(faults.is_empty(), "{what}: {}\n{body}", faults.join("; "));
            }
        }
    }
    let taken = &operation["requestBody"]["content"]["application/json"]["schema"];
    if let (Some(sent), true, true) = (sent, (200..300).contains(&status), taken.is_object())
        && !sent.is_empty()
    {
        let sent: Value = serde_json::from_slice(sent).unwrap();
        let mut faults = Vec::new();
        check(taken, &sent, "", false, &mut faults);
        assert!(faults.is_empty(), "{what} took what it should not by the file: {}", faults.join("; "));
    }
}

/// Words that tell, and say nothing about what may stand there.
const SILENT: [&str; 8] = ["description", "example", "examples", "default", "title", "deprecated", "contentMediaType", "x-words"];

/// Notes what is wrong with a value. `strict`: every property must be described.
fn check(schema: &Value, value: &Value, at: &str, strict: bool, faults: &mut Vec<String>) {
    let schema = followed(schema);
    let Some(words) = schema.as_object() else { panic!("{at}: a schema that is none: {schema}") };
    let mut wrong = |why: String| faults.push(format!("{}: {why}", if at.is_empty() { "/" } else { at }));
    for (word, rule) in words {
        match word.as_str() {
            "type" => {
                let types: Vec<&str> =
                    rule.as_array().map_or_else(|| vec![rule.as_str().unwrap()], |a| a.iter().map(|t| t.as_str().unwrap()).collect());
                if !types.iter().any(|t| is(t, value)) {
                    wrong(format!("{value} is no {}", types.join(" or ")));
                }
            }
            "enum" if !rule.as_array().unwrap().contains(value) => wrong(format!("{value} is not among {rule}")),
            "const" if rule != value => wrong(format!("{value} is not {rule}")),
            "required" => {
                for name in rule.as_array().unwrap().iter().map(|n| n.as_str().unwrap()) {
                    if value.as_object().is_some_and(|o| !o.contains_key(name)) {
                        wrong(format!("'{name}' is missing"));
                    }
                }
            }
            "minimum" if value.as_f64().is_some_and(|n| n < rule.as_f64().unwrap()) => wrong(format!("{value} is below {rule}")),
            "maximum" if value.as_f64().is_some_and(|n| n > rule.as_f64().unwrap()) => wrong(format!("{value} is above {rule}")),
            "minLength" if value.as_str().is_some_and(|s| (s.chars().count() as u64) < rule.as_u64().unwrap()) => wrong("too short".into()),
            "maxLength" if value.as_str().is_some_and(|s| (s.chars().count() as u64) > rule.as_u64().unwrap()) => wrong("too long".into()),
            "maxItems" if value.as_array().is_some_and(|a| (a.len() as u64) > rule.as_u64().unwrap()) => wrong("too many".into()),
            "format" => {
                if let Some(text) = value.as_str()
                    && !formatted(rule.as_str().unwrap(), text)
                {
                    wrong(format!("'{text}' is no {rule}"));
                }
            }
            "enum" | "const" | "minimum" | "maximum" | "minLength" | "maxLength" | "maxItems" | "uniqueItems" | "pattern" => {}
            "properties" | "additionalProperties" | "items" | "oneOf" | "anyOf" | "allOf" => {}
            silent if SILENT.contains(&silent) => {}
            other => panic!("{at}: this test does not know the word '{other}'"),
        }
    }
    if let Some(list) = value.as_array()
        && let Some(items) = words.get("items")
    {
        for (i, item) in list.iter().enumerate() {
            check(items, item, &format!("{at}/{i}"), strict, faults);
        }
    }
    for word in ["oneOf", "anyOf"] {
        if let Some(ways) = words.get(word).and_then(Value::as_array) {
            let best = ways.iter().map(|way| faults_of(way, value, at, strict)).min_by_key(Vec::len).unwrap_or_default();
            faults.extend(best);
        }
    }
    if let Some(object) = value.as_object() {
        properties(words, object, at, strict, faults);
    }
}

fn faults_of(schema: &Value, value: &Value, at: &str, strict: bool) -> Vec<String> {
    let mut found = Vec::new();
    check(schema, value, at, strict, &mut found);
    found
}

/// Properties, also those that the parts of an `allOf` describe.
fn properties(words: &Map<String, Value>, object: &Map<String, Value>, at: &str, strict: bool, faults: &mut Vec<String>) {
    let mut known: Map<String, Value> = words.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    for part in words.get("allOf").and_then(Value::as_array).into_iter().flatten() {
        let part = followed(part);
        known.extend(part["properties"].as_object().cloned().unwrap_or_default());
        for name in part["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !object.contains_key(name) {
                faults.push(format!("{at}: '{name}' is missing"));
            }
        }
    }
    let open = words.get("additionalProperties");
    let described = !known.is_empty() || open == Some(&Value::Bool(false));
    for (name, value) in object {
        let here = format!("{at}/{name}");
        match (known.get(name), open) {
            (Some(schema), _) => check(schema, value, &here, strict, faults),
            (None, Some(schema @ Value::Object(_))) => check(schema, value, &here, strict, faults),
            (None, Some(Value::Bool(true))) => {}
            (None, Some(_)) => faults.push(format!("{here}: is not allowed")),
            (None, None) if strict && described => faults.push(format!("{here}: is not described")),
            (None, None) => {}
        }
    }
}

fn is(name: &str, value: &Value) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("'{other}' is no type"),
    }
}

fn formatted(format: &str, text: &str) -> bool {
    match format {
        "uuid" => uuid::Uuid::parse_str(text).is_ok(),
        "date-time" => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        "date" => text.parse::<chrono::NaiveDate>().is_ok(),
        "int64" | "double" | "binary" | "uri" => true,
        other => panic!("this test does not know the format '{other}'"),
    }
}

#[test]
fn what_is_not_described_is_seen() {
    let hold = |status, kind: &str, body: &str| {
        let (kind, body) = (kind.to_owned(), body.to_owned());
        std::panic::catch_unwind(move || super::openapi::hold(&Method::POST, "/api/v1/auth/otp", None, status, Some(&kind), &body)).is_ok()
    };
    let json = "application/json";
    assert!(hold(202, json, r#"{"sent":true}"#));
    assert!(!hold(202, json, r#"{"sent":false}"#) && !hold(202, json, "{}") && !hold(202, json, r#"{"sent":true,"known":true}"#));
    assert!(!hold(202, "text/plain", "sent") && !hold(204, json, "") && !hold(202, json, r#"["sent"]"#));
    assert!(!hold(400, json, "{}") && !hold(418, "application/problem+json", "{}"));
    let number = serde_json::json!({"type": "object", "properties": {"n": {"type": ["integer", "null"], "minimum": 1}}, "required": ["n"]});
    for (value, right) in [(r#"{"n":1}"#, true), (r#"{"n":null}"#, true), (r#"{"n":0}"#, false), (r#"{"n":"1"}"#, false), (r#"{"n":1,"m":1}"#, false)]
    {
        assert_eq!(faults_of(&number, &serde_json::from_str(value).unwrap(), "", true).is_empty(), right, "{value}");
    }
}
