//! Whether the settings fit one another: each finding says what is wrong and what to do.

use super::secret::ServiceUrl;
use super::sections::{Config, Deployment, MailTransport, PushTransport, SmsTransport, TelegramMode};
use std::net::{IpAddr, SocketAddr};

/// A secret that stands in an address must not be guessed, in characters.
const SHORTEST_PATH_SECRET: usize = 16;

impl Config {
    /// Everything that would stop the service from working as it is set up. Secrets are never part of a finding.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut out = Vec::new();
        self.http_problems(&mut out);
        self.storage_problems(&mut out);
        if self.deployment == Deployment::Cluster {
            self.cluster_problems(&mut out);
        }
        self.telegram_problems(&mut out);
        self.push_problems(&mut out);
        self.meta_problems(&mut out);
        self.sms_problems(&mut out);
        self.mail_problems(&mut out);
        self.calls_problems(&mut out);
        out.extend(self.delivery.problems());
        out.extend(self.retention.problems());
        self.zero_problems(&mut out);
        let t = &self.triage;
        for (key, error) in [("service_error", t.service_error), ("class_error", t.class_error), ("hazard_error", t.hazard_error)] {
            if !(0.0..=1.0).contains(&error) {
                out.push(format!("triage.{key} is {error}: a share is 0 to 1"));
            }
        }
        if self.triage.refit_hour > 23 {
            out.push(format!("triage.refit_hour is {}: an hour is 0 to 23", self.triage.refit_hour));
        }
        out
    }

    fn http_problems(&self, out: &mut Vec<String>) {
        let http = &self.http;
        if http.addr.parse::<SocketAddr>().is_err() {
            out.push(format!("http.addr '{}' is not an address: write address:port, for instance 127.0.0.1:8109", http.addr));
        }
        if !http.metrics_addr.is_empty() && http.metrics_addr.parse::<SocketAddr>().is_err() {
            out.push(format!("http.metrics_addr '{}' is not an address: write address:port, or leave it empty", http.metrics_addr));
        }
        if !http.metrics_addr.is_empty() && http.metrics_addr == http.addr && !http.addr.ends_with(":0") {
            out.push("http.metrics_addr is the same as http.addr: leave it empty, or give it another port".into());
        }
        if !http.public_url.is_empty() && !is_web(&http.public_url) {
            out.push(format!("http.public_url '{}' is not a web address: write https://name, without a query", http.public_url));
        }
        for p in http.trusted_proxies.iter().filter(|p| p.parse::<IpAddr>().is_err()) {
            out.push(format!("http.trusted_proxies: '{p}' is not an IP address"));
        }
    }

    fn storage_problems(&self, out: &mut Vec<String>) {
        let scheme = |key: &str, url: &ServiceUrl, known: &[&str], out: &mut Vec<String>| {
            if !known.iter().any(|k| url.expose().strip_prefix(k).is_some_and(|rest| !rest.trim_start_matches('/').is_empty())) {
                out.push(format!("{key} must begin with {} and name something after it", known.join(" or ")));
            }
        };
        scheme("database.url", &self.database.url, &["sqlite:", "postgres://", "postgresql://"], out);
        if !self.redis.url.is_empty() {
            scheme("redis.url", &self.redis.url, &["redis://", "rediss://"], out);
        }
        if self.mail.transport == MailTransport::Smtp {
            scheme("mail.url", &self.mail.url, &["smtp://", "smtps://"], out);
        }
        self.media_problems(out);
        if self.redis.prefix.is_empty() || self.redis.prefix.contains(|c: char| c.is_whitespace() || c == '{' || c == '}') {
            out.push("redis.prefix must be a word without spaces and braces, for instance jambyl109".into());
        }
    }

    fn media_problems(&self, out: &mut Vec<String>) {
        let m = &self.media;
        let Some(bucket) = m.bucket() else {
            if m.folder().is_empty() || m.folder().contains("://") {
                out.push("media.url must be a folder, for instance data/media, or s3://bucket".into());
            }
            return;
        };
        let sane =
            (3..=63).contains(&bucket.len()) && bucket.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'.'));
        if !sane {
            out.push("media.url: a bucket's name is 3-63 of a-z, 0-9, '-' and '.': write s3://bucket, without a path".into());
        }
        if m.region.is_empty() || m.access_key.is_empty() || m.secret_key.is_empty() {
            out.push("media.url is a bucket: it needs media.region, media.access_key and media.secret_key".into());
        }
        if !m.endpoint.is_empty() && !is_web(&m.endpoint) {
            out.push(format!("media.endpoint '{}' is not a web address: write https://name, or leave it empty", m.endpoint));
        }
    }

    fn cluster_problems(&self, out: &mut Vec<String>) {
        if !self.database.is_postgres() {
            out.push("deployment = \"cluster\" needs PostgreSQL: set database.url to postgres://user:password@host/name".into());
        }
        if self.redis.url.is_empty() {
            out.push("deployment = \"cluster\" needs Redis: set redis.url to redis://host:6379/0".into());
        }
        if self.journal.key.expose().trim().is_empty() {
            out.push("deployment = \"cluster\" needs journal.key, the same in all processes: `openssl rand -hex 32` makes one".into());
        }
    }

    fn telegram_problems(&self, out: &mut Vec<String>) {
        let t = &self.channels.telegram;
        if t.is_on() && !is_token(t.token.expose()) {
            out.push("channels.telegram.token does not look like a bot token: BotFather gives digits, a colon and letters".into());
        }
        if !t.secret.is_empty() && !is_word(t.secret.expose(), 256) {
            out.push("channels.telegram.secret must be 1-256 characters of A-Z, a-z, 0-9, '_' and '-'".into());
        }
        if !is_web(&t.api_url) {
            out.push(format!("channels.telegram.api_url '{}' is not a web address: https://api.telegram.org is the usual one", t.api_url));
        }
        if !is_word(&t.name, 40) {
            out.push("channels.telegram.name must be 1-40 characters of A-Z, a-z, 0-9, '_' and '-': it stands in the webhook's path".into());
        }
        if t.mode == TelegramMode::Webhook {
            if t.secret.is_empty() {
                out.push("channels.telegram.mode = \"webhook\" needs channels.telegram.secret: without it anybody could speak for Telegram".into());
            }
            if self.http.public_url.is_empty() {
                out.push(
                    "channels.telegram.mode = \"webhook\" needs http.public_url: Telegram must know where to call; or use mode = \"polling\"".into(),
                );
            }
        }
    }

    fn push_problems(&self, out: &mut Vec<String>) {
        let p = &self.push;
        if p.transport != PushTransport::Fcm {
            return;
        }
        if p.project.is_empty() || (p.service_account.is_empty() && p.token_url.is_empty()) {
            out.push("push.transport = \"fcm\" needs push.project and push.service_account, the JSON of the service account's key file".into());
        }
        for (url, key) in [(&p.api_url, "api_url"), (&p.token_url, "token_url")] {
            if !is_web(url) && (key == "api_url" || !url.is_empty()) {
                out.push(format!("push.{key} '{url}' is not a web address: https://fcm.googleapis.com is the usual one"));
            }
        }
    }

    fn meta_problems(&self, out: &mut Vec<String>) {
        let c = &self.channels;
        for (url, key) in [(&c.meta.graph_url, "meta.graph_url"), (&c.instagram.graph_url, "instagram.graph_url")] {
            let may_be_empty = key != "meta.graph_url";
            if !(is_web(url) || may_be_empty && url.is_empty()) {
                out.push(format!("channels.{key} '{url}' is not a web address: https://graph.facebook.com is the usual one"));
            }
        }
        if !is_version(&c.meta.graph_version) {
            out.push(format!("channels.meta.graph_version '{}' is no version: write it like v24.0", c.meta.graph_version));
        }
        for (door, key, id, token) in [
            ("whatsapp", "phone_number_id", &c.whatsapp.phone_number_id, &c.whatsapp.token),
            ("instagram", "account_id", &c.instagram.account_id, &c.instagram.token),
            ("facebook", "page_id", &c.facebook.page_id, &c.facebook.token),
        ] {
            if !id.is_empty() && !id.bytes().all(|b| b.is_ascii_digit()) {
                out.push(format!("channels.{door}.{key} '{id}' must be digits: Meta's number of it, not its name"));
            }
            if id.is_empty() != token.is_empty() {
                out.push(format!("channels.{door} needs both {key} and token, or neither"));
            }
        }
        let signed = !c.meta.app_secret.is_empty() || (!c.instagram.app_secret.is_empty() && !c.whatsapp.is_on() && !c.facebook.is_on());
        if c.any_meta() && !signed {
            out.push("channels.meta.app_secret is empty: without it anybody could speak for Meta, so nothing is taken in".into());
        }
        if c.any_meta() && c.meta.verify_token.is_empty() {
            out.push("channels.meta.verify_token is empty: invent a word and write the same one into Meta's webhook form".into());
        }
    }

    fn sms_problems(&self, out: &mut Vec<String>) {
        let sms = &self.channels.sms;
        for (name, g) in &sms.gateways {
            if g.inbound_user.contains(':') {
                out.push(format!("channels.sms.gateways.{name}.inbound_user must not hold a colon: HTTP basic cannot carry it"));
            }
            if g.inbound_user.is_empty() != g.inbound_password.is_empty() {
                out.push(format!("channels.sms.gateways.{name} needs both inbound_user and inbound_password, or neither"));
            }
            let path = g.inbound_path.expose();
            if !path.is_empty() && (!is_word(path, 200) || path.len() < SHORTEST_PATH_SECRET) {
                out.push(format!(
                    "channels.sms.gateways.{name}.inbound_path must be {SHORTEST_PATH_SECRET}-200 characters of A-Z, a-z, 0-9, '_' and '-': it is a secret in an address"
                ));
            }
        }
        if sms.transport == SmsTransport::Http && sms.gateways.get(&sms.gateway).is_none_or(|g| g.file.is_empty()) {
            let name = &sms.gateway;
            out.push(format!(
                "channels.sms.transport = \"http\" needs channels.sms.gateways.{name}.file: the description of the gateway that carries what goes out"
            ));
        }
    }

    fn mail_problems(&self, out: &mut Vec<String>) {
        let mail = &self.mail;
        if !mail.from.contains('@') {
            out.push(format!("mail.from '{}' is not a mail address", mail.from));
        }
        for to in mail.breach_to.iter().filter(|to| !to.contains('@')) {
            out.push(format!("mail.breach_to: '{to}' is not a mail address"));
        }
        if mail.transport == MailTransport::File && mail.dir.is_empty() {
            out.push("mail.dir is empty: name the folder letters are written into, for instance data/mail".into());
        }
        out.extend(mail.inbound_problems());
        if self.digest.time().is_none() {
            out.push(format!("digest.at '{}' is not a time: write hours and minutes, for instance 08:00", self.digest.at));
        }
        for reader in &self.digest.readers {
            if let Err(e) = crate::domain::digest::Reader::parse(reader) {
                out.push(format!("digest.readers: '{reader}': {e}"));
            }
        }
    }

    fn calls_problems(&self, out: &mut Vec<String>) {
        let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
        for (name, s) in &self.calls.sources {
            let key = format!("calls.sources.{name}");
            if s.timezone.parse::<chrono_tz::Tz>().is_err() && s.timezone.parse::<chrono::FixedOffset>().is_err() {
                out.push(format!("{key}.timezone '{}' is no time zone: write a name like Asia/Almaty, UTC, or an offset like +06:00", s.timezone));
            }
            if !digits(&s.city_code) || s.city_code.len() != 4 {
                out.push(format!("{key}.city_code '{}' must be four digits: 7262 is Taraz", s.city_code));
            }
            if !s.district_code.is_empty() && (!digits(&s.district_code) || s.district_code.len() != 5) {
                out.push(format!("{key}.district_code '{}' must be five digits or empty", s.district_code));
            }
            for pair in s.queues.iter().filter(|p| p.split_once('=').is_none_or(|(n, q)| n.trim().is_empty() || q.trim().is_empty())) {
                out.push(format!("{key}.queues: '{pair}' must be written as number=queue"));
            }
        }
        for (name, d) in &self.calls.doors {
            if !self.calls.sources.contains_key(&d.source) {
                out.push(format!("calls.doors.{name}.source '{}' is no exchange: add [calls.sources.{}]", d.source, d.source));
            }
            if d.user.contains(':') {
                out.push(format!("calls.doors.{name}.user must not hold a colon: HTTP basic cannot carry it"));
            }
        }
    }

    fn zero_problems(&self, out: &mut Vec<String>) {
        let (i, o, t, d, a) = (&self.intake, &self.outbox, &self.timers, &self.dialogue, &self.auth);
        for (key, zero) in [
            ("http.body_limit_bytes", self.http.body_limit_bytes == 0),
            ("database.max_connections", self.database.max_connections == 0),
            ("media.max_bytes", self.media.max_bytes == 0),
            ("intake.batch", i.batch == 0),
            ("intake.poll_ms", i.poll_ms == 0),
            ("intake.lease_secs", i.lease_secs == 0),
            ("intake.max_attempts", i.max_attempts == 0),
            ("outbox.lease_secs", o.lease_secs == 0),
            ("outbox.poll_ms", o.poll_ms == 0),
            ("outbox.max_attempts", o.max_attempts == 0),
            ("outbox.base_backoff_ms", o.base_backoff_ms == 0),
            ("outbox.max_backoff_secs", o.max_backoff_secs == 0),
            ("outbox.workers", o.workers == 0),
            ("timers.poll_ms", t.poll_ms == 0),
            ("timers.lease_secs", t.lease_secs == 0),
            ("timers.batch", t.batch == 0),
            ("dialogue.silence_secs", d.silence_secs == 0),
            ("dialogue.stale_secs", d.stale_secs == 0),
            ("auth.session_hours", a.session_hours == 0),
            ("auth.token_days", a.token_days == 0),
            ("auth.otp_ttl_secs", a.otp_ttl_secs == 0),
            ("auth.otp_attempts", a.otp_attempts == 0),
            ("auth.otp_per_phone_per_hour", a.otp_per_phone_per_hour == 0),
            ("auth.otp_per_address_per_hour", a.otp_per_address_per_hour == 0),
            ("auth.form_per_address_per_hour", a.form_per_address_per_hour == 0),
            ("auth.login_attempts", a.login_attempts == 0),
            ("auth.access_minutes", a.access_minutes == 0),
            ("auth.refresh_days", a.refresh_days == 0),
            ("auth.form_per_phone_per_hour", a.form_per_phone_per_hour == 0),
            ("auth.media_per_resident_per_hour", a.media_per_resident_per_hour == 0),
            ("auth.media_per_address_per_hour", a.media_per_address_per_hour == 0),
            ("auth.session_idle_minutes", a.session_idle_minutes == 0),
            ("auth.login_strangers_per_hour", a.login_strangers_per_hour == 0),
            ("auth.login_per_address", a.login_per_address == 0),
            ("auth.second_factor_per_hour", a.second_factor_per_hour == 0),
            ("calls.callback_within", self.calls.callback_within_secs == 0),
            ("calls.callback_attempts", self.calls.callback_attempts == 0),
            ("calls.answer_within", self.calls.answer_within_secs == 0),
            ("shutdown.deadline_secs", self.shutdown.deadline_secs == 0),
        ] {
            if zero {
                out.push(format!("{key} must not be 0"));
            }
        }
    }
}

fn is_word(s: &str, longest: usize) -> bool {
    (1..=longest).contains(&s.len()) && s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

fn is_token(s: &str) -> bool {
    s.split_once(':').is_some_and(|(id, key)| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit()) && is_word(key, 200))
}

/// `v` and two numbers.
fn is_version(s: &str) -> bool {
    let number = |n: &str| (1..=3).contains(&n.len()) && n.bytes().all(|b| b.is_ascii_digit());
    s.strip_prefix('v').and_then(|v| v.split_once('.')).is_some_and(|(a, b)| number(a) && number(b))
}

/// `http(s)://host`, perhaps with a port and a path; no query, no fragment, no spaces.
fn is_web(s: &str) -> bool {
    let rest = s.strip_prefix("https://").or_else(|| s.strip_prefix("http://")).unwrap_or_default();
    let host = rest.split(['/', ':']).next().unwrap_or_default();
    (!host.is_empty() || rest.starts_with('[')) && !s.contains(|c: char| c.is_whitespace() || matches!(c, '?' | '#' | '"' | '<' | '>'))
}
