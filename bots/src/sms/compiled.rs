//! A request of the description, ready to be filled.

use super::gateway::{GatewayError, Method, PLACES, Request};
use super::template::{Shape, Template, Values};
use reqwest::header::HeaderName;
use url::Url;

/// A request whose places are found.
#[derive(Debug, Clone)]
pub struct Compiled {
    pub method: Method,
    pub url: Template,
    pub headers: Vec<(HeaderName, Template)>,
    pub body: Body,
}

/// What is sent along.
#[derive(Debug, Clone)]
pub enum Body {
    None,
    Form(Vec<(String, Template)>),
    Json(Shape),
    Text(Template),
}

impl Compiled {
    /// Finds the places of a request; `place` names it in errors, `values` are the names that will be given.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn of(request: &Request, place: &str, values: &[&str]) -> Result<Self, GatewayError> {
        let at = |field: &str| format!("{place}.{field}");
        let parse = |field: &str, text: &str| Template::parse(text).map_err(|what| GatewayError::new(&at(field), what));
        let bodies = [!request.form.is_empty(), !request.json.is_empty(), !request.body.is_empty()];
        let bodies = bodies.into_iter().filter(|given| *given).count();
        if bodies > usize::from(request.method == Method::Post) {
            return Err(GatewayError::new(place, "a post takes one of form, json and body, a get takes none"));
        }
        let url = parse("url", &request.url)?;
        let headers = request.headers.iter().map(|(name, value)| {
            let name: HeaderName = name.parse().map_err(|_| GatewayError::new(&at("headers"), format!("`{name}` is no name of a header")))?;
            Ok((name, parse("headers", value)?))
        });
        let headers = headers.collect::<Result<Vec<_>, GatewayError>>()?;
        let body = if !request.form.is_empty() {
            let fields = request.form.iter().map(|(key, value)| Ok((key.clone(), parse("form", value)?)));
            Body::Form(fields.collect::<Result<_, GatewayError>>()?)
        } else if !request.json.is_empty() {
            Body::Json(Shape::parse(&request.json).map_err(|what| GatewayError::new(&at("json"), what))?)
        } else if !request.body.is_empty() {
            Body::Text(parse("body", &request.body)?)
        } else {
            Body::None
        };
        let compiled = Self { method: request.method, url, headers, body };
        let unknown = compiled.templates().into_iter().flat_map(Template::places).find(|name| !PLACES.contains(name) && !values.contains(name));
        if let Some(name) = unknown {
            return Err(GatewayError::new(place, format!("nothing is known of {{{name}}}")));
        }
        // Values stand inside the path or the query; scheme and host must be read without them.
        let address = Url::parse(&compiled.url.fill_address(&Sample)).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if address.is_none_or(|url| url.host_str().is_none_or(|host| host.contains(SAMPLE))) {
            return Err(GatewayError::new(&at("url"), "no http or https address"));
        }
        Ok(compiled)
    }

    fn templates(&self) -> Vec<&Template> {
        let mut all = vec![&self.url];
        all.extend(self.headers.iter().map(|(_, value)| value));
        match &self.body {
            Body::None => {}
            Body::Form(fields) => all.extend(fields.iter().map(|(_, value)| value)),
            Body::Json(shape) => all.extend(shape.templates()),
            Body::Text(text) => all.push(text),
        }
        all
    }
}

/// Stands for any value while an address is checked.
const SAMPLE: &str = "sample0";

struct Sample;

impl Values for Sample {
    fn of(&self, _name: &str) -> Option<&str> {
        Some(SAMPLE)
    }
}
