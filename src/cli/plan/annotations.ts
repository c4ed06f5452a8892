import { findingsOf } from './findings.ts';
import type { Plan } from './plan.ts';

/** Prints the findings of a plan as workflow commands of GitHub Actions, one a line. */
export function githubAnnotations(plan: Plan): string[] {
  return findingsOf(plan).map(({ level, rule, message, file, line }) => {
    const place = [
      ...(file === undefined ? [] : [`file=${property(file)}`]),
      ...(line === undefined ? [] : [`line=${line}`]),
      `title=${property(`typekro plan: ${rule}`)}`,
    ];
    return `::${level} ${place.join(',')}::${escaped(message)}`;
  });
}

/** Escapes the text of a workflow command. */
const escaped = (text: string): string => text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');

const property = (text: string): string => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
