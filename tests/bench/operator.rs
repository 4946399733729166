//! The calls of the API that an operator waits for with somebody on the line, one after another, in a large store.

use super::ground::{Ground, now_us};
use super::http::{self, Conn};
use super::queue;
use super::report::{Aim, Figure, Report};
use super::service::{Service, Setup};
use super::stats::Spread;
use super::{Plan, Res, pg, seed};
use serde_json::{Value, json};

const DATABASE: &str = "bench_operator";
/// An answer later than this keeps a caller waiting, in milliseconds.
const PATIENCE_MS: f64 = 300.0;

/// One kind of call: its name, and how long each took, in microseconds.
struct Kind {
    name: &'static str,
    took: Vec<i64>,
}

impl Kind {
    fn named(name: &'static str) -> Self {
        Self { name, took: Vec::new() }
    }

    async fn call(&mut self, conn: &mut Conn, request: &[u8]) -> Res<Value> {
        let began = now_us();
        let answer = conn.call(request).await?;
        let took = now_us() - began;
        if answer.status >= 300 {
            return Err(format!("{}: status {}: {}", self.name, answer.status, String::from_utf8_lossy(answer.body)).into());
        }
        self.took.push(took);
        Ok(serde_json::from_slice(answer.body).unwrap_or(Value::Null))
    }
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let server = ground.pg()?;
    let requests = plan.size(1_000_000, 100_000);
    let calls = requests / 10;
    seed::copy(ground, DATABASE, requests, false).await?;
    let mut admin = server.open(DATABASE).await?;
    let values = [("requests", requests.to_string()), ("calls", calls.to_string())];
    let values: Vec<(&str, &str)> = values.iter().map(|(k, v)| (*k, v.as_str())).collect();
    pg::execute(&mut admin, &ground.sql("seed-calls.sql", &values)?).await?;
    let setup = Setup::named(ground, DATABASE)?.servers(ground, DATABASE)?;
    setup.command(ground, &["user", "add", "bench", "--role", "admin"], "bench-password")?;
    let service = Service::start(ground, &setup).await?;
    queue::index_built(ground, DATABASE).await?;
    let mut conn = Conn::open(service.addr).await?;
    let token = queue::sign_in(&mut conn).await?;
    let auth = format!("Authorization: Bearer {token}\r\n");
    let post = |path: &str, body: &Value| http::post(path, &auth, &body.to_string());
    let [mut card, mut create, mut join, mut topic, mut keep, mut list] =
        ["who is calling", "register for the caller", "join to a request", "close as consultation", "keep the form", "list of calls"]
            .map(Kind::named);
    let meter = ground.meter();
    let rounds = plan.size(1_000, 100).min(calls / 2);
    for i in 0..rounds {
        let nth = 1 + i * (calls / rounds);
        let id = uuid::Uuid::from_u128(u128::from(nth));
        let base = format!("/api/v1/staff/calls/{id}");
        let seen = card.call(&mut conn, &http::get(&base, &token)).await?;
        let some = |list: &str| seen.get(list).and_then(Value::as_array).is_some_and(|l| !l.is_empty());
        if !some("requests") || !some("same_house") {
            return Err(format!("a card without the caller's requests and neighbours: {seen}").into());
        }
        let house = nth * 10 / 20;
        let address = format!("Абай{} көшесі {}", house / 1000, house % 1000 + 1);
        keep.call(&mut conn, &http::with_body("PUT", "/api/v1/staff/drafts/call", &auth, &json!({"text": "су жоқ", "address": address}).to_string()))
            .await?;
        let what = json!({"text": "Таңнан бері су жоқ, қашан береді?", "address": address, "district": "taraz", "phone": seen.get("phone"), "call": id, "language": "kk"});
        create.call(&mut conn, &post("/api/v1/staff/requests", &what)).await?;
        let number = seen.pointer("/requests/0/number");
        join.call(&mut conn, &post(&format!("{base}/join"), &json!({"number": number, "text": "Қайта қоңырау шалды"}))).await?;
        topic.call(&mut conn, &post(&format!("{base}/consultation"), &json!({"topic": "Судың кестесі"}))).await?;
        list.call(&mut conn, &http::get("/api/v1/staff/calls?limit=50", &token)).await?;
    }
    let besides = vec![meter.besides()];
    for kind in [card, create, join, topic, keep, list] {
        let times = Spread::of_micros(kind.took.into_iter());
        let name = format!("{} p99, {requests} requests", kind.name);
        let note = format!("p50 {:.1} ms, {rounds} calls one after another", times.p50);
        report.add(Figure::one(&name, "ms", vec![times.p99], Aim::AtMost(PATIENCE_MS)).besides(&besides).note(note));
    }
    service.stop().await?;
    drop(admin);
    server.drop_database(DATABASE).await
}
