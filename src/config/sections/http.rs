//! The listener.

use serde::{Deserialize, Serialize};
use std::net::{IpAddr, SocketAddr};

/// Where the service listens and how it is reached.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub addr: String,
    /// Empty: metrics stand on the main listener.
    pub metrics_addr: String,
    /// The address residents and platforms use, without a slash at the end. Empty: `http://` and `addr`.
    pub public_url: String,
    /// The largest body accepted, bytes.
    pub body_limit_bytes: usize,
    /// Threads that answer; 0: one per core.
    pub workers: usize,
    /// Addresses of reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<String>,
}

impl Http {
    /// The address to bind; `None` when it is not one (which `Config::problems` reports).
    #[must_use]
    pub fn socket(&self) -> Option<SocketAddr> {
        self.addr.parse().ok()
    }

    /// The metrics' own address, if they have one.
    #[must_use]
    pub fn metrics_socket(&self) -> Option<SocketAddr> {
        self.metrics_addr.parse().ok()
    }

    /// The start of every link given out, never ending in a slash.
    #[must_use]
    pub fn public_base(&self) -> String {
        match self.public_url.trim_end_matches('/') {
            "" => format!("http://{}", self.addr),
            url => url.to_owned(),
        }
    }

    /// The proxies as addresses; what is not an address is left out (and reported by `Config::problems`).
    #[must_use]
    pub fn proxies(&self) -> Vec<IpAddr> {
        self.trusted_proxies.iter().filter_map(|p| p.parse().ok()).collect()
    }
}
