//! `/api/v1`.
pub mod view;

use actix_web::web::ServiceConfig;

/// Routes of the API.
pub fn configure(_c: &mut ServiceConfig) {}
