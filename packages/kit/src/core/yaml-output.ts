import type { Document, ToStringOptions } from 'yaml';
import { yamlLibrary } from './late-parts.ts';
import { escapeOf, HIDDEN, IDLE, printable } from './printable.ts';

/**
 * Characters that YAML output must escape: control characters, NEL, LS, PS, the byte order mark, and code points that
 * are not characters. Readers of YAML 1.1 (kubectl, kro) refuse them or read them as line breaks. The characters that
 * `printable` escapes for a terminal are also among them. YAML reads escapes only in double quotes.
 */
export const SPECIAL_IN_YAML = new RegExp(
  String.raw`[\u0000-\u0008\u000b-\u001f${HIDDEN}\ufffe\uffff]|${IDLE}|\p{Surrogate}`,
  'u',
);

/** The characters of `SPECIAL_IN_YAML` that JSON leaves as they are. */
const UNESCAPED = new RegExp(String.raw`[${HIDDEN}\ufffe\uffff]|${IDLE}`, 'gu');

/** Escapes the characters of a double-quoted string that readers of YAML 1.1 would refuse or read as line breaks. */
export function escapeForYaml(quoted: string): string {
  return quoted.replace(UNESCAPED, escapeOf);
}

/** Matches letters, digits and characters that are allowed inside a word of YAML. */
const WORD = /^[A-Za-z/][\w./-]*$/;

/** The words that need quotes to be strings. */
const KEYWORD = /^(?:null|true|false|yes|no|on|off|y|n)$/i;
const MAX_KEYWORD_LENGTH = 5;

/**
 * Is the text a word that needs no quotes to be a string in YAML 1.1 and 1.2? The test is fast, and true for most keys
 * and values. Texts for which it is false do not always need quotes.
 */
export function isPlainYamlWord(text: string): boolean {
  return WORD.test(text) && (text.length > MAX_KEYWORD_LENGTH || !KEYWORD.test(text));
}

/**
 * A string whose first lines have only blanks. The library `yaml` prints it as a block, and a reader drops the blanks.
 */
const BLANK_FIRST_LINE = /^\s*[ \t]\n/;

/** The header of a block in YAML, and first lines that have only blanks. */
const BLANK_FIRST_LINE_OF_BLOCK = /[|>][-+\d]*\n\s*[ \t]\n/;

/** The options of a document for output that readers of YAML 1.1 read as the same values. */
export const YAML_OUTPUT = { compat: 'yaml-1.1', aliasDuplicateObjects: false } as const;

/**
 * Prints a document as YAML that readers of YAML 1.1 (kubectl, kro) read as the same values, without line folding.
 * Strings with special characters, and strings that a block cannot represent, get double quotes and escapes.
 *
 * @param document made with `YAML_OUTPUT`
 */
export function yamlOutput(document: Document, options: ToStringOptions = {}): string {
  const text = document.toString({ lineWidth: 0, ...options });
  if (!SPECIAL_IN_YAML.test(text) && !BLANK_FIRST_LINE_OF_BLOCK.test(text)) return text;
  const { visit, Scalar } = yamlLibrary();
  visit(document, {
    Scalar(_key, node) {
      if (typeof node.value === 'string' && needsQuotes(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return escapeForYaml(document.toString({ lineWidth: 0, ...options }));
}

const needsQuotes = (text: string): boolean => SPECIAL_IN_YAML.test(text) || BLANK_FIRST_LINE.test(text);

/** A line with a comment. A line break in the text becomes an escape, because the next line would be a document. */
export const yamlComment = (text: string): string => `# ${printable(text).replaceAll('\n', '\\n')}\n`;
