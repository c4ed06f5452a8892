import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));

const SCHEMA = `import { type } from 'arktype';
const spec = type({ name: 'string', replicas: 'number.integer', 'tag?': 'string' });
const status = type({ ready: 'boolean' });
export const infer: { s: typeof spec.infer; t: typeof status.infer } | undefined = undefined;
`;

/** A program over the schema above. `body` is the body of the composition. */
const program = (body: string) => `import { kubernetesComposition } from '${root}dist/index.js';
import { Deployment } from '${root}dist/factories/simple/index.js';
${SCHEMA}
export const app = kubernetesComposition({ name: 'web', kind: 'Web', spec, status }, (s) => {
  const deploy = Deployment({ id: 'deploy', name: s.name, image: 'nginx', replicas: s.replicas });
  ${body}
});
`;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'typekro-types-'));
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
});
afterAll(() => rmSync(directory, { recursive: true }));

function check(source: string): { readonly errors: readonly string[]; readonly instantiations: number } {
  const file = join(directory, 'program.ts');
  writeFileSync(file, source);
  const tsc = join(root, 'node_modules/@typescript/native/bin/tsc');
  const flags = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2022'];
  const { stdout } = spawnSync(process.execPath, [tsc, ...flags, '--extendedDiagnostics', file], {
    cwd: directory,
    encoding: 'utf8',
  });
  return {
    errors: [...stdout.matchAll(/error (TS\d+)/g)].map(([, code = '']) => code),
    instantiations: Number(/Instantiations:\s+(\d+)/.exec(stdout)?.[1]),
  };
}

test('a program of three lines adds fewer than 10,000 type instantiations to those of its schema', () => {
  const own = check(SCHEMA);
  const all = check(program('return { ready: deploy.status.readyReplicas >= s.replicas };'));
  expect([own.errors, all.errors]).toEqual([[], []]);
  expect(all.instantiations - own.instantiations).toBeLessThan(10_000);
}, 60_000);

test.each<[string, string, string[]]>([
  ['a field that the spec does not have', 'return { ready: s.nmae === "x" };', ['TS2339']],
  ['an optional field that is read without a check', 'return { ready: s.tag.length > 0 };', ['TS18048']],
  ['a status field of the wrong type', 'return { ready: deploy.status.readyReplicas };', ['TS2345']],
  ['a field that the kind does not have', 'return { ready: deploy.status.podIP === "x" };', ['TS2339']],
  [
    'a list of a typed resource that is passed to a helper function',
    `const types = (list: { type: string }[]) => list.map((c) => c.type);
     const read = (status: import('${root}dist/index.js').Read<{ list: readonly { type: string }[] }>) => types(status.list);
     return { ready: read.length > 0 };`,
    [],
  ],
  ['a correct program', 'if (s.tag) s.tag.length; return { ready: true };', []],
])(
  'tsc reports exactly the expected errors for %s',
  (_name, body, codes) => {
    expect(check(program(body)).errors).toEqual(codes);
  },
  60_000,
);
