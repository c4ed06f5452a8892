import { randomBytes } from 'node:crypto';

/** The page of the graph panel. The picture comes from the server; the page loads nothing and runs no script. */
export function graphPage(picture: string): string {
  const nonce = randomBytes(16).toString('hex');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'nonce-${nonce}'; img-src data:">
<style nonce="${nonce}">body { background: #fff; padding: 1rem } img { max-width: 100% } pre { color: #000; white-space: pre-wrap }</style>
<title>Graph</title>
</head>
<body>${content(picture)}</body>
</html>`;
}

/**
 * Shows an SVG as an image, so that scripts in it do not run. Shows any other string, such as a list of problems, as
 * plain text.
 */
function content(picture: string): string {
  if (!picture.trimStart().startsWith('<svg')) return `<pre>${escapeHtml(picture)}</pre>`;
  const data = Buffer.from(picture).toString('base64');
  return `<img alt="The nodes of the definition and their dependencies" src="data:image/svg+xml;base64,${data}">`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
