// Tests of the report with its assets in files beside it, on a host that forbids inline code, and on one that forbids scripts.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { execa } from 'execa';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { renderHtmlFiles } from '../../../reports/html/render.ts';
import { writeReportFolder } from '../../../reports/folder/write.ts';
import { SAMPLE } from '../sample.ts';
import { PAGE_TIMEOUT_MS, pressCopy } from './browser.ts';
import { listening } from '../../listening.ts';

const STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; base-uri 'none'; form-action 'none'";
/** The policy that Jenkins sends with files of a build by default. */
const NO_SCRIPTS = "sandbox allow-same-origin; default-src 'none'; img-src 'self'; style-src 'self'";
const TYPES: Readonly<Record<string, string>> = { '.html': 'text/html', '.css': 'text/css', '.js': 'text/javascript' };

let folder = '';
let policy = STRICT;
let server: Server;
let browser: Browser;
let origin = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'corematrix-external-'));
  for (const [name, text] of renderHtmlFiles(SAMPLE, { htmlAssets: 'external' })) await writeFile(join(folder, name), text);
  server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1) || 'index.html';
    readFile(join(folder, name)).then(
      (content) =>
        response.writeHead(200, { 'Content-Type': TYPES[extname(name)] ?? 'text/plain', 'Content-Security-Policy': policy }).end(content),
      () => response.writeHead(404).end(),
    );
  });
  origin = `http://127.0.0.1:${await listening(server)}`;
  const { stdout: executablePath } = await execa('which', ['chromium']);
  browser = await chromium.launch({ executablePath, chromiumSandbox: false, timeout: PAGE_TIMEOUT_MS });
});

afterAll(async () => {
  await browser.close();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function open(address: string) {
  const page = await browser.newPage({ viewport: { width: 1200, height: 800 } });
  page.setDefaultTimeout(PAGE_TIMEOUT_MS);
  const seen = { requests: [] as string[], complaints: [] as string[] };
  page.on('request', (request) => seen.requests.push(new URL(request.url()).pathname.split('/').at(-1) ?? ''));
  page.on('pageerror', (error) => seen.complaints.push(String(error)));
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) seen.complaints.push(message.text());
  });
  await page.goto(address);
  return { page, seen };
}

describe('external assets', () => {
  it('external assets work under a policy that forbids inline code', async () => {
    policy = STRICT;
    const { page, seen } = await open(`${origin}/`);
    await page.locator('#search').fill('k:5.10 s:fail');
    expect(await page.locator('#matrix tr[data-program]:visible th').allInnerTexts()).toEqual(['new_name']);
    await page.locator('#theme').click();
    await page.locator('#matrix td[data-s=fail] a').first().click();
    await page.locator('.cell-view').waitFor();
    await page.locator('.log summary').first().click();
    await page.locator('.line').first().waitFor();
    const colours = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect([colours, seen.requests, seen.complaints]).toEqual([
      'rgb(255, 255, 255)',
      ['', 'corematrix-report.css', 'corematrix-report.js', 'corematrix-report.data.js'],
      [],
    ]);
  });

  it('copying works over plain http with external assets', async () => {
    policy = STRICT;
    const { page } = await open(`${origin}/#c/debian-5.10.262-amd64/task_state`);
    await page.evaluate(() => Object.defineProperty(navigator, 'clipboard', { value: undefined }));
    await pressCopy(page.locator('.cell-view .copy button').nth(1));
    await page.keyboard.press('Escape');
    const search = page.locator('#search');
    // The button confirms before the browser has filled its clipboard.
    const pasted = async () => {
      await search.press('Control+A');
      await search.press('Control+V');
      return search.inputValue();
    };
    await expect.poll(pasted).toBe('corematrix run build/task_state.bpf.o -k debian:5.10.262');
  });

  it('external assets show matrix and reasons in colour without scripts', async () => {
    policy = NO_SCRIPTS;
    const { page } = await open(`${origin}/`);
    expect(await page.locator('#matrix td[data-s=fail]').first().textContent()).toContain('fail');
    expect(
      await page
        .locator('#matrix td[data-s=fail]')
        .first()
        .evaluate((cell) => getComputedStyle(cell).backgroundColor),
    ).toBe('rgb(253, 232, 232)');
    await page.locator('#cells ~ .block > summary').first().click();
    expect(await page.locator('.story .reason').first().isVisible()).toBe(true);
  });

  it('external assets open from disk', async () => {
    const { page, seen } = await open(`${pathToFileURL(join(folder, 'index.html')).href}#c/debian-5.10.262-amd64/task_state`);
    await page.locator('.cell-view').waitFor();
    expect(seen.complaints).toEqual([]);
  });
});

it('external assets are written into the report folder, and removed when no longer wanted', async () => {
  const target = join(folder, 'report');
  const listed = async () => (await execa('ls', [target])).stdout.split('\n').filter((name) => name.startsWith('corematrix-report'));
  await writeReportFolder(SAMPLE, target, { htmlAssets: 'external' });
  const external = await listed();
  expect(await readFile(join(target, 'index.html'), 'utf8')).not.toMatch(/<style|style="|<script>| on\w+="/);
  await writeReportFolder(SAMPLE, target);
  expect([external, await listed()]).toEqual([['corematrix-report.css', 'corematrix-report.data.js', 'corematrix-report.js'], []]);
});
