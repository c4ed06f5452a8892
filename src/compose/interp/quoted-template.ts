import type { Literal } from 'acorn';
import { activeTrace } from '../trace/current.ts';
import type { Env } from './env.ts';
import { siteOf } from './env.ts';

const PLACEHOLDER = /\$\{\s*([A-Za-z_$][\w$]*)\s*[.?[}]/g;

/**
 * Warns of a text in quotes that was meant as a template: `"${spec.name}-x"`. A name that nothing declares, as in the
 * `${HOME}` of a shell script, belongs to the text.
 */
export function warnQuotedTemplate(node: Literal, text: string, env: Env): void {
  for (const [, name = ''] of text.matchAll(PLACEHOLDER)) {
    if (env.scope.find(name) === undefined && env.unit.lookup(name) === undefined) continue;
    const message = `this text stands in quotes, so its \${${name}…} is printed as it is`;
    activeTrace().warn('quoted-template', message, 'write the text in back-ticks: `…`', siteOf(env.unit, node));
    return;
  }
}
