//! Kept events put back into the inbox: those that failed too often, and those that could not be read at their door, which are read there once more.
//! What was done stays done, so it is safe to repeat.

use super::mail::MailDoor;
use crate::channels::{meta, sms};
use crate::config::{Channels, Mail};
use crate::dispatch::Core;
use crate::domain::Instant;
use crate::domain::inbound::ChannelKind;
use crate::store::StoreError;
use crate::store::raw_events::{self, NewRawEvent, RawEventRow};

/// Rows looked at together.
const PAGE: u64 = 200;

/// The doors that cut a body into its events.
pub struct Doors {
    meta: Option<meta::Door>,
    sms: Vec<sms::Door>,
    mail: MailDoor,
}

/// What is put back.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which<'a> {
    pub channel: Option<&'a str>,
    /// Received since.
    pub from: Option<Instant>,
    /// Not what could not be read at the door.
    pub only_failed: bool,
}

impl Doors {
    /// The doors as they are configured now, perhaps better than when the bodies came.
    ///
    /// # Errors
    /// A gateway of short messages that cannot be used as described.
    pub fn of(config: &Channels, mail: &Mail) -> Result<Self, sms::BadGateway> {
        Ok(Self { meta: meta::Door::of(config), sms: sms::doors(&config.sms)?.into_values().collect(), mail: MailDoor::of(mail) })
    }

    /// The events of a kept body; empty when it still says nothing.
    fn read(&self, row: &RawEventRow) -> Vec<NewRawEvent> {
        let found = if row.channel == "sms" {
            self.sms.iter().find(|door| door.account() == row.account).map(|door| door.again(&row.body, row.received_at))
        } else {
            self.meta.as_ref().map(|door| door.again(row))
        };
        found.unwrap_or_default().into_iter().filter(|e| e.readable).collect()
    }
}

/// Puts events back; gives how many.
///
/// # Errors
/// When the database does not answer; what was put back until then stays so.
pub async fn put_back(core: &Core, doors: &Doors, which: Which<'_>) -> Result<u64, StoreError> {
    let mut n = raw_events::requeue(core.db.write(), which.channel, which.from, which.only_failed).await?;
    if which.only_failed {
        return Ok(n);
    }
    let mut before = None;
    loop {
        let page = raw_events::list(core.db.read(), raw_events::status::UNREADABLE, before, PAGE).await?;
        let Some(last) = page.last() else { return Ok(n) };
        before = Some(last.id);
        let wanted = |row: &&RawEventRow| {
            let channel = which.channel.is_none_or(|c| c == row.channel);
            channel && which.from.is_none_or(|at| row.received_at >= at) && raw_events::is_cut_at_door(&row.channel)
        };
        for row in page.iter().filter(wanted) {
            if row.channel == ChannelKind::Mail.as_str() {
                n += doors.mail.again(core, row).await?;
                continue;
            }
            let events = doors.read(row);
            if !events.is_empty() {
                let tx = core.db.begin().await?;
                n += raw_events::read_again(&tx, row, events, core.wall()).await?;
                tx.commit().await?;
            }
        }
    }
}
