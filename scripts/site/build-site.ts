import { existsSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import MiniSearch from 'minisearch';
import { GraphOutline } from '@typekro/engine/graph';
import { exampleGraphs } from '../example-graphs.ts';
import { FLEET_FORM, FLEET_FORM_MARK } from './fleet-form.ts';
import { imageSize } from './image-size.ts';
import { type NavigationPage, PAGES, PLAYGROUND } from './navigation.ts';
import { pageHtml, relativeUrl } from './page-template.ts';
import { PLAYGROUND_MARK, playgroundInSite, playgroundLinks } from './playground-links.ts';
import { type RenderedPage, renderPage } from './render-page.ts';
import { SEARCH_OPTIONS } from './search-options.ts';
import { writtenPages } from '../written-pages.ts';
import { toSvg } from '../../packages/app/src/drawing/svg.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** The base URL of the files of the repository that are not pages of the site. */
const REPOSITORY = 'https://github.com/yehudacohen/typekro/blob/main/';

export interface Site {
  /** The contents of the site's files, keyed by path. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Broken links and pictures, each with its page. */
  readonly problems: readonly string[];
}

/** Matches a graph picture that `withPictures` of `example-graphs.ts` wrote into a Markdown page. */
const PICTURE = /<!-- picture of examples\/([\w-]+)\.ts (\w+) -->\n[\s\S]*?<!-- end of picture -->/g;

/** Builds the whole site in memory. Nothing is read from a network. */
export async function buildSite(): Promise<Site> {
  const files = new Map<string, string | Uint8Array>();
  const problems: string[] = [];
  for (const { file, exported, graph } of await exampleGraphs()) {
    files.set(`pictures/${file.replace(/\.ts$/, '')}.${exported}.svg`, toSvg(GraphOutline.of(graph)));
  }
  const bySource = new Map(PAGES.map((page) => [page.source, page]));
  const written = await writtenPages();
  const links: { readonly from: NavigationPage; readonly to: NavigationPage; readonly anchor: string }[] = [];
  const rendered = new Map<NavigationPage, RenderedPage>();

  for (const page of PAGES) {
    const folder = posix.dirname(page.source);
    const text = (written.get(page.source) ?? readFileSync(ROOT + page.source, 'utf8')).replace(
      PICTURE,
      (_match, file: string, exported: string) => `![The graph of ${file}.ts](site:pictures/${file}.${exported}.svg)`,
    );
    const ownLinks = text.includes(PLAYGROUND_MARK)
      ? await playgroundLinks(relativeUrl(page.target, PLAYGROUND.target))
      : '';
    const withParts = text.replace(FLEET_FORM_MARK, FLEET_FORM).replace(PLAYGROUND_MARK, () => ownLinks);
    const resolveLink = (href: string): { url: string; title?: string } => {
      if (/^(?:https?|mailto):/.test(href)) return { url: href };
      const [path = '', anchor = ''] = href.split('#');
      const source = path === '' ? page.source : posix.normalize(posix.join(folder, path));
      const target = bySource.get(source) ?? bySource.get(`${source.replace(/\/$/, '')}/README.md`);
      if (target !== undefined) {
        links.push({ from: page, to: target, anchor });
        const url = target === page ? '' : relativeUrl(page.target, target.target);
        const file = anchor === '' ? url || posix.basename(page.target) : `${url}#${anchor}`;
        return { url: file, title: target.title };
      }
      if (!existsSync(ROOT + source)) problems.push(`${page.source}: the link ${href} has no target`);
      return { url: `${REPOSITORY}${source}` };
    };
    const resolveImage = (href: string): { src: string; width: number; height: number } => {
      const target = href.startsWith('site:')
        ? href.slice('site:'.length)
        : posix.join(posix.dirname(page.target), href);
      const source = `${ROOT}${posix.join(folder, href)}`;
      if (!files.has(target) && existsSync(source)) files.set(target, readFileSync(source));
      const content = files.get(target);
      if (content === undefined) {
        problems.push(`${page.source}: there is no picture ${href}`);
        return { src: '', width: 0, height: 0 };
      }
      return { src: relativeUrl(page.target, target), ...imageSize(target, Buffer.from(content)) };
    };
    rendered.set(page, renderPage(withParts, { resolveLink, resolveImage }));
  }
  for (const { from, to, anchor } of links) {
    const anchors = rendered.get(to)?.sections.map(({ heading }) => heading.anchor) ?? [];
    if (anchor !== '' && !anchors.includes(anchor)) {
      problems.push(`${from.source}: ${to.source} has no heading for #${anchor}`);
    }
  }
  for (const [page, result] of rendered) files.set(page.target, pageHtml(page, result));
  for (const [path, content] of await playgroundInSite(ROOT)) files.set(path, content);
  files.set('search-index.js', searchIndex(rendered));
  files.set('style.css', await bundled('style.css'));
  files.set('site.js', await bundled('client/main.ts'));
  return { files, problems: [...new Set(problems)] };
}

/**
 * The search index of all sections, as a script. In a browser, a page that was opened from a folder cannot fetch other
 * files, but it can load scripts.
 */
function searchIndex(rendered: ReadonlyMap<NavigationPage, RenderedPage>): string {
  const index = new MiniSearch(SEARCH_OPTIONS);
  for (const [page, { sections }] of rendered) {
    for (const { heading, text } of sections) {
      const url = heading.depth === 1 ? page.target : `${page.target}#${heading.anchor}`;
      index.add({ id: url, title: heading.text, page: page.title, text });
    }
  }
  return `globalThis.typekroSearchIndex = ${JSON.stringify(JSON.stringify(index))};\n`;
}

async function bundled(entry: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    format: 'iife',
    minify: true,
    target: ['chrome120', 'firefox121', 'safari17.2'],
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  return outputFiles[0]?.text ?? '';
}
