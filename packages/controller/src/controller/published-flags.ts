import { type KubernetesApi, KubeError } from '@typekro/kube';
import { type KubeObject, type ObjectRef, getOwn } from '@typekro/kit/core';
import type { Logger } from './logger.ts';

const ANNOTATION = 'typekro.dev/controller-flags';

/** The CRD of definitions. Each user who reads instances can usually read it, unlike the controller's Deployment. */
export const DEFINITIONS_CRD: ObjectRef = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  name: 'resourcegraphdefinitions.kro.run',
};

/**
 * Writes the command line of this controller into the CRD of definitions, so that commands know with which gates, level
 * and limits a controller decides that has no Deployment. Replicas have the same command line, so any of them may write
 * it, and only if it is another one. A refused request is only logged.
 */
export async function publishFlags(
  client: Pick<KubernetesApi, 'get' | 'patch'>,
  args: readonly string[],
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const annotations = { [ANNOTATION]: args.join('\n') };
  try {
    const { metadata } = await client.get(DEFINITIONS_CRD, { signal });
    if (getOwn(metadata.annotations ?? {}, ANNOTATION) === annotations[ANNOTATION]) return;
    await client.patch(DEFINITIONS_CRD, { metadata: { annotations } }, { fieldManager: 'typekro', signal });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof KubeError)) throw error;
    logger.log('warn', 'the flags are not published, so commands may assume others', { error: error.message });
  }
}

/** The command line that the last controller has published in the CRD of definitions. */
export const publishedFlags = ({ metadata }: KubeObject): readonly string[] | undefined =>
  getOwn(metadata.annotations ?? {}, ANNOTATION)
    ?.split('\n')
    .filter((flag) => flag !== '');
