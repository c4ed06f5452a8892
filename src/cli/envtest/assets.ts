import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cryptoLibrary, makeDirectory, TypeKroError } from '../../core/index.ts';
import { APISERVER_DESCRIPTION, APISERVER_FLAGS } from './apiserver-settings.ts';
import { ETCD_DESCRIPTION, ETCD_FLAGS } from './etcd-settings.ts';
import { helpText } from './flags.ts';

/** The paths that the programs of the folder start. */
export interface AssetPaths {
  /** The path of Node. */
  readonly node: string;
  /** The modules of `kube-apiserver` and `etcd`. */
  readonly apiServer: string;
  readonly etcd: string;
}

/** A text in single quotes of the shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/**
 * A program for `/bin/sh`. The shell itself answers `--help`, because envtest asks both programs for their help at each
 * start. Variables that delay or change Node are removed.
 */
function programScript(name: string, help: string, node: string, module: string): string {
  return `#!/bin/sh
# Made by typekro envtest: starts ${name} of TypeKro.
for word in "$@"; do
  case $word in
    --help | -h)
      cat <<'END'
${help}
END
      exit 0
      ;;
  esac
done
node=${quoted(node)}
module=${quoted(module)}
[ -x "$node" ] || node=node
if [ ! -f "$module" ]; then
  echo "${name}: $module is gone; run typekro envtest again, and use the folder that it prints" >&2
  exit 1
fi
unset NODE_OPTIONS NODE_EXTRA_CA_CERTS
exec "$node" "$module" "$@"
`;
}

/** The program `kubectl`: the one of the user's `PATH`. */
const KUBECTL = `#!/bin/sh
# Made by typekro envtest: starts the kubectl of the PATH.
own=$(cd "$(dirname "$0")" && pwd -P)
set -f
IFS=:
for folder in $PATH; do
  [ -x "$folder/kubectl" ] && [ ! -d "$folder/kubectl" ] || continue
  [ "$(cd "$folder" && pwd -P)" = "$own" ] || exec "$folder/kubectl" "$@"
done
echo 'kubectl: there is none on the PATH, and TypeKro has none' >&2
exit 127
`;

/** The files of the folder for envtest, by name. */
export function assetFiles({ node, apiServer, etcd }: AssetPaths): Readonly<Record<string, string>> {
  const name = 'kube-apiserver';
  return {
    etcd: programScript('etcd', helpText('etcd', ETCD_DESCRIPTION, ETCD_FLAGS), node, etcd),
    [name]: programScript(name, helpText(name, APISERVER_DESCRIPTION, APISERVER_FLAGS), node, apiServer),
    kubectl: KUBECTL,
  };
}

/**
 * Writes the programs into a folder below `parent`, and returns the path of this folder. The name of the folder has the
 * version and a hash of the programs, so that another version, another Node and another place of the package have their
 * own. Files that are right are left alone. Each file is replaced atomically, so that several processes may do this at
 * once while others run the programs.
 *
 * @throws TypeKroError `envtest/folder` when the folder cannot be written.
 */
export function writeAssets(parent: string, version: string, files: Readonly<Record<string, string>>): string {
  const hash = cryptoLibrary().createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
  const folder = join(parent, `${version}-${hash}`);
  try {
    makeDirectory(folder);
    for (const [name, text] of Object.entries(files)) {
      const path = join(folder, name);
      if (isRight(path, text)) continue;
      const draft = `${path}.${cryptoLibrary().randomUUID()}`;
      try {
        writeFileSync(draft, text, { mode: 0o755, flag: 'wx' });
        renameSync(draft, path);
      } finally {
        rmSync(draft, { force: true });
      }
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

/** Has the file this text, and may the user run it? */
function isRight(path: string, text: string): boolean {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats !== undefined && stats.isFile() && (stats.mode & 0o500) === 0o500 && readFileSync(path, 'utf8') === text;
}
