//! By which doors a resident can be reached now, and what would become of an operator's words.

use super::Core;
use crate::domain::inbound::ChannelKind;
use crate::domain::reach::{self, Line, Plan};
use crate::domain::request::Request;
use crate::store::conversations::Conversation;
use crate::store::devices::{self, Device};
use crate::store::residents::Resident;
use crate::store::{Conn, StoreError, conversations, residents, wires};

/// The text whose approved template asks a resident to write, because an answer waits.
pub const WAITING: &str = "reply.waiting";

/// The account of push messages.
const PUSH: &str = "main";

/// Everything that is known of the ways to one resident.
#[derive(Debug, Clone)]
pub struct Ways {
    pub resident: Resident,
    /// Chats, the one used last first, then the number for short messages.
    pub lines: Vec<Line>,
}

impl Ways {
    /// The line of a chat.
    #[must_use]
    pub fn of(&self, talk: &Conversation) -> Option<&Line> {
        self.lines.iter().find(|l| l.conversation == Some(talk.id))
    }
}

/// The ways to the resident of a chat. A chat that a member of a crew linked is no way to a resident.
///
/// # Errors
/// [`StoreError`].
pub async fn ways(core: &Core, c: &impl Conn, resident: crate::domain::ResidentId) -> Result<Option<Ways>, StoreError> {
    let Some(resident) = residents::load(c, resident).await? else { return Ok(None) };
    let down: Vec<(String, String)> = wires::all(c).await?.into_iter().filter(|w| !w.up).map(|w| (w.channel, w.account)).collect();
    let is_down =
        |channel: ChannelKind, account: &str| !core.has_wire(channel, account) || down.iter().any(|(c, a)| c == channel.as_str() && a == account);
    let mut lines: Vec<Line> = conversations::of_resident(c, resident.id)
        .await?
        .into_iter()
        .filter(|t| t.staff.is_none() && !reach::closed(&t.chat))
        .map(|t| Line {
            down: is_down(t.channel, &t.account),
            channel: t.channel,
            account: t.account,
            chat: t.chat,
            conversation: Some(t.id),
            lang: t.lang,
            last_inbound_at: t.last_inbound_at,
            blocked: t.blocked_at.is_some(),
        })
        .collect();
    let sms = resident.phone.as_ref().filter(|p| p.takes_sms()).zip(core.account_of(ChannelKind::Sms));
    if let Some((phone, account)) = sms
        && !lines.iter().any(|l| l.channel == ChannelKind::Sms && l.chat == phone.e164())
    {
        lines.push(Line {
            down: is_down(ChannelKind::Sms, &account),
            channel: ChannelKind::Sms,
            account,
            chat: phone.e164().to_owned(),
            conversation: None,
            lang: resident.lang,
            last_inbound_at: None,
            blocked: false,
        });
    }
    for device in telephones(core, c, resident.id).await? {
        lines.push(Line {
            down: is_down(ChannelKind::Push, PUSH),
            channel: ChannelKind::Push,
            account: PUSH.to_owned(),
            chat: device.id.to_string(),
            conversation: None,
            lang: device.lang,
            last_inbound_at: None,
            blocked: false,
        });
    }
    Ok(Some(Ways { resident, lines }))
}

/// Telephones with the application that a resident signed in on, those seen last.
async fn telephones(core: &Core, c: &impl Conn, resident: crate::domain::ResidentId) -> Result<Vec<Device>, StoreError> {
    if !core.settings.push {
        return Ok(Vec::new());
    }
    let mut all = devices::of_resident(c, resident).await?;
    all.truncate(super::push::MOST);
    Ok(all)
}

/// The state of a resident's own door and what an operator's words would do, told before they are typed.
#[derive(Debug, Clone)]
pub struct Outlook {
    pub channel: Option<ChannelKind>,
    /// When the window of the chat closes or has closed, where it has one.
    pub closes_at: Option<crate::domain::Instant>,
    pub plan: Plan,
}

/// What would become of words about this request.
///
/// # Errors
/// [`StoreError`].
pub async fn outlook(core: &Core, c: &impl Conn, r: &Request) -> Result<Outlook, StoreError> {
    let talk = match r.conversation {
        Some(id) => conversations::load(c, id).await?,
        None => None,
    };
    let known = match talk.as_ref().map(|t| t.resident).or(r.resident) {
        Some(id) => ways(core, c, id).await?,
        None => None,
    };
    let Some(ways) = known else { return Ok(Outlook { channel: None, closes_at: None, plan: Plan::Nowhere }) };
    let own = talk.as_ref().and_then(|t| ways.of(t));
    let nudge = own.is_some_and(|l| core.book.templates.find(l.channel, WAITING).is_some());
    let policy = &core.settings.reach;
    Ok(Outlook {
        channel: own.map(|l| l.channel),
        closes_at: own.and_then(|l| policy.closes_at(l)),
        plan: reach::plan(policy, own, &ways.lines, nudge, ways.resident.phone.is_some(), core.now()),
    })
}
