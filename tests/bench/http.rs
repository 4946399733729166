//! A small HTTP/1.1 client on a kept connection: cheap enough not to be what is measured.

use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One connection, one call at a time.
pub struct Conn {
    stream: TcpStream,
    seen: Vec<u8>,
}

/// An answer: its status, and its body until the next call.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    pub status: u16,
    /// The lines before the body.
    pub head: &'a [u8],
    pub body: &'a [u8],
}

impl Conn {
    pub async fn open(addr: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(addr).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, seen: Vec::with_capacity(4096) })
    }

    /// Sends a whole request and reads a whole answer.
    pub async fn call(&mut self, request: &[u8]) -> std::io::Result<Answer<'_>> {
        self.seen.clear();
        self.stream.write_all(request).await?;
        let (head_end, status, length) = loop {
            if let Some(at) = end_of_head(&self.seen) {
                let head = self.seen.get(..at).unwrap_or_default();
                let (status, length) = read_head(head).ok_or_else(|| broken("an answer whose head cannot be read"))?;
                break (at, status, length);
            }
            self.more().await?;
        };
        while self.seen.len() < head_end + length {
            self.more().await?;
        }
        let (head, rest) = self.seen.split_at_checked(head_end).unwrap_or_default();
        Ok(Answer { status, head, body: rest.get(..length).unwrap_or_default() })
    }

    async fn more(&mut self) -> std::io::Result<()> {
        match self.stream.read_buf(&mut self.seen).await? {
            0 => Err(broken("the connection was closed")),
            _ => Ok(()),
        }
    }
}

fn broken(why: &str) -> std::io::Error {
    std::io::Error::other(why.to_owned())
}

/// Where the body begins.
pub fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at + 4)
}

/// Status and length of the body. An answer in chunks has no length and is refused: nothing that is measured sends one.
fn read_head(head: &[u8]) -> Option<(u16, usize)> {
    let head = std::str::from_utf8(head).ok()?;
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let length = lines.find_map(|l| {
        let (name, value) = l.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    match (length, status) {
        (Some(n), _) => Some((status, n)),
        (None, 204 | 304) => Some((status, 0)),
        (None, _) => None,
    }
}

/// A GET with a bearer token, or without when it is empty.
pub fn get(path: &str, token: &str) -> Vec<u8> {
    let auth = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{auth}\r\n").into_bytes()
}

/// A GET with further headers, each ending in a line break.
pub fn get_with(path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: bench\r\n{headers}\r\n").into_bytes()
}

/// A form as a browser sends it, with further headers.
pub fn form(path: &str, headers: &str, body: &str) -> Vec<u8> {
    let kind = "Content-Type: application/x-www-form-urlencoded";
    format!("POST {path} HTTP/1.1\r\nHost: bench\r\n{kind}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A POST of JSON with further headers, each ending in a line break.
pub fn post(path: &str, headers: &str, body: &str) -> Vec<u8> {
    with_body("POST", path, headers, body)
}

/// The same with another method.
pub fn with_body(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    format!("{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}
