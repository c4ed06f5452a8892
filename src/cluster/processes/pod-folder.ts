import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { JsonObject } from '../../core/index.ts';
import { goQuote } from '../../golang/index.ts';
import { objectsAt, textAt } from '../../kubernetes/index.ts';
import type { ConfigProblem } from './config-source.ts';
import { isProblem } from './config-source.ts';
import type { VolumeFile, VolumeInput } from './volume-files.ts';
import { mountLinks, volumeFiles, volumesOf } from './volume-files.ts';

/** Makes the folder for the pods of a cluster. Only its user may open it. */
export const createPodsFolder = (): string => mkdtempSync(join(tmpdir(), 'typekro-pods-'));

/**
 * The files of one pod: a folder for each volume, and for each container a folder with links at the places of its
 * mounts. A mount at `/etc/app` is at `etc/app` below the folder of the container.
 */
export class PodFolder {
  readonly #path: string;
  readonly #written = new Map<string, string>();

  constructor(parent: string, uid: string) {
    this.#path = join(parent, uid.replaceAll(/[^\w-]/g, '_'));
    mkdirSync(this.#path, { recursive: true, mode: 0o700 });
  }

  /** The folder in which the mounts of a container are. */
  rootOf(container: string): string {
    return join(this.#path, 'containers', container.replaceAll(/[^\w.-]/g, '_'));
  }

  /** Writes the files of the volumes that a container mounts, and links them to their places. */
  mount(input: VolumeInput, container: JsonObject, expand: (text: string) => string): ConfigProblem | undefined {
    const root = this.rootOf(textAt(container, 'name'));
    mkdirSync(root, { recursive: true, mode: 0o700 });
    const links = mountLinks(container, expand);
    if (isProblem(links)) return links;
    const volumes = volumesOf(input.pod);
    for (const { place, volume, path } of links) {
      const specification = volumes.get(volume);
      if (specification === undefined) return { problem: `the volume ${goQuote(volume)} does not exist` };
      const problem = this.#writeVolume(input, volume, specification);
      if (problem !== undefined) return problem;
      const target = join(this.#volume(volume), path);
      if (!existsSync(target)) mkdirSync(target, { recursive: true, mode: 0o700 });
      link(target, join(root, place));
    }
    return undefined;
  }

  /** Writes the files of the mounted volumes again when their sources have changed. */
  refresh(input: VolumeInput): void {
    for (const volume of objectsAt(input.pod.spec, 'volumes')) {
      const name = textAt(volume, 'name');
      if (this.#written.has(name)) this.#writeVolume(input, name, volume);
    }
  }

  /** Writes a file beside the volumes, for the cluster's own use. Returns its path. */
  writeOwn(name: string, content: string): string {
    const path = join(this.#path, name);
    replaceFile(path, Buffer.from(content), 0o600);
    return path;
  }

  remove(): void {
    rmSync(this.#path, { recursive: true, force: true });
  }

  #volume(name: string): string {
    return join(this.#path, 'volumes', name.replaceAll(/[^\w.-]/g, '_'));
  }

  #writeVolume(input: VolumeInput, name: string, volume: JsonObject): ConfigProblem | undefined {
    const folder = this.#volume(name);
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const files = volumeFiles(input, volume);
    if (isProblem(files)) return files;
    const before = new Set([...this.#written.keys()].filter((key) => key.startsWith(`${name}/`)));
    for (const file of files) {
      before.delete(`${name}/${file.path}`);
      this.#writeFile(name, folder, file);
    }
    // A key that has left its ConfigMap or Secret leaves the volume, too.
    for (const key of before) {
      rmSync(join(folder, key.slice(name.length + 1)), { force: true });
      this.#written.delete(key);
    }
    this.#written.set(name, '');
    return undefined;
  }

  #writeFile(volume: string, folder: string, { path, content, mode }: VolumeFile): void {
    const key = `${volume}/${path}`;
    const text = content.toString('base64');
    if (this.#written.get(key) === text) return;
    const target = join(folder, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    replaceFile(target, content, mode);
    this.#written.set(key, text);
  }
}

/** Writes a file in one step, so that a reader never sees a part of it. The owner can always read it. */
function replaceFile(path: string, content: Buffer, mode: number): void {
  const temporary = `${path}.new`;
  writeFileSync(temporary, content, { mode: (mode & 0o777) | 0o400 });
  renameSync(temporary, path);
}

function link(target: string, place: string): void {
  mkdirSync(dirname(place), { recursive: true, mode: 0o700 });
  rmSync(place, { recursive: true, force: true });
  symlinkSync(target, place);
}
