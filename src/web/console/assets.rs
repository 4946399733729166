//! Styles, the script and the mark, embedded in the program. Links carry a digest, so that a browser may keep what it has.

use crate::web::error::ApiError;
use actix_web::{HttpResponse, web};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const FILES: [(&str, &str, &str); 5] = [
    ("site.css", "text/css; charset=utf-8", include_str!("assets/site.css")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("assets/live.js")),
    ("desk.css", "text/css; charset=utf-8", include_str!("assets/desk.css")),
    ("desk.js", "text/javascript; charset=utf-8", include_str!("assets/desk.js")),
    ("mark.svg", "image/svg+xml", include_str!("assets/mark.svg")),
];

/// Links to the files. What only the console needs, residents do not load.
#[derive(Debug)]
pub struct Links {
    pub css: String,
    pub js: String,
    pub desk_css: String,
    pub desk_js: String,
    pub mark: String,
}

/// The links of this build.
pub static LINKS: LazyLock<Links> = LazyLock::new(|| Links {
    css: link("site.css"),
    js: link("live.js"),
    desk_css: link("desk.css"),
    desk_js: link("desk.js"),
    mark: link("mark.svg"),
});

fn link(name: &str) -> String {
    let body = FILES.iter().find(|f| f.0 == name).map_or("", |f| f.2);
    let digest = hex::encode(Sha256::digest(body.as_bytes()));
    format!("/console/assets/{name}?v={}", digest.get(..12).unwrap_or_default())
}

/// `GET /console/assets/{file}`. The digest in the link changes with the content, so the answer may be kept for a year.
///
/// # Errors
/// `not_found`.
pub async fn file(name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let (_, mime, body) = FILES.iter().find(|f| f.0 == name.as_str()).ok_or_else(|| ApiError::new("not_found"))?;
    Ok(HttpResponse::Ok().content_type(*mime).insert_header(("cache-control", "public, max-age=31536000, immutable")).body(*body))
}
