//! A plain client of the service: what came back, as it came.

use super::openapi;
use reqwest::{Method, StatusCode};
use serde_json::Value;

/// An answer, read whole.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    pub async fn of(response: reqwest::Response) -> Self {
        let status = response.status().as_u16();
        let headers = response.headers().clone();
        // A stream of events has no end to wait for.
        let endless = headers.get("content-type").is_some_and(|v| v == "text/event-stream");
        Self { status, headers, text: if endless { String::new() } else { response.text().await.unwrap_or_default() } }
    }

    /// The body as JSON; null when it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The stable code of a problem document.
    #[must_use]
    pub fn code(&self) -> String {
        self.json()["code"].as_str().unwrap_or_default().to_owned()
    }

    /// The JSON of an answer that must have this status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if status >= 400 {
            assert_eq!(self.headers.get("content-type").and_then(|v| v.to_str().ok()), Some("application/problem+json"), "{}", self.text);
            let body = self.json();
            for field in ["type", "title", "status", "code", "request_id"] {
                assert!(!body[field].is_null(), "a problem without {field}: {}", self.text);
            }
            assert!(body["title"].as_str().is_some_and(|t| t != body["code"]), "a problem nobody put into words: {}", self.text);
        }
        self.json()
    }

    /// A refusal with this status and code.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        let body = self.expect(status);
        assert_eq!(body["code"], code, "{}", self.text);
        body
    }
}

/// Calls the service, with a bearer token or without.
#[derive(Clone)]
pub struct Api {
    pub http: reqwest::Client,
    pub base: String,
    pub token: Option<String>,
}

impl Api {
    #[must_use]
    pub fn new(base: String) -> Self {
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .pool_idle_timeout(std::time::Duration::from_secs(2))
            .no_proxy()
            .build()
            .unwrap();
        Self { http, base, token: None }
    }

    #[must_use]
    pub fn with(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    /// A call whose path begins with a slash.
    pub fn call(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let r = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(t) => r.bearer_auth(t),
            None => r,
        }
    }

    /// Every answer is held against the API's description.
    pub async fn send(request: reqwest::RequestBuilder) -> Answer {
        let (client, request) = request.build_split();
        let request = request.unwrap();
        let (method, path) = (request.method().clone(), request.url().path().to_owned());
        let json = request.headers().get("content-type").is_some_and(|v| v == "application/json");
        let sent = request.body().and_then(reqwest::Body::as_bytes).filter(|_| json).map(<[u8]>::to_vec);
        let answer = Answer::of(client.execute(request).await.unwrap()).await;
        let kind = answer.headers.get("content-type").and_then(|v| v.to_str().ok());
        openapi::hold(&method, &path, sent.as_deref(), answer.status, kind, &answer.text);
        answer
    }

    /// Below `/api/v1`.
    pub async fn get(&self, path: &str) -> Answer {
        Self::send(self.call(Method::GET, &format!("/api/v1{path}"))).await
    }

    /// Below `/api/v1`.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Self::send(self.call(Method::POST, &format!("/api/v1{path}")).json(body)).await
    }

    /// Below `/api/v1`.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        Self::send(self.call(Method::PUT, &format!("/api/v1{path}")).json(body)).await
    }

    /// Below `/api/v1`.
    pub async fn delete(&self, path: &str) -> Answer {
        Self::send(self.call(Method::DELETE, &format!("/api/v1{path}"))).await
    }

    /// Any path, for pages and probes.
    pub async fn raw(&self, path: &str) -> Answer {
        Self::send(self.call(Method::GET, path)).await
    }
}

/// True for an answer that is not the service's own failure.
#[must_use]
pub fn sane(status: u16) -> bool {
    StatusCode::from_u16(status).is_ok_and(|s| !s.is_server_error())
}
