//! The HTTP client of the Graph API: JSON calls, uploads, and files that lie at the provider.
//!
//! The token travels in a header, and only to the configured server and to hosts that the caller trusts with it. Redirects are followed by hand,
//! for the same reason.

use super::failure::{ApiError, CallError};
use crate::channel::{FetchError, OutMedia};
use crate::http;
pub use crate::http::Timeouts;
use reqwest::header::{AUTHORIZATION, HeaderValue, LOCATION};
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use serde_json::Value;
use thiserror::Error;
use url::Url;

/// Redirects of one download that are followed.
const HOPS: usize = 3;

/// Why a client cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConfigError {
    #[error("the access token is empty or holds characters that tokens never hold")]
    Token,
    #[error("the API address is not an http or https address")]
    Url,
    #[error("the API version does not look like v24.0")]
    Version,
    #[error("the account's identifier is empty or holds characters that identifiers never hold")]
    Account,
    #[error("the HTTP client could not be built")]
    Client,
}

/// One account's way to the Graph API. Cheap to clone; never shows its token.
#[derive(Clone)]
pub struct Graph {
    http: reqwest::Client,
    /// With the version as its last step.
    base: Url,
    bearer: HeaderValue,
    timeouts: Timeouts,
}

impl std::fmt::Debug for Graph {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").field("base", &self.base.as_str()).field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

impl Graph {
    /// `base` is the server, for instance `https://graph.facebook.com` (its path is kept), `version` for instance `v24.0`.
    ///
    /// # Errors
    /// [`ConfigError`] names what is wrong; nothing is sent yet.
    pub fn new(mut base: Url, version: &str, token: &str, timeouts: Timeouts) -> Result<Self, ConfigError> {
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(ConfigError::Url);
        }
        let numbers = version.strip_prefix('v').and_then(|v| v.split_once('.'));
        let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !numbers.is_some_and(|(major, minor)| digits(major) && digits(minor)) {
            return Err(ConfigError::Version);
        }
        base.path_segments_mut().map_err(|()| ConfigError::Url)?.pop_if_empty().push(version);
        base.set_query(None);
        base.set_fragment(None);
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(ConfigError::Token);
        }
        let mut bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(|_| ConfigError::Token)?;
        bearer.set_sensitive(true);
        let http = http::client(timeouts).ok_or(ConfigError::Client)?;
        Ok(Self { http, base, bearer, timeouts })
    }

    /// The server with its version.
    #[must_use]
    pub const fn base(&self) -> &Url {
        &self.base
    }

    /// For addresses that must not see the token.
    #[must_use]
    pub const fn http(&self) -> &reqwest::Client {
        &self.http
    }

    /// Sends JSON to `path` (steps divided by slashes, without the version) and reads the JSON answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn post(&self, path: &str, json: &Value) -> Result<Value, CallError> {
        self.call(self.http.post(self.address(path)?).json(json)).await
    }

    /// Asks `path` and reads the JSON answer.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, CallError> {
        self.call(self.http.get(self.address(path)?).query(query)).await
    }

    /// How long this client waits.
    #[must_use]
    pub const fn timeouts(&self) -> Timeouts {
        self.timeouts
    }

    /// Puts a file down at the provider as WhatsApp wants it; the answer holds its id.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload(&self, path: &str, media: &OutMedia) -> Result<Value, CallError> {
        self.upload_as(path, &[("messaging_product", "whatsapp"), ("type", &media.mime)], "file", media).await
    }

    /// Puts a file down at the provider in a form with these fields; `name` is the field of the file itself.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload_as(&self, path: &str, fields: &[(&str, &str)], name: &'static str, media: &OutMedia) -> Result<Value, CallError> {
        // The file's own name is for the form only: what people see goes with the message.
        let file = Part::bytes(media.bytes.clone()).file_name("file").mime_str(&media.mime);
        let file = file.map_err(|_| CallError::Network("the file's type is not written as a type".to_owned()))?;
        let texts = fields.iter().fold(Form::new(), |form, (key, value)| form.text((*key).to_owned(), (*value).to_owned()));
        self.call(self.http.post(self.address(path)?).timeout(self.timeouts.download).multipart(texts.part(name, file))).await
    }

    /// Opens a file at an address that the provider gave. The token goes along, so that only the API's own server and hosts of `trusted` (and what
    /// lies below them, by https) are asked; a redirect elsewhere is refused.
    ///
    /// # Errors
    /// [`FetchError::Transient`] for everything: a fresh address may work.
    pub async fn open(&self, address: &str, trusted: &[String]) -> Result<Response, FetchError> {
        let late = |why: &str| FetchError::Transient(why.to_owned());
        let mut url = Url::parse(address).map_err(|_| late("the file's address is unreadable"))?;
        for _ in 0..=HOPS {
            if !self.trusts(&url, trusted) {
                return Err(late("the file lies at a host that is not trusted"));
            }
            let asked = self.http.get(url.clone()).timeout(self.timeouts.download).header(AUTHORIZATION, self.bearer.clone());
            let response = asked.send().await.map_err(|error| late(http::network(&error)))?;
            if !response.status().is_redirection() {
                return Ok(response);
            }
            let target = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
            url = target.ok_or_else(|| late("a redirect to nowhere"))?;
        }
        Err(late("too many redirects"))
    }

    fn trusts(&self, url: &Url, trusted: &[String]) -> bool {
        if url.origin() == self.base.origin() {
            return true;
        }
        let Some(host) = url.host_str() else { return false };
        let below = |name: &String| host == name || host.strip_suffix(name.as_str()).is_some_and(|rest| rest.ends_with('.'));
        url.scheme() == "https" && url.port().is_none() && trusted.iter().any(below)
    }

    fn address(&self, path: &str) -> Result<Url, CallError> {
        let mut url = self.base.clone();
        // Steps upwards and marks of a query cannot leave the path: the library drops the first and escapes the second.
        match url.path_segments_mut() {
            Ok(mut steps) => {
                steps.extend(path.split('/').filter(|step| !step.is_empty()));
            }
            Err(()) => return Err(CallError::Network("no such path".to_owned())),
        }
        Ok(url)
    }

    async fn call(&self, request: RequestBuilder) -> Result<Value, CallError> {
        let late = |error: reqwest::Error| CallError::Network(http::network(&error).to_owned());
        let response = request.header(AUTHORIZATION, self.bearer.clone()).send().await.map_err(late)?;
        let (status, pause) = (response.status(), http::retry_after(response.headers()));
        let body = http::body(response).await.map_err(|why| CallError::Network(why.to_owned()))?;
        if !status.is_success() {
            return Err(CallError::Api(ApiError::read(status.as_u16(), &body, pause)));
        }
        serde_json::from_slice(&body).map_err(|_| CallError::Unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(base: &str) -> Result<Graph, ConfigError> {
        Graph::new(Url::parse(base).unwrap(), "v24.0", "EAAG-token", Timeouts::default())
    }

    #[test]
    fn settings_are_checked() {
        let new = |version: &str, token: &str| Graph::new(Url::parse("https://g.test/").unwrap(), version, token, Timeouts::default()).map(|_| ());
        for version in ["", "24.0", "v24", "v.0", "v24.", "v24.0/me", "vx.y"] {
            assert_eq!(new(version, "t"), Err(ConfigError::Version), "{version}");
        }
        for token in ["", "a b", "a\n", "құпия"] {
            assert_eq!(new("v24.0", token), Err(ConfigError::Token), "{token}");
        }
        assert_eq!(graph("ftp://g.test").map(|_| ()), Err(ConfigError::Url));
        assert_eq!(graph("data:text/plain,x").map(|_| ()), Err(ConfigError::Url));
        let shown = format!("{:?}", graph("https://g.test/relay/").unwrap());
        assert!(!shown.contains("EAAG") && shown.contains("https://g.test/relay/v24.0"), "{shown}");
    }

    #[test]
    fn paths_stay_inside() {
        let graph = graph("https://g.test/relay/?x=1#y").unwrap();
        let at = |path: &str| graph.address(path).unwrap().to_string();
        assert_eq!(at("107/messages"), "https://g.test/relay/v24.0/107/messages");
        assert_eq!(at("/107//media/"), "https://g.test/relay/v24.0/107/media");
        assert_eq!(at("../../107?a=b#c"), "https://g.test/relay/v24.0/107%3Fa=b%23c");
    }

    #[test]
    fn the_token_goes_to_trusted_hosts_only() {
        let graph = graph("http://127.0.0.1:9/relay").unwrap();
        let trusted = ["fbsbx.com".to_owned()];
        let table = [
            ("http://127.0.0.1:9/other/file", true),
            ("https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1", true),
            ("https://fbsbx.com/x", true),
            ("http://lookaside.fbsbx.com/x", false),
            ("https://lookaside.fbsbx.com:8443/x", false),
            ("https://evilfbsbx.com/x", false),
            ("https://fbsbx.com.evil.test/x", false),
            ("https://evil.test/?lookaside.fbsbx.com", false),
            ("https://lookaside.fbsbx.com@evil.test/x", false),
            ("http://127.0.0.1:10/x", false),
            ("https://127.0.0.1:9/x", false),
            ("file:///etc/passwd", false),
        ];
        for (address, expected) in table {
            assert_eq!(graph.trusts(&Url::parse(address).unwrap(), &trusted), expected, "{address}");
        }
    }
}
