// The table of the protocol as C: the headers that the agent includes, in the style of .clang-format.
import type { CType, WireEnum } from './fields.ts';
import { CONTROL_FRAMES, type Fields, FRAMES, FROM_LOADER } from './frames.ts';
import { MAGIC, REQUEST_HEADER, REQUEST_OFFSET, RESPONSE_HEADER } from './mailbox.ts';

interface CFrame {
  type: string;
  to: 'guest' | 'host';
  number: number;
  meaning: string;
  fields: Fields;
}

const ALL: CFrame[] = Object.entries<Omit<CFrame, 'type'>>(FRAMES).map(([type, frame]) => ({ type, ...frame }));

/** `attempt-begin` or `responseOffset` as `attempt_begin` or `response_offset`. */
export function snake(name: string): string {
  return name.replaceAll('-', '_').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function constantName(...names: readonly string[]): string {
  return names.map((name) => snake(name).toUpperCase()).join('_');
}

/** A field's name in C, where `errno` is a macro and durations are nanoseconds. */
export function memberName(name: string, c: CType): string {
  if (name === 'errno') return 'error';
  return c === 'ns' ? snake(name).replace(/ms$/, 'ns') : snake(name);
}

function cType(c: CType): string {
  if (typeof c === 'object') return `enum ${c.enum.name} `;
  const types = {
    bool: 'bool ',
    u32: 'uint32_t ',
    u64: 'uint64_t ',
    ns: 'uint64_t ',
    string: 'const char *',
    strings: 'struct payload ',
    list: 'struct string_list ',
    counted: 'struct payload ',
    bytes: 'struct payload ',
  } as const;
  return types[c];
}

function comment(text: string): string {
  return `/* ${text} */`;
}

/** Lines of code, each with a comment in one common column; a line without a comment ends where it ends. */
function withComments(lines: readonly (readonly [code: string, text: string])[]): string[] {
  const width = Math.max(...lines.map(([code]) => code.length));
  return lines.map(([code, text]) => `\t${text === '' ? code : `${code.padEnd(width)} ${comment(text)}`}`);
}

function headerStruct(name: string, fields: Readonly<Record<string, string>>): string[] {
  const members = Object.entries(fields).map(([field, meaning]) => [`uint32_t ${snake(field)};`, meaning] as const);
  return [`struct ${name} {`, ...withComments(members), '};'];
}

function frameTypes(to: CFrame['to']): string[] {
  const frames = ALL.filter((frame) => frame.to === to);
  return withComments(frames.map(({ type, number, meaning }) => [`${constantName('frame', type)} = ${number},`, meaning] as const));
}

function enumLines({ name, prefix, meaning, words }: WireEnum): string[] {
  const constants = words.map((word, number) => `${constantName(prefix, word)} = ${number}`);
  return ['', comment(meaning), `enum ${name} {`, ...constants.map((line) => `\t${line},`), '};'];
}

/** Every enum of the table once, in the order in which frames use them. */
export function enums(): WireEnum[] {
  const used = ALL.flatMap(({ fields }) => Object.values(fields).flatMap(({ c }) => (typeof c === 'object' ? [c.enum] : [])));
  return [...new Set(used)];
}

/** The frames on the pipes between the agent and a loader program. */
function controlLines(): string[] {
  const frames = Object.entries(CONTROL_FRAMES).map(
    ([type, { number, meaning }]) => [`${constantName('control', type)} = ${number},`, meaning] as const,
  );
  return ['', comment('Frames on the pipes between the agent and a loader program.'), 'enum control_type {', ...withComments(frames), '};'];
}

/** A function that knows which frames a loader program may send to the host. */
function loaderFilter(): string[] {
  return [
    '',
    comment('Whether a loader program may send frames of this type to the host.'),
    'static inline bool comes_from_loader(uint32_t type)',
    '{',
    '\tswitch (type) {',
    ...FROM_LOADER.map((type) => `\tcase ${constantName('frame', type)}:`),
    '\t\treturn true;',
    '\tdefault:',
    '\t\treturn false;',
    '\t}',
    '}',
  ];
}

function header(name: string, about: string, body: readonly string[]): string {
  const guard = constantName('corematrix', name, 'h');
  return [
    '/* SPDX-License-Identifier: Apache-2.0 */',
    comment(about),
    comment('Generated from harness/guest/protocol/ by "npm run protocol"; do not edit.'),
    `#ifndef ${guard}`,
    `#define ${guard}`,
    '',
    ...body,
    '',
    '#endif',
    '',
  ].join('\n');
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

/** `frames.h`: the layout of the mailbox and the numbers of the protocol. */
export function framesHeader(): string {
  return header('frames', 'The mailbox protocol, all numbers little-endian.', [
    '#include <stdbool.h>',
    '#include <stdint.h>',
    '',
    `#define MAILBOX_MAGIC ${hex(MAGIC)}u`,
    `#define REQUEST_HEADER ${hex(REQUEST_HEADER.offset)}`,
    `#define RESPONSE_HEADER ${hex(RESPONSE_HEADER.offset)}`,
    `#define REQUEST_OFFSET ${hex(REQUEST_OFFSET)}`,
    '',
    ...headerStruct('request_header', REQUEST_HEADER.fields),
    '',
    ...headerStruct('response_header', RESPONSE_HEADER.fields),
    '',
    'struct frame_header {',
    ...withComments([
      ['uint32_t type;', ''],
      ['uint32_t length;', 'of the payload; the next frame begins at the next multiple of 4'],
    ]),
    '};',
    '',
    'enum frame_type {',
    '\t/* host to guest */',
    ...frameTypes('guest'),
    '\t/* guest to host */',
    ...frameTypes('host'),
    '};',
    ...controlLines(),
    ...enums().flatMap(enumLines),
    ...loaderFilter(),
  ]);
}

/** An expression that takes a field from the payload. */
function taken(c: CType): string {
  if (typeof c === 'object') return 'payload_u32(&payload)';
  if (c === 'u64' || c === 'ns') throw new Error(`the agent cannot read ${c}`);
  const functions = {
    bool: 'payload_u32(&payload)',
    u32: 'payload_u32(&payload)',
    string: 'payload_string(&payload)',
    strings: 'payload_rest(&payload)',
    list: 'payload_list(&payload)',
    counted: 'payload_counted(&payload)',
    bytes: 'payload_rest(&payload)',
  } as const;
  return functions[c];
}

/** A struct of a frame to the guest, and the function that reads it. */
function requestReader({ type, fields }: CFrame): string[] {
  const members = Object.entries(fields).map(([name, { c }]) => ({ name: memberName(name, c), c }));
  if (members.length === 0) return [];
  const name = `${snake(type)}_request`;
  return [
    '',
    `struct ${name} {`,
    ...members.map((member) => `\t${cType(member.c)}${member.name};`),
    '};',
    '',
    `static inline struct ${name} read_${name}(struct payload payload)`,
    '{',
    `\tstruct ${name} request;`,
    '',
    ...members.map((member) => `\trequest.${member.name} = ${taken(member.c)};`),
    '\treturn request;',
    '}',
  ];
}

function put({ name, c }: { name: string; c: CType }): string {
  if (typeof c === 'object') return `\tframe_u32((uint32_t)${name});`;
  const functions = { bool: 'frame_u32', u32: 'frame_u32', u64: 'frame_u64', ns: 'frame_u64', string: 'frame_string' } as const;
  if (c === 'strings' || c === 'list' || c === 'counted' || c === 'bytes') throw new Error(`${name}: the agent cannot write ${c}`);
  return `\t${functions[c]}(${name});`;
}

/** The function that writes a frame to the host. Before the bytes of a last field it leaves the frame open. */
function responseWriter({ type, fields }: CFrame): string[] {
  const members = Object.entries(fields).map(([name, { c }]) => ({ name: memberName(name, c), c }));
  const open = members.at(-1)?.c === 'bytes';
  const values = open ? members.slice(0, -1) : members;
  const parameters = values.map(({ name, c }) => `${cType(c)}${name}`).join(', ');
  return [
    '',
    `static inline void ${open ? 'begin' : 'send'}_${snake(type)}(${parameters === '' ? 'void' : parameters})`,
    '{',
    `\tframe_open(${constantName('frame', type)});`,
    ...values.map(put),
    ...(open ? [] : ['\tframe_close();']),
    '}',
  ];
}

/** `messages.h`: the fields of frames, read and written in the order of the table. */
export function messagesHeader(): string {
  return header('messages', 'The fields of frames: begin_*() leaves a frame open for bytes, which frame_close() ends.', [
    '#include "mailbox.h"',
    '#include "payload.h"',
    ...ALL.filter(({ to }) => to === 'guest').flatMap(requestReader),
    ...ALL.filter(({ to }) => to === 'host').flatMap(responseWriter),
  ]);
}
