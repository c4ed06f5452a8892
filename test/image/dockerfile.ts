/** One instruction of a Dockerfile, with the line that it begins on. */
export interface Instruction {
  readonly line: number;
  readonly keyword: string;
  readonly text: string;
}

/** A stage of a Dockerfile: what follows one `FROM`. */
export interface Stage {
  /** The image that the stage begins with, after build arguments are put in. */
  readonly base: string;
  /** The name after `AS`, else the stage's number. */
  readonly name: string;
  readonly instructions: readonly Instruction[];
}

/** The list form of `ENTRYPOINT` and `CMD`, or of `COPY` with quotes. */
export function wordsOf(text: string): string[] {
  if (text.startsWith('[')) return JSON.parse(text) as string[];
  return text.split(/\s+/);
}

/** Puts the values of build arguments in place of `${NAME}`; an unknown name is an error. */
export function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = values.get(name);
    if (value === undefined) throw new Error(`the Dockerfile uses \${${name}} before an ARG or ENV sets it`);
    return value;
  });
}

/**
 * Reads a Dockerfile as stages. Comments, empty lines and lines continued by a backslash follow the reference of
 * Dockerfile; parser directives and here-documents do not occur and are refused.
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

/** Sets `NAME=value` of an ARG. */
export function setArgument(values: Map<string, string>, instruction: Instruction): void {
  const at = instruction.text.indexOf('=');
  if (at < 1) throw refused(instruction);
  values.set(instruction.text.slice(0, at), expand(instruction.text.slice(at + 1), values));
}

/** The error for an instruction that the runner of steps does not carry out. */
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
