// Tests of downloads from a real server with every fault of a mirror.
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeOwnedFolder } from '../../../harness/base/ownership.ts';
import { deadlineOf, download, type DownloadRequest } from '../../../kernels/download/download.ts';
import { listening } from '../../listening.ts';

const CONTENT = randomBytes(300_000);
const EXPECTED = { size: CONTENT.length, sha256: createHash('sha256').update(CONTENT).digest('hex') };
const DONE = { kind: 'done', ...EXPECTED };

type Behaviour = (request: IncomingMessage, response: ServerResponse, visit: number) => void;

let behaviour: Behaviour = (_, response) => response.end();
let visits: string[] = [];
let directory = '';
let base = '';
const server = createServer((request, response) => {
  visits.push(request.headers.range ?? 'whole');
  behaviour(request, response, visits.length);
});

function startOf(request: IncomingMessage): number {
  return Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
}

/** A mirror without faults. */
function serve(request: IncomingMessage, response: ServerResponse): void {
  serveContent(request, response, CONTENT);
}

function serveContent(request: IncomingMessage, response: ServerResponse, content: Uint8Array): void {
  const start = startOf(request);
  const part = content.subarray(start);
  const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': part.length, ...(start > 0 ? range : {}) });
  response.end(part);
}

/** Sends some of the requested bytes, then closes the connection. */
function drop(request: IncomingMessage, response: ServerResponse, bytes: number): void {
  const start = startOf(request);
  const range = { 'content-range': `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}` };
  response.writeHead(start > 0 ? 206 : 200, { 'content-length': CONTENT.length - start, ...(start > 0 ? range : {}) });
  response.write(CONTENT.subarray(start, start + bytes), () => response.destroy());
}

async function fetchIt(more: Partial<DownloadRequest> = {}) {
  const target = join(directory, 'file');
  return download({ url: `${base}/pool/file`, target, expected: EXPECTED, backoffMs: 1, stallMs: 60_000, ...more });
}

const files = async () => (await readdir(directory)).toSorted();
const content = async () => (await readFile(join(directory, 'file'))).equals(CONTENT);

beforeAll(async () => {
  base = `http://127.0.0.1:${await listening(server)}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  visits = [];
  behaviour = serve;
  directory = await mkdtemp(join(tmpdir(), 'corematrix-download-'));
});
afterEach(async () => rm(directory, { recursive: true }));

describe('a download', () => {
  it('a download is complete, reports its progress, and leaves only the file', async () => {
    behaviour = serve;
    const progress: number[] = [];
    const result = await fetchIt({ onProgress: (bytes, total) => progress.push(bytes / total) });
    expect([result, await content(), await files(), progress.at(-1)]).toEqual([DONE, true, ['file'], 1]);
  });

  it('a download continues after a dropped connection', async () => {
    behaviour = (request, response, visit) => (visit < 3 ? drop(request, response, 100_000) : serve(request, response));
    expect([await fetchIt(), await content()]).toEqual([DONE, true]);
    expect(visits[0]).toBe('whole');
    expect(visits.slice(1).every((range) => range.startsWith('bytes='))).toBe(true);
  });

  it('a download continues the unfinished one of an earlier run or of a killed process', async () => {
    behaviour = serve;
    await writeFile(join(directory, 'file.part'), CONTENT.subarray(0, 1000));
    expect([await fetchIt(), visits]).toEqual([DONE, ['bytes=1000-']]);
    visits = [];
    const left = join(directory, 'file.part-0123456789abcdef');
    await mkdir(left);
    await writeFile(join(left, '.owner'), '');
    await writeFile(join(left, 'part'), CONTENT.subarray(0, 2000));
    expect([await fetchIt(), visits, await files()]).toEqual([DONE, ['bytes=2000-'], ['file']]);
  });

  it('a download does not touch the unfinished one of a running process', async () => {
    behaviour = serve;
    const other = await makeOwnedFolder(join(directory, 'file.part-'));
    await writeFile(join(other.path, 'part'), CONTENT.subarray(0, 1000));
    expect([await fetchIt(), visits, await files()]).toEqual([DONE, ['whole'], ['file', basename(other.path)]]);
    await other.remove();
  });

  it('a download sends no request if the unfinished file is already complete', async () => {
    await writeFile(join(directory, 'file.part'), CONTENT);
    expect([await fetchIt(), visits]).toEqual([DONE, []]);
  });

  it('a download starts again if the server ignores ranges', async () => {
    behaviour = (_, response) => response.end(CONTENT);
    await writeFile(join(directory, 'file.part'), CONTENT.subarray(0, 1000));
    expect([await fetchIt(), await content(), visits]).toEqual([DONE, true, ['bytes=1000-']]);
  });

  it('a download starts again once if the unfinished file was damaged', async () => {
    behaviour = serve;
    await writeFile(join(directory, 'file.part'), randomBytes(1000));
    expect([await fetchIt(), await content(), visits]).toEqual([DONE, true, ['bytes=1000-', 'whole']]);
  });

  it('a download starts again if the server sends a range that was not requested', async () => {
    behaviour = (request, response, visit) => {
      if (visit > 1) return serve(request, response);
      response.writeHead(206, { 'content-range': `bytes 5-${CONTENT.length - 1}/${CONTENT.length}` });
      return response.end(CONTENT.subarray(5));
    };
    await writeFile(join(directory, 'file.part'), CONTENT.subarray(0, 1000));
    expect([await fetchIt(), visits]).toEqual([DONE, ['bytes=1000-', 'whole']]);
  });

  it('a download of unknown digest starts again if the server sends only the end of the file', async () => {
    behaviour = (request, response, visit) => {
      if (visit > 1) return serve(request, response);
      response.writeHead(206, { 'content-range': `bytes 5-${CONTENT.length - 1}/${CONTENT.length}` });
      return response.end(CONTENT.subarray(5));
    };
    expect([await fetchIt({ expected: null }), await content(), visits]).toEqual([DONE, true, ['whole', 'whole']]);
  });

  it('a download starts again if the server rejects the range', async () => {
    behaviour = (request, response, visit) => (visit > 1 ? serve(request, response) : response.writeHead(416).end());
    await writeFile(join(directory, 'file.part'), CONTENT.subarray(0, 1000));
    expect([await fetchIt(), visits]).toEqual([DONE, ['bytes=1000-', 'whole']]);
  });

  it('a download with wrong bytes in two tries ends with a clear error', async () => {
    const wrong = Buffer.alloc(CONTENT.length, 'x');
    behaviour = (request, response) => serveContent(request, response, wrong);
    const sha256 = createHash('sha256').update(wrong).digest('hex');
    await expect(fetchIt()).rejects.toThrow(
      `${base}/pool/file: its sha256 is ${sha256}, expected ${EXPECTED.sha256}, also after a second download`,
    );
    expect([visits, await files()]).toEqual([['whole', 'whole'], []]);
  });

  it('a download of the wrong length ends with a clear error, with or without a length header', async () => {
    behaviour = (request, response) => serveContent(request, response, CONTENT.subarray(1));
    await expect(fetchIt()).rejects.toThrow('the server has 299999 bytes, expected 300000, also after a second download');
    behaviour = (_, response) => {
      response.write(CONTENT);
      response.end('and more');
    };
    await expect(fetchIt()).rejects.toThrow('the server sends more than 300000 bytes, also after a second download');
  });

  it('a download of a missing file reports that it is absent', async () => {
    behaviour = (_, response) => response.writeHead(404).end('no such file');
    expect([await fetchIt(), await files()]).toEqual([{ kind: 'absent', url: `${base}/pool/file` }, []]);
  });

  it('a download is retried after 5xx and fails after some tries', async () => {
    behaviour = (request, response, visit) => (visit < 3 ? response.writeHead(503).end() : serve(request, response));
    expect([await fetchIt(), visits.length]).toEqual([DONE, 3]);
    behaviour = (_, response) => response.writeHead(500).end();
    await expect(fetchIt()).rejects.toThrow(/: HTTP 500, after 5 tries/);
  });

  it('a download is not retried if the server refuses it', async () => {
    behaviour = (_, response) => response.writeHead(403).end();
    await expect(fetchIt()).rejects.toThrow(`${base}/pool/file: the server answers HTTP 403 Forbidden`);
    expect(visits).toHaveLength(1);
  });

  it('a download continues on a new connection after a stall', async () => {
    behaviour = (request, response, visit) => {
      if (visit > 1) return serve(request, response);
      response.writeHead(200, { 'content-length': CONTENT.length });
      return response.write(CONTENT.subarray(0, 1000));
    };
    const started = performance.now();
    expect([await fetchIt({ stallMs: 2000 }), visits]).toEqual([DONE, ['whole', 'bytes=1000-']]);
    expect(performance.now() - started).toBeLessThan(25_000);
  });

  it('a download that is aborted stops at once and keeps its bytes', async () => {
    const controller = new AbortController();
    behaviour = (_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      response.write(CONTENT.subarray(0, 1000));
    };
    const aborted = fetchIt({ signal: controller.signal, onProgress: () => controller.abort() });
    await expect(aborted).rejects.toThrow(controller.signal.reason);
    expect([visits, await files()]).toEqual([['whole'], ['file.part']]);
  });

  it('a download from a closed port fails with the cause', async () => {
    const idle = createServer();
    const port = await listening(idle);
    await new Promise((resolve) => {
      idle.close(resolve);
    });
    const url = `http://127.0.0.1:${port}/x`;
    await expect(fetchIt({ url })).rejects.toThrow(`${url}: connect ECONNREFUSED 127.0.0.1:${port}, after 5 tries`);
  });

  it('a download of unknown size is limited and not resumed', async () => {
    behaviour = serve;
    expect(await fetchIt({ expected: null })).toEqual(DONE);
    await expect(fetchIt({ expected: null, maxBytes: 1000 })).rejects.toThrow('the server sends more than 1000 bytes');
    expect(await files()).toEqual(['file']);
  });

  it('two downloads of the same file can run at the same time', async () => {
    behaviour = serve;
    expect([await Promise.all([fetchIt(), fetchIt()]), await content(), await files()]).toEqual([[DONE, DONE], true, ['file']]);
  });
});

describe('the tries of a download', () => {
  /** Runs the download and returns its result, or its error, and the time it took. */
  async function timed(more: Partial<DownloadRequest> = {}): Promise<{ result: unknown; ms: number }> {
    const started = performance.now();
    const result = await fetchIt(more).then(
      ({ kind }) => kind,
      (error: unknown) => String(error).replace(base, 'BASE'),
    );
    return { result, ms: performance.now() - started };
  }

  it.each([404, 410])('a download that is answered with status %s is absent', async (status) => {
    behaviour = (_, response) => response.writeHead(status).end();
    expect([await fetchIt(), visits.length]).toEqual([{ kind: 'absent', url: `${base}/pool/file` }, 1]);
  });

  it.each([408, 429, 500, 503])('a download that is answered with status %s is tried again', async (status) => {
    behaviour = (request, response, visit) => (visit === 1 ? response.writeHead(status).end() : serve(request, response));
    expect([await fetchIt(), visits.length]).toEqual([DONE, 2]);
  });

  it.each([204, 300, 401, 499])('a download that is answered with status %s is not tried again', async (status) => {
    behaviour = (_, response) => response.writeHead(status, 'Because').end();
    await expect(fetchIt()).rejects.toThrow(`${base}/pool/file: the server answers HTTP ${status} Because`);
    expect(visits.length).toBe(1);
  });

  it('a download waits as long as the server asks for', async () => {
    const waiting = (seconds: string) => {
      visits = [];
      behaviour = (request, response, visit) => {
        if (visit === 1) response.writeHead(503, { 'retry-after': seconds }).end();
        else serve(request, response);
      };
      return timed();
    };
    const [one, none, past, text] = [await waiting('1'), await waiting('0'), await waiting('-5'), await waiting('soon')];
    expect([one, none, past, text].map(({ result }) => result)).toEqual(['done', 'done', 'done', 'done']);
    expect(one.ms).toBeGreaterThanOrEqual(990);
    expect(Math.min(none.ms, past.ms, text.ms)).toBeLessThan(900);
  });

  it('the pauses between tries grow', async () => {
    behaviour = (_, response) => response.writeHead(503).end();
    const random = vi.spyOn(Math, 'random').mockReturnValue(0.9);
    try {
      const { result, ms } = await timed({ backoffMs: 40, tries: 5 });
      expect(result).toMatch(/^InfraError: BASE\/pool\/file: HTTP 503, after 5 tries/);
      const pauses = (0.5 + 0.9) * 40 * (1 + 2 + 4 + 8);
      expect([visits.length, ms >= pauses - 10, ms < 3.5 * pauses]).toEqual([5, true, true]);
    } finally {
      random.mockRestore();
    }
  });

  it('tries that bring new bytes do not count', async () => {
    behaviour = (request, response, visit) => (visit < 6 ? drop(request, response, 10_000) : serve(request, response));
    expect([await fetchIt({ tries: 2 }), visits.length]).toEqual([DONE, 6]);
  });

  it('tries of a download without a digest count also if they bring bytes, and begin anew', async () => {
    behaviour = (request, response) => drop(request, response, 10_000);
    const { result } = await timed({ expected: null, tries: 3 });
    expect(result).toMatch(/^InfraError: BASE\/pool\/file: .*, after 3 tries/);
    expect([visits, await files()]).toEqual([['whole', 'whole', 'whole'], []]);
  });

  it('a server that sends slowly but always does not stall', async () => {
    behaviour = (_, response) => {
      response.writeHead(200, { 'content-length': CONTENT.length });
      let at = 0;
      const timer = setInterval(() => {
        response.write(CONTENT.subarray(at, at + 60_000));
        at += 60_000;
        if (at >= CONTENT.length) {
          clearInterval(timer);
          response.end();
        }
      }, 500);
    };
    expect([await fetchIt({ stallMs: 2_000 }), visits]).toEqual([DONE, ['whole']]);
  });

  it('a whole download that ends early is continued, and one with wrong bytes behind is repeated once', async () => {
    behaviour = (_, response, visit) => {
      response.writeHead(visit === 1 ? 200 : 206, visit === 1 ? {} : { 'content-range': 'bytes 1000-' });
      response.end(visit === 1 ? CONTENT.subarray(0, 1000) : CONTENT.subarray(1000));
    };
    expect([await fetchIt(), visits]).toEqual([DONE, ['whole', 'bytes=1000-']]);
  });

  it('a failed download names a variable for a proxy, which has no effect', async () => {
    vi.stubEnv('https_proxy', 'http://proxy.example:3128');
    vi.stubEnv('http_proxy', undefined);
    try {
      behaviour = (_, response) => response.writeHead(503).end();
      expect((await timed({ tries: 1 })).result).toBe(
        'InfraError: BASE/pool/file: HTTP 503, after 1 tries (https_proxy is set, but this program connects directly: use a mirror that can be reached)',
      );
      for (const name of ['http_proxy', 'https_proxy', 'HTTP_PROXY', 'HTTPS_PROXY']) vi.stubEnv(name, undefined);
      expect((await timed({ tries: 1 })).result).toBe('InfraError: BASE/pool/file: HTTP 503, after 1 tries');
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('a download whose size is unknown has at most 64 MiB', async () => {
    behaviour = (_, response) => response.end(Buffer.alloc((64 << 20) + 1));
    expect((await timed({ expected: null })).result).toBe(
      'InfraError: BASE/pool/file: the server sends more than 67108864 bytes, also after a second download',
    );
  });

  it('the time for a download grows with its size, and is two minutes if that is unknown', () => {
    const sha256 = EXPECTED.sha256;
    expect([
      deadlineOf({ expected: { size: 0, sha256 } }),
      deadlineOf({ expected: { size: 16 * 1024, sha256 } }),
      deadlineOf({ expected: null }),
      deadlineOf({ expected: null, deadlineMs: 5 }),
      deadlineOf({ expected: { size: 16 * 1024, sha256 }, deadlineMs: 0 }),
    ]).toEqual([120_000, 121_024, 120_000, 5, 0]);
  });

  it('a part that cannot be read is removed, and the error names the reason', async () => {
    await mkdir(join(directory, 'file.part'));
    await expect(fetchIt()).rejects.toThrow('EISDIR');
    expect([visits, await files()]).toEqual([[], []]);
  });

  it('a download that was aborted before sends no request', async () => {
    const reason = new Error('enough');
    await expect(fetchIt({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect([visits, await files()]).toEqual([[], []]);
  });

  it('a download that is aborted during a pause ends at once', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    behaviour = (_, response) => {
      response.writeHead(503).end();
      setTimeout(() => controller.abort(reason), 100);
    };
    await expect(fetchIt({ signal: controller.signal, backoffMs: 60_000 })).rejects.toBe(reason);
    expect(visits.length).toBe(1);
  });

  it('a download that is refused without a word ends with the status', async () => {
    behaviour = (_, response) => response.writeHead(403, '').end();
    expect((await timed()).result).toBe('InfraError: BASE/pool/file: the server answers HTTP 403');
  });

  it('a download that always ends early or stalls fails with that reason', async () => {
    behaviour = (_, response) => response.writeHead(200).end();
    expect((await timed({ tries: 2 })).result).toMatch(/^InfraError: BASE\/pool\/file: the connection ended early, after 2 tries/);
    behaviour = (_, response) => response.writeHead(200, { 'content-length': CONTENT.length }).write('x');
    expect((await timed({ tries: 1, stallMs: 300 })).result).toMatch(
      /^InfraError: BASE\/pool\/file: the server stopped sending, after 1 tries/,
    );
  });

  it('a range in an unknown form is not used', async () => {
    behaviour = (request, response, visit) => {
      if (visit > 1) return serve(request, response);
      return response.writeHead(206, { 'content-range': `x bytes 1000-299999/300000` }).end(CONTENT.subarray(1000));
    };
    await writeFile(join(directory, 'file.part'), CONTENT.subarray(0, 1000));
    expect([await fetchIt(), visits]).toEqual([DONE, ['bytes=1000-', 'whole']]);
  });

  it('an address that fetch refuses is an error with its reason', async () => {
    const url = `${base.replace('//', '//user:secret@')}/file`;
    expect((await timed({ url, tries: 1 })).result).toMatch(
      /: Request cannot be constructed from a URL that includes credentials: .*, after 1 tries/,
    );
    expect(visits).toEqual([]);
  });

  it('the connection of an answer that is not read is closed', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    behaviour = (_, response) => {
      closed = once(response, 'close');
      response.writeHead(404).write('and so on');
    };
    expect((await timed()).result).toBe('absent');
    await closed;
  });

  it('an unfinished download is not continued if the digest is unknown', async () => {
    await writeFile(join(directory, 'file.part'), CONTENT.subarray(0, 1000));
    expect([await fetchIt({ expected: null }), visits, await files()]).toEqual([DONE, ['whole'], ['file', 'file.part']]);
  });

  it('the progress of a download of unknown size is measured by what has come', async () => {
    const progress: [number, number][] = [];
    await fetchIt({ expected: null, onProgress: (bytes, total) => progress.push([bytes, total]) });
    expect(progress.at(-1)).toEqual([CONTENT.length, CONTENT.length]);
    expect(progress.every(([bytes, total]) => bytes === total)).toBe(true);
    progress.length = 0;
    await fetchIt({ onProgress: (bytes, total) => progress.push([bytes, total]) });
    expect(progress.every(([, total]) => total === CONTENT.length)).toBe(true);
  });
});
