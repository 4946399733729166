//! Answers made small for slow networks: gzip, for who takes it. Only what is asked for by name is compressed: never files, streams and parts of files.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;

/// Shorter answers gain nothing.
const WORTH: usize = 600;

/// Whether the caller reads gzip.
#[must_use]
pub fn taken(req: &HttpRequest) -> bool {
    let lists = req.headers().get_all(header::ACCEPT_ENCODING).filter_map(|v| v.to_str().ok());
    let offers = lists.flat_map(|l| l.split(','));
    for offer in offers {
        let mut parts = offer.split(';').map(str::trim);
        if parts.next().is_some_and(|n| n.eq_ignore_ascii_case("gzip") || n == "*") {
            let refused = parts.any(|p| p.strip_prefix("q=").is_some_and(|q| q.parse::<f32>().is_ok_and(|q| q <= 0.0)));
            return !refused;
        }
    }
    false
}

/// The bytes as gzip; `None` when that fails, which it does not in memory.
#[must_use]
pub fn gzip(body: &[u8], how: Compression) -> Option<Vec<u8>> {
    let mut out = GzEncoder::new(Vec::with_capacity(body.len() / 3), how);
    out.write_all(body).ok()?;
    out.finish().ok()
}

/// The answer, compressed when its reader takes that and it is worth it.
#[must_use]
pub fn small(req: &HttpRequest, answer: HttpResponse) -> HttpResponse {
    let (mut head, body) = answer.into_parts();
    head.headers_mut().append(header::VARY, HeaderValue::from_static("accept-encoding"));
    let body = match body.try_into_bytes() {
        Ok(bytes) if bytes.len() >= WORTH && taken(req) => match gzip(&bytes, Compression::default()) {
            Some(packed) => {
                head.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
                BoxBody::new(packed)
            }
            None => BoxBody::new(bytes),
        },
        Ok(bytes) => BoxBody::new(bytes),
        Err(body) => body,
    };
    head.set_body(body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;
    use std::io::Read;

    #[test]
    fn who_takes_gzip_gets_it() {
        for (offer, want) in [
            ("gzip", true),
            ("br, GZIP;q=0.5", true),
            ("deflate, *", true),
            ("gzip;q=0", false),
            ("gzip;q=0.0, br", false),
            ("br", false),
            ("", false),
            ("x-gzip-not", false),
        ] {
            let req = TestRequest::default().insert_header(("accept-encoding", offer)).to_http_request();
            assert_eq!(taken(&req), want, "{offer}");
        }
        assert!(!taken(&TestRequest::default().to_http_request()));
    }

    #[test]
    fn what_is_packed_comes_out_again() {
        let req = TestRequest::default().insert_header(("accept-encoding", "gzip")).to_http_request();
        let long = "су жоқ ".repeat(400);
        let answer = small(&req, HttpResponse::Ok().body(long.clone()));
        assert_eq!(answer.headers().get("content-encoding").unwrap(), "gzip");
        let packed = answer.into_body().try_into_bytes().unwrap();
        let mut out = String::new();
        flate2::read::GzDecoder::new(&packed[..]).read_to_string(&mut out).unwrap();
        assert!(out == long && packed.len() < long.len() / 10);
        let plain = small(&req, HttpResponse::Ok().body("short"));
        assert!(plain.headers().get("content-encoding").is_none() && plain.headers().contains_key("vary"));
    }
}
