//! Memory and start of the embedded default on a migrated empty database.

use super::ground::Ground;
use super::load::Target;
use super::report::{Aim, Figure, Report};
use super::service::{Service, Setup};
use super::{Plan, Res};
use std::time::Duration;

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let setup = Setup::named(ground, "memory")?;
    setup.command(ground, &["migrate"], "")?;
    // The program is read from disk once, as on any machine that has run it before.
    Service::start(ground, &setup).await?.stop().await?;

    let (mut ready, mut rest, mut besides) = (Vec::new(), Vec::new(), Vec::new());
    let pause = Duration::from_secs(plan.size(2, 1));
    for _ in 0..plan.pairs {
        let meter = ground.meter();
        let service = Service::start(ground, &setup).await?;
        ready.push(service.ready_after.as_secs_f64());
        besides.push(meter.besides());
        tokio::time::sleep(pause).await;
        rest.push(service.pss_mib()?);
        service.stop().await?;
    }

    let service = Service::start(ground, &Setup::named(ground, "memory")?.secret()).await?;
    let target = Target::new(service.addr);
    let span = plan.span * 2;
    let load = tokio::spawn(async move { target.closed_loop(16, span).await });
    let mut most = 0.0f64;
    while !load.is_finished() {
        most = most.max(service.pss_mib()?);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let calls = load.await??.len();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let after = service.pss_mib()?;
    service.stop().await?;

    report.add(Figure::one("start to ready", "s", ready, Aim::AtMost(0.3)).besides(&besides).note("process start to the first 200 of /health/ready"));
    report.add(Figure::one("memory at rest", "MiB", rest, Aim::AtMost(42.0)).note(format!("PSS {} s after the start", pause.as_secs())));
    report.add(
        Figure::one("memory under load", "MiB", vec![most], Aim::AtMost(100.0)).note(format!("most PSS while 16 connections made {calls} calls")),
    );
    report.add(Figure::one("memory after load", "MiB", vec![after], Aim::None).note("PSS a second later"));
    Ok(())
}
