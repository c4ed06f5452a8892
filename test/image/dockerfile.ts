/** One instruction of a Dockerfile, and the line on which it starts. */
export interface Instruction {
  readonly line: number;
  readonly keyword: string;
  readonly text: string;
}

/** A stage of a Dockerfile: a `FROM` and the instructions after it. */
export interface Stage {
  /** The base image of the stage, with the values of build arguments. */
  readonly base: string;
  /** The name after `AS`, or the stage's number. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The words of an instruction: the items of its list form, or the parts between spaces. */
export function wordsOf(text: string): string[] {
  if (text.startsWith('[')) return JSON.parse(text) as string[];
  return text.split(/\s+/);
}

/**
 * Replaces each `${NAME}` with the value of the build argument.
 *
 * @throws Error when the name is unknown.
 */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`the Dockerfile uses \${${name}} before an ARG or ENV sets it`);
    return value;
  });
}

/**
 * Parses a Dockerfile into stages. Comments, empty lines and continued lines follow the Dockerfile reference. A parser
 * directive counts as a comment.
 *
 * @throws Error for a here-document, for a `FROM` or `ARG` in a form that is not supported, for an unknown build
 *   argument, and for an instruction other than `ARG` before the first `FROM`.
 */
export function parseDockerfile(text: string): Stage[] {
  const instructions = instructionsOf(text);
  const globals = new Map<string, string>();
  const stages: { base: string; name: string; instructions: Instruction[] }[] = [];
  for (const instruction of instructions) {
    const stage = stages.at(-1);
    if (instruction.keyword === 'FROM') {
      const [base = '', as, name] = expand(instruction.text, globals).split(/\s+/);
      if (as !== undefined && (as.toUpperCase() !== 'AS' || name === undefined)) throw refused(instruction);
      stages.push({ base, name: name ?? String(stages.length), instructions: [] });
    } else if (stage !== undefined) stage.instructions.push(instruction);
    else if (instruction.keyword === 'ARG') setArgument(globals, instruction);
    else throw refused(instruction);
  }
  return stages;
}

/** Sets the build argument of an `ARG NAME=value`. */
export function setArgument(values: Map<string, string>, instruction: Instruction): void {
  const at = instruction.text.indexOf('=');
  if (at < 1) throw refused(instruction);
  values.set(instruction.text.slice(0, at), expand(instruction.text.slice(at + 1), values));
}

/** The error for an instruction that `buildInFolder` does not support. */
export function refused({ line, keyword, text }: Instruction): Error {
  return new Error(`Dockerfile:${line}: ${keyword} ${text} is not carried out by this test; teach it the instruction`);
}

function instructionsOf(text: string): Instruction[] {
  const instructions: Instruction[] = [];
  let open: { line: number; text: string } | undefined;
  for (const [index, raw] of text.split('\n').entries()) {
    if (raw.trim() === '' || raw.trimStart().startsWith('#')) continue;
    const continued = raw.endsWith('\\');
    const part = (continued ? raw.slice(0, -1) : raw).trim();
    const whole: { line: number; text: string } =
      open === undefined ? { line: index + 1, text: part } : { line: open.line, text: `${open.text} ${part}` };
    open = continued ? whole : undefined;
    if (open !== undefined) continue;
    const [, keyword = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(whole.text) ?? [];
    const instruction = { line: whole.line, keyword: keyword.toUpperCase(), text: rest };
    if (keyword === '' || rest.includes('<<')) throw refused(instruction);
    instructions.push(instruction);
  }
  return instructions;
}
