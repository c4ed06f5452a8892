/** Maps the JSON name of a member to its Go name, if the names differ in more than the case of the first letter. */
const NAMES = new Map([
  ['apiGroup', 'APIGroup'],
  ['apiVersion', 'APIVersion'],
  ['awsElasticBlockStore', 'AWSElasticBlockStore'],
  ['cephfs', 'CephFS'],
  ['chapAuthDiscovery', 'DiscoveryCHAPAuth'],
  ['chapAuthSession', 'SessionCHAPAuth'],
  ['csi', 'CSI'],
  ['diskURI', 'DataDiskURI'],
  ['dnsConfig', 'DNSConfig'],
  ['dnsPolicy', 'DNSPolicy'],
  ['fc', 'FC'],
  ['fsGroup', 'FSGroup'],
  ['fsGroupChangePolicy', 'FSGroupChangePolicy'],
  ['fsType', 'FSType'],
  ['gcePersistentDisk', 'GCEPersistentDisk'],
  ['gmsaCredentialSpec', 'GMSACredentialSpec'],
  ['gmsaCredentialSpecName', 'GMSACredentialSpecName'],
  ['grpc', 'GRPC'],
  ['httpGet', 'HTTPGet'],
  ['httpHeaders', 'HTTPHeaders'],
  ['ip', 'IP'],
  ['iqn', 'IQN'],
  ['iscsi', 'ISCSI'],
  ['iscsiInterface', 'ISCSIInterface'],
  ['nfs', 'NFS'],
  ['os', 'OS'],
  ['pdName', 'PDName'],
  ['rbd', 'RBD'],
  ['seLinuxChangePolicy', 'SELinuxChangePolicy'],
  ['seLinuxOptions', 'SELinuxOptions'],
  ['sslEnabled', 'SSLEnabled'],
  ['storageos', 'StorageOS'],
  ['tcpSocket', 'TCPSocket'],
  ['tty', 'TTY'],
  ['uid', 'UID'],
  ['wwids', 'WWIDs'],
]);

/** Maps the JSON name of a member to the Go name that the member has only in the types of RBD volumes. */
const RBD = new Map([
  ['image', 'RBDImage'],
  ['monitors', 'CephMonitors'],
  ['pool', 'RBDPool'],
  ['user', 'RadosUser'],
]);
const GLUSTERFS = new Map([['endpoints', 'EndpointsName']]);
const NAMES_OF_TYPES = new Map<string, ReadonlyMap<string, string>>([
  ['RBDVolumeSource', RBD],
  ['RBDPersistentVolumeSource', RBD],
  ['GlusterfsVolumeSource', GLUSTERFS],
  ['GlusterfsPersistentVolumeSource', GLUSTERFS],
]);

/** The Go name that a member of a built-in type has in the server's internal type. */
export const goName = (name: string, type = ''): string =>
  NAMES_OF_TYPES.get(type)?.get(name) ?? NAMES.get(name) ?? name.charAt(0).toUpperCase() + name.slice(1);
