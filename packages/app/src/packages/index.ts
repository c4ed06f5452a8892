/**
 * Packages of definitions: which files a package has, what it says about itself, and how a package from outside is
 * read and checked. Pure: the files come and go as values.
 *
 * @packageDocumentation
 */
export {
  type ComparedDefinition,
  type ComparedGraph,
  type PackageDifference,
  comparePackages,
} from './compare-packages.ts';
export {
  type InstalledPackage,
  type PackageIdentity,
  type PackageMarks,
  type PackageUse,
  asPartOf,
  droppedObjects,
  installedNode,
  installedPackages,
  leftWithout,
  packageOf,
  PART_OF_LABEL,
  refuseNeeded,
  refuseOtherOwners,
  refuseOtherVersion,
  refuseUsed,
  usesText,
  withFormerRules,
} from './installed-package.ts';
export { LOCK_FILE, type LockedPackage, lockedPackage, lockText, readLock, refuseUnlocked } from './lock-file.ts';
export {
  type PackageInfo,
  type RequiredKind,
  isOlder,
  isPackageName,
  isVersion,
  kindWithVersions,
  versionOfTag,
} from './package-info.ts';
export {
  type PackageParts,
  type TextFile,
  isProvidedBy,
  MANIFESTS,
  packagedTest,
  packageLayout,
} from './package-layout.ts';
export { needText, parseNeeds, repositoryOf } from './package-needs.ts';
export { type PackageNode, type ResolvedPackage, packageTreeLines, resolvePackages } from './resolve-packages.ts';
export { addedRights, isRightsObject, PACKAGED_TYPES, rightsLines } from './package-rights.ts';
export { type PackageContent, readPackage, refuseLargeFiles, refuseNewerEngine } from './read-package.ts';
export { imagesOf, SBOM_TYPE, sbomOf } from './package-sbom.ts';
