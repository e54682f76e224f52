//! The registry is honest where no fault is laid, and otherwise not.

use super::*;
use crate::http::{get, request};

const ARTIFACT: &[u8] = b"\0asm";

fn address(registry: &OciRegistry) -> String {
    registry.address().to_string()
}

#[test]
fn what_is_pushed_can_be_read() {
    let registry = OciRegistry::start();
    let address = address(&registry);
    let session = request(&address, "POST", "/v2/a/b/blobs/uploads/", &[], b"").expect(202);
    let digest = crate::artifact::sha256(ARTIFACT);
    let to = format!("{}?digest={digest}", session.header("location").unwrap());
    request(&address, "PUT", &to, &[], b"other").expect(400);
    let session = request(&address, "POST", "/v2/a/b/blobs/uploads/", &[], b"").expect(202);
    let to = format!("{}?digest={digest}", session.header("location").unwrap());
    request(&address, "PUT", &to, &[], ARTIFACT).expect(201);
    let blob = get(&address, &format!("/v2/a/b/blobs/{digest}"), &[]).expect(200);
    assert_eq!(blob.body, ARTIFACT);
    let manifest = "/v2/a/b/manifests/1.0.0";
    request(&address, "PUT", manifest, &[("content-type", "x/y")], b"{}").expect(201);
    let read = get(&address, manifest, &[]).expect(200);
    assert_eq!(read.header("content-type"), Some("x/y"));
    let by_digest = read.header("docker-content-digest").unwrap().to_owned();
    get(&address, &format!("/v2/a/b/manifests/{by_digest}"), &[]).expect(200);
    registry.untag("a/b", "1.0.0");
    get(&address, manifest, &[]).expect(404);
    assert_eq!(registry.lines()[0], "POST /v2/a/b/blobs/uploads/");
}

#[test]
fn tags_come_in_pages() {
    let registry = OciRegistry::start();
    registry.put_tags("a/b", ["1", "2", "3"].map(str::to_owned));
    let page = get(&address(&registry), "/v2/a/b/tags/list?n=2", &[]);
    assert_eq!(page.json()["tags"], serde_json::json!(["1", "2"]));
    let next = "</v2/a/b/tags/list?n=2&last=2>; rel=\"next\"";
    assert_eq!(page.header("link"), Some(next));
    let page = get(&address(&registry), "/v2/a/b/tags/list?n=2&last=2", &[]);
    assert_eq!(page.json()["tags"], serde_json::json!(["3"]));
    assert_eq!(page.header("link"), None);
}

#[test]
fn a_rule_counts_its_requests() {
    let registry = OciRegistry::start();
    registry.put("a/b", "1.0.0", &Artifact::wasm(ARTIFACT));
    let second = Rule::on(Kind::Manifest).of("a/b").method("GET").nth(2);
    registry.lay(second, Fault::error(503, "BUSY"));
    let ask = |path: &str| get(&address(&registry), path, &[]).status;
    let statuses = [(); 3].map(|()| ask("/v2/a/b/manifests/1.0.0"));
    assert_eq!(statuses, [200, 503, 200]);
    registry.lay(
        Rule::any().path("manifests").from(2),
        Fault::error(500, "X"),
    );
    assert_eq!([(); 2].map(|()| ask("/v2/a/b/manifests/1.0.0")), [200, 500]);
    assert_eq!(ask("/v2/a/b/tags/list"), 200);
    registry.lift();
    assert_eq!(ask("/v2/a/b/manifests/1.0.0"), 200);
}

#[test]
fn a_token_is_for_its_scope_and_ends() {
    let registry = OciRegistry::start();
    registry.put("a/b", "1.0.0", &Artifact::wasm(ARTIFACT));
    registry.guard(Guard {
        users: vec![("me".to_owned(), "pw".to_owned())],
        uses: 2,
        ..Guard::default()
    });
    let address = address(&registry);
    let manifest = "/v2/a/b/manifests/1.0.0";
    let refused = get(&address, manifest, &[]).expect(401);
    let challenge = refused.header("www-authenticate").unwrap();
    let realm = format!("realm=\"http://{address}/token\"");
    assert!(challenge.contains(&realm), "{challenge}");
    let token = |headers: &[(&str, &str)], scope: &str| {
        let answer = get(&address, &format!("/token?scope={scope}"), headers);
        let token = answer.expect(200).json()["token"]
            .as_str()
            .unwrap()
            .to_owned();
        format!("Bearer {token}")
    };
    let mine = token(&[], "repository:a/b:pull");
    let with = |token: &str| get(&address, manifest, &[("authorization", token)]).status;
    assert_eq!([with(&mine), with(&mine), with(&mine)], [200, 200, 401]);
    assert_eq!(with(&token(&[], "repository:a/c:pull")), 401);

    // Strangers read, and users write.
    let put = |token: &str| {
        request(
            &address,
            "PUT",
            manifest,
            &[("authorization", token)],
            b"{}",
        )
    };
    assert_eq!(put(&token(&[], "repository:a/b:pull,push")).status, 403);
    let basic = [("authorization", "Basic bWU6cHc=")];
    assert_eq!(put(&token(&basic, "repository:a/b:pull,push")).status, 201);
    let wrong = [("authorization", "Basic bWU6")];
    get(&address, "/token", &wrong).expect(401);
}
