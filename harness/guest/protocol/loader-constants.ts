// The numbers of the protocol for the loader programs: constants in Go and in Rust, each with its meaning and its fields.
import { constantName, enums } from './c-headers.ts';
import type { CType } from './fields.ts';
import { CONTROL_FRAMES, type Fields, FRAMES } from './frames.ts';

interface Constant {
  /** Words of its name, each with hyphens or underscores. */
  words: readonly string[];
  number: number;
  comment: string;
}

interface Group {
  comment: string;
  constants: Constant[];
}

function typeName(c: CType): string {
  if (typeof c === 'object') return c.enum.name;
  return c === 'ns' ? 'u64 ns' : c;
}

function withFields({ meaning, fields }: { meaning: string; fields: Fields }): string {
  const listed = Object.entries(fields).map(([name, { c }]) => `${name} ${typeName(c)}`);
  return listed.length === 0 ? meaning : `${meaning} { ${listed.join(', ')} }`;
}

function frameGroup(to: 'guest' | 'host', comment: string): Group {
  const frames = Object.entries<{ to: string; number: number; meaning: string; fields: Fields }>(FRAMES);
  return {
    comment,
    constants: frames
      .filter(([, frame]) => frame.to === to)
      .map(([type, frame]) => ({ words: ['frame', type], number: frame.number, comment: withFields(frame) })),
  };
}

function groups(): Group[] {
  const controls = Object.entries<{ number: number; meaning: string; fields: Fields }>(CONTROL_FRAMES);
  return [
    frameGroup('guest', 'Frames of a request, from the host to the guest.'),
    frameGroup('host', 'Frames of a response, from the guest to the host.'),
    {
      comment: 'Frames on the pipes between the agent and a loader program.',
      constants: controls.map(([type, frame]) => ({ words: ['control', type], number: frame.number, comment: withFields(frame) })),
    },
    ...enums().map(({ prefix, meaning, words }) => ({
      comment: meaning,
      constants: words.map((word, number) => ({ words: [prefix, word], number, comment: '' })),
    })),
  ];
}

/** `frame`, `attempt-begin` as `frameAttemptBegin`. */
function camel(words: readonly string[]): string {
  const [first = '', ...others] = words.flatMap((word) => word.split(/[-_]/));
  return first + others.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function goGroup({ comment, constants }: Group): string[] {
  const names = constants.map(({ words }) => camel(words));
  const width = Math.max(...names.map((name) => name.length));
  const digits = Math.max(...constants.map(({ number }) => String(number).length));
  const lines = constants.map((constant, at) => {
    const code = `\t${(names[at] ?? '').padEnd(width)} uint32 = `;
    return constant.comment === '' ? code + constant.number : `${code}${String(constant.number).padEnd(digits)} // ${constant.comment}`;
  });
  return ['', `// ${comment}`, 'const (', ...lines, ')'];
}

/** `frames.go` of the loader program in Go. */
export function goConstants(): string {
  return [
    '// SPDX-License-Identifier: Apache-2.0',
    '// Code generated from harness/guest/protocol/ by "npm run protocol"; DO NOT EDIT.',
    '',
    'package main',
    ...groups().flatMap(goGroup),
    '',
  ].join('\n');
}

function rustGroup({ comment, constants }: Group): string[] {
  const lines = constants.flatMap(({ words, number, comment: text }) => [
    ...(text === '' ? [] : [`/// ${text}`]),
    `pub const ${constantName(...words)}: u32 = ${number};`,
  ]);
  return ['', `// ${comment}`, ...lines];
}

/** `frames.rs` of the loader program in Rust. */
export function rustConstants(): string {
  return [
    '// SPDX-License-Identifier: Apache-2.0',
    '//! The numbers of the protocol. Generated from harness/guest/protocol/ by "npm run protocol"; do not edit.',
    '#![allow(dead_code)] // A loader does not use all of them.',
    ...groups().flatMap(rustGroup),
    '',
  ].join('\n');
}
