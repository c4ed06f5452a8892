import {
  addedRights,
  asPartOf,
  droppedObjects,
  type InstalledPackage,
  isOlder,
  isRightsObject,
  lockedPackage,
  MANIFESTS,
  type PackageUse,
  refuseOtherOwners,
  rightsLines,
  usesText,
  withFormerRules,
} from '@typekro/app/packages';
import type { InputObject, PlanTarget } from '@typekro/app/plan';
import { printableLine } from '@typekro/app/text';
import { formatReference } from '@typekro/oci';
import { type KubeObject, objectName, refOf, TypeKroError } from '@typekro/kit/core';
import { type CommandContext, type CommandInput, ExitCode } from '../command.ts';
import { carryOutPlan, refuseBlocked, refuseReplacement } from '../commands/apply-command.ts';
import { parseManifest } from '../inputs/read-manifest.ts';
import { printLines } from '../instance/print-report.ts';
import { planOfFiles } from '../plan/plan-of-files.ts';
import { type Paint, paintFor, usesColour } from '../plan/printed/paint.ts';
import { planLines } from '../plan/printed/plan-lines.ts';
import { deleteObjects } from './delete-objects.ts';
import { usesOf } from './installed-objects.ts';
import { checkLocked, LOCKED_OPTION, readLocked } from './locked-packages.ts';
import { type PackageTask, packageTasks, refuseMissingKinds } from './package-tasks.ts';
import { type CheckedPackage, packageIdentity } from './pull-checked.ts';
import { verifiedLines } from './signature-options.ts';

/** The options of the commands that apply packages, in addition to those of the cluster and of the registry. */
export const APPLY_OPTIONS = [
  { name: 'adopt', summary: 'take over definitions, Graphs and roles that exist and that no package has installed' },
  { name: 'replace', summary: 'delete objects whose immutable fields change, and create them again' },
  { name: 'dry-run', summary: 'show the plan, and apply nothing' },
  LOCKED_OPTION,
];

/**
 * Plans all objects of a package and of those that it needs as one change, prints the plan, and carries it out by the functions of `apply`. Their
 * objects get the marks of their package. What a package does not have any more is deleted if nothing uses it.
 */
export async function applyPackages(
  context: CommandContext,
  input: CommandInput,
  target: PlanTarget,
  root: CheckedPackage,
  packages: readonly InstalledPackage[],
): Promise<number> {
  const locked = await readLocked(context);
  const { tasks, kept, lines } = await packageTasks(context, input, root, packages, locked);
  const read = tasks.map(({ checked }) => checked);
  const writeLock = checkLocked(context, input, locked, read, kept);
  await refuseMissingKinds(context, input, target, tasks);
  const changes = await Promise.all(tasks.map((task) => changeOf(context, target, task)));
  const files = changes.flatMap((each) => each.files);
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  const objects = files.flatMap((each) => each.objects);
  const made = await planOfFiles(context, input, { objects, diagnostics: [], texts }, target);
  if (made === undefined) return ExitCode.diagnostics;
  const paint = paintFor(usesColour(context));
  const tree = lines.length === 0 ? [] : [paint.strong('Packages'), ...lines.map((line) => `  ${line}`), ''];
  const heads = [...tree, ...changes.flatMap((each) => [...headLines(each, paint), ''])];
  printLines(context, [...heads, ...planLines(made.plan, { paint, all: false }), '']);
  const pairs = made.desired.map((desired) => ({ desired, live: made.objects.liveOf(refOf(desired)) }));
  refuseOtherOwners(pairs, input.options['adopt'] === true);
  refuseBlocked(made);
  if (input.options['replace'] !== true) refuseReplacement(made, 'the same command with --replace');
  if (input.options['dry-run'] === true) return ExitCode.ok;
  // Before the first write: what is then only a part is repeated with the same digests.
  await writeLock();
  const titles = read.map(titleOf);
  return completed(context, titles.join(', '), async (counted) => {
    const code = await carryOutPlan(counted, target, made);
    for (const { removed, next } of changes) {
      // An instance may have been created since the plan.
      const used = await usesOf({ api: target.api, signal: context.signal }, removed, next);
      if (used.length === 0) await deleteObjects(counted, target.api, removed);
      else
        printLines(
          counted,
          used.map((use) => `kept ${objectName(refOf(use.object))}, which is now used by ${usesText(use)}`),
        );
    }
    printLines(
      counted,
      titles.map((title) => `installed ${title}`),
    );
    return code;
  });
}

/** What the command does for a package. */
interface PackageChange extends PackageTask {
  readonly files: readonly { readonly file: string; readonly text: string; readonly objects: readonly InputObject[] }[];
  readonly next: readonly KubeObject[];
  /** What the package does not have any more: deleted, or used. */
  readonly removed: readonly KubeObject[];
  readonly kept: readonly PackageUse[];
}

async function changeOf(
  { signal }: CommandContext,
  { api, namespace }: PlanTarget,
  task: PackageTask,
): Promise<PackageChange> {
  const { installed } = task;
  const files = manifestsOf(task);
  const next = files.flatMap(({ objects }) => objects.map(({ object }) => object));
  const former = installed?.objects ?? [];
  const dropped = droppedObjects(former, next, namespace);
  const kept = await usesOf({ api, signal }, dropped, next);
  if (kept.length === 0) return { ...task, files, next, removed: dropped, kept };
  // The controller needs the former rights for the definitions that stay.
  const withRules = ({ object, ...rest }: InputObject) => ({ ...rest, object: withFormerRules(object, former) });
  const used = new Set(kept.map(({ object }) => object));
  return {
    ...task,
    files: files.map((each) => ({ ...each, objects: each.objects.map(withRules) })),
    next,
    removed: dropped.filter((object) => !used.has(object) && !isRightsObject(object)),
    kept,
  };
}

function headLines({ checked, installed, next, removed, kept }: PackageChange, paint: Paint): string[] {
  const { content, reference, signedBy } = checked;
  const { name, version } = content.info;
  const [former = version, isSame] = [
    installed?.versions.join(' and '),
    installed?.digests.join() === reference.digest,
  ];
  const sign = paint.sign(installed === undefined ? '+' : isSame ? '=' : '~');
  const age = installed?.versions.some((each) => isOlder(version, each)) === true ? ', which is older' : '';
  const versions = former === version ? version : `${former} → ${version}${age}`;
  const before = installed?.objects.filter(isRightsObject) ?? [];
  const after = next.filter(isRightsObject);
  const signed = (mark: string, lines: readonly string[]) => lines.map((line) => `${paint.sign(mark)} ${line}`);
  const changed = [
    ...signed('+', addedRights(before, after)),
    ...signed('-', kept.length > 0 ? [] : addedRights(after, before)),
  ];
  const rights = installed === undefined ? rightsLines(content.rights) : changed.length === 0 ? ['unchanged'] : changed;
  return [
    `${paint.strong('Package')}  ${sign} ${name} ${versions}  ${paint.faint(formatReference(reference))}`,
    ...verifiedLines(signedBy).map((line) => `  ${line}`),
    ...rights.map((line, index) => `  ${(index === 0 ? 'rights' : '').padEnd(8)}${printableLine(line)}`),
    ...removed.map(
      (object) =>
        `  ${paint.sign('-')} ${objectName(refOf(object))}  the new version does not have it, and nothing uses it`,
    ),
    ...kept.map(
      (use) =>
        `  ${paint.sign('=')} ${objectName(refOf(use.object))}  stays with its rights, although the new version does not have it: it is used by ${printableLine(usesText(use))}`,
    ),
  ];
}

const titleOf = ({ content: { info } }: CheckedPackage): string => `${info.name} ${info.version}`;

/** The manifests of a package, whose objects have its marks. */
function manifestsOf({ checked, isDependency }: PackageTask) {
  const { files, info } = checked.content;
  const place = lockedPackage(packageIdentity(checked), checked.reference);
  const marks = { ...place, needs: info.needs, isDependency };
  return files.flatMap(({ path, content }) => {
    if (!path.startsWith(`${MANIFESTS}/`) || path.endsWith('/kustomization.yaml')) return [];
    const file = `${info.name}/${path}`;
    const { objects, text } = parseManifest(Buffer.from(content).toString('utf8'), file);
    const marked = objects.map(({ object, document }): InputObject => ({
      object: asPartOf(object, marks),
      document,
      file,
    }));
    return [{ file, text, objects: marked }];
  });
}

/**
 * Carries out writes, which print a line each. If one fails after others, the error says that the command has done a part
 * of its work, and how the rest is done.
 */
export async function completed(
  context: CommandContext,
  what: string,
  work: (context: CommandContext) => Promise<number>,
): Promise<number> {
  let lines = 0;
  const print: CommandContext['print'] = (text, form) => {
    lines += 1;
    context.print(text, form);
  };
  try {
    return await work({ ...context, print });
  } catch (thrown) {
    if (lines > 0 && context.signal.aborted)
      context.printError(
        `interrupted: only a part was done for ${what}; run the same command again, which does the rest`,
      );
    if (lines === 0 || context.signal.aborted) throw thrown;
    const cause = TypeKroError.from(thrown, { code: 'package/incomplete' });
    const remedy = cause.remedy === undefined ? '' : `${cause.remedy}; then `;
    throw new TypeKroError(`only a part was done for ${what}, as the lines above say: ${cause.message}`, {
      code: 'package/incomplete',
      remedy: `${remedy}run the same command again, which does the rest`,
      cause,
    });
  }
}
