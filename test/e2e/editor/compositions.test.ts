import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Hover } from 'vscode-languageserver';
import { LanguageClient } from '../../support/language-client.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

const APP = `import { kubernetesComposition } from 'typekro';
import { Deployment } from 'typekro/simple';
import { type } from 'arktype';

export const app = kubernetesComposition(
  {
    name: 'app',
    apiVersion: 'v1alpha1',
    kind: 'App',
    spec: type({ name: 'string', replicas: 'number.integer' }),
    status: type({ ready: 'boolean' }),
  },
  (spec) => {
    const web = Deployment({
      id: 'web',
      name: spec.name,
      image: 'nginx',
      replicas: spec.replicas,
    });
    return { ready: web.status.readyReplicas >= spec.replicas };
  },
);
`;

describe('compositions in typekro lsp', { timeout: 120_000 }, () => {
  let folder: string;
  let client: LanguageClient;
  const uri = (name: string): string => pathToFileURL(join(folder, name)).href;

  const start = async (settings: object): Promise<void> => {
    client = new LanguageClient({ folder, settings });
    await client.initialize();
  };
  const write = async (name: string, text: string): Promise<void> => {
    writeFileSync(join(folder, name), text);
    await client.open(uri(name), text, 'typescript');
  };

  beforeEach(() => {
    // The folder is in the repository, so that the module resolution finds tsx and the package as in a project.
    mkdirSync(join(ROOT, 'temp'), { recursive: true });
    folder = mkdtempSync(join(ROOT, 'temp', 'lsp-'));
  });
  afterEach(async () => {
    await client.dispose();
    rmSync(folder, { recursive: true, force: true });
  });

  test('a composition is loaded in trusted workspaces only', async () => {
    await start({});
    const marker = join(folder, 'ran');
    const text = `import 'typekro';\nimport { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(marker)}, '');\n`;
    await write('app.ts', text);
    await client.save(uri('app.ts'));
    // The server handles messages in order. Therefore the response shows that the server has handled the earlier
    // notification.
    expect(
      await client.request('hover', { textDocument: { uri: uri('app.ts') }, position: { line: 0, character: 0 } }),
    ).toBeNull();
    expect(existsSync(marker)).toBe(false);
    await client.connection.sendNotification('workspace/didChangeConfiguration', {
      settings: { typekro: { trusted: true } },
    });
    const found = await client.until(uri('app.ts'), ({ diagnostics }) => diagnostics.length > 0);
    expect(found[0]?.source).toBe('typekro');
    expect(existsSync(marker)).toBe(true);
  });

  test.each([
    ['throws', 60_000, "throw new Error('no such thing');", /no such thing/],
    ['loops for ever', 2000, 'for (;;);', /was not loaded within 2 s/],
    ['exits', 60_000, 'process.exit(0);', /process\.exit\(0\) is called/],
    ['uses all memory', 60_000, 'const all = []; for (;;) all.push(new Array(1e6).fill(all.length));', /./],
  ])(
    'a composition that %s is reported as a problem, and the server keeps working',
    async (_title, traceTimeoutMs, code, message) => {
      await start({ trusted: true, traceTimeoutMs, traceMemoryMiB: 64 });
      await write('app.ts', `import 'typekro';\n${code}\n`);
      const found = await client.until(uri('app.ts'), ({ diagnostics }) => diagnostics.length > 0);
      expect(found[0]?.message).toMatch(message);
      await write('other.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: 1}\n');
      expect(await client.diagnostics(uri('other.yaml'))).not.toEqual([]);
    },
  );

  test('in a workspace without node_modules, the import is reported as a problem', async () => {
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), 'typekro-lsp-'));
    await start({ trusted: true });
    await write('app.ts', APP);
    const found = await client.until(uri('app.ts'), ({ diagnostics }) => diagnostics.length > 0);
    expect(found[0]).toMatchObject({ severity: 1 });
    expect(found[0]?.message).toMatch(/typekro|arktype/);
  });

  test('refusals are reported at their line after a save, and hover shows the CEL of an expression', async () => {
    await start({ trusted: true });
    const text = APP;
    await write('app.ts', text);
    expect(await client.until(uri('app.ts'), () => true)).toEqual([]);
    const lines = text.split('\n');
    const line = lines.findIndex((each) => each.includes('replicas: spec.replicas'));
    const hover = await client.request<Hover>('hover', {
      textDocument: { uri: uri('app.ts') },
      position: { line, character: (lines[line] ?? '').indexOf('spec.replicas') + 2 },
    });
    expect(JSON.stringify(hover?.contents)).toContain('${schema.spec.replicas}');
    const broken = text.replace('>= spec.replicas', ">= spec.replicas && web.status.foo.bar() === 'x'");
    writeFileSync(join(folder, 'app.ts'), broken);
    await client.change(uri('app.ts'), broken);
    await client.save(uri('app.ts'));
    const found = await client.until(uri('app.ts'), ({ diagnostics }) => diagnostics.length > 0);
    const wanted = broken.split('\n').findIndex((each) => each.includes('foo.bar'));
    expect(found[0]?.range.start.line).toBe(wanted);
  });

  test('the problems in a helper disappear when the last module that causes them is closed', async () => {
    await start({ trusted: true });
    const helper = "export const word = (web) => web.status.foo.bar() === 'x';\n";
    writeFileSync(join(folder, 'helper.ts'), helper);
    const module = APP.replace('>= spec.replicas', '>= spec.replicas && word(web)');
    const text = `import { word } from './helper.ts';\n${module}`;
    for (const name of ['one.ts', 'two.ts']) await write(name, text.replace("name: 'app'", `name: '${name[0]}'`));
    expect(await client.until(uri('helper.ts'), ({ diagnostics }) => diagnostics.length > 0)).toHaveLength(1);
    await client.until(uri('two.ts'), () => true);
    await client.close(uri('one.ts'));
    // The server handles messages in order. Therefore the response shows that the module is closed.
    await client.request('hover', { textDocument: { uri: uri('two.ts') }, position: { line: 0, character: 0 } });
    expect(await client.until(uri('helper.ts'), () => true)).toHaveLength(1);
    await client.close(uri('two.ts'));
    expect(await client.until(uri('helper.ts'), ({ diagnostics }) => diagnostics.length === 0)).toEqual([]);
  });
});
