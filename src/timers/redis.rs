//! The timer index shared by many processes, in Redis.
//!
//! Keys, both under the configured prefix: `timers`, one sorted set of timer ids scored by microseconds since 1970; `timers:epoch`, a
//! string that exists as long as the set was fully built and not lost. Scripts make "read, compare, change" one step, and take the
//! present moment as an argument, so the clock of the Redis machine plays no part.

use super::{Claimed, IndexError, TimerIndex, moment, score, score_after};
use crate::domain::TimerId;
use crate::domain::time::Instant;
use ::redis::aio::{ConnectionManager, ConnectionManagerConfig};
use ::redis::{Client, Cmd, ErrorKind, FromRedisValue, IntoConnectionInfo, Pipeline, RedisError, RedisResult, Script, ScriptInvocation, cmd, pipe};
use async_trait::async_trait;
use std::time::Duration;

/// One attempt to connect, and one answer, may take this long.
const STEP: Duration = Duration::from_millis(450);
/// A whole operation, one repetition included: what a dead Redis costs the caller.
const WHOLE: Duration = Duration::from_secs(1);
/// Members per command; keeps a script short enough not to hold up other clients of the same Redis.
const CHUNK: usize = 1000;
/// Commands per pipeline.
const PIPELINE: usize = 10;

const CLAIM: &str = r"
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[3])
for i = 1, #due, 2 do redis.call('ZADD', KEYS[1], ARGV[2], due[i]) end
return due
";

const REMOVE: &str = r"
local removed = 0
for i = 1, #ARGV, 2 do
  local at = redis.call('ZSCORE', KEYS[1], ARGV[i])
  if at and tonumber(at) == tonumber(ARGV[i + 1]) then removed = removed + redis.call('ZREM', KEYS[1], ARGV[i]) end
end
return removed
";

/// Timers in one sorted set of a Redis server.
pub struct RedisIndex {
    connection: ConnectionManager,
    timers: String,
    epoch: String,
    claim: Script,
    remove: Script,
}

impl std::fmt::Debug for RedisIndex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisIndex").field("timers", &self.timers).finish_non_exhaustive()
    }
}

impl RedisIndex {
    /// An index under `prefix` (`jambyl:` makes the key `jambyl:timers`) on the server at `url`, `redis://` or `rediss://`, with user,
    /// password and database number in it when needed. Connects at first use, so a Redis that is down does not hold up the start.
    /// Must be called within the async runtime.
    ///
    /// # Errors
    /// [`IndexError::BadAddress`] when the URL cannot be understood.
    pub fn open(url: &str, prefix: &str) -> Result<Self, IndexError> {
        let bad = |e: RedisError| IndexError::BadAddress(Box::new(e));
        let client = client(url).map_err(bad)?;
        let config = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(STEP))
            .set_response_timeout(Some(STEP))
            // Patience is the caller's: while Redis is away the workers read the database.
            .set_number_of_retries(0);
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, config).map_err(bad)?,
            timers: format!("{prefix}timers"),
            epoch: format!("{prefix}timers:epoch"),
            claim: Script::new(CLAIM),
            remove: Script::new(REMOVE),
        })
    }

    /// Runs an operation within [`WHOLE`]. A broken connection is tried once more: the manager tells of a loss only when it is used, so
    /// after a restart of Redis the first error is stale news. Repeating is safe for every operation of the index; a claim whose answer
    /// was lost comes back when its lease ends.
    async fn run<T: FromRedisValue>(&self, call: Call<'_>) -> Result<T, IndexError> {
        let twice = async {
            match call.send(self.connection.clone()).await {
                Err(e) if e.is_unrecoverable_error() => call.send(self.connection.clone()).await,
                other => other,
            }
        };
        match tokio::time::timeout(WHOLE, twice).await {
            Err(_) => Err(IndexError::TimedOut(WHOLE)),
            Ok(Ok(value)) => Ok(value),
            Ok(Err(e)) if e.is_timeout() => Err(IndexError::TimedOut(STEP)),
            Ok(Err(e)) if e.kind() == ErrorKind::Io || e.is_unrecoverable_error() => Err(IndexError::Unavailable(Box::new(e))),
            Ok(Err(e)) => Err(IndexError::Refused(Box::new(e))),
        }
    }
}

/// What may be sent to the server.
enum Call<'a> {
    One(&'a Cmd),
    Many(&'a Pipeline),
    Script(&'a ScriptInvocation<'a>),
}

impl Call<'_> {
    async fn send<T: FromRedisValue>(&self, mut connection: ConnectionManager) -> RedisResult<T> {
        match self {
            Self::One(cmd) => cmd.query_async(&mut connection).await,
            Self::Many(pipeline) => pipeline.query_async(&mut connection).await,
            Self::Script(script) => script.invoke_async(&mut connection).await,
        }
    }
}

/// A client that gives up on a connection whose far end has vanished without a word.
fn client(url: &str) -> RedisResult<Client> {
    let info = url.into_connection_info()?;
    #[cfg(target_os = "linux")]
    let info = {
        let settings = info.tcp_settings().clone().set_user_timeout(Duration::from_secs(2));
        info.set_tcp_settings(settings)
    };
    Client::open(info)
}

/// A member and score as the server writes them. Members that are not ours are skipped by the caller.
fn read(member: &str, at: f64) -> Option<(TimerId, i64)> {
    #[allow(clippy::cast_possible_truncation, reason = "scores are whole and stay within the exact range of a double")]
    let at = at as i64;
    member.parse().ok().map(|id| (id, at))
}

#[async_trait]
impl TimerIndex for RedisIndex {
    async fn schedule(&self, entries: &[(TimerId, Instant)]) -> Result<(), IndexError> {
        for batch in entries.chunks(CHUNK * PIPELINE) {
            let mut pipeline = pipe();
            for chunk in batch.chunks(CHUNK) {
                let pairs: Vec<(i64, String)> = chunk.iter().map(|(id, at)| (score(*at), id.to_string())).collect();
                pipeline.cmd("ZADD").arg(&self.timers).arg(&pairs).ignore();
            }
            self.run::<()>(Call::Many(&pipeline)).await?;
        }
        Ok(())
    }

    async fn remove_if_unchanged(&self, entries: &[Claimed]) -> Result<usize, IndexError> {
        let mut removed = 0;
        for chunk in entries.chunks(CHUNK) {
            let mut call = self.remove.key(&self.timers);
            for claimed in chunk {
                call.arg(claimed.id.to_string()).arg(score(claimed.lease_until));
            }
            removed += self.run::<usize>(Call::Script(&call)).await?;
        }
        Ok(removed)
    }

    async fn forget(&self, ids: &[TimerId]) -> Result<(), IndexError> {
        for chunk in ids.chunks(CHUNK) {
            let members: Vec<String> = chunk.iter().map(ToString::to_string).collect();
            self.run::<()>(Call::One(cmd("ZREM").arg(&self.timers).arg(&members))).await?;
        }
        Ok(())
    }

    async fn claim_due(&self, now: Instant, lease: Duration, limit: usize) -> Result<Vec<Claimed>, IndexError> {
        let lease_score = score_after(now, lease);
        let mut call = self.claim.key(&self.timers);
        call.arg(score(now)).arg(lease_score).arg(limit.min(CHUNK * PIPELINE));
        let due: Vec<(String, f64)> = self.run(Call::Script(&call)).await?;
        let (mut claimed, mut strange) = (Vec::with_capacity(due.len()), Vec::new());
        for (member, at) in due {
            match read(&member, at) {
                Some((id, at)) => claimed.push(Claimed { id, due_at: moment(at), lease_until: moment(lease_score) }),
                None => strange.push(member),
            }
        }
        if !strange.is_empty() {
            // Something else wrote into our key. Out with it, or it would be claimed for ever.
            tracing::warn!(count = strange.len(), "members that are not timers removed from the timer index");
            self.run::<()>(Call::One(cmd("ZREM").arg(&self.timers).arg(&strange))).await?;
        }
        Ok(claimed)
    }

    async fn next_due(&self) -> Result<Option<Instant>, IndexError> {
        let first: Vec<(String, f64)> = self.run(Call::One(cmd("ZRANGE").arg(&self.timers).arg(0).arg(0).arg("WITHSCORES"))).await?;
        #[allow(clippy::cast_possible_truncation, reason = "scores are whole and stay within the exact range of a double")]
        let at = first.first().map(|(_, at)| moment(*at as i64));
        Ok(at)
    }

    async fn len(&self) -> Result<usize, IndexError> {
        self.run(Call::One(cmd("ZCARD").arg(&self.timers))).await
    }

    async fn epoch(&self) -> Result<Option<String>, IndexError> {
        self.run(Call::One(cmd("GET").arg(&self.epoch))).await
    }

    async fn set_epoch(&self, epoch: &str) -> Result<(), IndexError> {
        self.run(Call::One(cmd("SET").arg(&self.epoch).arg(epoch))).await
    }

    async fn ping(&self) -> Result<(), IndexError> {
        self.run::<String>(Call::One(&cmd("PING"))).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn at(secs: i64) -> Instant {
        chrono::Utc.timestamp_opt(1_780_000_000 + secs, 0).unwrap()
    }

    fn index() -> Option<RedisIndex> {
        let url = std::env::var("TEST_REDIS_URL").ok()?;
        Some(RedisIndex::open(&url, &format!("test:{}:", uuid::Uuid::now_v7())).unwrap())
    }

    #[tokio::test]
    async fn a_lost_connection_and_forgotten_scripts_are_not_noticed_by_the_caller() {
        let Some(index) = index() else { return };
        let id = TimerId::fresh();
        index.schedule(&[(id, at(0))]).await.unwrap();
        let own: i64 = cmd("CLIENT").arg("ID").query_async(&mut index.connection.clone()).await.unwrap();
        let url = std::env::var("TEST_REDIS_URL").unwrap();
        let mut other = Client::open(url).unwrap().get_multiplexed_async_connection().await.unwrap();
        let killed: i64 = cmd("CLIENT").arg("KILL").arg("ID").arg(own).query_async(&mut other).await.unwrap();
        assert_eq!(killed, 1);
        assert_eq!(index.len().await.unwrap(), 1);
        cmd("SCRIPT").arg("FLUSH").query_async::<()>(&mut other).await.unwrap();
        let claimed = index.claim_due(at(0), Duration::from_secs(1), 5).await.unwrap();
        assert_eq!(claimed.len(), 1);
        assert_eq!(index.remove_if_unchanged(&claimed).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_is_not_a_timer_is_thrown_out() {
        let Some(index) = index() else { return };
        let id = TimerId::fresh();
        cmd("ZADD").arg(&index.timers).arg(1).arg("not a timer").query_async::<()>(&mut index.connection.clone()).await.unwrap();
        index.schedule(&[(id, at(0))]).await.unwrap();
        let claimed = index.claim_due(at(0), Duration::from_secs(1), 5).await.unwrap();
        assert_eq!(claimed.iter().map(|c| c.id).collect::<Vec<_>>(), [id]);
        assert_eq!(index.len().await.unwrap(), 1);
        index.forget(&[id]).await.unwrap();
    }

    #[tokio::test]
    async fn a_refusal_is_told_from_an_absence() {
        let Some(index) = index() else { return };
        cmd("SET").arg(&index.timers).arg("a string").query_async::<()>(&mut index.connection.clone()).await.unwrap();
        assert!(matches!(index.len().await, Err(IndexError::Refused(_))));
        cmd("DEL").arg(&index.timers).query_async::<()>(&mut index.connection.clone()).await.unwrap();
    }
}
