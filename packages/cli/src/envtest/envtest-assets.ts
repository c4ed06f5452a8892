import { type Stats, chmodSync, lstatSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cryptoLibrary, makeDirectory, readRegularFile, TypeKroError } from '@typekro/kit/core';
import { KUBERNETES_RELEASE, serverVersionOf } from '@typekro/kit/kubernetes';
import { shellWord } from '@typekro/app/text';
import { APISERVER_DESCRIPTION, APISERVER_FLAGS } from './apiserver-settings.ts';
import { ETCD_DESCRIPTION, ETCD_FLAGS } from './etcd-settings.ts';
import { replaceWhole } from '../output-file.ts';
import { helpText } from './envtest-flags.ts';

/** The programs that the generated scripts run: Node and the two modules. Also the emulated version. */
export interface AssetPaths {
  /** The path of Node. */
  readonly node: string;
  /** The modules of `kube-apiserver` and `etcd`. */
  readonly apiServer: string;
  readonly etcd: string;
  /** The version of Kubernetes, e.g. `1.35`; absent for the latest. */
  readonly kubernetesVersion?: string;
}

/**
 * Makes a script for `/bin/sh`. The shell itself prints `--help` and `--version` without starting Node, because envtest
 * calls both programs with `--help` at each start. Variables that delay or change Node are removed. The programs need
 * no public CAs, but Node would load its bundled CAs together with the client CA, which takes 30 ms. With
 * `--use-openssl-ca` and SSL_CERT_FILE and SSL_CERT_DIR set to /dev/null, no public CAs are loaded. From Node 22.1 on,
 * the programs cache their compiled code in the folder of the scripts. No other user except root can write to this
 * folder. The cache makes a start of both programs 12 ms faster.
 */
function programScript(
  name: string,
  texts: { readonly help: string; readonly version: string },
  node: string,
  module: string,
  flags = '',
): string {
  return `#!/bin/sh
# Made by typekro envtest: starts ${name} of TypeKro.
for word in "$@"; do
  case $word in
    --help | -h)
      printf '%s\\n' ${shellWord(texts.help)}
      exit 0
      ;;
    --version | --version=true)
      printf '%s\\n' ${shellWord(texts.version)}
      exit 0
      ;;
  esac
done
node=${shellWord(node)}
module=${shellWord(module)}
[ -x "$node" ] || node=node
if [ ! -f "$module" ]; then
  echo "${name}: $module is gone; run typekro envtest again, and use the folder that it prints" >&2
  exit 1
fi
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS NODE_DISABLE_COMPILE_CACHE
export SSL_CERT_FILE=/dev/null SSL_CERT_DIR=/dev/null NODE_COMPILE_CACHE="\${0%/*}/compiled"
exec "$node" --use-openssl-ca "$module"${flags} "$@"
`;
}

/**
 * The script `kubectl`, which starts the kubectl on the user's `PATH`. The search skips copies of this script, because
 * the `PATH` may contain the folders of several versions of the package.
 */
const KUBECTL = `#!/bin/sh
# Made by typekro envtest: starts the kubectl of the PATH.
set -f
IFS=:
for folder in $PATH; do
  folder=\${folder:-.}
  [ -x "$folder/kubectl" ] && [ -f "$folder/kubectl" ] || continue
  second=
  { read -r _ && read -r second; } <"$folder/kubectl" 2>/dev/null
  case $second in
    '# Made by typekro envtest'*) ;;
    *) exec "$folder/kubectl" "$@" ;;
  esac
done
echo 'kubectl: there is none on the PATH, and TypeKro has none' >&2
exit 127
`;

/**
 * The version of etcd that the program `etcd` reports. The program stores nothing, because the API server has its own
 * store.
 */
const ETCD_VERSION = 'etcd Version: 3.6.0+typekro';

/** The contents of the files in the folder for envtest, keyed by file name. */
export function assetFiles({ node, apiServer, etcd, kubernetesVersion }: AssetPaths): Readonly<Record<string, string>> {
  const name = 'kube-apiserver';
  const version = `Kubernetes ${serverVersionOf(kubernetesVersion ?? KUBERNETES_RELEASE)}`;
  const flags = kubernetesVersion === undefined ? '' : ` --emulated-version=${kubernetesVersion}`;
  return {
    etcd: programScript(
      'etcd',
      { help: helpText('etcd', ETCD_DESCRIPTION, ETCD_FLAGS), version: ETCD_VERSION },
      node,
      etcd,
    ),
    [name]: programScript(
      name,
      { help: helpText(name, APISERVER_DESCRIPTION, APISERVER_FLAGS), version },
      node,
      apiServer,
      flags,
    ),
    kubectl: KUBECTL,
  };
}

/**
 * Writes the programs into a folder below `parent`, and returns the path of this folder. The name of the folder
 * contains the version and a hash of the programs. Another version, another Node or another location of the package
 * therefore has its own folder. Correct files are not replaced. Each file is replaced atomically, so that several
 * processes can write the folder while others run the programs. Only this user and root can write to the folder, so
 * that no other user can replace the programs.
 *
 * @throws TypeKroError `envtest/folder` when the folder cannot be written. The same error is thrown when another user
 *   could replace files in this folder or in one of the two folders above it. Such a folder belongs to a user other
 *   than this user and root, is writable by every user, or belongs to root and is writable by its group while the user
 *   is not root. The folder above these three may be writable by every user only if it has the sticky bit, as `/tmp`
 *   has.
 */
export function writeAssets(parent: string, version: string, files: Readonly<Record<string, string>>): string {
  const hash = cryptoLibrary().createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
  const folder = join(parent, `${version}-${hash}`);
  try {
    makeDirectory(folder, 0o700);
    requireStickyBit(dirname(dirname(parent)));
    for (const each of [dirname(parent), parent, folder]) requireOwnFolder(each);
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      if (isRight(path, text)) continue;
      replaceWhole(path, text, 0o755);
    }
  } catch (error) {
    throw TypeKroError.from(error, {
      code: 'envtest/folder',
      what: `write ${folder}`,
      remedy: 'set XDG_CACHE_HOME to a folder that you may write to',
    });
  }
  return folder;
}

/** Refuses a folder in which every user may rename the folders of others. With the sticky bit, only the owner may. */
function requireStickyBit(folder: string): void {
  if ((statSync(folder).mode & 0o1002) !== 0o002) return;
  throw refusal(`every user may replace the folders in ${folder}`, `chmod +t ${shellWord(folder)}`);
}

const isWritableByOthers = ({ mode }: Stats): boolean => (mode & 0o022) !== 0;

/**
 * Refuses a folder in which another user could replace files. Root is not considered, because root can do so in every
 * folder. If the group may write to the user's own folder, as with a umask of 002, the mode of the folder is changed to
 * 0700.
 */
function requireOwnFolder(folder: string): void {
  const stats = lstatSync(folder);
  const user = process.getuid?.();
  if (!stats.isDirectory()) throw refusal(`${folder} is not a folder`, `move ${shellWord(folder)} away`);
  if (user !== undefined && stats.uid !== user && stats.uid !== 0) {
    throw refusal(`${folder} belongs to another user`, `move ${shellWord(folder)} away`);
  }
  if ((stats.mode & 0o002) !== 0) {
    throw refusal(`every user may write to ${folder}`, `chmod o-w ${shellWord(folder)}, after a look at its files`);
  }
  if (!isWritableByOthers(stats)) return;
  if (user !== undefined && stats.uid !== user) {
    throw refusal(`the group of ${folder} may write to it`, `sudo chmod g-w ${shellWord(folder)}`);
  }
  chmodSync(folder, 0o700);
}

function refusal(message: string, remedy: string): TypeKroError {
  return new TypeKroError(message, {
    code: 'envtest/folder',
    what: 'check that no other user can replace the programs',
    remedy: `${remedy}; or set XDG_CACHE_HOME to a folder to which only you may write`,
  });
}

/**
 * Is the file correct? It must have this text, belong to the user and be executable, and no other user may write to it.
 */
function isRight(path: string, text: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || !stats.isFile() || isWritableByOthers(stats)) return false;
  const isOwn = process.getuid === undefined || stats.uid === process.getuid();
  return isOwn && (stats.mode & 0o500) === 0o500 && readRegularFile(path).toString() === text;
}
