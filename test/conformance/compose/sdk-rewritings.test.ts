import { readFileSync } from 'node:fs';
import { type } from 'arktype';
import { describe, expect, test } from 'vitest';
import * as sdk from '../../../packages/sdk/src/legacy/index.ts';
import { cnpgBootstrap } from '../../../packages/sdk/src/factories/cnpg/index.ts';
import * as simple from '../../../packages/sdk/src/factories/simple/index.ts';
import { valkey } from '../../../packages/sdk/src/factories/valkey/index.ts';

/**
 * An option or a value of the older SDK that had no effect there or does not exist in this package. The migration page
 * has one row per option or value.
 */
interface Rewriting {
  /** The start of the row in docs/migrating-from-typekro-sdk.md. */
  readonly row: string;
  readonly before: () => unknown;
  readonly refusal: RegExp;
  readonly after: () => string;
  readonly prints: readonly RegExp[];
}

const site = type({ name: 'string', host: 'string' });
const ready = type({ ready: 'boolean' });

/** Declares a composition as programs for TypeKro 0.33 do, and returns its YAML. */
function printed<Status extends object>(
  work: (spec: typeof site.infer) => Status,
  status: { readonly infer: Status },
): string {
  const definition = { name: 'site', apiVersion: 'shop.example.com/v1', kind: 'Site', spec: site, status };
  return sdk.kubernetesComposition(definition as never, work as never).toYaml();
}

const REWRITINGS: readonly (readonly [string, Rewriting])[] = [
  [
    'the short arguments of an Ingress, which produced an Ingress without rules',
    {
      row: '`Ingress({ host, serviceName, servicePort, tls: true, tlsSecretName })`',
      before: () =>
        printed((spec) => {
          const short = { id: 'door', name: spec.name, host: spec.host, serviceName: 'front', servicePort: 80 };
          simple.Ingress(short);
          return { ready: true };
        }, ready),
      refusal: /Ingress has no argument "host"[\s\S]*rules/,
      after: () =>
        printed((spec) => {
          const backend = { service: { name: `${spec.name}-front`, port: { number: 80 } } };
          const door = simple.Ingress({
            id: 'door',
            name: spec.name,
            rules: [{ host: spec.host, http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }],
            tls: [{ hosts: [spec.host], secretName: `${spec.name}-tls` }],
          });
          return { ready: (door.status.loadBalancer?.ingress?.length ?? 0) > 0 };
        }, ready),
      prints: [/host: \$\{schema\.spec\.host\}/, /secretName: \$\{schema\.spec\.name\}-tls/],
    },
  ],
  [
    'field names of the JavaScript client in a NetworkPolicy',
    {
      row: '`_from`, `_default`, `_continue`',
      before: () =>
        printed((spec) => {
          const ingress = [{ _from: [{ podSelector: { matchLabels: { app: spec.name } } }] }];
          simple.NetworkPolicy({ id: 'wall', name: spec.name, podSelector: {}, ingress });
          return { ready: true };
        }, ready),
      refusal: /no field "_from"[\s\S]*did you mean "from"/,
      after: () =>
        printed((spec) => {
          const from = [{ podSelector: { matchLabels: { app: spec.name } } }];
          simple.NetworkPolicy({ id: 'wall', name: spec.name, podSelector: {}, ingress: [{ from }] });
          return { ready: true };
        }, ready),
      prints: [/- from:\n\s+- podSelector:/],
    },
  ],
  [
    'shards of a Valkey',
    {
      row: '`valkey({ spec: { shards } })`',
      before: () =>
        printed(() => {
          valkey({ id: 'cache', name: 'cache', spec: { shards: 3 } } as never);
          return { ready: true };
        }, ready),
      refusal: /no field "shards"/,
      after: () =>
        printed(() => {
          const cache = valkey({ id: 'cache', name: 'cache', spec: { nodes: 3, volumePermissions: true } });
          return { ready: (cache).status.ready };
        }, ready),
      prints: [/nodes: 3/, /ready: \$\{cache\.status\.\??ready/],
    },
  ],
  [
    'a bootstrap composition of an operator',
    {
      row: '`cnpgBootstrap.factory(…)` and other bootstraps',
      before: () => (cnpgBootstrap as unknown as { factory(mode: string): unknown }).factory('kro'),
      refusal: /cnpgBootstrap\.factory is not exported from here any more/,
      after: () =>
        printed(() => {
          sdk.helmRepository({ id: 'charts', name: 'cnpg', url: 'https://cloudnative-pg.github.io/charts' });
          const operator = sdk.helmRelease({
            id: 'operator',
            name: 'cnpg',
            namespace: 'cnpg-system',
            chart: { repository: 'https://cloudnative-pg.github.io/charts', name: 'cloudnative-pg', version: '0.23.0' },
            sourceRef: { name: 'cnpg', namespace: 'flux-system' },
            values: { crds: { create: true } },
          });
          return { ready: operator.status.conditions?.some((each) => each.type === 'Ready') ?? false };
        }, ready),
      prints: [/kind: HelmRepository/, /kind: HelmRelease/, /chart: cloudnative-pg/],
    },
  ],
  [
    'a status field of another composition, read through one of its resources',
    {
      row: '`other.database.status.url`',
      before: () => {
        const store = sdk.kubernetesComposition(
          { name: 'store', kind: 'Store', spec: site, status: type({ url: 'string' }) },
          (spec) => {
            simple.Deployment({ id: 'database', name: 'store-db', image: 'postgres' });
            return { url: `postgres://${spec.name}` };
          },
        );
        return printed(() => {
          const { database } = store as unknown as { database: { status: { url: string } } };
          simple.ConfigMap({ id: 'own', name: 'own', data: { url: database.status.url } });
          return { ready: true };
        }, ready);
      },
      refusal: /status has no field "url"/,
      after: () => {
        const store = sdk.kubernetesComposition(
          { name: 'store', kind: 'Store', spec: site, status: type({ url: 'string' }) },
          (spec) => {
            simple.Deployment({ id: 'database', name: spec.name, image: 'postgres' });
            return { url: `postgres://${spec.name}` };
          },
        );
        return printed((spec) => {
          const inner = store({ name: spec.name, host: spec.host });
          simple.ConfigMap({ id: 'own', name: 'own', data: { url: inner.status.url } });
          return { ready: true };
        }, ready);
      },
      prints: [/url: postgres:\/\/\$\{schema\.spec\.name\}/],
    },
  ],
  [
    'unknown names in hand-written CEL',
    {
      row: "`Cel.expr('resources.filter(…)')`",
      before: () =>
        printed(
          () => ({ ready: sdk.Cel.expr<boolean>("resources.filter(r, r.kind == 'Pod').size() > 0") }),
          ready as never,
        ),
      refusal: /nothing here is named resources/,
      after: () =>
        printed((spec) => {
          const page = simple.Deployment({ id: 'page', name: spec.name, image: 'nginx' });
          return { ready: [page].every((each) => each.status.readyReplicas > 0) };
        }, ready),
      prints: [/page\.status\.\?readyReplicas/],
    },
  ],
  [
    'a file of YAML',
    {
      row: '`yamlFile({ path })`, `YamlFile(path)`',
      before: () =>
        printed(() => {
          (sdk.yamlFile as unknown as (options: object) => void)({ name: 'crds', path: './widgets.yaml' });
          return { ready: true };
        }, ready),
      refusal: /yamlFile is not exported from here any more; read and parse the file before the composition/,
      after: () => {
        const documents = [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'of-a-file' } }];
        return printed(() => {
          for (const [position, each] of documents.entries()) {
            sdk.createResource({ ...each, id: `file${position}` });
          }
          return { ready: true };
        }, ready);
      },
      prints: [/id: file0/, /name: of-a-file/],
    },
  ],
  [
    'a status that its schema does not declare',
    {
      row: 'a status with fields that its schema does not declare',
      before: () => printed(() => ({ redy: true }), ready as never),
      refusal: /the declared status has no field "redy"; did you mean "ready"/,
      after: () => printed(() => ({ ready: true }), ready),
      prints: [/ready: '\$\{/],
    },
  ],
  [
    'a value of a Secret in a status',
    {
      row: '`token: secret.data.value` in a status',
      before: () =>
        printed(() => {
          const key = sdk.secret({ id: 'key', metadata: { name: 'key' }, data: { value: 'eA==' } });
          return { ready: true, token: key.data['value'] };
        }, type({ ready: 'boolean', token: 'string' }) as never),
      refusal: /every user who may read the instance could read the Secret/,
      after: () =>
        printed(() => {
          const key = sdk.secret({ id: 'key', metadata: { name: 'key' }, data: { value: 'eA==' } });
          return { secret: key.metadata.name };
        }, type({ secret: 'string' }) as never),
      prints: [/secret: \$\{/],
    },
  ],
  [
    'an async composition',
    {
      row: '`await` in a composition',
      before: () => printed((async () => ({ ready: await Promise.resolve(true) })) as never, ready),
      refusal: /async|await/,
      after: () => {
        const fetched = true;
        return printed(() => ({ ready: fetched }), ready);
      },
      prints: [/ready: '\$\{/],
    },
  ],
];

const page = readFileSync(new URL('../../../docs/migrating-from-typekro-sdk.md', import.meta.url), 'utf8');

describe.each(REWRITINGS)('%s', (_, { row, before, refusal, after, prints }) => {
  test('has a row on the migration page', () => expect(page).toContain(`\n| ${row}`));
  test('is refused in its old form', () => expect(before).toThrow(refusal));
  test('runs in its new form', () => {
    const text = after();
    for (const part of prints) expect(text).toMatch(part);
  });
});
