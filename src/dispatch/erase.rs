//! Forgetting a person: words, phones, names, addresses, voices and files go; the journal stays whole.
//!
//! What is found by a number goes only when the number was proved to be this person's. By a number that was only said, nothing is looked for: it may be
//! somebody else's. Then what goes is what hangs on the person's own requests and chats.
//!
//! Staff's reasons in the access log stay: it is the account of who looked, and it is kept for those who were looked at.

use super::{Core, DispatchError, app_session, secrets};
use crate::domain::inbound::ChannelKind;
use crate::domain::phone::Phone;
use crate::domain::reach::GONE;
use crate::domain::{CallId, Instant, Lang, RequestId, ResidentId};
use crate::store::calls::links;
use crate::store::conversations::Conversation;
use crate::store::{
    Bulk, StoreError, Tx, attachments, callbacks, calls, conversations, devices, doomed, drafts, houses, idempotency, letters, messages, outbox,
    raw_events, requests, residents, search, social, tokens,
};

/// What is left to be deleted outside of the database.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Erased {
    /// Keys in the media store. They are noted as doomed too: should the process die now, the housekeeper deletes them.
    pub files: Vec<String>,
    /// Keys below the folder of recordings.
    pub recordings: Vec<String>,
}

/// Erases everything personal of a resident.
///
/// # Errors
/// The store's; then nothing was erased.
pub async fn resident(core: &Core, id: ResidentId) -> Result<Erased, DispatchError> {
    let tx = core.db.begin().await?;
    let out = within(core, &tx, id).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(out)
}

/// The same in the caller's transaction, with whatever must stand beside it.
///
/// # Errors
/// The store's.
pub async fn within(core: &Core, tx: &Tx, id: ResidentId) -> Result<Erased, DispatchError> {
    let now = core.now();
    let mut out = Erased::default();
    let mut own: Vec<RequestId> = Vec::new();
    let mut before = None;
    loop {
        let page = requests::of_resident(tx, id, before, 200).await?;
        let Some(last) = page.last() else { break };
        before = Some((last.request.received_at, last.request.id));
        own.extend(page.iter().map(|s| s.request.id));
        for s in &page {
            messages::erase_request(tx, s.request.id).await?;
            houses::erase(tx, s.request.id).await?;
            // After the words themselves: whoever was indexing them has finished by then.
            search::erase(tx, s.request.id).await?;
            outbox::erase_request(tx, s.request.id).await?;
            out.files.extend(attachments::erase_request(tx, s.request.id).await?);
        }
    }
    let talks = conversations::of_resident(tx, id).await?;
    for talk in &talks {
        messages::erase_conversation(tx, talk.id).await?;
        outbox::erase(tx, talk).await?;
        social::erase(tx, talk.channel, &talk.account, &talk.chat).await?;
        forget_chat(core, tx, talk).await?;
        if talk.channel == ChannelKind::Mail {
            letters::erase(tx, &talk.account, &talk.chat).await?;
            forget_machines(core, tx, talk).await?;
        }
    }
    let ids: Vec<_> = talks.iter().map(|t| t.id).collect();
    out.files.extend(attachments::erase_person(tx, id, &ids).await?);
    // Drafts of the dialogue hold words too.
    let blank: Vec<Conversation> =
        talks.into_iter().map(|t| Conversation { state: "{}".into(), silence_at: None, lang: Lang::Kk, proved_phone: None, ..t }).collect();
    let mut bulk = Bulk::on(tx);
    conversations::upsert(&mut bulk, &blank)?;
    bulk.run(tx).await?;
    out.recordings = behind_requests(tx, &own, now).await?;
    if let Some(phone) = residents::load(tx, id).await?.and_then(|r| r.phone) {
        out.recordings.extend(behind_phone(tx, &phone, now).await?);
        residents::erase_claims(tx, &phone).await?;
    }
    for device in devices::erase(tx, id).await? {
        outbox::erase_address(tx, ChannelKind::Push.as_str(), &device.to_string()).await?;
    }
    idempotency::erase(tx, &super::resident_desk::scope_of(id)).await?;
    residents::erase(tx, id, now).await?;
    tokens::revoke_all(tx, id.0).await?;
    doomed::add(tx, &out.files, core.wall()).await?;
    Ok(out)
}

/// A chat's name is its resident's number, or leads to them: what it was called stands nowhere any more, neither with us nor in what is still to be sent.
/// Whoever writes from there again is somebody new. Names that events were stored under stay, so that one that comes twice is still known.
async fn forget_chat(core: &Core, tx: &Tx, talk: &Conversation) -> Result<(), DispatchError> {
    if talk.chat.starts_with(GONE) {
        return Ok(());
    }
    let key = |chat: &str| super::intake::conversation_key(talk.channel, &talk.account, chat);
    if talk.staff.is_some() {
        // A member of a crew goes on working in this chat.
        raw_events::erase(tx, &key(&talk.chat), &key(&talk.chat)).await?;
        return Ok(());
    }
    let gone = gone(core, talk);
    let mut names = vec![talk.chat.clone()];
    if talk.channel == ChannelKind::Whatsapp {
        // The wire calls one person by two names: by an identifier and by the number that it vouches for.
        names.extend(talk.proved_phone.as_ref().map(|p| p.e164().trim_start_matches('+').to_owned()));
    }
    outbox::rename_chat(tx, talk, &gone).await?;
    for name in &names {
        raw_events::erase(tx, &key(name), &key(&gone)).await?;
        // A short message's sender is only said: what else went to that number may be somebody else's.
        if talk.channel != ChannelKind::Sms {
            outbox::erase_address(tx, talk.channel.as_str(), name).await?;
        }
    }
    conversations::rename(tx, talk, &gone).await?;
    Ok(())
}

/// What machines wrote from the same address: a notice of absence, a receipt. It is a chat of its own, in which nobody ever spoke.
async fn forget_machines(core: &Core, tx: &Tx, talk: &Conversation) -> Result<(), StoreError> {
    let Some((address, _)) = talk.chat.rsplit_once('#').filter(|(address, _)| !address.is_empty()) else { return Ok(()) };
    let key = |chat: &str| super::intake::conversation_key(talk.channel, &talk.account, chat);
    raw_events::erase(tx, &key(address), &key(&gone(core, talk))).await?;
    letters::erase(tx, &talk.account, address).await
}

/// What the chat is called from now on: nobody can tell by it who it was, and no two are alike.
fn gone(core: &Core, talk: &Conversation) -> String {
    let key = hex::encode(core.chain.derive("erased chats"));
    let digest = secrets::sha256(&[&key, &talk.id.to_string(), &talk.chat]);
    format!("{GONE}{}", digest.get(..32).unwrap_or(&digest))
}

/// Calls from which only the person's own requests were taken down, whatever number they came from. Gives the keys of recordings.
async fn behind_requests(tx: &Tx, own: &[RequestId], now: Instant) -> Result<Vec<String>, StoreError> {
    let mut spoke = Vec::new();
    for request in own {
        spoke.extend(links::of_request(tx, *request).await?.into_iter().map(|l| l.call));
    }
    spoke.sort_unstable();
    spoke.dedup();
    // Somebody may have told of a neighbour's trouble in the same call.
    let shared: Vec<CallId> = links::of_calls(tx, &spoke).await?.into_iter().filter(|l| !own.contains(&l.request)).map(|l| l.call).collect();
    spoke.retain(|call| !shared.contains(call));
    calls::forget(tx, &spoke, now).await?;
    let recordings = calls::take_recordings(tx, &spoke).await?;
    calls::records::erase(tx, &spoke).await?;
    Ok(recordings)
}

/// What is found by the phone alone: short messages, codes, calls and who was to be called back, forms of operators. Gives the keys of recordings.
async fn behind_phone(tx: &Tx, phone: &Phone, now: Instant) -> Result<Vec<String>, StoreError> {
    outbox::erase_address(tx, ChannelKind::Sms.as_str(), phone.e164()).await?;
    app_session::forget_codes(tx, phone).await?;
    let spoke = calls::erase(tx, phone, now).await?;
    let recordings = calls::take_recordings(tx, &spoke).await?;
    calls::records::erase(tx, &spoke).await?;
    calls::events::erase(tx, phone).await?;
    callbacks::erase(tx, phone, now).await?;
    drafts::erase(tx, phone).await?;
    Ok(recordings)
}
