/** A step of a page: a file with its new content, or a command with its output. */
export type PageStep =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'command'; readonly line: string; readonly output: string };

/** The arguments of a line that runs `typekro`. Undefined for a line of another program. */
export const typekroWords = (line: string): string | undefined => /^(?:npx )?typekro (.*)$/.exec(line)?.[1];

const BLOCK = /^```(yaml|ts|console)\n([\s\S]*?)^```$/gm;
/** Matches the first line of a block, which names a file and the position of the block in the file. */
const PLACE =
  /^(?:#|\/\/) ([\w./-]+\.\w+)(?:, (at the end|instead of the last line|(?:after|instead of) the line with (\w+):))?\n/;

/**
 * The files and commands of a page, in the order in which a reader follows them.
 *
 * @param files the files of earlier pages; the function adds the files of this page
 */
export function stepsOfPage(page: string, files = new Map<string, string>()): PageStep[] {
  return [...page.matchAll(BLOCK)].map(([, kind, block = '']): PageStep => {
    if (kind === 'console') {
      const [line = '', ...output] = block.trimEnd().split('\n');
      if (!line.startsWith('$ ')) throw new Error(`a block of a terminal begins without a command:\n${block}`);
      return { kind: 'command', line: line.slice('$ '.length), output: output.join('\n') };
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

/** Adds a block of the page to the content of a file. */
function withBlock(before: string | undefined, { head, block, place, key }: PlacedBlock): string {
  if (place === undefined) return block;
  const added = block.slice(head.length);
  if (before === undefined) throw new Error(`a block is added to a file that the page does not have: ${head}`);
  if (place === 'instead of the last line') return before.replace(/.*\n$/, added);
  if (key === undefined) return before + added;
  const line = new RegExp(`^[ -]*${key}:.*\\n`, 'm');
  if (!line.test(before)) throw new Error(`a block is added after a line that the file does not have: ${head}`);
  return before.replace(line, (found) => (place.startsWith('after') ? found + added : added));
}

/** Returns the files of a page by name, each with its content after the last step. */
export function filesOfPage(page: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    stepsOfPage(page).flatMap((step) => (step.kind === 'file' ? [[step.name, step.text]] : [])),
  );
}

/**
 * Returns the text of the page if the printed text matches it, and the printed text if not. A line `…` in the page
 * stands for any lines, and `…` inside a line stands for any characters. As the last line, `…` may also stand for no
 * line.
 */
export function withGaps(printed: string, page: string): string {
  const escaped = (text: string): string =>
    text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll('…', '.*?');
  const isOpen = page.endsWith('\n…');
  const parts = (isOpen ? page.slice(0, -2) : page).split(/^…(?:\n|$)/m).map(escaped);
  const rest = isOpen ? '(?:\\n.*)*' : '';
  return new RegExp(`^${parts.join('(?:.*\\n)*(?:.*$)?')}${rest}$`).test(printed) ? page : printed;
}
