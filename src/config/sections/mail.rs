//! Mail: notices of breached clocks.

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
}
