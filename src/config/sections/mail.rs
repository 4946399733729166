//! Mail: letters out, letters in, and the morning digest.

use crate::config::secret::ServiceUrl;
use crate::domain::class::words;
use serde::{Deserialize, Serialize};

words! {
    /// Where mail goes.
    MailTransport {
        /// Into files of a folder: for a laptop and for tests.
        File = "file",
        /// To a mail server.
        Smtp = "smtp",
    }
}

words! {
    /// How letters to the service come in.
    MailDoor {
        /// Only those that `jambyl109 mail-in` brings.
        Off = "off",
        /// The service reads a mailbox.
        Imap = "imap",
    }
}

/// How mail is sent and who gets it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    pub transport: MailTransport,
    /// `smtp://user:password@host:587` or `smtps://...:465`; only for `smtp`.
    pub url: ServiceUrl,
    pub from: String,
    /// The folder of `file`.
    pub dir: String,
    /// Who is told of a breached clock; may be empty.
    pub breach_to: Vec<String>,
    pub inbound: MailInbound,
}

/// Letters to the service's own address.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailInbound {
    pub mode: MailDoor,
    /// `imaps://user:password@host:993`; a name with an at sign is written with `%40`.
    pub url: ServiceUrl,
    pub folder: String,
    /// Letters that were taken go there; empty: they stay, marked as read.
    pub move_to: String,
    /// Further addresses of the service besides `mail.from`.
    pub own: Vec<String>,
    pub poll_secs: u64,
    /// Of a longer letter only the beginning is taken.
    pub max_bytes: u32,
}

/// The morning digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Digest {
    /// Local time of Almaty, `08:00`.
    pub at: String,
    /// A morning that was missed is made up for within so many hours.
    pub late_hours: u32,
    /// `address language scope`, for instance `akim@example.kz kk all`.
    pub readers: Vec<String>,
}

impl Mail {
    /// The service's own addresses, in lower case.
    #[must_use]
    pub fn own_addresses(&self) -> Vec<String> {
        let bare = |s: &String| s.rsplit_once('<').map_or(s.as_str(), |(_, a)| a.trim_end_matches('>')).trim().to_lowercase();
        std::iter::once(&self.from).chain(&self.inbound.own).map(bare).collect()
    }

    /// What would keep letters from coming or going.
    #[must_use]
    pub fn inbound_problems(&self) -> Vec<String> {
        let (i, mut out) = (&self.inbound, Vec::new());
        let scheme = i.url.scheme();
        if i.mode == MailDoor::Imap {
            if !matches!(scheme, "imap" | "imaps") || !i.url.expose().contains('@') {
                out.push("mail.inbound.url must be imaps://user:password@host:993; an at sign inside the user's name is written as %40".into());
            } else if scheme == "imap" && !["127.0.0.1", "localhost", "[::1]"].iter().any(|h| i.url.redacted().contains(&format!("@{h}"))) {
                out.push("mail.inbound.url: imap:// sends the password in the clear and is only for the same machine: write imaps://".into());
            }
            if i.folder.trim().is_empty() || i.folder.contains(char::is_control) || i.move_to.contains(char::is_control) {
                out.push("mail.inbound.folder must name a folder, usually INBOX".into());
            }
            if i.poll_secs == 0 {
                out.push("mail.inbound.poll_secs is 0: a mailbox is looked into every so many seconds".into());
            }
        }
        if i.max_bytes < 65_536 {
            out.push("mail.inbound.max_bytes is too small for a letter: at least 65536".into());
        }
        for own in i.own.iter().filter(|a| !a.contains('@')) {
            out.push(format!("mail.inbound.own: '{own}' is not a mail address"));
        }
        out
    }
}

impl Digest {
    /// Hour and minute; none when it is no time.
    #[must_use]
    pub fn time(&self) -> Option<chrono::NaiveTime> {
        chrono::NaiveTime::parse_from_str(self.at.trim(), "%H:%M").ok()
    }
}
