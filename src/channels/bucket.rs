//! Where files lie: a folder, or a bucket of a service that speaks S3. The calls to the latter go through the HTTP client that the wires use, so that
//! one TLS library and one client stand in the program.

use crate::config::Media;
use async_trait::async_trait;
use http_body_util::BodyExt;
use object_store::aws::AmazonS3Builder;
use object_store::client::{HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService};
use object_store::local::LocalFileSystem;
use object_store::{ClientOptions, ObjectStore, RetryConfig};
use std::sync::Arc;
use std::time::Duration;

/// A call that fails is tried again for so long: residents wait at the other end.
const PATIENCE: Duration = Duration::from_secs(20);
/// One call of it.
const CALL: Duration = Duration::from_secs(30);

/// Opens the store of media. A folder is made; a bucket is not asked for anything yet.
///
/// # Errors
/// In words an operator can act on.
pub fn open(config: &Media) -> Result<Arc<dyn ObjectStore>, String> {
    let Some(bucket) = config.bucket() else {
        let dir = config.folder();
        std::fs::create_dir_all(dir).map_err(|e| format!("media.url: folder '{dir}': {e}"))?;
        let store = LocalFileSystem::new_with_prefix(dir).map_err(|e| format!("media.url: {e}"))?;
        return Ok(Arc::new(store));
    };
    let client = reqwest::Client::builder().connect_timeout(Duration::from_secs(5)).timeout(CALL).build().map_err(|e| format!("media.url: {e}"))?;
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&config.region)
        .with_access_key_id(config.access_key.expose())
        .with_secret_access_key(config.secret_key.expose())
        .with_retry(RetryConfig { max_retries: 4, retry_timeout: PATIENCE, ..RetryConfig::default() })
        // Deleting many at once is not spoken everywhere.
        .with_disable_bulk_delete(true)
        .with_http_connector(Connector(client));
    if !config.endpoint.is_empty() {
        builder = builder.with_endpoint(config.endpoint.trim_end_matches('/')).with_allow_http(config.endpoint.starts_with("http://"));
    }
    Ok(Arc::new(builder.build().map_err(|e| format!("media: {e}"))?))
}

/// Gives the store our HTTP client. Its own options are those of the client.
#[derive(Debug)]
struct Connector(reqwest::Client);

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(Calls(self.0.clone())))
    }
}

#[derive(Debug)]
struct Calls(reqwest::Client);

#[async_trait]
impl HttpService for Calls {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url = parts.uri.to_string().parse::<reqwest::Url>().map_err(|e| HttpError::new(HttpErrorKind::Unknown, e))?;
        let mut call = reqwest::Request::new(parts.method, url);
        *call.headers_mut() = parts.headers;
        *call.body_mut() = Some(reqwest::Body::wrap(body));
        let answer: HttpAnswer = self.0.execute(call).await.map_err(failed)?.into();
        let (parts, body) = answer.into_parts();
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body.map_err(failed))))
    }
}

type HttpAnswer = http::Response<reqwest::Body>;

/// The kind decides whether the store tries again. Addresses, which hold keys of files, stay out of it.
fn failed(e: reqwest::Error) -> HttpError {
    let kind = if e.is_timeout() {
        HttpErrorKind::Timeout
    } else if e.is_connect() {
        HttpErrorKind::Connect
    } else if e.is_decode() {
        HttpErrorKind::Decode
    } else {
        HttpErrorKind::Request
    };
    HttpError::new(kind, e.without_url())
}
