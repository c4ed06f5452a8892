import { describe, expect, test } from 'vitest';
import { startClusterStory } from '../../../test-support/cluster-story.ts';
import type { JsonObject } from '@typekro/kit/core';
import { endOfCommand, endOfCommands } from './pod-command.ts';

describe('a command', () => {
  test.each<[string[], number | undefined, number?]>([
    [['wget', 'web:80'], 0],
    [['/bin/true'], 0],
    [['/bin/false'], 0, 1],
    [['sleep', '5'], 5000],
    [['/bin/sleep', '1m', '2.5'], 62_500],
    [['sleep', 'infinity'], undefined],
    [['/pause'], undefined],
    [['tail', '-f', '/dev/null'], undefined],
    [['tail', '-n', '1', 'x'], 0],
    [['sh', '-c', 'echo a; sleep 3 && exit 7'], 3000, 7],
    [['/bin/bash', '-ec', 'exit 3; sleep 9'], 0, 3],
    [['sh', '-c', 'exec sleep 2'], 2000],
    [['sh', '-c', 'while true; do sleep 1; done'], undefined],
    [['sh', '-c', 'echo start\ntail -F log'], undefined],
    [['sh', '-c', 'false'], 0, 1],
    [['sh', '-c', 'false; true'], 0, 0],
    [['sh', '-c', 'false && sleep 9'], 0, 1],
    [['sh', '-c', 'true || sleep 9'], 0],
    [['sh', '-c', 'false || sleep 9'], 9000],
    [['sh', '-c', 'false || > /tmp/x'], 0, 0],
    [['sh', '-c', 'false; > /tmp/x'], 0, 0],
    [['sh', '-c', 'true || > /tmp/x\nexit 3'], 0, 3],
    [['sh', '-c', 'false && > /tmp/x\nsleep 4'], 4000],
    [['sh', '-c', 'false || > /tmp/x && sleep 4'], 4000],
    [['sh', '-c', 'sleep 30>/dev/null'], 30_000],
    [['sh', '-c', 'sleep 4 2>/dev/null'], 4000],
    [['sh', '-c', 'echo a\\ #b; exit 3'], 0, 3],
    [['sh', '-c', 'sleep 1\\\n0'], 10_000],
    [['sh', '-c', 'sleep "1\\\n0"'], 10_000],
    [['sh', '-c', 'if true; then date; fi'], undefined],
    [['sh', '-c', '! false'], undefined],
    [['sh', 'script.sh'], undefined],
    [['/manager'], undefined],
    [['nc', '-l', '80'], undefined],
    [['nginx', '-g', 'daemon off;'], undefined],
    [['python', '-m', 'http.server'], undefined],
    [['yes'], undefined],
    [['ping', 'web'], undefined],
    [['ping', '-c', '1', 'web'], 0],
    [['env'], 0],
    [['env', 'A=b', '/manager'], undefined],
    [['env', 'A=b', 'sleep', '3'], 3000],
    [['sh', '-c', '/manager && true'], undefined],
    [['sh', '-c', 'true || /manager'], 0],
    [['sh', '-c', 'while sleep 5; do date; done'], undefined],
    [['sh', '-c', 'while [ true ]; do date; done'], undefined],
    [['sh', '-c', 'while ((1)); do date; done'], undefined],
    [['sh', '-c', 'true; until false; do date; done'], undefined],
    [['sh', '-c', 'for ((;;)); do date; done'], undefined],
    [['sh', '-c', 'for i in 1 2; do date; done'], undefined],
    [['sh', '-c', 'if true; then date; fi'], undefined],
    [['sh', '-c', '(exit 3)'], undefined],
    [['sh', '-c', '{ exit 3; }'], undefined],
    [['sh', '-c', 'echo $(/manager)'], undefined],
    [['sh', '-c', 'echo `/manager`'], undefined],
    [['sh', '-c', 'cat <<EOF\nexit 3\nEOF'], undefined],
    [['sh', '-c', 'echo "while true; do" \'; exit 3\' \\; exit 4'], 0, 0],
    [['sh', '-c', 'echo a # ; exit 3\nexit 4'], 0, 4],
    [['sh', '-c', 'echo "$A ${B:-c}" a#b > /dev/null 2>&1; exit 5'], 0, 5],
    [['sh', '-c', 'A=1 B="2" sleep 3'], 3000],
    [['sh', '-c', 'A=1; exit 2'], 0, 2],
    [['sh', '-c', 'sleep 3 | false'], 3000, 1],
    [['sh', '-c', 'exit 3 | cat; sleep 1'], 1000],
    [['sh', '-c', 'cat log | /manager'], undefined],
    [['sh', '-c', 'true &&\n  exit 6'], 0, 6],
    [['sh', '-c', 'exec sleep 2; exit 3'], 2000],
    [['sh', '-c', '/manager & sleep 4'], 4000],
    [['sh', '-c', '/manager & wait'], undefined],
    [['sh', '-c', 'sleep 2 & sleep 5 & wait; exit 7'], 5000, 7],
    [['sh', '-c', 'sleep 2 & sleep 5; wait'], 5000],
    [['sh', '-c', 'exit 1 & true'], 0],
    [['sh', '-c', "bash -c 'sleep 1; exit 3'; sleep 1"], 2000, 0],
    [['sh', '-c', "bash -c 'sleep 1; exit 3'"], 1000, 3],
    [['sh', '-c', 'bash -c "bash -c \\"exit 3\\""'], 0, 3],
    [['sh', '-c', 'exec env; exit 3'], 0, 0],
    [['sh', '-c', 'exec > log; exit 3'], 0, 3],
    [['sh', '-c', 'false; exit'], 0, 1],
    [['sh', '-c', 'false; A=1; exit'], 0, 0],
    [['sh', '-c', 'false; exit $?'], 0, 1],
    [['sh', '-c', 'exit 1000'], 0, 232],
    [['sh', '-c', 'exit later'], 0, 2],
    [['sh', '-c', 'exit 99999999999'], 0, 2],
    [['sh', '-ec', 'false; exit 4'], 0, 1],
    [['sh', '-e', '-c', 'sleep 1; false; sleep 9'], 1000, 1],
    [['sh', '-c', '-e', 'false; exit 4'], 0, 1],
    [['bash', '--norc', '-o', 'errexit', '-c', 'false; exit 4'], 0, 1],
    [['sh', '-c', 'set -e; false; exit 4'], 0, 1],
    [['sh', '-c', 'set -o errexit; false; exit 4'], 0, 1],
    [['sh', '-c', 'set -e; set +e; false; exit 4'], 0, 4],
    [['sh', '-c', 'set -e; false && true; exit 4'], 0, 4],
    [['sh', '-c', 'set -e; false || true; exit 4'], 0, 4],
    [['sh', '-c', 'set -e; true && false; exit 4'], 0, 1],
    [['sh', '-c', 'set -e; false || false; exit 4'], 0, 1],
    [['sh', '-c', 'set -e; false | true; exit 4'], 0, 4],
    [['bash', '-euo', 'pipefail', '-c', 'false | true; exit 4'], 0, 1],
    [['bash', '-c', 'set -euo pipefail; true | false | true; exit 4'], 0, 1],
    [['sh', '-c', 'set -e; false & exit 4'], 0, 4],
    [['sh', '-c', 'set -e; sh -c "false; exit 5"'], 0, 5],
    [['sh', 'script.sh', '-c', 'true'], undefined],
    [['sh', '-c', "echo 'open"], undefined],
    [['sh', '-c'], 0, 2],
    [['sh', '-c', ''], 0],
    [['exit', '300'], 0, 44],
  ])('%j ends after this time in milliseconds, if ever: %s', (words, afterMs, exitCode = 0) => {
    expect(endOfCommand(words)).toEqual(afterMs === undefined ? undefined : { afterMs, exitCode });
  });

  test.each([
    ['jobs', 'sleep 1 &'.repeat(200_000), 0],
    ['assignments and digits', `${'A=1 '.repeat(200_000)} exit ${'1'.repeat(200_000)}`, 2],
  ])('with many %s is evaluated completely', (_what, script, exitCode) => {
    expect(endOfCommand(['sh', '-c', script])).toEqual({ afterMs: 0, exitCode });
  });
});

describe('the containers of a pod', () => {
  const end = (...containers: JsonObject[]) =>
    endOfCommands({ apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers } });

  test.each<[string, JsonObject[], unknown]>([
    [
      'end together with the last container',
      [{ command: ['sleep', '1'] }, { args: ['sleep', '2'] }],
      { afterMs: 2000, exitCode: 0 },
    ],
    ['fail when one container fails', [{ command: ['false'] }, { command: ['true'] }], { afterMs: 0, exitCode: 1 }],
    ['keep running if one of them has no command', [{ command: ['true'] }, {}], undefined],
    ['keep running with ports', [{ command: ['true'], ports: [{ containerPort: 80 }] }], undefined],
    ['keep running with probes', [{ command: ['true'], readinessProbe: { httpGet: { port: 80 } } }], undefined],
  ])('%s', (_title, containers, expected) => {
    expect(end(...containers)).toEqual(expected);
  });
});

describe('a pod with a command', () => {
  const pod = (command: string[], restartPolicy = 'Never', annotations: Record<string, string> = {}) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', annotations },
    spec: { restartPolicy, containers: [{ name: 'c', image: 'i', command }] },
  });

  test('succeeds when its command ends', async () => {
    await using story = await startClusterStory();
    await story.create(pod(['sleep', '10']));
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ phase: 'Running' });
    await story.advance(10);
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ phase: 'Succeeded' });
  });

  test('fails with the exit code of its command', async () => {
    await using story = await startClusterStory();
    await story.create(pod(['sh', '-c', 'exit 3']));
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 3, reason: 'Error' } } }],
    });
  });

  test('waits for a restart after a failure with the policy OnFailure', async () => {
    await using story = await startClusterStory();
    await story.create(pod(['false'], 'OnFailure'));
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({
      phase: 'Running',
      containerStatuses: [{ state: { waiting: { reason: 'CrashLoopBackOff' } } }],
    });
  });

  test('runs for the time in its annotation, independent of its command', async () => {
    await using story = await startClusterStory();
    await story.create(pod(['false'], 'Never', { 'typekro.dev/simulate-run-seconds': '60' }));
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ phase: 'Running' });
    await story.advance(60);
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ phase: 'Succeeded' });
  });

  test('never ends with the policy Always', async () => {
    await using story = await startClusterStory();
    await story.create(pod(['true'], 'Always'));
    expect((await story.get('v1 Pod', 'p')).status).toMatchObject({ phase: 'Running' });
  });
});
