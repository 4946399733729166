//! The API's description.

use actix_web::HttpResponse;

/// `GET /api/v1/openapi.json`.
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body("{}")
}

/// `GET /api/docs`.
pub async fn page() -> HttpResponse {
    HttpResponse::Ok().finish()
}
