//! The data of buttons: written here, read here. At most 64 bytes, never more than a word, a number and a digit.

use crate::domain::catalog::District;
use crate::domain::ids::DistrictCode;
use crate::domain::outgoing::{Key, Keyboard};
use crate::domain::request::Status;
use crate::domain::sla::PauseReason;
use crate::domain::{Lang, RequestNumber};

/// A pressed button, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Button {
    Language(Lang),
    District(DistrictCode),
    SkipPlace,
    Confirm(RequestNumber),
    NotFixed(RequestNumber),
    Rate(RequestNumber, u8),
    Status(RequestNumber),
    Mine,
    CrewAccept(RequestNumber),
    CrewGo(RequestNumber),
    CrewArrived(RequestNumber),
    CrewDone(RequestNumber),
    CrewFinish(RequestNumber),
    /// "Cannot go on": asks why.
    CrewPause(RequestNumber),
    CrewHold(RequestNumber, PauseReason),
    CrewResume(RequestNumber),
}

impl Button {
    /// Reads button data. `None` for what we never wrote.
    #[must_use]
    pub fn parse(data: &str) -> Option<Self> {
        if data == "my" {
            return Some(Self::Mine);
        }
        let (word, rest) = data.split_once(':')?;
        let number = || RequestNumber::parse(rest).ok();
        match word {
            "lg" => Lang::parse(rest).map(Self::Language),
            "ds" if rest == "skip" => Some(Self::SkipPlace),
            "ds" => DistrictCode::new(rest).ok().map(Self::District),
            "cf" => number().map(Self::Confirm),
            "nf" => number().map(Self::NotFixed),
            "st" => number().map(Self::Status),
            "ca" => number().map(Self::CrewAccept),
            "cg" => number().map(Self::CrewGo),
            "cr" => number().map(Self::CrewArrived),
            "cd" => number().map(Self::CrewDone),
            "cx" => number().map(Self::CrewFinish),
            "cp" => number().map(Self::CrewPause),
            "cu" => number().map(Self::CrewResume),
            "ch" => {
                let (digits, why) = rest.split_once(':')?;
                Some(Self::CrewHold(RequestNumber::parse(digits).ok()?, PauseReason::parse(why)?))
            }
            "rt" => {
                let (digits, score) = rest.split_once(':')?;
                let score = score.parse::<u8>().ok().filter(|s| (1..=5).contains(s))?;
                Some(Self::Rate(RequestNumber::parse(digits).ok()?, score))
            }
            _ => None,
        }
    }

    /// The data that comes back when it is pressed.
    #[must_use]
    pub fn data(&self) -> String {
        match self {
            Self::Language(l) => format!("lg:{l}"),
            Self::District(d) => format!("ds:{d}"),
            Self::SkipPlace => "ds:skip".to_owned(),
            Self::Confirm(n) => format!("cf:{}", n.digits()),
            Self::NotFixed(n) => format!("nf:{}", n.digits()),
            Self::Rate(n, score) => format!("rt:{}:{score}", n.digits()),
            Self::Status(n) => format!("st:{}", n.digits()),
            Self::Mine => "my".to_owned(),
            Self::CrewAccept(n) => format!("ca:{}", n.digits()),
            Self::CrewGo(n) => format!("cg:{}", n.digits()),
            Self::CrewArrived(n) => format!("cr:{}", n.digits()),
            Self::CrewDone(n) => format!("cd:{}", n.digits()),
            Self::CrewFinish(n) => format!("cx:{}", n.digits()),
            Self::CrewPause(n) => format!("cp:{}", n.digits()),
            Self::CrewResume(n) => format!("cu:{}", n.digits()),
            Self::CrewHold(n, why) => format!("ch:{}:{why}", n.digits()),
        }
    }

    fn key(&self, label: &str) -> Key {
        Key { label: label.to_owned(), data: self.data() }
    }
}

/// Kazakh or Russian.
#[must_use]
pub fn languages() -> Keyboard {
    Keyboard::Inline(vec![vec![Button::Language(Lang::Kk).key("btn.kk"), Button::Language(Lang::Ru).key("btn.ru")]])
}

/// Districts two in a row, and "skip" under them.
#[must_use]
pub fn districts<'a>(list: impl IntoIterator<Item = &'a District>) -> Keyboard {
    let keys: Vec<Key> = list.into_iter().map(|d| Button::District(d.code.clone()).key(&format!("@district.{}", d.code))).collect();
    let mut rows: Vec<Vec<Key>> = keys.chunks(2).map(<[Key]>::to_vec).collect();
    rows.push(vec![Button::SkipPlace.key("btn.skip")]);
    Keyboard::Inline(rows)
}

/// Under "it is done": confirm, or "not fixed".
#[must_use]
pub fn resolved(number: &RequestNumber) -> Keyboard {
    Keyboard::Inline(vec![vec![Button::Confirm(number.clone()).key("btn.confirm"), Button::NotFixed(number.clone()).key("btn.not_fixed")]])
}

/// One to five.
#[must_use]
pub fn rating(number: &RequestNumber) -> Keyboard {
    Keyboard::Inline(vec![(1..=5).map(|score| Button::Rate(number.clone(), score).key(&format!("btn.rate_{score}"))).collect()])
}

/// Under an acknowledgement: ask for the status later, or see all.
#[must_use]
pub fn status(number: &RequestNumber) -> Keyboard {
    Keyboard::Inline(vec![vec![Button::Status(number.clone()).key("btn.status"), Button::Mine.key("btn.my")]])
}

/// What a crew can press under a job that stands at `status`.
#[must_use]
pub fn crew_job(number: &RequestNumber, status: Status, arrived: bool) -> Keyboard {
    let n = || number.clone();
    let mut rows = Vec::new();
    let row = match (status, arrived) {
        (Status::Queued, _) => vec![Button::CrewAccept(n()).key("btn.crew_accept")],
        (Status::Assigned, _) => vec![Button::CrewGo(n()).key("btn.crew_go"), Button::CrewDone(n()).key("btn.crew_done")],
        (Status::InProgress, false) => vec![Button::CrewArrived(n()).key("btn.crew_arrived"), Button::CrewDone(n()).key("btn.crew_done")],
        (Status::InProgress, true) => vec![Button::CrewDone(n()).key("btn.crew_done")],
        (Status::OnHold, _) => vec![Button::CrewResume(n()).key("btn.crew_resume")],
        _ => return Keyboard::None,
    };
    rows.push(row);
    if matches!(status, Status::Assigned | Status::InProgress) {
        rows.push(vec![Button::CrewPause(n()).key("btn.crew_pause")]);
    }
    Keyboard::Inline(rows)
}

/// Why a crew cannot go on. What is planned and what is ordered is for dispatchers to say.
#[must_use]
pub fn crew_pauses(number: &RequestNumber) -> Keyboard {
    let why = [PauseReason::Access, PauseReason::Resident, PauseReason::Parts, PauseReason::Weather];
    Keyboard::Inline(why.iter().map(|w| vec![Button::CrewHold(number.clone(), *w).key(&format!("@pause.{w}"))]).collect())
}

/// Under the question for evidence.
#[must_use]
pub fn crew_finish(number: &RequestNumber) -> Keyboard {
    Keyboard::Inline(vec![vec![Button::CrewFinish(number.clone()).key("btn.crew_finish")]])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every(number: &RequestNumber, code: &str) -> Vec<Button> {
        let n = || number.clone();
        let mut all = vec![
            Button::Language(Lang::Kk),
            Button::Language(Lang::Ru),
            Button::SkipPlace,
            Button::Confirm(n()),
            Button::NotFixed(n()),
            Button::Status(n()),
            Button::Mine,
            Button::CrewAccept(n()),
            Button::CrewGo(n()),
            Button::CrewArrived(n()),
            Button::CrewDone(n()),
            Button::CrewFinish(n()),
            Button::CrewPause(n()),
            Button::CrewResume(n()),
        ];
        all.extend(PauseReason::ALL.iter().map(|w| Button::CrewHold(n(), *w)));
        all.extend((1..=5).map(|s| Button::Rate(n(), s)));
        if code != "skip" {
            all.push(Button::District(DistrictCode::new(code).unwrap()));
        }
        all
    }

    #[test]
    fn strange_data_is_refused() {
        let good = RequestNumber::compose(2026, 4_817_035);
        for data in
            ["", "my ", "lg:en", "ds:", "ds:ТАРАЗ", "cf:", "cf:2648170350", "rt:2648170355", "rt:2648170355:0", "rt:2648170355:6", "zz:1", ":"]
        {
            assert_eq!(Button::parse(data), None, "{data}");
        }
        assert_eq!(Button::parse("rt:2648170355:4"), Some(Button::Rate(good, 4)));
    }

    proptest! {
        #[test]
        fn comes_back_as_it_went(random in 0u64..10_000_000, code in "[a-z0-9_-]{1,40}") {
            for b in every(&RequestNumber::compose(2026, random), &code) {
                let data = b.data();
                prop_assert!(data.len() <= 64, "{data}");
                prop_assert_eq!(Button::parse(&data), Some(b));
            }
        }

        #[test]
        fn any_data_is_answered(data in "\\PC{0,80}") {
            let _ = Button::parse(&data);
        }
    }
}
