//! All consequences of one transaction, written together in few statements.

use super::DispatchError;
use crate::domain::inbound::{ChannelKind, ReceiptStage};
use crate::domain::outgoing::Outgoing;
use crate::domain::sla::{Books, Timer, TimerChange, TimerState, first_alarm};
use crate::domain::{Class, ConversationId, Instant, Lang, RequestId, ResidentId, ServiceCode, StaffId, TimerId};
use crate::metrics::{Head, Metrics};
use crate::store::alarms::Raised;
use crate::store::attachments::NewAttachment;
use crate::store::conversations::Conversation;
use crate::store::corrections::NewCorrection;
use crate::store::journal::JournalRow;
use crate::store::messages::{NewMessage, PlaceRow};
use crate::store::notices::NewNotice;
use crate::store::requests::Stored;
use crate::store::residents::Resident;
use crate::store::{
    Bulk, Tx, alarms, attachments, consents, conversations, corrections, houses, journal, messages, notices, outbox, raw_events, requests, residents,
    timers, watchers,
};
use std::collections::{BTreeMap, BTreeSet};

/// Something to count once the transaction stands.
#[derive(Debug, Clone)]
pub enum Count {
    Created {
        channel: ChannelKind,
        class: Option<Class>,
        service: Option<ServiceCode>,
    },
    Breach {
        queue: Option<String>,
        stage: &'static str,
    },
    /// A provider told what became of a message.
    Receipt {
        channel: ChannelKind,
        stage: ReceiptStage,
    },
    /// A person changed what triage had thought of this head.
    Correction {
        head: Head,
    },
}

impl Count {
    pub(super) fn tell(&self, metrics: &Metrics) {
        match self {
            Self::Created { channel, class, service } => {
                metrics.request_created(channel.as_str(), class.map_or("unclear", Class::as_str), service.as_ref().map(ServiceCode::as_str))
            }
            Self::Receipt { channel, stage } => metrics.receipt(channel.as_str(), stage.as_str()),
            Self::Correction { head } => metrics.corrected(*head),
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
    /// Requests that state a danger since this transaction: dispatchers are rung.
    pub dangers: BTreeSet<RequestId>,
    pub outbox: bool,
    pub counts: Vec<Count>,
}

/// A text of consent that was put under a message to a resident.
#[derive(Debug, Clone)]
pub struct Told {
    pub resident: ResidentId,
    /// Names the text.
    pub digest: String,
    pub lang: Lang,
    pub text: String,
    pub channel: ChannelKind,
    pub at: Instant,
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
    /// Clocks, each with the time at which its ladder is to be looked at.
    timers: BTreeMap<TimerId, (Timer, Option<Instant>)>,
    pub messages: Vec<NewMessage>,
    pub attachments: Vec<NewAttachment>,
    pub places: Vec<(RequestId, PlaceRow)>,
    /// The words that decided what a new request is.
    pub reasons: Vec<(RequestId, Vec<String>)>,
    pub corrections: Vec<NewCorrection>,
    pub outbox: Vec<Outgoing>,
    pub consents: Vec<Told>,
    pub alarms: Vec<Raised>,
    pub notices: Vec<NewNotice>,
    pub watchers: Vec<(RequestId, StaffId, Instant)>,
    pub after: After,
}

impl Effects {
    /// Takes a change of a clock in.
    pub fn timer(&mut self, books: &Books, change: &TimerChange) {
        let (TimerChange::Start(t) | TimerChange::Update(t)) = change;
        self.timers.insert(t.id, (t.clone(), first_alarm(books, t)));
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
        self.reasons.extend(other.reasons);
        self.corrections.extend(other.corrections);
        self.outbox.extend(other.outbox);
        self.consents.extend(other.consents);
        self.alarms.extend(other.alarms);
        self.notices.extend(other.notices);
        self.watchers.extend(other.watchers);
        self.after.schedule.extend(other.after.schedule);
        self.after.forget.extend(other.after.forget);
        self.after.requests.extend(other.after.requests);
        self.after.dangers.extend(other.after.dangers);
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
        let mut bulk = self.collect(tx, now, wall).await?;
        bulk.run(tx).await?;
        Ok(())
    }

    /// The same, and marks these events done with it.
    ///
    /// # Errors
    /// As [`Effects::flush`]; an internal one when one of the events is no longer waiting: its effects stand, ours must not.
    pub async fn flush_done(&mut self, tx: &Tx, events: &[i64], now: Instant, wall: Instant) -> Result<(), DispatchError> {
        let mut bulk = self.collect(tx, now, wall).await?;
        raw_events::mark_done(&mut bulk, events, wall);
        if bulk.run(tx).await? != events.len() as u64 {
            return Err(DispatchError::Internal("an event was worked on by another".into()));
        }
        Ok(())
    }

    /// Everything as one bulk. Changed requests are written at once: their versions decide whether the rest may be.
    async fn collect(&mut self, tx: &Tx, now: Instant, wall: Instant) -> Result<Bulk, DispatchError> {
        let mut bulk = Bulk::on(tx);
        residents::insert(&mut bulk, &std::mem::take(&mut self.residents))?;
        let talks: Vec<Conversation> = std::mem::take(&mut self.conversations).into_values().collect();
        conversations::upsert(&mut bulk, &talks)?;
        let created = std::mem::take(&mut self.created);
        requests::insert(&mut bulk, &created)?;
        self.after.requests.extend(created.iter().map(|s| s.request.id));
        if !self.changed.is_empty() {
            bulk.run(tx).await?;
            self.write_changed(tx).await?;
        }
        journal::append(&mut bulk, &std::mem::take(&mut self.journal))?;
        let clocks: Vec<(Timer, Option<Instant>)> = std::mem::take(&mut self.timers).into_values().collect();
        timers::upsert(&mut bulk, &clocks)?;
        for (t, _) in &clocks {
            if t.state == TimerState::Running {
                self.after.schedule.push((t.id, t.due_at));
            } else {
                self.after.forget.push(t.id);
            }
        }
        messages::insert(&mut bulk, &std::mem::take(&mut self.messages))?;
        attachments::insert(&mut bulk, &std::mem::take(&mut self.attachments), wall)?;
        let places = std::mem::take(&mut self.places);
        houses::note(&mut bulk, places.iter().filter_map(|(id, p)| Some((*id, p.address.as_deref()?))), now)?;
        messages::set_places(&mut bulk, &places)?;
        messages::set_reasons(&mut bulk, &std::mem::take(&mut self.reasons))?;
        corrections::insert(&mut bulk, &std::mem::take(&mut self.corrections))?;
        let out = std::mem::take(&mut self.outbox);
        self.after.outbox |= !out.is_empty();
        outbox::insert(&mut bulk, &out, now, wall)?;
        let told = std::mem::take(&mut self.consents);
        consents::told(
            &mut bulk,
            told.iter().map(|t| consents::New { resident: t.resident, digest: &t.digest, lang: t.lang, text: &t.text, channel: t.channel, at: t.at }),
        )?;
        alarms::insert(&mut bulk, &std::mem::take(&mut self.alarms))?;
        notices::insert(&mut bulk, &std::mem::take(&mut self.notices))?;
        watchers::insert(&mut bulk, &std::mem::take(&mut self.watchers))?;
        Ok(bulk)
    }
}
