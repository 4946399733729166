//! A provider of one's own: a tiny HTTP server that gives prepared answers and remembers what it was asked.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// One call as it came.
#[derive(Debug, Clone)]
pub struct Call {
    /// Method and path, as in the request line.
    pub line: String,
    /// The JSON body; null when there was none.
    pub body: serde_json::Value,
}

/// One prepared answer: status and body, sent as it stands.
pub type Answer = (u16, Vec<u8>);

#[derive(Clone)]
pub struct Fake {
    pub url: Url,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Fake {
    /// Serves these answers one after another; what comes later gets 418.
    pub async fn with<B: Into<Vec<u8>>>(answers: impl IntoIterator<Item = (u16, B)>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}/relay/", listener.local_addr().unwrap())).unwrap();
        let fake = Self { url, calls: Arc::default() };
        let calls = Arc::clone(&fake.calls);
        let mut answers: VecDeque<Answer> = answers.into_iter().map(|(status, body)| (status, body.into())).collect();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let answer = answers.pop_front().unwrap_or((418, Vec::new()));
                serve(stream, answer, &calls).await;
            }
        });
        fake
    }

    /// What was asked so far. A call is remembered before it is answered, so a finished request is always here.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

/// Reads one request, gives one answer, closes.
async fn serve(mut stream: TcpStream, (status, body): Answer, calls: &Mutex<Vec<Call>>) -> Option<()> {
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
    let call = Call { line: head.lines().next()?.to_owned(), body: serde_json::from_slice(&seen[head_end..]).unwrap_or_default() };
    calls.lock().unwrap().push(call);
    let answer =
        format!("HTTP/1.1 {status} X\r\nContent-Type: application/octet-stream\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    stream.write_all(answer.as_bytes()).await.ok()?;
    stream.write_all(&body).await.ok()
}
