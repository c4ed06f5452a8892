import { expect, test } from 'vitest';
import { graphOf } from '@typekro/engine/test-support/compile-graph';
import { parseManifest } from '../inputs/read-manifest.ts';
import { withoutEffect } from './without-effect.ts';

const webhook = (client: string, kind = 'ValidatingWebhookConfiguration'): string =>
  `{apiVersion: admissionregistration.k8s.io/v1, kind: ${kind}, metadata: {name: deny}, webhooks: [{name: a.b.c, clientConfig: {${client}}}]}`;
const SERVICE = 'service: {name: hooks, namespace: ops}';
const PROCESS =
  '{apiVersion: v1, kind: Pod, metadata: {name: a, annotations: {typekro.dev/run: process}}, spec: {containers: [{name: a, image: a}]}}';

const CASES: readonly (readonly [title: string, objects: readonly string[], warning?: RegExp])[] = [
  [
    'at a Service',
    [webhook(SERVICE)],
    /^warning: a\.yaml:1: ValidatingWebhookConfiguration deny calls the Service ops\/hooks, /,
  ],
  ['at a Service, while a pod is a local process', [webhook(SERVICE), PROCESS]],
  ['on another host', [webhook('url: "https://hooks.acme.test/a"', 'MutatingWebhookConfiguration')], /https:\/\/hooks/],
  [
    'on another host, while a pod is a local process',
    [webhook('url: "https://hooks.acme.test/a"'), PROCESS],
    /https:\/\/hooks/,
  ],
  ['on this host', [webhook('url: "https://127.0.0.1:8443/a"')]],
  [
    'a configuration without a webhook',
    ['{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: a}}'],
  ],
  [
    'a policy instead of a webhook',
    ['{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingAdmissionPolicy, metadata: {name: a}, spec: {}}'],
  ],
];

test.each(CASES.map(([title, objects, warning]) => ({ title, objects, warning })))(
  'a warning names exactly the webhooks that the cluster cannot call: $title',
  ({ objects, warning }) => {
    const inputs = parseManifest(objects.join('\n---\n'), 'a.yaml').objects.map((each) => ({
      ...each,
      file: 'a.yaml',
    }));
    const found = withoutEffect(inputs, []);
    if (warning === undefined) expect(found).toEqual([]);
    else expect(found).toMatchObject([expect.stringMatching(warning)]);
  },
);

test('a warning names the resource of a webhook in a definition, unless an expression computes the server', () => {
  const graph = (namespace: string) =>
    graphOf(`
schema: {spec: {name: string}}
resources:
  - id: hook
    template:
      apiVersion: admissionregistration.k8s.io/v1
      kind: MutatingWebhookConfiguration
      metadata: {name: "\${schema.spec.name}"}
      webhooks:
        - {name: a.b.c, sideEffects: None, admissionReviewVersions: [v1], clientConfig: {service: {name: hooks, namespace: "${namespace}"}}}
`);
  expect(withoutEffect([], [graph('ops')])).toMatchObject([
    expect.stringMatching(/^warning: MutatingWebhookConfiguration "hook" of app calls the Service ops\/hooks, /),
  ]);
  expect(withoutEffect([], [graph('${schema.spec.name}')])).toEqual([]);
});
