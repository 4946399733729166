//! A mailbox over IMAP: which letters are new, their bytes, and the mark that they were taken. Every step has its time limit.

use async_imap::{Client, Session};
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt;
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// For connecting and for each command; a letter gets longer.
const PATIENCE: Duration = Duration::from_secs(20);
const FOR_A_LETTER: Duration = Duration::from_secs(120);

/// Where a mailbox lies and how it is opened. It has no `Debug`: it holds a password.
#[derive(Clone)]
pub struct Access {
    pub host: String,
    pub port: u16,
    /// The whole connection is encrypted.
    pub tls: bool,
    pub user: String,
    pub password: String,
    pub folder: String,
    /// Letters that were taken go there; else they stay, marked as read.
    pub move_to: Option<String>,
    /// Of a longer letter only the beginning is fetched, in bytes.
    pub largest: u32,
}

/// Why a mailbox cannot be used now. The strings name the reason only: no addresses, no words of letters.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MailboxError {
    #[error("the mailbox cannot be reached: {0}")]
    Unreachable(String),
    #[error("the mail server does not accept our name and password")]
    Unauthorized,
    #[error("the folder cannot be opened")]
    NoFolder,
    #[error("the mail server answers what we do not understand")]
    Protocol,
}

/// A letter's bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    pub bytes: Vec<u8>,
    /// When the mail server got it.
    pub at: Option<DateTime<Utc>>,
}

trait Wire: AsyncRead + AsyncWrite + Unpin + Send + Debug {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send + Debug> Wire for T {}

/// An open folder.
pub struct Mailbox {
    session: Session<Box<dyn Wire>>,
    validity: u32,
    move_to: Option<String>,
    largest: u32,
}

impl Mailbox {
    /// Connects, signs in and opens the folder.
    ///
    /// # Errors
    /// [`MailboxError`].
    pub async fn open(access: &Access) -> Result<Self, MailboxError> {
        within(PATIENCE * 2, Self::begin(access)).await
    }

    async fn begin(access: &Access) -> Result<Self, MailboxError> {
        let tcp = TcpStream::connect((access.host.as_str(), access.port)).await.map_err(|e| MailboxError::Unreachable(e.kind().to_string()))?;
        let wire: Box<dyn Wire> = if access.tls { Box::new(encrypted(&access.host, tcp).await?) } else { Box::new(tcp) };
        let mut client = Client::new(wire);
        match client.read_response().await {
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return Err(MailboxError::Unreachable("no greeting".into())),
        }
        let mut session = client.login(&access.user, &access.password).await.map_err(|(e, _)| match e {
            async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_) => MailboxError::Unauthorized,
            e => lost(&e),
        })?;
        let folder = session.select(&access.folder).await.map_err(|e| match e {
            async_imap::error::Error::No(_) | async_imap::error::Error::Bad(_) => MailboxError::NoFolder,
            e => lost(&e),
        })?;
        let move_to = match &access.move_to {
            Some(to) if session.capabilities().await.map_err(|e| lost(&e))?.has_str("MOVE") => Some(to.clone()),
            _ => None,
        };
        Ok(Self { session, validity: folder.uid_validity.unwrap_or(0), move_to, largest: access.largest.max(1) })
    }

    /// Numbers of letters mean something only together with this one.
    #[must_use]
    pub fn validity(&self) -> u32 {
        self.validity
    }

    /// Letters that nobody has read, and those numbered `from` and above, though a person may have looked at them: the oldest first.
    ///
    /// # Errors
    /// [`MailboxError`].
    pub async fn waiting(&mut self, from: Option<u32>) -> Result<Vec<u32>, MailboxError> {
        within(PATIENCE, async {
            let mut all: BTreeSet<u32> = self.session.uid_search("UNSEEN UNDELETED").await.map_err(|e| lost(&e))?.into_iter().collect();
            if let Some(from) = from {
                // `n:*` always names the last letter, whatever its number.
                let later = self.session.uid_search(format!("UID {from}:* UNDELETED")).await.map_err(|e| lost(&e))?;
                all.extend(later.into_iter().filter(|n| *n >= from));
            }
            // A connection that broke reads as "nothing found": only an answer proves that nothing was.
            self.session.noop().await.map_err(|e| lost(&e))?;
            Ok(all.into_iter().collect())
        })
        .await
    }

    /// The bytes of one letter, without marking it as read; none when it is gone.
    ///
    /// # Errors
    /// [`MailboxError`].
    pub async fn fetch(&mut self, number: u32) -> Result<Option<Fetched>, MailboxError> {
        let query = format!("(UID INTERNALDATE BODY.PEEK[]<0.{}>)", self.largest);
        within(FOR_A_LETTER, async {
            let all: Vec<_> =
                self.session.uid_fetch(number.to_string(), query).await.map_err(|e| lost(&e))?.try_collect().await.map_err(|e| lost(&e))?;
            let ours = all.iter().find(|f| f.uid == Some(number) && f.body().is_some());
            if ours.is_none() {
                self.session.noop().await.map_err(|e| lost(&e))?;
            }
            Ok(ours.map(|f| Fetched { bytes: f.body().unwrap_or_default().to_vec(), at: f.internal_date().map(|t| t.to_utc()) }))
        })
        .await
    }

    /// Marks a letter as read, and moves it where the configuration says. Only after it was stored.
    ///
    /// # Errors
    /// [`MailboxError`]; the letter then comes once more and is known.
    pub async fn taken(&mut self, number: u32) -> Result<(), MailboxError> {
        let (session, move_to) = (&mut self.session, self.move_to.clone());
        within(PATIENCE, async {
            let marked: Vec<_> =
                session.uid_store(number.to_string(), "+FLAGS (\\Seen)").await.map_err(|e| lost(&e))?.try_collect().await.map_err(|e| lost(&e))?;
            match move_to {
                Some(to) => session.uid_mv(number.to_string(), to).await.map_err(|e| lost(&e)),
                None if marked.is_empty() => session.noop().await.map_err(|e| lost(&e)),
                None => Ok(()),
            }
        })
        .await
    }

    /// Says good-bye; nothing depends on it.
    pub async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(3), self.session.logout()).await;
    }
}

async fn within<T>(limit: Duration, work: impl Future<Output = Result<T, MailboxError>>) -> Result<T, MailboxError> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| Err(MailboxError::Unreachable("no answer in time".into())))
}

fn lost(e: &async_imap::error::Error) -> MailboxError {
    match e {
        async_imap::error::Error::Io(e) => MailboxError::Unreachable(e.kind().to_string()),
        async_imap::error::Error::ConnectionLost => MailboxError::Unreachable("the connection broke".into()),
        _ => MailboxError::Protocol,
    }
}

async fn encrypted(host: &str, tcp: TcpStream) -> Result<impl Wire + 'static, MailboxError> {
    let bad = |why: &str| MailboxError::Unreachable(why.to_owned());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|_| bad("its name fits no certificate"))?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await.map_err(|_| bad("the encrypted connection was not made"))
}
