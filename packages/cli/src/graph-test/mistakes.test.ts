import { afterAll, describe, expect, test } from 'vitest';
import { DEFINITION, HEAD, testFolder, withoutDurations } from '../../test-support/graph-test-folder.ts';

const { run, write, remove } = testFolder();
afterAll(remove);

describe('mistakes', () => {
  test('of a test file are reported with a place and a remedy, and no test runs', async () => {
    write(
      'mistakes.test.yaml',
      `schemaVersion: 2
kind: GraphTest
definition: shop.yaml
workload: true
tests:
  - name: a
    given: { spec: 3, objects: [{ kind: ConfigMap, metadata: {} }] }
    steps:
      - pach: {}
      - advance: soon
        expect: { conditions: { Ready: 1 }, children: { web: gone }, created: web }
  - name: a
`,
    );
    const { code, out, err } = await run('test mistakes.test.yaml');
    expect({ code, out: out.replace(/\d\.\d s/, '') }).toEqual({ code: 3, out: ' no test ran  ' });
    expect(err).toMatchInlineSnapshot(`
      "mistakes.test.yaml:1:16: error: "schemaVersion" must be 1 [testing/bad-test]
        1 | schemaVersion: 2
          |                ^
        at schemaVersion
        hint: write schemaVersion: 1

      mistakes.test.yaml:4:1: error: there is no field "workload" here [testing/bad-test]
        4 | workload: true
          | ^
        at workload
        hint: did you mean workloads?

      mistakes.test.yaml:7:20: error: "spec" must be an object, but is a number [testing/bad-test]
        7 |     given: { spec: 3, objects: [{ kind: ConfigMap, metadata: {} }] }
          |                    ^
        at tests[0].given.spec
        hint: write the spec of the instance

      mistakes.test.yaml:7:33: error: "apiVersion" is missing [testing/bad-test]
        7 |     given: { spec: 3, objects: [{ kind: ConfigMap, metadata: {} }] }
          |                                 ^
        at tests[0].given.objects[0]
        hint: add apiVersion: …

      mistakes.test.yaml:7:62: error: "name" is missing [testing/bad-test]
        7 |     given: { spec: 3, objects: [{ kind: ConfigMap, metadata: {} }] }
          |                                                              ^
        at tests[0].given.objects[0].metadata
        hint: add name: …

      mistakes.test.yaml:9:9: error: there is no field "pach" here [testing/bad-test]
        9 |       - pach: {}
          |         ^
        at tests[0].steps[0].pach
        hint: did you mean patch?

      mistakes.test.yaml:10:18: error: "advance" must be a duration [testing/bad-test]
        10 |       - advance: soon
           |                  ^
        at tests[0].steps[1].advance
        hint: write e.g. 90s or 5m

      mistakes.test.yaml:11:40: error: "Ready" must be True, False, Unknown, or an object with status, reason and message, but is a number [testing/bad-test]
        11 |         expect: { conditions: { Ready: 1 }, children: { web: gone }, created: web }
           |                                        ^
        at tests[0].steps[1].expect.conditions.Ready
        hint: write Ready: 'True'

      mistakes.test.yaml:11:62: error: "web" cannot be "gone" [testing/bad-test]
        11 |         expect: { conditions: { Ready: 1 }, children: { web: gone }, created: web }
           |                                                              ^
        at tests[0].steps[1].expect.children.web
        hint: write one of present, absent

      mistakes.test.yaml:11:79: error: "created" must be a list, but is a string [testing/bad-test]
        11 |         expect: { conditions: { Ready: 1 }, children: { web: gone }, created: web }
           |                                                                               ^
        at tests[0].steps[1].expect.created
        hint: write [deployment, service]

      mistakes.test.yaml:12:11: error: an earlier test is also named "a" [testing/bad-test]
        12 |   - name: a
           |           ^
        at tests[1].name
        hint: give each test its own name

      11 errors, 0 warnings"
    `);
  });

  test('in references to the definition are found before any test runs', async () => {
    write(
      'names.test.yaml',
      `${HEAD}tests:
  - name: a
    given: { spec: { replicas: two, zone: [] } }
    expect:
      children: { wbe: present, zone: { data.a: b }, web: [{}], monitor: { data: { a: 1 }, dta.a: 1 } }
      nodes: { web: redy }
      only: [web, zones]
      status: { availabel: 1 }
    steps:
      - patch: { web: { spec.replicas: many, status.availableReplica: 2 }, Secret/none: {} }
        delete: [monitr]
`,
    );
    const { code, err } = await run('test names.test.yaml');
    expect(code).toBe(3);
    expect(err).toMatchInlineSnapshot(`
      "names.test.yaml:6:32: error: "replicas" must be an integer, but is a string [testing/bad-test]
        6 |     given: { spec: { replicas: two, zone: [] } }
          |                                ^
        at tests[0].given.spec.replicas

      names.test.yaml:6:37: error: there is no field "zone" [testing/bad-test]
        6 |     given: { spec: { replicas: two, zone: [] } }
          |                                     ^
        at tests[0].given.spec.zone
        hint: did you mean zones?

      names.test.yaml:8:19: error: shops has no node "wbe" [testing/bad-test]
        8 |       children: { wbe: present, zone: { data.a: b }, web: [{}], monitor: { data: { a: 1 }, dta.a: 1 } }
          |                   ^
        at tests[0].expect.children.wbe
        hint: did you mean web?

      names.test.yaml:8:39: error: zone is a collection [testing/bad-test]
        8 |       children: { wbe: present, zone: { data.a: b }, web: [{}], monitor: { data: { a: 1 }, dta.a: 1 } }
          |                                       ^
        at tests[0].expect.children.zone
        hint: write a list with the fields of each object

      names.test.yaml:8:59: error: web is not a collection, and has one object [testing/bad-test]
        8 |       children: { wbe: present, zone: { data.a: b }, web: [{}], monitor: { data: { a: 1 }, dta.a: 1 } }
          |                                                           ^
        at tests[0].expect.children.web
        hint: write the fields of the object without a list

      names.test.yaml:8:87: error: "a" must be a string, but is a number [testing/bad-test]
        8 |       children: { wbe: present, zone: { data.a: b }, web: [{}], monitor: { data: { a: 1 }, dta.a: 1 } }
          |                                                                                       ^
        at tests[0].expect.children.monitor.data.a

      names.test.yaml:8:92: error: there is no field "dta" [testing/bad-test]
        8 |       children: { wbe: present, zone: { data.a: b }, web: [{}], monitor: { data: { a: 1 }, dta.a: 1 } }
          |                                                                                            ^
        at tests[0].expect.children.monitor["dta.a"]
        hint: did you mean data?

      names.test.yaml:9:21: error: "redy" is not a state of a node [testing/bad-test]
        9 |       nodes: { web: redy }
          |                     ^
        at tests[0].expect.nodes.web
        hint: did you mean ready?

      names.test.yaml:10:19: error: shops has no node "zones" [testing/bad-test]
        10 |       only: [web, zones]
           |                   ^
        at tests[0].expect.only[1]
        hint: did you mean zone?

      names.test.yaml:11:17: error: there is no field "availabel" [testing/bad-test]
        11 |       status: { availabel: 1 }
           |                 ^
        at tests[0].expect.status.availabel
        hint: did you mean available?

      names.test.yaml:13:40: error: "spec.replicas" must be an integer, but is a string [testing/bad-test]
        13 |       - patch: { web: { spec.replicas: many, status.availableReplica: 2 }, Secret/none: {} }
           |                                        ^
        at tests[0].steps[0].patch.web["spec.replicas"]

      names.test.yaml:13:46: error: there is no field "availableReplica" [testing/bad-test]
        13 |       - patch: { web: { spec.replicas: many, status.availableReplica: 2 }, Secret/none: {} }
           |                                              ^
        at tests[0].steps[0].patch.web["status.availableReplica"]
        hint: did you mean availableReplicas?

      names.test.yaml:13:76: error: the test has no object Secret/none [testing/bad-test]
        13 |       - patch: { web: { spec.replicas: many, status.availableReplica: 2 }, Secret/none: {} }
           |                                                                            ^
        at tests[0].steps[0].patch.Secret/none
        hint: write one of settings, web, zone, monitor

      names.test.yaml:14:18: error: shops has no node "monitr" [testing/bad-test]
        14 |         delete: [monitr]
           |                  ^
        at tests[0].steps[0].delete[0]
        hint: did you mean monitor?

      14 errors, 0 warnings"
    `);
  });

  test('in names, kinds, values and fields are reported together, and only the tests of other files run', async () => {
    write(
      'late/a.test.yaml',
      `${HEAD.replace('shop', '../shop')}tests:
  - name: a
    given:
      name: shop_X
      namespace: A_B
      spec: { zones: [a, b] }
      objects:
        - { apiVersion: v1, kind: ConfigMapp, metadata: { name: settings }, data: { image: nginx } }
        - { apiVersion: apps/v2, kind: Deployment, metadata: { name: settings } }
        - { apiVersion: v1, kind: ConfigMap, metadata: { name: settings }, dta: { image: nginx } }
        - { apiVersion: v1, kind: Secret, metadata: { name: x }, data: { image: 3 } }
    expect:
      state: ACTVE
      conditions: { Redy: True }
      nodes: { web: { state: ready, waitsFor: [zne] } }
      only: [settings, web]
      created: [settings, web]
    steps:
      - patch: { 'web[3]': { spec.replicas: 3 }, 'zone': {data.a: b}, 'zone[5]': {data.a: b} }
      - patch: { Secret/later: { data.a: b } }
      - apply: [{ apiVersion: v1, kind: Secret, metadata: { name: later } }]
      - expect: {}
      - {}
      - patch: { instance: { spec.replicas: x, 'spec.zones[': [a] } }
      - patch: { web: { 'spec.template.spec.containers[0].image': 3, 'spec.template.spec.container[0].image': x } }
      - advance: 0s
  - name: b
    stepss: []
`,
    );
    write('late/b.test.yaml', `${HEAD.replace('shop', '../shop')}tests: [{ name: c }]\n`);
    const { code, out, err } = await run('test late');
    expect({ code, out: out.split('\n')[0] }).toEqual({ code: 3, out: expect.stringMatching(/✓ b › c/) });
    const heads = err.split('\n').filter((line) => /^late|^ {2}hint/.test(line));
    expect(heads.join('\n')).toMatchInlineSnapshot(`
      "late/a.test.yaml:11:35: error: v1 has no kind "ConfigMapp" [testing/bad-test]
        hint: did you mean "ConfigMap"?
      late/a.test.yaml:12:25: error: the kind Deployment of "apps/v2" is not known [testing/bad-test]
        hint: Deployment is served in apps/v1
      late/a.test.yaml:13:76: error: there is no field "dta" [testing/bad-test]
        hint: did you mean data?
      late/a.test.yaml:14:81: error: "image" must be a string, but is a number [testing/bad-test]
      late/a.test.yaml:16:14: error: "ACTVE" is not a state of an instance [testing/bad-test]
        hint: did you mean ACTIVE?
      late/a.test.yaml:17:21: error: a Shop has no condition "Redy" [testing/bad-test]
        hint: did you mean Ready?
      late/a.test.yaml:18:48: error: shops has no node "zne" [testing/bad-test]
        hint: did you mean zone?
      late/a.test.yaml:19:14: error: settings is an external object, which the controller never writes [testing/bad-test]
        hint: leave it out
      late/a.test.yaml:20:17: error: settings is an external object, which the controller never writes [testing/bad-test]
        hint: leave it out
      late/a.test.yaml:22:18: error: web is not a collection, and has one object [testing/bad-test]
        hint: write web
      late/a.test.yaml:23:18: error: Secret/later is applied only by a later step [testing/bad-test]
        hint: apply it in an earlier step, or write it under "given.objects"
      late/a.test.yaml:27:45: error: "spec.replicas" must be an integer, but is a string [testing/bad-test]
      late/a.test.yaml:27:48: error: there is no field "spec.zones[" [testing/bad-test]
        hint: write one of spec, status, apiVersion, kind, metadata
      late/a.test.yaml:28:67: error: "spec.template.spec.containers[0].image" must be a string, but is a number [testing/bad-test]
      late/a.test.yaml:28:70: error: there is no field "container" [testing/bad-test]
        hint: did you mean containers?
      late/a.test.yaml:31:5: error: there is no field "stepss" here [testing/bad-test]
        hint: did you mean steps?"
    `);
  });

  test.each<[given: string, column: number, closing: string, where?: string]>([
    ['{ spec: { zones: [a, b] }', 12, '}'],
    ['{ spec: { zones: [a, b }', 29, ']', 'before the "}"'],
    ['{ spec: {\n        zones: [a],\n        metrics: true', 20, '}}'],
    ['{ spec: { note: "a }", zones: [] }', 12, '}'],
  ])(
    'a bracket that is never closed is reported with the bracket to add: %s',
    async (given, column, closing, where = 'at the end of the line') => {
      write('open.test.yaml', `${HEAD}tests:\n  - name: a\n    given: ${given}\n    expect: { state: ACTIVE }\n`);
      const { err } = await run('test open.test.yaml');
      const [head = '', , , hint = ''] = err.split('\n');
      expect(head).toMatch(new RegExp(`^open\\.test\\.yaml:6:${column}: error: this "[[{]" is never closed`));
      expect(hint).toBe(`  hint: add "${closing}" ${where}`);
    },
  );

  test('of the definition are reported as validate reports them, and a test may expect them', async () => {
    write('broken.yaml', DEFINITION.replace('schema.spec.metrics', 'schema.spec.metric'));
    write('broken.test.yaml', `${HEAD.replace('shop', 'broken')}tests: [{ name: a }]\n`);
    const { code, err } = await run('test broken.test.yaml');
    expect(code).toBe(3);
    expect(err).toMatchInlineSnapshot(`
      "broken.yaml:34:36: error: undefined field 'metric' [cel/unknown-field]
        34 |       includeWhen: ["\${schema.spec.metric}"]
           |                                    ^
        at spec.resources[3].includeWhen[0]
        hint: did you mean "metrics"?
      "
    `);
    write('expected.test.yaml', `${HEAD.replace('shop', 'broken')}diagnostics: [cel/unknown-field]\ntests: []\n`);
    expect(withoutDurations(await run('test expected.test.yaml'))).toMatchInlineSnapshot(`
      {
        "code": 0,
        "err": "",
        "out": " ✓ expected › the problems cel/unknown-field  0 ms
       1 passed  0.0 s",
      }
    `);
    write('other.test.yaml', `${HEAD}diagnostics: [cel/unknown-field]\ntests: []\n`);
    expect(withoutDurations(await run('test other.test.yaml'))).toMatchInlineSnapshot(`
      {
        "code": 1,
        "err": "",
        "out": " ✗ other › the problems cel/unknown-field  0 ms
           problems  other.test.yaml:4:15
           expected  cel/unknown-field
           received  []
           when      at the start, at t=0s
           replay    typekro test other.test.yaml -t 'other › the problems cel/unknown-field'
       0 passed, 1 failed  0.0 s",
      }
    `);
  });

  test('a definition that cannot be read does not stop the tests of other files', async () => {
    write('unread/a.test.yaml', `${HEAD.replace('shop', 'none')}tests: []\n`);
    write('unread/b.test.yaml', 'schemaVersion: 1\nkind: GraphTest\ntests: []\n');
    write('unread/c.test.yaml', `${HEAD.replace('shop', '../shop')}tests: [{ name: c }]\n`);
    const { code, out, err } = await run('test unread');
    expect(code).toBe(3);
    expect(out).toMatch(/✓ c › c/);
    expect(err.replaceAll(/the full path is .*/g, 'the full path is …')).toMatchInlineSnapshot(`
      "unread/a.test.yaml:1:1: error: there is no file unread/none.yaml [input/not-found]
        hint: check the name; the full path is …

      unread/b.test.yaml:1:1: error: b.test.yaml names no definition, and there is no b.yaml or b.ts next to it [input/not-found]
        hint: write "definition: app.yaml" with the path of the file from the test file
      "
    `);
  });

  test('two snapshots of a test cannot have the same name', async () => {
    write(
      'twice.test.yaml',
      `${HEAD}tests:
  - name: a
    expect: { snapshot: true }
    steps:
      - { name: start, expect: { snapshot: true } }
      - { name: step 3, expect: { snapshot: true } }
      - { expect: { snapshot: true } }
      - { name: start, expect: { state: ACTIVE } }
`,
    );
    const { code, err } = await run('test twice.test.yaml');
    expect(code).toBe(3);
    expect(err).toMatchInlineSnapshot(`
      "twice.test.yaml:8:17: error: an earlier snapshot of this test is also named "start" [testing/bad-test]
        8 |       - { name: start, expect: { snapshot: true } }
          |                 ^
        at tests[0].steps[0].name
        hint: give each step with a snapshot its own name

      twice.test.yaml:10:9: error: an earlier snapshot of this test is also named "step 3" [testing/bad-test]
        10 |       - { expect: { snapshot: true } }
           |         ^
        at tests[0].steps[2]
        hint: give each step with a snapshot its own name

      2 errors, 0 warnings"
    `);
  });

  test.each([
    ['a broken file', 'a: [\n'],
    ['an empty file', ''],
    ['a file without a kind', 'tests: []\n'],
  ])('%s in a folder is reported, and not left out as a file of another kind', async (_what, text) => {
    write('interrupted/a.test.yaml', text);
    const { code, err } = await run('test interrupted');
    expect(code).toBe(3);
    expect(err).not.toContain('left out');
    expect(err).toContain('interrupted/a.test.yaml');
  });

  test('files without a test are an error, with and without a filter', async () => {
    write('foreign/a.test.yaml', 'kind: Something\n');
    const foreign = await run('test foreign');
    expect(foreign.code).toBe(1);
    expect(foreign.err).toMatchInlineSnapshot(`
      "note: foreign/a.test.yaml is left out: its kind is not GraphTest
      error: the files hold no test [input/empty]
        hint: write a test under "tests" of a file with "kind: GraphTest"; typekro test --help has an example"
    `);
    const filtered = await run('test foreign -t any');
    expect([filtered.code, filtered.err]).toEqual([foreign.code, foreign.err]);
    write('chosen/a.test.yaml', `${HEAD.replace('shop', '../shop')}tests: [{ name: a }]\n`);
    expect((await run('test chosen -t any')).err).toMatchInlineSnapshot(`
      "error: no test has "any" in its name [cli/usage]
        hint: leave out --filter to run all tests"
    `);
  });

  test.each([
    ['test none', 1],
    ['test none.yaml', 1],
    ['test shop.yaml -o xml', 2],
    ['test', 2],
    ['test mistakes.test.yaml --nothing', 2],
  ])('typekro %s ends with exit code %i', async (line, code) => {
    const found = await run(line);
    expect(found.code).toBe(code);
    expect(found.err).toContain('hint:');
  });

  test('a file that is not UTF-8 is reported with one place and exit code 1', async () => {
    write('latin.test.yaml', Buffer.from('schemaVersion: 1\nkind: caf\xe9\n', 'latin1'));
    const { code, err } = await run('test latin.test.yaml');
    expect(code).toBe(1);
    expect(err.split('\n')[0]).toBe(
      'latin.test.yaml:2:10: error: the file cannot be read: it is not UTF-8 text: the byte 0xE9 is here (in Latin-1 the word is "café") [input/unreadable]',
    );
    expect(err.match(/latin\.test\.yaml:\d/g)).toHaveLength(1);
  });

  test.each([
    ['shop.yaml', 'ResourceGraphDefinition', 'write its tests into shop.test.yaml, and pass that file to typekro test'],
    ['instance.json', 'Shop', 'write its tests into instance.test.yaml, and pass that file to typekro test'],
    [
      'other.test.yaml',
      'Shop',
      'move it into a file whose name does not end with .test.yaml, and write its tests into other.test.yaml',
    ],
  ])('%s is not a file with tests', async (file, kind, hint) => {
    write('other.test.yaml', '{ apiVersion: kro.run/v1alpha1, kind: Shop, metadata: { name: a } }');
    write('instance.json', '{ "apiVersion": "kro.run/v1alpha1", "kind": "Shop", "metadata": { "name": "a" } }');
    const { code, err } = await run(['test', file]);
    expect(code).toBe(3);
    expect(err.match(/error: /g)).toHaveLength(1);
    expect(err).toContain(`error: this is a ${kind}, not a file with tests (kind: GraphTest) [testing/bad-test]`);
    expect(err).toContain(`hint: ${hint}; docs/testing.md has an example`);
  });

  test.each([
    [
      'a name of an object that is no string',
      '- name: a\n    given: { objects: [{ apiVersion: v1, kind: ConfigMap, metadata: { name: 5 } }] }',
      ['names.test.yaml:5:77: error: "name" must be a string, but is a number [testing/bad-test]'],
    ],
    [
      'two tests without a name',
      '- name: null\n  - name: null',
      [
        'names.test.yaml:4:11: error: "name" must be a string, but is null [testing/bad-test]',
        'names.test.yaml:5:11: error: "name" must be a string, but is null [testing/bad-test]',
      ],
    ],
  ])('each wrong name is reported once: %s', async (_title, tests, expected) => {
    write('names.test.yaml', `schemaVersion: 1\nkind: GraphTest\ntests:\n  ${tests}\n`);
    const { err } = await run('test names.test.yaml');
    expect(err.split('\n').filter((line) => line.endsWith('[testing/bad-test]'))).toEqual(expected);
  });
});
