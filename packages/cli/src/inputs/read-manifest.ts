import { basename } from 'node:path';
import type { Diagnostic, JsonObject, JsonValue, KubeObject, SourcePosition } from '@typekro/kit/core';
import {
  definedMembers,
  errorCode,
  isJsonObject,
  nearestName,
  readUserFile,
  TypeKroError,
  whyUnreadable,
} from '@typekro/kit/core';
import { type DefinitionDocument, type PathStep, parseDefinitions } from '@typekro/engine/graph';
import { valueAtSteps } from '@typekro/engine/schema';
import { STANDARD_INPUT } from '../command.ts';
import { shellWord } from '@typekro/app/text';

/** An object of a manifest, with its document. */
export interface ManifestObject {
  readonly object: KubeObject;
  readonly document: DefinitionDocument;
}

/** The objects and problems of a manifest. */
export interface ParsedManifest {
  readonly objects: readonly ManifestObject[];
  readonly diagnostics: readonly Diagnostic[];
  /** The text of the file, for excerpts. */
  readonly text: string;
}

/**
 * Reads a YAML or JSON file. Replaces a `List`, as printed by `kubectl get -o yaml`, with its items.
 *
 * @throws TypeKroError `input/unreadable` when the file cannot be read or is not UTF-8.
 */
export async function readManifest(path: string, file: string): Promise<ParsedManifest> {
  return parseManifest(await readTextFile(path, file), file);
}

/** Returns the objects in a YAML or JSON text. */
export function parseManifest(text: string, file: string): ParsedManifest {
  return manifestOf(parseDefinitions(text, file), text);
}

/** Returns the objects of a parsed text. */
export function manifestOf(parsed: ReturnType<typeof parseDefinitions>, text: string): ParsedManifest {
  const objects: ManifestObject[] = [];
  const diagnostics = [...parsed.diagnostics];
  for (const document of parsed.documents.flatMap(itemsOf)) {
    const object = asKubeObject(document.value);
    if (object !== undefined) objects.push({ object, document });
    // An excerpt could show the whole object, which may be a Secret.
    else if (document.value !== null) diagnostics.push({ ...notAnObject(document), isSecret: true });
  }
  return { objects, diagnostics, text };
}

/** Returns the value as a Kubernetes object if it has apiVersion, kind and a name, or else undefined. */
export function asKubeObject(value: JsonValue | undefined): KubeObject | undefined {
  if (!isJsonObject(value) || !isJsonObject(value['metadata'])) return undefined;
  const { apiVersion, kind } = value;
  const { name } = value['metadata'];
  const named = typeof name === 'string' && name !== '';
  return typeof apiVersion === 'string' && typeof kind === 'string' && named ? (value as KubeObject) : undefined;
}

/**
 * Reads the text of a file.
 *
 * @throws TypeKroError `input/unreadable` when the file cannot be read or is not UTF-8.
 */
export async function readTextFile(path: string, file: string): Promise<string> {
  const bytes = await readUserFile(path).catch((error: unknown) => {
    const mayNot = ['EACCES', 'EPERM'].includes(errorCode(error) ?? '');
    const remedy = mayNot
      ? `as its owner run chmod a+r ${shellWord(file)}, or name a copy that you own`
      : `name a ${errorCode(error) === undefined ? 'shorter ' : ''}file`;
    throw unreadable(file, whyUnreadable(error), remedy, error);
  });
  return decodeText(bytes, file);
}

/**
 * Decodes bytes as UTF-8. Throws for invalid bytes, because a decoder would replace them silently.
 *
 * @throws TypeKroError `input/unreadable` with the position of the first invalid byte unless the bytes are UTF-16 or
 *   binary.
 */
export function decodeText(bytes: Buffer, file: string): string {
  const [reason, remedy] = otherFormat(bytes);
  if (reason !== '') throw unreadable(file, reason, remedy);
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw notUtf8(bytes, file, error);
  }
}

/**
 * Returns the error for the first invalid byte. The message includes the word around it in Latin-1, the most common
 * other encoding.
 */
function notUtf8(bytes: Buffer, file: string, cause: unknown): TypeKroError {
  const at = firstInvalid(bytes);
  const before = bytes.toString('utf8', 0, at).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  const byte = bytes[at] ?? 0;
  // Omits the word for bytes below 0xA0, which are control characters in Latin-1. Encodings that extend Latin-1 assign
  // different characters to them.
  const word = byte < 0xa0 ? '' : ` (in Latin-1 the word is "${wordAround(bytes, at)}")`;
  return unreadable(
    `${file}:${before.length}:${column}`,
    `it is not UTF-8 text: the byte 0x${byte.toString(16).toUpperCase()} is here${word}`,
    file === STANDARD_INPUT
      ? 'pipe it through iconv first: … | iconv -f WINDOWS-1252 -t UTF-8 | typekro …'
      : `save it as UTF-8, as in: iconv -f WINDOWS-1252 -t UTF-8 ${shellWord(file)} > ${shellWord(`utf8-${basename(file)}`)}`,
    cause,
  );
}

function wordAround(bytes: Buffer, at: number): string {
  const before = bytes.toString('latin1', Math.max(0, at - 20), at);
  const after = bytes.toString('latin1', at, at + 20);
  return `${/[^\s"']*$/.exec(before)?.[0] ?? ''}${/^[^\s"']*/.exec(after)?.[0] ?? ''}`;
}

/**
 * Returns the offset of the first invalid byte. A decoder replaces such a byte with U+FFFD, but the text itself can
 * also contain U+FFFD.
 */
function firstInvalid(bytes: Buffer): number {
  let at = 0;
  for (const valid of bytes.toString('utf8').split('\uFFFD')) {
    at += Buffer.byteLength(valid);
    if (bytes.toString('latin1', at, at + 3) !== '\xef\xbf\xbd') return at;
    at += 3;
  }
  return at;
}

/**
 * Detects the format of a file that is not UTF-8 text, and returns a reason and a remedy. The reason is empty for bytes
 * that may be text, in UTF-8 or in another encoding.
 */
function otherFormat(bytes: Buffer): readonly [reason: string, remedy: string] {
  const start = bytes.toString('latin1', 0, 4);
  if (/^(?:\xff\xfe|\xfe\xff)/.test(start)) return ['it is UTF-16 text, not UTF-8', 'save it as UTF-8'];
  if (start.startsWith('\x1f\x8b')) return ['it is packed by gzip', 'unpack it with gunzip, and name the file in it'];
  if (start === 'PK\x03\x04') return ['it is a zip archive', 'unpack it, and name the files in it'];
  return bytes.includes(0) ? ['it is a binary file, not text', 'name a file of YAML or JSON'] : ['', ''];
}

function unreadable(file: string, reason: string, remedy: string, cause?: unknown): TypeKroError {
  const because = cause === undefined ? {} : { cause };
  return new TypeKroError(`${file} cannot be read: ${reason}`, { code: 'input/unreadable', remedy, ...because });
}

/** Returns the Kubernetes objects of a document. A `List` is replaced by its items. `documentsLeftOut` lists the others. */
export function objectsOf(document: JsonValue): KubeObject[] {
  return (itemsOfList(document) ?? [document]).flatMap((item) => asKubeObject(item) ?? []);
}

/** Returns the items of a `List`, which are separate objects; `undefined` for every other value. */
export function itemsOfList(value: unknown): readonly JsonValue[] | undefined {
  const items = isListKind(value) ? value['items'] : undefined;
  return Array.isArray(items) ? items : undefined;
}

const isListKind = (value: unknown): value is JsonObject =>
  isJsonObject(value) && value['apiVersion'] === 'v1' && value['kind'] === 'List';

function itemsOf(document: DefinitionDocument): DefinitionDocument[] {
  const items = itemsOfList(document.value);
  return items === undefined ? [document] : items.map((item, index) => itemOf(document, item, index));
}

/** Returns an item of a list as a separate document, with its positions in the file. */
function itemOf(document: DefinitionDocument, value: JsonValue, index: number): DefinitionDocument {
  const inItem = (path: readonly PathStep[]): PathStep[] => ['items', index, ...path];
  return {
    value,
    index: document.index,
    ...definedMembers({ file: document.file }),
    position: (path) => document.position(inItem(path)),
    keyPosition: (path) => document.keyPosition(inItem(path)),
    positionInside: (path, offset) => document.positionInside(inItem(path), offset),
    written: (path) => document.written?.(inItem(path)),
    writtenKey: (path) => document.writtenKey?.(inItem(path)),
  };
}

/** Recognises a file of another tool by its top-level fields. */
function otherTool(fields: readonly string[]): { readonly what: string; readonly hint: string } | undefined {
  if (fields.includes('kind') || fields.includes('apiVersion') || fields.includes('metadata')) return undefined;
  if (fields.includes('services') || fields.includes('volumes'))
    return { what: 'a file of Docker Compose', hint: 'write a Deployment and a Service for each of its services' };
  if (['resources', 'patches', 'bases', 'namePrefix', 'configMapGenerator'].some((field) => fields.includes(field)))
    return {
      what: 'a kustomization',
      hint: 'render it, as in `kubectl kustomize . > app.yaml`, and pass the resulting file',
    };
  if (['replicaCount', 'image', 'values', 'dependencies'].some((field) => fields.includes(field)))
    return {
      what: 'the values of a Helm chart',
      hint: 'render the chart, as in `helm template CHART -f values.yaml > app.yaml`',
    };
  return undefined;
}

/** Files that other typekro commands take and that are not manifests, by the `kind` in the file. */
const OWN_FILES = new Map<JsonValue | undefined, (file: string) => { readonly what: string; readonly hint: string }>([
  ['TypeKroPlan', (file) => ({ what: 'a saved plan', hint: `carry it out: typekro apply ${file}` })],
  [
    'TypeKroSnapshot',
    (file) => ({ what: 'a snapshot of a cluster', hint: `plan against it: typekro plan FILE --snapshot ${file}` }),
  ],
  ['GraphTest', (file) => ({ what: 'a file of tests', hint: `run it: typekro test ${file}` })],
  [
    'GraphTestSnapshot',
    () => ({ what: 'a file of snapshots of tests', hint: 'name the definition; typekro test reads this file' }),
  ],
]);

/** Recognises a file of typekro that is not a manifest. */
function ownFile({ value, file = 'FILE' }: DefinitionDocument): ReturnType<typeof otherTool> {
  if (!isJsonObject(value) || Object.hasOwn(value, 'apiVersion')) return undefined;
  return OWN_FILES.get(value['kind'])?.(shellWord(file));
}

/** The top-level fields that every object has, with example values. */
const EXAMPLES: ReadonlyMap<string, string> = new Map([
  ['apiVersion', 'apiVersion: v1'],
  ['kind', 'kind: ConfigMap'],
  ['metadata', 'metadata: {name: example}'],
]);

/**
 * Returns the problem of a field whose value is not a string. A null `metadata.name` is no problem here: `notAnObject`
 * reports it as missing.
 */
function notText(
  document: DefinitionDocument,
  path: readonly [string] | readonly ['metadata', 'name'],
): Diagnostic | undefined {
  const [last = ''] = path.slice(-1);
  const value = valueAtSteps(document.value, path);
  if (value === undefined || typeof value === 'string' || (value === null && path.length > 1)) return undefined;
  const isScalar = typeof value === 'number' || typeof value === 'boolean';
  const what = `is ${isScalar ? String(value) : typeOf(value)}`;
  const given = value === null ? 'has no value' : `${what}, and ${last === 'name' ? 'a name' : last} must be a string`;
  const hint =
    isScalar && last === 'name'
      ? `write it in quotes: "${document.written?.(path)?.text ?? value}"`
      : `write a string, for example "${EXAMPLES.get(last) ?? 'name: example'}"`;
  return problemOf(`${path.join('.')} ${given}`, hint, document.position(path));
}

const problemOf = (message: string, hint: string, source: SourcePosition): Diagnostic => ({
  code: 'input/not-an-object',
  severity: 'error',
  message,
  hint,
  source,
});

const NO_OBJECT = 'the document is not a Kubernetes object: it';

/** Returns the type of a value with its article. */
function typeOf(value: JsonValue): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return /^\s*<(?:!doctype|html)\b/i.test(value) ? 'a page of HTML' : 'a string';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}

/** Returns the problem of a document that is not an object, or lacks a field that every object has. */
function notAnObject(document: DefinitionDocument): Diagnostic {
  const { value } = document;
  if (!isJsonObject(value)) {
    const hint = Array.isArray(value)
      ? 'divide its items by lines of "---", or put them into a List: {apiVersion: v1, kind: List, items: […]}'
      : 'write an object with apiVersion, kind and metadata';
    return problemOf(`${NO_OBJECT} is ${typeOf(value)}`, hint, document.position([]));
  }
  const root = value;
  const own = ownFile(document);
  const { what = '', hint: ofOther } = own ?? otherTool(Object.keys(root)) ?? {};
  if (ofOther !== undefined) {
    const message = `${NO_OBJECT} ${own === undefined ? 'looks like' : 'is'} ${what}`;
    return problemOf(message, ofOther, document.keyPosition([Object.keys(root)[0] ?? '']));
  }
  if (isListKind(root)) {
    const place = document.keyPosition([Object.hasOwn(root, 'items') ? 'items' : 'kind']);
    return problemOf(
      'the document is a List without a list of items',
      'write its objects below items:, each after "- "',
      place,
    );
  }
  const noText = notText(document, ['metadata', 'name']);
  if (noText !== undefined) return noText;
  const missing = [...EXAMPLES.keys()].find((name) => !Object.hasOwn(root, name));
  const near = missing === undefined ? undefined : nearestName(missing, Object.keys(root));
  const wrong = missing === undefined ? (notText(document, ['apiVersion']) ?? notText(document, ['kind'])) : undefined;
  if (wrong !== undefined) return wrong;
  const metadata = isJsonObject(root['metadata']) ? root['metadata'] : {};
  const nearName = nearestName('name', Object.keys(metadata));
  const inMetadata = nearName === undefined ? ['metadata'] : ['metadata', nearName];
  const path = near !== undefined ? [near] : nearName === undefined && missing !== undefined ? [] : inMetadata;
  const field = missing ?? 'metadata.name';
  const misspelt = near ?? nearName;
  const hint =
    misspelt === undefined
      ? `add ${field}, for example "${EXAMPLES.get(field) ?? 'name: example'}"`
      : `did you mean "${missing ?? 'name'}" instead of "${misspelt}"?`;
  return problemOf(`${NO_OBJECT} has no ${field}`, hint, document.keyPosition(path));
}

/**
 * Returns one line for each document that is not a Kubernetes object: `app.yaml:7:1: an object needs a name`. Such a
 * document is not an error, because a folder may contain files of other tools.
 *
 * @param texts the content of each file, keyed by file name
 */
export function documentsLeftOut(texts: ReadonlyMap<string, string>): string[] {
  return [...texts].flatMap(([file, text]) =>
    parseManifest(text, file)
      .diagnostics.filter(({ code }) => code === 'input/not-an-object')
      .map(({ message, source }) => `${file}:${source?.line ?? 1}:${source?.column ?? 1}: ${message}`),
  );
}
