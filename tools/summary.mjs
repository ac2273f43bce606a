// The end of .ci/run: names what was skipped and sums up vitest's JSON results in one line.
//
//   node tools/summary.mjs RESULTS.json VITEST_EXIT_CODE [NAME OF A STEP THAT FAILED...]
import { existsSync, readFileSync } from 'node:fs';
import { relative } from 'node:path';

const [path, code, ...broken] = process.argv.slice(2);
if (!path || code === undefined) {
  console.error('usage: node tools/summary.mjs RESULTS.json VITEST_EXIT_CODE [FAILED STEP...]');
  process.exit(2);
}

const files = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).testResults : [];
const counts = { passed: 0, failed: 0, skipped: 0 };
/** Suite to the number of its tests that were skipped. */
const skipped = new Map();
for (const file of files) {
  const tests = file.assertionResults;
  for (const test of tests) {
    if (test.status === 'passed') counts.passed += 1;
    else if (test.status === 'failed') counts.failed += 1;
    else if (test.status === 'pending') {
      // Its process died under it.
      counts.failed += 1;
      console.log(`unfinished: ${relative(process.cwd(), file.name)}: ${test.fullName ?? test.title}`);
    } else {
      counts.skipped += 1;
      const suite = `${relative(process.cwd(), file.name)}: ${test.ancestorTitles[0] ?? test.title}`;
      skipped.set(suite, (skipped.get(suite) ?? 0) + 1);
    }
  }
  // A file that cannot even be loaded, or fails outside its tests, has no failed test of its own.
  if (file.status === 'failed' && !tests.some((test) => test.status === 'failed')) counts.failed += 1;
}
for (const [suite, count] of skipped) console.log(`skipped: ${suite} (${count})`);
for (const step of broken) {
  console.log(`failed: ${step}`);
  counts.failed += 1;
}
// Unhandled errors, a timeout, no results: vitest says so by its exit code alone.
if (code !== '0' && counts.failed === 0) {
  console.log(`failed: vitest ended with code ${code}`);
  counts.failed += 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed > 0 ? 1 : 0;
