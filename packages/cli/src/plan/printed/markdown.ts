import { findingsOf } from './findings.ts';
import { paintFor } from './paint.ts';
import { planLines } from './plan-lines.ts';
import type { Plan } from '@typekro/controller/inspect';
import { totals } from './summary-lines.ts';

/** A marker with which a workflow finds the comment of an earlier plan, to replace it. */
const MARK = '<!-- typekro plan -->';

/** Prints the plan as the body of a comment: the findings, then the whole plan in a collapsed block. */
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

/**
 * Escapes a string for Markdown. GitHub and GitLab link `@name`, `#1` and `!1` in the rendered text, where a backslash is
 * gone; an empty comment after the character prevents the link.
 */
function plain(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll(/[\\`*_[\]<>|~]/g, (character) => `\\${character}`)
    .replaceAll(/[@#!](?=\w)/g, (character) => `${character}<!-- -->`)
    .replaceAll(/\s+/g, ' ');
}
