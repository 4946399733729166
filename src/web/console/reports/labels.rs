//! Figures in a reader's words and with a reader's commas.

use crate::domain::{Class, DistrictCode, QueueCode, ServiceCode};
use crate::reports::export;
use crate::reports::sheet::Cell;
use crate::reports::summary::tenths;
use crate::web::console::words::Words;

/// The words of one reader.
pub(in crate::web) struct Labels<'a> {
    pub w: Words<'a>,
}

impl Labels<'_> {
    /// The name of a code.
    pub(super) fn named(&self, kind: &str, code: &str) -> String {
        let w = &self.w;
        match kind {
            "class" => w.class(Class::parse(code)),
            "service" => ServiceCode::new(code).map_or_else(|_| code.to_owned(), |c| w.service(Some(&c))),
            "district" => DistrictCode::new(code).map_or_else(|_| code.to_owned(), |c| w.district(Some(&c))),
            "queue" => QueueCode::new(code).map_or_else(|_| code.to_owned(), |c| w.queue(&c)),
            "status" => w.of("state", code),
            "channel" | "stage" => w.of(kind, code),
            other => w.of(&format!("reports.{other}"), code),
        }
    }

    /// What stands where a property is not known.
    pub(super) fn missing(&self, kind: &str) -> String {
        match kind {
            "class" | "service" | "district" => self.w.of("reports.unknown", kind),
            "queue" | "owner" => self.w.t("reports.unknown.queue").to_owned(),
            _ => String::new(),
        }
    }

    /// A cell as it stands on a page.
    #[must_use]
    pub fn shown(&self, cell: &Cell) -> String {
        match cell {
            Cell::Count(n) => grouped(*n),
            Cell::Share(part, whole) => tenths(*part, *whole).map_or_else(|| "—".to_owned(), |t| format!("{},{} %", t / 10, t % 10)),
            Cell::Minutes(Some(n)) => self.w.span(i64::from(*n) * 60),
            Cell::Hundredths(Some(n)) => format!("{},{:02}", n / 100, n % 100),
            Cell::Minutes(None) | Cell::Hundredths(None) => "—".to_owned(),
            Cell::Code(..) | Cell::Text(_) | Cell::Day(_) => export::Words::cell(self, cell),
        }
    }
}

impl export::Words for Labels<'_> {
    fn cell(&self, cell: &Cell) -> String {
        match cell {
            Cell::Code(kind, Some(code)) => self.named(kind, code),
            Cell::Code(kind, None) => self.missing(kind),
            Cell::Day(day) => day.0.format("%d.%m.%Y").to_string(),
            other => other.plain(),
        }
    }

    fn column(&self, name: &str) -> String {
        self.w.of("reports.col", name)
    }

    fn sheet(&self, name: &str) -> String {
        self.w.of("reports.sheet", name)
    }

    fn all(&self) -> String {
        self.w.t("reports.all").to_owned()
    }
}

/// A whole number in groups of three, with a thin space that does not break.
pub(super) fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push('\u{202f}');
        }
        out.push(c);
    }
    if n < 0 { format!("−{out}") } else { out }
}
