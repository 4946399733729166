//! Short answers to what is asked most.

use crate::dispatch::articles;
use crate::domain::articles::Article;
use crate::web::api::view;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpResponse, web};
use serde::Deserialize;
use serde_json::{Value, json};

#[derive(Deserialize)]
pub struct Asked {
    q: Option<String>,
}

fn shown(a: &Article) -> Value {
    json!({"code": a.code, "service": a.service, "title": view::name(&a.title), "text": view::name(&a.text)})
}

/// `GET /articles?q=`: those that answer a question, the best first; without one all of them.
///
/// # Errors
/// `too_large` for a question longer than a question.
pub async fn list(state: web::Data<WebState>, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    let question = asked.q.as_deref().unwrap_or("");
    if question.chars().count() > articles::MAX_QUESTION {
        return Err(ApiError::detail("too_large", format!("q: at most {} characters", articles::MAX_QUESTION)));
    }
    let items: Vec<Value> = articles::find(&state.core, question).into_iter().map(shown).collect();
    Ok(HttpResponse::Ok().insert_header(("cache-control", "public, max-age=300")).json(json!({"items": items})))
}
