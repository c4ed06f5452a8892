import { type KubeObject, canonicalJson, grouped, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { compareText } from '@typekro/kit/golang';
import { objectsAt } from '@typekro/kit/kubernetes';
import { isDigest } from '@typekro/oci';
import { isOlder, isPackageName, isVersion, type PackageInfo } from './package-info.ts';
import type { PackageNode } from './resolve-packages.ts';
import { isRange, isRepository, needText, type PackageNeed, referenceIn, repositoryOf } from './package-needs.ts';

/** The package of which an object in a cluster is a part. */
export interface PackageIdentity {
  readonly name: string;
  readonly version: string;
  /** The digest of its manifest in the registry. */
  readonly digest: string;
}

/** What the objects of a package say about it. */
export interface PackageMarks extends PackageIdentity {
  /** Its place in a registry, without the digest. */
  readonly reference: string;
  readonly needs: readonly PackageNeed[];
  /** Was it installed only because another package needs it? */
  readonly isDependency: boolean;
}

/** The annotations by which the objects of an installed package are found again. */
const NAME = 'package.typekro.dev/name';
const VERSION = 'package.typekro.dev/version';
const DIGEST = 'package.typekro.dev/digest';
const REFERENCE = 'package.typekro.dev/reference';
const NEEDS = 'package.typekro.dev/needs';
const REASON = 'package.typekro.dev/reason';
const DEPENDENCY = 'dependency';

/** The label that selects them. Its value is the name as a label can have it, and only the annotation is exact. */
export const PART_OF_LABEL = 'package.typekro.dev/part-of';

/** The object with the marks of a package. */
export function asPartOf(object: KubeObject, marks: PackageMarks): KubeObject {
  const { name, version, digest, reference, needs, isDependency } = marks;
  const label = name
    .replaceAll('/', '.')
    .slice(0, 63)
    .replace(/[^a-z\d]+$/, '');
  const { labels, annotations } = object.metadata;
  const metadata = {
    ...object.metadata,
    labels: { ...labels, [PART_OF_LABEL]: label },
    annotations: {
      ...annotations,
      [NAME]: name,
      [VERSION]: version,
      [DIGEST]: digest,
      [REFERENCE]: reference,
      ...(needs.length === 0 ? {} : { [NEEDS]: needs.map(needText).join(', ') }),
      ...(isDependency ? { [REASON]: DEPENDENCY } : {}),
    },
  };
  return { ...object, metadata };
}

/** The object without the marks, as its author wrote it. */
export function withoutPackage(object: KubeObject): KubeObject {
  const { labels = {}, annotations = {} } = object.metadata;
  const isOwn = ([key]: [string, string]): boolean => !key.startsWith('package.typekro.dev/');
  const kept = { labels, annotations };
  if (Object.values(kept).every((marks) => Object.entries(marks).every(isOwn))) return object;
  const [ownLabels, ownAnnotations] = [labels, annotations].map((each) =>
    Object.fromEntries(Object.entries(each).filter(isOwn)),
  );
  return { ...object, metadata: { ...object.metadata, labels: ownLabels ?? {}, annotations: ownAnnotations ?? {} } };
}

/** The package of an object in a cluster; `undefined` for an object that no package has. */
export function packageOf({ metadata: { annotations = {} } }: KubeObject): PackageMarks | undefined {
  const text = (key: string): string => (Object.hasOwn(annotations, key) ? (annotations[key] ?? '') : '');
  const name = text(NAME);
  if (!isPackageName(name)) return undefined;
  return {
    name,
    version: text(VERSION),
    digest: text(DIGEST),
    reference: text(REFERENCE),
    needs: text(NEEDS).split(', ').flatMap(markedNeed),
    isDependency: text(REASON) === DEPENDENCY,
  };
}

/** A need in an annotation, which somebody may have changed. */
function markedNeed(text: string): PackageNeed[] {
  const [reference = '', ...rest] = text.split('@');
  const range = rest.join('@');
  return isRepository(reference) && isRange(range) ? [{ reference, range }] : [];
}

/** An installed package. */
export interface InstalledPackage {
  readonly name: string;
  /**
   * Its versions: one, except after an upgrade that has not ended, or that has kept definitions which the new version
   * does not have.
   */
  readonly versions: readonly string[];
  readonly digests: readonly string[];
  readonly objects: readonly KubeObject[];
  /** What its objects of the newest version say. */
  readonly current: PackageMarks;
}

/** The packages of objects in a cluster, sorted by name. */
export function installedPackages(objects: readonly KubeObject[]): InstalledPackage[] {
  const marked = objects.flatMap((object) => {
    const identity = packageOf(object);
    return identity === undefined ? [] : [{ object, identity }];
  });
  const unique = (texts: readonly string[]): string[] => [...new Set(texts)].toSorted(compareText);
  return [...grouped(marked, ({ identity }) => identity.name)]
    .toSorted(([a], [b]) => compareText(a, b))
    .map(([name, parts]) => ({
      name,
      current: parts.map(({ identity }) => identity).reduce((a, b) => (isOlder(a.version, b.version) ? b : a)),
      versions: unique(parts.map(({ identity }) => identity.version)),
      digests: unique(parts.map(({ identity }) => identity.digest)),
      objects: parts.map(({ object }) => object),
    }));
}

/**
 * Refuses to install a package over another version or another content of it, which is an upgrade.
 *
 * @throws TypeKroError `package/installed`
 */
export function refuseOtherVersion(
  installed: InstalledPackage | undefined,
  { name, version }: Pick<PackageInfo, 'name' | 'version'>,
  { digest, reference }: { readonly digest: string; readonly reference: string },
): void {
  if (installed === undefined || installed.digests.every((each) => each === digest)) return;
  const isSame = installed.versions.every((each) => each === version);
  const what = isSame
    ? `${name} ${version} is installed with the digest ${installed.digests.join(', ')}, and this package has the digest ${digest}`
    : `${name} is installed in ${installed.versions.join(' and ')}, and this package is ${version}`;
  throw new TypeKroError(what, {
    code: 'package/installed',
    remedy: `nothing was applied; show what changes, and change it, with the options of this command: typekro upgrade ${reference}`,
  });
}

/**
 * Refuses to write objects that another package has, or that no package has unless `adopts`.
 *
 * @param objects each object that is written, with the object of this name in the cluster
 * @throws TypeKroError `package/other-owner`
 */
export function refuseOtherOwners(
  objects: readonly { readonly desired: KubeObject; readonly live: KubeObject | undefined }[],
  adopts: boolean,
): void {
  const others = objects.flatMap(({ desired, live }) => {
    const [own, owner] = [packageOf(desired)?.name, live && packageOf(live)?.name];
    return live === undefined || owner === own ? [] : [{ name: objectName(refOf(live)), own, owner }];
  });
  const foreign = others.find(({ owner }) => owner !== undefined);
  if (foreign !== undefined) {
    const { name, own, owner } = foreign;
    throw new TypeKroError(`${name} belongs to the package ${owner}, and the package ${own} has it, too`, {
      code: 'package/other-owner',
      remedy: `nothing was applied; only one of them can be installed: typekro uninstall ${owner} removes the other one when nothing uses it`,
    });
  }
  if (others.length === 0 || adopts) return;
  const names = others.map(({ name }) => name).join(', ');
  throw new TypeKroError(`${names} ${others.length === 1 ? 'exists' : 'exist'}, and no package has installed it`, {
    code: 'package/other-owner',
    remedy: 'nothing was applied; if the plan is right, let the package take over what exists: --adopt',
  });
}

/** The objects of a former version that the new one does not have. `namespace` is that of objects without one. */
export function droppedObjects(
  former: readonly KubeObject[],
  next: readonly KubeObject[],
  namespace: string,
): KubeObject[] {
  const keyOf = ({ kind, metadata }: KubeObject): string =>
    JSON.stringify([kind, metadata.namespace ?? namespace, metadata.name]);
  const kept = new Set(next.map(keyOf));
  return former.filter((object) => !kept.has(keyOf(object)));
}

/** A role of a new version with the rules of the role in its place, because definitions of the former version stay. */
export function withFormerRules(role: KubeObject, former: readonly KubeObject[]): KubeObject {
  if (!role.kind.endsWith('Role')) return role;
  const before = former.find(({ kind, metadata }) => kind === role.kind && metadata.name === role.metadata.name);
  const rules = objectsAt(role, 'rules');
  const known = new Set(rules.map((rule) => canonicalJson(rule)));
  const more = objectsAt(before, 'rules').filter((rule) => !known.has(canonicalJson(rule)));
  return more.length === 0 ? role : { ...role, rules: [...rules, ...more] };
}

/** Something in a cluster that needs a definition or Graph of a package. */
export interface PackageUse {
  readonly object: KubeObject;
  /** What needs it, by name. */
  readonly by: readonly string[];
}

const MAX_NAMED = 5;

/** What needs an object, as text: `2 uses: Pot default/one, Pot default/two`. */
export function usesText({ by }: PackageUse): string {
  const more = by.length > MAX_NAMED ? `, and ${by.length - MAX_NAMED} more` : '';
  return `${by.slice(0, MAX_NAMED).join(', ')}${more}`;
}

/**
 * Refuses to remove what is used.
 *
 * @throws TypeKroError `package/in-use` with what uses the package
 */
export function refuseUsed(name: string, uses: readonly PackageUse[]): void {
  const [first] = uses;
  if (first === undefined) return;
  const what = uses.map((use) => `${objectName(refOf(use.object))} is used by ${usesText(use)}`).join('; ');
  throw new TypeKroError(`the package ${name} is in use: ${what}`, {
    code: 'package/in-use',
    remedy:
      'nothing was deleted; delete what uses it first (typekro delete INSTANCE, typekro uninstall PACKAGE, or kubectl delete for another definition or Graph), then run the command again',
  });
}

/** The installed packages that need this one. */
export function dependentsOf({ name, current }: InstalledPackage, installed: readonly InstalledPackage[]) {
  const own = placeOf(current);
  return installed.filter(
    (each) => each.name !== name && each.current.needs.some(({ reference }) => reference === own),
  );
}

/**
 * Refuses to remove a package that others need.
 *
 * @throws TypeKroError `package/needed` with their names
 */
export function refuseNeeded(removed: InstalledPackage, installed: readonly InstalledPackage[]): void {
  const others = dependentsOf(removed, installed);
  const [first] = others;
  if (first === undefined) return;
  const names = others.map(({ name, current }) => `${name} ${current.version}`).join(', ');
  throw new TypeKroError(`the package ${removed.name} is needed by ${names}`, {
    code: 'package/needed',
    remedy: `nothing was deleted; first remove what needs it: typekro uninstall ${first.name}`,
  });
}

/** The packages that were installed only for others, and that nothing needs without this one. */
export function leftWithout(removed: InstalledPackage, installed: readonly InstalledPackage[]): InstalledPackage[] {
  const rest = installed.filter(({ name }) => name !== removed.name);
  const needed = new Set(removed.current.needs.map(({ reference }) => reference));
  return rest.filter(
    (each) => each.current.isDependency && needed.has(placeOf(each.current)) && dependentsOf(each, rest).length === 0,
  );
}

/** An installed package in the form in which packages are resolved. */
export const installedNode = ({ name, current }: InstalledPackage): PackageNode => ({
  reference: placeOf(current),
  name,
  version: isVersion(current.version) ? current.version : 'of an unknown version',
  needs: current.needs,
});

/** The repository that the marks name; empty for marks that somebody has changed. */
const placeOf = ({ reference, digest }: PackageMarks): string =>
  isDigest(digest) && referenceIn(reference) !== undefined ? repositoryOf(reference) : '';
