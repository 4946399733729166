//! Webhook calls from many connections at once: in a closed loop, or at moments that were decided beforehand.

use super::Res;
use super::feed;
use super::ground::now_us;
use super::http::Conn;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::{Mutex, mpsc};

/// One call and its answer.
#[derive(Debug, Clone, Copy)]
pub struct Sent {
    pub update: u64,
    /// When it was sent, or in an open loop when it should have been: microseconds since 1970.
    pub at_us: i64,
    /// From `at_us` to the answer.
    pub took_us: i64,
    pub status: u16,
}

/// Where calls go, and the next update's number.
#[derive(Clone)]
pub struct Target {
    pub addr: SocketAddr,
    pub next: Arc<AtomicU64>,
}

impl Target {
    pub fn new(addr: SocketAddr) -> Self {
        Self { addr, next: Arc::new(AtomicU64::new(1)) }
    }

    /// Every connection sends its next call when the last is answered.
    pub async fn closed_loop(&self, connections: usize, span: Duration) -> Res<Vec<Sent>> {
        let until = Instant::now() + span;
        let mut tasks = Vec::new();
        for _ in 0..connections {
            let it = self.clone();
            tasks.push(tokio::spawn(async move { it.one_connection(until).await }));
        }
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await??);
        }
        Ok(all)
    }

    async fn one_connection(&self, until: Instant) -> Res<Vec<Sent>> {
        let mut conn = Conn::open(self.addr).await?;
        let mut sent = Vec::new();
        while Instant::now() < until {
            let update = self.next.fetch_add(1, Ordering::Relaxed);
            let at_us = now_us();
            let status = conn.call(&feed::webhook(update, at_us / 1_000_000)).await?.status;
            sent.push(Sent { update, at_us, took_us: now_us() - at_us, status });
        }
        Ok(sent)
    }

    /// Sends each update at its moment, whatever became of the others: waiting for a free connection counts. An update that is not taken is sent again
    /// after a second, as the platform does, until `give_up` times.
    pub async fn open_loop(&self, plan: Vec<Planned>, connections: usize, give_up: u32) -> Res<Vec<Sent>> {
        let (to, from) = mpsc::unbounded_channel::<(u64, i64)>();
        let from = Arc::new(Mutex::new(from));
        let mut tasks = Vec::new();
        for _ in 0..connections {
            let (addr, from) = (self.addr, from.clone());
            tasks.push(tokio::spawn(async move { one_server(addr, &from, give_up).await }));
        }
        let began = Instant::now();
        let began_us = now_us();
        for p in plan {
            let moment = began + p.after;
            if moment > Instant::now() {
                tokio::time::sleep_until(moment.into()).await;
            }
            let due_us = began_us + i64::try_from(p.after.as_micros()).unwrap_or(i64::MAX);
            to.send((p.update, due_us)).map_err(|_| "every connection has ended")?;
        }
        drop(to);
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await??);
        }
        Ok(all)
    }
}

/// An update and when it is sent.
#[derive(Debug, Clone, Copy)]
pub struct Planned {
    pub update: u64,
    pub after: Duration,
}

async fn one_server(addr: SocketAddr, from: &Mutex<mpsc::UnboundedReceiver<(u64, i64)>>, give_up: u32) -> Res<Vec<Sent>> {
    let mut conn = Conn::open(addr).await?;
    let mut sent = Vec::new();
    loop {
        let next = from.lock().await.recv().await;
        let Some((update, due_us)) = next else { return Ok(sent) };
        let call = feed::webhook(update, due_us / 1_000_000);
        for attempt in 0..=give_up {
            let status = match conn.call(&call).await {
                Ok(answer) => answer.status,
                // A server under pressure may close the connection: that too is an answer.
                Err(_) => {
                    conn = Conn::open(addr).await?;
                    0
                }
            };
            sent.push(Sent { update, at_us: due_us, took_us: now_us() - due_us, status });
            if status == 200 || attempt == give_up {
                break;
            }
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    }
}
