//! Items as short WIT-like text, for messages.
//!
//! This is not a printer: types of the scope at hand are named as its source names them, those of
//! others by package and interface, and where two definitions differ in one field of many, the rest is
//! left out.

use std::fmt::Write as _;

use super::item::{Direction, Function, FunctionKind, WorldItem, WorldKey};
use super::types::{Scope, Type, TypeDef, TypeKind, TypeRef};

/// A function: `now: func() -> instant`.
pub(super) fn function(function: &Function, here: &Scope) -> String {
    let is_static = matches!(
        function.kind,
        FunctionKind::Static(_) | FunctionKind::StaticGetter(_) | FunctionKind::StaticSetter(_)
    );
    let keyword = match function.kind {
        FunctionKind::Constructor(_) => "constructor",
        FunctionKind::Getter | FunctionKind::MethodGetter(_) | FunctionKind::StaticGetter(_) => {
            "get"
        }
        FunctionKind::Setter | FunctionKind::MethodSetter(_) | FunctionKind::StaticSetter(_) => {
            "set"
        }
        _ => "func",
    };
    let mut out = String::new();
    if let Some(resource) = function.kind.resource() {
        out.push_str(resource);
        out.push('.');
    }
    if !matches!(function.kind, FunctionKind::Constructor(_)) {
        out.push_str(&function.name);
        out.push_str(": ");
    }
    if is_static {
        out.push_str("static ");
    }
    if function.is_async {
        out.push_str("async ");
    }
    out.push_str(keyword);
    out.push('(');
    for (position, param) in function.params.iter().enumerate() {
        separate(&mut out, position);
        out.push_str(&param.name);
        out.push_str(": ");
        ty(&mut out, &param.ty, here);
    }
    out.push(')');
    if let Some(result) = &function.result {
        out.push_str(" -> ");
        ty(&mut out, result, here);
    }
    with_external_id(out, function.external_id.as_deref())
}

/// Two definitions of `name`, each without what they have in common if they are lists of one kind.
pub(super) fn type_defs(name: &str, a: &TypeDef, b: &TypeDef, here: &Scope) -> (String, String) {
    let (of_a, of_b) = (entries(a, here), entries(b, here));
    let same_kind = std::mem::discriminant(&a.kind) == std::mem::discriminant(&b.kind);
    if !same_kind || of_a == of_b {
        return (type_def(name, a, here), type_def(name, b, here));
    }
    let before = of_a.iter().zip(&of_b).take_while(|(a, b)| a == b).count();
    let after = of_a[before..]
        .iter()
        .rev()
        .zip(of_b[before..].iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    (
        braced(name, a, &of_a, before, after),
        braced(name, b, &of_b, before, after),
    )
}

/// A definition: `record instant { seconds: u64 }`, `type a = u32`, `use wasi:io/poll.{pollable}`.
pub(super) fn type_def(name: &str, def: &TypeDef, here: &Scope) -> String {
    let out = match &def.kind {
        TypeKind::Resource => format!("resource {name}"),
        TypeKind::Alias(Type::Named(target)) if *target.scope != *here => {
            let renamed = if target.name == name {
                String::new()
            } else {
                format!(" as {name}")
            };
            format!("use {}.{{{}{renamed}}}", target.scope, target.name)
        }
        TypeKind::Alias(target) => {
            let mut out = format!("type {name} = ");
            ty(&mut out, target, here);
            out
        }
        _ => return braced(name, def, &entries(def, here), 0, 0),
    };
    with_external_id(out, def.external_id.as_deref())
}

/// An item of a world: `import wasi:io/poll@0.2.12`.
pub(super) fn world_item(
    direction: Direction,
    key: &WorldKey,
    item: &WorldItem,
    here: &Scope,
) -> String {
    let name = world_key(key);
    match item {
        WorldItem::Interface { interface, .. } => match key {
            WorldKey::Interface(_) => format!("{direction} {name}"),
            WorldKey::Name(_) => format!("{direction} {name}: {interface}"),
        },
        WorldItem::Inline { interface, .. } => {
            let mut names: Vec<&str> = interface.types.keys().map(String::as_str).collect();
            names.extend(interface.functions.keys().map(String::as_str));
            format!("{direction} {name}: interface {{ {} }}", names.join(", "))
        }
        WorldItem::Function(item) => format!("{direction} {}", function(item, here)),
        WorldItem::Type(def) => type_def(&name, def, here),
    }
}

/// What an item of a world is known by.
pub(super) fn world_key(key: &WorldKey) -> String {
    match key {
        WorldKey::Interface(interface) => interface.to_string(),
        WorldKey::Name(name) => name.clone(),
    }
}

fn entries(def: &TypeDef, here: &Scope) -> Vec<String> {
    match &def.kind {
        TypeKind::Record(fields) => fields
            .iter()
            .map(|field| {
                let mut out = format!("{}: ", field.name);
                ty(&mut out, &field.ty, here);
                out
            })
            .collect(),
        TypeKind::Variant(cases) => cases
            .iter()
            .map(|case| {
                let mut out = case.name.clone();
                if let Some(payload) = &case.ty {
                    out.push('(');
                    ty(&mut out, payload, here);
                    out.push(')');
                }
                out
            })
            .collect(),
        TypeKind::Enum(labels) | TypeKind::Flags(labels) => {
            labels.iter().map(|label| label.name.clone()).collect()
        }
        TypeKind::Resource | TypeKind::Alias(_) => Vec::new(),
    }
}

/// `record name { …, field: u32, … }`, without the first `before` and the last `after` entries.
fn braced(name: &str, def: &TypeDef, entries: &[String], before: usize, after: usize) -> String {
    let keyword = match def.kind {
        TypeKind::Record(_) => "record",
        TypeKind::Variant(_) => "variant",
        TypeKind::Enum(_) => "enum",
        TypeKind::Flags(_) => "flags",
        TypeKind::Resource => "resource",
        TypeKind::Alias(_) => "type",
    };
    let mut shown: Vec<&str> = Vec::new();
    if before > 0 {
        shown.push("…");
    }
    shown.extend(
        entries[before..entries.len() - after]
            .iter()
            .map(String::as_str),
    );
    if after > 0 {
        shown.push("…");
    }
    let out = format!("{keyword} {name} {{ {} }}", shown.join(", "));
    with_external_id(out, def.external_id.as_deref())
}

fn with_external_id(text: String, id: Option<&str>) -> String {
    match id {
        Some(id) => format!("@external-id({id:?}) {text}"),
        None => text,
    }
}

fn separate(out: &mut String, position: usize) {
    if position > 0 {
        out.push_str(", ");
    }
}

fn ty(out: &mut String, of: &Type, here: &Scope) {
    match of {
        Type::Bool => out.push_str("bool"),
        Type::U8 => out.push_str("u8"),
        Type::U16 => out.push_str("u16"),
        Type::U32 => out.push_str("u32"),
        Type::U64 => out.push_str("u64"),
        Type::S8 => out.push_str("s8"),
        Type::S16 => out.push_str("s16"),
        Type::S32 => out.push_str("s32"),
        Type::S64 => out.push_str("s64"),
        Type::F32 => out.push_str("f32"),
        Type::F64 => out.push_str("f64"),
        Type::Char => out.push_str("char"),
        Type::String => out.push_str("string"),
        Type::ErrorContext => out.push_str("error-context"),
        Type::Named(name) | Type::Own(name) => type_ref(out, name, here),
        Type::Borrow(resource) => {
            out.push_str("borrow<");
            type_ref(out, resource, here);
            out.push('>');
        }
        Type::List(item) => built(out, "list", &[item], here),
        Type::FixedLengthList(item, length) => {
            out.push_str("list<");
            ty(out, item, here);
            // Writing to a string does not fail.
            let _ = write!(out, ", {length}>");
        }
        Type::Map(key, value) => built(out, "map", &[key, value], here),
        Type::Option(some) => built(out, "option", &[some], here),
        Type::Result(None, None) => out.push_str("result"),
        Type::Result(Some(ok), None) => built(out, "result", &[ok], here),
        Type::Result(None, Some(error)) => {
            out.push_str("result<_, ");
            ty(out, error, here);
            out.push('>');
        }
        Type::Result(Some(ok), Some(error)) => built(out, "result", &[ok, error], here),
        Type::Tuple(types) => built(out, "tuple", &types.iter().collect::<Vec<_>>(), here),
        Type::Future(None) => out.push_str("future"),
        Type::Future(Some(payload)) => built(out, "future", &[payload], here),
        Type::Stream(None) => out.push_str("stream"),
        Type::Stream(Some(payload)) => built(out, "stream", &[payload], here),
    }
}

fn built(out: &mut String, name: &str, types: &[&Type], here: &Scope) {
    out.push_str(name);
    out.push('<');
    for (position, part) in types.iter().enumerate() {
        separate(out, position);
        ty(out, part, here);
    }
    out.push('>');
}

fn type_ref(out: &mut String, name: &TypeRef, here: &Scope) {
    if *name.scope != *here {
        let _ = write!(out, "{}.", name.scope);
    }
    out.push_str(&name.name);
}
