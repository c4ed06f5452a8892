import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative } from 'node:path';
import type { JsonObject } from '@typekro/kit/core';
import { goQuote } from '@typekro/kit/golang';
import { objectsAt, textAt } from '@typekro/kit/kubernetes';
import { type ConfigProblem, isProblem } from './config-source.ts';
import { removeTree } from './remove-tree.ts';
import type { MountLink, VolumeFile, VolumeInput } from './volume-files.ts';
import { mountLinks, volumeFiles, volumesOf } from './volume-files.ts';

/** Creates the folder for the pods of a cluster. Only the user of this process may open the folder. */
export const createPodsFolder = (): string => mkdtempSync(join(tmpdir(), 'typekro-pods-'));

/**
 * The files of one pod: one folder per volume, and one folder per container, which has links at the mount paths. For
 * example, the link for the mount path `/etc/app` is `etc/app` in the folder of the container.
 */
export class PodFolder {
  readonly #path: string;
  readonly #written = new Map<string, string>();
  /** The target of each mount link, by the path of the link. */
  readonly #links = new Map<string, string>();
  #hiddenPaths = 0;

  constructor(parent: string, uid: string) {
    this.#path = join(parent, uid.replaceAll(/[^\w-]/g, '_'));
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
  }

  /** The folder with the mount links of a container. */
  rootOf(container: string): string {
    return join(this.#path, 'containers', container.replaceAll(/[^\w.-]/g, '_'));
  }

  /**
   * Writes the files of the volumes that a container mounts, and creates the links at the mount paths.
   *
   * @param variables the variables of the container
   */
  mount(input: VolumeInput, container: JsonObject, variables: ReadonlyMap<string, string>): ConfigProblem | undefined {
    const root = this.rootOf(textAt(container, 'name'));
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const links = mountLinks(container, variables);
    if (isProblem(links)) return links;
    const volumes = volumesOf(input.pod);
    for (const mount of links) {
      const specification = volumes.get(mount.volume);
      if (specification === undefined) return { problem: `the volume ${goQuote(mount.volume)} does not exist` };
      const problem =
        this.#writeVolume(input, mount.volume, specification) ??
        withReason(mount.volume, () => this.#link(root, mount));
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /** Writes the files of the mounted volumes again when their sources have changed. Returns the first problem. */
  refresh(input: VolumeInput): ConfigProblem | undefined {
    let first: ConfigProblem | undefined;
    for (const volume of objectsAt(input.pod.spec, 'volumes')) {
      const name = textAt(volume, 'name');
      if (!this.#written.has(name)) continue;
      const problem = this.#writeVolume(input, name, volume);
      first ??= problem;
    }
    return first;
  }

  /** Writes a file of the cluster itself, outside the volumes. Returns the path of the file. */
  writeOwn(name: string, content: string): string {
    const path = join(this.#path, name);
    this.#replace(path, Buffer.from(content), 0o600);
    return path;
  }

  /** Removes the folder. Throws when the system refuses the removal, or when a process still writes into the folder. */
  remove(): void {
    removeTree(this.#path);
  }

  #volume(name: string): string {
    return join(this.#path, 'volumes', name.replaceAll(/[^\w.-]/g, '_'));
  }

  /**
   * Creates the link from a mount path to the path in the volume. Refuses a path that leaves the volume through a
   * symbolic link that a program has created. Also refuses a mount path that would hide the files of another mount.
   */
  #link(root: string, { place, volume, path }: MountLink): ConfigProblem | undefined {
    const target = realInside(this.#volume(volume), path);
    if (target === undefined) {
      return { problem: `the sub-path ${goQuote(path)} leaves its volume ${goQuote(volume)} by a symbolic link` };
    }
    if (!existsSync(target)) mkdirSync(target, { recursive: true, mode: 0o700 });
    const folder = realInside(this.#path, relative(this.#path, dirname(join(root, place))));
    if (folder === undefined) {
      return { problem: `the mount path ${goQuote(`/${place}`)} leaves the files of the pod by a symbolic link` };
    }
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const link = join(folder, basename(place));
    // The outer mount already shows the folder at this path.
    if (link === target) return undefined;
    if ([target, ...this.#links.values()].some((path) => isInside(link, path))) {
      return { problem: `the mount path ${goQuote(`/${place}`)} hides the files of another mount` };
    }
    this.#hide(link);
    symlinkSync(target, link);
    this.#links.set(link, target);
    return undefined;
  }

  /**
   * Makes a path free for a mount link. Removes an earlier mount link, and moves any other file or folder to the folder
   * `hidden`, because a mount hides the files at its path and does not delete them.
   */
  #hide(path: string): void {
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined) return;
    if (found.isSymbolicLink() && readlinkSync(path) === this.#links.get(path)) {
      rmSync(path);
      return;
    }
    const hidden = join(this.#path, 'hidden');
    mkdirSync(hidden, { recursive: true, mode: 0o700 });
    this.#hiddenPaths += 1;
    renameSync(path, join(hidden, String(this.#hiddenPaths)));
  }

  /** Is a path of a volume hidden by a mount inside this volume, because it is at or below the link of this mount? */
  #isHidden(folder: string, path: string): boolean {
    const file = join(realpathSync(folder), path);
    return [...this.#links.keys()].some((link) => isInside(link, file));
  }

  #writeVolume(input: VolumeInput, name: string, volume: JsonObject): ConfigProblem | undefined {
    return withReason(name, () => {
      const folder = this.#volume(name);
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const files = volumeFiles(input, volume);
      if (isProblem(files)) return files;
      const before = new Set([...this.#written.keys()].filter((key) => key.startsWith(`${name}/`)));
      for (const file of files) before.delete(`${name}/${file.path}`);
      // The file of a key that was removed from its ConfigMap or Secret is removed from the volume. The removal comes
      // before the writes, because the path of a new key can differ only in its case, or be below the removed path.
      for (const key of before) {
        this.#removeFile(folder, key.slice(name.length + 1));
        this.#written.delete(key);
      }
      for (const file of files) {
        const problem = this.#writeFile(name, folder, file);
        if (problem !== undefined) return problem;
      }
      this.#written.set(name, '');
      return undefined;
    });
  }

  /**
   * Removes a file of a volume. Does nothing if the path leads out of the volume, because a program has replaced a
   * folder by a symbolic link.
   */
  #removeFile(folder: string, path: string): void {
    const parent = this.#isHidden(folder, path) ? undefined : realInside(folder, dirname(path));
    if (parent !== undefined) rmSync(join(parent, basename(path)), { force: true });
  }

  #writeFile(volume: string, folder: string, { path, content, mode }: VolumeFile): ConfigProblem | undefined {
    const key = `${volume}/${path}`;
    const text = content.toString('base64');
    if (this.#written.get(key) === text || this.#isHidden(folder, path)) return undefined;
    const parent = realInside(folder, dirname(path));
    if (parent === undefined) {
      return { problem: `the path ${goQuote(path)} leaves its volume ${goQuote(volume)} by a symbolic link` };
    }
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    this.#replace(join(parent, basename(path)), content, mode);
    this.#written.set(key, text);
    return undefined;
  }

  /**
   * Writes a file atomically, so that a reader never sees partial content. The owner can always read the file. The
   * draft file is outside the volumes, because any file name in a volume may belong to a key.
   */
  #replace(path: string, content: Buffer, mode: number): void {
    const draft = join(this.#path, 'draft');
    rmSync(draft, { force: true });
    writeFileSync(draft, content, { mode: (mode & 0o777) | 0o400 });
    renameSync(draft, path);
  }
}

/**
 * Returns the problem that `write` returns, or a problem for the error that it throws. `write` may throw, because
 * programs can change the files of their volumes.
 */
function withReason(volume: string, write: () => ConfigProblem | undefined): ConfigProblem | undefined {
  try {
    return write();
  } catch (error) {
    return { problem: `the volume ${goQuote(volume)} cannot be written: ${(error as Error).message}` };
  }
}

/** Is a path at or below a folder? */
const isInside = (folder: string, path: string): boolean => path === folder || path.startsWith(`${folder}/`);

/**
 * Resolves a relative path below a folder to its real path. The path has no `..`, and its last segments need not exist
 * yet. Returns `undefined` when a symbolic link points outside the folder or has no target.
 */
function realInside(folder: string, path: string): string | undefined {
  const root = realpathSync(folder);
  let place = root;
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  for (const [index, part] of parts.entries()) {
    const next = join(place, part);
    const found = lstatSync(next, { throwIfNoEntry: false });
    if (found === undefined) return join(place, ...parts.slice(index));
    if (found.isSymbolicLink() && !existsSync(next)) return undefined;
    place = realpathSync(next);
    if (!isInside(root, place)) return undefined;
  }
  return place;
}
