//! Where a call comes from, and what language its reader wants.

use super::state::WebState;
use crate::domain::Lang;
use actix_web::HttpRequest;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

/// The caller's address, as tries are counted by it: the socket's, unless it is a proxy that the configuration names; then the last address in
/// `X-Forwarded-For` that is none. A household has a whole network of IPv6 addresses, so of those only the network counts.
#[must_use]
pub fn address(req: &HttpRequest, state: &WebState) -> String {
    let Some(socket) = req.peer_addr().map(|a| a.ip()) else { return "unknown".into() };
    // Each proxy may add a line of its own.
    let headers: Vec<&str> = req.headers().get_all("x-forwarded-for").filter_map(|h| h.to_str().ok()).collect();
    network(caller(socket, &headers, &state.proxies)).to_string()
}

/// Who called: what a named proxy says, and nothing that stands before what it says.
fn caller(socket: IpAddr, headers: &[&str], proxies: &[IpAddr]) -> IpAddr {
    let ours = |ip: IpAddr| proxies.iter().any(|p| p.to_canonical() == ip.to_canonical());
    if !ours(socket) {
        return socket;
    }
    for part in headers.iter().rev().flat_map(|h| h.rsplit(',')) {
        match read(part.trim()) {
            Some(ip) if ours(ip) => {}
            Some(ip) => return ip,
            // What stands further left was written before this was garbled, perhaps by the caller.
            None => return socket,
        }
    }
    socket
}

/// An address with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|a| a.ip()))
}

fn network(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        v4 => v4,
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_proxies_are_believed() {
        let ip = |t: &str| t.parse::<IpAddr>().unwrap();
        let proxies = [ip("10.0.0.1"), ip("10.0.0.2")];
        for (socket, headers, want) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6", "198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["6.6.6.6, 198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("10.0.0.1", &["6.6.6.6, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["6.6.6.6, "], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.2"], "10.0.0.1"),
        ] {
            assert_eq!(caller(ip(socket), headers, &proxies), ip(want), "{socket} {headers:?}");
        }
    }

    #[test]
    fn a_household_is_one() {
        let of = |t: &str| network(t.parse().unwrap()).to_string();
        assert_eq!(of("2001:db8:1:2:3:4:5:6"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:203.0.113.9"), "203.0.113.9");
        assert_eq!(of("203.0.113.9"), "203.0.113.9");
    }
}
