import { constants } from 'node:os';
import { describe, expect, test } from 'vitest';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import type { ContainerFacts, ContainerState } from './life.ts';
import { decideLife, NEW_CONTAINER, pauseMs, quickEndsAfter } from './life.ts';
import { DEFAULT_LIMITS, excessOf, limitsOf, limitsProblem } from './limits.ts';
import { countResult, NO_RESULTS, probePlan } from './probe-plan.ts';
import { processRefusals } from './refusals.ts';
import { parsePsLine, parseStat } from './process-table.ts';
import { signalNumber } from './container-settings.ts';
import { podAddress } from './connect-address.ts';
import { hostOf, parseSockets } from './listeners.ts';

const NOW = 1_000_000;

const running = (more: Partial<Extract<ContainerState, { is: 'running' }>> = {}): ContainerFacts => ({
  ...NEW_CONTAINER,
  state: { is: 'running', startedMs: NOW, started: true, ready: true, stopping: false, ...more },
});

const ended = (exitCode: number, quickEnds = 1): ContainerFacts => ({
  restarts: quickEnds - 1,
  quickEnds,
  state: { is: 'ended', end: { exitCode, reason: '', startedMs: NOW, endedMs: NOW } },
});

const decide = (
  spec: JsonObject,
  facts: Readonly<Record<string, ContainerFacts>>,
  metadata: KubeObject['metadata'] = {},
) => {
  const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  const { start, stop, pauses, phase, initialized, isOver, next, reason } = decideLife(
    pod,
    (name) => facts[name] ?? NEW_CONTAINER,
    NOW - 60_000,
    NOW,
  );
  return { start, stop, pauses: Object.fromEntries(pauses), phase, initialized, isOver, next, reason };
};

const ONE = { containers: [{ name: 'a' }] };
const TWO = { containers: [{ name: 'a' }, { name: 'b' }] };
const INIT = { initContainers: [{ name: 'i' }, { name: 's', restartPolicy: 'Always' }, { name: 'j' }], ...ONE };
const nothing = {
  start: [],
  stop: [],
  pauses: {},
  isOver: false,
  next: undefined,
  reason: undefined,
  initialized: true,
};

describe('a pod', () => {
  test.each<[string, JsonObject, Record<string, ContainerFacts>, object]>([
    ['starts its containers', TWO, {}, { start: ['a', 'b'], phase: 'Pending' }],
    ['runs', TWO, { a: running(), b: running() }, { phase: 'Running' }],
    ['restarts at once', ONE, { a: ended(1) }, { start: ['a'], phase: 'Running' }],
    ['waits before a restart', ONE, { a: ended(0, 3) }, { pauses: { a: 20_000 }, next: 20_000, phase: 'Running' }],
    ['succeeds', { ...ONE, restartPolicy: 'Never' }, { a: ended(0) }, { phase: 'Succeeded', isOver: true }],
    ['fails', { ...TWO, restartPolicy: 'Never' }, { a: ended(0), b: ended(2) }, { phase: 'Failed', isOver: true }],
    [
      'runs until its last container has ended',
      { ...TWO, restartPolicy: 'Never' },
      { a: ended(1), b: running() },
      { phase: 'Running' },
    ],
    [
      'restarts failures only',
      { ...TWO, restartPolicy: 'OnFailure' },
      { a: ended(0), b: ended(1) },
      { start: ['b'], phase: 'Running' },
    ],
    ['starts the first init container', INIT, {}, { start: ['i'], phase: 'Pending', initialized: false }],
    ['waits for an init container', INIT, { i: running() }, { phase: 'Pending', initialized: false }],
    ['starts a sidecar', INIT, { i: ended(0) }, { start: ['s'], phase: 'Pending', initialized: false }],
    [
      'waits for the start of a sidecar',
      INIT,
      { i: ended(0), s: running({ started: false }) },
      { phase: 'Pending', initialized: false },
    ],
    [
      'starts the next init container while a sidecar runs',
      INIT,
      { i: ended(0), s: running() },
      { start: ['j'], phase: 'Pending', initialized: false },
    ],
    [
      'starts its other containers after the init containers',
      INIT,
      { i: ended(0), s: running(), j: ended(0) },
      { start: ['a'], phase: 'Pending' },
    ],
    [
      'restarts a failed init container after a pause',
      INIT,
      { i: ended(1, 2) },
      { pauses: { i: 10_000 }, next: 10_000, phase: 'Pending', initialized: false },
    ],
    [
      'fails when its init container fails',
      { ...INIT, restartPolicy: 'Never' },
      { i: ended(1) },
      { phase: 'Failed', initialized: false, isOver: true },
    ],
    [
      'restarts a crashed sidecar',
      INIT,
      { i: ended(0), s: ended(1), j: ended(0), a: running() },
      { start: ['s'], phase: 'Running' },
    ],
    [
      'ends its sidecars last',
      { ...INIT, restartPolicy: 'Never' },
      { i: ended(0), s: running(), j: ended(0), a: ended(0) },
      { stop: ['s'], phase: 'Running' },
    ],
    [
      'waits until it may try to start a blocked container again',
      ONE,
      { a: { ...NEW_CONTAINER, state: { is: 'blocked', reason: '', message: '', retryMs: NOW + 500 } } },
      { next: 500, phase: 'Pending' },
    ],
    [
      'ends at its deadline',
      { ...ONE, activeDeadlineSeconds: 60 },
      { a: running() },
      { stop: ['a'], phase: 'Running', reason: 'DeadlineExceeded' },
    ],
    [
      'has failed after its deadline',
      { ...ONE, activeDeadlineSeconds: 60 },
      { a: ended(0) },
      { phase: 'Failed', isOver: true, reason: 'DeadlineExceeded' },
    ],
    [
      'waits for its deadline',
      { ...ONE, activeDeadlineSeconds: 61 },
      { a: running() },
      { next: 1000, phase: 'Running' },
    ],
  ])('%s', (_title, spec, facts, expected) => {
    expect(decide(spec, facts)).toEqual({ ...nothing, ...expected });
  });

  const deleted = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  test.each<[string, JsonObject, Record<string, ContainerFacts>, object]>([
    [
      'stops its containers, but not its sidecars yet',
      INIT,
      { i: ended(0), s: running(), j: ended(0), a: running() },
      { stop: ['a'], phase: 'Running' },
    ],
    ['waits for a stopping container', ONE, { a: running({ stopping: true }) }, { phase: 'Running' }],
    ['starts nothing', TWO, { a: ended(1) }, { phase: 'Failed', isOver: true }],
    ['stops its init container', INIT, { i: running() }, { stop: ['i'], phase: 'Pending', initialized: false }],
  ])('after its deletion %s', (_title, spec, facts, expected) => {
    expect(decide(spec, facts, deleted)).toEqual({ ...nothing, ...expected });
  });
});

test('the pause before a restart grows with each restart up to five minutes, and a long run resets it', () => {
  expect([0, 1, 2, 3, 4, 7, 100].map(pauseMs)).toEqual([0, 0, 10_000, 20_000, 40_000, 300_000, 300_000]);
  const end = (runMs: number) => ({ exitCode: 1, reason: '', startedMs: 0, endedMs: runMs });
  expect([quickEndsAfter(5, end(1000)), quickEndsAfter(5, end(600_000))]).toEqual([6, 1]);
});

test('the verdict of a probe changes after as many equal results in a row as its threshold', () => {
  const plan = { ...probePlan({}), failureThreshold: 3, successThreshold: 2 };
  const verdicts = [true, true, false, false, true, false, false, false].reduce(
    ({ count, list }, result) => {
      const next = countResult(count, result, plan);
      return { count: next, list: [...list, next.verdict] };
    },
    { count: NO_RESULTS, list: [] as string[] },
  ).list;
  expect(verdicts).toEqual(['unknown', ...Array.from({ length: 6 }, () => 'success'), 'failure']);
});

test('a container has the limits that it and its pod set, or default limits', () => {
  const pod = (annotations = {}): KubeObject => ({ apiVersion: 'v1', kind: 'Pod', metadata: { annotations } });
  expect(limitsOf(pod(), {})).toEqual(DEFAULT_LIMITS);
  const container = { resources: { limits: { memory: '64Mi' } } };
  expect(limitsOf(pod({ 'typekro.dev/max-processes': '9' }), container)).toEqual({
    memoryBytes: 2 ** 26,
    processes: 9,
  });
  expect(limitsOf(pod(), { resources: { limits: { memory: '0' } } })).toEqual(DEFAULT_LIMITS);
  expect(limitsProblem(pod({ 'typekro.dev/max-processes': '0' }))).toContain('"0" is not a whole number');
  const limits = { memoryBytes: 2 ** 20, processes: 2 };
  expect(excessOf({ memoryBytes: 2 ** 20, processes: 2 }, limits)).toBeUndefined();
  expect(excessOf({ memoryBytes: 2 ** 21, processes: 1 }, limits)).toMatchObject({ reason: 'OOMKilled' });
  expect(excessOf({ memoryBytes: 0, processes: 3 }, limits)).toMatchObject({ reason: 'Error' });
});

const user = { platform: 'linux', uid: 1000, gid: 1000 };

test.each<[string, JsonObject, string[]]>([
  ['nothing special', { securityContext: { runAsUser: 1000, runAsNonRoot: true }, containers: [{ name: 'c' }] }, []],
  [
    'a user other than that of the cluster',
    { securityContext: { runAsUser: 0 } },
    ['spec.securityContext.runAsUser: 0 is not the user 1000'],
  ],
  [
    'a container with another user and group',
    { containers: [{ name: 'c', securityContext: { runAsUser: 65532, runAsGroup: 1 } }] },
    ['spec.containers[c].securityContext.runAsUser: 65532', 'runAsGroup: 1 is not the group 1000'],
  ],
  ['privileges', { containers: [{ name: 'c', securityContext: { privileged: true } }] }, ['no additional rights']],
  [
    'capabilities',
    { initContainers: [{ name: 'i', securityContext: { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] } } }] },
    ['spec.initContainers[i].securityContext.capabilities.add: a local process does not get NET_ADMIN'],
  ],
  [
    'a folder of the host',
    { volumes: [{ name: 'v', hostPath: { path: '/' } }] },
    ['spec.volumes[v]: hostPath is not one of'],
  ],
  [
    'a claim',
    { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'x' } }] },
    ['persistentVolumeClaim is not'],
  ],
  ['the PID namespace of the host', { hostPID: true }, ['spec.hostPID']],
  [
    'an unknown stop signal',
    { containers: [{ name: 'c', lifecycle: { stopSignal: 'SIGTYPO' } }] },
    ['spec.containers[c].lifecycle.stopSignal: this system has no signal "SIGTYPO"'],
  ],
])('a pod with %s has the expected reasons for a refusal', (_title, spec, expected) => {
  const pod: KubeObject = { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec };
  expect(processRefusals(pod, user)).toEqual(expected.map((text) => expect.stringContaining(text)));
});

test('local processes are refused on Windows, and if the cluster runs as root and the pod forbids root', () => {
  const pod: KubeObject = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {},
    spec: { securityContext: { runAsNonRoot: true } },
  };
  expect(processRefusals(pod, { ...user, platform: 'win32' })).toEqual(['local processes run on Linux and macOS only']);
  expect(processRefusals(pod, { ...user, uid: 0 })).toEqual([expect.stringContaining('runs as root')]);
});

test('the group and the session of a process are parsed correctly, whatever its name is', () => {
  const rest = '0 -1 4194304 90 0 0 0 0 0 0 0 20 0 1 0 77123 9000';
  const entry = { pid: 12, parent: 1, group: 10, session: 9, started: '77123', hasEnded: false };
  expect(parseStat(`12 (a) b) (c) S 1 10 9 ${rest}`)).toEqual(entry);
  expect(parseStat(`12 (a) Z 1 10 9 ${rest}`)).toEqual({ ...entry, hasEnded: true });
  expect(parseStat('')).toBeUndefined();
});

test('a line of ps has no session, so the group takes the place of the session', () => {
  expect(parsePsLine('  12     1    10   2048 S+   Fri Nov 27 04:53:18 2026')).toEqual({
    pid: 12,
    parent: 1,
    group: 10,
    session: 10,
    started: 'Fri Nov 27 04:53:18 2026',
    hasEnded: false,
    memoryBytes: 2 ** 21,
  });
  expect(parsePsLine('13 1 10 0 Z+ Fri')).toMatchObject({ hasEnded: true });
  expect(parsePsLine('')).toBeUndefined();
});

test.each([
  ['SIGTERM', 'darwin', 15],
  ['SIGCLD', 'linux', constants.signals.SIGCHLD],
  ['SIGRTMIN', 'linux', 34],
  ['SIGRTMIN+3', 'linux', 37],
  ['SIGRTMAX-14', 'linux', 50],
  ['SIGRTMAX', 'linux', 64],
  ['SIGRTMIN+31', 'linux', undefined],
  ['SIGRTMIN', 'darwin', undefined],
  ['SIGTYPO', 'linux', undefined],
  ['constructor', 'linux', undefined],
])('the number of the signal %s on %s is %s', (name, platform, number) => {
  expect(signalNumber(name, platform)).toBe(number);
});

test('each pod has its own loopback address on Linux, but not on macOS', () => {
  const uid = 'ffffffff-0000-0000-0000-000000000000';
  const first = podAddress(uid, new Set(), 'linux');
  expect(first).toBe('127.127.255.255');
  expect(podAddress(uid, new Set([first]), 'linux')).toBe('127.64.0.0');
  expect(podAddress(uid, new Set(), 'darwin')).toBe('127.0.0.1');
});

test('a socket belongs to a pod if it has the address of the pod or belongs to a process of the pod', () => {
  const line = (address: string, state: string, inode: string) =>
    `   0: ${address}:1F90 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100`;
  const sockets = parseSockets(
    [
      '  sl  local_address rem_address   st',
      line('0100007F', '0A', '1'),
      line('0500407F', '06', '2'),
      line('00000000000000000000000000000000', '0A', '3'),
      line('0000000000000000FFFF00000500407F', '0A', '4'),
      line('00000000000000000000000001000000', '0A', '5'),
    ].join('\n'),
  );
  expect(sockets).toEqual([
    { address: '127.0.0.1', port: 8080, inode: '1' },
    { address: '', port: 8080, inode: '3' },
    { address: '127.64.0.5', port: 8080, inode: '4' },
  ]);
  const [local, all] = [sockets.slice(0, 1), sockets.slice(1, 2)];
  const own = { address: '127.64.0.5', port: 8080 };
  const hosts = [own.address, '127.0.0.1'];
  expect(hostOf(sockets, hosts, own, () => false)).toBe('127.64.0.5');
  expect(hostOf(local, hosts, own, () => false)).toBeUndefined();
  expect(hostOf(local, hosts, own, (inode) => inode === '1')).toBe('127.0.0.1');
  expect(hostOf(all, hosts, own, (inode) => inode === '3')).toBe('127.64.0.5');
  expect(hostOf([...local, ...all], ['127.0.0.1'], own, (inode) => inode === '3')).toBeUndefined();
  expect(hostOf(all, hosts, { ...own, port: 81 }, () => true)).toBeUndefined();
});
