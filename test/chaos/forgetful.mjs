// corematrix with a planted bug, for the test of seeds that fail: its report forgets the attempts that failed.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

process.on('exit', () => {
  const file = join(process.argv[process.argv.indexOf('--out') + 1], 'results.json');
  if (!existsSync(file)) return;
  const results = JSON.parse(readFileSync(file, 'utf8'));
  for (const cell of results.cells) Object.assign(cell, { attempts: cell.attempts.slice(-1), flaky: false });
  writeFileSync(file, JSON.stringify(results));
});
await import('../../dist/harness/cli/main.js');
