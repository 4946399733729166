//! What the policies share, as forms: who is warned when (ladders), who may stop a clock (pauses), and the common rules. Each press makes a whole new text of
//! the policies, which goes the way of every change of the books.

use super::super::people::{Choice, field, fields};
use super::super::shell::{Shell, page};
use super::super::words::Words;
use super::norms::{Draft, Look, RevisionLine};
use super::{choices, status, tabs};
use crate::dispatch::DispatchError;
use crate::dispatch::settings::Refused;
use crate::domain::QueueCode;
use crate::domain::access::Role;
use crate::domain::calendar::Span;
use crate::domain::catalog::Named;
use crate::domain::setting::Fault;
use crate::domain::sla::{Arbitration, Duty, Ladder, PauseReason, PauseRule, Quiet, Reopen, Rung, SlaBook, Stage, Target, Way, When};
use crate::web::error::ApiError;
use actix_web::HttpResponse;
use askama::Template;

/// Those who may stop a clock or ask for it, apart from administrators, who always may.
const PAUSING: [Role; 4] = [Role::Dispatcher, Role::SeniorDispatcher, Role::Operator, Role::Crew];

/// The rule of one reason.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct PauseForm {
    pub reason: String,
    pub name: String,
    /// In words: who may, who may ask, how long.
    pub told: String,
    pub roles: Vec<Choice>,
    pub may_ask: Vec<Choice>,
    pub max: String,
    pub until_answer: bool,
    /// It stands in the book; otherwise it is what holds without one.
    pub written: bool,
}

/// One step of a ladder, or an empty form for one.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct RungForm {
    /// Its place, counted from 0.
    pub n: usize,
    pub told: String,
    pub whens: Vec<Choice>,
    pub amount: String,
    pub to: Vec<Choice>,
    pub by: Vec<Choice>,
    pub wakes: bool,
    pub raise: bool,
    pub move_to: Vec<Choice>,
    pub watch: Vec<Choice>,
}

/// One ladder.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct LadderForm {
    pub code: String,
    pub name: String,
    pub kk: String,
    pub ru: String,
    /// How many targets name it.
    pub used: usize,
    pub rungs: Vec<RungForm>,
}

/// The rules that all policies share.
#[derive(Debug, Clone)]
pub(in crate::web::console) struct CommonForm {
    pub silence: String,
    pub group: String,
    pub quiet: String,
    pub reopen: Vec<Choice>,
    pub arbiter: Vec<Choice>,
    pub refusals: String,
    pub decide: String,
    pub decide_ladder: Vec<Choice>,
}

#[derive(Template)]
#[template(path = "console/admin/ladders.html")]
pub(in crate::web::console) struct LaddersPage<'a> {
    pub s: Shell<'a>,
    pub tabs: Vec<Choice>,
    pub word: &'static str,
    pub ladders: Vec<LadderForm>,
    pub empty: RungForm,
    pub pauses: Vec<PauseForm>,
    pub common: CommonForm,
    /// The policies as they would be: what a look is saved with.
    pub text: String,
    pub note: String,
    pub look: Option<Look>,
    pub version: i64,
    pub history: Vec<RevisionLine>,
    pub faults: Vec<String>,
}

fn role_name(w: &Words<'_>, r: Role) -> String {
    w.of("role", r.as_str())
}

fn duty_name(w: &Words<'_>, d: Duty) -> String {
    w.of("duty", &format!("role_{d}"))
}

fn list(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

fn pause_form(w: &Words<'_>, book: &SlaBook, reason: PauseReason) -> PauseForm {
    let rule = book.pause(reason);
    let roles = |list: &[Role]| PAUSING.iter().map(|r| Choice::new(r.as_str(), role_name(w, *r), list.contains(r))).collect();
    let mut told = vec![w.with("ladders.may", "who", &list(rule.roles.iter().map(|r| role_name(w, *r))))];
    if !rule.may_ask.is_empty() {
        told.push(w.with("ladders.ask", "who", &list(rule.may_ask.iter().map(|r| role_name(w, *r)))));
    }
    told.push(
        rule.max_minutes.map_or_else(|| w.t("ladders.no_end").to_owned(), |m| w.with("ladders.at_most", "time", &w.span(m.saturating_mul(60)))),
    );
    if rule.until_answer {
        told.push(w.t("ladders.answer_ends").to_owned());
    }
    PauseForm {
        reason: reason.to_string(),
        name: w.of("pause", reason.as_str()),
        told: told.join(" · "),
        roles: roles(&rule.roles),
        may_ask: roles(&rule.may_ask),
        max: rule.max_minutes.map(|m| m.to_string()).unwrap_or_default(),
        until_answer: rule.until_answer,
        written: book.pauses.iter().any(|p| p.reason == reason),
    }
}

fn when_words(w: &Words<'_>, when: When) -> String {
    let span = |m: i64| w.span(m.saturating_mul(60));
    match (when.percent, when.minutes_before, when.minutes_after) {
        (Some(p), _, _) => w.with("ladders.at_percent", "n", &p.to_string()),
        (_, Some(m), _) => w.with("ladders.before", "time", &span(m)),
        (_, _, Some(0)) => w.t("ladders.at_deadline").to_owned(),
        (_, _, Some(m)) => w.with("ladders.after", "time", &span(m)),
        _ => "—".into(),
    }
}

fn rung_form(w: &Words<'_>, n: usize, r: &Rung) -> RungForm {
    let (when, amount) = match (r.when.percent, r.when.minutes_before, r.when.minutes_after) {
        (Some(p), _, _) => ("percent", p.to_string()),
        (_, Some(m), _) => ("before", m.to_string()),
        (_, _, Some(m)) => ("after", m.to_string()),
        _ => ("percent", String::new()),
    };
    let duties = |list: &[Duty]| Duty::ALL.iter().map(|d| Choice::new(d.as_str(), duty_name(w, *d), list.contains(d))).collect();
    let mut does = Vec::new();
    if !r.to.is_empty() {
        let (to, by) = (list(r.to.iter().map(|d| duty_name(w, *d))), list(r.by.iter().map(|b| w.of("ladders", &format!("by_{b}")))));
        does.push(format!("{to} ({by})"));
    }
    if r.wakes {
        does.push(w.t("ladders.wakes").to_owned());
    }
    if r.raise_priority {
        does.push(w.t("ladders.raise").to_owned());
    }
    does.extend(r.move_to.as_ref().map(|q| w.with("ladders.moves", "queue", &w.queue(q))));
    if !r.watch.is_empty() {
        does.push(w.with("ladders.watches", "who", &list(r.watch.iter().map(|d| duty_name(w, *d)))));
    }
    let queues = w.book.catalog.queues.iter().filter(|q| q.successor.is_none() || r.move_to.as_ref() == Some(&q.code));
    RungForm {
        n,
        told: format!("{} — {}", when_words(w, r.when), does.join("; ")),
        whens: ["percent", "before", "after"].map(|k| Choice::new(k, w.of("ladders", &format!("when_{k}")), k == when)).into(),
        amount,
        to: duties(&r.to),
        by: Way::ALL.iter().map(|b| Choice::new(b.as_str(), w.of("ladders", &format!("by_{b}")), r.by.contains(b))).collect(),
        wakes: r.wakes,
        raise: r.raise_priority,
        move_to: choices(queues.map(|q| (&q.code, w.queue(&q.code))), r.move_to.as_ref().map_or("", QueueCode::as_str)),
        watch: duties(&r.watch),
    }
}

fn used(book: &SlaBook, code: &str) -> usize {
    let targets = book.policies.iter().flat_map(|p| Stage::ALL.iter().filter_map(|st| p.target(*st)));
    targets.chain(book.arbitration.iter().map(|a| &a.decide)).filter(|t| t.ladder.as_deref() == Some(code)).count()
}

fn ladder_form(w: &Words<'_>, book: &SlaBook, l: &Ladder) -> LadderForm {
    let title = |of: fn(&Named) -> &String| l.title.as_ref().map_or_else(|| l.code.clone(), |t| of(t).clone());
    LadderForm {
        code: l.code.clone(),
        name: l.shown(w.lang).to_owned(),
        kk: title(|t| &t.kk),
        ru: title(|t| &t.ru),
        used: used(book, &l.code),
        rungs: l.rungs.iter().enumerate().map(|(n, r)| rung_form(w, n, r)).collect(),
    }
}

fn common_form(w: &Words<'_>, book: &SlaBook) -> CommonForm {
    let a = book.arbitration.as_ref();
    let reopen = |r: Reopen, word: &str| Choice::new(word, w.of("ladders", &format!("reopen_{word}")), book.reopen == r);
    CommonForm {
        silence: book.silence_minutes.to_string(),
        group: book.group_secs.to_string(),
        quiet: book.quiet.as_ref().map(|q| q.hours.to_string()).unwrap_or_default(),
        reopen: vec![reopen(Reopen::Restart, "restart"), reopen(Reopen::Continue, "continue")],
        arbiter: choices(w.book.catalog.queues.iter().map(|q| (&q.code, w.queue(&q.code))), a.map_or("", |a| a.queue.as_str())),
        refusals: a.map(|a| a.after_refusals.to_string()).unwrap_or_default(),
        decide: a.and_then(|a| a.decide.minutes).map(|m| m.to_string()).unwrap_or_default(),
        decide_ladder: choices(
            book.ladders.iter().map(|l| (&l.code, l.shown(w.lang).to_owned())),
            a.and_then(|a| a.decide.ladder.as_deref()).unwrap_or_default(),
        ),
    }
}

/// The page, of the book as it stands or as a draft would have it.
pub(super) fn shown(
    s: Shell<'_>,
    d: Draft,
    book: &SlaBook,
    text: String,
    version: i64,
    history: Vec<RevisionLine>,
) -> Result<HttpResponse, ApiError> {
    let w = s.w;
    let template = LaddersPage {
        tabs: tabs(&s.w, "ladders"),
        word: "ladders",
        ladders: book.ladders.iter().map(|l| ladder_form(&w, book, l)).collect(),
        empty: rung_form(&w, 0, &Rung { by: vec![Way::Screen], ..Rung::default() }),
        pauses: PauseReason::ALL.iter().map(|r| pause_form(&w, book, *r)).collect(),
        common: common_form(&w, book),
        text,
        note: d.note,
        look: d.look,
        version,
        history,
        faults: d.faults,
        s,
    };
    page(status(&template.faults), &template)
}

fn bad(key: &'static str) -> Refused {
    Refused::Faults(vec![Fault::new(key, format!("the form: {key}"), &[])])
}

fn number<T: std::str::FromStr>(form: &[(String, String)], name: &str) -> Result<T, Refused> {
    field(form, name).parse().map_err(|_| bad("form_number"))
}

/// A number, or nothing.
fn maybe<T: std::str::FromStr>(form: &[(String, String)], name: &str) -> Result<Option<T>, Refused> {
    if field(form, name).is_empty() { Ok(None) } else { number(form, name).map(Some) }
}

/// Those of a closed set of words that were chosen. A word that is none of them was put there by hand.
fn chosen<T>(form: &[(String, String)], name: &str, parse: fn(&str) -> Option<T>) -> Result<Vec<T>, Refused> {
    fields(form, name).map(|word| parse(word).ok_or_else(|| bad("form_choice"))).collect()
}

fn named_queue(form: &[(String, String)], name: &str) -> Result<Option<QueueCode>, Refused> {
    let code = field(form, name);
    if code.is_empty() { Ok(None) } else { QueueCode::new(code).map(Some).map_err(|_| bad("form_choice")) }
}

fn known_ladder(form: &[(String, String)], name: &str) -> Option<String> {
    Some(field(form, name).to_owned()).filter(|l| !l.is_empty())
}

/// One press on the policies: what the form says of one part.
///
/// # Errors
/// What cannot be read, in reasons for people; `NotFound` for a part that is not there.
pub(super) fn edit(book: &mut SlaBook, part: &str, form: &[(String, String)]) -> Result<(), Refused> {
    match part {
        "pause" => pause(book, form),
        "ladder" => ladder(book, form),
        "rung" => rung(book, form),
        "common" => common(book, form),
        "target" => target(book, form),
        _ => Err(DispatchError::NotFound.into()),
    }
}

fn removes(form: &[(String, String)]) -> bool {
    field(form, "act") == "remove"
}

fn pause(book: &mut SlaBook, form: &[(String, String)]) -> Result<(), Refused> {
    let reason = PauseReason::parse(field(form, "reason")).ok_or(DispatchError::NotFound)?;
    let at = book.pauses.iter().position(|p| p.reason == reason);
    if removes(form) {
        book.pauses.retain(|p| p.reason != reason);
        return Ok(());
    }
    let roles = chosen(form, "role", Role::parse)?;
    let rule = PauseRule {
        reason,
        // Whoever may by their own word need not ask.
        may_ask: chosen(form, "ask", Role::parse)?.into_iter().filter(|r| !roles.contains(r)).collect(),
        roles,
        max_minutes: maybe(form, "max")?,
        until_answer: !field(form, "until_answer").is_empty(),
    };
    match at.and_then(|at| book.pauses.get_mut(at)) {
        Some(there) => *there = rule,
        None => book.pauses.push(rule),
    }
    Ok(())
}

fn title(form: &[(String, String)]) -> Named {
    let text = |name: &str| field(form, name).chars().take(120).collect();
    Named { kk: text("kk"), ru: text("ru") }
}

fn ladder(book: &mut SlaBook, form: &[(String, String)]) -> Result<(), Refused> {
    let code = field(form, "ladder");
    if !code.is_empty() {
        let there = book.ladders.iter_mut().find(|l| l.code == code).ok_or(DispatchError::NotFound)?;
        there.title = Some(title(form));
        if removes(form) {
            book.ladders.retain(|l| l.code != code);
        }
        return Ok(());
    }
    let code = field(form, "code");
    let sane = (1..=40).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
    if !sane {
        return Err(Refused::Faults(vec![Fault::new("code", "the form: code", &[("code", code)])]));
    }
    if book.ladders.iter().any(|l| l.code == code) {
        return Err(Refused::Faults(vec![Fault::new("code_taken", "the form: code", &[("code", code)])]));
    }
    book.ladders.push(Ladder { code: code.to_owned(), title: Some(title(form)), rungs: vec![stated(form)?] });
    Ok(())
}

fn stated(form: &[(String, String)]) -> Result<Rung, Refused> {
    let when = match field(form, "when") {
        "percent" => When { percent: Some(number(form, "amount")?), ..When::default() },
        "before" => When { minutes_before: Some(number(form, "amount")?), ..When::default() },
        "after" => When { minutes_after: Some(number(form, "amount")?), ..When::default() },
        _ => return Err(bad("form_choice")),
    };
    let to = chosen(form, "to", Duty::parse)?;
    // The empty form has a way ticked already; a step that tells nobody needs none.
    let by = if to.is_empty() { Vec::new() } else { chosen(form, "by", Way::parse)? };
    Ok(Rung {
        when,
        to,
        by,
        wakes: !field(form, "wakes").is_empty(),
        raise_priority: !field(form, "raise").is_empty(),
        move_to: named_queue(form, "move_to")?,
        watch: chosen(form, "watch", Duty::parse)?,
    })
}

fn rung(book: &mut SlaBook, form: &[(String, String)]) -> Result<(), Refused> {
    let code = field(form, "ladder");
    let ladder = book.ladders.iter_mut().find(|l| l.code == code).ok_or(DispatchError::NotFound)?;
    if field(form, "n") == "new" {
        ladder.rungs.push(stated(form)?);
        return Ok(());
    }
    let n: usize = field(form, "n").parse().map_err(|_| DispatchError::NotFound)?;
    if n >= ladder.rungs.len() {
        return Err(DispatchError::NotFound.into());
    }
    if removes(form) {
        ladder.rungs.remove(n);
    } else if let Some(there) = ladder.rungs.get_mut(n) {
        *there = stated(form)?;
    }
    Ok(())
}

fn common(book: &mut SlaBook, form: &[(String, String)]) -> Result<(), Refused> {
    book.silence_minutes = number(form, "silence")?;
    book.group_secs = number(form, "group")?;
    book.quiet = match field(form, "quiet") {
        "" => None,
        hours => {
            let unread = || Refused::Faults(vec![Fault::new("hours", "the form: hours", &[("part", hours)])]);
            Some(Quiet { hours: Span::parse(hours).map_err(|_| unread())? })
        }
    };
    book.reopen = if field(form, "reopen") == "continue" { Reopen::Continue } else { Reopen::Restart };
    book.arbitration = match named_queue(form, "arbiter")? {
        None => None,
        Some(queue) => {
            // What the form does not show of it stays: a time by a calendar is written in the file.
            let before = book.arbitration.as_ref().map(|a| a.decide.clone()).unwrap_or_default();
            let decide = match maybe(form, "decide")? {
                Some(minutes) => Target { minutes: Some(minutes), working_minutes: None, working_days: None, calendar: None, ..before },
                None => before,
            };
            Some(Arbitration {
                queue,
                after_refusals: number(form, "refusals")?,
                decide: Target { ladder: known_ladder(form, "decide_ladder"), ..decide },
            })
        }
    };
    Ok(())
}

/// The time of one stage of one policy, and the ladder that watches it. What the form does not name stays.
fn target(book: &mut SlaBook, form: &[(String, String)]) -> Result<(), Refused> {
    let stage = Stage::parse(field(form, "stage")).ok_or(DispatchError::NotFound)?;
    let policy = book.policies.iter_mut().find(|p| p.name == field(form, "policy")).ok_or(DispatchError::NotFound)?;
    let slot = policy.target_mut(stage).ok_or(DispatchError::NotFound)?;
    if field(form, "unit") == "none" {
        *slot = None;
        return Ok(());
    }
    let mut changed = slot.clone().unwrap_or_default();
    let unit = match field(form, "unit") {
        "" if changed.working_days.is_some() && field(form, "minutes").is_empty() => "days",
        "" if changed.working_minutes.is_some() => "working",
        "" => "minutes",
        unit => unit,
    };
    if !field(form, "minutes").is_empty() {
        (changed.minutes, changed.working_minutes, changed.working_days) = match unit {
            "minutes" => (Some(number(form, "minutes")?), None, None),
            "working" => (None, Some(number(form, "minutes")?), None),
            "days" => (None, None, Some(number(form, "minutes")?)),
            _ => return Err(bad("form_choice")),
        };
        if unit == "minutes" {
            // Around the clock has no calendar.
            changed.calendar = None;
        }
    }
    match field(form, "ladder") {
        "" => {}
        "none" => changed.ladder = None,
        code => changed.ladder = Some(code.to_owned()),
    }
    *slot = Some(changed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Book;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    fn shipped() -> SlaBook {
        Book::load(None).unwrap().sla
    }

    fn edited(part: &str, pairs: &[(&str, &str)]) -> SlaBook {
        let mut book = shipped();
        edit(&mut book, part, &form(pairs)).unwrap();
        // Whatever a form makes is a file that reads back as itself.
        assert_eq!(toml::from_str::<SlaBook>(&toml::to_string_pretty(&book).unwrap()).unwrap(), book);
        book
    }

    fn refused(part: &str, pairs: &[(&str, &str)]) -> String {
        match edit(&mut shipped(), part, &form(pairs)) {
            Err(Refused::Faults(f)) => f[0].key.to_owned(),
            Err(Refused::Other(e)) => e.code().to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_pause_is_changed_written_and_left_to_the_rule_without_one() {
        let rule = [
            ("reason", "parts"),
            ("role", "dispatcher"),
            ("role", "crew"),
            ("ask", "crew"),
            ("ask", "operator"),
            ("max", "60"),
            ("until_answer", "1"),
        ];
        let got = edited("pause", &rule).pause(PauseReason::Parts);
        assert_eq!((got.roles.as_slice(), got.may_ask.as_slice()), ([Role::Dispatcher, Role::Crew].as_slice(), [Role::Operator].as_slice()));
        assert_eq!((got.max_minutes, got.until_answer), (Some(60), true));
        let free = edited("pause", &[("reason", "parts"), ("role", "crew"), ("max", "")]);
        assert_eq!((free.pause(PauseReason::Parts).max_minutes, free.pauses.len()), (None, shipped().pauses.len()));
        let gone = edited("pause", &[("reason", "parts"), ("act", "remove")]);
        assert!(!gone.pauses.iter().any(|p| p.reason == PauseReason::Parts));
        let nobody = edited("pause", &[("reason", "parts")]);
        let book = Book::load(None).unwrap();
        assert_eq!(nobody.faults(&book.catalog, &book.calendar).iter().map(|f| f.key).collect::<Vec<_>>(), ["pause_nobody"]);
        assert_eq!(
            (refused("pause", &[("reason", "sloth")]), refused("pause", &[("reason", "parts"), ("max", "soon")])),
            ("not_found".into(), "form_number".into())
        );
        assert_eq!(refused("pause", &[("reason", "parts"), ("role", "king")]), "form_choice");
    }

    #[test]
    fn a_ladder_is_made_named_lengthened_and_removed() {
        let step = [
            ("when", "after"),
            ("amount", "30"),
            ("to", "head"),
            ("by", "mail"),
            ("by", "screen"),
            ("wakes", "1"),
            ("raise", "1"),
            ("move_to", "control"),
            ("watch", "akimat"),
        ];
        let mut new = vec![("code", "roads"), ("kk", "Жол"), ("ru", "Дороги")];
        new.extend(step);
        let made = edited("ladder", &new);
        let l = made.ladder("roads").unwrap();
        assert_eq!(
            (l.rungs.len(), l.rungs[0].when.minutes_after, l.rungs[0].by.len(), l.rungs[0].move_to.as_ref().unwrap().as_str()),
            (1, Some(30), 2, "control")
        );
        assert_eq!(l.title.as_ref().unwrap().ru, "Дороги");
        let named = edited("ladder", &[("ladder", "danger"), ("kk", "Қауіп!"), ("ru", "Опасность!")]);
        assert_eq!(named.ladder("danger").unwrap().title.as_ref().unwrap().kk, "Қауіп!");
        let mut more = vec![("ladder", "office"), ("n", "new")];
        more.extend(step);
        assert_eq!(edited("rung", &more).ladder("office").unwrap().rungs.len(), shipped().ladder("office").unwrap().rungs.len() + 1);
        more[1] = ("n", "0");
        let changed = edited("rung", &more);
        assert_eq!((changed.ladder("office").unwrap().rungs.len(), changed.ladder("office").unwrap().rungs[0].when.percent), (3, None));
        assert_eq!(edited("rung", &[("ladder", "office"), ("n", "1"), ("act", "remove")]).ladder("office").unwrap().rungs.len(), 2);
        // Nothing may name a ladder that is gone: the book's own check says so.
        let book = Book::load(None).unwrap();
        let gone = edited("ladder", &[("ladder", "office"), ("act", "remove")]);
        assert!(gone.faults(&book.catalog, &book.calendar).iter().all(|f| f.key == "target_ladder"));
        for (part, pairs, key) in [
            ("ladder", vec![("code", "Дороги")], "code"),
            ("ladder", vec![("code", "danger")], "code_taken"),
            ("ladder", vec![("code", "x"), ("when", "never"), ("amount", "1")], "form_choice"),
            ("ladder", vec![("code", "x"), ("when", "after"), ("amount", "soon")], "form_number"),
            ("ladder", vec![("ladder", "nowhere")], "not_found"),
            ("rung", vec![("ladder", "office"), ("n", "9"), ("act", "remove")], "not_found"),
            ("castle", vec![], "not_found"),
        ] {
            assert_eq!(refused(part, &pairs), key, "{part} {pairs:?}");
        }
    }

    #[test]
    fn common_rules_and_targets() {
        let all = [
            ("silence", "600"),
            ("group", "60"),
            ("quiet", "23:00-06:00"),
            ("reopen", "continue"),
            ("arbiter", "akimat"),
            ("refusals", "3"),
            ("decide", "90"),
            ("decide_ladder", "danger"),
        ];
        let got = edited("common", &all);
        assert_eq!(
            (got.silence_minutes, got.group_secs, got.reopen, got.quiet.unwrap().hours.to_string()),
            (600, 60, Reopen::Continue, "23:00-06:00".into())
        );
        let a = got.arbitration.unwrap();
        assert_eq!((a.queue.as_str(), a.after_refusals, a.decide.minutes, a.decide.ladder.as_deref()), ("akimat", 3, Some(90), Some("danger")));
        let none = edited("common", &[("silence", "600"), ("group", "0"), ("quiet", ""), ("arbiter", "")]);
        assert_eq!((none.quiet, none.arbitration), (None, None));
        assert_eq!(refused("common", &[("silence", "600"), ("group", "60"), ("quiet", "late")]), "hours");
        let policy = "complaint and proposal";
        let of = |book: &SlaBook| book.policies.iter().find(|p| p.name == policy).unwrap().accept.clone();
        let watched = of(&edited("target", &[("policy", policy), ("stage", "accept"), ("ladder", "danger")])).unwrap();
        assert_eq!((watched.working_days, watched.calendar.as_deref(), watched.ladder.as_deref()), (Some(3), Some("office"), Some("danger")));
        let timed =
            of(&edited("target", &[("policy", policy), ("stage", "accept"), ("unit", "minutes"), ("minutes", "30"), ("ladder", "none")])).unwrap();
        assert_eq!((timed.minutes, timed.working_days, timed.calendar, timed.ladder), (Some(30), None, None, None));
        assert_eq!(of(&edited("target", &[("policy", policy), ("stage", "accept"), ("unit", "none")])), None);
        assert_eq!(refused("target", &[("policy", "nothing"), ("stage", "accept")]), "not_found");
    }
}
