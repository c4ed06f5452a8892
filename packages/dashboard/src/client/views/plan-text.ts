/** The text of a plan, and the name of its file. */
export interface PlanText {
  readonly name: string;
  readonly text: string;
  /** The names of the files, when the text comes from several files. */
  readonly files?: readonly string[];
}

/**
 * Makes a function that reads files as one text. The function returns `undefined` when other files are given before the
 * read ends, even if the earlier files cannot be read.
 *
 * @throws DOMException of the browser for a file that cannot be read, such as a folder
 */
export function createFileReader(): (files: readonly File[]) => Promise<PlanText | undefined> {
  let newest: readonly File[] | undefined;
  return async (files) => {
    newest = files;
    try {
      const texts = await Promise.all(files.map(async (file) => ({ name: file.name, text: await file.text() })));
      return newest === files ? joinFiles(texts) : undefined;
    } catch (error) {
      if (newest === files) throw error;
      return undefined;
    }
  };
}

/** One text of several files. Each file is a separate YAML document. */
export function joinFiles(files: readonly PlanText[]): PlanText {
  const [only] = files;
  const text = files.map((file) => file.text).join('\n---\n');
  if (files.length === 1 && only !== undefined) return { name: only.name, text };
  return { name: `${files.length} files`, text, files: files.map(({ name }) => name) };
}

/** Does the text `of`, for which a result was made, differ from the shown text, or come from another file? */
export const isStale = (of: PlanText, shown: PlanText): boolean => of.text !== shown.text || of.name !== shown.name;
