import { findingsOf } from './findings.ts';
import { paintFor } from './paint.ts';
import { planLines } from './plan-lines.ts';
import type { Plan } from './plan.ts';
import { totals } from './summary-lines.ts';

/** A comment that finds the comment of an earlier plan, so that a workflow can replace it. */
const MARK = '<!-- typekro plan -->';

/** The plan as the body of a comment: what to look at first, then everything in one block. */
export function markdownText(plan: Plan): string {
  const names = plan.definitions.map(({ name }) => `\`${name}\``).join(', ');
  const findings = findingsOf(plan).map(
    ({ level, message }) => `- ${level === 'error' ? '**error**' : 'warning'}: ${plain(message)}`,
  );
  const lines = planLines(plan, { paint: paintFor(false), all: false }).map((line) => line.replaceAll('```', "'''"));
  return [
    MARK,
    `### Plan${names === '' ? '' : ` of ${names}`}`,
    '',
    totals(plan),
    ...(findings.length === 0 ? [] : ['', ...findings]),
    '',
    '<details><summary>Everything</summary>',
    '',
    '```',
    ...lines,
    '```',
    '',
    '</details>',
  ].join('\n');
}

/** A text that Markdown does not read as more than text. */
function plain(text: string): string {
  return text.replaceAll(/[\\`*_[\]<>|#@]/g, (character) => `\\${character}`).replaceAll(/\s+/g, ' ');
}
