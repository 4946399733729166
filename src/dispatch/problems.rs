//! A message that tells of several things: the leading one makes the request, what belongs to other queues makes linked requests of its own.

use super::apply::text_row;
use super::effects::Effects;
use super::numbers::Numbers;
use super::record::{Subject, record};
use super::register::{Classification, NewRequest, open, seal};
use super::{Core, DispatchError};
use crate::domain::actor::Actor;
use crate::domain::reading::{Problem, Reading};
use crate::domain::request::Event;
use crate::domain::{Class, Instant};
use crate::store::Tx;
use crate::store::messages::direction;

/// What one message made.
#[derive(Debug, Clone)]
pub struct Registered {
    pub leading: Subject,
    /// The other problems of the message, each in a queue of its own.
    pub linked: Vec<Subject>,
}

impl Registered {
    /// The leading one and the others after it.
    pub fn all(&self) -> impl Iterator<Item = &Subject> {
        std::iter::once(&self.leading).chain(&self.linked)
    }
}

/// What a further problem amounts to; it lies where the leading one does.
fn classification(problem: &Problem, leading: &Classification) -> Classification {
    Classification {
        class: if problem.hazard.is_some() { Some(Class::Incident) } else { problem.class.accepted() },
        service: problem.service.accepted(),
        district: leading.district.clone(),
        hazard: problem.hazard,
        needs_utility: false,
    }
}

/// The reading of a further problem, so far as it was read by itself.
fn reading_of(problem: &Problem, whole: &Reading) -> Reading {
    Reading {
        class: problem.class.clone(),
        service: problem.service.clone(),
        hazard: problem.hazard,
        top_services: problem.service.best.iter().map(|s| (s.clone(), problem.service.confidence)).collect(),
        top_classes: problem.class.best.iter().map(|c| (*c, problem.class.confidence)).collect(),
        others: Vec::new(),
        ..whole.clone()
    }
}

/// Registers everything that a message tells of. Problems of a queue that has one of them already are notes in that request: its owner works on both.
///
/// # Errors
/// The store's, while numbers are drawn; [`DispatchError::Internal`] when no queue at all can take one.
pub async fn register(
    core: &Core,
    tx: &Tx,
    fx: &mut Effects,
    numbers: &mut Numbers,
    actor: &Actor,
    new: NewRequest,
    now: Instant,
) -> Result<Registered, DispatchError> {
    let others = new.reading.as_ref().map(|r| r.others.clone()).unwrap_or_default();
    let model = new.clone();
    let mut all = vec![open(core, fx, actor, new, now)?];
    for problem in others {
        let what = classification(&problem, &model.what);
        let queue = what.route(core)?.queue;
        if let Some(same) = all.iter_mut().find(|s| s.stored.request.queue.as_ref() == Some(&queue)) {
            note(core, fx, same, &problem.text, now)?;
            continue;
        }
        let child = NewRequest {
            number: numbers.take(tx, now).await?,
            what,
            text: problem.text.clone(),
            reading: model.reading.as_ref().map(|whole| reading_of(&problem, whole)),
            // Nobody can tell which of the problems a picture shows: it stays with the leading one.
            media: Vec::new(),
            ..model.clone()
        };
        all.push(open(core, fx, actor, child, now)?);
    }
    link(core, fx, &mut all, now)?;
    all.iter().for_each(|s| seal(fx, s));
    let mut all = all.into_iter();
    let leading = all.next().ok_or_else(|| DispatchError::Internal("nothing was registered".into()))?;
    Ok(Registered { leading, linked: all.collect() })
}

/// The leading request and each of the others name one another in their journals.
fn link(core: &Core, fx: &mut Effects, all: &mut [Subject], now: Instant) -> Result<(), DispatchError> {
    let Some((leading, others)) = all.split_first_mut() else { return Ok(()) };
    let by = Actor::System("triage");
    for other in others {
        record(core, fx, other, &[Event::Linked { to: leading.stored.request.id }], &by, now)?;
        record(core, fx, leading, &[Event::Linked { to: other.stored.request.id }], &by, now)?;
    }
    Ok(())
}

fn note(core: &Core, fx: &mut Effects, subject: &mut Subject, text: &str, now: Instant) -> Result<(), DispatchError> {
    let by = Actor::System("triage");
    let row = text_row(subject, direction::INNER, &by, text, now);
    let reference = row.text_ref();
    fx.messages.push(row);
    record(core, fx, subject, &[Event::Noted { text: reference }], &by, now)
}
