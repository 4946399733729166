//! Asterisk `queue_log`: `epoch|callid|queue|agent|EVENT|data...`, times in UTC.

use super::cdr::micros;
use crate::telephony::fields::{self, Row};
use crate::telephony::record::{BadField, Fact, QueueEvent, Reading, Record, RecordKey, Verb};
use crate::telephony::source::Source;
use crate::telephony::zone;

const NAMES: [&str; 5] = ["time", "callid", "queue", "agent", "event"];
/// Call identifiers of lines that speak of no call.
const NO_CALL: [&str; 4] = ["", "NONE", "MANAGER", "REALTIME"];

struct Data<'a>(&'a Row);

impl Data<'_> {
    /// Data column `n`, from 1.
    fn text(&self, n: usize) -> Option<String> {
        self.0.get(4 + n).map(str::to_owned)
    }

    /// Whole seconds. Old files lack the last columns, so absence is no error.
    fn seconds(&self, n: usize) -> Result<Option<i64>, BadField> {
        self.0.get(4 + n).map(|t| micros(t).ok_or_else(|| BadField::new(4 + n, format!("data{n}"), "whole seconds"))).transpose()
    }

    fn needed(&self, n: usize) -> Result<i64, BadField> {
        self.seconds(n)?.ok_or_else(|| BadField::new(4 + n, format!("data{n}"), "whole seconds"))
    }

    /// How many data columns are filled up to the last one.
    fn count(&self) -> usize {
        (1..=12).rev().find(|n| self.0.get(4 + n).is_some()).unwrap_or(0)
    }
}

fn bad(column: usize, expected: &str) -> BadField {
    BadField::new(column, NAMES.get(column).copied().unwrap_or("data"), expected)
}

/// Reads a line.
pub fn line(bytes: &[u8], source: &Source) -> Reading {
    let mut row = fields::plain(bytes, b'|');
    let flags = std::mem::take(&mut row.flags);
    if row.cells.len() < 5 {
        return Err(bad(row.cells.len(), "at least five columns between | signs"));
    }
    let at = row.get(0).filter(|t| (9..=10).contains(&t.split('.').next().unwrap_or("").len())).and_then(zone::epoch);
    let at = at.ok_or_else(|| bad(0, "seconds since 1970"))?;
    let event = row.get(4).filter(|e| e.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
    let event = event.ok_or_else(|| bad(4, "an event such as ENTERQUEUE"))?;
    let call_id = row.get(1).unwrap_or("");
    if NO_CALL.contains(&call_id) {
        return Ok(None);
    }
    let d = Data(&row);
    let verb = match event {
        "ENTERQUEUE" => Verb::Enter { caller: d.text(2), name: d.text(4) },
        "CONNECT" => Verb::Connect { hold_us: d.needed(1)?, bridged: d.text(2), ring_us: d.seconds(3)? },
        "COMPLETECALLER" | "COMPLETEAGENT" => Verb::Complete { hold_us: d.needed(1)?, talk_us: d.needed(2)? },
        "ABANDON" => Verb::Abandon { wait_us: d.seconds(3)? },
        "EXITWITHTIMEOUT" => Verb::Timeout { wait_us: d.seconds(3)? },
        "EXITWITHKEY" => Verb::Key { key: d.text(1), wait_us: d.seconds(4)? },
        "EXITEMPTY" => Verb::Empty { wait_us: d.seconds(3)? },
        "BLINDTRANSFER" | "TRANSFER" => Verb::Transfer { to: d.text(1), hold_us: d.seconds(3)?, talk_us: d.seconds(4)? },
        "ATTENDEDTRANSFER" => {
            // Hold, talk and position come last, behind a varying number of words.
            let n = d.count();
            let (hold, talk) = if n >= 5 { (n - 2, n - 1) } else { (3, 4) };
            Verb::Transfer { to: d.text(1), hold_us: d.seconds(hold)?, talk_us: d.seconds(talk)? }
        }
        // Milliseconds.
        "RINGNOANSWER" | "RINGCANCELED" => {
            let ms = d.0.get(5).map_or(Some(0), |t| t.parse::<i64>().ok().filter(|ms| (0..=1_000_000_000).contains(ms)));
            Verb::RingNoAnswer { ring_us: ms.ok_or_else(|| BadField::new(5, "data1", "milliseconds"))? * 1000 }
        }
        "DID" => d.text(1).map_or_else(|| Verb::Other { word: event.into() }, |number| Verb::Did { number }),
        "WITHDRAW" | "AGENTDUMP" | "SYSCOMPAT" => Verb::Taken,
        word => Verb::Other { word: word.to_owned() },
    };
    let named = |n: usize| row.get(n).filter(|t| *t != "NONE").map(str::to_owned);
    let mut links = vec![call_id.to_owned()];
    if let Verb::Connect { bridged: Some(b), .. } = &verb {
        links.push(b.clone());
    }
    let key = RecordKey::of(source, "queue-log", row.cells.iter().map(|c| c.trim()));
    let fact = Fact::Queue(QueueEvent { call_id: call_id.to_owned(), queue: named(2), agent: named(3), verb });
    Ok(Some(Record::new(key, call_id, links, at, flags, fact)))
}
