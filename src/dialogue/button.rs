//! The data of buttons: written here, read here. At most 64 bytes, never more than a word, a number and a digit.

use crate::domain::catalog::{District, Service};
use crate::domain::ids::{DistrictCode, ServiceCode};
use crate::domain::outgoing::{Key, Keyboard};
use crate::domain::request::Status;
use crate::domain::sla::PauseReason;
use crate::domain::{Lang, RequestNumber};

/// A pressed button, understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Button {
    Language(Lang),
    District(DistrictCode),
    /// Another page of the districts, counted from 0.
    Districts(usize),
    SkipPlace,
    Confirm(RequestNumber),
    NotFixed(RequestNumber),
    Rate(RequestNumber, u8),
    Status(RequestNumber),
    Mine,
    /// "It is about something else": shows the services, a page of them.
    Fix(RequestNumber, usize),
    FixService(RequestNumber, ServiceCode),
    FixPlace(RequestNumber),
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
            "dp" => page(rest).map(Self::Districts),
            "fx" => {
                let (digits, at) = rest.split_once(':')?;
                Some(Self::Fix(RequestNumber::parse(digits).ok()?, page(at)?))
            }
            "fs" => {
                let (digits, code) = rest.split_once(':')?;
                Some(Self::FixService(RequestNumber::parse(digits).ok()?, ServiceCode::new(code).ok()?))
            }
            "fp" => number().map(Self::FixPlace),
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
            Self::Districts(page) => format!("dp:{page}"),
            Self::SkipPlace => "ds:skip".to_owned(),
            Self::Fix(n, page) => format!("fx:{}:{page}", n.digits()),
            Self::FixService(n, s) => format!("fs:{}:{s}", n.digits()),
            Self::FixPlace(n) => format!("fp:{}", n.digits()),
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

/// A page number in the data of a key.
fn page(text: &str) -> Option<usize> {
    text.parse().ok().filter(|n| *n < 100)
}

/// The keys of one page of a list, two in a row, and `last` under them. `most` keys fit under one message; when the list does not fit whole, one of
/// them turns the page.
fn paged(keys: &[Key], page: usize, most: usize, more: impl Fn(usize) -> Button, last: Vec<Key>) -> Keyboard {
    let room = most.saturating_sub(last.len());
    let (shown, turn) = if keys.len() <= room {
        (keys, None)
    } else {
        let size = room.saturating_sub(1).max(1);
        let pages = keys.len().div_ceil(size);
        let page = page % pages;
        (keys.chunks(size).nth(page).unwrap_or_default(), Some(more((page + 1) % pages).key("btn.more")))
    };
    let mut rows: Vec<Vec<Key>> = shown.chunks(2).map(<[Key]>::to_vec).collect();
    rows.push(turn.into_iter().chain(last).collect());
    Keyboard::Inline(rows)
}

/// Districts two in a row, and "skip" under them: a page of them where fewer keys fit.
#[must_use]
pub fn districts<'a>(list: impl IntoIterator<Item = &'a District>, page: usize, most: usize) -> Keyboard {
    let keys: Vec<Key> = list.into_iter().map(|d| Button::District(d.code.clone()).key(&format!("@district.{}", d.code))).collect();
    paged(&keys, page, most, Button::Districts, vec![Button::SkipPlace.key("btn.skip")])
}

/// What a request may be about, and "the place is wrong" under it.
#[must_use]
pub fn services(number: &RequestNumber, list: &[Service], page: usize, most: usize) -> Keyboard {
    let key = |s: &Service| Button::FixService(number.clone(), s.code.clone()).key(&format!("@service.{}", s.code));
    // Of a service that was closed nothing new is offered.
    let keys: Vec<Key> = list.iter().filter(|s| s.successor.is_none()).map(key).collect();
    paged(&keys, page, most, |p| Button::Fix(number.clone(), p), vec![Button::FixPlace(number.clone()).key("btn.fix_place")])
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

/// Under a line of a list: ask for the status later, or see all.
#[must_use]
pub fn status(number: &RequestNumber) -> Keyboard {
    Keyboard::Inline(vec![vec![Button::Status(number.clone()).key("btn.status"), Button::Mine.key("btn.my")]])
}

/// Under an acknowledgement: the same, and what to press when it was understood wrongly. `instead`: what it may be about as well.
#[must_use]
pub fn acknowledged(number: &RequestNumber, instead: &[ServiceCode]) -> Keyboard {
    let n = || number.clone();
    let others: Vec<Key> = instead.iter().map(|s| Button::FixService(n(), s.clone()).key(&format!("@service.{s}"))).collect();
    let mut rows: Vec<Vec<Key>> = others.chunks(2).map(<[Key]>::to_vec).collect();
    rows.push(vec![Button::Status(n()).key("btn.status"), Button::Mine.key("btn.my")]);
    rows.push(vec![Button::Fix(n(), 0).key("btn.fix")]);
    Keyboard::Inline(rows)
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
    use crate::domain::catalog::Named;
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
            Button::Districts(3),
            Button::Fix(n(), 12),
            Button::FixPlace(n()),
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
            all.push(Button::FixService(n(), ServiceCode::new(code).unwrap()));
        }
        all
    }

    #[test]
    fn strange_data_is_refused() {
        let good = RequestNumber::compose(2026, 4_817_035);
        for data in [
            "",
            "my ",
            "dp:-1",
            "dp:100",
            "dp:",
            "fx:2648170355",
            "fx:2648170355:x",
            "fs:2648170355:",
            "fs:1:gas",
            "fp:",
            "lg:en",
            "ds:",
            "ds:ТАРАЗ",
            "cf:",
            "cf:2648170350",
            "rt:2648170355",
            "rt:2648170355:0",
            "rt:2648170355:6",
            "zz:1",
            ":",
        ] {
            assert_eq!(Button::parse(data), None, "{data}");
        }
        assert_eq!(Button::parse("rt:2648170355:4"), Some(Button::Rate(good, 4)));
    }

    #[test]
    fn a_long_list_is_turned_page_by_page() {
        let number = RequestNumber::compose(2026, 1);
        let service = |i: usize| Service {
            code: ServiceCode::new(format!("s{i}")).unwrap(),
            name: Named { kk: String::new(), ru: String::new() },
            successor: None,
        };
        for (len, most) in [(0, 10), (5, 10), (9, 10), (10, 10), (13, 10), (25, 10), (40, 13), (13, 100), (3, 2)] {
            let list: Vec<Service> = (0..len).map(service).collect();
            let (mut seen, mut page) = (Vec::new(), 0);
            for _ in 0..=len {
                let Keyboard::Inline(rows) = services(&number, &list, page, most) else { panic!("no keys") };
                let keys = rows.concat();
                assert!(keys.len() <= most.max(3), "{} keys of {most}", keys.len());
                assert!(rows.iter().all(|r| r.len() <= 2), "{rows:?}");
                seen.extend(keys.iter().filter(|k| k.data.starts_with("fs:")).map(|k| k.data.clone()));
                let turn = keys.iter().find_map(|k| match Button::parse(&k.data) {
                    Some(Button::Fix(_, next)) => Some(next),
                    _ => None,
                });
                match turn {
                    Some(next) if next > page => page = next,
                    _ => break,
                }
            }
            let want: Vec<String> = list.iter().map(|s| Button::FixService(number.clone(), s.code.clone()).data()).collect();
            assert_eq!(seen, want, "{len} of {most}");
        }
        // A closed one is not offered.
        let closed = [service(0), Service { successor: Some(service(0).code), ..service(1) }, service(2)];
        let Keyboard::Inline(rows) = services(&number, &closed, 0, 10) else { panic!("no keys") };
        let offered: Vec<String> = rows.concat().iter().filter(|k| k.data.starts_with("fs:")).map(|k| k.data.clone()).collect();
        assert_eq!(offered, [0, 2].map(|i| Button::FixService(number.clone(), service(i).code).data()));
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
