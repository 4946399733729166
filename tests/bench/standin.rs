//! A stand-in for Telegram, so that answers really go out while intake is measured. It takes as long as the real one.

use super::Res;
use super::http::end_of_head;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What a call to the public Bot API takes, about.
const TAKES: Duration = Duration::from_millis(50);

/// A running stand-in; ends with the program.
#[derive(Clone)]
pub struct StandIn {
    pub addr: SocketAddr,
    sent: Arc<AtomicU64>,
}

impl StandIn {
    pub async fn open() -> Res<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let it = Self { addr: listener.local_addr()?, sent: Arc::default() };
        let sent = it.sent.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let sent = sent.clone();
                // A connection that breaks is the service's business.
                tokio::spawn(async move { serve(stream, &sent).await });
            }
        });
        Ok(it)
    }

    /// Messages taken so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }
}

async fn serve(mut stream: TcpStream, sent: &AtomicU64) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut seen = Vec::new();
    loop {
        let head_end = loop {
            if let Some(at) = end_of_head(&seen) {
                break at;
            }
            if stream.read_buf(&mut seen).await.ok()? == 0 {
                return None;
            }
        };
        let head = String::from_utf8_lossy(seen.get(..head_end)?).to_ascii_lowercase();
        let length: usize = head.lines().find_map(|l| l.strip_prefix("content-length:")?.trim().parse().ok()).unwrap_or(0);
        while seen.len() < head_end + length {
            if stream.read_buf(&mut seen).await.ok()? == 0 {
                return None;
            }
        }
        seen.drain(..head_end + length);
        let method = head.split(' ').nth(1)?.rsplit('/').next()?.to_owned();
        let result = match method.as_str() {
            "sendmessage" => {
                let id = sent.fetch_add(1, Ordering::Relaxed) + 1;
                format!(r#"{{"message_id":{id},"date":1795228481,"chat":{{"id":1,"type":"private","first_name":"x"}},"text":"x"}}"#)
            }
            "getme" => r#"{"id":1,"is_bot":true,"first_name":"bench","username":"bench_bot","can_join_groups":true,"can_read_all_group_messages":false,"supports_inline_queries":false,"can_connect_to_business":false,"has_main_web_app":false}"#.to_owned(),
            _ => "true".to_owned(),
        };
        tokio::time::sleep(TAKES).await;
        let body = format!(r#"{{"ok":true,"result":{result}}}"#);
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).await.ok()?;
    }
}
