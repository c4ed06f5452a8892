import { afterAll, describe, expect, test } from 'vitest';
import { HEAD, GIVEN, testFolder, withoutDurations } from '../../test-support/graph-test-folder.ts';
import { test as testCommand } from '../commands/test-command.ts';

const { cwd, run, write, remove } = testFolder();
afterAll(remove);

/**
 * A Deployment, and a ConfigMap that exists only while the Deployment has available pods. The ConfigMap is deleted when
 * the Deployment loses its status.
 */
const FLAPPING = `
apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: caches }
spec:
  schema: { apiVersion: v1alpha1, kind: Cache, spec: { replicas: integer | default=2 } }
  resources:
    - id: web
      template:
        apiVersion: apps/v1
        kind: Deployment
        metadata: { name: "\${schema.metadata.name}" }
        spec:
          replicas: \${schema.spec.replicas}
          selector: { matchLabels: { app: web } }
          template:
            metadata: { labels: { app: web } }
            spec: { containers: [{ name: web, image: nginx }] }
    - id: cache
      includeWhen: ["\${web.?status.?availableReplicas.orValue(0) > 0}"]
      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: "\${schema.metadata.name}-cache" } }
`;

write('cache.yaml', FLAPPING);
write(
  'cache.test.yaml',
  `schemaVersion: 1
kind: GraphTest
tests:
  - name: the cache follows the pods
    given: { name: shop }
    steps:
      - patch: { web: { status.availableReplicas: 2 } }
        expect: { children: { cache: present } }
      - patch: { instance: { spec.replicas: 3 } }
`,
);

/** Writes a definition with these resources, and a file with these tests of the definition. */
function writeMaps(name: string, resources: string, tests: string): void {
  write(
    `${name}.yaml`,
    `apiVersion: kro.run/v1alpha1
kind: ResourceGraphDefinition
metadata: { name: ${name}s }
spec:
  schema: { apiVersion: v1alpha1, kind: ${name[0]?.toUpperCase()}${name.slice(1)} }
  resources:
${resources}`,
  );
  write(`${name}.test.yaml`, `schemaVersion: 1\nkind: GraphTest\ntests:\n${tests}`);
}

describe('typekro test --faults', () => {
  test('a child that is deleted and created again because the status of another child changes is a flap', async () => {
    expect(withoutDurations(await run('test cache.test.yaml --faults 3 --seed 1'))).toMatchInlineSnapshot(`
      {
        "code": 1,
        "err": "",
        "out": " ✓ cache › the cache follows the pods  0 ms
       ✗ cache › the cache follows the pods: flap, seed 1
           expected  cache keeps ConfigMap v1 default/shop-cache, because neither the spec nor a step of the test asks for a deletion
           received  the controller deletes it at t=0s, and creates it again at t=330s
           because   cache skipped: is left out: web.?status.?availableReplicas.orValue(0) > 0 is false
           when      at t=330s of virtual time
           before    t=0s  the life begins
                     t=0s  the test creates the instance
                     t=0s  the test does steps[0].patch.web
                     t=0s  another client deletes Deployment apps/v1 default/shop
                     t=0s  silent for good: watch of /apis/apps/v1/deployments
                     t=0s  the test does steps[1].patch.instance
           more      1 life breaks this invariant, too; -o json shows all
           replay    typekro test cache.test.yaml --faults 1 --seed 1
       faults: 3 lives, 0 orphans, 0 stuck, 2 flaps (seeds 1, 2)  cache.test.yaml, seeds from 1
       coverage  cache.test.yaml  nodes 2/2, conditions 2/2, branches 2/2  100 %
       1 passed  0.0 s",
      }
    `);
  });

  test('a run with the seed of a failure repeats the failure exactly', async () => {
    const failuresOf = async (line: string) => {
      const { code, out } = await run(`${line} -o json`);
      expect(code).toBe(1);
      const { files } = JSON.parse(out) as {
        files: { faults: { failures: { seed: number; replay: string; invariant: string }[] } }[];
      };
      return files[0]?.faults.failures ?? [];
    };
    const found = await failuresOf('test cache.test.yaml --faults 10 --seed 1');
    expect(new Set(found.map(({ invariant }) => invariant))).toEqual(new Set(['flap']));
    expect(new Set(found.map(({ seed }) => seed)).size).toBeGreaterThan(1);
    for (const { seed, replay } of found) {
      expect(replay).toBe(`typekro test cache.test.yaml --faults 1 --seed ${seed}`);
      const again = await failuresOf(replay.replace('typekro ', ''));
      expect(again).toEqual(found.filter((each) => each.seed === seed));
    }
  });

  test('the command that replays a life contains the filter', async () => {
    const { out } = await run(['test', 'cache.test.yaml', '-t', 'the pods', '--faults', '1', '--seed', '1']);
    expect(out).toContain("replay    typekro test cache.test.yaml --faults 1 --seed 1 -t 'the pods'\n");
  });

  test('a correct graph has no failure in 20 lives', async () => {
    write(
      'good/shop.test.yaml',
      `${HEAD.replace('shop.yaml', '../shop.yaml')}tests:
  - name: over time${GIVEN}
    steps:
      - patch: { web: { status.availableReplicas: 2 } }
      - delete: ['zone[1]']
      - patch: { instance: { spec.replicas: 0 } }
        expect: { refused: should be greater than or equal to 1 }
      - patch: { settings: { data.image: caddy } }
      - { restart: true, advance: 20m }
      - patch: { instance: { spec.zones: [b], spec.metrics: true } }
  - name: deleted by the test${GIVEN}
    steps:
      - patch: { web: { status.availableReplicas: 2 } }
      - delete: [instance]
        expect: { gone: true }
  - name: a refused instance
    given: { spec: { replicas: 0, zones: [] } }
    expect: { refused: should be greater than or equal to 1 }
`,
    );
    const { code, out, err } = withoutDurations(await run('test good --faults 20 --seed 1'));
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatchInlineSnapshot(`
      " ✓ shop › over time  0 ms
       ✓ shop › deleted by the test  0 ms
       ✓ shop › a refused instance  0 ms
       faults: 20 lives, 0 orphans, 0 stuck, 0 flaps  good/shop.test.yaml, seeds from 1
       coverage  good/shop.test.yaml  nodes 4/4, conditions 4/4, branches 0/0  100 %
       3 passed  0.0 s"
    `);
  }, 60_000);

  test('an instance that never becomes ready is reported, with the reason', async () => {
    write('bare/shop.test.yaml', `${HEAD.replace('shop.yaml', '../shop.yaml')}tests:\n  - name: no status${GIVEN}\n`);
    const { code, out } = withoutDurations(await run('test bare --faults 1 --seed 5'));
    expect(code).toBe(0);
    expect(out).toMatchInlineSnapshot(`
      " ✓ shop › no status  0 ms
       note      shop › no status never gets ready, even without faults: web waiting: waits until web.status.availableReplicas > 0 is true of Deployment apps/v1 default/shop; "availableReplicas" does not exist yet; zone pending: waits for web (waiting)
       faults: 1 life, 0 orphans, 0 stuck, 0 flaps  bare/shop.test.yaml, seed 5
       coverage  bare/shop.test.yaml  nodes 2/4, conditions 2/4, branches 0/0  50 %
       1 passed  0.0 s"
    `);
  });

  test('a final state that depends on the faults is reported as a different state', async () => {
    const map = (id: string, data: string) =>
      `    - id: ${id}\n      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: ${id} }, data: { a: "${data}" } }\n`;
    writeMaps(
      'count',
      `    - id: web
      template:
        apiVersion: v1
        kind: Service
        metadata: { name: web }
        spec: { ports: [{ port: 80 }] }
${map('note', '${web.metadata.resourceVersion}')}`,
      '  - name: the note counts\n    given: { name: one }\n',
    );
    const { code, out } = await run('test count.test.yaml --faults 10 --seed 1');
    expect(code).toBe(1);
    expect(out).toMatch(
      /✗ count › the note counts: differs, seed \d+\n {5}expected {2}ConfigMap v1 default\/note with data\.a "\d+"\n/,
    );
  });

  test('a deletion that never ends even without faults counts as stuck, and no life with faults runs', async () => {
    writeMaps(
      'held',
      '    - id: web\n      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: web } }\n',
      '  - name: held\n    given: { name: one }\n    steps:\n      - patch: { web: { metadata.finalizers: [kro.run/finalizer] } }\n',
    );
    const { code, out } = withoutDurations(await run('test held.test.yaml --faults 2 --seed 1'));
    expect(code).toBe(1);
    expect(out).toMatchInlineSnapshot(`
      " ✓ held › held  0 ms
       ✗ held › held: stuck, even without faults
           expected  the deletion of the instance ends
           received  it has the finalizers kro.run/finalizer; the remaining objects are ConfigMap v1 default/web with kro.run/finalizer, which is being deleted
           when      at t=4800s of virtual time
           before    t=0s  the life begins
                     t=0s  the test creates the instance
                     t=0s  the test does steps[0].patch.web
                     t=2700s  the test deletes the instance
           replay    typekro test held.test.yaml --faults 1 -t 'held › held'
       note      held › held does not run under faults, because it fails without them
       faults: 0 of 2 lives, 0 orphans, 1 stuck (without faults), 0 flaps  held.test.yaml, seeds from 1
       coverage  held.test.yaml  nodes 1/1, conditions 0/0, branches 0/0  100 %
       1 passed  0.0 s"
    `);
  });

  test('finalizers of other controllers are removed, as these controllers would do', async () => {
    writeMaps(
      'kept',
      '    - id: web\n      template: { apiVersion: v1, kind: ConfigMap, metadata: { name: web, finalizers: [other.test/clean-up] } }\n',
      '  - name: kept\n    given: { name: one }\n',
    );
    const { code, out } = withoutDurations(await run('test kept.test.yaml --faults 5 --seed 1'));
    expect(code).toBe(0);
    expect(out).toContain(' faults: 5 lives, 0 orphans, 0 stuck, 0 flaps  kept.test.yaml, seeds from 1\n');
  });

  test('the JUnit report has one case for all lives of a file, or one for each broken invariant', async () => {
    const broken = (await run('test cache.test.yaml --faults 1 --seed 1 -o junit')).out;
    expect(broken).toContain(
      '<testsuite name="cache" file="cache.test.yaml" tests="2" failures="1" errors="0" skipped="0">',
    );
    expect(broken).toContain('name="the cache follows the pods: flap seed 1"><failure message="flap: expected ');
    expect(broken).toContain('| replay typekro test cache.test.yaml --faults 1 --seed 1</failure>');
    const fine = (await run('test kept.test.yaml --faults 1 --seed 1 -o junit')).out;
    expect(fine).toContain('tests="2" failures="0"');
    expect(fine).toContain('name="faults: 1 life, 0 orphans, 0 stuck, 0 flaps"');
  });

  test('an interrupt ends the lives, and their results are printed', async () => {
    const stop = new AbortController();
    const out: string[] = [];
    const context = {
      cwd,
      env: {},
      print: (text: string) => {
        out.push(text);
        stop.abort();
      },
      printError: (text: string) => void out.push(text),
      readInput: () => Promise.resolve(''),
      signal: stop.signal,
    };
    const options = { output: 'text', faults: '10000', seed: '1' };
    const code = await testCommand.run(context, { positionals: ['kept.test.yaml'], options });
    expect(code).toBe(130);
    expect(out.join('\n')).toContain(
      ' faults: 0 of 10000 lives, 0 orphans, 0 stuck, 0 flaps  kept.test.yaml, seeds from 1',
    );
  });

  test.each([
    ['--faults 0', '--faults 0 is not a whole number from 1 to 10000'],
    ['--faults many', '--faults many is not a whole number from 1 to 10000'],
    ['--faults 10001', '--faults 10001 is not a whole number from 1 to 10000'],
    ['--faults 1 --seed -1', ''],
    ['--faults 1 --seed 4294967296', '--seed 4294967296 is not a whole number from 0 to 4294967295'],
    ['--seed 7', 'write --faults 1 --seed 7'],
  ])('refuses %s', async (words, text) => {
    const { code, err } = await run(`test cache.test.yaml ${words}`);
    expect(code).toBe(2);
    expect(err).toContain(text);
  });
});
