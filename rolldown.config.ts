// Bundles the script of the report page: one classic script, readable in the page, that needs nothing but the page.
import type { RolldownOptions } from 'rolldown';

export default {
  input: 'reports/html/client/main.ts',
  platform: 'browser',
  tsconfig: 'reports/html/client/tsconfig.json',
  output: { file: 'dist/reports/html/client.js', format: 'iife', strict: true },
  onLog: (level, log, report) => {
    // A module that cannot be found is only a warning to the bundler, but an error in the reader's browser.
    if (level === 'warn') throw new Error(log.message);
    report(level, log);
  },
} satisfies RolldownOptions;
