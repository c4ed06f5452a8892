import { afterAll, expect, test } from 'vitest';
import { HEAD, testFolder, withoutDurations } from '../../test-support/graph-test-folder.ts';

const { run, write, remove } = testFolder();
afterAll(remove);

/** A graph with every construct that coverage counts: nodes, conditions, `?:`, `&&`, `||` and `orValue`. */
const DEFINITION = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: decisions }
spec:
  schema:
    apiVersion: v1alpha1
    kind: Decision
    spec: { size: integer | default=1, names: "[]string", note: string, debug: boolean | default=false }
    status: { size: "\${main.data.size == 'big' ? 'L' : 'S'}" }
  resources:
    - id: main
      readyWhen: ["\${main.metadata.?annotations.ready.orValue('no') == 'yes'}"]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: "\${schema.metadata.name}" }
        data: { size: "\${schema.spec.size > 1 ? 'big' : 'small'}", note: "\${schema.spec.?note.orValue('none')}" }
    - id: part
      forEach: [{ which: "\${schema.spec.names}" }]
      template:
        apiVersion: v1
        kind: ConfigMap
        metadata: { name: "\${schema.metadata.name + '-' + which}" }
        data: { first: "\${which == 'a' || which == 'b' ? 'yes' : 'no'}" }
    - id: debug
      includeWhen: ["\${schema.spec.debug && schema.spec.size > 2}"]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.metadata.name}-debug" } }
`;

const TESTS = `schemaVersion: 1
kind: GraphTest
definition: decisions.yaml
tests:
  - name: small & <simple>
    given: { name: one, spec: { names: [a, c] } }
    steps:
      - patch: { main: { 'metadata.annotations.ready': 'yes' } }
        expect: { state: ACTIVE }
`;

test('--coverage lists the nodes, conditions and branches that no test covers, and fails below a minimum', async () => {
  write('decisions.yaml', DEFINITION);
  write('decisions.test.yaml', TESTS);
  expect(withoutDurations(await run('test decisions.test.yaml --coverage-min 90'))).toMatchInlineSnapshot(`
    {
      "code": 1,
      "err": "error: the tests cover 71 % of nodes, conditions and branches, less than 90 %
      hint: typekro test --coverage lists what no test covers",
      "out": " ✓ decisions › small & <simple>  0 ms
     coverage  decisions.test.yaml  nodes 2/3, conditions 3/4, branches 10/14  71 %
         debug  never has an object
         debug  includeWhen schema.spec.debug && schema.spec.size > 2  is never true
         main  ?: schema.spec.size > 1  is never true
         main  orValue schema.spec.?note  never has a value
         debug  && schema.spec.debug  is never true
         status  ?: main.data.size == "big"  is never true
     1 passed  0.0 s",
    }
  `);
  expect((await run('test decisions.test.yaml --coverage-min 60')).code).toBe(0);
  expect((await run('test decisions.test.yaml --coverage-min many')).code).toBe(2);
});

test('tests that take every branch reach a coverage of 100 %', async () => {
  write('decisions.yaml', DEFINITION);
  write(
    'all.test.yaml',
    `${TESTS}
  - name: everything
    given: { name: two, spec: { names: [b], debug: true, size: 3, note: x } }
    steps:
      - patch: { main: { 'metadata.annotations.ready': 'yes' } }
      - patch: { instance: { spec.size: 2 } }
`,
  );
  const { out } = withoutDurations(await run('test all.test.yaml --coverage'));
  expect(out).toMatch(/ 100 %$/m);
});

test('the JUnit report has a suite per file, with failures and mistakes', async () => {
  write('decisions.yaml', DEFINITION);
  write(
    'junit/decisions.test.yaml',
    `${TESTS.replace('decisions.yaml', '../decisions.yaml')}        
  - name: another
    expect: { state: ACTIVE, children: { main: { data.size: big } } }
`,
  );
  write('junit/mistake.test.yaml', 'schemaVersion: 1\nkind: GraphTest\ntests: 3\n');
  write('junit/other.test.yaml', 'kind: Something\n');
  const { code, out, err } = await run('test junit -o junit');
  expect(code).toBe(3);
  expect(out.replaceAll(/time="[\d.]+"/g, 'time="0"')).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="typekro test">
      <testsuite name="decisions" file="junit/decisions.test.yaml" tests="2" failures="1" errors="0" skipped="0">
        <testcase classname="decisions" name="small &amp; &lt;simple&gt;" time="0"/>
        <testcase classname="decisions" name="another" time="0"><failure message="main.data.size: expected big, received small">main.data.size  junit/decisions.test.yaml:12:61 | expected  big | received  small | because   main waiting: waits until main.metadata.?annotations.ready.orValue(&apos;no&apos;) == &apos;yes&apos; is true of ConfigMap v1 default/decision; it is false | status.state  junit/decisions.test.yaml:12:22 | expected  ACTIVE | received  IN_PROGRESS | when      at the start, at t=0s | waiting   part pending: waits for data: schema.spec.names has no value, &quot;names&quot; does not exist</failure></testcase>
      </testsuite>
      <testsuite name="mistake" file="junit/mistake.test.yaml" tests="1" failures="0" errors="1" skipped="0">
        <testcase classname="mistake" name="junit/mistake.test.yaml:3:8"><error message="&quot;tests&quot; must be a list, but is a number [testing/bad-test]"/></testcase>
      </testsuite>
    </testsuites>"
  `);
  expect(err).toContain('note: junit/other.test.yaml is left out: its kind is not GraphTest');
  write('junit/problems.test.yaml', `${HEAD.replace('shop.yaml', '../decisions.yaml')}diagnostics: [a/b]\ntests: []\n`);
  const filtered = (await run(['test', 'junit', '-o', 'junit', '-t', 'small'])).out;
  expect(filtered.replaceAll(/time="[\d.]+"/g, 'time="0"')).toMatchInlineSnapshot(`
    "<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="typekro test">
      <testsuite name="decisions" file="junit/decisions.test.yaml" tests="2" failures="0" errors="0" skipped="1">
        <testcase classname="decisions" name="small &amp; &lt;simple&gt;" time="0"/>
        <testcase classname="decisions" name="another"><skipped/></testcase>
      </testsuite>
      <testsuite name="mistake" file="junit/mistake.test.yaml" tests="1" failures="0" errors="1" skipped="0">
        <testcase classname="mistake" name="junit/mistake.test.yaml:3:8"><error message="&quot;tests&quot; must be a list, but is a number [testing/bad-test]"/></testcase>
      </testsuite>
      <testsuite name="problems" file="junit/problems.test.yaml" tests="1" failures="0" errors="0" skipped="1">
        <testcase classname="problems" name="the problems a/b"><skipped/></testcase>
      </testsuite>
    </testsuites>"
  `);
  for (const [, count, cases = ''] of filtered.matchAll(/ tests="(\d+)".*?>(.*?)<\/testsuite>/gs)) {
    expect(cases.match(/<testcase /g)).toHaveLength(Number(count));
  }
});

test('integers beyond 2⁵³ are reported without rounding', async () => {
  write(
    'big.yaml',
    `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: bigs }
spec:
  schema: { apiVersion: v1alpha1, kind: Big, spec: { count: integer }, status: { count: "\${schema.spec.count}" } }
  resources:
    - id: main
      template:
        apiVersion: batch/v1
        kind: Job
        metadata: { name: "\${schema.metadata.name}" }
        spec:
          activeDeadlineSeconds: \${schema.spec.count}
          template: { spec: { restartPolicy: Never, containers: [{ name: a, image: a }] } }
`,
  );
  write(
    'big.test.yaml',
    `${HEAD.replace('shop', 'big')}tests:
  - name: a big integer
    given: { spec: { count: 9007199254740993 } }
    expect: { status: { count: 9007199254740995 } }
  - name: a snapshot
    given: { spec: { count: 9007199254740993 } }
    expect: { snapshot: true }
`,
  );
  const { code, out } = await run('test big.test.yaml -o json');
  expect(code).toBe(1);
  expect((await run('test big.test.yaml -t snapshot --update')).code).toBe(0);
  expect((await run('test big.test.yaml -t snapshot')).code).toBe(0);
  expect(out).toMatch(/"expected": 9007199254740995,\s+"received": 9007199254740993,/);
});
