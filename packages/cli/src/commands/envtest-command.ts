import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { moduleUrl, TypeKroError } from '@typekro/kit/core';
import { KUBERNETES_RELEASE } from '@typekro/kit/kubernetes';
import { userCacheDirectory } from '@typekro/kube';
import { type Command, ExitCode } from '../command.ts';
import { assetFiles, writeAssets } from '../envtest/envtest-assets.ts';
import { KUBERNETES_OPTION, kubernetesOption } from '../kubernetes-option.ts';
import { outputForm } from '../command-options.ts';
import { packageVersion } from '../package-version.ts';
import { shellWord } from '@typekro/app/text';

const FORMS = ['path', 'env', 'json'] as const;
const VARIABLE = 'KUBEBUILDER_ASSETS';

/** `typekro envtest`: prints the path of a folder for `KUBEBUILDER_ASSETS`. */
export const envtest: Command = {
  name: 'envtest',
  description:
    "Prints the path of a folder for KUBEBUILDER_ASSETS, with the programs that envtest of controller-runtime starts: kube-apiserver is TypeKro's embedded API server, etcd only answers the health check, and kubectl is the one of the PATH. Tests in Go and other languages run unchanged. The programs listen on loopback only. The folder is in the user's cache, one for each version of the package.",
  positionals: [],
  options: [
    KUBERNETES_OPTION,
    {
      name: 'output',
      short: 'o',
      summary: 'path, env (a line for eval in a shell) or json',
      value: 'form',
      defaultValue: 'path',
      choices: FORMS,
    },
  ],
  examples: [
    { command: 'KUBEBUILDER_ASSETS=$(typekro envtest) go test ./...', summary: 'the tests of a project in Go' },
    {
      command: 'KUBEBUILDER_ASSETS=$(typekro envtest --kubernetes 1.35) go test ./...',
      summary: 'with Kubernetes 1.35',
    },
    { command: 'eval "$(typekro envtest -o env)"', summary: 'for all later commands of the shell' },
  ],
  run(context, input) {
    const form = outputForm(input, FORMS);
    const kubernetesVersion = kubernetesOption(input);
    if (process.platform === 'win32') {
      throw new TypeKroError('the programs for envtest are scripts for /bin/sh, which Windows does not start', {
        code: 'envtest/platform',
        remedy: 'run the tests in WSL',
      });
    }
    const [apiServer, etcd] = [moduleUrl('cli', 'envtest/apiserver-main'), moduleUrl('cli', 'envtest/etcd-main')];
    if (apiServer === undefined || etcd === undefined) {
      throw new TypeKroError('this bundle of the command does not contain the programs for envtest', {
        code: 'envtest/bundle',
        remedy: 'install the package: npm install --save-dev typekro',
      });
    }
    const version = packageVersion();
    const isNode = !('bun' in process.versions) && !('deno' in process.versions);
    const files = assetFiles({
      node: isNode ? process.execPath : 'node',
      apiServer: fileURLToPath(apiServer),
      etcd: fileURLToPath(etcd),
      ...(kubernetesVersion === undefined ? {} : { kubernetesVersion }),
    });
    const cache = userCacheDirectory({ ...context.env }, process.platform);
    const folder = writeAssets(join(cache, 'typekro', 'envtest'), version, files);
    const texts = {
      path: folder,
      env: `export ${VARIABLE}=${shellWord(folder)}`,
      json: JSON.stringify(
        { schemaVersion: 1, version, kubernetesVersion: kubernetesVersion ?? KUBERNETES_RELEASE, path: folder },
        null,
        2,
      ),
    };
    context.print(texts[form], 'document');
    return Promise.resolve(ExitCode.ok);
  },
};
