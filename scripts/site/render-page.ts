import { type Tokens, Marked } from 'marked';
import { escapeHtml } from './escape-html.ts';
import { highlight } from './highlight.ts';

export interface Heading {
  readonly depth: number;
  /** The part of the address after `#`. */
  readonly anchor: string;
  readonly text: string;
}

/** The part of a page below one heading. A search result refers to one such part. */
export interface PageSection {
  readonly heading: Heading;
  readonly text: string;
}

export interface RenderedPage {
  readonly html: string;
  readonly sections: readonly PageSection[];
}

/** The functions of the site that the renderer of a page needs. */
export interface PageContext {
  /**
   * Returns the address for a link of the page. When the target is a page of the site, also returns the title of that
   * page.
   */
  resolveLink(href: string): { readonly url: string; readonly title?: string };
  /** Returns the address of a picture of the page, and its size in pixels. */
  resolveImage(href: string): { readonly src: string; readonly width: number; readonly height: number };
}

/** The anchor that GitHub gives to a heading, so that links work on GitHub and on the site. */
function anchorOf(text: string, taken: Map<string, number>): string {
  const base = text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-');
  const count = taken.get(base) ?? 0;
  taken.set(base, count + 1);
  return count === 0 ? base : `${base}-${count}`;
}

const COMMENT = /<!--[\s\S]*?-->/g;

/** The text of Markdown without its markup characters. */
function wordsOf(raw: string): string {
  return raw
    .replaceAll(COMMENT, '')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[`*|#>]+|^[-\s|]+$/gm, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Renders a Markdown page. The page must be trusted, as the pages of the repository are: its HTML is not sanitized. */
export function renderPage(markdown: string, context: PageContext): RenderedPage {
  const taken = new Map<string, number>();
  const sections: { heading: Heading; text: string }[] = [];
  let tables = 0;
  const marked = new Marked({
    gfm: true,
    renderer: {
      heading({ tokens, depth }: Tokens.Heading): string {
        const text = this.parser.parseInline(tokens, this.parser.textRenderer);
        const inner = this.parser.parseInline(tokens);
        const anchor = anchorOf(unescape(text), taken);
        return `<h${depth} id="${anchor}">${inner}${
          depth === 1 ? '' : ` <a class="anchor" href="#${anchor}" aria-label="Link to this section">#</a>`
        }</h${depth}>\n`;
      },
      code({ text, lang }: Tokens.Code): string {
        const language = lang ?? '';
        return `<pre tabindex="0"><code>${highlight(text, language)}</code></pre>\n`;
      },
      link({ href, tokens }: Tokens.Link): string {
        const { url, title } = context.resolveLink(href);
        const inner = this.parser.parseInline(tokens);
        // When the text of a link is a file name, shows the title of the page instead.
        const text =
          title !== undefined && /^(?:<code>)?[\w./-]+\.md(?:<\/code>)?$/.test(inner) ? escapeHtml(title) : inner;
        return `<a href="${escapeHtml(url)}">${text}</a>`;
      },
      image({ href, text }: Tokens.Image): string {
        const { src, width, height } = context.resolveImage(href);
        return `<img src="${escapeHtml(src)}" alt="${escapeHtml(text)}" width="${width}" height="${height}" loading="lazy">`;
      },
      html({ text }: Tokens.HTML | Tokens.Tag): string {
        return text.replaceAll(COMMENT, '');
      },
      table(token: Tokens.Table): string {
        tables += 1;
        const cell = (item: Tokens.TableCell, tag: 'th' | 'td'): string => {
          const align = item.align === null ? '' : ` class="${item.align}"`;
          const inner = this.parser.parseInline(item.tokens);
          // An empty header cell, such as the corner of a table, is rendered as `td`, because a `th` without text has
          // no name for a screen reader.
          const name = tag === 'th' && inner !== '' ? 'th' : 'td';
          return `<${name}${align}>${inner}</${name}>`;
        };
        const row = (items: readonly Tokens.TableCell[], tag: 'th' | 'td'): string =>
          `<tr>${items.map((item) => cell(item, tag)).join('')}</tr>`;
        const body = token.rows.map((items) => row(items, 'td')).join('');
        return `<div class="table" role="region" aria-label="Table ${tables}" tabindex="0"><table><thead>${row(
          token.header,
          'th',
        )}</thead><tbody>${body}</tbody></table></div>\n`;
      },
    },
  });
  const tokens = marked.lexer(markdown);
  const html = marked.parser(tokens);
  const seen = new Map<string, number>();
  for (const token of tokens) {
    if (token.type === 'heading') {
      const { depth, text } = token as Tokens.Heading;
      const words = wordsOf(text);
      sections.push({ heading: { depth, anchor: anchorOf(words, seen), text: words }, text: '' });
    } else {
      const last = sections.at(-1);
      if (last !== undefined) last.text += ` ${wordsOf(token.raw)}`;
    }
  }
  return { html, sections };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
};

/** Replaces the character references of escaped HTML with their characters. */
function unescape(html: string): string {
  return html.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => ENTITIES[entity] ?? entity);
}
