//! Lists of tags.

use super::*;

#[test]
fn all_pages_are_read() {
    let server = Server::start(|asked| match asked.path.as_str() {
        "/v2/demo/greet/tags/list?n=1000" => {
            Told::new(200, r#"{"name":"x","tags":["2.0.0","latest","1.0.0_b"]}"#).with(
                "link",
                "</v2/demo/greet/tags/list?n=1000&last=x>; rel=\"next\"",
            )
        }
        "/v2/demo/greet/tags/list?n=1000&last=x" => Told::new(
            200,
            r#"{"tags":["sha256-00","1.0.0","1.0.0-rc.1","2.0.0"]}"#,
        )
        .with("link", "<?last=y>; rel=next"),
        "/v2/demo/greet/tags/list?last=y" => Told::new(200, r#"{"tags":null}"#),
        other => panic!("{other}"),
    });
    assert_eq!(
        versions(&server).unwrap(),
        ["1.0.0-rc.1", "1.0.0", "1.0.0+b", "2.0.0"].map(version)
    );
}

#[test]
fn lists_that_never_end_do() {
    let elsewhere = Server::start(|_| Told::new(200, r#"{"tags":["9.9.9"]}"#));
    let page = r#"{"tags":["1.0.0"]}"#;
    let away = format!("<{}>; rel=\"next\"", elsewhere.url("/tags/list"));
    let server = Server::start(move |_| Told::new(200, page).with("link", away.clone()));
    let error = versions(&server).unwrap_err();
    assert!(matches!(error, RegistryError::Unsafe { .. }), "{error}");
    assert!(elsewhere.log().is_empty());

    let server = Server::start(move |asked| {
        Told::new(200, page).with("link", format!("<{}>; rel=\"next\"", asked.path))
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
        Told::new(200, page).with("link", next)
    });
    let mut options = impatient();
    options.limits.max_pages = 7;
    let (all, at) = (Registries::new(options), at(&server));
    let error = run(backend(&all, &at).versions(&at)).unwrap_err();
    assert!(error.to_string().contains("more than 7 pages"), "{error}");
    assert_eq!(server.log().len(), 7);
}
