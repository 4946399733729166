//! Where requests go: the rules in their order, each changed by a form, and a try of what would happen to a request.

use super::super::people::{Choice, Fields, field, fields};
use super::super::shell::{Shell, page, see};
use super::super::words::Words;
use super::history::{self, Line};
use super::{choices, put, reasons, shell, status, tabs};
use crate::config::{Book, local_date_time};
use crate::dispatch::DispatchError;
use crate::dispatch::register::Classification;
use crate::dispatch::settings::{self, Refused};
use crate::domain::catalog::Named;
use crate::domain::inbound::ChannelKind;
use crate::domain::routing::{NO_RULE, Routing, Rule};
use crate::domain::setting::{Area, RULES};
use crate::domain::sla::{Facts, preview};
use crate::domain::{Class, DistrictCode, ServiceCode};
use crate::web::auth::Session;
use crate::web::error::ApiError;
use crate::web::state::WebState;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde::Deserialize;

/// One rule, as a line and as a form.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct RuleForm {
    /// Its place, counted from 0.
    pub n: usize,
    pub first: bool,
    pub last: bool,
    pub name: String,
    /// Its name for the reader, and both titles for the form.
    pub shown: String,
    pub kk: String,
    pub ru: String,
    /// What it fits, in words.
    pub fits: String,
    /// The queue in words, or its pattern.
    pub goes: String,
    pub queue: String,
    pub classes: Vec<Choice>,
    pub services: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub needs_utility: bool,
    pub unclear: bool,
}

/// What is tried.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    class: String,
    service: String,
    district: String,
    utility: String,
    go: String,
}

/// What would become of it.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct Tried {
    pub queue: String,
    pub rule: String,
    /// Stage and when it would be due, of a request that comes in now.
    pub due: Vec<(String, String)>,
    pub policy: String,
}

#[derive(Template)]
#[template(path = "console/admin/routing.html")]
pub(in crate::web::console) struct RoutingPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub rules: Vec<RuleForm>,
    pub empty: RuleForm,
    pub queues: Vec<Choice>,
    pub classes: Vec<Choice>,
    pub services: Vec<Choice>,
    pub districts: Vec<Choice>,
    pub utility: bool,
    pub tried: Option<Tried>,
    pub version: i64,
    pub history: Vec<Line>,
    pub faults: Vec<String>,
}

fn named(w: &Words<'_>, queue: &str) -> String {
    if queue.contains('{') {
        return queue.replace("{service}", w.t("admin.hole_service")).replace("{district}", w.t("admin.hole_district"));
    }
    w.book.catalog.queue(queue).map_or_else(|| queue.to_owned(), |q| q.name.get(w.lang).to_owned())
}

fn rule_form(w: &Words<'_>, n: usize, of: usize, r: &Rule) -> RuleForm {
    let c = &w.book.catalog;
    let list = |words: Vec<String>| if words.is_empty() { None } else { Some(words.join(", ")) };
    let fits = [
        r.unclear.then(|| w.t("admin.unclear").to_owned()),
        list(r.class.iter().map(|c| w.class(Some(*c))).collect()),
        list(r.service.iter().map(|s| w.service(Some(s))).collect()),
        list(r.district.iter().map(|d| w.district(Some(d))).collect()),
        r.needs_utility.then(|| w.t("admin.needs_utility").to_owned()),
    ];
    RuleForm {
        n,
        first: n == 0,
        last: n + 1 >= of,
        name: r.name.clone(),
        shown: r.shown(w.lang).to_owned(),
        kk: r.title.as_ref().map_or_else(|| r.name.clone(), |t| t.kk.clone()),
        ru: r.title.as_ref().map_or_else(|| r.name.clone(), |t| t.ru.clone()),
        fits: fits.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        goes: named(w, &r.queue),
        queue: r.queue.clone(),
        classes: Class::ALL.iter().map(|x| Choice::new(x.as_str(), w.class(Some(*x)), r.class.contains(x))).collect(),
        services: c.services.iter().map(|x| Choice::new(x.code.as_str(), w.service(Some(&x.code)), r.service.contains(&x.code))).collect(),
        districts: c.districts.iter().map(|x| Choice::new(x.code.as_str(), w.district(Some(&x.code)), r.district.contains(&x.code))).collect(),
        needs_utility: r.needs_utility,
        unclear: r.unclear,
    }
}

fn tried(state: &WebState, w: &Words<'_>, asked: &Asked) -> Option<Tried> {
    if asked.go.is_empty() {
        return None;
    }
    let what = Classification {
        class: Class::parse(&asked.class),
        service: ServiceCode::new(asked.service.as_str()).ok(),
        district: DistrictCode::new(asked.district.as_str()).ok(),
        hazard: None,
        needs_utility: !asked.utility.is_empty(),
    };
    let route = w.book.routing.route(&what.route_key(), &w.book.catalog)?;
    let now = state.core.now();
    let books = state.core.books();
    let facts = Facts {
        class: what.class,
        service: what.service.as_ref(),
        priority: what.priority(),
        district: what.district.as_ref(),
        queue: Some(&route.queue),
        hazard: None,
        channel: ChannelKind::Phone,
        vulnerable: false,
    };
    let p = preview(books.in_force(now), &facts, now);
    Some(Tried {
        queue: w.queue(&route.queue),
        rule: if route.rule == NO_RULE { w.t("admin.no_rule").to_owned() } else { w.book.value(w.lang, &format!("@rule.{}", route.rule)) },
        due: p.due.iter().map(|(stage, at)| (w.of("stage", stage.as_str()), local_date_time(*at))).collect(),
        policy: p.policy.map(|name| w.book.value(w.lang, &format!("@policy.{name}"))).unwrap_or_default(),
    })
}

async fn shown(state: &WebState, s: Shell<'_>, asked: &Asked, faults: Vec<String>) -> Result<HttpResponse, ApiError> {
    let w = s.w;
    let c = &w.book.catalog;
    let rules = &w.book.routing.rules;
    let blank = Rule {
        name: String::new(),
        title: None,
        class: Vec::new(),
        service: Vec::new(),
        district: Vec::new(),
        needs_utility: false,
        unclear: false,
        queue: String::new(),
    };
    let template = RoutingPage {
        tabs: tabs(&s.w, "routing"),
        rules: rules.iter().enumerate().map(|(n, r)| rule_form(&w, n, rules.len(), r)).collect(),
        empty: rule_form(&w, rules.len(), rules.len(), &blank),
        queues: c.queues.iter().filter(|q| q.successor.is_none()).map(|q| Choice::new(q.code.as_str(), w.queue(&q.code), false)).collect(),
        classes: choices(Class::ALL.iter().map(|x| (*x, w.class(Some(*x)))), &asked.class),
        services: choices(c.services.iter().map(|x| (&x.code, w.service(Some(&x.code)))), &asked.service),
        districts: choices(c.districts.iter().map(|x| (&x.code, w.district(Some(&x.code)))), &asked.district),
        utility: !asked.utility.is_empty(),
        tried: tried(state, &w, asked),
        version: settings::version(state.core.db.read(), Area::Routing, RULES).await?,
        history: history::below(state, &w, Area::Routing, RULES).await?,
        faults,
        s,
    };
    page(status(&template.faults), &template)
}

/// `GET /console/admin/routing`: the rules; with `go`, what would happen to a request.
///
/// # Errors
/// The store's.
pub async fn show(req: HttpRequest, state: web::Data<WebState>, session: Session, asked: web::Query<Asked>) -> Result<HttpResponse, ApiError> {
    settings::reload(&state.core).await?;
    let s = shell(&state, &req, &session);
    shown(&state, s, &asked, Vec::new()).await
}

fn stated(form: &[(String, String)]) -> Result<Rule, DispatchError> {
    let bad = |what: &str| DispatchError::invalid("unprocessable", what);
    let text = |name: &str| field(form, name).chars().take(200).collect::<String>();
    let title = Named { kk: text("kk"), ru: text("ru") };
    // What stands in the journals is the name: a new rule takes it from its title, a changed one keeps it.
    let name = Some(text("name")).filter(|n| !n.is_empty()).unwrap_or_else(|| title.ru.clone());
    if name.is_empty() {
        return Err(DispatchError::invalid("empty_text", "a rule needs a name"));
    }
    Ok(Rule {
        name,
        title: Some(title).filter(|t| !(t.kk.is_empty() && t.ru.is_empty())),
        class: fields(form, "class").map(|c| Class::parse(c).ok_or_else(|| bad("class"))).collect::<Result<_, _>>()?,
        service: fields(form, "service").map(|c| ServiceCode::new(c).map_err(|_| bad("service"))).collect::<Result<_, _>>()?,
        district: fields(form, "district").map(|c| DistrictCode::new(c).map_err(|_| bad("district"))).collect::<Result<_, _>>()?,
        needs_utility: !field(form, "needs_utility").is_empty(),
        unclear: !field(form, "unclear").is_empty(),
        queue: field(form, "queue").to_owned(),
    })
}

/// The rules after one press.
fn moved(book: &Book, form: &[(String, String)]) -> Result<Routing, Refused> {
    let mut rules = book.routing.rules.clone();
    let n: usize = field(form, "n").parse().map_err(|_| DispatchError::NotFound)?;
    match field(form, "act") {
        "add" => rules.insert(n.min(rules.len()), stated(form)?),
        "up" if n > 0 && n < rules.len() => rules.swap(n - 1, n),
        "down" if n + 1 < rules.len() => rules.swap(n, n + 1),
        "remove" if n < rules.len() => drop(rules.remove(n)),
        "save" => *rules.get_mut(n).ok_or(DispatchError::NotFound)? = stated(form)?,
        _ => return Err(DispatchError::NotFound.into()),
    }
    Ok(Routing { rules })
}

/// `POST /console/admin/routing`: a rule added, changed, moved or taken away.
///
/// # Errors
/// `forbidden` without the form's token; `not_found` for a rule that is not there.
pub async fn save(req: HttpRequest, state: web::Data<WebState>, session: Session, form: Fields) -> Result<HttpResponse, ApiError> {
    session.check_csrf(field(&form, "csrf"))?;
    let done = match moved(&state.core.book, &form) {
        Ok(routing) => {
            let value = serde_json::to_string(&routing).map_err(|e| ApiError::detail("internal", e.to_string()))?;
            // A place in the list means something only in the list that was seen.
            let seen = field(&form, "expected").parse().unwrap_or(-1);
            put(&state, &session, Area::Routing, RULES, Some(&value), field(&form, "note"), Some(seen)).await
        }
        Err(e) => Err(e),
    };
    match done {
        Ok(()) => Ok(see("/console/admin/routing?saved=1")),
        Err(e) => {
            let s = shell(&state, &req, &session);
            let faults = reasons(&state, &s.w, e)?;
            shown(&state, s, &Asked::default(), faults).await
        }
    }
}
