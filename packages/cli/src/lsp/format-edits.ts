import type { TextEdit } from 'vscode-languageserver';
import { hasErrors } from '@typekro/kit/core';
import type { EditorDocument } from '@typekro/editor';
import { formatDefinitions } from '../fmt/format-definition.ts';

/**
 * Returns the edit that formats a document as `typekro fmt` does. Returns no edit for a document that is too long, has
 * syntax errors or is already formatted.
 */
export function formatEdits(document: EditorDocument): TextEdit[] {
  const { text } = document;
  if (document.isTooLong || hasErrors(document.parsed().diagnostics)) return [];
  const after = formatDefinitions(text.text);
  if (after === text.text) return [];
  const [from, to] = [commonStart(text.text, after), commonEnd(text.text, after)];
  const end = Math.max(text.text.length - to, from);
  const newText = after.slice(from, Math.max(after.length - to, from));
  return [{ range: text.rangeOf({ from, to: end }), newText }];
}

/** Returns the length of the common prefix of two strings. */
function commonStart(one: string, other: string): number {
  let at = 0;
  while (at < one.length && one[at] === other[at]) at += 1;
  return at;
}

/** Returns the length of the longest common suffix that does not overlap the common prefix. */
function commonEnd(one: string, other: string): number {
  const limit = Math.min(one.length, other.length) - commonStart(one, other);
  let length = 0;
  while (length < limit && one.at(-1 - length) === other.at(-1 - length)) length += 1;
  return length;
}
