import { call, cond, literal, method } from '../ir/build.ts';
import type { Node } from '../ir/node.ts';
import { bindOnce } from '../ir/numeric.ts';
import { type StaticType, BOOL, DYN, STRING } from '../ir/types.ts';
import { refuse } from '../refusal/refusal.ts';
import { activeTrace } from '../trace/current-trace.ts';
import { closureOf } from '../value/closure.ts';
import { resolveMerged } from '../value/merge.ts';
import { toNode } from '../value/value-nodes.ts';
import { needPresent, textNode } from '../value/ops.ts';
import { labelOf, symbolic, wrap } from '../value/proxy.ts';
import { Phi, Sym } from '../value/symbolic.ts';
import { define, NATIVE, scalar, symbolicSome } from './builtin-table.ts';

/** Defines `JSON.stringify`, `JSON.parse`, `btoa` and `atob`. Refuses functions such as `encodeURIComponent`. */
export function defineTexts(): void {
  define(JSON.stringify, (args) => {
    if (!symbolicSome([args[0]])) return NATIVE;
    if (args.slice(1).some((arg) => resolveMerged(arg) !== undefined && resolveMerged(arg) !== null)) {
      return refuse('no-cel', 'JSON.stringify() with a replacer or indentation has no CEL form', 'leave them out');
    }
    const value = resolveMerged(args[0]);
    const inner = symbolic(value);
    const waits = inner instanceof Sym && inner.waits;
    refuseNullable(value);
    return wrap(new Sym(marshalled(toNode(value)), { waits, label: 'JSON.stringify(…)' }));
  });
  scalar(JSON.parse, (value) => {
    if (activeTrace().tries > 0) {
      return refuse(
        'throw-in-try',
        `JSON.parse() of ${labelOf(value)} inside try: text that is not JSON fails in the graph, where nothing catches it`,
        'declare the fields in the schema, or parse outside of try',
      );
    }
    const sure = needPresent(value, 'parsed');
    const label = `JSON.parse(${labelOf(value)})`;
    return wrap(new Sym(call('json.unmarshal', [textNode(wrap(sure))], DYN), { waits: sure.waits, label }));
  });
  for (const fn of [encodeURIComponent, decodeURIComponent, encodeURI, decodeURI, escape, unescape])
    scalar(fn, () => refuse('no-cel', `${fn.name}() has no CEL form`, 'compute it before the composition'));
  scalar(btoa, (value) => {
    const sure = needPresent(value, 'encoded');
    // JavaScript encodes one byte per character and throws beyond U+00FF; CEL encodes UTF-8. The results are equal for
    // ASCII.
    const encoded = (text: Node) => call('base64.encode', [call('bytes', [text], { kind: 'bytes' })], STRING);
    return wrap(new Sym(asciiOnly(textNode(wrap(sure)), encoded), { waits: sure.waits }));
  });
  scalar(atob, (value) => {
    const sure = needPresent(value, 'decoded');
    const bytes = call('base64.decode', [textNode(wrap(sure))], { kind: 'bytes' });
    return wrap(
      new Sym(
        asciiOnly(call('string', [bytes], STRING), (text) => text),
        { waits: sure.waits },
      ),
    );
  });
}

/**
 * Refuses a value that may be null: JSON prints null and leaves out missing fields, and a graph does not distinguish
 * them.
 */
function refuseNullable(raw: unknown): void {
  const value = resolveMerged(raw);
  const inner = symbolic(value);
  if (inner instanceof Sym && inner.absence?.missing !== undefined)
    refuse('absent', `${labelOf(inner)} may be null, which JSON prints`, 'give it a default with ??');
  if (inner instanceof Phi) for (const side of [inner.then, inner.otherwise]) refuseNullable(side);
  if (inner !== undefined || typeof value !== 'object' || value === null) return;
  if (closureOf(Reflect.get(value, 'toJSON')) !== undefined)
    refuse('no-cel', 'toJSON() of an object has no CEL form', 'write the value that toJSON() returns');
  activeTrace().countWritten();
  Object.values(value).forEach(refuseNullable);
}

const ASCII = String.raw`^[\x{0}-\x{7F}]*$`;

/**
 * Applies `use` to a string. For a string with non-ASCII characters, the expression fails, because it decodes invalid
 * Base64. The invalid text states the reason.
 */
function asciiOnly(value: Node, use: (text: Node) => Node): Node {
  return bindOnce(value, 't', STRING, (text) =>
    cond(
      method('matches', text, [literal(ASCII)], BOOL),
      use(text),
      call('string', [call('base64.decode', [literal('not ASCII!')], { kind: 'bytes' })], STRING),
    ),
  );
}

/** Characters that Go's JSON encoder escapes, but JavaScript's does not. */
const ESCAPES = [
  [String.raw`\u003c`, '<'],
  [String.raw`\u003e`, '>'],
  [String.raw`\u0026`, '&'],
  [String.raw`\u2028`, '\u2028'],
  [String.raw`\u2029`, '\u2029'],
] as const;
/**
 * The placeholder for an escaped backslash (`\\`) while other escapes are replaced. JSON text contains no bare control
 * character, so the placeholder is unambiguous.
 */
const BACKSLASH = '\u0001';

/** JSON as JavaScript writes it. */
function marshalled(node: Node): Node {
  const written = call('json.marshal', [node], STRING);
  if (!mayHoldText(node.type)) return written;
  const replaced = (text: Node, from: string, to: string) =>
    method('replace', text, [literal(from), literal(to)], STRING);
  const kept = replaced(written, '\\\\', BACKSLASH);
  const plain = ESCAPES.reduce((text, [escape, character]) => replaced(text, escape, character), kept);
  return replaced(plain, BACKSLASH, '\\\\');
}

function mayHoldText(type: StaticType): boolean {
  switch (type.kind) {
    case 'number':
    case 'bool':
    case 'null':
      return false;
    case 'list':
      return mayHoldText(type.element);
    case 'string':
      return type.values === undefined || type.values.some((value) => /[<>&\u2028\u2029]/.test(value));
    default:
      return true;
  }
}
