//! Everybody comes to life: staff sign in, residents get their telephones, and all of them live until the period is over.

use super::super::Failure;
use super::callers;
use super::crews;
use super::dispatchers::Dispatcher;
use super::house::Member;
use super::phone::Phone;
use super::plan::{self, Arrival, Door};
use super::progress;
use super::residents;
use super::world::World;
use crate::dispatch::Core;
use crate::domain::Lang;
use crate::domain::access::Role;
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// First chat of residents, and of crews.
const RESIDENTS: i64 = 500_000_001;
const CREWS: i64 = 900_000_001;
/// A resident who writes again does so at least so many minutes later.
const AGAIN_AFTER: f64 = 90.0;

/// Signs everybody of the staff in through the API.
///
/// # Errors
/// When somebody is not let in: then nothing else will work either.
pub async fn sign_in(base: &str, members: &[Member], password: &str) -> Result<BTreeMap<String, String>, Failure> {
    let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build()?;
    let mut out = BTreeMap::new();
    for m in members {
        let res = http.post(format!("{base}/api/v1/staff/login")).json(&json!({"login": m.login, "password": password})).send().await?;
        let status = res.status();
        let body: Value = res.json().await.unwrap_or(Value::Null);
        let token = body.get("token").and_then(Value::as_str).ok_or_else(|| Failure(format!("'{}' was not let in: status {status}", m.login)))?;
        out.insert(m.login.clone(), token.to_owned());
    }
    Ok(out)
}

/// Lives through the period.
pub async fn live(world: &Arc<World>, core: &Core, members: &[Member], tokens: BTreeMap<String, String>, requests: usize, seed: u64) {
    let mut all = JoinSet::new();
    let catalog = Arc::new(core.book.catalog.clone());
    let cut = Arc::new(Mutex::new(None));
    let token = |login: &str| tokens.get(login).cloned().unwrap_or_default();
    for login in ["centre", "taraz", "districts"] {
        all.spawn(Dispatcher { world: world.clone(), catalog: catalog.clone(), token: token(login), cut: cut.clone() }.work());
    }
    for (n, m) in members.iter().filter(|m| m.role == Role::Crew).enumerate() {
        let Some(crew) = &m.crew else { continue };
        if n % 2 == 0 {
            let phone = Phone { world: world.clone(), chat: CREWS + n as i64, name: "Бригада".into(), lang: Lang::Kk };
            all.spawn(crews::with_bot(phone, token(&m.login), seed));
        } else {
            all.spawn(crews::with_tablet(world.clone(), token(&m.login), crew.to_string()));
        }
    }
    // The last reports come early enough to be worked on a little.
    let until = (world.last_word - world.minutes * 0.03).max(world.minutes * 0.5);
    let mut chats: Vec<VecDeque<Arrival>> = Vec::new();
    let operator: Arc<str> = token("operator").into();
    for (n, arrival) in plan::draw(requests, until, seed).into_iter().enumerate() {
        match arrival.door {
            Door::Telegram => match chats.get_mut(n / 3).filter(|c| n % 8 == 0 && c.back().is_some_and(|b| b.at + AGAIN_AFTER < arrival.at)) {
                Some(known) => known.push_back(arrival),
                None => chats.push(VecDeque::from([arrival])),
            },
            Door::App => drop(all.spawn(callers::app_user(world.clone(), arrival, n, seed))),
            Door::Desk => drop(all.spawn(callers::call(world.clone(), arrival, n, operator.clone()))),
        }
    }
    for (n, arrivals) in chats.into_iter().enumerate() {
        let lang = arrivals.front().map_or(Lang::Kk, |a| a.report.lang);
        let name = if lang == Lang::Kk { "Тұрғын" } else { "Житель" };
        let phone = Phone { world: world.clone(), chat: RESIDENTS + n as i64, name: name.into(), lang };
        all.spawn(residents::live(phone, arrivals, seed));
    }
    all.spawn(progress::run(world.clone(), requests));
    world.until(world.minutes).await;
    world.stop.cancel();
    // Everybody finishes the sentence; a half-sent call must still be written down in the ledger.
    let over = async { while all.join_next().await.is_some() {} };
    if tokio::time::timeout(Duration::from_secs(40), over).await.is_err() {
        world.ledger.trouble("somebody did not stop in time");
    }
}
