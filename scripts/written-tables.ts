/** Tables of Markdown pages that `npm run docs` writes between two comments. */

/**
 * Replaces each table between `<!-- NAME: written by `npm run docs` -->` and `<!-- end -->`.
 *
 * @param name the name of the page, for the error
 * @throws Error when the page has a table that is not among `tables`.
 */
export function withTables(page: string, name: string, tables: Readonly<Record<string, string>>): string {
  return page.replaceAll(
    /(<!-- (.+?): written by `npm run docs` -->\n)[^]*?(<!-- end -->)/g,
    (_all, start, title, end) => {
      const text = tables[String(title)];
      if (text === undefined) throw new Error(`${name} asks for the table "${String(title)}", which no script writes`);
      return `${String(start)}\n${text}\n\n${String(end)}`;
    },
  );
}
