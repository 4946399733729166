//! The one line that needs a decision: the worst thing that a leader can change today.

use super::{Figures, Pair};

/// Late requests of one organisation from which on it is named.
const MANY_LATE: i64 = 3;

/// What needs a decision, the most urgent kind first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Dangers that nobody has taken: the longest waiting is the first of [`Figures::dangers`].
    Dangers(i64),
    /// Many tell of one thing: the first of [`Figures::places`].
    Place,
    /// An organisation with the most that is late: its code, late, open.
    Owner(Option<String>, i64, i64),
    /// Questions in public without an answer.
    Social(i64),
    Nothing,
}

impl Decision {
    /// The decision that these figures ask for.
    #[must_use]
    pub fn of(f: &Figures) -> Self {
        if f.dangers_open.1 > 0 && f.dangers.first().is_some_and(|d| d.untaken) {
            return Self::Dangers(f.dangers_open.1);
        }
        if !f.places.is_empty() {
            return Self::Place;
        }
        if let Some((queue, late, open)) = f.owners.first()
            && *late >= MANY_LATE
        {
            return Self::Owner(queue.clone(), *late, *open);
        }
        match &f.social {
            Some(s) if s.unanswered > 0 => Self::Social(s.unanswered),
            _ => Self::Nothing,
        }
    }
}

impl Pair {
    /// The change in whole per cent; none when there was nothing before.
    #[must_use]
    pub fn change(self) -> Option<i64> {
        // Rounded half away from zero.
        let twice = (self.now - self.before).checked_mul(200)?;
        let by = self.before.checked_mul(2).filter(|n| *n > 0)?;
        Some((twice + twice.signum() * self.before) / by)
    }
}
