//! Who comes in to a page: read from the console's table before the handler runs and before its form is looked at.

use crate::web::api::access::Access;
use crate::web::auth::{HalfSession, Session};
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, web};

/// The layer around every page of the table. A page without a row is closed.
///
/// # Errors
/// None of its own: a refusal is an answer.
pub async fn admit(mut req: ServiceRequest, next: Next<impl MessageBody + 'static>) -> Result<ServiceResponse<BoxBody>, Error> {
    let access = req.app_data::<Access>().copied();
    match check(&mut req, access).await {
        Ok(()) => Ok(next.call(req).await?.map_into_boxed_body()),
        Err(e) => Ok(req.error_response(e)),
    }
}

/// A form that stands on a page of somebody else is not looked at. Browsers tell where a call comes from; who tells nothing is no browser, and is asked
/// for the session's form token all the same.
fn own_site(req: &ServiceRequest) -> Result<(), ApiError> {
    if matches!(*req.method(), Method::GET | Method::HEAD) {
        return Ok(());
    }
    let header = |name: &str| req.headers().get(name).map(|h| h.to_str().unwrap_or("?"));
    let foreign = || Err(ApiError::new("forbidden"));
    if header("sec-fetch-site").is_some_and(|s| s != "same-origin" && s != "none") {
        return foreign();
    }
    let Some(origin) = header("origin") else { return Ok(()) };
    let authority = |url: &str| url.split_once("://").map(|(_, rest)| rest.split('/').next().unwrap_or("").to_ascii_lowercase());
    let from = authority(origin);
    let host = header("host").map(str::to_ascii_lowercase);
    let public = req.app_data::<web::Data<WebState>>().and_then(|s| authority(&s.public_url));
    if from.is_some() && (from == host || from == public) { Ok(()) } else { foreign() }
}

async fn check(req: &mut ServiceRequest, access: Option<Access>) -> Result<(), ApiError> {
    own_site(req)?;
    match access {
        Some(Access::Open) => Ok(()),
        Some(Access::Half) => {
            let half = req.extract::<HalfSession>().await?;
            req.extensions_mut().insert(half);
            Ok(())
        }
        Some(Access::SignedIn) => {
            let session = req.extract::<Session>().await?;
            req.extensions_mut().insert(session);
            Ok(())
        }
        Some(Access::May(permission)) => {
            let session = req.extract::<Session>().await?;
            if !session.may(permission) {
                return Err(ApiError::new("forbidden"));
            }
            req.extensions_mut().insert(session);
            Ok(())
        }
        None | Some(Access::Resident | Access::Person) => Err(ApiError::new("forbidden")),
    }
}
