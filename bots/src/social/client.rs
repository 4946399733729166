//! Sending direct messages, answering under posts in public and in private, and downloading files.
//!
//! A chat is one of three things: the person's scoped id is a direct message, `comment:{id}` an answer in public, `private:{id}` the one private
//! message that a comment allows. The token names the account, so calls go to `me`; a page's token and an Instagram account's own token both do.

use super::incoming::Platform;
use super::{failure, files, limits, mention};
use crate::channel::{Button, Channel, FetchError, Fetched, Keyboard, Mentioned, Message, OutKind, OutMedia, SendError, Sent, Sink};
use crate::http;
use crate::meta::{CallError, Graph};
use crate::text;
use async_trait::async_trait;
use serde_json::{Value, json};

/// Stands for a handle that the provider did not give.
const NO_HANDLE: &str = "-";

/// One Instagram account or one Facebook page. Cheap to clone; never shows its token.
#[derive(Debug, Clone)]
pub struct SocialChannel {
    platform: Platform,
    /// Meta's number of the account or page.
    account: String,
    graph: Graph,
}

/// Where a message goes.
enum Target<'a> {
    Person(&'a str),
    /// A comment, or a visitor's post.
    Public(&'a str),
    Private(&'a str),
}

impl<'a> Target<'a> {
    fn of(chat: &'a str) -> Result<Self, SendError> {
        let (target, id): (fn(&'a str) -> Self, &str) = match chat.split_once(':') {
            Some(("comment", id)) => (Self::Public, id),
            Some(("private", id)) => (Self::Private, id),
            _ => (Self::Person, chat),
        };
        // It becomes a step of a path.
        let fits = (1..=100).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
        if fits { Ok(target(id)) } else { Err(SendError::Rejected("the chat is not an identifier of this wire".to_owned())) }
    }
}

impl SocialChannel {
    /// A wire of the account with this number; `graph` holds its token.
    #[must_use]
    pub fn new(platform: Platform, account: &str, graph: Graph) -> Self {
        Self { platform, account: account.to_owned(), graph }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value, SendError> {
        self.graph.post(path, body).await.map_err(|error| failure::of(&error))
    }

    /// One message of a thread; the answer's handle.
    async fn say(&self, recipient: &Value, message: Value) -> Result<String, SendError> {
        let body = match self.platform {
            Platform::Instagram => json!({"recipient": recipient, "message": message}),
            Platform::Facebook => json!({"recipient": recipient, "message": message, "messaging_type": "RESPONSE"}),
        };
        let answer = self.post("me/messages", &body).await?;
        Ok(handle(&answer, "message_id"))
    }

    /// Words go out in as many messages as they take, the keys under the last one.
    async fn to_person(&self, person: &str, message: &Message) -> Result<String, SendError> {
        let keys = quick_replies(&message.keyboard)?;
        let recipient = json!({"id": person});
        let mut texts = text::split(&message.text, limits::message(self.platform));
        let last = texts.pop();
        let attachment = match &message.media {
            Some(media) => Some(self.attach(media).await?),
            None if last.is_none() => return Err(SendError::Rejected("there is nothing to say".to_owned())),
            None => None,
        };
        let mut handle = NO_HANDLE.to_owned();
        if let Some(attachment) = attachment {
            handle = self.say(&recipient, json!({"attachment": attachment})).await?;
        }
        for text in texts {
            handle = self.say(&recipient, json!({"text": text})).await?;
        }
        if let Some(text) = last {
            let said = if keys.is_empty() { json!({"text": text}) } else { json!({"text": text, "quick_replies": keys}) };
            handle = self.say(&recipient, said).await?;
        }
        Ok(handle)
    }

    /// Puts a file down at the provider and names it as an attachment.
    async fn attach(&self, media: &OutMedia) -> Result<Value, SendError> {
        if self.platform == Platform::Instagram {
            return Err(SendError::Rejected("this wire takes no files".to_owned()));
        }
        let kind = match media.kind {
            OutKind::Photo => "image",
            OutKind::Audio => "audio",
            OutKind::Video => "video",
            OutKind::Document => "file",
        };
        let message = json!({"attachment": {"type": kind, "payload": {"is_reusable": false}}}).to_string();
        let answer = self.graph.upload_as("me/message_attachments", &[("message", &message)], "filedata", media).await;
        let answer = answer.map_err(|error| failure::of(&error))?;
        match answer.get("attachment_id").and_then(Value::as_str) {
            Some(id) => Ok(json!({"type": kind, "payload": {"attachment_id": id}})),
            None => Err(failure::of(&CallError::Unreadable)),
        }
    }

    /// One private message to the author of a comment: it may not be divided, and has no keys.
    async fn in_private(&self, comment: &str, message: &Message) -> Result<String, SendError> {
        if self.platform == Platform::Instagram && mention::parts(comment).is_some() {
            return Err(SendError::Rejected("under a post of another account nobody is answered in private".to_owned()));
        }
        // Numbers of posts begin with their page's number.
        let is_post = self.platform == Platform::Facebook && comment.strip_prefix(&self.account).is_some_and(|rest| rest.starts_with('_'));
        let recipient = if is_post { json!({"post_id": comment}) } else { json!({"comment_id": comment}) };
        let text = words(message, limits::message(self.platform))?;
        self.say(&recipient, json!({"text": text})).await
    }

    async fn in_public(&self, comment: &str, message: &Message) -> Result<String, SendError> {
        let edge = match self.platform {
            Platform::Instagram => "replies",
            Platform::Facebook => "comments",
        };
        let text = words(message, limits::comment(self.platform))?;
        let named = mention::parts(comment).filter(|_| self.platform == Platform::Instagram);
        let answer = match named {
            Some((media, under)) => self.post(&format!("{}/mentions", self.account), &mention::answer(media, under, &text)).await?,
            None => self.post(&format!("{comment}/{edge}"), &json!({"message": text})).await?,
        };
        Ok(handle(&answer, "id"))
    }
}

#[async_trait]
impl Channel for SocialChannel {
    fn name(&self) -> &'static str {
        self.platform.as_str()
    }

    async fn send(&self, chat: &str, message: &Message) -> Result<Sent, SendError> {
        let target = Target::of(chat)?;
        if message.template.is_some() {
            return Err(SendError::TemplateRefused("this wire has no templates".to_owned()));
        }
        let provider_id = match target {
            Target::Person(id) => self.to_person(id, message).await?,
            Target::Public(id) => self.in_public(id, message).await?,
            Target::Private(id) => self.in_private(id, message).await?,
        };
        Ok(Sent { provider_id })
    }

    /// `file_id` is the address that came with the message; the provider lets it expire.
    async fn fetch(&self, file_id: &str, limit: u64, into: &mut Sink<'_>) -> Result<Fetched, FetchError> {
        http::download(files::open(&self.graph, file_id).await?, limit, into).await
    }

    /// Keys need no acknowledgement here.
    async fn acknowledge(&self, _ack: &str) -> Result<(), SendError> {
        Ok(())
    }

    async fn healthy(&self) -> bool {
        self.graph.get("me", &[("fields", "id")]).await.is_ok()
    }

    async fn mentioned(&self, media: &str, comment: Option<&str>) -> Result<Mentioned, FetchError> {
        match self.platform {
            Platform::Instagram => mention::ask(&self.graph, &self.account, media, comment).await,
            Platform::Facebook => Err(FetchError::Gone),
        }
    }

    async fn seen(&self, chat: &str, _message_ref: &str) -> Result<(), SendError> {
        let Target::Person(person) = Target::of(chat)? else { return Ok(()) };
        for action in ["mark_seen", "typing_on"] {
            self.post("me/messages", &json!({"recipient": {"id": person}, "sender_action": action})).await?;
        }
        Ok(())
    }
}

fn handle(answer: &Value, key: &str) -> String {
    answer.get(key).and_then(Value::as_str).unwrap_or(NO_HANDLE).to_owned()
}

/// Words alone, cut to one message.
fn words(message: &Message, limit: text::Limit) -> Result<String, SendError> {
    let text = message.text.trim();
    if message.media.is_some() || text.is_empty() {
        return Err(SendError::Rejected("only words can stand here".to_owned()));
    }
    Ok(text::fit(text, limit))
}

fn quick_replies(keyboard: &Keyboard) -> Result<Vec<Value>, SendError> {
    let key = |button: &Button| {
        if !(1..=limits::LONGEST_DATA).contains(&button.data.len()) {
            return Err(SendError::Rejected("a button's data is empty or too long".to_owned()));
        }
        Ok(json!({"content_type": "text", "title": text::fit(&button.label, limits::LABEL), "payload": button.data}))
    };
    match keyboard {
        Keyboard::None | Keyboard::Remove => Ok(Vec::new()),
        Keyboard::Inline(rows) => {
            let keys = rows.iter().flatten().map(key).collect::<Result<Vec<_>, _>>()?;
            if keys.len() > limits::MOST_KEYS {
                return Err(SendError::Rejected(format!("{} buttons where {} fit", keys.len(), limits::MOST_KEYS)));
            }
            Ok(keys)
        }
        // The wire cannot ask for a place; it can be told in words.
        Keyboard::RequestLocation { skip, .. } => skip.iter().map(key).collect(),
        // The number stands on the key itself, as the person's profile has it; the wire shows no label of ours.
        Keyboard::RequestContact { .. } => Ok(vec![json!({"content_type": "user_phone_number"})]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chats_are_told_apart() {
        assert!(matches!(Target::of("17841"), Ok(Target::Person("17841"))));
        assert!(matches!(Target::of("comment:1_2"), Ok(Target::Public("1_2"))));
        assert!(matches!(Target::of("private:1_2"), Ok(Target::Private("1_2"))));
        for bad in ["", "comment:", "private:", "comment:../me", "a/b", "other:1", "1?x=y", "comment:1:2", "а", &"7".repeat(101)] {
            assert!(Target::of(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn keys_are_bounded() {
        let many = |n: usize| Keyboard::Inline((0..n).map(|i| vec![Button::new(format!("{i}"), format!("d{i}"))]).collect());
        assert_eq!(quick_replies(&many(13)).unwrap().len(), 13);
        assert!(quick_replies(&many(14)).is_err());
        assert!(quick_replies(&Keyboard::Inline(vec![vec![Button::new("x", "")]])).is_err());
        let long = Keyboard::Inline(vec![vec![Button::new("Басқа мекенжайды көрсету керек", "d")]]);
        assert_eq!(quick_replies(&long).unwrap()[0]["title"], "Басқа мекенжайды кө…");
    }
}
