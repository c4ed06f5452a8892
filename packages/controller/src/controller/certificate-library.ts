/**
 * The certificates of the conversion server. The published package contains this file as a separate bundle, so that the
 * code of certificates stays a part of the first file that an embedded cluster loads.
 */
export { type CertificatePair, certificateEnd, selfSignedCertificate } from '@typekro/kube/certificates';
