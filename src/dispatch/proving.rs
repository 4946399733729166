//! A resident proves from a chat that a number is theirs: a code goes there as a short message and comes back in the chat.

use super::conversation::Turn;
use super::{DispatchError, identities, secrets};
use crate::domain::identity::Proof;
use crate::domain::inbound::ChannelKind;
use crate::domain::outgoing::{Body, Condition, Keyboard, Outgoing, Params, Rank};
use crate::domain::phone::Phone;
use crate::store::{codes, rates};
use chrono::Duration;
use subtle::ConstantTimeEq;

/// Codes that one chat may ask for in an hour: each costs a message to somebody who perhaps never asked.
const PER_CHAT_PER_HOUR: i32 = 3;

impl Turn<'_> {
    /// What a code is kept under: it is worth nothing in another chat.
    fn proof_of(&self, phone: &Phone) -> String {
        secrets::sha256(&["join", &self.talk.id.to_string(), phone.e164()])
    }

    /// Sends a code. Says nothing about whether the number is known to us.
    pub(super) async fn send_code(&mut self, phone: &Phone) -> Result<(), DispatchError> {
        let (wall, hour, s) = (self.core.wall(), Duration::hours(1), &self.core.settings);
        let by_chat = secrets::sha256(&["join-chat", self.talk.channel.as_str(), &self.talk.account, &self.talk.chat]);
        let by_phone = secrets::sha256(&["otp-phone", phone.e164()]);
        let allowed = rates::hit(self.tx, &by_chat, hour, PER_CHAT_PER_HOUR, wall).await?
            && rates::hit(self.tx, &by_phone, hour, s.otp_per_phone_per_hour, wall).await?;
        let account = self.core.account_of(ChannelKind::Sms).filter(|_| allowed);
        let Some(account) = account else {
            self.reply("contact.limited", Params::new(), Keyboard::None);
            return Ok(());
        };
        let (code, subject) = (secrets::code(), self.proof_of(phone));
        let hash = secrets::sha256(&[&subject, &code]);
        codes::insert(self.tx, codes::purpose::JOIN, &subject, &hash, wall, wall + Duration::seconds(s.otp_ttl_secs)).await?;
        self.fx.outbox.push(Outgoing {
            channel: ChannelKind::Sms,
            account,
            chat: phone.e164().to_owned(),
            lang: self.talk.lang,
            conversation: None,
            request: None,
            body: Body::Template { key: "otp.join".into(), params: Params::from([("code".to_owned(), code)]) },
            keyboard: Keyboard::None,
            rank: Rank::Normal,
            condition: Condition::Always,
            dedupe: None,
        });
        self.reply("contact.code_sent", Params::new(), Keyboard::None);
        Ok(())
    }

    /// True when the code is the one that was sent; the chat is then joined with whatever else is the number's owner's.
    pub(super) async fn prove_code(&mut self, phone: &Phone, code: &str) -> Result<bool, DispatchError> {
        let (wall, subject) = (self.core.wall(), self.proof_of(phone));
        let row = codes::newest(self.tx, codes::purpose::JOIN, &subject, wall).await?;
        let given = secrets::sha256(&[&subject, code]);
        let right = match &row {
            // The try is counted before it is known whether it was right.
            Some(row) => {
                codes::count_try(self.tx, row.id, self.core.settings.otp_attempts).await?
                    && bool::from(given.as_bytes().ct_eq(row.code_hash.as_bytes()))
                    && codes::spend(self.tx, row.id, wall).await?
            }
            None => false,
        };
        if right {
            self.settle().await?;
            identities::proved(self.core, self.tx, self.fx, self.talk, phone, Proof::Code, self.now).await?;
        }
        self.reply(if right { "contact.saved" } else { "contact.code_bad" }, Params::new(), Keyboard::None);
        Ok(right)
    }
}
