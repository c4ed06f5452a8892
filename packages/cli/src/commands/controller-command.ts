import { TypeKroError, cryptoLibrary } from '@typekro/kit/core';
import { hostname } from 'node:os';
import {
  type LogLevel,
  type ParsedFlags,
  CONTROLLER_FLAGS,
  consoleLogger,
  jsonLogger,
  parseControllerFlags,
  runController,
} from '@typekro/controller/controller';
import { type KubeClientOptions, KubeClient, loadKubeConfig, systemClock } from '@typekro/kube';
import { type Command, ExitCode } from '../command.ts';
import { settingsOfFlags } from '@typekro/app/controllers';
import { KUBECONFIG_OR_POD_OPTIONS } from '../command-options.ts';

/** `typekro controller`: runs the controller, with the flags of kro's controller. */
export const controller: Command = {
  name: 'controller',
  description:
    "Serves ResourceGraphDefinitions in the cluster of the kubeconfig, or of the pod that it runs in. Takes kro's flags (the ones below, with one dash or two). The CRDs of kro must be there: `typekro install` applies them.",
  positionals: [],
  passThrough: true,
  options: [
    ...KUBECONFIG_OR_POD_OPTIONS,
    ...CONTROLLER_FLAGS.map(({ name, type, default: value, description, ignored }) => ({
      name,
      summary: `${description}${ignored === true ? ' Accepted without effect.' : ''} (default ${value === '' ? 'empty' : value})`,
      ...(type === 'boolean' ? {} : { value: type }),
    })),
  ],
  examples: [
    { command: 'typekro install && typekro controller', summary: 'against the current context' },
    { command: 'typekro controller --leader-elect --feature-gates=CELOmitFunction=true', summary: 'several replicas' },
  ],
  async run(context, input) {
    const { connection, rest } = takeConnectionFlags(input.positionals);
    const args = withVersion(rest, context.env['TYPEKRO_VERSION']);
    const flags = parseControllerFlags(args);
    if (flags.errors.length > 0) {
      for (const error of flags.errors) context.printError(`error: ${error}`);
      context.printError('See `typekro controller --help`.');
      return ExitCode.usage;
    }
    const config = await loadKubeConfig({ ...connection, env: context.env });
    const inspectToken = context.env['TYPEKRO_INSPECT_TOKEN'];
    const client = new KubeClient({ config, userAgent: 'typekro-controller', ...rateLimitOf(flags) });
    const open = flags.values.get('zap-encoder') === 'console' ? consoleLogger : jsonLogger;
    try {
      await runController({
        client,
        args,
        logger: open((line) => context.print(line.trimEnd(), 'document'), Date.now, levelOf(flags)),
        signal: context.signal,
        identity: `${hostname()}_${cryptoLibrary().randomUUID()}`,
        namespace: context.env['POD_NAMESPACE'] ?? config.namespace,
        ...(inspectToken === undefined ? {} : { inspectToken }),
        async openDashboard(options) {
          const { openDashboard } = await import('../dashboard/open-dashboard.ts');
          const { TokenReviewer } = await import('../dashboard/token-reviewer.ts');
          return openDashboard({
            ...options,
            context,
            api: client,
            cluster: config.server,
            namespace: 'default',
            settings: settingsOfFlags(flags, 'the flags of this controller'),
            authenticate: new TokenReviewer(client, systemClock).authenticate,
          });
        },
      });
    } finally {
      await client.close();
    }
    return ExitCode.ok;
  },
};

/** Adds `--version-label` from `TYPEKRO_VERSION`, unless the command line has the flag. */
function withVersion(args: readonly string[], version: string | undefined): readonly string[] {
  const isGiven = args.some((arg) => /^--?version-label(?:=|$)/.test(arg));
  return version === undefined || version === '' || isGiven ? args : [`--version-label=${version}`, ...args];
}

/**
 * The client has a rate limit only when `--client-qps` is above 0. By default there is no limit, because API servers
 * themselves limit clients (priority and fairness).
 */
function rateLimitOf({ values }: ParsedFlags): Pick<KubeClientOptions, 'rateLimit'> {
  const qps = values.get('client-qps');
  const burst = values.get('client-burst');
  if (typeof qps !== 'number' || qps <= 0) return {};
  return { rateLimit: { perSecond: qps, burst: typeof burst === 'number' ? burst : 150 } };
}

/** The log level for zap's names and numbers. Every number above 0 means debug. */
function levelOf({ values }: ParsedFlags): LogLevel {
  const level = String(values.get('zap-log-level') ?? 'info').toLowerCase();
  if (level === 'error' || level === 'panic') return 'error';
  if (level === 'warn') return 'warn';
  return level === 'debug' || Number(level) > 0 ? 'debug' : 'info';
}

/** The flags that select a command's cluster. */
export interface ConnectionFlags {
  readonly path?: string;
  readonly context?: string;
}

const FLAGS = { kubeconfig: 'path', context: 'context' } as const;

/**
 * Removes `--kubeconfig` and `--context` from a command line. Another parser reads the remaining words. Throws
 * `TypeKroError` `cli/usage` for a flag without a value.
 */
export function takeConnectionFlags(args: readonly string[]): {
  readonly connection: ConnectionFlags;
  readonly rest: readonly string[];
} {
  const connection: { path?: string; context?: string } = {};
  const rest: string[] = [];
  for (let at = 0; at < args.length; at += 1) {
    const match = /^--?(kubeconfig|context)(?:=(.*))?$/s.exec(args[at] ?? '');
    if (match === null) {
      rest.push(args[at] ?? '');
      continue;
    }
    const value = match[2] ?? args[(at += 1)];
    if (value === undefined || value === '') {
      throw new TypeKroError(`--${match[1]} needs a value`, { code: 'cli/usage', remedy: `write --${match[1]}=…` });
    }
    connection[FLAGS[match[1] as keyof typeof FLAGS]] = value;
  }
  return { connection, rest };
}
