import { resolve } from 'node:path';
import { DEFINITION_KIND } from '@typekro/controller/controller';
import { TypeKroError, whenAborted } from '@typekro/kit/core';
import { connectToCluster } from '../cluster-client.ts';
import { type Command, ExitCode, textOption, usageError } from '../command.ts';
import { ACTIONS_OPTION, actionsOf } from '../dashboard/port-option.ts';
import { copiedCommands, shellFacts } from '../dashboard/copied-commands.ts';
import { keptToken } from '../dashboard/kept-token.ts';
import { type OpenedPage, openBrowser } from '../dashboard/open-browser.ts';
import { openDashboard } from '../dashboard/open-dashboard.ts';
import { portOption, KUBECONFIG_OPTIONS } from '../command-options.ts';

/** `typekro dashboard`: serves the page of a cluster on this machine. */
export const dashboard: Command = {
  name: 'dashboard',
  description:
    'Serves a page with the definitions and instances of a cluster: graphs, states and their reasons, values, drift, events and logs, and plans. It reads with your rights, and serves the page on a loopback address to clients with the random token of the printed address. Values of Secrets are hidden. Nothing is written without --allow-actions. Works for instances of stock kro, too.',
  positionals: [],
  options: [
    { name: 'port', summary: 'port on 127.0.0.1; by default a free one', value: 'number' },
    {
      name: 'token-file',
      summary: 'file that keeps the token for --port, so that an open page comes back after the next start',
      value: 'file',
    },
    { name: 'open', summary: 'open the page in the browser' },
    ACTIONS_OPTION,
    ...KUBECONFIG_OPTIONS,
  ],
  examples: [
    { command: 'typekro dashboard --open', summary: 'the cluster of the current context' },
    { command: 'typekro dashboard --context prod --port 8090', summary: 'another cluster, on a fixed port' },
  ],
  async run(context, input) {
    const port = portOption(input);
    const tokenFile = textOption(input, 'token-file');
    if (tokenFile !== undefined && port === 0) {
      throw usageError(
        '--token-file needs a port',
        'name a port with --port: a page comes back only at the port that it knows',
      );
    }
    const token = tokenFile === undefined ? undefined : keptToken(resolve(context.cwd, tokenFile), port);
    await using connection = await connectToCluster(context, input);
    const { client, namespace, name, hasOtherContexts } = connection;
    const kubeconfig = textOption(input, 'kubeconfig');
    // This request ends the command with the reason when the cluster cannot be reached.
    await client.discovery.resourceOf(DEFINITION_KIND, { signal: context.signal });
    const opened = await openDashboard({
      context,
      api: client,
      cluster: name,
      namespace,
      port,
      ...(token === undefined ? {} : { token }),
      commands: copiedCommands({
        ...shellFacts(context),
        ...(kubeconfig === undefined ? {} : { kubeconfig }),
        ...(hasOtherContexts ? { context: name } : {}),
      }),
      actions: actionsOf(input),
      onFailure: (error, request) =>
        context.printError(
          `error: ${request} failed: ${TypeKroError.from(error, { code: 'inspect/unexpected' }).message}`,
        ),
    });
    let page: OpenedPage | undefined;
    try {
      await Promise.race([opened.listed, whenAborted(context.signal)]);
      context.print(`Dashboard of ${name} at ${opened.url}`);
      if (input.options['open'] === true) {
        page = await openBrowser(opened.url);
        if (!page.isOpen)
          context.printError('note: no program that opens addresses was found; open the address yourself');
      }
      await whenAborted(context.signal);
      return ExitCode.interrupted;
    } finally {
      page?.close();
      await opened.close();
    }
  },
};
