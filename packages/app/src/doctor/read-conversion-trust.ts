import { X509Certificate } from 'node:crypto';
import { ConversionManifests } from '@typekro/controller/controller';
import type { JsonObject } from '@typekro/kit/core';
import { textAt } from '@typekro/kit/kubernetes';
import type { KubernetesApi } from '@typekro/kube';
import type { ConversionTrust } from './cluster-facts.ts';
import { readingOrRefusal } from './finding.ts';

/** Reads which certificates the API server trusts for a conversion of the controller, and which one the controller has. */
export async function readConversionTrust(
  api: KubernetesApi,
  webhook: JsonObject,
  signal: AbortSignal,
): Promise<ConversionTrust> {
  const trusted = certificatesIn(decoded(webhook, 'clientConfig', 'caBundle'));
  const namespace = textAt(webhook, 'clientConfig', 'service', 'namespace');
  const secret = `${namespace}/${ConversionManifests.SECRET}`;
  const ref = { apiVersion: 'v1', kind: 'Secret', namespace, name: ConversionManifests.SECRET };
  const isServedTrusted = await readingOrRefusal(async () => {
    const found = await api.find(ref, { signal });
    const [own] = certificatesIn(decoded(found, 'data', 'tls.crt'));
    return own === undefined ? undefined : trusted.some((each) => each.fingerprint256 === own.fingerprint256);
  });
  return { until: Math.max(0, ...trusted.map(({ validTo }) => Date.parse(validTo))), secret, isServedTrusted };
}

const decoded = (of: Parameters<typeof textAt>[0], ...path: readonly string[]): string =>
  Buffer.from(textAt(of, ...path), 'base64').toString();

/** The certificates in a text in PEM format. Parts that are not certificates are left out. */
function certificatesIn(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch (thrown) {
      if (thrown instanceof Error && 'code' in thrown) return [];
      throw thrown;
    }
  });
}
