//! Sending messages and downloading files through the Bot API.
//!
//! teloxide sleeps ten seconds inside a call when the provider answers 5xx. Every call is therefore bounded by [`Timeouts::call`]; with a bound
//! under ten seconds such an answer shows as "no answer in time". Both are [`SendError::Transient`].

use super::failure::{self, Reply};
use super::text;
use crate::channel::{Button, Channel, FetchError, Fetched, Keyboard, Message, SendError, Sent, Sink};
use async_trait::async_trait;
use reqwest::StatusCode;
use std::time::Duration;
use teloxide::payloads::SendMessageSetters;
use teloxide::requests::Requester;
use teloxide::types::{
    ButtonRequest, CallbackQueryId, ChatId, FileId, InlineKeyboardButton, InlineKeyboardMarkup, KeyboardButton, KeyboardMarkup, KeyboardRemove,
    ReplyMarkup,
};
use teloxide::{Bot, RequestError};
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use url::Url;

/// Most bytes of a button's data; Kazakh letters take two each.
const LONGEST_DATA: usize = 64;

/// How long we wait for the provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    pub connect: Duration,
    /// One call from beginning to end, without downloads.
    pub call: Duration,
    /// One file from beginning to end.
    pub download: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), call: Duration::from_secs(15), download: Duration::from_secs(60) }
    }
}

/// Why a client cannot be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ConfigError {
    /// Tokens hold letters, digits, `:`, `_` and `-`.
    #[error("the bot token is empty or holds characters that tokens never hold")]
    Token,
    #[error("the API address is not an http or https address")]
    Url,
    #[error("the HTTP client could not be built")]
    Client,
}

/// One bot. Cheap to clone; never shows its token.
#[derive(Clone)]
pub struct TelegramChannel {
    bot: Bot,
    timeouts: Timeouts,
}

impl std::fmt::Debug for TelegramChannel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TelegramChannel").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

impl TelegramChannel {
    /// A client of the public Bot API, or of another server at `api_url` (its path is kept). Redirects are not followed, because the address
    /// holds the token.
    ///
    /// # Errors
    /// [`ConfigError`] names what is wrong; nothing is sent yet.
    pub fn new(token: &str, api_url: Option<Url>, timeouts: Timeouts) -> Result<Self, ConfigError> {
        if token.is_empty() || !token.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'_' | b'-')) {
            return Err(ConfigError::Token);
        }
        let http = reqwest::Client::builder()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.call)
            .tcp_nodelay(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|_| ConfigError::Client)?;
        let mut bot = Bot::with_client(token, http);
        if let Some(mut url) = api_url {
            if !matches!(url.scheme(), "http" | "https") {
                return Err(ConfigError::Url);
            }
            // teloxide appends to the path and would leave a double slash.
            url.path_segments_mut().map_err(|()| ConfigError::Url)?.pop_if_empty();
            bot = bot.set_api_url(url);
        }
        Ok(Self { bot, timeouts })
    }

    pub(super) const fn bot(&self) -> &Bot {
        &self.bot
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        self.bot.client()
    }

    /// `<api>/<prefix…>/bot<token>/<tail…>`. Holds the token: never show it.
    pub(super) fn address(&self, prefix: Option<&str>, tail: &str) -> Result<Url, ConfigError> {
        let mut url = self.bot.api_url();
        let mut path = url.path_segments_mut().map_err(|()| ConfigError::Url)?;
        path.pop_if_empty().extend(prefix).push(&format!("bot{}", self.bot.token())).extend(tail.split('/'));
        drop(path);
        Ok(url)
    }

    /// Waits for a call, but not longer than agreed.
    pub(super) async fn within<T>(&self, call: impl Future<Output = Result<T, RequestError>>) -> Result<Result<T, RequestError>, SendError> {
        tokio::time::timeout(self.timeouts.call, call).await.map_err(|_| SendError::Transient("no answer in time".to_owned()))
    }

    async fn download(&self, path: &str, limit: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        let address = self.address(Some("file"), path).map_err(|error| FetchError::Transient(error.to_string()))?;
        let late = |error: reqwest::Error| FetchError::Transient(failure::of_network(&error).to_owned());
        let mut response = self.http().get(address).timeout(self.timeouts.download).send().await.map_err(late)?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND | StatusCode::GONE => return Err(FetchError::Gone),
            other => return Err(FetchError::Transient(format!("status {}", other.as_u16()))),
        }
        if response.content_length().is_some_and(|length| length > limit) {
            return Err(FetchError::TooLarge);
        }
        let mut size = 0u64;
        while let Some(chunk) = response.chunk().await.map_err(late)? {
            // The announced length may be missing or wrong, so what really comes is counted.
            size = size.saturating_add(chunk.len() as u64);
            if size > limit {
                return Err(FetchError::TooLarge);
            }
            into.write_all(&chunk).await.map_err(|_| FetchError::Transient("the file cannot be kept".to_owned()))?;
        }
        let said = response.headers().get(reqwest::header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        // Telegram calls every file an octet stream, which says nothing.
        let mime = said.filter(|mime| !mime.starts_with("application/octet-stream")).map(str::to_owned);
        let name = path.rsplit('/').next().filter(|name| !name.is_empty()).map(str::to_owned);
        Ok(Fetched { size, mime, name })
    }
}

#[async_trait]
impl Channel for TelegramChannel {
    fn name(&self) -> &'static str {
        "telegram"
    }

    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        let chat: i64 = chat.parse().map_err(|_| SendError::Rejected("the chat is not a number".to_owned()))?;
        let call = self.bot.send_message(ChatId(chat), text::fit(&message.text));
        let call = match markup(&message.keyboard)? {
            Some(markup) => call.reply_markup(markup),
            None => call,
        };
        let id = match self.within(call.into_future()).await? {
            Ok(sent) => i64::from(sent.id.0),
            Err(error) => sent_anyway(&error).ok_or_else(|| failure::of_request(&error))?,
        };
        Ok(Sent { provider_id: id.to_string() })
    }

    async fn fetch(&self, file_id: &str, limit: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        let asked = self.within(self.bot.get_file(FileId(file_id.to_owned())).into_future()).await;
        let file = match asked {
            Ok(Ok(file)) => file,
            Ok(Err(error)) => return Err(failure::of_fetch(&error)),
            Err(late) => return Err(FetchError::Transient(late.to_string())),
        };
        if super::parse::known_size(&file.meta).is_some_and(|size| size > limit) {
            return Err(FetchError::TooLarge);
        }
        // A local Bot API server gives paths of its own disk; those, and steps upwards, are never followed.
        if file.path.split('/').any(|step| matches!(step, "" | "." | "..")) {
            return Err(FetchError::Gone);
        }
        self.download(&file.path, limit, into).await
    }

    async fn acknowledge(&self, ack: &str) -> Result<(), SendError> {
        match self.within(self.bot.answer_callback_query(CallbackQueryId(ack.to_owned())).into_future()).await? {
            Ok(_) => Ok(()),
            // Too late to be seen by anybody: nothing is left to do.
            Err(error) if failure::is_old_press(&error) => Ok(()),
            Err(error) => Err(failure::of_request(&error)),
        }
    }

    async fn healthy(&self) -> bool {
        matches!(self.within(self.bot.get_me().into_future()).await, Ok(Ok(_)))
    }
}

/// The message's handle, when the provider took it and only teloxide stumbled over the answer.
fn sent_anyway(error: &RequestError) -> Option<i64> {
    let RequestError::InvalidJson { raw, .. } = error else { return None };
    Reply::of(raw)?.sent_message()
}

fn markup(keyboard: &Keyboard) -> Result<Option<ReplyMarkup>, SendError> {
    let asking = |label: &str, request| KeyboardButton::new(label).request(request);
    Ok(Some(match keyboard {
        Keyboard::None => return Ok(None),
        Keyboard::Inline(rows) => {
            if rows.iter().flatten().any(|button| !(1..=LONGEST_DATA).contains(&button.data.len())) {
                return Err(SendError::Rejected("a button's data is empty or longer than 64 bytes".to_owned()));
            }
            let row = |row: &Vec<Button>| row.iter().map(|b| InlineKeyboardButton::callback(b.label.clone(), b.data.clone())).collect::<Vec<_>>();
            ReplyMarkup::InlineKeyboard(InlineKeyboardMarkup::new(rows.iter().map(row)))
        }
        Keyboard::RequestLocation { label, skip } => {
            let mut rows = vec![vec![asking(label, ButtonRequest::Location)]];
            rows.extend(skip.iter().map(|skip| vec![KeyboardButton::new(skip.label.clone())]));
            asking_keyboard(rows)
        }
        Keyboard::RequestContact { label } => asking_keyboard(vec![vec![asking(label, ButtonRequest::Contact)]]),
        Keyboard::Remove => ReplyMarkup::KeyboardRemove(KeyboardRemove::new()),
    }))
}

fn asking_keyboard(rows: Vec<Vec<KeyboardButton>>) -> ReplyMarkup {
    ReplyMarkup::Keyboard(KeyboardMarkup::new(rows).resize_keyboard().one_time_keyboard())
}
