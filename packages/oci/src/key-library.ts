/**
 * The parts of cryptographic libraries that Node does not have: the cipher of private keys of cosign, and signatures
 * without random parts (RFC 6979). The published package contains this file as a separate bundle, which is loaded only to
 * sign.
 */
export { xsalsa20poly1305 } from '@noble/ciphers/salsa.js';
export { p256 } from '@noble/curves/nist.js';
