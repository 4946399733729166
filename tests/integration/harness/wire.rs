//! What a visit costs: every byte of the calls of a browser and of their answers, read off the wire.

use super::world::World;
use flate2::read::GzDecoder;
use std::collections::BTreeMap;
use std::io::Read;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One answer as it came.
pub struct Seen {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    /// Unpacked.
    pub text: String,
    /// Call and answer, heads and bodies. What encryption adds is not in it.
    pub bytes: usize,
}

/// A telephone's browser.
pub struct Phone<'w> {
    w: &'w World,
    pub cookies: String,
    /// What it has and need not ask for again.
    kept: Vec<String>,
}

impl<'w> Phone<'w> {
    #[must_use]
    pub fn new(w: &'w World, cookies: String) -> Self {
        Self { w, cookies, kept: Vec::new() }
    }

    /// One call.
    pub async fn call(&self, method: &str, path: &str, head: &str, body: &[u8]) -> Seen {
        let host = self.w.api().base.strip_prefix("http://").unwrap().to_owned();
        let agent = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36";
        let cookie = if self.cookies.is_empty() { String::new() } else { format!("cookie: {}\r\n", self.cookies) };
        let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
        let accept = if head.contains("accept: ") { "" } else { "accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n" };
        let asked = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: {agent}\r\n{accept}accept-language: kk,ru;q=0.9\r\naccept-encoding: gzip, deflate, br\r\n{cookie}{head}{length}connection: close\r\n\r\n"
        );
        let mut stream = TcpStream::connect(&host).await.unwrap();
        stream.write_all(asked.as_bytes()).await.unwrap();
        stream.write_all(body).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let end = answer.windows(4).position(|w| w == b"\r\n\r\n").expect("no head") + 4;
        let lines = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = lines.split(' ').nth(1).unwrap().parse().unwrap();
        let headers: BTreeMap<String, String> =
            lines.lines().filter_map(|l| l.split_once(": ")).map(|(k, v)| (k.to_ascii_lowercase(), v.to_owned())).collect();
        assert_ne!(headers.get("transfer-encoding").map(String::as_str), Some("chunked"), "{path} comes in chunks");
        let mut text = String::new();
        if headers.get("content-encoding").is_some_and(|e| e == "gzip") {
            GzDecoder::new(&answer[end..]).read_to_string(&mut text).unwrap();
        } else {
            text = String::from_utf8_lossy(&answer[end..]).into_owned();
        }
        Seen { status, headers, text, bytes: asked.len() + body.len() + answer.len() }
    }

    /// A page with everything it loads, as far as the browser has not kept it. Gives the page, the bytes, and the paths that were loaded.
    pub async fn visit(&mut self, path: &str) -> (Seen, usize, Vec<String>) {
        let page = self.call("GET", path, "", b"").await;
        let (bytes, loaded) = self.load(&page.text).await;
        let all = page.bytes + bytes;
        (page, all, loaded)
    }

    /// What a page's text makes a browser load.
    pub async fn load(&mut self, html: &str) -> (usize, Vec<String>) {
        let (mut bytes, mut loaded) = (0, Vec::new());
        let links: Vec<String> = html
            .split(['"', '\''])
            .filter(|part| part.starts_with("/console/assets/"))
            .map(str::to_owned)
            .filter(|link| !self.kept.contains(link))
            .collect();
        for link in links {
            if loaded.contains(&link) {
                continue;
            }
            let got = self.call("GET", &link, "", b"").await;
            assert_eq!(got.status, 200, "{link}");
            assert!(got.headers["cache-control"].contains("immutable"), "{link} is asked for again and again");
            bytes += got.bytes;
            self.kept.push(link.clone());
            loaded.push(link);
        }
        (bytes, loaded)
    }
}
