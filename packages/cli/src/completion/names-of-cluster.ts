import { instanceNames } from '@typekro/app/instance';
import { connectToCluster } from '../cluster-client.ts';
import type { CommandContext } from '../command.ts';
import { withSeparateValues } from './candidates.ts';

// This module is loaded only when the names of instances are asked for.

/** The time limit for the response of a cluster, in milliseconds. The shell is blocked during this time. */
const MAX_WAIT_MS = 1500;

/**
 * The names of instances, in two forms: `NAMESPACE/NAME` and, when the last word is not empty, `KIND/NAMESPACE/NAME`.
 * Only names that begin with the last word are listed. The list is empty when no cluster responds in time.
 */
export async function namesOfCluster(context: CommandContext, words: readonly string[]): Promise<string[]> {
  const options = Object.fromEntries(
    ['kubeconfig', 'context'].map((name) => [name, valueOf(withSeparateValues(words), `--${name}`)]),
  );
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(MAX_WAIT_MS)]);
  try {
    await using connection = await connectToCluster(context, { positionals: [], options });
    const { client } = connection;
    const current = words.at(-1) ?? '';
    const names = await instanceNames(client, signal);
    const short = names.map((name) => name.slice(name.indexOf('/') + 1));
    return [...short, ...(current === '' ? [] : names)].filter((name) => name.startsWith(current));
  } catch {
    // A shell cannot show errors during completion.
    return [];
  }
}

function valueOf(words: readonly string[], option: string): string | undefined {
  const at = words.indexOf(option);
  return at < 0 ? undefined : words[at + 1];
}
