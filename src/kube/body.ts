/** Reads a body to its end as UTF-8 text. */
export async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  const [only] = chunks;
  return new TextDecoder().decode(chunks.length === 1 && only !== undefined ? only : concat(chunks));
}

/** Cuts a body into lines as they arrive; empty lines are left out, a last line without an end is given too. */
export async function* readLines(body: AsyncIterable<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder();
  let rest: string[] = [];
  for await (const chunk of body) {
    const text = decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
      const line = rest.join('') + text.slice(from, end);
      rest = [];
      from = end + 1;
      if (line !== '') yield line;
    }
    if (from < text.length) rest.push(text.slice(from));
  }
  const last = rest.join('') + decoder.decode();
  if (last !== '') yield last;
}

function concat(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((total, chunk) => total + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
