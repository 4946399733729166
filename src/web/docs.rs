//! The API's description: the OpenAPI file as it is, and the same as a page that needs no script.

use super::console::assets::LINKS;
use super::error::ApiError;
use super::peer;
use super::state::WebState;
use crate::config::Messages;
use crate::domain::Lang;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value};
use std::fmt::Write;
use std::sync::OnceLock;

/// The description, written by hand and compared with the route table by a test.
pub const OPENAPI: &str = include_str!("openapi.json");

/// Every code that an error may carry; `ApiError::status` and the message keys `error.<code>` belong to them.
pub const CODES: &[&str] = &[
    "bad_request",
    "bad_number",
    "bad_phone",
    "unauthorized",
    "bad_login",
    "second_factor_needed",
    "password_change_needed",
    "login_taken",
    "not_oneself",
    "password_short",
    "password_long",
    "password_plain",
    "password_common",
    "password_own",
    "password_differs",
    "password_same",
    "forbidden",
    "not_found",
    "conflict",
    "stale_version",
    "not_now",
    "idempotency_running",
    "too_large",
    "unprocessable",
    "empty_text",
    "nothing_chosen",
    "bad_code",
    "bad_score",
    "bad_queue",
    "bad_crew",
    "crew_off_duty",
    "config_breaks",
    "bad_media",
    "idempotency_mismatch",
    "rate_limited",
    "internal",
    "unavailable",
];

/// `GET /api/v1/openapi.json`.
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").insert_header(("cache-control", "public, max-age=300")).body(OPENAPI)
}

/// `GET /api/docs`.
pub async fn page(req: HttpRequest, state: web::Data<WebState>) -> HttpResponse {
    static OPERATIONS: OnceLock<String> = OnceLock::new();
    let operations = OPERATIONS.get_or_init(|| serde_json::from_str(OPENAPI).map(|doc| body(&doc)).unwrap_or_default());
    let html = format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Jambyl 109 API</title>\n<link rel=\"stylesheet\" href=\"{}\">\n<link rel=\"stylesheet\" href=\"{}\">\n</head>\n<body class=\"docs\">\n<main>\n{operations}{}</main>\n</body>\n</html>\n",
        escaped(&LINKS.css),
        escaped(&LINKS.docs_css),
        errors(&state.core.book.messages, peer::language(&req))
    );
    HttpResponse::Ok().content_type("text/html; charset=utf-8").body(html)
}

/// Text as HTML; what stands between backticks becomes code.
fn text(plain: &str) -> String {
    let mut out = String::with_capacity(plain.len());
    for (i, part) in plain.split('`').enumerate() {
        let part = escaped(part);
        if i % 2 == 1 {
            let _ = write!(out, "<code>{part}</code>");
        } else {
            out.push_str(&part);
        }
    }
    out
}

fn escaped(plain: &str) -> String {
    plain.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}

fn word<'a>(node: &'a Value, key: &str) -> &'a str {
    node.get(key).and_then(Value::as_str).unwrap_or("")
}

fn members<'a>(node: &'a Value, key: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    node.get(key).and_then(Value::as_object).into_iter().flat_map(Map::iter)
}

fn list<'a>(node: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    node.get(key).and_then(Value::as_array).into_iter().flatten()
}

/// The node itself, or what its `$ref` names.
fn followed<'a>(doc: &'a Value, node: &'a Value) -> &'a Value {
    node.get("$ref").and_then(Value::as_str).and_then(|r| doc.pointer(r.trim_start_matches('#'))).unwrap_or(node)
}

fn body(doc: &Value) -> String {
    let mut out = String::new();
    let info = doc.get("info").unwrap_or(&Value::Null);
    let _ = writeln!(out, "<h1>{} API {}</h1>", text(word(info, "title")), text(word(info, "version")));
    for paragraph in word(info, "description").split("\n\n") {
        let _ = writeln!(out, "<p>{}</p>", text(paragraph));
    }
    out.push_str("<p><a href=\"/api/v1/openapi.json\">openapi.json</a> · <a href=\"#errors\">errors</a></p>\n<nav><ul>\n");
    for tag in list(doc, "tags") {
        let name = text(word(tag, "name"));
        let _ = writeln!(out, "<li><a href=\"#tag-{name}\">{name}</a></li>");
    }
    out.push_str("</ul></nav>\n");
    for tag in list(doc, "tags") {
        let name = word(tag, "name");
        let _ = writeln!(out, "<section id=\"tag-{0}\">\n<h2>{0}</h2>\n<p>{1}</p>", text(name), text(word(tag, "description")));
        for (path, item) in members(doc, "paths") {
            for (method, operation) in item.as_object().into_iter().flat_map(Map::iter) {
                if list(operation, "tags").any(|t| t.as_str() == Some(name)) {
                    self::operation(&mut out, doc, path, method, operation);
                }
            }
        }
        out.push_str("</section>\n");
    }
    out
}

fn operation(out: &mut String, doc: &Value, path: &str, method: &str, o: &Value) {
    let _ = writeln!(
        out,
        "<article id=\"op-{}\">\n<h3><code>{} {}</code></h3>\n<p>{}</p>",
        text(word(o, "operationId")),
        method.to_uppercase(),
        text(path),
        text(word(o, "summary"))
    );
    if !word(o, "description").is_empty() {
        let _ = writeln!(out, "<p>{}</p>", text(word(o, "description")));
    }
    let roles: Vec<&str> = list(o, "x-roles").filter_map(Value::as_str).collect();
    let access = match (list(o, "security").next().is_some(), roles.is_empty()) {
        (false, _) => "Open.".to_owned(),
        (true, true) => "A resident's token.".to_owned(),
        (true, false) => format!("A token of staff: {}.", roles.join(", ")),
    };
    let _ = writeln!(out, "<p>{}</p>", text(&access));
    let parameters: Vec<&Value> = list(o, "parameters").map(|p| followed(doc, p)).collect();
    if !parameters.is_empty() {
        table(
            out,
            "Parameters",
            parameters
                .iter()
                .map(|p| (format!("{} ({})", word(p, "name"), word(p, "in")), p.get("schema"), is_true(p, "required"), word(p, "description"))),
        );
    }
    let content = o.pointer("/requestBody/content");
    if let Some(content) = content.and_then(|c| c.get("application/json").or_else(|| c.get("multipart/form-data"))) {
        let schema = followed(doc, content.get("schema").unwrap_or(&Value::Null));
        let required: Vec<&str> = list(schema, "required").filter_map(Value::as_str).collect();
        let rows = members(schema, "properties").map(|(name, s)| (name.clone(), Some(s), required.contains(&name.as_str()), word(s, "description")));
        table(out, "Body", rows);
        example(out, content);
    }
    out.push_str("<h4>Answers</h4>\n<dl>\n");
    for (status, answer) in members(o, "responses") {
        let answer = followed(doc, answer);
        let _ = writeln!(out, "<dt>{}</dt><dd>{}", text(status), text(word(answer, "description")));
        if let Some(content) = answer.pointer("/content/application~1json") {
            example(out, content);
        }
        out.push_str("</dd>\n");
    }
    out.push_str("</dl>\n</article>\n");
}

fn is_true(node: &Value, key: &str) -> bool {
    node.get(key).and_then(Value::as_bool).unwrap_or(false)
}

fn table<'a>(out: &mut String, title: &str, rows: impl Iterator<Item = (String, Option<&'a Value>, bool, &'a str)>) {
    let _ = writeln!(out, "<h4>{title}</h4>\n<table>\n<thead><tr><th>Name</th><th>Kind</th><th>Needed</th><th>Meaning</th></tr></thead>\n<tbody>");
    for (name, schema, required, meaning) in rows {
        let needed = if required { "yes" } else { "" };
        let _ = writeln!(out, "<tr><td><code>{}</code></td><td>{}</td><td>{needed}</td><td>{}</td></tr>", text(&name), kind(schema), text(meaning));
    }
    out.push_str("</tbody>\n</table>\n");
}

/// A schema in a few words: its words when the set is closed, else its type.
fn kind(schema: Option<&Value>) -> String {
    let Some(schema) = schema else { return String::new() };
    let words: Vec<String> = list(schema, "enum").filter_map(|w| w.as_str().map(escaped)).collect();
    if !words.is_empty() {
        return words.join(" | ");
    }
    match schema.get("type") {
        Some(Value::String(t)) => escaped(t),
        Some(Value::Array(ts)) => ts.iter().filter_map(Value::as_str).map(escaped).collect::<Vec<_>>().join(" | "),
        _ => String::new(),
    }
}

fn example(out: &mut String, content: &Value) {
    if let Some(Ok(json)) = content.get("example").map(serde_json::to_string_pretty) {
        let _ = writeln!(out, "<pre><code>{}</code></pre>", escaped(&json));
    }
}

/// The table of codes: problem documents point at its rows.
fn errors(messages: &Messages, lang: Lang) -> String {
    let mut out = String::from("<section id=\"errors\">\n<h2>Errors</h2>\n");
    // Readers of one language look for theirs first.
    let order = if lang == Lang::Ru { [Lang::Ru, Lang::Kk] } else { [Lang::Kk, Lang::Ru] };
    let name = |l: Lang| if l == Lang::Kk { "Қазақша" } else { "По-русски" };
    let [first, second] = order;
    let _ = writeln!(out, "<table>\n<thead><tr><th>Code</th><th>Status</th><th>{}</th><th>{}</th></tr></thead>\n<tbody>", name(first), name(second));
    for code in CODES {
        let said = |l: Lang| escaped(messages.get(l, &format!("error.{code}")).unwrap_or(""));
        let _ = writeln!(
            out,
            "<tr id=\"error-{code}\"><td><code>{code}</code></td><td>{}</td><td lang=\"{first}\">{}</td><td lang=\"{second}\">{}</td></tr>",
            ApiError::new(code).status().as_u16(),
            said(first),
            said(second)
        );
    }
    out.push_str("</tbody>\n</table>\n</section>\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Book;

    #[test]
    fn every_code_has_its_row_and_texts() {
        let book = Book::load(None).unwrap();
        let html = errors(&book.messages, Lang::Ru);
        let written: Vec<&str> = book.messages.keys().filter_map(|k| k.strip_prefix("error.")).collect();
        for code in CODES {
            assert!(written.contains(code), "no texts for {code}");
            assert!(html.contains(&format!("id=\"error-{code}\"")));
        }
        for code in written {
            assert!(CODES.contains(&code), "{code} has texts and is not in the table");
        }
    }

    #[test]
    fn the_page_names_every_operation() {
        let doc: Value = serde_json::from_str(OPENAPI).unwrap();
        let html = body(&doc);
        for (path, item) in members(&doc, "paths") {
            for (method, o) in item.as_object().unwrap() {
                assert!(html.contains(&format!("<code>{} {path}</code>", method.to_uppercase())), "{method} {path}");
                assert!(html.contains(&format!("id=\"op-{}\"", word(o, "operationId"))));
            }
        }
        // The policy of our answers forbids them.
        assert!(!html.contains("<script") && !html.contains("style="));
    }

    #[test]
    fn words_stay_words() {
        assert_eq!(text("a `<b>` & \"c\""), "a <code>&lt;b&gt;</code> &amp; &quot;c&quot;");
    }
}
