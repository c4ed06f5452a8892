import { systemClock } from '@typekro/kube';
import { connectToCluster } from '../cluster-client.ts';
import { type Command, ExitCode } from '../command.ts';
import { diagnose, doctorLines, readFacts } from '@typekro/app/doctor';
import { reportPrinter } from '../instance/print-report.ts';
import { packageVersion } from '../package-version.ts';
import { KUBECONFIG_OPTIONS, outputOption } from '../command-options.ts';

/** The maximum time until a response of the API server begins, in milliseconds. */
const REQUEST_LIMIT_MS = 10_000;

/** `typekro doctor`: checks a cluster and its controller, and says what is wrong and what to do. */
export const doctor: Command = {
  name: 'doctor',
  description:
    'Checks a cluster and its controller: the version, features and clock of the API server, the CRDs of kro, the controllers that run and their Leases, the rights of their ServiceAccounts, admission and conversion webhooks that do not respond, the memory and restarts of the pods, definitions that are not served, and deletions that do not end. Each finding has a place, a reason and the next step. Writes nothing. A check for which the rights of the user do not suffice is named and left out. The exit code is 1 when there is an error, else 0.',
  positionals: [],
  options: [...KUBECONFIG_OPTIONS, outputOption()],
  examples: [
    { command: 'typekro doctor', summary: 'the cluster of the current context' },
    { command: 'typekro doctor -o json', summary: 'for a monitor, or a report of a problem' },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    await using connection = await connectToCluster(context, input, { limitMs: REQUEST_LIMIT_MS });
    const { client, namespace, name } = connection;
    const { signal } = context;
    const version = packageVersion();
    const facts = await readFacts({ api: client, clock: systemClock, namespace, version, signal });
    const diagnosis = diagnose(facts);
    const server = facts.server.version;
    print({
      data: { schemaVersion: 1, cluster: name, server, ...diagnosis },
      lines: () => doctorLines(diagnosis, name, server),
    });
    return diagnosis.findings.some(({ severity }) => severity === 'error') ? ExitCode.failed : ExitCode.ok;
  },
};
