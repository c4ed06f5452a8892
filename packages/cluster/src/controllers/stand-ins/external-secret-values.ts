import type { JsonObject, JsonValue, KubeObject } from '@typekro/kit/core';
import { isJsonObject, re2Library, setOwn, stringifyJson, tryParseJson } from '@typekro/kit/core';
import { goParseDurationMs, goQuote } from '@typekro/kit/golang';
import { asText, objectsAt, optionalAt, textAt, valueAt } from '@typekro/kit/kubernetes';
import type { StandInFunction } from './data-stand-in.ts';

/** The error of an ExternalSecret whose values cannot be computed. */
class ExternalSecretError extends Error {}

/** The interval between two reads of a store, when the spec's interval is malformed. */
const DEFAULT_REFRESH_MS = 3600 * 1000;

/** The functions of the stand-in `external-secrets`. */
export const EXTERNAL_SECRETS_FUNCTIONS: Record<string, StandInFunction> = {
  intervalMs: (_view, text: string) => goParseDurationMs(text) ?? DEFAULT_REFRESH_MS,
  /** The `values` of an ExternalSecret, or an `error`. */
  valuesOf(_view, external: KubeObject, store: KubeObject) {
    try {
      return { values: externalSecretValues(external, store) };
    } catch (error) {
      if (!(error instanceof ExternalSecretError)) throw error;
      return { error: error.message };
    }
  },
};

/**
 * The values of the Secret that an ExternalSecret creates. The fake provider returns the data of its spec. For every
 * other provider, a value is the placeholder `stand-in:STORE/KEY`, or `stand-in:STORE/KEY#PROPERTY` for a property.
 *
 * @throws ExternalSecretError for a key or a property that the fake provider does not have, for a value of `extract`
 *   that is not a JSON object, for an invalid regular expression, for a rewrite other than `regexp`, and for a template
 *   that `fillTemplate` cannot fill.
 */
function externalSecretValues(external: KubeObject, store: KubeObject): Record<string, string> {
  const values: Record<string, string> = {};
  for (const source of objectsAt(external.spec, 'dataFrom')) {
    for (const [key, value] of Object.entries(valuesOfSource(source, store)))
      setOwn(values, keyFor(source, key), value);
  }
  for (const entry of objectsAt(external.spec, 'data')) {
    const remote = optionalAt(entry, 'remoteRef') ?? {};
    setOwn(values, textAt(entry, 'secretKey'), decoded(remote, valueOf(store, remote)));
  }
  const template = optionalAt(external.spec, 'target', 'template');
  const templates = optionalAt(template, 'data');
  if (templates === undefined) return values;
  const filled = Object.entries(templates).map(([key, text]) => [key, fillTemplate(asText(text), values)] as const);
  return textAt(template, 'mergePolicy') === 'Merge'
    ? { ...values, ...Object.fromEntries(filled) }
    : Object.fromEntries(filled);
}

/** The values of an entry of `dataFrom`. */
function valuesOfSource(source: JsonObject, store: KubeObject): Record<string, string> {
  const extract = optionalAt(source, 'extract');
  if (extract !== undefined) return extracted(store, extract);
  const find = optionalAt(source, 'find');
  if (find !== undefined) return found(store, textAt(find, 'name', 'regexp'));
  const generator = optionalAt(source, 'sourceRef', 'generatorRef') ?? {};
  return {
    [asText(generator['kind']).toLowerCase() || 'value']:
      `stand-in:${asText(generator['kind'])}/${asText(generator['name'])}`,
  };
}

/**
 * All members of a value that is a JSON object. For any provider except the fake one, the result is one placeholder,
 * whose name is the last part of the key.
 */
function extracted(store: KubeObject, remote: JsonObject): Record<string, string> {
  if (fakeData(store) === undefined) {
    const name =
      textAt(remote, 'key')
        .split('/')
        .at(-1)
        ?.replaceAll(/[^-._a-zA-Z0-9]/g, '_') ?? '';
    return { [name]: placeholder(store, remote) };
  }
  const text = decoded(remote, valueOf(store, remote));
  const members = tryParseJson(text);
  if (!isJsonObject(members))
    throw new ExternalSecretError(`the value of "${textAt(remote, 'key')}" is not a JSON object`);
  return Object.fromEntries(Object.entries(members).map(([key, value]) => [key, asValue(value)]));
}

/**
 * The fake provider's values whose keys match a regular expression. For any other provider, the result is one
 * placeholder.
 */
function found(store: KubeObject, pattern: string): Record<string, string> {
  const data = fakeData(store);
  if (data === undefined) return { found: `stand-in:${store.metadata.name}/${pattern}` };
  const expression = compiled(pattern);
  const entries = data.filter((entry) => expression.matcher(textAt(entry, 'key')).find());
  return Object.fromEntries(entries.map((entry) => [textAt(entry, 'key'), textAt(entry, 'value')]));
}

function compiled(pattern: string) {
  const { RE2JS, RE2JSException } = re2Library();
  try {
    return RE2JS.compile(pattern);
  } catch (error) {
    if (!(error instanceof RE2JSException)) throw error;
    throw new ExternalSecretError(`the regular expression ${goQuote(pattern)} is invalid: ${error.message}`);
  }
}

function fakeData({ spec }: KubeObject): readonly JsonObject[] | undefined {
  return optionalAt(spec, 'provider', 'fake') === undefined ? undefined : objectsAt(spec, 'provider', 'fake', 'data');
}

function valueOf(store: KubeObject, remote: JsonObject): string {
  const data = fakeData(store);
  if (data === undefined) return placeholder(store, remote);
  const key = textAt(remote, 'key');
  const version = textAt(remote, 'version');
  const entry = data.findLast(
    (each) => textAt(each, 'key') === key && (version === '' || textAt(each, 'version') === version),
  );
  if (entry === undefined) throw new ExternalSecretError('Secret does not exist');
  const property = textAt(remote, 'property');
  if (property === '') return textAt(entry, 'value');
  const value = valueAt({ value: tryParseJson(textAt(entry, 'value')) ?? null }, 'value', ...property.split('.'));
  if (value === undefined) throw new ExternalSecretError(`property "${property}" does not exist in key "${key}"`);
  return asValue(value);
}

const asValue = (value: JsonValue | undefined): string =>
  typeof value === 'string' ? value : stringifyJson(value ?? null);

function placeholder({ metadata }: KubeObject, remote: JsonObject): string {
  const property = textAt(remote, 'property');
  return `stand-in:${metadata.name}/${textAt(remote, 'key')}${property === '' ? '' : `#${property}`}`;
}

function decoded(remote: JsonObject, value: string): string {
  const strategy = textAt(remote, 'decodingStrategy');
  if (strategy === 'Base64') return Buffer.from(value, 'base64').toString('utf8');
  return strategy === 'Base64URL' ? Buffer.from(value, 'base64url').toString('utf8') : value;
}

/** The key that a value of `dataFrom` gets in the Secret, after the `rewrite` rules. */
function keyFor(source: JsonObject, key: string): string {
  let name = key;
  for (const rewrite of objectsAt(source, 'rewrite')) {
    const expression = optionalAt(rewrite, 'regexp');
    if (expression === undefined) throw new ExternalSecretError('the stand-in carries out rewrites by regexp only');
    name = replaceMatches(name, textAt(expression, 'source'), textAt(expression, 'target'));
  }
  return name;
}

/** Replaces the matches as Go does: an empty match directly after another match is ignored. */
function replaceMatches(text: string, pattern: string, target: string): string {
  const matcher = compiled(pattern).matcher(text);
  let result = '';
  let end = -1;
  let from = 0;
  while (matcher.find()) {
    if (matcher.end() === matcher.start() && matcher.start() === end) continue;
    end = matcher.end();
    const group = (_: string, braced?: string, plain?: string): string => {
      const index = Number(braced ?? plain);
      return Number.isInteger(index) && index <= matcher.groupCount() ? (matcher.group(index) ?? '') : '';
    };
    result += text.slice(from, matcher.start()) + target.replaceAll(/\$(?:\{(\w+)\}|(\w+))/g, group);
    from = end;
  }
  return result + text.slice(from);
}

const ACTION = /\{\{-?\s*(.*?)\s*-?\}\}/g;

/** Fills a Go template whose only actions are `{{ .name }}`, `{{ .name | toString }}` and `{{ index . "name" }}`. */
function fillTemplate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(ACTION, (_, action: string) => {
    const name =
      /^\.([A-Za-z_]\w*)(?:\s*\|\s*toString)?$/.exec(action)?.[1] ?? /^index\s+\.\s+"([^"]+)"$/.exec(action)?.[1];
    if (name === undefined)
      throw new ExternalSecretError(`the stand-in does not carry out the action {{ ${action} }} of a template`);
    if (!Object.hasOwn(values, name)) throw new ExternalSecretError(`the template uses "${name}", which has no value`);
    return values[name] ?? '';
  });
}
