//! A service account: who we are for the provider, and the signed assertion that proves it.

use super::ConfigError;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use ring::rand::SystemRandom;
use ring::rsa::KeyPair;
use ring::signature::RSA_PKCS1_SHA256;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use url::Url;

/// What the access token will be good for.
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// How long an assertion is good for, in seconds: the provider takes no longer ones.
const LIFETIME: i64 = 3600;

/// A service account. Cheap to clone; never shows its key.
#[derive(Clone)]
pub struct ServiceAccount {
    email: String,
    key_id: Option<String>,
    project: Option<String>,
    token_uri: Url,
    key: Arc<KeyPair>,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount").field("project", &self.project).finish_non_exhaustive()
    }
}

/// The file as the provider gives it.
#[derive(Deserialize)]
struct File {
    client_email: String,
    private_key: String,
    private_key_id: Option<String>,
    project_id: Option<String>,
    token_uri: Url,
}

impl ServiceAccount {
    /// Reads the JSON file that the provider gives for a service account.
    ///
    /// # Errors
    /// [`ConfigError::Account`], [`ConfigError::Url`] or [`ConfigError::Key`].
    pub fn from_json(text: &str) -> Result<Self, ConfigError> {
        let file: File = serde_json::from_str(text).map_err(|_| ConfigError::Account)?;
        if !matches!(file.token_uri.scheme(), "http" | "https") {
            return Err(ConfigError::Url);
        }
        let der = pem(&file.private_key).ok_or(ConfigError::Key)?;
        let key = KeyPair::from_pkcs8(&der).map_err(|_| ConfigError::Key)?;
        Ok(Self { email: file.client_email, key_id: file.private_key_id, project: file.project_id, token_uri: file.token_uri, key: Arc::new(key) })
    }

    /// The project that the account belongs to, if its file says so.
    #[must_use]
    pub fn project(&self) -> Option<&str> {
        self.project.as_deref()
    }

    /// Where an assertion is exchanged for an access token.
    pub(super) const fn token_uri(&self) -> &Url {
        &self.token_uri
    }

    /// A JSON Web Token by which the account asks for an access token; `None` when the system has no randomness to sign with.
    pub(super) fn assertion(&self, now: DateTime<Utc>) -> Option<String> {
        let header = match &self.key_id {
            Some(id) => json!({"alg": "RS256", "typ": "JWT", "kid": id}),
            None => json!({"alg": "RS256", "typ": "JWT"}),
        };
        let issued = now.timestamp();
        let claims = json!({"iss": self.email, "scope": SCOPE, "aud": self.token_uri.as_str(), "iat": issued, "exp": issued + LIFETIME});
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

/// The bytes of the first private key in a PEM text.
fn pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN PRIVATE KEY-----")?;
    let (inner, _) = rest.split_once("-----END PRIVATE KEY-----")?;
    let digits: String = inner.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(digits).ok()
}
