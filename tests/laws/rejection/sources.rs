//! The public functions of the four libraries, read from their sources: what the cases are held against.
//!
//! The lint `unreachable_pub` keeps every `pub` one that a user reaches, so `pub` is all there is to look for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use quote::ToTokens;
use syn::{
    Attribute, File, FnArg, ImplItem, Item, ItemImpl, ItemMacro, ReceiverKind, Signature, TraitItem, Type, Visibility,
};

const CRATES: [&str; 4] = ["autodiff", "nn", "optim", "train"];

/// Traits whose methods the laws over the catalogue call with any shapes and values.
const SWEPT: [&str; 3] = ["Op", "Real", "AnyScalar"];

/// A public function that can be handed something wrong.
pub(super) struct Function {
    pub(super) file: PathBuf,
    /// Whether its documentation says when it panics.
    pub(super) panics: bool,
}

/// They go by `Type::method`, or `module::function`.
pub(super) type Functions = BTreeMap<String, Function>;

pub(super) fn functions() -> Functions {
    let mut found = Functions::new();
    for name in CRATES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut files = Vec::new();
        read(&root.join(name).join("src"), &mut files);
        let items = || files.iter().flat_map(|(_, file)| &file.items);
        let known = Known {
            traits: items().filter_map(public_trait).collect(),
            aliases: items().filter_map(alias).collect(),
            macros: items().filter_map(method_macro).collect(),
        };
        for (path, file) in &files {
            let path = path.strip_prefix(root).unwrap();
            let mut note = |name, attributes: &[Attribute]| {
                let panics = documentation(attributes).contains("# Panics");
                found.insert(name, Function { file: path.to_owned(), panics });
            };
            known.collect(&file.items, &module_of(path), &mut note);
        }
    }
    found
}

fn read(folder: &Path, files: &mut Vec<(PathBuf, File)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("tests.rs") {
            let source = std::fs::read_to_string(&path).unwrap();
            files.push((path, syn::parse_file(&source).unwrap()));
        }
    }
}

/// `loss` for both `loss.rs` and `loss/mod.rs`.
fn module_of(path: &Path) -> String {
    let stem = path.file_stem().filter(|&stem| stem != "mod");
    stem.or_else(|| path.parent()?.file_name()).unwrap().to_string_lossy().into_owned()
}

fn public_trait(item: &Item) -> Option<String> {
    let Item::Trait(item) = item else { return None };
    let name = item.ident.to_string();
    (is_public(&item.vis) && !SWEPT.contains(&name.as_str())).then_some(name)
}

/// `pub type Adam<T> = Optimizer<T, AdamRule>`: the type by the name that users know it by.
fn alias(item: &Item) -> Option<(String, String)> {
    let Item::Type(item) = item else { return None };
    is_public(&item.vis).then(|| (item.ty.to_token_stream().to_string(), item.ident.to_string()))
}

/// A macro that makes of each row a method `pub fn $name` of a type: the macro's name and the type's.
fn method_macro(item: &Item) -> Option<(String, String)> {
    let Item::Macro(ItemMacro { ident: Some(name), mac, .. }) = item else { return None };
    let definition = mac.tokens.to_string();
    let (before, _) = definition.split_once("pub fn $")?;
    let (_, header) = before.rsplit_once("impl <")?;
    let words = header.split(|c: char| !c.is_alphanumeric());
    let owner =
        words.filter(|word| word.len() > 1 && word.starts_with(char::is_uppercase)).find(|&word| word != "Real");
    Some((name.to_string(), owner?.to_owned()))
}

/// The names that begin the rows of such a macro's call.
fn rows(mac: &syn::Macro) -> Vec<String> {
    let mut names = Vec::new();
    let mut at_start = true;
    for token in mac.tokens.clone() {
        match &token {
            proc_macro2::TokenTree::Ident(name) if at_start => {
                names.push(name.to_string());
                at_start = false;
            }
            proc_macro2::TokenTree::Punct(mark) => at_start |= mark.as_char() == ';',
            _ => {}
        }
    }
    names
}

/// What a crate defines, to read its items by.
struct Known {
    traits: Vec<String>,
    aliases: BTreeMap<String, String>,
    macros: BTreeMap<String, String>,
}

impl Known {
    fn collect(&self, items: &[Item], module: &str, note: &mut impl FnMut(String, &[Attribute])) {
        for item in items {
            match item {
                Item::Fn(item) if is_public(&item.vis) => note(format!("{module}::{}", item.sig.ident), &item.attrs),
                Item::Mod(inner) if !is_test(&inner.attrs) => {
                    let items = inner.content.as_ref().map_or(&[][..], |(_, items)| items);
                    self.collect(items, &inner.ident.to_string(), note);
                }
                Item::Impl(block) => self.methods(block, note),
                Item::Trait(item) if self.traits.contains(&item.ident.to_string()) => {
                    for method in &item.items {
                        let TraitItem::Fn(method) = method else { continue };
                        if method.default.is_some() && can_be_wrong(&method.sig, &method.attrs) {
                            note(format!("{}::{}", item.ident, method.sig.ident), &method.attrs);
                        }
                    }
                }
                Item::Macro(call) => {
                    let name = call.mac.path.get_ident().map(ToString::to_string).unwrap_or_default();
                    if let Some(owner) = self.macros.get(&name) {
                        rows(&call.mac).iter().for_each(|row| note(format!("{owner}::{row}"), &[]));
                    }
                }
                _ => {}
            }
        }
    }

    fn methods(&self, block: &ItemImpl, note: &mut impl FnMut(String, &[Attribute])) {
        let of_trait = block.trait_.as_ref().map(|(path, ..)| path.segments.last().unwrap().ident.to_string());
        for method in &block.items {
            let ImplItem::Fn(method) = method else { continue };
            let visible = of_trait.as_ref().map_or(is_public(&method.vis), |name| self.traits.contains(name));
            if visible && can_be_wrong(&method.sig, &method.attrs) {
                note(format!("{}::{}", self.owner(&block.self_ty), method.sig.ident), &method.attrs);
            }
        }
    }

    fn owner(&self, of: &Type) -> String {
        match (self.aliases.get(&of.to_token_stream().to_string()), of) {
            (Some(name), _) => name.clone(),
            (None, Type::Path(path)) => path.path.segments.last().unwrap().ident.to_string(),
            (None, Type::Reference(to)) => self.owner(&to.elem),
            (None, other) => other.to_token_stream().to_string(),
        }
    }
}

/// Not so a getter: a method of `&self` alone that gives a plain value and does not say where it panics.
fn can_be_wrong(signature: &Signature, attributes: &[Attribute]) -> bool {
    let shared = |kind: &ReceiverKind| matches!(kind, ReceiverKind::Reference(_, _, None));
    let reads = matches!(signature.inputs.first(), Some(FnArg::Receiver(this)) if shared(&this.kind));
    let fallible = signature.output.to_token_stream().to_string().contains("Result");
    !reads || signature.inputs.len() > 1 || fallible || documentation(attributes).contains("# Panics")
}

fn documentation(attributes: &[Attribute]) -> String {
    attributes.iter().filter(|a| a.path().is_ident("doc")).map(|a| a.to_token_stream().to_string()).collect()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|a| a.path().is_ident("cfg") && a.to_token_stream().to_string().contains("test"))
}
