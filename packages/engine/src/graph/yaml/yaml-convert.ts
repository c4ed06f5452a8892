import type { Alias, Pair, ParsedNode, Scalar, YAMLMap, YAMLSeq } from 'yaml';
import { definedMembers, type JsonObject, type JsonValue, yamlLibrary } from '@typekro/kit/core';
import type { YamlProblem } from './yaml-mistakes.ts';
import { isOldBoolean, resolvePlain } from './yaml-scalar.ts';

/**
 * The maximum number of nodes that aliases may add to a document. A document that exceeds it is refused as an alias
 * bomb.
 */
const MAX_ALIAS_NODES = 100_000;

/** A problem that the conversion finds, at an offset of the text. */
export interface YamlFinding extends YamlProblem {
  /** Absent for errors. */
  readonly severity?: 'warning';
}

/** The plain value of a document, the targets of its aliases, and the findings. */
export interface Converted {
  readonly value: JsonValue;
  readonly targets: ReadonlyMap<Alias, ParsedNode>;
  readonly findings: readonly YamlFinding[];
}

/** Converts the nodes of one document. All aliases of an anchor share its value. */
export function convertDocument(root: ParsedNode | null): Converted {
  const converter = new Converter();
  const value = root === null ? null : converter.convert(root).value;
  return { value, targets: converter.targets, findings: converter.findings };
}

/** A value, with the number of nodes that it would have if each alias were replaced by a copy. */
interface Sized {
  readonly value: JsonValue;
  readonly size: number;
}

class Converter {
  readonly targets = new Map<Alias, ParsedNode>();
  readonly findings: YamlFinding[] = [];
  readonly #anchors = new Map<string, { node: ParsedNode; result?: Sized }>();
  readonly #yaml = yamlLibrary();
  #aliasNodes = 0;
  /**
   * Was an alias bomb reported? If so, later errors in the document are not reported, because they are consequences of
   * the bomb.
   */
  #isBomb = false;

  convert(node: ParsedNode): Sized {
    const { isAlias, isMap, isSeq } = this.#yaml;
    if (isAlias(node)) return this.#alias(node);
    const anchor = node.anchor;
    const entry: { node: ParsedNode; result?: Sized } = { node };
    if (anchor !== undefined) this.#anchors.set(anchor, entry);
    const result = isMap(node) ? this.#map(node) : isSeq(node) ? this.#seq(node) : this.#scalar(node);
    entry.result = result;
    return result;
  }

  #report(
    node: { range?: readonly number[] | null },
    code: string,
    message: string,
    hint?: string,
    severity?: 'warning',
  ): void {
    if (this.#isBomb) return;
    this.findings.push({ code, message, offset: node.range?.[0] ?? 0, ...definedMembers({ hint, severity }) });
  }

  #alias(node: Alias.Parsed): Sized {
    const entry = this.#anchors.get(node.source);
    if (entry === undefined) {
      this.#report(
        node,
        'yaml/unknown-alias',
        'there is no anchor with this name before this alias',
        'name an anchor of an earlier line of the same document, or quote the text',
      );
      return { value: null, size: 1 };
    }
    if (entry.result === undefined) {
      this.#report(node, 'yaml/unknown-alias', 'the alias is inside the value that it names');
      return { value: null, size: 1 };
    }
    this.targets.set(node, entry.node);
    const before = this.#aliasNodes;
    this.#aliasNodes += entry.result.size;
    if (this.#aliasNodes <= MAX_ALIAS_NODES) return entry.result;
    this.#report(node, 'yaml/alias-bomb', `the aliases expand to more than ${MAX_ALIAS_NODES} values`);
    this.#isBomb = true;
    this.#aliasNodes = before + 1;
    return { value: null, size: 1 };
  }

  #seq(node: YAMLSeq.Parsed): Sized {
    let size = 1;
    const value = node.items.map((item) => {
      const entry = this.convert(item);
      size += entry.size;
      return entry.value;
    });
    return { value, size };
  }

  #map(node: YAMLMap.Parsed): Sized {
    const own = new Map<string, JsonValue>();
    const merged: JsonObject[] = [];
    let size = 1;
    for (const pair of node.items) {
      const entry = pair.value === null ? { value: null, size: 1 } : this.convert(pair.value);
      size += entry.size;
      if (isMergePair(pair)) {
        for (const each of this.#mergeSources(pair, entry.value)) merged.push(each);
        continue;
      }
      const key = this.#key(pair.key);
      if (key === undefined) continue;
      if (own.has(key)) {
        const message = `this object has the key "${key}" twice, and only the last one is read`;
        this.#report(pair.key, 'yaml/duplicate-key', message, 'remove one of them', 'warning');
      }
      own.set(key, entry.value);
    }
    return { value: combine(own, merged), size };
  }

  #mergeSources(pair: Pair<ParsedNode, ParsedNode | null>, value: JsonValue): JsonObject[] {
    const list = Array.isArray(value) ? value : [value];
    const maps = list.filter((entry) => typeof entry === 'object' && entry !== null && !Array.isArray(entry));
    if (maps.length !== list.length) {
      this.#report(pair.key, 'yaml/syntax', 'a merge key (<<) takes an object or a list of objects');
    }
    return maps as JsonObject[];
  }

  #key(key: ParsedNode): string | undefined {
    const { value } = this.convert(key);
    if (typeof value !== 'object') return `${value}`;
    if (value === null) return 'null';
    this.#report(key, 'yaml/unsupported-value', 'a key must be a string');
    return undefined;
  }

  #scalar(node: Scalar.Parsed): Sized {
    return { value: this.#scalarValue(node), size: 1 };
  }

  #scalarValue(node: Scalar.Parsed): JsonValue {
    const source = node.source ?? '';
    if (/\p{Surrogate}/u.test(source)) {
      const message = 'this text has half of a surrogate pair, which UTF-8 cannot represent';
      this.#report(node, 'yaml/unsupported-value', message, 'write the character itself');
      return null;
    }
    if (node.tag !== undefined) return this.#tagged(node, node.tag, source);
    if (node.type !== undefined && node.type !== 'PLAIN') return source;
    if (/^[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)$/.test(source)) {
      this.#report(
        node,
        'yaml/unsupported-value',
        `${source} cannot be written in JSON`,
        'quote it to make it a string',
      );
      return null;
    }
    if (isOldBoolean(source)) this.#warnOldBoolean(node, source);
    return resolvePlain(source);
  }

  #warnOldBoolean(node: Scalar.Parsed, source: string): void {
    this.findings.push({
      code: 'yaml/old-boolean',
      message: `${source} without quotes is the boolean ${resolvePlain(source) === true} to kubectl and kro`,
      offset: node.range[0],
      hint: `write "${source}" for the string, or ${resolvePlain(source) === true} for the boolean`,
      severity: 'warning',
    });
  }

  #tagged(node: Scalar.Parsed, tag: string, source: string): JsonValue {
    switch (tag) {
      case '!':
      case 'tag:yaml.org,2002:str':
        return source;
      case 'tag:yaml.org,2002:int':
      case 'tag:yaml.org,2002:float':
      case 'tag:yaml.org,2002:bool':
      case 'tag:yaml.org,2002:null':
        return resolvePlain(source);
      default:
        this.#report(node, 'yaml/unsupported-value', 'this tag has no meaning here', 'remove the tag');
        return source;
    }
  }
}

/** Is this `<<: …`? */
export function isMergePair(pair: Pair<ParsedNode, ParsedNode | null>): boolean {
  return yamlLibrary().isScalar(pair.key) && pair.key.source === '<<' && pair.key.type === 'PLAIN';
}

/**
 * Merges members. Own members take precedence over merged members, and earlier merge sources over later sources.
 * `__proto__` is an ordinary key.
 */
function combine(own: ReadonlyMap<string, JsonValue>, merged: readonly JsonObject[]): JsonObject {
  const all = new Map<string, JsonValue>();
  for (const source of merged.toReversed()) {
    for (const [key, value] of Object.entries(source)) if (value !== undefined) all.set(key, value);
  }
  for (const [key, value] of own) all.set(key, value);
  return Object.fromEntries(all);
}
