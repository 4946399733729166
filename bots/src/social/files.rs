//! Files that lie at the provider: their addresses come from outside, so that they are asked for at its own hosts only.

use crate::channel::FetchError;
use crate::http;
use crate::meta::Graph;
use reqwest::header::LOCATION;
use url::Url;

/// Where the provider keeps files: these hosts and what lies below them.
pub const MEDIA_HOSTS: [&str; 3] = ["cdninstagram.com", "fbcdn.net", "fbsbx.com"];

/// Redirects of one download that are followed.
const HOPS: usize = 3;

/// Whether a file may be asked for here: an address comes from outside, and must not lead into our own network.
fn trusts(graph: &Graph, url: &Url) -> bool {
    if url.origin() == graph.base().origin() {
        return true;
    }
    let Some(host) = url.host_str() else { return false };
    let below = |name: &&str| host == *name || host.strip_suffix(*name).is_some_and(|rest| rest.ends_with('.'));
    url.scheme() == "https" && url.port().is_none() && MEDIA_HOSTS.iter().any(below)
}

/// Opens a file without the token: its address alone opens it.
pub async fn open(graph: &Graph, address: &str) -> Result<reqwest::Response, FetchError> {
    let late = |why: &str| FetchError::Transient(why.to_owned());
    let mut url = Url::parse(address).map_err(|_| FetchError::Gone)?;
    for _ in 0..=HOPS {
        if !trusts(graph, &url) {
            return Err(FetchError::Gone);
        }
        let asked = graph.http().get(url.clone()).timeout(graph.timeouts().download);
        let response = asked.send().await.map_err(|error| late(http::network(&error)))?;
        if !response.status().is_redirection() {
            return Ok(response);
        }
        let target = response.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
        url = target.ok_or(FetchError::Gone)?;
    }
    Err(late("too many redirects"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meta::Timeouts;

    #[test]
    fn files_come_from_the_provider_only() {
        let graph = Graph::new(Url::parse("http://127.0.0.1:9").unwrap(), "v24.0", "t", Timeouts::default()).unwrap();
        let table = [
            ("https://scontent.cdninstagram.com/v/t51/1.jpg?x=1", true),
            ("https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1", true),
            ("https://scontent-fra3-1.xx.fbcdn.net/v/1.jpg", true),
            ("http://127.0.0.1:9/file", true),
            ("http://scontent.cdninstagram.com/1.jpg", false),
            ("https://cdninstagram.com.evil.test/1.jpg", false),
            ("https://evilcdninstagram.com/1.jpg", false),
            ("https://fbcdn.net@evil.test/", false),
            ("https://x.fbcdn.net:8443/1.jpg", false),
            ("http://127.0.0.1:10/file", false),
            ("http://169.254.169.254/latest", false),
            ("file:///etc/passwd", false),
        ];
        for (address, expected) in table {
            assert_eq!(trusts(&graph, &Url::parse(address).unwrap()), expected, "{address}");
        }
    }
}
