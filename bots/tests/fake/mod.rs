//! A provider of one's own: a tiny HTTP server that gives prepared answers and remembers what it was asked.
#![allow(dead_code, reason = "each test file takes what it needs")]

use std::collections::VecDeque;
use std::fmt::Write;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// One call as it came.
#[derive(Debug, Clone)]
pub struct Call {
    /// Method and path, as in the request line.
    pub line: String,
    /// The whole head, with the request line.
    pub head: String,
    /// The JSON body; null when there was none.
    pub body: serde_json::Value,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Call {
    /// A header by its name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()))
    }
}

/// One prepared answer, sent as it stands.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into() }
    }

    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

#[derive(Clone)]
pub struct Fake {
    pub url: Url,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Fake {
    /// Serves these answers one after another; what comes later gets 418.
    pub async fn with<B: Into<Vec<u8>>>(answers: impl IntoIterator<Item = (u16, B)>) -> Self {
        let mut answers: VecDeque<Reply> = answers.into_iter().map(|(status, body)| Reply::new(status, body)).collect();
        Self::by(move |_, _| answers.pop_front().unwrap_or(Reply::new(418, ""))).await
    }

    /// Serves what this makes of each call; it also gets the server's own address.
    pub async fn by(mut answer: impl FnMut(&Call, &Url) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/relay/", listener.local_addr().unwrap())).unwrap();
        let fake = Self { url: url.clone(), calls: Arc::default() };
        let calls = Arc::clone(&fake.calls);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let Some(call) = read(&mut stream).await else { continue };
                calls.lock().unwrap().push(call.clone());
                let reply = answer(&call, &url);
                write(&mut stream, &reply).await;
            }
        });
        fake
    }

    /// What was asked so far. A call is remembered before it is answered, so a finished request is always here.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

/// Reads one request.
async fn read(stream: &mut TcpStream) -> Option<Call> {
    let mut seen = Vec::new();
    let head_end = loop {
        if let Some(at) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut seen).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&seen[..head_end]).into_owned();
    let length = head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
    while seen.len() < head_end + length {
        if stream.read_buf(&mut seen).await.ok()? == 0 {
            return None;
        }
    }
    let bytes = seen.split_off(head_end);
    Some(Call { line: head.lines().next()?.to_owned(), head, body: serde_json::from_slice(&bytes).unwrap_or_default(), bytes })
}

/// Gives one answer and closes. A length of one's own stands instead of the true one.
async fn write(stream: &mut TcpStream, reply: &Reply) -> Option<()> {
    let own = |name: &str| reply.headers.iter().any(|(key, _)| key.eq_ignore_ascii_case(name));
    let mut head = format!("HTTP/1.1 {} X\r\nConnection: close\r\n", reply.status);
    for (name, value) in &reply.headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if !own("content-type") {
        head.push_str("Content-Type: application/octet-stream\r\n");
    }
    if !own("content-length") && !own("transfer-encoding") {
        let _ = write!(head, "Content-Length: {}\r\n", reply.body.len());
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(&reply.body).await.ok()
}
