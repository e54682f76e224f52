//! A server that misbehaves: it takes what is published, and hands out what a test makes of it.

use wits_model::{Digest, ErrorKind};
use wits_registry::{Outcome, SideFile, SideFileRole};

use super::*;
use wits_testkit::wire::{Bindle, Body, Fault, Request, Response, Rule};

/// A server whose answers pass through `change`.
fn server(change: impl Fn(&Request, Response) -> Response + Send + Sync + 'static) -> Bindle {
    let server = Bindle::start();
    server.lay(Rule::any(), Fault::new(change));
    server
}

fn at(server: &Bindle) -> PackageSource {
    let source = format!("{}/demo/greet", server.registry());
    source.parse().unwrap()
}

/// A server that hands out the invoice changed.
fn with_invoice(change: impl Fn(String) -> String + Send + Sync + 'static) -> Bindle {
    server(move |asked, told| {
        let is_invoice = asked.line() == "GET /v1/_i/demo/greet/1.0.0?yanked=true";
        match (is_invoice, told.body.clone()) {
            (true, Body::Whole(text)) if told.status == 200 => {
                Response::new(200, change(String::from_utf8(text).unwrap()))
            }
            _ => told,
        }
    })
}

#[test]
fn a_good_one_passes() {
    let user = User::new();
    let server = server(|_, told| told);
    let at = at(&server);
    let pin = user.publish(&at, "1.0.0");
    assert_eq!(user.release(&at, "1.0.0").unwrap(), pin);
    assert_eq!(user.pull(&at, "1.0.0", &pin).unwrap(), WASM);
    assert!(server.lines().iter().all(|line| !line.starts_with("HEAD")));
}

#[test]
fn an_invoice_that_is_not_right_is_refused() {
    type Change = fn(String) -> String;
    let cases: &[(&str, Change, ErrorKind, &str)] = &[
        (
            "another bindle",
            |text| text.replace("name = \"demo/greet\"", "name = \"demo/other\""),
            ErrorKind::Integrity,
            "`demo/other/1.0.0`",
        ),
        (
            "another version",
            |text| text.replace("version = \"1.0.0\"", "version = \"1.0.1\""),
            ErrorKind::Integrity,
            "`demo/greet/1.0.1`",
        ),
        (
            "unsigned",
            |text| text.split_once("[[signature]]").unwrap().0.to_owned(),
            ErrorKind::Integrity,
            "no signature",
        ),
        (
            "wrongly signed",
            |text| text.replace("signature = \"", "signature = \"AAAA"),
            ErrorKind::Integrity,
            "as creator is not valid",
        ),
        (
            "by somebody else",
            |text| text.replace("by = \"me ", "by = \"you "),
            ErrorKind::Integrity,
            "`you <me@example.com>`",
        ),
        (
            "in another role",
            |text| text.replace("role = \"creator\"", "role = \"host\""),
            ErrorKind::Integrity,
            "no signature as creator",
        ),
        (
            "an unknown role",
            |text| text.replace("role = \"creator\"", "role = \"owner\""),
            ErrorKind::Project,
            "`owner`",
        ),
        (
            "an unknown key",
            |text| format!("novel = 1\n{text}"),
            ErrorKind::Project,
            "`novel`",
        ),
        (
            "another parcel",
            |text| text.replace(&Digest::of(WASM).hex(), &Digest::of("x").hex()),
            ErrorKind::Integrity,
            "not valid",
        ),
        (
            "yanked",
            |text| format!("yanked = true\n{text}"),
            ErrorKind::Project,
            "was yanked",
        ),
        (
            "another format",
            |text| text.replace("bindleVersion = \"1.0.0\"", "bindleVersion = \"2.0.0\""),
            ErrorKind::Project,
            "`2.0.0`",
        ),
        (
            "no package in it",
            |text| text.replace("application/wasm", "text/plain"),
            ErrorKind::Project,
            "is not a Wasm package",
        ),
        (
            "no TOML",
            |_| "<html>".to_owned(),
            ErrorKind::Project,
            "malformed",
        ),
    ];
    for (name, change, kind, said) in cases {
        let user = User::new();
        let server = with_invoice(*change);
        let at = at(&server);
        // What is published is read back as it was: the change is seen by those who come after.
        let _ = run(backend(&user.registries(), &at).publish(&at, &publication("1.0.0", WASM)));
        let error = user.release(&at, "1.0.0").unwrap_err();
        assert_eq!(error.kind(), *kind, "{name}: {error}");
        assert!(error.to_string().contains(said), "{name}: {error}");
    }
}

#[test]
fn wrong_bytes_are_refused() {
    for bytes in [
        &b"\0asm and so off"[..],
        b"\0asm",
        b"\0asm and so on and on",
        b"",
    ] {
        let user = User::new();
        let server = server(move |asked, told| {
            if asked.method == "GET" && asked.path.contains('@') {
                Response::new(200, bytes)
            } else {
                told
            }
        });
        let at = at(&server);
        let error = run(backend(&user.registries(), &at).publish(&at, &publication("1.0.0", WASM)));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Integrity);
        let pin = user.release(&at, "1.0.0").unwrap();
        let error = user.pull(&at, "1.0.0", &pin).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Integrity, "{error}");
    }
}

/// The answer to the invoice is lost on the way: the retry finds it there, and that it is ours.
#[test]
fn an_invoice_that_was_taken_without_an_answer_is_ours() {
    let user = User::new();
    let lost = Mutex::new(false);
    let server = server(move |asked, told| {
        let mut lost = lost.lock().unwrap();
        if asked.line() == "POST /v1/_i" && !*lost {
            *lost = true;
            return Response::sent(Body::Reset);
        }
        told
    });
    let at = at(&server);
    user.publish(&at, "1.0.0");
    assert_eq!(
        user.pull(&at, "1.0.0", &user.release(&at, "1.0.0").unwrap())
            .unwrap(),
        WASM
    );
}

/// A publish that ends with any of its requests, answered or not, is completed by the next one.
#[test]
fn a_publish_that_is_cut_off_anywhere_is_completed() {
    for answered in [true, false] {
        let mut cut = 0;
        loop {
            let user = User::new();
            let server = Bindle::start();
            // The last request may have had its effect, and only the answer is lost.
            let fault = if answered {
                Fault::reset()
            } else {
                Fault::lost()
            };
            server.lay(Rule::any().from(cut + 1), fault);
            let at = at(&server);
            let mut publication = publication("1.0.0", WASM);
            publication.files = vec![SideFile {
                name: "wit/a.wit".to_owned(),
                role: SideFileRole::Source,
                bytes: b"interface a {}".to_vec(),
            }];
            let cut_off = user.with(|options| options.limits.retries = 0);
            let first = run(backend(&cut_off, &at).publish(&at, &publication));
            server.lift();
            let again = run(backend(&user.registries(), &at).publish(&at, &publication)).unwrap();
            assert_eq!(
                user.pull(&at, "1.0.0", &again.pin).unwrap(),
                WASM,
                "after {cut}"
            );
            if first.is_ok() {
                assert_eq!(again.outcome, Outcome::AlreadyPublished);
                break;
            }
            cut += 1;
        }
        assert!(cut > 5, "only {cut} requests");
    }
}

/// It says that nothing is missing, and has nothing.
#[test]
fn a_server_that_takes_nothing_has_nothing() {
    let user = User::new();
    let server = server(|asked, told| {
        if asked.path.contains('@') {
            Response::new(404, "error = \"not found\"\n")
        } else if asked.path.contains("_r/missing") {
            Response::new(200, "missing = []\n")
        } else {
            told
        }
    });
    let at = at(&server);
    let error = run(backend(&user.registries(), &at).publish(&at, &publication("1.0.0", WASM)));
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Transient);
}

#[test]
fn an_upload_that_breaks_off_is_taken_up_again() {
    let user = User::new();
    let broken = Mutex::new(0);
    let server = server(move |asked, told| {
        let mut broken = broken.lock().unwrap();
        if asked.method == "POST" && asked.path.contains('@') && *broken < 2 {
            *broken += 1;
            return Response::new(
                409,
                "error = \"a write operation is currently in progress\"\n",
            );
        }
        told
    });
    let at = at(&server);
    let publication = publication("1.0.0", WASM);
    let published = run(backend(&user.registries(), &at).publish(&at, &publication)).unwrap();
    assert_eq!(published.outcome, Outcome::New);
}

#[test]
fn a_list_ends() {
    let user = User::new();
    let server = server(|asked, told| {
        if asked.path.starts_with("/v1/_q") {
            let page =
                "more = true\n[[invoices]]\nbindle = { name = \"x\", version = \"1.0.0\" }\n";
            Response::new(200, page)
        } else {
            told
        }
    });
    let at = at(&server);
    let registries = user.with(|options| options.limits.max_pages = 20);
    let error = run(backend(&registries, &at).versions(&at)).unwrap_err();
    assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
    assert_eq!(server.lines().len(), 20);
}

#[test]
fn credentials_stay_where_they_belong() {
    use wits_registry::Redacted;
    let elsewhere = server(|_, told| told);
    let away = elsewhere.url("/v1/_i/demo/greet/1.0.0");
    let server = server(move |asked, told| {
        if asked.path.contains("yanked=true") {
            Response::new(307, "").with("location", away.clone())
        } else {
            told
        }
    });
    let user = User::new();
    let at = at(&server);
    let registries = user.with(|options| {
        options.credentials = Arc::new(Always(Credential::Bearer(Redacted::new("canary"))));
    });
    let error = run(backend(&registries, &at).release(&at, &version("1.0.0"))).unwrap_err();
    assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
    assert_eq!(
        server.log()[0].header("authorization"),
        Some("Bearer canary")
    );
    assert!(elsewhere.log().is_empty());
}
