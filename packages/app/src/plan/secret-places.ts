import type { Diagnostic, JsonValue, KubeObject } from '@typekro/kit/core';
import { definedMembers, grouped, isJsonObject, stringifyJson } from '@typekro/kit/core';
import { type Graph, type PathStep, Path } from '@typekro/engine/graph';
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
 * The fields of the instances of a definition, or the `def`s of a Graph, that feed only Secrets. Without a graph, these
 * are the fields whose names are in an expression of a Secret.
 */
export function inputsOfSecrets(object: KubeObject, graph: Graph | undefined): IsInput {
  if (graph?.definedBy === 'graph') return secretDefs(graph, object);
  if (graph !== undefined) {
    const { hides, isMisplaced } = Secrets.specOf(graph);
    return (path) => hides(path) || isMisplaced(path);
  }
  const names = new Set<string>();
  eachScalar(object, (_steps, value, isSecret) => {
    for (const [, name = ''] of isSecret ? String(value).matchAll(/\.(\w+)/g) : []) names.add(name);
  });
  return (path) =>
    /^spec\.(?!resources|nodes)|\.def\b/.test(path) &&
    names.has(/(\w*)(?:\[\d+\])*(?:\.default)?$/.exec(path)?.[1] ?? '');
}

/**
 * Finds the values of Secrets in inputs of one file: values of a Secret, literals in its template, and the values and
 * defaults of fields that feed only Secrets. Returns their texts by the path and by the line of the file.
 */
export function secretPlaces(inputs: readonly InputObject[], isInputOf: (input: InputObject) => IsInput) {
  const found: (readonly [place: string, text: string])[] = [];
  for (const input of inputs) {
    const { object, document } = input;
    const isInput = isInputOf(input);
    eachScalar(object, (steps, value, isSecret) => {
      const path = Path.format(steps);
      const inInstance = path.replace(/^spec\.schema\.(?:(?=spec\b)|types\..*)/, '');
      if (!isSecret && !isInput(inInstance) && !isCopyAt(path, value)) return;
      const written = document?.written?.(steps)?.text ?? '';
      const isOfSchema = path.startsWith('spec.schema.') && !path.endsWith('.default');
      const texts = isOfSchema ? defaultsIn(String(value)) : textsOf(String(value));
      if (!isOfSchema && !written.includes('${')) texts.push(written.replaceAll(/^["']|["']$/g, ''));
      const first = document?.position(steps).line ?? 0;
      const lines =
        document === undefined ? [] : (written || String(value)).split('\n').map((_, at) => String(first + at));
      for (const text of texts) if (/\w/.test(text)) for (const place of [path, ...lines]) found.push([place, text]);
    });
  }
  return grouped(found, ([place]) => place);
}

/**
 * Returns a function that masks values of Secrets in a problem of a file, and marks a problem at the place of one, of
 * which no excerpt may be shown.
 *
 * @param inputs the objects of the file
 */
export function secretMask(
  file: string,
  inputs: readonly InputObject[],
  isInputOf: (input: InputObject) => IsInput,
): (problem: Diagnostic) => Diagnostic {
  const places = secretPlaces(inputs, isInputOf);
  const mask = replacer([...places.values()].flat().filter(([, text]) => text.length >= minLength(text)));
  return ({ isSecret, ...each }) => {
    const { path = '', source, message, hint, kroMessage } = each;
    const own = [path, ...(source?.file === file ? [String(source.line)] : [])].flatMap((at) => places.get(at) ?? []);
    const maskOwn = replacer(own);
    const shown = (text: string): string => mask(maskOwn(text));
    const meant = meantPath(each);
    // After a warning, the values of the document are known, and with them their places.
    const isHidden = own.length > 0 || (isSecret && each.severity === 'error');
    return {
      ...each,
      message: shown(message),
      ...definedMembers({ hint: hint && shown(hint), kroMessage: kroMessage && shown(kroMessage) }),
      ...(isHidden || (meant !== '' && inputs.some((input) => isInputOf(input)(meant)))
        ? { isSecret: true as const }
        : {}),
    };
  };
}

/** The path of the field that a misspelt field means. */
function meantPath({ code, path = '', hint = '' }: Diagnostic): string {
  const [, meant] = (code === 'input/unknown-field' && /did you mean "?([\w-]+)/.exec(hint)) || [];
  return meant === undefined ? '' : path.replace(/[^.\]]*$/, meant);
}

/** A shorter value can occur in a message by coincidence. A word without a digit is one of a message more often. */
const minLength = (text: string): number => (/\d/.test(text) ? MIN_FOUND_LENGTH : 6);
const MIN_FOUND_LENGTH = 4;

/** A message can cut a longer text, and ends it with `…`. */
const MAX_WHOLE_LENGTH = 30;

/** Returns a function that masks texts in a message: short ones only in quotes or as a number. */
function replacer(found: readonly (readonly [place: string, text: string])[]): (message: string) => string {
  const escape = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const parts = [...new Set(found.flatMap(([, text]) => [text, stringifyJson(text).slice(1, -1)]))]
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
