import { createHash } from 'node:crypto';
import type { KubeObject } from '@typekro/kit/core';
import { goParseDurationMs } from '@typekro/kit/golang';
import { conditionIn, objectsAt, optionalAt, textAt } from '@typekro/kit/kubernetes';
import type { StandIn, StandInKind, StandInResult, StandInView } from '../../stand-in.ts';
import { ExternalSecretError, externalSecretValues } from './external-secret-values.ts';
import { shippedDefinitions } from './shipped-definitions.ts';

const GROUP = 'external-secrets.io';
const V1 = 'external-secrets.io/v1';

/** The interval between two reads of a store, when the spec's interval is malformed. */
const DEFAULT_REFRESH_MS = 3600 * 1000;

const OWNER_ANNOTATION = 'reconcile.external-secrets.io/data-hash';

const store = (kind: string): StandInKind => ({
  group: GROUP,
  kind,
  reconcile(object, view) {
    if (view.failure !== undefined) {
      const { reason, message } = view.failure;
      return {
        status: {
          ...object.status,
          conditions: view.conditions([{ type: 'Ready', status: 'False', reason, message }]),
        },
        events: [{ type: 'Warning', reason, message }],
      };
    }
    if (view.completedSteps(1) === 0) return undefined;
    const ready = { type: 'Ready', status: 'True', reason: 'Valid', message: 'store validated' } as const;
    return {
      status: { ...object.status, capabilities: 'ReadWrite', conditions: view.conditions([ready]) },
      events: [{ reason: 'Valid', message: 'store validated' }],
    };
  },
});

const externalSecrets: StandInKind = {
  group: GROUP,
  kind: 'ExternalSecret',
  follows: [
    { group: GROUP, kind: 'SecretStore' },
    { group: GROUP, kind: 'ClusterSecretStore', anywhere: true },
  ],

  reconcile(external, view) {
    if (view.failure !== undefined) return failed(external, view, `${view.failure.reason}: ${view.failure.message}`);
    const found = storeOf(external, view);
    if (typeof found === 'string') return failed(external, view, found);
    if (view.completedSteps(1) === 0) return undefined;
    try {
      return synced(external, externalSecretValues(external, found), view);
    } catch (error) {
      if (!(error instanceof ExternalSecretError)) throw error;
      return failed(external, view, error.message);
    }
  },
};

/**
 * Simulates the External Secrets operator. For the fake provider, the Secret gets the data in the provider's spec. For
 * every other provider, it gets placeholders that name the store and the key. No external store is called.
 */
export const externalSecretsStandIn: StandIn = {
  name: 'external-secrets',
  definitions: () => shippedDefinitions(GROUP),
  kinds: [store('SecretStore'), store('ClusterSecretStore'), externalSecrets],
};

/** The store of an ExternalSecret, or a message that says why the store cannot be used. */
function storeOf(external: KubeObject, view: StandInView): KubeObject | string {
  const name = textAt(external, 'spec', 'secretStoreRef', 'name');
  const kind = textAt(external, 'spec', 'secretStoreRef', 'kind') || 'SecretStore';
  const namespace = kind === 'SecretStore' ? (external.metadata.namespace ?? '') : '';
  const found = view.get({ apiVersion: V1, kind, name, namespace });
  if (found === undefined) return `could not get ${kind} "${name}", ${kind} "${name}" not found`;
  const isReady = conditionIn(objectsAt(found.status, 'conditions'), 'Ready')?.status === 'True';
  return isReady ? found : `the desired SecretStore ${name} is not ready`;
}

function synced(external: KubeObject, values: Readonly<Record<string, string>>, view: StandInView): StandInResult {
  const { name = '', namespace = '', generation = 1 } = external.metadata;
  const secretName = textAt(external, 'spec', 'target', 'name') || name;
  const policy = textAt(external, 'spec', 'target', 'creationPolicy') || 'Owner';
  const live = view.get({ apiVersion: 'v1', kind: 'Secret', namespace, name: secretName });
  const intervalMs = goParseDurationMs(textAt(external, 'spec', 'refreshInterval') || '1h') ?? DEFAULT_REFRESH_MS;
  // The version contains labels and annotations, so that a change of them causes a refresh at once.
  const syncedVersion = `${generation}-${hashOf({ labels: external.metadata.labels, annotations: external.metadata.annotations })}`;
  const isNew = textAt(external.status, 'syncedResourceVersion') !== syncedVersion;
  const refreshedAt = Date.parse(textAt(external.status, 'refreshTime'));
  const dueMs = refreshedAt + intervalMs - view.now;
  // As in the operator, an interval of zero or less also means that the values are never refreshed.
  const isOnce = textAt(external, 'spec', 'refreshPolicy') === 'CreatedOnce' || intervalMs <= 0;
  const isKept = live !== undefined && !isNew && (isOnce || (!Number.isNaN(dueMs) && dueMs > 0));
  const again = isOnce ? {} : { againMs: isKept ? dueMs : intervalMs };
  if (isKept) return again;
  if (policy === 'Merge' && live === undefined)
    return failed(
      external,
      view,
      `the desired secret ${secretName} was not found. With creationPolicy=Merge the secret won't be created`,
    );
  const secret = secretOf(external, secretName, values, policy === 'Merge' ? live : undefined);
  const ready = { type: 'Ready', status: 'True', reason: 'SecretSynced', message: 'secret synced' } as const;
  return {
    ...again,
    ...(policy === 'None' ? {} : policy === 'Owner' ? { owned: [secret] } : { objects: [secret] }),
    status: {
      binding: { name: secretName },
      refreshTime: view.timestamp,
      syncedResourceVersion: syncedVersion,
      conditions: view.conditions([ready]),
    },
    events:
      live === undefined
        ? [{ reason: 'Created', message: `secret created` }]
        : [{ reason: 'Updated', message: 'secret updated' }],
  };
}

function secretOf(
  external: KubeObject,
  name: string,
  values: Readonly<Record<string, string>>,
  merged: KubeObject | undefined,
): KubeObject {
  const template = optionalAt(external.spec, 'target', 'template');
  const immutable = optionalAt(external.spec, 'target')?.['immutable'] === true;
  const labels = optionalAt(template, 'metadata', 'labels') ?? external.metadata.labels ?? {};
  const annotations = optionalAt(template, 'metadata', 'annotations') ?? {};
  const encoded = Object.fromEntries(
    Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  );
  const before = optionalAt(merged, 'data') ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace: external.metadata.namespace ?? '',
      labels: { ...labels, 'reconcile.external-secrets.io/managed': 'true' },
      annotations: { ...annotations, [OWNER_ANNOTATION]: hashOf(encoded) },
    },
    type: textAt(template, 'type') || 'Opaque',
    ...(immutable ? { immutable } : {}),
    data: { ...before, ...encoded },
  };
}

const hashOf = (value: object): string => createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 56);

function failed(external: KubeObject, view: StandInView, cause: string): StandInResult {
  const message = 'could not get secret data from provider';
  const condition = { type: 'Ready', status: 'False', reason: 'SecretSyncedError', message } as const;
  return {
    status: { ...external.status, conditions: view.conditions([condition]) },
    events: [{ type: 'Warning', reason: 'UpdateFailed', message: `${message}: ${cause}` }],
  };
}
