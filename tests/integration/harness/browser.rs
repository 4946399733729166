//! A browser without a script: it keeps cookies, follows nothing by itself, and fills in forms with the token that the page gave it.

use super::http::{Answer, Api};
use super::parts;
use super::world::World;
use reqwest::Method;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// One browser.
pub struct Browser {
    api: Api,
    jar: Mutex<BTreeMap<String, String>>,
    /// The address it comes from, where the world trusts a proxy.
    from: String,
}

impl Browser {
    #[must_use]
    pub fn new(w: &World) -> Self {
        Self::from(w, "10.0.0.1")
    }

    #[must_use]
    pub fn from(w: &World, address: &str) -> Self {
        Self { api: w.api().clone(), jar: Mutex::default(), from: address.to_owned() }
    }

    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    pub fn set_cookie(&self, name: &str, value: &str) {
        self.jar.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let jar = self.jar.lock().unwrap();
        let cookies: Vec<String> = jar.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let r = self.api.http.request(method, format!("{}{path}", self.api.base));
        r.header("cookie", cookies.join("; ")).header("x-forwarded-for", &self.from).header("user-agent", "Mozilla/5.0 (X11; Linux) Firefox/130.0")
    }

    async fn done(&self, r: reqwest::RequestBuilder) -> Answer {
        let a = Api::send(r).await;
        let mut jar = self.jar.lock().unwrap();
        for line in a.headers.get_all("set-cookie").iter().filter_map(|v| v.to_str().ok()) {
            let Some((name, rest)) = line.split_once('=') else { continue };
            let value = rest.split(';').next().unwrap_or("");
            if line.contains("Max-Age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        a
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.done(self.call(Method::GET, path)).await
    }

    /// Sends a form as it is.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.done(self.call(Method::POST, path).form(fields)).await
    }

    /// The same with further headers.
    pub async fn send_with(&self, path: &str, fields: &[(&str, &str)], headers: &[(&'static str, &str)]) -> Answer {
        let r = headers.iter().fold(self.call(Method::POST, path), |r, (k, v)| r.header(*k, *v));
        self.done(r.form(fields)).await
    }

    /// Sends a form with a file in it, or as a page's script sends it.
    pub async fn send_parts(&self, path: &str, fields: &[(&str, &str)], photo: Option<&[u8]>, json: bool) -> Answer {
        let bare = |(name, value): &(&str, &str)| Part {
            head: vec![format!("Content-Disposition: form-data; name=\"{name}\"")],
            body: value.as_bytes().to_vec(),
        };
        let fields: Vec<_> = fields.iter().map(bare).collect();
        let mut parts: Vec<parts::Part<'_>> = fields.iter().map(|p| parts::Part { head: p.head.clone(), body: &p.body }).collect();
        parts.extend(photo.map(|bytes| parts::Part::named("photo", "photo.jpg", "image/jpeg", bytes)));
        let (kind, body) = parts::form(&parts);
        let r = self.call(Method::POST, path).header("content-type", kind).header("accept", if json { "application/json" } else { "text/html" });
        self.done(r.body(body)).await
    }

    /// The cookies as a header carries them.
    pub fn cookies(&self) -> String {
        self.jar.lock().unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect::<Vec<_>>().join("; ")
    }

    /// Opens `page`, takes its form token and sends a form with it.
    pub async fn fill(&self, page: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = csrf_of(&self.get(page).await.text);
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.send(path, &all).await
    }

    /// Gives login and password; where that leads.
    pub async fn signs_in(&self, login: &str, password: &str) -> Answer {
        self.send("/console/sign-in", &[("login", login), ("password", password)]).await
    }
}

struct Part {
    head: Vec<String>,
    body: Vec<u8>,
}

/// The form token of a page.
#[track_caller]
pub fn csrf_of(html: &str) -> String {
    let at = html.find("name=\"csrf\" value=\"").unwrap_or_else(|| panic!("no form token in: {html}")) + 19;
    html[at..].split('"').next().unwrap().to_owned()
}

/// Where an answer leads.
#[track_caller]
pub fn leads(a: &Answer) -> String {
    assert_eq!(a.status, 303, "{}", a.text);
    a.headers["location"].to_str().unwrap().to_owned()
}
