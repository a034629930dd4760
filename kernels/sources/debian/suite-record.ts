// What the cache keeps of the Release file of a suite: facts only. Each run decides anew whether it trusts them.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { readCachedText } from '../../../harness/base/cached-file.ts';
import { parseCached } from '../../../harness/base/files.ts';
import type { Mirror } from './mirror.ts';
import { suitesOf } from './suites.ts';

const time = z.number().nullable();

const record = z.strictObject({
  format: z.literal(2),
  checkedAt: z.number(),
  /** Null if the mirror has no such suite. */
  found: z
    .strictObject({
      release: z.strictObject({
        origin: z.string(),
        suite: z.string(),
        codename: z.string(),
        date: time,
        validUntil: time,
        byHash: z.boolean(),
        indexes: z.record(z.string(), z.strictObject({ size: z.number(), sha256: z.string().regex(/^[0-9a-f]{64}$/) })),
      }),
      signature: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('good'), key: z.string(), keyFile: z.string().nullable() }),
        z.strictObject({ kind: z.literal('bad'), reason: z.string() }),
        z.strictObject({ kind: z.literal('unchecked'), reason: z.string() }),
      ]),
    })
    .nullable(),
});
export type SuiteRecord = z.infer<typeof record>;

/** A suite to look for on a mirror. */
export interface WantedSuite {
  mirror: Mirror;
  name: string;
  /** Its name in the cache, different for each mirror. */
  key: string;
  /** The file of its record in the cache. */
  path: string;
}

/** Every suite that the mirrors may have. */
export function wantedSuites(mirrors: readonly Mirror[], cache: string): WantedSuite[] {
  return mirrors.flatMap((mirror) =>
    suitesOf(mirror.archive).map((name) => {
      const address = createHash('sha256').update(`${mirror.base}/dists/${name}`).digest('hex').slice(0, 16);
      const key = `${name}-${address}`;
      return { mirror, name, key, path: join(cache, 'debian', 'suites', `${key}.json`) };
    }),
  );
}

/** The record of a suite; null if the cache has none of this version. */
export async function readRecord(path: string): Promise<SuiteRecord | null> {
  const text = await readCachedText(path);
  const parsed = record.safeParse(text === null ? null : parseCached(text));
  return parsed.success ? parsed.data : null;
}
