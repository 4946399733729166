//! The plan of a crew's shifts as a form: a week of intervals, and days that differ.

use super::super::people::field;
use super::super::words::Words;
use crate::domain::CrewCode;
use crate::domain::calendar::{Day, Hours, OwnDay, Span, Weekday};
use crate::domain::catalog::Named;
use crate::domain::shift::Shift;

/// A plan as the form shows it.
#[derive(Debug, Clone, Default)]
pub(in crate::web::console) struct PlanForm {
    /// There is one.
    pub planned: bool,
    /// Weekday, its name, its intervals.
    pub week: Vec<(String, String, String)>,
    pub holidays: bool,
    /// A line for each day that differs: date, intervals, names.
    pub days: String,
    /// Hours that held before those of the form, in words.
    pub before: Vec<String>,
}

fn spans(list: &[Span]) -> String {
    list.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

impl PlanForm {
    pub fn of(w: &Words<'_>, plan: Option<&Shift>) -> Self {
        let last = plan.and_then(|p| p.hours.last()).cloned().unwrap_or_default();
        let day = |d: &OwnDay| format!("{} {} | {} | {}", d.date, spans(&d.hours), d.name.kk, d.name.ru).replace("  ", " ");
        let earlier = plan.map(|p| p.hours.split_last().map_or(&[] as &[Hours], |(_, before)| before)).unwrap_or_default();
        Self {
            planned: plan.is_some(),
            week: Weekday::ALL.iter().map(|d| (d.to_string(), w.of("duty", &format!("day_{d}")), spans(last.of(*d)))).collect(),
            holidays: plan.is_some_and(|p| p.holidays),
            days: plan.map(|p| p.days.iter().map(day).collect::<Vec<_>>().join("\n")).unwrap_or_default(),
            before: earlier
                .iter()
                .map(|h| {
                    let week = Weekday::ALL.iter().filter(|d| !h.of(**d).is_empty());
                    week.map(|d| format!("{} {}", w.of("duty", &format!("day_{d}")), spans(h.of(*d)))).collect::<Vec<_>>().join("; ")
                })
                .collect(),
        }
    }

    /// The form once more as it was sent.
    pub fn kept(w: &Words<'_>, form: &[(String, String)]) -> Self {
        Self {
            planned: true,
            week: Weekday::ALL.iter().map(|d| (d.to_string(), w.of("duty", &format!("day_{d}")), field(form, d.as_str()).to_owned())).collect(),
            holidays: !field(form, "holidays").is_empty(),
            days: field(form, "days").to_owned(),
            before: Vec::new(),
        }
    }
}

fn intervals(text: &str) -> Result<Vec<Span>, String> {
    text.split([',', ';']).map(str::trim).filter(|t| !t.is_empty()).map(|t| Span::parse(t).map_err(|_| t.to_owned())).collect()
}

/// One line of the days that differ.
fn own_day(line: &str) -> Result<OwnDay, String> {
    let mut parts = line.split('|').map(str::trim);
    let head = parts.next().unwrap_or_default();
    let (date, hours) = head.split_once(char::is_whitespace).unwrap_or((head, ""));
    let date: Day = date.parse().map(Day).map_err(|_| line.to_owned())?;
    let kk = parts.next().filter(|t| !t.is_empty()).unwrap_or("—").to_owned();
    let ru = parts.next().filter(|t| !t.is_empty()).map_or_else(|| kk.clone(), str::to_owned);
    Ok(OwnDay { date, hours: intervals(hours)?, name: Named { kk, ru } })
}

/// The plan that a form states; a date from which its week holds keeps the week before it until then. An error is the part that cannot be read.
pub(super) fn stated(crew: &CrewCode, present: Option<&Shift>, form: &[(String, String)]) -> Result<Shift, String> {
    let mut week = Hours::default();
    for day in Weekday::ALL {
        let spans = intervals(field(form, day.as_str()))?;
        match day {
            Weekday::Mon => week.mon = spans,
            Weekday::Tue => week.tue = spans,
            Weekday::Wed => week.wed = spans,
            Weekday::Thu => week.thu = spans,
            Weekday::Fri => week.fri = spans,
            Weekday::Sat => week.sat = spans,
            Weekday::Sun => week.sun = spans,
        }
    }
    let days = field(form, "days").lines().map(str::trim).filter(|l| !l.is_empty()).map(own_day).collect::<Result<Vec<_>, _>>()?;
    let mut hours: Vec<Hours> = present.map(|p| p.hours.clone()).unwrap_or_default();
    match field(form, "from") {
        "" => {
            // The week that holds is mended; what came before it stays.
            if let Some(last) = hours.pop() {
                (week.valid_from, week.valid_until) = (last.valid_from, last.valid_until);
            }
        }
        from => {
            let from: Day = from.parse().map(Day).map_err(|_| from.to_owned())?;
            hours.retain(|h| h.valid_from.is_none_or(|f| f < from));
            week.valid_from = Some(from);
        }
    }
    hours.iter_mut().for_each(|h| h.valid_until = None);
    hours.push(week);
    Ok(Shift { crew: crew.clone(), holidays: !field(form, "holidays").is_empty(), hours, days })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    }

    #[test]
    fn a_form_becomes_a_plan_and_a_later_week_keeps_the_one_before() {
        let crew = CrewCode::new("x").unwrap();
        let first =
            stated(&crew, None, &form(&[("mon", "08:00-12:00, 13:00-17:00"), ("days", "2026-12-31 08:00-14:00 | Қарсаң | Канун\n2027-01-01")]))
                .unwrap();
        assert_eq!((first.hours.len(), first.hours[0].mon.len(), first.days.len(), first.days[1].hours.len()), (1, 2, 2, 0));
        assert_eq!((first.days[0].name.ru.as_str(), first.days[1].name.ru.as_str()), ("Канун", "—"));
        let later = stated(&crew, Some(&first), &form(&[("tue", "20:00-08:00"), ("from", "2026-12-01"), ("holidays", "1")])).unwrap();
        assert_eq!((later.hours.len(), later.hours[1].valid_from.map(|d| d.to_string()), later.holidays), (2, Some("2026-12-01".into()), true));
        let mut ends = later.clone();
        ends.hours[1].valid_until = Some("2026-12-31".parse().map(Day).unwrap());
        let kept = stated(&crew, Some(&ends), &form(&[("tue", "21:00-08:00")])).unwrap();
        assert_eq!(kept.hours[1].valid_until, ends.hours[1].valid_until, "a plan that ends still ends");
        let mended = stated(&crew, Some(&later), &form(&[("tue", "21:00-08:00")])).unwrap();
        assert_eq!(
            (mended.hours.len(), mended.hours[1].valid_from, mended.hours[1].tue[0].to_string()),
            (2, later.hours[1].valid_from, "21:00-08:00".into())
        );
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let crew = CrewCode::new("x").unwrap();
        for (pairs, part) in
            [(form(&[("mon", "8-20")]), "8-20"), (form(&[("days", "завтра 08:00-09:00")]), "завтра"), (form(&[("from", "1.12")]), "1.12")]
        {
            assert!(stated(&crew, None, &pairs).unwrap_err().contains(part));
        }
    }
}
