import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { KroCompatibility } from '../kro-compatibility.ts';
import type { ParsedDefinition } from '../parsed-definition.ts';
import type { PathStep } from '../model.ts';
import type { Problems } from '../problems.ts';
import { scanExpressions } from '../expressions/scan.ts';

/** The advice for a string that seems to read a value of the graph but is not an expression. */
export interface TextAdvice {
  readonly message: string;
  readonly hint: string;
  /** The offset in the string, in UTF-16 units. */
  readonly offset: number;
}

/**
 * Warns of strings in templates and in the status that probably do not mean what the author intended. Such strings are
 * quantities in thousandths of a byte, and strings that look like expressions but are not: `$(…)`, `{{…}}`, `$x`,
 * `$ {x}`, `#{x}`, a bare path, an extra closing brace. Except for an extra closing brace, strings of the second kind
 * cause a warning only if their path begins with `schema` or the id of a resource. Strings for shells and for other
 * template languages therefore cause no warning.
 */
export function warnTexts({ schema, resources }: ParsedDefinition, level: KroCompatibility, problems: Problems): void {
  const ids = resources.map(({ id }) => id).filter((id) => /^[A-Za-z]\w*$/.test(id));
  const names = new Set(['schema', ...ids]);
  // All values share this array, which is copied only for a warning. Hardly any value causes a warning.
  const path: PathStep[] = [];
  const visitMember = (key: PathStep, value: JsonValue | undefined): void => {
    path.push(key);
    visit(value);
    path.pop();
  };
  const visit = (value: JsonValue | undefined): void => {
    if (typeof value === 'string') {
      warnFraction(value, path, problems);
      const advice = textAdvice(value, names, level);
      if (advice === undefined) return;
      const { message, hint, offset } = advice;
      problems.warn({ code: 'graph/foreign-expression', message, hint, place: { path: [...path], offset } });
    } else if (Array.isArray(value)) value.forEach((entry, index) => visitMember(index, entry));
    else if (isJsonObject(value)) for (const key of Object.keys(value)) visitMember(key, value[key]);
  };
  path.push('spec', 'schema', 'status');
  visit(schema.status);
  for (const { template, path: block } of resources) {
    path.splice(0, path.length, ...block, 'template');
    visit(template);
  }
}

/** Resource names whose quantities are in bytes. */
const BYTES: ReadonlySet<PathStep | undefined> = new Set(['memory', 'storage', 'ephemeral-storage']);

/**
 * Warns of a memory or storage quantity in thousandths of a byte (`512m`), a common mistake for `512Mi`. The API server
 * accepts such a quantity with a warning ("fractional byte value"), and no container starts with it.
 */
function warnFraction(text: string, path: readonly PathStep[], problems: Problems): void {
  const name = path.at(-1);
  if (!BYTES.has(name) || (path.at(-2) !== 'limits' && path.at(-2) !== 'requests')) return;
  const number = /^(\d+)m$/.exec(text)?.[1];
  if (number === undefined) return;
  problems.warn({
    code: 'graph/fractional-bytes',
    message: `${number}m of ${name} is ${number} thousandths of a byte: m stands for milli`,
    place: { path: [...path] },
    hint: `write ${number}Mi (times 1,048,576 bytes) or ${number}M (times 1,000,000 bytes)`,
  });
}

const MEMBER = String.raw`\.(?:spec|metadata|status|data)\b`;
/** Matches a path that begins with a name and a member of objects, such as `spec`. */
const READ = String.raw`([A-Za-z]\w*)${MEMBER}[\w.[\]"']*`;
/**
 * Patterns of a path with wrong delimiters, which should be `${` and `}`. `#` in the name of the delimiters stands for
 * the first character of the match.
 */
const WRAPPED: readonly (readonly [pattern: RegExp, what: string])[] = [
  [new RegExp(String.raw`\$\(\s*(${READ})\s*\)`), '$(…)'],
  [new RegExp(String.raw`\{\{-?\s*\$?\.?(${READ})\s*-?\}\}`), '{{…}}'],
  [new RegExp(String.raw`\$\s+\{\s*(${READ})\s*\}`), '$ {…} with a space'],
  [new RegExp(String.raw`<%=?\s*(${READ})\s*%>`), '<%…%>'],
  [new RegExp(String.raw`[#%@]\{\s*(${READ})\s*\}`), '#{…}'],
  [new RegExp(String.raw`(?<!\{)\{\s*(${READ})\s*\}(?!\})`), '{…} without $'],
  [new RegExp(String.raw`\$(${READ})`), '$ without braces'],
];
const WHOLE = new RegExp(String.raw`^\s*(${READ})\s*$`);

const HAS_MEMBER = new RegExp(MEMBER);
/** Matches strings that may need advice. Most strings are plain names without a path and without a closing brace. */
const MAY_BE_MEANT = new RegExp(String.raw`\}|${MEMBER}`);

/** The advice for a string that should be an expression; `undefined` for any other string. */
export function textAdvice(text: string, names: ReadonlySet<string>, level: KroCompatibility): TextAdvice | undefined {
  if (!MAY_BE_MEANT.test(text)) return undefined;
  const scanned = scanExpressions(text, level);
  if (!scanned.ok) return undefined;
  const known = (name: string | undefined): boolean => name !== undefined && names.has(name);
  let depth = 0;
  for (const [index, part] of scanned.parts.entries()) {
    if (part.kind === 'expression') continue;
    const before = scanned.parts[index - 1];
    if (before?.kind === 'expression' && part.text.startsWith('}') && depth <= 0) {
      const message = 'there is a "}" after the expression, which becomes part of the string';
      return { message, hint: `write \${${before.text}}`, offset: part.offset };
    }
    depth += count(part.text, '{') - count(part.text, '}');
    if (!HAS_MEMBER.test(part.text)) continue;
    for (const [pattern, what] of WRAPPED) {
      const found = pattern.exec(part.text);
      if (found === null || !known(found[2])) continue;
      const path = (found[1] ?? '').replace(/\.$/, '');
      return {
        message: `${shown(found[0])} stays in the string unchanged: an expression is written in \${…}, not in ${what.replace(/^#/, found[0].charAt(0))}`,
        hint: `write \${${path}}`,
        offset: part.offset + found.index,
      };
    }
  }
  const whole = WHOLE.exec(text);
  if (whole === null || !known(whole[2])) return undefined;
  const path = whole[1] ?? '';
  const message = `${shown(path)} stays as it is: without \${…} it is not an expression`;
  return { message, hint: `write \${${path}}`, offset: text.indexOf(path) };
}

const shown = (text: string): string => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function count(text: string, character: string): number {
  let found = 0;
  for (let at = text.indexOf(character); at >= 0; at = text.indexOf(character, at + 1)) found += 1;
  return found;
}
