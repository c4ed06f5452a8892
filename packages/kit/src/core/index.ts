/**
 * The types and helpers that all rooms share. The type of JSON values keeps 64-bit integers.
 * Other types are for Kubernetes objects, their identity, and diagnostics (problems of user input). The room also has
 * the one error class, and the libraries that are loaded late. This room does not depend on graphs or the runtime. Its
 * only I/O reads files of the package, opens the files that a user names, and makes directories.
 *
 * @packageDocumentation
 */
export type { JsonObject, JsonValue } from './json.ts';
export {
  canonicalJson,
  commonJson,
  distinctJson,
  isJsonObject,
  jsonEquals,
  JsonNumberError,
  parseJson,
  stringifyJson,
  tryParseJson,
} from './json.ts';
export { applyMergePatch, mergeJson } from './merge-patch.ts';
export type { GroupVersionKind, KubeObject, ObjectMeta, ObjectRef, OwnerReference } from './object.ts';
export {
  formatApiVersion,
  typeMetaOf,
  formatRef,
  gvkOf,
  isBuiltinGroup,
  namespacedName,
  objectName,
  parseApiVersion,
  refOf,
  withGroup,
} from './object.ts';
export type { Diagnostic, Severity, CodeInfo } from './diagnostic.ts';
export { errorDiagnostic, formatDiagnostic, hasErrors } from './diagnostic.ts';
export { assertMayDeploy, refuseDeploysHere } from './deploy-guard.ts';
export { type TypeKroErrorDetails, TypeKroError, errorCode, whyUnreadable } from './error.ts';
export { closingQuote, count, listed, nounFor, textPrefix, pascalCase, percentDecoded, upperFirst } from './text.ts';
export { failsAtCaller } from './caller-error.ts';
export { type FilePosition, type SourcePosition, LineIndex } from './line-index.ts';
export { callerPlace, keepPlace, MADE_AT, placeOfMade, sharePlace } from './made-at.ts';
export { type MovedName, movedNames, refuseMovedName } from './moved-name.ts';
export type { BackoffPolicy } from './time.ts';
export { backoffMs, isoTime, monotonicMs, MAX_TIMER_MS, startTimer, earliest, whenAborted } from './time.ts';
export * from './retry-policies.ts';
export { homeDirectory, userFolder, EMBEDDED_CONTEXT } from './home-directory.ts';
export { makeDirectory } from './make-directory.ts';
export {
  dashboardFilesText,
  fluxDefinitionsText,
  kubernetes134DifferenceText,
  kubernetes135DifferenceText,
  kubernetesDescriptionsText,
  kubernetesDiscoveryText,
  kubernetesRbacDefaultsText,
  kubernetesSystemObjectsText,
  kubernetesStorageHashesText,
  kubernetesTableColumnsText,
  kubernetesFurtherTypesText,
  kubernetesTypesText,
  codeFolder,
  moduleUrl,
  packageFolder,
  packageManifestText,
  playgroundFiles,
  shippedDefinitionsText,
  standInsText,
  re2Library,
  yamlLibrary,
} from './late-parts.ts';
export { escapeOf, printable, printableDocument } from './printable.ts';
export * from './yaml-output.ts';
export {
  cryptoLibrary,
  httpLibrary,
  httpsLibrary,
  netLibrary,
  perfHooksLibrary,
  processLibrary,
  tlsLibrary,
  zlibLibrary,
} from './libraries.ts';
export { equalSecrets, isLoopbackHost, keepAllHeaders } from './http-basics.ts';
export { readLimitedBody, releaseBody } from './limited-body.ts';
export { nearestName, remedyForName, requireKnownOptions } from './nearest-name.ts';
export { unknownKindHint } from './unknown-kind.ts';
export { seededRandom } from './seeded-random.ts';
export { setOwn, definedMembers, firstDefined, getOrInsert, getOwn, grouped } from './members.ts';
export {
  interruptFiles,
  NO_FOLLOW,
  openRegularFile,
  readRegularFile,
  readUserFile,
  readWhole,
  writeUserFile,
  pathOfFileUrl,
} from './user-file.ts';
export { packageFolders, userFrames } from './user-frame.ts';
export { once, oncePerObject } from './once.ts';
