// Prints "N passed, N failed" from vitest's JSON result. A missing result or one without tests is a failure.
import { readFileSync } from 'node:fs';

const file = process.argv[2];
let result = { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 0 };
try {
  result = JSON.parse(readFileSync(file, 'utf8'));
} catch (error) {
  process.stderr.write(`${file}: ${error.message}\n`);
}
// A file that fails without a failed test counts as one failure: it could not be loaded, or its hooks failed.
const isBroken = (suite) => suite.status === 'failed' && suite.assertionResults.every(({ status }) => status !== 'failed');
const broken = (result.testResults ?? []).filter(isBroken).length;
const failed = result.numFailedTests + broken;
process.stdout.write(`${result.numPassedTests} passed, ${failed} failed\n`);
process.exitCode = result.numPassedTests > 0 && failed === 0 ? 0 : 1;
