/** A word of a command in prose. The verb of the sentence, or a punctuation mark, ends the command. */
const COMMAND =
  /(?:kubectl|typekro)(?: (?!(?:and|checks|explains|lists|makes|only|or|prints|says|shows|when)\b)(?:\\'|'[^']*'|[^\s'();,])+){2,}/;

/**
 * Splits a sentence at its commands: `before`, a command and `after`, or only `before`. A command with a placeholder
 * such as FILE, or with a name that the reader must add, stays in the sentence.
 */
export function splitCommand(text: string): {
  readonly before: string;
  readonly command?: string;
  readonly after?: string;
} {
  const found = COMMAND.exec(text);
  if (found === null || / [A-Z]{3,}(?: |$)/.test(found[0])) return { before: text };
  return {
    before: text.slice(0, found.index).replace(/[\s(:]+$/, ''),
    command: found[0],
    after: text.slice(found.index + found[0].length).replace(/^[\s),;]+/, ''),
  };
}

/** What a user can do, as a sentence, and the command in it that can be run as it is. */
export interface Advice {
  readonly remedy?: string;
  readonly command?: string;
}

/** Adds the command of the remedy, so that programs need not search the sentence. */
export function withCommand<Item extends Advice>(item: Item): Item {
  const { command } = splitCommand(item.remedy ?? '');
  return command === undefined ? item : { ...item, command };
}
