//! The table against its description.

use crate::config::Book;
use crate::domain::access::Role;
use crate::web::api::access::Access;
use crate::web::api::{BASE, ROUTES};
use crate::web::docs::OPENAPI;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What else the document describes: the doors that are not in the table.
const OTHERS: &[(&str, &str)] = &[
    ("GET", "/api/v1/openapi.json"),
    ("GET", "/api/docs"),
    ("GET", "/health/live"),
    ("GET", "/health/ready"),
    ("GET", "/metrics"),
    ("POST", "/webhooks/telegram/{bot}"),
    ("POST", "/webhooks/calls/{source}"),
    ("GET", "/webhooks/meta"),
    ("POST", "/webhooks/meta"),
    ("POST", "/webhooks/sms/{gateway}"),
];

fn described() -> BTreeMap<(String, String), Value> {
    let doc: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut out = BTreeMap::new();
    for (path, item) in doc["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            out.insert((method.to_uppercase(), path.clone()), operation.clone());
        }
    }
    out
}

#[test]
fn table_and_description_name_the_same_paths() {
    let described: BTreeSet<_> = described().into_keys().collect();
    let mut served: BTreeSet<_> = ROUTES.iter().map(|r| (r.method.to_owned(), format!("{BASE}{}", r.path))).collect();
    assert_eq!(served.len(), ROUTES.len(), "a row stands twice");
    served.extend(OTHERS.iter().map(|(m, p)| ((*m).to_owned(), (*p).to_owned())));
    let missing: Vec<_> = served.difference(&described).collect();
    let invented: Vec<_> = described.difference(&served).collect();
    assert!(missing.is_empty(), "served and not described: {missing:?}");
    assert!(invented.is_empty(), "described and not served: {invented:?}");
}

#[test]
fn the_description_says_who_may_come_in() {
    let described = described();
    let roles_of_the_house = Book::load(None).unwrap().roles;
    for r in ROUTES {
        let operation = &described[&(r.method.to_owned(), format!("{BASE}{}", r.path))];
        let guarded = !operation["security"].as_array().unwrap().is_empty();
        assert_eq!(guarded, r.access != Access::Open, "{} {}", r.method, r.path);
        let mut roles: Vec<Role> = operation["x-roles"].as_array().into_iter().flatten().map(|v| Role::parse(v.as_str().unwrap()).unwrap()).collect();
        roles.sort();
        let mut may = r.access.roles(&roles_of_the_house);
        may.sort();
        assert_eq!(roles, may, "{} {}", r.method, r.path);
    }
}

#[test]
fn only_signing_in_and_what_everybody_may_know_are_open() {
    let open: Vec<&str> = ROUTES.iter().filter(|r| r.access == Access::Open).map(|r| r.path).collect();
    assert_eq!(open, ["/auth/otp", "/auth/token", "/auth/refresh", "/catalog", "/outages", "/articles", "/staff/login", "/staff/totp"]);
    for r in ROUTES {
        let for_staff = matches!(r.access, Access::SignedIn | Access::Person | Access::May(_));
        assert!(r.access == Access::Open || for_staff == r.path.starts_with("/staff/"), "{}", r.path);
    }
}

#[test]
fn every_operation_tells_its_problems() {
    for ((method, path), o) in described() {
        if !path.starts_with(BASE) {
            continue;
        }
        let responses = o["responses"].as_object().unwrap();
        assert!(responses.contains_key("default"), "{method} {path}");
        // Acts state the version they were meant for; a look at personal data changes nothing.
        if path.starts_with("/api/v1/staff/requests/{number}/") && method == "POST" && !path.ends_with("/personal") {
            for status in ["400", "401", "404", "409", "422"] {
                assert!(responses.contains_key(status), "{path} does not tell {status}");
            }
            let schema = &o["requestBody"]["content"]["application/json"]["schema"];
            assert!(schema["properties"]["expected_version"].is_object(), "{path}");
            let required = schema["required"].as_array().is_some_and(|r| r.iter().any(|f| f == "expected_version"));
            assert_eq!(required, !path.ends_with("/reply") && !path.ends_with("/note"), "{path}");
        }
    }
}
