//! As much of WebDriver (W3C) as a person's hands need, over the HTTP client of the house. A library for it brings its own features of `serde_json` with it,
//! and the service would be tested with another JSON than it runs with.

use reqwest::{Client, Method};
use serde_json::{Value, json};
use std::time::Duration;

/// The name under which the protocol hands elements about.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// Keys that are no letters, as the protocol writes them.
pub const TAB: &str = "\u{e004}";
pub const ENTER: &str = "\u{e007}";
pub const CONTROL: &str = "\u{e009}";

/// What the driver refused: `stale element reference` and its like.
#[derive(Debug)]
pub struct Refused(pub String);

/// One session of a driver.
#[derive(Clone)]
pub struct Wire {
    http: Client,
    url: String,
}

impl Wire {
    /// Opens a browser.
    pub async fn open(driver: &str, capabilities: &Value) -> Self {
        let http = Client::builder().no_proxy().timeout(Duration::from_secs(120)).build().unwrap();
        let it = Self { http, url: format!("{driver}/session") };
        let made = it.call(Method::POST, "", Some(json!({"capabilities": {"alwaysMatch": capabilities}}))).await;
        let made = made.unwrap_or_else(|e| panic!("no browser can be opened: {}", e.0));
        let url = format!("{}/{}", it.url, made["sessionId"].as_str().unwrap());
        Self { url, ..it }
    }

    /// One command of the session.
    pub async fn call(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, Refused> {
        let mut r = self.http.request(method, format!("{}{path}", self.url));
        if let Some(b) = body {
            r = r.json(&b);
        }
        let answer = r.send().await.unwrap_or_else(|e| panic!("the driver does not answer to {path}: {e}"));
        let good = answer.status().is_success();
        let mut said: Value = answer.json().await.unwrap_or_default();
        let value = said["value"].take();
        if good { Ok(value) } else { Err(Refused(format!("{}: {}", value["error"], value["message"]))) }
    }

    pub async fn get(&self, path: &str) -> Result<Value, Refused> {
        self.call(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Result<Value, Refused> {
        self.call(Method::POST, path, Some(body)).await
    }

    /// Elements that a selector names, in the order of the page.
    pub async fn all(&self, css: &str) -> Result<Vec<Element>, Refused> {
        let found = self.post("/elements", json!({"using": "css selector", "value": css})).await?;
        Ok(found
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|v| v[ELEMENT].as_str())
            .map(|id| Element { wire: self.clone(), id: id.to_owned() })
            .collect())
    }

    /// Runs a script of the test in the page.
    pub async fn script(&self, script: &str, args: Value) -> Result<Value, Refused> {
        self.post("/execute/sync", json!({"script": script, "args": args})).await
    }

    /// A command of the browser's own tools.
    pub async fn tool(&self, command: &str, with: Value) -> Result<Value, Refused> {
        self.post("/goog/cdp/execute", json!({"cmd": command, "params": with})).await
    }

    /// Presses and lets go each of these keys, wherever the focus is.
    pub async fn keys(&self, keys: &str) -> Result<(), Refused> {
        let strokes: Vec<Value> = keys.chars().flat_map(|k| [json!({"type": "keyDown", "value": k}), json!({"type": "keyUp", "value": k})]).collect();
        self.post("/actions", json!({"actions": [{"type": "key", "id": "keyboard", "actions": strokes}]})).await.map(drop)
    }

    /// Ends the session and its browser.
    pub async fn close(&self) {
        self.call(Method::DELETE, "", None).await.unwrap_or_else(|e| panic!("the browser does not close: {}", e.0));
    }
}

/// Something on the page, while that page stands.
#[derive(Clone)]
pub struct Element {
    wire: Wire,
    id: String,
}

impl Element {
    async fn get(&self, what: &str) -> Result<Value, Refused> {
        self.wire.get(&format!("/element/{}/{what}", self.id)).await
    }

    async fn post(&self, what: &str, body: Value) -> Result<Value, Refused> {
        self.wire.post(&format!("/element/{}/{what}", self.id), body).await
    }

    /// The words that can be seen in it.
    pub async fn text(&self) -> Result<String, Refused> {
        Ok(self.get("text").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Whether it still stands on the page.
    pub async fn stands(&self) -> bool {
        self.get("name").await.is_ok()
    }

    pub async fn attr(&self, name: &str) -> Option<String> {
        self.get(&format!("attribute/{name}")).await.ok()?.as_str().map(str::to_owned)
    }

    /// What is in a field now.
    pub async fn value(&self) -> String {
        self.get("property/value").await.ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub async fn markup(&self) -> String {
        self.get("property/outerHTML").await.ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    pub async fn is_shown(&self) -> bool {
        self.get("displayed").await.is_ok_and(|v| v == true)
    }

    pub async fn is_chosen(&self) -> bool {
        self.get("selected").await.is_ok_and(|v| v == true)
    }

    /// How far down the page it begins, and how high it is.
    pub async fn place(&self) -> (f64, f64) {
        let rect = self.get("rect").await.unwrap_or_else(|e| panic!("{}", e.0));
        (rect["y"].as_f64().unwrap(), rect["height"].as_f64().unwrap())
    }

    /// Scrolls until it stands in the middle of the window, as a person does with what lies under a bar at its edge.
    pub async fn to_the_middle(&self) {
        let args = json!([{ELEMENT: self.id}]);
        let _ = self.wire.script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", args).await;
    }

    pub async fn click(&self) -> Result<(), Refused> {
        self.post("click", json!({})).await.map(drop)
    }

    pub async fn clear(&self) -> Result<(), Refused> {
        self.post("clear", json!({})).await.map(drop)
    }

    /// Types, as a person does; into a field for files: the path of one.
    pub async fn types(&self, text: &str) {
        self.post("value", json!({"text": text})).await.unwrap_or_else(|e| panic!("cannot type: {}", e.0));
    }

    /// The first such element within this one.
    pub async fn within(&self, css: &str) -> Option<Element> {
        let found = self.post("element", json!({"using": "css selector", "value": css})).await.ok()?;
        Some(Element { wire: self.wire.clone(), id: found[ELEMENT].as_str()?.to_owned() })
    }
}
