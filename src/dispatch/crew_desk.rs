//! The crew's part of a chat: my jobs, taken, on the way, there, done with photo and note.

use super::DispatchError;
use super::acts::{StaffAct, actor_of};
use super::apply::{find, place_text};
use super::conversation::Turn;
use super::effects::Effects;
use super::notify::params;
use super::record::Subject;
use super::register::attach;
use super::road;
use crate::dialogue::{self, CrewCommand};
use crate::domain::access::{Reach, Scope};
use crate::domain::outgoing::{Keyboard, Params};
use crate::domain::request::{Act, ActError, Event, Status};
use crate::domain::{CrewCode, RequestNumber};
use crate::store::requests::{self, QueueFilter};
use crate::store::{Tx, journal, timers};

/// Most jobs shown at once.
const SHOWN: u64 = 10;
/// Most unassigned requests of the crew's own queue shown below them.
const OFFERED: u64 = 5;

/// Carries out one command of a crew member in the chat it came from.
pub(super) async fn from_chat(turn: &mut Turn<'_>, scope: &Scope, crew: &CrewCode, command: CrewCommand) -> Result<(), DispatchError> {
    let (number, done) = match command {
        CrewCommand::Jobs => return jobs(turn, scope, crew).await,
        CrewCommand::Accept { number } => {
            let done = take(turn, scope, crew, &number).await;
            (number, done.map(|s| (s, "crew.accepted")))
        }
        CrewCommand::Start { number } => {
            let done = turn.crew_act(scope, &number, &StaffAct::Start).await;
            (number, done.map(|s| (s, "crew.started")))
        }
        CrewCommand::Arrive { number } => {
            let done = turn.crew_act(scope, &number, &StaffAct::Arrive).await;
            (number, done.map(|s| (s, "crew.arrived")))
        }
        CrewCommand::Hold { number, why } => {
            // The reason stands in the journal as the word the crew pressed.
            let reason = turn.core.book.value(turn.talk.lang, &format!("@pause.{why}"));
            let done = turn.crew_act(scope, &number, &StaffAct::Hold { why: Some(why), reason, until: None }).await;
            (number, done.map(|s| if s.stored.request.status == Status::OnHold { (s, "crew.held") } else { (s, "crew.pause_asked") }))
        }
        CrewCommand::Resume { number } => {
            let done = turn.crew_act(scope, &number, &StaffAct::Resume).await;
            (number, done.map(|s| (s, "crew.resumed")))
        }
        CrewCommand::Done { number, note, media } => {
            let done = finish(turn, scope, &number, note, media).await;
            (number, done.map(|s| (s, "crew.done")))
        }
    };
    let of = |n: &RequestNumber| Params::from([("number".to_owned(), n.to_string())]);
    match done {
        Ok((subject, key)) => {
            let r = &subject.stored.request;
            let keyboard = if r.status.is_open() { dialogue::crew_job(&number, r.status, r.arrived_at.is_some()) } else { Keyboard::None };
            turn.answer(key, of(&number), keyboard);
            Ok(())
        }
        Err(DispatchError::NotNow(ActError::MayNotPause(why), _)) => {
            turn.answer("crew.may_not_pause", Params::from([("reason".to_owned(), format!("@pause.{why}"))]), Keyboard::None);
            Ok(())
        }
        Err(DispatchError::NotNow(_, present)) => {
            let status = format!("@state.{}", present.request.status);
            turn.answer("act.not_now", Params::from([("status".to_owned(), status)]), Keyboard::None);
            Ok(())
        }
        Err(DispatchError::NotFound) => {
            turn.answer("crew.cancelled", of(&number), Keyboard::None);
            Ok(())
        }
        Err(e) => Err(e),
    }
}

/// A queued request of the crew's own organisation becomes its job; its own job is simply confirmed.
async fn take(turn: &mut Turn<'_>, scope: &Scope, crew: &CrewCode, number: &RequestNumber) -> Result<Subject, DispatchError> {
    let mut step = Effects::default();
    let subject = road::take(turn.core, turn.tx, &mut step, scope, crew, number, turn.now).await?;
    // The one who took it need not be told of a new job.
    step.outbox.retain(|o| o.conversation != Some(turn.talk.id));
    turn.fx.absorb(step);
    turn.fx.flush(turn.tx, turn.now, turn.core.wall()).await?;
    Ok(subject)
}

/// Files first, so that they stand in the history before the resolution they prove.
async fn finish(
    turn: &mut Turn<'_>,
    scope: &Scope,
    number: &RequestNumber,
    note: Option<String>,
    media: Vec<crate::domain::inbound::MediaRef>,
) -> Result<Subject, DispatchError> {
    let mut subject = find(turn.tx, number).await?;
    let Reach::Crew(crew) = &scope.reach else { return Err(DispatchError::NotFound) };
    let ours = subject.stored.request.crew.as_ref() == Some(crew);
    // A job that went to others while the crew was typing: what it saw on the spot is worth keeping. A stranger's words are not taken.
    if !ours && !was_given(turn.tx, &subject, crew).await? {
        return Err(DispatchError::NotFound);
    }
    let mut step = Effects::default();
    let files = attach(media, Some(subject.stored.request.id), Some(turn.talk.id), turn.talk.channel, &turn.talk.account, turn.now);
    let actor = actor_of(scope);
    let acts: Vec<Act> = files.iter().map(|a| Act::Attach { attachment: a.id }).collect();
    step.attachments.extend(files);
    let refused = road::conclude(turn.core, turn.tx, &mut step, &mut subject, ours, acts, note, &actor, turn.now).await?;
    turn.fx.absorb(step);
    turn.fx.flush(turn.tx, turn.now, turn.core.wall()).await?;
    match refused {
        _ if !ours => Err(DispatchError::NotFound),
        Some(why) => Err(DispatchError::NotNow(why, Box::new(subject.stored))),
        None => Ok(subject),
    }
}

/// Has the request ever been this crew's?
pub(super) async fn was_given(tx: &Tx, subject: &Subject, crew: &CrewCode) -> Result<bool, DispatchError> {
    for row in journal::of_request(tx, subject.stored.request.id).await? {
        if matches!(row.event()?, Event::Assigned { crew: given } | Event::HandedOver { crew: given } if given == *crew) {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn jobs(turn: &mut Turn<'_>, scope: &Scope, crew: &CrewCode) -> Result<(), DispatchError> {
    let mut list = requests::crew_jobs(turn.tx, crew, SHOWN).await?;
    let own = list.len();
    if let Some(c) = turn.core.book.catalog.crew(crew.as_str()) {
        let queue = c.queue.clone();
        let filter = QueueFilter { status: Some(Status::Queued), ..QueueFilter::default() };
        let open = Scope { reach: Reach::Queues(vec![queue.clone()]), ..scope.clone() };
        list.extend(requests::list_queue(turn.tx, &open, &queue, &filter, None, OFFERED).await?);
    }
    if list.is_empty() {
        turn.answer("crew.no_jobs", Params::new(), Keyboard::None);
        return Ok(());
    }
    turn.answer("crew.jobs_head", Params::from([("count".to_owned(), own.to_string())]), Keyboard::None);
    let ids: Vec<_> = list.iter().map(|s| s.request.id).collect();
    let clocks = timers::of_requests(turn.tx, &ids).await?;
    for stored in list {
        let id = stored.request.id;
        let subject = Subject { stored, timers: clocks.iter().filter(|t| t.request == id).cloned().collect() };
        let mut p = params(&subject);
        p.insert("place".into(), place_text(turn.core, turn.tx, &subject, turn.talk.lang).await?);
        let r = &subject.stored.request;
        let key = if r.hazard.is_some() { "crew.job_danger" } else { "crew.job" };
        turn.answer(key, p, dialogue::crew_job(&r.number, r.status, r.arrived_at.is_some()));
    }
    Ok(())
}
