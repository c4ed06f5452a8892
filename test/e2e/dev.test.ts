import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startCli } from '../support/command.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

const APP = `import { data } from './data.ts';
const metadata = { name: 'settings' };
export const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
`;

describe('typekro dev', { timeout: 90_000 }, () => {
  let directory: string;
  const write = (name: string, text: string): void => writeFileSync(join(directory, name), text);

  beforeEach(() => {
    // The folder is in the repository, so that the module resolution finds tsx and the package as in a project.
    mkdirSync(join(root, 'temp'), { recursive: true });
    directory = mkdtempSync(join(root, 'temp', 'dev-'));
    write('package.json', '{"type": "module"}');
    write('app.ts', APP);
    write('data.ts', "export const data = { colour: 'red' };\n");
  });
  afterEach(() => {
    rmSync(directory, { recursive: true, force: true });
  });

  test('the command applies a change of an imported file, reports a broken file, and ends on Ctrl-C', async () => {
    const running = startCli(['dev', 'app.ts'], directory);
    await running.until(/serving the objects of the files/);
    write('data.ts', "export const data = { colour: 'blue' +;\n");
    await running.until(/still serving/);
    expect(running.output).toContain('changed: data.ts');
    expect(running.output).toMatch(/data\.ts:1:39: error: /);
    rmSync(join(directory, 'data.ts'));
    await running.until(/app\.ts:1:\d+: error: [^]*still serving/);
    write('data.ts', "export const data = { colour: 'blue' };\n");
    await running.until(/serving the objects of the files, applied[^]*serving the objects of the files, applied/);
    const { code, stdout } = await running.interrupt();
    expect(stdout).toMatch(/The cluster has ended/);
    expect(code).toBe(130);
  });

  test('a new revision of a definition is served even if only a default of its schema changes, and no other object', async () => {
    const schema = { apiVersion: 'v1alpha1', kind: 'Shop', spec: { size: 'integer | default=2' } };
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${schema.metadata.name}' } };
    const definition = {
      apiVersion: 'kro.run/v1alpha1',
      kind: 'ResourceGraphDefinition',
      metadata: { name: 'shops' },
      spec: { schema, resources: [{ id: 'map', template: { ...map, data: { size: '${string(schema.spec.size)}' } } }] },
    };
    write('shop.json', JSON.stringify(definition));
    write(
      'a.json',
      JSON.stringify({ apiVersion: 'kro.run/v1alpha1', kind: 'Shop', metadata: { name: 'a' }, spec: {} }),
    );
    const running = startCli(['dev', 'shop.json', 'a.json'], directory);
    await running.until(/serving revision 1 of shops, applied/);
    write('shop.json', JSON.stringify(definition).replace('default=2', 'default=4'));
    await running.until(/serving revision 2 of shops, applied/);
    expect((await running.interrupt()).code).toBe(130);
  });

  test('the command reports a module that exits the process, and loads the next saved version', async () => {
    write('killed.js', "process.kill(process.pid, 'SIGKILL'); await new Promise(() => {});\n");
    write('closed.js', 'process.disconnect(); await new Promise(() => {});\n');
    const running = startCli(['dev', 'killed.js', 'closed.js', 'app.ts'], directory);
    await running.until(/nothing is served yet/);
    expect(running.output).toMatch(/killed\.js:1:1: error: the process that loads the module ended \(SIGKILL\)/);
    expect(running.output).toMatch(/closed\.js:1:1: error: the process that loads the module ended \(exit code 0\)/);
    for (const name of ['killed.js', 'closed.js']) {
      write(name, `export const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${name}' } };\n`);
    }
    await running.until(/serving the objects of the files, applied/);
    expect((await running.interrupt()).code).toBe(130);
  });

  test('the next save stops a module that never finishes loading', async () => {
    write('data.ts', 'for (;;);\n');
    const running = startCli(['dev', 'app.ts'], directory);
    await running.until(/Dashboard/);
    write('app.ts', APP.replace("'./data.ts'", "'./other.ts'"));
    write('other.ts', "export const data = { colour: 'green' };\n");
    await running.until(/serving the objects of the files, applied/);
    expect((await running.interrupt()).code).toBe(130);
  });

  test('the command ends when a file that it names does not exist at the start', async () => {
    const { code, stderr } = await startCli(['dev', 'ap.ts'], directory).ended;
    expect(stderr).toContain('there is no file ap.ts');
    expect(stderr).toContain('did you mean app.ts?');
    expect(code).toBe(1);
  });
});
