import {
  CRD_KIND,
  CRD_TYPE,
  declaredKind,
  declaredResource,
  DEFINITION_TYPE,
  LEASE_NAME,
  readDefinitionObject,
  REVISION_TYPE,
  type DefinitionRights,
} from '@typekro/controller/controller';
import { definedMembers, typeMetaOf, type KubeObject } from '@typekro/kit/core';
import { controllerCrds, GraphObject, Nodes } from '@typekro/engine/graph';
import { isNotFound, KubeError, type Clock, type KubernetesApi, type ResourceType } from '@typekro/kube';
import { asTexts, optionalAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import { ObjectTarget } from '@typekro/engine/runtime';
import { runningControllers, type ControllerDeployment } from '../controllers/running-controllers.ts';
import type { ClusterFacts, Conversion, ServerFacts, WrittenKind } from './cluster-facts.ts';
import { readingOrRefusal, type Reading } from './finding.ts';
import { readDefinitionRights } from './read-definition-rights.ts';
import { readRights } from './read-rights.ts';
import { readWebhooks } from './read-webhooks.ts';
import { Conversion as ConversionProgram } from '@typekro/engine/conversion';
import { CrdSchema } from '@typekro/engine/schema';
import { readConversionTrust } from './read-conversion-trust.ts';
import { readWebhookTarget } from './read-webhook-target.ts';

/** The inputs of `readFacts`: the client, and the context of the command. */
export interface FactReader {
  readonly api: KubernetesApi;
  readonly clock: Pick<Clock, 'now'>;
  /**
   * The namespace of the context. If the user may not list Deployments in all namespaces, only this namespace is
   * searched.
   */
  readonly namespace: string;
  readonly version: string;
  readonly signal: AbortSignal;
}

/**
 * Reads the facts of a cluster. Writes nothing; reviews of rights are POST requests, but store no objects.
 *
 * @throws KubeError when the server does not respond, or responds to /version with an error. Errors of all other reads
 *   become part of the facts.
 */
export async function readFacts(reader: FactReader): Promise<ClusterFacts> {
  const { api, namespace, version, signal } = reader;
  const list = (type: ResourceType) => listOrNone(api, type, signal);
  const server = await readServer(reader);
  const searched = await readingOrRefusal(() => runningControllers(api, namespace, signal));
  const controllers = 'unread' in searched ? searched : { value: searched.value.found };
  const limit = 'value' in searched ? searched.value.limit : undefined;
  const [crds, definitions, leases, webhooks, pods] = await Promise.all([
    readingOrRefusal(() => readCrds(reader)),
    readingOrRefusal(() => list(typeMetaOf(DEFINITION_TYPE))),
    readingOrRefusal(async () =>
      (await list({ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' })).filter(isOfController),
    ),
    readingOrRefusal(() => readWebhooks(api, signal)),
    readingOrRefusal(() => readPods(api, controllers, signal)),
  ]);
  const instances = new Map<string, Reading<readonly KubeObject[]>>();
  const known = 'value' in definitions ? definitions.value : [];
  for (const definition of known) {
    const { name } = readDefinitionObject(definition);
    const declared = declaredKind(definition.spec ?? {});
    const read = async () => list(typeMetaOf((await declaredResource(api, declared, signal)) ?? declared));
    instances.set(name, await readingOrRefusal(read));
  }
  const compiled = await readDefinitionRights(api, known, signal);
  const rights =
    'unread' in controllers
      ? controllers
      : 'unread' in compiled
        ? compiled
        : await readingOrRefusal(() => readRights(api, controllers.value, compiled.value, signal));
  const graphs = 'value' in compiled ? compiled.value : [];
  const conversions = await readingOrRefusal(() =>
    readConversions(api, graphs, server.version.endsWith('+typekro'), signal),
  );
  const unread = [definitions, compiled].flatMap((reading) => ('unread' in reading ? reading.unread : []));
  const controllersLimit = definedMembers({ controllersLimit: limit });
  return {
    ...controllersLimit,
    server,
    crds,
    definitions,
    instances,
    controllers,
    pods,
    leases,
    writtenKinds: writtenKinds(known, graphs),
    ...definedMembers({ kindsLimit: unread[0] }),
    webhooks,
    conversions,
    rights,
    version,
  };
}

const isOfController = ({ metadata: { name = '' } }: KubeObject): boolean =>
  name === LEASE_NAME || name.startsWith(`${LEASE_NAME}-shard-`);

async function readServer({ api, clock, signal }: FactReader): Promise<ServerFacts> {
  const before = clock.now();
  const { text, headers } = await api.raw({ path: '/version', signal });
  const local = (before + clock.now()) / 2;
  const { gitVersion = '', minor = '' } = JSON.parse(text) as { readonly gitVersion?: string; readonly minor?: string };
  const date = Date.parse(headers['date'] ?? '');
  const now = Number.isNaN(date) ? local : date;
  const watchLists = await readingOrRefusal(() => servesWatchLists(api, signal));
  // The server's Date header has no fractions of a second, so it is behind by half a second on average.
  const aheadMs = Number.isNaN(date) ? 0 : local - date - 500;
  return { version: gitVersion, minor: Number.parseInt(minor, 10) || 0, now, aheadMs, watchLists };
}

/**
 * Does the server support streamed lists? A server without the gate WatchList refuses the parameter with the status 400
 * or 422.
 */
async function servesWatchLists(api: KubernetesApi, signal: AbortSignal): Promise<boolean> {
  const query =
    'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1&fieldSelector=metadata.name%3Ddefault';
  try {
    await api.raw({ path: `/api/v1/namespaces?${query}`, signal });
    return true;
  } catch (thrown) {
    if (thrown instanceof KubeError && [400, 422].includes(thrown.status)) return false;
    throw thrown;
  }
}

async function readCrds({ api, signal }: FactReader): Promise<ReadonlyMap<string, KubeObject>> {
  const found = await Promise.all(
    controllerCrds().map(async ({ apiVersion, kind, metadata: { name = '' } }) => {
      const crd = await api.find({ apiVersion, kind, name }, { signal });
      return crd === undefined ? [] : [[name, crd] as const];
    }),
  );
  return new Map(found.flat());
}

/** Lists the objects of a kind. Returns an empty list when the server does not serve the kind. */
export async function listOrNone(
  api: KubernetesApi,
  type: ResourceType,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  try {
    return (await api.list(type, { signal })).items;
  } catch (thrown) {
    if (isNotFound(thrown)) return [];
    throw thrown;
  }
}

async function readPods(
  api: KubernetesApi,
  controllers: Reading<readonly ControllerDeployment[]>,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const running = 'value' in controllers ? controllers.value : [];
  const pods = await Promise.all(
    running.map(async ({ namespace, object }) => {
      const selector = ObjectTarget.selectorText(valueAt(object.spec, 'selector'));
      if (!selector.ok || selector.text === '') return [];
      const options = { namespace, labelSelector: selector.text, signal };
      return (await api.list({ apiVersion: 'v1', kind: 'Pod' }, options)).items;
    }),
  );
  return pods.flat().filter(({ status }) => textAt(status, 'phase') !== 'Succeeded');
}

const ALL = ['CREATE', 'UPDATE', 'DELETE'] as const;

/**
 * The controller's own kinds, each with the operations that webhooks see. Webhooks see the apply of an existing object
 * as an update.
 */
const OWN_KINDS: readonly WrittenKind[] = [
  { ...resourceOf(DEFINITION_TYPE), writesStatus: true, operations: ['UPDATE'] },
  { ...resourceOf(REVISION_TYPE), writesStatus: true, operations: ALL },
  { ...resourceOf(CRD_TYPE), writesStatus: false, operations: ALL },
];

/**
 * The kinds that the controller writes for these definitions: its own kinds, and the kinds of instances and children.
 * For a definition that did not compile, only the group of its instances is known.
 */
export function writtenKinds(
  definitions: readonly KubeObject[],
  compiled: readonly DefinitionRights[],
): readonly WrittenKind[] {
  const graphs = new Map(compiled.map(({ graph }) => [graph.name, graph]));
  const kinds = definitions.flatMap((object): WrittenKind[] => {
    const { name } = readDefinitionObject(object);
    const graph = graphs.get(name);
    const { group, version } = declaredKind(object.spec ?? {});
    const instances = { group, version, resource: graph?.instance.plural ?? '*' };
    return [
      { ...instances, writesStatus: true, operations: ['UPDATE'], definition: name },
      ...(graph === undefined ? [] : Nodes.typed(graph).filter(Nodes.ownsObjects)).map(
        ({ type, plural }): WrittenKind => ({
          group: type.group,
          version: type.version,
          resource: plural,
          writesStatus: false,
          operations: ALL,
          definition: name,
        }),
      ),
    ];
  });
  return [...OWN_KINDS, ...kinds];
}

function resourceOf(type: { readonly group: string; readonly version: string; readonly plural: string }) {
  return { group: type.group, version: type.version, resource: type.plural };
}

interface ReadKind {
  readonly group: string;
  readonly version: string;
  readonly plural: string;
}

/**
 * Reads the conversion webhooks of the controller's own kinds, and of the kinds of instances, children and external
 * objects.
 */
async function readConversions(
  api: KubernetesApi,
  compiled: readonly DefinitionRights[],
  embedded: boolean,
  signal: AbortSignal,
): Promise<readonly Conversion[]> {
  const kinds = compiled.flatMap(({ graph }): ReadKind[] => [
    graph.instance,
    ...Nodes.typed(graph).map(({ type, plural }) => ({ group: type.group, version: type.version, plural })),
  ]);
  const byName = new Map<string, ReadKind>();
  for (const kind of [DEFINITION_TYPE, REVISION_TYPE, GraphObject.TYPE, ...kinds]) {
    // Kinds of the core group have no CRD, so they have no conversion webhook.
    if (kind.group !== '') byName.set(`${kind.plural}.${kind.group}/${kind.version}`, kind);
  }
  const found: Conversion[] = [];
  for (const kind of byName.values()) {
    const conversion = await readConversion(api, kind, embedded, signal);
    if (conversion !== undefined) found.push(conversion);
  }
  return found;
}

async function readConversion(
  api: KubernetesApi,
  { group, version, plural }: ReadKind,
  embedded: boolean,
  signal: AbortSignal,
): Promise<Conversion | undefined> {
  const name = `${plural}.${group}`;
  const crd = await api.find({ ...CRD_KIND, name }, { signal });
  const webhook = optionalAt(crd?.spec, 'conversion', 'webhook');
  if (webhook === undefined || textAt(crd?.spec, 'conversion', 'strategy') !== 'Webhook') return undefined;
  const storedVersions = asTexts(valueAt(crd?.status, 'storedVersions'));
  const served = crd === undefined ? [] : CrdSchema.versions(crd).filter((each) => each['served'] === true);
  const servedVersions = served.map((each) => textAt(each, 'name'));
  const lists = new Map<string, Reading<unknown>>();
  for (const each of servedVersions.length > 1 ? servedVersions : []) {
    const path = `/apis/${group}/${each}/${plural}?limit=${MAX_READ_OBJECTS}`;
    lists.set(each, await readingOrRefusal(() => api.raw({ path, signal })));
  }
  const isOwn = crd !== undefined && ConversionProgram.isIn(crd);
  const found = { crd: name, version, storedVersions, servedVersions, lists };
  // The controller in the process of an embedded cluster needs no certificates. Every other one writes them into the CRD.
  if (isOwn && embedded && textAt(webhook, 'clientConfig', 'caBundle') === '') return found;
  const target = await readWebhookTarget(api, webhook, signal);
  const trust = isOwn && 'service' in target ? await readConversionTrust(api, webhook, signal) : undefined;
  return { ...found, target, ...definedMembers({ trust }) };
}

/** The maximum number of objects that are read in each version of a kind. */
const MAX_READ_OBJECTS = 500;
