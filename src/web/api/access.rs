//! Who comes in: read from the route table before the handler runs and before its body is looked at.

use crate::domain::ResidentId;
use crate::domain::access::{Permission, Role};
use crate::domain::roles::Roles;
use crate::web::auth::{ResidentAuth, StaffAuth};
use crate::web::error::ApiError;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use std::future::{Ready, ready};
use std::rc::Rc;
use uuid::Uuid;

/// What a route asks of its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    Open,
    /// A resident's token.
    Resident,
    /// A token of staff, whatever the role.
    SignedIn,
    /// A person's own token, whatever the role: not that of another program.
    Person,
    /// Of the console: the password was right, and the second factor may still be awaited.
    Half,
    /// A token of staff whose role has the permission.
    May(Permission),
}

impl Access {
    /// The roles of staff that pass.
    #[must_use]
    pub fn roles(self, table: &Roles) -> Vec<Role> {
        Role::ALL
            .iter()
            .copied()
            .filter(|r| match self {
                Self::Open | Self::Resident => false,
                Self::SignedIn | Self::Person | Self::Half => true,
                Self::May(p) => table.may(*r, p),
            })
            .collect()
    }
}

/// The layer around every route of the table. A route without a row is closed.
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

async fn check(req: &mut ServiceRequest, access: Option<Access>) -> Result<(), ApiError> {
    match access {
        None | Some(Access::Half) => Err(ApiError::new("forbidden")),
        Some(Access::Open) => Ok(()),
        Some(Access::Resident) => {
            let who = req.extract::<ResidentAuth>().await?;
            req.extensions_mut().insert(Own { resident: who.resident, sign_in: who.sign_in });
            Ok(())
        }
        Some(Access::SignedIn) => {
            let who = req.extract::<StaffAuth>().await?;
            req.extensions_mut().insert(Granted(Rc::new(who)));
            Ok(())
        }
        Some(Access::Person) => {
            let who = req.extract::<StaffAuth>().await?;
            if !who.is_person() {
                return Err(ApiError::new("forbidden"));
            }
            req.extensions_mut().insert(Granted(Rc::new(who)));
            Ok(())
        }
        Some(Access::May(permission)) => {
            let who = req.extract::<StaffAuth>().await?;
            who.need(permission)?;
            req.extensions_mut().insert(Granted(Rc::new(who)));
            Ok(())
        }
    }
}

/// The member of staff whom the table let in.
#[derive(Clone)]
pub struct Granted(Rc<StaffAuth>);

impl std::ops::Deref for Granted {
    type Target = StaffAuth;
    fn deref(&self) -> &StaffAuth {
        &self.0
    }
}

impl FromRequest for Granted {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(req.extensions().get::<Self>().cloned().ok_or_else(|| ApiError::new("unauthorized")))
    }
}

/// The resident whom the table let in.
#[derive(Debug, Clone, Copy)]
pub struct Own {
    pub resident: ResidentId,
    /// The family of the token that was shown.
    pub sign_in: Uuid,
}

impl FromRequest for Own {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(req.extensions().get::<Self>().copied().ok_or_else(|| ApiError::new("unauthorized")))
    }
}
