import { badPackage, compareAsBytes, type PackageFile, pathProblem } from './package-file.ts';

/** The size of a header, and the multiple to which contents are filled. */
const BLOCK_BYTES = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;

/**
 * Packs files as a tar archive (POSIX ustar, with pax records for long and non-ASCII paths). Equal files give equal
 * bytes: the entries are sorted, and have no time, no owner and fixed modes. Folders have entries of their own, because
 * some readers do not make missing folders.
 *
 * @throws TypeKroError `oci/package` for a path that `readTar` would refuse
 */
export function writeTar(files: readonly PackageFile[]): Buffer {
  const folders = new Set(files.flatMap(({ path }) => foldersOf(path)));
  const entries = [...files, ...[...folders].map((path) => ({ path: `${path}/`, content: undefined }))];
  entries.sort((left, right) => compareAsBytes(left.path, right.path));
  const blocks: Uint8Array[] = [];
  let last = '';
  for (const { path, content } of entries) {
    const why = pathProblem(content === undefined ? path.slice(0, -1) : path);
    if (why !== undefined) throw badPackage(`the path ${JSON.stringify(path)} cannot be packed: ${why}`);
    if (path === last || folders.has(path)) throw badPackage(`there are two entries ${JSON.stringify(path)}`);
    last = path;
    const split = splitPath(path);
    if (split === undefined) {
      const record = paxRecord('path', path);
      blocks.push(header({ name: 'pax', prefix: '' }, 'x', record.length), padded(record));
    }
    blocks.push(
      header(split ?? { name: 'entry', prefix: '' }, content === undefined ? '5' : '0', content?.length ?? 0),
    );
    if (content !== undefined) blocks.push(padded(content));
  }
  return Buffer.concat([...blocks, Buffer.alloc(2 * BLOCK_BYTES)]);
}

function foldersOf(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

interface SplitPath {
  readonly name: string;
  readonly prefix: string;
}

/** Splits a path into the fields of a header; `undefined` if they are too short for it, or it is not ASCII. */
function splitPath(path: string): SplitPath | undefined {
  if (!/^[\x20-\x7e]*$/.test(path)) return undefined;
  if (path.length <= NAME_BYTES) return { name: path, prefix: '' };
  // The last slash of a folder belongs to its name.
  const slash = path.slice(0, Math.min(PREFIX_BYTES + 1, path.length - 1)).lastIndexOf('/');
  const name = path.slice(slash + 1);
  return slash > 0 && name.length <= NAME_BYTES ? { name, prefix: path.slice(0, slash) } : undefined;
}

function header({ name, prefix }: SplitPath, type: '0' | '5' | 'x', size: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  block.write(name, 0, 'latin1');
  block.write(type === '5' ? '0000755\0' : '0000644\0', 100, 'latin1');
  block.write('0000000\0'.repeat(2), 108, 'latin1');
  block.write(`${size.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0`, 124, 'latin1');
  block.write(' '.repeat(8), 148, 'latin1');
  block.write(type, 156, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  block.write('0000000\0'.repeat(2), 329, 'latin1');
  block.write(prefix, 345, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}

/** A pax record begins with its own length, whose digits count. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest + String(rest).length;
  if (rest + String(length).length !== length) length += 1;
  return Buffer.from(`${length} ${key}=${value}\n`);
}

function padded(content: Uint8Array): Uint8Array {
  const missing = -content.length & (BLOCK_BYTES - 1);
  return missing === 0 ? content : Buffer.concat([content, Buffer.alloc(missing)]);
}
