import { type ObjectRef, refOf } from '@typekro/kit/core';
import type { InstanceEvent } from '@typekro/controller/inspect';
import { type KubernetesApi, KubeError, systemClock } from '@typekro/kube';
import { connectToCluster } from '../../cluster-client.ts';
import { type Command, ExitCode } from '../../command.ts';
import { byTime, EVENT, eventLine, InstanceEventFilter, listEvents } from '@typekro/app/instance';
import { INSTANCE_NODE_POSITIONAL, INSTANCE_OPTIONS, observeArgument } from '../../instance/report-on-instance.ts';
import { reportPrinter } from '../../instance/print-report.ts';

/**
 * `typekro events INSTANCE[/NODE]`: prints the events about an instance, its objects and the objects that these own.
 */
export const events: Command = {
  name: 'events',
  description:
    'Lists the events about an instance, the objects of its nodes, and the objects that these own, such as pods, oldest first. With --watch, continues with new events until Ctrl-C. Writes nothing.',
  positionals: [INSTANCE_NODE_POSITIONAL],
  options: [{ name: 'watch', short: 'w', summary: 'continue with new events' }, ...INSTANCE_OPTIONS],
  examples: [
    {
      command: 'typekro events team-a/shop',
      summary: 'all events that the cluster keeps: those of the last hour by default',
    },
    { command: 'typekro events -w team-a/shop/deployment', summary: 'events of one node, and new ones' },
  ],
  async run(context, input) {
    const print = reportPrinter(context, input);
    await using connection = await connectToCluster(context, input);
    const { client } = connection;
    const { api: session, seen } = observeArgument(context, input, connection);
    const observation = await seen;
    const filter = new InstanceEventFilter(session, observation, context.signal);
    const instance = refOf(observation.instance);
    const report = (found: readonly InstanceEvent[]) =>
      print({
        data: { schemaVersion: 1, instance, events: found },
        lines: () => found.map((event) => eventLine(event, systemClock.now())),
      });
    if (input.options['watch'] === true) {
      await watchEvents(client, instance, filter, report, context.signal);
      return ExitCode.interrupted;
    }
    const found = await listEvents(session, filter, context.signal);
    if (found.length > 0) report(found);
    else print({ data: { schemaVersion: 1, instance, events: [] }, lines: () => ['no events'] });
    return ExitCode.ok;
  },
};

/**
 * Reports the existing events of each namespace in order of time, then each new event. Rejects when the cluster no
 * longer responds.
 */
async function watchEvents(
  api: KubernetesApi,
  instance: ObjectRef,
  filter: InstanceEventFilter,
  report: (found: readonly InstanceEvent[]) => void,
  signal: AbortSignal,
): Promise<void> {
  const watches = filter.namespaces.map(async (namespace) => {
    let first: InstanceEvent[] | undefined = [];
    for await (const event of api.watch(EVENT, { namespace, signal })) {
      if (event.type === 'ERROR' && (event.error.status === 401 || event.error.status === 403)) throw event.error;
      // The watch retries forever, even when the cluster is gone. In this case the read below fails and ends the
      // command.
      if (event.type === 'ERROR') await api.find(instance, { signal });
      if (event.type === 'SYNCED' && first !== undefined) {
        const oldest = first.toSorted(byTime);
        if (oldest.length > 0) report(oldest);
        first = undefined;
      }
      if (event.type !== 'ADDED' && event.type !== 'MODIFIED') continue;
      const found = await filter.accept(event.object);
      if (found === undefined) continue;
      if (first === undefined) report([found]);
      else first.push(found);
    }
  });
  try {
    await Promise.all(watches);
  } catch (error) {
    if (!signal.aborted || !(error instanceof KubeError)) throw error;
  }
}
