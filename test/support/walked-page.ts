/** A step of a page: a file with its new text, or a command with its output. */
export type PageStep =
  | { readonly kind: 'file'; readonly name: string; readonly text: string }
  | { readonly kind: 'command'; readonly line: string; readonly output: string };

const BLOCK = /^```(yaml|ts|console)\n([\s\S]*?)^```$/gm;
/** The first line of a block: the file, and the place of the block in it. */
const PLACE = /^(?:#|\/\/) ([\w./-]+\.\w+)(?:, (at the end|after the line of (\w+)))?\n/;

/** The files and commands of a page in their order, as a reader follows them. */
export function stepsOfPage(page: string): PageStep[] {
  const files = new Map<string, string>();
  return [...page.matchAll(BLOCK)].map(([, kind, block = '']): PageStep => {
    if (kind === 'console') {
      const [line = '', ...output] = block.trimEnd().split('\n');
      return { kind: 'command', line: line.replace(/^\$ (?:npx )?typekro /, ''), output: output.join('\n') };
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

/** The files of a page at its end. */
export function filesOfPage(page: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    stepsOfPage(page).flatMap((step) => (step.kind === 'file' ? [[step.name, step.text]] : [])),
  );
}

/** The printed text with `…` for the lines that the page leaves out; the whole text where the page has other lines. */
export function withGaps(printed: string, page: string): string {
  const parts = page.split(/^…(?:\n|$)/m).map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`));
  return new RegExp(`^${parts.join('(?:.*\\n)*(?:.*$)?')}$`).test(printed) ? page : printed;
}
