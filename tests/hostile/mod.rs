//! Registries that mean harm, or are broken, as a user of the command meets them: exit code, whole output, the
//! project untouched, and nobody asked who was not to be asked.
//!
//! `wits_testkit::wire` plays the registry: its content is honest, and each test lays on it what is wrong. The
//! same faults against the library, with its types and without a process, are in
//! `crates/wits-registry/tests/wire`. SECURITY.md says which test shows which promise.

mod beside_wkg;
mod bodies;
mod checkout;
mod content;
mod elsewhere;
mod headers;
mod hints;
mod manifests;
mod mirrors;
mod names;
mod parcels;
mod patience;
mod publishing;
mod secrets;
mod tags;
mod tokens;
mod well_known;

use snapbox::IntoData;
use wits_testkit::wire::{Fault, OciRegistry, Rule, Settings};
use wits_testkit::{Artifact, Authority, Outcome, Project, Sandbox, Tree};

use crate::setting::{self, TYPES, app, built};

/// The repository of the package that everything here is about.
const TYPES_AT: &str = "acme/types";

/// A registry with `acme:types@1.0.0` in it, and a project that needs it.
struct Scene {
    sandbox: Sandbox,
    registry: OciRegistry,
    /// The package in its binary form.
    wasm: Vec<u8>,
}

impl Scene {
    #[track_caller]
    fn new() -> Self {
        Self::at(OciRegistry::start())
    }

    /// The same over TLS, under an authority of the user's own.
    #[track_caller]
    fn with_tls() -> Self {
        Self::over(false)
    }

    /// The same over HTTP/2, which is spoken over TLS only.
    #[track_caller]
    fn with_http2() -> Self {
        Self::over(true)
    }

    #[track_caller]
    fn over(http2: bool) -> Self {
        let authority = Authority::new();
        let certified = authority.certify(&["127.0.0.1"]);
        let registry = OciRegistry::start_with(Settings {
            tls: Some(&certified),
            http2,
            ..Settings::default()
        });
        let address = registry.address();
        let scene = Self::at(registry);
        let top = scene.sandbox.top();
        top.write("home/.config/wits/acme.pem", authority.pem());
        top.write(
            "home/.config/wits/registry.toml",
            format!("[hosts.\"{address}\"]\nca = \"acme.pem\"\n"),
        );
        scene
    }

    #[track_caller]
    fn at(registry: OciRegistry) -> Self {
        let sandbox = setting::sandbox();
        setting::route(&sandbox, &registry.registry());
        let wasm = built(&sandbox, "types", TYPES);
        registry.put(TYPES_AT, "1.0.0", &Artifact::wasm(wasm.clone()));
        app(&sandbox, "import acme:types/errors@1.0.0;");
        Self {
            sandbox,
            registry,
            wasm,
        }
    }

    /// `sha256:…` of the package.
    fn digest(&self) -> String {
        let artifact = Artifact::wasm(self.wasm.clone());
        artifact.blobs().last().expect("a layer").digest()
    }

    fn app(&self) -> Project<'_> {
        self.sandbox.project("app")
    }

    /// Runs the command in the project with little patience: a second of silence, and no second try.
    #[track_caller]
    fn wits(&self, arguments: &[&str]) -> Outcome {
        let environment = [("WITS_HTTP_TIMEOUT", "1"), ("WITS_HTTP_RETRIES", "0")];
        self.app().wits_with(&environment, arguments)
    }

    /// Lays a fault, and claims that the project is refused for it, is left as it is, and that the registry is
    /// asked for nothing else.
    #[track_caller]
    fn refuses(&self, rule: Rule, fault: Fault, code: i32, message: impl IntoData) {
        self.registry.lift();
        self.registry.lay(rule, fault);
        self.fails(code, message);
    }

    #[track_caller]
    fn fails(&self, code: i32, message: impl IntoData) {
        self.registry.server().forget();
        let before = Tree::of(self.app().dir());
        let outcome = self.wits(&["fetch"]);
        outcome.exits(code).stdout("").stderr(message);
        before.assert_untouched();
        for request in self.registry.log() {
            let path = request.route();
            let allowed = path == "/token" || path.starts_with("/v2/acme/types/");
            assert!(allowed, "{} was asked", request.line());
        }
    }

    /// Claims that the project can be fetched.
    #[track_caller]
    fn passes(&self) {
        self.wits(&["fetch"]).succeeds();
        let text = self.app().read("wit/deps/acme-types-1.0.0/package.wit");
        assert!(text.contains("explain: func"), "{text}");
    }

    /// Forgets what was fetched: the tree, the cache and, if it is not to be kept, the lock.
    fn anew(&self, keep_lock: bool) {
        for left in ["home/.cache", "app/wit/deps", "app/wits.lock"] {
            let top = self.sandbox.top();
            if top.has(left) && !(keep_lock && left.ends_with("lock")) {
                top.remove(left);
            }
        }
    }
}
