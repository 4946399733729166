//! Forgetting a person: words, phones, names, addresses, voices and files go; the journal stays whole.
//!
//! Staff's reasons in the access log stay: it is the account of who looked, and it is kept for those who were looked at.

use super::{Core, DispatchError, app_session};
use crate::domain::inbound::ChannelKind;
use crate::domain::phone::Phone;
use crate::domain::{Instant, Lang, ResidentId};
use crate::store::conversations::Conversation;
use crate::store::{
    Bulk, StoreError, Tx, attachments, callbacks, calls, conversations, devices, doomed, drafts, houses, idempotency, messages, outbox, raw_events,
    requests, residents, search, social, tokens,
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
    let now = core.now();
    let tx = core.db.begin().await?;
    let mut out = Erased::default();
    let mut before = None;
    loop {
        let page = requests::of_resident(&tx, id, before, 200).await?;
        let Some(last) = page.last() else { break };
        before = Some((last.request.received_at, last.request.id));
        for s in &page {
            messages::erase_request(&tx, s.request.id).await?;
            houses::erase(&tx, s.request.id).await?;
            // After the words themselves: whoever was indexing them has finished by then.
            search::erase(&tx, s.request.id).await?;
            outbox::erase_request(&tx, s.request.id).await?;
            out.files.extend(attachments::erase_request(&tx, s.request.id).await?);
        }
    }
    let talks = conversations::of_resident(&tx, id).await?;
    for talk in &talks {
        messages::erase_conversation(&tx, talk.id).await?;
        outbox::erase(&tx, talk).await?;
        social::erase(&tx, talk.channel, &talk.account, &talk.chat).await?;
        raw_events::erase(&tx, &super::intake::conversation_key(talk.channel, &talk.account, &talk.chat)).await?;
    }
    let ids: Vec<_> = talks.iter().map(|t| t.id).collect();
    out.files.extend(attachments::erase_person(&tx, id, &ids).await?);
    // Drafts of the dialogue hold words too.
    let blank: Vec<Conversation> =
        talks.into_iter().map(|t| Conversation { state: "{}".into(), silence_at: None, lang: Lang::Kk, proved_phone: None, ..t }).collect();
    let mut bulk = Bulk::on(&tx);
    conversations::upsert(&mut bulk, &blank)?;
    bulk.run(&tx).await?;
    if let Some(phone) = residents::load(&tx, id).await?.and_then(|r| r.phone.or(r.claimed)) {
        out.recordings = behind_phone(&tx, &phone, now).await?;
        residents::erase_claims(&tx, &phone).await?;
    }
    for device in devices::erase(&tx, id).await? {
        outbox::erase_address(&tx, ChannelKind::Push.as_str(), &device.to_string()).await?;
    }
    idempotency::erase(&tx, &super::resident_desk::scope_of(id)).await?;
    residents::erase(&tx, id, now).await?;
    tokens::revoke_all(&tx, id.0).await?;
    doomed::add(&tx, &out.files, core.wall()).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(out)
}

/// What is found by the phone alone: short messages, codes, calls and who was to be called back, forms of operators. Gives the keys of recordings.
async fn behind_phone(tx: &Tx, phone: &Phone, now: Instant) -> Result<Vec<String>, StoreError> {
    outbox::erase_address(tx, ChannelKind::Sms.as_str(), phone.e164()).await?;
    app_session::forget_codes(tx, phone).await?;
    let spoke = calls::erase(tx, phone).await?;
    let recordings = calls::take_recordings(tx, &spoke).await?;
    calls::records::erase(tx, &spoke).await?;
    calls::events::erase(tx, phone).await?;
    callbacks::erase(tx, phone, now).await?;
    drafts::erase(tx, phone).await?;
    Ok(recordings)
}
