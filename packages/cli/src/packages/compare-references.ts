import { definedMembers } from '@typekro/kit/core';
import { printableLine } from '@typekro/app/text';
import { comparePackages, kindWithVersions, needText, type PackageDifference } from '@typekro/app/packages';
import { formatReference } from '@typekro/oci';
import { type CommandContext, type CommandInput, ExitCode, usageError } from '../command.ts';
import { reportPrinter } from '../instance/print-report.ts';
import { changeLines } from '../plan/printed/plan-lines.ts';
import { valueLineText } from '../plan/printed/object-lines.ts';
import { type Paint, paintFor, signOf, usesColour } from '../plan/printed/paint.ts';
import { type CheckedPackage, pullChecked } from './pull-checked.ts';
import { verifiedLines } from './signature-options.ts';

/** Compares two packages, and prints the differences. The exit code is `drift` when there is one. */
export async function compareReferences(
  context: CommandContext,
  input: CommandInput,
  one: string,
  other: string | undefined,
): Promise<number> {
  if (other === undefined) {
    throw usageError('a package is compared with another one', `typekro diff ${one} oci://HOST/REPOSITORY:TAG`);
  }
  const print = reportPrinter(context, input);
  const from = await pullChecked(context, input, one);
  const to = await pullChecked(context, input, other);
  const difference = comparePackages(from.content, to.content);
  const lines = differenceLines(difference, paintFor(usesColour(context)));
  const title = `${titleOf(from)} → ${titleOf(to)}`;
  print({
    data: { schemaVersion: 1, from: dataOf(from), to: dataOf(to), ...difference },
    lines: () => [
      title,
      ...new Set([from, to].flatMap(({ signedBy }) => verifiedLines(signedBy))),
      ...(lines.length === 0 ? ['no difference in definitions, Graphs, rights, required kinds and needs'] : lines),
    ],
  });
  return lines.length === 0 ? ExitCode.ok : ExitCode.drift;
}

const titleOf = ({ content: { info } }: CheckedPackage): string => `${info.name} ${info.version}`;

const dataOf = ({ content: { info }, reference, signedBy }: CheckedPackage): object => ({
  name: info.name,
  version: info.version,
  reference: formatReference(reference),
  digest: reference.digest,
  ...definedMembers({ signedBy }),
});

function differenceLines(
  { definitions, graphs, rights, requires, needs, breaking }: PackageDifference,
  paint: Paint,
): string[] {
  const signed = (sign: string, title: string, lines: readonly string[]): string[] =>
    lines.map((line) => `${paint.strong(title)}  ${paint.sign(sign)} ${printableLine(line)}`);
  const lines = [
    ...definitions.flatMap((each) => {
      const effect = each.action === 'delete' ? `  ${paint.alarm('BREAKING')}` : '';
      return [
        `${paint.strong('Definition')}  ${paint.sign(signOf(each))} ${printableLine(each.name)}  (${each.kind})${effect}`,
        ...changeLines(each, { paint }),
      ];
    }),
    ...graphs.flatMap(({ name, action, fields }) => [
      `${paint.strong('Graph')}  ${paint.sign(signOf({ action }))} ${printableLine(name)}`,
      ...fields.map((field) => `    ${valueLineText(field)}`),
    ]),
    ...signed('+', 'Rights', rights.added),
    ...signed('-', 'Rights', rights.removed),
    ...signed('+', 'Requires', requires.added.map(kindWithVersions)),
    ...signed('-', 'Requires', requires.removed.map(kindWithVersions)),
    ...signed('+', 'Needs', needs.added.map(needText)),
    ...signed('-', 'Needs', needs.removed.map(needText)),
  ];
  if (lines.length === 0) return [];
  return [
    ...lines,
    '',
    breaking
      ? paint.alarm('BREAKING: an existing instance can become invalid, or lose its definition.')
      : 'No change of a schema is breaking.',
  ];
}
