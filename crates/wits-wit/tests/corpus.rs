//! The inputs of wit-parser's and wit-component's own tests, read where cargo put them: whatever of them is a package that
//! can be built survives the round trip, and nothing of the rest makes anything panic.

mod packages;

use std::path::{Path, PathBuf};
use std::process::Command;

use packages::Known;
use wits_wit::{BuildOptions, Dependency, SourceFile, SourcePackage, WitError, build, check};

/// What became of an input.
#[derive(Debug, PartialEq)]
enum Outcome {
    /// It does not parse, it does not resolve, or it has no binary form.
    Refused,
    /// It is built, and what is printed from it means the same.
    Survived,
}

#[test]
fn what_builds_survives_the_round_trip() {
    let inputs = inputs();
    assert!(inputs.len() > 250, "{}", inputs.len());
    let mut survived = 0;
    let mut wrong = Vec::new();
    for input in inputs {
        match round_trip(&input) {
            Ok(Outcome::Survived) => survived += 1,
            Ok(Outcome::Refused) => {}
            Err(reason) => wrong.push(format!("{}: {reason}", input.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(survived > 55, "{survived}");
}

fn round_trip(input: &Path) -> Result<Outcome, String> {
    let Ok((root, deps)) = read(input) else {
        return Ok(Outcome::Refused);
    };
    let closure: Vec<_> = deps.iter().cloned().map(Dependency::Text).collect();
    let plain = check(root.clone(), closure.clone());
    let Ok(built) = build(root.clone(), closure.clone(), &BuildOptions::default()) else {
        return Ok(Outcome::Refused);
    };
    let mut known = Known::default();
    for dep in &deps {
        if let Ok(built) = build(dep.clone(), others(&deps, dep), &BuildOptions::default()) {
            known.add(&built.package);
        }
    }
    let text = built.package.print(&known).map_err(|e| e.to_string())?;
    let again = packages::try_package(&text).map_err(|e| format!("{e}\n{text}"))?;
    if plain.is_ok() {
        check(again.clone(), closure.clone())
            .map_err(|e| format!("without features: {e}\n{text}"))?;
    }
    let rebuilt = build(again.clone(), closure, &BuildOptions::default())
        .map_err(|e| format!("with features: {e}\n{text}"))?;
    if rebuilt.package.model().digest() != built.package.model().digest() {
        return Err(format!("it means something else\n{text}"));
    }
    Ok(Outcome::Survived)
}

fn others(deps: &[SourcePackage], dep: &SourcePackage) -> Vec<Dependency> {
    let others = deps
        .iter()
        .filter(|other| other.reference() != dep.reference());
    others.cloned().map(Dependency::Text).collect()
}

/// A package and its dependencies, as `wit` and `wit/deps` hold them.
fn read(input: &Path) -> Result<(SourcePackage, Vec<SourcePackage>), WitError> {
    let root = SourcePackage::parse(files(input))?;
    let deps = entries(&input.join("deps"));
    let deps = deps.iter().map(|dep| SourcePackage::parse(files(dep)));
    Ok((root, deps.collect::<Result<_, _>>()?))
}

fn files(path: &Path) -> Vec<SourceFile> {
    let paths = if path.is_dir() {
        entries(path)
    } else {
        vec![path.to_owned()]
    };
    let wit = |path: &PathBuf| path.is_file() && path.extension().is_some_and(|e| e == "wit");
    paths
        .into_iter()
        .filter(wit)
        .map(|path| SourceFile {
            bytes: std::fs::read(&path).unwrap(),
            path,
        })
        .collect()
}

fn entries(dir: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    paths
}

/// `tests/ui` of wit-parser and `tests/interfaces` of wit-component: files and directories, each a
/// package.
fn inputs() -> Vec<PathBuf> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--format-version", "1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let tests = |name: &str| {
        let packages = metadata["packages"].as_array().unwrap();
        let package = packages
            .iter()
            .find(|package| package["name"] == name)
            .unwrap();
        let manifest = Path::new(package["manifest_path"].as_str().unwrap());
        manifest.with_file_name("tests")
    };
    let mut inputs = entries(&tests("wit-parser").join("ui"));
    inputs.extend(entries(&tests("wit-parser").join("ui/parse-fail")));
    inputs.extend(entries(&tests("wit-component").join("interfaces")));
    inputs.retain(|path| path.is_dir() || path.extension().is_some_and(|e| e == "wit"));
    inputs
}
