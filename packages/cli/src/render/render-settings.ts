import { type JsonObject, type JsonValue, getOwn, isJsonObject, setOwn, TypeKroError } from '@typekro/kit/core';
import { type PathStep, Path, parseDefinitions, tooDeep } from '@typekro/engine/graph';
import { firstLine } from '../inputs/thrown-problem.ts';

/** One setting of `--set`: a field of the spec, and its value. */
export interface Setting {
  /** The path in the spec, without `spec`. */
  readonly path: readonly PathStep[];
  readonly value: JsonValue;
  /** The setting as typed by the user, `replicas=3`, without the rest of a long text. */
  readonly text: string;
}

/**
 * Parses settings such as `a.b=1,c[0]=x`. Values are YAML as in files, and `{a,b}` is a list as in Helm. A comma in
 * brackets or quotes, and `\,`, belong to the value. A path can begin with `spec`.
 *
 * @throws TypeKroError `cli/usage` for a setting without a path or `=`, or that is too deep, and for a text that is not
 *   one value of YAML, or a value such as `.inf`.
 */
export function parseSettings(text: string): Setting[] {
  return splitSettings(text).map((part) => {
    const shown = firstLine(part);
    const at = part.indexOf('=');
    const path = at < 0 ? undefined : Path.parse(part.slice(0, at));
    if (at <= 0 || part[at - 1] === '.' || path === undefined || !path.ok) throw setsNothing(shown);
    const written = part.slice(at + 1).replaceAll('\\,', ',');
    const value = valueOf(written.replace(/^\{(?=\s*[^\s}])([^:{}]+)\}$/, '[$1]'), shown);
    const deep = tooDeep(path.steps.reduceRight<JsonValue>((inner) => [inner], value));
    if (deep !== undefined) throw badSetting(shown, deep.message, 'write a shorter path or a value of fewer levels');
    return { path: path.steps, value, text: shown };
  });
}

/** Matches an escaped comma, the bracket that begins a value, a string in quotes, or one other character. */
const TOKENS = /\\,|=\s*[[{]|(?:(?<=[=[{,:]\s*)(?:"(?:[^"\\]|\\.)*"|'[^']*'))|[^]/gs;

function splitSettings(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let depth = 0;
  for (const [token] of text.matchAll(TOKENS)) {
    if (/^=\s*[[{]$/.test(token) || (depth > 0 && /^[[{]$/.test(token))) depth += 1;
    if (depth > 0 && /^[\]}]$/.test(token)) depth -= 1;
    if (token === ',' && depth === 0) parts.push(part);
    part = token === ',' && depth === 0 ? '' : part + token;
  }
  return [...parts, part];
}

/** Reads a value like one in a file, and refuses also what is a warning there, and a text without a value. */
function valueOf(written: string, text: string): JsonValue {
  const { documents, diagnostics } = parseDefinitions(written);
  const [first] = diagnostics;
  const isValue = documents.length === 1 || /^(?:~|null)?$/i.test(written.trim());
  if (first === undefined && isValue) return documents[0]?.value ?? null;
  const reason = first?.message ?? 'this is not one value of YAML';
  throw badSetting(text, reason, `${first?.hint ?? 'correct it'}; --set 'PATH="TEXT"' sets a string`);
}

/**
 * Returns the settings with paths relative to the spec: removes a leading `spec`, except when the spec itself has a
 * field `spec`.
 */
export function renderSettings(spec: JsonValue, settings: readonly Setting[]): Setting[] {
  const hasOwnSpec = isJsonObject(spec) && Object.hasOwn(spec, 'spec');
  return settings.map((each) =>
    each.path[0] === 'spec' && !hasOwnSpec ? { ...each, path: each.path.slice(1) } : each,
  );
}

/**
 * Returns a copy of a spec to which the settings are applied in order. A setting creates the missing objects and lists
 * of its path, and fills a list with null up to its index.
 *
 * @throws TypeKroError `cli/usage` when a value on the path of a setting is not an object or list.
 */
export function withSettings(spec: JsonValue, settings: readonly Setting[]): JsonValue {
  const own = new Set<JsonValue>();
  /** Copies a value once, because aliases in the file and instances share values. */
  const ownCopy = (value: JsonValue): JsonValue => {
    const isOwn = own.has(value) || typeof value !== 'object' || value === null;
    const copy = isOwn ? value : Array.isArray(value) ? [...value] : { ...value };
    own.add(copy);
    return copy;
  };
  const changed = ownCopy(spec);
  for (const setting of settings) setAt(changed, setting, ownCopy);
  return changed;
}

/** A place in the spec, with the positions of the last settings that set it as a whole, and that set a part of it. */
interface Place {
  readonly members: Map<PathStep, Place>;
  whole: number;
  part: number;
}

/** Makes a function that finds the setting of the value at a path of the spec: none for a value of the file. */
export function settingFinder(
  settings: readonly Setting[],
): (path: readonly PathStep[], isInFile: boolean) => Setting | undefined {
  const root: Place = { members: new Map(), whole: -1, part: -1 };
  for (const [part, { path }] of settings.entries()) {
    let at = root;
    for (const step of path) {
      const next = at.members.get(step) ?? { members: new Map(), whole: -1, part };
      at.members.set(step, next);
      at = next;
      at.part = part;
    }
    at.whole = part;
  }
  return (path, isInFile) => {
    let at: Place | undefined = root;
    let last = -1;
    for (const step of path) {
      at = at?.members.get(step);
      last = Math.max(last, at?.whole ?? -1);
    }
    // A setting of a field also creates the missing objects around the field.
    return settings[isInFile ? last : Math.max(last, at?.part ?? -1)];
  };
}

/** The highest index to which a setting can extend a list. */
const MAX_INDEX = 999;

function setAt(root: JsonValue, setting: Setting, ownCopy: (value: JsonValue) => JsonValue): void {
  const { path, value, text } = setting;
  if (path.length === 0) throw setsNothing(text);
  let at: JsonValue = root;
  for (const [index, step] of path.entries()) {
    const holder = holderOf(at, setting, index);
    if (index === path.length - 1) return setMember(holder, step, value);
    at = ownCopy(getOwn(holder as JsonObject, String(step)) ?? (typeof path[index + 1] === 'number' ? [] : {}));
    setMember(holder, step, at);
  }
}

/**
 * Returns the object or list that has the field or item of the step `index`. Throws if the value is not what the step
 * requires: an object for a name, a list for a number.
 */
function holderOf(value: JsonValue, setting: Setting, index: number): JsonObject | JsonValue[] {
  const { path, text } = setting;
  const step = path[index] ?? '';
  const above = path.slice(0, index);
  const name = index === 0 ? 'the spec' : Path.format(above);
  if (Array.isArray(value)) {
    if (typeof step !== 'number') {
      const items = Path.format([...path.slice(0, index), 0, ...path.slice(index)]);
      throw badSetting(text, `${name} is a list`, `write the number of an item: --set ${items}=…`);
    }
    if (step < 0) throw badSetting(text, `${step} is not an index of a list`, 'the first item has the index 0');
    const highest = Math.max(value.length, MAX_INDEX);
    if (step > highest) throw badSetting(text, `the index ${step} is above ${highest}`, 'write a lower index');
    return value;
  }
  if (isJsonObject(value)) {
    if (typeof step !== 'number') return value;
    throw badSetting(
      text,
      `${name} is an object, not a list`,
      `write the name of a field: --set ${Path.format([...above, 'NAME'])}=…`,
    );
  }
  const what = typeof value === 'string' ? `the string ${JSON.stringify(value)}` : String(value);
  const remedy =
    index === 0 ? 'write an object of fields as the spec' : `set the whole value: --set ${Path.format(above)}=…`;
  throw badSetting(text, `${name} is ${what}, and has no fields`, remedy);
}

function setMember(holder: JsonObject | JsonValue[], step: PathStep, value: JsonValue): void {
  if (!Array.isArray(holder)) return setOwn(holder, String(step), value);
  const index = Number(step);
  while (holder.length < index) holder.push(null);
  holder[index] = value;
}

const badSetting = (text: string, reason: string, remedy: string): TypeKroError =>
  new TypeKroError(`--set ${text}: ${reason}`, { code: 'cli/usage', remedy });

const setsNothing = (text: string): TypeKroError =>
  new TypeKroError(`--set ${text} sets nothing`, {
    code: 'cli/usage',
    remedy: `write the path of a field of the spec and its value: --set replicas=3,image.tag=1.2${text.includes('=') ? '' : '; a comma in a value is written \\,'}`,
  });
