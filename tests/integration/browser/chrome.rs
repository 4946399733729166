//! A browser in the hands of a test: it opens pages, reads, types and presses as a person does, and what it complained about fails the story.

use super::driver::{TURN, chromium, driver};
use super::wire::{ENTER, Element, TAB, Wire};
use crate::harness::{PASSWORD, World};
use base64::Engine;
use serde_json::{Value, json};
use std::future::Future;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::SemaphorePermit;

/// How long a page may take to become what it should be. Other stories may be using the machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a browser is started.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    On,
    Off,
}

/// One browser with one person before it.
pub struct Chrome {
    wire: Wire,
    base: String,
    _turn: SemaphorePermit<'static>,
}

impl Chrome {
    /// `None` where no browser is installed.
    pub async fn open(w: &World, scripts: Scripts) -> Option<Self> {
        Self::open_at(&w.api().base, scripts).await
    }

    /// The same before a service at another address.
    pub async fn open_at(base: &str, scripts: Scripts) -> Option<Self> {
        let service = driver()?;
        let turn = TURN.acquire().await.unwrap();
        // The sandbox needs rights that containers and root lack; the pages are our own.
        let args = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-extensions",
            "--no-first-run",
            "--hide-scrollbars",
            "--font-render-hinting=none",
            "--window-size=1280,900",
            "--lang=ru",
        ];
        let prefs = if scripts == Scripts::Off { json!({"profile.managed_default_content_settings.javascript": 2}) } else { json!({}) };
        let options = json!({"args": args, "prefs": prefs, "binary": chromium()});
        let wanted = json!({"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"}});
        let it = Self { wire: Wire::open(&service.url, &wanted).await, base: base.to_owned(), _turn: turn };
        it.wide(1280).await;
        Some(it)
    }

    /// Closes it. A page that complained in its console was not in order.
    pub async fn close(self) {
        let said = self.complaints().await;
        self.wire.close().await;
        assert!(said.is_empty(), "the browser complains: {said:#?}");
    }

    /// Errors in the console since the last look: of scripts, and of what the policy of the page refused. An answer that is no 200 is no error of the page.
    pub async fn complaints(&self) -> Vec<String> {
        let log = self.wire.post("/se/log", json!({"type": "browser"})).await.unwrap();
        let lines = log.as_array().cloned().unwrap_or_default();
        let bad = lines.iter().filter(|l| l["level"] == "SEVERE").filter_map(|l| l["message"].as_str().map(str::to_owned));
        bad.filter(|m| !m.contains("the server responded with a status of 4")).collect()
    }

    /// A command of the developer's tools.
    pub async fn tool(&self, command: &str, with: Value) -> Value {
        self.wire.tool(command, with).await.unwrap_or_else(|e| panic!("{command}: {}", e.0))
    }

    /// Makes the page so many pixels wide; below a tablet's width it is touched, not pointed at.
    pub async fn wide(&self, width: u32) {
        let metrics = json!({"width": width, "height": if width < 600 { 740 } else { 900 }, "deviceScaleFactor": 1, "mobile": false});
        self.tool("Emulation.setDeviceMetricsOverride", metrics).await;
        self.tool("Emulation.setTouchEmulationEnabled", json!({"enabled": width < 600})).await;
    }

    /// What the reader's system prefers.
    pub async fn dark(&self, dark: bool) {
        let features = json!([{"name": "prefers-color-scheme", "value": if dark { "dark" } else { "light" }}, {"name": "prefers-reduced-motion", "value": "reduce"}]);
        self.tool("Emulation.setEmulatedMedia", json!({"media": "", "features": features})).await;
    }

    pub async fn go(&self, path: &str) {
        let url = format!("{}{path}", self.base);
        self.wire.post("/url", json!({"url": url})).await.unwrap_or_else(|e| panic!("{path}: {}", e.0));
    }

    /// Opens the console as this person, by the form.
    pub async fn signs_in(&self, login: &str) {
        self.go("/console").await;
        self.writes("input[name=login]", login).await;
        self.writes("input[name=password]", PASSWORD).await;
        self.sends("form[action='/console/sign-in'] button").await;
    }

    /// The path that is open, with its query.
    pub async fn path(&self) -> String {
        let url = self.wire.get("/url").await.unwrap();
        url.as_str().unwrap().strip_prefix(&self.base).unwrap_or_else(|| panic!("led away to {url}")).to_owned()
    }

    pub async fn title(&self) -> String {
        self.wire.get("/title").await.unwrap().as_str().unwrap().to_owned()
    }

    /// Waits for what `look` gives; with nothing in time the story ends here.
    pub async fn until<T, F: Future<Output = Option<T>>>(&self, what: &str, look: impl Fn() -> F) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = look().await {
                return found;
            }
            if began.elapsed() > PATIENCE {
                panic!("{what} did not come; the page {} holds:\n{}", self.path().await, self.words("body").await);
            }
            // The page lives by itself: the only way to see it is to look again.
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    }

    /// The first such element, when it stands there.
    pub async fn find(&self, css: &str) -> Element {
        self.until(css, || async { self.all(css).await.into_iter().next() }).await
    }

    pub async fn all(&self, css: &str) -> Vec<Element> {
        self.wire.all(css).await.unwrap_or_else(|e| panic!("{css}: {}", e.0))
    }

    /// Whether there is such an element now.
    pub async fn has(&self, css: &str) -> bool {
        !self.all(css).await.is_empty()
    }

    /// Whether it can be seen now.
    pub async fn shows(&self, css: &str) -> bool {
        for e in self.all(css).await {
            if e.is_shown().await {
                return true;
            }
        }
        false
    }

    pub async fn awaits(&self, css: &str) {
        self.until(css, || async { self.shows(css).await.then_some(()) }).await;
    }

    /// The words that a person reads in the first such element; nothing without one.
    pub async fn words(&self, css: &str) -> String {
        match self.all(css).await.first() {
            Some(e) => e.text().await.unwrap_or_default(),
            None => String::new(),
        }
    }

    /// Waits until the first such element says this.
    pub async fn reads(&self, css: &str, words: &str) {
        self.until(&format!("“{words}” in {css}"), || async { self.words(css).await.contains(words).then_some(()) }).await;
    }

    pub async fn writes(&self, css: &str, words: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap_or_else(|e| panic!("{css}: {}", e.0));
        field.types(words).await;
    }

    /// Chooses an entry of a list by its value.
    pub async fn chooses(&self, css: &str, value: &str) {
        let entry = format!("{css} option[value='{value}']");
        self.find(&entry).await.click().await.unwrap_or_else(|e| panic!("{entry}: {}", e.0));
    }

    /// Presses the first such thing that can be seen.
    pub async fn presses(&self, css: &str) {
        let seen = || async {
            for e in self.all(css).await {
                if e.is_shown().await {
                    return Some(e);
                }
            }
            None
        };
        let e = self.until(css, seen).await;
        e.to_the_middle().await;
        e.click().await.unwrap_or_else(|e| panic!("{css} cannot be pressed: {}", e.0));
    }

    /// Opens what is folded, if it is.
    pub async fn unfolds(&self, details: &str) {
        let d = self.find(details).await;
        if d.attr("open").await.is_none() {
            let summary = d.within("summary").await.unwrap();
            summary.to_the_middle().await;
            summary.click().await.unwrap_or_else(|e| panic!("{details}: {}", e.0));
        }
    }

    /// Presses what leads to another page, and waits until that stands whole.
    pub async fn sends(&self, css: &str) {
        let old = self.find("html").await;
        self.presses(css).await;
        self.arrives(&old).await;
    }

    /// Types a key that leads to another page.
    pub async fn sends_key(&self, key: &str) {
        let old = self.find("html").await;
        self.key(key).await;
        self.arrives(&old).await;
    }

    async fn arrives(&self, old: &Element) {
        self.until("the next page", || async {
            let gone = !old.stands().await;
            (gone && self.has("main h1, main form, main section").await).then_some(())
        })
        .await;
    }

    /// Keys of the keyboard, wherever the focus is.
    pub async fn key(&self, keys: &str) {
        self.wire.keys(keys).await.unwrap_or_else(|e| panic!("{keys}: {}", e.0));
    }

    /// Tab, from wherever the focus is.
    pub async fn tab(&self) {
        self.key(TAB).await;
    }

    /// Enter, which leads to another page.
    pub async fn enters(&self) {
        self.sends_key(ENTER).await;
    }

    /// What a script of the test says about the page.
    pub async fn asks(&self, script: &str) -> Value {
        self.wire.script(script, json!([])).await.unwrap_or_else(|e| panic!("{}", e.0))
    }

    /// A picture of the whole page, however long, kept under `target/screenshots`.
    pub async fn pictures(&self, name: &str) {
        let size = self.tool("Page.getLayoutMetrics", json!({})).await["cssContentSize"].clone();
        let height = size["height"].as_f64().unwrap_or(900.0).clamp(200.0, 4000.0);
        let clip = json!({"x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1});
        let shot = self
            .tool("Page.captureScreenshot", json!({"format": "png", "clip": clip, "captureBeyondViewport": true, "optimizeForSpeed": true}))
            .await;
        let bytes = base64::prelude::BASE64_STANDARD.decode(shot["data"].as_str().unwrap()).unwrap();
        let file = folder().join(format!("{name}.png"));
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, bytes).unwrap();
    }
}

/// Where pictures are kept: beside what cargo builds, never in the repository.
fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots")
}
