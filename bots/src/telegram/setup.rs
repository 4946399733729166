//! The webhook and the bot's own name: calls made once at start or from the command line.

use super::ALLOWED_UPDATES;
use super::client::TelegramChannel;
use super::failure;
use crate::channel::SendError;
use crate::signature::acceptable_secret;
use teloxide::payloads::{DeleteWebhookSetters, SetWebhookSetters};
use teloxide::requests::Requester;
use teloxide::types::AllowedUpdate;
use url::Url;

/// What Telegram says about our webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookState {
    pub set: bool,
    /// Updates that wait to be delivered.
    pub pending: u32,
    /// When a delivery last failed.
    pub last_error_at: Option<chrono::DateTime<chrono::Utc>>,
}

impl TelegramChannel {
    /// Asks for updates to be posted to `url`, each call carrying `secret` in [`crate::signature::TELEGRAM_HEADER`]. Waiting updates are kept.
    ///
    /// # Errors
    /// [`SendError::Rejected`] for an address or a secret that Telegram will not take; others as for sending.
    pub async fn set_webhook(&self, url: Url, secret: &str) -> Result<(), SendError> {
        if !acceptable_secret(secret) {
            return Err(SendError::Rejected("the webhook secret needs 1 to 256 Latin letters, digits, _ or -".to_owned()));
        }
        let call = self.bot().set_webhook(url).secret_token(secret.to_owned()).allowed_updates(allowed());
        self.within(call.into_future()).await?.map(drop).map_err(|error| failure::of_request(&error))
    }

    /// Takes the webhook away, so that polling works. Waiting updates are kept.
    ///
    /// # Errors
    /// As for sending.
    pub async fn delete_webhook(&self) -> Result<(), SendError> {
        let call = self.bot().delete_webhook().drop_pending_updates(false);
        self.within(call.into_future()).await?.map(drop).map_err(|error| failure::of_request(&error))
    }

    /// How deliveries go. The address and Telegram's error text are left out: they may hold more than a log should.
    ///
    /// # Errors
    /// As for sending.
    pub async fn webhook_state(&self) -> Result<WebhookState, SendError> {
        let info = self.within(self.bot().get_webhook_info().into_future()).await?.map_err(|error| failure::of_request(&error))?;
        Ok(WebhookState { set: info.url.is_some(), pending: info.pending_update_count, last_error_at: info.last_error_date })
    }

    /// The bot's user name, without `@`.
    ///
    /// # Errors
    /// As for sending.
    pub async fn bot_name(&self) -> Result<String, SendError> {
        let me = self.within(self.bot().get_me().into_future()).await?.map_err(|error| failure::of_request(&error))?;
        Ok(me.username().to_owned())
    }
}

/// [`ALLOWED_UPDATES`] in teloxide's words.
fn allowed() -> Vec<AllowedUpdate> {
    ALLOWED_UPDATES.iter().filter_map(|name| serde_json::from_value((*name).into()).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_update_we_read_is_asked_for() {
        let words: Vec<String> = allowed().iter().map(|kind| serde_json::from_value(serde_json::to_value(kind).unwrap()).unwrap()).collect();
        assert_eq!(words, ALLOWED_UPDATES);
    }
}
