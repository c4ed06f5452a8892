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
