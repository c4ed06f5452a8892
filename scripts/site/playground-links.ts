import { posix } from 'node:path';
import { encodeInput } from '../../packages/dashboard/src/client/playground/encoded-input.ts';
import { PLAYGROUND_EXAMPLES } from '../../packages/dashboard/src/playground/examples.ts';
import { escapeHtml } from './escape-html.ts';
import { PLAYGROUND } from './navigation.ts';

/**
 * Marks the position of the links in a Markdown page. Only the site has the playground; other Markdown renderers ignore
 * this comment.
 */
export const PLAYGROUND_MARK = '<!-- links to the playground -->';

interface PageBundler {
  /** The contents of the playground's files, keyed by path. Each path begins with `/`. */
  playgroundFiles(root: string): Promise<Readonly<Record<string, string>>>;
}

const bundler = (await import(new URL('../page.mjs', import.meta.url).href)) as PageBundler;

/** The contents of the playground's files, keyed by their paths in the site. */
export async function playgroundInSite(root: string): Promise<ReadonlyMap<string, string>> {
  const folder = posix.dirname(PLAYGROUND.target);
  const files = Object.entries(await bundler.playgroundFiles(root));
  return new Map(files.map(([path, text]) => [posix.join(folder, path), text]));
}

/** The links to the playground, one per example. A link opens the playground with the source files of the example. */
export async function playgroundLinks(address: string): Promise<string> {
  const items = PLAYGROUND_EXAMPLES.map(async (example) => {
    const state = await encodeInput(example);
    if (state === undefined) throw new Error(`the example ${example.name} is too long for a link`);
    return `<li><a href="${escapeHtml(address)}#/playground?state=${state}">${escapeHtml(example.name)}</a></li>`;
  });
  return `<div class="playground-links">
<p><a href="${escapeHtml(address)}"><strong>Open the playground</strong></a>: write a graph, and see each of its steps, in
this browser. Or begin with an example:</p>
<ul>${(await Promise.all(items)).join('')}</ul>
</div>
`;
}
