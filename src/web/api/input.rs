//! What callers send, read into our own types; what cannot be read becomes an error that says which field, and never repeats its content.

use crate::domain::phone::Phone;
use crate::domain::{Instant, Lang, RequestNumber};
use crate::web::error::ApiError;
use crate::web::routes::bad_json;
use actix_web::HttpRequest;
use chrono::{DateTime, Datelike, NaiveDate, TimeZone};
use chrono_tz::Asia::Almaty;
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// Rows of a page when the caller does not say.
const PAGE: u64 = 20;
/// Most rows of a page.
const LARGEST_PAGE: u64 = 100;

/// A value that cannot be.
#[must_use]
pub fn wrong(field: &str, why: &str) -> ApiError {
    ApiError::detail("unprocessable", format!("{field}: {why}"))
}

/// A field that must be there.
///
/// # Errors
/// `bad_request` naming it.
pub fn needed<T>(field: &str, value: Option<T>) -> Result<T, ApiError> {
    value.ok_or_else(|| ApiError::detail("bad_request", format!("{field} is needed")))
}

/// Words that will be stored. A NUL, which no person types and PostgreSQL does not take, is refused here.
///
/// # Errors
/// `unprocessable` naming the field.
pub fn words(field: &str, text: Option<String>) -> Result<Option<String>, ApiError> {
    if text.as_ref().is_some_and(|t| t.contains('\0')) { Err(wrong(field, "holds a NUL character")) } else { Ok(text) }
}

/// The same where they must be there.
///
/// # Errors
/// `bad_request`, `unprocessable`.
pub fn needed_words(field: &str, text: Option<String>) -> Result<String, ApiError> {
    needed(field, words(field, text)?)
}

/// A request number out of the path, as people type it.
///
/// # Errors
/// `bad_number`.
pub fn number(text: &str) -> Result<RequestNumber, ApiError> {
    RequestNumber::parse(text).map_err(|e| ApiError::detail("bad_number", e.to_string()))
}

/// # Errors
/// `bad_phone`.
pub fn phone(text: &str) -> Result<Phone, ApiError> {
    Phone::parse(text).map_err(|e| ApiError::detail("bad_phone", e.to_string()))
}

/// A word of a closed set or a code, of which an empty one counts as not given.
///
/// # Errors
/// `unprocessable` naming the field.
pub fn word<T: FromStr>(field: &str, text: Option<&str>) -> Result<Option<T>, ApiError> {
    let text = text.map(str::trim).filter(|t| !t.is_empty());
    text.map(|t| t.parse().map_err(|_| wrong(field, "unknown"))).transpose()
}

/// The same, with a code of its own for what is unknown.
///
/// # Errors
/// `code` naming the field.
pub fn coded<T: FromStr>(code: &'static str, field: &str, text: Option<&str>) -> Result<T, ApiError> {
    needed(field, text)?.trim().parse().map_err(|_| ApiError::detail(code, format!("{field}: unknown")))
}

/// # Errors
/// `unprocessable`.
pub fn lang(text: Option<&str>) -> Result<Option<Lang>, ApiError> {
    word("language", text)
}

/// A yes or no out of a query.
///
/// # Errors
/// `unprocessable` naming the field.
pub fn flag(field: &str, text: Option<&str>) -> Result<bool, ApiError> {
    match text.map(str::trim).unwrap_or("") {
        "" | "false" | "0" => Ok(false),
        "true" | "1" => Ok(true),
        _ => Err(wrong(field, "true or false")),
    }
}

/// Rows of a page.
///
/// # Errors
/// `unprocessable` beyond 1 to 100.
pub fn limit(text: Option<&str>) -> Result<usize, ApiError> {
    let n = match text.map(str::trim).filter(|t| !t.is_empty()) {
        None => PAGE,
        Some(t) => t.parse().ok().filter(|n| (1..=LARGEST_PAGE).contains(n)).ok_or_else(|| wrong("limit", "1 to 100"))?,
    };
    Ok(usize::try_from(n).unwrap_or(1))
}

/// A moment: RFC 3339, or a date, which is its midnight in Almaty.
///
/// # Errors
/// `unprocessable` naming the field.
pub fn moment(field: &str, text: Option<&str>) -> Result<Option<Instant>, ApiError> {
    let Some(text) = text.map(str::trim).filter(|t| !t.is_empty()) else { return Ok(None) };
    let bad = || wrong(field, "a date (2026-03-21) or a moment (2026-03-21T08:00:00+05:00)");
    // An unescaped plus arrives as a space.
    let at = match DateTime::parse_from_rfc3339(&text.replace(' ', "+")) {
        Ok(at) => at.to_utc(),
        Err(_) => {
            let day = NaiveDate::from_str(text).map_err(|_| bad())?;
            let midnight = day.and_hms_opt(0, 0, 0).ok_or_else(bad)?;
            Almaty.from_local_datetime(&midnight).earliest().ok_or_else(bad)?.to_utc()
        }
    };
    if (1970..=9998).contains(&at.year()) { Ok(Some(crate::domain::time::truncate(at))) } else { Err(bad()) }
}

/// A place on the map: both or none.
///
/// # Errors
/// `unprocessable` for one without the other. Dispatch checks the range.
pub fn location(lat: Option<f64>, lon: Option<f64>) -> Result<Option<(f64, f64)>, ApiError> {
    match (lat, lon) {
        (Some(lat), Some(lon)) => Ok(Some((lat, lon))),
        (None, None) => Ok(None),
        _ => Err(wrong("lat, lon", "both or none")),
    }
}

/// A JSON body whose bytes are needed too.
///
/// # Errors
/// `bad_request`.
pub fn json<T: DeserializeOwned>(req: &HttpRequest, body: &[u8]) -> Result<T, ApiError> {
    let kind = req.headers().get("content-type").and_then(|v| v.to_str().ok()).unwrap_or("");
    let essence = kind.split(';').next().unwrap_or("").trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::detail("bad_request", "content-type must be application/json"));
    }
    serde_json::from_slice(body).map_err(|e| bad_json(&e))
}

/// A JSON body that may be left out.
///
/// # Errors
/// `bad_request`.
pub fn json_or_nothing<T: DeserializeOwned + Default>(req: &HttpRequest, body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() { Ok(T::default()) } else { json(req, body) }
}

/// The key that makes a repeated call harmless.
///
/// # Errors
/// `bad_request` when it is not 1 to 200 visible ASCII characters.
pub fn idempotency_key(req: &HttpRequest) -> Result<Option<String>, ApiError> {
    let Some(value) = req.headers().get("idempotency-key") else { return Ok(None) };
    let ok = (1..=200).contains(&value.len()) && value.as_bytes().iter().all(u8::is_ascii_graphic);
    match value.to_str() {
        Ok(key) if ok => Ok(Some(key.to_owned())),
        _ => Err(ApiError::detail("bad_request", "Idempotency-Key: 1 to 200 visible ASCII characters")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use proptest::prelude::*;

    #[test]
    fn moments() {
        let at = |t| moment("from", Some(t)).map(|m| m.map(|m| m.to_rfc3339()));
        assert_eq!(at("2026-03-21").unwrap().unwrap(), "2026-03-20T19:00:00+00:00");
        assert_eq!(at("2026-03-21T08:00:00+05:00").unwrap().unwrap(), "2026-03-21T03:00:00+00:00");
        assert_eq!(at("2026-03-21T08:00:00 05:00").unwrap().unwrap(), "2026-03-21T03:00:00+00:00");
        assert_eq!(at("").unwrap(), None);
        for bad in ["yesterday", "2026-13-01", "2026-02-30", "9999-12-31", "0001-01-01", "+262142-01-01", "2026-03-21T25:00:00Z", "1"] {
            assert_eq!(at(bad).unwrap_err().code, "unprocessable", "{bad}");
        }
    }

    #[test]
    fn limits() {
        assert_eq!(limit(None).unwrap(), 20);
        assert_eq!(limit(Some("100")).unwrap(), 100);
        for bad in ["0", "101", "-1", "ten", "1e2", "99999999999999999999"] {
            assert!(limit(Some(bad)).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys() {
        let key = |v: &[u8]| {
            let value = actix_web::http::header::HeaderValue::from_bytes(v).unwrap();
            idempotency_key(&TestRequest::default().insert_header(("idempotency-key", value)).to_http_request())
        };
        assert_eq!(key(b"a-1").unwrap().unwrap(), "a-1");
        assert!(key(&[b'k'; 200]).is_ok());
        for bad in [&b""[..], &[b'k'; 201], b"two words", b"\xd2\x9b", b"tab\there"] {
            assert_eq!(key(bad).unwrap_err().code, "bad_request");
        }
        assert_eq!(idempotency_key(&TestRequest::default().to_http_request()).unwrap(), None);
    }

    #[test]
    fn errors_do_not_repeat_what_was_sent() {
        let secret = "87012345678";
        let errors = [
            word::<crate::domain::Class>("class", Some(secret)).unwrap_err(),
            number(secret).unwrap_err(),
            phone("secret 87012345678 x").unwrap_err(),
            moment("from", Some(secret)).unwrap_err(),
        ];
        for e in errors {
            assert!(!e.detail.unwrap().contains(secret));
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC{0,40}") {
            let _ = (number(&text), phone(&text), limit(Some(&text)), flag("x", Some(&text)), moment("x", Some(&text)));
        }
    }
}
