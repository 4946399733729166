//! The reports of a year, as a leader opens them: every page in a store of a million requests and as many calls, with past days added up and from the
//! rows alone.

use super::ground::Ground;
use super::report::{Aim, Figure, Report};
use super::service::{Service, Setup};
use super::stats::median;
use super::{Plan, Res, pg, queue, seed};
use reqwest::redirect::Policy;
use std::time::{Duration, Instant};

const DATABASE: &str = "bench_reports";
/// A page later than this makes people press again, in milliseconds.
const PATIENCE_MS: f64 = 1_000.0;

/// A leader at the console.
struct Leader {
    client: reqwest::Client,
    base: String,
    cookie: String,
}

impl Leader {
    async fn sign_in(base: String) -> Res<Self> {
        let client = reqwest::Client::builder().redirect(Policy::none()).build()?;
        let form = [("login", "bench"), ("password", "bench-password")];
        let answer = client.post(format!("{base}/console/sign-in")).form(&form).send().await?;
        let cookies: Vec<String> =
            answer.headers().get_all("set-cookie").iter().filter_map(|c| Some(c.to_str().ok()?.split(';').next()?.to_owned())).collect();
        if cookies.is_empty() {
            return Err(format!("no session at sign-in: {}", answer.status()).into());
        }
        Ok(Self { client, base, cookie: cookies.join("; ") })
    }

    /// Opens a page; how long it took, in milliseconds.
    async fn opens(&self, path: &str) -> Res<f64> {
        let began = Instant::now();
        let answer = self.client.get(format!("{}{path}", self.base)).header("cookie", &self.cookie).send().await?;
        let (status, body) = (answer.status(), answer.bytes().await?);
        let took = began.elapsed().as_secs_f64() * 1e3;
        if status != 200 || body.len() < 2_000 {
            return Err(format!("{path}: status {status} with {} bytes", body.len()).into());
        }
        Ok(took)
    }
}

const PAGES: [(&str, &str); 17] = [
    ("wall", "/console/wall"),
    ("summary of a year", "/console/reports/summary?preset=year"),
    ("summary of a month", "/console/reports/summary?preset=month"),
    ("summary of a year, one district", "/console/reports/summary?preset=year&district=shu"),
    ("dynamics of a year", "/console/reports/dynamics?preset=year"),
    ("targets of a year", "/console/reports/sla?preset=year"),
    ("organisations of a year", "/console/reports/queues?preset=year"),
    ("districts of a year", "/console/reports/districts?preset=year"),
    ("repeats of a year", "/console/reports/repeats?preset=year"),
    ("ratings of a year", "/console/reports/satisfaction?preset=year"),
    ("calls of a year", "/console/reports/calls?preset=year"),
    ("calls of a month", "/console/reports/calls?preset=month"),
    ("corrections of a year", "/console/reports/corrections?preset=year"),
    ("deliveries of a year", "/console/reports/deliveries?preset=year"),
    ("requests behind a year", "/console/reports/requests?preset=year&class=proposal&district=talas"),
    ("requests behind a breach", "/console/reports/requests?preset=year&stage=accept&clock=breached"),
    ("requests of today", "/console/reports/requests?preset=today"),
];

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let server = ground.pg()?;
    let requests = plan.size(1_000_000, 100_000);
    seed::copy(ground, DATABASE, requests, false).await?;
    let mut admin = server.open(DATABASE).await?;
    let indexes = seed::take_indexes(&mut admin).await?;
    let count = requests.to_string();
    pg::execute(&mut admin, &ground.sql("seed-reports.sql", &[("requests", count.as_str())])?).await?;
    pg::execute(&mut admin, &ground.sql("seed-call-year.sql", &[("calls", count.as_str())])?).await?;
    for index in indexes {
        pg::execute(&mut admin, &index).await?;
    }
    pg::execute(&mut admin, "VACUUM (FULL, ANALYZE) request").await?;
    pg::execute(&mut admin, "VACUUM (ANALYZE)").await?;
    let setup = Setup::named(ground, DATABASE)?.servers(ground, DATABASE)?;
    setup.command(ground, &["user", "add", "bench", "--role", "manager"], "bench-password")?;
    let began = Instant::now();
    setup.command(ground, &["report", "rebuild"], "")?;
    let rebuilt = began.elapsed();
    pg::execute(&mut admin, "VACUUM (ANALYZE) report_day, report_call_day").await?;
    let service = Service::start(ground, &setup).await?;
    queue::index_built(ground, DATABASE).await?;
    let leader = Leader::sign_in(format!("http://{}", service.addr)).await?;
    for (name, path) in PAGES {
        leader.opens(path).await?;
        let (mut took, mut besides) = (Vec::new(), Vec::new());
        for _ in 0..plan.pairs.max(3) {
            let meter = ground.meter();
            took.push(leader.opens(path).await?);
            besides.push(meter.besides());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let figure = Figure::one(&format!("{name}, {requests} requests"), "ms", took, Aim::AtMost(PATIENCE_MS));
        report.add(figure.besides(&besides).note("opened one after another"));
    }
    let kept = pg::number(&mut admin, "SELECT count(*) FROM report_day").await?;
    report.note(&format!("all past days were added up anew in {:.0} s ({kept} rows)", rebuilt.as_secs_f64()));
    // Without what is kept every figure is counted from the rows: what the sums are worth.
    pg::execute(&mut admin, "DELETE FROM report_state").await?;
    let (mut bare, mut bare_calls) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        bare.push(leader.opens("/console/reports/summary?preset=year").await?);
        pg::execute(&mut admin, "DELETE FROM report_state").await?;
        bare_calls.push(leader.opens("/console/reports/calls?preset=year").await?);
        pg::execute(&mut admin, "DELETE FROM report_state").await?;
    }
    report.note(&format!("the summary of a year from the rows alone: {:.0} ms", median(&bare)));
    report.note(&format!("the calls of a year from the rows alone: {:.0} ms", median(&bare_calls)));
    service.stop().await?;
    drop(admin);
    server.drop_database(DATABASE).await
}
