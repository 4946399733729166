//! Who is calling, as extractors: a handler that takes one cannot be reached without it.

use super::error::ApiError;
use super::state::WebState;
use crate::dispatch::{accounts, secrets};
use crate::domain::ResidentId;
use crate::domain::access::{Permission, Scope};
use crate::store::staff::Staff;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;
use subtle::ConstantTimeEq;

/// Name of the console's session cookie.
pub const SESSION_COOKIE: &str = "jambyl109_session";

fn state(req: &HttpRequest) -> Result<web::Data<WebState>, ApiError> {
    req.app_data::<web::Data<WebState>>().cloned().ok_or_else(|| ApiError::new("internal"))
}

fn bearer(req: &HttpRequest) -> Result<String, ApiError> {
    let header = req.headers().get("authorization").and_then(|h| h.to_str().ok()).unwrap_or("");
    let (scheme, token) = header.split_once(' ').unwrap_or(("", ""));
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() { Ok(token.trim().to_owned()) } else { Err(ApiError::new("unauthorized")) }
}

/// A member of staff with a bearer token. Cookies open nothing here.
pub struct StaffAuth {
    pub staff: Staff,
    pub scope: Scope,
    pub token: String,
}

impl StaffAuth {
    /// # Errors
    /// `forbidden` when the role lacks it.
    pub fn need(&self, what: Permission) -> Result<(), ApiError> {
        if self.scope.role.may(what) { Ok(()) } else { Err(ApiError::new("forbidden")) }
    }
}

impl FromRequest for StaffAuth {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = state(req).and_then(|s| bearer(req).map(|t| (s, t)));
        Box::pin(async move {
            let (state, token) = found?;
            let staff = accounts::staff_by_token(&state.core, &token, false).await?;
            Ok(Self { scope: staff.scope(), staff, token })
        })
    }
}

/// A resident with a bearer token.
pub struct ResidentAuth(pub ResidentId);

impl FromRequest for ResidentAuth {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = state(req).and_then(|s| bearer(req).map(|t| (s, t)));
        Box::pin(async move {
            let (state, token) = found?;
            Ok(Self(accounts::resident_by_token(&state.core, &token).await?))
        })
    }
}

/// A member of staff with the console's cookie.
pub struct Session {
    pub staff: Staff,
    pub scope: Scope,
    token: String,
}

impl Session {
    /// The token that every form of the console carries: only our own pages know it.
    #[must_use]
    pub fn csrf(&self) -> String {
        secrets::sha256(&["csrf", &self.token])
    }

    /// # Errors
    /// `forbidden` when a form came without this session's token.
    pub fn check_csrf(&self, given: &str) -> Result<(), ApiError> {
        if bool::from(self.csrf().as_bytes().ct_eq(given.as_bytes())) { Ok(()) } else { Err(ApiError::new("forbidden")) }
    }

    /// The session's own token, for signing out.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    #[must_use]
    pub fn may(&self, what: Permission) -> bool {
        self.scope.role.may(what)
    }
}

impl FromRequest for Session {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = state(req).and_then(|s| {
            let cookie = req.cookie(SESSION_COOKIE).ok_or_else(|| ApiError::new("unauthorized"))?;
            Ok((s, cookie.value().to_owned()))
        });
        Box::pin(async move {
            let (state, token) = found?;
            let staff = accounts::staff_by_token(&state.core, &token, true).await?;
            Ok(Self { scope: staff.scope(), staff, token })
        })
    }
}
