import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, beforeAll, expect, test } from 'vitest';

describe('page types', () => {
  /* Type-checks the TypeScript on the pages against the built package, as a reader's compiler does. */

  const ROOT = fileURLToPath(new URL('../../', import.meta.url));

  /** Pages whose TypeScript another test runs. Maps each page to the name of that test. */
  const RUN_ELSEWHERE: Readonly<Record<string, string>> = {
    'docs/diagnostics.md': 'packages/sdk/src/compose/refusal: each example has its error',
    'docs/graphs.md': 'graphs-page.test.ts',
    'docs/stand-ins.md': 'stand-ins.test.ts',
    'docs/testing.md': 'testing-page.test.ts',
    'docs/guides/alchemy.md': 'test/alchemy, with the package alchemy',
    'docs/start/first-composition.md': 'test/e2e/start-pages.test.ts',
    'docs/factories/generate.md': 'generated-factories.test.ts: it imports files that a command writes',
    'docs/factories/helm.md': 'generated-factories.test.ts: it imports files that a command writes',
  };

  /** The examples of factories belong inside a composition. Therefore the test declares the spec. */
  const INSIDE = 'declare const spec: Readonly<Record<string, never>>;\n';

  /** Maps a page to declarations of the names that its code blocks use and do not declare. */
  const BEFORE: Readonly<Record<string, string>> = {
    'docs/deploy.md': `import type { Composition } from 'typekro';
declare const app: Composition<{ name: string; replicas: number }, { ready: boolean }>;
declare const spec: { name: string; replicas: number };
`,
    'docs/factories/argocd.md': `import { configMap } from 'typekro/kubernetes';\n${INSIDE}`,
    'docs/factories/external-dns.md': `declare const address: string;\n${INSIDE}`,
  };
  const beforeOf = (page: string): string => BEFORE[page] ?? (page.startsWith('docs/factories/') ? INSIDE : '');

  const pages = ['docs', 'docs/guides', 'docs/start', 'docs/factories', 'docs/concepts', 'docs/migration']
    .flatMap((folder) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`))
    .filter((page) => page.endsWith('.md') && !Object.hasOwn(RUN_ELSEWHERE, page));

  const home = mkdtempSync(join(tmpdir(), 'typekro-page-types-'));
  beforeAll(() => {
    mkdirSync(join(home, 'node_modules'));
    symlinkSync(ROOT, join(home, 'node_modules/typekro'), 'dir');
    for (const name of ['arktype', '@ark', 'arkregex', '@types'])
      symlinkSync(join(ROOT, 'node_modules', name), join(home, 'node_modules', name), 'dir');
    writeFileSync(join(home, 'package.json'), '{"type":"module"}');
  });

  /**
   * Maps a file name to its content, for the code blocks of a page. A block whose first line names a file becomes part of
   * the named file. All other blocks together are one file, in their order.
   */
  function filesOf(page: string): Readonly<Record<string, string>> {
    // A page may continue the program of the README.
    const files: Record<string, string> = page === 'docs/deploy.md' ? filesOf('README.md') : {};
    const text = readFileSync(join(ROOT, page), 'utf8');
    for (const [, block = ''] of text.matchAll(/^```ts\n([\s\S]*?)^```$/gm)) {
      const name = /^\/\/ ([\w./-]+\.ts)\n/.exec(block)?.[1] ?? 'blocks.ts';
      files[name] = `${files[name] ?? (name === 'blocks.ts' ? beforeOf(page) : '')}${block}`;
    }
    return files;
  }

  test('the TypeScript on the pages type-checks against the package', { timeout: 120_000 }, () => {
    const found: string[] = [];
    for (const page of pages) {
      for (const [name, text] of Object.entries(filesOf(page))) {
        const file = join(page.replace(/\.md$/, ''), name);
        mkdirSync(dirname(join(home, file)), { recursive: true });
        writeFileSync(join(home, file), `${text}\nexport {};\n`);
        found.push(file);
      }
    }
    expect(found.length).toBeGreaterThan(10);
    const options = {
      target: 'es2023',
      module: 'nodenext',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      allowImportingTsExtensions: true,
      types: ['node'],
    };
    writeFileSync(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: found }));
    expect(compile()).toBe('');
  });

  /** The errors that the compiler prints. */
  function compile(): string {
    try {
      return execFileSync(process.execPath, [join(ROOT, 'node_modules/.bin/tsc'), '-p', '.'], {
        cwd: home,
        encoding: 'utf8',
      });
    } catch (error) {
      return String((error as { readonly stdout?: unknown }).stdout);
    }
  }
});

describe('types', () => {
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

  const directory = mkdtempSync(join(tmpdir(), 'typekro-types-'));
  beforeAll(() => {
    writeFileSync(join(directory, 'package.json'), '{ "type": "module" }');
    symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  });

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
});
