import { describe, expect, test } from 'vitest';
import { builtinSource, crdSource } from '../schema/index.ts';
import { compile } from './compile.ts';
import { withConfigMap, withData, withResources, withSchema } from './codes/codes-example.ts';
import type { CompileOptions } from './options.ts';
import { parseDefinitions } from './parse-definitions.ts';

/** Codes and paths of the warnings of a definition that compiles. */
function warningsOf(text: string, options: Partial<CompileOptions> = {}): string[] {
  const { documents } = parseDefinitions(text);
  return documents.flatMap((document) => {
    const { graph, diagnostics } = compile(document, { sources: builtinSource(), ...options });
    expect(diagnostics.filter((each) => each.severity === 'error')).toEqual([]);
    expect(graph).toBeDefined();
    return diagnostics.map((each) => `${each.code} ${each.path}`);
  });
}

const workload = (kind: string, pod: string, labels = 'app: a'): string => `- id: app
  template:
    apiVersion: apps/v1
    kind: ${kind}
    metadata: {name: app}
    spec:
      selector: {matchLabels: {app: a}}
      serviceName: app
      template:
        metadata: {labels: {${labels}}}
        spec: {containers: [${pod}]}
`;
const service = (spec: string): string => `- id: service
  template: {apiVersion: v1, kind: Service, metadata: {name: a}, spec: ${spec}}
`;
const withSecret = (data: string): string =>
  withResources(`- id: sec
  externalRef: {apiVersion: v1, kind: Secret, metadata: {name: creds}}
- id: copy
  template: {apiVersion: v1, kind: Secret, metadata: {name: copy}, ${data}}
`);
const POD = '{name: a, image: nginx}';
const PORTS = 'ports: [{port: 80}]';

/** A ConfigMap with a field of `metadata`. */
const copied = (field: string): string =>
  `- id: map\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a, ${field}}}`;

/** A Deployment with some fields, and an autoscaler of it. */
const scaled = (
  spec: string,
  target: string,
  kind = 'autoscaling/v2, kind: HorizontalPodAutoscaler',
  more = '',
): string =>
  withResources(`- id: app
  template: {apiVersion: apps/v1, kind: Deployment, metadata: {name: "\${schema.spec.name}"}, spec: {${spec}selector: {matchLabels: {app: a}}, template: {metadata: {labels: {app: a}}, spec: {containers: [${POD}]}}}}
${more}- id: scaler
  template: {apiVersion: ${kind}, metadata: {name: s}, spec: {maxReplicas: 3, scaleTargetRef: ${target}}}
`);
const APP = '{apiVersion: apps/v1, kind: Deployment, name: "${app.metadata.name}"}';

const job = (spec: string): string =>
  `- id: job\n  template: {apiVersion: batch/v1, kind: Job, metadata: {name: a}, spec: {${spec}template: {spec: {restartPolicy: Never, containers: [${POD}]}}}}\n`;

describe('no warning is reported for', () => {
  test.each<[string, string]>([
    ['a Job that stays', withResources(job(''))],
    [
      'a CronJob whose Jobs the cluster deletes',
      withResources(
        `- id: cron\n  template: {apiVersion: batch/v1, kind: CronJob, metadata: {name: a}, spec: {schedule: "* * * * *", jobTemplate: {spec: {ttlSecondsAfterFinished: 60, template: {spec: {restartPolicy: Never, containers: [${POD}]}}}}}}\n`,
      ),
    ],
    ['a workload without replicas beside its autoscaler', scaled('', APP)],
    [
      'an autoscaler of another workload',
      scaled('replicas: 2, ', '{apiVersion: apps/v1, kind: Deployment, name: other}'),
    ],
    [
      'an autoscaler of another kind',
      scaled('replicas: 2, ', '{apiVersion: apps/v1, kind: StatefulSet, name: "${app.metadata.name}"}'),
    ],
    [
      'an autoscaler that exists only without the workload',
      scaled('replicas: 2, ', APP, undefined, '  includeWhen: ["${!(schema.spec.name == \'x\')}"]\n').replace(
        /- id: scaler/,
        '- id: scaler\n  includeWhen: ["${schema.spec.name == \'x\'}"]',
      ),
    ],
    [
      'a Service that selects a workload by the same expression',
      withResources(
        workload('StatefulSet', POD, 'app: a, v: "${schema.spec.name}"') +
          service(`{selector: {v: "\${schema.spec.name}"}, ${PORTS}}`),
      ),
    ],
    [
      'a Service whose selector has a constant that the computed label of the pods may equal',
      withResources(
        workload('StatefulSet', POD, 'app: a, v: "${schema.spec.name}"') + service(`{selector: {v: web}, ${PORTS}}`),
      ),
    ],
    ['a Service in a graph without workloads', withResources(service(`{selector: {app: elsewhere}, ${PORTS}}`))],
    [
      'the name of another resource in a pod template',
      withResources(
        service(`{${PORTS}}`) +
          workload('StatefulSet', '{name: a, image: nginx, env: [{name: A, value: "${service.metadata.name}"}]}'),
      ),
    ],
    [
      'a quantity that is one expression',
      withResources(
        workload('StatefulSet', '{name: a, image: nginx, resources: {limits: {cpu: "${schema.spec.name}"}}}'),
      ),
    ],
    [
      'a name with the UID and the generation of the instance, and data with the resourceVersion of the instance',
      withResources(
        '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, data: {v: "${schema.metadata.resourceVersion}"}, ' +
          'metadata: {name: "a-${schema.metadata.uid}-${string(schema.metadata.generation)}"}}',
      ),
    ],
    [
      'resources with the same name under conditions',
      withResources(
        ['a', 'b']
          .map(
            (id) =>
              `- id: ${id}\n  includeWhen: ["\${schema.spec.count > 1}"]\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: x}}\n`,
          )
          .join(''),
      ),
    ],
    [
      'a custom type that only another custom type uses',
      withSchema('types:\n  A: "[]B"\n  B: {c: string}\n').replace('name: string', 'name: string\n      a: A'),
    ],
    [
      'the address of a Service whose spec is an expression',
      withResources(
        service(`'\${{"type": schema.spec.name, "ports": [{"port": 80}]}}'`) +
          '- id: reader\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: r}, data: {ip: "${service.status.loadBalancer.ingress[0].ip}"}}\n',
      ),
    ],
    [
      'the address of a Service whose type is an expression',
      withResources(
        service(`{type: "\${schema.spec.name}", ${PORTS}}`) +
          '- id: reader\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: r}, data: {ip: "${service.status.loadBalancer.ingress[0].ip}"}}\n',
      ),
    ],
    ['all values of a Secret', withSecret('data: "${sec.data}"')],
    ['all values of a Secret, or none', withSecret('data: "${schema.spec.count > 0 ? sec.data : {}}"')],
    ['the text of one value of a Secret', withSecret('stringData: {user: "${string(sec.data.user)}"}')],
    ...[
      '{"team": schema.metadata.labels.team}',
      '{"team": schema.metadata.?labels.?team.orValue("")}',
      '{"team": schema.metadata.labels["team"]}',
      'schema.metadata.?labels.orValue({}).transformMap(k, v, !k.contains("/"), v)',
    ].map((read): [string, string] => [`labels that are ${read}`, withResources(copied(`labels: '\${${read}}'`))]),
    ['a spec that is one expression', withResources(service('\'${{"ports": dyn([{"port": schema.spec.count}])}}\''))],
  ])('%s', (_what, text) => expect(warningsOf(text)).toEqual([]));
});

const SPEC = 'spec.resources[0].template.spec';

describe('a warning is reported for', () => {
  test.each<[string, string, string]>([
    ...(
      [
        ['by a reference to its name', APP],
        ['by the same name', '{apiVersion: apps/v1, kind: Deployment, name: "${schema.spec.name}"}'],
      ] as const
    ).map(([what, target]): [string, string, string] => [
      `replicas beside an autoscaler that names the workload ${what}`,
      scaled('replicas: "${size(schema.spec.name)}", ', target),
      `graph/replicas-of-autoscaler ${SPEC}.replicas`,
    ]),
    [
      'a label that is null',
      withResources(copied('labels: {a: "${schema.spec.name}", b: null}')),
      'graph/null-text spec.resources[0].template.metadata.labels.b',
    ],
    [
      'a finalizer that is null',
      withResources(copied('finalizers: ["${schema.spec.name}", null]')),
      'graph/null-text spec.resources[0].template.metadata.finalizers[1]',
    ],
    ...['60', '"${schema.spec.count}"'].map((seconds): [string, string, string] => [
      `a Job that the cluster deletes after ${seconds}`,
      withResources(job(`ttlSecondsAfterFinished: ${seconds}, `)),
      `graph/job-runs-again ${SPEC}.ttlSecondsAfterFinished`,
    ]),
    ...[
      ['labels', 'schema.metadata.labels'],
      ['labels', 'schema.metadata.?labels.orValue({})'],
      ['annotations', '{"a": "b"}.merge(schema.metadata.annotations)'],
    ].map(([field = '', read = '']): [string, string, string] => [
      `${field} that are ${read}`,
      withResources(copied(`${field}: '\${${read}}'`)),
      `graph/copied-metadata spec.resources[0].template.metadata.${field}`,
    ]),
    [
      'a workload that selects a label that its pods do not have',
      withResources(workload('StatefulSet', POD, 'other: a')),
      `graph/selector-mismatch ${SPEC}.selector.matchLabels.app`,
    ],
    [
      'a missing field inside a list',
      withResources(workload('StatefulSet', '{image: nginx}')),
      `graph/missing-required ${SPEC}.template.spec.containers[0]`,
    ],
    [
      'a concatenated quantity',
      withResources(
        workload('StatefulSet', '{name: a, image: nginx, resources: {limits: {memory: "${schema.spec.name}Mi"}}}'),
      ),
      `graph/quantity-concatenation ${SPEC}.template.spec.containers[0].resources.limits.memory`,
    ],
    [
      'a condition that is never true',
      withConfigMap('includeWhen: ["${false}"]'),
      'graph/never-available spec.resources[0].includeWhen[0]',
    ],
    [
      'a shell pattern instead of a regular expression',
      withConfigMap('includeWhen: ["${schema.spec.name.matches(\'*prod*\')}"]'),
      'graph/never-available spec.resources[0].includeWhen[0]',
    ],
    [
      'memory in thousandths of a byte',
      withResources(workload('StatefulSet', '{name: a, image: nginx, resources: {limits: {memory: 512m, cpu: 500m}}}')),
      `graph/fractional-bytes ${SPEC}.template.spec.containers[0].resources.limits.memory`,
    ],
    [
      'a status field that the controller writes itself',
      withSchema('status: {state: "${string(app.status.replicas)}"}'),
      'graph/overwritten-status spec.schema.status.state',
    ],
    [
      'a status field of bytes',
      withSchema('status: {raw: "${bytes(app.metadata.name)}"}'),
      'graph/status-bytes spec.schema.status.raw',
    ],
    [
      'a status field of a list of bytes',
      withSchema('status: {raw: "${[bytes(app.metadata.name)]}"}'),
      'graph/status-bytes spec.schema.status.raw',
    ],
    ...(
      [
        ['one value of a Secret', 'data: {user: "${sec.data.user}"}', 'data.user'],
        ['an optional value of a Secret', 'data: {user: "${sec.data.?user}"}', 'data.user'],
        ['the bytes of a text', 'data: {user: "${bytes(schema.spec.name)}"}', 'data.user'],
        ['a new map of values of a Secret', `data: "\${{'user': sec.data.user}}"`, 'data'],
        ['a filtered map of a Secret', `data: "\${sec.data.transformMap(k, v, k == 'user', v)}"`, 'data'],
      ] as const
    ).map(([what, data, path]): [string, string, string] => [
      `a field of bytes: ${what}`,
      withSecret(data),
      `graph/field-bytes spec.resources[1].template.${path}`,
    ]),
    [
      'a name that changes with each write of the instance',
      withResources(
        '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: "a-${schema.metadata.resourceVersion}"}}',
      ),
      'graph/changing-identity spec.resources[0].template.metadata.name',
    ],
    [
      'a namespace that changes with each write of another object',
      withResources(
        '- id: a\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n' +
          '- id: b\n  template: {apiVersion: v1, kind: Secret, metadata: {name: b, namespace: "n${a.metadata.resourceVersion}"}}',
      ),
      'graph/changing-identity spec.resources[1].template.metadata.namespace',
    ],
    [
      'the optional mark of TypeScript in the name of a field',
      withSchema('').replace('name: string', 'name: string\n      "env?": string'),
      'graph/optional-mark spec.schema.spec.env?',
    ],
  ])('%s', (_what, text, expected) => expect(warningsOf(text)).toEqual([expected]));
});

describe('the selector of a workload is compared with the label of its pods', () => {
  const both = (selector: string, label: string): string =>
    withResources(workload('StatefulSet', POD, `app: ${label}`).replace('{app: a}', `{app: ${selector}}`));
  const warningsAbout = (text: string): string[] =>
    parseDefinitions(text)
      .documents.flatMap((document) => compile(document, { sources: builtinSource() }).diagnostics)
      .filter(({ code }) => code.startsWith('graph/selector'))
      .map(({ code, message }) => `${code.replace('graph/selector-', '')}: ${message}`);

  test.each<[string, string, string, RegExp | undefined]>([
    ['equal constants', 'a', 'a', undefined],
    ['different constants', 'a', 'b', /^mismatch: no pod of this workload has the label app=a /],
    ['equal expressions', '"${schema.spec.name}"', '"${schema.spec.name}"', undefined],
    [
      'a constant and an expression',
      'a',
      '"${schema.spec.name}"',
      /^matches-nothing: .* only while the two are equal$/,
    ],
    ['a string that the expression can never be equal to', 'a', '"b-${schema.spec.name}"', /^mismatch: /],
    [
      'two strings with expressions that can never be equal',
      '"a-${schema.spec.name}"',
      '"b-${schema.spec.name}"',
      /^mismatch: /,
    ],
    ['a number, which the type check refuses', '1', 'x', undefined],
    ['a label that is a number', 'x', '1', undefined],
    ['a boolean and a string', 'true', 'x', undefined],
  ])('%s', (_what, selector, label, expected) => {
    const found = warningsAbout(both(selector, label));
    expect(found).toHaveLength(expected === undefined ? 0 : 1);
    if (expected !== undefined) expect(found[0]).toMatch(expected);
  });
});

test('functions that stock kro does not have are reported, unless the target is typekro', () => {
  const text = withData('k: ${string(math.greatest(schema.spec.count, 2))}');
  const features = { math: true };
  expect(warningsOf(text, { features })).toEqual(['graph/stock-function spec.resources[0].template.data.k']);
  expect(warningsOf(text, { features, target: 'typekro' })).toEqual([]);
});

test('a feature that is off is named in the hint', () => {
  const { documents } = parseDefinitions(withData('k: ${string(math.greatest(1, 2))}'));
  const hints = documents.flatMap((each) =>
    compile(each, { sources: builtinSource() }).diagnostics.map((one) => one.hint),
  );
  expect(hints[0]).toContain('the feature "math" is off');
});

describe('a string for another tool is not treated as an expression', () => {
  test.each([
    'echo $(date) $HOME',
    '{{ .Values.name }} {{ $labels.instance }}',
    '{"a": {"b": ${schema.spec.name}}}',
    'server { location / { proxy_pass http://${schema.spec.name}; } }',
    'see schema.spec.name for the name',
    'a.metadata.name',
    '$(POD_NAME).metadata.name',
  ])('%s', (text) => {
    const textOnly = warningsOf(withData(`text: ${JSON.stringify(text)}`)).filter((each) => each.includes('foreign'));
    expect(textOnly).toEqual([]);
  });
});

describe('a status field that the controller overwrites', () => {
  const text = withSchema('status: {graph: "${string(app.status.replicas)}"}');
  test.each([
    [true, ['graph/overwritten-status spec.schema.status.graph']],
    [false, []],
  ])('is reported only with the feature managedResources (%s)', (managedResources, expected) => {
    expect(warningsOf(text, { features: { managedResources } })).toEqual(expected);
  });
});

describe('a label with a computed key', () => {
  const computed = '"${schema.spec.name}": a';
  const codesOf = (text: string): string[] =>
    parseDefinitions(text)
      .documents.flatMap(
        (document) =>
          compile(document, { sources: builtinSource(), target: 'typekro', features: { dynamicKeys: true } })
            .diagnostics,
      )
      .map(({ code }) => code);

  test('may be the label that a selector requires', () => {
    const pods = workload('StatefulSet', POD, computed);
    expect(codesOf(withResources(pods))).toEqual([]);
    const other = workload('StatefulSet', POD, `app: a, ${computed}`);
    expect(codesOf(withResources(`${other}${service(`{selector: {app: a, tier: b}, ${PORTS}}`)}`))).toEqual([]);
    expect(codesOf(withResources(`${other}${service(`{selector: {app: b}, ${PORTS}}`)}`))).toEqual([
      'graph/selector-matches-nothing',
    ]);
  });
});

describe('a variable that hides a name', () => {
  const hidden = (expression: string): string[] => {
    const list = '- id: web\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: w}, data: {a: b}}\n';
    const reader = `- id: reader\n  template: {apiVersion: v1, kind: ConfigMap, metadata: {name: r}, data: {k: '\${${expression}}'}}\n`;
    return parseDefinitions(withResources(list + reader))
      .documents.flatMap((document) => compile(document, { sources: builtinSource(), target: 'typekro' }))
      .flatMap(({ diagnostics }) => diagnostics.map(({ code, message }) => `${code}: ${message}`));
  };

  test.each([
    'cel.bind(w, web, w.metadata.name)',
    'cel.bind(w, schema, w.spec.name)',
    'schema.spec.tags.map(t, web.data.a == t, t).size() == 0 ? "a" : "b"',
    'has(web.data.a) ? "a" : "b"',
    'optional.of("a").optMap(x, x).orValue(web.metadata.name)',
  ])('does not occur in %s', (expression) => expect(hidden(expression)).toEqual([]));

  test.each([
    'schema.spec.tags.map(web, web)[0]',
    'schema.spec.tags.map(web, web == "a", web)[0]',
    'schema.spec.tags.filter(schema, schema == "a")[0]',
    'cel.bind(web, "a", web)',
    'cel.bind(w, cel.bind(web, "a", web), w)',
    'schema.spec.tags.transformList(i, web, web)[0]',
    'optional.of("a").optMap(web, web).orValue("b")',
  ])('is reported: %s', (expression) =>
    expect(hidden(expression)).toMatchObject([
      expect.stringMatching(/^graph\/hidden-name: the variable "(?:web|schema)"/),
    ]),
  );
});

/** A CRD of KEDA without the fields of its schema. */
const KEDA = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'scaledobjects.keda.sh' },
  spec: {
    group: 'keda.sh',
    scope: 'Namespaced',
    names: { kind: 'ScaledObject', plural: 'scaledobjects' },
    versions: [
      {
        name: 'v1alpha1',
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
};
const OMITTED = '"${schema.spec.name == \'\' ? omit() : 2}"';

test.each<[what: string, text: string, warnings: string[]]>([
  [
    'replicas beside a ScaledObject of KEDA, which scales Deployments by default',
    scaled('replicas: 2, ', '{name: "${app.metadata.name}"}', 'keda.sh/v1alpha1, kind: ScaledObject'),
    ['graph/replicas-of-autoscaler'],
  ],
  ['replicas that may be left out beside an autoscaler', scaled(`replicas: ${OMITTED}, `, APP), []],
  [
    'replicas that another manager may take over',
    scaled('replicas: 2, ', APP).replace('- id: app\n', '- id: app\n  externalFields: [spec.replicas]\n'),
    [],
  ],
])('%s: the warnings of a graph with an autoscaler', (_what, text, warnings) => {
  const sources = [builtinSource(), crdSource([KEDA])];
  const found = warningsOf(text, { sources, target: 'typekro', features: { omit: true, externalFields: true } });
  expect(found).toEqual(warnings.map((code) => `${code} ${SPEC}.replicas`));
});
