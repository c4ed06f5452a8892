/**
 * Measures how the processor time of commands that read files, and of the editor, grows with the input. Each shape of
 * `support/file-shapes.txt` has n and 2n parts. Marks what takes more than half a second and grows by more than 2.5.
 * Run: `npm run bench -- files [--shapes TEXT] [--commands TEXT] [--scale N]`.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Workspace } from '@typekro/editor';
import { commandRunner } from '../packages/cli/test-support/run-command.ts';
import { commands } from '../packages/cli/src/commands/index.ts';
import { checkDocument } from '../packages/cli/src/lsp/check-document.ts';
import { formatDefinitions } from '../packages/cli/src/fmt/format-definition.ts';
import { readOptions } from './support/options.ts';

const options = readOptions({ shapes: '', commands: '', scale: 1 });
const COMMANDS = ['validate', 'lint', 'render', 'fmt', 'graph', 'types', 'rbac', 'convert', 'test', 'editor'];

/** The parts of the input of a shape. Each is repeated, or has a piece in `«»` that is; `@` is the number of the copy. */
type Parts = ReadonlyMap<string, string>;

const repeated = (piece: string, count: number): string =>
  Array.from({ length: count }, (_, index) => piece.replaceAll('@', String(index))).join('');

function partOf(parts: Parts, name: string, count: number, fallback = ''): string {
  const written = parts.get(name)?.replaceAll('¦', '|').replaceAll('\\n', '\n').replaceAll('\\r', '\r');
  if (written === undefined) return fallback;
  const whole = written.includes('«') ? written : `«${written}»`;
  return whole.replaceAll(/«([^»]*)»/g, (_, piece: string) => repeated(piece, count));
}

/** A definition and an instance of it. */
function fileOf(parts: Parts, count: number): string {
  const part = (name: string, fallback?: string) => partOf(parts, name, count, fallback);
  const template = `{apiVersion: v1, kind: ConfigMap, metadata: {name: one}, data: {${part('data', 'a: b')}}}`;
  return `${part('before')}apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: app}
spec:
  schema: {apiVersion: v1alpha1, kind: App, spec: {${part('spec', 'a: string')}}, types: {${part('types')}}, status: {${part('status')}}}
  resources:
${part('nodes', `    - {id: one, template: ${template}}\n`)}---
apiVersion: kro.run/v1alpha1
kind: App
metadata: {name: first}
spec: {${part('instance', parts.has('spec') ? '' : 'a: x')}}
${part('after')}`;
}

const folder = mkdtempSync(join(tmpdir(), 'typekro-bench-files-'));
const input = join(folder, 'in');
const cli = commandRunner(commands, folder);

/** The processor seconds of a command, which may report problems. */
async function secondsOf(command: string, parts: Parts, count: number): Promise<number> {
  const text = fileOf(parts, count);
  mkdirSync(input);
  writeFileSync(join(input, 'app.yaml'), text);
  if (parts.has('test')) writeFileSync(join(input, 'app.test.yaml'), partOf(parts, 'test', count));
  const others = Array.from({ length: parts.has('docs') ? count : 0 }, (_, index) => `m${index}.yaml`);
  for (const [index, name] of others.entries())
    writeFileSync(join(input, name), partOf(parts, 'docs', 1).replaceAll('m0', `m${index}`));
  const began = process.cpuUsage();
  if (command === 'editor') {
    await checkDocument(new Workspace(() => []).open('file:///app.yaml', 'app.yaml', 1, text), new Workspace(() => []));
    formatDefinitions(text);
  } else {
    const file = command === 'test' ? 'in/app.test.yaml' : parts.has('docs') ? 'in' : 'in/app.yaml';
    const { err } = await cli([command, file]);
    if (err.startsWith('internal error')) throw new Error(err);
  }
  const { user, system } = process.cpuUsage(began);
  rmSync(input, { recursive: true });
  return (user + system) / 1e6;
}

console.log('| shape | command | n | seconds of n | seconds of 2n | ratio |\n|---|---|---|---|---|---|');
try {
  for (const line of readFileSync(new URL('support/file-shapes.txt', import.meta.url), 'utf8')
    .trim()
    .split('\n')) {
    const [shape = '', base, ...written] = line.split('|');
    const parts: Parts = new Map(written.map((part) => [/^\w+/.exec(part)?.[0] ?? '', part.replace(/^\w+=/, '')]));
    const count = Math.round(Number(base) * options.scale);
    for (const command of COMMANDS) {
      if (!shape.includes(options.shapes) || !command.includes(options.commands)) continue;
      if ((command === 'test') !== parts.has('test')) continue;
      const [one, two] = [await secondsOf(command, parts, count), await secondsOf(command, parts, 2 * count)];
      const mark = two > 0.5 && two / one > 2.5 ? ' **grows**' : '';
      const figures = [one.toFixed(2), two.toFixed(2), (two / one).toFixed(1)].join(' | ');
      console.log(`| ${shape} | ${command} | ${count} | ${figures}${mark} |`);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
