//! What one revision of policies and calendars changes against another, in terms an administrator thinks in.

use super::SlaBook;
use crate::domain::calendar::Calendars;
use crate::domain::class::words;
use serde::{Deserialize, Serialize};

words! {
    /// What became of a part.
    Change { Added = "added", Removed = "removed", Changed = "changed" }
}

/// One part that is not as it was: a policy, a holiday, a ladder ...
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    pub part: String,
    /// Which of them: a name, a code or a date. Empty for what there is one of.
    pub name: String,
    pub change: Change,
}

/// Everything in which the new data differs from the old, in the order of the files.
#[must_use]
pub fn differences(old: (&SlaBook, &Calendars), new: (&SlaBook, &Calendars)) -> Vec<Difference> {
    let mut out = Vec::new();
    let ((a, ac), (b, bc)) = (old, new);
    one("silence_minutes", &a.silence_minutes, &b.silence_minutes, &mut out);
    one("reopen", &a.reopen, &b.reopen, &mut out);
    one("group_secs", &a.group_secs, &b.group_secs, &mut out);
    one("quiet", &a.quiet, &b.quiet, &mut out);
    one("arbitration", &a.arbitration, &b.arbitration, &mut out);
    many("policy", &a.policies, &b.policies, |p| p.name.clone(), &mut out);
    many("pause", &a.pauses, &b.pauses, |p| p.reason.to_string(), &mut out);
    many("ladder", &a.ladders, &b.ladders, |l| l.code.clone(), &mut out);
    one("timezone", &ac.timezone, &bc.timezone, &mut out);
    one("valid", &(ac.valid_from, ac.valid_until), &(bc.valid_from, bc.valid_until), &mut out);
    many("working_saturday", &ac.working_saturdays, &bc.working_saturdays, ToString::to_string, &mut out);
    many("working_day", &ac.working_days, &bc.working_days, |d| d.date.to_string(), &mut out);
    many("holiday", &ac.holidays, &bc.holidays, |h| h.date.to_string(), &mut out);
    many("calendar", &ac.calendars, &bc.calendars, |c| c.code.clone(), &mut out);
    out
}

fn one<T: PartialEq>(part: &str, old: &T, new: &T, out: &mut Vec<Difference>) {
    if old != new {
        out.push(Difference { part: part.to_owned(), name: String::new(), change: Change::Changed });
    }
}

fn many<T: PartialEq>(part: &str, old: &[T], new: &[T], name: impl Fn(&T) -> String, out: &mut Vec<Difference>) {
    let mut say = |item: &T, change| out.push(Difference { part: part.to_owned(), name: name(item), change });
    for item in new {
        match old.iter().find(|o| name(o) == name(item)) {
            None => say(item, Change::Added),
            Some(before) if before != item => say(item, Change::Changed),
            Some(_) => {}
        }
    }
    for item in old.iter().filter(|o| !new.iter().any(|n| name(n) == name(o))) {
        say(item, Change::Removed);
    }
}
