import { posix } from 'node:path';
import { encodeInput } from '../../src/dashboard/client/playground/share.ts';
import { PLAYGROUND_EXAMPLES } from '../../src/dashboard/playground/examples.ts';
import { escapeHtml } from './escape-html.ts';
import { PLAYGROUND } from './navigation.ts';

/**
 * The place of the links in a page of Markdown. On other hosts of Markdown it is a comment without effect, because only
 * the site has the playground.
 */
export const PLAYGROUND_MARK = '<!-- links to the playground -->';

interface PageBundler {
  /** The texts of the playground's files by their paths, which begin with `/`. */
  playgroundFiles(root: string): Promise<Readonly<Record<string, string>>>;
}

const bundler = (await import(new URL('../page.mjs', import.meta.url).href)) as PageBundler;

/** The files of the playground by their paths in the site. */
export async function playgroundInSite(root: string): Promise<ReadonlyMap<string, string>> {
  const folder = posix.dirname(PLAYGROUND.target);
  const files = Object.entries(await bundler.playgroundFiles(root));
  return new Map(files.map(([path, text]) => [posix.join(folder, path), text]));
}

/** The links to the playground, one for each example. A link opens the playground with the texts of its example. */
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
