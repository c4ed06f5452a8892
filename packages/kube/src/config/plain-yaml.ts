import { type JsonObject, type JsonValue, tryParseJson } from '@typekro/kit/core';

/**
 * Parses the plain YAML of kubeconfig files: block maps and lists of simple scalars, or JSON. Returns undefined for any
 * other syntax, and for text that a full parser might read differently. This parser exists because the YAML library
 * takes 8 MB of memory, and a controller uses YAML only for the kubeconfig.
 */
export function parsePlainYaml(text: string): JsonValue | undefined {
  // A flow map that is not JSON needs a full parser.
  if (/^\s*\{/.test(text)) return tryParseJson(text);
  const lines: Line[] = [];
  for (const raw of text.split('\n')) {
    if (/^ *(#.*)?$/.test(raw) || (lines.length === 0 && raw === '---')) continue;
    const content = raw.trimStart();
    if (/[^\x20-\x7e]/.test(raw)) return undefined;
    lines.push({ indent: raw.length - content.length, content });
  }
  const reader = new PlainReader(lines);
  const value = reader.block(0, 0);
  return reader.atEnd ? value : undefined;
}

interface Line {
  readonly indent: number;
  readonly content: string;
}

const MAX_LEVELS = 20;
const MEMBER = /^([A-Za-z][\w.-]*):(?: +(.*))?$/;
const PLAIN = /^[A-Za-z0-9/_][\w./:@+=-]*$/;
/** Matches scalars that at least one version of YAML reads as a number, a boolean or null. */
const SPECIAL = /^(?:[\d_.]+(?:e[-+]?\d+)?|0[xob][\da-f_]+|[\d:_.]+|[\d-]+|true|false|null|yes|no|on|off|y|n)$/i;

class PlainReader {
  readonly #lines: Line[];
  #at = 0;

  constructor(lines: Line[]) {
    this.#lines = lines;
  }

  get atEnd(): boolean {
    return this.#at === this.#lines.length;
  }

  /** Parses the map or list at this indent. */
  block(indent: number, level: number): JsonValue | undefined {
    const line = this.#lines[this.#at];
    if (line?.indent !== indent || level > MAX_LEVELS) return undefined;
    return line.content.startsWith('- ') ? this.#list(indent, level) : this.#map(indent, level);
  }

  #list(indent: number, level: number): JsonValue | undefined {
    const items: JsonValue[] = [];
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      // The map that contains this list may continue at the same indent.
      if (!line.content.startsWith('- ')) break;
      const rest = line.content.slice(2);
      let item: JsonValue | undefined;
      if (MEMBER.test(rest)) {
        this.#lines[this.#at] = { indent: indent + 2, content: rest };
        item = this.#map(indent + 2, level + 1);
      } else {
        this.#at += 1;
        item = scalar(rest);
      }
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  }

  #map(indent: number, level: number): JsonObject | undefined {
    const map: JsonObject = {};
    for (let line = this.#lines[this.#at]; line?.indent === indent; line = this.#lines[this.#at]) {
      const [, key, text] = MEMBER.exec(line.content) ?? [];
      if (key === undefined || Object.hasOwn(map, key)) return undefined;
      this.#at += 1;
      const value = text === undefined ? this.#below(indent, level) : scalar(text);
      if (value === undefined) return undefined;
      map[key] = value;
    }
    const next = this.#lines[this.#at];
    return next !== undefined && next.indent > indent ? undefined : map;
  }

  /** Parses the nested value of a member that has no value on its own line. */
  #below(indent: number, level: number): JsonValue | undefined {
    const next = this.#lines[this.#at];
    if (next === undefined || next.indent < indent) return undefined;
    if (next.indent === indent && !next.content.startsWith('- ')) return undefined;
    return this.block(next.indent, level + 1);
  }
}

function scalar(text: string): JsonValue | undefined {
  const value = text.trimEnd();
  if (value === '{}') return {};
  if (value === '[]') return [];
  if (value === 'true') return true;
  if (value === 'false') return false;
  const quoted = /^"([^"\\]*)"$/.exec(value) ?? /^'([^']*)'$/.exec(value);
  if (quoted !== null) return quoted[1];
  return PLAIN.test(value) && !SPECIAL.test(value) && !value.endsWith(':') ? value : undefined;
}
