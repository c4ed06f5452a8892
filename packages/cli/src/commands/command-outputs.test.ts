import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { mapRef, mapResource, pot, potDefinition, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import { createEmbeddedCluster } from '@typekro/cluster';
import { commands } from './index.ts';

/** Whole outputs of commands that run in this process. Commands without a test here have their own test files. */

const DEFINITION = `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: {name: pots}
spec:
  schema: {apiVersion: v1, kind: Pot, group: acme.test, spec: {text: string | default="x", size: integer}}
  resources:
    - id: map
      template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}, data: {text: "\${schema.spec.text}"}}
    - id: web
      template:
        apiVersion: v1
        kind: Service
        metadata: {name: "\${map.metadata.name}-web"}
        spec: {selector: {app: web}, ports: [{port: 80}]}
`;

let cwd: string;
let world: VirtualWorld | undefined;
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'typekro-outputs-'));
  writeFileSync(join(cwd, 'pots.yaml'), DEFINITION);
});
afterEach(async () => {
  await world?.close();
  world = undefined;
});

async function run(line: string, stdin?: string): Promise<CommandRun> {
  const { code, out, err } = await commandRunner(commands, cwd)(line, stdin);
  return { code, out: out.replaceAll(cwd, 'FOLDER'), err: err.replaceAll(cwd, 'FOLDER') };
}

/** Starts a cluster with a controller, one definition and one instance. */
async function startWorld(): Promise<VirtualWorld> {
  world = await virtualWorld();
  const { kubeconfig } = await world.cluster.listen({ port: 0 });
  writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
  await world.apply(potDefinition([mapResource('map', { text: '${schema.spec.text}' })]));
  await world.advance(2000);
  await world.apply(pot('shop'));
  await world.advance(2000);
  return world;
}

test('init writes the files of the project, and prints the next commands', async () => {
  expect(await run('init shop')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "wrote  package.json tsconfig.json app.ts app.test.ts .gitignore .github/workflows/typekro.yml README.md  (7 files)
    next   cd shop && npm install && npm start   # runs now, no cluster needed",
    }
  `);
});

test('validate prints one line for a definition without problems', async () => {
  expect(await run('validate pots.yaml')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "pots: Pot, 2 resources in the order map, web",
    }
  `);
});

test('validate prints the problems of a definition and of its instances, each with its location', async () => {
  const broken = DEFINITION.replace('${schema.spec.text}', '${schema.spec.txt}').replace('port: 80', 'port: http');
  writeFileSync(join(cwd, 'pots.yaml'), `${broken}      readyWhen: ["\${web.spec.clusterIp != ''}"]\n`);
  const pots = 'apiVersion: acme.test/v1\nkind: Pot\nmetadata: {name: a}\nspec: {text: 7, sise: 1}\n';
  writeFileSync(join(cwd, 'a.yaml'), pots);
  expect(await run('validate pots.yaml')).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "pots.yaml:8:124: error: undefined field 'txt' [cel/unknown-field]
      8 |       template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${schema.metadata.name}"}, data: {text: "\${schema.spec.txt}"}}
        |                                                                                                                            ^
      at spec.resources[0].template.data.text
      hint: did you mean "text"?

    pots.yaml:14:53: error: this field takes an integer, not a string [graph/literal-type]
      14 |         spec: {selector: {app: web}, ports: [{port: http}]}
         |                                                     ^
      at spec.resources[1].template.spec.ports[0].port
      hint: write a string in quotes, and a number, true or false without quotes.

    pots.yaml:15:31: error: undefined field 'clusterIp' [cel/unknown-field]
      15 |       readyWhen: ["\${web.spec.clusterIp != ''}"]
         |                               ^
      at spec.resources[1].readyWhen[0]
      hint: did you mean "clusterIP"?

    3 errors, 0 warnings",
      "out": "",
    }
  `);
  writeFileSync(join(cwd, 'pots.yaml'), DEFINITION);
  expect(await run('validate pots.yaml a.yaml')).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "a.yaml:4:14: error: Pot a: spec.text: 7 is written where a string is expected [input/invalid-field]
      4 | spec: {text: 7, sise: 1}
        |              ^
      at spec.text
      hint: write it in quotes: "7"

    a.yaml:4:17: error: Pot a: spec.sise: unknown field "sise" [input/unknown-field]
      4 | spec: {text: 7, sise: 1}
        |                 ^
      at spec.sise
      hint: did you mean "size"?

    2 errors, 0 warnings",
      "out": "",
    }
  `);
});

test('validate prints at most 100 errors of a file, and the number of the others', async () => {
  writeFileSync(join(cwd, 'many.yaml'), '---\na: b\n'.repeat(150));
  const { code, err } = await run('validate many.yaml');
  expect([code, err.match(/: error: /g)?.length]).toEqual([3, 100]);
  expect(err).toMatch(/… and 50 more errors in many\.yaml: correct .*\n\n150 errors, 0 warnings$/);
});

test('validate reports annotations that are not strings, and annotations that the controller refuses', async () => {
  const annotated = (annotation: string) =>
    writeFileSync(
      join(cwd, 'pots.yaml'),
      DEFINITION.replace('{name: pots}', `{name: pots, annotations: {${annotation}}}`),
    );
  annotated('typekro.dev/canary: 2');
  expect((await run('validate pots.yaml')).err).toMatchInlineSnapshot(`
    "pots.yaml:3:58: error: ResourceGraphDefinition pots: metadata.annotations[typekro.dev/canary]: 2 is written where a string is expected [input/invalid-field]
      3 | metadata: {name: pots, annotations: {typekro.dev/canary: 2}}
        |                                                          ^
      at metadata.annotations["typekro.dev/canary"]
      hint: write it in quotes: "2"
    "
  `);
  annotated('typekro.dev/canary: half, typekro.dev/adoption: take');
  expect((await run('validate pots.yaml')).err).toMatchInlineSnapshot(`
    "pots.yaml:3:58: error: ResourceGraphDefinition pots: metadata.annotations[typekro.dev/canary]: the controller refuses the annotation: "half" is not a number of instances or a percentage, above 0 [input/invalid-field]
      3 | metadata: {name: pots, annotations: {typekro.dev/canary: half, typekro.dev/adoption: take}}
        |                                                          ^
      at metadata.annotations["typekro.dev/canary"]
      hint: correct the value, or leave the annotation out (docs/reference/labels.md)

    pots.yaml:3:86: error: ResourceGraphDefinition pots: metadata.annotations[typekro.dev/adoption]: the controller refuses the annotation: "take": the policy must be adopt, refuse or take-over [input/invalid-field]
      3 | metadata: {name: pots, annotations: {typekro.dev/canary: half, typekro.dev/adoption: take}}
        |                                                                                      ^
      at metadata.annotations["typekro.dev/adoption"]
      hint: correct the value, or leave the annotation out (docs/reference/labels.md)

    2 errors, 0 warnings"
  `);
  annotated('typekro.dev/canary: 10%, typekro.dev/adoption: refuse');
  expect(await run('validate pots.yaml')).toMatchObject({ code: 0, err: '' });
});

test('apply fails with a remedy when the cluster does not have the kinds of kro', async () => {
  const cluster = await createEmbeddedCluster({});
  try {
    writeFileSync(join(cwd, 'kubeconfig'), (await cluster.listen({ port: 0 })).kubeconfig);
    const { code, err } = await run('apply pots.yaml --kubeconfig kubeconfig');
    expect(code).toBe(2);
    expect(err).toMatchInlineSnapshot(`
      "error: this cluster does not know ResourceGraphDefinitions [cli/no-definitions]
        hint: name another cluster with --context, or install the CRDs and the controller: typekro bootstrap"
    `);
  } finally {
    await cluster.close();
  }
});

test('validate prints a warning, which is an error with --strict', async () => {
  const unused = DEFINITION.replace('size: integer', 'size: integer | minimum=3 maximum=1');
  writeFileSync(join(cwd, 'pots.yaml'), unused);
  expect(await run('validate pots.yaml')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "pots.yaml:5:108: warning: minimum 3 is above maximum 1: no value fits [graph/contradicting-markers]
      5 |   schema: {apiVersion: v1, kind: Pot, group: acme.test, spec: {text: string | default="x", size: integer | minimum=3 maximum=1}}
        |                                                                                                            ^
      at spec.schema.spec.size
      hint: write minimum=1 maximum=3, or correct one of the two
    ",
      "out": "pots: Pot, 2 resources in the order map, web",
    }
  `);
  expect(await run('validate pots.yaml --strict')).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "pots.yaml:5:108: error: minimum 3 is above maximum 1: no value fits [graph/contradicting-markers]
      5 |   schema: {apiVersion: v1, kind: Pot, group: acme.test, spec: {text: string | default="x", size: integer | minimum=3 maximum=1}}
        |                                                                                                            ^
      at spec.schema.spec.size
      hint: write minimum=1 maximum=3, or correct one of the two
    ",
      "out": "",
    }
  `);
});

test('validate reports each of several files that cannot be read', async () => {
  writeFileSync(join(cwd, 'indent.yaml'), 'a: 1\n b: [2\n');
  writeFileSync(join(cwd, 'empty.yaml'), '');
  writeFileSync(join(cwd, 'bin.yaml'), 'a\0b');
  writeFileSync(join(cwd, 'latin.yaml'), Buffer.from('a: 1\nname: caf\xe9\n', 'latin1'));
  writeFileSync(join(cwd, 'notes.txt'), 'text');
  mkdirSync(join(cwd, 'dir.yaml'));
  const names = 'indent.yaml empty.yaml bin.yaml latin.yaml dir.yaml missing.yaml notes.txt';
  expect(await run(`validate ${names} pots.yaml`)).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "indent.yaml:2:2: error: this line is indented deeper than the members before it, as if it belonged to the value above [yaml/syntax]
      2 |  b: [2
        |  ^
      hint: begin it at the same column as the members before it, or with "- " if it is an item of a list

    bin.yaml:1:1: error: the file cannot be read: it is a binary file, not text [input/unreadable]
      hint: name a file of YAML or JSON

    latin.yaml:2:10: error: the file cannot be read: it is not UTF-8 text: the byte 0xE9 is here (in Latin-1 the word is "café") [input/unreadable]
      hint: save it as UTF-8, as in: iconv -f WINDOWS-1252 -t UTF-8 latin.yaml > utf8-latin.yaml

    dir.yaml:1:1: error: there is no file with one of the types .yaml, .yml, .json, .ts, .mts, .cts, .js, .mjs, .cjs in the folder dir.yaml [input/unreadable]
      hint: name a file; subfolders are not read

    missing.yaml:1:1: error: there is no file missing.yaml [input/not-found]
      hint: check the name; the full path is FOLDER/missing.yaml

    notes.txt:1:1: error: notes.txt is not a YAML, JSON, TypeScript or JavaScript file [input/unknown-type]
      hint: name .yaml, .yml, .json, .ts or .js files

    empty.yaml:1:1: warning: there is no object in empty.yaml: the file is empty [input/empty]
      1 | 
        | ^
      hint: write an object into it, or do not name it

    6 errors, 1 warning",
      "out": "",
    }
  `);
  const { code, out } = await run('lint missing.yaml pots.yaml -o json');
  expect({ code, report: JSON.parse(out) as unknown }).toMatchObject({
    code: 3,
    report: { errors: 1, diagnostics: [{ code: 'input/not-found', source: { file: 'missing.yaml' } }] },
  });
  expect((await run('lint missing.yaml pots.yaml -o sarif')).code).toBe(3);
});

test('validate does not report an object of a kind that a missing file may define', async () => {
  writeFileSync(join(cwd, 'app.yaml'), 'apiVersion: other.test/v1\nkind: Boat\nmetadata: {name: a}\n');
  const { code, err } = await run('validate app.yaml missing.yaml');
  expect({ code, problems: err.match(/\[input\/[\w-]+\]/g) }).toEqual({ code: 3, problems: ['[input/not-found]'] });
});

test('validate prints one error when its only input cannot be read', async () => {
  expect(await run('validate pot.yaml')).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: there is no file pot.yaml [input/not-found]
      hint: did you mean pots.yaml? the full path is FOLDER/pot.yaml",
      "out": "",
    }
  `);
  expect(await run('validate -', 'a: [1')).toMatchInlineSnapshot(`
    {
      "code": 3,
      "err": "standard input:1:4: error: this "[" is never closed [yaml/syntax]
      1 | a: [1
        |    ^
      hint: add "]" at the end of the line
    ",
      "out": "",
    }
  `);
});

test('fmt prints the formatted definition, and --check finds no difference in it', async () => {
  expect(await run('fmt pots.yaml')).toEqual({ code: 0, err: '', out: DEFINITION.trimEnd() });
  expect(await run('fmt --check pots.yaml')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "no difference in 1 file",
    }
  `);
});

test('completion prints the script of bash, and completes the names of instances', async () => {
  expect((await run('completion bash')).out).toMatchInlineSnapshot(`
    "# Completion of typekro for bash. Load it with: source <(typekro completion bash)
    _typekro() {
      local word summary
      COMPREPLY=()
      while IFS=$'\\t' read -r word summary; do
        if [[ $word == ":files" ]]; then
          compopt -o default 2>/dev/null
        else
          COMPREPLY+=("$word")
        fi
      done < <("\${COMP_WORDS[0]}" completion candidates -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
    }
    complete -F _typekro typekro kubectl-typekro"
  `);
  expect(await run('completion powershell')).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: there is no script for powershell [cli/usage]
      hint: name one of bash, zsh, fish",
      "out": "",
    }
  `);
  await startWorld();
  expect(await run('completion candidates -- why --kubeconfig kubeconfig d')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "default/shop",
    }
  `);
});

test('diff prints a field that another client changed', async () => {
  const { controller, user } = await startWorld();
  expect(await run('diff shop --kubeconfig kubeconfig')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "no difference: every object is as the graph wants it",
    }
  `);
  await controller.stop();
  await user.patch(mapRef('shop-map'), { data: { text: 'edited' } }, { fieldManager: 'kubectl-edit' });
  expect(await run('diff shop --kubeconfig kubeconfig')).toMatchInlineSnapshot(`
    {
      "code": 4,
      "err": "",
      "out": "~ ConfigMap default/shop-map  drift (map), last written by kubectl-edit
        data.text  "edited" in the cluster, by kubectl-edit; "x" is wanted and will be put back",
    }
  `);
});

test('snapshot writes the same members into a file and to standard output', async () => {
  await startWorld();
  expect(await run('snapshot pots.json --kubeconfig kubeconfig')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "pots.json: 8 objects of 5 kinds, values of Secrets as hashes",
    }
  `);
  const text = readFileSync(join(cwd, 'pots.json'), 'utf8');
  const file = JSON.parse(text) as Record<string, unknown>;
  const printed = await run('snapshot - --kubeconfig kubeconfig');
  expect(Object.keys(JSON.parse(printed.out) as object)).toEqual(Object.keys(file));
  expect(printed.err).toBe('8 objects of 5 kinds, values of Secrets as hashes');
  expect(existsSync(join(cwd, '-'))).toBe(false);
  expect(Object.keys(file)).toMatchInlineSnapshot(`
    [
      "schemaVersion",
      "kind",
      "source",
      "namespace",
      "controller",
      "kinds",
      "limits",
      "salt",
    ]
  `);
});

test('migrate changes nothing for an instance that is already in the target mode, and --to direct needs a file', async () => {
  await startWorld();
  expect(await run('migrate shop --to kro --dry-run --kubeconfig kubeconfig')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "= Pot default/shop belongs to the controller of its definition already",
    }
  `);
  expect(await run('migrate nope --to direct --dry-run --kubeconfig kubeconfig')).toMatchInlineSnapshot(`
    {
      "code": 2,
      "err": "error: --to direct needs the composition or the definition that direct mode continues with [cli/usage]
      hint: name its file: typekro migrate NAME --to direct --file app.ts",
      "out": "",
    }
  `);
});
