import { expect, test } from 'vitest';
import type { RuntimeSettings } from '../factories/index.ts';
import { fluxManifests } from './flux-manifests.ts';

const SETTINGS: RuntimeSettings = {
  namespace: 'flux-system',
  fluxVersion: 'v2.7.5',
  kroVersion: '0.9.3',
  kroNamespace: 'kro',
  fluxInstallation: 'managed',
  rbac: 'cluster-admin',
  controller: 'kro',
};

test.each([
  ['/nowhere/flux.yaml', 'there is no such file or folder'],
  ['file:///nowhere/flux.yaml', 'there is no such file or folder'],
  ['file://server/flux.yaml', 'the URL does not name a file of this machine'],
  ['file:///nowhere%2Fflux.yaml', 'the URL does not name a file of this machine'],
])('manifests from %s are unreachable: %s', async (from, why) => {
  const { signal } = new AbortController();
  await expect(fluxManifests(from, SETTINGS, 'flux-system', signal)).rejects.toMatchObject({
    code: 'bootstrap/manifests-unreachable',
    message: expect.stringContaining(why) as string,
  });
});
