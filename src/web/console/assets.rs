//! Styles, the scripts and the mark, embedded in the program. Links carry a digest, so that a browser may keep what it has.

use crate::web::error::ApiError;
use crate::web::small;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use flate2::Compression;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Name, type, content.
const FILES: &[(&str, &str, &str)] = &[
    ("site.css", "text/css; charset=utf-8", include_str!("assets/site.css")),
    ("live.js", "text/javascript; charset=utf-8", include_str!("assets/live.js")),
    ("docs.css", "text/css; charset=utf-8", include_str!("assets/docs.css")),
    ("desk.css", "text/css; charset=utf-8", include_str!("assets/desk.css")),
    ("figures.css", "text/css; charset=utf-8", include_str!("assets/figures.css")),
    ("desk.js", "text/javascript; charset=utf-8", include_str!("assets/desk.js")),
    ("road.css", "text/css; charset=utf-8", include_str!("assets/road.css")),
    ("road.js", "text/javascript; charset=utf-8", include_str!("assets/road.js")),
    ("queue.js", "text/javascript; charset=utf-8", include_str!("assets/queue.js")),
    ("mark.svg", "image/svg+xml", include_str!("assets/mark.svg")),
];

/// The worker of the crew's page, without the list of what it keeps.
const WORKER: &str = include_str!("assets/worker.js");

/// Links to the files. What only the console needs, residents do not load.
#[derive(Debug)]
pub struct Links {
    pub css: String,
    pub js: String,
    /// The API's documentation alone.
    pub docs_css: String,
    pub desk_css: String,
    pub figures_css: String,
    pub desk_js: String,
    pub road_css: String,
    pub road_js: String,
    pub queue_js: String,
    pub mark: String,
}

/// The links of this build.
pub static LINKS: LazyLock<Links> = LazyLock::new(|| Links {
    css: link("site.css"),
    js: link("live.js"),
    docs_css: link("docs.css"),
    desk_css: link("desk.css"),
    figures_css: link("figures.css"),
    desk_js: link("desk.js"),
    road_css: link("road.css"),
    road_js: link("road.js"),
    queue_js: link("queue.js"),
    mark: link("mark.svg"),
});

/// The worker of the crew's page, with the links that it keeps for when there is no network. A change of any of them makes it another worker.
pub static ROAD_WORKER: LazyLock<String> = LazyLock::new(|| {
    let kept = [&LINKS.css, &LINKS.desk_css, &LINKS.road_css, &LINKS.js, &LINKS.queue_js, &LINKS.road_js, &LINKS.mark];
    let list = kept.map(|l| format!("\"{l}\"")).join(",");
    format!("const SHELL = [{list}];\nimportScripts(\"{}\");\n{WORKER}", LINKS.queue_js)
});

fn digest(body: &str) -> String {
    hex::encode(Sha256::digest(body.as_bytes())).get(..12).unwrap_or_default().to_owned()
}

fn link(name: &str) -> String {
    let body = FILES.iter().find(|f| f.0 == name).map_or("", |f| f.2);
    format!("/console/assets/{name}?v={}", digest(body))
}

/// A file as it goes over the wire: packed once.
struct Packed {
    tag: String,
    gzip: Option<Vec<u8>>,
}

static PACKED: LazyLock<Vec<Packed>> = LazyLock::new(|| {
    FILES
        .iter()
        .map(|(_, _, body)| Packed { tag: format!("\"{}\"", digest(body)), gzip: small::gzip(body.as_bytes(), Compression::best()) })
        .collect()
});

/// `GET /console/assets/{file}`. The digest in the link changes with the content, so the answer may be kept for a year.
///
/// # Errors
/// `not_found`.
pub async fn file(req: HttpRequest, name: web::Path<String>) -> Result<HttpResponse, ApiError> {
    let found = FILES.iter().zip(PACKED.iter()).find(|(f, _)| f.0 == name.as_str());
    let ((_, mime, body), packed) = found.ok_or_else(|| ApiError::new("not_found"))?;
    let mut answer = HttpResponse::Ok();
    answer.content_type(*mime).insert_header(("cache-control", "public, max-age=31536000, immutable"));
    answer.insert_header((header::ETAG, packed.tag.as_str())).insert_header((header::VARY, "accept-encoding"));
    if known(&req, &packed.tag) {
        return Ok(answer.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    Ok(match &packed.gzip {
        Some(gzip) if small::taken(&req) => answer.insert_header((header::CONTENT_ENCODING, "gzip")).body(gzip.clone()),
        _ => answer.body(*body),
    })
}

/// Whether the caller has this already.
#[must_use]
pub fn known(req: &HttpRequest, tag: &str) -> bool {
    let asked = req.headers().get_all(header::IF_NONE_MATCH).filter_map(|v| v.to_str().ok());
    asked.flat_map(|l| l.split(',')).any(|t| t.trim().trim_start_matches("W/") == tag.trim_start_matches("W/"))
}

/// `GET /console/jobs/worker.js`: asked for anew whenever the page is opened, so that a new build takes over.
///
/// # Errors
/// None.
pub async fn worker(req: HttpRequest) -> Result<HttpResponse, ApiError> {
    let tag = format!("W/\"{}\"", digest(&ROAD_WORKER));
    let mut answer = HttpResponse::Ok();
    answer.content_type("text/javascript; charset=utf-8").insert_header(("cache-control", "no-cache"));
    answer.insert_header((header::ETAG, tag.as_str())).insert_header(("service-worker-allowed", "/console/jobs"));
    if known(&req, &tag) {
        return Ok(answer.status(actix_web::http::StatusCode::NOT_MODIFIED).finish());
    }
    Ok(small::small(&req, answer.body(ROAD_WORKER.as_str())))
}
