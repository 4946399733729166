//! A small house to knock at: a core on a throw-away database, every route, accounts.

use crate::bus::MemoryBus;
use crate::clock::Clocks;
use crate::config::{Book, load};
use crate::dispatch::accounts::{self, NewStaff};
use crate::dispatch::inbox::Inbox;
use crate::dispatch::{Core, Reader, Settings};
use crate::domain::access::Role;
use crate::domain::request::ChainKey;
use crate::domain::{CrewCode, Lang, QueueCode};
use crate::metrics::{Known, Metrics};
use crate::store::{Db, outbox};
use crate::timers::MemoryIndex;
use crate::triage::{Triage, TriageFiles};
use crate::web::layers::around;
use crate::web::routes;
use crate::web::state::WebState;
use actix_web::body::BoxBody;
use actix_web::dev::ServiceResponse;
use actix_web::http::{Method, StatusCode};
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, middleware, web};
use futures_util::future::LocalBoxFuture;
use object_store::local::LocalFileSystem;
use serde_json::{Value, json};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

pub(super) const PASSWORD: &str = "ten letters and more";

/// The state of a house; the folder goes with it.
pub(super) struct House {
    pub core: Arc<Core>,
    pub state: web::Data<WebState>,
    _folder: tempfile::TempDir,
}

/// What came back.
pub(super) struct Answer {
    pub status: StatusCode,
    pub body: Value,
    pub replayed: bool,
    pub kind: String,
}

pub(super) async fn house() -> House {
    let folder = tempfile::tempdir().unwrap();
    let config = load(None, std::iter::empty()).unwrap();
    let db = Db::connect(&format!("sqlite://{}/api.db", folder.path().display()), 4).await.unwrap();
    db.migrate().await.unwrap();
    let core = Arc::new(Core {
        db,
        clocks: Clocks::system(),
        book: crate::dispatch::editions::Editions::new(Book::load(None).unwrap()),
        triage: Reader::new(Triage::load(&TriageFiles::embedded()).unwrap()),
        shelf: crate::dispatch::books::Shelf::new(Book::load(None).unwrap().books()),
        timers: Arc::new(MemoryIndex::new()),
        bus: Arc::new(MemoryBus::new()),
        chain: ChainKey::new(vec![7; 32]),
        metrics: Arc::new(Metrics::new(&Known::default()).unwrap()),
        settings: Settings::of(&config),
        lag_ms: std::sync::atomic::AtomicU64::new(0),
        spare: Default::default(),
        wires: Default::default(),
    });
    let media = folder.path().join("media");
    std::fs::create_dir(&media).unwrap();
    let state = web::Data::new(WebState {
        folders: Vec::new(),
        core: core.clone(),
        inbox: Inbox::open().0,
        telegram: Default::default(),
        meta: None,
        sms: Default::default(),
        public_url: "http://127.0.0.1".into(),
        secure_cookies: false,
        proxies: Vec::new(),
        stopping: AtomicBool::new(false),
        media: Arc::new(LocalFileSystem::new_with_prefix(media).unwrap()),
        largest_file: 20 << 20,
        media_part: 512 << 10,
        photos: tokio::sync::Semaphore::new(crate::web::state::ROOM),
        centre: Arc::new(crate::telephony::centre::Centre::of(&config).unwrap()),
        ending: tokio_util::sync::CancellationToken::new(),
        role: "all",
        started_at: core.wall(),
    });
    House { core, state, _folder: folder }
}

impl House {
    /// The service as it is served, without a socket.
    pub async fn service(&self) -> Door {
        let app = App::new()
            .app_data(self.state.clone())
            .app_data(routes::json_config(65_536))
            .wrap(middleware::from_fn(around))
            .configure(crate::web::api::configure)
            .default_service(web::to(routes::nothing));
        let service = Rc::new(init_service(app).await);
        Door(Box::new(move |req| {
            let service = service.clone();
            Box::pin(async move { call_service(&*service, req.to_request()).await })
        }))
    }

    /// An account of a role; a crew account belongs to `crew`.
    pub async fn account(&self, login: &str, role: Role, queues: &[&str], crew: Option<&str>) -> String {
        let new = NewStaff {
            login: login.into(),
            name: "Тест".into(),
            role,
            queues: queues.iter().map(|q| QueueCode::new(*q).unwrap()).collect(),
            districts: Vec::new(),
            crew: crew.map(|c| CrewCode::new(c).unwrap()),
            lang: Lang::Kk,
            password: PASSWORD.into(),
        };
        accounts::add_staff(&self.core, new).await.unwrap();
        accounts::sign_in(&self.core, login, PASSWORD, "test", false).await.unwrap().token
    }

    /// A resident who signed in by a code.
    pub async fn resident(&self, service: &Door, phone: &str) -> String {
        let a = knock(service, "POST", "/auth/otp", None, Some(json!({"phone": phone, "language": "ru"})), None).await;
        assert_eq!((a.status.as_u16(), &a.body), (202, &json!({"sent": true})));
        let code = self.sent_code().await;
        let wrong = if code == "000000" { "000001" } else { "000000" };
        let a = knock(service, "POST", "/auth/token", None, Some(json!({"phone": phone, "code": wrong})), None).await;
        assert_eq!((a.status.as_u16(), &a.body["code"]), (422, &json!("bad_code")));
        let a = knock(service, "POST", "/auth/token", None, Some(json!({"phone": phone, "code": code})), None).await;
        assert_eq!(a.status, 200);
        a.body["token"].as_str().unwrap().to_owned()
    }

    /// The code that was last sent by SMS.
    async fn sent_code(&self) -> String {
        let rows = outbox::list(self.core.db.read(), outbox::status::PENDING, None, 1).await.unwrap();
        let params: Value = serde_json::from_str(&rows[0].params).unwrap();
        params["code"].as_str().unwrap().to_owned()
    }
}

type Opened = LocalBoxFuture<'static, ServiceResponse<BoxBody>>;

/// The way in.
pub(super) struct Door(Box<dyn Fn(TestRequest) -> Opened>);

/// Knocks once.
pub(super) async fn knock(door: &Door, method: &str, path: &str, token: Option<&str>, body: Option<Value>, key: Option<&str>) -> Answer {
    let mut req = TestRequest::default().method(Method::from_bytes(method.as_bytes()).unwrap()).uri(&format!("/api/v1{path}"));
    if let Some(t) = token {
        req = req.insert_header(("authorization", format!("Bearer {t}")));
    }
    if let Some(k) = key {
        req = req.insert_header(("idempotency-key", k));
    }
    if let Some(b) = body {
        req = req.set_json(b);
    }
    let res = (door.0)(req).await;
    let status = res.status();
    let header = |name: &str| res.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or("").to_owned();
    let (replayed, kind) = (header("idempotent-replayed") == "true", header("content-type"));
    // A stream of events has no end to wait for.
    let bytes = if kind == "text/event-stream" { web::Bytes::new() } else { read_body(res).await };
    Answer { status, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null), replayed, kind }
}
