import { DEFINITION_KIND, DEFINITION_TYPE, declaredKind } from '@typekro/controller/controller';
import {
  type InstalledPackage,
  type PackageUse,
  installedPackages,
  packageOf,
  PACKAGED_TYPES,
  PART_OF_LABEL,
} from '@typekro/app/packages';
import { isInstanceOf, noDefinitions } from '@typekro/app/instance';
import { GraphObject, isDefinition, Kinds } from '@typekro/engine/graph';
import {
  type KubeObject,
  typeMetaOf,
  formatRef,
  isJsonObject,
  namespacedName,
  nearestName,
  objectName,
  refOf,
  TypeKroError,
} from '@typekro/kit/core';
import { type KubernetesApi, type ListOptions, isNotFound } from '@typekro/kube';

/** The cluster that is read. */
interface Reader {
  readonly api: KubernetesApi;
  readonly signal: AbortSignal;
}

type Type = { readonly group: string; readonly version: string; readonly kind: string };

/**
 * Reads the installed packages, with one request for each kind of objects that packages have.
 *
 * @throws TypeKroError `cli/no-definitions` for a cluster without the kinds of kro, and `KubeError` if a kind may not be
 *   listed, because a part of a package could then be overlooked
 */
export async function readInstalled({ api, signal }: Reader): Promise<InstalledPackage[]> {
  if ((await api.discovery.resourceOf(DEFINITION_KIND, { signal })) === undefined)
    throw noDefinitions(DEFINITION_TYPE.kind, undefined);
  const found = await Promise.all(
    PACKAGED_TYPES.map((type) => listOf({ api, signal }, type, { labelSelector: PART_OF_LABEL })),
  );
  return installedPackages(found.flat());
}

/** The installed package with this name. Throws `package/not-installed` if there is none. */
export function installedWith(packages: readonly InstalledPackage[], name: string): InstalledPackage {
  const found = packages.find((each) => each.name === name);
  if (found !== undefined) return found;
  const names = packages.map((each) => each.name);
  const near = nearestName(name, names);
  throw new TypeKroError(`no package ${JSON.stringify(name)} is installed`, {
    code: 'package/not-installed',
    remedy:
      near === undefined
        ? `${names.length === 0 ? 'there is none' : `installed are ${names.join(', ')}`}; typekro install oci://HOST/REPOSITORY:TAG installs a package`
        : `did you mean ${near}?`,
  });
}

/**
 * Which of these objects are used, and by what: instances, and definitions and Graphs that do not go with them.
 *
 * @param next objects that are applied before these ones go
 */
export async function usesOf(
  reader: Reader,
  objects: readonly KubeObject[],
  next: readonly KubeObject[] = [],
): Promise<PackageUse[]> {
  const { api, signal } = reader;
  const [definitions, graphs] = [objects.filter(isDefinition), objects.filter(GraphObject.is)];
  const going = new Set([...objects, ...next].map((each) => formatRef(refOf(each))));
  const found = await Promise.all(
    (definitions.length === 0 ? [] : [DEFINITION_TYPE, GraphObject.TYPE]).map((type) => listOf(reader, type)),
  );
  const staying = [...found.flat().filter((each) => !going.has(formatRef(refOf(each)))), ...next];
  const uses: PackageUse[] = graphs.map((object) => ({ object, by: ['the objects that it manages'] }));
  for (const object of definitions) {
    const { group, kind } = declaredKind(isJsonObject(object.spec) ? object.spec : {});
    // Any version: the cluster may not serve that of the definition yet.
    const served = await api.discovery.inGroup(group, kind, { signal });
    const instances = served === undefined ? [] : await listOf(reader, served, { metadataOnly: true });
    const own = instances.filter((each) => isInstanceOf(object.metadata.name ?? '', each, undefined));
    const users = staying.filter(({ spec }) =>
      Kinds.used(spec).some((used) => used.group === group && used.kind === kind),
    );
    const by = [
      ...own.map(({ metadata }) => `${kind} ${namespacedName(metadata)}`),
      ...users.map((each) => {
        const owner = packageOf(each);
        return `${objectName(refOf(each))}${owner === undefined ? '' : ` of the package ${owner.name}`}`;
      }),
    ];
    if (by.length > 0) uses.push({ object, by });
  }
  return uses;
}

/** The objects of a kind; none if the cluster does not serve the kind. */
async function listOf({ api, signal }: Reader, type: Type, options: ListOptions = {}): Promise<readonly KubeObject[]> {
  try {
    return (await api.list(typeMetaOf(type), { ...options, signal })).items;
  } catch (thrown) {
    if (isNotFound(thrown)) return [];
    throw thrown;
  }
}
