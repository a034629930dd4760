// The data of the page for its script: an index in plain JSON, and a packed part for each object and each type, unpacked on demand.
import { gzipSync } from 'node:zlib';
import type { Results } from '../../harness/results/schema.ts';
import { grouped } from '../../harness/base/text.ts';
import { visibleText } from '../../harness/base/visible.ts';
import { namePart } from './anchors.ts';
import { kernelNames } from './kernel-names.ts';
import { typeData } from './layout-data.ts';
import { logRoom } from './log-room.ts';
import { objectData } from './object-data.ts';
import type { PageData } from './shared/page-data.ts';

/** JSON with control characters escaped; nearly all texts are safe and stay unchanged. */
function safeJson(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'string' ? visibleText(item) : item));
}

function packed(value: unknown): string {
  return gzipSync(safeJson(value), { level: 9 }).toString('base64');
}

/** The data of the page, and the number of logs that have no room in it. */
export function pageData(results: Results): PageData & { linkedLogs: number } {
  const lines = results.logs.lines.map(visibleText);
  const cells = grouped(results.cells, ({ object }) => object);
  const rows = new Map<string, number[]>();
  for (const [at, { sha256 }] of results.objects.entries()) rows.set(sha256, [...(rows.get(sha256) ?? []), at]);
  const { nameOf } = kernelNames(results);
  const page = { lines, room: logRoom() };
  const objects = results.objects.map((object) => packed(objectData(object, cells.get(object.id) ?? [], results, page)));
  return {
    kernels: results.kernels.map(({ id, release, arch, distribution }) => ({
      anchor: namePart(id),
      name: visibleText(nameOf(id)),
      facts: visibleText([release ?? 'did not boot', arch, distribution].join(' · ')),
    })),
    objects: results.objects.map(({ id, sha256, programs }, at) => ({
      id: visibleText(id),
      anchor: namePart(id),
      programs: programs.map(({ name }) => ({ name: visibleText(name), anchor: namePart(name) })),
      others: (rows.get(sha256) ?? []).filter((other) => other !== at),
    })),
    packed: objects,
    linkedLogs: page.room.refused(),
    types: (results.layouts?.types ?? []).map((type) => packed(typeData(type, results.kernels))),
  };
}
