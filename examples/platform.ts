// Kinds of several projects: a database, its bucket, a certificate, and the tracking annotation of Argo CD.
//
// With platform: { name: shop, host: shop.example.com, instances: 3 }
// Bucket reports: { ackResourceMetadata: { arn: arn:aws:s3:::shop-files, ownerAccountID: "1", region: eu-1 },
//   conditions: [{ type: ACK.ResourceSynced, status: "True" }] }
// Cluster reports: { phase: Cluster in healthy state, readyInstances: 3, writeService: shop-rw }
// Gives: { databaseReady: true, writer: shop-rw }
import { type } from 'arktype';
import { kubernetesComposition } from 'typekro';
import { bucket } from 'typekro/ack';
import { argocdTracking } from 'typekro/argocd';
import { certificate } from 'typekro/cert-manager';
import { cluster } from 'typekro/cnpg';
import { configMap } from 'typekro/kubernetes';

export const platform = kubernetesComposition(
  {
    name: 'platform',
    kind: 'Platform',
    spec: type({ name: 'string', host: 'string', instances: 'number' }),
    status: type({ databaseReady: 'boolean', writer: 'string' }),
  },
  ({ name, host, instances }) => {
    const files = bucket({ id: 'files', name, spec: { name: `${name}-files` }, waitForReady: true });
    const database = cluster({ id: 'database', name, spec: { instances, storage: { size: '10Gi' } } });
    const tls = certificate({
      id: 'tls',
      name,
      spec: { secretName: `${name}-tls`, dnsNames: [host], issuerRef: { name: 'public', kind: 'ClusterIssuer' } },
    });
    configMap({
      id: 'settings',
      metadata: { name, ...argocdTracking({ by: 'both' }) },
      data: {
        bucket: files.status.ackResourceMetadata.arn,
        database: database.status.writeService,
        tls: tls.spec.secretName,
      },
    });
    return { databaseReady: database.status.readyInstances >= instances, writer: database.status.writeService };
  },
);
