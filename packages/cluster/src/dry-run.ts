import { type KubeObject, grouped, isJsonObject, parseApiVersion, refOf, stringifyJson } from '@typekro/kit/core';
import { groupVersionPath, textAt } from '@typekro/kit/kubernetes';
import { Api } from './api.ts';
import { bootstrap } from './bootstrap.ts';
import { schemaEngine, writing } from './lazy-modules.ts';
import { followDefinitions } from './definitions/follow-definitions.ts';
import type { StatusBody } from './errors/api-error.ts';
import { inProcessTransport } from './http/in-process.ts';
import type { ServedResource } from './registry/served-resource.ts';

/** A reason why a server refuses an object, in the server's words. */
export interface RefusalCause {
  /** The field in the server's notation, such as `spec.ports[0].port`; empty for the object as a whole. */
  readonly field: string;
  readonly message: string;
}

/** Checks objects against an API server without storing them. */
export interface DryRun {
  /**
   * The reasons why the server would refuse to create the object. The list is empty when the server accepts the object.
   * It is also empty for an unknown kind, and when the state of other objects causes the refusal: an existing name, a
   * missing account, a quota.
   */
  check(object: KubeObject): Promise<readonly RefusalCause[]>;
  /** True if every cause with an empty `field` comes from an admission policy or a webhook. Default: absent. */
  readonly namesAdmission?: true;
  close(): void;
}

/** The status codes of refusals that concern the object itself. Other codes concern the state of the cluster. */
const WRONG_OBJECT: ReadonlySet<number> = new Set([400, 422]);

/**
 * Opens an in-process server for checks without a cluster. The server is the request handler of the embedded cluster,
 * with an empty store and the given CRDs, so its results are those of the embedded cluster. A CRD is stored before the
 * first check of an object of its kind.
 */
export async function openDryRun(crds: readonly KubeObject[] = []): Promise<DryRun> {
  const api = new Api();
  followDefinitions(api);
  bootstrap(api, false);
  await writing.load();
  const transport = inProcessTransport(api);
  const namespaces = new Set<string>();

  const post = async (resource: ServedResource, object: KubeObject, query: string): Promise<StatusBody | undefined> => {
    const response = await transport.request({
      method: 'POST',
      path: `${collectionPath(resource, object)}${query}`,
      headers: { 'content-type': 'application/json' },
      body: stringifyJson(object),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    if (response.status < 400) return undefined;
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as StatusBody;
  };

  /** Creates a namespace. Returns the reasons why the name is refused. */
  const makeNamespace = async (name: string): Promise<readonly RefusalCause[]> => {
    const resource = api.registry.findKind('v1', 'Namespace');
    if (resource === undefined || namespaces.has(name)) return [];
    const status = await post(resource, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, '');
    if (status !== undefined && WRONG_OBJECT.has(status.code ?? 0))
      return causesOf(status).map((cause) => ({ ...cause, field: 'metadata.namespace' }));
    namespaces.add(name);
    return [];
  };

  const waiting = grouped(crds, ({ spec }) => kindKey(textAt(spec, 'group'), textAt(spec, 'names', 'kind')));

  /**
   * Stores the CRDs of a kind. CRDs are stored only when an object needs them, because the validation of a CRD is slow
   * and most of the given CRDs are never needed.
   */
  const define = async ({ apiVersion, kind }: KubeObject): Promise<void> => {
    const key = kindKey(parseApiVersion(apiVersion).group, kind);
    const due = waiting.get(key);
    const definitions = api.registry.findKind('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
    if (due === undefined || definitions === undefined) return;
    waiting.delete(key);
    await schemaEngine.load();
    for (const crd of due) await post(definitions, crd, '');
    await api.work.idle();
  };

  return {
    async check(object) {
      await define(object);
      const resource = api.registry.findKind(object.apiVersion, object.kind);
      if (resource === undefined) return [];
      const wrong = resource.namespaced ? await makeNamespace(namespaceOf(object)) : [];
      if (wrong.length > 0) return wrong;
      const status = await post(resource, object, '?dryRun=All&fieldValidation=Ignore');
      return status === undefined || !WRONG_OBJECT.has(status.code ?? 0) ? [] : causesOf(status);
    },
    close() {
      api.work.stop();
      void transport.close();
    },
  };
}

const kindKey = (group: string, kind: string): string => `${kind}.${group}`;

const namespaceOf = (object: KubeObject): string => refOf(object).namespace ?? 'default';

function collectionPath({ group, version, plural, namespaced }: ServedResource, object: KubeObject): string {
  const root = groupVersionPath({ group, version });
  return `${root}${namespaced ? `/namespaces/${encodeURIComponent(namespaceOf(object))}` : ''}/${plural}`;
}

function causesOf({ message = '', details }: StatusBody): readonly RefusalCause[] {
  const causes = (details?.causes ?? []).filter((cause) => isJsonObject(cause));
  if (causes.length === 0) return [{ field: '', message }];
  return causes.map((cause) => ({ field: cause.field ?? '', message: cause.message }));
}
