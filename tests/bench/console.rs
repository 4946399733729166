//! The pages that a dispatcher waits for, one after another, in a large store: the board, a queue, a request, searches, the map, a call's card, the audit.

use super::ground::{Ground, now_us};
use super::http::{self, Conn};
use super::queue;
use super::report::{Aim, Figure, Report};
use super::service::{Service, Setup};
use super::stats::Spread;
use super::{Plan, Res, pg, seed};
use jambyl109::domain::RequestNumber;
use jambyl109::domain::search::{grams, words};
use std::collections::BTreeSet;

const DATABASE: &str = "bench_console";
/// A page that comes later than this makes a person wait, in milliseconds.
const PATIENCE_MS: f64 = 300.0;
/// What every resident of the store has said.
const SAID: &str = "Кеше кештен бері су жоқ";
/// How deep in the board a page is also looked at.
const DEEP: usize = 40;

/// One kind of page: its name, a word that it must hold, and how long each took, in microseconds.
struct Kind {
    name: &'static str,
    holds: &'static str,
    took: Vec<i64>,
    bytes: usize,
}

impl Kind {
    fn named(name: &'static str, holds: &'static str) -> Self {
        Self { name, holds, took: Vec::new(), bytes: 0 }
    }

    /// Asks once; what came.
    async fn ask(&mut self, conn: &mut Conn, request: &[u8]) -> Res<String> {
        let began = now_us();
        let answer = conn.call(request).await?;
        let took = now_us() - began;
        let text = String::from_utf8_lossy(answer.body).into_owned();
        if answer.status != 200 || !text.contains(self.holds) {
            return Err(
                format!("{}: status {}, without “{}”: {}", self.name, answer.status, self.holds, text.chars().take(600).collect::<String>()).into()
            );
        }
        self.took.push(took);
        self.bytes = text.len();
        Ok(text)
    }
}

/// A browser that has signed in.
struct Desk {
    cookie: String,
    csrf: String,
}

impl Desk {
    async fn open(conn: &mut Conn) -> Res<Self> {
        let answer = conn.call(&http::form("/console/sign-in", "", "login=bench&password=bench-password")).await?;
        let head = String::from_utf8_lossy(answer.head).into_owned();
        let given = head.lines().filter_map(|l| l.split_once(": ").filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie")).map(|(_, v)| v));
        let token = given.filter_map(|v| v.split(';').next()).find(|v| v.starts_with("jambyl109_session=")).ok_or("no session at sign-in")?;
        let mut desk = Self { cookie: format!("Cookie: {token}; lang=kk\r\n"), csrf: String::new() };
        let answer = conn.call(&desk.get("/console/find")).await?;
        let page = String::from_utf8_lossy(answer.body).into_owned();
        let after = page.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        after.ok_or("no form token on the page for searching")?.clone_into(&mut desk.csrf);
        Ok(desk)
    }

    fn get(&self, path: &str) -> Vec<u8> {
        http::get_with(path, &self.cookie)
    }

    fn find(&self, question: &str) -> Vec<u8> {
        let coded = percent_encoding::utf8_percent_encode(question, percent_encoding::NON_ALPHANUMERIC);
        http::form("/console/find", &self.cookie, &format!("csrf={}&q={coded}", self.csrf))
    }
}

async fn fill(ground: &Ground, requests: u64) -> Res<Setup> {
    let server = ground.pg()?;
    seed::copy(ground, DATABASE, requests, false).await?;
    let setup = Setup::named(ground, DATABASE)?.servers(ground, DATABASE)?;
    setup.command(ground, &["user", "add", "bench", "--role", "admin"], "bench-password")?;
    let mut admin = server.open(DATABASE).await?;
    let said = words(SAID);
    let list: Vec<String> = said.iter().map(|w| format!("'{w}'")).collect();
    let (count, calls, list) = (requests.to_string(), (requests / 10).to_string(), format!("ARRAY[{}]", list.join(",")));
    let values = [("requests", count.as_str()), ("calls", calls.as_str()), ("words", list.as_str())];
    eprintln!("   bringing calls, words and an audit");
    pg::execute(&mut admin, "SET synchronous_commit = off").await?;
    for file in ["seed-calls.sql", "seed-console.sql"] {
        pg::execute(&mut admin, &ground.sql(file, &values)?).await?;
    }
    // Every word that stands in the store can be found in spite of a slip.
    let streets = (0..=requests / 20_000).map(|n| format!("абай{n}"));
    let known: BTreeSet<String> = said.into_iter().chain(streets).chain((1..=1000).map(|n: u32| n.to_string())).collect();
    let pieces: Vec<String> = known.iter().flat_map(|w| grams(w).into_iter().map(move |g| format!("('{g}','{w}')"))).collect();
    pg::execute(&mut admin, &format!("INSERT INTO search_gram (gram, word) VALUES {} ON CONFLICT DO NOTHING", pieces.join(","))).await?;
    pg::execute(&mut admin, "VACUUM (ANALYZE)").await?;
    pg::execute(&mut admin, "CHECKPOINT").await?;
    Ok(setup)
}

/// Where the board goes on.
fn next_page(page: &str) -> Res<String> {
    let at = page.split("rel=\"next\" href=\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("the board ended")?;
    Ok(at.replace("&#38;", "&").replace("&amp;", "&"))
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let requests = plan.size(1_000_000, 100_000);
    let setup = fill(ground, requests).await?;
    let service = Service::start(ground, &setup).await?;
    queue::index_built(ground, DATABASE).await?;
    let mut conn = Conn::open(service.addr).await?;
    let desk = Desk::open(&mut conn).await?;
    let codes = seed::queues()?;
    let row = "<tr id=\"r";
    let [mut board, mut filtered, mut deep, mut rows, mut watch, mut list, mut queues, mut request, mut ledger, mut map] = [
        ("board", row),
        ("board by service and district", row),
        ("board, page 40", row),
        ("board's rows for its script", row),
        ("watch of an open page", "\"dangers\":["),
        ("queue", "/console/requests/"),
        ("queues", "/console/board?queue="),
        ("request", "class=\"thread\""),
        ("account of clocks", "class=\"history\""),
        ("map", "<svg"),
    ]
    .map(|(name, holds)| Kind::named(name, holds));
    let [mut house, mut slip, mut common, mut phone, mut card, mut calls, mut audit, mut of_person, mut of_request] = [
        ("search: street and house", row),
        ("search: street with a slip", row),
        ("search: words of everybody", row),
        ("search: telephone", row),
        ("call's card", "data-draft"),
        ("calls", "calls-recent"),
        ("audit", "<tbody>"),
        ("audit of a person", "<tbody>"),
        ("audit of a request", "<tbody>"),
    ]
    .map(|(name, holds)| Kind::named(name, holds));
    let meter = ground.meter();
    let mut at = "/console/board".to_owned();
    for _ in 0..DEEP - 1 {
        at = next_page(&Kind::named("board", row).ask(&mut conn, &desk.get(&at)).await?)?;
    }
    let rounds = plan.size(300, 40);
    for i in 0..rounds {
        let k = 1 + i * (requests / rounds);
        let number = RequestNumber::compose(24, k);
        let code = codes.get(usize::try_from(i)? % 8).ok_or("no queues")?;
        let (street, door) = (k / 20_000, k / 20 % 1000 + 1);
        for (kind, path) in [
            (&mut board, "/console/board".to_owned()),
            (&mut filtered, "/console/board?service=water&district=taraz".into()),
            (&mut deep, at.clone()),
            (&mut rows, "/console/board/rows".into()),
            (&mut watch, "/console/alive".into()),
            (&mut list, format!("/console/queues/{code}")),
            (&mut queues, "/console/queues".into()),
            (&mut request, format!("/console/requests/{number}")),
            (&mut ledger, format!("/console/requests/{number}/ledger")),
            (&mut map, "/console/map".into()),
            (&mut card, format!("/console/calls/{}", uuid::Uuid::from_u128(u128::from(1 + i * (requests / 10 / rounds))))),
            (&mut calls, "/console/calls".into()),
            (&mut audit, "/console/audit".into()),
            (&mut of_person, "/console/audit?person=bench".into()),
            (&mut of_request, format!("/console/audit?object={number}")),
        ] {
            kind.ask(&mut conn, &desk.get(&path)).await?;
        }
        for (kind, question) in [
            (&mut house, format!("Абай{street} {door}")),
            (&mut slip, format!("кшеше Абай{street} {door}")),
            (&mut common, "су жоқ".to_owned()),
            (&mut phone, format!("+7701{k:07}")),
        ] {
            kind.ask(&mut conn, &desk.find(&question)).await?;
        }
    }
    let besides = vec![meter.besides()];
    for kind in [
        board, filtered, deep, rows, watch, list, queues, request, ledger, map, house, slip, common, phone, card, calls, audit, of_person, of_request,
    ] {
        let times = Spread::of_micros(kind.took.into_iter());
        let name = format!("{} p99, {requests} requests", kind.name);
        let note = format!("p50 {:.1} ms, {} KB, {rounds} one after another", times.p50, kind.bytes.div_ceil(1024));
        report.add(Figure::one(&name, "ms", vec![times.p99], Aim::AtMost(PATIENCE_MS)).besides(&besides).note(note));
    }
    service.stop().await?;
    ground.pg()?.drop_database(DATABASE).await
}
