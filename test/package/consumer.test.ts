import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningCommand, runCommand } from '../support/command.ts';
import { makePackedProject } from '../support/packed-package.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const PROGRAM = `import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment } from 'typekro/simple';

export const app = kubernetesComposition(
  { name: 'web', kind: 'Web', spec: type({ name: 'string', replicas: 'number.integer' }), status: type({ ready: 'boolean' }) },
  (spec) => {
    const deploy = Deployment({ id: 'deploy', name: spec.name, image: 'nginx', replicas: spec.replicas });
    const ready: number = deploy.status.readyReplicas;
    return { ready: ready >= spec.replicas };
  },
);
console.log(app.toYaml());
`;

/** Mistakes that the types must catch, one per line. */
const MISTAKES = `import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { Deployment } from 'typekro/simple';

kubernetesComposition({ name: 'web', kind: 'Web', spec: type({ name: 'string' }), status: type({ ready: 'boolean' }) }, (spec) => {
  const deploy = Deployment({ id: 'deploy', name: spec.nmae, image: 'nginx' });
  Deployment({ id: 'b', name: spec.name, image: 'nginx', replicas: 'two' });
  deploy.status.readyReplica;
  return { ready: 'yes' };
});
`;

describe('the packed tarball in a separate project', () => {
  let directory: string;
  const tsc = (...args: string[]) =>
    runCommand(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), ...args], { cwd: directory });

  beforeAll(() => {
    directory = makePackedProject(tmpdir());
    writeFileSync(join(directory, 'app.ts'), PROGRAM);
    writeFileSync(join(directory, 'mistakes.ts'), MISTAKES);
  }, 120_000);

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  const base = ['--strict', '--target', 'es2022', '--types', 'node', '--preserveSymlinks'];
  const resolutions = [
    ['nodenext', ['--module', 'nodenext']],
    ['bundler', ['--module', 'esnext', '--moduleResolution', 'bundler']],
  ] as const;

  test.each(resolutions)(
    'the program and the declarations of the package type-check with %s resolution',
    (_name, options) => {
      expect(tsc(...base, ...options, '--noEmit', 'app.ts')).toEqual({ code: 0, stdout: '', stderr: '' });
    },
  );

  test('lets the compiled program run', () => {
    expect(tsc(...base, '--module', 'nodenext', 'app.ts')).toMatchObject({ code: 0 });
    const { code, stdout, stderr } = runCommand(process.execPath, ['app.js'], { cwd: directory });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain('kind: ResourceGraphDefinition');
    expect(stdout).toContain('replicas: ${schema.spec.replicas}');
  });

  test('`typekro init` creates a project whose check and test pass unchanged', () => {
    const node = (cwd: string, ...args: string[]) => runCommand(process.execPath, args, { cwd });
    const made = node(directory, 'node_modules/typekro/dist/cli/main.js', 'init', 'platform');
    expect(made).toMatchObject({ code: 0, stderr: '' });
    const platform = join(directory, 'platform');
    expect(node(platform, join(root, 'node_modules/@typescript/native/bin/tsc'))).toMatchObject({
      code: 0,
      stdout: '',
    });
    expect(node(platform, '../node_modules/typekro/dist/cli/main.js', 'validate', 'app.ts').code).toBe(0);
    const tested = node(platform, '--import', 'tsx', '--test', 'app.test.ts');
    expect(tested.stdout + tested.stderr).toMatch(/pass 1/);
    expect(tested.code).toBe(0);
  }, 60_000);

  test('`typekro init --package` creates a package whose check, test and build pass unchanged', () => {
    const node = (cwd: string, ...args: string[]) => runCommand(process.execPath, args, { cwd });
    const cli = join(directory, 'node_modules/typekro/dist/cli/main.js');
    expect(node(directory, cli, 'init', 'shared', '--package')).toMatchObject({ code: 0, stderr: '' });
    const shared = join(directory, 'shared');
    expect(node(shared, cli, 'validate', 'src/app.ts', 'example.yaml')).toMatchObject({ code: 0, stderr: '' });
    expect(node(shared, '--import', 'tsx', '--test', 'app.test.ts').stdout).toMatch(/pass 1/);
    const built = node(shared, join(root, 'node_modules/@typescript/native/bin/tsc'));
    expect(built).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(node(shared, cli, 'gitops', 'src/app.ts', '--out', 'manifests').code).toBe(0);
    expect(existsSync(join(shared, 'manifests/kustomization.yaml'))).toBe(true);
    expect(node(shared, cli, 'graph', 'dist/app.js').stdout).toMatch(/^WebApp /);
  }, 60_000);

  test('can be required from CommonJS', () => {
    writeFileSync(join(directory, 'app.cjs'), "console.log(typeof require('typekro').kubernetesComposition);\n");
    expect(runCommand(process.execPath, ['app.cjs'], { cwd: directory }).stdout).toBe('function\n');
  });

  test('the compiler reports wrong fields, wrong types and a wrong status', () => {
    const { stdout } = tsc(...base, '--module', 'nodenext', '--noEmit', 'mistakes.ts');
    const lines = [...stdout.matchAll(/^mistakes\.ts\((\d+),/gm)].map((match) => Number(match[1]));
    expect([...new Set(lines)].sort((a, b) => a - b)).toEqual([5, 6, 7, 8]);
  });
});

describe('the packed tarball with only its dependencies', () => {
  let directory: string;
  const typekro = (...args: string[]) =>
    new RunningCommand(process.execPath, ['node_modules/typekro/dist/cli/main.js', ...args], { cwd: directory });

  beforeAll(() => {
    directory = makePackedProject(tmpdir(), 'dependencies');
  }, 120_000);

  afterAll(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test('`typekro up` runs the two example applications when the user gives no file', async () => {
    const { code, stdout, stderr } = await typekro('up', '--once').ended;
    expect(stderr).toBe('');
    expect(stdout).toMatch(/WebApp.*hello.*ACTIVE/s);
    expect(code).toBe(0);
  });

  test.skipIf('typescript' in process.features)('the error for a TypeScript file names tsx as missing', async () => {
    writeFileSync(join(directory, 'app.ts'), 'export const x = 1;\n');
    const { code, stdout, stderr } = await typekro('validate', 'app.ts').ended;
    expect(stdout + stderr).toContain('npm install --save-dev tsx, or use Node 22.18');
    expect(code).toBe(3);
  });
});
