//! All resource instances of all sources, merged, with the indexes by which they find each other.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use super::address::Index;
use super::config::{Call, Config, Module, Written};
use super::modules::{ModuleId, Modules};
use super::raw::{Action, Packed};
use super::wanted::{self, PREFIX_LIST, Wanted};
use crate::model::{Key, Location, Origin};

/// One resource instance, merged from every source that shows it.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) key: Key,
    pub(super) module: ModuleId,
    pub(super) data: bool,
    pub(super) kind: String,
    /// `aws_lb.b` or `data.aws_lb.b`: its name in its module, without its own index.
    pub(super) group: String,
    pub(super) index: Option<Index>,
    pub(super) action: Action,
    pub(super) value: Map<String, Value>,
    pub(super) unknown: Value,
    pub(super) before: Map<String, Value>,
    /// Which configuration it is written in, if a plan shows it.
    pub(super) config: Option<usize>,
    /// Where it and its parts are written, by their paths.
    pub(super) locations: Vec<(String, Location)>,
    /// Attributes that `value` will hold; see [`Graph::read_once`].
    pub(super) packed: Packed,
}

impl Resource {
    /// A known text attribute.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.value.get(name).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn forget(&mut self, names: &[&str]) {
        for name in names {
            self.value.swap_remove(*name);
            if let Value::Object(unknown) = &mut self.unknown {
                unknown.swap_remove(*name);
            }
        }
    }

    /// For the gateway endpoint whose prefix list has this id: the list's key, which is the name of
    /// the service.
    fn service_list(&self, id: &str) -> Option<Key> {
        let fits = self.kind == "aws_vpc_endpoint" && self.text("prefix_list_id") == Some(id);
        self.text("service_name").filter(|_| fits).map(Key::new)
    }
}

/// The instances of one resource block in one module instance.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// In the order of their keys.
    members: Vec<usize>,
    by_index: HashMap<Index, usize>,
}

/// Everything that was read, ready to be resolved.
#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) modules: Modules,
    resources: Vec<Resource>,
    configs: Vec<Config>,
    groups: HashMap<ModuleId, HashMap<String, Group>>,
    by_kind: HashMap<String, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
    by_key: HashMap<Key, usize>,
    /// Managed resources and data sources by module and type; only those of `Wanted::lone`.
    by_module: HashMap<(ModuleId, String), Vec<usize>>,
    former: Vec<(String, Key)>,
    /// How many references were followed so far.
    pub(super) followed: Cell<u64>,
}

/// How many resources are told apart that all have one name.
const MOST_NAMESAKES: usize = 64;

/// The attributes by which others may name a resource.
pub(in super::super) const NAMES: [&str; 18] = [
    "id",
    "arn",
    "dns_name",
    "domain_name",
    "endpoint",
    "reader_endpoint",
    "address",
    "invoke_arn",
    "qualified_arn",
    "arn_without_revision",
    "repository_url",
    "api_endpoint",
    "invoke_url",
    "allocation_id",
    "prefix_list_id",
    "primary_network_interface_id",
    "security_group_rule_id",
    "root_resource_id",
];

impl Graph {
    /// Indexes the merged resources.
    pub(super) fn new(
        modules: Modules,
        resources: Vec<Resource>,
        configs: Vec<Config>,
        former: Vec<(String, Key)>,
    ) -> Self {
        let mut graph = Self { modules, resources, configs, former, ..Self::default() };
        for (at, resource) in graph.resources.iter().enumerate() {
            graph.by_key.insert(resource.key.clone(), at);
            graph.by_kind.entry(resource.kind.clone()).or_default().push(at);
            if wanted::is_lone(&resource.kind) {
                let of = (resource.module, resource.kind.clone());
                graph.by_module.entry(of).or_default().push(at);
            }
            let group = graph.groups.entry(resource.module).or_default();
            let group = group.entry(resource.group.clone()).or_default();
            group.members.push(at);
            if let Some(index) = &resource.index {
                group.by_index.insert(index.clone(), at);
            }
            for name in NAMES {
                if let Some(text) = resource.text(name) {
                    let named = graph.by_name.entry(text.to_owned()).or_default();
                    if named.last() != Some(&at) && named.len() < MOST_NAMESAKES {
                        named.push(at);
                    }
                }
            }
        }
        let resources = &graph.resources;
        for group in graph.groups.values_mut().flat_map(HashMap::values_mut) {
            group.members.sort_by_key(|at| resources.get(*at).and_then(|r| r.index.as_ref()));
        }
        graph
    }

    /// All managed resources of these types.
    pub(super) fn of<'g>(&'g self, kinds: &'g [&str]) -> impl Iterator<Item = &'g Resource> {
        self.kinds(kinds).filter(|resource| !resource.data)
    }

    /// All resources of these types and, where no source manages the same thing, data sources.
    pub(super) fn of_either<'g>(&'g self, kinds: &'g [&str]) -> impl Iterator<Item = &'g Resource> {
        self.kinds(kinds).filter(|resource| !resource.data || self.stands_for_itself(resource))
    }

    fn kinds<'g>(&'g self, kinds: &'g [&str]) -> impl Iterator<Item = &'g Resource> {
        kinds
            .iter()
            .filter_map(|kind| self.by_kind.get(*kind))
            .flatten()
            .filter_map(|at| self.resources.get(*at))
    }

    /// The resource of this key, if a source shows it.
    pub(super) fn get(&self, key: &Key) -> Option<&Resource> {
        self.resources.get(*self.by_key.get(key)?)
    }

    /// All resources, managed or not.
    pub(super) fn all(&self) -> &[Resource] {
        &self.resources
    }

    /// Whether a data source is the first to show what it shows, and it is known what that is.
    fn stands_for_itself(&self, resource: &Resource) -> bool {
        resource
            .text("id")
            .is_some_and(|id| self.owner(id, &resource.kind) == Some(resource.key.clone()))
    }

    /// Who of this type is called so: a managed resource before a data source.
    fn owner(&self, name: &str, kind: &str) -> Option<Key> {
        let named = || {
            let all = self.by_name.get(name).into_iter().flatten();
            all.filter_map(|at| self.resources.get(*at)).filter(|r| family(&r.kind) == family(kind))
        };
        let first = named().find(|resource| !resource.data).or_else(|| named().next());
        first.map(|resource| resource.key.clone())
    }

    /// The key of what is wanted and called so; the name itself if no source shows it.
    pub(super) fn resolve(&self, wanted: &Wanted, name: &str) -> Key {
        self.find(wanted, name).unwrap_or_else(|| Key::new(name))
    }

    /// The key of what is wanted and called so, if a source shows it.
    pub(super) fn find(&self, wanted: &Wanted, name: &str) -> Option<Key> {
        if let Some(key) = self.symbolic(wanted, name) {
            return Some(key);
        }
        let all = self.by_name.get(name)?;
        // The list of the service that a gateway endpoint is for.
        let list = || {
            let endpoints = all.iter().filter_map(|at| self.resources.get(*at));
            let mut services = endpoints.filter_map(|endpoint| endpoint.service_list(name));
            services.next().filter(|_| wanted.is(&PREFIX_LIST))
        };
        let fits = |data: bool| {
            all.iter().filter_map(|at| self.resources.get(*at)).find(|resource| {
                resource.data == data && wanted.takes(&resource.kind, resource.data)
            })
        };
        fits(false).or_else(|| fits(true)).map(|resource| resource.key.clone()).or_else(list)
    }

    /// The key of what `${aws_lb.a.arn}` names, as [`super::settle`] writes it.
    fn symbolic(&self, wanted: &Wanted, name: &str) -> Option<Key> {
        let (address, attribute) = name.strip_prefix("${")?.strip_suffix('}')?.rsplit_once('.')?;
        let resource = self.resources.get(*self.by_key.get(address)?)?;
        let list = attribute == "prefix_list_id" && wanted.is(&PREFIX_LIST);
        if list && let Some(service) = resource.text("service_name") {
            return Some(self.resolve(wanted, service));
        }
        wanted.takes(&resource.kind, resource.data).then(|| resource.key.clone())
    }

    /// The only resource of what is wanted that a module instance makes, where it looks up none.
    pub(super) fn lone(&self, module: ModuleId, wanted: &Wanted) -> Option<&Resource> {
        if !wanted.lone {
            return None;
        }
        let of = |kind: &&str| self.by_module.get(&(module, (*kind).to_owned()));
        let mut all = wanted.types.iter().filter_map(of).flatten();
        let (only, None) = (all.next()?, all.next()) else {
            return None;
        };
        self.resources.get(*only).filter(|only| !only.data)
    }

    /// The instances of a resource block in a module instance, in order.
    pub(super) fn members(&self, module: ModuleId, group: &str) -> impl Iterator<Item = &Resource> {
        let group = self.groups.get(&module).and_then(|groups| groups.get(group));
        group.into_iter().flat_map(|group| &group.members).filter_map(|at| self.resources.get(*at))
    }

    /// One instance of a resource block.
    pub(super) fn member(&self, module: ModuleId, group: &str, index: &Index) -> Option<&Resource> {
        let at = self.groups.get(&module)?.get(group)?.by_index.get(index)?;
        self.resources.get(*at)
    }

    /// The instance of a counted resource block that `element` takes for an index beyond the last.
    pub(super) fn element(
        &self,
        module: ModuleId,
        group: &str,
        index: &Index,
    ) -> Option<&Resource> {
        let Index::Number(number) = index else {
            return None;
        };
        let count = self.groups.get(&module)?.get(group)?.by_index.len();
        let within = number.checked_rem(u64::try_from(count).ok()?)?;
        self.member(module, group, &Index::Number(within))
    }

    /// What is written for a resource. `None`: it comes from a state alone.
    pub(super) fn written(&self, resource: &Resource) -> Option<&Written> {
        self.module(resource.config?, resource.module)?.resources.get(&resource.group)
    }

    /// What is written for a module.
    pub(super) fn module(&self, config: usize, module: ModuleId) -> Option<&Module> {
        self.modules.config(module, self.configs.get(config)?)
    }

    /// The call of a module, and the instance that calls.
    pub(super) fn call(&self, config: usize, module: ModuleId) -> Option<(ModuleId, &Call)> {
        let (parent, name) = self.modules.parent(module)?;
        Some((parent, self.module(config, parent)?.calls.get(name)?))
    }

    /// Whether a local value of this configuration may hold what is known only after apply.
    pub(super) fn locals_hold_more(&self, config: usize) -> bool {
        self.configs.get(config).is_none_or(|config| config.locals_hold_more)
    }

    /// The value of a root variable.
    pub(super) fn variable(&self, config: usize, name: &str) -> Option<&Value> {
        self.configs.get(config)?.variables.get(name)
    }

    /// Where everything is written.
    pub(super) fn take_locations(&mut self) -> BTreeMap<Origin, Location> {
        let places = self.resources.iter_mut().flat_map(|resource| {
            let places = std::mem::take(&mut resource.locations);
            places.into_iter().map(|(path, place)| (Origin::at(&resource.key, path), place))
        });
        places.collect()
    }

    /// Reads resources one after the other, each while it has all of its attributes, and lets these
    /// ones go: they are by far the most of large sources, and look to anybody else as if they were
    /// absent.
    pub(super) fn read_once(
        &mut self,
        keys: Vec<Key>,
        names: &[&str],
        mut read: impl FnMut(&Self, &Resource),
    ) {
        for key in keys {
            let Some(at) = self.by_key.get(&key).copied() else { continue };
            if let Some(resource) = self.resources.get_mut(at) {
                resource.packed.give(&mut resource.value);
            }
            if let Some(resource) = self.resources.get(at) {
                read(self, resource);
            }
            if let Some(resource) = self.resources.get_mut(at) {
                resource.forget(names);
            }
        }
    }

    /// All names by which keys are known, without those that two different things share.
    pub(super) fn aliases(&self) -> BTreeMap<String, Key> {
        let mut aliases = BTreeMap::new();
        for (name, named) in &self.by_name {
            let all = || named.iter().filter_map(|at| self.resources.get(*at));
            if let Some(list) = all().find_map(|resource| resource.service_list(name)) {
                let shown = self.find(&PREFIX_LIST, name);
                aliases.insert(name.clone(), shown.unwrap_or(list));
                continue;
            }
            let managed: Vec<&Resource> = all().filter(|resource| !resource.data).collect();
            let first = if managed.is_empty() { all().next() } else { principal(&managed) };
            if let Some(resource) = first {
                aliases.insert(name.clone(), resource.key.clone());
            }
        }
        for resource in self.resources.iter().filter(|resource| !resource.data) {
            for name in ["dns_name", "address", "endpoint"] {
                let given = resource.text(name).is_some();
                if let (false, Some((host, _))) = (given, super::ecs::host(resource, name)) {
                    aliases.insert(host, resource.key.clone());
                }
            }
        }
        for (name, key) in &self.former {
            aliases.entry(name.clone()).or_insert_with(|| key.clone());
        }
        aliases
    }
}

/// Types that are one and the same to AWS.
pub(super) fn family(kind: &str) -> &str {
    let kind = kind.strip_prefix("aws_").unwrap_or(kind);
    let kind = kind.strip_prefix("default_").unwrap_or(kind);
    kind.strip_prefix('a').filter(|rest| rest.starts_with("lb")).unwrap_or(kind)
}

/// Of several resources with one id the one that the others add to: `aws_vpc_endpoint` before
/// `aws_vpc_endpoint_policy`.
fn principal<'g>(named: &[&'g Resource]) -> Option<&'g Resource> {
    let shortest = named.iter().min_by_key(|resource| resource.kind.len())?;
    let leads = named.iter().all(|other| {
        std::ptr::eq(*other, *shortest)
            || (other.kind.len() > shortest.kind.len() && other.kind.starts_with(&shortest.kind))
    });
    leads.then_some(*shortest)
}
