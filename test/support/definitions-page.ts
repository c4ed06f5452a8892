import { readFileSync } from 'node:fs';

/** A step of docs/definitions.md: a file with its new text, or a command with its output. */
export type PageStep =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'command'; readonly line: string; readonly output: string };

const PAGE = new URL('../../docs/definitions.md', import.meta.url);

const BLOCK = /^```(yaml|console)\n([\s\S]*?)^```$/gm;
/** The first line of a block: the file, and the place of the block in it. */
const PLACE = /^# ([\w.-]+)(?:, (at the end|after the line of (\w+)))?\n/;

/** The files and commands of docs/definitions.md in their order, as a reader follows them. */
export function definitionsPage(): PageStep[] {
  const files = new Map<string, string>();
  return [...readFileSync(PAGE, 'utf8').matchAll(BLOCK)].map(([, kind, block = '']): PageStep => {
    if (kind === 'console') {
      const [line = '', ...output] = block.trimEnd().split('\n');
      return { kind: 'command', line: line.replace('$ typekro ', ''), output: output.join('\n') };
    }
    const [head = '', name, place, key] = PLACE.exec(block) ?? [];
    if (name === undefined) throw new Error(`a block of the page names no file:\n${block}`);
    const text = withBlock(files.get(name), { head, block, place, key });
    files.set(name, text);
    return { kind: 'file', name, text };
  });
}

interface PlacedBlock {
  readonly head: string;
  readonly block: string;
  readonly place: string | undefined;
  readonly key: string | undefined;
}

/** The text of a file with a block of the page. */
function withBlock(before: string | undefined, { head, block, place, key }: PlacedBlock): string {
  if (place === undefined) return block;
  const added = block.slice(head.length);
  if (before === undefined) throw new Error(`a block is added to a file that the page does not have: ${head}`);
  if (key === undefined) return before + added;
  const line = new RegExp(`^ *${key}:.*\\n`, 'm');
  if (!line.test(before)) throw new Error(`a block is added after a line that the file does not have: ${head}`);
  return before.replace(line, (found) => found + added);
}

/** The files of the page at its end. */
export function definitionsPageFiles(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    definitionsPage().flatMap((step) => (step.kind === 'file' ? [[step.name, step.text]] : [])),
  );
}
