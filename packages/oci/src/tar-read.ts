import { badPackage, type PackageFile, pathProblem } from './package-file.ts';

/** The limits of a package that is read. */
export interface TarLimits {
  /** The number of files and folders. */
  readonly maxEntries: number;
  /** The sum of the sizes of the files, in bytes. */
  readonly maxBytes: number;
}

const BLOCK_BYTES = 512;
const MAX_PAX_BYTES = 64 * 1024;
/** What the other types of entries are, for the message. */
const REFUSED_TYPES: ReadonlyMap<string, string> = new Map([
  ['1', 'a hard link'],
  ['2', 'a symbolic link'],
  ['3', 'a device'],
  ['4', 'a device'],
  ['6', 'a pipe'],
  ['S', 'a sparse file'],
]);

/**
 * Reads the files of a tar archive. An archive of `writeTar` is read, and also one of another program that has only
 * files, folders and pax paths.
 *
 * Paths are compared without regard to case, because on some file systems one of two such files would replace the other.
 *
 * @throws TypeKroError `oci/package` for anything else: links, devices, paths outside of the folder, two entries of one
 *   path, a file below a file, a wrong checksum, an archive that ends early or goes on after its end, and too much of
 *   anything
 */
export function readTar(archive: Buffer, limits: TarLimits): readonly PackageFile[] {
  const files: PackageFile[] = [];
  const seen = new Map<string, 'file' | 'folder'>();
  let bytes = 0;
  let entries = 0;
  let extended: { readonly path: string | undefined } | undefined;
  for (let at = 0; ;) {
    const block = archive.subarray(at, at + BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) throw badPackage('its archive ends early');
    if (isEmpty(block)) {
      if (extended !== undefined || !isEmpty(archive.subarray(at)))
        throw badPackage('its archive goes on after its end');
      return files;
    }
    const { name, type, size } = readHeader(block);
    const content = archive.subarray(at + BLOCK_BYTES, at + BLOCK_BYTES + size);
    if (content.length < size) throw badPackage('its archive ends early');
    at += BLOCK_BYTES + Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
    // The global header of pax, which git writes for its commit.
    if (type === 'g' && paxPath(content) === undefined) continue;
    if (type === 'x') {
      if (extended !== undefined) throw badPackage('an entry has two extended headers');
      extended = { path: paxPath(content) };
      continue;
    }
    entries += 1;
    bytes += size;
    if (entries > limits.maxEntries) throw badPackage(`it has more than ${limits.maxEntries} files and folders`);
    if (bytes > limits.maxBytes) throw badPackage(`its files have more than ${limits.maxBytes} bytes`);
    const path = extended?.path ?? name;
    extended = undefined;
    const shown = JSON.stringify(path.slice(0, 200));
    const isFolder = type === '5';
    if (!isFolder && type !== '0' && type !== '\0') {
      throw badPackage(
        `${shown} is ${REFUSED_TYPES.get(type) ?? `an entry of the unknown type ${JSON.stringify(type)}`}`,
      );
    }
    const clean = path.replace(/^\.\//, '').replace(isFolder ? /\/$/ : /^$/, '');
    // Other programs write the folder itself as "./".
    if (isFolder && (clean === '' || clean === '.')) continue;
    const why = pathProblem(clean);
    if (why !== undefined) throw badPackage(`the path ${shown} is refused: ${why}`);
    if (isFolder && size > 0) throw badPackage(`the folder ${shown} has content`);
    note(seen, clean, isFolder);
    if (!isFolder) files.push({ path: clean, content });
  }
}

/** Notes an entry and its folders. */
function note(seen: Map<string, 'file' | 'folder'>, path: string, isFolder: boolean): void {
  const folded = path.toLowerCase();
  const before = seen.get(folded);
  if (before === 'file' || (before === 'folder' && !isFolder)) {
    throw badPackage(`there are two entries ${JSON.stringify(path)}, at least without regard to case`);
  }
  seen.set(folded, isFolder ? 'folder' : 'file');
  for (let slash = folded.lastIndexOf('/'); slash > 0; slash = folded.lastIndexOf('/', slash - 1)) {
    const parent = folded.slice(0, slash);
    const known = seen.get(parent);
    if (known === 'folder') return;
    if (known === 'file') throw badPackage(`${JSON.stringify(path)} is below a file`);
    seen.set(parent, 'folder');
  }
}

function readHeader(block: Buffer): { readonly name: string; readonly type: string; readonly size: number } {
  const sum = block.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 0x20 : byte), 0);
  if (octal(block, 148, 8) !== sum) throw badPackage('a header of its archive has a wrong checksum');
  if (block.toString('latin1', 257, 262) !== 'ustar') throw badPackage('its archive is not of the format ustar');
  const type = block.toString('latin1', 156, 157);
  // The old format of GNU has other data in the place of the prefix.
  const prefix = block[262] === 0 ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return { name: prefix === '' ? name : `${prefix}/${name}`, type, size: octal(block, 124, 12) };
}

function octal(block: Buffer, at: number, length: number): number {
  const [, digits] = /^ *([0-7]+)[ \0]*$/.exec(block.toString('latin1', at, at + length)) ?? [];
  if (digits === undefined) throw badPackage('a header of its archive has a number that is not octal');
  return Number.parseInt(digits, 8);
}

function text(block: Buffer, at: number, length: number): string {
  const end = block.indexOf(0, at);
  return utf8(block.subarray(at, end < 0 ? at + length : Math.min(end, at + length)));
}

function utf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw badPackage('a path is not UTF-8', error);
  }
}

/** The path in an extended header. Other records but times and owners are refused, because they change the entry. */
function paxPath(content: Buffer): string | undefined {
  if (content.length > MAX_PAX_BYTES) throw badPackage('an extended header is too long');
  let path: string | undefined;
  for (let at = 0; at < content.length;) {
    const [prefix = '', digits = ''] = /^(\d{1,6}) /.exec(content.toString('latin1', at, at + 7)) ?? [];
    const end = at + Number(digits);
    const record = content.subarray(at + prefix.length, end);
    const equals = record.indexOf('=');
    if (prefix === '' || end > content.length || record.at(-1) !== 0x0a || equals < 1) {
      throw badPackage('an extended header is malformed');
    }
    const key = record.toString('latin1', 0, equals);
    if (key === 'path') path = utf8(record.subarray(equals + 1, -1));
    else if (!/^(?:[acm]time|[ug](?:id|name)|comment)$/.test(key)) {
      throw badPackage(`an extended header has the record ${JSON.stringify(key.slice(0, 100))}`);
    }
    at = end;
  }
  return path;
}

const isEmpty = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);
