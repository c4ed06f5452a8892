import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type ClusterStory, startClusterStory } from '../../test-support/cluster-story.ts';
import { eventually, inOwnSession, logOf, processPod as pod, readText, shell } from '../../test-support/process-pod.ts';
import { MARK, markPrefix } from './run-mark.ts';
import { Watchdog } from './watchdog.ts';

/** Waits until no process with this ID exists. */
const hasGone = (id: number) => eventually(() => Promise.resolve(expect(() => process.kill(id, 0)).toThrow('ESRCH')));

/** Runs a pod whose container starts a daemon and then runs `rest`. Returns the process ID of the daemon. */
async function startDaemon(story: ClusterStory, rest: string): Promise<number> {
  const container = shell(`${inOwnSession('sleep 1000')}; ${rest}`);
  await story.create(pod({ restartPolicy: 'Never', containers: [container] }));
  await eventually(async () => expect(await logOf(story)).toMatch(/^\d+\n$/));
  return Number(await logOf(story));
}

describe.runIf(process.platform === 'linux')('a daemon ends', () => {
  test('when its pod is deleted', async () => {
    await using story = await startClusterStory({ runProcesses: true });
    const id = await startDaemon(story, 'sleep 1000');
    expect(process.kill(id, 0)).toBe(true);
    await readText(story, '/api/v1/namespaces/default/pods/p?gracePeriodSeconds=0', {}, 'DELETE');
    await hasGone(id);
  });

  test('when the main program of its container ends', async () => {
    await using story = await startClusterStory({ runProcesses: true });
    await hasGone(await startDaemon(story, 'true'));
  });

  test('when the cluster ends', async () => {
    await using story = await startClusterStory({ runProcesses: true });
    const id = await startDaemon(story, 'sleep 1000');
    expect(process.kill(id, 0)).toBe(true);
    await story.cluster.close();
    await hasGone(id);
  });

  test('when the cluster is gone and only its watchdog remains, and a daemon of another cluster continues', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'typekro-watchdog-'));
    const watchdog = new Watchdog(folder);
    const marked = (mark: string): number =>
      spawn('sleep', ['1000'], { detached: true, stdio: 'ignore', env: { ...process.env, [MARK]: mark } }).pid ?? 0;
    const [own, other] = [marked(`${markPrefix(folder)}1`), marked('typekro-pods-other-1')];
    // The watchdog starts its shell when the first group is added.
    watchdog.add(own);
    watchdog.remove(own);
    watchdog.close();
    await hasGone(own);
    expect(process.kill(other, 'SIGKILL')).toBe(true);
  });
});
