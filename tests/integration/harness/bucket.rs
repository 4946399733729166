//! A stand-in for a service that speaks S3, over real HTTP: puts, parts, gets of ranges, deletions. It keeps objects in memory and notes calls that
//! were not signed.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Of a part, in bytes.
const SMALLEST_PART: usize = 5 * 1024 * 1024;

#[derive(Default)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    parts: BTreeMap<(String, u32), Vec<u8>>,
    unsigned: Vec<String>,
    failures: usize,
}

/// The stand-in. Clones are the same one.
#[derive(Clone)]
pub struct FakeBucket {
    addr: SocketAddr,
    state: Arc<Mutex<State>>,
}

struct Call {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl FakeBucket {
    /// Listens until the test's runtime ends.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let fake = Self { addr: listener.local_addr().unwrap(), state: Arc::default() };
        let own = fake.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let fake = own.clone();
                tokio::spawn(async move {
                    let _ = fake.serve(stream).await;
                });
            }
        });
        fake
    }

    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// Bytes by path.
    #[must_use]
    pub fn objects(&self) -> BTreeMap<String, Vec<u8>> {
        self.lock().objects.clone()
    }

    /// Calls without a signature.
    #[must_use]
    pub fn unsigned(&self) -> Vec<String> {
        self.lock().unsigned.clone()
    }

    /// The next so many calls are answered 503.
    pub fn fail(&self, times: usize) {
        self.lock().failures = times;
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let mut buffer = Vec::new();
        while let Some(call) = read(&mut stream, &mut buffer).await? {
            let (status, headers, body) = self.answer(&call);
            stream.write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\n{headers}\r\n", body.len()).as_bytes()).await?;
            if call.method != "HEAD" {
                stream.write_all(&body).await?;
            }
        }
        Ok(())
    }

    fn answer(&self, call: &Call) -> (u16, String, Vec<u8>) {
        let mut s = self.lock();
        if s.failures > 0 {
            s.failures -= 1;
            return (503, String::new(), Vec::new());
        }
        let signed =
            call.headers.get("authorization").is_some_and(|a| a.starts_with("AWS4-HMAC-SHA256 Credential=AKIDTEST/") && a.contains("/kz-1/s3/"));
        if !signed {
            s.unsigned.push(format!("{} {}", call.method, call.path));
        }
        let tag = "etag: \"tag\"\r\nlast-modified: Mon, 23 Nov 2026 04:00:00 GMT\r\n";
        let key = call.path.clone();
        match (call.method.as_str(), call.query.get("partNumber"), call.query.get("uploadId")) {
            ("POST", None, None) if call.query.contains_key("uploads") => {
                let body = "<InitiateMultipartUploadResult><UploadId>u1</UploadId></InitiateMultipartUploadResult>";
                (200, String::new(), body.as_bytes().to_vec())
            }
            ("PUT", Some(part), Some(_)) => {
                s.parts.insert((key, part.parse().unwrap()), call.body.clone());
                (200, tag.into(), Vec::new())
            }
            ("POST", None, Some(_)) => {
                let parts: Vec<Vec<u8>> = std::mem::take(&mut s.parts).into_iter().filter(|((k, _), _)| *k == key).map(|(_, bytes)| bytes).collect();
                // As the real ones do: only the last part may be small.
                if parts.iter().rev().skip(1).any(|p| p.len() < SMALLEST_PART) {
                    return (400, String::new(), b"<Error><Code>EntityTooSmall</Code></Error>".to_vec());
                }
                s.objects.insert(key, parts.concat());
                let body = "<CompleteMultipartUploadResult><ETag>tag</ETag></CompleteMultipartUploadResult>";
                (200, String::new(), body.as_bytes().to_vec())
            }
            ("DELETE", None, Some(_)) => {
                s.parts.retain(|(k, _), _| *k != key);
                (204, String::new(), Vec::new())
            }
            ("PUT", None, None) => {
                s.objects.insert(key, call.body.clone());
                (200, tag.into(), Vec::new())
            }
            ("GET" | "HEAD", None, None) => match s.objects.get(&key) {
                None => (404, String::new(), b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
                Some(bytes) => match call.headers.get("range").and_then(|r| r.strip_prefix("bytes=")?.split_once('-')) {
                    Some((from, to)) => {
                        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse::<usize>().unwrap().min(bytes.len() - 1));
                        (206, format!("{tag}content-range: bytes {from}-{to}/{}\r\n", bytes.len()), bytes[from..=to].to_vec())
                    }
                    None => (200, tag.into(), bytes.clone()),
                },
            },
            ("DELETE", None, None) => {
                s.objects.remove(&key);
                (204, String::new(), Vec::new())
            }
            _ => (400, String::new(), Vec::new()),
        }
    }
}

/// The next call of a connection; none at its end.
async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Call>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|w| w == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, target) = (first.next().unwrap_or_default().to_owned(), first.next().unwrap_or_default());
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = query.split('&').map(|p| p.split_once('=').unwrap_or((p, ""))).map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
    let headers: BTreeMap<String, String> = lines.filter_map(|l| l.split_once(':')).map(|(k, v)| (k.to_lowercase(), v.trim().to_owned())).collect();
    let length: usize = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    while buffer.len() < end + 4 + length {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer[end + 4..end + 4 + length].to_vec();
    let path = path.to_owned();
    buffer.drain(..end + 4 + length);
    Ok(Some(Call { method, path, query, headers, body }))
}
