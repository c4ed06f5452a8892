import rsort from 'semver/functions/rsort.js';
import valid from 'semver/functions/valid.js';
import { TypeKroError } from '@typekro/kit/core';
import { isInRange, type PackageNeed } from './package-needs.ts';

/** A package in a version, with what it needs. */
export interface PackageNode {
  /** Its repository, without a tag: `oci://HOST/REPOSITORY`. */
  readonly reference: string;
  readonly name: string;
  readonly version: string;
  readonly needs: readonly PackageNeed[];
}

/** A chosen package. */
export interface ResolvedPackage extends PackageNode {
  /** Is it installed in this version, so that nothing is read or written for it? */
  readonly isKept: boolean;
}

/** Where packages come from. */
export interface PackageSource {
  /** The versions at a repository, in any order; none if there is no repository. */
  versions(reference: string): Promise<readonly string[]>;
  read(reference: string, version: string): Promise<PackageNode>;
}

/** What is there before. A version that fits is chosen in this order: installed, locked, the highest one. */
export interface ResolveOptions {
  readonly installed: readonly PackageNode[];
  /** The versions in `typekro.lock`, by repository. */
  readonly locked: ReadonlyMap<string, string>;
  /** Chooses locked versions only, also in the place of an installed one. */
  readonly isLocked: boolean;
}

/** The maximum number of versions that are read, for a registry whose packages need ever more of them. */
const MAX_READS = 100;
/** Two packages can exclude each other's versions in turns. */
const MAX_CHOICES = 500;
const MAX_VERSIONS = 5000;
const MAX_SHOWN_VERSIONS = 10;

/** A range that a chain of packages asks for. */
interface Demand {
  readonly range: string;
  readonly chain: string;
}

/**
 * Chooses a version of each package that the root needs, directly or through others: one version for each repository,
 * which all chains accept, also those of installed packages beside the tree. No older version of a package is chosen to
 * avoid a conflict of its newest one, because nobody has asked for that.
 *
 * @returns the packages, each after those that it needs, with the root as the last one
 * @throws TypeKroError `package/conflict` with the chains, `package/no-version`, `package/cycle`, `package/same-name`, and
 *   `package/too-many`
 */
export async function resolvePackages(
  root: PackageNode,
  options: ResolveOptions,
  source: PackageSource,
): Promise<ResolvedPackage[]> {
  const chosen = new Map<string, ResolvedPackage>([[root.reference, { ...root, isKept: false }]]);
  const known = new Map<string, PackageNode>();
  const read: PackageSource['read'] = async (reference, version) => {
    const key = `${reference}:${version}`;
    if (!known.has(key) && known.size >= MAX_READS) throw tooMany(root, `more than ${MAX_READS} packages were read`);
    const node = known.get(key) ?? (await source.read(reference, version));
    known.set(key, node);
    return node;
  };
  for (let choices = 0; ; choices += 1) {
    const open = openDemands(root, chosen, options.installed);
    if (open === undefined) break;
    if (choices >= MAX_CHOICES) throw tooMany(root, 'its packages exclude the versions of each other in turns');
    const [reference, demands] = open;
    if (reference === root.reference) throw unwanted(root, demands);
    chosen.set(reference, await choose(reference, demands, options, { ...source, read }));
  }
  const ordered = inOrder(root.reference, chosen);
  refuseSameName(root, ordered, options.installed);
  return ordered;
}

async function choose(
  reference: string,
  demands: readonly Demand[],
  { installed, locked, isLocked }: ResolveOptions,
  source: PackageSource,
): Promise<ResolvedPackage> {
  const read = async (version: string) => ({ ...(await source.read(reference, version)), isKept: false });
  const fits = (version: string): boolean => demands.every(({ range }) => isInRange(version, range));
  const present = isLocked ? undefined : installed.find((each) => each.reference === reference);
  if (present !== undefined && fits(present.version)) return { ...present, isKept: true };
  const pinned = locked.get(reference);
  if (pinned !== undefined && fits(pinned)) return read(pinned);
  if (isLocked) throw notLocked(reference, demands, pinned);
  // An installed version that the registry does not have any more is part of what a conflict is about.
  const found = new Set([...(await source.versions(reference)), ...(present === undefined ? [] : [present.version])]);
  const versions = rsort([...found].filter((each) => valid(each) !== null)).slice(0, MAX_VERSIONS);
  const best = versions.find(fits);
  if (best === undefined) throw conflict(reference, demands, versions);
  return read(best);
}

/** The first repository whose chosen version does not fit all demands, or for which none is chosen. */
function openDemands(
  root: PackageNode,
  chosen: ReadonlyMap<string, PackageNode>,
  installed: readonly PackageNode[],
): readonly [reference: string, demands: readonly Demand[]] | undefined {
  const chains = new Map([[root.reference, titleOf(root)]]);
  const demands = new Map<string, Demand[]>();
  const add = (chain: string, { reference, range }: PackageNeed): void => {
    const list = demands.get(reference) ?? [];
    demands.set(reference, [...list, { range, chain: `${chain} → ${pathOf(reference)} ${range}` }]);
  };
  // A map takes new entries while it is read.
  for (const [reference, chain] of chains) {
    for (const need of chosen.get(reference)?.needs ?? []) {
      add(chain, need);
      const next = chosen.get(need.reference);
      if (next !== undefined && !chains.has(need.reference)) chains.set(need.reference, `${chain} → ${titleOf(next)}`);
    }
  }
  const wanted = new Set([root.reference, ...demands.keys()]);
  const beside = installed.filter(({ reference }) => !chains.has(reference));
  for (const each of beside)
    for (const need of each.needs) if (wanted.has(need.reference)) add(`${titleOf(each)} (installed)`, need);
  const isMet = (list: readonly Demand[], version = ''): boolean =>
    list.every(({ range }) => isInRange(version, range));
  return [...demands].find(([reference, list]) => !isMet(list, chosen.get(reference)?.version));
}

function inOrder(root: string, chosen: ReadonlyMap<string, ResolvedPackage>): ResolvedPackage[] {
  const ordered = new Map<string, ResolvedPackage>();
  const visit = (reference: string, path: readonly ResolvedPackage[]): void => {
    const node = chosen.get(reference);
    if (node === undefined || ordered.has(reference)) return;
    const start = path.indexOf(node);
    if (start >= 0) {
      const cycle = [...path.slice(start), node].map(titleOf).join(' → ');
      const remedy = 'no order can install them, so their authors must put their definitions into one package';
      throw refusal('cycle', `packages need each other: ${cycle}`, [], remedy);
    }
    for (const need of node.needs) visit(need.reference, [...path, node]);
    ordered.set(reference, node);
  };
  visit(root, []);
  return [...ordered.values()];
}

/** The tree of packages, as lines. What several packages need is shown with its own needs at the first place. */
export function packageTreeLines(ordered: readonly ResolvedPackage[]): string[] {
  const byReference = new Map(ordered.map((each) => [each.reference, each]));
  const shown = new Set<string>();
  const linesOf = (node: ResolvedPackage, wanted: string, depth: number): string[] => {
    const isFirst = !shown.has(node.reference);
    shown.add(node.reference);
    const line = `${'  '.repeat(depth)}${titleOf(node)}${wanted}${node.isKept ? '  installed' : ''}`;
    if (!isFirst) return [line];
    const needs = node.needs.flatMap(({ reference, range }) => {
      const next = byReference.get(reference);
      return next === undefined ? [] : linesOf(next, `  (${range})`, depth + 1);
    });
    return [line, ...needs];
  };
  const root = ordered.at(-1);
  return root === undefined ? [] : linesOf(root, '', 0);
}

function conflict(reference: string, demands: readonly Demand[], versions: readonly string[]): TypeKroError {
  const fitting = new Map(demands.map((each) => [each, versions.map((version) => isInRange(version, each.range))]));
  const isFree = (...list: readonly Demand[]): boolean =>
    versions.some((_, index) => list.every((each) => fitting.get(each)?.[index] === true));
  const more = versions.length > MAX_SHOWN_VERSIONS ? `, and ${versions.length - MAX_SHOWN_VERSIONS} more` : '';
  const has =
    versions.length === 0
      ? 'the repository has no versions, or does not exist'
      : `there are ${versions.slice(0, MAX_SHOWN_VERSIONS).join(', ')}${more}`;
  const alone = demands.find((each) => !isFree(each));
  if (alone !== undefined) {
    const remedy = 'check the repository and the range, and that you may read the repository';
    return refusal('no-version', `no version of ${reference} fits:`, [alone.chain, has], remedy);
  }
  const pairs = demands.flatMap((one, index) => demands.slice(index + 1).map((other) => [one, other] as const));
  const named = (pairs.find((pair) => !isFree(...pair)) ?? demands).map(({ chain }) => chain);
  const remedy = 'use versions of the packages in these chains that accept a common version';
  return refusal('conflict', `no version of ${reference} fits all:`, [...named, has], remedy);
}

/** The package that is asked for does not fit what installed packages, or its own needs, say about it. */
function unwanted(root: PackageNode, demands: readonly Demand[]): TypeKroError {
  const others = demands.filter(({ range }) => !isInRange(root.version, range)).map(({ chain }) => chain);
  const remedy = 'first upgrade the first packages of these chains to versions that accept it';
  return refusal('conflict', `${titleOf(root)} does not fit what others need:`, others, remedy);
}

function notLocked(reference: string, demands: readonly Demand[], pinned: string | undefined): TypeKroError {
  const title = `typekro.lock ${pinned === undefined ? 'does not have it' : `has ${pinned}`}, and ${reference} is needed:`;
  const remedy = 'the same command without --locked chooses a version and writes it into the file';
  return refusal(
    'not-locked',
    title,
    demands.map(({ chain }) => chain),
    remedy,
  );
}

const refusal = (code: string, title: string, lines: readonly string[], remedy: string): TypeKroError =>
  new TypeKroError([title, ...lines].join('\n  '), {
    code: `package/${code}`,
    remedy: `nothing was written; ${remedy}`,
  });

function refuseSameName(
  root: PackageNode,
  ordered: readonly ResolvedPackage[],
  installed: readonly PackageNode[],
): void {
  for (const each of ordered) {
    const isOther = ({ name, reference }: PackageNode): boolean => name === each.name && reference !== each.reference;
    const other = ordered.find(isOther) ?? (each.reference === root.reference ? undefined : installed.find(isOther));
    if (other === undefined) continue;
    const remedy = 'only one of them can be installed: leave one of them out, or uninstall the installed one first';
    throw refusal('same-name', `${each.reference} and ${other.reference} have the same name, ${each.name}`, [], remedy);
  }
}

function tooMany(root: PackageNode, why: string): TypeKroError {
  const title = `the packages that ${titleOf(root)} needs were not found: ${why}`;
  return refusal('too-many', title, [], 'look at what it needs with typekro inspect');
}

const titleOf = ({ name, version }: PackageNode): string => `${name} ${version}`;

/** The repository without its host, as packages are named. */
const pathOf = (reference: string): string => reference.replace(/^oci:\/\/[^/]*\//, '');
