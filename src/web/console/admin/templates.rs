//! Messages that WhatsApp approved beforehand: which text of ours each is, and under which names the provider has it.

use super::super::people::{Choice, Fields, field};
use super::super::shell::{Shell, page, see};
use super::history::{Line, lines};
use super::{choices, put, reasons, shell, status, tabs};
use crate::dispatch::settings::{self, REMOVED};
use crate::domain::Lang;
use crate::domain::inbound::ChannelKind;
use crate::domain::setting::Area;
use crate::domain::templates::Approved;
use crate::store::revisions;
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

/// Texts that are worth having outside of the window, first.
const WORTH: [&str; 6] = ["reply.waiting", "resolved.ask", "notice.started", "notice.held", "notice.transferred", "notice.closed_silence"];

/// One approved template.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Row {
    pub key: String,
    pub text: String,
    pub names: String,
    pub params: String,
    /// Our words in both languages, as the provider numbers their places.
    pub words: Vec<String>,
}

#[derive(Template)]
#[template(path = "console/admin/templates.html")]
pub(in crate::web::console) struct TemplatesPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub rows: Vec<Row>,
    pub texts: Vec<Choice>,
    pub kk: String,
    pub ru: String,
    pub params: String,
    pub note: String,
    /// The newest change that the page shows.
    pub seen: i64,
    pub history: Vec<Line>,
    pub faults: Vec<String>,
}

/// The words as they are registered with the provider: `{{1}}`, `{{2}}` in place of our placeholders.
fn numbered(text: &str, params: &[String]) -> String {
    params.iter().enumerate().fold(text.to_owned(), |out, (n, name)| out.replace(&format!("{{{name}}}"), &format!("{{{{{}}}}}", n + 1)))
}

async fn shown(state: &WebState, s: Shell<'_>, form: &[(String, String)], faults: Vec<String>) -> Result<HttpResponse, ApiError> {
    let book = s.w.book;
    let rows = book.templates.template.iter().map(|t| Row {
        key: format!("{}:{}", t.channel, t.text),
        text: t.text.clone(),
        names: format!("{} · {}", t.kk, t.ru),
        params: t.params.join(", "),
        words: [Lang::Kk, Lang::Ru].iter().filter_map(|l| book.messages.get(*l, &t.text)).map(|text| numbered(text, &t.params)).collect(),
    });
    let chosen = field(form, "text");
    let all = WORTH.into_iter().map(|k| (k, k.to_owned()));
    let revisions = revisions::list(state.core.db.read(), Some(Area::Template), None, 20).await?;
    let template = TemplatesPage {
        tabs: tabs(&s.w, "templates"),
        rows: rows.collect(),
        texts: choices(all, chosen),
        kk: field(form, "kk").to_owned(),
        ru: field(form, "ru").to_owned(),
        params: field(form, "params").to_owned(),
        note: field(form, "note").to_owned(),
        seen: state.core.book.number(),
        history: lines(state, &s.w, &revisions).await?,
        faults,
        s,
    };
    page(status(&template.faults), &template)
}

/// `GET /console/admin/templates`.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session) -> Result<HttpResponse, ApiError> {
    settings::reload(&state.core).await?;
    let s = shell(&state, &req, &session);
    shown(&state, s, &[], Vec::new()).await
}

/// `POST /console/admin/templates`: one added, changed or taken away.
///
/// # Errors
/// `forbidden` without the form's token; `not_found`.
pub async fn save(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let note = field(&form, "note");
    // The form is one for all templates: it knows the newest change of all that its page showed.
    let seen: i64 = field(&form, "seen").parse().unwrap_or(-1);
    let done = if field(&form, "act") == "remove" {
        let key = field(&form, "key");
        match settings::not_newer(&state.core, Area::Template, key, seen).await {
            Ok(newest) => put(&state, &session, Area::Template, key, Some(REMOVED), note, Some(newest)).await,
            Err(e) => Err(e.into()),
        }
    } else {
        let one = Approved {
            channel: ChannelKind::Whatsapp,
            text: field(&form, "text").to_owned(),
            kk: field(&form, "kk").to_owned(),
            ru: field(&form, "ru").to_owned(),
            params: field(&form, "params").split([',', ' ']).map(str::trim).filter(|p| !p.is_empty()).map(str::to_owned).collect(),
        };
        let value = serde_json::to_string(&one).map_err(|e| ApiError::detail("internal", e.to_string()))?;
        let key = format!("{}:{}", one.channel, one.text);
        match settings::not_newer(&state.core, Area::Template, &key, seen).await {
            Ok(newest) => put(&state, &session, Area::Template, &key, Some(&value), note, Some(newest)).await,
            Err(e) => Err(e.into()),
        }
    };
    match done {
        Ok(()) => Ok(see("/console/admin/templates?saved=1")),
        Err(e) => {
            let s = shell(&state, &req, &session);
            let faults = reasons(&state, &s.w, e)?;
            shown(&state, s, &form, faults).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_numbered_as_the_provider_counts_them() {
        let params = ["number".to_owned(), "due".to_owned()];
        assert_eq!(numbered("№ {number}: {due}, {number}", &params), "№ {{1}}: {{2}}, {{1}}");
    }
}
