import { whenAborted } from '../../core/index.ts';
import { connectToCluster } from '../cluster-client.ts';
import type { Command } from '../command.ts';
import { ExitCode } from '../command.ts';
import { ACTIONS_OPTION, actionsOf } from '../dashboard/actions-option.ts';
import { openBrowser } from '../dashboard/open-browser.ts';
import { openDashboard } from '../dashboard/open-dashboard.ts';
import { portOption } from '../port-option.ts';

/** `typekro dashboard`: serves the page of a cluster on this machine. */
export const dashboard: Command = {
  name: 'dashboard',
  description:
    'Serves a page with the definitions and instances of a cluster: graphs, states and their reasons, values, drift, events and logs, and plans. It reads with your rights, on a loopback address, for a random token in the printed address. Values of Secrets are hidden. Nothing is written without --allow-actions. Works for instances of stock kro, too.',
  positionals: [],
  options: [
    { name: 'port', summary: 'port on 127.0.0.1; by default a free one', value: 'number' },
    { name: 'open', summary: 'open the page in the browser' },
    ACTIONS_OPTION,
    { name: 'kubeconfig', summary: 'kubeconfig to read; by default as kubectl', value: 'file' },
    { name: 'context', summary: 'context of the kubeconfig', value: 'name' },
  ],
  examples: [
    { command: 'typekro dashboard --open', summary: 'the cluster of the current context' },
    { command: 'typekro dashboard --context prod --port 8090', summary: 'another cluster, on a fixed port' },
  ],
  async run(context, input) {
    const port = portOption(input);
    const { client, namespace, name } = await connectToCluster(context, input);
    try {
      const opened = await openDashboard({
        context,
        api: client,
        cluster: name,
        namespace,
        port,
        actions: actionsOf(input),
      });
      try {
        context.print(`Dashboard of ${name} at ${opened.url}`);
        if (input.options['open'] === true && !(await openBrowser(opened.url)))
          context.printError('note: no program for addresses was found; open the address yourself');
        await whenAborted(context.signal);
        return ExitCode.interrupted;
      } finally {
        await opened.close();
      }
    } finally {
      await client.close();
    }
  },
};
