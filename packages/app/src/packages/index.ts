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
  type PackageUse,
  asPartOf,
  droppedObjects,
  installedPackages,
  packageOf,
  PART_OF_LABEL,
  refuseOtherOwners,
  refuseOtherVersion,
  refuseUsed,
  usesText,
  withFormerRules,
} from './installed-package.ts';
export { LOCK_FILE, type LockedPackage, lockedPackage, lockText, readLock, refuseUnlocked } from './lock-file.ts';
export { type PackageInfo, isOlder, isPackageName, isVersion, kindWithVersions } from './package-info.ts';
export { type PackageParts, type TextFile, MANIFESTS, packagedTest, packageLayout } from './package-layout.ts';
export { addedRights, isRightsObject, PACKAGED_TYPES, rightsLines } from './package-rights.ts';
export { type PackageContent, readPackage, refuseLargeFiles, refuseNewerEngine } from './read-package.ts';
export { imagesOf, SBOM_TYPE, sbomOf } from './package-sbom.ts';
