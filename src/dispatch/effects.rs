//! All consequences of one transaction, written together in few statements.

use super::DispatchError;
use crate::domain::outgoing::Outgoing;
use crate::domain::sla::{Timer, TimerChange, TimerState};
use crate::domain::{Class, ConversationId, Instant, RequestId, ServiceCode, TimerId, inbound::ChannelKind};
use crate::metrics::Metrics;
use crate::store::attachments::NewAttachment;
use crate::store::conversations::Conversation;
use crate::store::journal::JournalRow;
use crate::store::messages::{NewMessage, PlaceRow};
use crate::store::requests::Stored;
use crate::store::residents::Resident;
use crate::store::{Tx, attachments, conversations, journal, messages, outbox, requests, residents, timers};
use std::collections::{BTreeMap, BTreeSet};

/// Something to count once the transaction stands.
#[derive(Debug, Clone)]
pub enum Count {
    Created { channel: ChannelKind, class: Option<Class>, service: Option<ServiceCode> },
    Breach { queue: Option<String>, stage: &'static str },
}

impl Count {
    pub(super) fn tell(&self, metrics: &Metrics) {
        match self {
            Self::Created { channel, class, service } => {
                metrics.request_created(channel.as_str(), class.map_or("unclear", Class::as_str), service.as_ref().map(ServiceCode::as_str))
            }
            Self::Breach { queue, stage } => metrics.breach(queue.as_deref(), stage),
        }
    }
}

/// Hints to give after the commit.
#[derive(Debug, Default)]
pub struct After {
    pub schedule: Vec<(TimerId, Instant)>,
    pub forget: Vec<TimerId>,
    pub requests: BTreeSet<RequestId>,
    pub outbox: bool,
    pub counts: Vec<Count>,
}

/// What one transaction will write.
#[derive(Debug, Default)]
pub struct Effects {
    pub residents: Vec<Resident>,
    pub conversations: BTreeMap<ConversationId, Conversation>,
    pub created: Vec<Stored>,
    /// New state and the version it was decided on.
    pub changed: Vec<(Stored, i64)>,
    pub journal: Vec<JournalRow>,
    timers: BTreeMap<TimerId, Timer>,
    pub messages: Vec<NewMessage>,
    pub attachments: Vec<NewAttachment>,
    pub places: Vec<(RequestId, PlaceRow)>,
    pub outbox: Vec<Outgoing>,
    pub after: After,
}

impl Effects {
    /// Takes a change of a clock in.
    pub fn timer(&mut self, change: &TimerChange) {
        let (TimerChange::Start(t) | TimerChange::Update(t)) = change;
        self.timers.insert(t.id, t.clone());
    }

    /// Takes in what another collection holds: a step that succeeded as a whole.
    pub fn absorb(&mut self, other: Self) {
        self.residents.extend(other.residents);
        self.conversations.extend(other.conversations);
        self.created.extend(other.created);
        self.changed.extend(other.changed);
        self.journal.extend(other.journal);
        self.timers.extend(other.timers);
        self.messages.extend(other.messages);
        self.attachments.extend(other.attachments);
        self.places.extend(other.places);
        self.outbox.extend(other.outbox);
        self.after.schedule.extend(other.after.schedule);
        self.after.forget.extend(other.after.forget);
        self.after.requests.extend(other.after.requests);
        self.after.counts.extend(other.after.counts);
        self.after.outbox |= other.after.outbox;
    }

    /// Changed requests: one by one when there are few, else in rounds of one statement each. A request that changed twice comes in two rounds.
    async fn write_changed(&mut self, tx: &Tx) -> Result<(), DispatchError> {
        let mut left = std::mem::take(&mut self.changed);
        self.after.requests.extend(left.iter().map(|(s, _)| s.request.id));
        while left.len() > 2 {
            let Some(steps) = left.first().map(|(s, expected)| s.request.version - expected) else { break };
            let mut seen = BTreeSet::new();
            // The first change of each request, as long as it made as many steps as the others of this round.
            let (round, later): (Vec<_>, Vec<_>) =
                left.into_iter().partition(|(s, expected)| seen.insert(s.request.id) && s.request.version - expected == steps);
            let rows: Vec<&Stored> = round.iter().map(|(s, _)| s).collect();
            if requests::update_together(tx, &rows, steps).await? != rows.len() as u64 {
                return Err(DispatchError::Internal("one of several requests has changed meanwhile".into()));
            }
            left = later;
        }
        for (stored, expected) in left {
            if !requests::update(tx, &stored, expected).await? {
                let present = requests::load(tx, stored.request.id).await?.ok_or(DispatchError::NotFound)?;
                return Err(DispatchError::Stale(Box::new(present)));
            }
        }
        Ok(())
    }

    /// Writes everything collected so far and forgets it; hints stay for after the commit.
    ///
    /// # Errors
    /// [`DispatchError::Stale`] when a changed request has a newer version; any store error. The caller rolls back.
    pub async fn flush(&mut self, tx: &Tx, now: Instant, wall: Instant) -> Result<(), DispatchError> {
        residents::insert(tx, &std::mem::take(&mut self.residents)).await?;
        let talks: Vec<Conversation> = std::mem::take(&mut self.conversations).into_values().collect();
        conversations::upsert(tx, &talks).await?;
        let created = std::mem::take(&mut self.created);
        requests::insert(tx, &created).await?;
        self.after.requests.extend(created.iter().map(|s| s.request.id));
        self.write_changed(tx).await?;
        journal::append(tx, &std::mem::take(&mut self.journal)).await?;
        let clocks: Vec<Timer> = std::mem::take(&mut self.timers).into_values().collect();
        timers::upsert(tx, &clocks).await?;
        for t in &clocks {
            if t.state == TimerState::Running {
                self.after.schedule.push((t.id, t.due_at));
            } else {
                self.after.forget.push(t.id);
            }
        }
        messages::insert(tx, &std::mem::take(&mut self.messages)).await?;
        attachments::insert(tx, &std::mem::take(&mut self.attachments), wall).await?;
        messages::set_places(tx, &std::mem::take(&mut self.places)).await?;
        let out = std::mem::take(&mut self.outbox);
        self.after.outbox |= !out.is_empty();
        outbox::insert(tx, &out, now, wall).await?;
        Ok(())
    }
}
