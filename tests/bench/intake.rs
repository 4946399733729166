//! One run of intake: calls in a closed loop, then what the database says became of them. And the figures that both databases share.

use super::Res;
use super::ground::now_us;
use super::ledger::Ledger;
use super::load::Target;
use super::report::{Aim, Figure, Report, short};
use super::stats::{Spread, median};
use std::time::Duration;

/// Numbers of connections, with the aim for each.
pub const LEVELS: [(usize, f64); 3] = [(1, 0.3), (16, 0.5), (64, 1.0)];

/// Longest wait for a backlog to be worked off.
const PATIENCE: Duration = Duration::from_secs(180);

/// What one run of our side gave.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// Requests committed a second, while calls were coming.
    pub rate: f64,
    /// Seconds of work that were still waiting when the calls ended.
    pub backlog: f64,
    /// Of the webhook.
    pub answer: Spread,
    /// From sending to the commit of the request.
    pub commit: Spread,
    /// Answers other than 200.
    pub refused: usize,
}

/// Runs our side once.
pub async fn ours(target: &Target, ledger: &mut Ledger, connections: usize, span: Duration) -> Res<Run> {
    let (last, before) = (ledger.last_event().await?, ledger.requests().await?);
    let from = now_us();
    let sent = target.closed_loop(connections, span).await?;
    let until = now_us();
    let waiting = ledger.waiting().await? as f64;
    ledger.drained(PATIENCE).await?.ok_or("the backlog of a run was not worked off in three minutes")?;
    let commits = ledger.commits(last).await?;
    let taken: Vec<_> = sent.iter().filter(|s| s.status == 200).collect();
    let made = ledger.requests().await? - before;
    if made != i64::try_from(taken.len())? {
        return Err(format!("{} updates were taken and {made} requests made of them", taken.len()).into());
    }
    let within = commits.values().filter(|at| (from..=until).contains(at)).count() as f64;
    let rate = within / ((until - from) as f64 / 1e6);
    Ok(Run {
        rate,
        backlog: if waiting == 0.0 { 0.0 } else { waiting / rate.max(0.001) },
        answer: Spread::of_micros(taken.iter().map(|s| s.took_us)),
        commit: Spread::of_micros(taken.iter().filter_map(|s| Some(commits.get(&s.update)? - s.at_us))),
        refused: sent.len() - taken.len(),
    })
}

/// The runs of one number of connections, pair by pair.
#[derive(Default)]
pub struct Level {
    pub ours: Vec<Run>,
    pub bare: Vec<f64>,
    pub besides: Vec<f64>,
}

impl Level {
    pub fn push(&mut self, connections: usize, run: Run, bare: f64, besides: f64) {
        eprintln!(
            "   {connections:>2} connections: ours {} /s (backlog {:.1} s, answer p99 {} ms, commit p99 {} ms), bare {} /s, others {besides:.2}",
            short(run.rate),
            run.backlog,
            short(run.answer.p99),
            short(run.commit.p99),
            short(bare)
        );
        self.ours.push(run);
        self.bare.push(bare);
        self.besides.push(besides);
    }

    /// Adds the figures of this number of connections.
    pub fn report(self, report: &mut Report, connections: usize, aim: f64) {
        let of = |f: fn(&Run) -> f64| self.ours.iter().map(f).collect::<Vec<f64>>();
        let backlog = of(|r| r.backlog);
        let late = backlog.iter().filter(|b| **b >= 1.0).count();
        let refused: usize = self.ours.iter().map(|r| r.refused).sum();
        let mut note = String::new();
        if late > 0 {
            note = format!(
                "{late} of {} runs left a second of work or more behind (middle {} s): they do not count",
                backlog.len(),
                short(median(&backlog))
            );
        }
        if refused > 0 {
            note.push_str(&format!(" {refused} calls were refused"));
        }
        let name = |what: &str| format!("{what}, {connections} conn.");
        report.add(
            Figure::pair(&name("committed requests"), "/s", of(|r| r.rate), self.bare.clone(), Aim::RatioAtLeast(aim))
                .besides(&self.besides)
                .counts(late == 0)
                .note(note.trim()),
        );
        let one = |what: &str, f: fn(&Run) -> f64| Figure::one(&name(what), "ms", of(f), Aim::None).besides(&self.besides);
        report.add(one("  webhook answer p50", |r| r.answer.p50));
        report.add(one("  webhook answer p99", |r| r.answer.p99));
        report.add(one("  sending to commit p50", |r| r.commit.p50));
        report.add(one("  sending to commit p99", |r| r.commit.p99));
    }
}
