import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import { createCompositionApi, createResource, def, externalRef, externalRefs, patch, resourceFactory, singleton } from '@typekro/sdk/compose';
import type { GraphOptions } from '@typekro/sdk/compose';
import { configMap, deployment, service } from '../../../packages/sdk/src/factories/kubernetes/index.ts';

const { graph, kubernetesComposition } = createCompositionApi({
  loadDeploy: () => Promise.reject(new Error('no cluster here')),
});

const Widget = resourceFactory<{ spec: { size: number }; status: { seen: boolean } }>('example.com/v1', 'Widget');

/** One line per node of a graph: the id, then the node as JSON. */
function nodesOf(build: () => unknown, options: GraphOptions = {}): string {
  const { spec } = graph('sample', build, options).toDefinition() as { spec: { nodes: { id: string }[] } };
  return spec.nodes.map(({ id, ...rest }) => `${id}: ${JSON.stringify(rest)}`).join('\n');
}

/** Builds a graph that is refused, and returns the first line of the error. */
function refusalOf(build: () => unknown): string {
  try {
    graph('sample', build);
  } catch (error) {
    return (error as Error).message.split('\n', 1)[0] ?? '';
  }
  return 'accepted';
}

test('a graph is one object of the kind Graph, with its namespace and service account', () => {
  const web = graph('webCfg', () => configMap({ id: 'web', name: 'web-cfg', data: { color: 'blue' } }), {
    namespace: 'team-a',
    serviceAccountName: 'deployer',
  });
  expect(web.name).toBe('web-cfg');
  expect(web.toYaml()).toMatchInlineSnapshot(`
    "apiVersion: kro.run/v1alpha1
    kind: Graph
    metadata:
      name: web-cfg
      namespace: team-a
    spec:
      nodes:
        - id: web
          template:
            apiVersion: v1
            data:
              color: blue
            kind: ConfigMap
            metadata:
              name: web-cfg
      serviceAccountName: deployer
    "
  `);
  expect(web.explain()).toMatchInlineSnapshot(`
    "graph web-cfg
    web: ConfigMap (v1)
    "
  `);
  expect(web.diagnostics).toEqual([]);
});

describe('statements of the function become nodes', () => {
  test('values from outside the function are literals', () => {
    const replicas = 3;
    const colors = ['red', 'green'];
    const built = nodesOf(() => {
      for (const color of colors) configMap({ name: `${color}-cfg`, data: { replicas: String(replicas) } });
    });
    expect(built).toMatchInlineSnapshot(`
      "configmapGreenCfg: {"template":{"data":{"replicas":"3"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"green-cfg"}}}
      configmapRedCfg: {"template":{"data":{"replicas":"3"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"red-cfg"}}}"
    `);
  });

  test('def creates a node whose value several nodes read', () => {
    const built = nodesOf(() => {
      const region = externalRef('v1', 'ConfigMap', 'region');
      const naming = def('naming', { team: 'red', zone: region.data['zone'], size: { cpu: 2, ratio: 1.5 }, hosts: ['a', 'b'] });
      configMap({ id: 'first', name: `${naming.team}-${naming.zone}`, data: { hosts: naming.hosts.join(',') } });
      deployment({
        id: 'second',
        name: naming.team,
        spec: {
          replicas: naming.size.cpu + 1,
          selector: { matchLabels: { app: naming.team } },
          template: { metadata: { labels: { app: naming.team } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } },
        },
      });
    });
    expect(built).toMatchInlineSnapshot(`
      "configmapRegion: {"ref":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"region"}}}
      first: {"template":{"data":{"hosts":"\${naming.hosts.join(\\",\\")}"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\${naming.team}-\${naming.zone}"}}}
      naming: {"def":{"team":"red","zone":"\${configmapRegion.data.zone}","size":{"cpu":2,"ratio":1.5},"hosts":["a","b"]}}
      second: {"template":{"spec":{"replicas":"\${naming.size.cpu + 1}","selector":{"matchLabels":{"app":"\${naming.team}"}},"template":{"metadata":{"labels":{"app":"\${naming.team}"}},"spec":{"containers":[{"name":"c","image":"nginx"}]}}},"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"\${naming.team}"}}}"
    `);
  });

  test('an optional member of a def is also optional in the graph', () => {
    const built = nodesOf(() => {
      const source = externalRef('v1', 'ConfigMap', 'source');
      const settings = def('settings', { host: source.data['host'] === 'none' ? undefined : source.data['host'] });
      configMap({ id: 'copy', name: 'copy', data: { host: settings.host ?? 'localhost' } });
    });
    expect(built).toMatchInlineSnapshot(`
      "configmapSource: {"ref":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"source"}}}
      copy: {"template":{"data":{"host":"\${settings.?host.orValue(\\"localhost\\")}"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"copy"}}}
      settings: {"def":{"host":"\${configmapSource.data.host == \\"none\\" ? optional.none() : optional.of(configmapSource.data.host)}"}}"
    `);
  });

  test('a condition, loops and readiness become fields of the node', () => {
    const built = nodesOf(() => {
      const flags = def('flags', { on: true, regions: ['us', 'eu'], tiers: ['hot', 'cold'] });
      if (flags.on) {
        for (const region of flags.regions)
          for (const tier of flags.tiers)
            configMap({ id: 'store', name: `${region}-${tier}`, data: { v: 'x' } }).withReadyWhen((self) => self.data['v'] === 'x');
      }
    });
    expect(built).toMatchInlineSnapshot(`
      "flags: {"def":{"on":true,"regions":["us","eu"],"tiers":["hot","cold"]}}
      store: {"template":{"data":{"v":"x"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\${region}-\${tier}"}},"forEach":[{"region":"\${flags.regions}"},{"tier":"\${flags.tiers}"}],"includeWhen":["\${flags.on}"],"readyWhen":["\${each.data.v == \\"x\\"}"]}"
    `);
  });

  test('objects are read by name and by selector', () => {
    const built = nodesOf(() => {
      const settings = externalRef('v1', 'ConfigMap', 'settings', 'shared');
      const feeds = externalRefs({
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { selector: { matchLabels: { feed: settings.data['feed'] as string } } },
        id: 'feeds',
      });
      if (feeds.length > 0)
        configMap({ id: 'sum', name: 'sum', data: { n: String(feeds.length), names: feeds.map((f) => f.metadata.name).join(',') } });
    });
    expect(built).toMatchInlineSnapshot(`
      "configmapSettings: {"ref":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings","namespace":"shared"}}}
      feeds: {"ref":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"selector":{"matchLabels":{"feed":"\${configmapSettings.data.feed}"}}}}}
      sum: {"template":{"data":{"n":"\${string(size(feeds))}","names":"\${feeds.map(f, f.metadata.name).join(\\",\\")}"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"sum"}},"includeWhen":["\${size(feeds) > 0}"]}"
    `);
  });

  test('a resource that reads an optional resource becomes two nodes', () => {
    const built = nodesOf(() => {
      const flags = externalRef('v1', 'ConfigMap', 'flags');
      let web;
      if (flags.data['web'] === 'yes') web = service({ id: 'web', name: 'web', spec: { ports: [{ port: 80 }] } });
      configMap({ id: 'note', name: 'note', data: { ip: web ? web.spec.clusterIP : 'none' } });
    });
    expect(built).toMatchInlineSnapshot(`
      "configmapFlags: {"ref":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"flags"}}}
      note: {"template":{"data":{"ip":"\${web.spec.clusterIP}"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"note"}},"includeWhen":["\${configmapFlags.data.web == \\"yes\\"}"]}
      noteWithoutWeb: {"template":{"data":{"ip":"none"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"note"}},"includeWhen":["\${configmapFlags.data.web != \\"yes\\"}"]}
      web: {"template":{"spec":{"ports":[{"port":80}]},"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}},"includeWhen":["\${configmapFlags.data.web == \\"yes\\"}"]}"
    `);
  });

  test('the nodes of a composition that a graph calls become nodes of the graph', () => {
    const inner = kubernetesComposition({ name: 'inner', spec: type({ name: 'string' }), status: type({ ip: 'string' }) }, (spec) => {
      const web = service({ id: 'web', name: spec.name, spec: { ports: [{ port: 80 }] } });
      return { ip: web.spec.clusterIP };
    });
    const built = nodesOf(() => {
      const env = def('env', { name: 'prod' });
      const { status } = inner({ name: `${env.name}-in` });
      configMap({ id: 'out', name: 'out', data: { ip: status.ip } });
    });
    expect(built).toMatchInlineSnapshot(`
      "env: {"def":{"name":"prod"}}
      inner1: {"template":{"spec":{"ports":[{"port":80}]},"apiVersion":"v1","kind":"Service","metadata":{"name":"\${env.name}-in"}}}
      out: {"template":{"data":{"ip":"\${inner1.spec.clusterIP}"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"out"}}}"
    `);
  });

  test('apiVersion and kind may be computed', () => {
    const built = nodesOf(() => {
      const api = def('api', { version: 'example.com/v1' });
      const widget = createResource<{ status: { url: string } }>({ id: 'widget', apiVersion: api.version, kind: 'Widget', metadata: { name: 'w' } });
      configMap({ id: 'note', name: 'note', data: { url: widget.status.url } });
      patch(widget, { metadata: { labels: { seen: 'true' } } }, { id: 'mark' });
    });
    expect(built).toMatchInlineSnapshot(`
      "api: {"def":{"version":"example.com/v1"}}
      mark: {"patch":{"apiVersion":"\${api.version}","kind":"Widget","metadata":{"name":"\${widget.metadata.name}","namespace":"\${widget.metadata.?namespace.orValue(\\"\\")}","labels":{"seen":"true"}}}}
      note: {"template":{"data":{"url":"\${widget.status.url}"},"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"note"}}}
      widget: {"template":{"apiVersion":"\${api.version}","kind":"Widget","metadata":{"name":"w"}}}"
    `);
  });

  test('expressions in the template of a nested Graph are escaped, so that only the nested Graph evaluates them', () => {
    const stamped = graph('inner', () => {
      const own = def('own', { x: 'red' });
      configMap({ id: 'cm', name: `${own.x}-cm` });
    }).toDefinition() as { spec: object };
    const built = nodesOf(() => {
      createResource({ id: 'child', apiVersion: 'kro.run/v1alpha1', kind: 'Graph', metadata: { name: 'child' }, spec: stamped.spec });
    });
    expect(built).toMatchInlineSnapshot(`"child: {"template":{"apiVersion":"kro.run/v1alpha1","kind":"Graph","metadata":{"name":"child"},"spec":{"nodes":[{"id":"cm","template":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\${\\"\${own.x}-cm\\"}"}}},{"id":"own","def":{"x":"red"}}]}}}"`);
  });
});

describe('patch adds fields to an existing object', () => {
  test('that is selected by name', () => {
    const built = nodesOf(() => {
      patch({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } }, { metadata: { labels: { tier: 'gold' } } });
    });
    expect(built).toMatchInlineSnapshot(`"patchNamespaceTeamA: {"patch":{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"team-a","labels":{"tier":"gold"}}}}"`);
  });

  test('that is a resource of the graph, under a condition', () => {
    const built = nodesOf(() => {
      const settings = externalRef('v1', 'ConfigMap', 'settings');
      const web = service({ id: 'web', name: 'web', spec: { ports: [{ port: 80 }] } });
      if (settings.data['gold'] === 'yes') patch(web, { metadata: { annotations: { ip: web.spec.clusterIP } } }, { id: 'mark' });
      patch(settings, { data: { seen: 'true' } });
    });
    expect(built).toMatchInlineSnapshot(`
      "configmapSettings: {"ref":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"settings"}}}
      mark: {"patch":{"apiVersion":"v1","kind":"Service","metadata":{"name":"\${web.metadata.name}","namespace":"\${web.metadata.namespace}","annotations":{"ip":"\${web.spec.clusterIP}"}}},"includeWhen":["\${configmapSettings.data.gold == \\"yes\\"}"]}
      patchConfigmapSettings: {"patch":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"\${configmapSettings.metadata.name}","namespace":"\${configmapSettings.metadata.namespace}"},"data":{"seen":"true"}}}
      web: {"template":{"spec":{"ports":[{"port":80}]},"apiVersion":"v1","kind":"Service","metadata":{"name":"web"}}}"
    `);
  });

  test('or to the status of each selected object', () => {
    const built = nodesOf(() => {
      Widget({ id: 'own', name: 'own', spec: { size: 1 } });
      const widgets = externalRefs<{ status: { seen: boolean } }>({
        id: 'widgets',
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        metadata: { selector: {} },
      });
      for (const widget of widgets.filter((each) => each.metadata.name !== 'own')) patch(widget, { status: { seen: true } });
    });
    expect(built).toMatchInlineSnapshot(`
      "own: {"template":{"spec":{"size":1},"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"own"}}}
      patchWidgets: {"patch":{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"\${widget.metadata.name}","namespace":"\${widget.metadata.?namespace.orValue(\\"\\")}"},"status":{"seen":true}},"forEach":[{"widget":"\${widgets.filter(each_, each_.metadata.name != \\"own\\")}"}]}
      widgets: {"ref":{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"selector":{}}}}"
    `);
  });
});

test('in the YAML, the objects of singletons come before the Graph', () => {
  const base = kubernetesComposition({ name: 'base', spec: type({ size: 'number.integer' }), status: type({ url: 'string' }) }, (spec) => {
    configMap({ id: 'map', name: 'map', data: { size: String(spec.size) } });
    return { url: 'http://base' };
  });
  const user = graph('user', () => {
    const shared = singleton(base, { id: 'main', spec: { size: 1 } });
    configMap({ id: 'copy', name: 'copy', data: { url: shared.status.url } });
  });
  const kinds = user.toYaml().match(/^(?:kind|  name): .*/gm);
  expect(kinds).toMatchInlineSnapshot(`
    [
      "kind: ResourceGraphDefinition",
      "  name: base",
      "kind: Namespace",
      "  name: typekro-singletons",
      "kind: Base",
      "  name: main",
      "kind: Graph",
      "  name: user",
    ]
  `);
});

describe('a construct that a Graph or a composition cannot express is refused', () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } };

  test.each<[string, () => unknown, string]>([
    ['a status', () => ({ url: 'http://web' }), 'returns a value, but a Graph has no status for it'],
    ['a parameter', ((spec: { name: string }) => configMap({ name: spec.name })) as never, 'takes no parameter'],
    ['no node', () => undefined, 'the graph sample has no nodes'],
    [
      'a throw under a condition that reads an object of the cluster',
      () => {
        const source = externalRef('v1', 'ConfigMap', 'source');
        if (source.data['size'] === '0') throw new Error('too small');
        configMap({ name: 'copy' });
      },
      'too small',
    ],
    ['a patch of the status together with other fields', () => patch(namespace, { spec: {}, status: {} }), 'sets status together with spec'],
    ['a patch without fields', () => patch(namespace, {}), 'contributes no fields'],
    ['a patch of the identity', () => patch(namespace, { metadata: { name: 'other' } }), 'sets metadata.name'],
    ['a patch of the owners', () => patch(namespace, { metadata: { ownerReferences: [] } }), 'belongs to the owner'],
    ['a patch of a value that is not an object', () => patch({} as never, { data: {} }), 'names no object'],
    ['a def that is not an object', () => def('list', ['a']), "the value of def('list') is not an object"],
    ['a reserved id', () => def('graph', { a: 1 }), '"graph" is a reserved word of kro'],
  ])('%s', (_what, build, message) => {
    let outcome = refusalOf(build);
    if (outcome === 'accepted') {
      try {
        graph('sample', build).toYaml();
      } catch (error) {
        outcome = (error as Error).message;
      }
    }
    expect(outcome).toContain(message);
  });

  test('def and patch in a composition, with the remedy in the message', () => {
    const compose = (build: () => unknown) => () =>
      kubernetesComposition({ name: 'sample', spec: type({ name: 'string' }) }, build as never);
    expect(compose(() => def('a', { b: 1 }))).toThrow('write a const');
    expect(compose(() => patch(namespace, { data: {} }))).toThrow('put it into a graph()');
    expect(() => def('a', { b: 1 })).toThrow('def() is called outside a graph');
  });

  test('names and service accounts that the API server refuses, and a missing function', () => {
    const build = () => configMap({ name: 'a' });
    expect(() => graph('-', build)).toThrow('cannot be the name of a graph');
    expect(() => graph('a', build, { serviceAccountName: 'Bad_Name' })).toThrow('cannot be the name of a service account');
    expect(() => graph('a', {} as never)).toThrow('must be a function');
  });
});
