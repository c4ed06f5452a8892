import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { budget } from '@typekro/kit/test-support/budget';
import { RunningCommand } from '../support/command.ts';

const program = fileURLToPath(new URL('../support/cluster-lives.mjs', import.meta.url));
const count = budget('clusterLives');

/**
 * The heap growth that is allowed, in bytes. Compiled code and tables that grow in steps also let the heap grow.
 * Measured growth: 1 MB for 60 clusters, 3.4 MB for 1,000 clusters.
 */
const TOLERANCE = 8 * 1024 * 1024;

test(`${count} clusters, one after another in one process, leave nothing behind`, async () => {
  const run = new RunningCommand(process.execPath, ['--expose-gc', program, String(count)], { cwd: process.cwd() });
  // The process exits only if no open handle keeps it alive.
  const { code, stdout, stderr } = await run.ended;
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const left = JSON.parse(stdout) as { growthBytes: number };
  expect(left).toMatchObject({ resources: [], timers: 0, watchesEnded: true, clustersInMemory: 0 });
  // Each cluster held an object of more than 100 kB.
  expect(left.growthBytes).toBeLessThan(TOLERANCE);
}, 1_800_000);
