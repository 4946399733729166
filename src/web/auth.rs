//! Who is calling, as extractors: a handler that takes one cannot be reached without it.

use super::error::ApiError;
use super::state::WebState;
use crate::dispatch::sign_in::{self, Peer, Signed};
use crate::dispatch::{app_session, secrets};
use crate::domain::ResidentId;
use crate::domain::access::{Permission, Scope};
use crate::store::sessions::{Session as Opened, SessionKind, Stage};
use crate::store::staff::Staff;
use crate::web::peer;
use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::future::{LocalBoxFuture, ready};
use subtle::ConstantTimeEq;
use uuid::Uuid;

/// Name of the console's session cookie.
pub const SESSION_COOKIE: &str = "jambyl109_session";
/// Name of the cookie by which a browser that signed in before is known.
pub const KNOWN_COOKIE: &str = "jambyl109_known";

fn state(req: &HttpRequest) -> Result<web::Data<WebState>, ApiError> {
    req.app_data::<web::Data<WebState>>().cloned().ok_or_else(|| ApiError::new("internal"))
}

fn bearer(req: &HttpRequest) -> Result<String, ApiError> {
    let header = req.headers().get("authorization").and_then(|h| h.to_str().ok()).unwrap_or("");
    let (scheme, token) = header.split_once(' ').unwrap_or(("", ""));
    if scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty() { Ok(token.trim().to_owned()) } else { Err(ApiError::new("unauthorized")) }
}

/// The place a sign-in comes from.
#[must_use]
pub fn peer(req: &HttpRequest, state: &WebState) -> Peer {
    let device = req.headers().get("user-agent").and_then(|h| h.to_str().ok()).unwrap_or("").to_owned();
    Peer { address: peer::address(req, state), device, known: req.cookie(KNOWN_COOKIE).map(|c| c.value().to_owned()) }
}

/// A member of staff with a bearer token: a person's, or that of another program. Cookies open nothing here.
pub struct StaffAuth {
    pub staff: Staff,
    pub scope: Scope,
    pub token: String,
    pub session: Opened,
}

impl StaffAuth {
    /// # Errors
    /// `forbidden` when the role, or the token's own scopes, lack it.
    pub fn need(&self, what: Permission) -> Result<(), ApiError> {
        if self.scope.may(what) { Ok(()) } else { Err(ApiError::new("forbidden")) }
    }

    /// A person's own token, not that of another program.
    #[must_use]
    pub fn is_person(&self) -> bool {
        self.session.kind == SessionKind::Api
    }
}

impl FromRequest for StaffAuth {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = state(req).and_then(|s| bearer(req).map(|t| (s, t)));
        Box::pin(async move {
            let (state, token) = found?;
            let Signed { session, staff, scope } = sign_in::staff_by_token(&state.core, &token, false).await?;
            Ok(Self { staff, scope, token, session })
        })
    }
}

/// A resident with a bearer token.
pub struct ResidentAuth {
    pub resident: ResidentId,
    /// The family of the token.
    pub sign_in: Uuid,
}

impl FromRequest for ResidentAuth {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let found = state(req).and_then(|s| bearer(req).map(|t| (s, t)));
        Box::pin(async move {
            let (state, token) = found?;
            let (resident, sign_in) = app_session::resident_by_token(&state.core, &token).await?;
            Ok(Self { resident, sign_in })
        })
    }
}

/// A member of staff with the console's cookie, signed in whole.
#[derive(Clone)]
pub struct Session {
    pub staff: Staff,
    pub scope: Scope,
    pub opened: Opened,
    token: String,
}

impl Session {
    /// The token that every form of the console carries: only our own pages know it.
    #[must_use]
    pub fn csrf(&self) -> String {
        csrf(&self.token)
    }

    /// # Errors
    /// `forbidden` when a form came without this session's token.
    pub fn check_csrf(&self, given: &str) -> Result<(), ApiError> {
        same(&self.csrf(), given)
    }

    /// The session's own token, for a stream that outlives the call.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    #[must_use]
    pub fn may(&self, what: Permission) -> bool {
        self.scope.may(what)
    }
}

/// The same while signing in is under way: the password was right, the second factor is awaited or must be set up. A whole session passes too.
#[derive(Clone)]
pub struct HalfSession {
    pub staff: Staff,
    pub opened: Opened,
    scope: Scope,
    token: String,
}

impl HalfSession {
    #[must_use]
    pub fn csrf(&self) -> String {
        csrf(&self.token)
    }

    /// # Errors
    /// `forbidden` when a form came without this session's token.
    pub fn check_csrf(&self, given: &str) -> Result<(), ApiError> {
        same(&self.csrf(), given)
    }

    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The whole session, when it is one.
    #[must_use]
    pub fn whole(&self) -> Option<Session> {
        let whole = || Session { staff: self.staff.clone(), scope: self.scope.clone(), opened: self.opened.clone(), token: self.token.clone() };
        (self.opened.stage == Stage::Full).then(whole)
    }
}

fn csrf(token: &str) -> String {
    secrets::sha256(&["csrf", token])
}

fn same(ours: &str, given: &str) -> Result<(), ApiError> {
    if bool::from(ours.as_bytes().ct_eq(given.as_bytes())) { Ok(()) } else { Err(ApiError::new("forbidden")) }
}

async fn half(state: web::Data<WebState>, token: String) -> Result<HalfSession, ApiError> {
    let Signed { session, staff, scope } = sign_in::half(&state.core, &token, true).await?;
    Ok(HalfSession { staff, scope, opened: session, token })
}

fn cookie(req: &HttpRequest) -> Result<(web::Data<WebState>, String), ApiError> {
    let state = state(req)?;
    let cookie = req.cookie(SESSION_COOKIE).ok_or_else(|| ApiError::new("unauthorized"))?;
    Ok((state, cookie.value().to_owned()))
}

impl FromRequest for HalfSession {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        // The gate has looked already.
        if let Some(found) = req.extensions().get::<Self>().cloned() {
            return Box::pin(ready(Ok(found)));
        }
        let found = cookie(req);
        Box::pin(async move {
            let (state, token) = found?;
            half(state, token).await
        })
    }
}

impl FromRequest for Session {
    type Error = ApiError;
    type Future = LocalBoxFuture<'static, Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        if let Some(found) = req.extensions().get::<Self>().cloned() {
            return Box::pin(ready(Ok(found)));
        }
        let found = cookie(req);
        Box::pin(async move {
            let (state, token) = found?;
            half(state, token).await?.whole().ok_or_else(|| ApiError::new("unauthorized"))
        })
    }
}
