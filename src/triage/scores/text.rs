//! The figures for a person at a terminal.

use super::{HeadScores, Scores};
use std::fmt::Write;

/// Mistakes shown per head.
const SHOWN: usize = 12;

/// The figures as lines of text. Misses of danger are printed one by one.
#[must_use]
pub fn as_text(scores: &Scores) -> String {
    let mut out = String::new();
    // Writing into a string cannot fail.
    let _ = lines(&mut out, scores);
    out
}

fn lines(out: &mut String, s: &Scores) -> std::fmt::Result {
    let (h, d, z) = (&s.heads, &s.heads.district, &s.heads.hazard);
    writeln!(out, "{} messages", s.n)?;
    head(out, "class", &h.class)?;
    head(out, "service", &h.service)?;
    writeln!(out, "district   right where named {:.3}   invented {:.3}   asked {}", d.accuracy_where_named, d.false_place_rate, d.asked)?;
    writeln!(out, "hazard     recall {:.3}   precision {:.3}", z.recall, z.precision)?;
    for text in &z.misses {
        writeln!(out, "  missed: {text}")?;
    }
    writeln!(out, "language   accuracy {:.3}", h.language.accuracy)?;
    writeln!(out, "latency    p50 {:.1} us   p99 {:.1} us", s.latency_us.p50, s.latency_us.p99)
}

fn head(out: &mut String, name: &str, h: &HeadScores) -> std::fmt::Result {
    writeln!(
        out,
        "{name:<10} macro-F1 {:.3}   accuracy {:.3}   passed by the gate {:.3}, of these right {:.3}",
        h.macro_f1, h.accuracy, h.coverage, h.accuracy_answered
    )?;
    for (slice, x) in h.slices.iter().filter(|(_, x)| x.n > 0) {
        writeln!(out, "  {slice:<10} n {:<5} macro-F1 {:.3}   accuracy {:.3}", x.n, x.macro_f1, x.accuracy)?;
    }
    let steps: Vec<String> = h.curve.iter().map(|c| format!("{:.1}: {:.3}/{:.3}", c.confidence, c.coverage, c.accuracy)).collect();
    writeln!(out, "  from confidence: coverage/accuracy   {}", steps.join("   "))?;
    let mistakes: Vec<String> =
        h.mistakes.iter().take(SHOWN).map(|(gold, given, n)| format!("{gold} as {} {n}", if given.is_empty() { "none" } else { given })).collect();
    writeln!(out, "  mistakes: {}", mistakes.join(", "))
}
