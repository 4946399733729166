//! Plots as SVG, written here: a series beside the year before, and bars. Each has a title and a description for those who listen, colours as plain
//! attributes (a mail shows them so; the console's style sheet overrides them by class), and never stands without its table.

use std::fmt::Write;

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 52.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 30.0;
const RIGHT: f64 = 12.0;
/// Height of one bar with its gap.
const BAR: f64 = 26.0;
/// Where bars begin, after their names.
const NAMES: f64 = 230.0;
/// Labels of the time axis at most.
const LABELS: usize = 9;

/// One point of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    pub label: String,
    pub n: i64,
    pub last_year: i64,
}

/// The words of a series.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// No two plots of a page have the same.
    pub id: &'a str,
    pub title: &'a str,
    pub about: &'a str,
    pub this_year: &'a str,
    pub last_year: &'a str,
    /// How many points have come so far; unset: all. What has not come yet is not drawn as nothing.
    pub so_far: Option<usize>,
}

/// Text inside SVG.
fn safe(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The end of an axis and its step: the smallest of 1, 2, 5 times a power of ten with which at most five lines are drawn.
fn axis(most: i64) -> (i64, i64) {
    let mut step = 1i64;
    'found: loop {
        for by in [1, 2, 5] {
            if most <= step * by * 5 {
                step *= by;
                break 'found;
            }
        }
        step = step.saturating_mul(10);
    }
    ((most.max(1) + step - 1) / step * step, step)
}

fn open(svg: &mut String, said: &Said<'_>, kind: &str, height: f64) {
    let (id, title, about) = (said.id, safe(said.title), safe(said.about));
    let _ = write!(
        svg,
        "<svg class=\"plot {kind}\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" role=\"img\" \
         aria-labelledby=\"{id}-t {id}-d\" font-family=\"system-ui, sans-serif\" font-size=\"12\"><title id=\"{id}-t\">{title}</title><desc id=\"{id}-d\">{about}</desc>"
    );
}

/// A series: this year as a line, the same dates of the year before dashed. Empty for no points.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "places on a drawing are floats; counts stay far below 2^52")]
pub fn line(said: &Said<'_>, spots: &[Spot]) -> String {
    let Some(most) = spots.iter().map(|s| s.n.max(s.last_year)).max() else { return String::new() };
    let (top, step) = axis(most);
    let (wide, high) = (WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM);
    let x = |i: usize| LEFT + if spots.len() > 1 { wide * i as f64 / (spots.len() - 1) as f64 } else { wide / 2.0 };
    let y = |n: i64| TOP + high * (1.0 - n as f64 / top as f64);
    let mut svg = String::with_capacity(4096 + spots.len() * 160);
    open(&mut svg, said, "series", HEIGHT);
    for tick in (0..=top).step_by(usize::try_from(step).unwrap_or(1)) {
        let at = y(tick);
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{:.0}\" y1=\"{at:.1}\" y2=\"{at:.1}\" stroke=\"#d8e0e2\"/><text class=\"tick\" x=\"{:.0}\" y=\"{:.1}\" \
             text-anchor=\"end\" fill=\"#5a6b70\">{tick}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            at + 4.0
        );
    }
    let every = spots.len().div_ceil(LABELS).max(1);
    for (i, spot) in spots.iter().enumerate().step_by(every) {
        let _ = write!(
            svg,
            "<text class=\"tick\" x=\"{:.1}\" y=\"{:.0}\" text-anchor=\"middle\" fill=\"#5a6b70\">{}</text>",
            x(i),
            HEIGHT - 10.0,
            safe(&spot.label)
        );
    }
    let come = said.so_far.unwrap_or(spots.len());
    let path = |of: fn(&Spot) -> i64, upto: usize| {
        spots.iter().enumerate().take(upto).fold(String::new(), |mut d, (i, s)| {
            let _ = write!(d, "{}{:.1} {:.1}", if i == 0 { "M" } else { "L" }, x(i), y(of(s)));
            d
        })
    };
    let _ = write!(
        svg,
        "<path class=\"last\" d=\"{}\" fill=\"none\" stroke=\"#8a979b\" stroke-width=\"1.8\" stroke-dasharray=\"6 5\"/><path class=\"this\" d=\"{}\" fill=\"none\" \
         stroke=\"#0b5c6b\" stroke-width=\"2.4\" stroke-linejoin=\"round\"/>",
        path(|s| s.last_year, spots.len()),
        path(|s| s.n, come)
    );
    let radius = if spots.len() > 62 { 1.5 } else { 3.0 };
    for (i, s) in spots.iter().enumerate().take(come) {
        let _ = write!(
            svg,
            "<circle class=\"spot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"{radius}\" fill=\"#0b5c6b\"><title>{}: {} {} · {} {}</title></circle>",
            x(i),
            y(s.n),
            safe(&s.label),
            safe(said.this_year),
            s.n,
            safe(said.last_year),
            s.last_year
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Bars, one below another, with their names and numbers. `part`: how much of each is painted as late. Empty for no bars.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "places on a drawing are floats; counts stay far below 2^52")]
pub fn bars(said: &Said<'_>, rows: &[(String, i64, i64)]) -> String {
    let Some(most) = rows.iter().map(|r| r.1).max().map(|m| m.max(1)) else { return String::new() };
    let height = BAR * rows.len() as f64 + 6.0;
    let wide = WIDTH - NAMES - 70.0;
    let mut svg = String::with_capacity(1024 + rows.len() * 400);
    open(&mut svg, said, "bars", height);
    for (i, (name, n, part)) in rows.iter().enumerate() {
        let y = BAR * i as f64 + 4.0;
        let length = |n: i64| wide * n as f64 / most as f64;
        let _ = write!(
            svg,
            "<text class=\"name\" x=\"{:.0}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#1b2a2e\">{}</text><rect class=\"bar\" x=\"{NAMES}\" y=\"{y:.1}\" \
             width=\"{:.1}\" height=\"18\" rx=\"2\" fill=\"#5b9fac\"/>",
            NAMES - 8.0,
            y + 13.5,
            safe(&short(name)),
            length(*n)
        );
        if *part > 0 {
            let _ = write!(
                svg,
                "<rect class=\"late\" x=\"{NAMES}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"18\" rx=\"2\" fill=\"#b3261e\"/>",
                length((*part).min(*n))
            );
        }
        let _ = write!(svg, "<text class=\"value\" x=\"{:.1}\" y=\"{:.1}\" fill=\"#1b2a2e\">{n}</text>", NAMES + length(*n) + 6.0, y + 13.5);
    }
    svg.push_str("</svg>");
    svg
}

/// A name that fits before its bar.
fn short(name: &str) -> String {
    const MOST: usize = 33;
    if name.chars().count() <= MOST { name.to_owned() } else { format!("{}…", name.chars().take(MOST - 1).collect::<String>().trim_end()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: Said<'_> = Said { id: "p", title: "A & B", about: "<all>", this_year: "this", last_year: "last", so_far: None };

    #[test]
    fn axes_are_round() {
        for (most, want) in
            [(0, (1, 1)), (1, (1, 1)), (5, (5, 1)), (6, (6, 2)), (11, (15, 5)), (99, (100, 20)), (1_234, (1_500, 500)), (80_758, (100_000, 20_000))]
        {
            assert_eq!(axis(most), want, "{most}");
        }
    }

    #[test]
    fn a_series_says_what_it_shows() {
        let spots: Vec<Spot> = (0..40).map(|n| Spot { label: format!("{n}.11"), n: n * 3, last_year: n }).collect();
        let svg = line(&SAID, &spots);
        assert!(svg.contains("A &amp; B") && svg.contains("&lt;all&gt;") && svg.contains("stroke-dasharray"));
        assert_eq!(svg.matches("<circle").count(), 40);
        assert!(svg.matches("text-anchor=\"middle\"").count() <= LABELS);
        assert!(!svg.contains("NaN") && !svg.contains("inf"));
        assert_eq!(line(&Said { so_far: Some(7), ..SAID }, &spots).matches("<circle").count(), 7, "what has not come is not drawn");
        assert_eq!(line(&SAID, &[]), "");
        assert!(!line(&SAID, &spots[..1]).contains("NaN"));
    }

    #[test]
    fn bars_keep_their_proportions() {
        let svg = bars(&SAID, &[("a".into(), 100, 0), ("b".into(), 50, 25), ("c".repeat(60), 0, 9)]);
        assert!(svg.contains("width=\"420.0\"") && svg.contains("width=\"210.0\"") && svg.contains("width=\"105.0\"") && svg.contains('…'));
        assert_eq!(bars(&SAID, &[]), "");
    }
}
