//! `/` and `/t/{number}`.

use actix_web::web::ServiceConfig;

/// Routes of the public pages.
pub fn configure(_c: &mut ServiceConfig) {}
