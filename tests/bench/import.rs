//! Call records out of a file into the embedded database, beside reading the same file with the `csv` crate and nothing else.

use super::ground::Ground;
use super::report::{Aim, Figure, Report};
use super::service::Setup;
use super::{Plan, Res};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// Lines of one call: a queue that rings three phones.
const LEGS: u64 = 4;

/// A log of Asterisk with all columns: `lines` lines, a call every two seconds.
fn write_log(path: &Path, lines: u64) -> Res<()> {
    let mut out = BufWriter::new(std::fs::File::create(path)?);
    let begin = chrono::DateTime::from_timestamp(1_735_689_600, 0).ok_or("no such moment")?;
    for n in 0..lines {
        let (call, leg) = (n / LEGS, n % LEGS);
        let at = begin + chrono::Duration::seconds(i64::try_from(call)? * 2);
        let (epoch, stamp) = (at.timestamp(), at.format("%Y-%m-%d %H:%M:%S"));
        let end = at + chrono::Duration::seconds(70);
        let end = end.format("%Y-%m-%d %H:%M:%S");
        let caller = 87_010_000_000 + call % 200_000;
        let agent = 101 + (call + leg) % 20;
        let (answer, billed, how) = if leg + 1 == LEGS { (format!("\"{stamp}\""), 60, "ANSWERED") } else { (String::new(), 0, "NO ANSWER") };
        let first = call * LEGS;
        writeln!(
            out,
            "\"\",\"{caller}\",\"109\",\"from-pstn\",\"\"\"{caller}\"\" <{caller}>\",\"PJSIP/trunk-{first:08x}\",\"PJSIP/{agent}-{n:08x}\",\"Queue\",\"109,t\",\"{stamp}\",{answer},\"{end}\",70,{billed},\"{how}\",\"DOCUMENTATION\",\"{epoch}.{n}\",\"\",\"\",\"{epoch}.{first}\",{n}"
        )?;
    }
    out.flush()?;
    Ok(())
}

/// Lines a second when the `csv` crate reads the file and nobody looks at the values.
fn bare(path: &Path) -> Res<f64> {
    let began = Instant::now();
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_path(path)?;
    let (mut record, mut lines) = (csv::ByteRecord::new(), 0u64);
    while reader.read_byte_record(&mut record)? {
        lines += 1;
    }
    Ok(lines as f64 / began.elapsed().as_secs_f64())
}

/// The most memory a process had, in MiB.
fn high_water(pid: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kib = text.lines().find_map(|l| l.strip_prefix("VmHWM:")?.split_whitespace().next()?.parse::<f64>().ok())?;
    Some(kib / 1024.0)
}

struct Ours {
    rate: f64,
    memory: f64,
}

async fn ours(ground: &Ground, setup: &Setup, path: &Path, lines: u64, more: &[&str]) -> Res<Ours> {
    let file = path.display().to_string();
    let mut args = vec!["import-cdr", "--profile", "asterisk", "--timezone", "UTC", "--no-tasks"];
    args.extend(more);
    args.push(&file);
    let began = Instant::now();
    let mut child = setup.spawn(ground, &args)?;
    let mut memory = 0.0f64;
    let status = loop {
        memory = memory.max(high_water(child.id()).unwrap_or(0.0));
        if let Some(status) = child.try_wait()? {
            break status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    };
    if !status.success() {
        return Err(format!("jambyl109 {} ended with {status}", args.join(" ")).into());
    }
    Ok(Ours { rate: lines as f64 / began.elapsed().as_secs_f64(), memory })
}

pub async fn run(ground: &Ground, plan: Plan, report: &mut Report) -> Res<()> {
    let lines = plan.size(1_000_000, 20_000);
    let path = ground.folder("import")?.join("Master.csv");
    write_log(&path, lines)?;
    let (mut stored, mut read, mut again, mut alone, mut memory) = (Vec::new(), Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut besides = Vec::new();
    // A million lines tell as much in one run as several would.
    let rounds = if plan.quick { plan.pairs.min(2) } else { 1 };
    for round in 0..rounds {
        let setup = Setup::named(ground, &format!("import-{round}"))?;
        setup.command(ground, &["migrate"], "")?;
        alone.push(bare(&path)?);
        let meter = ground.meter();
        let first = ours(ground, &setup, &path, lines, &[]).await?;
        besides.push(meter.besides());
        stored.push(first.rate);
        memory.push(first.memory);
        again.push(ours(ground, &setup, &path, lines, &[]).await?.rate);
        read.push(ours(ground, &setup, &path, lines, &["--dry-run"]).await?.rate);
    }
    let what = format!("{lines} lines, {LEGS} a call");
    report.add(
        Figure::pair("import, read only", "lines/s", read, alone.clone(), Aim::None).note(format!("--dry-run, {what}; beside: the csv crate alone")),
    );
    report.add(
        Figure::pair("import", "lines/s", stored, alone.clone(), Aim::None).besides(&besides).note("records, calls and their identifiers on disk"),
    );
    report.add(Figure::pair("import of what is known", "lines/s", again, alone, Aim::None).note("the same file once more"));
    report.add(Figure::one("memory while importing", "MiB", memory, Aim::AtMost(150.0)).note("high water of the process"));
    Ok(())
}
