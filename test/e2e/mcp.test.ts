import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { CLI, RunningCommand, startCli } from '../support/command.ts';
import { type McpClient, Client, StdioClientTransport } from '@typekro/cli/test-support/mcp-client';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));

const MODULE = `console.log('noise of the module');
export const settings = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { a: 'DATA' } };
`;

describe('typekro mcp over the standard input and output', { timeout: 90_000 }, () => {
  let directory: string;
  let client: McpClient;
  const connect = async (...args: string[]): Promise<void> => {
    await client.connect(
      new StdioClientTransport({
        command: process.execPath,
        args: [CLI, 'mcp', ...args],
        cwd: directory,
        stderr: 'pipe',
      }),
    );
  };

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'typekro-mcp-'));
    client = new Client({ name: 'test', version: '1' });
  });
  afterEach(async () => {
    await client.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('responds to sequential and concurrent calls', async () => {
    await connect('--root', fixture('.'));
    const names = ['configmap.rgd.yaml', 'missing.yaml'];
    const answers = await Promise.all(
      names.map((name) => client.callTool({ name: 'validate', arguments: { files: [name] } })),
    );
    expect(answers.map(({ isError }) => isError ?? false)).toEqual([false, true]);
    expect(answers[1]?.content[0]?.text).toContain('there is no file missing.yaml');
    const kind = await client.callTool({ name: 'explain', arguments: { subject: 'ConfigMap.data' } });
    expect(kind.content[0]?.text).toMatch(/^data/);
  });

  test('with --modules, the current version of a module runs, and its output does not appear between the messages', async () => {
    writeFileSync(join(directory, 'package.json'), '{"type": "module"}');
    writeFileSync(join(directory, 'app.mjs'), MODULE);
    await connect('--modules');
    const validate = () => client.callTool({ name: 'validate', arguments: { files: ['app.mjs'] } });
    expect((await validate()).isError).toBeUndefined();
    writeFileSync(join(directory, 'app.mjs'), MODULE.replace("'DATA'", '7'));
    const broken = await validate();
    expect(broken.isError).toBe(true);
    expect(broken.content[0]?.text).toContain('noise of the module');
    expect(broken.structuredContent).toMatchObject({ diagnostics: [{ severity: 'error' }] });
  });

  test('ends when the client ends, also after input that is not a message', async () => {
    const closed = await new RunningCommand(process.execPath, [CLI, 'mcp'], { cwd: directory, input: 'no message\n' })
      .ended;
    expect(closed.code).toBe(0);
    expect(closed.stdout).toContain('"code":-32700');
    const ended = await startCli(['mcp'], directory).ended;
    expect(ended.code).toBe(0);
  });
});
