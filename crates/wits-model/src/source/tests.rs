use super::*;

#[test]
fn urls_print_as_they_were_written() {
    for url in [
        "oci://ghcr.io/acme",
        "oci://ghcr.io",
        "oci+http://127.0.0.1:5000/a/b",
        "oci+http://[::1]:5000",
        "layout:./registry",
        "bindle+http://localhost:8080/v1/x",
        "bindle+https://b.example/v1",
        "well-known:wasi.dev",
    ] {
        assert_eq!(url.parse::<RegistryUrl>().unwrap().to_string(), url);
    }
    assert_eq!(
        "oci://ghcr.io/acme/"
            .parse::<RegistryUrl>()
            .unwrap()
            .to_string(),
        "oci://ghcr.io/acme"
    );
}

#[test]
fn refuses_what_is_no_url() {
    assert_eq!(
        "oci://me:secret@ghcr.io".parse::<RegistryUrl>(),
        Err(SourceError::Credentials)
    );
    assert_eq!(
        "https://me:secret@ghcr.io".parse::<RegistryUrl>(),
        Err(SourceError::Credentials)
    );
    for url in [
        "ghcr.io",
        "https://ghcr.io",
        "oci://",
        "oci:///x",
        "oci://host:port",
        "oci://a/../b",
        "oci://a/b//c",
        "oci://::1",
        "layout:",
        "well-known:a/b",
        "bindle+http://h",
        "bindle+http://h/v2",
        "oci://a/B",
    ] {
        assert!(url.parse::<RegistryUrl>().is_err(), "{url}");
    }
}

#[test]
fn a_source_is_a_registry_and_a_place_in_it() {
    let http: PackageName = "wasi:http".parse().unwrap();
    for (url, source) in [
        (
            "oci://ghcr.io/webassembly",
            "oci://ghcr.io/webassembly/wasi/http",
        ),
        (
            "oci+http://127.0.0.1:5000",
            "oci+http://127.0.0.1:5000/wasi/http",
        ),
        ("layout:/r", "layout:/r/wasi/http"),
        ("bindle+http://h/v1", "bindle+http://h/v1/wasi/http"),
    ] {
        let made = url
            .parse::<RegistryUrl>()
            .unwrap()
            .source_of(&http)
            .unwrap();
        assert_eq!(made.to_string(), source);
        assert_eq!(source.parse(), Ok(made));
    }
    assert!(
        "well-known:wasi.dev"
            .parse::<RegistryUrl>()
            .unwrap()
            .source_of(&http)
            .is_none()
    );
}

#[cfg(unix)]
#[test]
fn paths_in_a_file_are_relative_to_it_and_name_no_home() {
    let home = Some(Path::new("/home/ann"));
    let cases = [
        (
            "/home/ann/p",
            "layout:/home/ann/p/registry/a/b",
            "layout:registry/a/b",
        ),
        (
            "/home/ann/p/app",
            "layout:/home/ann/p/registry/a/b",
            "layout:../registry/a/b",
        ),
        (
            "/srv/p",
            "layout:/home/ann/registry/a/b",
            "layout:~/registry/a/b",
        ),
        (
            "/home/ann/w/x/y/p",
            "layout:/home/ann/registry/a/b",
            "layout:~/registry/a/b",
        ),
        (
            "/srv/p",
            "layout:/opt/registry/a/b",
            "layout:/opt/registry/a/b",
        ),
        ("/srv/p", "path:/srv/q", "path:../q"),
        ("/srv/p", "oci://h/a/b", "oci://h/a/b"),
    ];
    for (base, absolute, written) in cases {
        let source: PackageSource = absolute.parse().unwrap();
        let short = source.relative_to(Path::new(base), home);
        assert_eq!(short.to_string(), written);
        assert_eq!(short.resolve(Path::new(base), home), source);
    }
}
