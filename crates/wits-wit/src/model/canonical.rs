//! The canonical form and its digest.
//!
//! `docs/reference/canonical-wit.md` specifies the form completely and has test vectors; this is one
//! implementation of it. The form is text because people have to find out why two digests differ. It
//! never changes: a better one would be another first line, and another key in `wits.lock`.

use std::fmt::Write as _;

use wits_model::Digest;

use super::Package;
use super::item::{Direction, Function, Interface, Stability, WorldItem, WorldKey};
use super::types::{Type, TypeDef, TypeKind, TypeRef};

const HEADER: &str = "wits canonical WIT 1";

impl Package {
    /// The canonical WIT digest: what `wit = "sha256:…"` in `wits.lock` says.
    pub fn digest(&self) -> Digest {
        Digest::of(self.canonical_form())
    }

    /// The text that [`Self::digest`] is the sha256 of, to see why two digests differ.
    pub fn canonical_form(&self) -> String {
        let mut form = Form::new(true);
        form.line(&[HEADER]);
        form.line(&["package", &self.reference.to_string()]);
        for (name, interface) in &self.interfaces {
            form.line(&["interface", name]);
            form.gate(&interface.stability);
            form.interface(interface);
        }
        for (name, world) in &self.worlds {
            form.line(&["world", name]);
            form.gate(&world.stability);
            let imports = world.imports.iter().map(|(k, i)| (Direction::Import, k, i));
            let exports = world.exports.iter().map(|(k, i)| (Direction::Export, k, i));
            let mut items: Vec<String> = imports
                .chain(exports)
                .map(|(direction, key, item)| world_item(direction, key, item, true))
                .collect();
            // Their first lines differ, and a line feed comes before all that stands in a line, so
            // this is the order of the first lines.
            items.sort_unstable();
            form.out.extend(items);
        }
        form.out
    }
}

/// One item of a world, as the form has it.
pub(super) fn world_item(
    direction: Direction,
    key: &WorldKey,
    item: &WorldItem,
    gates: bool,
) -> String {
    let mut form = Form::new(gates);
    let direction = direction.to_string();
    let name = match key {
        WorldKey::Interface(interface) => interface.to_string(),
        WorldKey::Name(name) => name.clone(),
    };
    match item {
        WorldItem::Interface {
            interface,
            needed,
            stability,
            external_id,
            ..
        } => {
            match key {
                WorldKey::Interface(_) => form.line(&[&direction, "interface", &name]),
                WorldKey::Name(_) => {
                    let interface = interface.to_string();
                    form.line(&[&direction, "implements", &name, &interface]);
                }
            }
            if !needed {
                form.gate(stability);
                form.external_id(external_id.as_deref());
            }
        }
        WorldItem::Inline {
            interface,
            external_id,
            ..
        } => {
            form.line(&[&direction, "inline", &name]);
            form.gate(&interface.stability);
            form.external_id(external_id.as_deref());
            form.interface(interface);
        }
        WorldItem::Function(function) => {
            form.line(&[&direction, "func", &name]);
            form.function(function);
        }
        WorldItem::Type(ty) => {
            form.line(&[&direction, "type", &name, kind(&ty.kind)]);
            form.type_def(ty);
        }
    }
    form.out
}

/// What the form says of a type after its name.
pub(super) fn type_def(ty: &TypeDef, gates: bool) -> String {
    let mut form = Form::new(gates);
    form.line(&[kind(&ty.kind)]);
    form.type_def(ty);
    form.out
}

/// What the form says of a function after its name.
pub(super) fn function(function: &Function, gates: bool) -> String {
    let mut form = Form::new(gates);
    form.function(function);
    form.out
}

struct Form {
    out: String,
    gates: bool,
}

impl Form {
    fn new(gates: bool) -> Self {
        Self {
            out: String::new(),
            gates,
        }
    }

    fn line(&mut self, words: &[&str]) {
        for (position, word) in words.iter().enumerate() {
            if position > 0 {
                self.out.push(' ');
            }
            self.out.push_str(word);
        }
        self.out.push('\n');
    }

    fn gate(&mut self, gate: &Stability) {
        if !self.gates {
            return;
        }
        let deprecated = match gate {
            Stability::Unknown => &None,
            Stability::Stable { since, deprecated } => {
                self.line(&["gate since", &since.to_string()]);
                deprecated
            }
            Stability::Unstable {
                feature,
                deprecated,
            } => {
                self.line(&["gate unstable", &counted(feature)]);
                deprecated
            }
        };
        if let Some(version) = deprecated {
            self.line(&["deprecated", &version.to_string()]);
        }
    }

    fn external_id(&mut self, id: Option<&str>) {
        if let Some(id) = id {
            self.line(&["external-id", &counted(id)]);
        }
    }

    fn interface(&mut self, interface: &Interface) {
        for (name, ty) in &interface.types {
            self.line(&["type", name, kind(&ty.kind)]);
            self.type_def(ty);
        }
        for (name, function) in &interface.functions {
            self.line(&["func", name]);
            self.function(function);
        }
    }

    fn type_def(&mut self, def: &TypeDef) {
        self.gate(&def.stability);
        self.external_id(def.external_id.as_deref());
        match &def.kind {
            TypeKind::Resource => {}
            TypeKind::Alias(ty) => {
                self.out.push_str("is ");
                self.ty(ty);
                self.out.push('\n');
            }
            TypeKind::Record(fields) => {
                for field in fields {
                    self.typed("field", &field.name, Some(&field.ty));
                }
            }
            TypeKind::Variant(cases) => {
                for case in cases {
                    self.typed("case", &case.name, case.ty.as_ref());
                }
            }
            TypeKind::Enum(labels) => {
                for label in labels {
                    self.line(&["case", &label.name]);
                }
            }
            TypeKind::Flags(labels) => {
                for label in labels {
                    self.line(&["flag", &label.name]);
                }
            }
        }
    }

    fn function(&mut self, function: &Function) {
        self.gate(&function.stability);
        self.external_id(function.external_id.as_deref());
        if function.is_async {
            self.line(&["async"]);
        }
        for param in &function.params {
            self.typed("param", &param.name, Some(&param.ty));
        }
        if let Some(ty) = &function.result {
            self.out.push_str("result ");
            self.ty(ty);
            self.out.push('\n');
        }
    }

    fn typed(&mut self, keyword: &str, name: &str, ty: Option<&Type>) {
        self.out.push_str(keyword);
        self.out.push(' ');
        self.out.push_str(name);
        if let Some(ty) = ty {
            self.out.push(' ');
            self.ty(ty);
        }
        self.out.push('\n');
    }

    fn ty(&mut self, ty: &Type) {
        match ty {
            Type::Bool => self.out.push_str("bool"),
            Type::U8 => self.out.push_str("u8"),
            Type::U16 => self.out.push_str("u16"),
            Type::U32 => self.out.push_str("u32"),
            Type::U64 => self.out.push_str("u64"),
            Type::S8 => self.out.push_str("s8"),
            Type::S16 => self.out.push_str("s16"),
            Type::S32 => self.out.push_str("s32"),
            Type::S64 => self.out.push_str("s64"),
            Type::F32 => self.out.push_str("f32"),
            Type::F64 => self.out.push_str("f64"),
            Type::Char => self.out.push_str("char"),
            Type::String => self.out.push_str("string"),
            Type::ErrorContext => self.out.push_str("error-context"),
            Type::Named(name) => self.type_ref(name),
            Type::Own(resource) => {
                self.out.push_str("own<");
                self.type_ref(resource);
                self.out.push('>');
            }
            Type::Borrow(resource) => {
                self.out.push_str("borrow<");
                self.type_ref(resource);
                self.out.push('>');
            }
            Type::List(ty) => self.built("list", [Some(&**ty)]),
            Type::FixedLengthList(ty, length) => {
                self.out.push_str("list<");
                self.ty(ty);
                // Writing to a string does not fail.
                let _ = write!(self.out, ",{length}>");
            }
            Type::Map(key, value) => self.built("map", [Some(&**key), Some(&**value)]),
            Type::Option(ty) => self.built("option", [Some(&**ty)]),
            Type::Result(ok, err) => self.built("result", [ok.as_deref(), err.as_deref()]),
            Type::Tuple(types) => self.built("tuple", types.iter().map(Some)),
            Type::Future(ty) => self.built("future", [ty.as_deref()]),
            Type::Stream(ty) => self.built("stream", [ty.as_deref()]),
        }
    }

    fn type_ref(&mut self, name: &TypeRef) {
        let _ = write!(self.out, "{}#{}", name.scope, name.name);
    }

    fn built<'a>(&mut self, name: &str, types: impl IntoIterator<Item = Option<&'a Type>>) {
        self.out.push_str(name);
        self.out.push('<');
        for (position, ty) in types.into_iter().enumerate() {
            if position > 0 {
                self.out.push(',');
            }
            match ty {
                Some(ty) => self.ty(ty),
                None => self.out.push('_'),
            }
        }
        self.out.push('>');
    }
}

fn kind(kind: &TypeKind) -> &'static str {
    match kind {
        TypeKind::Record(_) => "record",
        TypeKind::Variant(_) => "variant",
        TypeKind::Enum(_) => "enum",
        TypeKind::Flags(_) => "flags",
        TypeKind::Resource => "resource",
        TypeKind::Alias(_) => "alias",
    }
}

/// A string that may hold anything, line feeds too: its length in bytes, `:`, and its bytes.
fn counted(text: &str) -> String {
    format!("{}:{text}", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gated(feature: &str, functions: &[&str]) -> String {
        let function = Function {
            kind: super::super::FunctionKind::Freestanding,
            name: String::new(),
            is_async: false,
            params: Vec::new(),
            result: None,
            stability: Stability::Unknown,
            external_id: None,
            docs: None,
        };
        let interface = Interface {
            types: std::collections::BTreeMap::new(),
            functions: functions
                .iter()
                .map(|name| ((*name).to_owned(), function.clone()))
                .collect(),
            stability: Stability::Unstable {
                feature: feature.to_owned(),
                deprecated: None,
            },
            docs: None,
        };
        let package = Package {
            reference: "t:t".parse().unwrap(),
            docs: None,
            interfaces: [("i".to_owned(), interface)].into(),
            worlds: std::collections::BTreeMap::new(),
        };
        package.canonical_form()
    }

    #[test]
    fn a_feature_that_is_no_identifier_forges_no_line() {
        // The section of a binary that holds gates is JSON, and nothing checks the strings in it.
        let honest = gated("x", &["f"]);
        assert_eq!(
            honest,
            "wits canonical WIT 1\npackage t:t\ninterface i\ngate unstable 1:x\nfunc f\n"
        );
        assert_ne!(gated("x\nfunc f", &[]), honest);
        assert_ne!(gated("1:x\nfunc f", &[]), honest);
    }
}
