import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, afterAll, beforeAll, expect, test } from 'vitest';
import { mapResource, pot, potDefinition, potRef, virtualWorld } from '@typekro/testing/test-support/virtual-world';
import type { VirtualWorld } from '@typekro/testing/test-support/virtual-world';
import { type CommandRun, commandRunner } from '../../test-support/run-command.ts';
import { runCommandLine } from '../adapter.ts';
import { graph } from './graph-command.ts';
import { commands } from './index.ts';

describe('graph command', () => {
  const definition = (name: string, kind: string): string => `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: ${name} }
spec:
  schema: { apiVersion: v1alpha1, kind: ${kind}, spec: { name: string } }
  resources:
    - id: second
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: b }, data: { uid: "\${first.metadata.uid}" } }
    - id: first
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.spec.name}" } }
`;

  let cwd: string;
  let run: (line: string, stdin?: string) => Promise<CommandRun>;

  beforeAll(() => {
    cwd = mkdtempSync(join(tmpdir(), 'typekro-graph-'));
    writeFileSync(join(cwd, 'shop.yaml'), definition('shop', 'Shop'));
    writeFileSync(join(cwd, 'two.yaml'), `${definition('shop', 'Shop')}---${definition('bank', 'Bank')}`);
    writeFileSync(join(cwd, 'broken.yaml'), definition('shop', 'Shop').replace('first.metadata', 'frst.metadata'));
    writeFileSync(join(cwd, 'latin.yaml'), Buffer.from('a: caf\xe9\n', 'latin1'));
    run = commandRunner([graph], cwd);
  });

  test('graph prints lines by default', async () => {
    expect(await run('graph shop.yaml')).toMatchInlineSnapshot(`
    {
      "code": 0,
      "err": "",
      "out": "Shop  kro.run/v1alpha1  definition shop  2 nodes in 2 levels
    1  first   ConfigMap v1
    2  second  ConfigMap v1
         data.uid  = first.metadata.uid",
    }
  `);
  });

  test('graph reads the standard input', async () => {
    expect((await run('graph -', definition('shop', 'Shop'))).out).toBe((await run('graph shop.yaml')).out);
  });

  test('graph prints Mermaid', async () => {
    expect((await run('graph shop.yaml -o mermaid')).out).toMatchInlineSnapshot(`
    "flowchart LR
      instance(["Shop"])
      n_first["first<br/>ConfigMap"]
      n_second["second<br/>ConfigMap"]
      n_first -->|"first.metadata.uid"| n_second"
  `);
  });

  test('graph prints SVG as one document', async () => {
    expect((await run('graph shop.yaml -o svg')).out).toMatch(/^<svg [^]*<\/svg>$/);
  });

  test('graph prints data as JSON', async () => {
    const { out } = await run('graph shop.yaml -o json');
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      graphs: [
        {
          name: 'shop',
          nodes: [
            { id: 'first', level: 1, reads: [] },
            {
              id: 'second',
              level: 2,
              reads: [{ place: 'data.uid', expression: 'first.metadata.uid', nodes: ['first'] }],
            },
          ],
        },
      ],
    });
  });

  test('graph prints several definitions as lines, but draws a picture of only one definition', async () => {
    expect((await run('graph two.yaml')).out.match(/definition \w+/g)).toEqual(['definition shop', 'definition bank']);
    expect(await run('graph two.yaml -o svg')).toEqual({
      code: 2,
      out: '',
      err: 'error: svg shows one graph, and the files hold 2 [cli/usage]\n  hint: choose one: --definition shop, --definition bank',
    });
    expect((await run('graph two.yaml -o mermaid --definition bank')).out).toContain('Bank');
  });

  test.each([
    ['graph shop.yaml -o png', 2, '--output png is not one of text, json, yaml, mermaid, dot, svg'],
    ['graph shop.yaml --definition shp', 2, 'did you mean shop?'],
    ['graph', 2, "missing required argument 'file'"],
    ['graph missing.yaml', 1, 'there is no file missing.yaml'],
    ['graph latin.yaml', 1, 'not UTF-8 text: the byte 0xE9'],
    ['graph broken.yaml', 3, 'did you mean "first"?'],
  ])('the command %s ends with the exit code %d', async (line, code, output) => {
    const ended = await run(line);
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' });
    expect(ended.err).toContain(output);
  });
});

describe('instance picture', () => {
  let world: VirtualWorld;
  let cwd: string;
  beforeAll(async () => {
    cwd = mkdtempSync(join(tmpdir(), 'typekro-picture-'));
    world = await virtualWorld();
    const { kubeconfig } = await world.cluster.listen({ port: 0 });
    writeFileSync(join(cwd, 'kubeconfig'), kubeconfig);
    await world.apply(
      potDefinition([
        mapResource('map', { text: '${schema.spec.text}' }),
        { ...mapResource('gate', { a: '${map.data.text}' }), readyWhen: ['${gate.data.a == "never"}'] },
        mapResource('late', { a: '${gate.metadata.name}' }),
        { ...mapResource('left', {}), includeWhen: ['${schema.spec.text == "y"}'] },
      ]),
    );
    await world.advance(2000);
    await world.apply(pot('shop'));
    await world.advance(2000);
  });
  afterAll(async () => {
    await world.close();
  });

  const run = (line: string) => commandRunner(commands, cwd)(`${line} --kubeconfig kubeconfig`);

  test('graph prints the graph of an instance as lines, with the state of each node', async () => {
    const { out, err } = await run('graph shop');
    expect(err).toBe('');
    expect(out.split('\n')).toMatchInlineSnapshot(`
    [
      "Pot  acme.test/v1  definition pots  4 nodes in 3 levels",
      "1  map   ConfigMap v1",
      "     ✓ ready: is as wanted and ready",
      "2  gate  ConfigMap v1",
      "     … waiting: waits until gate.data.a == "never" is true of ConfigMap v1 default/shop-gate; it is false",
      "     ready when  gate.data.a == "never"",
      "     data.a      = map.data.text",
      "3  late  ConfigMap v1",
      "     · pending: waits for gate (waiting)",
      "     data.a  = gate.metadata.name",
      "1  left  ConfigMap v1",
      "     - skipped: is left out: schema.spec.text == "y" is false",
      "     include when  schema.spec.text == "y"",
      "   status  default/shop IN_PROGRESS",
    ]
  `);
  });

  test('a picture of an instance has the colour, state and reason of each node, and the state of the instance', async () => {
    const svg = (await run('graph pot/shop -o svg')).out;
    expect(svg.match(/<rect class="[^"]*"/g)).toMatchInlineSnapshot(`
    [
      "<rect class="ground"",
      "<rect class="resource ready"",
      "<rect class="resource busy"",
      "<rect class="resource busy"",
      "<rect class="resource idle"",
      "<rect class="status busy"",
    ]
  `);
    expect(svg.match(/<text class="(?:ready|busy|failed|idle)"[^>]*>[^<]*/g)?.map((text) => text.replace(/^.*>/, '')))
      .toMatchInlineSnapshot(`
    [
      "✓ ready: is as wanted and ready",
      "… waiting: waits until gate.data.a == &#34;never&#34; is true o…",
      "· pending: waits for gate (waiting)",
      "- skipped: is left out: schema.spec.text == &#34;y&#34; is false",
      "default/shop IN_PROGRESS",
    ]
  `);
    expect((await run('tree shop -o svg')).out).toBe(svg);
    expect((await run('graph shop -o mermaid')).out.split('\n').filter((line) => /^ {2}(?:class|n_\w+\[)/.test(line)))
      .toMatchInlineSnapshot(`
    [
      "  n_map["map<br/>#10003; ready: is as wanted and ready<br/>ConfigMap"]",
      "  n_gate["gate<br/>#8230; waiting: waits until gate.data.a == #34;never#34; is true of Co#8230;<br/>ConfigMap"]",
      "  n_late["late<br/>#183; pending: waits for gate #40;waiting#41;<br/>ConfigMap"]",
      "  n_left["left<br/>- skipped: is left out: schema.spec.text == #34;y#34; is false<br/>ConfigMap<br/>if schema.spec.text == #34;y#34;"]",
      "  classDef ready stroke:#1a7f37",
      "  class n_map ready",
      "  classDef busy stroke:#9a6700",
      "  class n_gate,n_late,instance busy",
      "  classDef idle stroke-dasharray:3",
      "  class n_left idle",
    ]
  `);
    expect((await run('tree shop -o dot')).out.split('\n').filter((line) => line.includes('color=')))
      .toMatchInlineSnapshot(`
    [
      "  "n:map" [label="map\\n✓ ready: is as wanted and ready\\nConfigMap v1", color="#1a7f37"];",
      "  "n:gate" [label="gate\\n… waiting: waits until gate.data.a == \\"never\\" is true of ConfigMap v1 default/shop-gate; it is false\\nConfigMap v1", color="#9a6700"];",
      "  "n:late" [label="late\\n· pending: waits for gate (waiting)\\nConfigMap v1", color="#9a6700"];",
      "  "n:left" [label="left\\n- skipped: is left out: schema.spec.text == \\"y\\" is false\\nConfigMap v1\\ninclude when schema.spec.text == \\"y\\"", color="#8c959f"];",
      "  status [shape=note, label="Pot status\\ndefault/shop IN_PROGRESS", color="#9a6700"];",
    ]
  `);
  });

  test('graph -o json prints the graph of an instance with the state of each node', async () => {
    const data = JSON.parse((await run('graph shop -o json')).out) as { graphs: unknown[]; nodes: { state: string }[] };
    expect(data.graphs).toHaveLength(1);
    expect(data.nodes.map(({ state }) => state)).toMatchInlineSnapshot(`
    [
      "ready",
      "waiting",
      "pending",
      "skipped",
    ]
  `);
  });

  test('tree --watch prints the tree again after a change, and ends when the instance is gone', async () => {
    const out: string[] = [];
    const watching = runCommandLine(commands, '0', 'tree shop --watch --kubeconfig kubeconfig'.split(' '), {
      cwd,
      env: {},
      print: (text) => void out.push(text),
      printError: (text) => void out.push(text),
      readInput: () => Promise.resolve(''),
      signal: new AbortController().signal,
    });
    const until = async (found: () => boolean) => {
      while (!found()) await new Promise((resolve) => setImmediate(resolve));
    };
    await until(() => out.length > 0);
    const first = out.length;
    await world.user.patch(potRef('shop'), { spec: { text: 'y' } });
    await world.advance(2000);
    await until(() => out.slice(first).some((text) => /✓ left|left .*(?:ready|waiting|applying|pending)/.test(text)));
    await world.user.delete(potRef('shop'));
    await world.advance(5000);
    expect(await watching).toBe(0);
    expect(out.at(-1)).toBe('the instance is gone');
  });

  test.each([
    ['graph nowhere', 2, 'there is no instance'],
    ['graph nowhere.yaml', 1, 'nowhere.yaml'],
    ['tree shop --watch -o svg', 2, '--watch prints lines, not svg'],
  ])('%s ends with %i', async (line, code, text) => {
    const ended = await run(line);
    expect(ended.err).toContain(text);
    expect(ended.code).toBe(code);
  });
});
