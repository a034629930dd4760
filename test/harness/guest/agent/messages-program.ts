// Writes a C program from the table of the protocol. The program prints the fields that it reads from requests, and sends given frames.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PACKAGE_ROOT } from '../../../../harness/base/package-root.ts';
import { constantName, memberName, snake } from '../../../../harness/guest/protocol/c-headers.ts';
import type { CType, Field } from '../../../../harness/guest/protocol/fields.ts';
import { type Fields, FRAMES } from '../../../../harness/guest/protocol/frames.ts';
import { type HostProgram, startHostProgram } from './host-program.ts';

/** A frame that the program sends: its name and its values. */
export type Sent = readonly [string, Record<string, unknown>];

interface Spec {
  to: string;
  number: number;
  fields: Fields;
}

const ALL = Object.entries<Spec>(FRAMES);
/** Frames with fields that the agent reads. */
export const TO_GUEST = ALL.filter(([, { to, fields }]) => to === 'guest' && Object.keys(fields).length > 0);
/** Frames that the agent sends. */
export const TO_HOST = ALL.filter(([, { to }]) => to === 'host');

const PRELUDE = `
static void show_hex(const char *bytes, size_t length)
{
	printf(" x");
	for (size_t i = 0; i < length; i++)
		printf("%02x", (unsigned char)bytes[i]);
}

static void show_u32(uint32_t value)
{
	printf(" %u", value);
}

static void show_string(const char *text)
{
	show_hex(text, strlen(text));
}

static void show_payload(struct payload payload)
{
	if (payload.at)
		show_hex(payload.at, payload.left);
	else
		printf(" -");
}

static void show_list(struct string_list list)
{
	show_u32(list.count);
	show_payload(list.strings);
}
`;

function shown(c: CType): string {
  if (typeof c === 'object') return 'show_u32';
  if (c === 'u64' || c === 'ns') throw new Error(`the agent reads no ${c}`);
  const functions = {
    bool: 'show_u32',
    u32: 'show_u32',
    string: 'show_string',
    strings: 'show_payload',
    list: 'show_list',
    counted: 'show_payload',
    bytes: 'show_payload',
  } as const;
  return functions[c];
}

function readerCase([type, { number, fields }]: [string, Spec]): string {
  const name = `${snake(type)}_request`;
  const lines = Object.entries(fields).map(([field, { c }]) => `${shown(c)}(request.${memberName(field, c)});`);
  return `case ${number}: { struct ${name} request = read_${name}(payload); ${lines.join(' ')} break; }`;
}

function bytesLiteral(bytes: Uint8Array): string {
  return `"${Array.from(bytes, (byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}"`;
}

function literal(field: Field<unknown>, value: unknown): string {
  const bytes = Buffer.concat(field.encode(value));
  if (typeof field.c === 'object') return constantName(field.c.enum.prefix, field.c.enum.words[bytes.readUInt32LE()] ?? '');
  if (field.c === 'u32' || field.c === 'bool') return `${bytes.readUInt32LE()}u`;
  if (field.c === 'u64' || field.c === 'ns') return `${bytes.readBigUInt64LE()}ull`;
  return bytesLiteral(field.c === 'string' ? bytes.subarray(0, -1) : bytes);
}

/** A call that sends a frame of these values. */
function sendCall(type: string, fields: Fields, values: Record<string, unknown>): string {
  const literals = Object.entries(fields).map(([name, field]) => literal(field, values[name]));
  const last = Object.entries(fields).at(-1);
  if (last?.[1].c !== 'bytes') return `send_${snake(type)}(${literals.join(', ')});`;
  const { length } = Buffer.concat(last[1].encode(values[last[0]]));
  return `begin_${snake(type)}(${literals.slice(0, -1).join(', ')}); frame_bytes(${literals.at(-1)}, ${length}); frame_close();`;
}

function sourceOf(sent: readonly Sent[]): string {
  const calls = sent.map(([type, values]) => {
    const fields = TO_HOST.find(([name]) => name === type)?.[1].fields ?? {};
    return sendCall(type, fields, values);
  });
  return `#include "${import.meta.dirname}/driver.h"
#include "${PACKAGE_ROOT}/harness/guest/agent/messages.h"
#include <stdio.h>
#include <string.h>
${PRELUDE}
static void show(uint32_t type, struct payload payload)
{
	switch (type) {
	${TO_GUEST.map(readerCase).join('\n\t')}
	}
}

static void show_request(void)
{
	struct request_frame frame = { 0 };

	while (request_next(&frame)) {
		printf(" %u", frame.type);
		show(frame.type, payload_of(&frame));
	}
}

void handle(const uint8_t *bytes, uint32_t length)
{
	struct payload payload = { (const char *)bytes, length };
	uint32_t type = payload_u32(&payload);

	if (length && type)
		show(type, payload);
	if (length && !type) {
		place_request((const uint8_t *)payload.at, payload.left);
		show_request();
	}
	if (!length) {
		static const uint8_t header[] = { 0x58, 0x4d, 0x42, 0x31, 0, 0, 0, 0, 0, 0x10, 0, 0, 0, 0, 0, 0 };

		place_request(header, sizeof(header));
		${calls.join('\n\t\t')}
		response_end();
	}
}
`;
}

/**
 * Builds and starts the program in a folder. An input is a frame's number and its payload; with the number 0 the input goes on with a
 * whole request. The answer shows all fields that were read. For an empty input the program sends the given frames.
 */
export async function startMessagesProgram(folder: string, sent: readonly Sent[]): Promise<HostProgram> {
  const test = join(folder, 'messages.c');
  await writeFile(test, sourceOf(sent));
  return startHostProgram({ folder, test, agent: ['mailbox', 'payload'] });
}

/** The program's answer for a frame with these values. */
export function shownText(fields: Fields, values: Record<string, unknown>): string {
  const hex = (bytes: Uint8Array) => `x${Buffer.from(bytes).toString('hex')}`;
  const texts = Object.entries(fields).map(([name, field]) => {
    const bytes = Buffer.concat(field.encode(values[name]));
    if (typeof field.c === 'object' || field.c === 'u32' || field.c === 'bool') return `${bytes.readUInt32LE()}`;
    if (field.c === 'list') return `${bytes.readUInt32LE()} ${hex(bytes.subarray(4))}`;
    if (field.c === 'counted') return hex(bytes.subarray(4));
    return hex(field.c === 'string' ? bytes.subarray(0, -1) : bytes);
  });
  return texts.map((text) => ` ${text}`).join('');
}
