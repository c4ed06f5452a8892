import { type Ended, RunningCommand } from './command.ts';
import type { ApiServer } from './api-server.ts';

/** A run of a program against a server. Values that differ from run to run are removed from its result. */
interface Entry {
  readonly command: string;
  readonly outcome: string;
}

/**
 * The commands of a client and their results, on each server of a test. `differences` compares the results between
 * servers, including results that the test does not assert.
 */
export class Transcript {
  readonly #byServer = new Map<string, Entry[]>();

  add(server: string, command: string, { code, stdout, stderr }: Ended): void {
    const entries = this.#byServer.get(server) ?? [];
    this.#byServer.set(server, entries);
    entries.push({ command, outcome: normalise(`${stdout}${stderr}exit code ${code}`) });
  }

  /**
   * The commands whose results differ from the results on the first server, as lines of a diff. Empty if there is only
   * one server.
   */
  differences(): string[] {
    const [first, ...others] = [...this.#byServer];
    if (first === undefined) return [];
    const [firstName, expected] = first;
    return others.flatMap(([name, actual]) =>
      actual.flatMap(({ command, outcome }, index) => {
        const before = expected.filter((entry) => entry.command === command);
        const nth = actual.slice(0, index).filter((entry) => entry.command === command).length;
        const other = before[nth]?.outcome;
        if (other === undefined || other === outcome) return [];
        return [[`$ ${command}`, ...lineDifferences(other, outcome, firstName, name)].join('\n')];
      }),
    );
  }

  /** Prints the differences when the test runs on a second server. */
  print(): void {
    if (this.#byServer.size < 2) return;
    const names = [...this.#byServer.keys()].join(' and ');
    const found = this.differences();
    const count = [...this.#byServer.values()].at(-1)?.length ?? 0;
    console.log([`${found.length} of ${count} commands differ between ${names}`, ...found].join('\n\n'));
  }
}

function lineDifferences(a: string, b: string, nameOfA: string, nameOfB: string): string[] {
  const [left, right] = [a.split('\n'), b.split('\n')];
  return [
    ...left.filter((line) => !right.includes(line)).map((line) => `  ${nameOfA}: ${line}`),
    ...right.filter((line) => !left.includes(line)).map((line) => `  ${nameOfB}: ${line}`),
  ];
}

/** Replaces values that differ between servers: ids, resource versions, times, addresses and random names. */
function normalise(text: string): string {
  return text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '<uid>')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '<time>')
    .replaceAll(/\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4}/g, '<time>')
    .replaceAll(/\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ [+-]\d{4}/g, '<time>')
    .replaceAll(/("?resource ?version"?: +)"?\d+"?/gi, '$1<version>')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]+/g, '<token> ')
    .replaceAll(/\/tmp\/[\w-]+/g, '<folder>')
    .replaceAll(/127\.0\.0\.1:\d+/g, '<address>')
    .replaceAll(/\b10\.\d+\.\d+\.\d+\b/g, '<ip>')
    .replaceAll(/\b(?:\d+[smhd]){1,2}\b|<invalid>/g, '<age>')
    .replaceAll(/-[a-z0-9]{8,10}-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g, '-<pod>')
    .replaceAll(/ {2,}/g, '  ')
    .replaceAll(/ +$/gm, '');
}

/** A client program that runs against a server and records its calls in a transcript. */
export class ClientProgram {
  readonly #program: string;
  readonly #name: string;
  readonly #server: ApiServer;
  readonly #serverName: string;
  readonly #transcript: Transcript;

  constructor(options: {
    readonly program: string;
    /** The program's name in the transcript. */
    readonly name: string;
    readonly server: ApiServer;
    readonly serverName: string;
    readonly transcript: Transcript;
  }) {
    this.#program = options.program;
    this.#name = options.name;
    this.#server = options.server;
    this.#serverName = options.serverName;
    this.#transcript = options.transcript;
  }

  /** Starts a program that watches or serves. Its output is not recorded. */
  start(args: readonly string[], input?: string): RunningCommand {
    const { directory, kubeconfig } = this.#server;
    const env = { ...process.env, KUBECONFIG: kubeconfig, HOME: directory };
    return new RunningCommand(this.#program, args, { cwd: directory, env, ...(input === undefined ? {} : { input }) });
  }

  /** Runs the program to its end. Does not fail if the program fails. */
  async run(args: readonly string[], input?: string): Promise<Ended> {
    const ended = await this.start(args, input).ended;
    this.#transcript.add(this.#serverName, [this.#name, ...args].join(' '), ended);
    return ended;
  }

  /**
   * Runs the program and returns its standard output.
   *
   * @throws Error with its output when its exit code is not 0.
   */
  async ok(args: readonly string[], input?: string): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, input);
    if (code !== 0) throw new Error(`${this.#name} ${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }
}
