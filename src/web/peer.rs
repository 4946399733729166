//! Where a call comes from, and what language its reader wants.

use super::state::WebState;
use crate::domain::Lang;
use actix_web::HttpRequest;
use std::net::IpAddr;

/// The caller's address: the socket's, unless it is a proxy that the configuration names; then the last address in `X-Forwarded-For` that is none.
#[must_use]
pub fn address(req: &HttpRequest, state: &WebState) -> String {
    let Some(socket) = req.peer_addr().map(|a| a.ip()) else { return "unknown".into() };
    if !state.proxies.contains(&socket) {
        return socket.to_string();
    }
    let header = req.headers().get("x-forwarded-for").and_then(|h| h.to_str().ok()).unwrap_or("");
    header.rsplit(',').filter_map(|part| part.trim().parse::<IpAddr>().ok()).find(|ip| !state.proxies.contains(ip)).unwrap_or(socket).to_string()
}

/// The language of `?lang=`, else of the cookie `lang`, else of `Accept-Language`, else Kazakh.
#[must_use]
pub fn language(req: &HttpRequest) -> Lang {
    let asked = req.query_string().split('&').find_map(|p| p.strip_prefix("lang=")).and_then(Lang::parse);
    let cookie = || req.cookie("lang").and_then(|c| Lang::parse(c.value()));
    let header = || {
        let text = req.headers().get("accept-language")?.to_str().ok()?;
        text.split(',').find_map(|part| Lang::parse(part.trim().get(0..2)?))
    };
    asked.or_else(cookie).or_else(header).unwrap_or(Lang::Kk)
}
