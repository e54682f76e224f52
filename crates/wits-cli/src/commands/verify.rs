//! `wits verify`, and `wits cache verify`

use std::collections::BTreeMap;

use serde_json::{Value, json};
use wits::model::ErrorKind;
use wits::ops::verify::{self, CacheVerified, Finding, FindingKind, Other, Repair, Verified};

use super::cache::{human, in_words, stock};
use super::{Failure, Session, plural};
use crate::args::Verify;
use crate::diagnostic;

pub(crate) fn run(session: &Session<'_>, args: &Verify) -> Result<(), Failure> {
    let workspace = if args.cache {
        session.workspace_if_any()?
    } else {
        Some(session.workspace()?)
    };
    let mut options = verify::Verify::default();
    options.fix = args.fix;
    let project = workspace
        .map(|workspace| wits::blocking::verify(&session.context, &workspace, &options))
        .transpose()?;
    // After the project, of which this would otherwise set aside what it is to tell.
    let cache = args
        .cache
        .then(|| verify::cache(&session.context, args.fix))
        .transpose()?;
    tell(session, project.as_ref(), cache.as_ref())
}

/// `wits cache verify`
pub(crate) fn cache(session: &Session<'_>, fix: bool) -> Result<(), Failure> {
    let cache = verify::cache(&session.context, fix)?;
    tell(session, None, Some(&cache))
}

fn tell(
    session: &Session<'_>,
    project: Option<&Verified>,
    cache: Option<&CacheVerified>,
) -> Result<(), Failure> {
    let mut findings: Vec<&Finding> = Vec::new();
    let mut repairs: Vec<&Repair> = Vec::new();
    if let Some(verified) = project {
        remarks(session, verified);
        findings.extend(&verified.findings);
        repairs.extend(&verified.repaired);
    }
    if let Some(cache) = cache {
        for path in &cache.foreign {
            remark(session, &format!("`{}` is not wits'", path.display()));
        }
        // What the project needs of it has been told.
        let told = |finding: &&Finding| {
            let mut told = findings.iter();
            told.any(|told| told.path == finding.path)
        };
        let others: Vec<&Finding> = cache.findings.iter().filter(|it| !told(it)).collect();
        findings.extend(others);
        repairs.extend(&cache.repaired);
    }
    for (index, finding) in findings.iter().enumerate() {
        // What is to be done about several is said under the last of them.
        let next = findings.get(index + 1);
        let with_help = next.is_none_or(|next| next.help != finding.help);
        let text = diagnostic::finding(finding, &session.here, with_help);
        session.printer.error(&text);
    }
    for repair in &repairs {
        let message = format!(
            "`{}`: {}; {}",
            repair.path.display(),
            repair.was,
            repair.done
        );
        session.printer.status("Repaired", &message);
    }
    summary(session, project, cache);
    verdict(session, &findings);
    session.printer.json(json!({
        "ok": findings.is_empty(),
        "findings": findings.iter().map(|it| json_finding(it)).collect::<Vec<_>>(),
        "repaired": repairs.iter().map(|it| json_repair(it)).collect::<Vec<_>>(),
        "project": project.map(json_project),
        "cache": cache.map(json_cache),
    }));
    let kinds = [
        project.and_then(Verified::error_kind),
        cache.and_then(CacheVerified::error_kind),
    ];
    let mut kinds = kinds.into_iter().flatten();
    match kinds.next() {
        None => Ok(()),
        Some(_) if kinds.any(|kind| kind == ErrorKind::Integrity) => {
            Err(Failure::Found(ErrorKind::Integrity))
        }
        Some(kind) => Err(Failure::Found(kind)),
    }
}

/// What is as it should be, and worth knowing.
fn remarks(session: &Session<'_>, verified: &Verified) {
    for other in &verified.others {
        let Other { path, package, .. } = other;
        let link = if other.is_link {
            ", a symbolic link"
        } else {
            ""
        };
        let path = path.display();
        let message = match package {
            Some(package) => format!("`{path}`{link} is yours and answers for `{package}`"),
            None if other.is_ignored => {
                format!("`{path}`{link} is not wits', and WIT tools pass it over")
            }
            None => format!("`{path}`{link} is not wits'"),
        };
        remark(session, &message);
    }
    for stamp in &verified.stale_stamps {
        let message = format!(
            "`{}` is of a run with another lock, other WIT or other routes than those of now; \
             what it vouches for was checked all the same",
            stamp.display()
        );
        remark(session, &message);
    }
    if verified.lock_is_rewritten {
        let message = "wits.lock says what it says in another form than wits writes";
        remark(session, message);
    }
}

fn remark(session: &Session<'_>, message: &str) {
    session.printer.note(&diagnostic::remark(message));
}

fn summary(session: &Session<'_>, project: Option<&Verified>, cache: Option<&CacheVerified>) {
    if let Some(verified) = project {
        let checked = &verified.checked;
        let mut parts = match checked.packages {
            Some(packages) => vec![format!("wits.lock with {}", plural(packages, "package"))],
            None => Vec::new(),
        };
        if checked.pins > 0 {
            let bytes = human(checked.blobs.bytes);
            let (blobs, pins) = (checked.blobs.count, checked.pins);
            parts.push(format!("the cached bytes of {blobs} of {pins} ({bytes})"));
        }
        let texts = usize::try_from(checked.texts.count).unwrap_or(usize::MAX);
        let against = if checked.compared_trees == checked.members {
            ""
        } else {
            ", against no more than the stamp"
        };
        let bytes = human(checked.texts.bytes);
        let entries = match texts {
            1 => "1 entry".to_owned(),
            _ => format!("{texts} entries"),
        };
        parts.push(format!("{entries} of wit/deps ({bytes}){against}"));
        session.printer.status("Checked", &parts.join(", "));
    }
    if let Some(cache) = cache {
        let mut message = in_words(cache.blobs, "package");
        if cache.set_aside.count > 0 {
            let set_aside = in_words(cache.set_aside, "damaged entry");
            message = format!("{message}; {set_aside} set aside before");
        }
        if cache.leftovers.count > 0 {
            let leftovers = in_words(cache.leftovers, "leftover");
            message = format!("{message}; {leftovers}");
        }
        session
            .printer
            .status("Checked", &format!("the cache: {message}"));
    }
}

/// How many of each kind there are, the gravest first.
fn verdict(session: &Session<'_>, findings: &[&Finding]) {
    if findings.is_empty() {
        session.printer.status("Verified", "all is as it should be");
        return;
    }
    let mut kinds: BTreeMap<FindingKind, usize> = BTreeMap::new();
    for finding in findings {
        *kinds.entry(finding.kind).or_default() += 1;
    }
    let kinds = kinds
        .iter()
        .map(|(kind, count)| format!("{count} {}", kind.name()));
    let kinds: Vec<String> = kinds.collect();
    session.printer.status("Found", &kinds.join(", "));
}

fn json_finding(finding: &Finding) -> Value {
    json!({
        "kind": finding.kind.name(),
        "path": finding.path.display().to_string(),
        "line": finding.span.as_ref().map(|span| span.line_column().0),
        "package": finding.package.as_ref().map(ToString::to_string),
        "message": finding.message,
        "expected": finding.expected,
        "found": finding.found,
        "help": finding.help,
    })
}

fn json_repair(repair: &Repair) -> Value {
    json!({
        "path": repair.path.display().to_string(),
        "package": repair.package.as_ref().map(ToString::to_string),
        "was": repair.was,
        "done": repair.done,
    })
}

fn json_project(verified: &Verified) -> Value {
    let checked = &verified.checked;
    let others = verified.others.iter();
    let others = others.map(|other| {
        json!({
            "path": other.path.display().to_string(),
            "package": other.package.as_ref().map(ToString::to_string),
        })
    });
    let stamps = verified.stale_stamps.iter();
    json!({
        "packages": checked.packages,
        "pins": checked.pins,
        "blobs": stock(checked.blobs),
        "entries": stock(checked.texts),
        "others": others.collect::<Vec<_>>(),
        "stale_stamps": stamps.map(|path| path.display().to_string()).collect::<Vec<_>>(),
    })
}

fn json_cache(cache: &CacheVerified) -> Value {
    let foreign = cache.foreign.iter();
    json!({
        "dir": cache.dir.display().to_string(),
        "blobs": stock(cache.blobs),
        "foreign": foreign.map(|path| path.display().to_string()).collect::<Vec<_>>(),
        "set_aside": stock(cache.set_aside),
        "leftovers": stock(cache.leftovers),
    })
}
