//! Wake-up hints between loops and processes: "look at your table now". Every loop also polls, so a lost hint costs latency and
//! nothing else; hence a publisher never waits and never fails.

use futures_util::StreamExt;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{Client, RedisError, pipe};
use std::fmt;
use std::time::Duration;
use tokio::sync::{broadcast, mpsc};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Hints that a slow subscriber may lag behind before it is told so. A lagging one looks at everything.
const CAPACITY: usize = 1024;
/// Hints sent to Redis in one go.
const BATCH: usize = 128;
/// Connecting, one answer.
const STEP: Duration = Duration::from_millis(500);
/// How often a silent subscription is checked for life.
const PROBE: Duration = Duration::from_secs(10);
/// The longest pause between attempts to subscribe again.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// What is worth a look.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Hint {
    /// Raw events were stored; a bit for each slot they are in, all bits when that is unknown.
    Inbox(u16),
    /// A message waits to be sent.
    Outbox,
    /// A clock was set or moved.
    Timers,
    /// A request states a danger; its id. Whoever watches for dispatchers rings.
    Danger(String),
    /// A request changed; its id.
    Request(String),
    /// Another model of triage is in use.
    Model,
    /// Something about calls was posted.
    CallsPosted,
    /// A call began, was answered or ended; its id.
    Call(String),
    /// A setting kept in the database changed.
    Config,
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inbox(u16::MAX) => f.write_str("inbox"),
            Self::Inbox(slots) => write!(f, "inbox:{slots}"),
            Self::Outbox => f.write_str("outbox"),
            Self::Timers => f.write_str("timers"),
            Self::Danger(id) => write!(f, "danger:{id}"),
            Self::Request(id) => write!(f, "request:{id}"),
            Self::Model => f.write_str("model"),
            Self::CallsPosted => f.write_str("calls"),
            Self::Call(id) => write!(f, "call:{id}"),
            Self::Config => f.write_str("config"),
        }
    }
}

impl Hint {
    /// `None` for a word of a newer version of the service, which is no error.
    fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "inbox" => Self::Inbox(u16::MAX),
            "outbox" => Self::Outbox,
            "timers" => Self::Timers,
            "config" => Self::Config,
            "model" => Self::Model,
            "calls" => Self::CallsPosted,
            other => match other.split_once(':')? {
                ("inbox", slots) => Self::Inbox(slots.parse().ok()?),
                ("request", id) if !id.is_empty() => Self::Request(id.to_owned()),
                ("danger", id) if !id.is_empty() => Self::Danger(id.to_owned()),
                ("call", id) if !id.is_empty() => Self::Call(id.to_owned()),
                _ => return None,
            },
        })
    }

    /// What one has to look at when hints may have been missed.
    const ALL_TABLES: [Self; 6] = [Self::Inbox(u16::MAX), Self::Outbox, Self::Timers, Self::Model, Self::CallsPosted, Self::Config];
}

/// Carries hints to every subscriber, in this process and in others.
pub trait EventBus: Send + Sync {
    /// Sends and forgets.
    fn publish(&self, hint: Hint);

    /// Hints from now on. `RecvError::Lagged` means "look at everything".
    fn subscribe(&self) -> broadcast::Receiver<Hint>;
}

/// The bus of a single process.
#[derive(Debug, Clone)]
pub struct MemoryBus(broadcast::Sender<Hint>);

impl Default for MemoryBus {
    fn default() -> Self {
        Self(broadcast::Sender::new(CAPACITY))
    }
}

impl MemoryBus {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl EventBus for MemoryBus {
    fn publish(&self, hint: Hint) {
        // An error says only that nobody listens.
        drop(self.0.send(hint));
    }

    fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.0.subscribe()
    }
}

/// The bus of many processes, over one Redis channel. Subscribers of the same process hear a hint at once, with or without Redis.
#[derive(Debug, Clone)]
pub struct RedisBus {
    local: MemoryBus,
    outgoing: mpsc::Sender<Hint>,
}

impl EventBus for RedisBus {
    fn publish(&self, hint: Hint) {
        self.local.publish(hint.clone());
        // Full means that Redis has been away for a while: then the others poll.
        drop(self.outgoing.try_send(hint));
    }

    fn subscribe(&self) -> broadcast::Receiver<Hint> {
        self.local.subscribe()
    }
}

/// The two loops behind a [`RedisBus`]; without [`RedisBusLoop::run`] it works within the process only.
pub struct RedisBusLoop {
    client: Client,
    channel: String,
    /// Marks what this process sent, so that it does not hear itself twice.
    origin: String,
    local: MemoryBus,
    outgoing: mpsc::Receiver<Hint>,
}

impl RedisBus {
    /// A bus over the channel `<prefix>hints` and the loops to be supervised. Nothing is connected yet.
    ///
    /// # Errors
    /// When the URL cannot be understood.
    pub fn open(url: &str, prefix: &str) -> Result<(Self, RedisBusLoop), RedisError> {
        let client = Client::open(url)?;
        let (sender, outgoing) = mpsc::channel(CAPACITY);
        let local = MemoryBus::new();
        let (channel, origin) = (format!("{prefix}hints"), Uuid::now_v7().simple().to_string());
        Ok((Self { local: local.clone(), outgoing: sender }, RedisBusLoop { client, channel, origin, local, outgoing }))
    }
}

impl RedisBusLoop {
    /// Sends and receives until `stop` is cancelled; survives a Redis that goes and comes back.
    pub async fn run(self, stop: CancellationToken) {
        let Self { client, channel, origin, local, outgoing } = self;
        let both = async {
            tokio::join!(send(client.clone(), &channel, &origin, outgoing), receive(&client, &channel, &origin, &local));
        };
        tokio::select! {
            () = stop.cancelled() => {}
            () = both => {}
        }
    }
}

/// Sends what is published, many in one go, each kind once. Waits for ever when the bus itself is gone.
async fn send(client: Client, channel: &str, origin: &str, mut outgoing: mpsc::Receiver<Hint>) {
    let config = ConnectionManagerConfig::new().set_connection_timeout(Some(STEP)).set_response_timeout(Some(STEP)).set_number_of_retries(0);
    let mut connection = match ConnectionManager::new_lazy_with_config(client, config) {
        Ok(connection) => connection,
        Err(e) => {
            tracing::error!(error = %e, "hints are not sent to other processes");
            return std::future::pending().await;
        }
    };
    let (mut batch, mut down) = (Vec::with_capacity(BATCH), false);
    while outgoing.recv_many(&mut batch, BATCH).await > 0 {
        let mut seen = std::collections::HashSet::new();
        let mut pipeline = pipe();
        for hint in batch.drain(..) {
            if seen.insert(hint.clone()) {
                pipeline.cmd("PUBLISH").arg(channel).arg(format!("{origin} {hint}")).ignore();
            }
        }
        let mut sent = pipeline.query_async::<()>(&mut connection).await;
        if sent.as_ref().is_err_and(RedisError::is_unrecoverable_error) {
            // The manager notices a restart of Redis only by a failure; the second try goes over a new connection.
            sent = pipeline.query_async::<()>(&mut connection).await;
        }
        match sent {
            Ok(()) => down = false,
            // Once per outage, not once per hint.
            Err(e) if !down => {
                down = true;
                tracing::warn!(error = %e, "hints do not reach other processes; they poll meanwhile");
            }
            Err(_) => {}
        }
    }
    std::future::pending().await
}

/// Keeps a subscription and hands on what comes.
async fn receive(client: &Client, channel: &str, origin: &str, local: &MemoryBus) {
    let mut pause = Duration::from_millis(100);
    let mut first = true;
    loop {
        match subscribed(client, channel).await {
            Ok((sink, stream)) => {
                pause = Duration::from_millis(100);
                if !first {
                    tracing::info!("subscribed to hints again");
                    // Whatever was published in between is unknown, so everything is worth a look.
                    Hint::ALL_TABLES.into_iter().for_each(|hint| local.publish(hint));
                }
                listen(sink, stream, origin, local).await;
                tracing::warn!("the subscription to hints broke; polling meanwhile");
            }
            Err(e) => tracing::debug!(error = %e, "cannot subscribe to hints"),
        }
        first = false;
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn subscribed(client: &Client, channel: &str) -> Result<(redis::aio::PubSubSink, redis::aio::PubSubStream), RedisError> {
    let connect = async {
        let (mut sink, stream) = client.get_async_pubsub().await?.split();
        sink.subscribe(channel).await?;
        Ok((sink, stream))
    };
    // The pub/sub connection has no time-outs of its own.
    match tokio::time::timeout(STEP * 2, connect).await {
        Ok(done) => done,
        Err(_) => Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()),
    }
}

/// Returns when the connection is gone or does not answer a probe.
async fn listen(mut sink: redis::aio::PubSubSink, mut stream: redis::aio::PubSubStream, origin: &str, local: &MemoryBus) {
    loop {
        match tokio::time::timeout(PROBE, stream.next()).await {
            Ok(Some(message)) => {
                if let Some(hint) = message.get_payload::<String>().ok().as_deref().and_then(|text| foreign(text, origin)) {
                    local.publish(hint);
                }
            }
            Ok(None) => return,
            Err(_) => {
                let probe = tokio::time::timeout(STEP * 2, sink.ping_message::<redis::Value>("alive")).await;
                if !matches!(probe, Ok(Ok(_))) {
                    return;
                }
            }
        }
    }
}

/// The hint in a message of another process.
fn foreign(text: &str, origin: &str) -> Option<Hint> {
    let (from, hint) = text.split_once(' ')?;
    if from == origin { None } else { Hint::parse(hint) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::broadcast::error::{RecvError, TryRecvError};

    fn hints() -> [Hint; 10] {
        let id = || "0198a".to_owned();
        [
            Hint::Inbox(u16::MAX),
            Hint::Inbox(5),
            Hint::Outbox,
            Hint::Timers,
            Hint::Danger(id()),
            Hint::Request(id()),
            Hint::Model,
            Hint::CallsPosted,
            Hint::Call(id()),
            Hint::Config,
        ]
    }

    #[test]
    fn a_hint_survives_the_wire_and_strange_words_are_passed_over() {
        for hint in hints() {
            assert_eq!(Hint::parse(&hint.to_string()), Some(hint.clone()));
            assert_eq!(foreign(&format!("other {hint}"), "me"), Some(hint.clone()));
            assert_eq!(foreign(&format!("me {hint}"), "me"), None, "one's own echo");
        }
        for strange in ["", "Inbox", "request:", "danger:", "weather", "weather:1", "inbox ", "inbox:", "inbox:70000"] {
            assert_eq!(Hint::parse(strange), None, "{strange}");
        }
        assert_eq!(foreign("inbox", "me"), None);
    }

    #[tokio::test]
    async fn every_subscriber_hears_and_a_slow_one_is_told_that_it_missed_some() {
        let bus = MemoryBus::new();
        bus.publish(Hint::Inbox(1));
        let (mut a, mut b) = (bus.subscribe(), bus.subscribe());
        assert_eq!(a.try_recv(), Err(TryRecvError::Empty), "hints are for those who listen already");
        bus.publish(Hint::Timers);
        assert_eq!((a.recv().await, b.recv().await), (Ok(Hint::Timers), Ok(Hint::Timers)));
        for _ in 0..=CAPACITY {
            bus.publish(Hint::Outbox);
        }
        assert!(matches!(a.recv().await, Err(RecvError::Lagged(_))));
    }

    #[tokio::test]
    async fn without_redis_the_process_still_hears_itself_and_publishing_never_waits() {
        let (bus, work) = RedisBus::open("redis://127.0.0.1:1/", "test:").unwrap();
        let stop = CancellationToken::new();
        let running = tokio::spawn(work.run(stop.clone()));
        let mut own = bus.subscribe();
        let start = std::time::Instant::now();
        for _ in 0..CAPACITY * 3 {
            bus.publish(Hint::Inbox(1));
        }
        assert!(start.elapsed() < Duration::from_secs(1));
        assert!(matches!(own.recv().await, Err(RecvError::Lagged(_))));
        assert_eq!(own.recv().await, Ok(Hint::Inbox(1)));
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(1), running).await.unwrap().unwrap();
    }

    /// Publishes until the other side hears: a subscription takes a moment to stand.
    async fn heard(bus: &RedisBus, hint: &Hint, ear: &mut broadcast::Receiver<Hint>) -> bool {
        for _ in 0..100 {
            bus.publish(hint.clone());
            let wait = tokio::time::timeout(Duration::from_millis(100), async {
                loop {
                    match ear.recv().await {
                        Ok(other) if other == *hint => return,
                        Ok(_) | Err(RecvError::Lagged(_)) => {}
                        Err(RecvError::Closed) => std::future::pending().await,
                    }
                }
            });
            if wait.await.is_ok() {
                return true;
            }
        }
        false
    }

    #[tokio::test]
    async fn two_processes_hear_each_other_and_nobody_hears_twice() {
        let Ok(url) = std::env::var("TEST_REDIS_URL") else { return };
        let prefix = format!("test:{}:", Uuid::now_v7());
        let (a, a_loop) = RedisBus::open(&url, &prefix).unwrap();
        let (b, b_loop) = RedisBus::open(&url, &prefix).unwrap();
        let stop = CancellationToken::new();
        let loops = [tokio::spawn(a_loop.run(stop.clone())), tokio::spawn(b_loop.run(stop.clone()))];
        let (mut at_a, mut at_b) = (a.subscribe(), b.subscribe());
        for hint in hints() {
            assert!(heard(&a, &hint, &mut at_b).await, "{hint}");
            assert!(heard(&b, &hint, &mut at_a).await, "{hint}");
        }
        let (mut own, last) = (a.subscribe(), Hint::Request("last".into()));
        a.publish(last.clone());
        // A round trip through Redis, so an echo had its time to come.
        assert!(heard(&b, &Hint::Config, &mut a.subscribe()).await);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let mut times = 0;
        while let Ok(hint) = own.try_recv() {
            times += usize::from(hint == last);
        }
        assert_eq!(times, 1, "at once from itself, and no echo");

        let mut other = Client::open(url.as_str()).unwrap().get_multiplexed_async_connection().await.unwrap();
        redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("pubsub").query_async::<()>(&mut other).await.unwrap();
        let told = tokio::time::timeout(Duration::from_secs(5), async { while at_b.recv().await != Ok(Hint::Timers) {} });
        assert!(told.await.is_ok(), "after a break everything is worth a look");
        assert!(heard(&a, &Hint::Request("after".into()), &mut at_b).await);
        stop.cancel();
        for running in loops {
            running.await.unwrap();
        }
    }
}
