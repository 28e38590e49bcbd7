//! Which templates are stacks of their own and which are nested in others, and where all of them
//! are deployed.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::super::environment::Environment;
use super::super::item::Item;
use super::super::manifest::Named;
use super::super::symbols;
use super::{Stack, World};
use crate::model::Warning;

/// How deep stacks may be nested.
const DEEPEST: usize = 8;

/// How many stacks are read together.
const MOST_STACKS: usize = 4_000;

impl World<'_> {
    /// Makes stacks of all templates.
    pub(in super::super) fn deploy(
        &mut self,
        named: &[Named],
        assets: &HashMap<String, String>,
    ) -> Vec<Warning> {
        let (nested, missing) = self.nested(assets);
        let inner: BTreeSet<usize> = nested.values().map(|(template, _)| *template).collect();
        let roots: Vec<usize> =
            (0..self.templates.len()).filter(|at| !inner.contains(at)).collect();
        let names = self.names(&roots, named);
        for (template, name, environment) in names {
            self.make(template, &name, &environment, None, &nested, 0);
        }
        let mut warnings = Vec::new();
        for ((template, resource), (inner, sure)) in &nested {
            let (Some(outer), Some(inner)) =
                (self.templates.get(*template), self.templates.get(*inner))
            else {
                continue;
            };
            let Some(declared) = outer.resources.get(*resource).filter(|_| !sure) else { continue };
            let text = format!(
                "the nested stack {} of {} is taken to be {}, which has the name that its address ends with",
                declared.name, outer.file, inner.file
            );
            warnings.push(Warning { code: "nested-by-name", text, on: None });
        }
        for (template, resource) in missing {
            let Some(outer) = self.templates.get(template) else { continue };
            let Some(declared) = outer.resources.get(resource) else { continue };
            let text = format!(
                "the template of the nested stack {} of {} is not given: what it declares is not in the model",
                declared.name, outer.file
            );
            warnings.push(Warning { code: "nested-not-given", text, on: None });
        }
        warnings
    }

    /// The template of every nested stack that is given, and whether that is certain; and the nested
    /// stacks whose templates are not.
    fn nested(&self, assets: &HashMap<String, String>) -> (Nested, Vec<(usize, usize)>) {
        let mut by_file: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, template) in self.templates.iter().enumerate() {
            by_file.entry(base(template.file)).or_default().push(at);
        }
        let (mut found, mut missing) = (Nested::new(), Vec::new());
        for (at, template) in self.templates.iter().enumerate() {
            for (resource, declared) in template.resources.iter().enumerate() {
                let kinds = ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"];
                if !kinds.contains(&declared.kind.as_str()) {
                    continue;
                }
                let properties = declared.properties(template.text);
                let address = ["TemplateURL", "Location"].into_iter();
                let address = address.filter_map(|name| ending(properties.get(name)?)).next();
                let (path, sure) = match (&declared.asset, address) {
                    (Some(asset), _) => (asset.clone(), true),
                    // Files of CDK go by hashes, of which its lists tell.
                    (None, Some(address)) if assets.contains_key(base(&address)) => {
                        (assets.get(base(&address)).cloned().unwrap_or_default(), true)
                    }
                    (None, Some(address)) => {
                        let sure = !address.contains("://") && !address.contains("${");
                        (address, sure)
                    }
                    (None, None) => {
                        missing.push((at, resource));
                        continue;
                    }
                };
                let named = by_file.get(base(&path)).map_or(&[][..], Vec::as_slice);
                match self.nearest(at, &path, named) {
                    Some(one) => drop(found.insert((at, resource), (one, sure))),
                    None => missing.push((at, resource)),
                }
            }
        }
        (found, missing)
    }

    /// Of the templates that are called like the end of a path, the one to which it leads from the
    /// folder of its parent; else the only one whose path ends with all of it, or with most of the
    /// path of an address elsewhere.
    fn nearest(&self, parent: usize, path: &str, named: &[usize]) -> Option<usize> {
        let file = |at: usize| {
            let file = self.templates.get(at).map_or("", |template| template.file);
            straight(parts(file))
        };
        let others = named.iter().copied().filter(|at| *at != parent);
        let own = file(parent);
        let folder = own.split_last().map_or(&[][..], |(_, folder)| folder);
        let wanted = straight(folder.iter().copied().chain(parts(path)));
        if let Some(exact) = others.clone().find(|at| file(*at) == wanted) {
            return Some(exact);
        }
        let here: Vec<&str> = parts(path).skip_while(|part| *part == "..").collect();
        let common = |at: usize| {
            let file = file(at);
            let both = file.iter().rev().zip(here.iter().rev());
            both.take_while(|(one, other)| one == other).count()
        };
        let elsewhere = path.contains("://") || path.contains("${") || path.starts_with('/');
        let least = if elsewhere { 1 } else { here.len() };
        let most = others.clone().map(common).max().filter(|most| *most >= least)?;
        let mut best = others.filter(|at| common(*at) == most);
        let first = best.next()?;
        best.next().is_none().then_some(first)
    }

    /// The stacks that stand by themselves, each with its name, which no other has.
    fn names(&self, roots: &[usize], named: &[Named]) -> Vec<(usize, String, Environment)> {
        let mut all: Vec<(usize, String, Environment)> = Vec::new();
        for at in roots {
            let Some(template) = self.templates.get(*at) else { continue };
            let before = all.len();
            for of in named.iter().filter(|of| of.file == template.file) {
                let mut environment = of.environment.clone();
                environment.or(&template.environment);
                all.push((*at, of.stack.clone(), environment));
            }
            if all.len() == before {
                all.push((*at, stem(template.file), template.environment.clone()));
            }
        }
        let mut count: HashMap<String, usize> = HashMap::new();
        for (_, name, _) in &all {
            *count.entry(name.clone()).or_default() += 1;
        }
        let mut taken = BTreeSet::new();
        for (at, name, _) in &mut all {
            if count.get(name).is_some_and(|count| *count > 1) {
                let file = self.templates.get(*at).map_or("", |template| template.file);
                if let Some((folder, _)) = file.rsplit_once('/') {
                    *name = format!("{}/{name}", base(folder));
                }
            }
            let plain = name.clone();
            let mut number = 2_usize;
            while !taken.insert(name.clone()) {
                *name = format!("{plain}-{number}");
                number += 1;
            }
        }
        all
    }

    fn make(
        &mut self,
        template: usize,
        prefix: &str,
        environment: &Environment,
        parent: Option<(usize, usize)>,
        nested: &Nested,
        depth: usize,
    ) {
        if depth > DEEPEST || self.stacks.len() >= MOST_STACKS {
            return;
        }
        let own = self.stacks.len();
        let mut environment = environment.clone();
        if let Some(template) = self.templates.get(template) {
            environment.or(&template.environment);
        }
        self.stacks.push(Stack {
            template,
            prefix: prefix.to_owned(),
            parent,
            nested: HashMap::new(),
            environment: environment.clone(),
        });
        let inner: Vec<(usize, usize)> = nested
            .range((template, 0)..(template + 1, 0))
            .map(|((_, resource), (inner, _))| (*resource, *inner))
            .collect();
        for (resource, inner) in inner {
            let name = self.templates.get(template).and_then(|it| it.resources.get(resource));
            let Some(name) = name.map(|declared| declared.name.clone()) else { continue };
            let at = self.stacks.len();
            let prefix = format!("{prefix}/{name}");
            self.make(inner, &prefix, &environment, Some((own, resource)), nested, depth + 1);
            let made = self.stacks.len() > at;
            if let Some(stack) = self.stacks.get_mut(own).filter(|_| made) {
                stack.nested.insert(name, at);
            }
        }
    }

    /// Stacks that import from each other are in one region and one account: what one says of them
    /// holds for the others, too.
    pub(in super::super) fn settle_environments(&mut self) {
        let complete = |it: &Environment| it.region.is_some() && it.account.is_some();
        let knows = |it: &Environment| it.region.is_some() || it.account.is_some();
        let all = || self.stacks.iter().map(|stack| &stack.environment);
        if all().all(complete) || !all().any(knows) {
            return;
        }
        for stack in 0..self.stacks.len() {
            let count = self.template(stack).map_or(0, |template| template.resources.len());
            for resource in 0..count {
                let _ = symbols::properties(self, stack, resource, 0);
            }
        }
        let imports: Vec<(usize, usize)> = self.imports.borrow().iter().copied().collect();
        let mut changed = true;
        while changed {
            changed = false;
            for (one, two) in imports.iter().flat_map(|(one, two)| [(*one, *two), (*two, *one)]) {
                let Some(known) = self.stacks.get(two).map(|it| it.environment.clone()) else {
                    continue;
                };
                if let Some(stack) = self.stacks.get_mut(one) {
                    let before = stack.environment.clone();
                    stack.environment.or(&known);
                    changed |= before != stack.environment;
                }
            }
        }
        // What was computed on the way did not know.
        self.memo.borrow_mut().clear();
        self.rivals.borrow_mut().clear();
        *self.egress.borrow_mut() = None;
        *self.exports.borrow_mut() = None;
        *self.own_names.borrow_mut() = None;
        self.named_by.borrow_mut().clear();
    }
}

/// Nested stacks: template and resource, and the template inside, and whether that is certain.
type Nested = BTreeMap<(usize, usize), (usize, bool)>;

/// The end of an address, as far as it is written: a text, a `Fn::Sub` or a `Fn::Join` of it.
fn ending(address: &Item) -> Option<String> {
    let text = match address.entries() {
        [] => address.text()?,
        [only] if only.key == "Fn::Sub" => match only.item.list() {
            Some(list) => list.first()?.text()?,
            None => only.item.text()?,
        },
        [only] if only.key == "Fn::Join" => only.item.list()?.get(1)?.list()?.last()?.text()?,
        _ => return None,
    };
    let known = !base(text).contains('}') && !base(text).is_empty();
    known.then(|| text.to_owned())
}

/// The parts of a path.
fn parts(path: &str) -> impl DoubleEndedIterator<Item = &str> + Clone {
    path.split(['?', '#'])
        .next()
        .unwrap_or(path)
        .split(['/', '\\'])
        .filter(|it| !it.is_empty() && *it != ".")
}

/// Parts without the ways up in them.
fn straight<'p>(parts: impl Iterator<Item = &'p str>) -> Vec<&'p str> {
    let mut all: Vec<&str> = Vec::new();
    for part in parts {
        match (part, all.last()) {
            ("..", Some(last)) if *last != ".." => drop(all.pop()),
            (part, _) => all.push(part),
        }
    }
    all
}

/// The last part of a path.
fn base(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or(path);
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// The name of a stack, by its file: as CDK and most people name their files.
fn stem(file: &str) -> String {
    const ENDS: [&str; 9] = [
        ".nested.template.json",
        ".template.json",
        ".template.yaml",
        ".template.yml",
        ".template",
        ".json",
        ".yaml",
        ".yml",
        ".txt",
    ];
    let name = base(file);
    let name = ENDS.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
    if name.is_empty() || name == "-" { "stack".to_owned() } else { name.to_owned() }
}
