/** Reads facts about fields of API types from the sources in Go. The published schemas do not have these facts. */

/** How a field is written as JSON. */
export interface GoField {
  /** Is the field a pointer? Then an absent field differs from an empty one. */
  readonly pointer: boolean;
  /** Is an empty field written, too (no `omitempty`)? */
  readonly always: boolean;
}

/** Maps each field name of a message in `generated.proto` to its field number. */
export function protobufNumbersOf(proto: string, message: string): Record<string, number> {
  const body = new RegExp(`^message ${message} \\{\\n(.*?)^\\}`, 'ms').exec(proto)?.[1] ?? '';
  const fields = body.matchAll(/^ {2}(?:optional|repeated|map<[^>]*>) ?.*?(\w+) = (\d+);$/gm);
  return Object.fromEntries([...fields].map(([, name, number]) => [name ?? '', Number(number)]));
}

/** The fields of a struct in `types.go`, keyed by their JSON names. */
export function goFieldsOf(source: string, struct: string): Record<string, GoField> {
  const body = new RegExp(`^type ${struct} struct \\{\\n(.*?)^\\}`, 'ms').exec(source)?.[1] ?? '';
  const fields = body.matchAll(/^\t\w+\s+(\S+)\s+`.*?json:"(\w+)((?:,\w+)*)"/gm);
  return Object.fromEntries(
    [...fields].map(([, type = '', name = '', options = '']) => [
      name,
      { pointer: type.startsWith('*'), always: !/,omit(?:empty|zero)/.test(options) },
    ]),
  );
}
