//! What stands around every page: its head, who is signed in, where one can go.

use super::assets::{LINKS, Links};
use super::words::Words;
use crate::domain::access::{Permission, Reach};
use crate::domain::{Lang, QueueCode};
use crate::store::{stats, wires};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;

/// The signed-in member of staff, as the page's head shows them.
#[derive(Debug, Clone)]
pub struct Who {
    pub name: String,
    pub login: String,
    pub role: String,
    pub csrf: String,
    pub queues: bool,
    pub jobs: bool,
    pub create: bool,
    pub calls: bool,
    pub reports: bool,
    pub people: bool,
    pub audit: bool,
    pub keep: bool,
    pub rights: bool,
    pub duty: bool,
    pub admin: bool,
}

/// A line above the content: done, or refused.
#[derive(Debug, Clone)]
pub struct Notice {
    pub good: bool,
    pub text: String,
}

/// Dangers in one queue that nobody has taken yet.
#[derive(Debug, Clone)]
pub struct Danger {
    pub queue: String,
    pub name: String,
    pub count: i64,
}

/// The surroundings of a page.
pub struct Shell<'a> {
    pub w: Words<'a>,
    pub links: &'static Links,
    /// The service's time in Unix milliseconds: the script counts from it, whatever the reader's own clock says.
    pub now_ms: i64,
    pub who: Option<Who>,
    /// Which entry of the menu this page is.
    pub here: &'static str,
    pub notice: Option<Notice>,
    /// What a public page's language links take along, so that the page stays what it is.
    pub again: &'static str,
    /// What rings: shown above the page and marked in its title.
    pub dangers: Vec<Danger>,
    /// Channels that do not work now, each as a sentence.
    pub down: Vec<String>,
}

impl<'a> Shell<'a> {
    #[must_use]
    pub fn new(state: &'a WebState, lang: Lang, who: Option<Who>, here: &'static str) -> Self {
        Self {
            w: Words { book: &state.core.book, lang },
            links: &LINKS,
            now_ms: state.core.now().timestamp_millis(),
            who,
            here,
            notice: None,
            again: "",
            dangers: Vec::new(),
            down: Vec::new(),
        }
    }

    /// Looks for dangers in the reader's reach that nobody has taken yet, and for channels that are down.
    ///
    /// # Errors
    /// Failures of the database.
    pub async fn ringing(mut self, state: &WebState, session: &Session) -> Result<Self, ApiError> {
        for (queue, count) in stats::untaken_dangers(state.core.db.read()).await? {
            let Some(queue) = queue.and_then(|q| QueueCode::new(q).ok()).filter(|q| session.scope.covers(q, None)) else { continue };
            self.dangers.push(Danger { name: self.w.queue(&queue), queue: queue.to_string(), count });
        }
        if session.may(Permission::ListQueues) {
            let wires = wires::all(state.core.db.read()).await?;
            self.down = wires.iter().filter(|wire| !wire.up).map(|wire| self.w.wire_down(wire)).collect();
        }
        Ok(self)
    }

    /// How many dangers ring.
    #[must_use]
    pub fn ring(&self) -> i64 {
        self.dangers.iter().map(|d| d.count).sum()
    }

    /// The surroundings for a signed-in member of staff.
    #[must_use]
    pub fn of(state: &'a WebState, lang: Lang, session: &Session, here: &'static str) -> Self {
        let w = Words { book: &state.core.book, lang };
        let who = Who {
            name: session.staff.name.clone(),
            login: session.staff.login.clone(),
            role: w.of("role", session.scope.role.as_str()),
            csrf: session.csrf(),
            queues: session.may(Permission::ListQueues),
            jobs: matches!(session.scope.reach, Reach::Crew(_)),
            create: session.may(Permission::CreateForCaller),
            calls: session.may(Permission::ReadCalls),
            reports: session.may(Permission::ReadReports),
            people: session.may(Permission::ManageStaff),
            audit: session.may(Permission::ReadAudit),
            keep: session.may(Permission::KeepData),
            rights: session.may(Permission::ManageRights),
            duty: session.may(Permission::ListCrews),
            admin: session.may(Permission::ManageCatalog),
        };
        Self::new(state, lang, Some(who), here)
    }

    /// The hidden field of forms.
    #[must_use]
    pub fn csrf(&self) -> &str {
        self.who.as_ref().map_or("", |w| &w.csrf)
    }

    #[must_use]
    pub fn noticed(mut self, good: bool, text: impl Into<String>) -> Self {
        self.notice = Some(Notice { good, text: text.into() });
        self
    }
}

/// A rendered page. Pages with people's data are never kept by browsers or proxies.
///
/// # Errors
/// `internal` when the template fails, which it does not.
pub fn page(status: StatusCode, template: &impl Template) -> Result<HttpResponse, ApiError> {
    let html = template.render().map_err(|e| ApiError::detail("internal", e.to_string()))?;
    Ok(HttpResponse::build(status).content_type("text/html; charset=utf-8").insert_header(("cache-control", "no-store")).body(html))
}

/// Another page of ours, by GET.
#[must_use]
pub fn see(to: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header(("location", to)).insert_header(("cache-control", "no-store")).finish()
}
