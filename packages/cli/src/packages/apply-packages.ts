import { asPartOf, type InstalledPackage, MANIFESTS, refuseOtherOwners, rightsLines } from '@typekro/app/packages';
import type { InputObject, PlanTarget } from '@typekro/app/plan';
import { printableLine } from '@typekro/app/text';
import { formatReference } from '@typekro/oci';
import { refOf, TypeKroError } from '@typekro/kit/core';
import { type CommandContext, type CommandInput, ExitCode } from '../command.ts';
import { carryOutPlan, refuseBlocked, refuseReplacement } from '../commands/apply-command.ts';
import { parseManifest } from '../inputs/read-manifest.ts';
import { printLines } from '../instance/print-report.ts';
import { planOfFiles } from '../plan/plan-of-files.ts';
import { paintFor, usesColour } from '../plan/printed/paint.ts';
import { planLines } from '../plan/printed/plan-lines.ts';
import type { CheckedPackage } from './pull-checked.ts';

/** A package that a command applies, with what the cluster has of it. */
export interface PackageTask {
  readonly checked: CheckedPackage;
  readonly installed: InstalledPackage | undefined;
}

/** The options of the commands that apply packages, in addition to those of the cluster and of the registry. */
export const APPLY_OPTIONS = [
  { name: 'adopt', summary: 'take over definitions, Graphs and roles that exist and that no package has installed' },
  { name: 'replace', summary: 'delete objects whose immutable fields change, and create them again' },
  { name: 'dry-run', summary: 'show the plan, and apply nothing' },
];

/**
 * Plans all objects of the packages as one change, prints the plan, and carries it out by the functions of `apply`. Their
 * objects get the marks of their package.
 */
export async function applyPackages(
  context: CommandContext,
  input: CommandInput,
  target: PlanTarget,
  tasks: readonly PackageTask[],
): Promise<number> {
  const files = tasks.flatMap(({ checked }) => manifestsOf(checked));
  const texts = new Map(files.map(({ file, text }) => [file, text]));
  const objects = files.flatMap((each) => each.objects);
  const made = await planOfFiles(context, input, { objects, diagnostics: [], texts }, target);
  if (made === undefined) return ExitCode.diagnostics;
  const paint = paintFor(usesColour(context));
  const heads = tasks.flatMap((task) => [...headLines(task), '']);
  printLines(context, [...heads, ...planLines(made.plan, { paint, all: false }), '']);
  const pairs = made.desired.map((desired) => ({ desired, live: made.objects.liveOf(refOf(desired)) }));
  refuseOtherOwners(pairs, input.options['adopt'] === true);
  refuseBlocked(made);
  if (input.options['replace'] !== true) refuseReplacement(made, 'the same command with --replace');
  if (input.options['dry-run'] === true) return ExitCode.ok;
  const names = tasks.map(({ checked }) => titleOf(checked));
  const code = await completed(context, names.join(', '), (counted) => carryOutPlan(counted, target, made));
  printLines(
    context,
    names.map((name) => `installed ${name}`),
  );
  return code;

  function headLines({ checked, installed }: PackageTask): string[] {
    const { content, reference } = checked;
    const sign = paint.sign(installed === undefined ? '+' : '=');
    return [
      `${paint.strong('Package')}  ${sign} ${titleOf(checked)}  ${paint.faint(formatReference(reference))}`,
      ...rightsLines(content.rights).map(
        (line, index) => `  ${(index === 0 ? 'rights' : '').padEnd(8)}${printableLine(line)}`,
      ),
    ];
  }
}

const titleOf = ({ content: { info } }: CheckedPackage): string => `${info.name} ${info.version}`;

/** The manifests of a package, whose objects have its marks. */
function manifestsOf({ content: { files, info }, reference: { digest } }: CheckedPackage) {
  const identity = { name: info.name, version: info.version, digest };
  return files.flatMap(({ path, content }) => {
    if (!path.startsWith(`${MANIFESTS}/`) || path.endsWith('/kustomization.yaml')) return [];
    const file = `${info.name}/${path}`;
    const { objects, text } = parseManifest(Buffer.from(content).toString('utf8'), file);
    const marked = objects.map(({ object, document }): InputObject => ({
      object: asPartOf(object, identity),
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
