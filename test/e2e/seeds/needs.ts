import { ANYTHING, crdOf } from '@typekro/kit/test-support/crd';

/** A CRD of the kind ServiceMonitor (Prometheus operator) that accepts any spec. */
export const monitorCrd = crdOf(
  'ServiceMonitor',
  { properties: { spec: ANYTHING } },
  { group: 'monitoring.coreos.com' },
);
