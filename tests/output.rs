//! `--format json`: stdout is one object with `"version": 1`, stderr is talk as ever.

use serde_json::Value;
use wits_testkit::{Outcome, Project};

use crate::setting::{app, publish_pair, with_layout};

#[track_caller]
fn json(project: &Project<'_>, arguments: &[&str]) -> Value {
    let outcome = project.wits(arguments.iter().chain(&["--format", "json"]));
    parse(outcome.succeeds())
}

#[track_caller]
fn parse(outcome: &Outcome) -> Value {
    let value: Value = serde_json::from_str(outcome.text()).expect("one JSON object");
    assert_eq!(value["version"], 1, "{value}");
    value
}

#[test]
fn every_command_that_has_something_to_tell_tells_it() {
    let sandbox = with_layout();
    publish_pair(&sandbox);
    let app = app(&sandbox, "import acme:store/store@1.0.0;");
    let lock = json(&app, &["lock"]);
    assert_eq!(lock["packages"], 2, "{lock}");
    assert_eq!(lock["lock"].as_array().unwrap().len(), 2, "{lock}");
    let fetch = json(&app, &["fetch"]);
    assert_eq!(fetch["lock"].as_array().unwrap().len(), 0, "{fetch}");
    assert_eq!(fetch["deps"].as_array().unwrap().len(), 1, "{fetch}");
    let build = json(&app, &["build"]);
    assert_eq!(build["package"], "demo:app@0.1.0");
    assert_eq!(build["file"], "demo-app-0.1.0.wasm");
    let publish = json(&app, &["publish"]);
    assert_eq!(publish["digest"], build["digest"]);
    assert_eq!(publish["done"], "published");
    assert_eq!(json(&app, &["publish"])["done"], "already-published");
    let get = json(&app, &["get", "demo:app"]);
    assert_eq!(get["digest"], build["digest"]);
    assert_eq!(get["package"], "demo:app@0.1.0");
}
