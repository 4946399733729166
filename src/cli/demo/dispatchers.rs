//! Dispatchers work their queues through the staff API: accept, assign, answer, move on; some a little late.

use super::texts::{ANSWERS, CUT_WORDS};
use super::world::{World, minutes_between};
use crate::domain::Instant;
use crate::domain::catalog::Catalog;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Pages of a queue looked at in one round.
const PAGES: usize = 4;

/// One dispatcher at work.
pub struct Dispatcher {
    pub world: Arc<World>,
    pub catalog: Arc<Catalog>,
    pub token: String,
    /// The first report of the power cut, to which others are joined.
    pub cut: Arc<Mutex<Option<String>>>,
}

/// A draw that is the same whenever it is asked: 0 to 1.
#[must_use]
pub fn luck(number: &str, what: &str) -> f64 {
    let digest = Sha256::digest(format!("{number}/{what}").as_bytes());
    let bits = digest.iter().take(4).fold(0u32, |n, b| (n << 8) | u32::from(*b));
    f64::from(bits) / f64::from(u32::MAX)
}

/// A row of a queue.
pub struct Row<'a>(pub &'a Value);

impl Row<'_> {
    #[must_use]
    pub fn text(&self, key: &str) -> &str {
        self.0.get(key).and_then(Value::as_str).unwrap_or("")
    }

    #[must_use]
    pub fn number(&self) -> &str {
        self.text("number")
    }

    #[must_use]
    pub fn version(&self) -> i64 {
        self.0.get("version").and_then(Value::as_i64).unwrap_or(0)
    }

    /// Minutes since a moment of the row; none when it has not come.
    #[must_use]
    pub fn since(&self, key: &str, now: Instant) -> Option<f64> {
        let at = chrono::DateTime::parse_from_rfc3339(self.text(key)).ok()?;
        Some(minutes_between(at.to_utc(), now))
    }
}

impl Dispatcher {
    /// Until the period is over.
    pub async fn work(self) {
        loop {
            self.round().await;
            // At high speeds a simulated half-minute is nothing; people look at their screen a dozen times a second at most.
            tokio::time::sleep(Duration::from_millis(60)).await;
            if !self.world.rest(0.5).await {
                return;
            }
        }
    }

    async fn round(&self) {
        let Some(queues) = self.world.get("/staff/queues", &self.token).await else { return };
        for queue in items(&queues.body) {
            if queue.get("open").and_then(Value::as_i64).unwrap_or(0) == 0 {
                continue;
            }
            let code = Row(queue).text("code").to_owned();
            let mut cursor = String::new();
            for _ in 0..PAGES {
                let path = format!("/staff/queues/{code}/requests?limit=100{cursor}");
                let Some(page) = self.world.get(&path, &self.token).await else { return };
                for row in items(&page.body) {
                    if self.world.stop.is_cancelled() {
                        return;
                    }
                    self.look(&Row(row)).await;
                }
                match page.text("next_cursor") {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
        }
    }

    /// One act on the version that was seen; the new state when it was done. A conflict is looked at again in the next round.
    async fn act(&self, number: &str, version: i64, what: &str, mut body: Value) -> Option<Value> {
        if let Some(map) = body.as_object_mut() {
            map.insert("expected_version".into(), json!(version));
        }
        let answer = self.world.post(&format!("/staff/requests/{number}/{what}"), Some(&self.token), &body).await?;
        answer.is_success().then_some(answer.body)
    }

    async fn look(&self, row: &Row<'_>) {
        match row.text("status") {
            "queued" => self.take(row).await,
            "assigned" | "in_progress" => self.finish(row).await,
            "on_hold" if row.since("updated_at", self.world.now()).is_some_and(|m| m > 10.0) => {
                self.act(row.number(), row.version(), "resume", json!({})).await;
            }
            _ => {}
        }
    }

    async fn take(&self, row: &Row<'_>) {
        let (number, now) = (row.number(), self.world.now());
        let age = row.since("received_at", now).unwrap_or(0.0);
        let hazard = !row.text("hazard").is_empty();
        let slow = luck(number, "slow");
        let patience = match (hazard, slow) {
            (true, s) if s < 0.9 => 0.2,
            (true, _) => 4.0,
            (false, s) if s < 0.85 => 0.3 + 4.0 * luck(number, "accept"),
            // A busy shift: these clocks run out.
            _ => 12.0 + 20.0 * luck(number, "accept"),
        };
        if age < patience {
            return;
        }
        if row.text("queue") == "triage" {
            return self.read(row).await;
        }
        if self.join(row).await {
            return;
        }
        let incident = row.text("class") == "incident";
        let refused = row.0.get("refused").and_then(Value::as_i64).unwrap_or(0) > 0;
        if incident && !refused && luck(number, "refuse") < 0.04 {
            let other = if row.text("queue") == "district_taraz" { "housing" } else { "district_taraz" };
            let body = json!({"reason": "біздің желі емес / не наша сеть", "proposed_queue": other});
            self.act(number, row.version(), "refuse", body).await;
            return;
        }
        let Some(after) = self.act(number, row.version(), "accept", json!({})).await else { return };
        if incident {
            self.assign(&Row(&after)).await;
        }
    }

    /// Gives the work to a crew of the queue, the one of the district if there is one. False when the queue has no crew.
    async fn assign(&self, row: &Row<'_>) -> bool {
        let fits: Vec<_> = self
            .catalog
            .crews
            .iter()
            .filter(|c| c.queue.as_str() == row.text("queue") || c.also.iter().any(|q| q.as_str() == row.text("queue")))
            .collect();
        let near: Vec<_> =
            fits.iter().filter(|c| !row.text("district").is_empty() && c.code.as_str().contains(row.text("district"))).copied().collect();
        let from = if near.is_empty() { fits } else { near };
        let nth = (luck(row.number(), "crew") * from.len() as f64) as usize;
        let Some(crew) = from.get(nth.min(from.len().saturating_sub(1))) else { return false };
        self.act(row.number(), row.version(), "assign", json!({"crew": crew.code})).await;
        true
    }

    /// What triage could not tell, a person reads and says.
    async fn read(&self, row: &Row<'_>) {
        let Some(whole) = self.world.get(&format!("/staff/requests/{}", row.number()), &self.token).await else { return };
        let thread = whole.body.get("thread").and_then(Value::as_array).cloned().unwrap_or_default();
        let known = thread.iter().find_map(|m| self.world.ledger.recognise(m.get("text").and_then(Value::as_str).unwrap_or("")));
        let body = match &known {
            Some(r) => json!({"class": r.class.as_str(), "service": r.service, "district": r.district}),
            None => json!({"class": "consultation", "service": "other"}),
        };
        self.act(row.number(), row.version(), "reclassify", body).await;
    }

    /// Half of the reports of the cut are joined to the first one.
    async fn join(&self, row: &Row<'_>) -> bool {
        let same = row.text("service") == "electricity" && row.text("class") == "incident" && CUT_WORDS.iter().any(|w| row.text("text").contains(w));
        if !same {
            return false;
        }
        let first = {
            let mut cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
            cut.get_or_insert_with(|| row.number().to_owned()).clone()
        };
        if first == row.number() || luck(row.number(), "join") < 0.5 {
            return false;
        }
        self.act(row.number(), row.version(), "merge", json!({"into": first})).await.is_some()
    }

    /// Questions are answered by the dispatcher; work on the road is the crew's.
    async fn finish(&self, row: &Row<'_>) {
        let (number, now) = (row.number(), self.world.now());
        if !row.text("crew").is_empty() {
            return;
        }
        if row.text("class") == "incident" && row.text("status") == "assigned" && self.assign(row).await {
            return;
        }
        let longest = if row.text("class") == "consultation" { 25.0 } else { 60.0 };
        if row.since("accepted_at", now).unwrap_or(0.0) < 1.0 + longest * luck(number, "answer") {
            return;
        }
        if luck(number, "hold") < 0.02 && row.since("accepted_at", now).unwrap_or(0.0) < longest {
            self.act(number, row.version(), "hold", json!({"reason": "мәлімет күтілуде / ждём сведений"})).await;
            return;
        }
        let nth = (luck(number, "words") * ANSWERS.len() as f64) as usize;
        let words = ANSWERS.get(nth).map_or("…", |a| if row.text("language") == "ru" { a.1 } else { a.0 });
        let answer = self.world.post(&format!("/staff/requests/{number}/reply"), Some(&self.token), &json!({"text": words})).await;
        let Some(after) = answer.filter(super::world::Answer::is_success) else { return };
        self.act(number, Row(&after.body).version(), "resolve", json!({})).await;
    }
}

/// The items of a list.
#[must_use]
pub fn items(body: &Value) -> &[Value] {
    body.get("items").and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luck_is_spread_and_stays() {
        let draws: Vec<f64> = (0..200).map(|n| luck(&n.to_string(), "x")).collect();
        assert!(draws.iter().all(|d| (0.0..=1.0).contains(d)));
        assert!((60..140).contains(&draws.iter().filter(|d| **d < 0.5).count()));
        assert!((luck("26", "a") - luck("26", "a")).abs() < f64::EPSILON);
    }
}
