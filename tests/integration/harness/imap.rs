//! A mailbox in the small: enough of IMAP over TCP to be read by a real client, which hangs up when told.

use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::tcp::OwnedWriteHalf;
use tokio::net::{TcpListener, TcpStream};

pub const USER: &str = "109@akimat.test";
pub const PASSWORD: &str = "the mailbox of the tests";

#[derive(Debug, Clone, Default)]
struct Mail {
    raw: Vec<u8>,
    seen: bool,
}

struct State {
    letters: BTreeMap<u32, Mail>,
    moved: BTreeMap<String, Vec<u32>>,
    next: u32,
    validity: u32,
    /// Commands at which the connection breaks, before they have an effect.
    hang_ups: VecDeque<&'static str>,
    down: bool,
    fetches: usize,
    /// Letters at which the connection breaks whenever they are fetched.
    sick: Vec<u32>,
    /// Marks are not taken, and nothing can be moved.
    read_only: bool,
}

/// The stand-in. Clones are the same one.
#[derive(Clone)]
pub struct FakeImap {
    addr: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl FakeImap {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let state = State {
            letters: BTreeMap::new(),
            moved: BTreeMap::new(),
            next: 1,
            validity: 77,
            hang_ups: VecDeque::new(),
            down: false,
            fetches: 0,
            sick: Vec::new(),
            read_only: false,
        };
        let fake = Self { addr: listener.local_addr().unwrap(), state: Arc::new(Mutex::new(state)) };
        let state = fake.state.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let state = state.clone();
                tokio::spawn(async move {
                    let _ = talk(socket, state).await;
                });
            }
        });
        fake
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        lock(&self.state)
    }

    /// The address with name and password, as the configuration takes it.
    pub fn url(&self, password: &str) -> String {
        format!("imap://{}:{}@{}", USER.replace('@', "%40"), password.replace(' ', "%20"), self.addr)
    }

    /// A letter comes; gives its number.
    pub fn put(&self, raw: &str) -> u32 {
        let mut s = self.lock();
        let n = s.next;
        s.next += 1;
        s.letters.insert(n, Mail { raw: raw.as_bytes().to_vec(), seen: false });
        n
    }

    /// Somebody reads it with a mail program.
    pub fn look_at(&self, n: u32) {
        self.lock().letters.get_mut(&n).unwrap().seen = true;
    }

    pub fn is_seen(&self, n: u32) -> bool {
        self.lock().letters.get(&n).is_some_and(|m| m.seen)
    }

    /// Letters that lie in another folder.
    pub fn moved(&self, folder: &str) -> Vec<u32> {
        self.lock().moved.get(folder).cloned().unwrap_or_default()
    }

    /// The connection breaks at the next command of this name, before it has an effect.
    pub fn hang_up_at(&self, command: &'static str) {
        self.lock().hang_ups.push_back(command);
    }

    /// The server falls over whenever this letter is asked for.
    pub fn sickens(&self, n: u32) {
        self.lock().sick.push(n);
    }

    pub fn set_read_only(&self) {
        self.lock().read_only = true;
    }

    pub fn set_down(&self, down: bool) {
        self.lock().down = down;
    }

    pub fn fetches(&self) -> usize {
        self.lock().fetches
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn talk(socket: TcpStream, state: Arc<Mutex<State>>) -> std::io::Result<()> {
    if lock(&state).down {
        return Ok(());
    }
    let (read, mut write) = socket.into_split();
    let mut lines = BufReader::new(read);
    write.write_all(b"* OK fake IMAP4rev1\r\n").await?;
    loop {
        let mut line = String::new();
        if lines.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let line = line.trim_end();
        let (tag, rest) = line.split_once(' ').unwrap_or((line, ""));
        let upper = rest.to_ascii_uppercase();
        let words: Vec<&str> = upper.split(' ').collect();
        let command = if words[0] == "UID" { words.get(1).copied().unwrap_or_default() } else { words[0] };
        {
            let mut s = lock(&state);
            if s.hang_ups.front().is_some_and(|h| *h == command) {
                s.hang_ups.pop_front();
                return Ok(());
            }
            if command == "FETCH" && words.get(2).and_then(|n| n.parse().ok()).is_some_and(|n: u32| s.sick.contains(&n)) {
                return Ok(());
            }
        }
        let out = answer(&state, tag, rest, &words, command);
        send(&mut write, &out).await?;
        if command == "LOGOUT" {
            return Ok(());
        }
    }
}

async fn send(write: &mut OwnedWriteHalf, out: &[u8]) -> std::io::Result<()> {
    write.write_all(out).await?;
    write.flush().await
}

fn answer(state: &Mutex<State>, tag: &str, rest: &str, words: &[&str], command: &str) -> Vec<u8> {
    let mut s = lock(state);
    let number = || words.get(2).and_then(|n| n.parse::<u32>().ok()).unwrap_or_default();
    let mut out: Vec<u8> = Vec::new();
    let mut done = "OK done".to_owned();
    match command {
        "CAPABILITY" => out.extend_from_slice(b"* CAPABILITY IMAP4rev1 MOVE\r\n"),
        "LOGIN" if rest.contains(&format!("\"{USER}\"")) && rest.contains(&format!("\"{PASSWORD}\"")) => {}
        "LOGIN" => done = "NO [AUTHENTICATIONFAILED] no".into(),
        "SELECT" => {
            let text = format!(
                "* FLAGS (\\Seen \\Deleted)\r\n* {} EXISTS\r\n* 0 RECENT\r\n* OK [UIDVALIDITY {}] ok\r\n* OK [UIDNEXT {}] ok\r\n",
                s.letters.len(),
                s.validity,
                s.next
            );
            out.extend_from_slice(text.as_bytes());
            done = "OK [READ-WRITE] done".into();
        }
        "SEARCH" => {
            let from = words.iter().find_map(|w| w.strip_suffix(":*")).and_then(|n| n.parse::<u32>().ok());
            let last = s.letters.keys().max().copied().unwrap_or_default();
            let found: Vec<String> = s
                .letters
                .iter()
                // `n:*` names the last one whatever its number.
                .filter(|(n, m)| from.map_or(!m.seen, |from| **n >= from || **n == last))
                .map(|(n, _)| format!(" {n}"))
                .collect();
            out.extend_from_slice(format!("* SEARCH{}\r\n", found.concat()).as_bytes());
        }
        "FETCH" => {
            s.fetches += 1;
            let n = number();
            let most: usize = rest.split("<0.").nth(1).and_then(|t| t.split('>').next()).and_then(|t| t.parse().ok()).unwrap_or(usize::MAX);
            if let Some(m) = s.letters.get(&n) {
                let raw = &m.raw[..m.raw.len().min(most)];
                out.extend_from_slice(
                    format!("* {n} FETCH (UID {n} INTERNALDATE \"23-Nov-2026 08:58:00 +0500\" BODY[]<0> {{{}}}\r\n", raw.len()).as_bytes(),
                );
                out.extend_from_slice(raw);
                out.extend_from_slice(b")\r\n");
            }
        }
        "STORE" | "MOVE" if s.read_only => done = "NO [NOPERM] no".into(),
        "STORE" => {
            let n = number();
            if let Some(m) = s.letters.get_mut(&n) {
                m.seen = true;
                out.extend_from_slice(format!("* {n} FETCH (UID {n} FLAGS (\\Seen))\r\n").as_bytes());
            }
        }
        "MOVE" => {
            let n = number();
            let folder = rest.rsplit(' ').next().unwrap_or_default().trim_matches('"').to_owned();
            if s.letters.remove(&n).is_some() {
                s.moved.entry(folder).or_default().push(n);
            }
        }
        "LOGOUT" => out.extend_from_slice(b"* BYE\r\n"),
        _ => {}
    }
    out.extend_from_slice(format!("{tag} {done}\r\n").as_bytes());
    out
}
