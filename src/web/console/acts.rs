//! The acts a page offers, and what their forms say.

use super::queues::Choice;
use super::words::Words;
use crate::dispatch::acts::StaffAct;
use crate::domain::access::{Permission, Scope};
use crate::domain::request::{ActKind, Priority, Request, Status};
use crate::domain::shift::Duty;
use crate::domain::sla::PauseReason;
use crate::domain::{Class, CrewCode, DistrictCode, Hazard, Instant, QueueCode, RequestNumber, ServiceCode};
use chrono::{NaiveDateTime, TimeZone, Utc};
use chrono_tz::Asia::Almaty;
use serde::Deserialize;

/// The fields of every act's form; each form has some of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ActForm {
    pub csrf: String,
    pub expected_version: String,
    /// `jobs` goes back to the crew's list.
    pub back: String,
    pub text: String,
    /// A prepared answer: its code, for when no words of one's own were written.
    pub template: String,
    pub reason: String,
    pub note: String,
    pub until: String,
    pub why: String,
    pub vulnerable: String,
    pub crew: String,
    pub queue: String,
    pub into: String,
    pub class: String,
    pub service: String,
    pub district: String,
    pub hazard: String,
    pub priority: String,
}

impl ActForm {
    fn get(&self, name: &str) -> &str {
        match name {
            "text" => &self.text,
            "reason" => &self.reason,
            "note" => &self.note,
            "until" => &self.until,
            "why" => &self.why,
            "vulnerable" => &self.vulnerable,
            "crew" => &self.crew,
            "queue" => &self.queue,
            "into" => &self.into,
            "class" => &self.class,
            "service" => &self.service,
            "district" => &self.district,
            "hazard" => &self.hazard,
            "priority" => &self.priority,
            _ => "",
        }
    }
}

fn some(text: &str) -> Option<&str> {
    Some(text.trim()).filter(|t| !t.is_empty())
}

fn optional<T>(text: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, &'static str> {
    some(text).map(|t| read(t).ok_or("unprocessable")).transpose()
}

/// A local time of a form, `2026-11-21T18:40`, in UTC.
fn local(text: &str) -> Option<Instant> {
    let naive = NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M").ok()?;
    Almaty.from_local_datetime(&naive).earliest().map(|t| t.with_timezone(&Utc))
}

/// What a form says.
///
/// # Errors
/// The stable code of what is wrong; `not_found` for what is no act of staff.
pub fn stated(kind: ActKind, f: &ActForm) -> Result<StaffAct, &'static str> {
    let queue = || QueueCode::new(f.queue.as_str()).map_err(|_| "bad_queue");
    let reason = || f.reason.clone();
    Ok(match kind {
        ActKind::Accept => StaffAct::Accept,
        ActKind::Assign => StaffAct::Assign { crew: CrewCode::new(f.crew.as_str()).map_err(|_| "bad_crew")? },
        ActKind::Start => StaffAct::Start,
        ActKind::Arrive => StaffAct::Arrive,
        ActKind::Hold => StaffAct::Hold { why: optional(&f.why, PauseReason::parse)?, reason: reason(), until: optional(&f.until, local)? },
        ActKind::DeclinePause => StaffAct::DeclinePause { reason: some(&f.reason).map(str::to_owned) },
        ActKind::Flag => StaffAct::Flag { vulnerable: f.vulnerable == "yes" },
        ActKind::Resume => StaffAct::Resume,
        ActKind::Resolve => StaffAct::Resolve { note: some(&f.note).map(str::to_owned) },
        ActKind::Close => StaffAct::Close,
        ActKind::Reopen => StaffAct::Reopen { reason: some(&f.reason).map(str::to_owned) },
        ActKind::Refuse => StaffAct::Refuse { reason: reason(), queue: queue()? },
        ActKind::Transfer => StaffAct::Transfer { queue: queue()?, reason: some(&f.reason).map(str::to_owned) },
        ActKind::Reject => StaffAct::Reject { reason: reason() },
        ActKind::Merge => StaffAct::Merge { into: RequestNumber::parse(&f.into).map_err(|_| "bad_number")? },
        ActKind::Reclassify => StaffAct::Reclassify {
            class: optional(&f.class, Class::parse)?,
            service: optional(&f.service, |s| ServiceCode::new(s).ok())?,
            district: optional(&f.district, |s| DistrictCode::new(s).ok())?,
            hazard: match some(&f.hazard) {
                Some("none") => Some(None),
                other => other.map(|h| Hazard::parse(h).ok_or("unprocessable")).transpose()?.map(Some),
            },
            priority: optional(&f.priority, |p| p.parse().ok().filter(|p| *p <= 3).map(Priority))?,
        },
        ActKind::Reply => StaffAct::Reply { text: f.text.clone() },
        ActKind::Note => StaffAct::Note { text: f.text.clone() },
        ActKind::AddMessage | ActKind::Attach | ActKind::Locate | ActKind::Rate | ActKind::Breach
        // These have doors of their own.
        | ActKind::Escalate | ActKind::HandOver | ActKind::Retime => return Err("not_found"),
    })
}

/// How a field is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Line,
    Area,
    Select,
    Moment,
}

/// One field of an act's form.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub name: &'static str,
    pub label: String,
    pub look: Look,
    pub required: bool,
    pub value: String,
    pub choices: Vec<Choice>,
}

/// One act that may be done now.
#[derive(Debug, Clone)]
pub(super) struct Offer {
    pub kind: ActKind,
    pub label: String,
    pub fields: Vec<Field>,
    /// The letter that does or opens it.
    pub key: &'static str,
    /// What is usually done next.
    pub next: bool,
    /// Its form stands open: it was sent and not taken.
    pub open: bool,
}

/// The order in which acts stand on the page.
const ORDER: [ActKind; 18] = [
    ActKind::Accept,
    ActKind::Assign,
    ActKind::Start,
    ActKind::Arrive,
    ActKind::Resolve,
    ActKind::Resume,
    ActKind::Close,
    ActKind::Hold,
    ActKind::DeclinePause,
    ActKind::Flag,
    ActKind::Transfer,
    ActKind::Refuse,
    ActKind::Reclassify,
    ActKind::Merge,
    ActKind::Reject,
    ActKind::Reopen,
    ActKind::Reply,
    ActKind::Note,
];

/// Which acts this role may do on this request now.
pub(super) fn allowed(scope: &Scope, r: &Request) -> Vec<ActKind> {
    ORDER
        .into_iter()
        .filter(|k| k.allowed_from(r.status) && scope.may(Permission::Act(*k)))
        .filter(|k| *k != ActKind::Arrive || r.arrived_at.is_none())
        .filter(|k| *k != ActKind::DeclinePause || r.pause_asked.is_some())
        .collect()
}

/// The key of an act, by its place on the keyboard, whatever language it types.
pub(super) const fn key(kind: ActKind) -> &'static str {
    match kind {
        ActKind::Accept => "a",
        ActKind::Assign => "b",
        ActKind::Start => "s",
        ActKind::Arrive => "g",
        ActKind::Resolve => "d",
        ActKind::Close => "e",
        ActKind::Hold | ActKind::Resume => "h",
        ActKind::Transfer => "t",
        ActKind::Refuse => "f",
        ActKind::Reclassify => "c",
        ActKind::Merge => "m",
        ActKind::Reject => "x",
        ActKind::Reopen => "o",
        ActKind::Reply => "r",
        ActKind::Note => "n",
        _ => "",
    }
}

fn expected_next(r: &Request) -> Option<ActKind> {
    match r.status {
        Status::Queued => Some(ActKind::Accept),
        Status::Assigned => Some(ActKind::Start),
        Status::InProgress if r.arrived_at.is_none() => Some(ActKind::Arrive),
        Status::InProgress => Some(ActKind::Resolve),
        Status::OnHold => Some(ActKind::Resume),
        Status::Resolved => Some(ActKind::Close),
        _ => None,
    }
}

/// The forms of the acts that may be done now. `kept` is a form that came and was not taken: what was typed stays.
pub(super) fn offers(w: &Words<'_>, scope: &Scope, r: &Request, kept: Option<(ActKind, &ActForm)>, now: Instant) -> Vec<Offer> {
    let next = expected_next(r);
    allowed(scope, r)
        .into_iter()
        .map(|kind| {
            let kept = kept.filter(|(k, _)| *k == kind).map(|(_, f)| f);
            Offer {
                kind,
                label: w.of("act", kind.as_str()),
                key: key(kind),
                fields: fields(w, kind, r, kept, now),
                next: next == Some(kind),
                open: kept.is_some(),
            }
        })
        .collect()
}

pub(super) fn fields(w: &Words<'_>, kind: ActKind, r: &Request, kept: Option<&ActForm>, now: Instant) -> Vec<Field> {
    let value = |name: &str| kept.map_or("", |f| f.get(name)).to_owned();
    let plain = |name: &'static str, key: &str, look: Look, required: bool| Field {
        name,
        label: w.t(key).to_owned(),
        look,
        required,
        value: value(name),
        choices: Vec::new(),
    };
    let select = |name: &'static str, key: &str, required: bool, present: &str, choices: Vec<(String, String)>| {
        let present = kept.map_or(present, |f| f.get(name));
        let choices = choices.iter().map(|(v, l)| Choice::new(v, l.as_str(), present)).collect();
        Field { choices, ..plain(name, key, Look::Select, required) }
    };
    let queues = || {
        let others = w.book.catalog.queues.iter().filter(|q| r.queue.as_ref() != Some(&q.code) && q.successor.is_none());
        let list = std::iter::once((String::new(), "—".to_owned())).chain(others.map(|q| (q.code.to_string(), q.name.get(w.lang).to_owned())));
        select("queue", "console.to_queue", true, "", list.collect())
    };
    match kind {
        ActKind::Assign => {
            // Those on duty come first; of the others it is said that they are not.
            let book = w.book;
            let mut crews: Vec<_> = book
                .catalog
                .crews
                .iter()
                .filter(|c| !c.closed && r.queue.as_ref().is_none_or(|q| c.serves(q)))
                .map(|c| (book.shifts.duty(&c.code, &book.calendar, now), c))
                .collect();
            crews.sort_by_key(|(duty, _)| *duty);
            let shown = |duty: Duty, name: &str| if duty.works() { name.to_owned() } else { format!("⚠ {name} — {}", w.t("duty.off_mark")) };
            let list = crews.iter().map(|(duty, c)| (c.code.to_string(), shown(*duty, c.name.get(w.lang)))).collect();
            vec![select("crew", "console.choose_crew", true, r.crew.as_ref().map_or("", CrewCode::as_str), list)]
        }
        ActKind::Hold => {
            let reasons = PauseReason::ALL.iter().map(|p| (p.as_str().to_owned(), w.of("pause", p.as_str()))).collect();
            let present = r.pause_asked.unwrap_or(PauseReason::Other);
            vec![
                select("why", "console.pause_why", true, present.as_str(), reasons),
                plain("reason", "console.reason", Look::Area, true),
                plain("until", "console.until", Look::Moment, false),
            ]
        }
        ActKind::DeclinePause => vec![plain("reason", "console.reason", Look::Area, false)],
        ActKind::Flag => {
            let answers = [("yes", "console.vulnerable_yes"), ("no", "console.vulnerable_no")];
            let list = answers.iter().map(|(v, key)| ((*v).to_owned(), w.t(key).to_owned())).collect();
            vec![select("vulnerable", "console.vulnerable", true, if r.vulnerable { "no" } else { "yes" }, list)]
        }
        ActKind::Resolve => vec![plain("note", "console.note", Look::Area, false)],
        ActKind::Reopen => vec![plain("reason", "console.reason", Look::Area, false)],
        ActKind::Refuse => vec![queues(), plain("reason", "console.reason", Look::Area, true)],
        ActKind::Transfer => vec![queues(), plain("reason", "console.reason", Look::Area, false)],
        ActKind::Reject => vec![plain("reason", "console.reason_to_resident", Look::Area, true)],
        ActKind::Merge => vec![plain("into", "console.into", Look::Line, true)],
        ActKind::Reply => vec![plain("text", "console.reply", Look::Area, true)],
        ActKind::Note => vec![plain("text", "console.note", Look::Area, true)],
        ActKind::Reclassify => {
            let unknown = |key: &str| (String::new(), w.t(key).to_owned());
            let classes = Class::ALL.iter().map(|c| (c.as_str().to_owned(), w.of("class", c.as_str())));
            let services = w
                .book
                .catalog
                .services
                .iter()
                .filter(|s| s.successor.is_none() || r.service.as_ref() == Some(&s.code))
                .map(|s| (s.code.to_string(), s.name.get(w.lang).to_owned()));
            let districts = w.book.catalog.districts.iter().map(|d| (d.code.to_string(), d.name.get(w.lang).to_owned()));
            let hazards = Hazard::ALL.iter().map(|h| (h.as_str().to_owned(), w.of("hazard", h.as_str())));
            let priorities = (0..=3).map(|p| (p.to_string(), w.of("priority", &format!("p{p}"))));
            let with =
                |first: (String, String), rest: &mut dyn Iterator<Item = (String, String)>| std::iter::once(first).chain(rest).collect::<Vec<_>>();
            let none = ("none".to_owned(), w.t("console.no_hazard").to_owned());
            vec![
                select("class", "console.class", false, r.class.map_or("", Class::as_str), with(unknown("unknown.class"), &mut { classes })),
                select(
                    "service",
                    "console.service",
                    false,
                    r.service.as_ref().map_or("", ServiceCode::as_str),
                    with(unknown("unknown.service"), &mut { services }),
                ),
                select(
                    "district",
                    "console.district",
                    false,
                    r.district.as_ref().map_or("", DistrictCode::as_str),
                    with(unknown("unknown.district"), &mut { districts }),
                ),
                select("hazard", "console.hazard", false, r.hazard.map_or("none", Hazard::as_str), with(none, &mut { hazards })),
                select("priority", "console.priority", false, "", with(unknown("console.auto"), &mut { priorities })),
            ]
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_become_acts() {
        let f = ActForm { until: "2026-11-21T18:40".into(), reason: "жду деталь".into(), ..ActForm::default() };
        let until = "2026-11-21T13:40:00Z".parse().ok();
        assert_eq!(stated(ActKind::Hold, &f), Ok(StaffAct::Hold { why: None, reason: "жду деталь".into(), until }));
        let f = ActForm { hazard: "none".into(), class: "complaint".into(), priority: "1".into(), ..ActForm::default() };
        let want =
            StaffAct::Reclassify { class: Some(Class::Complaint), service: None, district: None, hazard: Some(None), priority: Some(Priority::HIGH) };
        assert_eq!(stated(ActKind::Reclassify, &f), Ok(want));
    }

    #[test]
    fn broken_forms_are_told_by_code() {
        let f = |change: fn(&mut ActForm)| {
            let mut f = ActForm::default();
            change(&mut f);
            f
        };
        for (kind, form, code) in [
            (ActKind::Transfer, f(|f| f.queue = "No Such!".into()), "bad_queue"),
            (ActKind::Transfer, f(|_| ()), "bad_queue"),
            (ActKind::Assign, f(|_| ()), "bad_crew"),
            (ActKind::Merge, f(|f| f.into = "26-4817-0356".into()), "bad_number"),
            (ActKind::Hold, f(|f| f.until = "tomorrow".into()), "unprocessable"),
            (ActKind::Reclassify, f(|f| f.priority = "9".into()), "unprocessable"),
            (ActKind::Reclassify, f(|f| f.hazard = "dragon".into()), "unprocessable"),
            (ActKind::Breach, f(|_| ()), "not_found"),
        ] {
            assert_eq!(stated(kind, &form), Err(code), "{kind}");
        }
    }
}
