/**
 * Packages of files in OCI registries: references, archives, manifests, signatures, docker's credentials, and a client for
 * registries. No content of a registry is trusted. This room knows neither Kubernetes objects nor graphs.
 *
 * @packageDocumentation
 */
export { type OciReference, formatReference, isDigest, parseReference } from './reference.ts';
export { type PackageFile, badPackage } from './package-file.ts';
export {
  type PackageImage,
  type PackageManifest,
  buildImage,
  readPackageManifest,
  sha256Digest,
} from './image-manifest.ts';
export { storeAsGzip } from './gzip.ts';
export { writeTar } from './tar-write.ts';
export { type RegistryOptions, RegistryClient } from './registry-client.ts';
export { readDockerCredentials } from './docker-config.ts';
export { type PulledPackage, pullPackage, pushPackage, packFiles } from './package-transfer.ts';
export { signerOf } from './signature.ts';
export { countSignatures, signPackage, verifyPackage } from './sign-package.ts';
export { type PublicKey, type SigningKey, readPublicKey, readSigningKey } from './signing-key.ts';
export { attachContent, attachedContent } from './attach-referrer.ts';
export { writeFolder } from './write-folder.ts';
