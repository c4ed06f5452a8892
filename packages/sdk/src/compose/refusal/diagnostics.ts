import type { Diagnostic } from '@typekro/kit/core';
import type { Refusal, Site } from './refusal.ts';

/** Makes a diagnostic of a refusal, with its position in the source. */
export function diagnosticOf(refusal: Refusal): Diagnostic {
  return withSource(
    {
      code: `trace/${refusal.code}`,
      severity: 'error',
      message: refusal.message,
      ...(refusal.hint && { hint: refusal.hint }),
      ...(refusal.path && { path: refusal.path }),
    },
    refusal.site,
  );
}

/**
 * Adds the source position of `site` to a diagnostic. With `caller`, also adds the position of the call that leads to
 * `site`.
 */
export function withSource(diagnostic: Diagnostic, site: Site | undefined, caller?: Site): Diagnostic {
  const source = site?.locate(site.start);
  if (source === undefined) return diagnostic;
  const calledFrom = caller?.locate(caller.start);
  return { ...diagnostic, source: calledFrom === undefined ? source : { ...source, calledFrom } };
}

/** The text of a refusal: the message, the remedy, the position and the source text there. */
export function explainRefusal(refusal: Refusal): string {
  const { site } = refusal;
  const lines = [refusal.message + (refusal.hint === undefined ? '' : `; ${refusal.hint}`)];
  const source = site?.locate(site.start);
  if (source !== undefined) lines.push(`    at ${source.file ?? '<composition>'}:${source.line}:${source.column}`);
  if (site !== undefined) lines.push(`    ${snippet(site)}`);
  lines.push(`    [trace/${refusal.code}]`);
  return lines.join('\n');
}

const MAX_SNIPPET_LENGTH = 120;

function snippet(site: Site): string {
  const text = site.text.slice(site.start, site.end).replaceAll(/\s+/g, ' ');
  return text.length > MAX_SNIPPET_LENGTH ? `${text.slice(0, MAX_SNIPPET_LENGTH - 1)}…` : text;
}
