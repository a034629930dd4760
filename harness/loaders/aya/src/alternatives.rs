// SPDX-License-Identifier: Apache-2.0
//! Alternatives: groups of programs of which one is loaded, the first that loads and, if the request asks for it, is attached.
use std::collections::HashSet;

use crate::frames::{ALTERNATIVE_PROGRAMS, FRAME_CHOSEN};
use crate::wire::Message;

/// A group of programs.
pub struct Group {
    members: Vec<&'static str>,
    /// Members for which the kernel lacks something. They are left out before any is tried.
    excluded: HashSet<&'static str>,
    /// The member that is chosen so far: at first the first one, later none if no member works.
    chosen: Option<&'static str>,
}

impl Group {
    /// A group before the kernel is asked about its members.
    pub fn new(members: Vec<&'static str>) -> Self {
        Self { members, excluded: HashSet::new(), chosen: None }
    }

    /// The first member that is not left out.
    fn first(&self) -> Option<&'static str> {
        self.members.iter().copied().find(|member| !self.excluded.contains(member))
    }
}

/// What the kernel lacks for a member of a group.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Lack {
    /// Nothing that is known before the load.
    Nothing,
    /// Its target, without which it would load all the same.
    Target,
    /// What the request asked about. The program is already left out.
    LeftOut,
}

/// All groups of a request, and what happened to their members.
#[derive(Default)]
pub struct Alternatives {
    /// The groups in the order of the request.
    pub groups: Vec<Group>,
    tried: HashSet<String>,
    unattached: HashSet<String>,
}

impl Alternatives {
    /// Leaves out members that the kernel cannot run, and returns those without their targets. If the kernel has no target of a group, all
    /// members are tried, so that the error of each tells what it lacks.
    pub fn probe(&mut self, lack_of: impl Fn(&str) -> Lack) -> Vec<&'static str> {
        let mut without_target = Vec::new();
        for group in &mut self.groups {
            let lacks: Vec<(&'static str, Lack)> = group.members.iter().map(|member| (*member, lack_of(member))).collect();
            let has_any = lacks.iter().any(|(_, lack)| *lack == Lack::Nothing);
            for (member, lack) in lacks {
                if lack == Lack::LeftOut || (lack == Lack::Target && has_any) {
                    group.excluded.insert(member);
                }
                if lack == Lack::Target && has_any {
                    without_target.push(member);
                }
            }
            group.chosen = group.first();
        }
        without_target
    }

    /// Whether a program belongs to a group that loads another member.
    pub fn is_unchosen(&self, program: &str) -> bool {
        self.groups.iter().any(|group| group.members.contains(&program) && group.chosen.or(group.first()) != Some(program))
    }

    /// Remembers that a program was loaded, but could not be attached.
    pub fn note_unattached(&mut self, program: &str) {
        self.unattached.insert(program.to_owned());
    }

    /// Whether any group has chosen a program that was not attached.
    pub fn chosen_failed(&self) -> bool {
        self.groups.iter().filter_map(|group| group.chosen).any(|chosen| self.unattached.contains(chosen))
    }

    /// Whether a member was loaded alone to choose among its group.
    pub fn was_tried(&self, program: &str) -> bool {
        self.tried.contains(program)
    }

    /// The members to try alone, in their order: of each group, or if the whole object was loaded, of those whose chosen member was not attached.
    pub fn to_try(&self, was_loaded: bool) -> Vec<(usize, Vec<&'static str>)> {
        let is_open = |group: &Group| !was_loaded || group.chosen.is_some_and(|chosen| self.unattached.contains(chosen));
        let rest = |group: &Group| group.members.iter().copied().filter(|member| !group.excluded.contains(member)).collect();
        let open = self.groups.iter().enumerate().filter(|(_, group)| group.first().is_some() && is_open(group));
        open.map(|(index, group)| (index, rest(group))).collect()
    }

    /// Remembers that a member is tried alone.
    pub fn note_tried(&mut self, program: &str) {
        self.tried.insert(program.to_owned());
    }

    /// Whether a member that was tried, and loaded, was attached too.
    pub fn is_attached(&self, program: &str) -> bool {
        !self.unattached.contains(program)
    }

    /// Chooses a member of the group, or none. Returns whether another member than the first is chosen.
    pub fn choose(&mut self, index: usize, chosen: Option<&'static str>) -> bool {
        let group = &mut self.groups[index];
        group.chosen = chosen;
        chosen.is_some() && chosen != group.first()
    }

    /// Reports the chosen member of each group that has one.
    pub fn report(&self) {
        for chosen in self.groups.iter().filter_map(|group| group.chosen) {
            Message::new(FRAME_CHOSEN).u32(ALTERNATIVE_PROGRAMS).string(chosen).send();
        }
    }
}
