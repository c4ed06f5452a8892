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
 *
 * @param args `undefined` removes the command line, because the controller that wrote it no longer runs
 */
export async function publishFlags(
  client: Pick<KubernetesApi, 'find' | 'patch'>,
  args: readonly string[] | undefined,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const flags = args?.join('\n');
  const annotations = { [ANNOTATION]: flags ?? null };
  try {
    const crd = await client.find(DEFINITIONS_CRD, { signal });
    if (crd === undefined || getOwn(crd.metadata.annotations ?? {}, ANNOTATION) === flags) return;
    await client.patch(DEFINITIONS_CRD, { metadata: { annotations } }, { fieldManager: 'typekro', signal });
  } catch (error) {
    if (signal.aborted) return;
    if (!(error instanceof KubeError)) throw error;
    logger.log('warn', 'the published flags are not updated, so commands may assume others', { error: error.message });
  }
}

/** The command line that the last controller has published in the CRD of definitions. */
export const publishedFlags = ({ metadata }: KubeObject): readonly string[] | undefined =>
  getOwn(metadata.annotations ?? {}, ANNOTATION)
    ?.split('\n')
    .filter((flag) => flag !== '');
