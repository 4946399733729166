//! What the HTTP wires share: a client that follows no redirects, answers of bounded size, and words for failures that repeat no address.

use crate::channel::{FetchError, Fetched, Sink};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};
use std::time::Duration;
use tokio::io::AsyncWriteExt;

/// Largest answer to a call that is read, in bytes. Real ones take a few hundred.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// Longest pause that a provider may ask of us.
const LONGEST_PAUSE: Duration = Duration::from_secs(3600);

/// How long we wait for a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// One call from beginning to end, without downloads.
    pub call: Duration,
    /// One file from beginning to end.
    pub download: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), call: Duration::from_secs(9), download: Duration::from_secs(60) }
    }
}

/// A client that never follows a redirect: addresses and headers hold secrets.
pub(crate) fn client(timeouts: Timeouts) -> Option<Client> {
    Client::builder()
        .connect_timeout(timeouts.connect)
        .timeout(timeouts.call)
        .tcp_nodelay(true)
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("jambyl109/", env!("CARGO_PKG_VERSION")))
        .build()
        .ok()
}

/// What went wrong on the way, without the address.
pub fn network(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection"
    } else {
        "the connection broke"
    }
}

/// The whole answer, unless it is larger than any real one.
///
/// # Errors
/// Why it did not come, in a few words.
pub(crate) async fn body(mut response: Response) -> Result<Vec<u8>, &'static str> {
    let mut bytes = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| network(&error))? {
        if bytes.len() + chunk.len() > LARGEST_ANSWER {
            return Err("the answer is too large");
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// The pause that the provider asks for in whole seconds, at most an hour.
pub(crate) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// Hands a file on as it comes, at most `limit` bytes.
///
/// # Errors
/// See [`FetchError`].
pub(crate) async fn download(mut response: Response, limit: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
    match response.status() {
        StatusCode::OK => {}
        StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => return Err(FetchError::Gone),
        other => return Err(FetchError::Transient(format!("status {}", other.as_u16()))),
    }
    if response.content_length().is_some_and(|length| length > limit) {
        return Err(FetchError::TooLarge);
    }
    let announced = response.content_length();
    let mime = response.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let mut size = 0u64;
    while let Some(chunk) = response.chunk().await.map_err(|error| FetchError::Transient(network(&error).to_owned()))? {
        // The announced length may be missing or wrong, so what really comes is counted.
        size = size.saturating_add(chunk.len() as u64);
        if size > limit {
            return Err(FetchError::TooLarge);
        }
        into.write_all(&chunk).await.map_err(|_| FetchError::Transient("the file cannot be kept".to_owned()))?;
    }
    if announced.is_some_and(|length| length != size) {
        return Err(FetchError::Transient("the file came cut".to_owned()));
    }
    Ok(Fetched { size, mime, name: None })
}
