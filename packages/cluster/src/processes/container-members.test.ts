import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventually } from '../../test-support/process-pod.ts';
import { ContainerMembers, descendants } from './container-members.ts';
import type { TableEntry } from './process-table.ts';
import { MARK, runIn } from './run-mark.ts';

const entry = (pid: number, parent: number): TableEntry => ({
  pid,
  parent,
  group: pid,
  session: pid,
  started: '1',
  hasEnded: false,
});

test.each<[string, [pid: number, parent: number][], Record<number, number>]>([
  [
    'a child and a grandchild',
    [
      [11, 10],
      [12, 11],
    ],
    { 11: 7, 12: 7 },
  ],
  [
    'a grandchild that precedes its parent in the table',
    [
      [12, 11],
      [11, 10],
    ],
    { 11: 7, 12: 7 },
  ],
  [
    'not the children of another process',
    [
      [20, 1],
      [21, 20],
    ],
    {},
  ],
  [
    'not the processes of a cycle of parents',
    [
      [30, 31],
      [31, 30],
    ],
    {},
  ],
  [
    'siblings',
    [
      [13, 10],
      [14, 10],
    ],
    { 13: 7, 14: 7 },
  ],
])('the descendants of a member are %s', (_title, processes, expected) => {
  const others = new Map(processes.map(([pid, parent]) => [pid, entry(pid, parent)]));
  const found = [...descendants(others, new Map([[10, 7]]))].map(([{ pid }, run]) => [pid, run]);
  expect(Object.fromEntries(found)).toEqual(expected);
});

test.each([
  ['TYPEKRO_RUN=typekro-pods-a-12', 12],
  ['TYPEKRO_RUN=typekro-pods-a-', undefined],
  ['TYPEKRO_RUN=typekro-pods-a-1x', undefined],
  ['TYPEKRO_RUN=typekro-pods-b-1', undefined],
  ['OTHER=TYPEKRO_RUN=typekro-pods-a-1', undefined],
])('the variable %s names the run %s', (variable, run) => {
  expect(runIn(`A=1\0${variable}\0Z=1\0`, 'typekro-pods-a-')).toBe(run);
});

test.runIf(process.platform === 'linux')(
  'a process is still recognized after it has left its session and changed its environment',
  async () => {
    const watched = new Set<number>();
    const watchdog = {
      add: (group: number) => void watched.add(group),
      remove: (group: number) => void watched.delete(group),
    };
    const members = new ContainerMembers(`/tmp/typekro-pods-test${process.pid}`, watchdog);
    const { main, mark, exec } = members.begin();
    const start = (script: string): ChildProcess =>
      spawn('sh', ['-c', script], {
        detached: true,
        stdio: ['pipe', 'ignore', 'ignore'],
        env: { ...process.env, [MARK]: mark },
      });
    const [program, client, daemon] = [start('read x'), start('read x'), start('read x; exec env -i sleep 1000')];
    const id = (child: ChildProcess): number => child.pid ?? 0;
    main.started(id(program));
    exec.started(id(client));

    expect(await members.measure()).toEqual(
      new Map([
        [
          mark,
          { processes: 2, pids: expect.arrayContaining([id(program), id(daemon)]), memoryBytes: expect.any(Number) },
        ],
      ]),
    );
    expect(watched).toEqual(new Set([id(program), id(client), id(daemon)]));
    daemon.stdin?.write('\n');
    await eventually(() => Promise.resolve(expect(readFileSync(`/proc/${id(daemon)}/environ`, 'utf8')).toBe('')));
    expect(members.processesOf(new Set([mark]))).toContain(id(daemon));

    main.ended(id(program));
    members.killEnded();
    for (const child of [program, client, daemon])
      await eventually(() => Promise.resolve(expect(child.signalCode).toBe('SIGKILL')));
    expect(await members.measure()).toEqual(new Map());
    expect(watched).toEqual(new Set([id(client)]));
    expect(members.isEnding).toBe(true);
  },
);

test('the process table is read twice for all programs that end in one turn', async () => {
  let reads = 0;
  const readTable = (): TableEntry[] => [entry((reads += 1), 0)];
  const members = new ContainerMembers('/tmp/a', { add: () => undefined, remove: () => undefined }, readTable);
  const { exec, helper } = members.begin();
  // No process has an ID above 2²².
  const leaders = Array.from({ length: 600 }, (_, index) => 2 ** 22 + 1 + index);
  for (const program of [exec, helper])
    for (const step of ['started', 'kill', 'ended'] as const) for (const leader of leaders) program[step](leader);
  await new Promise(setImmediate);
  expect(reads).toBe(process.platform === 'linux' ? 2 : 0);
});
