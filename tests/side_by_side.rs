//! Several processes at once: in one project, on one cache, on one version.

use std::thread;

use wits_testkit::{DockerRegistry, Project, Tree};

use crate::setting::{self, TYPES, example, layout, with_layout};

const PROCESSES: usize = 8;

/// Runs the command in each project at once, and returns the exit codes in order.
fn at_once(projects: &[Project<'_>], arguments: &[&str]) -> Vec<Option<i32>> {
    thread::scope(|scope| {
        let running: Vec<_> = projects
            .iter()
            .map(|project| scope.spawn(|| project.wits(arguments).code()))
            .collect();
        let ended = running.into_iter().map(|one| one.join().unwrap());
        ended.collect()
    })
}

#[test]
fn fetches_of_one_project_take_turns() {
    let sandbox = with_layout();
    let app = example(&sandbox);
    sandbox.top().remove("home/.cache");
    let codes = at_once(&vec![app.clone(); PROCESSES], &["fetch"]);
    assert_eq!(codes, [Some(0); PROCESSES]);
    let before = Tree::of(app.dir());
    app.wits(["fetch", "--frozen"]).succeeds();
    before.assert_untouched();
    assert_eq!(app.list("wit/deps").len(), 8);
}

#[test]
fn fetches_of_many_projects_share_one_cache() {
    let Some(registry) = DockerRegistry::start() else {
        return;
    };
    let sandbox = setting::sandbox();
    setting::route(&sandbox, &registry.url());
    let app = example(&sandbox);
    let projects: Vec<_> = (0..PROCESSES)
        .map(|number| sandbox.project(format!("apps/{number}")))
        .collect();
    for project in &projects {
        project.write("wit/world.wit", app.read("wit/world.wit"));
    }
    sandbox.top().remove("home/.cache");
    let codes = at_once(&projects, &["fetch"]);
    assert_eq!(codes, [Some(0); PROCESSES]);
    let lock = projects[0].read("wits.lock");
    assert!(
        projects
            .iter()
            .all(|project| project.read("wits.lock") == lock)
    );
}

/// One of them publishes, and the others find it published.
#[test]
fn publishers_of_one_content_all_succeed() {
    let sandbox = with_layout();
    let projects: Vec<_> = (0..PROCESSES)
        .map(|number| sandbox.project(format!("types/{number}")))
        .collect();
    for project in &projects {
        project.write("wit/types.wit", TYPES);
    }
    let codes = at_once(&projects, &["publish"]);
    assert_eq!(codes, [Some(0); PROCESSES]);
    assert_eq!(layout(&sandbox).tags("acme/types"), ["1.0.0"]);
}

/// One of them wins; the others are told, and what they hold is nowhere.
#[test]
fn of_publishers_of_different_contents_one_wins() {
    let sandbox = with_layout();
    let projects: Vec<_> = (0..PROCESSES)
        .map(|number| sandbox.project(format!("types/{number}")))
        .collect();
    for (number, project) in projects.iter().enumerate() {
        project.write(
            "wit/types.wit",
            TYPES.replace("spare", &format!("spare{number}")),
        );
    }
    let codes = at_once(&projects, &["publish"]);
    let won: Vec<_> = (0..PROCESSES).filter(|at| codes[*at] == Some(0)).collect();
    assert_eq!(won.len(), 1, "{codes:?}");
    assert!(
        codes.iter().all(|code| matches!(code, Some(0 | 1))),
        "{codes:?}"
    );
    let served = std::fs::read(layout(&sandbox).layer_path("acme/types", "1.0.0")).unwrap();
    projects[won[0]].wits(["build", "-o", "it.wasm"]).succeeds();
    assert!(projects[won[0]].read_bytes("it.wasm") == served);
}
