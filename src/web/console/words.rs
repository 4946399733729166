//! Words of a page in its reader's language: texts, names of the catalogue, moments and spans of time.

use crate::config::{Book, local_time};
use crate::domain::outgoing::Params;
use crate::domain::{Class, CrewCode, DistrictCode, Instant, Lang, QueueCode, ServiceCode, time};
use crate::store::wires::WireRow;

/// The book as one reader sees it.
#[derive(Clone, Copy)]
pub struct Words<'a> {
    pub book: &'a Book,
    pub lang: Lang,
}

/// When something is due, with the words that the page's script keeps up to date.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    pub iso: String,
    /// Unix milliseconds, for the script.
    pub ms: i64,
    /// Local time.
    pub at: String,
    /// "2 h left", "15 min late".
    pub words: String,
    pub late: bool,
    /// Less than half an hour is left.
    pub soon: bool,
}

impl Due {
    /// How it is coloured.
    #[must_use]
    pub fn tone(&self) -> &'static str {
        match (self.late, self.soon) {
            (true, _) => "late",
            (false, true) => "soon",
            _ => "calm",
        }
    }
}

impl<'a> Words<'a> {
    /// The text of a key without placeholders.
    #[must_use]
    pub fn t<'k>(&self, key: &'k str) -> &'k str
    where
        'a: 'k,
    {
        self.book.messages.get(self.lang, key).unwrap_or(key)
    }

    /// The text of `group.word`: `state.queued`.
    #[must_use]
    pub fn of(&self, group: &str, word: &str) -> String {
        let key = format!("{group}.{word}");
        self.t(&key).to_owned()
    }

    /// A text with one placeholder filled in.
    #[must_use]
    pub fn with(&self, key: &str, name: &str, value: &str) -> String {
        self.book.messages.render(self.lang, key, &Params::from([(name.to_owned(), value.to_owned())]))
    }

    #[must_use]
    pub fn class(&self, c: Option<Class>) -> String {
        c.map_or_else(|| self.t("unknown.class").to_owned(), |c| self.of("class", c.as_str()))
    }

    #[must_use]
    pub fn service(&self, c: Option<&ServiceCode>) -> String {
        self.named("service", c.map(ServiceCode::as_str))
    }

    #[must_use]
    pub fn district(&self, c: Option<&DistrictCode>) -> String {
        self.named("district", c.map(DistrictCode::as_str))
    }

    #[must_use]
    pub fn queue(&self, c: &QueueCode) -> String {
        self.named("queue", Some(c.as_str()))
    }

    #[must_use]
    pub fn crew(&self, c: &CrewCode) -> String {
        self.named("crew", Some(c.as_str()))
    }

    fn named(&self, kind: &str, code: Option<&str>) -> String {
        match code {
            // A code that has left the catalogue is still shown, bare.
            Some(code) => match self.book.value(self.lang, &format!("@{kind}.{code}")) {
                found if found.starts_with('@') => code.to_owned(),
                found => found,
            },
            None => self.of("unknown", kind),
        }
    }

    /// That a channel does not work, since when and why.
    #[must_use]
    pub fn wire_down(&self, wire: &WireRow) -> String {
        let params = Params::from([
            ("channel".to_owned(), self.of("channel", &wire.channel)),
            ("since".to_owned(), local_time(wire.since)),
            ("why".to_owned(), wire.reason.as_deref().map(|r| self.of("delivery.reason", r)).unwrap_or_default()),
        ]);
        self.book.messages.render(self.lang, "delivery.down", &params)
    }

    /// A length of time in its two largest units.
    #[must_use]
    pub fn span(&self, secs: i64) -> String {
        let minutes = secs.unsigned_abs() / 60;
        let (d, h, m) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
        let unit = |key: &str, n: u64| (n > 0).then(|| self.with(key, "n", &n.to_string()));
        let parts: Vec<String> = match (d, h, m) {
            (0, 0, 0) => vec![self.t("unit.moment").to_owned()],
            (0, h, m) => [unit("unit.h", h), unit("unit.m", m)].into_iter().flatten().collect(),
            (d, h, _) => [unit("unit.d", d), unit("unit.h", h)].into_iter().flatten().collect(),
        };
        parts.join(" ")
    }

    /// How long ago something was: "2 h 10 min ago".
    #[must_use]
    pub fn ago(&self, at: Instant, now: Instant) -> String {
        match now.signed_duration_since(at).num_seconds() {
            ..60 => self.t("console.just_now").to_owned(),
            secs => self.with("console.ago", "time", &self.span(secs)),
        }
    }

    /// A due time; none when there is none.
    #[must_use]
    pub fn due(&self, at: Instant, now: Instant) -> Option<Due> {
        if at >= time::never() {
            return None;
        }
        let left = at.signed_duration_since(now).num_seconds();
        let key = if left < 0 { "console.late" } else { "console.left" };
        Some(Due {
            iso: at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            ms: at.timestamp_millis(),
            at: local_time(at),
            words: self.with(key, "time", &self.span(left)),
            late: left < 0,
            soon: (0..1800).contains(&left),
        })
    }
}
