//! The figures as sections of words: what is written stands here once, how it is set stands in [`super::plain`] and [`super::html`].

use super::bars::{Bar, bars};
use super::{Decision, Figures, Pair, Row};
use crate::config::Book;
use crate::domain::Lang;
use crate::domain::calendar::Day;
use crate::domain::digest::Part;
use crate::domain::outgoing::Params;

/// One figure with its name and what to compare it with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    pub label: String,
    pub value: String,
    pub note: String,
    /// It is bad news.
    pub alert: bool,
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item {
    pub head: String,
    pub line: String,
    pub alert: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Block {
    Text(String),
    Facts(Vec<Fact>),
    Items(Vec<Item>),
    Bars(Vec<Bar>),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Section {
    pub title: String,
    pub blocks: Vec<Block>,
}

/// `22.11.2026`, as dates are written in both languages.
pub(super) fn date(day: Day) -> String {
    day.0.format("%d.%m.%Y").to_string()
}

/// The words of one digest.
pub(super) struct Words<'a> {
    pub book: &'a Book,
    pub lang: Lang,
}

impl Words<'_> {
    pub fn say(&self, key: &str, params: &[(&str, String)]) -> String {
        let params: Params = params.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
        self.book.render(self.lang, &format!("digest.{key}"), &params)
    }

    fn code(&self, kind: &str, code: Option<&String>) -> String {
        match code {
            Some(code) => self.book.value(self.lang, &format!("@{kind}.{code}")),
            None => self.say("unknown", &[]),
        }
    }

    /// The name of a part of the work; none for the whole.
    pub fn part(&self, part: &Part) -> Option<String> {
        part.label().map(|label| self.book.value(self.lang, &label))
    }

    /// A length of time; days where hours would be many.
    fn span(&self, secs: i64) -> String {
        let hours = secs / 3600;
        if hours < 48 {
            return self.book.value(self.lang, &format!("@span:{secs}"));
        }
        self.say("days_hours", &[("days", (hours / 24).to_string()), ("hours", (hours % 24).to_string())])
    }

    fn fact(&self, key: &str, value: String, note: String) -> Fact {
        Fact { label: self.say(key, &[]), value, note, alert: false }
    }

    /// A figure of the week beside that of the week before.
    fn weekly(&self, key: &str, pair: Pair) -> Fact {
        let before = pair.before.to_string();
        let note = match pair.change() {
            Some(change) => self.say("week_before_change", &[("before", before), ("change", signed(change))]),
            None => self.say("week_before", &[("before", before)]),
        };
        self.fact(key, pair.now.to_string(), note)
    }

    fn item(&self, head: String, key: &str, r: &Row) -> Item {
        let line = self.say(
            key,
            &[
                ("number", r.number.to_string()),
                ("service", self.code("service", r.service.as_ref())),
                ("district", self.code("district", r.district.as_ref())),
                ("queue", self.code("queue", r.queue.as_ref())),
                ("span", self.span(r.secs)),
            ],
        );
        Item { head, line, alert: r.untaken }
    }
}

fn signed(n: i64) -> String {
    if n > 0 { format!("+{n}") } else { n.to_string() }
}

/// Tenths of a per cent with a decimal comma, as both languages write it; a dash of nothing.
fn share((part, whole): (i64, i64)) -> String {
    match crate::reports::summary::share(part, whole) {
        s if whole > 0 => s.replace('.', ",").replace('%', " %"),
        _ => "—".into(),
    }
}

fn mean(hundredths: Option<i64>) -> Option<String> {
    hundredths.map(|m| format!("{},{:02}", m / 100, m % 100))
}

pub(super) fn subject(book: &Book, lang: Lang, f: &Figures) -> String {
    let w = Words { book, lang };
    let whole = book.render(lang, "mail.digest.subject", &Params::from([("date".to_owned(), date(f.day))]));
    match w.part(&f.part) {
        Some(part) => format!("{whole} · {part}"),
        None => whole,
    }
}

/// The line that needs a decision.
pub(super) fn decision(book: &Book, lang: Lang, f: &Figures) -> (String, bool) {
    let w = Words { book, lang };
    let said = match Decision::of(f) {
        Decision::Dangers(count) => f.dangers.first().map(|d| {
            let hazard = d.hazard.as_ref().map_or_else(|| w.say("unknown", &[]), |h| book.value(lang, &format!("@hazard.{h}")));
            let (district, queue) = (w.code("district", d.district.as_ref()), w.code("queue", d.queue.as_ref()));
            let all = [("count", count.to_string()), ("number", d.number.to_string()), ("hazard", hazard), ("district", district), ("queue", queue)];
            w.say("decide_danger", &all)
        }),
        Decision::Place => f.places.first().map(|p| {
            let place = p.house.clone().unwrap_or_else(|| w.code("district", p.district.as_ref()));
            w.say("decide_place", &[("service", w.code("service", p.service.as_ref())), ("place", place), ("count", p.n.to_string())])
        }),
        Decision::Owner(queue, late, open) => {
            Some(w.say("decide_owner", &[("queue", w.code("queue", queue.as_ref())), ("late", late.to_string()), ("open", open.to_string())]))
        }
        Decision::Social(count) => Some(w.say("decide_social", &[("count", count.to_string())])),
        Decision::Nothing => None,
    };
    let alert = said.is_some();
    (said.unwrap_or_else(|| w.say("nothing", &[])), alert)
}

pub(super) fn sections(book: &Book, lang: Lang, f: &Figures) -> Vec<Section> {
    let w = Words { book, lang };
    let mut out = vec![figures(&w, f), days(&w, f), dangers(&w, f), late(&w, f), places(&w, f)];
    let named = |title: &str, kind: &str, list: &[(Option<String>, i64)]| Section {
        title: w.say(title, &[]),
        blocks: vec![Block::Bars(bars(list.iter().map(|(code, n)| (w.code(kind, code.as_ref()), *n))))],
    };
    let lists = [("by_class", "class", &f.classes), ("by_service", "service", &f.services), ("by_district", "district", &f.districts)];
    out.extend(lists.into_iter().filter(|(_, _, list)| !list.is_empty()).map(|(title, kind, list)| named(title, kind, list)));
    out.push(satisfaction(&w, f));
    out.extend(social(&w, f));
    out
}

fn figures(w: &Words<'_>, f: &Figures) -> Section {
    let day = w.say("day_before", &[("before", f.received.before.to_string()), ("week_ago", f.week_ago.to_string())]);
    let kept = w.say("week_before", &[("before", share(f.kept_before))]);
    let facts = vec![
        w.fact("received_day", f.received.now.to_string(), day),
        w.weekly("received_week", f.week),
        w.weekly("closed_week", f.closed),
        w.weekly("reopened_week", f.reopened),
        w.fact("kept_week", share(f.kept), kept),
        w.fact("open", f.open.to_string(), String::new()),
        Fact { alert: f.overdue > 0, ..w.fact("overdue", f.overdue.to_string(), String::new()) },
        w.fact("untaken", f.untaken.to_string(), String::new()),
    ];
    Section { title: w.say("figures", &[]), blocks: vec![Block::Facts(facts)] }
}

fn days(w: &Words<'_>, f: &Figures) -> Section {
    let list = f.days.iter().map(|(day, n)| (day.0.format("%d.%m").to_string(), *n));
    Section { title: w.say("by_day", &[]), blocks: vec![Block::Bars(bars(list))] }
}

fn none(w: &Words<'_>) -> Block {
    Block::Text(w.say("none", &[]))
}

fn dangers(w: &Words<'_>, f: &Figures) -> Section {
    let counts = [("day", f.dangers_day.to_string()), ("open", f.dangers_open.0.to_string()), ("untaken", f.dangers_open.1.to_string())];
    let items = f.dangers.iter().map(|d| {
        let hazard = d.hazard.as_ref().map_or_else(|| w.say("unknown", &[]), |h| w.book.value(w.lang, &format!("@hazard.{h}")));
        let head = format!("{hazard} · {}", w.code("district", d.district.as_ref()));
        w.item(head, if d.untaken { "danger_untaken" } else { "danger_taken" }, d)
    });
    let mut blocks = vec![Block::Text(w.say("dangers_count", &counts))];
    if !f.dangers.is_empty() {
        blocks.push(Block::Items(items.collect()));
    }
    Section { title: w.say("dangers", &[]), blocks }
}

fn late(w: &Words<'_>, f: &Figures) -> Section {
    let title = w.say("late", &[]);
    if f.worst.is_empty() && f.owners.is_empty() {
        return Section { title, blocks: vec![none(w)] };
    }
    let owners = f.owners.iter().map(|(queue, late, open)| Fact {
        label: w.code("queue", queue.as_ref()),
        value: late.to_string(),
        note: w.say("late_of", &[("open", open.to_string())]),
        alert: false,
    });
    let items = f.worst.iter().map(|r| Item { alert: false, ..w.item(w.code("queue", r.queue.as_ref()), "late_row", r) });
    let mut blocks = vec![Block::Facts(owners.collect())];
    if !f.worst.is_empty() {
        blocks.push(Block::Text(w.say("worst", &[])));
        blocks.push(Block::Items(items.collect()));
    }
    Section { title, blocks }
}

fn places(w: &Words<'_>, f: &Figures) -> Section {
    let items: Vec<Item> = f
        .places
        .iter()
        .map(|p| {
            let district = w.code("district", p.district.as_ref());
            let place = p.house.as_ref().map_or_else(|| district.clone(), |house| format!("{district}, {house}"));
            Item {
                head: w.code("service", p.service.as_ref()),
                line: w.say("place_row", &[("place", place), ("count", p.n.to_string())]),
                alert: true,
            }
        })
        .collect();
    Section { title: w.say("places", &[]), blocks: vec![if items.is_empty() { none(w) } else { Block::Items(items) }] }
}

fn satisfaction(w: &Words<'_>, f: &Figures) -> Section {
    let title = w.say("satisfaction", &[]);
    let Some(now) = mean(f.stars.mean()) else { return Section { title, blocks: vec![Block::Text(w.say("nobody_rated", &[]))] } };
    let before = w.say("week_before", &[("before", mean(f.stars_before.mean()).unwrap_or_else(|| "—".into()))]);
    let [one, two, ..] = f.stars.by;
    let facts = vec![
        w.fact("mean", w.say("mean_of", &[("mean", now)]), before),
        w.fact("rated", f.stars.rated().to_string(), String::new()),
        w.fact("low", (one + two).to_string(), String::new()),
    ];
    Section { title, blocks: vec![Block::Facts(facts)] }
}

fn social(w: &Words<'_>, f: &Figures) -> Option<Section> {
    let s = f.social.as_ref()?;
    let mut blocks = vec![Block::Facts(vec![
        w.fact("comments", s.all.to_string(), String::new()),
        w.fact("asking", s.asking.to_string(), String::new()),
        Fact { alert: s.unanswered > 0, ..w.fact("unanswered", s.unanswered.to_string(), String::new()) },
    ])];
    if !s.posts.is_empty() {
        blocks.push(Block::Text(w.say("resonance", &[])));
        let post = |p: &crate::store::reports::standing::Talked| Item {
            head: w.code("channel", Some(&p.channel)),
            line: w.say("post_row", &[("post", p.post.clone()), ("count", p.n.to_string())]),
            alert: false,
        };
        blocks.push(Block::Items(s.posts.iter().map(post).collect()));
    }
    Some(Section { title: w.say("social", &[]), blocks })
}
