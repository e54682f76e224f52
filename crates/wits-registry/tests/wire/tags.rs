//! Lists of tags.

use super::*;

#[test]
fn all_pages_are_read() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v2/demo/greet/tags/list?n=1000" => {
            Response::new(200, r#"{"name":"x","tags":["2.0.0","latest","1.0.0_b"]}"#).with(
                "link",
                "</v2/demo/greet/tags/list?n=1000&last=x>; rel=\"next\"",
            )
        }
        "/v2/demo/greet/tags/list?n=1000&last=x" => Response::new(
            200,
            r#"{"tags":["sha256-00","1.0.0","1.0.0-rc.1","2.0.0"]}"#,
        )
        .with("link", "<?last=y>; rel=next"),
        "/v2/demo/greet/tags/list?last=y" => Response::new(200, r#"{"tags":null}"#),
        other => panic!("{other}"),
    });
    assert_eq!(
        versions(&server).unwrap(),
        ["1.0.0-rc.1", "1.0.0", "1.0.0+b", "2.0.0"].map(version)
    );
}

#[test]
fn lists_that_never_end_do() {
    let elsewhere = Server::start(|_| Response::new(200, r#"{"tags":["9.9.9"]}"#));
    let page = r#"{"tags":["1.0.0"]}"#;
    let away = format!("<{}>; rel=\"next\"", elsewhere.url("/tags/list"));
    let server = Server::start(move |_| Response::new(200, page).with("link", away.clone()));
    let error = versions(&server).unwrap_err();
    assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
    assert!(elsewhere.log().is_empty());

    let server = Server::start(move |asked| {
        Response::new(200, page).with("link", format!("<{}>; rel=\"next\"", asked.path))
    });
    let error = versions(&server).unwrap_err();
    assert!(error.to_string().contains("lead back"), "{error}");
    assert_eq!(server.log().len(), 1);

    let count = AtomicUsize::new(0);
    let server = Server::start(move |_| {
        let next = format!(
            "<?last={}>; rel=\"next\"",
            count.fetch_add(1, Ordering::SeqCst)
        );
        Response::new(200, page).with("link", next)
    });
    let mut options = impatient();
    options.limits.max_pages = 7;
    let (all, at) = (Registries::new(options), at(&server));
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert!(error.to_string().contains("more than 7 pages"), "{error}");
    assert_eq!(server.log().len(), 7);
}

#[test]
fn a_link_may_name_the_whole_address_of_the_same_host() {
    let server = with_own_address(|own| {
        move |asked: &Request| match asked.path.as_str() {
            "/v2/demo/greet/tags/list?n=1000" => {
                let next = format!(
                    "<{}/v2/demo/greet/tags/list?p=2>; rel=next",
                    own.lock().unwrap()
                );
                Response::new(200, r#"{"tags":["1.0.0"]}"#).with("link", next)
            }
            _ => Response::new(200, r#"{"tags":["2.0.0"]}"#),
        }
    });
    assert_eq!(versions(&server).unwrap(), ["1.0.0", "2.0.0"].map(version));
    assert_eq!(server.lines()[1], "GET /v2/demo/greet/tags/list?p=2");
}

/// `count` versions from `from` on.
fn numbered(from: usize, count: usize) -> String {
    let tags: Vec<_> = (from..from + count).map(|n| format!("{n}.0.0_a")).collect();
    json!({ "tags": tags }).to_string()
}

#[test]
fn a_full_page_without_a_word_on_the_next_is_not_the_end() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v2/demo/greet/tags/list?n=1000" => Response::new(200, numbered(0, 1000)),
        "/v2/demo/greet/tags/list?n=1000&last=999.0.0_a" => Response::new(200, numbered(1000, 7)),
        other => panic!("{other}"),
    });
    assert_eq!(versions(&server).unwrap().len(), 1007);
    // One that does not know `last`, and one that gives everything at once.
    for (count, requests) in [(1000, 2), (1500, 1)] {
        let server = Server::start(move |_| Response::new(200, numbered(0, count)));
        assert_eq!(versions(&server).unwrap().len(), count);
        assert_eq!(server.log().len(), requests);
    }
}

#[test]
fn a_list_that_breaks_off_is_no_list() {
    let server =
        Server::start(|_| Response::sent(Body::Declared(900, b"{\"tags\":[\"1.0.0\"]}".to_vec())));
    assert_eq!(versions(&server).unwrap_err().kind(), ErrorKind::Transient);
    let server = Server::start(|_| Response::new(200, b"{\"tags\":[\"1.0.0\""));
    let error = versions(&server).unwrap_err();
    assert!(matches!(error, RegistryError::Malformed { .. }), "{error}");

    let server = Server::start(|_| Response::new(200, numbered(0, 50)));
    let mut options = impatient();
    options.limits.max_tags = 49;
    let (all, at) = (Registries::new(options), at(&server));
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert!(error.to_string().contains("more than 49 tags"), "{error}");
}
