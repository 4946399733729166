//! A page looked at as everybody may see it: three widths, light and dark, held against what a page owes its readers, and kept as pictures.

use super::chrome::Chrome;
use serde_json::{Value, json};

/// A telephone, a tablet, a desk.
const WIDTHS: [u32; 3] = [360, 768, 1280];

/// What is wrong with pages, each fault with where it was seen.
#[derive(Default)]
pub struct Faults(Vec<String>);

impl Faults {
    fn note(&mut self, page: &str, where_seen: &str, found: &Value) {
        for f in found.as_array().unwrap_or(&Vec::new()) {
            let line = format!("{page} {where_seen}: {}", f.as_str().unwrap_or_default());
            if !self.0.contains(&line) {
                self.0.push(line);
            }
        }
    }

    /// Ends the story when there is any.
    #[track_caller]
    pub fn none(&self) {
        assert!(self.0.is_empty(), "{} faults of pages:\n{}", self.0.len(), self.0.join("\n"));
    }
}

fn call(script: &str, layout: bool, colour: bool) -> String {
    format!("return (function () {{ {script} }})({})", json!({"layout": layout, "colour": colour}))
}

/// Looks at the page that is open, under a name for its pictures.
pub async fn looked_at(c: &Chrome, page: &str, faults: &mut Faults) {
    let script = include_str!("checks.js");
    for width in WIDTHS {
        c.wide(width).await;
        for dark in [false, true] {
            c.dark(dark).await;
            // Layout does not change with colours, nor colours with width; but the narrowest page is built otherwise.
            let found = c.asks(&call(script, !dark, width != 768)).await;
            faults.note(page, &format!("at {width} px{}", if dark { " in the dark" } else { "" }), &found);
            c.pictures(&format!("{page}-{width}-{}", if dark { "dark" } else { "light" })).await;
        }
    }
    c.dark(false).await;
    c.wide(1280).await;
    c.tab().await;
    let focus = c.asks(include_str!("focus.js")).await;
    assert!(focus["reached"].as_u64().unwrap() > 0, "{page}: nothing can be reached by the keyboard");
    faults.note(page, "by the keyboard", &focus["faults"]);
}
