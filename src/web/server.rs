//! The HTTP server: bound, then run until stopped, then drained.

use super::layers::around;
use super::state::WebState;
use super::{health, routes};
use crate::lifecycle::Lifecycle;
use actix_web::{App, HttpServer, middleware, web};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How to listen.
#[derive(Debug, Clone)]
pub struct Listen {
    pub addr: SocketAddr,
    /// A listener of its own for metrics and probes.
    pub metrics: Option<SocketAddr>,
    pub body_limit: usize,
    /// Threads; 0: as many as the machine has cores.
    pub workers: usize,
    /// A worker process answers probes and metrics only.
    pub probes_only: bool,
    pub drain: Duration,
}

/// Where the server listens.
#[derive(Debug, Clone, Copy)]
pub struct Served {
    pub addr: SocketAddr,
    pub metrics: Option<SocketAddr>,
}

/// Binds and starts serving; the servers end with the life.
///
/// # Errors
/// When an address cannot be bound.
pub fn serve(life: &Lifecycle, state: Arc<WebState>, listen: &Listen) -> std::io::Result<Served> {
    let data = web::Data::from(state);
    let socket = TcpListener::bind(listen.addr)?;
    let addr = socket.local_addr()?;
    let (limit, probes_only, apart) = (listen.body_limit, listen.probes_only, listen.metrics.is_some());
    let threads = if listen.workers == 0 { std::thread::available_parallelism().map_or(2, usize::from) } else { listen.workers };
    let drain = listen.drain.as_secs().max(1);
    let main = {
        let data = data.clone();
        HttpServer::new(move || {
            App::new()
                .app_data(data.clone())
                .app_data(web::PayloadConfig::new(limit))
                .app_data(routes::json_config(limit))
                .app_data(routes::form_config(limit))
                .wrap(middleware::from_fn(around))
                .configure(|c| routes::probes(c, !apart))
                .configure(|c| {
                    if !probes_only {
                        routes::all(c);
                    }
                })
                .default_service(web::to(routes::nothing))
        })
        .listen(socket)?
        .workers(threads)
        .shutdown_timeout(drain)
        .disable_signals()
        .run()
    };
    run(life, "http", main, data.clone());
    let mut served = Served { addr, metrics: None };
    if let Some(at) = listen.metrics {
        let socket = TcpListener::bind(at)?;
        served.metrics = Some(socket.local_addr()?);
        let d = data.clone();
        let probes = HttpServer::new(move || {
            App::new()
                .app_data(d.clone())
                .route("/metrics", web::get().to(health::metrics))
                .route("/health/live", web::get().to(health::live))
                .route("/health/ready", web::get().to(health::ready))
        })
        .listen(socket)?
        .workers(1)
        .shutdown_timeout(1)
        .disable_signals()
        .run();
        run(life, "http-metrics", probes, data);
    }
    Ok(served)
}

fn run(life: &Lifecycle, name: &'static str, server: actix_web::dev::Server, data: web::Data<WebState>) {
    life.supervise_fallible(name, move |stop| async move {
        let handle = server.handle();
        tokio::pin!(server);
        tokio::select! {
            ended = &mut server => return ended,
            () = stop.cancelled() => {}
        }
        data.stopping.store(true, Ordering::Relaxed);
        // The handle's future ends when open requests have been answered; the server must be polled meanwhile.
        let (_, ended) = tokio::join!(handle.stop(true), server);
        ended
    });
}
