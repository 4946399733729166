//! One story for every implementation: the same promises are checked in memory and, when `TEST_REDIS_URL` names a server, in Redis.

use super::{Claimed, IndexError, MemoryIndex, RedisIndex, TimerIndex};
use crate::domain::TimerId;
use crate::domain::time::{Instant, never};
use chrono::TimeZone;
use proptest::prelude::*;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

const LEASE: Duration = Duration::from_secs(30);

fn at(secs: i64) -> Instant {
    chrono::Utc.timestamp_opt(1_780_000_000 + secs, 123_457_000).unwrap()
}

/// An index over a prefix of its own; `None` when no server is named.
fn redis_index() -> Option<Arc<RedisIndex>> {
    let url = std::env::var("TEST_REDIS_URL").ok()?;
    Some(Arc::new(RedisIndex::open(&url, &format!("test:{}:", uuid::Uuid::now_v7())).unwrap()))
}

fn ids(claimed: &[Claimed]) -> Vec<TimerId> {
    claimed.iter().map(|c| c.id).collect()
}

/// Every promise of [`TimerIndex`], on an empty index.
async fn promises(index: Arc<dyn TimerIndex>) {
    index.ping().await.unwrap();
    starts_empty(&*index).await;
    claims_in_order_and_only_what_is_due(&*index).await;
    a_lease_ends_or_is_settled(&*index).await;
    what_moved_during_a_lease_stays(&*index).await;
    far_deadlines_are_kept(&*index).await;
    racing_claimers_share_without_overlap(index).await;
}

async fn starts_empty(index: &dyn TimerIndex) {
    assert_eq!(index.len().await.unwrap(), 0);
    assert_eq!(index.next_due().await.unwrap(), None);
    assert_eq!(index.epoch().await.unwrap(), None);
    assert!(index.claim_due(at(0), LEASE, 10).await.unwrap().is_empty());
    index.schedule(&[]).await.unwrap();
    index.forget(&[]).await.unwrap();
    assert_eq!(index.remove_if_unchanged(&[]).await.unwrap(), 0);
    index.set_epoch("built").await.unwrap();
    assert_eq!(index.epoch().await.unwrap().as_deref(), Some("built"));
}

async fn claims_in_order_and_only_what_is_due(index: &dyn TimerIndex) {
    let [a, b, c, d] = std::array::from_fn(|_| TimerId::fresh());
    let micro = chrono::Duration::microseconds(1);
    index.schedule(&[(c, at(3)), (a, at(1)), (d, at(3) + micro), (b, at(2))]).await.unwrap();
    assert_eq!(index.len().await.unwrap(), 4);
    assert_eq!(index.next_due().await.unwrap(), Some(at(1)));
    assert!(index.claim_due(at(1) - micro, LEASE, 10).await.unwrap().is_empty(), "not a microsecond early");
    assert!(index.claim_due(at(3), LEASE, 0).await.unwrap().is_empty());
    let first = index.claim_due(at(3), LEASE, 2).await.unwrap();
    assert_eq!(first, [Claimed { id: a, due_at: at(1), lease_until: at(33) }, Claimed { id: b, due_at: at(2), lease_until: at(33) }]);
    assert_eq!(ids(&index.claim_due(at(3), LEASE, 10).await.unwrap()), [c]);
    assert_eq!(ids(&index.claim_due(at(3) + micro, LEASE, 10).await.unwrap()), [d]);
    index.forget(&[a, b, c, d, TimerId::fresh()]).await.unwrap();
    assert_eq!(index.len().await.unwrap(), 0);
}

async fn a_lease_ends_or_is_settled(index: &dyn TimerIndex) {
    let [settled, crashed] = std::array::from_fn(|_| TimerId::fresh());
    index.schedule(&[(settled, at(0)), (crashed, at(1))]).await.unwrap();
    let claimed = index.claim_due(at(1), LEASE, 10).await.unwrap();
    assert_eq!(ids(&claimed), [settled, crashed]);
    assert_eq!(index.remove_if_unchanged(&claimed[..1]).await.unwrap(), 1);
    assert_eq!(index.remove_if_unchanged(&claimed[..1]).await.unwrap(), 0, "a repetition finds nothing");
    assert!(index.claim_due(at(30), LEASE, 10).await.unwrap().is_empty());
    let again = index.claim_due(at(31), LEASE, 10).await.unwrap();
    assert_eq!(again, [Claimed { id: crashed, due_at: at(31), lease_until: at(61) }]);
    assert_eq!(index.remove_if_unchanged(&claimed).await.unwrap(), 0, "the former holder has nothing to say");
    assert_eq!(index.remove_if_unchanged(&again).await.unwrap(), 1);
    assert_eq!(index.len().await.unwrap(), 0);
}

async fn what_moved_during_a_lease_stays(index: &dyn TimerIndex) {
    let [moved, gone] = std::array::from_fn(|_| TimerId::fresh());
    index.schedule(&[(moved, at(0)), (gone, at(0))]).await.unwrap();
    let claimed = index.claim_due(at(0), LEASE, 10).await.unwrap();
    index.schedule(&[(moved, at(500))]).await.unwrap();
    index.forget(&[gone]).await.unwrap();
    assert_eq!(index.remove_if_unchanged(&claimed).await.unwrap(), 0);
    assert_eq!(index.next_due().await.unwrap(), Some(at(500)));
    index.forget(&[moved]).await.unwrap();
}

async fn far_deadlines_are_kept(index: &dyn TimerIndex) {
    let id = TimerId::fresh();
    index.schedule(&[(id, never())]).await.unwrap();
    assert!(index.next_due().await.unwrap().unwrap() > at(200 * 365 * 86_400));
    assert!(index.claim_due(at(100 * 365 * 86_400), LEASE, 10).await.unwrap().is_empty());
    let claimed = index.claim_due(never(), Duration::MAX, 10).await.unwrap();
    assert_eq!(index.remove_if_unchanged(&claimed).await.unwrap(), 1);
}

async fn racing_claimers_share_without_overlap(index: Arc<dyn TimerIndex>) {
    const N: i64 = 10_000;
    let entries: Vec<(TimerId, Instant)> = (0..N).map(|i| (TimerId::fresh(), at(i % 997))).collect();
    index.schedule(&entries).await.unwrap();
    assert_eq!(index.len().await.unwrap(), 10_000);
    let claimers: Vec<_> = (0..8)
        .map(|_| {
            let index = Arc::clone(&index);
            tokio::spawn(async move {
                let mut mine = Vec::new();
                loop {
                    let batch = index.claim_due(at(1000), LEASE, 137).await.unwrap();
                    if batch.is_empty() {
                        return mine;
                    }
                    mine.extend(batch);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let (mut seen, mut all) = (HashSet::new(), Vec::new());
    for claimer in claimers {
        for claimed in claimer.await.unwrap() {
            assert!(seen.insert(claimed.id), "one timer in two hands");
            all.push(claimed);
        }
    }
    let due: HashMap<TimerId, Instant> = entries.into_iter().collect();
    assert_eq!(all.len(), due.len());
    assert!(all.iter().all(|c| due[&c.id] == c.due_at && c.lease_until == at(1030)));
    assert_eq!(index.remove_if_unchanged(&all).await.unwrap(), 10_000);
    assert_eq!(index.len().await.unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn memory_keeps_the_promises() {
    let index = Arc::new(MemoryIndex::new());
    promises(Arc::clone(&index) as Arc<dyn TimerIndex>).await;
    index.flush();
    assert_eq!(index.epoch().await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn redis_keeps_the_promises() {
    let Some(index) = redis_index() else { return };
    promises(index).await;
}

#[tokio::test]
async fn a_redis_that_is_not_there_costs_a_second_at_most() {
    // One port where nothing listens, and one where somebody takes the call and says nothing.
    let mute = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute = (mute.local_addr().unwrap().port(), mute);
    for url in ["redis://:secret@127.0.0.1:1/5".to_owned(), format!("redis://:secret@127.0.0.1:{}/", mute.0)] {
        let index = RedisIndex::open(&url, "test:").unwrap();
        for _ in 0..3 {
            let start = std::time::Instant::now();
            let failure = index.ping().await.unwrap_err();
            assert!(start.elapsed() < Duration::from_millis(1500), "{url}: {:?}", start.elapsed());
            assert!(matches!(failure, IndexError::Unavailable(_) | IndexError::TimedOut(_)), "{failure:?}");
            assert!(!format!("{failure:?}{index:?}").contains("secret"));
        }
    }
}

#[tokio::test]
async fn an_address_that_is_none_is_refused_without_repeating_it() {
    for url in ["", "localhost", "http://:secret@localhost/", "redis://:secret@localhost:notaport/"] {
        let failure = RedisIndex::open(url, "test:").unwrap_err();
        assert!(matches!(failure, IndexError::BadAddress(_)));
        assert!(!format!("{failure:?}").contains("secret"));
    }
}

/// A step of a random story; timers are named by small numbers.
#[derive(Debug, Clone)]
enum Step {
    Schedule(Vec<(usize, i64)>),
    Forget(usize),
    Claim {
        now: i64,
        lease: u64,
        limit: usize,
    },
    /// Settles the n-th claim made so far, stale ones too.
    Settle(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => prop::collection::vec((0..12_usize, 0..60_i64), 1..5).prop_map(Step::Schedule),
        1 => (0..12_usize).prop_map(Step::Forget),
        3 => (0..80_i64, 1..20_u64, 0..6_usize).prop_map(|(now, lease, limit)| Step::Claim { now, lease, limit }),
        2 => (0..8_usize).prop_map(Step::Settle),
    ]
}

/// Plays a story on the index and on a plain map, and compares after every step.
async fn same_as_the_model(index: &dyn TimerIndex, story: &[Step]) {
    let names: Vec<TimerId> = (0..12).map(|_| TimerId::fresh()).collect();
    let mut model: BTreeMap<TimerId, Instant> = BTreeMap::new();
    let mut claims: Vec<Vec<Claimed>> = Vec::new();
    for step in story {
        match step {
            Step::Schedule(entries) => {
                let entries: Vec<_> = entries.iter().map(|&(n, secs)| (names[n], at(secs))).collect();
                index.schedule(&entries).await.unwrap();
                model.extend(entries);
            }
            Step::Forget(n) => {
                index.forget(&[names[*n]]).await.unwrap();
                model.remove(&names[*n]);
            }
            Step::Claim { now, lease, limit } => {
                let claimed = index.claim_due(at(*now), Duration::from_secs(*lease), *limit).await.unwrap();
                let lease_until = at(*now + i64::try_from(*lease).unwrap());
                let mut due: Vec<_> = model.iter().filter(|(_, due)| **due <= at(*now)).map(|(id, due)| (*due, *id)).collect();
                due.sort_unstable();
                due.truncate(*limit);
                let expected: Vec<_> = due.iter().map(|&(due_at, id)| Claimed { id, due_at, lease_until }).collect();
                assert_eq!(claimed, expected);
                model.extend(expected.iter().map(|c| (c.id, lease_until)));
                claims.push(claimed);
            }
            Step::Settle(n) => {
                let Some(claim) = claims.get(*n) else { continue };
                let unchanged: Vec<_> = claim.iter().filter(|c| model.get(&c.id) == Some(&c.lease_until)).collect();
                assert_eq!(index.remove_if_unchanged(claim).await.unwrap(), unchanged.len());
                for settled in unchanged {
                    model.remove(&settled.id);
                }
            }
        }
        assert_eq!(index.len().await.unwrap(), model.len());
        assert_eq!(index.next_due().await.unwrap(), model.values().min().copied());
    }
    index.forget(&names).await.unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]
    #[test]
    fn memory_is_a_plain_map_of_due_times(story in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(same_as_the_model(&MemoryIndex::new(), &story));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) })]
    #[test]
    fn redis_is_a_plain_map_of_due_times(story in prop::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            if let Some(index) = redis_index() {
                same_as_the_model(&*index, &story).await;
            }
        });
    }
}
