import {
  type InstalledPackage,
  type LockedPackage,
  type PackageMarks,
  type RequiredKind,
  installedNode,
  isProvidedBy,
  kindWithVersions,
  packageTreeLines,
} from '@typekro/app/packages';
import type { PlanTarget } from '@typekro/app/plan';
import { formatApiVersion, TypeKroError } from '@typekro/kit/core';
import { type CommandContext, type CommandInput, textOption } from '../command.ts';
import { type CheckedPackage, pullChecked } from './pull-checked.ts';
import { nodeOf, readTree } from './read-tree.ts';
import { verifiedLines } from './signature-options.ts';

/** A package that a command applies, with what the cluster has of it. */
export interface PackageTask {
  readonly checked: CheckedPackage;
  readonly installed: InstalledPackage | undefined;
  /** Is it installed only because another package needs it? */
  readonly isDependency: boolean;
}

/** What a command does for a package and for those that it needs. */
export interface PackageTasks {
  /** Each package after those that it needs. */
  readonly tasks: readonly PackageTask[];
  /** The needed packages that are installed in a version that fits. */
  readonly kept: readonly PackageMarks[];
  /** The tree, as lines; none for a package that needs no other one. */
  readonly lines: readonly string[];
}

/**
 * Finds the packages that a package needs. With VERIFY_OPTIONS, the signatures of all are verified, also of those that
 * are installed.
 *
 * @throws TypeKroError with the codes of `readTree`
 */
export async function packageTasks(
  context: CommandContext,
  input: CommandInput,
  root: CheckedPackage,
  packages: readonly InstalledPackage[],
  locked: readonly LockedPackage[],
): Promise<PackageTasks> {
  const own = nodeOf(root);
  const others = packages.filter(({ name }) => name !== own.name).map(installedNode);
  const { ordered, contentOf } = await readTree(context, input, own, others, locked);
  const steps = ordered.map((node) => ({ node, installed: packages.find(({ name }) => name === node.name) }));
  const tasks = steps.flatMap(({ node, installed }): PackageTask[] => {
    if (node.reference === own.reference) {
      // An upgrade changes nothing about why it is there.
      const isUpgrade = installed?.digests.includes(root.reference.digest) === false;
      return [{ checked: root, installed, isDependency: isUpgrade && installed.current.isDependency }];
    }
    const checked = contentOf(node.reference);
    // What is adopted was there before, and somebody else may use it.
    const isDependency = installed?.current.isDependency ?? input.options['adopt'] !== true;
    return checked === undefined ? [] : [{ checked, installed, isDependency }];
  });
  const kept = steps.flatMap(({ node, installed }) => (node.isKept ? (installed?.current ?? []) : []));
  const verified: string[] = [];
  if (textOption(input, 'verify-key') !== undefined) {
    for (const { reference, digest, name } of kept) {
      const { signedBy } = await pullChecked(context, input, `${reference}@${digest}`);
      verified.push(...verifiedLines(signedBy).map((line) => `${name} is ${line}`));
    }
  }
  const lines = ordered.length === 1 ? [] : [...packageTreeLines(ordered), ...verified];
  return { tasks, kept, lines };
}

/**
 * Refuses packages that use a kind which neither the cluster nor one of them has. With `--crds`, the plan decides.
 *
 * @throws TypeKroError `package/missing-kind` with the kinds
 */
export async function refuseMissingKinds(
  { signal }: CommandContext,
  input: CommandInput,
  { api }: PlanTarget,
  tasks: readonly PackageTask[],
): Promise<void> {
  if (textOption(input, 'crds') !== undefined) return;
  const infos = tasks.map(({ checked }) => checked.content.info);
  const provides = infos.flatMap((info) => info.provides);
  const isServed = async ({ group, kind, versions }: RequiredKind): Promise<boolean> => {
    for (const version of versions) {
      const type = { apiVersion: formatApiVersion({ group, version }), kind };
      if ((await api.discovery.resourceOf(type, { signal })) === undefined) return false;
    }
    return true;
  };
  const missing: string[] = [];
  for (const { name, version, requires } of infos) {
    for (const each of requires) {
      if (isProvidedBy(each, provides) || (await isServed(each))) continue;
      missing.push(`${name} ${version} needs the kind ${kindWithVersions(each)}`);
    }
  }
  if (missing.length === 0) return;
  throw new TypeKroError(`${missing.join('; ')}; neither the cluster nor a package of this command has it`, {
    code: 'package/missing-kind',
    remedy:
      'nothing was applied; first install the operator or the package that has the kind; its author can name the package with typekro push --needs',
  });
}
