//! The service's own log, when `RUST_LOG` asks for it.

use std::sync::Once;

static ONCE: Once = Once::new();

pub fn init() {
    ONCE.call_once(|| {
        if std::env::var("RUST_LOG").is_ok() {
            let _ = tracing_subscriber::fmt().with_env_filter(tracing_subscriber::EnvFilter::from_default_env()).with_test_writer().try_init();
        }
    });
}
