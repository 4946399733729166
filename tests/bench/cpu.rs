//! How busy the machine was besides us: what others did, and what was stolen from this virtual machine.

use std::collections::{HashMap, HashSet};

/// Ticks of the whole machine.
#[derive(Debug, Clone, Copy)]
struct Machine {
    busy: f64,
    /// One core's time, whatever it did.
    passed: f64,
}

/// A measurement that has begun.
pub struct Meter {
    roots: Vec<u32>,
    machine: Machine,
    ours: f64,
}

impl Meter {
    /// Counts the processes of `roots` and all their descendants as ours.
    pub fn start(roots: &[u32]) -> Self {
        Self { roots: roots.to_vec(), machine: machine(), ours: ours(roots) }
    }

    /// Cores kept busy by others since the start.
    pub fn besides(&self) -> f64 {
        let (now, ours) = (machine(), ours(&self.roots));
        let passed = now.passed - self.machine.passed;
        if passed <= 0.0 {
            return 0.0;
        }
        ((now.busy - self.machine.busy - (ours - self.ours)) / passed).max(0.0)
    }
}

/// `cpu` of /proc/stat: user nice system idle iowait irq softirq steal; guests stand within user already.
fn machine() -> Machine {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let cores = text.lines().filter(|l| l.starts_with("cpu") && !l.starts_with("cpu ")).count().max(1) as f64;
    let ticks: Vec<f64> = text.lines().next().unwrap_or_default().split_whitespace().skip(1).take(8).filter_map(|w| w.parse().ok()).collect();
    let all: f64 = ticks.iter().sum();
    let idle: f64 = ticks.iter().skip(3).take(2).sum();
    Machine { busy: all - idle, passed: all / cores }
}

/// Ticks of a process and of its children that have ended.
struct Process {
    parent: u32,
    ticks: f64,
}

fn process(pid: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in parentheses may hold anything, so fields are counted from its end.
    let mut fields = stat.rsplit_once(") ")?.1.split_whitespace().skip(1);
    let parent = fields.next()?.parse().ok()?;
    let ticks = fields.skip(9).take(4).filter_map(|w| w.parse::<f64>().ok()).sum();
    Some(Process { parent, ticks })
}

fn ours(roots: &[u32]) -> f64 {
    let Ok(all) = std::fs::read_dir("/proc") else { return 0.0 };
    let found: HashMap<u32, Process> =
        all.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok()).filter_map(|pid| Some((pid, process(pid)?))).collect();
    let roots: HashSet<u32> = roots.iter().copied().collect();
    let belongs = |mut pid: u32| {
        for _ in 0..64 {
            if roots.contains(&pid) {
                return true;
            }
            match found.get(&pid) {
                Some(p) if p.parent != pid => pid = p.parent,
                _ => return false,
            }
        }
        false
    };
    found.iter().filter(|(pid, _)| belongs(**pid)).map(|(_, p)| p.ticks).sum()
}
