/** X.509 certificates: an authority that signs them, and the parts of certificates and of requests as DER. */
export * from './certificate.ts';
export * from './der.ts';
export * from './x509.ts';
