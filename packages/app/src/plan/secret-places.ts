import type { Diagnostic, JsonValue, KubeObject } from '@typekro/kit/core';
import { definedMembers, isJsonObject, oncePerObject, stringifyJson } from '@typekro/kit/core';
import { type Graph, GraphObject, type PathStep, Path, isDefinition } from '@typekro/engine/graph';
import { Secrets } from '@typekro/engine/runtime';
import { objectsAt } from '@typekro/kit/kubernetes';
import { isCopyAt } from '../instance/masked-value.ts';
import { DEFAULT_OF_FIELD } from './mask-inputs.ts';
import { replaceLiterals } from './masked-values.ts';
import type { InputObject } from './input-object.ts';

/** Is the value of the field used only in Secrets? The path is that of an instance, or of a `def` of a Graph. */
type IsInput = (path: string) => boolean;

/** Is the value of a `def` of the Graph written into a Secret? */
export function secretDefs(graph: Graph, { spec }: KubeObject): IsInput {
  const isInto = Secrets.expressionsInto(graph);
  const nodes = objectsAt(spec, 'nodes');
  return (path) => {
    const [, index = '', place = ''] = /^spec\.nodes\[(\d+)\]\.def\.?(.*)$/s.exec(path) ?? [];
    const id = nodes[Number(index)]?.['id'];
    return index !== '' && typeof id === 'string' && isInto(graph.nodes.get(id), { purpose: 'field', place });
  };
}

/**
 * The fields of the instances of a definition, with their defaults, or the `def`s of a Graph, that feed only Secrets.
 * Without a graph, these are the fields whose names are in an expression of a Secret. If there is one, `spec` is one.
 */
export function inputsOfSecrets(object: KubeObject, graph: Graph | undefined): IsInput {
  if (graph?.definedBy === 'graph') return secretDefs(graph, object);
  if (graph !== undefined) return Secrets.specOf(graph).isMeantFor;
  const names = new Set<string>();
  eachScalar(object, (_steps, value, isSecret) => {
    for (const [name] of isSecret ? String(value).matchAll(/(?<=\$\{[^]*)\w+/g) : []) names.add(name);
  });
  const isNamed = (path: string): boolean => names.has(/(\w*)(?:\[\d+\])*(?:\.default)?$/.exec(path)?.[1] ?? '');
  return (path) =>
    names.size > 0 &&
    (/^spec$|\.def\b/.test(path) || (/^(?:spec\.(?!resources|nodes)|types\.)/.test(path) && isNamed(path)));
}

/** Matches a default in the line of a schema, also if the name of the marker is misspelt. */
const LIKE_DEFAULT = /\bd(?!esc)\w*\s*=/;

/**
 * The values in an object that only Secrets get: values of a Secret, literals in its template, and the values and
 * defaults of fields that feed only Secrets. Returns their texts by their paths.
 */
export function secretTexts({ object, document }: InputObject, isInput: IsInput): Map<string, readonly string[]> {
  const found = new Map<string, readonly string[]>();
  const isOwn = !isDefinition(object);
  eachScalar(object, (steps, value, isSecret) => {
    const path = Path.format(steps);
    const declared = isOwn ? path : /^spec\.schema\.((?:spec|types)\b.*)/s.exec(path)?.[1];
    if (!isSecret && !isCopyAt(path, value) && (declared === undefined || !isInput(declared))) return;
    const written = document?.written?.(steps)?.text ?? '';
    const isLine = !isOwn && declared !== undefined && !path.endsWith('.default');
    const texts = isLine ? defaultsIn(String(value)) : textsOf(String(value));
    if (!isLine && !written.includes('${')) texts.push(written.replaceAll(/^["']|["']$/g, ''));
    const own = texts.filter((text) => /\w/.test(text));
    if (isLine ? LIKE_DEFAULT.test(String(value)) : own.length > 0) found.set(path, own);
  });
  return found;
}

/** Matches the kinds of the objects in a text. */
const KINDS = /\bkind["']?\s*:\s*["']?\w+/g;

/**
 * Returns a function that masks values of Secrets in a problem of a file. It marks a problem of which no excerpt may be
 * shown: one in a document with a value that only Secrets get, or, in code, one at the place of such a value.
 *
 * @param text the text of a file of YAML or JSON; undefined for code
 * @param inputs the objects of the file
 */
export function secretMask(
  text: string | undefined,
  inputs: readonly InputObject[],
  isInputOf: (input: Pick<InputObject, 'object'>) => IsInput,
): (problem: Diagnostic) => Diagnostic {
  let end = 0;
  const split = (text ?? '').split(/\n(?=---(?:\s|$))/);
  const documents = split.map((own) => ({ own, end: (end += own.split('\n').length) }));
  const documentAt = (line: number) => documents.find((each) => line <= each.end) ?? { own: '', end };
  const isSecretKind = (kind: string): boolean =>
    /^Secret(?:List)?$/.test(kind) || isInputOf({ object: { apiVersion: '', kind, metadata: { name: 'x' } } })('spec');
  const hasSecretKind = oncePerObject(({ own }: ReturnType<typeof documentAt>) =>
    (own.match(KINDS) ?? ['']).some((kind) => isSecretKind(kind.replace(/.*\W/s, ''))),
  );
  const all = new Map<string, string[]>();
  const known = new Map<object, boolean>();
  for (const input of inputs) {
    const texts = secretTexts(input, isInputOf(input));
    for (const [path, own] of texts) all.set(path, [...(all.get(path) ?? []), ...own]);
    const at = documentAt(input.document?.position([]).line ?? 0);
    const isKnown = texts.size > 0 || isDefinition(input.object) || GraphObject.is(input.object);
    if (isKnown && input.document !== undefined) known.set(at, texts.size > 0 || known.get(at) === true);
  }
  const mask = replacer([...all.values()].flat().filter((each) => each.length >= minLength(each)));
  return ({ isSecret, ...each }) => {
    const { code, severity, path = '', source, message, hint, kroMessage } = each;
    const own = all.get(path) ?? [];
    const at = text === undefined || source === undefined ? undefined : documentAt(source.line);
    const isHidden =
      at === undefined
        ? isSecret === true || own.length > 0
        : (known.get(at) ?? hasSecretKind(at)) || (isSecret === true && code === 'input/not-an-object');
    const isUnread = isHidden && code.startsWith('yaml/') && severity === 'error';
    const maskOwn = replacer(own);
    const shown = (given: string): string =>
      mask(maskOwn(isUnread ? given.replace(/(?<=: |write )(["']).{4,}\1$/s, Secrets.MASK) : given));
    return {
      ...each,
      message: shown(message),
      ...definedMembers({
        path: code === 'input/unknown-field' ? shown(path) : each.path,
        hint: hint && shown(hint),
        kroMessage: kroMessage && shown(kroMessage),
        isSecret: isHidden || undefined,
      }),
    };
  };
}

/** A shorter value can occur in a message by coincidence. A word without a digit is one of a message more often. */
const minLength = (text: string): number => (/\d/.test(text) ? MIN_FOUND_LENGTH : 6);
const MIN_FOUND_LENGTH = 4;

/** A message can cut a longer text, and ends it with `…`. */
const MAX_WHOLE_LENGTH = 30;

/** Returns a function that masks texts in a message: short ones only in quotes or as a number. */
function replacer(found: readonly string[]): (message: string) => string {
  const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const parts = [...new Set(found.flatMap((text) => [text, stringifyJson(text).slice(1, -1)]))]
    .sort((a, b) => b.length - a.length)
    .map((text) => {
      const [start, end] = [text.slice(0, MAX_WHOLE_LENGTH), text.slice(MAX_WHOLE_LENGTH)].map(escape);
      if (text.length >= MIN_FOUND_LENGTH) return end === '' ? start : `${start}(?:${end}|[^]*?…)?`;
      return /^[\d.-]+$/.test(text) ? `(?<![\\w.])${start}(?![\\w.])` : `(?<=")${start}(?=")`;
    });
  if (parts.length === 0) return (message) => message;
  const pattern = new RegExp(parts.join('|'), 'g');
  return (message) => message.replaceAll(pattern, Secrets.MASK);
}

/** The texts of a value that are secret: the literals of a template, also of one of Helm, or the value. */
function textsOf(text: string): string[] {
  const texts: string[] = [];
  replaceLiterals(text, (literal) => (texts.push(literal, ...literal.split(/\{\{[^}]*\}\}/)), literal));
  return texts.flatMap((each) => [each.trim(), Buffer.from(each).toString('base64')]);
}

/** The default in the line of a schema, and the strings in it. */
function defaultsIn(line: string): string[] {
  const [, , value = ''] = DEFAULT_OF_FIELD.exec(line) ?? [];
  return value.split(/"/).concat(value);
}

/** Calls a function with each string and number of an object. `isSecret`: it is a field of a Secret, or of its template. */
function eachScalar(
  root: JsonValue,
  visit: (steps: readonly PathStep[], value: string | number | bigint, isSecret: boolean) => void,
): void {
  const walk = (value: JsonValue | undefined, steps: readonly PathStep[], secretAt: number): void => {
    if (Array.isArray(value)) for (const [at, item] of value.entries()) walk(item, [...steps, at], secretAt);
    else if (isJsonObject(value)) {
      const at = isSecretObject(value) ? steps.length : secretAt;
      for (const [name, member] of Object.entries(value)) walk(member, [...steps, name], at);
    } else if (value !== undefined && value !== null && typeof value !== 'boolean')
      visit(steps, value, secretAt >= 0 && Secrets.hides(Path.format(steps.slice(secretAt))));
  };
  walk(root, [], -1);
}

const isSecretObject = (value: { readonly [name: string]: JsonValue | undefined }): boolean =>
  Object.hasOwn(value, 'stringData') ||
  (value['kind'] === 'Secret' && (isJsonObject(value['metadata']) || Object.hasOwn(value, 'data')));
