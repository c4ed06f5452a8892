import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { createCompositionApi, externalRef, opaque } from '@typekro/sdk/compose';
import { ConfigMap, Deployment, Service } from '../../../packages/sdk/src/factories/simple/index.ts';

const { kubernetesComposition } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

const spec = type({
  name: 'string',
  replicas: 'number',
  env: "'dev' | 'prod'",
  flag: 'boolean',
  tags: 'string[]',
  'host?': 'string',
  'labels?': 'Record<string, string>',
  'limits?': { 'cpu?': 'string' },
  ws: type({ name: 'string', n: 'number', ports: 'number.integer[]', 'on?': 'boolean' }).array(),
});
type Spec = typeof spec.infer;

const explain = (program: (given: Spec) => unknown): string =>
  kubernetesComposition({ name: 'sample', spec }, program as never).explain();

const fields = (program: (given: Spec) => unknown): Record<string, unknown> => {
  const composition = kubernetesComposition({ name: 'sample', spec }, program as never);
  const definition = composition.toDefinition() as { spec: { schema: { spec: Record<string, unknown> } } };
  return definition.spec.schema.spec;
};

describe('control flow becomes conditions, collections and expressions', () => {
  test('collections are read as lists', () => {
    const text = explain((s) => {
      const ds = s.ws.map((w) => Deployment({ id: 'd', name: w.name, image: 'x', replicas: w.n }));
      return { all: ds.every((d) => d.status.readyReplicas > 0), names: ds.map((d) => d.metadata.name) };
    });
    expect(text).toMatchInlineSnapshot(`
      "composition sample
      d: Deployment (apps/v1)
        for each w of schema.spec.ws
        metadata.name = w.name
        metadata.labels.app = w.name
        spec.replicas = w.n
        spec.selector.matchLabels.app = w.name
        spec.template.metadata.labels.app = w.name
        spec.template.spec.containers[0].name = w.name
      status
        all = d.all(d2, d2.status.?readyReplicas.orValue(0) > 0)
        names = d.map(d2, d2.metadata.name)
      "
    `);
  });

  test('calls of local functions work when a compiler has wrapped the functions to keep their names', () => {
    const keepName = (target: object, value: string) =>
      Object.defineProperty(target, 'name', { value, configurable: true });
    const text = explain((s) => {
      const named = keepName((name: string) => ConfigMap({ id: 'c', name: `${name}-config` }), 'named') as (
        name: string,
      ) => unknown;
      named(s.name);
    });
    expect(text).toContain('metadata.name = ${schema.spec.name}-config');
  });

  test('two nested loops become one iterator if the inner list is a field of the outer element', () => {
    const text = explain((s) => {
      for (const w of s.ws) if (w.on) for (const p of w.ports) ConfigMap({ id: 'c', name: `${w.name}-${p}` });
    });
    expect(text).toMatchInlineSnapshot(`
      "composition sample
      c: ConfigMap (v1)
        for each entry of schema.spec.ws.filter(w, w.?on.orValue(false)).map(w, w.ports.map(p, {"w": w, "p": p})).flatten()
        metadata.name = \${entry.w.name}-\${string(entry.p)}
        metadata.labels.app = \${entry.w.name}-\${string(entry.p)}
      "
    `);
  });

  test('inside a loop, a field that the template sets is read from the template', () => {
    const text = explain((s) => {
      for (const w of s.ws) {
        const d = Deployment({ id: 'd', name: `${s.name}-${w.name}`, image: 'x' });
        Service({ id: 's', name: d.metadata.name, selector: { app: w.name }, ports: [80] });
      }
    });
    expect(text).toMatchInlineSnapshot(`
      "composition sample
      d: Deployment (apps/v1)
        for each w of schema.spec.ws
        metadata.name = \${schema.spec.name}-\${w.name}
        metadata.labels.app = \${schema.spec.name}-\${w.name}
        spec.selector.matchLabels.app = \${schema.spec.name}-\${w.name}
        spec.template.metadata.labels.app = \${schema.spec.name}-\${w.name}
        spec.template.spec.containers[0].name = \${schema.spec.name}-\${w.name}
      s: Service (v1)
        for each w of schema.spec.ws
        metadata.name = \${schema.spec.name}-\${w.name}
        spec.selector.app = w.name
      "
    `);
  });

  test('a read of a conditional resource is guarded by the condition of the resource', () => {
    const text = explain((s) => {
      let c;
      if (s.flag) c = ConfigMap({ id: 'c', name: 'c' });
      return { a: c ? c.metadata.uid : 'none', b: c?.metadata.uid };
    });
    expect(text).toMatchInlineSnapshot(`
      "composition sample
      c: ConfigMap (v1)
        only when schema.spec.flag
      status
        a = schema.spec.flag ? c.metadata.uid : "none"
        b = (schema.spec.flag ? {"v": c.metadata.uid} : {}).v
      "
    `);
  });

  test('an object with optional fields becomes one expression', () => {
    const text = explain((s) =>
      Deployment({ id: 'd', name: 'd', image: 'x', resources: { limits: { cpu: s.limits?.cpu } }, labels: s.labels, env: { A: s.host, B: 5 } }),
    );
    expect(text).toMatchInlineSnapshot(`
      "composition sample
      d: Deployment (apps/v1)
        metadata.labels = {"app": "d"}.merge(schema.spec.?labels.orValue({}))
        spec.selector.matchLabels.app = schema.spec.?labels.?app.orValue("d")
        spec.template.metadata.labels = {"app": "d"}.merge(schema.spec.?labels.orValue({}))
        spec.template.spec.containers[0].env = (has(schema.spec.host) ? [{"name": dyn("A"), "value": schema.spec.host}] : []) + [{"name": dyn("B"), "value": "5"}]
        spec.template.spec.containers[0].resources.limits.cpu = has(schema.spec.limits) && has(schema.spec.limits.cpu) ? dyn(schema.spec.limits.cpu) : omit()
      "
    `);
  });

  test('includeWhen, readyWhen and dependsOn can be written by hand', () => {
    const text = explain((s) => {
      const d = Deployment({ id: 'd', name: 'd', image: 'x' })
        .withReadyWhen((self) => self.status.readyReplicas > 1)
        .withIncludeWhen(s.flag)
        .withIncludeWhen('${schema.spec.env == "prod"}');
      ConfigMap({ id: 'c', name: 'c' }).dependsOn(d);
    });
    expect(text).toMatchInlineSnapshot(`
      "composition sample
      c: ConfigMap (v1)
        only when schema.spec.flag
        only when schema.spec.env == "prod"
        metadata.annotations.typekro.dev/depends-on-d = d.metadata.name
      cWithoutD: ConfigMap (v1)
        only when !schema.spec.flag || !(schema.spec.env == "prod")
      d: Deployment (apps/v1)
        only when schema.spec.flag
        only when schema.spec.env == "prod"
        ready when d.status.?readyReplicas.orValue(0) > 1
      "
    `);
  });

  test('external objects are read', () => {
    const text = explain(() => {
      const e = externalRef<{ data: Record<string, string> }>('v1', 'ConfigMap', 'settings', 'shared');
      ConfigMap({ id: 'c', name: 'c', data: { a: e.data['x'] } });
    });
    expect(text).toMatchInlineSnapshot(`
      "composition sample
      c: ConfigMap (v1)
        data.a = configmapSettings.data.x
      configmapSettings: ConfigMap (v1)
      "
    `);
  });

  test('an opaque function may insert symbolic values into the string that it returns', () => {
    const join = opaque((a: string, b: string) => `${a}/${b}`);
    expect(explain((s) => ConfigMap({ id: 'c', name: 'c', data: { path: join(s.name, s.env) } }))).toContain(
      'data.path = ${schema.spec.name}/${schema.spec.env}',
    );
  });
});

describe('the schema of the instance', () => {
  test('a conditional throw becomes a validation rule of the field, and a field that the function needs becomes required', () => {
    const found = fields((s) => {
      if (s.replicas > 10) throw new Error('too many');
      if (!s.host) throw new Error('host is needed');
      ConfigMap({ id: 'c', name: s.host.toLowerCase() });
    });
    expect(found['replicas']).toBe('float | required=true validation="!(self > 10.0) // too many"');
    expect(found['host']).toBe('string | required=true validation="self != \\"\\" // host is needed"');
  });

  test('a spec field that sets an integer field has the type integer', () => {
    expect(fields((s) => Deployment({ id: 'd', name: 'd', image: 'x', replicas: s.replicas + 1 }))['replicas']).toBe('integer | required=true');
    expect(fields(() => ConfigMap({ id: 'c', name: 'c' }))['replicas']).toBe('float | required=true');
  });
});

test('a nested composition is merged into the outer composition', () => {
  const inner = kubernetesComposition({ name: 'inner', spec: type({ name: 'string', 'size?': 'number.integer' }) }, (s) => {
    const d = Deployment({ id: 'd', name: s.name, image: 'x', replicas: s.size ?? 2 });
    Service({ id: 's', name: s.name, selector: { app: s.name }, ports: [80] });
    return { ready: d.status.readyReplicas > 0 };
  });
  const text = explain((s) => {
    const a = inner({ name: `${s.name}-a` });
    const b = inner({ name: 'b', size: 3 });
    return { ready: a.status.ready && b.status.ready };
  });
  expect(text).toMatchInlineSnapshot(`
    "composition sample
    inner1D: Deployment (apps/v1)
      metadata.name = \${schema.spec.name}-a
      metadata.labels.app = \${schema.spec.name}-a
      spec.selector.matchLabels.app = \${schema.spec.name}-a
      spec.template.metadata.labels.app = \${schema.spec.name}-a
      spec.template.spec.containers[0].name = \${schema.spec.name}-a
    inner1S: Service (v1)
      metadata.name = \${schema.spec.name}-a
      spec.selector.app = \${schema.spec.name}-a
    inner2D: Deployment (apps/v1)
    inner2S: Service (v1)
    status
      ready = inner1D.status.?readyReplicas.orValue(0) > 0 && inner2D.status.?readyReplicas.orValue(0) > 0
    "
  `);
});

test('evaluate validates the spec and applies its defaults', () => {
  const composition = kubernetesComposition({ name: 'sample', spec: type({ name: 'string', size: 'number.integer = 2' }) }, (s) => {
    if (s.size > 5) throw new Error('too large');
    const d = Deployment({ id: 'd', name: s.name, image: 'x', replicas: s.size });
    return { ready: d.status.readyReplicas === s.size };
  });
  expect(composition.toYaml({ name: 'x' })).toContain('size: 2');
  expect(() => composition.toYaml({ name: 5 } as never)).toThrow(/Invalid spec: name/);
  expect(composition.evaluate({ name: 'x', size: 9 }).violations).toEqual(['too large']);
  const observed = { d: { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' }, status: { readyReplicas: 2 } } };
  expect(composition.evaluate({ name: 'x' }, observed).status).toEqual({ ready: true });
});

test('private members are read through the helper that the transform adds', () => {
  class Team {
    readonly #owner: string;
    #label() {
      return `team-${this.#owner}`;
    }

    constructor(owner: string) {
      this.#owner = owner;
    }

    /** A composition function in a class, with the transform's metadata. */
    program(text: string) {
      // eslint-disable-next-line typescript/unbound-method -- the reader passes the method unbound
      const label = (of: Team) => of.#label;
      const data = {
        src: text,
        file: 'team.ts',
        line: 1,
        col: 1,
        vars: { ConfigMap, this: () => this, '#owner': (of: Team) => of.#owner, '#label': label },
      };
      return Object.assign(() => undefined, { [Symbol.for('typekro.source')]: data });
    }
  }
  const program = (text: string) => new Team('a').program(text) as never;
  expect(explain(program('(s) => ({ owner: this.#owner + s.name, label: this.#label(), none: this?.#owner })'))).toContain(
    '  owner = a${schema.spec.name}\n  label = schema.metadata.name != "" ? "team-a" : "team-a"',
  );
  expect(() => explain(program('(s) => ({ owner: s.#owner })'))).toThrow(/Cannot read private member #owner/);
  expect(() => explain(program('(s) => ({ owner: this.#missing })'))).toThrow(/#missing cannot be read.*team\.ts:1:18/s);
});
