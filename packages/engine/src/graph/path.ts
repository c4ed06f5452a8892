import { type JsonValue, isJsonObject } from '@typekro/kit/core';
import type { PathStep } from './model.ts';

/**
 * Writes a field path as kro does: `spec.ports[0].name`. A key that is empty or contains a dot is written in brackets
 * and quotes, without escapes: `metadata.labels["app.kubernetes.io/name"]`.
 */
export function formatPath(steps: readonly PathStep[]): string {
  let text = '';
  for (const step of steps) text = appendStep(text, step);
  return text;
}

/** Appends a step to the path `parent`, which is a formatted path. */
export function appendStep(parent: string, step: PathStep): string {
  if (typeof step === 'number') return `${parent}[${step}]`;
  if (step === '' || step.includes('.')) return `${parent}["${step}"]`;
  return parent === '' ? step : `${parent}.${step}`;
}

/** The result of parsing a path: its steps, or kro's error. */
export type ParsedPath =
  | { readonly ok: true; readonly steps: PathStep[] }
  | { readonly ok: false; readonly message: string };

/**
 * Parses a formatted path. kro stores paths as strings, and parses them before it looks up a schema and before it
 * writes a value. In kro, a key with `[` or `"` may therefore turn into another path or an error. Callers that must
 * behave like kro parse paths with this function instead of keeping the steps.
 */
export function parsePath(text: string): ParsedPath {
  const steps: PathStep[] = [];
  let at = 0;
  while (at < text.length) {
    if (text[at] === '[') {
      const bracket = readBracket(text, at);
      if (!bracket.ok) return bracket;
      steps.push(bracket.step);
      at = bracket.end;
    } else {
      const end = fieldEnd(text, at);
      if (end === at) return { ok: false, message: `empty field name at position ${at}` };
      steps.push(text.slice(at, end));
      at = end;
    }
    if (text[at] === '.') at += 1;
  }
  return { ok: true, steps };
}

type Bracket = { ok: true; step: PathStep; end: number } | { ok: false; message: string };

/** `["key"]` or `[0]` at the given position. */
function readBracket(text: string, at: number): Bracket {
  if (text[at + 1] === '"') {
    const close = text.indexOf('"', at + 2);
    if (close < 0) return { ok: false, message: `unterminated quoted string starting at position ${at + 1}` };
    if (text[close + 1] !== ']') {
      return { ok: false, message: `expected closing bracket after quote at position ${close + 1}` };
    }
    return { ok: true, step: text.slice(at + 2, close), end: close + 2 };
  }
  const close = text.indexOf(']', at);
  if (close < 0) return { ok: false, message: `unterminated array index at position ${at}` };
  const index = text.slice(at + 1, close);
  if (!/^[+-]?\d+$/.test(index)) return { ok: false, message: `invalid array index '${index}' at position ${at + 1}` };
  return { ok: true, step: Number(index), end: close + 1 };
}

/** The position of the first `.` or `[` at or after `at`; the end of the text when there is none. */
function fieldEnd(text: string, at: number): number {
  let end = at;
  while (end < text.length && text[end] !== '.' && text[end] !== '[') end += 1;
  return end;
}

/** The member or list element at one path step; `undefined` if there is none. */
export function childAt(value: JsonValue | undefined, step: PathStep): JsonValue | undefined {
  if (Array.isArray(value)) return typeof step === 'number' ? value[step] : undefined;
  return isJsonObject(value) && typeof step === 'string' && Object.hasOwn(value, step) ? value[step] : undefined;
}

/** Is the value a list or an object without content? */
export function isEmptyContainer(value: JsonValue): boolean {
  return Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;
}

/** Paths of fields, as text and as steps. */
export const Path = { format: formatPath, append: appendStep, parse: parsePath };
