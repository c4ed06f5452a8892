import type { JSX } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** The text of a rendered component, without markup. Empty for a component that renders nothing. */
export function textOf(view: JSX.Element | null): string {
  if (view === null) return '';
  return renderToString(view)
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
