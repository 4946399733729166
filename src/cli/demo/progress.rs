//! What the person in front of the screen sees while it goes on.

use super::world::World;
use crate::config::local_time;
use std::io::{IsTerminal, Write};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Prints a piece of the answer.
#[allow(clippy::print_stdout, reason = "the answer of a command")]
pub fn show(text: impl std::fmt::Display) {
    println!("{text}");
}

fn line(world: &World, all: usize) -> String {
    let minute = world.minute().min(world.minutes);
    let (sent, _, _) = world.bot.counts();
    let updates = world.ledger.write().updates.len();
    let share = if world.minutes > 0.0 { minute / world.minutes * 100.0 } else { 100.0 };
    format!(
        "{share:3.0}%  {}  reports {}/{all}  updates in {updates}  messages out {sent}",
        local_time(world.now()),
        world.reported.load(Ordering::Relaxed)
    )
}

/// Until the period is over: one line that changes on a terminal, a line every five seconds elsewhere.
pub async fn run(world: Arc<World>, all: usize) {
    let terminal = std::io::stderr().is_terminal();
    let every = if terminal { Duration::from_millis(200) } else { Duration::from_secs(5) };
    loop {
        tokio::select! {
            () = world.stop.cancelled() => break,
            () = tokio::time::sleep(every) => {}
        }
        let text = line(&world, all);
        let mut err = std::io::stderr().lock();
        // A closed terminal is no reason to stop.
        let _ = if terminal { write!(err, "\r\x1b[K{text}").and_then(|()| err.flush()) } else { writeln!(err, "{text}") };
    }
    if terminal {
        let _ = writeln!(std::io::stderr());
    }
}
