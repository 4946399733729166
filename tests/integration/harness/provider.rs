//! What stand-ins for providers share: a small HTTP server that can be slow, break connections, and lose answers.

use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// One call of the service.
#[derive(Debug, Clone)]
pub struct Call {
    pub method: String,
    /// Without the query.
    pub path: String,
    pub query: BTreeMap<String, String>,
    /// By lower-case names.
    pub headers: BTreeMap<String, String>,
    pub body: Vec<u8>,
}

impl Call {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A field of the query, or of a form in the body.
    pub fn field(&self, name: &str) -> Option<String> {
        self.query.get(name).cloned().or_else(|| pairs(&String::from_utf8_lossy(&self.body)).remove(name))
    }

    pub fn bearer(&self) -> &str {
        self.headers.get("authorization").and_then(|h| h.strip_prefix("Bearer ")).unwrap_or_default()
    }
}

/// A query or a form, taken apart.
fn pairs(text: &str) -> BTreeMap<String, String> {
    reqwest::Url::parse(&format!("http://x/?{text}")).map(|u| u.query_pairs().into_owned().collect()).unwrap_or_default()
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub status: u16,
    pub kind: &'static str,
    pub body: Vec<u8>,
    pub retry_after: Option<u64>,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Self {
        Self { status, kind: "application/json", body: body.to_string().into_bytes(), retry_after: None }
    }

    pub fn bytes(kind: &'static str, body: Vec<u8>) -> Self {
        Self { status: 200, kind, body, retry_after: None }
    }
}

/// What answers calls. `None` breaks the connection.
pub trait Provider: Send + Sync + 'static {
    fn answer(&self, call: &Call) -> impl Future<Output = Option<Reply>> + Send;
}

/// Listens until the test's runtime ends.
pub async fn listen<P: Provider>(provider: Arc<P>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let provider = provider.clone();
            tokio::spawn(async move {
                let _ = serve(&*provider, stream).await;
            });
        }
    });
    addr
}

async fn serve<P: Provider>(provider: &P, mut stream: TcpStream) -> Option<()> {
    let mut seen = Vec::new();
    loop {
        let head_end = loop {
            if let Some(at) = seen.windows(4).position(|w| w == b"\r\n\r\n") {
                break at + 4;
            }
            if stream.read_buf(&mut seen).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8_lossy(&seen[..head_end]).into_owned();
        let headers: BTreeMap<String, String> =
            head.lines().skip(1).filter_map(|l| l.split_once(':')).map(|(k, v)| (k.trim().to_ascii_lowercase(), v.trim().to_owned())).collect();
        let length: usize = headers.get("content-length").and_then(|v| v.parse().ok()).unwrap_or(0);
        while seen.len() < head_end + length {
            if stream.read_buf(&mut seen).await.ok()? == 0 {
                return None;
            }
        }
        let body = seen[head_end..head_end + length].to_vec();
        seen.drain(..head_end + length);
        let mut first = head.split_whitespace();
        let method = first.next().unwrap_or_default().to_owned();
        let target = first.next().unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let query = pairs(query);
        let reply = provider.answer(&Call { method, path: path.to_owned(), query, headers, body }).await?;
        let again = reply.retry_after.map_or_else(String::new, |s| format!("Retry-After: {s}\r\n"));
        let head = format!("HTTP/1.1 {} X\r\nContent-Type: {}\r\n{again}Content-Length: {}\r\n\r\n", reply.status, reply.kind, reply.body.len());
        stream.write_all(head.as_bytes()).await.ok()?;
        stream.write_all(&reply.body).await.ok()?;
    }
}
