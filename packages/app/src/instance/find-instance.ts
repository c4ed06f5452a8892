import {
  CRD_KIND,
  declaredKind,
  declaredResource,
  DEFINITION_KIND,
  DEFINITION_TYPE,
} from '@typekro/controller/controller';
import type { GroupVersionKind, KubeObject, ObjectRef } from '@typekro/kit/core';
import {
  gvkOf,
  isJsonObject,
  objectName,
  parseApiVersion,
  refOf,
  typeMetaOf,
  TypeKroError,
  nearestName,
  withGroup,
  listed,
} from '@typekro/kit/core';
import { GraphObject } from '@typekro/engine/graph';
import { type ApiResource, type KubernetesApi, isNotFound, KubeError, unlessFailed } from '@typekro/kube';
import { listAt } from '@typekro/kit/kubernetes';
import { keys } from '@typekro/engine/runtime';
import { pluralize } from '@typekro/engine/schema';
import { shellWord } from '../text/escapes.ts';
import { hasNamespace } from './namespaces.ts';
import { type InstanceName, argumentOf, readingsOf } from './instance-name.ts';
import { servingDefinition, severalServe } from './serving-definition.ts';

/** An instance, its definition, and the node that the user named. */
export interface FoundInstance {
  readonly instance: KubeObject;
  /**
   * Absent for a Graph, when the definition is deleted or may not be read, and when the serving definition is unknown.
   */
  readonly definition?: KubeObject;
  /** The reason why `definition` is absent, as a sentence. */
  readonly missing?: string;
  /** The name of the definition, when it is deleted. */
  readonly gone?: string;
  readonly node?: string;
}

/** A kind that can have instances, and its definition if it can be read. */
interface Declared {
  readonly definition?: KubeObject;
  readonly type: GroupVersionKind;
  /** Other names of the kind, in lower case: irregular plurals, singulars and short names. */
  readonly names?: readonly string[];
}

/** The objects that an argument can name: only instances, or also nodes. */
export type Subject = 'instance' | 'instance-or-node';

/** The beginning of the remedy that lists the names most similar to a missing name. */
export const NEAR_NAMES = 'did you mean';

/** The maximum number of instances that a message lists. */
const MAX_NAMED_INSTANCES = 10;

/**
 * Finds the instance that `INSTANCE[/NODE]` names. The search covers the kinds of all definitions of the cluster, then
 * the kinds whose definition is deleted or may not be read.
 *
 * @param namespace the default namespace, for a name without a namespace
 * @param subject with `instance`, `NAMESPACE/NAME` is never parsed as `INSTANCE/NODE`. Commands that change a whole
 *   instance use this value
 * @throws TypeKroError `cli/no-instance` when no instance matches, `cli/ambiguous-instance` when instances of several
 *   kinds match, `cli/no-definitions` when the cluster does not serve definitions, and `cli/usage` for a malformed
 *   argument.
 */
export async function findInstance(
  api: KubernetesApi,
  text: string,
  namespace: string,
  signal: AbortSignal,
  subject: Subject = 'instance-or-node',
): Promise<FoundInstance> {
  const definitions = withGraphs(await declaredKinds(api, signal));
  const find = (kinds: readonly Declared[]) => findAmong(api, kinds, text, namespace, signal, subject);
  const found = await find(definitions.kinds);
  if (found !== undefined) return found;
  const others = await undeclaredKinds(api, text, definitions.kinds, signal);
  const orphan = others.length === 0 ? undefined : await find(others);
  if (orphan !== undefined) return withDefinition(api, orphan, definitions.refusal, signal);
  if (definitions.refusal !== undefined) throw unknownKinds(text, definitions.refusal);
  const declared = [...definitions.kinds, ...others];
  const missing = await missingNamespace(api, text, declared, namespace, signal);
  throw await notFound(api, text, declared, namespace, signal, missing);
}

/**
 * Finds an instance by its exact address, with the definition that serves it. Returns `undefined` when the object does
 * not exist, and for an object that is not an instance, such as a Secret.
 *
 * @throws TypeKroError `cli/no-definitions` when the cluster does not serve definitions.
 */
export async function findInstanceAt(
  api: KubernetesApi,
  ref: ObjectRef,
  signal: AbortSignal,
): Promise<FoundInstance | undefined> {
  const instance = await api.find(ref, { signal });
  if (instance === undefined) return undefined;
  if (GraphObject.is(instance)) return { instance };
  const { kinds, refusal } = await declaredKinds(api, signal);
  const { group } = parseApiVersion(ref.apiVersion);
  const declaring = kinds.filter(({ type }) => type.kind === ref.kind && type.group === group);
  const [only] = chooseServing(
    declaring.map(({ definition }) => ({ instance, ...(definition === undefined ? {} : { definition }) })),
  );
  if (only !== undefined) return only;
  return (await isOfOwnedKind(api, instance, signal)) ? withDefinition(api, { instance }, refusal, signal) : undefined;
}

/**
 * Is the object an instance, although no readable definition declares its kind? It is an instance if it has the
 * controller's finalizer, or if a controller made the CRD of its kind. When CRDs cannot be listed, an object of the
 * group `kro.run` counts as an instance.
 */
async function isOfOwnedKind(api: KubernetesApi, instance: KubeObject, signal: AbortSignal): Promise<boolean> {
  if ((instance.metadata.finalizers ?? []).includes(keys.FINALIZER)) return true;
  const { group, kind } = gvkOf(instance);
  if (OWN_KINDS.has(kind)) return false;
  const owned = await ownedCrds(api, signal);
  if (owned === undefined) return group === DEFINITION_TYPE.group;
  const resources = await api.discovery.all({ signal });
  return resources.some((each) => each.kind === kind && each.group === group && owned.has(`${each.plural}.${group}`));
}

/**
 * Adds kro's kind Graph to the kinds that definitions declare, because a Graph needs no definition: its nodes are in
 * its own spec. A definition that declares this kind takes precedence.
 */
function withGraphs<Kinds extends { readonly kinds: readonly Declared[] }>(found: Kinds): Kinds {
  const isDeclared = found.kinds.some(
    ({ type }) => type.kind === GraphObject.TYPE.kind && type.group === GraphObject.TYPE.group,
  );
  return isDeclared ? found : { ...found, kinds: [...found.kinds, { type: GraphObject.TYPE }] };
}

async function findAmong(
  api: KubernetesApi,
  declared: readonly Declared[],
  text: string,
  namespace: string,
  signal: AbortSignal,
  subject: Subject,
): Promise<FoundInstance | undefined> {
  const all = readingsOf(text, (word) => declared.some((each) => hasName(each, word)));
  if (all.length === 0) throw unreadable(text, subject);
  const readings = all.filter(({ node }) => node === undefined || subject === 'instance-or-node');
  for (const reading of readings) {
    const kinds = declared.filter((each) => reading.kind === undefined || hasName(each, reading.kind));
    const found = await instancesOf(api, kinds, reading, namespace, signal);
    if (found.length > 1) throw ambiguous(text, found);
    const [only] = found;
    if (only !== undefined) return { ...only, ...(reading.node === undefined ? {} : { node: reading.node }) };
  }
  return undefined;
}

/** Lists the kinds that definitions declare. `refusal` is the server's message when definitions may not be listed. */
async function declaredKinds(
  api: KubernetesApi,
  signal: AbortSignal,
): Promise<{ readonly kinds: readonly Declared[]; readonly refusal?: string }> {
  try {
    const { items } = await api.list(DEFINITION_KIND, { signal });
    return {
      kinds: items.map((item) => ({
        definition: item,
        type: declaredKind(isJsonObject(item.spec) ? item.spec : {}),
        names: listAt(item.spec, 'schema', 'shortNames').map(String),
      })),
    };
  } catch (error) {
    if (error instanceof KubeError && error.status === 403) return { kinds: [], refusal: error.message };
    if (!isNotFound(error)) throw error;
    throw noDefinitions('ResourceGraphDefinition', error);
  }
}

/** The error of a cluster that does not serve definitions, or Graphs: `cli/no-definitions`. */
export const noDefinitions = (kind: string, cause: unknown): TypeKroError =>
  new TypeKroError(`this cluster does not know ${kind}s`, {
    code: 'cli/no-definitions',
    remedy: 'name another cluster with --context, or install the CRDs and the controller: typekro bootstrap',
    cause,
  });

/**
 * Lists kinds that no definition declares: the kinds of CRDs with kro's label, and the kind that the user names. When
 * CRDs cannot be listed, uses all kinds of the group `kro.run` instead of the labelled kinds.
 */
async function undeclaredKinds(
  api: KubernetesApi,
  text: string,
  declared: readonly Declared[],
  signal: AbortSignal,
): Promise<Declared[]> {
  const resources = await api.discovery.all({ signal });
  const owned = await ownedCrds(api, signal);
  const [word = ''] = text.toLowerCase().split('/');
  const isNamed = ({ kind, plural, singular, shortNames, group }: ApiResource): boolean =>
    text.includes('/') &&
    [kind.toLowerCase(), plural, singular, ...shortNames].some((name) => word === name || word === `${name}.${group}`);
  const isOwned = ({ plural, group }: ApiResource): boolean =>
    owned === undefined ? group === DEFINITION_TYPE.group : owned.has(`${plural}.${group}`);
  const isDeclared = ({ kind, group }: ApiResource): boolean =>
    declared.some(({ type }) => type.kind === kind && type.group === group) || OWN_KINDS.has(kind);
  const byKind = new Map<string, Declared>();
  for (const resource of resources) {
    const { group, version, kind, plural, singular, shortNames } = resource;
    if (!group.includes('.') || isDeclared(resource) || !(isNamed(resource) || isOwned(resource))) continue;
    // Discovery lists the preferred version of a kind first. Later versions of the same kind are skipped.
    const names = [plural, singular, ...shortNames];
    if (!byKind.has(`${kind}.${group}`)) byKind.set(`${kind}.${group}`, { type: { group, version, kind }, names });
  }
  return [...byKind.values()];
}

/** Kinds of kro itself. Their objects are not instances. */
const OWN_KINDS: ReadonlySet<string> = new Set(['ResourceGraphDefinition', 'GraphRevision', 'Graph']);

/**
 * Lists the names of the CRDs that a controller made for definitions. Returns `undefined` when CRDs cannot be listed.
 */
async function ownedCrds(api: KubernetesApi, signal: AbortSignal): Promise<ReadonlySet<string> | undefined> {
  const options = { labelSelector: `${keys.OWNED_LABEL}=true`, metadataOnly: true, signal };
  const found = await unlessFailed(api.list(CRD_KIND, options));
  return found && new Set(found.items.map(({ metadata }) => metadata.name ?? ''));
}

/** Adds the definition that the label of the instance names, or the reason why it is absent. */
async function withDefinition(
  api: KubernetesApi,
  found: FoundInstance,
  refusal: string | undefined,
  signal: AbortSignal,
): Promise<FoundInstance> {
  const name = found.instance.metadata.labels?.[keys.DEFINITION_NAME_LABEL];
  if (name === undefined)
    return { ...found, missing: 'no controller has labelled the instance with its definition yet' };
  try {
    const definition = await api.find({ ...DEFINITION_KIND, name }, { signal });
    if (definition !== undefined) return { ...found, definition };
    return { ...found, missing: `the definition ${name} is gone`, gone: name };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return { ...found, missing: `the definition ${name} cannot be read: ${refusal ?? error.message}` };
  }
}

function unknownKinds(text: string, refusal: string): TypeKroError {
  const { length } = text.split('/');
  const hint = length === 1 ? `name its kind: KIND/${text}` : 'check kind, namespace and name';
  return new TypeKroError(`no known kind has an instance ${text}, and definitions cannot be listed: ${refusal}`, {
    code: 'cli/no-instance',
    remedy: `${hint}; or get the right to list resourcegraphdefinitions.kro.run`,
  });
}

/**
 * Does the word name the kind? It may be the kind itself, its plural or another of its names, alone or followed by
 * `.GROUP`.
 */
function hasName({ type: { kind, group }, names = [] }: Declared, word: string): boolean {
  const name = kind.toLowerCase();
  return [name, pluralize(name), ...names].flatMap((each) => [each, `${each}.${group}`]).includes(word.toLowerCase());
}

type Found = Pick<FoundInstance, 'instance' | 'definition' | 'missing'>;

/**
 * Finds the instances with a name, one entry per object. Throws the API error of a kind only when no other kind has an
 * instance with this name.
 */
async function instancesOf(
  api: KubernetesApi,
  kinds: readonly Declared[],
  name: InstanceName,
  fallback: string,
  signal: AbortSignal,
): Promise<Found[]> {
  const answers = await Promise.allSettled(
    kinds.map((kind) =>
      instanceOf(api, kind, name, fallback, signal).catch((error: unknown) => ignoreForbiddenGraph(kind, name, error)),
    ),
  );
  const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? (answer.value ?? []) : []));
  const failure = answers.find((answer) => answer.status === 'rejected');
  if (failure !== undefined && (found.length === 0 || !(failure.reason instanceof KubeError))) throw failure.reason;
  const uids = new Set(found.map(({ instance }) => instance.metadata.uid));
  return [...uids].flatMap((uid) => chooseServing(found.filter(({ instance }) => instance.metadata.uid === uid)));
}

/** Graphs that the user may not read count as absent, unless the user names the kind. */
function ignoreForbiddenGraph({ type }: Declared, { kind }: InstanceName, error: unknown): undefined {
  if (kind === undefined && type === GraphObject.TYPE && error instanceof KubeError && error.status === 403)
    return undefined;
  throw error;
}

/** Chooses the definition that serves an instance when several definitions declare its kind. */
function chooseServing(found: readonly Found[]): Found[] {
  const [first, ...others] = found;
  if (first === undefined || others.length === 0) return [...found];
  const definitions = found.flatMap(({ definition }) => definition ?? []);
  const serving = servingDefinition(definitions, first.instance, undefined);
  const own = found.find(({ definition }) => definition === serving) ?? first;
  if (serving !== undefined || definitions.length === 0) return [own];
  return [{ instance: first.instance, missing: severalServe(definitions, first.instance.kind) }];
}

async function instanceOf(
  api: KubernetesApi,
  { definition, type }: Declared,
  { name, namespace: given }: InstanceName,
  fallback: string,
  signal: AbortSignal,
): Promise<Found | undefined> {
  const resource = await declaredResource(api, type, signal);
  if (resource === undefined || (!resource.namespaced && given !== undefined)) return undefined;
  const namespace = resource.namespaced ? { namespace: given ?? fallback } : {};
  const instance = await api.find({ ...typeMetaOf(resource), name, ...namespace }, { signal });
  if (instance === undefined) return undefined;
  return { instance, ...(definition === undefined ? {} : { definition }) };
}

function unreadable(text: string, subject: Subject): TypeKroError {
  const node = subject === 'instance' ? '' : '; add /NODE for one of its nodes';
  return new TypeKroError(`"${text}" names no instance`, {
    code: 'cli/usage',
    remedy: `write NAME, NAMESPACE/NAME, KIND/NAME or KIND/NAMESPACE/NAME${node}`,
  });
}

/** The error for instances of several kinds. Kinds of the same name are told apart by their groups. */
function ambiguous(text: string, found: readonly Pick<FoundInstance, 'instance'>[]): TypeKroError {
  const isOneKind = new Set(found.map(({ instance }) => instance.kind)).size < found.length;
  const named = found.map(({ instance }) => {
    const { kind, group } = gvkOf(instance);
    return { ...refOf(instance), kind: isOneKind ? withGroup(kind, group) : kind };
  });
  const [first] = named;
  return new TypeKroError(`"${text}" means ${named.map(objectName).join(' and ')}`, {
    code: 'cli/ambiguous-instance',
    remedy: `write the kind before the name: ${first === undefined ? '' : argumentOf({ kind: first.kind, metadata: first })}`,
  });
}

/**
 * Returns the namespace in the likeliest reading of the text (the default namespace if it has none), when the cluster
 * does not have this namespace. Returns `undefined` when the namespace exists, or when the user may not read
 * namespaces.
 */
async function missingNamespace(
  api: KubernetesApi,
  text: string,
  declared: readonly Declared[],
  fallback: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const readings = readingsOf(text, (word) => declared.some((each) => hasName(each, word)));
  const name = readings[0]?.namespace ?? fallback;
  return (await hasNamespace(api, name, signal)) === false ? name : undefined;
}

const FILE_ARGUMENT = /\.(?:ya?ml|json|[cm]?[jt]s)$/i;

/** Matches an argument that is marked as the name of a definition, which has no slash. */
const DEFINITION_ARGUMENT = /^(?:rgd|definition|resourcegraphdefinitions?)\/([^/]+)$/i;

/** Makes the error for a missing instance. Its remedy lists the most similar names, or else the existing instances. */
async function notFound(
  api: KubernetesApi,
  text: string,
  declared: readonly Declared[],
  namespace: string,
  signal: AbortSignal,
  missing: string | undefined,
): Promise<TypeKroError> {
  const code = 'cli/no-instance';
  if (FILE_ARGUMENT.test(text))
    throw new TypeKroError(`"${text}" names a file, and the command takes an instance`, {
      code,
      remedy: `write NAME or NAMESPACE/NAME of an instance; typekro plan ${shellWord(text)} shows what the file would change`,
    });
  const [, definition] = DEFINITION_ARGUMENT.exec(text) ?? [];
  if (definition !== undefined)
    throw new TypeKroError(`"${text}" names a definition, and the command takes an instance`, {
      code,
      remedy: `write NAMESPACE/NAME of one of its instances; typekro why rgd/${definition} and kubectl delete rgd ${definition} are for the definition`,
    });
  const because = missing === undefined ? '' : `: the namespace ${missing} does not exist`;
  const all = await Promise.all(declared.map(({ type }) => namesOf(api, type, signal)));
  const names = [...new Set(all.flat())];
  if (names.length === 0) {
    const kinds = declared.flatMap(({ type }) => (type === GraphObject.TYPE ? [] : [type.kind]));
    if (kinds.length > 0) {
      return new TypeKroError(`there is no instance of ${kinds.join(', ')}${because}`, {
        code,
        remedy: 'create one, and run the command again',
      });
    }
    const remedy = 'apply a ResourceGraphDefinition first, or name another cluster with --context';
    return new TypeKroError('this cluster has no definitions, and so no instances', { code, remedy });
  }
  const word = text.split('/').at(-1) ?? '';
  const lastParts = names.map((each) => each.split('/').at(-1) ?? '');
  const near = lastParts.includes(word) ? word : nearestName(word, lastParts);
  const likely = names.filter((each) => near !== undefined && each.endsWith(`/${near}`));
  const shown = listed(likely.length > 0 ? likely : names, MAX_NAMED_INSTANCES);
  const where = text.includes('/') || missing !== undefined ? '' : ` in namespace ${namespace}`;
  return new TypeKroError(`there is no instance ${text}${where}${because}`, {
    code,
    remedy: `${likely.length > 0 ? NEAR_NAMES : 'the cluster has'} ${shown}${likely.length > 0 ? '?' : ''}`,
  });
}

/** Lists the instances and Graphs of the cluster as `KIND/NAMESPACE/NAME`, for shell completion. */
export async function instanceNames(api: KubernetesApi, signal: AbortSignal): Promise<string[]> {
  const { kinds } = withGraphs(await declaredKinds(api, signal));
  const names = await Promise.all(kinds.map(({ type }) => namesOf(api, type, signal)));
  return [...new Set(names.flat())];
}

/** Lists the instances of a kind as command arguments. The result is empty when the kind cannot be listed. */
async function namesOf(api: KubernetesApi, type: GroupVersionKind, signal: AbortSignal): Promise<string[]> {
  const resource = await unlessFailed(declaredResource(api, type, signal));
  if (resource === undefined) return [];
  const found = await unlessFailed(api.list(typeMetaOf(resource), { metadataOnly: true, signal }));
  return (found?.items ?? []).map(({ metadata }) => argumentOf({ kind: type.kind, metadata }));
}
