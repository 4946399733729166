//! Forgetting a person: words, phones, names, addresses and files go; the journal stays whole.

use super::{Core, DispatchError};
use crate::domain::inbound::ChannelKind;
use crate::domain::{Lang, ResidentId};
use crate::store::conversations::Conversation;
use crate::store::{
    Bulk, StoreError, attachments, callbacks, calls, conversations, houses, messages, outbox, raw_events, requests, residents, tokens,
};

/// Erases everything personal of a resident. Returns keys of stored files, whose bytes the caller deletes after the commit.
///
/// # Errors
/// The store's; then nothing was erased.
pub async fn resident(core: &Core, id: ResidentId) -> Result<Vec<String>, DispatchError> {
    let now = core.now();
    let tx = core.db.begin().await?;
    let mut files = Vec::new();
    let mut before = None;
    loop {
        let page = requests::of_resident(&tx, id, before, 200).await?;
        let Some(last) = page.last() else { break };
        before = Some((last.request.received_at, last.request.id));
        for s in &page {
            messages::erase_request(&tx, s.request.id).await?;
            houses::erase(&tx, s.request.id).await?;
            outbox::erase_request(&tx, s.request.id).await?;
            files.extend(attachments::erase_request(&tx, s.request.id).await?);
        }
    }
    let talks = conversations::of_resident(&tx, id).await?;
    for talk in &talks {
        messages::erase_conversation(&tx, talk.id).await?;
        outbox::erase(&tx, talk).await?;
        raw_events::erase(&tx, &super::intake::conversation_key(talk.channel, &talk.account, &talk.chat)).await?;
    }
    // Drafts of the dialogue hold words too.
    let blank: Vec<Conversation> = talks.into_iter().map(|t| Conversation { state: "{}".into(), silence_at: None, lang: Lang::Kk, ..t }).collect();
    let mut bulk = Bulk::on(&tx);
    conversations::upsert(&mut bulk, &blank)?;
    bulk.run(&tx).await?;
    if let Some(phone) = residents::load(&tx, id).await?.and_then(|r| r.phone) {
        outbox::erase_address(&tx, ChannelKind::Sms.as_str(), phone.e164()).await?;
        let spoke = calls::erase(&tx, &phone).await?;
        calls::records::erase(&tx, &spoke).await?;
        callbacks::erase(&tx, &phone, now).await?;
    }
    residents::erase(&tx, id, now).await?;
    tokens::revoke_all(&tx, id.0).await?;
    tx.commit().await.map_err(StoreError::from)?;
    Ok(files)
}
