import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import { createCompositionApi, createResource, def, externalRef, externalRefs, patch } from '@typekro/sdk/compose';
import { evaluateGraph } from '../../../packages/sdk/src/compose/evaluate-graph.ts';
import type { JsonObject, JsonValue } from '@typekro/kit/core';
import { type Graph, compileGraphObject } from '@typekro/engine/graph';
import { builtinSource, combineSources, crdSource } from '@typekro/engine/schema';
import { configMap, deployment, service } from '../../../packages/sdk/src/factories/kubernetes/index.ts';

const { graph } = createCompositionApi({ loadDeploy: () => Promise.reject(new Error('no cluster here')) });

const widgets = crdSource([
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'widgets.example.com' },
    spec: {
      group: 'example.com',
      scope: 'Namespaced',
      names: { kind: 'Widget', plural: 'widgets' },
      versions: [
        {
          name: 'v1',
          served: true,
          storage: true,
          subresources: { status: {} },
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties: { status: { type: 'object', properties: { seen: { type: 'boolean' } } } },
            },
          },
        },
      ],
    },
  },
]);
const sources = combineSources(widgets, builtinSource());

/** A Graph in YAML, and the same graph in TypeScript. The test evaluates both graphs with the observed objects. */
interface Example {
  readonly yaml: string;
  readonly program: () => unknown;
  /** One entry per evaluation. An entry maps the id of a node in the YAML to its observed object. */
  readonly observed?: readonly Readonly<Record<string, JsonValue>>[];
  /** Maps the id of a subgraph's node in the YAML to the id of the same node in TypeScript. */
  readonly ids?: Readonly<Record<string, string>>;
}

const object = (name: string, rest: JsonObject = {}, namespace = 'team-a') => ({ metadata: { name, namespace }, ...rest });

const EXAMPLES: Readonly<Record<string, Example>> = {
  'E1 one object': {
    yaml: `[{id: web, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: web-cfg}, data: {color: blue}}}]`,
    program: () => configMap({ id: 'web', name: 'web-cfg', data: { color: 'blue' } }),
  },
  'E2 def feeds template': {
    yaml: `
- {id: naming, def: {team: red, app: shop}}
- {id: cfg, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${naming.team + '-' + naming.app}"}, data: {k: v}}}`,
    program: () => {
      const naming = def('naming', { team: 'red', app: 'shop' });
      configMap({ id: 'cfg', name: `${naming.team}-${naming.app}`, data: { k: 'v' } });
    },
  },
  'E3 chain over observed fields': {
    yaml: `
- {id: svc, template: {apiVersion: v1, kind: Service, metadata: {name: api}, spec: {selector: {app: api}, ports: [{port: 80}]}}}
- {id: cfg, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: api-addr}, data: {ip: "\${svc.spec.clusterIP}"}}}`,
    program: () => {
      const svc = service({ id: 'svc', name: 'api', spec: { selector: { app: 'api' }, ports: [{ port: 80 }] } });
      configMap({ id: 'cfg', name: 'api-addr', data: { ip: svc.spec.clusterIP } });
    },
    observed: [{}, { svc: object('api', { spec: { clusterIP: '10.0.0.1' } }) }],
  },
  'E4 readyWhen': {
    yaml: `
- {id: dep, readyWhen: ["\${dep.status.?readyReplicas.orValue(0) == 2}"], template: {apiVersion: apps/v1, kind: Deployment, metadata: {name: d}, spec: {replicas: 2, selector: {matchLabels: {a: d}}, template: {metadata: {labels: {a: d}}, spec: {containers: [{name: c, image: nginx}]}}}}}
- {id: note, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: note}, data: {d: "\${dep.metadata.name}"}}}`,
    program: () => {
      const dep = deployment({
        id: 'dep',
        name: 'd',
        spec: {
          replicas: 2,
          selector: { matchLabels: { a: 'd' } },
          template: { metadata: { labels: { a: 'd' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
        },
      }).withReadyWhen((self) => self.status.readyReplicas === 2);
      configMap({ id: 'note', name: 'note', data: { d: dep.metadata.name } });
    },
  },
  'E5 missing ref, then present': {
    yaml: `
- {id: src, ref: {apiVersion: v1, kind: ConfigMap, metadata: {name: region}}}
- {id: copy, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: copy}, data: {r: "\${src.data.region}"}}}`,
    program: () => {
      const src = externalRef<{ data: { region: string } }>({ id: 'src', apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'region' } });
      configMap({ id: 'copy', name: 'copy', data: { r: src.data.region } });
    },
    observed: [{}, { src: object('region', { data: {} }) }, { src: object('region', { data: { region: 'eu' } }) }],
  },
  'E6 selector ref, fan-in, conditional': {
    yaml: `
- {id: feeds, ref: {apiVersion: v1, kind: ConfigMap, metadata: {namespace: team-a, selector: {matchLabels: {feed: "yes"}}}}}
- {id: sum, includeWhen: ["\${feeds.size() > 0}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: sum}, data: {n: "\${string(feeds.size())}", names: "\${feeds.map(f, f.metadata.name).join(',')}"}}}`,
    program: () => {
      const feeds = externalRefs({
        id: 'feeds',
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { namespace: 'team-a', selector: { matchLabels: { feed: 'yes' } } },
      });
      if (feeds.length > 0)
        configMap({ id: 'sum', name: 'sum', data: { n: `${feeds.length}`, names: feeds.map((f) => f.metadata.name).join(',') } });
    },
    observed: [{ feeds: [] }, { feeds: [object('a'), object('b')] }],
  },
  'E7 forEach': {
    yaml: `
- {id: cfg, def: {names: [a, b, c]}}
- {id: one, forEach: [{n: "\${cfg.names}"}], readyWhen: ["\${each.data.v == 'x'}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${'item-' + n}"}, data: {v: x}}}`,
    program: () => {
      const cfg = def('cfg', { names: ['a', 'b', 'c'] });
      for (const n of cfg.names)
        configMap({ id: 'one', name: `item-${n}`, data: { v: 'x' } }).withReadyWhen((self) => self.data['v'] === 'x');
    },
  },
  'E8 two axes': {
    yaml: `
- {id: d, def: {regions: [us, eu], tiers: [hot, cold]}}
- {id: store, forEach: [{r: "\${d.regions}"}, {t: "\${d.tiers}"}], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${r + '-' + t}"}}}`,
    program: () => {
      const d = def('d', { regions: ['us', 'eu'], tiers: ['hot', 'cold'] });
      for (const r of d.regions) for (const t of d.tiers) configMap({ id: 'store', name: `${r}-${t}` });
    },
  },
  'E9 excluded node, and a node that reads it': {
    yaml: `
- {id: f, def: {"on": false}}
- {id: a, includeWhen: ["\${f.on}"], template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {k: v}}}
- {id: b, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: b}, data: {up: "\${a.metadata.name}"}}}
- {id: c, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {k: v}}}`,
    program: () => {
      const f = def('f', { on: false });
      const a = configMap({ id: 'a', name: 'a', data: { k: 'v' } }).withIncludeWhen(f.on);
      configMap({ id: 'b', name: 'b', data: { up: a.metadata.name } });
      configMap({ id: 'c', name: 'c', data: { k: 'v' } });
    },
    observed: [{}, { f: { on: true } }],
  },
  'E10 patch of labels': {
    yaml: `[{id: mark, patch: {apiVersion: v1, kind: Namespace, metadata: {name: team-a, labels: {tier: gold}}}}]`,
    program: () =>
      patch({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } }, { metadata: { labels: { tier: 'gold' } } }, { id: 'mark' }),
  },
  'E11 status patch per object': {
    yaml: `
- {id: ws, ref: {apiVersion: example.com/v1, kind: Widget, metadata: {namespace: team-a, selector: {}}}}
- {id: st, forEach: [{w: "\${ws}"}], patch: {apiVersion: example.com/v1, kind: Widget, metadata: {name: "\${w.metadata.name}", namespace: "\${w.metadata.namespace}"}, status: {seen: true}}}`,
    program: () => {
      const ws = externalRefs<{ status: { seen: boolean } }>({
        id: 'ws',
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: { namespace: 'team-a', selector: {} },
      });
      for (const w of ws) patch(w, { status: { seen: true } }, { id: 'st' });
    },
    observed: [{ ws: [] }, { ws: [object('x'), object('y')] }],
  },
  'E13 subgraph with capture and shadowing': {
    yaml: `
- {id: env, def: {name: prod}}
- id: inner
  graph:
    nodes:
    - {id: env, def: {name: dev}}
    - {id: cm, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${env.name + '-in'}"}, data: {k: v}}}
- {id: out, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${inner.cm.metadata.name + '-out'}"}, data: {k: v}}}`,
    program: () => {
      def('env', { name: 'prod' });
      const inner = () => {
        const env = def('innerEnv', { name: 'dev' });
        return configMap({ id: 'innerCm', name: `${env.name}-in`, data: { k: 'v' } });
      };
      configMap({ id: 'out', name: `${inner().metadata.name}-out`, data: { k: 'v' } });
    },
    ids: { 'inner/env': 'innerEnv', 'inner/cm': 'innerCm' },
  },
  'E14 created Graph with an expression that only this Graph evaluates': {
    yaml: `
- {id: t, def: {team: red}}
- id: child
  readyWhen: ["\${child.status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')}"]
  template:
    apiVersion: kro.run/v1alpha1
    kind: Graph
    metadata: {name: "\${t.team + '-graph'}"}
    spec: {nodes: [{id: "n", def: {x: "\${t.team}"}}, {id: cm, template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "\${'\${n.x + \\"-cm\\"}'}"}, data: {k: v}}}]}`,
    program: () => {
      const t = def('t', { team: 'red' });
      createResource<{ status: { conditions: { type: string; status: string }[] } }>({
        id: 'child',
        apiVersion: 'kro.run/v1alpha1',
        kind: 'Graph',
        metadata: { name: `${t.team}-graph` },
        spec: {
          nodes: [
            { id: 'n', def: { x: t.team } },
            // oxlint-disable-next-line no-template-curly-in-string -- the string is an expression of the stamped Graph
            { id: 'cm', template: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '${n.x + "-cm"}' }, data: { k: 'v' } } },
          ],
        },
      }).withReadyWhen((self) => self.status.conditions.some((c) => c.type === 'Ready' && c.status === 'True'));
    },
  },
  'E15 dynamic apiVersion': {
    yaml: `
- {id: d, def: {api: example.com/v1}}
- {id: w, template: {apiVersion: "\${d.api}", kind: Widget, metadata: {name: w}}}`,
    program: () => {
      const d = def('d', { api: 'example.com/v1' });
      createResource({ id: 'w', apiVersion: d.api, kind: 'Widget', metadata: { name: 'w' } });
    },
  },
};

/** Compiles a Graph. Fails when the compiler reports an error. */
function compiled(value: JsonValue): Graph {
  const result = compileGraphObject(value, { sources });
  expect(result.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return result.graph as Graph;
}

/** The result of each node that is not a subgraph, keyed by the node's id in TypeScript. */
function resultsOf(own: Graph, observed: Readonly<Record<string, JsonValue>>, ids: Readonly<Record<string, string>>) {
  const { resources } = evaluateGraph(own, undefined, observed);
  return new Map(
    resources
      .filter(({ id }) => own.nodes.get(id)?.nodeType !== 'subgraph')
      .map(({ id, included, objects, pending }) => [ids[id] ?? id, { included, objects, waits: pending !== undefined }]),
  );
}

const readiness = (own: Graph, ids: Readonly<Record<string, string>>) =>
  new Map([...own.nodes].flatMap(([id, { readyWhen }]) =>
    readyWhen.map(({ cel }) => [ids[id] ?? id, cel.replaceAll("'", '"')] as const),
  ));

describe('a Graph in YAML and its TypeScript form have the same results', () => {
  test.each(Object.entries(EXAMPLES))('%s', (_name, { yaml, program, observed = [{}], ids = {} }) => {
    const written = compiled({
      apiVersion: 'kro.run/v1alpha1',
      kind: 'Graph',
      metadata: { name: 'g', namespace: 'team-a' },
      spec: { nodes: parse(yaml) as JsonValue },
    });
    const traced = compiled(graph('g', program, { namespace: 'team-a' }).toDefinition());
    for (const objects of observed)
      expect(resultsOf(traced, objects, {})).toEqual(resultsOf(written, objects, ids));
    expect(readiness(traced, {})).toEqual(readiness(written, ids));
    expect(traced.definedBy).toBe('graph');
  });
});
