import { posix } from 'node:path';
import { escapeHtml } from './escape-html.ts';
import { type NavigationPage, NAVIGATION, PAGES } from './navigation.ts';
import type { RenderedPage } from './render-page.ts';

/**
 * The address of a file of the site, relative to a page of the site. Relative addresses let the site work in any folder
 * and without a server.
 */
export function relativeUrl(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to);
}

function navigationHtml(current: NavigationPage): string {
  return NAVIGATION.map(({ title, programs = [], pages }) => {
    const links = [...programs, ...pages].map((page) => {
      const here = page === current ? ' aria-current="page"' : '';
      return `<li><a href="${relativeUrl(current.target, page.target)}"${here}>${escapeHtml(page.title)}</a></li>`;
    });
    const open = pages.includes(current) ? ' open' : '';
    return `<details${open}><summary>${title}</summary><ul>${links.join('')}</ul></details>`;
  }).join('\n');
}

/** Links to the second-level headings, if the page has more than one. */
function outlineHtml({ sections }: RenderedPage): string {
  const headings = sections.filter(({ heading }) => heading.depth === 2).map(({ heading }) => heading);
  if (headings.length < 2) return '';
  const links = headings.map(({ anchor, text }) => `<li><a href="#${anchor}">${escapeHtml(text)}</a></li>`);
  return `<nav class="outline" aria-label="On this page"><p>On this page</p><ul>${links.join('')}</ul></nav>`;
}

function neighboursHtml(current: NavigationPage): string {
  const index = PAGES.indexOf(current);
  const link = (page: NavigationPage | undefined, rel: string, sign: string): string =>
    page === undefined
      ? ''
      : `<a rel="${rel}" href="${relativeUrl(current.target, page.target)}">${sign} ${escapeHtml(page.title)}</a>`;
  return `<nav class="neighbours" aria-label="Neighbours">${link(PAGES[index - 1], 'prev', 'Previous:')} ${link(
    PAGES[index + 1],
    'next',
    'Next:',
  )}</nav>`;
}

/** The whole HTML file of a page. */
export function pageHtml(current: NavigationPage, rendered: RenderedPage): string {
  const file = (name: string): string => relativeUrl(current.target, name);
  const title = rendered.sections[0]?.heading.text ?? current.title;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}${title === 'TypeKro' ? '' : ' – TypeKro'}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${file('style.css')}">
<script defer src="${file('site.js')}" data-index="${file('search-index.js')}"></script>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<header>
<a class="name" href="${file('index.html')}">TypeKro</a>
<search><input type="search" placeholder="Search  ( / )" aria-label="Search" autocomplete="off" spellcheck="false">
<div class="results" hidden><p role="status"></p><ol></ol></div></search>
<a class="menu" href="#navigation">Menu</a>
</header>
<div class="columns">
<main id="content">
${rendered.html}
${neighboursHtml(current)}
</main>
${outlineHtml(rendered)}
<nav id="navigation" class="navigation" aria-label="Pages">
${navigationHtml(current)}
</nav>
</div>
</body>
</html>
`;
}
