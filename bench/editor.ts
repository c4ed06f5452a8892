/**
 * Measures `typekro lsp` as a client sees it, and prints medians and the slowest run. Run: `npm run bench -- editor`.
 *
 * Goals: start 300 ms; diagnostics after a keystroke 100 ms on the largest realistic definition and 300 ms in 5,000
 * lines; completion 50 ms; 120 MB with 50 files.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { stringify } from 'yaml';
import { LanguageClient } from '../test/support/language-client.ts';
import { readOptions } from './support/options.ts';

readOptions({});

const KEYS = 21;
const STARTS = 5;
const FILES = 50;

const corpus = fileURLToPath(new URL('../test/conformance/graph/realistic/', import.meta.url));
const texts = readdirSync(corpus)
  // Leaves out definitions with a mistake, because their check ends early.
  .filter((name) => name.endsWith('.yaml') && !name.startsWith('mistake'))
  .map((name) => ({ name, text: readFileSync(corpus + name, 'utf8') }));
const [largest = { name: '', text: '' }] = texts.toSorted((a, b) => b.text.length - a.text.length);

/** A definition of about `lines` lines, with Deployments that each read the previous Deployment. */
function longDefinition(lines: number): string {
  const app = { app: '${schema.spec.name}' };
  const env = [{ name: 'A', value: '${schema.spec.name}-a' }];
  const containers = [{ name: 'web', image: 'nginx:1.27', ports: [{ containerPort: 80 }], env }];
  const pod = { metadata: { labels: app }, spec: { containers } };
  const resources = Array.from({ length: Math.round(lines / 26) }, (_, index) => {
    const name = index === 0 ? '${schema.spec.name}' : `\${n${index - 1}.metadata.name}-x`;
    const spec = { replicas: '${schema.spec.replicas}', selector: { matchLabels: app }, template: pod };
    const template = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, labels: app }, spec };
    return { id: `n${index}`, template };
  });
  const schema = { apiVersion: 'v1alpha1', kind: 'Chain', spec: { name: 'string', replicas: 'integer | default=1' } };
  const metadata = { name: 'chain' };
  const definition = { apiVersion: 'kro.run/v1alpha1', kind: 'ResourceGraphDefinition', metadata };
  return stringify({ ...definition, spec: { schema, resources } }, { aliasDuplicateObjects: false });
}

function row(what: string, values: readonly number[], unit: string, goal: number): void {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  console.log(`| ${what} | ${middle.toFixed(0)} ${unit} | ${sorted.at(-1)?.toFixed(0)} ${unit} | ${goal} ${unit} |`);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** The resident memory of a process in megabytes. */
const memoryOf = (pid: number): number =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? Number.NaN) / 1000;

/**
 * Returns the time from each keystroke to its diagnostics, without the first three keystrokes. A keystroke changes the
 * value of a field.
 */
async function keys(client: LanguageClient, uri: string, text: string): Promise<number[]> {
  await client.open(uri, text);
  await client.diagnostics(uri);
  const line = text.split('\n').findIndex((each) => each.includes('image:'));
  const times: number[] = [];
  for (let key = 0; key < KEYS + 3; key += 1) {
    const at = { line, character: (text.split('\n')[line] ?? '').length };
    times.push(
      await timed(async () => {
        await client.change(uri, 'x', at);
        await client.diagnostics(uri);
      }),
    );
  }
  // The first checks load code and schemas.
  return times.slice(3);
}

console.log(`Node ${process.version}, ${largest.name} has ${largest.text.split('\n').length} lines\n`);
console.log('| what | median | slowest | goal |\n|---|---|---|---|');

const starts: number[] = [];
for (let run = 0; run < STARTS; run += 1) {
  const began = performance.now();
  const client = new LanguageClient();
  await client.initialize();
  starts.push(performance.now() - began);
  await client.shutdown();
}
row('start, to the response to initialize', starts, 'ms', 300);

const folder = mkdtempSync(join(tmpdir(), 'typekro-bench-'));
const uriOf = (name: string): string => pathToFileURL(join(folder, name)).href;
const client = new LanguageClient({ folder });
try {
  await client.initialize();
  row(`diagnostics after a key, ${largest.name}`, await keys(client, uriOf('a.yaml'), largest.text), 'ms', 100);
  const line = largest.text.split('\n').findIndex((each) => each.includes('${schema.spec.'));
  const character = (largest.text.split('\n')[line] ?? '').indexOf('${schema.spec.') + '${schema.spec.'.length;
  const completions: number[] = [];
  for (let run = 0; run < KEYS; run += 1) {
    // A change of the text invalidates the model.
    await client.change(uriOf('a.yaml'), ' ', { line: 0, character: 100_000 });
    const position = { line, character };
    const params = { textDocument: { uri: uriOf('a.yaml') }, position };
    completions.push(await timed(() => client.request('completion', params)));
  }
  row('completion in an expression, after a key', completions, 'ms', 50);
  row('diagnostics after a key, 5,000 lines', await keys(client, uriOf('b.yaml'), longDefinition(5000)), 'ms', 300);
} finally {
  await client.dispose();
}

for (let file = 0; file < FILES; file += 1) {
  const { text } = texts[file % texts.length] ?? largest;
  writeFileSync(join(folder, `file-${file}.yaml`), text.replace(/^( {4}kind: \w+)$/m, `$1${file}`));
}
const large = new LanguageClient({ folder });
try {
  await large.initialize();
  for (let file = 0; file < FILES; file += 1) {
    const name = `file-${file}.yaml`;
    await large.open(uriOf(name), readFileSync(join(folder, name), 'utf8'));
    await large.diagnostics(uriOf(name));
  }
  row(`memory with ${FILES} open files`, [memoryOf(large.process.pid ?? 0)], 'MB', 120);
} finally {
  await large.dispose();
  rmSync(folder, { recursive: true, force: true });
}
