import { mkdtempSync, readFileSync, statSync, chmodSync, readdirSync, writeFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import { fmt } from './fmt-command.ts';
import { lint } from './lint-command.ts';

const WANTED = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: app }
spec:
  schema: { apiVersion: v1alpha1, kind: App, spec: { name: string } }
  resources:
    - id: web
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: "\${schema.spec.name}" }
        spec:
          selector: { matchLabels: { app: a } }
          template:
            metadata: { labels: { app: a } }
            spec: { containers: [{ name: web, image: a, env: [{ name: K, valueFrom: { configMapKeyRef: { name: "\${map.metadata.name}", key: missing } } }] }] }
    - id: map
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: map }, data: { there: x } }
`;
const OTHER = WANTED.replace(
  'apiVersion: kro.run/v1alpha1\nkind: ResourceGraphDefinition\n',
  'kind: ResourceGraphDefinition\napiVersion: kro.run/v1alpha1\n',
);

let cwd: string;
let run: (line: string, stdin?: string) => Promise<CommandRun>;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-fmt-'));
  writeFileSync(join(cwd, 'good.yaml'), WANTED);
  writeFileSync(join(cwd, 'other.yaml'), OTHER);
  writeFileSync(join(cwd, 'broken.yaml'), 'a: [\n');
  run = commandRunner([fmt, lint], cwd);
});

const read = (name: string): string => readFileSync(join(cwd, name), 'utf8');

describe('fmt', () => {
  test('prints one file, or the standard input', async () => {
    expect((await run('fmt other.yaml')).out).toBe(WANTED.trimEnd());
    expect((await run('fmt -', OTHER)).out).toBe(WANTED.trimEnd());
  });

  test('prints line ends and bidirectional control characters unchanged', async () => {
    const text = 'apiVersion: v1\r\nkind: ConfigMap\r\ndata: { a: x\u200ey }\r\n';
    expect((await run('fmt -', text)).out).toBe(text.replace(/\n$/, ''));
    expect(read('other.yaml')).toBe(OTHER);
  });

  test('--check lists the files that differ', async () => {
    expect(await run('fmt --check good.yaml other.yaml')).toEqual({
      code: 4,
      out: 'differs other.yaml',
      err: '1 file would be formatted: run the same command with --write instead of --check.',
    });
    expect(await run('fmt --check -', OTHER)).toEqual({
      code: 4,
      out: 'differs standard input',
      err: '1 file would be formatted: run the same command without --check.',
    });
    const none = { code: 0, out: 'no difference in 1 file', err: '' };
    expect(await run('fmt --check good.yaml')).toEqual(none);
    expect(await run('fmt --write good.yaml')).toEqual(none);
  });

  test('--write changes files in place, and keeps their mode and links to them', async () => {
    chmodSync(join(cwd, 'other.yaml'), 0o640);
    symlinkSync('other.yaml', join(cwd, 'link.yaml'));
    expect(await run('fmt --write good.yaml link.yaml')).toEqual({ code: 0, out: 'formatted link.yaml', err: '' });
    expect(read('other.yaml')).toBe(WANTED);
    expect(statSync(join(cwd, 'other.yaml')).mode & 0o777).toBe(0o640);
    expect(readdirSync(cwd)).toEqual(['broken.yaml', 'good.yaml', 'link.yaml', 'other.yaml']);
  });

  test('a broken file stops the command before anything is written', async () => {
    const { code, err } = await run('fmt --write other.yaml broken.yaml');
    expect(code).toBe(3);
    expect(err).toContain('broken.yaml:1:4');
    expect(read('other.yaml')).toBe(OTHER);
  });

  test('each of several files that cannot be read is reported, and nothing is written', async () => {
    const { code, out, err } = await run('fmt --write nothing.yaml other.yaml broken.yaml nowhere.yaml');
    expect({ code, out }).toEqual({ code: 3, out: '' });
    for (const place of ['nothing.yaml:1:1', 'broken.yaml:1:4', 'nowhere.yaml:1:1']) expect(err).toContain(place);
    expect(read('other.yaml')).toBe(OTHER);
  });

  test.each([
    ['fmt good.yaml other.yaml', 2, 'add --write or --check'],
    ['fmt --write --check good.yaml', 2, 'exclude each other'],
    ['fmt --write -', 2, 'leave --write out'],
    ['fmt nothing.yaml', 1, 'there is no file nothing.yaml'],
  ])('%s ends with %d', async (line, code, output) => {
    const ended = await run(line);
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
    expect(ended.err).toContain(output);
  });
});

describe('lint', () => {
  test('each warning names its rule, and an option changes the level of the rule', async () => {
    const { code, err } = await run('lint good.yaml');
    expect(code).toBe(0);
    expect(err).toMatchInlineSnapshot(`
      "good.yaml:16:141: warning: Deployment "web": the ConfigMap has no key missing; the pods cannot start without this key [input/missing-key]
        16 |             spec: { containers: [{ name: web, image: a, env: [{ name: K, valueFrom: { configMapKeyRef: { name: "\${map.metadata.name}", key: missing } } }] }] }
           |                                                                                                                                             ^
        at spec.resources[0].template.spec.template.spec.containers[0].env[0].valueFrom.configMapKeyRef.key
        hint: the keys are there; correct the key, or add it to the ConfigMap

      to switch off: --rule input/missing-key=off, or one line for each rule below "rules:" in typekro.lint.yaml (input/missing-key: off)
      typekro explain input/missing-key says what a rule means and how to correct the file; typekro lint --rules lists all rules"
    `);
    expect((await run('lint good.yaml --rule input/missing-key=error')).code).toBe(3);
    expect(await run('lint good.yaml --rule input/*=off')).toEqual({ code: 0, out: 'no problem in 1 object', err: '' });
  });

  test('a file sets levels, and the command line overrides them', async () => {
    writeFileSync(join(cwd, 'typekro.lint.yaml'), 'rules:\n  input/missing-key: error\n');
    expect((await run('lint good.yaml')).code).toBe(3);
    expect((await run('lint good.yaml --rule input/missing-key=off')).out).toBe('no problem in 1 object');
    writeFileSync(join(cwd, 'wrong.yaml'), 'rules:\n  input/missing-key: warn\n  input/missing-kye: off\n');
    expect((await run('lint good.yaml --config wrong.yaml')).err).toContain(
      'wrong.yaml:3:3: there is no rule input/missing-kye',
    );
    writeFileSync(join(cwd, 'own.yaml'), 'rules: { input/missing-key: off }');
    expect((await run('lint good.yaml --config own.yaml')).out).toBe('no problem in 1 object');
  });

  test('-o github, sarif and json print the findings for other programs', async () => {
    const github = await run('lint good.yaml -o github');
    expect(github.out).toMatch(/^::warning file=good.yaml,line=16,col=\d+,title=input\/missing-key::/);
    const sarif = JSON.parse((await run('lint good.yaml -o sarif')).out) as {
      runs: { results: { ruleId: string }[] }[];
    };
    expect(sarif.runs[0]?.results.map(({ ruleId }) => ruleId)).toEqual(['input/missing-key']);
    expect(JSON.parse((await run('lint good.yaml -o json')).out)).toMatchObject({
      schemaVersion: 1,
      errors: 0,
      warnings: 1,
    });
  });

  test('the output of -o json is JSON, even with characters that text output escapes', async () => {
    writeFileSync(join(cwd, 'flag.yaml'), WANTED.replace('{ name: string }', '{ name: string, flag: str\u{e0067} }'));
    for (const form of ['json', 'sarif']) {
      const { code, out } = await run(`lint flag.yaml -o ${form}`);
      expect(code).toBe(3);
      expect(JSON.stringify(JSON.parse(out))).toContain('\u{e0067}');
    }
    expect((await run('lint flag.yaml -o github')).out).toContain('\\U000e0067');
  });

  test('--rules lists the rules', async () => {
    expect((await run('lint --rules')).out).toMatch(/^input\/missing-key +An object reads a key that /m);
  });

  test.each([
    ['lint good.yaml --rule input/missing-kye=off', 2, 'did you mean input/missing-key?'],
    ['lint good.yaml --rule input/missing-key=maybe', 2, 'not one of off, warn, error'],
    ['lint good.yaml --config broken.yaml', 1, 'broken.yaml:1:4'],
    ['lint good.yaml --config nothing.yaml', 1, 'nothing.yaml cannot be read'],
    ['lint good.yaml -o xml', 2, '--output xml is not one of text, json, sarif, github'],
    ['lint', 2, 'no file is named'],
  ])('%s ends with %d', async (line, code, output) => {
    const ended = await run(line);
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
    expect(ended.err).toContain(output);
  });
});
