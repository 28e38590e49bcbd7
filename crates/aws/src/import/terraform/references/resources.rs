//! From a reference's resource to what is wanted: the resource itself, or what one of its
//! attributes leads to.

use super::super::address::{Index, Part};
use super::super::graph::Resource;
use super::{MOST_STEPS, Scope, Search, harmless, scope_of};

/// `TYPE.NAME[INDEX].REST`
pub(super) struct Named {
    /// `aws_lb.b`, `data.aws_lb.b`
    pub(super) group: String,
    pub(super) kind: String,
    pub(super) data: bool,
    pub(super) index: Option<Index>,
    /// Whether the index is that of the resource which refers: beyond the last it starts again, as
    /// `element(aws_subnet.a[*].id, count.index)` does. Without `element` there would be no plan.
    pub(super) wraps: bool,
    pub(super) rest: Vec<Part>,
}

impl<'g> Search<'g, '_> {
    pub(super) fn resources(&mut self, scope: &Scope<'g>, named: Named, depth: usize) {
        let graph = self.graph;
        let Named { group, kind, data, mut index, wraps, rest } = named;
        if !kind.starts_with("aws_") {
            if !harmless::provider(&kind) {
                self.miss(format!("{group}, of another provider"));
            }
            return;
        }
        let mut attribute = first_name(&rest);
        if rest.is_empty() {
            // `each.value.id` over `aws_subnet.a`, `var.subnet.id` with `subnet = aws_subnet.a`.
            attribute = first_name(&scope.of_it);
            match scope.of_it.first() {
                Some(Part::Index(own)) if graph.member(scope.module, &group, own).is_some() => {
                    index = Some(own.clone());
                    self.taken = true;
                }
                Some(Part::Name(_)) => self.taken = true,
                _ => {}
            }
        }
        let one = index.and_then(|index| {
            let one = graph.member(scope.module, &group, &index);
            one.or_else(|| graph.element(scope.module, &group, &index).filter(|_| wraps))
        });
        let members: Vec<&Resource> = match one {
            Some(one) => vec![one],
            None => graph.members(scope.module, &group).collect(),
        };
        let wanted = self.wanted.takes(&kind, data);
        for member in members {
            if wanted {
                self.member(member);
            } else {
                self.indirect(member, &group, attribute, depth);
            }
            self.steps += 1;
            if self.steps > MOST_STEPS {
                self.miss("more than could be followed");
                return;
            }
        }
    }

    fn member(&mut self, member: &Resource) {
        if !member.data {
            self.push(member.key.clone());
            return;
        }
        match member.text("id") {
            Some(id) => self.push(self.graph.resolve(self.wanted, id)),
            None => self.miss(format!("{}, which is read only during apply", member.key)),
        }
    }

    /// An attribute of something else: `aws_db_subnet_group.a.subnet_ids`.
    fn indirect(
        &mut self,
        member: &'g Resource,
        group: &str,
        attribute: Option<&str>,
        depth: usize,
    ) {
        let Some(attribute) = attribute else {
            if !harmless::kind(&member.kind) {
                self.miss(format!("something of {group}"));
            }
            return;
        };
        if harmless::kind(&member.kind) || harmless::attribute(attribute) {
            return;
        }
        if attribute == "prefix_list_id" && self.wanted.takes("aws_prefix_list", true) {
            // The list of the service that a gateway endpoint is for, before it has an id.
            let known = member.text("prefix_list_id").or_else(|| member.text("service_name"));
            if let Some(list) = known {
                self.push(self.graph.resolve(self.wanted, list));
                return;
            }
        }
        let graph = self.graph;
        let written = graph.written(member).and_then(|written| written.expressions.get(attribute));
        if let Some(known) = member.value.get(attribute).filter(|value| !value.is_null()) {
            self.constants(known);
        } else if let (Some(expression), Some(scope)) = (written, scope_of(graph, member)) {
            self.expression(&scope, expression, depth + 1);
        } else {
            self.miss(format!("{group}.{attribute}"));
        }
    }
}

fn first_name(parts: &[Part]) -> Option<&str> {
    parts.iter().find_map(|part| match part {
        Part::Name(name) => Some(name.as_str()),
        Part::Index(_) => None,
    })
}
