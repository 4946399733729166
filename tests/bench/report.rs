//! What was measured, as one table for people and as JSON for machines. Every figure names the command that gives it.

use super::Plan;
use super::ground::Ground;
use super::stats::median;
use serde_json::{Value, json};

/// More work of others than this many cores makes a run noisy.
const NOISY: f64 = 0.15;

/// What a figure should reach.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aim {
    None,
    RatioAtLeast(f64),
    RatioAtMost(f64),
    AtMost(f64),
    Exactly(f64),
}

/// One figure: our side, the side it is compared with, and how quiet the machine was.
#[derive(Debug, Clone)]
pub struct Figure {
    pub name: String,
    pub unit: &'static str,
    pub ours: Vec<f64>,
    /// Empty when there is nothing to compare with.
    pub bare: Vec<f64>,
    pub aim: Aim,
    /// Cores kept busy by others, per pair.
    pub besides: Vec<f64>,
    pub note: String,
    /// False when a run broke a condition without which its figure says nothing.
    pub counts: bool,
}

impl Figure {
    pub fn one(name: &str, unit: &'static str, ours: Vec<f64>, aim: Aim) -> Self {
        Self { name: name.to_owned(), unit, ours, bare: Vec::new(), aim, besides: Vec::new(), note: String::new(), counts: true }
    }

    pub fn pair(name: &str, unit: &'static str, ours: Vec<f64>, bare: Vec<f64>, aim: Aim) -> Self {
        Self { bare, ..Self::one(name, unit, ours, aim) }
    }

    pub fn besides(self, besides: &[f64]) -> Self {
        Self { besides: besides.to_vec(), ..self }
    }

    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    pub fn counts(self, counts: bool) -> Self {
        Self { counts, ..self }
    }

    /// Pair by pair, so that both sides of each saw the same minute.
    fn ratios(&self) -> Vec<f64> {
        self.ours.iter().zip(&self.bare).map(|(a, b)| a / b).collect()
    }

    fn met(&self) -> Option<bool> {
        let (ratio, ours) = (median(&self.ratios()), median(&self.ours));
        let reached = match self.aim {
            Aim::None => return None,
            Aim::RatioAtLeast(x) => ratio >= x,
            Aim::RatioAtMost(x) => ratio <= x,
            Aim::AtMost(x) => ours <= x,
            Aim::Exactly(x) => self.ours.iter().all(|v| (v - x).abs() < 1e-9),
        };
        Some(reached && self.counts)
    }

    fn aim_text(&self) -> String {
        match self.aim {
            Aim::None => String::new(),
            Aim::RatioAtLeast(x) => format!("ratio >= {x}"),
            Aim::RatioAtMost(x) => format!("ratio <= {x}"),
            Aim::AtMost(x) => format!("<= {x}"),
            Aim::Exactly(x) => format!("= {x}"),
        }
    }
}

struct Part {
    name: String,
    figures: Vec<Figure>,
    notes: Vec<String>,
}

/// Everything measured in one start.
pub struct Report {
    plan: Plan,
    command: String,
    revision: String,
    parts: Vec<Part>,
}

impl Report {
    pub fn new(ground: &Ground, plan: Plan) -> Self {
        Self { plan, command: ground.command.clone(), revision: ground.revision.clone(), parts: Vec::new() }
    }

    /// Begins a scenario; what is added next belongs to it.
    pub fn scenario(&mut self, name: &str) {
        eprintln!("== {name}");
        self.parts.push(Part { name: name.to_owned(), figures: Vec::new(), notes: Vec::new() });
    }

    pub fn add(&mut self, figure: Figure) {
        if let Some(part) = self.parts.last_mut() {
            part.figures.push(figure);
        }
    }

    pub fn note(&mut self, note: &str) {
        if let Some(part) = self.parts.last_mut() {
            part.notes.push(note.to_owned());
        }
    }

    fn command_of(&self, part: &Part) -> String {
        let quick = if self.plan.quick { " --quick" } else { "" };
        format!("ops/bench {} --pairs {} --seconds {}{quick}", part.name, self.plan.pairs, self.plan.span.as_secs_f64())
    }

    pub fn table(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            text.push_str(&format!("\n{}   [{}, revision {}]\n", part.name, self.command_of(part), self.revision));
            let head = ["figure", "ours", "bare", "ratio", "aim", "met", "others", ""].map(str::to_owned);
            let mut rows = vec![head];
            rows.extend(part.figures.iter().map(row));
            let mut width = [0; 7];
            for r in &rows {
                width.iter_mut().zip(r).for_each(|(w, cell)| *w = (*w).max(cell.chars().count()));
            }
            for r in &rows {
                let mut line = String::from(" ");
                for (i, (cell, w)) in r.iter().zip(width.iter().chain([&0])).enumerate() {
                    let gap = " ".repeat(w.saturating_sub(cell.chars().count()));
                    line.push_str(&if (1..=3).contains(&i) { format!(" {gap}{cell} ") } else { format!(" {cell}{gap} ") });
                }
                text.push_str(line.trim_end());
                text.push('\n');
            }
            part.notes.iter().for_each(|n| text.push_str(&format!("  {}\n", n.replace('\n', "\n  "))));
        }
        text.push_str("\nothers: cores kept busy by other programs and machines, middle (most) of the pairs; from 0.15 on a figure is noisy (~).");
        text
    }

    pub fn json(&self) -> Value {
        let figures: Vec<Value> = self.parts.iter().flat_map(|p| p.figures.iter().map(|f| self.figure_json(p, f))).collect();
        let notes: Vec<Value> = self.parts.iter().flat_map(|p| p.notes.iter().map(|n| json!({"scenario": p.name, "note": n}))).collect();
        let cores = std::thread::available_parallelism().map_or(0, usize::from);
        json!({"command": self.command, "revision": self.revision, "cores": cores, "pairs": self.plan.pairs, "seconds": self.plan.span.as_secs_f64(),
               "quick": self.plan.quick, "figures": figures, "notes": notes})
    }

    fn figure_json(&self, part: &Part, f: &Figure) -> Value {
        let side = |values: &[f64]| if values.is_empty() { Value::Null } else { json!({"median": median(values), "values": values}) };
        json!({"scenario": part.name, "command": self.command_of(part), "figure": f.name, "unit": f.unit, "ours": side(&f.ours), "bare": side(&f.bare),
               "ratio": side(&f.ratios()), "aim": f.aim_text(), "met": f.met(), "counts": f.counts, "others_cores": side(&f.besides), "note": f.note})
    }
}

fn row(f: &Figure) -> [String; 8] {
    let side = |values: &[f64]| if values.is_empty() { String::new() } else { format!("{} {}", short(median(values)), f.unit) };
    let ratio = if f.bare.is_empty() { String::new() } else { format!("{:.2}", median(&f.ratios())) };
    let met = match f.met() {
        None => "",
        Some(true) => "yes",
        Some(false) if f.counts => "no",
        Some(false) => "no (does not count)",
    };
    let most = f.besides.iter().copied().fold(0.0, f64::max);
    let middle = median(&f.besides);
    let others = if f.besides.is_empty() { String::new() } else { format!("{middle:.2} ({most:.2}){}", if middle >= NOISY { " ~" } else { "" }) };
    [f.name.clone(), side(&f.ours), side(&f.bare), ratio, f.aim_text(), met.to_owned(), others, f.note.clone()]
}

/// Three or four digits that matter.
pub fn short(v: f64) -> String {
    match v.abs() {
        x if x >= 100.0 => format!("{v:.0}"),
        x if x >= 10.0 => format!("{v:.1}"),
        _ => format!("{v:.2}"),
    }
}
