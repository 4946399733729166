//! A mail server in the small: real SMTP over TCP, which refuses, dawdles and hangs up when told.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// How one letter goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpFail {
    /// This code at RCPT.
    Rcpt(u16),
    /// This code after the letter was given.
    Data(u16),
    /// Hangs up in the middle of the letter.
    InData,
    /// Takes the letter and hangs up before it says so.
    AfterData,
    /// Takes its time before it says that the letter was taken.
    Slow(Duration),
    /// Does not accept our credentials.
    Auth,
}

/// A letter that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    pub to: String,
    /// As it came over the wire, dots unstuffed.
    pub raw: String,
}

impl Taken {
    /// A header, unfolded.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let head = self.raw.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines().find_map(|l| l.split_once(':').filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| v.trim().to_owned()))
    }

    /// What a reader sees: subject, plain text.
    #[must_use]
    pub fn read(&self) -> bots::mail::Letter {
        bots::mail::read(self.raw.as_bytes())
    }
}

#[derive(Default)]
struct State {
    taken: Vec<Taken>,
    failures: VecDeque<SmtpFail>,
    down: bool,
    /// Connections, letters begun.
    tries: usize,
}

/// The stand-in. Clones are the same one.
#[derive(Clone)]
pub struct FakeSmtp {
    addr: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl FakeSmtp {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { addr: listener.local_addr().unwrap(), state: Arc::default() };
        let state = fake.state.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, state.clone()));
            }
        });
        fake
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        lock(&self.state)
    }

    pub fn url(&self) -> String {
        format!("smtp://{}", self.addr)
    }

    /// The next letters go wrong so, one after another.
    pub fn fail(&self, how: SmtpFail) {
        self.lock().failures.push_back(how);
    }

    /// Nobody is there, or somebody is again.
    pub fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    /// Everything that was taken, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.lock().taken.clone()
    }

    /// What was taken since the last time, and is forgotten here.
    pub fn take(&self) -> Vec<Taken> {
        std::mem::take(&mut self.lock().taken)
    }

    /// Letters that were begun.
    pub fn tries(&self) -> usize {
        self.lock().tries
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn serve(socket: TcpStream, state: Arc<Mutex<State>>) {
    {
        let s = lock(&state);
        if s.down {
            return;
        }
    }
    let _ = talk(socket, state).await;
}

async fn talk(socket: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read);
    write.write_all(b"220 fake ESMTP\r\n").await?;
    let (mut to, mut fail) = (String::new(), None);
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 || lock(&state).down {
            return Ok(());
        }
        let verb = line.trim_end().to_ascii_uppercase();
        let answer = match verb.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" | "HELO" => "250-fake\r\n250-8BITMIME\r\n250 SIZE 50000000".to_owned(),
            "MAIL" => {
                let mut s = lock(&state);
                s.tries += 1;
                fail = s.failures.pop_front();
                if fail == Some(SmtpFail::Auth) { "530 5.7.0 authentication required".to_owned() } else { "250 ok".to_owned() }
            }
            "RCPT" => {
                line.trim_end().clone_into(&mut to);
                to = to.split('<').nth(1).and_then(|t| t.split('>').next()).unwrap_or_default().to_owned();
                match fail {
                    Some(SmtpFail::Rcpt(code)) => format!("{code} no"),
                    _ => "250 ok".to_owned(),
                }
            }
            "DATA" => {
                write.write_all(b"354 go on\r\n").await?;
                let Some(raw) = letter(&mut lines, fail == Some(SmtpFail::InData)).await? else { return Ok(()) };
                match fail {
                    Some(SmtpFail::Data(code)) => format!("{code} no"),
                    other => {
                        lock(&state).taken.push(Taken { to: to.clone(), raw });
                        match other {
                            Some(SmtpFail::AfterData) => return Ok(()),
                            Some(SmtpFail::Slow(span)) => tokio::time::sleep(span).await,
                            _ => {}
                        }
                        "250 taken".to_owned()
                    }
                }
            }
            "QUIT" => {
                write.write_all(b"221 bye\r\n").await?;
                return Ok(());
            }
            _ => "250 ok".to_owned(),
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
}

/// The lines of a letter up to the single dot; none when we hang up on it.
async fn letter(lines: &mut BufReader<tokio::net::tcp::OwnedReadHalf>, hang_up: bool) -> std::io::Result<Option<String>> {
    let mut raw = String::new();
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(None);
        }
        if hang_up && raw.len() > 60 {
            return Ok(None);
        }
        if line == ".\r\n" {
            return Ok(Some(raw));
        }
        raw.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}
