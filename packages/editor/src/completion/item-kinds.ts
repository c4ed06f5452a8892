import type { CompletionItemKind } from 'vscode-languageserver';

/** The kinds of completions that this server uses, with their numbers in the protocol. */
export const ItemKind = {
  method: 2,
  function: 3,
  field: 5,
  variable: 6,
  class: 7,
  property: 10,
  value: 12,
  keyword: 14,
  typeName: 25,
} as const satisfies Record<string, CompletionItemKind>;
