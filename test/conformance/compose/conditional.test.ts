import { describe, expect, test } from 'vitest';
import { type CompositionError, Cel, createCompositionApi, externalRef } from '@typekro/sdk/compose';
import { ConfigMap, Deployment, Pvc, Service } from '../../../packages/sdk/src/factories/simple/index.ts';
import type { JsonObject, KubeObject } from '@typekro/kit/core';
import { compareConditional, compiled, composeConditional, runAsKro } from '../../property/compose/conditional.ts';
import { decide, putInstance, settle } from '@typekro/engine/test-support/direct-loop';
import { FakeCluster } from '@typekro/engine/test-support/fake-cluster';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

const spec = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    cache: { type: 'boolean' },
    db: { type: 'boolean' },
    queue: { type: 'boolean' },
    mail: { type: 'boolean' },
  },
  required: ['name', 'cache', 'db', 'queue', 'mail'],
} as const;
interface Spec {
  readonly name: string;
  readonly cache: boolean;
  readonly db: boolean;
  readonly queue: boolean;
  readonly mail: boolean;
}

const compose = (program: (given: Spec) => unknown) =>
  kubernetesComposition({ name: 'sample', spec }, program as never);
const LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];
const service = (id: string) => Service({ id, name: id, selector: { app: id }, ports: [{ port: 80 }] });

/** Forms of a read of the optional resource `it`. */
const READS: readonly (readonly [string, string])[] = [
  ['a conditional', '{ v: it ? it.data.v : "none" }'],
  ['?. and ??', '{ v: it?.data.v ?? "none" }'],
  ['a field that is omitted', '{ v: it?.data.v }'],
  ['&& and ||', '{ v: (it && it.data.v) || "none" }'],
  ['a spread', '{ a: "b", ...(it && { v: it.data.v }) }'],
  ['a spread of one of two objects', '{ ...(it ? { v: it.metadata.name } : { w: "none" }) }'],
  ['a text', '{ v: `<${it ? it.metadata.name : "-"}>` }'],
  ['a list', '{ v: ["a", ...(it ? [it.metadata.name] : [])].join() }'],
  ['a negated test', '{ v: !it ? "none" : it.data.v }'],
  ['a comparison', '{ v: it?.data.v === "x" ? "same" : "other" }'],
];

/** Forms in which the optional resource `it` is created. */
const MAKES: readonly (readonly [string, string])[] = [
  ['?:', 'const it = s.a ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined;'],
  ['if', 'let it; if (s.a) it = ConfigMap({ id: "it", name: "it", data: { v: "x" } });'],
  ['nested if', 'let it; if (s.a) { if (s.b) it = ConfigMap({ id: "it", name: "it", data: { v: "x" } }); }'],
  ['||', 'let it; if (s.a || s.opt) it = ConfigMap({ id: "it", name: "it", data: { v: "x" } });'],
  [
    'switch',
    'let it; switch (s.env) { case "dev": it = ConfigMap({ id: "it", name: "it", data: { v: "x" } }); break; case "prod": it = ConfigMap({ id: "other", name: "other", data: { v: "y" } }); }',
  ],
  ['a conditional of conditions', 'let it; if (s.a ? s.b : s.c) it = ConfigMap({ id: "it", name: "it", data: { v: "x" } });'],
  ['early return', 'const it = (() => { if (!s.a) return undefined; return ConfigMap({ id: "it", name: "it", data: { v: "x" } }); })();'],
  ['an object', 'const all = {}; if (s.a) all.it = ConfigMap({ id: "it", name: "it", data: { v: "x" } }); const it = all.it;'],
  ['a table', 'const it = { dev: s.b ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined }.dev;'],
  ['a list', 'const list = [s.a ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined]; const it = list[0];'],
  [
    'a chain',
    'const one = s.a ? ConfigMap({ id: "one", name: "one", data: { v: "x" } }) : undefined; const it = one && s.b ? ConfigMap({ id: "it", name: "it", data: { v: one.data.v } }) : undefined;',
  ],
];

describe('a resource that reads an optional resource exists exactly when JavaScript would create it, in evaluate(), stock kro, target typekro and a cluster', () => {
  describe.each(MAKES)('created optionally by %s', (_, make) => {
    test.each(READS)('and read in %s', (_name, data) => {
      const read = `ConfigMap({ id: "config", name: "config", data: ${data} })`;
      const later = 'ConfigMap({ id: "later", name: "later", data: { n: config.metadata.name } });';
      const source = `(s) => { ${make} const config = ${read}; ${later} return { n: config.metadata.name }; }`;
      expect(compareConditional(source)).toEqual({ kind: 'equal' });
    });
  });

  test.each([
    ['a read of one of two resources', 'const it = s.a ? ConfigMap({ id: "x", name: "x", data: { v: "1" } }) : ConfigMap({ id: "y", name: "y", data: { v: "2" } }); ConfigMap({ id: "config", name: "config", data: { v: it.data.v } });'],
    ['reads in a loop, and a read of the results of this loop', 'const it = s.a ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined; const all = s.tags.map((tag) => ConfigMap({ id: "config", name: tag, data: { v: it?.data.v ?? "none" } })); ConfigMap({ id: "last", name: "last", data: { n: all.map((each) => each.metadata.name).join() } });'],
    ['a condition in the loop', 'const it = s.a ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined; for (const tag of s.tags) { if (tag === "t" && it) ConfigMap({ id: "config", name: tag, data: { v: it.data.v } }); else ConfigMap({ id: "other", name: tag + "-o", data: { v: "none" } }); }'],
    ['a collection under a condition', 'const all = []; if (s.a) for (const tag of s.tags) all.push(ConfigMap({ id: "per", name: tag, data: { v: tag } })); ConfigMap({ id: "config", name: "config", data: { n: "n" + all.map((each) => each.metadata.name).join() } });'],
    ['dependsOn', 'const it = s.a ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined; const c = ConfigMap({ id: "config", name: "config", data: { v: "v" } }); if (it) c.dependsOn(it);'],
    ['dependsOn by id', 'if (s.a) ConfigMap({ id: "it", name: "it", data: { v: "x" } }); ConfigMap({ id: "config", name: "config", data: { v: "v" } }).dependsOn("it");'],
    ['a condition that reads the optional resource', 'const it = s.a ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined; if (!it || it.data.v === "y") ConfigMap({ id: "config", name: "config", data: { v: "v" } });'],
    ['a composition in a branch', 'const it = s.a ? inner({ name: "in", on: s.b }) : undefined; ConfigMap({ id: "config", name: "config", data: { v: it ? it.status.e : "none" } });'],
    ['a chain under a conditional', 'const it = s.a ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined; let b; if (s.opt ? s.b : s.c) b = ConfigMap({ id: "b", name: "b", data: { k: it?.data.v ?? "none" } }); ConfigMap({ id: "config", name: "config", data: { v: b?.metadata.name ?? "none" } });'],
    ['a read of two resources that exclude each other', 'let x; let y; if (s.env === "dev") x = ConfigMap({ id: "x", name: "x", data: { v: "1" } }); if (s.env === "prod") y = ConfigMap({ id: "y", name: "y", data: { v: "2" } }); ConfigMap({ id: "config", name: "config", data: { v: x?.data.v ?? y?.data.v ?? "none" } });'],
    ['one of two resources, of which the first reads a resource with an optional dependency', 'const base = s.opt ? ConfigMap({ id: "x", name: "x", data: { v: s.opt } }) : s.b ? ConfigMap({ id: "y", name: "y", data: { v: s.opt ?? "z" } }) : undefined; const by = base?.data.v === "given" ? ConfigMap({ id: "by", name: "by", data: { v: "w" } }) : undefined; const it = base ? ConfigMap({ id: "it", name: "it", data: { v: by ? by.data.v : "none" } }) : ConfigMap({ id: "other", name: "other", data: { v: "q" } }); ConfigMap({ id: "config", name: "config", data: { v: it.data.v } });'],
    ['a dependency on a resource with an optional dependency', 'const base = s.opt ? ConfigMap({ id: "x", name: "x", data: { v: s.opt } }) : s.b ? ConfigMap({ id: "y", name: "y", data: { v: "z" } }) : undefined; const it = base?.data.v === "given" ? ConfigMap({ id: "it", name: "it", data: { v: base.metadata.name } }) : undefined; const c = ConfigMap({ id: "config", name: "config", data: { v: it ? "a" : "b" } }); if (it) c.dependsOn(it);'],
  ])('%s', (_name, body) => {
    expect(compareConditional(`(s) => { ${body} return { n: s.name }; }`)).toEqual({ kind: 'equal' });
  });
});

test('a read of a collection is refused if its loop tests for an optional resource, and accepted if the test is around the loop', () => {
  const it = 'const it = s.a ? ConfigMap({ id: "it", name: "it", data: { v: "x" } }) : undefined;';
  const per = 'ConfigMap({ id: "per", name: tag, data: { v: it.data.v } })';
  const read = 'ConfigMap({ id: "config", name: "config", data: { n: "n" + all.length } }); return { n: all.length };';
  const inside = `(s) => { ${it} const all = s.tags.filter((tag) => s.a).map((tag) => ${per}); ${read} }`;
  expect(compareConditional(inside)).toMatchObject({ kind: 'refused', code: 'trace/no-cel' });
  const around = `(s) => { ${it} const all = []; if (it) for (const tag of s.tags) all.push(${per}); ${read} }`;
  expect(compareConditional(around)).toEqual({ kind: 'equal' });
});

describe('the graph of an optional resource', () => {
  test('a resource that reads it becomes two nodes for one object, and a status that reads this resource reads both nodes', () => {
    const composition = compose((s) => {
      const pvc = s.cache ? Pvc({ id: 'pvc', name: 'data', size: '1Gi' }) : undefined;
      const volumes = pvc ? [{ name: 'data', persistentVolumeClaim: { claimName: pvc.metadata.name } }] : [];
      const web = Deployment({ id: 'web', name: 'web', image: 'x', volumes: [{ name: 'tmp', emptyDir: {} }, ...volumes] });
      return { ready: web.status.readyReplicas };
    });
    expect(composition.explain()).toMatchInlineSnapshot(`
      "composition sample
      pvc: PersistentVolumeClaim (v1)
        only when schema.spec.cache
      web: Deployment (apps/v1)
        only when schema.spec.cache
        spec.template.spec.volumes[1].persistentVolumeClaim.claimName = pvc.metadata.name
      webWithoutPvc: Deployment (apps/v1)
        only when !schema.spec.cache
      status
        ready = schema.spec.cache ? web.status.?readyReplicas.orValue(0) : webWithoutPvc.status.?readyReplicas.orValue(0)
      "
    `);
    expect(composition.evaluate({ name: 'n', cache: false, db: true, queue: true, mail: true }).resources).toMatchObject([
      { id: 'pvc', included: false },
      { id: 'web', included: true },
    ]);
  });

  test("an includeWhen of the author also excludes the resources that read the excluded resource without a condition", () => {
    const composition = compose((s) => {
      const svc = service('svc').withIncludeWhen(s.cache);
      ConfigMap({ id: 'needs', name: 'needs', data: { ip: svc.spec.clusterIP } });
      ConfigMap({ id: 'knows', name: 'knows', data: { ip: s.cache ? svc.spec.clusterIP : 'none' } });
    });
    const { resources } = composition.evaluate({ name: 'n', cache: false, db: true, queue: true, mail: true });
    expect(resources.map(({ id, included }) => [id, included])).toEqual([
      ['knows', true],
      ['needs', false],
      ['svc', false],
    ]);
  });

  test('external references under a condition are optional, as resources are', () => {
    const composition = compose((s) => {
      const given = s.cache ? externalRef('v1', 'Secret', 'given') : undefined;
      ConfigMap({ id: 'config', name: 'config', data: { secret: given ? given.metadata.name : 'none' } });
    });
    const { resources } = composition.evaluate({ name: 'n', cache: false, db: true, queue: true, mail: true });
    expect(resources.find(({ id }) => id === 'config')).toMatchObject({ included: true, objects: [{ data: { secret: 'none' } }] });
  });

  test('more than eight nodes for one resource are refused at its line', () => {
    const composition = compose((s) => {
      const ip = (wanted: boolean, id: string) => (wanted ? service(id) : undefined)?.spec.clusterIP ?? 'none';
      ConfigMap({
        id: 'config',
        name: 'config',
        data: { a: ip(s.cache, 'a'), b: ip(s.db, 'b'), c: ip(s.queue, 'c'), d: ip(s.mail, 'd') },
      });
    });
    expect(() => composition.toYaml()).toThrow(
      /ConfigMap config reads resources that may be excluded \(a, b, c, d\).*more than 8 nodes.*conditional\.test\.ts:\d+/s,
    );
  });

  test('more than 256 decisions for one resource are refused', () => {
    const composition = kubernetesComposition(
      {
        name: 'sample',
        spec: {
          type: 'object',
          properties: Object.fromEntries(LETTERS.map((letter) => [letter, { type: 'boolean' }])),
          required: LETTERS,
        },
      },
      ((s: Readonly<Record<string, boolean>>) => {
        const ip = (letter: string) => (s[letter] === true ? service(letter) : undefined)?.spec.clusterIP ?? 'none';
        ConfigMap({
          id: 'config',
          name: 'config',
          data: {
            a: ip('a'), b: ip('b'), c: ip('c'), d: ip('d'), e: ip('e'), f: ip('f'), g: ip('g'), h: ip('h'), i: ip('i'),
          },
        });
      }) as never,
    );
    expect(() => composition.toYaml()).toThrow(
      /ConfigMap config reads resources that may be excluded \(a, b, c, d, e, f, g, h, i\).*more than 256 decisions/s,
    );
  });

  test('the condition of a branch that is refused is not assumed for the next resource', () => {
    const composition = compose((s) => {
      const svc = s.cache ? service('svc') : undefined;
      ConfigMap({ id: 'config', name: 'config', data: { ip: svc?.spec.clusterIP ?? 'none' } });
      ConfigMap({ id: 'first', name: 'first', data: { v: s.cache ? Cel.expr<string>('config.data.ip') : 'none' } });
      ConfigMap({ id: 'second', name: 'second', data: { v: s.cache ? 'none' : Cel.expr<string>('config.data.ip') } });
    });
    let refused: unknown;
    try {
      composition.toYaml();
    } catch (error) {
      refused = error;
    }
    const found = (refused as CompositionError).diagnostics.map(({ message }) => message);
    expect(found).toEqual([expect.stringContaining('names config'), expect.stringContaining('names config')]);
  });

  test.each([
    ['one of two conditional resources', true],
    ['the only conditional resource', false],
  ])('a cycle through %s is refused', (_, both) => {
    const composition = compose((s) => {
      const svc = service('svc');
      const two = () => ConfigMap({ id: 'two', name: 'two', data: { ip: svc.spec.clusterIP ?? 'none' } });
      const one = () => (both ? ConfigMap({ id: 'one', name: 'one' }) : undefined);
      svc.dependsOn((s.cache ? one() : two()) as never);
    });
    expect(() => composition.toYaml()).toThrow(/the resources wait for each other: .*two.*conditional\.test\.ts|conditional\.test\.ts.*the resources wait for each other/s);
  });

  test('the ids of additional nodes fit into label values', () => {
    const composition = compose((s) => {
      const long = s.cache ? service('aServiceWhoseIdIsNearlyAsLongAsTheLabelOfAnObjectMayBe') : undefined;
      ConfigMap({ id: 'configWithALongIdToo', name: 'config', data: { ip: long?.spec.clusterIP ?? 'none' } });
      ConfigMap({ id: 'configWithALongIdTooVariant', name: 'other' });
    });
    const { resources } = composition.toDefinition()['spec'] as { resources: { id: string }[] };
    expect(resources.map(({ id }) => id)).toEqual([
      'aServiceWhoseIdIsNearlyAsLongAsTheLabelOfAnObjectMayBe',
      'configWithALongIdToo',
      'configWithALongIdTooVariant',
      'configWithALongIdTooVariant2',
    ]);
  });

  test('a handwritten CEL expression that names the reader of an optional resource by its id is refused', () => {
    const composition = compose((s) => {
      const svc = s.cache ? service('svc') : undefined;
      ConfigMap({ id: 'config', name: 'config', data: { ip: svc?.spec.clusterIP ?? 'none' } });
      return { ip: Cel.expr<string>('config.data.ip') };
    });
    expect(() => composition.toYaml()).toThrow(/hand-written CEL names config/);
  });
});

const FLIP = `(s) => {
  const svc = s.a ? ConfigMap({ id: 'svc', name: 'svc', data: { v: 'x' } }) : undefined;
  const config = ConfigMap({ id: 'config', name: 'config', data: { ...(svc ? { v: svc.data.v } : { none: 'yes' }) } });
  const each = s.tags.map((tag) => ConfigMap({ id: 'per', name: tag, data: { v: config.metadata.name, w: svc?.data.v ?? 'none' } }));
  return { n: each.length };
}`;
const specOf = (a: boolean): JsonObject => ({ name: 'n', a, b: true, c: true, env: 'dev', tags: ['t', 'u'] });

describe('the reader of an optional resource stays one object of the instance when the condition changes', () => {
  test.each([
    ['whole', false],
    ['projection', false],
    ['whole', true],
    ['projection', true],
  ] as const)('the object keeps its UID when the step sees the %s of each object (read on demand: %s)', (mode, lazy) => {
    const graph = compiled(composeConditional(FLIP).toDefinition({ target: 'typekro' }), 'typekro');
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'x', specOf(true));
    settle(graph, key, cluster, { mode, lazy });
    const uid = cluster.get('ConfigMap/ns/config')?.metadata.uid;
    for (const on of [false, true, false]) {
      cluster.log.length = 0;
      cluster.edit(key, (object) => void (object.spec = specOf(on)));
      const { instance } = settle(graph, key, cluster, { mode, lazy });
      expect(cluster.log.filter((line) => /^(delete|gone)/.test(line))).toEqual(
        on ? [] : ['delete ConfigMap/ns/svc', 'gone ConfigMap/ns/svc'],
      );
      const config = cluster.get('ConfigMap/ns/config') as KubeObject & { data: JsonObject };
      expect(config.metadata.uid).toBe(uid);
      expect(config.data).toEqual(on ? { v: 'x' } : { none: 'yes' });
      expect(config.metadata.labels?.['kro.run/node-id']).toBe(on ? 'config' : 'configWithoutSvc');
      expect(instance?.status).toMatchObject({ state: 'ACTIVE', n: 2 });
    }
  });

  test('nothing is deleted while the condition has no value', () => {
    const source = `(s) => {
      const first = ConfigMap({ id: 'first', name: 'first', data: { v: 'x' } }).withReadyWhen((self) => self.data.go === 'yes');
      const svc = first.data.on === 'yes' ? ConfigMap({ id: 'svc', name: 'svc', data: { v: 'x' } }) : undefined;
      ConfigMap({ id: 'config', name: 'config', data: { v: svc ? svc.data.v : 'none' } });
      return {};
    }`;
    const graph = compiled(composeConditional(source).toDefinition({ target: 'typekro' }), 'typekro');
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'x', specOf(true));
    const show = (data: JsonObject) => {
      if (cluster.get('ConfigMap/ns/first') !== undefined)
        cluster.edit('ConfigMap/ns/first', (object) => void (object['data'] = { v: 'x', ...data }));
      settle(graph, key, cluster);
    };
    show({});
    show({ go: 'yes', on: 'no' });
    expect(cluster.get('ConfigMap/ns/config')).toMatchObject({ data: { v: 'none' } });
    cluster.log.length = 0;
    show({ on: 'yes' });
    expect(cluster.log.filter((line) => line.startsWith('delete'))).toEqual([]);
    show({ go: 'yes', on: 'yes' });
    expect(cluster.get('ConfigMap/ns/config')).toMatchObject({ data: { v: 'x' } });
    expect(cluster.log.filter((line) => line.startsWith('delete'))).toEqual([]);
  });

  test("with the steps of stock kro: it applies all objects, and then deletes by UID those objects of the instance that it did not apply", () => {
    const graph = compiled(composeConditional(FLIP).toDefinition(), 'stock');
    const live = new Map<string, number>();
    let next = 1;
    const uids: (number | undefined)[] = [];
    for (const on of [true, false, true]) {
      const applied = new Set<number>();
      for (const name of Object.keys(runAsKro(graph, specOf(on)).objects)) {
        const uid = live.get(name) ?? next++;
        live.set(name, uid);
        applied.add(uid);
      }
      for (const [name, uid] of live) if (!applied.has(uid)) live.delete(name);
      uids.push(live.get('config'));
      expect([...live.keys()].sort()).toEqual(on ? ['config', 'svc', 't', 'u'] : ['config', 't', 'u']);
    }
    expect(new Set(uids).size).toBe(1);
  });

  test('one step never has two nodes for one object', () => {
    const graph = compiled(composeConditional(FLIP).toDefinition({ target: 'typekro' }), 'typekro');
    const cluster = new FakeCluster();
    const key = putInstance(graph, cluster, 'x', specOf(false));
    const { decision } = settle(graph, key, cluster);
    expect(decision.nodes.filter(({ because }) => because.kind === 'duplicate-target')).toEqual([]);
    expect(decide(graph, cluster.get(key) as KubeObject, cluster).quiet).toBe(true);
  });
});
