// Tests of redirects and slow servers with real servers on this machine.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { download, type DownloadRequest } from '../../../kernels/download/download.ts';
import { listening } from '../../listening.ts';

const CONTENT = randomBytes(50_000);
const EXPECTED = { size: CONTENT.length, sha256: createHash('sha256').update(CONTENT).digest('hex') };

type Behaviour = (request: IncomingMessage, response: ServerResponse) => void;
let behaviour: Behaviour = (_, response) => response.end();
let visits: string[] = [];
let folder = '';
let base = '';
const server = createServer((request, response) => {
  visits.push(`${request.headers.host?.replace(/:\d+/, '') ?? ''}${request.url ?? ''}`);
  behaviour(request, response);
});

beforeAll(async () => {
  base = `http://127.0.0.1:${await listening(server)}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(async () => {
  visits = [];
  folder = await mkdtemp(join(tmpdir(), 'redirects-'));
});
afterEach(async () => rm(folder, { recursive: true }));

async function fetched(more: Partial<DownloadRequest> = {}): Promise<string> {
  const target = join(folder, 'file');
  const request: DownloadRequest = { url: `${base}/file`, target, expected: EXPECTED, backoffMs: 1, stallMs: 60_000, ...more };
  return download(request).then(
    ({ kind }) => kind,
    (error: unknown) => String(error).replaceAll(base, 'BASE'),
  );
}

/** Redirects `/file` to a location, and serves the content everywhere else. */
function redirectTo(location: string, status = 302): void {
  behaviour = (request, response) => {
    if (request.url === '/file') response.writeHead(status, { location }).end('moved');
    else response.end(CONTENT);
  };
}

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('a redirect with status %s to another path is followed', async (status) => {
    redirectTo('/other', status);
    expect([await fetched(), visits]).toEqual(['done', ['127.0.0.1/file', '127.0.0.1/other']]);
    expect((await readFile(join(folder, 'file'))).equals(CONTENT)).toBe(true);
  });

  it('a redirect to another host is followed if a digest or a signature verifies the bytes', async () => {
    redirectTo(`${base.replace('127.0.0.1', 'localhost')}/other`);
    expect([await fetched(), visits]).toEqual(['done', ['127.0.0.1/file', 'localhost/other']]);
  });

  it('a redirect to another host is refused if neither a digest nor a signature verifies the bytes', async () => {
    redirectTo(`${base.replace('127.0.0.1', 'localhost')}/other`);
    expect(await fetched({ hosts: 'own' })).toMatch(
      /^InfraError: BASE\/file: the server redirects to another host, localhost:\d+, but only this mirror is trusted without verification$/,
    );
    redirectTo('/other');
    expect(await fetched({ hosts: 'own' })).toBe('done');
  });

  it.each(['file:///etc/passwd', 'ftp://127.0.0.1/file', 'data:text/plain,x'])('a redirect to %s is refused', async (location) => {
    redirectTo(location);
    expect(await fetched()).toBe(`InfraError: BASE/file: the server redirects to ${location}, which is neither http:// nor https://`);
    expect(visits.length).toBe(1);
  });

  it('a redirect from https to http is refused, one from http to https or between both is followed', async () => {
    const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
    await execa('openssl', [
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-days',
      '1',
      ...subject,
      '-keyout',
      key,
      '-out',
      certificate,
    ]);
    const secure = createSecureServer({ key: await readFile(key), cert: await readFile(certificate) }, (request, response) => {
      if (request.url === '/content') response.end(CONTENT);
      else response.writeHead(302, { location: request.url === '/inside' ? '/content' : `${base}/file` }).end();
    });
    try {
      const address = `https://localhost:${await listening(secure)}/file`;
      // Only the redirect is tested, not the certificate, which is self-signed.
      vi.stubEnv('NODE_TLS_REJECT_UNAUTHORIZED', '0');
      expect(await fetched({ url: address })).toBe(
        `InfraError: ${address}: the server redirects from https to BASE/file, whose content anyone on the network can change`,
      );
      expect(visits).toEqual([]);
      expect(await fetched({ url: address.replace('/file', '/inside') })).toBe('done');
      redirectTo(address.replace('/file', '/content'));
      expect(await fetched()).toBe('done');
    } finally {
      vi.unstubAllEnvs();
      secure.closeAllConnections();
      secure.close();
    }
  });

  it('an endless chain of redirects is refused', async () => {
    behaviour = (request, response) => response.writeHead(302, { location: `${request.url ?? ''}x` }).end();
    expect(await fetched()).toBe('InfraError: BASE/file: the server redirects more than 5 times');
    expect(visits.length).toBe(6);
  });

  it.each(['', 'http://'])('a redirect to the unreadable address "%s" is refused', async (location) => {
    behaviour = (_, response) => response.writeHead(302, location === '' ? {} : { location }).end();
    expect(await fetched()).toBe('InfraError: BASE/file: the server redirects to no readable address');
  });
});

describe('a slow server', () => {
  /** Sends one byte, then another one each 50 ms, from where the client continues. */
  function trickle(request: IncomingMessage, response: ServerResponse): void {
    const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
    const range = { 'content-range': `bytes ${start}-${CONTENT.length - 1}/${CONTENT.length}` };
    response.writeHead(start > 0 ? 206 : 200, { 'content-length': CONTENT.length - start, ...(start > 0 ? range : {}) });
    let at = start;
    const timer = setInterval(() => {
      response.write(CONTENT.subarray(at, at + 1));
      at += 1;
    }, 50);
    response.on('close', () => clearInterval(timer));
  }

  it('a download from a slow server that never stalls ends at the deadline, and the next download continues it', async () => {
    behaviour = trickle;
    const started = performance.now();
    expect(await fetched({ deadlineMs: 1_000 })).toMatch(
      /^InfraError: BASE\/file: the server is too slow: \d+ of 50000 bytes after 1 s; the next download continues there$/,
    );
    expect(performance.now() - started).toBeLessThan(30_000);
    const [part = ''] = (await readdir(folder)).filter((name) => name.startsWith('file.part'));
    const { size } = await stat(join(folder, part));
    expect(size).toBeGreaterThan(0);
    let continued = 0;
    behaviour = (request, response) => {
      continued = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const range = { 'content-range': `bytes ${continued}-${CONTENT.length - 1}/${CONTENT.length}` };
      response.writeHead(206, range).end(CONTENT.subarray(continued));
    };
    expect([await fetched(), continued]).toEqual(['done', size]);
  });

  it('a download from a slow server ends at the deadline, also if the size is unknown or every try fails', async () => {
    behaviour = trickle;
    expect(await fetched({ expected: null, deadlineMs: 500 })).toMatch(
      /^InfraError: BASE\/file: the server is too slow: \d+ bytes after 1 s$/,
    );
    expect(await readdir(folder)).toEqual([]);
    behaviour = (_, response) => response.writeHead(503, { 'retry-after': '30' }).end();
    expect(await fetched({ deadlineMs: 500 })).toMatch(/^InfraError: BASE\/file: the server is too slow: 0 of 50000 bytes after 1 s/);
  });
});
