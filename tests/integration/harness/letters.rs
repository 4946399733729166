//! Letters as people and machines write them, and the service's world with a mail server.

use super::smtp::{FakeSmtp, Taken};
use super::world::{Options, World};
use jambyl109::workers::mail::{MailDoor, Taken as Stored};
use std::sync::atomic::{AtomicU32, Ordering};

/// The service's own address.
pub const OWN: &str = "109@akimat.test";

static NEXT: AtomicU32 = AtomicU32::new(1);

/// A letter in the making.
#[derive(Debug, Clone)]
pub struct Letter {
    pub from: String,
    pub id: String,
    pub subject: String,
    pub body: String,
    /// Further header lines, each with its line end.
    pub more: String,
}

impl Letter {
    pub fn of(from: &str, subject: &str, body: &str) -> Self {
        let id = format!("{}.{}@mail.test", NEXT.fetch_add(1, Ordering::SeqCst), uuid::Uuid::new_v4().simple());
        Self { from: from.to_owned(), id, subject: subject.to_owned(), body: body.to_owned(), more: String::new() }
    }

    /// An answer to a letter of ours, with it quoted below.
    pub fn answering(from: &str, to: &Taken, body: &str) -> Self {
        let read = to.read();
        let quoted: String = read.text.lines().map(|l| format!("> {l}\r\n")).collect();
        let body = format!("{body}\r\n\r\n23.11.2026 9:00, Jambyl 109 <{OWN}> пишет:\r\n{quoted}");
        Self::of(from, &format!("Re: {}", read.subject), &body).refers_to(&[read.id.as_deref().unwrap()])
    }

    pub fn refers_to(self, ids: &[&str]) -> Self {
        let chain: Vec<String> = ids.iter().map(|i| format!("<{i}>")).collect();
        let last = chain.last().cloned().unwrap_or_default();
        self.with(&format!("In-Reply-To: {last}\r\nReferences: {}\r\n", chain.join(" ")))
    }

    pub fn with(mut self, lines: &str) -> Self {
        self.more.push_str(lines);
        self
    }

    pub fn raw(&self) -> String {
        format!(
            "Received: from mail.test by akimat.test; Mon, 23 Nov 2026 09:00:00 +0500\r\nFrom: {}\r\nTo: {OWN}\r\nSubject: {}\r\nMessage-ID: <{}>\r\n\
             Date: Mon, 23 Nov 2026 08:59:00 +0500\r\nMIME-Version: 1.0\r\n{}{}\r\n{}",
            self.from,
            self.subject,
            self.id,
            self.more,
            if self.more.to_lowercase().contains("content-type:") {
                ""
            } else {
                "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
            },
            self.body
        )
    }
}

/// Settings with which letters go out over this server.
pub fn by_mail(smtp: &FakeSmtp) -> Options {
    Options::with("MAIL__TRANSPORT", "smtp").and("MAIL__URL", &smtp.url()).and("MAIL__FROM", &format!("Jambyl 109 <{OWN}>"))
}

/// Brings a letter in as `mail-in` does, and lets everything follow.
pub async fn comes(w: &World, raw: &str) -> Stored {
    let stored = stores(w, raw).await;
    w.settle().await;
    stored
}

/// Brings a letter in without working on it.
pub async fn stores(w: &World, raw: &str) -> Stored {
    MailDoor::of(&w.config.mail).take(w.core(), raw.as_bytes().to_vec(), None, None).await.unwrap()
}
