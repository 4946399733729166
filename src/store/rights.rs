//! Everything that is held about one resident, and tickets for handing it over. Only what is proved to be theirs: a number that somebody merely said
//! leads nowhere here.

use super::db::Conn;
use super::entity::{
    access_log, attachment, call, call_link, callback_attempt, callback_task, device, message, outbox, raw_event, request, request_house,
    request_place, resident, resident_join, rights_export, social_comment, token,
};
use super::error::StoreError;
use super::{consents, conversations, journal};
use crate::domain::{Instant, RequestId, RequestNumber, ResidentId, StaffId};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, Condition, EntityTrait, Order, QueryFilter, QueryOrder, QuerySelect};
use serde_json::{Value, json};
use uuid::Uuid;

pub use super::entity::rights_export::Model as Ticket;

/// A file that is held: what it is called in an export, and its key in the media store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldFile {
    pub name: String,
    pub key: String,
}

/// What is held.
#[derive(Debug, Clone, Default)]
pub struct Held {
    pub data: Value,
    pub files: Vec<HeldFile>,
    /// Keys below the folder of recordings.
    pub recordings: Vec<HeldFile>,
}

/// Rows of one page of requests.
const PAGE: u64 = 200;

/// Notes a ticket.
///
/// # Errors
/// [`StoreError`].
pub async fn issue(c: &impl Conn, t: &Ticket) -> Result<(), StoreError> {
    let row = rights_export::ActiveModel {
        id: Set(t.id),
        resident_id: Set(t.resident_id),
        staff_id: Set(t.staff_id),
        reason: Set(t.reason.clone()),
        made_at: Set(t.made_at),
        ends_at: Set(t.ends_at),
        taken_at: Set(None),
    };
    rights_export::Entity::insert(row).exec_without_returning(c).await?;
    Ok(())
}

/// Uses a ticket up: only once, only in time, only by whom it was made for. None: it opens nothing.
///
/// # Errors
/// [`StoreError`].
pub async fn redeem(c: &impl Conn, id: Uuid, staff: StaffId, wall: Instant) -> Result<Option<Ticket>, StoreError> {
    use rights_export::Column as T;
    let taken = rights_export::Entity::update_many()
        .col_expr(T::TakenAt, Expr::value(wall))
        .filter(T::Id.eq(id))
        .filter(T::StaffId.eq(staff.0))
        .filter(T::TakenAt.is_null())
        .filter(T::EndsAt.gt(wall))
        .exec(c)
        .await?;
    if taken.rows_affected == 0 {
        return Ok(None);
    }
    Ok(rights_export::Entity::find_by_id(id).one(c).await?)
}

fn when(at: Instant) -> Value {
    json!(at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
}

fn when_any(at: Option<Instant>) -> Value {
    at.map_or(Value::Null, when)
}

/// Everything about a resident; none when there never was one.
///
/// # Errors
/// [`StoreError`].
pub async fn held(c: &impl Conn, id: ResidentId) -> Result<Option<Held>, StoreError> {
    let Some(who) = resident::Entity::find_by_id(id.0).one(c).await? else { return Ok(None) };
    let mut held = Held::default();
    let mut requests = Vec::new();
    let mut after: Option<(Instant, Uuid)> = None;
    loop {
        use request::Column as R;
        let mut q = request::Entity::find().filter(R::ResidentId.eq(id.0));
        if let Some((at, last)) = after {
            let later = R::ReceivedAt.eq(at).and(R::Id.gt(last));
            q = q.filter(Condition::any().add(R::ReceivedAt.gt(at)).add(later));
        }
        let page = q.order_by(R::ReceivedAt, Order::Asc).order_by(R::Id, Order::Asc).limit(PAGE).all(c).await?;
        let Some(last) = page.last() else { break };
        after = Some((last.received_at, last.id));
        for r in page {
            requests.push(of_request(c, &r, &mut held).await?);
        }
    }
    let mut chats = Vec::new();
    let mut comments = Vec::new();
    for talk in conversations::of_resident(c, id).await? {
        let key = format!("{}:{}:{}", talk.channel, talk.account, talk.chat);
        let events = raw_event::Entity::find()
            .filter(raw_event::Column::ConversationKey.eq(key.as_str()))
            .order_by(raw_event::Column::Id, Order::Asc)
            .all(c)
            .await?;
        let beside = message::Entity::find()
            .filter(message::Column::ConversationId.eq(talk.id.0))
            .filter(message::Column::RequestId.is_null())
            .order_by(message::Column::At, Order::Asc)
            .all(c)
            .await?;
        let out = outbox::Entity::find()
            .filter(outbox::Column::Channel.eq(talk.channel.as_str()))
            .filter(outbox::Column::Account.eq(talk.account.as_str()))
            .filter(outbox::Column::Chat.eq(talk.chat.as_str()))
            .order_by(outbox::Column::Id, Order::Asc)
            .all(c)
            .await?;
        use attachment::Column as A;
        let loose = attachment::Entity::find()
            .filter(A::ConversationId.eq(talk.id.0))
            .filter(A::RequestId.is_null())
            .order_by(A::At, Order::Asc)
            .all(c)
            .await?;
        let shown: Vec<Value> = loose.iter().map(|a| file(a, "chat", &mut held)).collect();
        chats.push(json!({
            "channel": talk.channel.as_str(),
            "account": talk.account,
            "address": talk.chat,
            "proved_phone": talk.proved_phone.as_ref().map(|p| p.e164().to_owned()),
            "since": when(talk.created_at),
            "last_message_at": when_any(talk.last_inbound_at),
            "dialogue": serde_json::from_str::<Value>(&talk.state).unwrap_or(Value::Null),
            "messages_beside_requests": beside.iter().map(said).collect::<Vec<_>>(),
            "files_beside_requests": shown,
            "sent": out.iter().map(sent).collect::<Vec<_>>(),
            "received_as_it_came": events.iter().map(came).collect::<Vec<_>>(),
        }));
        use social_comment::Column as S;
        let written = social_comment::Entity::find()
            .filter(S::Channel.eq(talk.channel.as_str()))
            .filter(S::Account.eq(talk.account.as_str()))
            .filter(S::Author.eq(talk.chat.as_str()));
        for row in written.all(c).await? {
            comments.push(json!({"channel": row.channel, "comment": row.comment, "post": row.post, "posted_at": when(row.posted_at), "removed_at": when_any(row.removed_at)}));
        }
    }
    use attachment::Column as A;
    let brought = attachment::Entity::find().filter(A::UploaderId.eq(id.0)).filter(A::RequestId.is_null()).order_by(A::At, Order::Asc).all(c).await?;
    let brought: Vec<Value> = brought.iter().map(|a| file(a, "brought", &mut held)).collect();
    let (calls, callbacks) = match &who.phone {
        Some(phone) => (of_calls(c, phone, &mut held).await?, of_callbacks(c, phone).await?),
        None => (Vec::new(), Vec::new()),
    };
    let texts: Vec<Value> = match &who.phone {
        None => Vec::new(),
        Some(phone) => {
            let q = outbox::Entity::find().filter(outbox::Column::Channel.eq("sms")).filter(outbox::Column::Chat.eq(phone.as_str()));
            q.order_by(outbox::Column::Id, Order::Asc).all(c).await?.iter().map(sent).collect()
        }
    };
    held.data = json!({
        "resident": {
            "id": who.id,
            "phone": who.phone,
            "phone_verified_at": when_any(who.phone_verified_at),
            "claimed_phone": who.claimed_phone,
            "name": who.name,
            "language": who.lang,
            "since": when(who.created_at),
            "erased_at": when_any(who.erased_at),
        },
        "consents": consents::of(c, id).await?.iter().map(|t| json!({
            "text": t.text, "language": t.lang, "channel": t.channel, "told_at": when(t.told_at), "given_at": when_any(t.given_at),
        })).collect::<Vec<_>>(),
        "joins_of_chats": joins(c, id).await?,
        "sign_ins": sign_ins(c, id).await?,
        "devices": devices(c, id).await?,
        "requests": requests,
        "chats": chats,
        "short_messages": texts,
        "comments": comments,
        "files_joined_to_nothing": brought,
        "calls": calls,
        "callbacks": callbacks,
        "looked_at": looked_at(c, id).await?,
    });
    Ok(Some(held))
}

async fn of_request(c: &impl Conn, r: &request::Model, held: &mut Held) -> Result<Value, StoreError> {
    let place = request_place::Entity::find_by_id(r.id).one(c).await?;
    let house = request_house::Entity::find_by_id(r.id).one(c).await?;
    let thread = message::Entity::find().filter(message::Column::RequestId.eq(r.id)).order_by(message::Column::At, Order::Asc).all(c).await?;
    let files = attachment::Entity::find().filter(attachment::Column::RequestId.eq(r.id)).order_by(attachment::Column::At, Order::Asc).all(c).await?;
    let rows = journal::of_request(c, RequestId(r.id)).await?;
    let out = outbox::Entity::find().filter(outbox::Column::RequestId.eq(r.id)).filter(outbox::Column::ConversationId.is_null()).all(c).await?;
    let looks = access_log::Entity::find().filter(access_log::Column::RequestId.eq(r.id)).order_by(access_log::Column::Id, Order::Asc).all(c).await?;
    let number = shown_number(&r.number);
    Ok(json!({
        "number": number,
        "status": r.status,
        "class": r.class,
        "service": r.service,
        "district": r.district,
        "queue": r.queue,
        "hazard": r.hazard,
        "vulnerable": r.vulnerable,
        "channel": r.channel,
        "language": r.lang,
        "reported_at": when(r.reported_at),
        "received_at": when(r.received_at),
        "accepted_at": when_any(r.accepted_at),
        "arrived_at": when_any(r.arrived_at),
        "resolved_at": when_any(r.resolved_at),
        "closed_at": when_any(r.closed_at),
        "rating": r.rating,
        "place": place.map(|p| json!({"address": p.address, "lat": p.lat, "lon": p.lon})),
        "house": house.map(|h| h.house),
        "thread": thread.iter().map(said).collect::<Vec<_>>(),
        "files": files.iter().map(|a| file(a, &number, held)).collect::<Vec<_>>(),
        "history": rows.iter().map(|j| json!({"at": when(j.at), "by": by(&j.actor), "what": j.kind})).collect::<Vec<_>>(),
        "sent": out.iter().map(sent).collect::<Vec<_>>(),
        "looked_at": looks.iter().map(looked).collect::<Vec<_>>(),
    }))
}

/// A number as people know it.
fn shown_number(digits: &str) -> String {
    RequestNumber::parse(digits).map_or_else(|_| digits.to_owned(), |n| n.to_string())
}

/// Members of staff are named by what they are: their own data belong to them.
fn by(actor: &str) -> &str {
    actor.split(':').next().unwrap_or_default()
}

fn said(m: &message::Model) -> Value {
    json!({"at": when(m.at), "direction": m.direction, "by": by(&m.author), "text": m.text, "taken_back_at": when_any(m.unsent_at)})
}

fn sent(o: &outbox::Model) -> Value {
    json!({
        "channel": o.channel, "template": o.template, "text": o.sent_text, "status": o.status, "created_at": when(o.created_at), "sent_at": when_any(o.sent_at),
        "delivered_at": when_any(o.delivered_at), "read_at": when_any(o.read_at),
    })
}

/// A body that is no text is told by its size.
fn came(e: &raw_event::Model) -> Value {
    let body =
        String::from_utf8(e.body.clone()).map_or_else(|_| json!({"bytes": e.body.len()}), |t| serde_json::from_str(&t).unwrap_or(Value::String(t)));
    json!({"at": when(e.received_at), "body": body})
}

fn looked(l: &access_log::Model) -> Value {
    json!({"at": when(l.at), "by": by(&l.actor), "what": l.what, "reason": l.reason})
}

fn file(a: &attachment::Model, of: &str, held: &mut Held) -> Value {
    let kept = a.store_key.clone().filter(|_| a.status != "arriving" && a.status != "erased");
    let name = kept.map(|key| {
        let name = format!("files/{of}-{:03}-{}.{}", held.files.len() + 1, a.kind, ending(a.mime.as_deref()));
        held.files.push(HeldFile { name: name.clone(), key });
        name
    });
    json!({"at": when(a.at), "kind": a.kind, "type": a.mime, "size": a.size, "state": a.status, "file": name})
}

fn ending(mime: Option<&str>) -> &'static str {
    match mime {
        Some("image/jpeg") => "jpg",
        Some("image/png") => "png",
        Some("image/webp") => "webp",
        Some("audio/ogg") => "ogg",
        Some("audio/mpeg") => "mp3",
        Some("video/mp4") => "mp4",
        Some("application/pdf") => "pdf",
        _ => "bin",
    }
}

async fn of_calls(c: &impl Conn, phone: &str, held: &mut Held) -> Result<Vec<Value>, StoreError> {
    let rows = call::Entity::find().filter(call::Column::Phone.eq(phone)).order_by(call::Column::StartedAt, Order::Asc).all(c).await?;
    let mut out = Vec::new();
    for r in rows {
        let about =
            call_link::Entity::find().filter(call_link::Column::CallId.eq(r.id)).filter(call_link::Column::RemovedAt.is_null()).all(c).await?;
        let ids: Vec<Uuid> = about.iter().map(|l| l.request_id).collect();
        use request::Column as R;
        let numbers: Vec<String> = match ids.is_empty() {
            true => Vec::new(),
            false => request::Entity::find().select_only().column(R::Number).filter(R::Id.is_in(ids)).into_tuple().all(c).await?,
        };
        let sound = r.recording.map(|key| {
            let kind = key.rsplit_once('.').map_or("wav", |(_, e)| e).to_ascii_lowercase();
            let name = format!("recordings/{:03}.{kind}", held.recordings.len() + 1);
            held.recordings.push(HeldFile { name: name.clone(), key });
            name
        });
        out.push(json!({
            "started_at": when(r.started_at), "answered_at": when_any(r.answered_at), "ended_at": when_any(r.ended_at), "direction": r.direction,
            "outcome": r.outcome, "caller_name": r.caller_name, "topic": r.topic, "about": numbers.iter().map(|n| shown_number(n)).collect::<Vec<_>>(), "recording": sound,
        }));
    }
    Ok(out)
}

async fn of_callbacks(c: &impl Conn, phone: &str) -> Result<Vec<Value>, StoreError> {
    use callback_attempt::Column as T;
    let mut out = Vec::new();
    for task in callback_task::Entity::find().filter(callback_task::Column::Phone.eq(phone)).all(c).await? {
        let tries = callback_attempt::Entity::find().filter(T::TaskId.eq(task.id)).order_by(T::Id, Order::Asc).all(c).await?;
        out.push(json!({
            "missed_at": when(task.first_missed_at), "state": task.state, "closed_at": when_any(task.closed_at),
            "attempts": tries.iter().map(|t| json!({"at": when(t.at), "outcome": t.outcome, "note": t.note})).collect::<Vec<_>>(),
        }));
    }
    Ok(out)
}

async fn joins(c: &impl Conn, id: ResidentId) -> Result<Vec<Value>, StoreError> {
    use resident_join::Column as J;
    let rows = resident_join::Entity::find().filter(J::ToResident.eq(id.0)).order_by(J::At, Order::Asc).all(c).await?;
    Ok(rows.iter().map(|j| json!({"at": when(j.at), "proof": j.proof, "undone_at": when_any(j.undone_at)})).collect())
}

async fn sign_ins(c: &impl Conn, id: ResidentId) -> Result<Vec<Value>, StoreError> {
    let rows = token::Entity::find().filter(token::Column::SubjectId.eq(id.0)).order_by(token::Column::CreatedAt, Order::Asc).all(c).await?;
    Ok(rows.iter().map(|t| json!({"at": when(t.created_at), "kind": t.kind, "until": when(t.expires_at)})).collect())
}

async fn devices(c: &impl Conn, id: ResidentId) -> Result<Vec<Value>, StoreError> {
    let rows = device::Entity::find().filter(device::Column::ResidentId.eq(id.0)).all(c).await?;
    Ok(rows.iter().map(|d| json!({"platform": d.platform, "language": d.lang, "since": when(d.created_at), "seen_at": when(d.seen_at)})).collect())
}

/// Who looked at the resident as such; looks at requests stand with the requests.
async fn looked_at(c: &impl Conn, id: ResidentId) -> Result<Vec<Value>, StoreError> {
    let rows = access_log::Entity::find()
        .filter(access_log::Column::Object.eq(format!("resident:{id}")))
        .order_by(access_log::Column::At, Order::Asc)
        .all(c)
        .await?;
    Ok(rows.iter().map(looked).collect())
}

/// How much is held, for a page that shows no content: requests, chats, files, calls.
///
/// # Errors
/// [`StoreError`].
pub async fn amounts(c: &impl Conn, id: ResidentId) -> Result<[usize; 4], StoreError> {
    let Some(h) = held(c, id).await? else { return Ok([0; 4]) };
    let count = |name: &str| h.data.get(name).and_then(Value::as_array).map_or(0, Vec::len);
    Ok([count("requests"), count("chats"), h.files.len(), count("calls")])
}
