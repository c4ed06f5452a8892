/** Formats a string as one word of a shell command, with quotes if necessary. */
export function shellWord(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/**
 * Escapes a string for an XML attribute. Control characters that XML does not allow become `?`, and line breaks and
 * tabs become spaces.
 */
export function xmlText(text: string): string {
  return (
    text
      .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
      // oxlint-disable-next-line no-control-regex -- XML 1.0 allows none of these
      .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '?')
      .replaceAll(/[\n\r\t]/g, ' ')
  );
}

/** A command to GitHub Actions in the output of a workflow. */
export interface WorkflowCommand {
  readonly level: string;
  readonly title: string;
  readonly text: string;
  readonly file?: string | undefined;
  /** Counted from 1. */
  readonly line?: number | undefined;
  /** Counted from 1. */
  readonly column?: number | undefined;
}

/** Formats a command as one line, which GitHub shows as an annotation at the line of a pull request. */
export function workflowCommand({ level, title, text, file, line, column }: WorkflowCommand): string {
  const place = [
    ...(file === undefined ? [] : [`file=${property(file)}`]),
    ...(line === undefined ? [] : [`line=${line}`]),
    ...(column === undefined ? [] : [`col=${column}`]),
    `title=${property(title)}`,
  ];
  return `::${level} ${place.join(',')}::${escaped(text)}`;
}

/** Escapes the characters that would end a workflow command. GitHub decodes them. */
const escaped = (text: string): string => text.replaceAll(/[%\r\n]/g, encodeURIComponent);
const property = (text: string): string => text.replaceAll(/[%\r\n:,]/g, encodeURIComponent);
