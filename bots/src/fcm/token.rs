//! The access token: asked for when it is needed, kept while it lives.

use super::account::ServiceAccount;
use super::client::Credentials;
use crate::channel::SendError;
use crate::http;
use serde::Deserialize;
use std::time::Duration;
use tokio::sync::Mutex;
use tokio::time::Instant;
use url::Url;

/// A token is not used in its last minute.
const SLACK: Duration = Duration::from_secs(60);

/// How long a token lives when the provider does not say.
const USUAL_LIFE: u64 = 3600;

/// Waited when the provider of tokens says "too many" without saying how long.
const PAUSE: Duration = Duration::from_secs(60);

/// The token of one wire. Whoever needs it first asks for it; the others wait for that answer.
#[derive(Default)]
pub struct Tokens(Mutex<Option<Kept>>);

struct Kept {
    token: String,
    until: Instant,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<u64>,
}

impl Tokens {
    /// A token that lives; `stale` is one that was refused and must not be given again.
    pub async fn get(&self, credentials: &Credentials, now: &super::Now, http: &reqwest::Client, stale: Option<&str>) -> Result<String, SendError> {
        let mut kept = self.0.lock().await;
        if let Some(known) = kept.as_ref().filter(|k| k.until > Instant::now() && Some(k.token.as_str()) != stale) {
            return Ok(known.token.clone());
        }
        *kept = None;
        let request = match credentials {
            Credentials::ServiceAccount(account) => exchange(account, now, http)?,
            Credentials::Endpoint(url) => given(url, http),
        };
        let answer = ask(request).await?;
        let life = Duration::from_secs(answer.expires_in.unwrap_or(USUAL_LIFE));
        let until = Instant::now() + life.checked_sub(SLACK).unwrap_or(life / 2);
        *kept = Some(Kept { token: answer.access_token.clone(), until });
        Ok(answer.access_token)
    }
}

fn exchange(account: &ServiceAccount, now: &super::Now, http: &reqwest::Client) -> Result<reqwest::RequestBuilder, SendError> {
    let assertion = account.assertion(now()).ok_or_else(|| SendError::Transient("the assertion cannot be signed".to_owned()))?;
    let form = [("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"), ("assertion", &assertion)];
    Ok(http.post(account.token_uri().clone()).form(&form))
}

fn given(url: &Url, http: &reqwest::Client) -> reqwest::RequestBuilder {
    // The metadata server of the provider's own machines answers only to this.
    http.get(url.clone()).header("Metadata-Flavor", "Google")
}

async fn ask(request: reqwest::RequestBuilder) -> Result<Answer, SendError> {
    let late = |why: &str| SendError::Transient(format!("no access token: {why}"));
    let response = request.send().await.map_err(|error| late(http::network(&error)))?;
    let (status, pause) = (response.status().as_u16(), http::retry_after(response.headers()));
    let body = http::body(response).await.map_err(late)?;
    match status {
        200..=299 => {}
        429 => return Err(SendError::Throttled(pause.unwrap_or(PAUSE))),
        400..=499 => return Err(SendError::Unauthorized),
        other => return Err(late(&format!("status {other}"))),
    }
    let answer: Option<Answer> = serde_json::from_slice(&body).ok();
    // It becomes a header.
    answer.filter(|a| !a.access_token.is_empty() && a.access_token.bytes().all(|b| b.is_ascii_graphic())).ok_or_else(|| late("unreadable answer"))
}
